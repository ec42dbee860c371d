//! Wires and runs the function.

fn main() -> Result<(), vault_boot::BootError> {
    vault_boot::run_http(
        vault_boot::wiring::deliver_key::wire,
        vault_http::web::Errors::Problems,
        deliver_key::handle,
    )
}
