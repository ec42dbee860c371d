//! Entities of the schema, made of what is stored.

use std::collections::{HashMap, HashSet};
use std::str::FromStr;
use std::sync::LazyLock;

use cedar_policy::{Entity, EntityId, EntityTypeName, EntityUid, RestrictedExpression};
use vault_domain::access::{Asker, Container, ContainerId, Kind, Principal, Resource, Visibility};
use vault_domain::asset::Asset;
use vault_domain::id::{AssetId, OrgId};
use vault_domain::member::{Actor, Subject};
use vault_domain::token::Caller;

use crate::policies::Broken;

/// An entity and those that it is in.
pub(crate) struct Family {
    pub(crate) all: Vec<Entity>,
}

impl Family {
    /// The entity itself.
    pub(crate) fn uid(&self) -> EntityUid {
        self.all[0].uid()
    }
}

type Attributes = HashMap<String, RestrictedExpression>;

macro_rules! kinds {
    ($($name:ident = $text:literal),+ $(,)?) => {
        $(pub(crate) fn $name(id: &str) -> Result<EntityUid, Broken> {
            static KIND: LazyLock<Option<EntityTypeName>> =
                LazyLock::new(|| EntityTypeName::from_str(concat!("Reelvault::", $text)).ok());
            let kind = KIND.clone().ok_or_else(|| Broken($text.to_owned()))?;
            Ok(EntityUid::from_type_name_and_id(kind, EntityId::new(id)))
        })+
    };
}

kinds!(
    organisation = "Organisation",
    role = "Role",
    group = "Group",
    user = "User",
    api_key = "ApiKey",
    share = "Share",
    support = "Support",
    collection = "Collection",
    space = "Space",
    asset = "Asset",
    action = "Action",
);

fn actor_uid(actor: Actor) -> Result<EntityUid, Broken> {
    match actor {
        Actor::User(id) => user(&id.to_string()),
        Actor::ApiKey(id) => api_key(&id.to_string()),
        Actor::Share(id) => share(&id.to_string()),
        Actor::Support(id) => support(&id.to_string()),
    }
}

/// To whom an entry of the organisation's lists grants.
pub(crate) fn principal_uid(to: Principal, org: &str) -> Result<EntityUid, Broken> {
    match to {
        Principal::Actor(actor) => actor_uid(actor),
        Principal::Group(id) => group(&id.to_string()),
        Principal::Role(of) => role(&format!("{org}/{}", of.as_str())),
    }
}

pub(crate) fn asset_uid(of: &Asset) -> Result<EntityUid, Broken> {
    asset(&of.id().to_string())
}

pub(crate) fn container_uid(id: ContainerId) -> Result<EntityUid, Broken> {
    match id.kind() {
        Kind::Collection => collection(&id.to_string()),
        Kind::Space => space(&id.to_string()),
    }
}

fn of_organisation(org: OrgId) -> Result<Attributes, Broken> {
    let org = RestrictedExpression::new_entity_uid(organisation(&org.to_string())?);
    Ok(HashMap::from([("org".to_owned(), org)]))
}

fn entity(
    uid: EntityUid,
    attributes: Attributes,
    parents: impl IntoIterator<Item = EntityUid>,
) -> Result<Entity, Broken> {
    Ok(Entity::new(uid, attributes, parents.into_iter().collect())?)
}

/// Whoever asks, their role and their groups.
pub(crate) fn asker(by: &Asker) -> Result<Family, Broken> {
    let caller = &by.caller;
    if let Subject::Share { asset: of, .. } = &caller.subject {
        return holder(caller, *of);
    }
    if let Subject::Support(_) = &caller.subject {
        return staff(caller);
    }
    let org = caller.org.to_string();
    let in_role = role(&format!("{org}/{}", caller.role.as_str()))?;
    let mut all = vec![entity(in_role.clone(), of_organisation(caller.org)?, [])?];
    let mut parents = HashSet::from([in_role]);
    for id in &by.groups {
        let uid = group(&id.to_string())?;
        if parents.insert(uid.clone()) {
            all.push(entity(uid, of_organisation(caller.org)?, [])?);
        }
    }
    let mut attributes = of_organisation(caller.org)?;
    attributes.insert("scopes".to_owned(), scopes(caller));
    let role = RestrictedExpression::new_string(caller.role.as_str().to_owned());
    attributes.insert("role".to_owned(), role);
    let uid = actor_uid(caller.subject.actor())?;
    all.insert(0, entity(uid, attributes, parents)?);
    Ok(Family { all })
}

