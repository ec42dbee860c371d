//! Wires and runs the function.

fn main() -> Result<(), vault_boot::BootError> {
    vault_boot::run_event(vault_boot::wiring::set_quota::wire, |deps, invocation| {
        set_quota::handle(deps, invocation)
    })
}
