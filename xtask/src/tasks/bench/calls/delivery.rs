//! Opening views, playlists and keys: our functions and Node handlers of the same work, on the same tables.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};

use super::super::Options;
use super::super::client::{field, text, token_request};
use super::super::contest::{Runs, Worker, contest};
use super::super::events::Http;
use super::super::function::{Function, Launch};
use super::super::report::{Goal, Section, Table, median};
use super::super::usage::Usage;
use super::PORTS;
use super::flow::Flow;
use super::stage::Stage;
use crate::cloud::{Cloud, Instance, Outputs};
use crate::context::Context;
use crate::deploy::Parameters;
use crate::package::Binaries;
use crate::progress::Progress;
use crate::{proc, time, tools};

const OPEN: &str = "POST /v1/assets/{asset_id}/playback";
const PLAYLIST: &str = "GET /v1/playback/{token}/{playlist}";
const KEY: &str = "GET /v1/keys/{asset_id}/{key_id}";
/// Requests of one run.
const TIMES: u32 = 80;
/// Views that one media token opens.
const VIEWS: &str = "1000";
/// Deliveries whose time is taken, and as many bare reads between them.
const TIMED: usize = 2_000;
/// To reach: requests in a CPU second, over Node's.
const GOAL_RATE: f64 = 10.0;
/// To reach: the 99th percentile of a key's delivery over that of a bare `GetItem`.
const GOAL_TAIL: f64 = 1.3;

/// The runs of ours and of Node's at one kind of request.
struct Pair {
    request: &'static str,
    ours: Runs,
    node: Runs,
}

/// Times of the clock in milliseconds.
struct Times {
    median: f64,
    tail: f64,
}

struct Measured {
    built: String,
    runs: usize,
    node: String,
    pairs: Vec<Pair>,
    key: Times,
    bare: Times,
}

pub(in super::super) fn run(
    context: &Context,
    options: &Options,
    progress: &Progress,
) -> Result<Section> {
    ensure!(
        (options.runs + 1) * TIMES as usize <= 1_000,
        "a media token opens 1,000 views: at most 11 runs"
    );
    progress.heading("Delivery");
    let node = tools::bench_node(context, progress)?;
    let binaries = options.functions(context, &context.functions()?, progress)?;
    let bare = [
        "-p",
        "vault-aws",
        "--features",
        "dynamodb",
        "--example",
        "bare_get_item",
    ];
    let bare = options.programs(context, &["bare_get_item"], &bare, progress)?;
    let bare = bare.get("bare_get_item").context("no bare_get_item")?;
    let instance = Instance::named(context, "bench", PORTS);
    let (cloud, outputs) = Cloud::bring_up(context, instance, &Parameters::new(), progress)?;
    let measured = measured(
        context,
        options,
        (&cloud, &outputs),
        (&binaries, bare, node),
        progress,
    );
    let (stopped, measured) = (cloud.stop(), measured?);
    stopped?;
    Ok(section(&measured))
}

fn measured(
    context: &Context,
    options: &Options,
    (cloud, outputs): (&Cloud, &Outputs),
    (binaries, bare, node): (&Binaries, &Path, PathBuf),
    progress: &Progress,
) -> Result<Measured> {
    let film = context.root.join("tests/media/bigbuckbunny.mp4");
    let (stage, access, asset) = progress.run("Packaging a film", |step| {
        let stage = Stage::set(context, cloud, outputs, binaries)?;
        Flow::new(stage, outputs, step)?.ready(&film)
    })?;
    let side = Side {
        cloud,
        outputs,
        stage,
        node,
    };
    let view = View::open(&side, &access, asset)?;
    let mut pairs = Vec::new();
    for (request, function, status, [ours, node]) in view.requests(&side, &access)? {
        let mut ours = Client::start(&side, function, false, (ours, status))?;
        let mut node = Client::start(&side, function, true, (node, status))?;
        alike(request, &ours.last, &node.last)?;
        let workers = [&mut ours as &mut dyn Worker, &mut node as _];
        let [ours, node] =
            progress.run(request, |step| contest(workers, TIMES, options.runs, step))?;
        pairs.push(Pair {
            request,
            ours,
            node,
        });
    }
    let (key, bare) = progress.run("Timing keys, and bare reads between them", |_| {
        let mut key = Client::start(&side, "deliver-key", false, (view.key(&view.ticket), 200))?;
        let mut bare = Client::of(
            &side,
            bare.to_path_buf(),
            Vec::new(),
            "deliver-key",
            (view.key(&view.ticket), 200),
        )?;
        timed(&mut key, &mut bare)
    })?;
    let version = proc::output(proc::command("node").arg("--version"))?;
    Ok(Measured {
        built: options.built(),
        runs: options.runs,
        node: format!("Node {}", version.trim()),
        pairs,
        key,
        bare,
    })
}

