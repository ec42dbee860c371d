//! Wires and runs the function.

fn main() -> Result<(), vault_boot::BootError> {
    vault_boot::run_event(vault_boot::wiring::convert_film::wire, convert_film::handle)
}
