//! Wires and runs the function.

fn main() -> Result<(), vault_boot::BootError> {
    vault_boot::run_http(
        vault_boot::wiring::erase_account::wire,
        vault_http::web::Errors::Problems,
        erase_account::handle,
    )
}
