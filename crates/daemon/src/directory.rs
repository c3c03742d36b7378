//! The directory of the answer forms, kept in the store so that it is there without a connection.

use std::sync::Arc;
use std::time::Duration;

use prikrep_domain::Directory;
use prikrep_store::{Shelf, Store, StoreError};
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

use crate::clock::SharedClock;
use crate::status::Board;
use crate::{AsyncStore, DirectoryNews, SignedIn, Trouble, Upstream};

const KEY: &str = "directory";
const AFTER_FAILURE: Duration = Duration::from_secs(5 * 60);

#[derive(Deserialize, Serialize)]
struct Kept {
    etag: Option<String>,
    directory: Directory,
}

fn load(store: &dyn Store) -> Result<Option<Kept>, StoreError> {
    let bytes = store.record(Shelf::Settings, KEY)?;
    // One of another version is as good as none: it is asked for again.
    Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
}

/// The directory that was last received.
///
/// # Errors
/// [`StoreError`] when it cannot be read.
pub fn stored_directory(store: &dyn Store) -> Result<Option<Directory>, StoreError> {
    Ok(load(store)?.map(|kept| kept.directory))
}

/// Asks for the directory and keeps it when it is another one. Returns whether it was.
///
/// # Errors
/// [`Trouble`]; the directory that was kept stays.
pub async fn refresh_directory<U: Upstream>(store: &AsyncStore, upstream: &U) -> Result<bool, Trouble> {
    let etag = store.call(load).await?.and_then(|kept| kept.etag);
    let (directory, etag) = match upstream.directory(etag.as_deref()).await? {
        DirectoryNews::Unchanged => return Ok(false),
        DirectoryNews::Changed { directory, etag } => (directory, etag),
    };
    store
        .call(move |store| {
            let encoded = serde_json::to_vec(&Kept { etag, directory });
            let bytes = encoded.map_err(|_| StoreError::Encode { what: "справочник".to_owned() })?;
            store.put_record(Shelf::Settings, KEY, &bytes)
        })
        .await?;
    Ok(true)
}

/// Refreshes the directory at the first contact and then from time to time. A failure is no state of the
/// connection: forms work with the old one.
pub(crate) struct DirectoryKeeper<U> {
    pub(crate) store: AsyncStore,
    pub(crate) upstream: Arc<SignedIn<U>>,
    pub(crate) board: Board,
    pub(crate) clock: SharedClock,
    pub(crate) every: Duration,
}

impl<U: Upstream> DirectoryKeeper<U> {
    pub(crate) async fn run(&self) {
        loop {
            self.contact().await;
            match refresh_directory(&self.store, &*self.upstream).await {
                Ok(_) => {
                    let now = self.clock.now();
                    self.board.edit(|status| status.directory_at = Some(now));
                    sleep(self.every).await;
                }
                Err(error) => {
                    tracing::info!(%error, "the directory was not refreshed");
                    sleep(self.every.min(AFTER_FAILURE)).await;
                }
            }
        }
    }

    /// Waits until the upstream answers, so that the loops' own waiting is not got round.
    async fn contact(&self) {
        let mut status = self.board.subscribe();
        // The board outlives its keeper; should it not, the sleep above keeps this from turning in a circle.
        let _ = status.wait_for(|status| status.connection.is_online()).await;
    }
}
