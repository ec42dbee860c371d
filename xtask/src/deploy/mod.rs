//! Deploys `template.yaml` to a local cloud, unchanged but for what `sam deploy` changes too: paths
//! in the clone become places in S3. The SAM transform itself is LocalStack's.

mod bundle;
mod code;
mod secrets;
mod stack;

use std::collections::BTreeMap;

use anyhow::Result;

use crate::aws::Aws;
use crate::cloud::{Instance, Outputs, Ports};
use crate::context::Context;
use crate::package;
use crate::progress::Step;

pub(crate) use self::secrets::Signing;

/// Parameters of the template by name.
pub(crate) type Parameters = BTreeMap<String, String>;

/// The stack's name, here and by default.
pub(crate) const STACK: &str = "reelvault";
const BUCKET: &str = "reelvault-deployment";
/// Mails of the local cloud come from here.
const MAIL_FROM: &str = "no-reply@demo.example";
/// The organisation whose members are support staff, in the local cloud; whoever tests support makes it.
const SUPPORT: &str = "org_mzxw6ytboi2dembrgaydambqga";

pub(crate) fn deploy(
    context: &Context,
    instance: &Instance,
    aws: &Aws,
    overrides: &Parameters,
    step: &Step,
) -> Result<Outputs> {
    step.note("keys");
    let signing = Signing::ensure(aws)?;
    step.note("uploading");
    let template_url = bundle::upload(context, instance, aws, BUCKET)?;
    step.note("mail");
    // LocalStack refuses a sender that it does not know, and shows no mails before its SES was asked something.
    let from = [("EmailAddress".to_owned(), MAIL_FROM.to_owned())];
    aws.query("ses", "2010-12-01", "VerifyEmailIdentity", &from)?;
    let mut parameters = parameters(instance, &signing);
    parameters.extend(overrides.clone());
    let outputs = stack::apply(aws, STACK, &template_url, &parameters, step)?;
    step.note("");
    let outputs = Outputs::new(instance, STACK, outputs, signing.url_public_pem);
    outputs.write(instance)?;
    Ok(outputs)
}

/// Debian's, which the tools install.
const FFMPEG: &str = "/usr/bin/ffmpeg";

/// The most that any quota can be.
const MOST: &str = "1000000000000000";

fn parameters(instance: &Instance, signing: &Signing) -> Parameters {
    let ports = instance.ports;
    let given = [
        ("AllowedOrigins", Ports::url(ports.page())),
        ("AppUrl", Ports::url(ports.page())),
        ("MailFrom", MAIL_FROM.to_owned()),
        ("SupportOrganisation", SUPPORT.to_owned()),
        // Tests listen on this machine.
        ("WebhookReach", "anywhere".to_owned()),
        ("DeliveryModes", "urls,cookies,query,path".to_owned()),
        ("PlaybackRefreshSeconds", "86400".to_owned()),
        // A test that rotates need not wait.
        ("SecretsFreshSeconds", "5".to_owned()),
        ("MediaBaseUrl", Ports::url(ports.edge())),
        ("Architecture", package::host_architecture().to_owned()),
        ("DeletionProtection", "false".to_owned()),
        ("Ffmpeg", FFMPEG.to_owned()),
        // Tests ask for the ladders that they look at.
        ("LadderOnUpload", "false".to_owned()),
        ("PreviewsOnUpload", "false".to_owned()),
        // Every test announces uploads, and few end them.
        ("DefaultMaxAssets", MOST.to_owned()),
        ("DefaultMaxBytes", MOST.to_owned()),
        ("DefaultMaxUploads", MOST.to_owned()),
    ];
    let given = given.map(|(name, value)| (name.to_owned(), value));
    given.into_iter().chain(signing.parameters()).collect()
}
