//! What is wrong with a register is told in words, where its administrator looks.

use std::fs;
use std::time::Instant;

use prikrep_testkit::programs::PATIENCE;
use prikrep_testkit::{Api, Gateway, Site};
use serde_json::Value;

async fn until_told(api: &Api, words: &str) -> Value {
    let end = Instant::now() + PATIENCE;
    loop {
        let shown = api.get("/readyz").await.json();
        if shown["attention"].to_string().contains(words) {
            return shown;
        }
        assert!(Instant::now() < end, "«{words}» is not told: {shown}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rebuilt_cache_an_upstream_that_is_away_and_a_missing_key_are_told() {
    let gateway = Gateway::start(&["--applications", "300", "--organizations", "1", "--seed", "3"]);
    let site = Site::new(gateway.url(), "");
    site.edit("02:30", "live");
    site.json(&["pull"]);
    let cache = site.data().join("cache").join("db");
    let mut bytes = fs::read(&cache).unwrap();
    bytes[..4096].fill(0xEE);
    fs::write(&cache, bytes).unwrap();
    let (mut register, url) = site.serve();
    let api = Api::new(&url);
    let shown = until_told(&api, "Кэш заявлений").await;
    assert_eq!(shown["ready"], true, "it is read anew: {shown}");
    drop(gateway);
    until_told(&api, "сервер").await;
    register.kill();

    let key = site.folder().join("store.key");
    let kept = fs::read(&key).unwrap();
    fs::remove_file(&key).unwrap();
    let refused = site.run(&["serve"]);
    assert!(refused.code() == Some(1) && refused.stderr.contains("нет файла ключа"), "{}", refused.words());
    assert!(!key.exists(), "no other key is made in its place");
    fs::write(&key, kept).unwrap();
    fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    assert_eq!(site.run(&["verify"]).code(), Some(0));
}
