//! Bring wrapped content keys under the current master key, page by page.
//!
//! It may be cut off anywhere, and run any number of times at once: a key is put in the place of the very record that was read, so
//! that one that was erased meanwhile stays erased. A pass that began when no function could wrap under an older master key any
//! more shows that nothing is left under one ([`Pass::proves`]).

use std::sync::Arc;

use crate::playback::WrappedKey;
use crate::ports::{Change, Clock, Entropy, MasterRing, Rewraps, Stored};
use crate::rotation::Pass;
use crate::time::Timestamp;

/// Seconds before the end of the invocation in which no further page is begun.
const SPARE: u64 = 20;

/// What it needs.
pub struct Deps {
    /// The wrapped keys.
    pub rewraps: Arc<dyn Rewraps>,
    /// The master keys.
    pub wrap: Arc<dyn MasterRing>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Nonces.
    pub entropy: Arc<dyn Entropy>,
}

/// Goes on with the pass that is under way, or begins one if the last proves nothing of the current master key; how far it is.
///
/// # Errors
/// [`crate::ports::StoreError`]; the next run goes on at the page that failed.
pub async fn run(deps: &Deps, deadline: Timestamp) -> Stored<Pass> {
    let (current, since) = deps.wrap.current();
    let now = deps.clock.now();
    let begin = || Pass::new(current.to_owned(), now);
    let mut pass = match deps.rewraps.pass().await? {
        Some(pass) if pass.proves(current, since) => return Ok(pass),
        Some(pass) if pass.current == current && !pass.finished => pass,
        _ => begin(),
    };
    while !pass.finished && deps.clock.now().plus(SPARE) < deadline {
        turn_page(deps, &mut pass).await?;
        deps.rewraps.save(&pass).await?;
    }
    Ok(pass)
}

async fn turn_page(deps: &Deps, pass: &mut Pass) -> Stored<()> {
    let page = deps.rewraps.page(pass.after.as_ref()).await?;
    pass.unreadable += page.corrupt;
    for key in &page.keys {
        pass.seen += 1;
        if deps.wrap.is_old(&key.master) {
            rewrap(deps, key, pass).await?;
        }
    }
    pass.finished = page.next.is_none();
    pass.after = page.next;
    Ok(())
}

async fn rewrap(deps: &Deps, key: &WrappedKey, pass: &mut Pass) -> Stored<()> {
    let Ok(content) = deps.wrap.unwrap(key) else {
        // Its master key is gone or the record was changed: for the operator, and no reason to leave the others.
        pass.unreadable += 1;
        return Ok(());
    };
    let mut nonce = [0; 12];
    deps.entropy.fill(&mut nonce)?;
    let new = deps
        .wrap
        .wrap(&content, key.asset, key.key, key.package, nonce)?;
    match deps.rewraps.replace(key, &new).await? {
        Change::Applied => pass.rewrapped += 1,
        // Erased, or brought under a newer one by another run.
        Change::NotApplied => {}
    }
    Ok(())
}
