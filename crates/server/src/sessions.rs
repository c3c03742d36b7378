//! Sessions: kept in the store by the hash of their token, read from memory.
//!
//! Invariant: a token itself is nowhere but in the answer to the sign-in. What is ended is dead in memory
//! before the store is asked to forget it.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use parking_lot::RwLock;
use prikrep_store::{Shelf, Store, StoreError};
use serde::{Deserialize, Serialize};

use crate::Secret;
use crate::account::Login;
use crate::accounts::Shared;

/// A session, as it is kept under the hash of its token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LiveSession {
    pub(crate) login: Login,
    pub(crate) started_at: DateTime<Utc>,
    pub(crate) expires_at: DateTime<Utc>,
}

/// The live sessions.
#[derive(Debug)]
pub(crate) struct Sessions {
    store: Shared,
    lifetime: Duration,
    most: usize,
    by_digest: RwLock<HashMap<String, LiveSession>>,
}

impl Sessions {
    pub(crate) fn open(
        store: Arc<dyn Store>,
        lifetime: Duration,
        most: usize,
        now: DateTime<Utc>,
    ) -> Result<Self, StoreError> {
        let mut by_digest = HashMap::new();
        for (digest, value) in store.records(Shelf::Sessions)? {
            match serde_json::from_slice::<LiveSession>(&value) {
                Ok(session) if session.expires_at > now => {
                    by_digest.insert(digest, session);
                }
                // Over, or unreadable: whoever had it signs in again.
                Ok(_) | Err(_) => store.remove_record(Shelf::Sessions, &digest)?,
            }
        }
        Ok(Self { store: Shared(store), lifetime, most, by_digest: RwLock::new(by_digest) })
    }

    /// Begins a session; at the limit the account that holds most sessions loses its oldest.
    pub(crate) fn begin(&self, login: &Login, token: &Secret, now: DateTime<Utc>) -> Result<LiveSession, StoreError> {
        let session = LiveSession { login: login.clone(), started_at: now, expires_at: now + self.lifetime };
        let value = serde_json::to_vec(&session).map_err(|_| StoreError::Encode { what: "session".into() })?;
        let displaced = {
            let mut sessions = self.by_digest.write();
            let displaced = if sessions.len() >= self.most { oldest_of_the_greediest(&sessions) } else { None };
            if let Some(digest) = &displaced {
                sessions.remove(digest);
            }
            displaced
        };
        if let Some(digest) = displaced {
            self.store.0.remove_record(Shelf::Sessions, &digest)?;
        }
        let digest = token.digest();
        self.store.0.put_record(Shelf::Sessions, &digest, &value)?;
        self.by_digest.write().insert(digest, session.clone());
        Ok(session)
    }

    /// The session of a token, when it is alive.
    pub(crate) fn find(&self, digest: &str, now: DateTime<Utc>) -> Option<LiveSession> {
        self.by_digest.read().get(digest).filter(|session| session.expires_at > now).cloned()
    }

    pub(crate) fn end(&self, digest: &str) -> Result<(), StoreError> {
        self.by_digest.write().remove(digest);
        self.store.0.remove_record(Shelf::Sessions, digest)
    }

    /// Ends all sessions of an account.
    pub(crate) fn end_all(&self, login: &Login) -> Result<usize, StoreError> {
        self.end_where(|session| session.login == *login)
    }

    /// Forgets what is over.
    pub(crate) fn sweep(&self, now: DateTime<Utc>) -> Result<usize, StoreError> {
        self.end_where(|session| session.expires_at <= now)
    }

    pub(crate) fn count(&self) -> usize {
        self.by_digest.read().len()
    }

    pub(crate) fn count_of(&self, login: &Login) -> usize {
        self.by_digest.read().values().filter(|session| session.login == *login).count()
    }

    fn end_where(&self, over: impl Fn(&LiveSession) -> bool) -> Result<usize, StoreError> {
        let ended: Vec<String> = {
            let mut sessions = self.by_digest.write();
            sessions.extract_if(|_, session| over(session)).map(|(digest, _)| digest).collect()
        };
        for digest in &ended {
            self.store.0.remove_record(Shelf::Sessions, digest)?;
        }
        Ok(ended.len())
    }
}

fn oldest_of_the_greediest(sessions: &HashMap<String, LiveSession>) -> Option<String> {
    let mut held: HashMap<&Login, usize> = HashMap::new();
    for session in sessions.values() {
        *held.entry(&session.login).or_default() += 1;
    }
    let greediest = held.into_iter().max_by_key(|&(login, count)| (count, login)).map(|(login, _)| login)?;
    let of_it = sessions.iter().filter(|(_, session)| session.login == *greediest);
    of_it.min_by_key(|(digest, session)| (session.started_at, digest.as_str())).map(|(digest, _)| digest.clone())
}
