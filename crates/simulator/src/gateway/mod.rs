//! The gateway without HTTP: what is generated, plus what has changed since. It reads no clock.
//!
//! An application's ordinal is its place in the order of arrival. Sequence numbers up to `base` are the
//! ordinals at the beginning of the epoch; every change after that is appended to `log`.
//! Invariant: an application's version is the last sequence number that names it, and the feed shows it there
//! only. Memory holds answers, arrivals and changes, never a generated application.

mod answering;
mod cursor;
mod journal;
mod search;

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use prikrep_domain::{
    Application, ApplicationId, Directory, FeedPage, MAX_PAGE_BYTES, MAX_PAGE_RECORDS, Oid, OnTheWay, Organization,
    Standing, stand,
};

use crate::dice::{Dice, Stream};
use crate::world::{BadScale, Filed, Scale, World};
pub use answering::{AnswerError, Answered};
pub use cursor::FeedError;
pub use journal::AppliedAnswer;
use journal::Journal;
pub use search::MAX_OFFSET;
pub(crate) use search::Search;

/// The most applications that may arrive in one call.
pub const MAX_ARRIVALS: u64 = 1_000_000;
/// What a generated record has at most on the average, as JSON.
const RECORD_BYTES: usize = 2_560;
/// How many bytes a character of an answer has at most as JSON.
const ESCAPED_CHAR_BYTES: usize = 6;

/// The federal gateway's state.
#[derive(Debug)]
pub struct Gateway {
    world: World,
    /// When each live application arrived.
    arrivals: Vec<DateTime<Utc>>,
    epoch: u64,
    base: u64,
    log: Vec<u32>,
    /// Versions of what the log names.
    versions: HashMap<u32, u64>,
    answers: HashMap<u32, Vec<OnTheWay>>,
    forgotten: HashSet<u32>,
    journal: Journal,
}

impl Gateway {
    /// A gateway in its first epoch.
    ///
    /// # Errors
    /// [`BadScale`] when there is too much to generate, or no organization.
    pub fn new(scale: Scale) -> Result<Self, BadScale> {
        let world = World::new(scale)?;
        Ok(Self {
            base: world.scale().applications,
            world,
            arrivals: Vec::new(),
            epoch: 1,
            log: Vec::new(),
            versions: HashMap::new(),
            answers: HashMap::new(),
            forgotten: HashSet::new(),
            journal: Journal::default(),
        })
    }

