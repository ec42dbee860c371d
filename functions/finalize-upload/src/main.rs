//! Wires and runs the function.

fn main() -> Result<(), vault_boot::BootError> {
    vault_boot::run_http(
        vault_boot::wiring::finalize_upload::wire,
        vault_http::web::Errors::Problems,
        finalize_upload::handle,
    )
}
