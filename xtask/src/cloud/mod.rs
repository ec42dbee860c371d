//! The local cloud: LocalStack, DynamoDB, the functions and the edge, as processes of this machine.
//!
//! `Cloud::bring_up` does all of it. A `Cloud` that is dropped ends its processes, unless
//! [`Cloud::leave_running`] let it go.

mod edge;
mod localstack;
mod outputs;
mod ports;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::json;

pub(crate) use self::outputs::{Outputs, Owner};
pub(crate) use self::ports::Ports;
use crate::aws::Aws;
use crate::context::Context;
use crate::deploy::{self, Parameters};
use crate::progress::{Progress, Step};
use crate::tools::{self, Tools};
use crate::{package, proc};

/// One of several clouds that a clone can run side by side.
#[derive(Clone, Debug)]
pub(crate) struct Instance {
    /// The folder of its state, logs and outputs.
    pub(crate) state: PathBuf,
    pub(crate) ports: Ports,
}

impl Instance {
    /// The one of `up` and `down`.
    pub(crate) fn main(context: &Context) -> Self {
        Self {
            state: context.target().join("cloud"),
            ports: Ports::from_base(context.base_port),
        }
    }

    /// One for a task of its own: `offset` keeps it off the other instances' ports.
    pub(crate) fn named(context: &Context, name: &str, offset: u16) -> Self {
        Self {
            state: context.target().join(format!("cloud-{name}")),
            ports: Ports::from_base(context.base_port.saturating_add(offset)),
        }
    }

    /// Whether it is up: ours, and answering.
    pub(crate) fn is_running(&self) -> bool {
        let agent = crate::aws::agent(Duration::from_secs(5));
        let answers = |url: String| agent.get(url).call().is_ok();
        !proc::of_cloud(&self.state).is_empty()
            && answers(format!("{}/_localstack/health", self.localstack_url()))
            && answers(format!("{}/_edge/health", Ports::url(self.ports.edge())))
    }

    /// Ends its processes, also those of a run that was killed. Returns how many there were.
    pub(crate) fn end(&self) -> usize {
        proc::end_cloud(&self.state, Duration::ZERO)
    }

    /// Logs: `localstack.log`, `dynamodb.log`, `edge.log`, and one of each function by its name.
    pub(crate) fn logs(&self) -> PathBuf {
        self.state.join("logs")
    }

    fn localstack_url(&self) -> String {
        Ports::url(self.ports.localstack())
    }
}

/// A running cloud.
pub(crate) struct Cloud {
    pub(crate) instance: Instance,
    pub(crate) aws: Aws,
    context: Context,
    children: Vec<(&'static str, Child)>,
    kept: bool,
}

impl Cloud {
    /// Everything: tools, start, build, deploy, edge, the first owner. `outputs.json` tells the rest.
    pub(crate) fn bring_up(
        context: &Context,
        instance: Instance,
        overrides: &Parameters,
        progress: &Progress,
    ) -> Result<(Self, Outputs)> {
        let tools = tools::ensure(context, progress)?;
        // LocalStack starts while Cargo builds.
        let mut cloud = Self::launch(context, instance, &tools)?;
        let binaries = package::local(context, progress)?;
        progress.run("Starting the local cloud", |_| cloud.wait_until_ready())?;
        let mut outputs = cloud.deploy(overrides, progress)?;
        let edge = binaries
            .get(package::EDGE)
            .context("the edge has no program")?;
        progress.run("Starting the edge", |_| cloud.start_edge(edge, &outputs))?;
        outputs.owner = Some(progress.run("Creating the first owner", |_| {
            cloud.bootstrap_owner(&outputs)
        })?);
        outputs.write(&cloud.instance)?;
        Ok((cloud, outputs))
    }

    /// Starts LocalStack and DynamoDB with a fresh state and does not wait for them.
    pub(crate) fn launch(context: &Context, instance: Instance, tools: &Tools) -> Result<Self> {
        // Remains of a run that was killed.
        instance.end();
        instance.ports.ensure_free()?;
        outputs::clear(&instance.state)?;
        let aws = Aws::new(&instance.localstack_url());
        proc::end_on_interrupt(&instance.state);
        let mut cloud = Self {
            instance,
            aws,
            context: context.clone(),
            children: Vec::new(),
            kept: false,
        };
        let dynamodb = localstack::spawn_dynamodb(&cloud.instance, tools)?;
        cloud.children.push(("dynamodb", dynamodb));
        let localstack = localstack::spawn(context, &cloud.instance, tools)?;
        cloud.children.push(("localstack", localstack));
        Ok(cloud)
    }

