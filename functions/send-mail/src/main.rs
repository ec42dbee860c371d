//! Wires and runs the function.

fn main() -> Result<(), vault_boot::BootError> {
    vault_boot::run_event(vault_boot::wiring::send_mail::wire, |deps, invocation| {
        send_mail::handle(deps, invocation)
    })
}
