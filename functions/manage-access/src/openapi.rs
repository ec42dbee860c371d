//! What describes the routes.

use vault_http::openapi::{Operation, Section};
use vault_http::problem::Code;

use crate::containers::{CollectionDeleted, Collections, SpaceDeleted, Spaces};
use crate::groups::{self, Listed as Groups, Members, Regrouped, Shown as Group};
use crate::shape::{
    AccessShown, CollectionBody, CollectionShown, Granted, GroupBody, Placed, SpaceBody, SpaceShown,
};

/// The routes of this function.
pub fn section() -> Section {
    let operations = [of_assets(), of_collections(), of_spaces(), of_groups()].concat();
    Section::new("Access", "Who may do what.", operations)
}

fn of_assets() -> Vec<Operation> {
    vec![
        Operation::new(
            "GET /v1/assets/{asset_id}/access",
            "getAssetAccess",
            "Who may do what with an asset",
        )
        .replies::<AccessShown>(200, "As it is")
        .with_header("etag", TAG),
        Operation::new(
            "PATCH /v1/assets/{asset_id}/access",
            "changeAssetAccess",
            "Who sees an asset, and in which collection it is",
        )
        .may_be_conditional()
        .patches::<Placed>()
        .replies::<AccessShown>(200, "As it is now")
        .with_header("etag", TAG)
        .refuses(&[Code::Conflict, Code::WrongState, Code::AssetWithdrawn]),
        Operation::new(
            "PUT /v1/assets/{asset_id}/access/{principal}",
            "grantAssetAccess",
            "Grants access to an asset",
        )
        .takes::<Granted>()
        .replies::<AccessShown>(200, "As it is now")
        .with_header("etag", TAG)
        .refuses(GRANTED),
        Operation::new(
            "DELETE /v1/assets/{asset_id}/access/{principal}",
            "revokeAssetAccess",
            "Takes a grant back",
        )
        .replies::<AccessShown>(200, "As it is now")
        .with_header("etag", TAG)
        .refuses(&[Code::Conflict, Code::WrongState, Code::AssetWithdrawn]),
    ]
}

const TAG: &str = "What `If-Match` takes.";

/// A list is full; an asset that was withdrawn; too many changes at once.
const GRANTED: &[Code] = &[
    Code::LimitReached,
    Code::Conflict,
    Code::WrongState,
    Code::AssetWithdrawn,
];

fn of_collections() -> Vec<Operation> {
    vec![
        Operation::new(
            "GET /v1/collections",
            "listCollections",
            "The collections that the caller sees",
        )
        .query(&["space", "cursor"])
        .replies::<Collections>(200, "A page"),
        Operation::new(
            "POST /v1/collections",
            "createCollection",
            "Makes a collection",
        )
        .idempotent()
        .takes::<CollectionBody>()
        .replies::<CollectionShown>(201, "The collection")
        .with_header("etag", TAG)
        .with_header("location", "Where it is.")
        .refuses(&[Code::LimitReached, Code::Conflict, Code::NotFound]),
        Operation::new(
            "GET /v1/collections/{collection_id}",
            "getCollection",
            "A collection; its entries for those who may change them",
        )
        .replies::<CollectionShown>(200, "As it is")
        .with_header("etag", TAG),
        Operation::new(
            "PATCH /v1/collections/{collection_id}",
            "changeCollection",
            "The name of a collection, who sees what is in it, and in which space it is",
        )
        .may_be_conditional()
        .patches::<CollectionBody>()
        .replies::<CollectionShown>(200, "As it is now")
        .with_header("etag", TAG)
        .refuses(&[Code::Conflict]),
        Operation::new(
            "DELETE /v1/collections/{collection_id}",
            "deleteCollection",
            "Takes a collection away; what is in it stays, restricted",
        )
        .replies::<CollectionDeleted>(200, "It is gone")
        .refuses(&[Code::ReauthenticationNeeded]),
        Operation::new(
            "PUT /v1/collections/{collection_id}/access/{principal}",
            "grantCollectionAccess",
            "Grants access to what is in a collection",
        )
        .takes::<Granted>()
        .replies::<CollectionShown>(200, "As it is now")
        .with_header("etag", TAG)
        .refuses(&[Code::LimitReached, Code::Conflict]),
        Operation::new(
            "DELETE /v1/collections/{collection_id}/access/{principal}",
            "revokeCollectionAccess",
            "Takes a grant back",
        )
        .replies::<CollectionShown>(200, "As it is now")
        .with_header("etag", TAG)
        .refuses(&[Code::Conflict]),
    ]
}

