//! A region at work, small enough for every run: what is promised of replies and memory, not of time. The
//! figures of the real size come from `cargo bench -p prikrep-tests --bench load`.

use std::time::Duration;

use prikrep_testkit::Load;

/// The register with everything of this size, and a few hundred pages on their way, is far below.
const MOST_MEMORY: u64 = 600 << 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_hundred_workstations_poll_while_the_register_pulls_and_answers_come() {
    let load = Load {
        applications: 2_500,
        organizations: 20,
        workstations: 25,
        answers_per_sec: 50,
        answers: 60,
        most: Duration::from_secs(300),
    };
    let seen = load.run().await;
    println!("{} pages, {} records, refused for a while: {:?}", seen.pages, seen.records, seen.later);
    assert!(seen.wrong.is_empty(), "only 429 and 503 with Retry-After may be in the way: {:#?}", seen.wrong);
    assert!(seen.answers.len() + seen.superseded >= load.answers);
    assert!(
        seen.answers.len() > load.answers / 2,
        "most answers were taken: {} of {}",
        seen.answers.len(),
        load.answers
    );
    assert!(seen.records >= load.applications * load.workstations as u64, "every workstation has everything");
    assert!(seen.open_polls > 400, "the workstations were there at once: {}", seen.open_polls);
    if cfg!(target_os = "linux") {
        assert!((1 << 20..MOST_MEMORY).contains(&seen.peak_memory), "{} MB", seen.peak_memory >> 20);
    }
}