/// What the processes of both sides are started with: the tables and buckets themselves, no recorder between.
struct Side<'a> {
    cloud: &'a Cloud,
    outputs: &'a Outputs,
    stage: Stage,
    node: PathBuf,
}

/// A process and what it is asked, again and again.
struct Client {
    process: Function,
    event: Value,
    status: u64,
    last: Value,
}

impl Client {
    fn start(side: &Side<'_>, function: &str, is_node: bool, asked: (Value, u64)) -> Result<Self> {
        if is_node {
            let script = side.node.join("runtime.mjs").display().to_string();
            return Self::of(
                side,
                "node".into(),
                vec![script, function.to_owned()],
                function,
                asked,
            );
        }
        Self::of(
            side,
            side.stage.program(function)?,
            Vec::new(),
            function,
            asked,
        )
    }

    fn of(
        side: &Side<'_>,
        program: PathBuf,
        arguments: Vec<String>,
        function: &str,
        (event, status): (Value, u64),
    ) -> Result<Self> {
        let mut environment = side.stage.environment(function)?;
        let tables = format!("http://127.0.0.1:{}", side.cloud.instance.ports.dynamodb());
        let others = side.outputs.aws_endpoint_url.clone();
        environment.insert("AWS_ENDPOINT_URL".to_owned(), others);
        environment.insert("AWS_ENDPOINT_URL_DYNAMODB".to_owned(), tables);
        let name = program
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let launch = Launch {
            program,
            arguments,
            environment,
        };
        let log = side.stage.log(&format!("delivery-{function}-{name}.log"));
        let mut client = Self {
            process: Function::start(&launch, &log)?,
            event,
            status,
            last: Value::Null,
        };
        // The first one fetches the secrets.
        client.once()?;
        Ok(client)
    }
}

impl Worker for Client {
    fn once(&mut self) -> Result<()> {
        let answer = self.process.invoke(&self.event)?;
        self.process.settle()?;
        if answer.failed || answer.body["statusCode"] != self.status {
            bail!("not {} but {}", self.status, answer.body);
        }
        self.last = answer.body;
        Ok(())
    }

    fn usage(&self) -> Result<Usage> {
        self.process.usage()
    }
}

/// Both sides give the same octets, where there is anything but chance in them.
fn alike(request: &str, ours: &Value, node: &Value) -> Result<()> {
    let opened = ours["statusCode"] == 201;
    if opened || ours["statusCode"] == 401 {
        return Ok(());
    }
    let same = ours["body"] == node["body"] || text(ours).ok() == text(node).ok();
    ensure!(same, "{request}: Node answers {node} and ours {ours}");
    Ok(())
}

/// What is asked, of which function, with which status, of ours and of Node's.
type Asked = (&'static str, &'static str, u64, [Value; 2]);

/// An open view of the film.
struct View {
    asset: String,
    ticket: String,
    key: String,
}

