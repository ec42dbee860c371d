//! Where the keys of a view went.

use std::fmt;
use std::net::IpAddr;

use super::{MOST_ALLOWED, OnSpread, SpreadRule, Watch};
use crate::network::{Network, throttle_prefixes};
use crate::time::Timestamp;

/// Changes of network that a trail keeps. Each step is to a network that is new or one that was left, so a family of addresses that is
/// no sign has at most as many as the networks and returns that a rule lets pass: this holds both families at their most
/// ([`MOST_ALLOWED`]) and the step that is a sign. Of what would be more the oldest is left out: a view's record has an end.
pub const MAX_STEPS: usize = 4 * MOST_ALLOWED as usize + 1;

/// A key went to another network than the one before it of the same family of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// To which.
    pub network: Network,
    /// When.
    pub at: Timestamp,
    /// It is where the view was opened, and that is all that is known: what opens views may be a server, far from who watches.
    pub opening: bool,
}

/// The changes of network of one view, the latest last; and when they were a sign, if they were.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Trail {
    steps: Vec<Step>,
    raised: Option<Timestamp>,
}

/// Networks that are more than one viewer's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sign {
    /// Each network once, the latest last.
    pub networks: Vec<Network>,
    /// How often one came back that was left.
    pub returns: usize,
}

/// What a key adds to a trail.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing: nothing is written.
    Same,
    /// A change of network.
    Moved(Trail),
    /// A change of network that is a sign. A view gives one sign.
    Raised(Trail, Sign),
}

/// The network of an address, as far as it tells people apart: /24 of IPv4, /48 of IPv6, so that another address of the same
/// pool, of the same household or site is the same.
fn network(address: IpAddr) -> Network {
    let [_, wide] = throttle_prefixes(address);
    wide.network
}

impl Trail {
    /// The trail of a view that is opened from there. Most views fetch their keys from there too, and write nothing.
    pub fn opened(address: Option<IpAddr>, at: Timestamp) -> Self {
        let step = address.map(|address| Step {
            network: network(address),
            at,
            opening: true,
        });
        Self {
            steps: step.into_iter().collect(),
            raised: None,
        }
    }

    /// When it was a sign, if it was.
    pub const fn raised(&self) -> Option<Timestamp> {
        self.raised
    }

    /// The same, as a sign of this moment, if of one.
    #[must_use]
    pub fn with_raised(self, raised: Option<Timestamp>) -> Self {
        Self { raised, ..self }
    }

    /// Reads what [`Trail`] displays, without when it was a sign.
    pub fn parse(text: &str) -> Option<Self> {
        let step = |text: &str| {
            let (opening, text) = match text.strip_prefix('?') {
                Some(rest) => (true, rest),
                None => (false, text),
            };
            let (network, at) = text.split_once('@')?;
            Some(Step {
                network: Network::parse(network).ok()?,
                at: Timestamp(at.parse().ok()?),
                opening,
            })
        };
        let steps: Vec<_> = text.split_whitespace().map(step).collect::<Option<_>>()?;
        (steps.len() <= MAX_STEPS).then_some(Self {
            steps,
            raised: None,
        })
    }

    /// The trail with a key that goes to this address.
    fn after(&self, address: IpAddr, now: Timestamp, rule: &SpreadRule) -> Next {
        if self.raised.is_some() || rule.answer() == OnSpread::Off {
            return Next::Same;
        }
        let network = network(address);
        let of_family = |step: &&Step| step.network.is_v4() == network.is_v4();
        let last = self.steps.iter().rfind(of_family);
        if last.is_some_and(|last| last.network == network) {
            return Next::Same;
        }
        let mut next = self.kept(now, rule.window());
        // No key went to where the view was opened.
        next.steps
            .retain(|step| !(step.opening && of_family(&step)));
        next.steps.push(Step {
            network,
            at: now,
            opening: false,
        });
        let over = next.steps.len().saturating_sub(MAX_STEPS);
        next.steps.drain(..over);
        let sign = next.sign(network.is_v4());
        let most = |count: u32| usize::try_from(count).unwrap_or(usize::MAX);
        let is_sign = sign.networks.len() > most(rule.max_networks())
            || sign.returns > most(rule.max_returns());
        if is_sign {
            next.raised = Some(now);
            return Next::Raised(next, sign);
        }
        Next::Moved(next)
    }

    /// The steps of the window, and of each family the one before them: there the viewer was when the window began.
    fn kept(&self, now: Timestamp, window: u64) -> Self {
        let begin = Timestamp(now.0.saturating_sub(window));
        let stands = |v4: bool| {
            let before = |step: &Step| step.at <= begin && step.network.is_v4() == v4;
            self.steps.iter().rposition(before)
        };
        let standing = [stands(true), stands(false)];
        let steps = self.steps.iter().enumerate();
        let steps = steps.filter(|(at, step)| step.at > begin || standing.contains(&Some(*at)));
        Self {
            steps: steps.map(|(_, step)| *step).collect(),
            raised: self.raised,
        }
    }

    /// What a family's steps come to. The families are apart: a client with addresses of both takes either from one connection
    /// to the next (RFC 8305), and stays where it is.
    fn sign(&self, v4: bool) -> Sign {
        let steps = self.steps.iter().filter(|step| step.network.is_v4() == v4);
        let (mut networks, mut returns) = (Vec::new(), 0);
        for step in steps {
            if let Some(known) = networks.iter().position(|own| *own == step.network) {
                networks.remove(known);
                returns += 1;
            }
            networks.push(step.network);
        }
        Sign { networks, returns }
    }
}

impl Watch {
    /// What a key that goes to this address adds.
    pub fn after(&self, address: IpAddr, now: Timestamp) -> Next {
        self.trail.after(address, now, &self.rule)
    }
}

/// `network@seconds`, a blank between two, `?` before the one where the view was opened.
impl fmt::Display for Trail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, step) in self.steps.iter().enumerate() {
            let gap = if index == 0 { "" } else { " " };
            let opening = if step.opening { "?" } else { "" };
            write!(f, "{gap}{opening}{}@{}", step.network, step.at.0)?;
        }
        Ok(())
    }
}
