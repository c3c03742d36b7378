//! Opening anew what is open: after a write that the disk has refused, and for a cache that was found damaged.
//!
//! Invariant: what was shown and not committed may be gone; whatever the desk holds is not.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use chrono::{DateTime, Utc};
use hashbrown::HashSet;
use prikrep_worklist::Worklist;
use uuid::Uuid;

use crate::StoreError;
use crate::cache::Position;
use crate::codec::{decode, encode};
use crate::desk::{Change, Drawer};
use crate::opening::{fresh_cache, set_cache_aside};
use crate::shared::{FLOOR, Floor, Shared, Writer};

impl Shared {
    /// Opens both databases anew after a write that the disk has refused.
    pub(crate) fn reopen(&self) -> Result<(), StoreError> {
        let mut writer = self.writer.lock();
        let _journaling = self.journaling.lock();
        self.desk.reopen()?;
        if !self.renew_cache(&mut writer)? {
            return Err(StoreError::Closed);
        }
        self.take_up_cache(&mut writer, Utc::now())?;
        self.publish_answered(&mut writer, Utc::now())
    }

    /// Sets a cache aside that was found damaged while open; tells whether it was.
    pub(crate) fn rebuild_if_damaged(&self, writer: &mut Writer, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let damaged = self.cache_damaged.load(Ordering::SeqCst);
        if damaged {
            self.replace_cache(writer, "найдено при чтении", now)?;
            self.cache_damaged.store(false, Ordering::SeqCst);
        }
        Ok(damaged)
    }

    /// Goes on with the cache as it was opened anew: the last pages may not be in it, and are asked for again.
    fn take_up_cache(&self, writer: &mut Writer, now: DateTime<Utc>) -> Result<(), StoreError> {
        let cache = self.cache()?;
        let position = cache.position()?;
        // What was not committed may be gone at the same position too, and an answer settled by it is on the desk only.
        let is_whole = !writer.uncommitted && writer.unpublished.is_empty();
        if is_whole && position == writer.position && cache.rows_end()? as usize == self.list.read().len() {
            return Ok(());
        }
        writer.versions.clear();
        writer.unpublished.clear();
        self.put_back_settled(writer)?;
        if let Err(error) = self.read_columns(writer, None) {
            return if error.is_damage() { self.replace_cache(writer, &error.to_string(), now) } else { Err(error) };
        }
        writer.next_sequence = writer.next_sequence.max(self.given.load(Ordering::SeqCst));
        // Our own consumers may have seen what is gone here.
        let mut position = Position { epoch: Uuid::new_v4(), ..position };
        writer.seen = position.rereading.then(HashSet::new);
        if position.rereading {
            position.cursor = None;
        }
        self.upstream_epoch.fetch_add(1, Ordering::SeqCst);
        self.set_position(writer, position)?;
        self.list.write().settle();
        self.wake();
        Ok(())
    }

    /// Answers that a base had settled that is lost are the outbox's again: the desk still has them.
    fn put_back_settled(&self, writer: &mut Writer) -> Result<(), StoreError> {
        for order in &writer.settled {
            if let Some(plain) = self.desk.get(Drawer::Answers, &order.to_be_bytes())? {
                self.outbox.write().put(*order, decode(&plain, "ответ в очереди")?);
            }
        }
        writer.settled.clear();
        Ok(())
    }

    /// Begins a new cache, in a new epoch of ours, to be read from the upstream's beginning.
    pub(crate) fn replace_cache(&self, writer: &mut Writer, why: &str, now: DateTime<Utc>) -> Result<(), StoreError> {
        let words = set_cache_aside(&self.folder, why, now)?;
        let cache = fresh_cache(&self.folder, &self.key)?;
        let position = cache.position()?;
        let name = cache.name;
        *self.cache.write() = Some(Arc::new(cache));
        *self.list.write() = Worklist::new();
        writer.seen = None;
        writer.unsnapped = 0;
        writer.written = 0;
        writer.versions.clear();
        writer.unpublished.clear();
        self.put_back_settled(writer)?;
        let floor = encode(&Floor(name, 0), "счётчик")?;
        self.desk.write(&[Change::Put(Drawer::Counters, FLOOR.to_vec(), floor)])?;
        self.set_position(writer, position)?;
        self.queue_delivered_again()?;
        self.upstream_epoch.fetch_add(1, Ordering::SeqCst);
        self.report(now, words);
        self.wake();
        Ok(())
    }
}

#[cfg(test)]
mod tests;
