//! Checking that every stored value can be read and is authentic: on demand and in the background.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::Duration;

use crate::shared::Shared;
use crate::{StoreError, Verification};

/// The background check rests this long after this many rows, so that it is not felt.
const ROWS_AT_ONCE: usize = 2_000;
const REST: Duration = Duration::from_millis(5);

/// Reads everything and tells what is wrong.
pub(crate) fn verify(shared: &Shared) -> Verification {
    let mut verification = Verification::default();
    let (records, damaged) = shared.desk.read_all();
    verification.desk_records = records.len();
    verification.problems.extend(damaged);
    match shared.journal.check() {
        Ok(check) => verification.problems.extend(check.problems.into_iter().map(|words| format!("журнал: {words}"))),
        Err(error) => verification.problems.push(error.to_string()),
    }
    match check_rows(shared, || true) {
        Ok(rows) => verification.applications = rows,
        Err(error) => verification.problems.push(error.to_string()),
    }
    if let Err(error) = shared.cache().and_then(|cache| shared.noticing(cache.quarantine())) {
        verification.problems.push(error.to_string());
    }
    verification
}

/// Reads all rows once, at leisure. Damage is noticed as by any reader.
pub(crate) fn scrub_in_background(shared: &Arc<Shared>) -> Result<JoinHandle<()>, StoreError> {
    let shared = Arc::clone(shared);
    let path = shared.folder.path().to_owned();
    let scrub = move || {
        let outcome = check_rows(&shared, || {
            std::thread::sleep(REST);
            !shared.closing.load(Ordering::SeqCst)
        });
        match outcome {
            Ok(rows) => tracing::debug!(rows, "the store was checked"),
            Err(error) => tracing::error!(%error, "the check of the store found damage"),
        }
    };
    std::thread::Builder::new()
        .name("store-scrub".into())
        .spawn(scrub)
        .map_err(|source| StoreError::Folder { path, source })
}

/// Reads every row against the columns; `go_on` is asked now and then.
fn check_rows(shared: &Shared, go_on: impl Fn() -> bool) -> Result<usize, StoreError> {
    let (cache, expected) = (shared.cache()?, shared.list.read().len());
    let (mut live, mut next) = (0, 0u32);
    for (count, entry) in cache.rows_from(0).enumerate() {
        let (row, found) = shared.noticing(entry)?;
        if row.number() != next {
            return shared.noticing(Err(StoreError::Damaged { what: format!("нет строки {next}") }));
        }
        next = next.saturating_add(1);
        live += usize::from(found.is_some());
        if count % ROWS_AT_ONCE == ROWS_AT_ONCE - 1 && !go_on() {
            return Ok(live);
        }
    }
    // A cache that was exchanged meanwhile has other rows.
    if (next as usize) < expected && Arc::ptr_eq(&cache, &shared.cache()?) {
        return shared
            .noticing(Err(StoreError::Damaged { what: format!("строк {next} вместо {expected}") }));
    }
    Ok(live)
}
