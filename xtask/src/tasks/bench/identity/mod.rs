//! Signing in, measured by what bcrypt alone costs, and refreshing: our functions and Node handlers of the same work.

mod floor;
mod stage;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use self::floor::Floor;
use self::stage::{Side, Stage};
use super::Options;
use super::contest::{Runs, contest};
use super::operation;
use super::report::{Goal, Section, Table};
use crate::context::Context;
use crate::progress::Progress;
use crate::{proc, tools};

/// Of one run: a second or so of CPU time each.
const SIGN_INS: u32 = 4;
const REFRESHES: u32 = 200;
/// To reach: what else a sign-in does may take a twentieth of the rate of bcrypt alone.
const GOAL_FLOOR: f64 = 0.95;
/// The session, the person in one batch, the rotation.
const REFRESH_CALLS: [&str; 3] = [
    "DynamoDB GetItem",
    "DynamoDB BatchGetItem",
    "DynamoDB UpdateItem",
];

/// What was measured, and how it is named.
struct Measured {
    built: String,
    runs: usize,
    node: String,
    /// Of bcrypt alone, of ours and of Node's.
    sign_ins: [Runs; 3],
    /// Of ours and of Node's.
    refreshes: [Runs; 2],
}

pub(super) fn run(context: &Context, options: &Options, progress: &Progress) -> Result<Section> {
    progress.heading("Identity");
    let node = tools::bench_node(context, progress)?;
    let binaries = options.functions(context, &context.functions()?, progress)?;
    let floor = ["-p", "vault-crypto", "--example", "bcrypt_floor"];
    let floor = options.programs(context, &["bcrypt_floor"], &floor, progress)?;
    let floor = floor.get("bcrypt_floor").context("no bcrypt_floor")?;
    let node_name = node_name(context)?;
    let stage = Stage::set(context, binaries, node)?;
    let owner = stage.owner()?;
    let mut alone = Floor::start(floor, &owner.password)?;
    let mut ours = stage.sign_ins(Side::Ours, &owner)?;
    let mut nodes = stage.sign_ins(Side::Node, &owner)?;
    let sign_ins = progress.run("Signing in", |step| {
        let workers = [&mut alone as _, &mut ours as _, &mut nodes as _];
        contest(workers, SIGN_INS, options.runs, step)
    })?;
    let mut ours = stage.refreshes(Side::Ours, &ours.refresh)?;
    let mut nodes = stage.refreshes(Side::Node, &nodes.refresh)?;
    let refreshes = progress.run("Refreshing", |step| {
        let workers = [&mut ours as _, &mut nodes as _];
        contest(workers, REFRESHES, options.runs, step)
    })?;
    Ok(section(&Measured {
        built: options.built(),
        runs: options.runs,
        node: node_name,
        sign_ins,
        refreshes,
    }))
}

/// Node's version, and that of its bcrypt: the package over the C code of OpenBSD.
fn node_name(context: &Context) -> Result<String> {
    let version = proc::output(proc::command("node").arg("--version"))?;
    let package = std::fs::read(context.root.join("tests/bench/node/package.json"))?;
    let package: Value = serde_json::from_slice(&package)?;
    let bcrypt = package["dependencies"]["bcrypt"].as_str();
    let bcrypt = bcrypt.context("the Node handlers have no bcrypt")?;
    Ok(format!("Node {}, bcrypt {bcrypt} (C++)", version.trim()))
}

fn section(measured: &Measured) -> Section {
    let facts = |runs: &Runs| {
        json!({
            "per_cpu_second": runs.per_cpu_second(),
            "per_second": runs.per_second(),
            "peak_mib": runs.peak_mib,
            "calls": runs.calls,
        })
    };
    let ([alone, ours, node], [our_refreshes, node_refreshes]) =
        (&measured.sign_ins, &measured.refreshes);
    Section {
        name: "identity",
        tables: vec![sign_ins(measured), refreshes(measured)],
        facts: json!({
            "built": measured.built,
            "runs": measured.runs,
            "node": measured.node,
            "bcrypt": facts(alone),
            "sign_ins": { "ours": facts(ours), "node": facts(node), "of_bcrypt": ours.over(alone), "over_node": ours.over(node) },
            "refreshes": { "ours": facts(our_refreshes), "node": facts(node_refreshes), "over_node": our_refreshes.over(node_refreshes) },
        }),
        goals: goals(measured),
    }
}

