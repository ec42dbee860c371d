//! What a page of the library costs, at a hundred assets and at a hundred thousand.
//!
//! A hundred needles are the oldest of all: they failed, somebody else brought the first fifty in, and these have titles
//! of their own; the other fifty are in a collection. A list that read what it does not show would read the whole library to find them.

use anyhow::{Context as _, Result, bail, ensure};
use serde::Serialize;
use serde_json::{Value, json};

use super::super::client::{body, field};
use super::super::events::Http;
use super::super::function::Function;
use super::super::report::{Goal, Section, Table, median};
use super::PORTS;
use super::proxy::Units;
use super::stage::Stage;
use crate::aws::Aws;
use crate::cloud::{Cloud, Instance, Outputs};
use crate::context::Context;
use crate::deploy::Parameters;
use crate::package;
use crate::progress::{Progress, Step};
use crate::time;

const SIZES: [usize; 2] = [100, 100_000];
const NEEDLES: usize = 50;
/// Of whom the first half are needles.
const FAILED: usize = 100;
/// Records that DynamoDB takes in one call.
const BATCH: usize = 25;
/// How often a list is asked for, after a first time that is not counted.
const TIMES: usize = 15;
/// When the first was announced.
const SINCE: usize = 1_767_225_600;

/// What one page cost.
#[derive(Serialize)]
struct Cost {
    list: &'static str,
    assets: usize,
    calls: usize,
    /// Read units of DynamoDB.
    units: f64,
    /// Until the function answered.
    milliseconds: f64,
}

pub(in super::super) fn run(context: &Context, progress: &Progress) -> Result<Section> {
    progress.heading("A page of the library");
    let instance = Instance::named(context, "bench", PORTS);
    let (cloud, outputs) = Cloud::bring_up(context, instance, &Parameters::new(), progress)?;
    let binaries = package::local(context, progress)?;
    let costs = progress.run("Listing 100 and 100,000 assets", |step| {
        let stage = Stage::set(context, &cloud, &outputs, &binaries)?;
        let tables = format!("http://127.0.0.1:{}", cloud.instance.ports.dynamodb());
        measure(&stage, &outputs, &Aws::new(&tables), step)
    });
    let (stopped, costs) = (cloud.stop(), costs?);
    stopped?;
    Ok(section(&costs))
}

fn measure(stage: &Stage, outputs: &Outputs, tables: &Aws, step: &Step) -> Result<Vec<Cost>> {
    let access = signed_in(stage, outputs)?;
    let stock = Stock::of(stage, tables, &access)?;
    let collection = stock.collection.as_str();
    let process = stage.start("manage-assets")?;
    let (mut there, mut costs) = (0, Vec::new());
    for size in SIZES {
        for from in (there..size).step_by(BATCH) {
            if from % 10_000 == 0 {
                step.note(format!("{from} assets are there"));
            }
            stock.add(tables, from..(from + BATCH).min(size))?;
        }
        there = size;
        let other = stock.other.as_str();
        for (list, filter) in [
            ("the latest", &[][..]),
            ("of a state", &[("state", "failed")]),
            ("of an uploader", &[("owner", other)]),
            (
                "of an uploader and a state",
                &[("owner", stock.main.as_str()), ("state", "failed")],
            ),
            ("of a collection", &[("collection", collection)]),
            ("by the beginning of the title", &[("title", "needle")]),
        ] {
            let page = Page { list, filter, size };
            costs.push(page.cost(stage, &process, &access)?);
        }
    }
    Ok(costs)
}

fn signed_in(stage: &Stage, outputs: &Outputs) -> Result<String> {
    let owner = outputs.owner.as_ref().context("the cloud has no owner")?;
    let right = json!({ "email": owner.email, "password": owner.password }).to_string();
    let event = Http {
        route: "POST /v1/login",
        content_type: "application/json",
        body: Some(&right),
        ..Http::default()
    };
    let (answer, _) = stage.once(&stage.start("login")?, &event.event())?;
    field(&answer, "access_token")
}

/// Records like that of an asset which the real function announced.
struct Stock {
    table: String,
    record: Value,
    org: String,
    /// Who brought nearly everything in.
    main: String,
    /// Who brought the needles in.
    other: String,
    /// Where the other half of those that failed are.
    collection: String,
}

fn made(stage: &Stage, access: &str, route: &'static str, wish: &Value) -> Result<Value> {
    let wish = wish.to_string();
    let event = Http {
        route,
        bearer: Some(access),
        content_type: "application/json",
        body: Some(&wish),
        ..Http::default()
    };
    let function = match route {
        "POST /v1/uploads" => "presign-upload",
        _ => "manage-access",
    };
    Ok(stage.once(&stage.start(function)?, &event.event())?.0)
}

impl Stock {
    fn of(stage: &Stage, tables: &Aws, access: &str) -> Result<Self> {
        let wish = json!({ "filename": "film.mp4", "size": 1_000, "content_type": "video/mp4" });
        let answer = made(stage, access, "POST /v1/uploads", &wish)?;
        let id = field(&answer, "asset_id")?;
        let wish = json!({ "name": "Rushes" });
        let collection = made(stage, access, "POST /v1/collections", &wish)?;
        let settings = stage.environment("manage-assets")?;
        let table = settings.get("ASSETS_TABLE").context("no ASSETS_TABLE")?;
        let key = json!({ "TableName": table, "Key": { "pk": { "S": id } } });
        let found = tables.json("dynamodb", "DynamoDB_20120810.GetItem", &key)?;
        tables.json("dynamodb", "DynamoDB_20120810.DeleteItem", &key)?;
        let record = found["Item"].clone();
        let org = record["org"]["S"]
            .as_str()
            .context("a record without org")?;
        let main = record["owner"]["S"].as_str();
        Ok(Self {
            table: table.clone(),
            org: org.to_owned(),
            main: main.context("a record without owner")?.to_owned(),
            other: format!("usr_{}", base32(0)),
            collection: field(&collection, "collection_id")?,
            record,
        })
    }

