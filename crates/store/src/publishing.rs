//! Publishing: the one place where what readers see is changed.
//!
//! Order: the journal, the rows, the desk (answers that the change makes impossible), then
//! memory, all of it under one lock, then the wake. Invariant: a choice and the cancellation that ends it
//! change together and get adjacent sequences.

use chrono::{DateTime, Utc};
use hashbrown::{HashMap, HashSet};
use prikrep_domain::{Application, ApplicationId, ApplicationType, Problem, stand};
use prikrep_worklist::Row as RowNumber;

use crate::StoreError;
use crate::desk::Change;
use crate::outbox::{StoredAnswer, put_change, rejected_state};
use crate::reading::Reading;
use crate::shared::{Shared, Writer};

/// What a publication did.
#[derive(Debug, Default)]
pub(crate) struct Published {
    /// The published rows that wait for an answer.
    pub(crate) pending: Vec<RowNumber>,
    /// How many queued answers became impossible.
    pub(crate) rejected_answers: usize,
}

impl Shared {
    /// Publishes new bases (`taken`) and rows whose answers changed (`touched`).
    pub(crate) fn publish(
        &self,
        writer: &mut Writer,
        taken: &[(RowNumber, &Application)],
        touched: &[RowNumber],
        now: DateTime<Utc>,
    ) -> Result<Published, StoreError> {
        let mut reading = Reading::new(self)?;
        reading.fresh = taken.iter().copied().collect();
        for (row, base) in taken {
            if let (ApplicationType::Cancellation, Some(choice)) = (base.application_type, base.cancels) {
                reading.fresh_links.entry(choice).or_default().push(*row);
            }
        }
        let order = self.order_of_change(&reading, taken, touched)?;
        let Some(last) = order.len().checked_sub(1) else { return Ok(Published::default()) };
        let first = self.take_sequences(writer, order.len())?;
        reading.sequences = order.iter().copied().zip(first..).collect();
        let cache = self.cache()?;
        self.noticing(cache.write_journal(first + last as u64, &order))?;
        writer.unpublished.extend(taken.iter().map(|(row, _)| *row));
        for (row, base) in taken {
            let sequence = reading.sequences.get(row).copied().unwrap_or(first);
            self.noticing(cache.put_row(*row, sequence, base))?;
            writer.know_version(*row, base.version);
        }
        writer.unsnapped += order.len();
        writer.uncommitted = true;
        writer.written += taken.len();
        let rejected_answers = self.reject_impossible(&mut reading, &order, now)?;
        let mut standings = Vec::with_capacity(order.len());
        for row in &order {
            standings.extend(reading.standing_for_columns(*row)?.map(|standing| (*row, standing)));
        }
        // The columns take new rows in their own order only, which is not that of the sequences: a pair is adjacent there.
        standings.sort_unstable_by_key(|(row, _)| row.number());
        let mut list = self.list.write();
        for (row, standing) in &standings {
            list.upsert(*row, standing, reading.sequences.get(row).copied().unwrap_or(first))
                .map_err(|error| StoreError::Encode { what: error.to_string() })?;
        }
        drop(list);
        for (row, _) in taken {
            writer.unpublished.remove(row);
        }
        self.wake();
        let pending = standings.iter().filter(|(_, standing)| standing.is_pending()).map(|(row, _)| *row).collect();
        Ok(Published { pending, rejected_answers })
    }

    /// The last change numbers of what is answered may not have survived: it gets new ones.
    pub(crate) fn publish_answered(&self, writer: &mut Writer, now: DateTime<Utc>) -> Result<(), StoreError> {
        let answered: Vec<RowNumber> = {
            let (outbox, list) = (self.outbox.read(), self.list.read());
            outbox.applications().filter_map(|application| list.row_of(application)).collect()
        };
        self.publish(writer, &[], &answered, now).map(drop)
    }

    /// Every row that changes, once: beside a cancellation its choice, beside a choice its cancellation
    /// when that changes too.
    fn order_of_change(
        &self,
        reading: &Reading<'_>,
        taken: &[(RowNumber, &Application)],
        touched: &[RowNumber],
    ) -> Result<Vec<RowNumber>, StoreError> {
        let fresh_rows: HashMap<ApplicationId, RowNumber> = taken.iter().map(|(row, base)| (base.id, *row)).collect();
        let mut order = Vec::with_capacity(taken.len() + touched.len());
        let mut placed = HashSet::with_capacity(taken.len() + touched.len());
        let mut place = |row: RowNumber| {
            if placed.insert(row) {
                order.push(row);
            }
        };
        let row_of = |id: ApplicationId| fresh_rows.get(&id).copied().or_else(|| self.list.read().row_of(id));
        for (row, base) in taken {
            place(*row);
            match base.application_type {
                ApplicationType::Cancellation => base.cancels.and_then(row_of).into_iter().for_each(&mut place),
                ApplicationType::Choice => {
                    reading.fresh_links.get(&base.id).into_iter().flatten().copied().for_each(&mut place);
                }
                ApplicationType::Detachment => {}
            }
        }
        for row in touched {
            place(*row);
            let choice = reading.base(*row)?.and_then(|base| base.cancels);
            choice.and_then(row_of).into_iter().for_each(&mut place);
        }
        Ok(order)
    }

    /// Rejects queued answers that the new bases make impossible; tells how many.
    fn reject_impossible(
        &self,
        reading: &mut Reading<'_>,
        rows: &[RowNumber],
        now: DateTime<Utc>,
    ) -> Result<usize, StoreError> {
        if self.outbox.read().iter().next().is_none() {
            return Ok(0);
        }
        let mut impossible = Vec::new();
        for row in rows {
            let id = reading.fresh.get(row).map(|base| base.id).or_else(|| self.list.read().id_of(*row));
            if id.is_none_or(|id| self.outbox.read().of(id).next().is_none()) {
                continue;
            }
            let Some(base) = reading.base(*row)? else { continue };
            let over = reading.cancellations_over(&base)?;
            let outbox = self.outbox.read();
            impossible.extend(self.impossible(&base, outbox.of(base.id), &over, now));
        }
        let changes = impossible.iter().map(|(order, answer)| put_change(*order, answer));
        let changes = changes.collect::<Result<Vec<Change>, StoreError>>()?;
        if !changes.is_empty() {
            self.desk.write(&changes)?;
        }
        let mut outbox = self.outbox.write();
        let rejected = impossible.len();
        impossible.into_iter().for_each(|(order, answer)| outbox.put(order, answer));
        Ok(rejected)
    }

    /// Of an application's answers those that are queued and that the base no longer allows, rejected.
    fn impossible<'a>(
        &self,
        base: &Application,
        answers: impl Iterator<Item = (u64, &'a StoredAnswer)>,
        over: &[std::sync::Arc<Application>],
        now: DateTime<Utc>,
    ) -> Vec<(u64, StoredAnswer)> {
        let mut impossible = Vec::new();
        let mut before = Vec::new();
        for (order, answer) in answers {
            let known = base.answers.iter().any(|record| record.id == answer.id);
            if answer.is_queued() && !known {
                let standing = stand(base, &before, over.iter().map(AsRef::as_ref));
                if let Err(refusal) = standing.permit(answer.answer.decision.kind(), self.moment(now)) {
                    let state = rejected_state(Problem::from(&refusal), now);
                    impossible.push((order, StoredAnswer { state, ..answer.clone() }));
                    continue;
                }
            }
            before.push(answer.over(base));
        }
        impossible
    }
}
