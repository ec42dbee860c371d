//! Wires and runs the function.

fn main() -> Result<(), vault_boot::BootError> {
    vault_boot::run_event(
        vault_boot::wiring::sweep_assets::wire,
        |deps, invocation| sweep_assets::handle(deps, invocation),
    )
}