fn of_spaces() -> Vec<Operation> {
    vec![
        Operation::new(
            "GET /v1/spaces",
            "listSpaces",
            "The spaces that the caller sees",
        )
        .query(&["cursor"])
        .replies::<Spaces>(200, "A page"),
        Operation::new("POST /v1/spaces", "createSpace", "Makes a space")
            .idempotent()
            .takes::<SpaceBody>()
            .replies::<SpaceShown>(201, "The space")
            .with_header("etag", TAG)
            .with_header("location", "Where it is.")
            .refuses(&[Code::LimitReached, Code::Conflict]),
        Operation::new(
            "GET /v1/spaces/{space_id}",
            "getSpace",
            "A space; its entries for those who may change them",
        )
        .replies::<SpaceShown>(200, "As it is")
        .with_header("etag", TAG),
        Operation::new(
            "PATCH /v1/spaces/{space_id}",
            "changeSpace",
            "The name of a space, and who sees what is in it",
        )
        .may_be_conditional()
        .patches::<SpaceBody>()
        .replies::<SpaceShown>(200, "As it is now")
        .with_header("etag", TAG)
        .refuses(&[Code::Conflict]),
        Operation::new(
            "DELETE /v1/spaces/{space_id}",
            "deleteSpace",
            "Takes a space away; what is in it stays, restricted",
        )
        .replies::<SpaceDeleted>(200, "It is gone")
        .refuses(&[Code::ReauthenticationNeeded]),
        Operation::new(
            "PUT /v1/spaces/{space_id}/access/{principal}",
            "grantSpaceAccess",
            "Grants access to what is in a space",
        )
        .takes::<Granted>()
        .replies::<SpaceShown>(200, "As it is now")
        .with_header("etag", TAG)
        .refuses(&[Code::LimitReached, Code::Conflict]),
        Operation::new(
            "DELETE /v1/spaces/{space_id}/access/{principal}",
            "revokeSpaceAccess",
            "Takes a grant back",
        )
        .replies::<SpaceShown>(200, "As it is now")
        .with_header("etag", TAG)
        .refuses(&[Code::Conflict]),
    ]
}

fn of_groups() -> Vec<Operation> {
    vec![
        Operation::new(
            "GET /v1/groups",
            "listGroups",
            "The groups of the organisation",
        )
        .query(&["cursor"])
        .replies::<Groups>(200, "A page"),
        Operation::new("POST /v1/groups", "createGroup", "Makes a group")
            .idempotent()
            .takes::<GroupBody>()
            .replies::<Group>(201, "The group")
            .with_header("etag", TAG)
            .with_header("location", "Where it is.")
            .refuses(&[Code::LimitReached, Code::Conflict]),
        Operation::new("GET /v1/groups/{group_id}", "getGroup", "A group")
            .replies::<Group>(200, "As it is")
            .with_header("etag", TAG),
        Operation::new(
            "PATCH /v1/groups/{group_id}",
            "renameGroup",
            "The name of a group",
        )
        .may_be_conditional()
        .patches::<GroupBody>()
        .replies::<Group>(200, "As it is now")
        .with_header("etag", TAG),
        Operation::new(
            "DELETE /v1/groups/{group_id}",
            "deleteGroup",
            "Takes a group away",
        )
        .replies::<groups::Gone>(200, "It is gone")
        .refuses(&[Code::ReauthenticationNeeded]),
        Operation::new(
            "GET /v1/groups/{group_id}/members",
            "listGroupMembers",
            "Who is in a group",
        )
        .query(&["cursor"])
        .replies::<Members>(200, "A page"),
        Operation::new(
            "PUT /v1/groups/{group_id}/members/{user_id}",
            "addGroupMember",
            "Puts a member into a group",
        )
        .replies::<Regrouped>(200, "They are in it")
        .refuses(&[
            Code::ReauthenticationNeeded,
            Code::LimitReached,
            Code::Conflict,
        ]),
        Operation::new(
            "DELETE /v1/groups/{group_id}/members/{user_id}",
            "removeGroupMember",
            "Takes a member out of a group",
        )
        .replies::<Regrouped>(200, "They are not in it")
        .refuses(&[Code::ReauthenticationNeeded, Code::Conflict]),
    ]
}
