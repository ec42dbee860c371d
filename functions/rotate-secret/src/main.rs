//! Wires and runs the function.

fn main() -> Result<(), vault_boot::BootError> {
    vault_boot::run_event(
        vault_boot::wiring::rotate_secret::wire,
        |deps, invocation| rotate_secret::handle(deps, invocation),
    )
}
