//! Random applications from small pools, so that everything collides, and a reference that is obviously right.

use crate::{Row, Worklist};
use chrono::{DateTime, NaiveDate, TimeZone, Utc};
use chrono_tz::Tz;
use prikrep_domain::{
    Application, ApplicationId, ApplicationType, AttachmentKind, NameSearch, Oid, Organization, Patient, Period,
    PersonId, PersonName, Query, Snils, Sort, SortColumn, Standing, Status, StatusFilter,
};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use uuid::Uuid;

pub(crate) const ZONE: Tz = chrono_tz::Asia::Barnaul;

const FAMILIES: [&str; 12] =
    ["Ёлкин", "Елкин", "елкин", "Иванов", "Иванов-Ли", "ИВАН", "Яр", "Smith", "а", "а\u{1}", "а\u{1} б", "Әлиев"];
const GIVEN: [&str; 7] = ["Иван", "Пётр", "Петр", "", "Ян  Ли", "\u{1}", "Zoë"];
const PATRONYMICS: [&str; 4] = ["Иванович", "Петровна", "", "оглы Али"];
const SNILS: [&str; 6] = ["112-233-445 95", "11223344595", "112-233-445 96", "нет", "001-001-998 00", "99999999999"];
const SEARCHES: [&str; 9] = ["иван", "ёл", "е", "иван петр", "ов-л", "а б \u{1}", "ә", "zzz", "а б в г д е ё ж з и"];

pub(crate) fn oid(number: u8) -> Oid {
    Oid::parse(&format!("1.2.643.{number}")).unwrap()
}

/// How many identifiers the small tests use; each number below is one's.
pub(crate) const FEW_IDS: u16 = 24;

pub(crate) fn id(number: u16) -> ApplicationId {
    // Neither in the order of numbers nor alike in any word.
    Uuid::from_u128(u128::from(number).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835)).into()
}

fn person(number: u8) -> PersonId {
    Uuid::from_u128(u128::from(number) << 96 | u128::from(number)).into()
}

fn instants() -> impl Strategy<Value = DateTime<Utc>> {
    // Around local midnights of a few days, with parts of seconds, and at the ends of what may be received.
    let near = (0i64..4, -2i64..3, select(vec![0u32, 999_999_999])).prop_map(|(day, second, nanos)| {
        let midnight = Utc.with_ymd_and_hms(2026, 3, 1, 17, 0, 0).unwrap().timestamp();
        Utc.timestamp_opt(midnight + day * 86_400 + second, nanos).unwrap()
    });
    let ends = select(vec![
        Utc.with_ymd_and_hms(2000, 1, 1, 0, 0, 0).unwrap(),
        Utc.with_ymd_and_hms(2099, 12, 31, 23, 59, 59).unwrap(),
    ]);
    prop_oneof![9 => near, 1 => ends]
}

pub(crate) fn types() -> impl Strategy<Value = ApplicationType> {
    select(vec![ApplicationType::Choice, ApplicationType::Cancellation, ApplicationType::Detachment])
}

pub(crate) fn kinds() -> impl Strategy<Value = AttachmentKind> {
    use AttachmentKind::{Dental, Gynecological, Pediatric, Therapeutic};
    select(vec![Therapeutic, Pediatric, Gynecological, Dental])
}

pub(crate) fn statuses() -> impl Strategy<Value = Status> {
    use Status::{Accepted, CancelFailed, Cancelled, Cancelling, Done, Refused, Sent};
    select(vec![Sent, Done, Refused, Accepted, Cancelling, Cancelled, CancelFailed])
}

fn names() -> impl Strategy<Value = PersonName> {
    (select(FAMILIES.to_vec()), select(GIVEN.to_vec()), proptest::option::of(select(PATRONYMICS.to_vec()))).prop_map(
        |(family, given, patronymic)| PersonName {
            family: family.to_owned(),
            given: given.to_owned(),
            patronymic: patronymic.map(str::to_owned),
        },
    )
}

pub(crate) fn standings(ids: u16) -> impl Strategy<Value = Standing> {
    let enums = (types(), kinds(), statuses());
    let people = (names(), 0u8..4, proptest::option::of(select(SNILS.to_vec())));
    let links = (0u8..3, proptest::option::of(0..ids), proptest::option::weighted(0.2, 0..ids));
    (0..ids, enums, people, instants(), links).prop_map(
        |(number, (application_type, kind, status), (name, guid, snils), created_at, (organization, cancels, by))| {
            let patient = Patient {
                guid: person(guid),
                name,
                birth_date: NaiveDate::from_ymd_opt(1990, 1, 1).unwrap(),
                snils: snils.map(str::to_owned),
                oms_policy: None,
                phone: None,
                registration_address: None,
                residence_address: None,
            };
            let application = Application {
                id: id(number),
                version: 1,
                application_type,
                kind,
                status,
                created_at,
                changed_at: created_at,
                cancels: cancels.map(id),
                cancel_reason: None,
                patient,
                applicant: None,
                organization: Organization { oid: oid(organization), name: String::new() },
                department: None,
                district: None,
                doctor: None,
                answers: Vec::new(),
            };
            Standing { application, superseded_by: by.map(id) }
        },
    )
}