    fn asset(&self, number: usize) -> Value {
        let (needle, org) = (number < NEEDLES, &self.org);
        let title = if needle { "Needle" } else { "Reel" };
        let state = if number < FAILED { "failed" } else { "ready" };
        let mut asset = self.record.clone();
        let mut set = |name: &str, text: String| asset[name] = json!({ "S": text });
        set("pk", format!("ast_{}", base32(number + 1)));
        set("title", format!("{title} {number:06}"));
        set("folded", format!("{} {number:06}", title.to_lowercase()));
        set("state", state.to_owned());
        set("shelf", format!("{org}#{state}"));
        if needle {
            set("owner", self.other.clone());
            set("by_owner", format!("{org}#{}", self.other));
        } else if number < FAILED {
            set("collection", self.collection.clone());
        }
        asset["created_at"] = json!({ "N": (SINCE + number).to_string() });
        asset
    }

    fn add(&self, tables: &Aws, numbers: std::ops::Range<usize>) -> Result<()> {
        let puts = numbers.map(|number| json!({ "PutRequest": { "Item": self.asset(number) } }));
        let wish = json!({ "RequestItems": { &self.table: puts.collect::<Vec<_>>() } });
        let told = tables.json("dynamodb", "DynamoDB_20120810.BatchWriteItem", &wish)?;
        let left = told["UnprocessedItems"].as_object();
        ensure!(
            left.is_none_or(serde_json::Map::is_empty),
            "records were left out"
        );
        Ok(())
    }
}

/// 128 bits as ids have them: 26 digits, of which the last holds three bits.
fn base32(number: usize) -> String {
    const DIGITS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let digit = |place: u32| char::from(DIGITS[(number >> (5 * place)) & 31]);
    let digits: String = (0..12).rev().map(digit).collect();
    format!("{}{digits}a", "a".repeat(13))
}

struct Page<'a> {
    list: &'static str,
    filter: &'a [(&'a str, &'a str)],
    size: usize,
}

impl Page<'_> {
    fn cost(&self, stage: &Stage, process: &Function, access: &str) -> Result<Cost> {
        let query = [self.filter, &[("limit", "50")]].concat();
        let event = Http {
            route: "GET /v1/assets",
            query: &query,
            bearer: Some(access),
            ..Http::default()
        }
        .event();
        let (mut noted, mut milliseconds) = (Vec::new(), Vec::new());
        for time in 0..=TIMES {
            let since = time::now();
            let (answer, calls) = stage.once(process, &event)?;
            if time > 0 {
                milliseconds.push(since.elapsed().as_secs_f64() * 1_000.0);
            }
            if answer["statusCode"] != 200 {
                bail!("{}: {answer}", self.list);
            }
            let found = body(&answer)?["assets"].as_array().map(Vec::len);
            ensure!(found == Some(NEEDLES), "{}: {found:?} assets", self.list);
            noted = calls;
        }
        let units = Units::of(&noted).all;
        ensure!(units > 0.0, "{}: no read units were told", self.list);
        Ok(Cost {
            list: self.list,
            assets: self.size,
            calls: noted.len(),
            units,
            milliseconds: median(&milliseconds),
        })
    }
}

fn section(costs: &[Cost]) -> Section {
    let [few, many] = SIZES.map(|size| costs.iter().filter(move |cost| cost.assets == size));
    let pairs: Vec<_> = few.zip(many).collect();
    let row = |(few, many): &(&Cost, &Cost)| {
        let mut cells = vec![few.list.to_owned()];
        for cost in [few, many] {
            cells.push(cost.calls.to_string());
            cells.push(format!("{:.1}", cost.units));
            cells.push(format!("{:.1}", cost.milliseconds));
        }
        cells
    };
    let grows = |(few, many): &(&Cost, &Cost)| many.units > few.units || many.calls > few.calls;
    let worst = pairs.iter().map(|(few, many)| many.units / few.units);
    let table = Table {
        title: "A page of fifty of the library".to_owned(),
        notes: vec![
            "The real function on the local cloud; units are what the emulator of DynamoDB says was consumed, in all calls together.".into(),
            "What is asked for by state, uploader or title is the oldest of all.".into(),
        ],
        columns: vec![
            "list",
            "calls at 100",
            "read units",
            "ms",
            "calls at 100,000",
            "read units",
            "ms",
        ],
        rows: pairs.iter().map(row).collect(),
    };
    Section {
        name: "library",
        tables: vec![table],
        facts: json!(costs),
        goals: vec![Goal {
            text: "a page takes no more read units at 100,000 assets than at 100".to_owned(),
            measured: format!("{:.2} times as many", worst.fold(0.0, f64::max)),
            exact: true,
            met: !pairs.iter().any(grows),
        }],
    }
}
