//! The reference player's origin.

use http::StatusCode;

use crate::world::World;

#[tokio::test]
async fn the_page_knows_its_api_and_may_talk_to_nothing_else() {
    let world = World::new(&[]).await;
    let page = world.get_page("/").await;
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(page.headers["content-type"], "text/html; charset=utf-8");
    let policy = page.headers["content-security-policy"]
        .to_str()
        .expect("text");
    assert!(policy.starts_with("default-src 'none'; script-src 'self';"));
    assert!(policy.contains(&format!("connect-src 'self' http://{}", world.edge)));
    assert!(policy.contains(&format!("img-src 'self' data: http://{};", world.edge)));
    assert!(!policy.contains("unsafe"));
    let config = world.get_page("/config.json").await.json();
    assert_eq!(config["api"], format!("http://{}", world.edge));
}

#[tokio::test]
async fn only_the_pages_own_files_are_served() {
    let world = World::new(&[]).await;
    for path in ["/app.js", "/style.css", "/vendor/signers.py"] {
        assert_eq!(world.get_page(path).await.status, StatusCode::OK, "{path}");
    }
    for path in [
        "/../edge/Cargo.toml",
        "/%2e%2e/edge/Cargo.toml",
        "/vendor/../main.rs",
        "/none",
    ] {
        assert_eq!(
            world.get_page(path).await.status,
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
}