    /// How many applications there are.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.total() - self.forgotten.len() as u64
    }

    /// Whether there is no application.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The last sequence number of the feed.
    #[must_use]
    pub fn head(&self) -> u64 {
        self.base + self.log.len() as u64
    }

    /// The number of the epoch, from 1.
    #[must_use]
    pub const fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The answers that were applied, oldest first.
    #[must_use]
    pub fn applied_answers(&self) -> &[AppliedAnswer] {
        self.journal.entries()
    }

    /// The organizations of the region.
    pub fn organizations(&self) -> impl Iterator<Item = &Organization> {
        self.world.organizations()
    }

    /// The directory of an organization: what a register would be configured with.
    #[must_use]
    pub fn directory_of(&self, oid: &Oid) -> Option<Directory> {
        self.world.directory_of(oid)
    }

    /// The directory that the account of the whole region is offered: that of its first organization.
    #[must_use]
    pub fn directory(&self) -> Directory {
        self.world.directory()
    }

    /// Changes after a cursor, at most `limit` and not more than a page may have.
    ///
    /// # Errors
    /// [`FeedError`] when the cursor is of another epoch or not a cursor.
    pub fn feed(&self, after: Option<&str>, limit: usize) -> Result<FeedPage, FeedError> {
        let epoch = self.epoch_mark();
        let mut sequence = cursor::read(after, epoch, self.head())?;
        let limit = limit.min(MAX_PAGE_RECORDS);
        let mut changes = Vec::with_capacity(limit.min(usize::try_from(self.head() - sequence).unwrap_or(limit)));
        let mut room = MAX_PAGE_BYTES - (1 << 20);
        let mut has_more = false;
        while sequence < self.head() {
            if let Some(ordinal) = self.current_at(sequence + 1) {
                if changes.len() >= limit {
                    has_more = true;
                    break;
                }
                let application = self.application(ordinal);
                let weight = weight(&application, self.answers.contains_key(&ordinal));
                if weight > room && !changes.is_empty() {
                    has_more = true;
                    break;
                }
                room = room.saturating_sub(weight);
                changes.push(application);
            }
            sequence += 1;
        }
        Ok(FeedPage { changes, cursor: cursor::write(epoch, sequence)?, has_more })
    }

    /// An application as it stands.
    #[must_use]
    pub fn standing(&self, id: ApplicationId) -> Option<Standing> {
        self.find(id).map(|ordinal| self.standing_of(ordinal))
    }

    /// Lets applications arrive now, at most [`MAX_ARRIVALS`]; returns their identifiers.
    pub fn arrive(&mut self, count: u64, now: DateTime<Utc>) -> Vec<ApplicationId> {
        (0..count.min(MAX_ARRIVALS))
            .filter_map(|_| {
                let ordinal = u32::try_from(self.total()).ok()?;
                self.arrivals.push(now);
                self.touch(ordinal);
                Some(self.world.id(self.index(ordinal)))
            })
            .collect()
    }

    /// Begins a new epoch, as after a rebuilt store: old cursors expire, versions are counted anew.
    pub fn begin_epoch(&mut self) {
        self.epoch += 1;
        self.base = self.total();
        self.log.clear();
        self.versions.clear();
    }

    /// Forgets an application. Consumers that have it notice in the next epoch only. False when there is none.
    pub fn forget(&mut self, id: ApplicationId) -> bool {
        self.find(id).is_some_and(|ordinal| self.forgotten.insert(ordinal))
    }

    /// The application that malformed records are made from when a page has none.
    pub(crate) fn specimen(&self) -> Application {
        let mut application = self.world.application(0, Filed::Before);
        application.version = 1;
        application
    }

    fn total(&self) -> u64 {
        self.world.scale().applications + self.arrivals.len() as u64
    }

    /// Distinguishes this gateway's epochs from each other and from those of a gateway with other data.
    fn epoch_mark(&self) -> u64 {
        let Scale { applications, organizations, seed, start } = self.world.scale();
        let start = start.timestamp_millis().unsigned_abs();
        [*applications, *organizations as u64, start, self.epoch]
            .into_iter()
            .fold(*seed, |mark, part| Dice::new(mark, Stream::Epoch, part).roll())
    }

    fn index(&self, ordinal: u32) -> u64 {
        let ordinal = u64::from(ordinal);
        match ordinal.checked_sub(self.world.scale().applications) {
            None => ordinal,
            Some(live) => self.world.first_live_index() + live,
        }
    }

    /// The ordinal of an index, when its application is there.
    fn ordinal(&self, index: u64) -> Option<u32> {
        let applications = self.world.scale().applications;
        let ordinal = if index < applications {
            index
        } else {
            let live = index.checked_sub(self.world.first_live_index())?;
            applications + Some(live).filter(|live| *live < self.arrivals.len() as u64)?
        };
        u32::try_from(ordinal).ok().filter(|ordinal| !self.forgotten.contains(ordinal))
    }

    fn filed(&self, ordinal: u32) -> Filed {
        u64::from(ordinal)
            .checked_sub(self.world.scale().applications)
            .and_then(|live| self.arrivals.get(usize::try_from(live).ok()?))
            .map_or(Filed::Before, |at| Filed::Live(*at))
    }

    fn find(&self, id: ApplicationId) -> Option<u32> {
        self.world.index_of(id).and_then(|index| self.ordinal(index))
    }

    fn version(&self, ordinal: u32) -> u64 {
        self.versions.get(&ordinal).copied().unwrap_or(u64::from(ordinal) + 1)
    }

    /// The application that a sequence number names, unless a later one names it again or it is forgotten.
    fn current_at(&self, sequence: u64) -> Option<u32> {
        let place = sequence.checked_sub(1)?;
        let ordinal = match place.checked_sub(self.base) {
            None => u32::try_from(place).ok()?,
            Some(place) => *self.log.get(usize::try_from(place).ok()?)?,
        };
        (self.version(ordinal) == sequence && !self.forgotten.contains(&ordinal)).then_some(ordinal)
    }

    fn touch(&mut self, ordinal: u32) {
        self.log.push(ordinal);
        self.versions.insert(ordinal, self.head());
    }

    fn application(&self, ordinal: u32) -> Application {
        self.standing_of(ordinal).application
    }

    fn standing_of(&self, ordinal: u32) -> Standing {
        let index = self.index(ordinal);
        let mut application = self.world.application(index, self.filed(ordinal));
        application.version = self.version(ordinal);
        let mine = self.answers.get(&ordinal);
        let cancellation = self.world.cancellation_of(index).and_then(|index| self.ordinal(index));
        let touched = mine.is_some() || cancellation.is_some_and(|by| self.answers.contains_key(&by));
        if !touched {
            // Generated pairs are consistent as they are.
            let superseded_by = cancellation.map(|by| self.world.id(self.index(by)));
            return Standing { application, superseded_by };
        }
        let cancellation = cancellation.map(|by| self.application(by));
        stand(&application, mine.map_or(&[], Vec::as_slice), &cancellation)
    }
}

/// About how many bytes an application has as JSON; never too few when its texts came from outside.
fn weight(application: &Application, answered_here: bool) -> usize {
    let answers = if answered_here { application.answers.as_slice() } else { &[] };
    let texts: usize = answers
        .iter()
        .map(|record| {
            let decision = match &record.answer.decision {
                prikrep_domain::Decision::Provide { district, doctor } => {
                    2 * (district.len() + doctor.full_name.len() + doctor.position.len())
                }
                prikrep_domain::Decision::Refuse { reason } => reason.len(),
                prikrep_domain::Decision::ApproveCancel
                | prikrep_domain::Decision::FailCancel
                | prikrep_domain::Decision::Detach { .. } => 0,
            };
            record.answer.comment.len() + record.answer.answered_by.len() + decision
        })
        .sum();
    RECORD_BYTES + texts * ESCAPED_CHAR_BYTES
}
