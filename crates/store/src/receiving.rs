//! Receiving what the upstream says: pages, single applications, a new epoch.
//!
//! Invariant: the cursor is stored after its page. A page seen twice changes nothing.

use std::sync::atomic::Ordering;

use chrono::{DateTime, Utc};
use hashbrown::{HashMap, HashSet};
use prikrep_domain::{Application, ApplicationId, Delivery, Problem, ProblemKind, read_application};
use prikrep_worklist::Row as RowNumber;
use ring::digest;
use uuid::Uuid;

use crate::cache::Position;
use crate::desk::Change;
use crate::outbox::{StoredAnswer, last_word, put_change, rejected_state};
use crate::shared::{Shared, Writer};
use crate::{Applied, OutboxState, Page, Quarantined, StoreError, UnreadableRecord};

/// After so many rows the cache is opened anew.
const RENEW_AT_LEAST: usize = 50_000;
/// The most bytes of a record that quarantine keeps.
const MAX_RAW_BYTES: usize = prikrep_domain::MAX_RECORD_BYTES;

/// Where an application comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// A page of the feed: nothing that comes later is older.
    Feed,
    /// A reply to a push: pages that were asked for before it may still come. It counts only for applications
    /// that the feed has shown in this epoch: before that it may be of another, whose versions say nothing.
    Reply,
}

impl Shared {
    pub(crate) fn apply_page(&self, page: &Page, now: DateTime<Utc>) -> Result<Applied, StoreError> {
        let mut writer = self.writer.lock();
        if self.rebuild_if_damaged(&mut writer, now)? {
            // The page was asked for after a cursor that is gone: what is before it would be missing.
            return Err(StoreError::Damaged {
                what: "кэш отложен в сторону, чтение начинается сначала".into()
            });
        }
        let mut applied = self.absorb(&mut writer, &page.applications, Source::Feed, now)?;
        for record in &page.unreadable {
            self.put_into_quarantine(record, now)?;
            applied.quarantined += 1;
        }
        if !page.has_more && writer.seen.is_some() {
            self.end_rereading(&mut writer)?;
        }
        let position = Position {
            cursor: Some(page.cursor.clone()),
            desk_stamp: self.desk.stamp(),
            complete: writer.position.complete || !page.has_more,
            ..writer.position.clone()
        };
        self.set_position(&mut writer, position)?;
        self.tidy(&mut writer, !page.has_more)?;
        Ok(applied)
    }

    /// Takes applications as bases where they are newer than what is known.
    pub(crate) fn absorb(
        &self,
        writer: &mut Writer,
        applications: &[Application],
        source: Source,
        now: DateTime<Utc>,
    ) -> Result<Applied, StoreError> {
        let mut applied = Applied::default();
        let taken = self.newer_of(writer, applications, source, &mut applied)?;
        let known_rows = self.list.read().len();
        let published = self.publish(writer, &taken, &[], now)?;
        applied.rejected_answers = published.rejected_answers;
        if source == Source::Feed {
            applied.rejected_answers += self.settle_answers(writer, applications, now)?;
        }
        applied.added_pending = published.pending.iter().filter(|row| row.number() as usize >= known_rows).count();
        let cache = self.cache()?;
        if cache.quarantined() > 0 {
            for (_, application) in &taken {
                self.noticing(cache.release(&application.id.to_string()))?;
            }
        }
        Ok(applied)
    }

