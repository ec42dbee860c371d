//! Wires and runs the function.

fn main() -> Result<(), vault_boot::BootError> {
    vault_boot::run_http(
        vault_boot::wiring::authorize_download::wire,
        vault_http::web::Errors::Problems,
        authorize_download::handle,
    )
}
