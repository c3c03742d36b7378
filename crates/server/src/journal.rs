//! The journal at the register: what signed-in accounts and administrators do is written down, what
//! workstations report is taken up, auditors read.
//!
//! Invariant: an entry is durable before whoever acted is answered; what cannot be written down is not done,
//! or at least not confirmed. While the disk takes nothing, reading goes on and its entries wait in memory, so
//! many at most, as does the entry of an answer that became durable right before. A patient stands in it by a keyed mark only.

use std::ops::ControlFlow;

use chrono::{DateTime, Days, NaiveDate, TimeZone, Utc};
use chrono_tz::Tz;
use prikrep_domain::{
    Act, Action, Actor, ApplicationId, JournalEntry, JournalPage, MAX_REPORTED_ACTS, Numbered, Oid, PersonId, Place,
    Problem, ReportedAct,
};
use prikrep_store::{JournalCheck, Shelf, Store, StoreError};
use ring::hmac;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::search::Fields;
use crate::secret::hex;
use crate::signing_in::SignedIn;
use crate::{Register, Secret, words};

/// The record of the key of marks.
const MARK_KEY: &str = "journal mark key";
const MAX_UNWRITTEN: usize = 10_000;
const MAX_LIMIT: usize = 500;
const DEFAULT_LIMIT: usize = 100;
/// What a number of JSON Schema's `int64` may be.
const MAX_NUMBER: usize = usize::MAX >> 1;
/// No workstation has more to say of an act; of a longer one only its name is kept, as of one that is not known.
const MAX_ACT_BYTES: usize = 8 << 10;
const MAX_LOGIN_CHARS: usize = 128;
const MAX_ACT_CHARS: usize = 64;
/// A request looks through so many entries at most; its reader goes on from where it ended.
const MAX_LOOKED_AT: usize = 100_000;

/// Makes the marks by which patients are told apart: equal for equal identifiers, and telling nothing without
/// the key.
#[derive(Debug)]
pub(crate) struct Marker(hmac::Key);

impl Marker {
    /// The marker of a store; its key is made at the first use.
    pub(crate) fn open(store: &dyn Store) -> Result<Self, StoreError> {
        let known = store.record(Shelf::Settings, MARK_KEY)?;
        let key = match known {
            Some(key) => key,
            None => {
                let random = Secret::random().map_err(|error| StoreError::Key(error.to_string()))?;
                let key = random.expose().as_bytes().to_vec();
                store.put_record(Shelf::Settings, MARK_KEY, &key)?;
                key
            }
        };
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &key)))
    }

    pub(crate) fn mark(&self, identifier: &str) -> String {
        let mut mark = hex(hmac::sign(&self.0, identifier.as_bytes()).as_ref());
        mark.truncate(24);
        mark
    }
}

/// What a workstation has to report, in the order in which it was done.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// The workstation's own identifier, drawn once for its local data.
    pub device: Uuid,
    /// At most 500 acts, numbered from 1 without a gap; of numbers that are known only the first counts. An act
    /// that this register does not know is kept by its name.
    #[schema(value_type = Vec<ReportedAct>, max_items = 500)]
    pub acts: Vec<Value>,
}

/// How far a workstation's acts are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Reported {
    /// The last number that is known of this workstation.
    pub through: u64,
}

/// What is sought in the journal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct JournalSearch {
    /// The first date, in the register's time zone.
    #[param(value_type = Option<String>, format = Date, nullable = false)]
    pub from: Option<String>,
    /// The last date, inclusive.
    #[param(value_type = Option<String>, format = Date, nullable = false)]
    pub to: Option<String>,
    /// Whose acts.
    #[param(max_length = 128, nullable = false)]
    pub login: Option<String>,
    /// One act, by its name, for example `card_opened`.
    #[param(max_length = 64, nullable = false)]
    pub act: Option<String>,
    /// Acts that concern a patient, by GUID: who looked at the card, answered, or searched for it.
    #[param(value_type = Option<Uuid>, nullable = false)]
    pub patient: Option<String>,
    /// Acts that concern an application.
    #[param(value_type = Option<Uuid>, nullable = false)]
    pub application: Option<String>,
    /// Go on below this number, as the answer before said.
    #[param(value_type = Option<u64>, nullable = false)]
    pub before: Option<String>,
    /// How many at most.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 500, default = 100, nullable = false)]
    pub limit: Option<String>,
}

