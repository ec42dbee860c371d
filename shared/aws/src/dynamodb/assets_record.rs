//! An asset as a record.

use aws_sdk_dynamodb::types::AttributeValue;
use vault_domain::asset::{
    Asset, AssetState, Checksum, ChecksumAlgorithm, Failure, MediaType, NewAsset, PartPlan, Title,
};
use vault_domain::id::{AssetId, CollectionId, OrgId, PackageId};
use vault_domain::member::Actor;
use vault_domain::ports::Stored;
use vault_domain::time::Timestamp;

use super::record::{Corrupt, Fields, Item, PK, item, number, put_some, text, time};
use super::{
    access_record, deletion_record, ladders, library_record, previews, read, scans, subtitles,
    usage_record,
};

/// The record of an asset that is announced.
pub(super) fn to_item(asset: &NewAsset) -> Item {
    let mut item = item([
        (PK, text(asset.id.to_string())),
        ("org", text(asset.org.to_string())),
        ("owner", text(asset.owner.to_string())),
        ("title", text(asset.title.as_str())),
        ("media_type", text(asset.media_type.as_str())),
        ("size", number(asset.plan.size)),
        ("part_size", number(asset.plan.part_size)),
        ("parts", number(asset.plan.parts)),
        ("created_at", time(asset.created_at)),
        ("state", text(AssetState::Uploading.as_str())),
    ]);
    item.extend(library_record::listed(asset));
    item.extend(usage_record::charged(asset.plan.size));
    // Several parts are a multipart upload without being told so.
    let in_parts = asset.plan.multipart && asset.plan.parts == 1;
    put_some(
        &mut item,
        "in_parts",
        in_parts.then_some(AttributeValue::Bool(true)),
    );
    let checksums = asset.plan.checksums.map(|kind| text(kind.as_str()));
    put_some(&mut item, "part_checksums", checksums);
    let checksum = asset.checksum.as_ref();
    let algorithm = checksum.map(|sum| text(sum.algorithm.as_str()));
    put_some(&mut item, "checksum_algorithm", algorithm);
    put_some(&mut item, "checksum", checksum.map(|sum| text(&sum.value)));
    item
}

pub(super) fn from_item(item: &Item) -> Result<Asset, Corrupt> {
    let fields = Fields(item);
    let announced = announced(fields)?;
    Ok(Asset {
        description: library_record::description(fields, &announced)?,
        announced,
        state: fields.parsed("state", AssetState::parse)?,
        multipart: fields.optional("multipart", |fields, name| {
            Ok(fields.text(name)?.to_owned())
        })?,
        package: package(fields)?,
        runs: runs(fields)?,
        lease_until: fields.optional("lease_until", Fields::time)?,
        progress: progress(fields)?,
        failure: failure(fields)?,
        reopened: reopened(fields)?,
        access: access_record::access(fields)?,
        collection: fields.optional("collection", |fields, name| {
            fields.parsed(name, |text| CollectionId::parse(text).ok())
        })?,
        views_from: views_from(fields)?,
        keeping: deletion_record::keeping(fields)?,
        charge: usage_record::charge(fields)?,
        ladder: ladders::ladder(fields)?,
        previews: previews::previews(fields)?,
        scan: scans::scan(fields)?,
        subtitles: subtitles::subtitles(fields)?,
    })
}

/// The asset; none of what was erased.
pub(super) fn asset(operation: &'static str, item: Option<&Item>) -> Stored<Option<Asset>> {
    let there = item.filter(|item| !deletion_record::is_tombstone(item));
    read(operation, there, from_item)
}

/// From when on views of it count.
pub(super) fn views_from(fields: Fields<'_>) -> Result<Timestamp, Corrupt> {
    let from = fields.optional("views_from", Fields::time)?;
    Ok(from.unwrap_or(Timestamp(0)))
}

