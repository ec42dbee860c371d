//! Wires and runs the function.

fn main() -> Result<(), vault_boot::BootError> {
    vault_boot::run_http(
        vault_boot::wiring::recover_account::wire,
        vault_http::web::Errors::Problems,
        recover_account::handle,
    )
}
