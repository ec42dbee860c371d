//! What cannot be done is tried again, and in the end kept for a person to look at. These tests set how
//! long the queue waits, so they run one after the other and apart from the rest.

#[cfg(test)]
mod tests {
    use std::process::Command;
    use std::sync::{Mutex, MutexGuard, PoisonError};
    use std::time::Duration;

    use vault_tests::films::LARGE;
    use vault_tests::queue::{self, Retry};
    use vault_tests::{cloud, people, sdk, unique, wait};

    fn alone() -> MutexGuard<'static, ()> {
        static TURN: Mutex<()> = Mutex::new(());
        TURN.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[test]
    fn a_message_that_is_no_event_ends_among_the_dead_letters() {
        let _alone = alone();
        let _soon = Retry::after(1);
        let message = format!("not an event {}", unique());
        queue::send(&message);
        wait::until("the dead letter", Duration::from_mins(1), || {
            queue::dead_letters().contains(&message).then_some(())
        });
        assert_eq!(queue::under_way(), 0, "and nowhere else");
    }

    /// Ends the packager's processes of this cloud as a lost machine would.
    fn kill_the_packager() -> usize {
        let state = cloud()
            .logs
            .parent()
            .expect("a state folder")
            .display()
            .to_string();
        let marks = [
            format!("REELVAULT_CLOUD={state}"),
            format!(
                "AWS_LAMBDA_FUNCTION_NAME={}",
                cloud().output("ProcessUploadFunction")
            ),
        ];
        let folders = std::fs::read_dir("/proc").expect("Linux").flatten();
        let ids = folders.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        let ours: Vec<_> = ids
            .filter(|id| {
                let environment = std::fs::read(format!("/proc/{id}/environ")).unwrap_or_default();
                let has = |mark: &String| {
                    environment
                        .split(|octet| *octet == 0)
                        .any(|entry| entry == mark.as_bytes())
                };
                marks.iter().all(has)
            })
            .collect();
        for id in &ours {
            Command::new("kill")
                .args(["-9", &id.to_string()])
                .status()
                .expect("kill");
        }
        ours.len()
    }

    #[test]
    fn a_packager_that_dies_in_the_middle_is_overtaken_and_leaves_nothing_behind() {
        use vault_aws::dynamodb::{DynamoAssets, DynamoRecords};
        use vault_domain::asset::AssetState;
        use vault_domain::id::AssetId;
        use vault_domain::ports::Assets as _;

        let _alone = alone();
        // Five deliveries must outlast the dead run's lease of twenty seconds.
        let _soon = Retry::after(6);
        let owner = people::owner();
        let octets = LARGE.octets();
        let (asset, parts) = owner.send(&octets);
        let id = AssetId::parse(&asset).unwrap();
        let (dynamodb, table) = (sdk::sdk().dynamodb(), |name| cloud().output(name));
        let records = DynamoRecords::new(dynamodb.clone(), table("AuditTable"));
        let assets = DynamoAssets::new(dynamodb, table("AssetsTable"), records);
        let state = || sdk::block_on(assets.get(id)).unwrap().unwrap();
        std::thread::scope(|scope| {
            // S3 tells of the object before finalize has its own reply.
            let path = format!("/v1/uploads/{asset}/finalize");
            let (owner, parts) = (&owner, &parts);
            scope.spawn(move || {
                owner
                    .api
                    .post(&path, Some(&owner.access), parts)
                    .expect(202)
            });
            while matches!(state().state, AssetState::Uploading | AssetState::Uploaded) {}
            assert!(kill_the_packager() > 0, "the packager runs");
        });
        let dead = state();
        assert_eq!(dead.state, AssetState::Processing, "it died in the middle");
        let first = dead.package.unwrap();

        assert_eq!(owner.settled(&asset)["state"], "ready");
        let second = state().package.unwrap();
        assert_ne!(second, first, "another run made it");
        let view = owner.view(&asset);
        let left = sdk::objects("MediaBucket", &format!("media/{asset}/"));
        assert_eq!(
            left.len(),
            view.segments.len(),
            "{left:?} beside the package {second}"
        );
        assert_eq!(sdk::count_under("KeysTable", &asset), view.keys().len());
        view.segments[0].opened();
    }
}
