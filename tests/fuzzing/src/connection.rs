//! A connection: what the strict reader lets pass is read by the parser behind it in the same way.

use prikrep_server::fuzzing::{Served, requests as ends, served};

/// Requests that follow each other are served as each of them would be alone: none is hidden in another.
pub fn requests(data: &[u8]) {
    let (passed, ends) = match ends(data) {
        Ok(ends) => (data, ends),
        // What comes before the refused byte has passed.
        Err(at) => (&data[..at], ends(&data[..at]).expect("what was let pass is let pass again")),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let together = runtime.block_on(served(passed));
    let mut alone: Vec<Served> = Vec::new();
    let mut start = 0;
    for end in ends.into_iter().chain([passed.len()]) {
        let one = runtime.block_on(served(&passed[start..end]));
        assert!(one.len() <= 1, "one request for the strict reader is {} for the parser: {one:?}", one.len());
        let is_last = one.is_empty();
        alone.extend(one);
        start = end;
        if is_last {
            break;
        }
    }
    assert!(alone.starts_with(&together), "{together:?} is not the beginning of {alone:?}");
}