fn sign_ins(measured: &Measured) -> Table {
    let [alone, ours, node] = &measured.sign_ins;
    let row = |name: &str, runs: &Runs| {
        let rate = runs.per_cpu_second();
        vec![
            name.to_owned(),
            format!("{rate:.2}"),
            format!("{:.1}", 1e3 / rate),
            format!("{:.3}", runs.over(alone)),
            format!("{:.2}×", ours.over(runs)),
            operation::summary(&runs.calls),
            format!("{:.1}", runs.peak_mib),
        ]
    };
    Table {
        title: "Signing in, beside bcrypt alone".to_owned(),
        notes: vec![
            format!(
                "Medians of {} interleaved runs of {SIGN_INS} each in warm processes; ours: {}. Every password is checked at cost 12.",
                measured.runs, measured.built
            ),
            "CPU time is the process's own; the services answer at once, elsewhere. bcrypt alone is that of `login`, in a process of its own;"
                .into(),
            "Node's is another implementation of it, and most of what Node's rows tell.".into(),
        ],
        columns: vec![
            "program",
            "per CPU s",
            "CPU ms each",
            "of bcrypt alone",
            "ours is",
            "AWS calls",
            "peak MiB",
        ],
        rows: vec![
            row("bcrypt alone", alone),
            row("Reelvault's login", ours),
            row(&measured.node, node),
        ],
    }
}

fn refreshes(measured: &Measured) -> Table {
    let [ours, node] = &measured.refreshes;
    let row = |name: &str, runs: &Runs| {
        vec![
            name.to_owned(),
            format!("{:.0}", runs.per_cpu_second()),
            format!("{:.0}", runs.per_second()),
            format!("{:.1}×", ours.over(runs)),
            operation::summary(&runs.calls),
            format!("{:.1}", runs.peak_mib),
        ]
    };
    Table {
        title: "Refreshing a session".to_owned(),
        notes: vec![
            format!(
                "Medians of {} interleaved runs of {REFRESHES} each in warm processes, one request after another; ours: {}.",
                measured.runs, measured.built
            ),
            "The seconds of the clock hold the client and the services too, which share the machine.".into(),
        ],
        columns: vec![
            "program",
            "per CPU s",
            "per second",
            "ours is, in CPU time",
            "AWS calls",
            "peak MiB",
        ],
        rows: vec![row("Reelvault's mint-token", ours), row(&measured.node, node)],
    }
}

fn goals(measured: &Measured) -> Vec<Goal> {
    let ([alone, ours, node], [our_refreshes, node_refreshes]) =
        (&measured.sign_ins, &measured.refreshes);
    let ratio = ours.over(alone);
    let same = same_calls(ours, node) && same_calls(our_refreshes, node_refreshes);
    vec![
        Goal {
            text: format!("signing in ≥ {GOAL_FLOOR} of bcrypt alone, in CPU time"),
            measured: format!("{ratio:.3}"),
            exact: false,
            met: ratio >= GOAL_FLOOR,
        },
        Goal {
            text: "a refresh takes exactly three DynamoDB calls".to_owned(),
            measured: operation::summary(&our_refreshes.calls),
            exact: true,
            met: our_refreshes.calls == REFRESH_CALLS,
        },
        Goal {
            text: "Node's sign-in and refresh make the calls of ours".to_owned(),
            measured: format!(
                "{}; {}",
                operation::summary(&node.calls),
                operation::summary(&node_refreshes.calls)
            ),
            exact: true,
            met: same,
        },
    ]
}

/// Those that go out together come in any order.
fn same_calls(one: &Runs, two: &Runs) -> bool {
    let sorted = |runs: &Runs| {
        let mut calls = runs.calls.clone();
        calls.sort();
        calls
    };
    sorted(one) == sorted(two)
}
