//! What a store is made to do in the drill, and what has to be found of it.
//!
//! Every step says `done N` on the standard output when it is acknowledged.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;

use prikrep_domain::{
    Act, Actor, AnswerDraft, AnswerId, ApplicationType, Cursor, DecisionKind, Delivery, JournalEntry, Place, Problem,
    ProblemKind, RecordedAnswer, Status,
};
use prikrep_store::{Author, Key, Options, OutboxState, Page, Shelf, SledStore, Store};
use prikrep_testkit::ZONE;
use prikrep_testkit::given::{answer, answer_id, application, application_id, draft, moment};

const APPLICATIONS_A_PAGE: u128 = 6;
const PAGES: u128 = 4;
/// The key of a session's record; the others are accounts'.
const SESSION: &str = "token";
const ACCOUNTS: [&str; 2] = ["ivanova", "petrova"];

/// One thing that the store is asked to do.
#[derive(Clone, Debug)]
enum Step {
    Open,
    Page(u128),
    Draft(u128, String),
    DropDraft(u128),
    /// An answer to the application of this number, under the identifier of the same number.
    Answer(u128),
    Delivered(u128),
    Rejected(u128),
    Rework(u128),
    /// The upstream's list says the last word on the answer.
    Settle(u128),
    /// A record of this key, or its removal.
    Record(&'static str, Option<String>),
    /// The entry of this number.
    Journal(usize),
    Flush,
}

/// What was acknowledged, or will be with the next step.
#[derive(Clone, Debug, Default)]
struct Known {
    answers: BTreeSet<u128>,
    rejected: BTreeSet<u128>,
    /// The upstream has them for good: its list is lost with the cache, and read again.
    settled: BTreeSet<u128>,
    drafts: BTreeMap<u128, String>,
    records: BTreeMap<&'static str, String>,
    journal: Vec<String>,
}

/// The steps in their order.
pub(crate) struct Script {
    steps: Vec<Step>,
}

impl Script {
    pub(crate) fn new() -> Self {
        let mut steps = vec![Step::Open];
        for page in 0..PAGES {
            steps.push(Step::Page(page));
            let first = page * APPLICATIONS_A_PAGE + 1;
            (first..first + APPLICATIONS_A_PAGE).for_each(|number| steps.extend(steps_of(number)));
            let account = format!("запись {page}");
            steps.push(Step::Record("ivanova", Some(account.clone())));
            steps.push(Step::Record("petrova", (page % 2 == 0).then_some(account)));
            match page {
                1 => steps.push(Step::Open),
                2 => steps.push(Step::Flush),
                _ => {}
            }
        }
        let mut entries = 0;
        for step in &mut steps {
            if let Step::Journal(number) = step {
                entries += 1;
                *number = entries;
            }
        }
        Self { steps }
    }

    pub(crate) fn len(&self) -> usize {
        self.steps.len()
    }

    /// Does all of it, with a word after each step.
    pub(crate) fn perform(&self, folder: &Path) {
        let mut store = None;
        for (number, step) in self.steps.iter().enumerate() {
            if matches!(step, Step::Open) {
                // The former one is closed first.
                drop(store.take());
                store = Some(open(folder).unwrap());
            } else if let Some(store) = &store {
                step.perform(store);
            }
            let mut out = std::io::stdout().lock();
            writeln!(out, "done {}", number + 1).and_then(|()| out.flush()).unwrap();
        }
    }

