//! Cold starts: each function against a Node handler that does the same, in interleaved pairs.

mod tls;
pub(super) mod world;

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use serde::Serialize;
use serde_json::json;

use self::tls::Tls;
use self::world::{First, World};
use super::Options;
use super::function::{Environment, Function, Launch};
use super::report::{Goal, Section, Table, median};
use super::stub::Stub;
use crate::context::Context;
use crate::package::Binaries;
use crate::progress::Progress;
use crate::{proc, tools};

/// To reach: at most these fractions of Node's time and memory.
const GOAL_TIME: f64 = 20.0;
const GOAL_MEMORY: f64 = 6.0;

/// One start.
#[derive(Clone, Copy)]
struct Start {
    poll_ms: f64,
    answer_ms: f64,
    cpu_ms: f64,
    peak_mib: f64,
}

/// Medians of the starts of one program.
#[derive(Clone, Copy, Serialize)]
struct Medians {
    first_poll_ms: f64,
    first_answer_ms: f64,
    cpu_ms: f64,
    peak_mib: f64,
}

#[derive(Serialize)]
struct Pair {
    function: String,
    request: &'static str,
    ours: Medians,
    node: Medians,
}

pub(super) fn run(context: &Context, options: &Options, progress: &Progress) -> Result<Section> {
    progress.heading("Cold starts");
    let node = tools::bench_node(context, progress)?;
    let mut functions = context.functions()?;
    functions.retain(|function| options.has(function));
    let binaries = options.functions(context, &functions, progress)?;
    let world = World::new()?;
    let stub = Stub::start(world.secrets.clone())?;
    let mut environment = world.environment.clone();
    let tls = Tls::start(context, &stub.address())?;
    environment.extend(tls.environment());
    let bench = Bench {
        logs: context.target().join("bench/logs"),
        node,
        binaries,
        environment,
    };
    let pairs = progress.run("Starting functions and Node handlers", |step| {
        let mut pairs = Vec::new();
        for function in &functions {
            step.note(function);
            let first = world.first(function);
            let first = first.with_context(|| format!("no first request for {function}"))?;
            pairs.push(bench.pair(function, &first, options.runs)?);
        }
        step.note("");
        Ok(pairs)
    })?;
    let node_version = proc::output(proc::command("node").arg("--version"))?;
    Ok(section(options, node_version.trim(), &pairs))
}

struct Bench {
    logs: PathBuf,
    node: PathBuf,
    binaries: Binaries,
    environment: Environment,
}

impl Bench {
    /// Ours, Node's, ours, Node's, …: what else the machine does meets both.
    fn pair(&self, function: &str, first: &First, runs: usize) -> Result<Pair> {
        let program = self
            .binaries
            .get(function)
            .context("a function without a program")?;
        let ours = self.launch(program.clone(), Vec::new());
        let script = self.node.join("runtime.mjs").display().to_string();
        let node = self.launch("node".into(), vec![script, function.to_owned()]);
        let (mut of_ours, mut of_node) = (Vec::new(), Vec::new());
        for _ in 0..runs {
            of_ours.push(start(
                &ours,
                first,
                &self.logs.join(format!("cold-{function}.log")),
            )?);
            of_node.push(start(
                &node,
                first,
                &self.logs.join(format!("node-{function}.log")),
            )?);
        }
        Ok(Pair {
            function: function.to_owned(),
            request: first.shown,
            ours: medians(&of_ours),
            node: medians(&of_node),
        })
    }

    fn launch(&self, program: PathBuf, arguments: Vec<String>) -> Launch {
        Launch {
            program,
            arguments,
            environment: self.environment.clone(),
        }
    }
}

/// Starts a process, takes its first answer and ends it.
fn start(launch: &Launch, first: &First, log: &Path) -> Result<Start> {
    let process = Function::start(launch, log)?;
    let answer = process.invoke(&first.event)?;
    process.settle()?;
    let usage = process.usage()?;
    let expected = match first.status {
        Some(status) => answer.body["statusCode"] == status,
        // The operator's function refuses by an error, the other answers.
        None => answer.failed || answer.body["batchItemFailures"].is_array(),
    };
    if !expected {
        bail!(
            "{}: {}: {}",
            launch.program.display(),
            first.shown,
            answer.body
        );
    }
    let since = |at: Instant| at.duration_since(process.started).as_secs_f64() * 1e3;
    Ok(Start {
        poll_ms: since(process.polled),
        answer_ms: since(answer.at),
        cpu_ms: usage.cpu_seconds * 1e3,
        peak_mib: usage.peak_mib,
    })
}

fn medians(starts: &[Start]) -> Medians {
    let of = |figure: fn(&Start) -> f64| median(&starts.iter().map(figure).collect::<Vec<_>>());
    Medians {
        first_poll_ms: of(|start| start.poll_ms),
        first_answer_ms: of(|start| start.answer_ms),
        cpu_ms: of(|start| start.cpu_ms),
        peak_mib: of(|start| start.peak_mib),
    }
}

fn section(options: &Options, node: &str, pairs: &[Pair]) -> Section {
    let (built, runs) = (options.built(), options.runs);
    let versus = |ours: f64, node: f64| format!("{ours:.1} / {node:.1} ({:.0}×)", node / ours);
    let row = |pair: &Pair| {
        let (ours, node) = (pair.ours, pair.node);
        vec![
            pair.function.clone(),
            pair.request.to_owned(),
            versus(ours.first_poll_ms, node.first_poll_ms),
            versus(ours.first_answer_ms, node.first_answer_ms),
            versus(ours.cpu_ms, node.cpu_ms),
            format!(
                "{:.1} / {:.1} ({:.1}×)",
                ours.peak_mib,
                node.peak_mib,
                node.peak_mib / ours.peak_mib
            ),
        ]
    };
    let table = Table {
        title: "Cold start: ours / Node's".to_owned(),
        notes: vec![
            format!(
                "Medians of {runs} interleaved pairs; ours: {built}; Node {node} with the AWS SDK v3."
            ),
            "Times from the start of the process; secrets and database answer at once, over TLS."
                .into(),
        ],
        columns: vec![
            "function",
            "first request",
            "first poll, ms",
            "first answer, ms",
            "CPU to the answer, ms",
            "peak, MiB",
        ],
        rows: pairs.iter().map(row).collect(),
    };
    let facts = json!({ "built": built, "runs": runs, "node": node, "functions": pairs });
    Section {
        name: "cold_start",
        tables: vec![table],
        facts,
        goals: goals(pairs),
    }
}

/// By the function that does worst.
fn goals(pairs: &[Pair]) -> Vec<Goal> {
    let worst = |what: &str, fraction: f64, ratio: fn(&Pair) -> f64| {
        let found = pairs.iter().min_by(|a, b| ratio(a).total_cmp(&ratio(b)));
        let (name, least) = found.map_or(("", f64::NAN), |pair| (&pair.function, ratio(pair)));
        Goal {
            text: format!("{what} ≤ 1/{fraction:.0} of Node's, every function"),
            measured: format!("1/{least:.1} at worst ({name})"),
            exact: false,
            met: least >= fraction,
        }
    };
    vec![
        worst("first poll", GOAL_TIME, |p| {
            p.node.first_poll_ms / p.ours.first_poll_ms
        }),
        worst("first answer", GOAL_TIME, |p| {
            p.node.first_answer_ms / p.ours.first_answer_ms
        }),
        worst("memory", GOAL_MEMORY, |p| p.node.peak_mib / p.ours.peak_mib),
    ]
}