/// A search that may be run.
struct Sought {
    from: Option<DateTime<Utc>>,
    /// Not inclusive.
    until: Option<DateTime<Utc>>,
    login: Option<String>,
    act: Option<String>,
    patient: Option<String>,
    application: Option<ApplicationId>,
    before: Option<u64>,
    limit: usize,
    organization: Option<Oid>,
}

impl Sought {
    fn finds(&self, entry: &JournalEntry) -> bool {
        self.from.is_none_or(|from| entry.at >= from)
            && self.until.is_none_or(|until| entry.at < until)
            && self.login.as_ref().is_none_or(|login| entry.actor.login == *login)
            && self.act.as_ref().is_none_or(|act| entry.act.name() == act)
            && self.patient.as_ref().is_none_or(|mark| entry.act.patient() == Some(mark))
            && self.application.is_none_or(|application| entry.act.application() == Some(application))
            && self.organization.as_ref().is_none_or(|oid| entry.actor.organization.as_ref() == Some(oid))
    }
}

impl JournalSearch {
    #[cfg(feature = "fuzzing")]
    pub(crate) fn check(&self) -> Result<(), Problem> {
        self.read(&Marker(hmac::Key::new(hmac::HMAC_SHA256, &[0; 32])), Tz::UTC, None).map(drop)
    }

    fn read(&self, marker: &Marker, zone: Tz, organization: Option<Oid>) -> Result<Sought, Problem> {
        let mut fields = Fields::default();
        let from = fields.date("from", Some(self.from.as_deref().unwrap_or("1970-01-01")));
        let to = fields.date("to", Some(self.to.as_deref().unwrap_or("2100-01-01")));
        let patient = fields.parse("patient", &self.patient, PersonId::parse);
        let application = fields.parse("application", &self.application, ApplicationId::parse);
        let before = fields.number("before", &self.before, 0, MAX_NUMBER);
        fields.length("login", &self.login, MAX_LOGIN_CHARS);
        fields.length("act", &self.act, MAX_ACT_CHARS);
        let limit = fields.number("limit", &self.limit, 1, MAX_LIMIT).unwrap_or(DEFAULT_LIMIT);
        if !fields.0.is_empty() {
            return Err(words::bad_fields(fields.0));
        }
        let next = to.and_then(|to| to.checked_add_days(Days::new(1)));
        Ok(Sought {
            from: from.and_then(|date| start_of(date, zone)),
            until: next.and_then(|date| start_of(date, zone)),
            login: self.login.as_ref().map(|login| login.trim().to_lowercase()),
            act: self.act.clone(),
            patient: patient.map(|patient| marker.mark(&patient.to_string())),
            application,
            before: before.map(|before| before as u64),
            limit,
            organization,
        })
    }
}

fn start_of(date: NaiveDate, zone: Tz) -> Option<DateTime<Utc>> {
    let midnight = date.and_hms_opt(0, 0, 0)?;
    zone.from_local_datetime(&midnight).earliest().map(|at| at.to_utc())
}

impl Register {
    /// Writes down what somebody who has signed in has done here.
    ///
    /// # Errors
    /// [`Problem`] `unavailable` when it cannot be written.
    pub(crate) fn note(&self, who: &SignedIn, act: Act) -> Result<(), Problem> {
        let may_wait =
            matches!(act, Act::Searched { .. } | Act::CardOpened { .. } | Act::FeedRead { .. } | Act::Answered { .. });
        let entry = self.entry(who.actor(), who.place(), act, who.at).map_err(words::unavailable)?;
        match self.append(vec![entry.clone()]) {
            Err(error) if may_wait && error.disk_trouble().is_some() => {
                let mut unwritten = self.unwritten.lock();
                if unwritten.len() >= MAX_UNWRITTEN {
                    return Err(words::unavailable(error));
                }
                unwritten.push(entry);
                Ok(())
            }
            appended => appended.map_err(words::unavailable),
        }
    }

    /// Writes down what waits for the disk, if anything does.
    pub(crate) fn write_down_rest(&self) -> Result<(), StoreError> {
        if self.unwritten.lock().is_empty() { Ok(()) } else { self.append(Vec::new()) }
    }

