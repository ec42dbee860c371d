//! AWS calls of each function's requests, counted between its real binary and the local cloud.

mod delivery;
mod flow;
mod governed;
mod identity;
mod library;
mod proxy;
mod stage;

use anyhow::{Context as _, Result};
use serde::Serialize;
use serde_json::json;

pub(super) use self::delivery::run as delivery;
pub(super) use self::library::run as library;

use self::flow::Flow;
use self::proxy::Units;
use self::stage::Stage;
use super::operation;
use super::report::{Goal, Section, Table};
use crate::cloud::{Cloud, Instance};
use crate::context::Context;
use crate::deploy::Parameters;
use crate::package;
use crate::progress::Progress;

/// Keeps this cloud off the ports of the others.
const PORTS: u16 = 40;

/// The calls of one kind of request: by a fresh process, and again by the same.
#[derive(Serialize)]
struct Row {
    function: String,
    request: String,
    first: Vec<String>,
    warm: Vec<String>,
    /// What the second one took.
    units: Units,
}

pub(super) fn run(context: &Context, progress: &Progress) -> Result<Section> {
    progress.heading("AWS calls per request");
    let instance = Instance::named(context, "bench", PORTS);
    let (cloud, outputs) = Cloud::bring_up(context, instance, &Parameters::new(), progress)?;
    // The same crates as just built: others would bring other features, and build anew.
    let binaries = package::local(context, progress)?;
    let rows = progress.run("Counting calls", |step| {
        let stage = Stage::set(context, &cloud, &outputs, &binaries)?;
        Flow::new(stage, &outputs, step)?.run(&context.root.join("tests/media/bigbuckbunny.mp4"))
    });
    let (stopped, rows) = (cloud.stop(), rows?);
    stopped?;
    section(&rows)
}

fn section(rows: &[Row]) -> Result<Section> {
    let goals = goals(rows)?;
    let cells = |row: &Row| {
        let more = operation::besides(&row.first, &row.warm);
        let (more, warm) = (operation::summary(&more), operation::summary(&row.warm));
        let Units { all, of_record } = row.units;
        let units = if of_record > 0.0 {
            format!("{all:.1}, of which {of_record:.1}")
        } else {
            format!("{all:.1}")
        };
        vec![row.function.clone(), row.request.clone(), warm, units, more]
    };
    let table = Table {
        title: "AWS calls per request".to_owned(),
        notes: vec![
            "Counted between each function's binary and the local cloud; retries would count."
                .into(),
            "Units are read and write units of DynamoDB as its emulator counts them; `of which` are those of the record of what was done."
                .into(),
        ],
        columns: vec![
            "function",
            "request",
            "calls",
            "units, of which the record's",
            "more at the first of a process",
        ],
        rows: rows.iter().map(cells).collect(),
    };
    Ok(Section {
        name: "calls",
        tables: vec![table],
        facts: json!(rows),
        goals,
    })
}

/// What must hold on every machine.
fn goals(rows: &[Row]) -> Result<Vec<Goal>> {
    let warm = |function: &str, request: &str| {
        let of = |row: &&Row| row.function == function && row.request.contains(request);
        let row = rows.iter().find(of);
        row.map(|row| row.warm.as_slice())
            .with_context(|| format!("{function} was not measured: {request}"))
    };
    let (genuine, forged) = (
        warm("deliver-key", "a key")?,
        warm("deliver-key", "forged")?,
    );
    let (wrong, unknown) = (
        warm("login", identity::WRONG)?,
        warm("login", identity::UNKNOWN)?,
    );
    let goal = |text: &str, calls: &[String], met| Goal {
        text: text.to_owned(),
        measured: operation::summary(calls),
        exact: true,
        met,
    };
    Ok(vec![
        goal(
            "a key takes exactly one DynamoDB call",
            genuine,
            genuine == ["DynamoDB BatchGetItem"],
        ),
        goal("a forged ticket takes none", forged, forged.is_empty()),
        goal(
            "an unknown address takes the calls of a wrong password",
            unknown,
            unknown == wrong,
        ),
    ])
}