impl View {
    /// Opened by Node's handler: what follows proves that our functions take it for a view like any other.
    fn open(side: &Side<'_>, access: &str, asset: String) -> Result<Self> {
        let event = opening(&asset, &token(side, access, &asset)?);
        let opened = Client::start(side, "authorize-playback", true, (event, 201))?;
        let url = field(&opened.last, "playlist_url")?;
        let ticket = url
            .split('/')
            .nth_back(1)
            .context("a playlist URL without a ticket")?;
        let mut view = Self {
            asset,
            ticket: ticket.to_owned(),
            key: String::new(),
        };
        let listed = Client::start(side, "deliver-playlist", false, (view.playlist(), 200))?;
        let listed = text(&listed.last)?;
        let words = listed.split(['/', '?', '"']);
        let key = words.into_iter().find(|word| word.starts_with("key_"));
        key.context("a playlist without a key")?
            .clone_into(&mut view.key);
        Ok(view)
    }

    fn playlist(&self) -> Value {
        let variables = &[("token", self.ticket.as_str()), ("playlist", "video.m3u8")];
        Http {
            route: PLAYLIST,
            variables,
            ..Http::default()
        }
        .event()
    }

    fn key(&self, ticket: &str) -> Value {
        let variables = &[
            ("asset_id", self.asset.as_str()),
            ("key_id", self.key.as_str()),
        ];
        let query = &[("token", ticket)];
        Http {
            route: KEY,
            variables,
            query,
            ..Http::default()
        }
        .event()
    }

    /// What is asked of both sides: each opens views by a media token of its own.
    fn requests(&self, side: &Side<'_>, access: &str) -> Result<Vec<Asked>> {
        let own =
            || Ok::<_, anyhow::Error>(opening(&self.asset, &token(side, access, &self.asset)?));
        let both = |event: Value| [event.clone(), event];
        let forged = format!("{}AA", &self.ticket[..self.ticket.len() - 2]);
        Ok(vec![
            (
                "opening a view",
                "authorize-playback",
                201,
                [own()?, own()?],
            ),
            ("a playlist", "deliver-playlist", 200, both(self.playlist())),
            ("a key", "deliver-key", 200, both(self.key(&self.ticket))),
            (
                "a forged ticket",
                "deliver-key",
                401,
                both(self.key(&forged)),
            ),
        ])
    }
}

fn opening(asset: &str, token: &str) -> Value {
    let variables = &[("asset_id", asset)];
    Http {
        route: OPEN,
        variables,
        bearer: Some(token),
        ..Http::default()
    }
    .event()
}

/// A media token for as many views as one may have.
fn token(side: &Side<'_>, access: &str, asset: &str) -> Result<String> {
    let form = format!(
        "grant_type=urn:ietf:params:oauth:grant-type:token-exchange&subject_token={access}\
         &subject_token_type=urn:ietf:params:oauth:token-type:access_token\
         &resource=urn:reelvault:asset:{asset}&scope=play&max_views={VIEWS}&expires_in=3600"
    );
    let answered = Client::start(side, "mint-token", false, (token_request(&form), 200))?;
    field(&answered.last, "access_token")
}

/// One of the first, one of the other, in turn.
fn timed(key: &mut Client, bare: &mut Client) -> Result<(Times, Times)> {
    let (mut keys, mut reads) = (Vec::new(), Vec::new());
    for _ in 0..TIMED {
        for (client, times) in [(&mut *key, &mut keys), (&mut *bare, &mut reads)] {
            let start = time::now();
            client.once()?;
            times.push(start.elapsed().as_secs_f64() * 1_000.0);
        }
    }
    Ok((Times::of(keys), Times::of(reads)))
}

impl Times {
    fn of(mut all: Vec<f64>) -> Self {
        all.sort_by(f64::total_cmp);
        let tail = all.get(all.len() * 99 / 100).copied().unwrap_or_default();
        Self {
            median: median(&all),
            tail,
        }
    }
}

