//! Wires and runs the function.

fn main() -> Result<(), vault_boot::BootError> {
    vault_boot::run_http(
        vault_boot::wiring::deliver_preview::wire,
        vault_http::web::Errors::Problems,
        deliver_preview::handle,
    )
}
