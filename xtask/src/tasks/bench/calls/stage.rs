//! The functions' real binaries with the deployed stack's settings, their calls recorded.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use super::super::function::{Environment, Function, Launch};
use super::Row;
use super::proxy::{Noted, Recorder, Units, Upstreams};
use crate::aws::{self, REGION};
use crate::cloud::{Cloud, Outputs};
use crate::context::Context;
use crate::package::Binaries;

/// Everything that a flow of requests needs.
pub(super) struct Stage {
    recorder: Recorder,
    binaries: Binaries,
    localstack: String,
    stack: String,
    logs: PathBuf,
}

impl Stage {
    pub(super) fn set(
        context: &Context,
        cloud: &Cloud,
        outputs: &Outputs,
        binaries: &Binaries,
    ) -> Result<Self> {
        let ports = cloud.instance.ports;
        let at = |port: u16| format!("127.0.0.1:{port}");
        let recorder = Recorder::start(Upstreams {
            dynamodb: at(ports.dynamodb()),
            cloudfront: at(ports.edge()),
            others: at(ports.localstack()),
        })?;
        let stage = Self {
            recorder,
            binaries: binaries.clone(),
            localstack: outputs.aws_endpoint_url.clone(),
            stack: outputs.stack.clone(),
            logs: context.target().join("bench/logs"),
        };
        stage.stop_deliveries()?;
        Ok(stage)
    }

    /// The deployed process-upload must not take the uploads that this one is to process.
    fn stop_deliveries(&self) -> Result<()> {
        let mappings = self.lambda("GET", "/2015-03-31/event-source-mappings/", None)?;
        for mapping in mappings["EventSourceMappings"]
            .as_array()
            .into_iter()
            .flatten()
        {
            let id = mapping["UUID"]
                .as_str()
                .context("an event source mapping without an id")?;
            let path = format!("/2015-03-31/event-source-mappings/{id}");
            self.lambda("PUT", &path, Some(&json!({ "Enabled": false })))?;
        }
        Ok(())
    }

    fn lambda(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value> {
        let agent = aws::agent(std::time::Duration::from_secs(30));
        let url = format!("{}{path}", self.localstack);
        let service = format!(
            "AWS4-HMAC-SHA256 Credential=test/20260101/{REGION}/lambda/aws4_request, \
             SignedHeaders=host, Signature=0"
        );
        let mut response = match (method, body) {
            ("PUT", Some(body)) => agent
                .put(url)
                .header("authorization", service)
                .send(body.to_string())?,
            _ => agent.get(url).header("authorization", service).call()?,
        };
        let text = response.body_mut().read_to_string()?;
        if !response.status().is_success() {
            bail!("{path}: {}: {text}", response.status());
        }
        Ok(serde_json::from_str(&text)?)
    }

    /// The settings that the template gives a function, with the recorder for its endpoint.
    pub(super) fn environment(&self, function: &str) -> Result<Environment> {
        let name = format!("{}-{function}", self.stack);
        let path = format!("/2015-03-31/functions/{name}/configuration");
        let configuration = self.lambda("GET", &path, None)?;
        let variables = configuration["Environment"]["Variables"].clone();
        let mut environment: Environment = serde_json::from_value(variables)?;
        for (name, value) in [
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_REGION", REGION),
            ("AWS_LAMBDA_FUNCTION_NAME", &name),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
            // The local cloud has its functions read secrets anew every few seconds.
            ("SECRETS_FRESH_SECONDS", "900"),
            ("AWS_ENDPOINT_URL", &self.recorder.url()),
        ] {
            environment.insert(name.to_owned(), value.to_owned());
        }
        Ok(environment)
    }

    /// The program of a function.
    pub(super) fn program(&self, function: &str) -> Result<PathBuf> {
        let program = self.binaries.get(function);
        program.cloned().context("a function without a program")
    }

    /// Where a process tells what happens.
    pub(super) fn log(&self, name: &str) -> PathBuf {
        self.logs.join(name)
    }

    /// A process of a function.
    pub(super) fn start(&self, function: &str) -> Result<Function> {
        let launch = Launch {
            program: self.program(function)?,
            arguments: Vec::new(),
            environment: self.environment(function)?,
        };
        Function::start(&launch, &self.log(&format!("calls-{function}.log")))
    }

    /// One request to a process, and the calls that it made.
    pub(super) fn once(&self, process: &Function, event: &Value) -> Result<(Value, Vec<Noted>)> {
        self.recorder.take();
        let answer = process.invoke(event)?;
        let noted = self.recorder.take();
        process.settle()?;
        if answer.failed {
            bail!("{}", answer.body);
        }
        Ok((answer.body, noted))
    }

    /// Sends a fresh process a request and then another, and tells the calls and answers of both.
    pub(super) fn twice(
        &self,
        function: &str,
        request: &str,
        mut event: impl FnMut(&[Value]) -> Result<Value>,
    ) -> Result<(Row, Vec<Value>)> {
        let process = self.start(function)?;
        let mut answers = Vec::new();
        let mut calls = Vec::new();
        let mut units = Units::default();
        for _ in 0..2 {
            let told = self.once(&process, &event(&answers)?);
            let (answer, noted) = told.with_context(|| format!("{function}: {request}"))?;
            units = Units::of(&noted);
            calls.push(
                noted
                    .into_iter()
                    .map(|noted| noted.call)
                    .collect::<Vec<_>>(),
            );
            answers.push(answer);
        }
        let warm = calls.pop().unwrap_or_default();
        let first = calls.pop().unwrap_or_default();
        let (function, request) = (function.to_owned(), request.to_owned());
        Ok((
            Row {
                function,
                request,
                first,
                warm,
                units,
            },
            answers,
        ))
    }
}