fn periods() -> impl Strategy<Value = Period> {
    let day = |offset: u64| NaiveDate::from_ymd_opt(2026, 2, 27).unwrap() + chrono::Days::new(offset);
    let near = (0u64..8, 0u64..5).prop_map(move |(from, days)| Period::new(day(from), day(from + days)).unwrap());
    prop_oneof![2 => near, 3 => Just(Period::new(NaiveDate::MIN, NaiveDate::MAX).unwrap())]
}

pub(crate) fn queries() -> impl Strategy<Value = Query> {
    use proptest::option::weighted;
    let status = prop_oneof![Just(StatusFilter::Pending), statuses().prop_map(StatusFilter::Is)];
    let snils = select(vec!["112-233-445 95", "001-001-998 00", "642-709-548 07"]);
    let enums = (weighted(0.3, types()), weighted(0.3, kinds()), weighted(0.3, status));
    let people = (weighted(0.2, 0u8..5), weighted(0.2, snils), weighted(0.3, select(SEARCHES.to_vec())));
    let sort = (select(SortColumn::ALL.to_vec()), any::<bool>());
    (periods(), enums, people, weighted(0.3, 0u8..4), sort).prop_map(
        |(period, (application_type, kind, status), (patient, snils, name), organization, (column, descending))| {
            Query {
                period,
                patient: patient.map(person),
                snils: snils.map(|text| Snils::parse(text).unwrap()),
                application_type,
                kind,
                status,
                name: name.and_then(NameSearch::new),
                organization: organization.map(oid),
                sort: Sort { column, descending },
            }
        },
    )
}

/// Something that happens to a worklist.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// A row is added, or one of the last ones replaced, with a sequence so much greater than the last.
    Upsert {
        replace: Option<Index>,
        standing: Box<Standing>,
        step: i64,
    },
    /// A row becomes another in all but its identifier and, if so said, its date.
    Correct {
        row: Index,
        standing: Box<Standing>,
        keep_date: bool,
    },
    /// Only the status of a row changes.
    Status(Index, Status),
    Remove(Index),
    Hole,
    Settle,
    Snapshot,
}

pub(crate) fn events(
    count: impl Into<proptest::collection::SizeRange>,
    steps: std::ops::Range<i64>,
) -> impl Strategy<Value = Vec<Event>> {
    events_of(FEW_IDS, count, steps)
}

pub(crate) fn events_of(
    ids: u16,
    count: impl Into<proptest::collection::SizeRange>,
    steps: std::ops::Range<i64>,
) -> impl Strategy<Value = Vec<Event>> {
    let upsert = move |replace: BoxedStrategy<Option<Index>>| {
        (replace, standings(ids), steps.clone()).prop_map(|(replace, standing, step)| Event::Upsert {
            replace,
            standing: Box::new(standing),
            step,
        })
    };
    let correct = (any::<Index>(), standings(ids), any::<bool>());
    let event = prop_oneof![
        4 => correct.prop_map(|(row, standing, keep_date)| Event::Correct { row, standing: Box::new(standing), keep_date }),
        10 => upsert(Just(None).boxed()),
        5 => upsert(any::<Index>().prop_map(Some).boxed()),
        3 => (any::<Index>(), statuses()).prop_map(|(row, status)| Event::Status(row, status)),
        3 => any::<Index>().prop_map(Event::Remove),
        1 => Just(Event::Hole),
        3 => Just(Event::Settle),
        1 => Just(Event::Snapshot),
    ];
    proptest::collection::vec(event, count)
}

/// What a worklist must show: the standings themselves.
#[derive(Default)]
pub(crate) struct Reference {
    pub(crate) rows: Vec<Option<(Standing, u64)>>,
    pub(crate) newest: u64,
}

impl Reference {
    pub(crate) fn live(&self) -> impl Iterator<Item = (Row, &Standing, u64)> {
        let row = |index: usize| Row::new(u32::try_from(index).unwrap());
        self.rows.iter().enumerate().filter_map(move |(index, cell)| {
            cell.as_ref().map(|(standing, sequence)| (row(index), standing, *sequence))
        })
    }

