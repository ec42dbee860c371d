//! Decides by the policies of `infra/policies/access`, with Cedar (<https://docs.cedarpolicy.com>). The entities are made
//! of what is stored, at every decision anew; entries of access lists become links of the policies' templates.

mod entities;
mod policies;

use std::sync::LazyLock;

use cedar_policy::{Authorizer, Context, Decision, Entities, PolicySet, Request, Response};
use vault_domain::access::{Action, Asker, Resource};
use vault_domain::audit::Verdict;
use vault_domain::ports::{Policies, StoreError, Stored};
use vault_domain::time::Timestamp;

use entities::{asker, resource};
use policies::{Broken, linked, named};

/// The policies, as they are read.
pub const POLICIES: &str = include_str!("../../../infra/policies/access/access.cedar");
/// The schema, which the tests hold the policies and all entities against.
pub const SCHEMA: &str = include_str!("../../../infra/policies/access/access.cedarschema");

/// Read once a process: the text is part of the program, and the tests read it too.
static SET: LazyLock<Result<PolicySet, Broken>> = LazyLock::new(|| named(POLICIES));

/// The policies of the program.
#[derive(Debug, Clone, Copy)]
pub struct CedarPolicies;

impl Policies for CedarPolicies {
    fn decide(
        &self,
        by: &Asker,
        action: Action,
        on: &Resource<'_>,
        now: Timestamp,
    ) -> Stored<Verdict> {
        let failed = |error: Broken| StoreError::new("policies.decide", error);
        let set = SET.as_ref().map_err(|error| failed(error.clone()))?;
        let decided = decided(set, by, action, on, now).map_err(failed)?;
        verdict(&decided).map_err(failed)
    }
}

fn decided(
    set: &PolicySet,
    by: &Asker,
    action: Action,
    on: &Resource<'_>,
    now: Timestamp,
) -> Result<Response, Broken> {
    let (asker, resource) = (asker(by)?, resource(on)?);
    let request = Request::new(
        asker.uid(),
        entities::action(action.as_str())?,
        resource.uid(),
        Context::empty(),
        None,
    )?;
    let set = linked(set, by, on, now)?;
    let entities = Entities::from_entities(asker.all.into_iter().chain(resource.all), None)?;
    Ok(Authorizer::new().is_authorized(&request, &set, &entities))
}

/// A policy that could not be evaluated decides nothing, and a decision without it could be wrong: it is none.
fn verdict(response: &Response) -> Result<Verdict, Broken> {
    let diagnostics = response.diagnostics();
    if let Some(error) = diagnostics.errors().next() {
        return Err(Broken(error.to_string()));
    }
    let mut policies: Vec<_> = diagnostics.reason().map(ToString::to_string).collect();
    policies.sort();
    Ok(Verdict {
        allowed: response.decision() == Decision::Allow,
        policies,
    })
}

#[cfg(test)]
mod tests;