/// Whoever holds the link of a share: in no role and no group.
fn holder(caller: &Caller, of: AssetId) -> Result<Family, Broken> {
    let mut attributes = of_organisation(caller.org)?;
    attributes.insert("scopes".to_owned(), scopes(caller));
    let of = RestrictedExpression::new_entity_uid(asset(&of.to_string())?);
    attributes.insert("asset".to_owned(), of);
    let uid = actor_uid(caller.subject.actor())?;
    Ok(Family {
        all: vec![entity(uid, attributes, [])?],
    })
}

/// Staff of the operator: nobody of the organisation, in no role and no group of it.
fn staff(caller: &Caller) -> Result<Family, Broken> {
    let mut attributes = of_organisation(caller.org)?;
    attributes.insert("scopes".to_owned(), scopes(caller));
    let uid = actor_uid(caller.subject.actor())?;
    Ok(Family {
        all: vec![entity(uid, attributes, [])?],
    })
}

fn scopes(caller: &Caller) -> RestrictedExpression {
    let scopes = caller.scopes.iter();
    let scopes = scopes.map(|scope| RestrictedExpression::new_string(scope.as_str().to_owned()));
    RestrictedExpression::new_set(scopes)
}

/// What is asked for, and what it is in.
pub(crate) fn resource(on: &Resource<'_>) -> Result<Family, Broken> {
    match on {
        Resource::Organisation(org) => {
            let uid = organisation(&org.to_string())?;
            // Its organisation is itself.
            Ok(Family {
                all: vec![entity(uid, of_organisation(*org)?, [])?],
            })
        }
        Resource::Container(of) => Ok(Family {
            all: containers(of)?,
        }),
        Resource::Asset(of, within) => of_asset(of, *within),
    }
}

/// A container, and the space around it.
fn containers(of: &Container) -> Result<Vec<Entity>, Broken> {
    let org = organisation(&of.org.to_string())?;
    let made = |of: &Container| {
        let mut attributes = of_organisation(of.org)?;
        let restricted = RestrictedExpression::new_bool(of.is_restricted());
        attributes.insert("restricted".to_owned(), restricted);
        let around = of.space().map(|space| container_uid(space.id));
        let parents = around.transpose()?.into_iter().chain([org.clone()]);
        entity(container_uid(of.id)?, attributes, parents)
    };
    of.chain().map(made).collect()
}

/// An asset whose collection is not there any more counts as restricted: nobody sees more because something was removed.
fn of_asset(of: &Asset, within: Option<&Container>) -> Result<Family, Broken> {
    let id = of.collection.map(ContainerId::Collection);
    let within = within.filter(|c| Some(c.id) == id && c.org == of.announced.org);
    let restricted = of.access.visibility == Visibility::Restricted
        || (id.is_some() && within.is_none_or(Container::is_restricted));
    let org = of.announced.org;
    let mut attributes = of_organisation(org)?;
    attributes.insert(
        "restricted".to_owned(),
        RestrictedExpression::new_bool(restricted),
    );
    let owner = of.announced.owner;
    let kind = match owner {
        Actor::User(_) => Some("user"),
        Actor::ApiKey(_) => Some("client"),
        // Whoever holds a link brings nothing in, nor does support.
        Actor::Share(_) | Actor::Support(_) => None,
    };
    if let Some(kind) = kind {
        let owner = RestrictedExpression::new_entity_uid(actor_uid(owner)?);
        attributes.insert(kind.to_owned(), owner);
    }
    let mut parents = vec![organisation(&org.to_string())?];
    let mut all = Vec::new();
    if let Some(within) = within {
        parents.push(container_uid(within.id)?);
        all.extend(containers(within)?);
    }
    all.insert(0, entity(asset_uid(of)?, attributes, parents)?);
    Ok(Family { all })
}
