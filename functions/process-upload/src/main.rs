//! Wires and runs the function.

fn main() -> Result<(), vault_boot::BootError> {
    vault_boot::run_event(
        vault_boot::wiring::process_upload::wire,
        process_upload::handle,
    )
}