fn section(measured: &Measured) -> Section {
    let facts = |pair: &Pair| {
        json!({
            "request": pair.request,
            "ours_per_cpu_second": pair.ours.per_cpu_second(),
            "node_per_cpu_second": pair.node.per_cpu_second(),
            "over_node": pair.ours.over(&pair.node),
            "peak_mib": [pair.ours.peak_mib, pair.node.peak_mib],
        })
    };
    let times = |times: &Times| json!({ "median_ms": times.median, "p99_ms": times.tail });
    Section {
        name: "delivery",
        tables: vec![rates(measured), tails(measured)],
        facts: json!({
            "built": measured.built,
            "runs": measured.runs,
            "node": measured.node,
            "requests": measured.pairs.iter().map(facts).collect::<Vec<_>>(),
            "key": times(&measured.key),
            "bare_get_item": times(&measured.bare),
        }),
        goals: goals(measured),
    }
}

fn rates(measured: &Measured) -> Table {
    let row = |pair: &Pair| {
        let micros = 1e6 / pair.ours.per_cpu_second();
        vec![
            pair.request.to_owned(),
            format!("{:.0}", pair.ours.per_cpu_second()),
            format!("{:.0}", pair.node.per_cpu_second()),
            format!("{:.1}×", pair.ours.over(&pair.node)),
            format!("{micros:.0}"),
            format!("{:.1} / {:.1}", pair.ours.peak_mib, pair.node.peak_mib),
        ]
    };
    Table {
        title: "Delivery: requests in a CPU second".to_owned(),
        notes: vec![
            format!(
                "Medians of {} interleaved runs of {TIMES} each in warm processes, one request after another; ours: {}; {} with the AWS SDK v3.",
                measured.runs, measured.built, measured.node
            ),
            "CPU time is the process's own, its client of the Runtime API with it; the tables and buckets are elsewhere. Node's handler has no policies to ask.".into(),
            "Both answer the same octets, and the view whose playlist and keys are asked for was opened by Node's.".into(),
        ],
        columns: vec!["request", "ours", "Node", "ours is", "CPU µs each", "peak MiB, ours / Node"],
        rows: measured.pairs.iter().map(row).collect(),
    }
}

fn tails(measured: &Measured) -> Table {
    let row = |name: &str, times: &Times| {
        let over = |one: f64, other: f64| format!("{:.2}", one / other);
        vec![
            name.to_owned(),
            format!("{:.2}", times.median),
            format!("{:.2}", times.tail),
            over(times.median, measured.bare.median),
            over(times.tail, measured.bare.tail),
        ]
    };
    Table {
        title: "A key beside a bare GetItem".to_owned(),
        notes: vec![format!(
            "{TIMED} of each in turn, by the clock, through the same SDK, runtime and emulator of DynamoDB; a key takes a BatchGetItem of seven items in five tables."
        )],
        columns: vec![
            "request",
            "median, ms",
            "99 %, ms",
            "median over bare",
            "99 % over bare",
        ],
        rows: vec![
            row("a key", &measured.key),
            row("a bare GetItem", &measured.bare),
        ],
    }
}

fn goals(measured: &Measured) -> Vec<Goal> {
    let over = measured.pairs.iter();
    let over = over.map(|pair| (pair.ours.over(&pair.node), pair.request));
    let (worst, request) = over.fold(
        (f64::MAX, ""),
        |one, other| if other.0 < one.0 { other } else { one },
    );
    let tail = measured.key.tail / measured.bare.tail;
    vec![
        Goal {
            text: format!("≥ {GOAL_RATE} times Node's requests in a CPU second, each kind"),
            measured: format!("{worst:.1} at worst ({request})"),
            exact: false,
            met: worst >= GOAL_RATE,
        },
        Goal {
            text: format!("99 % of keys within {GOAL_TAIL} times a bare GetItem's 99 %"),
            measured: format!("{tail:.2}"),
            exact: false,
            met: tail <= GOAL_TAIL,
        },
    ]
}
