//! Reading: bases from the cache, made to stand by the domain with the outbox and the cancellations.
//!
//! Invariant: within one reading a choice and its cancellation are seen at one instant: each cancellation
//! is read once, and what is shown of it and of its choice is computed from that. A change number is read
//! before the content that it stands for: content newer than its number comes again, the reverse would be lost.

use std::borrow::Cow;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use hashbrown::HashMap;
use prikrep_domain::{
    Application, ApplicationId, ApplicationType, Cursor, Decision, FeedPage, Found, MAX_PAGE_BYTES, MAX_PAGE_RECORDS,
    Oid, Query, Standing, stand_owned, supersedes,
};
use prikrep_worklist::{Changes, Row as RowNumber, Worklist};
use uuid::Uuid;

use crate::cache::Cache;
use crate::shared::Shared;
use crate::{FeedError, Listed, StoreError};

/// A visit holds this many applications at once, and sees them at one instant.
const VISITED_AT_ONCE: usize = 1_000;

/// One reading of the store. What a writer is about to publish lies over what is stored.
pub(crate) struct Reading<'a> {
    shared: &'a Shared,
    cache: Arc<Cache>,
    /// Bases that are being written.
    pub(crate) fresh: HashMap<RowNumber, &'a Application>,
    /// Cancellations among them, by the choice that they cancel.
    pub(crate) fresh_links: HashMap<ApplicationId, Vec<RowNumber>>,
    /// Sequences that are being given, or that were read before any content.
    pub(crate) sequences: HashMap<RowNumber, u64>,
    cancellations: HashMap<RowNumber, Option<Arc<Application>>>,
}

impl<'a> Reading<'a> {
    pub(crate) fn new(shared: &'a Shared) -> Result<Self, StoreError> {
        Ok(Self {
            shared,
            cache: shared.cache()?,
            fresh: HashMap::new(),
            fresh_links: HashMap::new(),
            sequences: HashMap::new(),
            cancellations: HashMap::new(),
        })
    }

    /// The base of a row; `None` for an emptied row.
    pub(crate) fn base(&self, row: RowNumber) -> Result<Option<Application>, StoreError> {
        match self.fresh.get(&row) {
            Some(base) => Ok(Some((*base).clone())),
            None => self.shared.noticing(self.cache.row(row)).map(|found| found.map(|row| row.base)),
        }
    }

    /// The row as it stands; `None` for an emptied row.
    pub(crate) fn standing(&mut self, row: RowNumber) -> Result<Option<Standing>, StoreError> {
        if let Some(known) = self.cancellations.get(&row) {
            let application = known.as_ref().map(|application| Application::clone(application));
            return Ok(application.map(|application| Standing { application, superseded_by: None }));
        }
        let version = self.sequence(row);
        let Some(base) = self.base(row)? else { return Ok(None) };
        if base.application_type == ApplicationType::Cancellation {
            return Ok(self
                .cancellation(row)?
                .map(|application| Standing { application: Application::clone(&application), superseded_by: None }));
        }
        let mut standing = self.standing_of_base(base)?;
        standing.application.version = version;
        Ok(Some(standing))
    }

