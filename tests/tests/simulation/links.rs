//! The network between two hops: in this process, with faults by the dice.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use parking_lot::Mutex;
use prikrep_daemon::{Clock, DirectoryNews, ErrorResponse, FetchedPage, NetworkFault, Pushed, Upstream, UpstreamError};
use prikrep_domain::{AnswerDraft, ApplicationId, Cursor, FeedPage, Problem, ProblemKind, RecordedAnswer, Session};
use prikrep_server::Register;
use prikrep_simulator::Gateway;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The simulated time, which every node reads.
#[derive(Clone)]
pub struct Time(pub Arc<Mutex<DateTime<Utc>>>);

impl Clock for Time {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock()
    }
}

/// Decides what goes wrong.
pub struct Weather {
    dice: Mutex<ChaCha8Rng>,
    /// Faults in a hundred calls.
    pub trouble: Mutex<u32>,
}

/// What the network does to one call.
enum Fate {
    Well,
    /// The request never arrives.
    LostBefore,
    /// The request has its effect and its answer is lost.
    LostAfter,
    /// The server is overloaded.
    Refused(u16),
}

impl Weather {
    pub fn new(seed: u64) -> Self {
        Self { dice: Mutex::new(ChaCha8Rng::seed_from_u64(seed)), trouble: Mutex::new(30) }
    }

    fn fate(&self) -> Fate {
        let mut dice = self.dice.lock();
        if dice.random_range(0..100) >= *self.trouble.lock() {
            return Fate::Well;
        }
        match dice.random_range(0..4) {
            0 => Fate::LostBefore,
            1 => Fate::Refused(503),
            2 => Fate::Refused(429),
            _ => Fate::LostAfter,
        }
    }

    fn through<T>(&self, call: impl FnOnce() -> Result<T, UpstreamError>) -> Result<T, UpstreamError> {
        match self.fate() {
            Fate::Well => call(),
            Fate::LostBefore => Err(UpstreamError::network(NetworkFault::NoConnection)),
            Fate::Refused(status) => Err(UpstreamError::Response(ErrorResponse::bare(status))),
            Fate::LostAfter => {
                // Whatever came of it, nobody hears it.
                let _ = call();
                Err(UpstreamError::network(NetworkFault::Broken))
            }
        }
    }
}

/// A page as it travels: written by the producer, read by the consumer.
fn travelled(page: &FeedPage) -> Result<FetchedPage, UpstreamError> {
    FetchedPage::parse(serde_json::to_vec(page).unwrap())
}

fn draft_of(answer: &RecordedAnswer) -> AnswerDraft {
    serde_json::from_slice(&serde_json::to_vec(&answer.answer).unwrap()).unwrap()
}

fn no_session() -> Result<Session, UpstreamError> {
    Err(UpstreamError::from(Problem::new(ProblemKind::NotFound)))
}

/// The register's way to the gateway.
pub struct ToGateway {
    pub gateway: Arc<Mutex<Gateway>>,
    pub weather: Arc<Weather>,
    pub time: Time,
}

impl Upstream for ToGateway {
    async fn sign_in(&self) -> Result<Session, UpstreamError> {
        no_session()
    }

    async fn pull(&self, after: Option<&Cursor>, limit: usize, _: u32) -> Result<FetchedPage, UpstreamError> {
        self.weather.through(|| {
            let page = self.gateway.lock().feed(after.map(Cursor::as_str), limit);
            travelled(&page.map_err(|error| UpstreamError::from(Problem::from(error)))?)
        })
    }

    async fn push(&self, application: ApplicationId, answer: &RecordedAnswer) -> Result<Pushed, UpstreamError> {
        self.weather.through(|| {
            let answered = self.gateway.lock().answer(application, answer.id, &draft_of(answer), self.time.now());
            let answered = answered.map_err(|error| UpstreamError::from(Problem::from(error)))?;
            Ok(Pushed { application: Some(answered.application) })
        })
    }

    async fn directory(&self, _: Option<&str>) -> Result<DirectoryNews, UpstreamError> {
        Ok(DirectoryNews::Unchanged)
    }

    async fn sign_out(&self) -> Result<(), UpstreamError> {
        Ok(())
    }
}

/// A workstation's way to the register, in the session of an account.
pub struct ToRegister {
    /// The register that runs now; another one after its restart.
    pub register: Arc<Mutex<Arc<Register>>>,
    pub token: String,
    pub weather: Arc<Weather>,
    pub time: Time,
}

impl Upstream for ToRegister {
    async fn sign_in(&self) -> Result<Session, UpstreamError> {
        no_session()
    }

    async fn pull(&self, after: Option<&Cursor>, limit: usize, _: u32) -> Result<FetchedPage, UpstreamError> {
        self.weather.through(|| {
            let register = Arc::clone(&self.register.lock());
            let who = register.signed_in(&self.token, self.time.now())?;
            travelled(&register.feed(&who, after.map(Cursor::as_str), limit)?)
        })
    }

    async fn push(&self, application: ApplicationId, answer: &RecordedAnswer) -> Result<Pushed, UpstreamError> {
        self.weather.through(|| {
            let register = Arc::clone(&self.register.lock());
            let who = register.signed_in(&self.token, self.time.now())?;
            let answered = register.answer(&who, application, answer.id, &draft_of(answer), self.time.now())?;
            Ok(Pushed { application: Some(answered.application) })
        })
    }

    async fn directory(&self, _: Option<&str>) -> Result<DirectoryNews, UpstreamError> {
        Ok(DirectoryNews::Unchanged)
    }

    async fn sign_out(&self) -> Result<(), UpstreamError> {
        Ok(())
    }
}