    pub(crate) fn run(&self, query: &Query) -> Vec<Row> {
        let mut found: Vec<(Row, &Standing)> = self
            .live()
            .filter(|(_, standing, _)| query.matches(standing, ZONE))
            .map(|(row, standing, _)| (row, standing))
            .collect();
        found.sort_by(|a, b| query.compare(a.1, b.1));
        found.into_iter().map(|(row, _)| row).collect()
    }

    pub(crate) fn row_of(&self, id: ApplicationId) -> Option<Row> {
        self.live().find(|(_, standing, _)| standing.application.id == id).map(|(row, _, _)| row)
    }

    fn pick(&self, index: Index) -> Option<(Row, Standing)> {
        let live: Vec<_> = self.live().map(|(row, standing, _)| (row, standing.clone())).collect();
        (!live.is_empty()).then(|| live[index.index(live.len())].clone())
    }

    fn upsert(&mut self, row: Row, standing: Standing, sequence: u64) {
        let cell = Some((standing, sequence));
        match self.rows.get_mut(row.number() as usize) {
            Some(place) => *place = cell,
            None => self.rows.push(cell),
        }
        self.newest = self.newest.max(sequence);
    }
}

/// A worklist and what it must show.
#[derive(Default)]
pub(crate) struct Pair {
    pub(crate) worklist: Worklist,
    pub(crate) reference: Reference,
    sequence: u64,
}

impl Pair {
    pub(crate) fn after(events: &[Event]) -> Self {
        let mut pair = Self::default();
        for event in events {
            pair.happen(event);
        }
        pair
    }

    pub(crate) fn happen(&mut self, event: &Event) {
        match event {
            Event::Upsert { replace, standing, step } => {
                let chosen = replace.and_then(|index| self.reference.pick(index));
                let row = chosen.map_or_else(|| self.next(), |(row, _)| row);
                self.upsert(row, standing, *step);
            }
            Event::Correct { row, standing, keep_date } => {
                if let Some((row, old)) = self.reference.pick(*row) {
                    let mut standing = standing.clone();
                    standing.application.id = old.application.id;
                    if *keep_date {
                        standing.application.created_at = old.application.created_at;
                    }
                    self.upsert(row, &standing, 1);
                }
            }
            Event::Status(index, status) => {
                if let Some((row, mut standing)) = self.reference.pick(*index) {
                    standing.application.status = *status;
                    self.upsert(row, &standing, 1);
                }
            }
            Event::Remove(index) => {
                if let Some((row, _)) = self.reference.pick(*index) {
                    self.worklist.remove(row);
                    self.reference.rows[row.number() as usize] = None;
                }
            }
            Event::Hole => {
                assert_eq!(self.worklist.leave_hole().unwrap(), self.next());
                self.reference.rows.push(None);
            }
            Event::Settle => {
                self.worklist.settle();
                assert_eq!(self.worklist.unsettled(), 0);
            }
            Event::Snapshot => self.worklist = through_snapshot(&self.worklist, 1 << 20),
        }
    }

    fn next(&self) -> Row {
        Row::new(u32::try_from(self.reference.rows.len()).unwrap())
    }

    fn upsert(&mut self, row: Row, standing: &Standing, step: i64) {
        let known = self.reference.row_of(standing.application.id);
        if let Some(other) = known.filter(|known| *known != row) {
            let error = self.worklist.upsert(row, standing, self.sequence + 1).unwrap_err();
            assert_eq!(error, crate::UpsertError::Duplicate { row: other });
            return;
        }
        self.sequence = self.sequence.saturating_add_signed(step);
        self.worklist.upsert(row, standing, self.sequence).unwrap();
        self.reference.upsert(row, standing.clone(), self.sequence);
    }
}

pub(crate) fn snapshot_of(worklist: &Worklist) -> Vec<u8> {
    let mut bytes = Vec::new();
    worklist
        .write_snapshot(&mut |chunk| {
            assert!(chunk.len() <= crate::MAX_CHUNK_BYTES);
            bytes.extend_from_slice(chunk);
            Ok(())
        })
        .unwrap();
    bytes
}

pub(crate) fn read(bytes: &[u8], chunk_bytes: usize) -> Result<Worklist, crate::BadSnapshot> {
    Worklist::read_snapshot(&mut bytes.chunks(chunk_bytes).map(|chunk| Ok(chunk.to_vec())))
}

pub(crate) fn through_snapshot(worklist: &Worklist, chunk_bytes: usize) -> Worklist {
    read(&snapshot_of(worklist), chunk_bytes).unwrap()
}