    /// The row as it stands, without its number: a base that is being written is borrowed where nothing makes
    /// it stand otherwise than the upstream said.
    pub(crate) fn standing_for_columns(
        &mut self,
        row: RowNumber,
    ) -> Result<Option<Standing<Cow<'a, Application>>>, StoreError> {
        if let Some(base) = self.fresh.get(&row).copied()
            && self.shared.outbox.read().of(base.id).next().is_none()
            && self.cancellations_over(base)?.is_empty()
        {
            return Ok(Some(Standing { application: Cow::Borrowed(base), superseded_by: None }));
        }
        let standing = self.standing(row)?;
        Ok(standing.map(|Standing { application, superseded_by }| Standing {
            application: Cow::Owned(application),
            superseded_by,
        }))
    }

    /// A base as it stands, with the upstream's version.
    pub(crate) fn standing_of_base(&mut self, base: Application) -> Result<Standing, StoreError> {
        let cancellations = self.cancellations_over(&base)?;
        let on_the_way = self.shared.outbox.read().on_the_way(&base);
        Ok(stand_owned(base, &on_the_way, cancellations.iter().map(AsRef::as_ref)))
    }

    /// The cancellations that stand over a choice, as they stand themselves.
    pub(crate) fn cancellations_over(&mut self, choice: &Application) -> Result<Vec<Arc<Application>>, StoreError> {
        if choice.application_type != ApplicationType::Choice {
            return Ok(Vec::new());
        }
        let rows = self.cancellation_rows(choice.id);
        let mut over = Vec::with_capacity(rows.len());
        for row in rows {
            if let Some(cancellation) = self.cancellation(row)?
                && supersedes(&cancellation, choice)
            {
                over.push(cancellation);
            }
        }
        Ok(over)
    }

    fn cancellation_rows(&self, choice: ApplicationId) -> Vec<RowNumber> {
        let mut rows: Vec<RowNumber> = self.shared.list.read().cancellations_of(choice).collect();
        rows.extend(self.fresh_links.get(&choice).into_iter().flatten());
        rows.sort_unstable();
        rows.dedup();
        rows
    }

    fn cancellation(&mut self, row: RowNumber) -> Result<Option<Arc<Application>>, StoreError> {
        if let Some(known) = self.cancellations.get(&row) {
            return Ok(known.clone());
        }
        let version = self.sequence(row);
        let read = self.base(row)?.map(|base| {
            let on_the_way = self.shared.outbox.read().on_the_way(&base);
            let mut application = stand_owned(base, &on_the_way, []).application;
            application.version = version;
            Arc::new(application)
        });
        self.cancellations.insert(row, read.clone());
        Ok(read)
    }

    /// The change number that is served as the application's version.
    fn sequence(&self, row: RowNumber) -> u64 {
        let given = self.sequences.get(&row).copied();
        given.or_else(|| self.shared.list.read().sequence_of(row)).unwrap_or(1).max(1)
    }
}

impl Shared {
    pub(crate) fn read_standing(&self, id: ApplicationId) -> Result<Option<Standing>, StoreError> {
        let row = self.list.read().row_of(id);
        row.map_or(Ok(None), |row| Reading::new(self)?.standing(row))
    }

    pub(crate) fn find(&self, query: &Query, offset: usize, limit: usize) -> Result<Found, StoreError> {
        let Listed { total, rows } = self.read_list(query, offset, limit)?;
        Ok(Found { total, items: rows.into_iter().map(|standing| standing.application).collect() })
    }

    pub(crate) fn read_list(&self, query: &Query, offset: usize, limit: usize) -> Result<Listed, StoreError> {
        let page = self.list.read().find(query, self.zone, offset, limit.min(MAX_PAGE_RECORDS));
        Ok(Listed { total: page.total, rows: self.read_standings(&page.rows)? })
    }

