//! Wires and runs the function.

fn main() -> Result<(), vault_boot::BootError> {
    vault_boot::run_http(
        vault_boot::wiring::read_audit::wire,
        vault_http::web::Errors::Problems,
        read_audit::handle,
    )
}
