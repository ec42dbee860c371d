//! Wires and runs the function.

fn main() -> Result<(), vault_boot::BootError> {
    vault_boot::run_event(
        vault_boot::wiring::deliver_webhooks::wire,
        |deps, invocation| deliver_webhooks::handle(deps, invocation),
    )
}
