//! The worker at the registrar's desk: drafts, answers and the open card, in the order in which the person
//! did things.
//!
//! Invariant: a draft is written before a card that is opened after it is read; an answer is durable before
//! the form is told.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use prikrep_daemon::DaemonStatus;
use prikrep_domain::{AnswerDraft, AnswerId, ApplicationId, ApplicationType, Refusal};
use prikrep_store::{AnswerError, Author, OutboxState, Store, StoreError};
use prikrep_ui::{Card, CardState, Linked, NotSent, Sent};
use tokio::sync::watch;

use super::hops::answers_of;
use super::inbox::{Inbox, Pace};
use super::list::disk_trouble;
use super::published::Published;

const REREAD_EVERY: Duration = Duration::from_millis(100);

/// What the worker is told.
pub(crate) enum DeskMessage {
    /// Open a card.
    Open(ApplicationId),
    /// Close it.
    Close,
    /// Keep what is being typed.
    SaveDraft(ApplicationId, AnswerDraft),
    /// Forget it.
    DropDraft(ApplicationId),
    /// Accept an answer.
    Send {
        /// The form's number of it.
        attempt: u64,
        /// The application.
        application: ApplicationId,
        /// What was typed.
        draft: AnswerDraft,
    },
    /// Take a rejected answer back to its form.
    Rework(AnswerId),
    /// The store, or how the register stands, has changed.
    Changed,
}

/// The worker.
pub(crate) struct DeskWorker {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) status: watch::Receiver<DaemonStatus>,
    pub(crate) published: Published,
}

impl DeskWorker {
    /// Works until nobody sends any more: then everything that was typed is kept.
    pub(crate) fn run(self, inbox: &Inbox<DeskMessage>) {
        let mut open = None;
        let mut changes = Pace::new(REREAD_EVERY);
        while let Ok(messages) = inbox.take(changes.until()) {
            for message in without_outdated_drafts(messages) {
                self.hear(message, &mut open, &mut changes);
            }
            if changes.take()
                && let Some(id) = open
            {
                self.show(id);
            }
        }
    }

    fn hear(&self, message: DeskMessage, open: &mut Option<ApplicationId>, changes: &mut Pace) {
        match message {
            DeskMessage::Open(id) => {
                *open = Some(id);
                self.show(id);
            }
            DeskMessage::Close => {
                *open = None;
                self.published.edit(|work| work.card = CardState::Closed);
            }
            DeskMessage::SaveDraft(id, draft) => self.attend(self.store.save_draft(id, &draft)),
            DeskMessage::DropDraft(id) => self.attend(self.store.drop_draft(id)),
            DeskMessage::Send { attempt, application, draft } => {
                let outcome = self.answer(application, &draft);
                let sent = Arc::new(Sent { attempt, application, outcome });
                if *open == Some(application) {
                    self.show(application);
                }
                self.published.edit(|work| work.sent = Some(sent));
            }
            DeskMessage::Rework(id) => {
                self.attend(self.store.rework(id).map(|_| ()));
                changes.ask();
            }
            DeskMessage::Changed => changes.ask(),
        }
    }

    /// Nothing may be lost silently: a failure stands in the status bar.
    fn attend(&self, result: Result<(), StoreError>) {
        let Err(error) = result else { return };
        tracing::error!(%error, "what was typed cannot be kept");
        let words = trouble_words(&error);
        self.published.edit(|work| work.desk_trouble = Some(words));
    }

    /// Accepts an answer. What was rejected before for the same application gives way to it.
    fn answer(&self, application: ApplicationId, draft: &AnswerDraft) -> Result<AnswerId, NotSent> {
        let rejected =
            self.store.outbox().into_iter().filter(|entry| {
                entry.application == application && matches!(entry.state, OutboxState::Rejected { .. })
            });
        let rejected: Vec<AnswerId> = rejected.map(|entry| entry.record.id).collect();
        let id = AnswerId::generate();
        let author = Author { employee: None, organization: None };
        self.store.answer(application, id, draft, &author, Utc::now()).map_err(not_sent)?;
        for earlier in rejected {
            self.attend(self.store.rework(earlier).and_then(|_| self.store.drop_draft(application)));
        }
        Ok(id)
    }

    fn show(&self, id: ApplicationId) {
        let card = match self.card(id) {
            Ok(Some(card)) => CardState::Open(Arc::new(card)),
            Ok(None) => CardState::Gone(id),
            Err(error) => {
                tracing::error!(%error, "a card cannot be read");
                CardState::Trouble(id, error.to_string())
            }
        };
        let is_shown = match (&self.published.get().card, &card) {
            (CardState::Open(shown), CardState::Open(read)) => shown == read,
            _ => false,
        };
        if !is_shown {
            self.published.edit(|work| work.card = card);
        }
    }

    fn card(&self, id: ApplicationId) -> Result<Option<Card>, StoreError> {
        let Some(standing) = self.store.standing(id)? else { return Ok(None) };
        let application = &standing.application;
        let linked = standing
            .superseded_by
            .map(|by| (by, ApplicationType::Cancellation))
            .or_else(|| application.cancels.map(|choice| (choice, ApplicationType::Choice)));
        let linked = match linked {
            Some((id, application_type)) => {
                Some(Linked { id, application_type, is_here: self.store.standing(id)?.is_some() })
            }
            None => None,
        };
        let answers = answers_of(application, &self.store.outbox(), &self.status.borrow().pushes);
        Ok(Some(Card { draft: self.store.draft(id)?, answers, linked, standing }))
    }
}

/// Of several drafts of one application only the last is worth a write, unless something came between.
fn without_outdated_drafts(messages: Vec<DeskMessage>) -> Vec<DeskMessage> {
    let mut last: HashMap<ApplicationId, usize> = HashMap::new();
    let mut kept: Vec<Option<DeskMessage>> = Vec::with_capacity(messages.len());
    for message in messages {
        match &message {
            DeskMessage::SaveDraft(id, _) => {
                if let Some(earlier) = last.insert(*id, kept.len()).and_then(|at| kept.get_mut(at)) {
                    *earlier = None;
                }
            }
            DeskMessage::Changed => {}
            DeskMessage::Open(_)
            | DeskMessage::Close
            | DeskMessage::DropDraft(_)
            | DeskMessage::Send { .. }
            | DeskMessage::Rework(_) => last.clear(),
        }
        kept.push(Some(message));
    }
    kept.into_iter().flatten().collect()
}

fn trouble_words(error: &StoreError) -> String {
    match error.disk_trouble() {
        Some(trouble) => disk_trouble(&trouble).words().into_owned(),
        None => error.to_string(),
    }
}

fn not_sent(error: AnswerError) -> NotSent {
    let words = match &error {
        AnswerError::Store(error) => trouble_words(error),
        AnswerError::Refused { .. } | AnswerError::NotFound | AnswerError::IdReused { .. } => error.to_string(),
    };
    let errors = match error {
        AnswerError::Refused { refusal: Refusal::Invalid(errors), .. } => errors,
        AnswerError::Refused { .. } | AnswerError::NotFound | AnswerError::IdReused { .. } | AnswerError::Store(_) => {
            Vec::new()
        }
    };
    NotSent { words, errors }
}
