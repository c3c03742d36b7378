//! Answers: accepted by the domain, durable on the desk, then seen by readers; and what the upstream says
//! of them.
//!
//! Invariant: an answer is on the disk before anybody is told that it was accepted; it has one identifier
//! for its whole way.

use std::sync::atomic::Ordering;

use chrono::{DateTime, Utc};
use prikrep_domain::{Answer, AnswerDraft, AnswerId, Application, ApplicationId, Problem, Standing};

use crate::codec::{decode, encode};
use crate::desk::{Change, Drawer};
use crate::outbox::{StoredAnswer, put_change, rejected_state, remove_change};
use crate::receiving::Source;
use crate::shared::{Shared, Writer};
use crate::{Accepted, AnswerError, Author, OutboxState, StoreError, UpstreamEpoch};

impl Shared {
    pub(crate) fn accept(
        &self,
        application: ApplicationId,
        id: AnswerId,
        draft: &AnswerDraft,
        author: &Author,
        now: DateTime<Utc>,
    ) -> Result<Accepted, AnswerError> {
        let mut draft = draft.trimmed();
        if let Some(employee) = &author.employee {
            draft.answered_by.clone_from(employee);
        }
        let mut writer = self.writer.lock();
        let standing = self.read_standing(application)?.ok_or(AnswerError::NotFound)?;
        let own = author.organization.as_ref().is_none_or(|oid| *oid == standing.application.organization.oid);
        if !own {
            return Err(AnswerError::NotFound);
        }
        match self.known_answer(application, id, &standing) {
            Known::Not => {}
            Known::Elsewhere => return Err(AnswerError::IdReused { standing: Box::new(standing) }),
            Known::Here(known) => {
                let same = Answer::try_from(draft).is_ok_and(|answer| {
                    answer.same_content(&known)
                        && (author.employee.is_some() || answer.answered_by == known.answered_by)
                });
                return if same {
                    Ok(Accepted { standing, repeated: true })
                } else {
                    Err(AnswerError::IdReused { standing: Box::new(standing) })
                };
            }
        }
        let answer = standing
            .check(&draft, self.moment(now))
            .map_err(|refusal| AnswerError::Refused { refusal, standing: Box::new(standing) })?;
        self.keep_answer(StoredAnswer { application, id, answer, state: OutboxState::Queued })?;
        // It is durable: what fails from here on is of the cache, and must not make it look refused.
        if let Err(error) = self.publish_application(&mut writer, application, now) {
            tracing::error!(%error, "an answer is kept, but its row could not be written anew");
            self.hear(&error);
        }
        let standing = self.read_standing(application)?.ok_or(AnswerError::NotFound)?;
        Ok(Accepted { standing, repeated: false })
    }

    fn known_answer(&self, application: ApplicationId, id: AnswerId, standing: &Standing) -> Known {
        if let Some((_, stored)) = self.outbox.read().get(id) {
            return if stored.application == application {
                Known::Here(stored.answer.clone())
            } else {
                Known::Elsewhere
            };
        }
        let record = standing.application.answers.iter().find(|record| record.id == id);
        record.map_or(Known::Not, |record| Known::Here(record.answer.clone()))
    }

    /// Puts an answer on the desk in place of its draft, durably, then into the outbox.
    fn keep_answer(&self, answer: StoredAnswer) -> Result<(), StoreError> {
        let order = self.outbox.read().next_order();
        let draft = answer.application.uuid().as_bytes().to_vec();
        let had_draft = self.desk.get(Drawer::Drafts, &draft)?.is_some();
        let mut changes = vec![put_change(order, &answer)?];
        changes.extend(had_draft.then_some(Change::Remove(Drawer::Drafts, draft)));
        self.desk.write(&changes)?;
        self.drafts.fetch_sub(usize::from(had_draft), Ordering::Relaxed);
        self.outbox.write().put(order, answer);
        Ok(())
    }

    /// Publishes an application whose answers changed; one that is gone has nothing to publish.
    fn publish_application(
        &self,
        writer: &mut Writer,
        application: ApplicationId,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let row = self.list.read().row_of(application);
        match row {
            Some(row) => drop(self.publish(writer, &[], &[row], now)?),
            None => self.wake(),
        }
        self.note_desk(writer)
    }

