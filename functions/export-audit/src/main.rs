//! Wires and runs the function.

fn main() -> Result<(), vault_boot::BootError> {
    vault_boot::run_event(
        vault_boot::wiring::export_audit::wire,
        |deps, invocation| export_audit::handle(deps, invocation),
    )
}
