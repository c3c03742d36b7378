//! The client as the tests play it: a store in memory that carries actions out at once.

use std::collections::BTreeMap;
use std::sync::Arc;

use prikrep_domain::{
    AnswerDraft, Application, ApplicationId, ApplicationType, Delivery, OnTheWay, Query, RecordedAnswer, Role,
    Standing, stand,
};
use prikrep_ui::{
    Action, BLOCK_ROWS, Card, CardState, Counts, Export, FiguresState, Hop, Link, Linked, List, NotSent, Sent,
    Settings, Snapshot, Stage, Work,
};

use crate::given::{answer_id, directory, hours_ago, moment, organization};

pub(crate) const EMPLOYEE: &str = "Кузнецова Вера Андреевна";

/// What the client knows.
#[derive(Default)]
pub(crate) struct Office {
    pub(crate) applications: Vec<Application>,
    pub(crate) on_the_way: Vec<(ApplicationId, RecordedAnswer, Hop)>,
    pub(crate) drafts: BTreeMap<ApplicationId, AnswerDraft>,
    /// Answers are refused with this.
    pub(crate) refuses: Option<NotSent>,
    /// Nothing is carried out yet.
    pub(crate) is_slow: bool,
    search: u64,
    query: Option<Query>,
}

impl Office {
    pub(crate) fn with(applications: Vec<Application>) -> Self {
        Self { applications, ..Self::default() }
    }

    pub(crate) fn standing(&self, id: ApplicationId) -> Option<Standing> {
        let base = self.applications.iter().find(|application| application.id == id)?;
        let own = self.on_the_way.iter().filter(|(application, _, _)| *application == id);
        let own: Vec<OnTheWay> = own.map(|(_, record, _)| OnTheWay { record: record.clone(), applies: true }).collect();
        Some(stand(base, &own, &self.applications))
    }

    fn standings(&self) -> Vec<Standing> {
        self.applications.iter().filter_map(|application| self.standing(application.id)).collect()
    }

    pub(crate) fn list(&self) -> List {
        let Some(query) = &self.query else { return List::default() };
        let mut rows = self.standings();
        rows.retain(|row| query.matches(row, moment().zone));
        rows.sort_by(|a, b| query.compare(a, b));
        let total = Some(rows.len());
        let blocks = rows.chunks(BLOCK_ROWS).map(Arc::from).enumerate().collect();
        List { search: self.search, query: Some(Arc::new(query.clone())), total, blocks, trouble: None }
    }

    pub(crate) fn card(&self, id: ApplicationId) -> CardState {
        let Some(standing) = self.standing(id) else { return CardState::Gone(id) };
        let application = &standing.application;
        let cancelled_by = standing.superseded_by.map(|by| (by, ApplicationType::Cancellation));
        let cancels = application.cancels.map(|choice| (choice, ApplicationType::Choice));
        let linked = cancelled_by.or(cancels).map(|(id, application_type)| {
            let is_here = self.standing(id).is_some();
            Linked { id, application_type, is_here }
        });
        let answers = application.answers.iter().map(|record| (record.clone(), self.hop(record))).collect();
        CardState::Open(Arc::new(Card { draft: self.drafts.get(&id).cloned(), answers, linked, standing }))
    }

    fn hop(&self, record: &RecordedAnswer) -> Hop {
        let own = self.on_the_way.iter().find(|(_, own, _)| own.id == record.id);
        own.map_or_else(|| known(record), |(_, _, hop)| hop.clone())
    }

    /// Does what was asked for.
    pub(crate) fn carry_out(&mut self, action: &Action, snapshot: &mut Snapshot) {
        if self.is_slow {
            return;
        }
        if let Action::Set(settings) = action {
            snapshot.settings = Arc::new(settings.clone());
        }
        let Stage::Work(work) = &mut snapshot.stage else { return };
        let work = Arc::make_mut(work);
        if let Action::Search(query) | Action::Reorder(query) = action {
            self.search += u64::from(matches!(action, Action::Search(_)));
            self.query = Some(query.clone());
        } else if let Action::Open(id) = action {
            work.card = self.card(*id);
        } else if let Action::CloseCard = action {
            work.card = CardState::Closed;
        } else if let Action::SaveDraft(id, draft) = action {
            self.drafts.insert(*id, draft.clone());
        } else if let Action::DropDraft(id) = action {
            self.drafts.remove(id);
        } else if let Action::Send { attempt, application, draft } = action {
            let outcome = self.answer(*application, draft);
            work.sent = Some(Arc::new(Sent { attempt: *attempt, application: *application, outcome }));
            self.reread(work);
        }
        work.list = self.list();
    }

    fn answer(&mut self, id: ApplicationId, draft: &AnswerDraft) -> Result<prikrep_domain::AnswerId, NotSent> {
        if let Some(why) = &self.refuses {
            return Err(why.clone());
        }
        let standing = self.standing(id).expect("an application of the office");
        let answer = standing.check(draft, moment()).expect("a form sends only what is well");
        let record = RecordedAnswer { id: answer_id(700), answer, delivery: Delivery::Queued };
        self.on_the_way.push((id, record, Hop::Queued { tries: 0, trouble: None }));
        self.drafts.remove(&id);
        Ok(answer_id(700))
    }

    /// The open card and the list are read again, as after a pull.
    pub(crate) fn reread(&self, work: &mut Work) {
        work.list = self.list();
        if let Some(id) = work.card.id() {
            work.card = self.card(id);
        }
        let pending = self.standings().iter().filter(|standing| standing.is_pending()).count();
        work.counts = Counts { applications: self.applications.len(), pending, ..work.counts };
    }
}

/// How far an answer has travelled that the register told of.
fn known(record: &RecordedAnswer) -> Hop {
    match &record.delivery {
        Delivery::Queued => Hop::Registered,
        Delivery::Delivered { at } => Hop::Delivered { at: *at },
        Delivery::Rejected { at, .. } => {
            Hop::Rejected { at: *at, words: "Неверный код причины".to_owned() }
        }
    }
}

/// A registrar's work as it begins: read to its end a minute ago, nothing searched for yet.
pub(crate) fn work() -> Work {
    Work {
        employee: EMPLOYEE.to_owned(),
        role: Role::Registrar,
        organization: Some(organization()),
        link: Link::Online,
        updated_at: Some(hours_ago(1)),
        pulling: None,
        counts: Counts::default(),
        complete: true,
        attention: Arc::new([]),
        clock_ahead_minutes: None,
        disk: None,
        low_space: None,
        desk_trouble: None,
        list: List::default(),
        card: CardState::Closed,
        sent: None,
        outbox: Arc::new([]),
        directory: Arc::new(directory()),
        figures: FiguresState::None,
        export: Export::None,
    }
}

pub(crate) fn snapshot(stage: Stage) -> Snapshot {
    Snapshot {
        moment: moment(),
        settings: Arc::new(Settings::default()),
        stage,
        data_folder: "/home/registrar/.local/share/prikrep".into(),
        notice_trouble: None,
        version: "1.0.0",
    }
}