    /// Appends entries behind those that wait.
    fn append(&self, entries: Vec<JournalEntry>) -> Result<(), StoreError> {
        let last = entries.last().map(|entry| entry.at);
        self.append_all(entries)?;
        let mut last_entry_at = self.last_entry_at.lock();
        *last_entry_at = last.or(*last_entry_at);
        Ok(())
    }

    fn append_all(&self, entries: Vec<JournalEntry>) -> Result<(), StoreError> {
        let mut unwritten = self.unwritten.lock();
        if unwritten.is_empty() {
            drop(unwritten);
            return self.store().journal_append(&entries, None).map(drop);
        }
        let all: Vec<JournalEntry> = unwritten.iter().cloned().chain(entries).collect();
        self.store().journal_append(&all, None)?;
        unwritten.clear();
        Ok(())
    }

    fn entry(&self, actor: Actor, place: Place, act: Act, at: DateTime<Utc>) -> Result<JournalEntry, StoreError> {
        Ok(JournalEntry { at, actor, place, act: self.marked(act)? })
    }

    pub(crate) fn write_down(&self, actor: Actor, place: Place, act: Act, at: DateTime<Utc>) -> Result<(), StoreError> {
        self.append(vec![self.entry(actor, place, act, at)?])
    }

    /// Writes down a command of a person at the server.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be written.
    pub fn note_command(&self, by: &str, name: &str, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.write_down(console(by), Place::Console, Act::Command { name: name.to_owned() }, now)
    }

    fn marked(&self, act: Act) -> Result<Act, StoreError> {
        let patient = match act.application() {
            Some(id) => self.store().standing(id)?.map(|standing| standing.application.patient.guid.to_string()),
            None => None,
        };
        Ok(act.marked(|text| self.marker.mark(text), |_| patient.clone()))
    }

