//! Wires and runs the function.

fn main() -> Result<(), vault_boot::BootError> {
    vault_boot::run_http(
        vault_boot::wiring::mint_token::wire,
        vault_http::web::Errors::OAuth,
        mint_token::handle,
    )
}
