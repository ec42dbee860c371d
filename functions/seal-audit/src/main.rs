//! Wires and runs the function.

fn main() -> Result<(), vault_boot::BootError> {
    vault_boot::run_event(vault_boot::wiring::seal_audit::wire, |deps, invocation| {
        seal_audit::handle(deps, invocation)
    })
}