/// How far the newest run is; runs of before told nothing.
fn progress(fields: Fields<'_>) -> Result<u8, Corrupt> {
    let told = fields.optional("progress", Fields::number)?;
    let percent = Some(told.unwrap_or(0)).filter(|percent| *percent <= 100);
    percent.ok_or(Corrupt("progress"))
}

/// How often it was reopened; what never was says nothing.
fn reopened(fields: Fields<'_>) -> Result<u8, Corrupt> {
    let times = fields.optional("reopened", Fields::number)?;
    Ok(times.unwrap_or(0))
}

/// The package being made or served.
fn package(fields: Fields<'_>) -> Result<Option<PackageId>, Corrupt> {
    fields.optional("package", |fields, name| {
        fields.parsed(name, |text| PackageId::parse(text).ok())
    })
}

/// The packager's runs that may have left something, the oldest first.
fn runs(fields: Fields<'_>) -> Result<Vec<PackageId>, Corrupt> {
    let runs = fields.optional("runs", |fields, name| {
        fields.texts(name, |text| PackageId::parse(text).ok())
    })?;
    Ok(runs.unwrap_or_default())
}

fn announced(fields: Fields<'_>) -> Result<NewAsset, Corrupt> {
    Ok(NewAsset {
        id: fields.parsed(PK, |text| AssetId::parse(text).ok())?,
        org: fields.parsed("org", |text| OrgId::parse(text).ok())?,
        owner: fields.parsed("owner", |text| Actor::parse(text).ok())?,
        title: fields.parsed("title", Title::stored)?,
        media_type: fields.parsed("media_type", |text| MediaType::parse(text).ok())?,
        plan: plan(fields)?,
        checksum: checksum(fields)?,
        created_at: fields.time("created_at")?,
    })
}

/// The plan as it was made, even if today's rule would cut otherwise; its numbers must agree.
fn plan(fields: Fields<'_>) -> Result<PartPlan, Corrupt> {
    let parts = fields.number("parts")?;
    let plan = PartPlan {
        size: fields.number("size")?,
        part_size: fields.number("part_size")?,
        parts,
        multipart: parts > 1 || fields.has("in_parts"),
        checksums: fields.optional("part_checksums", |fields, name| {
            fields.parsed(name, ChecksumAlgorithm::parse)
        })?,
    };
    let agrees = plan.part_size > 0
        && plan.size > 0
        && plan.size.div_ceil(plan.part_size) == u64::from(plan.parts);
    agrees.then_some(plan).ok_or(Corrupt("parts"))
}

fn checksum(fields: Fields<'_>) -> Result<Option<Checksum>, Corrupt> {
    if !fields.has("checksum_algorithm") && !fields.has("checksum") {
        return Ok(None);
    }
    let algorithm = fields.text("checksum_algorithm")?;
    let value = fields.text("checksum")?;
    let checksum = Checksum::parse(algorithm, value).map_err(|_| Corrupt("checksum"))?;
    Ok(Some(checksum))
}

