//! An upstream that begins new epochs while pages and replies are on their way: whatever arrives in whatever
//! order, an accepted answer stands at every moment, and in the end the store has what the upstream has.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_possible_truncation)]

mod common;

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;

use common::*;
use prikrep_domain::{AnswerId, Application, ApplicationId, DecisionKind, Delivery};
use prikrep_store::{OutboxState, Page, SledStore, Store, UpstreamEpoch};
use proptest::collection::vec;
use proptest::prelude::*;

const APPLICATIONS: u32 = 8;

/// The upstream: its log of changes, numbered from 1 in every epoch.
struct Upstream {
    epoch: u32,
    head: u64,
    applications: BTreeMap<ApplicationId, Application>,
}

impl Upstream {
    fn new() -> Self {
        let applications = (1..=APPLICATIONS).map(|number| (application_id(number), choice(number))).collect();
        Self { epoch: 0, head: APPLICATIONS.into(), applications }
    }

    fn page(&self, after: Option<&str>, limit: usize) -> Option<Page> {
        let (epoch, sequence) = after.map_or((self.epoch, 0), |cursor| {
            let (epoch, sequence) = cursor.split_once('-').unwrap();
            (epoch.parse().unwrap(), sequence.parse::<u64>().unwrap())
        });
        if epoch != self.epoch {
            return None;
        }
        let mut news: Vec<Application> =
            self.applications.values().filter(|known| known.version > sequence).cloned().collect();
        news.sort_by_key(|known| known.version);
        let has_more = news.len() > limit;
        news.truncate(limit);
        let sequence = news.last().map_or(sequence, |last| last.version);
        Some(page(news, &format!("{epoch}-{sequence}"), has_more))
    }

    fn change(&mut self, id: ApplicationId, change: impl FnOnce(&mut Application)) -> Application {
        self.head += 1;
        let application = self.applications.get_mut(&id).unwrap();
        change(application);
        application.version = self.head;
        application.clone()
    }

    fn answer(&mut self, id: ApplicationId, answer: AnswerId) -> Application {
        let known = &self.applications[&id];
        if known.answers.iter().any(|record| record.id == answer) {
            return known.clone();
        }
        let answered = answered_upstream(known, answer, 0, Delivery::Delivered { at: Some(now()) });
        self.change(id, |application| *application = answered)
    }

