//! Wires and runs the function.

fn main() -> Result<(), vault_boot::BootError> {
    vault_boot::run_http(
        vault_boot::wiring::manage_organisation::wire,
        vault_http::web::Errors::Problems,
        manage_organisation::handle,
    )
}
