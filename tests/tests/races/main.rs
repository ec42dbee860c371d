//! Races of a hundred over HTTP, through the real functions: exactly what the limits allow.

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, MutexGuard, PoisonError};

    use serde_json::json;
    use vault_tests::api::{FORM, JSON, refused, url};
    use vault_tests::films::SHORT;
    use vault_tests::together::together;
    use vault_tests::{Api, Reply, Request, people, sdk, wait};

    const RUNNERS: usize = 100;
    /// Seconds of a window of attempts.
    const WINDOW: u64 = 900;

    /// One race at a time: each is of a hundred processes, and several at once would measure the machine's patience, which
    /// ends at a function's time limit.
    fn alone() -> MutexGuard<'static, ()> {
        static TRACK: Mutex<()> = Mutex::new(());
        TRACK.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Brings up a function's instances for a hundred requests at once: what is raced is the work, not the start.
    fn warm(request: &Request) {
        let api = Api::default();
        together(RUNNERS, |_| api.http.send(request));
    }

    fn count(replies: &[Reply], shown: &str) -> usize {
        replies
            .iter()
            .filter(|reply| reply.shown() == shown)
            .count()
    }

    /// Wrong guesses at one account, of which a new window has not begun meanwhile.
    fn guesses() -> (people::Guessed, Vec<Reply>) {
        loop {
            let guessed = people::guessed();
            let before = wait::epoch() / WINDOW;
            let replies = together(RUNNERS, |number| {
                guessed
                    .api
                    .login(&guessed.email, &format!("guess {number}"))
            });
            if wait::epoch() / WINDOW == before {
                return (guessed, replies);
            }
        }
    }

    #[test]
    fn ten_of_a_hundred_wrong_passwords_are_looked_at() {
        let _alone = alone();
        warm(&Request::new("POST", &url("/v1/login")).body(JSON, "{}"));
        let (guessed, replies) = guesses();
        assert_eq!(count(&replies, "401 bad_credentials"), 10);
        assert_eq!(count(&replies, "429 throttled"), RUNNERS - 10);
        for reply in replies.iter().filter(|reply| reply.status == 429) {
            refused(reply, 429, "throttled");
            let after: u64 = reply
                .header("retry-after")
                .expect("Retry-After")
                .parse()
                .unwrap();
            assert!((1..=WINDOW).contains(&after), "{after}");
        }
        // The right password comes too late as well, from wherever.
        refused(
            &Api::default().login(&guessed.email, &guessed.password),
            429,
            "throttled",
        );
        // A hundred attempts were this address's.
        let neighbour = people::owner();
        refused(
            &guessed.api.login(&neighbour.email, &neighbour.password),
            429,
            "throttled",
        );
        neighbour
            .api
            .login(&neighbour.email, &neighbour.password)
            .expect(200);
    }

    #[test]
    fn one_of_a_hundred_requests_opens_the_one_view() {
        let _alone = alone();
        let owner = people::owner();
        let asset = owner.ready(SHORT);
        warm(&Request::new(
            "POST",
            &url(&format!("/v1/assets/{asset}/playback")),
        ));
        let token = owner.api.media_token(&owner.access, &asset);
        let replies = together(RUNNERS, |_| owner.api.open(&token, &asset));
        let opened = replies.iter().filter(|reply| reply.status == 201).count();
        assert_eq!(opened, 1);
        assert_eq!(count(&replies, "403 no_views_left"), RUNNERS - 1);
    }

    #[test]
    fn a_hundred_requests_of_one_name_open_one_view() {
        let _alone = alone();
        let owner = people::owner();
        let asset = owner.ready(SHORT);
        let token = owner.api.media_token(&owner.access, &asset);
        let replies = together(RUNNERS, |_| {
            owner.api.open_named(&token, &asset, "one-view").expect(201)
        });
        let first = replies[0].field("playback_id");
        assert!(
            replies
                .iter()
                .all(|reply| reply.field("playback_id") == first)
        );
    }

    #[test]
    fn a_hundred_refreshes_of_one_token_are_one_rotation() {
        let _alone = alone();
        let owner = people::owner();
        warm(&Request::new("POST", &url("/v1/token")).body(FORM, "grant_type=none"));
        let replies = together(RUNNERS, |_| owner.api.refresh(&owner.refresh).expect(200));
        let next = replies[0].field("refresh_token");
        assert!(
            replies
                .iter()
                .all(|reply| reply.field("refresh_token") == next),
            "everyone gets the active token"
        );
        owner.api.refresh(&next).expect(200);
    }

    #[test]
    fn a_hundred_finalizes_complete_one_upload() {
        let _alone = alone();
        let owner = people::owner();
        // As little as takes two parts.
        let octets = vec![7; (8 << 20) + 1];
        let (asset, parts) = owner.send(&octets);
        let path = format!("/v1/uploads/{asset}/finalize");
        warm(&Request::new("POST", &url(&path)));
        let replies = together(RUNNERS, |_| {
            owner.api.post(&path, Some(&owner.access), &parts)
        });
        let (busy, rest): (Vec<_>, Vec<_>) =
            replies.into_iter().partition(|reply| reply.status == 503);
        let shown: Vec<_> = rest.iter().map(Reply::shown).collect();
        assert!(
            rest.iter().all(|reply| matches!(reply.status, 200 | 202)),
            "{shown:?}"
        );
        // A hundred at once may be more than the emulator answers in time. Whoever is told so comes again.
        for reply in busy {
            refused(&reply, 503, "unavailable");
            assert_eq!(reply.header("retry-after"), Some("1"));
            let again = owner.api.post(&path, Some(&owner.access), &parts);
            assert!(matches!(again.status, 200 | 202), "{}", again.text());
        }
        let status = owner.settled(&asset);
        assert_eq!(
            status["code"], "not_a_film",
            "it was there, whole: {status}"
        );
        assert!(sdk::objects("MediaBucket", &format!("media/{asset}/")).is_empty());
    }

    #[test]
    fn a_hundred_announcements_of_one_name_are_one_upload() {
        let _alone = alone();
        let owner = people::owner();
        let wish =
            json!({ "filename": "f.mp4", "size": 20_u32 << 20, "content_type": "video/mp4" })
                .to_string();
        let request = Request::new("POST", &url("/v1/uploads")).bearer(&owner.access);
        let request = request
            .header("idempotency-key", "one-upload")
            .body(JSON, wish);
        let replies = together(RUNNERS, |_| owner.api.http.send(&request).expect(201));
        let asset = replies[0].field("asset_id");
        assert!(replies.iter().all(|reply| reply.field("asset_id") == asset));
        let upload = |reply: &Reply| {
            let url = reply.json()["parts"][0]["url"].as_str().unwrap().to_owned();
            url.split('&')
                .find(|pair| pair.contains("uploadId="))
                .unwrap()
                .to_owned()
        };
        let first = upload(&replies[0]);
        assert!(
            replies.iter().all(|reply| upload(reply) == first),
            "all put into the same upload"
        );
    }

    #[test]
    fn a_withdrawal_that_meets_a_hundred_key_requests_lets_none_through_after_it() {
        let _alone = alone();
        let owner = people::owner();
        let asset = owner.ready(SHORT);
        let view = owner.view(&asset);
        let key = view.keys()[0];
        warm(&Request::new("GET", key));
        let replies = together(RUNNERS, |number| {
            if number == 0 {
                owner.api.withdraw(&owner.access, &asset).expect(200);
            }
            owner.api.http.get(key)
        });
        refused(&replies[0], 403, "asset_withdrawn");
        let known = |reply: &&Reply| reply.status == 200 || reply.shown() == "403 asset_withdrawn";
        assert_eq!(replies.iter().filter(known).count(), RUNNERS);
        refused(&owner.api.http.get(key), 403, "asset_withdrawn");
    }
}