    /// Whether a folder that was found after the loss holds what was acknowledged: the first so many steps. The
    /// step after them may have taken effect.
    pub(crate) fn check(&self, folder: &Path, acknowledged: usize) -> Result<(), String> {
        let mut before = Known::default();
        self.steps.iter().take(acknowledged).for_each(|step| before.take(step));
        let mut after = before.clone();
        self.steps.iter().skip(acknowledged).take(1).for_each(|step| after.take(step));
        let store = open(folder).map_err(|error| format!("it does not open: {error}"))?;
        let found = Known::of(&store)?;
        before.is_found(&after, &found)?;
        let is_of_desk = |words: &String| !words.starts_with("Кэш заявлений");
        let damage = store.census().damage.into_iter().map(|damage| damage.words).find(is_of_desk);
        // A store that was never opened to its end holds nothing: it may be told in strong words.
        if let Some(words) = damage.filter(|_| acknowledged > 0) {
            return Err(format!("damage is reported: {words}"));
        }
        let check = store.journal_check().map_err(|error| error.to_string())?;
        if let Some(problem) = check.problems.first() {
            return Err(format!("the journal: {problem}"));
        }
        every_page_before_the_cursor(&store)?;
        // And it goes on from here.
        store.save_draft(application_id(1), &draft(DecisionKind::Refuse)).map_err(|error| error.to_string())
    }
}

/// What is done with an application.
fn steps_of(number: u128) -> Vec<Step> {
    let draft = |words: &str| Step::Draft(number, format!("{words} {number}"));
    let (answer, journal) = (Step::Answer(number), Step::Journal(0));
    let mut steps = vec![draft("Черновик"), draft("Он же, дальше:")];
    steps.extend(match number % APPLICATIONS_A_PAGE {
        0 => vec![Step::DropDraft(number), journal],
        1 => vec![answer, journal],
        2 => {
            let session = Step::Record(SESSION, Some(format!("сеанс {number}")));
            vec![answer, Step::Delivered(number), session, Step::Settle(number), journal]
        }
        3 => vec![answer, Step::Rejected(number), Step::Record(SESSION, None)],
        4 => vec![answer, Step::Rejected(number), Step::Rework(number)],
        _ => Vec::new(),
    });
    steps
}

fn open(folder: &Path) -> Result<SledStore, prikrep_store::StoreError> {
    let key = Key::from_file_or_create(&folder.join("store.key"))?;
    SledStore::open(&folder.join("data"), Options { key, zone: ZONE, now: moment().now, scrub: false })
}

/// The cursor never stands behind a page that is not there.
fn every_page_before_the_cursor(store: &SledStore) -> Result<(), String> {
    let Some(cursor) = store.cursor().map_err(|error| error.to_string())? else { return Ok(()) };
    let page: u128 = cursor.as_str().split('.').next().unwrap().parse().unwrap();
    for number in 1..=(page + 1) * APPLICATIONS_A_PAGE {
        if store.standing(application_id(number)).map_err(|error| error.to_string())?.is_none() {
            return Err(format!("the cursor is behind page {page}, but application {number} is not there"));
        }
    }
    Ok(())
}

impl Step {
    fn perform(&self, store: &SledStore) {
        let (now, epoch) = (moment().now, store.upstream_epoch());
        match self {
            Self::Open => {}
            Self::Page(page) => {
                let first = page * APPLICATIONS_A_PAGE + 1;
                let choice = |number| application(number, ApplicationType::Choice, Status::Sent);
                let applications = (first..first + APPLICATIONS_A_PAGE).map(choice).collect();
                let page = Page { applications, ..empty_page(&page.to_string()) };
                assert_eq!(store.apply(&page, now).unwrap().added, usize::try_from(APPLICATIONS_A_PAGE).unwrap());
            }
            Self::Draft(number, words) => store.save_draft(application_id(*number), &typed(words)).unwrap(),
            Self::DropDraft(number) => store.drop_draft(application_id(*number)).unwrap(),
            Self::Answer(number) => {
                let author = Author { employee: None, organization: None };
                let refusal = draft(DecisionKind::Refuse);
                store.answer(application_id(*number), answer_id(*number), &refusal, &author, now).unwrap();
            }
            Self::Delivered(number) => store.delivered(answer_id(*number), None, epoch, now).unwrap(),
            Self::Rejected(number) => {
                store.rejected(answer_id(*number), &Problem::new(ProblemKind::Superseded), epoch, now).unwrap();
            }
            Self::Rework(number) => assert!(store.rework(answer_id(*number)).unwrap()),
            Self::Settle(number) => {
                let base = application(*number, ApplicationType::Choice, Status::Refused);
                let record = RecordedAnswer {
                    id: answer_id(*number),
                    answer: answer(DecisionKind::Refuse),
                    delivery: Delivery::Delivered { at: Some(now) },
                };
                let settled = prikrep_domain::Application { version: 2, answers: vec![record], ..base };
                let page = number / APPLICATIONS_A_PAGE;
                let page = Page { applications: vec![settled], ..empty_page(&format!("{page}.{number}")) };
                assert_eq!(store.apply(&page, now).unwrap().changed, 1);
            }
            Self::Record(key, Some(value)) => store.put_record(shelf_of(key), key, value.as_bytes()).unwrap(),
            Self::Record(key, None) => store.remove_record(shelf_of(key), key).unwrap(),
            Self::Journal(number) => assert_eq!(store.journal_append(&[entry(*number)], None).unwrap(), *number as u64),
            Self::Flush => store.flush().unwrap(),
        }
    }
}

fn empty_page(cursor: &str) -> Page {
    let cursor = Cursor::new(cursor.to_owned()).unwrap();
    Page { applications: Vec::new(), unreadable: Vec::new(), cursor, has_more: false }
}

fn typed(words: &str) -> AnswerDraft {
    AnswerDraft { comment: words.to_owned(), ..draft(DecisionKind::Provide) }
}

fn shelf_of(key: &str) -> Shelf {
    if key == SESSION { Shelf::Sessions } else { Shelf::Accounts }
}

fn entry(number: usize) -> JournalEntry {
    let actor = Actor { login: "ivanova".to_owned(), employee: String::new(), role: None, organization: None };
    JournalEntry { at: moment().now, actor, place: Place::Console, act: Act::Command { name: act_name(number) } }
}

fn act_name(number: usize) -> String {
    format!("act {number}")
}

impl Known {
    fn take(&mut self, step: &Step) {
        match step {
            Step::Draft(number, words) => drop(self.drafts.insert(*number, words.clone())),
            Step::DropDraft(number) => drop(self.drafts.remove(number)),
            Step::Answer(number) => {
                self.answers.insert(*number);
                self.drafts.remove(number);
            }
            Step::Rejected(number) => drop(self.rejected.insert(*number)),
            Step::Rework(number) => {
                self.answers.remove(number);
                self.rejected.remove(number);
                self.drafts.insert(*number, draft(DecisionKind::Refuse).comment);
            }
            Step::Record(key, Some(value)) => drop(self.records.insert(key, value.clone())),
            Step::Record(key, None) => drop(self.records.remove(key)),
            Step::Journal(number) => self.journal.push(act_name(*number)),
            Step::Settle(number) => {
                self.answers.remove(number);
                self.settled.insert(*number);
            }
            Step::Open | Step::Page(_) | Step::Delivered(_) | Step::Flush => {}
        }
    }