fn failure(fields: Fields<'_>) -> Result<Option<Failure>, Corrupt> {
    if !fields.has("failure_code") && !fields.has("failure_reason") {
        return Ok(None);
    }
    Ok(Some(Failure {
        code: fields.text("failure_code")?.to_owned(),
        reason: fields.text("failure_reason")?.to_owned(),
    }))
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;
    use vault_domain::id::UserId;
    use vault_domain::quota::Charge;

    use super::super::record::checks::reads_back;
    use super::super::record::texts;
    use super::*;

    pub(in crate::dynamodb) fn announced() -> NewAsset {
        NewAsset {
            id: AssetId::from_octets([1; 16]),
            org: OrgId::from_octets([2; 16]),
            owner: Actor::User(UserId::from_octets([3; 16])),
            title: Title::parse("A film").unwrap(),
            media_type: MediaType::parse("video/mp4").unwrap(),
            plan: PartPlan::of(20 << 20).unwrap(),
            checksum: Some(Checksum::parse("crc64nvme", "AAAAAAAAAAA=").unwrap()),
            created_at: Timestamp(4),
        }
    }

    fn whole() -> (Asset, Item) {
        let asset = Asset {
            announced: announced(),
            description: library_record::tests::described(),
            state: AssetState::Failed,
            multipart: Some("mp".to_owned()),
            package: Some(PackageId::from_octets([5; 16])),
            runs: vec![PackageId::from_octets([5; 16])],
            lease_until: Some(Timestamp(6)),
            progress: 35,
            failure: Some(Failure {
                code: "c".to_owned(),
                reason: "r".to_owned(),
            }),
            reopened: 4,
            access: access_record::tests::some_access(),
            collection: Some(CollectionId::from_octets([7; 16])),
            views_from: Timestamp(8),
            keeping: deletion_record::tests::erasing(),
            charge: Some(Charge {
                bytes: 0,
                seconds: 9,
                upload: true,
            }),
            ladder: Some(ladders::tests::some().0),
            previews: Some(previews::tests::some().0),
            subtitles: subtitles::tests::some().0,
            scan: Some(scans::tests::some().0),
        };
        let mut item = to_item(&asset.announced);
        item.extend(super::super::record::item([
            ("state", text("failed")),
            ("multipart", text("mp")),
            ("package", text(PackageId::from_octets([5; 16]).to_string())),
            ("runs", texts([PackageId::from_octets([5; 16]).to_string()])),
            ("lease_until", number(6_u64)),
            ("progress", number(35_u64)),
            ("failure_code", text("c")),
            ("failure_reason", text("r")),
            ("reopened", number(4_u64)),
            (
                "collection",
                text(CollectionId::from_octets([7; 16]).to_string()),
            ),
            ("views_from", number(8_u64)),
            ("counted_bytes", number(0_u64)),
            ("counted_seconds", number(9_u64)),
            ("ladder", text(ladders::tests::some().1)),
            ("previews", text(previews::tests::some().1)),
            ("subtitles", text(subtitles::tests::some().1)),
        ]));
        item.extend(scans::tests::some().1);
        item.extend(deletion_record::tests::attributes());
        item.extend(access_record::access_attributes(&asset.access));
        item.extend(library_record::attributes(&asset.description));
        (asset, item)
    }

    #[test]
    fn an_asset_reads_back_and_a_broken_one_is_corrupt() {
        let (asset, item) = whole();
        let required = [
            PK,
            "org",
            "owner",
            "title",
            "media_type",
            "size",
            "part_size",
            "parts",
            "created_at",
            "state",
            "checksum",
            "failure_code",
            "scan_version",
            "scan_etag",
        ];
        reads_back(&asset, &item, from_item, &required);
    }

    #[test]
    fn a_plan_whose_numbers_disagree_is_corrupt() {
        for (name, value) in [("size", 0_u64), ("part_size", 0), ("parts", 2), ("size", 1)] {
            let (_, mut item) = whole();
            item.insert(name.to_owned(), number(value));
            assert_eq!(from_item(&item), Err(Corrupt("parts")), "{name}");
        }
    }

    proptest! {
        #[test]
        fn any_announcement_reads_back(
            title in "\\PC{1,200}",
            size in 1..=vault_domain::asset::MAX_OBJECT_OCTETS,
            created in any::<u64>(),
        ) {
            if let Ok(title) = Title::parse(&title) {
                let plan = PartPlan::of(size).unwrap();
                let new = NewAsset { title, plan, created_at: Timestamp(created), checksum: None, ..announced() };
                prop_assert_eq!(&from_item(&to_item(&new)).unwrap().announced, &new);
                let plan = PartPlan::of_uppy(size).unwrap();
                let plan = plan.with_checksums(ChecksumAlgorithm::Sha256).unwrap();
                let new = NewAsset { plan, ..new };
                prop_assert_eq!(from_item(&to_item(&new)).unwrap().announced, new);
            }
        }
    }
}