    /// Takes up what a workstation has to report. Acts are known by their number: a report that is repeated
    /// changes nothing.
    ///
    /// # Errors
    /// [`Problem`]: there are too many, or the store failed.
    pub fn report(&self, who: &SignedIn, report: &Report) -> Result<Reported, Problem> {
        who.may(Action::Report)?;
        if report.acts.len() > MAX_REPORTED_ACTS {
            return Err(words::bad_field("acts", "не больше 500 действий за один раз"));
        }
        let record = format!("journal of {} {}", who.account.login, report.device);
        // Two reports of one workstation at once would both count.
        let _alone = self.reporting.lock();
        let known = self.store().record(Shelf::Settings, &record).map_err(words::unavailable)?;
        let known = known.and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_be_bytes);
        let mut through = known;
        let mut entries = Vec::with_capacity(report.acts.len());
        for value in &report.acts {
            let reported = reported(value, who.at)?;
            if reported.sequence <= through {
                continue;
            }
            through = reported.sequence;
            let place = Place::Workstation { device: report.device, sequence: reported.sequence, received_at: who.at };
            let act = self.marked(reported.act).map_err(words::unavailable)?;
            entries.push(JournalEntry { at: reported.at, actor: who.actor(), place, act });
        }
        if !entries.is_empty() {
            let with = Some((record.as_str(), &through.to_be_bytes()[..]));
            self.store().journal_append(&entries, with).map_err(words::unavailable)?;
        }
        Ok(Reported { through })
    }

    /// Reads the journal for an auditor: of an organization when the account is of one. The reading is written
    /// down itself.
    ///
    /// # Errors
    /// [`Problem`]: the role may not, fields are wrong, the store failed.
    pub fn journal(&self, who: &SignedIn, search: &JournalSearch) -> Result<JournalPage, Problem> {
        who.may(Action::ReadJournal)?;
        let sought = search.read(&self.marker, self.zone, who.organization().cloned())?;
        self.note(who, Act::JournalRead)?;
        self.seek(&sought).map_err(words::unavailable)
    }

    /// The same for an administrator at the console.
    pub(crate) fn journal_of_all(&self, search: &JournalSearch) -> Result<JournalPage, Problem> {
        let sought = search.read(&self.marker, self.zone, None)?;
        self.seek(&sought).map_err(words::unavailable)
    }

    fn seek(&self, sought: &Sought) -> Result<JournalPage, StoreError> {
        let (mut items, mut looked_at, mut last) = (Vec::new(), 0, None);
        let mut visit = |found: Numbered| {
            last = Some(found.number);
            looked_at += 1;
            if sought.finds(&found.entry) {
                items.push(found);
            }
            let is_full = items.len() >= sought.limit || looked_at >= MAX_LOOKED_AT;
            if is_full { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        self.store().journal_visit(sought.before, &mut visit)?;
        let is_cut = items.len() >= sought.limit || looked_at >= MAX_LOOKED_AT;
        Ok(JournalPage { items, before: last.filter(|last| is_cut && *last > 1) })
    }

    /// Follows the whole chain.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be read.
    pub fn check_journal(&self) -> Result<JournalCheck, StoreError> {
        self.store().journal_check()
    }

    /// Removes entries after the time for which they are kept, and writes that down.
    ///
    /// # Errors
    /// [`StoreError`] when the store failed.
    pub fn trim_journal(&self, now: DateTime<Utc>) -> Result<Option<u64>, StoreError> {
        let Some(kept) = self.keep_journal else { return Ok(None) };
        let gone = self.store().journal_trim(now - kept)?;
        if let Some(through) = gone {
            self.write_down(console("prikrepd"), Place::Console, Act::Trimmed { through }, now)?;
        }
        Ok(gone)
    }
}

/// The time of the last entry that was made here: those of workstations have their own.
pub(crate) fn last_entry_at(store: &dyn Store) -> Result<Option<DateTime<Utc>>, StoreError> {
    let mut last = None;
    let mut looked_at = 0;
    store.journal_visit(None, &mut |found| {
        looked_at += 1;
        if !matches!(found.entry.place, Place::Workstation { .. }) {
            last = Some(found.entry.at);
        }
        if last.is_some() || looked_at > MAX_LIMIT { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    Ok(last)
}

/// Somebody at the server itself.
pub(crate) fn console(user: &str) -> Actor {
    Actor { login: user.chars().take(128).collect(), employee: String::new(), role: None, organization: None }
}

/// An act as a workstation reports it; one that is not known here, or that only a register sees, is kept by name.
fn reported(value: &Value, now: DateTime<Utc>) -> Result<ReportedAct, Problem> {
    let wrong = || words::bad_field("acts", "у каждого действия есть sequence, at и act");
    let known: Option<ReportedAct> = serde_json::from_value(value.clone()).ok();
    let is_short = value.to_string().len() <= MAX_ACT_BYTES;
    if let Some(known) = known.filter(|known| is_short && is_of_a_workstation(&known.act)) {
        return Ok(known);
    }
    let sequence = value.get("sequence").and_then(Value::as_u64).ok_or_else(wrong)?;
    let at = value.get("at").and_then(Value::as_str).and_then(|at| at.parse().ok()).unwrap_or(now);
    let name = value.get("act").and_then(Value::as_str).ok_or_else(wrong)?;
    let name = name.chars().filter(|letter| letter.is_ascii_alphanumeric() || *letter == '_').take(64).collect();
    Ok(ReportedAct { sequence, at, act: Act::Command { name } })
}

const fn is_of_a_workstation(act: &Act) -> bool {
    match act {
        Act::SignedIn { .. }
        | Act::SignInRefused { .. }
        | Act::SignedOut { .. }
        | Act::Locked
        | Act::Unlocked
        | Act::Searched { .. }
        | Act::CardOpened { .. }
        | Act::Exported { .. }
        | Act::Answered { .. }
        | Act::SettingsChanged { .. } => true,
        Act::PasswordChanged
        | Act::FeedRead { .. }
        | Act::AccountChanged { .. }
        | Act::Command { .. }
        | Act::JournalRead
        | Act::Trimmed { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_act_that_says_too_much_is_kept_by_its_name() {
        let now = Utc::now();
        let read = |name: &str| {
            let terms = json!({"from": null, "to": null, "name": name});
            reported(&json!({"sequence": 1, "at": now, "act": "searched", "terms": terms, "found": 0}), now)
                .unwrap()
                .act
        };
        assert!(matches!(read("иванов"), Act::Searched { .. }), "{:?}", read("иванов"));
        assert_eq!(read(&"я".repeat(10_000)), Act::Command { name: "searched".to_owned() });
    }
}
