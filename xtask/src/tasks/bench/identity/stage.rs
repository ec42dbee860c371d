//! An owner in tables that answer at once, and processes that take requests about them.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use super::super::client::{field, token_request};
use super::super::cold::world::World;
use super::super::contest::Worker;
use super::super::events::Http;
use super::super::function::{Environment, Function, Launch};
use super::super::stub::Stub;
use super::super::usage::Usage;
use crate::context::Context;
use crate::package::Binaries;

/// Whose program is asked.
#[derive(Clone, Copy)]
pub(super) enum Side {
    Ours,
    Node,
}

/// Everything that the processes share.
pub(super) struct Stage {
    stub: Stub,
    environment: Environment,
    binaries: Binaries,
    node: PathBuf,
    logs: PathBuf,
}

impl Stage {
    pub(super) fn set(context: &Context, binaries: Binaries, node: PathBuf) -> Result<Self> {
        let world = World::new()?;
        let stub = Stub::start(world.secrets)?;
        let mut environment = world.environment;
        environment.insert("AWS_ENDPOINT_URL".to_owned(), stub.url());
        Ok(Self {
            stub,
            environment,
            binaries,
            node,
            logs: context.target().join("bench/logs"),
        })
    }

    fn start(&self, function: &str, side: Side) -> Result<Function> {
        let (program, arguments, log) = match side {
            Side::Ours => {
                let program = self.binaries.get(function);
                let program = program.with_context(|| format!("{function} has no program"))?;
                (program.clone(), Vec::new(), "identity")
            }
            Side::Node => {
                let script = self.node.join("runtime.mjs").display().to_string();
                ("node".into(), vec![script, function.to_owned()], "node")
            }
        };
        let launch = Launch {
            program,
            arguments,
            environment: self.environment.clone(),
        };
        Function::start(&launch, &self.logs.join(format!("{log}-{function}.log")))
    }

    /// Makes an owner by the real function, so that the records are those of today.
    pub(super) fn owner(&self) -> Result<Owner> {
        let email = "owner@demo.example";
        let wish = json!({ "organisation": "Bench Films", "email": email });
        let answer = self.start("bootstrap-owner", Side::Ours)?.invoke(&wish)?;
        let password = answer.body["password"].as_str();
        let password = password.with_context(|| format!("bootstrap-owner: {}", answer.body))?;
        Ok(Owner {
            email,
            password: password.to_owned(),
        })
    }

    /// A process that signs the owner in again and again, each time from a device that nobody knows.
    pub(super) fn sign_ins(&self, side: Side, owner: &Owner) -> Result<Client<'_>> {
        let body = json!({ "email": owner.email, "password": owner.password }).to_string();
        let event = Http {
            route: "POST /v1/login",
            content_type: "application/json",
            body: Some(&body),
            ..Http::default()
        }
        .event();
        self.client("login", side, Request::SignIn(event))
    }

    /// A process that refreshes a session again and again, each time by the token of the last answer.
    pub(super) fn refreshes(&self, side: Side, token: &str) -> Result<Client<'_>> {
        self.client("mint-token", side, Request::Refresh(token.to_owned()))
    }

    fn client(&self, function: &'static str, side: Side, request: Request) -> Result<Client<'_>> {
        let mut client = Client {
            stub: &self.stub,
            process: self.start(function, side)?,
            function,
            request,
            refresh: String::new(),
            calls: Vec::new(),
        };
        // The first one fetches the secrets.
        client.once()?;
        client.calls.clear();
        Ok(client)
    }
}

/// Who signs in.
pub(super) struct Owner {
    email: &'static str,
    pub(super) password: String,
}

enum Request {
    SignIn(Value),
    Refresh(String),
}

/// A process and what it is asked.
pub(super) struct Client<'a> {
    stub: &'a Stub,
    process: Function,
    function: &'static str,
    request: Request,
    /// The refresh token of the last answer.
    pub(super) refresh: String,
    calls: Vec<String>,
}

impl Worker for Client<'_> {
    fn once(&mut self) -> Result<()> {
        let event = match &self.request {
            Request::SignIn(event) => event.clone(),
            Request::Refresh(token) => {
                token_request(&format!("grant_type=refresh_token&refresh_token={token}"))
            }
        };
        self.stub.take();
        let answer = self.process.invoke(&event)?;
        self.process.settle()?;
        let calls = self.stub.take();
        if calls.len() > self.calls.len() {
            self.calls = calls;
        }
        if answer.failed || answer.body["statusCode"] != 200 {
            bail!("{}: {}", self.function, answer.body);
        }
        self.refresh = field(&answer.body, "refresh_token")?;
        if let Request::Refresh(token) = &mut self.request {
            token.clone_from(&self.refresh);
        }
        Ok(())
    }

    fn usage(&self) -> Result<Usage> {
        self.process.usage()
    }

    fn calls(&self) -> &[String] {
        &self.calls
    }
}