    /// The same applications in another order, with small numbers again.
    fn begin_epoch(&mut self) {
        self.epoch += 1;
        self.head = APPLICATIONS.into();
        let shift = self.epoch % APPLICATIONS;
        for (at, application) in self.applications.values_mut().enumerate() {
            application.version = u64::from((at as u32 + shift) % APPLICATIONS) + 1;
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Step {
    /// The daemon asks for a page, behind those that are on their way.
    Ask(usize),
    /// The first page on its way is kept.
    Keep,
    /// A registrar answers.
    Answer(u32),
    /// The daemon pushes an answer, and the upstream takes it.
    Push(usize),
    /// A reply arrives.
    Reply(usize),
    /// Something else about an application changes upstream.
    Change(u32),
    NewEpoch,
    Restart,
    /// A restart with the cache lost.
    Loss,
}

fn step() -> impl Strategy<Value = Step> {
    let number = 1..=APPLICATIONS;
    prop_oneof![
        6 => (1_usize..6).prop_map(Step::Ask),
        6 => Just(Step::Keep),
        3 => number.clone().prop_map(Step::Answer),
        4 => (0_usize..8).prop_map(Step::Push),
        4 => (0_usize..8).prop_map(Step::Reply),
        3 => number.prop_map(Step::Change),
        2 => Just(Step::NewEpoch),
        1 => Just(Step::Restart),
        1 => Just(Step::Loss),
    ]
}

/// The daemon's side: what is on its way.
struct Road {
    folder: tempfile::TempDir,
    store: Option<SledStore>,
    upstream: Upstream,
    /// Pages, each asked for after the one before; `None` is the upstream's word that the cursor has expired.
    pages: VecDeque<Option<Page>>,
    replies: Vec<(AnswerId, Application, UpstreamEpoch)>,
    accepted: Vec<(ApplicationId, AnswerId)>,
}

impl Road {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Some(open(folder.path()));
        let (pages, replies, accepted) = (VecDeque::new(), Vec::new(), Vec::new());
        Self { folder, store, upstream: Upstream::new(), pages, replies, accepted }
    }

    fn store(&self) -> &SledStore {
        self.store.as_ref().unwrap()
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Ask(limit) => self.ask(limit),
            Step::Keep => self.keep(),
            Step::Answer(number) => {
                let (application, id) = (application_id(number), answer_id(1_000 + self.accepted.len() as u32));
                let done = self.store().answer(application, id, &draft(DecisionKind::Refuse), &anyone(), now());
                self.accepted.extend(done.ok().map(|_| (application, id)));
            }
            Step::Push(which) => self.push(which),
            Step::Reply(which) if !self.replies.is_empty() => {
                let (id, said, asked_in) = self.replies.remove(which % self.replies.len());
                self.store().delivered(id, Some(&said), asked_in, now()).unwrap();
            }
            Step::Reply(_) => {}
            Step::Change(number) => {
                let head = self.upstream.head;
                let set = |application: &mut Application| application.department = Some(format!("Отделение {head}"));
                self.upstream.change(application_id(number), set);
            }
            Step::NewEpoch => self.upstream.begin_epoch(),
            Step::Restart => self.restart(|_| ()),
            Step::Loss => self.restart(|folder| std::fs::remove_dir_all(folder.join("cache")).unwrap()),
        }
    }

    fn restart(&mut self, meanwhile: impl FnOnce(&Path)) {
        self.pages.clear();
        self.replies.clear();
        self.store = None;
        meanwhile(self.folder.path());
        self.store = Some(open(self.folder.path()));
    }

    fn ask(&mut self, limit: usize) {
        if self.pages.len() > 1 || self.pages.back().is_some_and(Option::is_none) {
            return;
        }
        let after = match self.pages.back() {
            Some(page) => page.as_ref().map(|page| page.cursor.clone()),
            None => self.store().cursor().unwrap(),
        };
        self.pages.push_back(self.upstream.page(after.as_ref().map(prikrep_domain::Cursor::as_str), limit));
    }

    fn keep(&mut self) {
        match self.pages.pop_front() {
            Some(Some(page)) => drop(self.store().apply(&page, now()).unwrap()),
            Some(None) => self.store().begin_again().unwrap(),
            None => {}
        }
    }

    fn push(&mut self, which: usize) {
        let asked_in = self.store().upstream_epoch();
        let queued: Vec<_> =
            self.store().outbox().into_iter().filter(|entry| matches!(entry.state, OutboxState::Queued)).collect();
        if queued.is_empty() {
            return;
        }
        let entry = &queued[which % queued.len()];
        let said = self.upstream.answer(entry.application, entry.record.id);
        self.replies.push((entry.record.id, said, asked_in));
    }

    fn check(&self) -> Result<(), TestCaseError> {
        for (application, id) in &self.accepted {
            // After a loss it may still have to be read again.
            let Some(standing) = self.store().standing(*application).unwrap() else { continue };
            let times = standing.application.answers.iter().filter(|record| record.id == *id).count();
            prop_assert_eq!(times, 1, "the answer {} stands {} times in {}", id, times, application);
            prop_assert!(!standing.is_pending(), "{} waits for another answer", application);
        }
        Ok(())
    }

    /// Lets everything arrive.
    fn come_to_rest(&mut self) {
        for _ in 0..100 {
            self.take(Step::Push(0));
            self.take(Step::Reply(0));
            self.take(Step::Ask(3));
            self.take(Step::Keep);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]
    #[test]
    fn an_answer_stands_whatever_the_upstream_begins_anew(steps in vec(step(), 1..120)) {
        let mut road = Road::new();
        for step in steps {
            road.take(step);
            road.check()?;
        }
        road.come_to_rest();
        road.check()?;
        prop_assert_eq!(road.store().outbox(), []);
        for (id, known) in &road.upstream.applications {
            let standing = road.store().standing(*id).unwrap().unwrap().application;
            let here = Application { version: known.version, ..standing };
            prop_assert_eq!(&here, known);
        }
    }
}