    /// Waits for what [`Cloud::launch`] started.
    pub(crate) fn wait_until_ready(&mut self) -> Result<()> {
        let ports = self.instance.ports;
        self.wait_for(
            "dynamodb",
            &Ports::url(ports.dynamodb()),
            Duration::from_secs(30),
        )?;
        let health = format!("{}/_localstack/health", self.instance.localstack_url());
        self.wait_for("localstack", &health, Duration::from_mins(3))
    }

    /// Deploys `template.yaml` with the packaged functions; again, to change what runs.
    pub(crate) fn deploy(&self, overrides: &Parameters, progress: &Progress) -> Result<Outputs> {
        progress.run("Deploying the stack", |step: &Step| {
            deploy::deploy(&self.context, &self.instance, &self.aws, overrides, step)
        })
    }

    /// Starts the stand-in for API Gateway and CloudFront.
    pub(crate) fn start_edge(&mut self, program: &Path, outputs: &Outputs) -> Result<()> {
        let secrets = self.path_secrets(outputs)?;
        let child = edge::spawn(&self.context, &self.instance, program, outputs, &secrets)?;
        self.children.push(("edge", child));
        let health = format!("{}/_edge/health", Ports::url(self.instance.ports.edge()));
        self.wait_for("edge", &health, Duration::from_secs(20))
    }

    /// The versions of the secret of tokens in paths: what `keys --to-edge` gives the edge of an AWS account.
    fn path_secrets(&self, outputs: &Outputs) -> Result<BTreeMap<String, String>> {
        let wish = json!({ "SecretId": outputs.stack_output("PathMacSecretArn")? });
        let found = self
            .aws
            .json("secretsmanager", "secretsmanager.GetSecretValue", &wish)?;
        let text = found["SecretString"]
            .as_str()
            .context("a secret without a text")?;
        let mut versions: BTreeMap<String, String> =
            serde_json::from_str(text).context("the secret is not a JSON object of texts")?;
        versions.remove("current");
        Ok(versions)
    }

    /// Has the operator's function make an organisation and its owner.
    pub(crate) fn bootstrap_owner(&self, outputs: &Outputs) -> Result<Owner> {
        let function = outputs.stack_output("BootstrapOwnerFunction")?;
        let wish = json!({ "organisation": "Demo Films", "email": "owner@demo.example" });
        let answer = self.aws.invoke(function, &wish)?;
        serde_json::from_value(answer)
            .context("bootstrap-owner answered in another form than expected")
    }

    /// Lets the cloud outlive this tool.
    pub(crate) fn leave_running(mut self) {
        proc::outlive(&self.instance.state);
        self.kept = true;
    }

    /// Ends it, as dropping does, and looks whether anything is left of it.
    pub(crate) fn stop(self) -> Result<()> {
        let state = self.instance.state.clone();
        drop(self);
        match proc::of_cloud(&state).len() {
            0 => Ok(()),
            left => bail!("{left} processes of the local cloud are still running"),
        }
    }

    fn wait_for(&mut self, name: &str, url: &str, limit: Duration) -> Result<()> {
        let log = self.instance.logs().join(format!("{name}.log"));
        let agent = crate::aws::agent(Duration::from_secs(5));
        let (_, child) = self
            .children
            .iter_mut()
            .find(|(other, _)| *other == name)
            .context("it was not started")?;
        let ended = crate::time::poll(limit, || match child.try_wait() {
            Ok(Some(status)) => Some(Some(status)),
            // Any answer will do: DynamoDB has none for a plain GET but an error.
            _ => agent.get(url).call().is_ok().then_some(None),
        });
        match ended {
            Some(None) => Ok(()),
            Some(Some(status)) => bail!(
                "{name} ended with {status}; {}:\n{}",
                log.display(),
                proc::tail(&log)
            ),
            None => bail!(
                "{name} is not ready after {} s; {}:\n{}",
                limit.as_secs(),
                log.display(),
                proc::tail(&log)
            ),
        }
    }
}

impl Drop for Cloud {
    fn drop(&mut self) {
        if self.kept {
            return;
        }
        self.instance.end();
        for (_, child) in &mut self.children {
            // Already ended; this only collects its status.
            drop(child.wait());
        }
        proc::outlive(&self.instance.state);
    }
}