    pub(crate) fn mark_delivered(
        &self,
        id: AnswerId,
        application: Option<&Application>,
        asked_in: UpstreamEpoch,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let lists = |said: &Application| said.answers.iter().any(|known| known.id == id);
        let version = application.filter(|said| !lists(said)).map(|said| said.version);
        self.change_state(id, OutboxState::Delivered { at: now, version }, application, asked_in, now)
    }

    pub(crate) fn mark_rejected(
        &self,
        id: AnswerId,
        problem: &Problem,
        asked_in: UpstreamEpoch,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let state = rejected_state(problem.clone(), now);
        self.change_state(id, state, problem.application.as_deref(), asked_in, now)
    }

    fn change_state(
        &self,
        id: AnswerId,
        state: OutboxState,
        said: Option<&Application>,
        asked_in: UpstreamEpoch,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut writer = self.writer.lock();
        let Some((order, mut answer)) = self.outbox.read().get(id).map(|(order, answer)| (order, answer.clone()))
        else {
            // Settled meanwhile by a page.
            return Ok(());
        };
        answer.state = state;
        let application = answer.application;
        self.desk.write(&[put_change(order, &answer)?])?;
        self.outbox.write().put(order, answer);
        let is_current = asked_in.0 == self.upstream_epoch.load(Ordering::SeqCst);
        if let Some(said) = said.filter(|said| is_current && said.id == application) {
            self.absorb(&mut writer, std::slice::from_ref(said), Source::Reply, now)?;
        }
        self.publish_application(&mut writer, application, now)
    }

    pub(crate) fn take_back(&self, id: AnswerId, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let mut writer = self.writer.lock();
        let rejected = self.outbox.read().get(id).and_then(|(order, answer)| match answer.state {
            OutboxState::Rejected { .. } => Some((order, answer.clone())),
            OutboxState::Queued | OutboxState::Delivered { .. } => None,
        });
        let Some((order, answer)) = rejected else { return Ok(false) };
        let key = answer.application.uuid().as_bytes().to_vec();
        let had_draft = self.desk.get(Drawer::Drafts, &key)?.is_some();
        let draft = encode(&AnswerDraft::from(&answer.answer), "черновик")?;
        // What is being typed now is worth more than what was refused.
        let keep = (!had_draft).then_some(Change::Put(Drawer::Drafts, key, draft));
        let changes: Vec<Change> = keep.into_iter().chain([remove_change(order)]).collect();
        self.desk.write(&changes)?;
        self.drafts.fetch_add(usize::from(!had_draft), Ordering::Relaxed);
        self.outbox.write().remove(order);
        self.publish_application(&mut writer, answer.application, now)?;
        // Nothing on the desk tells of this change any more: its number has to be durable here.
        self.noticing(self.cache()?.commit())?;
        Ok(true)
    }

    pub(crate) fn keep_draft(&self, application: ApplicationId, draft: &AnswerDraft) -> Result<(), StoreError> {
        let key = application.uuid().as_bytes().to_vec();
        let _writer = self.writer.lock();
        let had_draft = self.desk.get(Drawer::Drafts, &key)?.is_some();
        self.desk.write(&[Change::Put(Drawer::Drafts, key, encode(draft, "черновик")?)])?;
        self.drafts.fetch_add(usize::from(!had_draft), Ordering::Relaxed);
        Ok(())
    }

    pub(crate) fn read_draft(&self, application: ApplicationId) -> Result<Option<AnswerDraft>, StoreError> {
        let found = self.desk.get(Drawer::Drafts, application.uuid().as_bytes())?;
        found.map(|plain| decode(&plain, "черновик")).transpose()
    }

    pub(crate) fn forget_draft(&self, application: ApplicationId) -> Result<(), StoreError> {
        let key = application.uuid().as_bytes().to_vec();
        let _writer = self.writer.lock();
        if self.desk.get(Drawer::Drafts, &key)?.is_some() {
            self.desk.write(&[Change::Remove(Drawer::Drafts, key)])?;
            self.drafts.fetch_sub(1, Ordering::Relaxed);
        }
        Ok(())
    }
}

/// Whether an answer's identifier is known.
enum Known {
    Not,
    /// For this application, with this content.
    Here(Answer),
    /// For another application.
    Elsewhere,
}