    /// What a store holds.
    fn of(store: &SledStore) -> Result<Self, String> {
        let mut found = Self::default();
        let failed = |error: prikrep_store::StoreError| error.to_string();
        let outbox = store.outbox();
        for number in 1..=PAGES * APPLICATIONS_A_PAGE {
            let standing = store.standing(application_id(number)).map_err(failed)?;
            let listed =
                standing.is_some_and(|one| one.application.answers.iter().any(|record| is_it(record.id, number)));
            let sent = outbox.iter().find(|entry| is_it(entry.record.id, number));
            if listed || sent.is_some() {
                found.answers.insert(number);
            }
            if sent.is_some_and(|entry| matches!(entry.state, OutboxState::Rejected { .. })) {
                found.rejected.insert(number);
            }
            let draft = store.draft(application_id(number)).map_err(failed)?;
            found.drafts.extend(draft.map(|draft| (number, draft.comment)));
        }
        for key in ACCOUNTS.into_iter().chain([SESSION]) {
            let value = store.record(shelf_of(key), key).map_err(failed)?;
            found.records.extend(value.map(|value| (key, String::from_utf8(value).unwrap())));
        }
        store
            .journal_visit(None, &mut |entry| {
                let Act::Command { name } = entry.entry.act else { panic!("only commands were written") };
                found.journal.insert(0, name);
                ControlFlow::Continue(())
            })
            .map_err(failed)?;
        Ok(found)
    }

    /// Whether what was acknowledged is found, where one more step may have taken effect.
    fn is_found(&self, after: &Self, found: &Self) -> Result<(), String> {
        let both = |of: fn(&Self) -> &BTreeSet<u128>| {
            let (surely, perhaps) = (of(self) & of(after), of(self) | of(after));
            surely.is_subset(of(found)) && of(found).is_subset(&(&perhaps | &after.settled))
        };
        let is_either = self.drafts.keys().chain(after.drafts.keys()).chain(found.drafts.keys()).all(|number| {
            let now = found.drafts.get(number);
            now == self.drafts.get(number) || now == after.drafts.get(number)
        });
        let is_kept = ACCOUNTS.iter().chain([&SESSION]).all(|key| {
            let now = found.records.get(key);
            now == self.records.get(key) || now == after.records.get(key)
        });
        let holds = both(|known| &known.answers)
            && both(|known| &known.rejected)
            && is_either
            && is_kept
            && (found.journal == self.journal || found.journal == after.journal);
        if holds { Ok(()) } else { Err(format!("acknowledged: {self:?}\nfound: {found:?}")) }
    }
}

fn is_it(id: AnswerId, number: u128) -> bool {
    id == answer_id(number)
}