    /// Which applications are newer, each with its row; new ones get the next rows.
    fn newer_of<'a>(
        &self,
        writer: &mut Writer,
        applications: &'a [Application],
        source: Source,
        applied: &mut Applied,
    ) -> Result<Vec<(RowNumber, &'a Application)>, StoreError> {
        let (known, mut next_row) = {
            let list = self.list.read();
            let rows: Vec<Option<RowNumber>> =
                applications.iter().map(|application| list.row_of(application.id)).collect();
            (rows, list.len())
        };
        let cache = self.cache()?;
        let mut taken: Vec<(RowNumber, &Application)> = Vec::with_capacity(applications.len());
        let mut places: HashMap<ApplicationId, usize> = HashMap::with_capacity(applications.len());
        for (application, row) in applications.iter().zip(known) {
            // The same application twice in a page: the newer one counts.
            if let Some(earlier) = places.get(&application.id).and_then(|place| taken.get_mut(*place)) {
                if earlier.1.version < application.version {
                    earlier.1 = application;
                }
                applied.unchanged += 1;
                continue;
            }
            let is_passed = row.is_some_and(|row| writer.seen.as_ref().is_none_or(|seen| seen.contains(&row)));
            if source == Source::Reply && !is_passed {
                continue;
            }
            let row = match row {
                Some(row) => {
                    // Versions are compared only within an epoch: the first sight in a new one always counts.
                    let first_sight = writer.seen.as_mut().is_some_and(|seen| seen.insert(row));
                    let version = match writer.versions.get(row.number() as usize) {
                        Some(version) if *version > 0 => *version,
                        Some(_) | None => self.noticing(cache.row_version(row))?.unwrap_or(0),
                    };
                    writer.know_version(row, version);
                    let is_seen = !first_sight && !writer.unpublished.contains(&row);
                    if is_seen && application.version <= version {
                        applied.unchanged += 1;
                        continue;
                    }
                    applied.changed += 1;
                    row
                }
                None => {
                    let row = u32::try_from(next_row).map(RowNumber::new).map_err(|_| StoreError::Encode {
                        what: "в хранилище больше нет места для строк".into(),
                    })?;
                    next_row += 1;
                    applied.added += 1;
                    if let Some(seen) = &mut writer.seen {
                        seen.insert(row);
                    }
                    row
                }
            };
            places.insert(application.id, taken.len());
            taken.push((row, application));
        }
        Ok(taken)
    }

    fn put_into_quarantine(&self, record: &UnreadableRecord, now: DateTime<Utc>) -> Result<(), StoreError> {
        let key = record.id.map_or_else(|| digest_of(&record.raw), |id| id.to_string());
        let raw: String = if record.raw.len() > MAX_RAW_BYTES {
            record.raw.chars().take(MAX_RAW_BYTES / 4).collect()
        } else {
            record.raw.clone()
        };
        let quarantined = Quarantined { key, reason: record.reason.clone(), received_at: now, raw };
        self.noticing(self.cache()?.put_quarantined(&quarantined))?;
        self.wake();
        Ok(())
    }

    pub(crate) fn reread_quarantine(&self, now: DateTime<Utc>) -> Result<usize, StoreError> {
        let mut writer = self.writer.lock();
        if writer.seen.is_some() {
            // The records are of the epoch before; those of the new one are all being read.
            return Ok(0);
        }
        let cache = self.cache()?;
        let mut understood = 0;
        for record in self.noticing(cache.quarantine())? {
            if let Ok(application) = read_application(&record.raw) {
                self.absorb(&mut writer, std::slice::from_ref(&application), Source::Feed, now)?;
                self.noticing(cache.release(&record.key))?;
                understood += 1;
            }
        }
        self.wake();
        Ok(understood)
    }

    /// The upstream's new epoch: everything is read again, and what is not seen by the end is gone.
    pub(crate) fn begin_rereading(&self) -> Result<(), StoreError> {
        let mut writer = self.writer.lock();
        self.queue_delivered_again()?;
        let position = Position { cursor: None, rereading: true, ..writer.position.clone() };
        self.set_position(&mut writer, position)?;
        writer.seen = Some(HashSet::new());
        self.upstream_epoch.fetch_add(1, Ordering::SeqCst);
        self.wake();
        Ok(())
    }

    /// What an epoch of the upstream has taken another may not have: the answer's identifier makes it harmless
    /// to push it again.
    pub(crate) fn queue_delivered_again(&self) -> Result<(), StoreError> {
        let again: Vec<(u64, StoredAnswer)> = self
            .outbox
            .read()
            .iter()
            .filter(|(_, answer)| matches!(answer.state, OutboxState::Delivered { .. }))
            .map(|(order, answer)| (order, StoredAnswer { state: OutboxState::Queued, ..answer.clone() }))
            .collect();
        let changes = again.iter().map(|(order, answer)| put_change(*order, answer));
        let changes = changes.collect::<Result<Vec<Change>, StoreError>>()?;
        if !changes.is_empty() {
            self.desk.write(&changes)?;
            let mut outbox = self.outbox.write();
            again.into_iter().for_each(|(order, answer)| outbox.put(order, answer));
        }
        Ok(())
    }

    /// Lets go of the answers of which applications of the feed say that they were delivered, and notes which were
    /// refused; tells how many.
    fn settle_answers(
        &self,
        writer: &mut Writer,
        applications: &[Application],
        now: DateTime<Utc>,
    ) -> Result<usize, StoreError> {
        let (mut settled, mut refused) = (Vec::new(), Vec::new());
        let outbox = self.outbox.read();
        for said in applications {
            for (order, answer) in outbox.of(said.id) {
                match (last_word(said, answer.id), &answer.state) {
                    (None | Some(Delivery::Queued), _)
                    | (Some(Delivery::Rejected { .. }), OutboxState::Rejected { .. }) => {}
                    (Some(Delivery::Delivered { .. }), _) => settled.push(order),
                    (Some(Delivery::Rejected { at, problem }), _) => {
                        let problem =
                            problem.as_deref().cloned().unwrap_or_else(|| Problem::new(ProblemKind::WrongStatus));
                        let state = rejected_state(problem, at.unwrap_or(now));
                        refused.push((order, StoredAnswer { state, ..answer.clone() }));
                    }
                }
            }
        }
        drop(outbox);
        if settled.is_empty() && refused.is_empty() {
            return Ok(0);
        }
        let changes = refused.iter().map(|(order, answer)| put_change(*order, answer));
        let changes = changes.collect::<Result<Vec<Change>, StoreError>>()?;
        if !changes.is_empty() {
            self.desk.write(&changes)?;
        }
        // The desk forgets what is settled at the next commit, with a base that is durable.
        writer.uncommitted = true;
        writer.settled.extend(&settled);
        let count = refused.len();
        let mut outbox = self.outbox.write();
        settled.into_iter().for_each(|order| drop(outbox.remove(order)));
        refused.into_iter().for_each(|(order, answer)| outbox.put(order, answer));
        drop(outbox);
        self.wake();
        Ok(count)
    }

    fn end_rereading(&self, writer: &mut Writer) -> Result<(), StoreError> {
        let Some(seen) = writer.seen.take() else { return Ok(()) };
        let gone: Vec<RowNumber> = {
            let list = self.list.read();
            let rows = 0..u32::try_from(list.len()).unwrap_or(u32::MAX);
            rows.map(RowNumber::new).filter(|row| list.id_of(*row).is_some() && !seen.contains(row)).collect()
        };
        let cache = self.cache()?;
        let mut position = Position { rereading: false, ..writer.position.clone() };
        if !gone.is_empty() {
            // The protocol has no word for «gone»: our own consumers are sent to read again, too.
            position.epoch = Uuid::new_v4();
            writer.unsnapped += gone.len();
        }
        for row in &gone {
            self.noticing(cache.clear_row(*row))?;
        }
        let mut list = self.list.write();
        gone.iter().for_each(|row| list.remove(*row));
        drop(list);
        self.set_position(writer, position)?;
        if !gone.is_empty() {
            // The journal does not tell of emptied rows: the snapshot has to.
            self.keep_snapshot(writer, true)?;
            self.wake();
        }
        Ok(())
    }

    pub(crate) fn set_position(&self, writer: &mut Writer, position: Position) -> Result<(), StoreError> {
        self.noticing(self.cache()?.set_position(&position))?;
        writer.position = position;
        *self.epoch.write() = writer.position.epoch;
        self.complete.store(writer.position.complete, Ordering::SeqCst);
        Ok(())
    }

    /// Says in the cache how far the desk has come.
    pub(crate) fn note_desk(&self, writer: &mut Writer) -> Result<(), StoreError> {
        let desk_stamp = self.desk.stamp();
        if writer.position.desk_stamp == desk_stamp {
            return Ok(());
        }
        self.set_position(writer, Position { desk_stamp, ..writer.position.clone() })
    }

    /// Keeps the orders, the snapshot and the floor not too far behind.
    fn tidy(&self, writer: &mut Writer, at_end: bool) -> Result<(), StoreError> {
        let (unsettled, rows) = {
            let list = self.list.read();
            (list.unsettled(), list.len())
        };
        if unsettled > 0 && (at_end || unsettled > 4_096.max(rows / 16)) {
            self.list.write().settle();
        }
        if at_end && writer.uncommitted {
            let cache = self.cache()?;
            self.noticing(self.commit_cache(writer, &cache))?;
        }
        self.keep_snapshot(writer, false)?;
        let many = if at_end { RENEW_AT_LEAST } else { (4 * RENEW_AT_LEAST).max(rows / 2) };
        if writer.written > many {
            self.renew_cache(writer)?;
        }
        Ok(())
    }
}

fn digest_of(raw: &str) -> String {
    let digest = digest::digest(&digest::SHA256, raw.as_bytes());
    digest.as_ref().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
