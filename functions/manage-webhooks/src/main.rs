//! Wires and runs the function.

fn main() -> Result<(), vault_boot::BootError> {
    vault_boot::run_http(
        vault_boot::wiring::manage_webhooks::wire,
        vault_http::web::Errors::Problems,
        manage_webhooks::handle,
    )
}
