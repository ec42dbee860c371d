//! The policies under their own names, and the links that access lists make of their templates.

use std::borrow::Cow;
use std::collections::HashMap;

use cedar_policy::{EntityUid, PolicyId, PolicySet, SlotId};
use std::str::FromStr;
use vault_domain::access::{AccessList, Asker, Container, Resource, policy_id};
use vault_domain::time::Timestamp;

use crate::entities::{asset_uid, container_uid, principal_uid};

/// What Cedar says of a policy, an entity or an evaluation that is not as it should be. There is nothing of a request in
/// it but ids.
#[derive(Debug, Clone)]
pub(crate) struct Broken(pub(crate) String);

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Broken {}

macro_rules! broken {
    ($($error:ty),+ $(,)?) => {
        $(impl From<$error> for Broken {
            fn from(error: $error) -> Self {
                Self(error.to_string())
            }
        })+
    };
}

broken!(
    cedar_policy::ParseErrors,
    cedar_policy::PolicySetError,
    cedar_policy::RequestValidationError,
    cedar_policy::EntityAttrEvaluationError,
    cedar_policy::entities_errors::EntitiesError,
);

/// Reads policies, each under the id that it names itself by.
pub(crate) fn named(text: &str) -> Result<PolicySet, Broken> {
    let read = PolicySet::from_str(text)?;
    let id = |named: Option<&str>| {
        let id = named.map(PolicyId::new);
        id.ok_or_else(|| Broken("a policy has no @id".to_owned()))
    };
    let mut set = PolicySet::new();
    for policy in read.policies() {
        set.add(policy.new_id(id(policy.annotation("id"))?))?;
    }
    for template in read.templates() {
        set.add_template(template.new_id(id(template.annotation("id"))?))?;
    }
    Ok(set)
}

/// The policies, and a link for each entry of the access lists of the resource that has not ended and is about whoever
/// asks: of another's, `principal in ?principal` would not hold.
pub(crate) fn linked<'a>(
    set: &'a PolicySet,
    by: &Asker,
    on: &Resource<'_>,
    now: Timestamp,
) -> Result<Cow<'a, PolicySet>, Broken> {
    let mut set = Cow::Borrowed(set);
    let around = match on {
        Resource::Organisation(_) => None,
        Resource::Container(container) => Some(*container),
        Resource::Asset(asset, collection) => {
            let org = asset.announced.org.to_string();
            let on = (&asset_uid(asset)?, org.as_str());
            link(&mut set, &asset.access.entries, by, on, now)?;
            *collection
        }
    };
    for container in around.into_iter().flat_map(Container::chain) {
        let org = container.org.to_string();
        let on = (&container_uid(container.id)?, org.as_str());
        link(&mut set, &container.access.entries, by, on, now)?;
    }
    Ok(set)
}

fn link(
    set: &mut Cow<'_, PolicySet>,
    entries: &AccessList,
    by: &Asker,
    (on, org): (&EntityUid, &str),
    now: Timestamp,
) -> Result<(), Broken> {
    for entry in entries.live(now).filter(|entry| by.is_meant(entry)) {
        let template = format!("granted-{}", entry.level.as_str());
        let id = policy_id(entry, on.id().unescaped());
        let slots = HashMap::from([
            (SlotId::principal(), principal_uid(entry.to, org)?),
            (SlotId::resource(), on.clone()),
        ]);
        let (template, id) = (PolicyId::new(template), PolicyId::new(id));
        set.to_mut().link(template, id, slots)?;
    }
    Ok(())
}
