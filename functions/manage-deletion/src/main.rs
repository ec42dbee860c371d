//! Wires and runs the function.

fn main() -> Result<(), vault_boot::BootError> {
    vault_boot::run_http(
        vault_boot::wiring::manage_deletion::wire,
        vault_http::web::Errors::Problems,
        manage_deletion::handle,
    )
}
