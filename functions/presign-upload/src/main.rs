//! Wires and runs the function.

fn main() -> Result<(), vault_boot::BootError> {
    vault_boot::run_http(
        vault_boot::wiring::presign_upload::wire,
        vault_http::web::Errors::Problems,
        presign_upload::handle,
    )
}
