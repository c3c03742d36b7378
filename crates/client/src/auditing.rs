//! An auditor's reading of the register's journal: asked of the register each time, kept nowhere.

use std::sync::Arc;

use prikrep_daemon::HttpUpstream;
use prikrep_domain::{JournalPage, Session};
use prikrep_ui::{Auditing, JournalQuery};
use tokio::runtime::Handle;

/// An auditor who has signed in.
pub(crate) struct Auditor {
    upstream: Arc<HttpUpstream>,
    shown: Arc<Auditing>,
    /// Grows with each question: an answer to an earlier one is not shown.
    asked: u64,
}

/// What the register has answered.
pub(crate) struct Answer {
    asked: u64,
    goes_on: bool,
    page: Result<JournalPage, String>,
}

impl Auditor {
    pub(crate) fn new(upstream: HttpUpstream, session: Session) -> Self {
        let Session { employee, organization, .. } = session;
        let shown = Auditing { employee, organization, ..Auditing::default() };
        Self { upstream: Arc::new(upstream), shown: Arc::new(shown), asked: 0 }
    }

    pub(crate) fn shown(&self) -> Arc<Auditing> {
        Arc::clone(&self.shown)
    }

    /// Asks the register; `then` is told on another thread.
    pub(crate) fn ask(&mut self, query: &JournalQuery, runtime: &Handle, then: impl FnOnce(Answer) + Send + 'static) {
        self.asked += 1;
        let (asked, goes_on) = (self.asked, query.before.is_some());
        let shown = Arc::make_mut(&mut self.shown);
        (shown.busy, shown.trouble) = (true, None);
        let (upstream, parameters) = (Arc::clone(&self.upstream), parameters(query));
        runtime.spawn(async move {
            let page = upstream.journal(&parameters).await.map_err(|error| error.words());
            then(Answer { asked, goes_on, page });
        });
    }

    /// Shows an answer.
    pub(crate) fn hear(&mut self, answer: Answer) {
        if answer.asked != self.asked {
            return;
        }
        let shown = Arc::make_mut(&mut self.shown);
        shown.busy = false;
        match answer.page {
            Ok(JournalPage { items, before }) => {
                if !answer.goes_on {
                    shown.items.clear();
                }
                shown.items.extend(items);
                shown.before = before;
            }
            Err(words) => shown.trouble = Some(words),
        }
    }

    /// Ends the session at the register.
    pub(crate) async fn leave(self) {
        use prikrep_daemon::Upstream;
        if let Err(error) = self.upstream.sign_out().await {
            tracing::info!(%error, "not signed out");
        }
    }
}

fn parameters(query: &JournalQuery) -> Vec<(&'static str, String)> {
    let (from, to) = query.period.dates();
    let mut parameters = vec![("from", from.to_string()), ("to", to.to_string()), ("limit", "500".to_owned())];
    parameters.extend((!query.login.is_empty()).then(|| ("login", query.login.clone())));
    parameters.extend(query.act.map(|act| ("act", act.to_owned())));
    parameters.extend(query.patient.map(|patient| ("patient", patient.to_string())));
    parameters.extend(query.application.map(|application| ("application", application.to_string())));
    parameters.extend(query.before.map(|before| ("before", before.to_string())));
    parameters
}
