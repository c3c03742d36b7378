//! A query's filter in the terms of the columns.

use std::ops::Range;

use chrono_tz::Tz;
use memchr::memmem;
use prikrep_domain::{NameSearch, Query, StatusFilter};

use crate::columns::{Columns, Patient, SnilsKey, seconds};
use crate::names::Names;
use crate::{Row, Worklist, tag};

/// What a row must have to be shown.
pub(crate) struct Filter {
    /// Seconds since 2000.
    pub(crate) created: Range<u32>,
    /// The bits of the tag that count, and what they must be.
    pub(crate) mask: u16,
    pub(crate) wanted: u16,
    pub(crate) organization: Option<u32>,
    pub(crate) snils: Option<SnilsKey>,
    pub(crate) patient: Option<Patient>,
    pub(crate) names: Vec<WordSet>,
}

/// Which of up to eight words each part of a name contains.
pub(crate) struct WordSet {
    /// By part: a bit for each word.
    parts: Vec<u8>,
    /// The bits of all words.
    all: u8,
}

impl Filter {
    /// `None` when no row can pass.
    pub(crate) fn of(query: &Query, zone: Tz, worklist: &Worklist) -> Option<Self> {
        let (from, until) = query.period.instants(zone);
        let (mask, wanted) = tag_filter(query);
        let organization = match &query.organization {
            None => None,
            Some(oid) => Some(worklist.organizations.number(oid)?),
        };
        let names = match &query.name {
            None => Vec::new(),
            Some(name) => word_sets(name, &worklist.names)?,
        };
        Some(Self {
            created: seconds(from)..seconds(until),
            mask,
            wanted,
            organization,
            snils: query.snils.map(|snils| SnilsKey::new(Some(snils.number()))),
            patient: query.patient.map(|patient| patient.uuid().as_u128().into()),
            names,
        })
    }

    /// Whether a row passes.
    pub(crate) fn admits(&self, columns: &Columns, row: Row) -> bool {
        columns.tag(row) & self.mask == self.wanted
            && self.created.contains(&columns.created(row))
            && self.organization.is_none_or(|wanted| columns.organization(row) == wanted)
            && self.snils.is_none_or(|wanted| columns.snils(row) == wanted)
            && self.patient.is_none_or(|wanted| columns.patient(row) == wanted)
            && self.names.iter().all(|words| words.admits(columns.head(row), columns.tail(row)))
    }
}

impl WordSet {
    /// Whether a name of these parts contains all words.
    pub(crate) fn admits(&self, head: u32, tail: u32) -> bool {
        let has = |part: u32| self.parts.get(part as usize).copied().unwrap_or_default();
        has(head) | has(tail) == self.all
    }
}

fn tag_filter(query: &Query) -> (u16, u16) {
    let mut filter = (tag::LIVE, tag::LIVE);
    let mut narrow = |mask: u16, wanted: u16| filter = (filter.0 | mask, filter.1 | wanted);
    if let Some(wanted) = query.application_type {
        narrow(tag::TYPE.mask(), tag::TYPE.place(tag::type_code(wanted)));
    }
    if let Some(kind) = query.kind {
        narrow(tag::KIND.mask(), tag::KIND.place(tag::kind_code(kind)));
    }
    match query.status {
        None => {}
        Some(StatusFilter::Pending) => narrow(tag::PENDING, tag::PENDING),
        Some(StatusFilter::Is(status)) => narrow(tag::STATUS.mask(), tag::STATUS.place(tag::status_code(status))),
    }
    filter
}

/// `None` when a word is in no name.
fn word_sets(search: &NameSearch, names: &Names) -> Option<Vec<WordSet>> {
    let mut words: Vec<&[u8]> = search.words().iter().map(Vec::as_slice).filter(|word| !word.is_empty()).collect();
    words.sort_unstable();
    words.dedup();
    words.chunks(8).map(|words| word_set(words, names)).collect()
}

fn word_set(words: &[&[u8]], names: &Names) -> Option<WordSet> {
    let mut parts = vec![0u8; names.count()];
    let mut bit = 1u8;
    let mut all = 0;
    for word in words {
        if !names.mark_containing(&memmem::Finder::new(word), bit, &mut parts) {
            return None;
        }
        all |= bit;
        bit = bit.wrapping_shl(1);
    }
    Some(WordSet { parts, all })
}