    pub(crate) fn visit_all(
        &self,
        query: &Query,
        visit: &mut dyn FnMut(Standing) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let rows = self.list.read().run(query, self.zone);
        for rows in rows.chunks(VISITED_AT_ONCE) {
            for standing in self.read_standings(rows)? {
                if visit(standing).is_break() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    fn read_all(&self, rows: &[RowNumber]) -> Result<Vec<Application>, StoreError> {
        Ok(self.read_standings(rows)?.into_iter().map(|standing| standing.application).collect())
    }

    fn read_standings(&self, rows: &[RowNumber]) -> Result<Vec<Standing>, StoreError> {
        let mut reading = Reading::new(self)?;
        {
            // All numbers before any content: a cancellation is read once, perhaps long before its choice.
            let list = self.list.read();
            reading.sequences = rows.iter().filter_map(|row| Some((*row, list.sequence_of(*row)?))).collect();
        }
        let mut standings = Vec::with_capacity(rows.len());
        for row in rows {
            standings.extend(reading.standing(*row)?);
        }
        Ok(standings)
    }

    pub(crate) fn read_feed(
        &self,
        after: Option<&str>,
        limit: usize,
        organization: Option<&Oid>,
    ) -> Result<FeedPage, FeedError> {
        let limit = limit.clamp(1, MAX_PAGE_RECORDS);
        let epoch = self.epoch();
        let after = match after.filter(|text| !text.is_empty()) {
            None => 0,
            Some(text) => {
                let (of, sequence) = parse_cursor(text).ok_or(FeedError::Malformed)?;
                if of != epoch || sequence >= self.given.load(Ordering::SeqCst).max(1) {
                    return Err(FeedError::Expired);
                }
                sequence
            }
        };
        let mut found = changes_page(&self.list.read(), after, limit, organization);
        let mut changes = self.read_all(&found.rows)?;
        while let Some(fits) = too_many(&changes) {
            found = changes_page(&self.list.read(), after, fits, organization);
            changes = self.read_all(&found.rows)?;
        }
        if self.epoch() != epoch {
            return Err(FeedError::Expired);
        }
        let cursor = Cursor::new(format!("{}.{}", epoch.simple(), found.up_to))
            .map_err(|what| StoreError::Encode { what: what.into() })?;
        Ok(FeedPage { changes, cursor, has_more: found.has_more })
    }
}

/// A page of changes that does not part a choice from the cancellation beside it, unless it holds one record.
fn changes_page(list: &Worklist, after: u64, limit: usize, organization: Option<&Oid>) -> Changes {
    let found = list.changes_after(after, limit, organization);
    if limit < 2 || !found.has_more || found.rows.len() < limit {
        return found;
    }
    let next = list.changes_after(found.up_to, 1, organization);
    match (found.rows.last(), next.rows.first()) {
        (Some(last), Some(next)) if are_linked(list, *last, *next) => {
            list.changes_after(after, limit - 1, organization)
        }
        _ => found,
    }
}

/// How many of the applications a page can hold, when not all.
fn too_many(applications: &[Application]) -> Option<usize> {
    let mut room = MAX_PAGE_BYTES / 2;
    let fits = applications.iter().take_while(|application| {
        let fits = weight(application) <= room;
        room = room.saturating_sub(weight(application));
        fits
    });
    let fits = fits.count().max(1);
    (fits < applications.len()).then_some(fits)
}

/// About how long an application is as JSON: names of fields, and texts of which every sign may be escaped.
fn weight(application: &Application) -> usize {
    let texts = [
        &application.cancel_reason,
        &application.department,
        &application.district,
        &application.patient.snils,
        &application.patient.oms_policy,
        &application.patient.phone,
        &application.patient.registration_address,
        &application.patient.residence_address,
    ];
    let texts: usize = texts.into_iter().flatten().map(String::len).sum();
    let answers: usize = application
        .answers
        .iter()
        .map(|record| {
            let decision = match &record.answer.decision {
                Decision::Refuse { reason } => reason.len(),
                Decision::Provide { district, doctor } => {
                    district.len() + doctor.full_name.len() + doctor.position.len()
                }
                Decision::ApproveCancel | Decision::FailCancel | Decision::Detach { .. } => 0,
            };
            400 + decision + record.answer.comment.len() + record.answer.answered_by.len()
        })
        .sum();
    1_500 + 2 * (texts + answers)
}

fn are_linked(list: &Worklist, a: RowNumber, b: RowNumber) -> bool {
    let cancels = |choice: RowNumber, cancellation: RowNumber| {
        list.id_of(choice).is_some_and(|id| list.cancellations_of(id).any(|row| row == cancellation))
    };
    cancels(a, b) || cancels(b, a)
}

/// A cursor is the epoch and the sequence up to which it was read.
pub(crate) fn parse_cursor(text: &str) -> Option<(Uuid, u64)> {
    let (epoch, sequence) = text.split_once('.')?;
    Some((Uuid::try_parse(epoch).ok()?, sequence.parse().ok()?))
}
