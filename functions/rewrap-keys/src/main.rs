//! Wires and runs the function.

fn main() -> Result<(), vault_boot::BootError> {
    vault_boot::run_event(vault_boot::wiring::rewrap_keys::wire, |deps, invocation| {
        rewrap_keys::handle(deps, invocation)
    })
}
