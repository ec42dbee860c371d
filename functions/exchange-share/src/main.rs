//! Wires and runs the function.

fn main() -> Result<(), vault_boot::BootError> {
    vault_boot::run_http(
        vault_boot::wiring::exchange_share::wire,
        vault_http::web::Errors::Problems,
        exchange_share::handle,
    )
}
