//! A stand-in for the Lambda Runtime API of one process, which notes when it is polled and answered.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use super::wire::{Connection, Request, Server};
use crate::time;

/// No start-up or answer that a bench asks for takes longer.
const LIMIT: Duration = Duration::from_mins(1);
/// The deadline told to functions: far in the future.
const DEADLINE_MS: &str = "4102444800000";

/// What the process did.
enum Seen {
    Polled(Instant),
    Answered(Answer),
}

/// An answer to an invocation.
pub(super) struct Answer {
    pub(super) at: Instant,
    /// Whether the function ended with an error instead.
    pub(super) failed: bool,
    pub(super) body: Value,
}

/// The Runtime API of one process.
pub(super) struct RuntimeApi {
    server: Server,
    events: Sender<Vec<u8>>,
    seen: Receiver<Seen>,
}

impl RuntimeApi {
    pub(super) fn start() -> Result<Self> {
        let (events, offered) = channel();
        let (tell, seen) = channel();
        let offered = Mutex::new(offered);
        let server = Server::start(move |connection| serve(connection, &offered, &tell))?;
        Ok(Self {
            server,
            events,
            seen,
        })
    }

    /// The value of `AWS_LAMBDA_RUNTIME_API`.
    pub(super) fn address(&self) -> String {
        self.server.address.to_string()
    }

    /// Waits until the process asks for an event.
    pub(super) fn polled(&self) -> Result<Instant> {
        match self
            .seen
            .recv_timeout(LIMIT)
            .context("it did not poll the Runtime API")?
        {
            Seen::Polled(at) => Ok(at),
            Seen::Answered(answer) => bail!("it failed before its first poll: {}", answer.body),
        }
    }

    /// Hands the waiting process an event and waits for the answer.
    pub(super) fn invoke(&self, event: &Value) -> Result<Answer> {
        self.events.send(event.to_string().into_bytes())?;
        match self.seen.recv_timeout(LIMIT).context("it did not answer")? {
            Seen::Answered(answer) => Ok(answer),
            Seen::Polled(_) => bail!("it polled again without an answer"),
        }
    }
}

fn serve(mut connection: Connection, offered: &Mutex<Receiver<Vec<u8>>>, tell: &Sender<Seen>) {
    while let Some(request) = connection.request() {
        let at = time::now();
        let done = if request.method == "GET" {
            let _ = tell.send(Seen::Polled(at));
            // A bench invokes one event at a time: nobody else waits for the lock.
            let event = offered
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .recv();
            let Ok(event) = event else { return };
            connection.reply(200, &HEADERS, &event)
        } else {
            let _ = tell.send(Seen::Answered(answer(&request, at)));
            connection.reply(202, &[], b"{}")
        };
        if done.is_err() {
            return;
        }
    }
}

const HEADERS: [(&str, &str); 4] = [
    (
        "lambda-runtime-aws-request-id",
        "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
    ),
    ("lambda-runtime-deadline-ms", DEADLINE_MS),
    (
        "lambda-runtime-invoked-function-arn",
        "arn:aws:lambda:us-east-1:000000000000:function:bench",
    ),
    ("content-type", "application/json"),
];

fn answer(request: &Request, at: Instant) -> Answer {
    let failed = request.target.ends_with("/error");
    let body = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
    Answer { at, failed, body }
}
