//! Sessions: kept in the store by the hash of their token, read from memory.
//!
//! A session ends at its absolute time, and before that when it was not used for the idle time. Every request
//! with its token is a use, the beginning of a long poll too: a workstation that is on signs in again by itself
//! anyway, so that ending its session between polls would only cost password checks. What the idle time ends
//! is the session of a workstation that is off or cut off. When a session was last used is held in memory only;
//! the time in which the register did not run does not count, as nobody could use it then.
//!
//! Invariant: a token itself is nowhere but in the answer to the sign-in. What is ended is dead in memory
//! before the store is asked to forget it.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Duration, Utc};
use parking_lot::RwLock;
use prikrep_store::{Shelf, Store, StoreError};
use serde::{Deserialize, Serialize};

use crate::Secret;
use crate::account::Login;
use crate::accounts::Shared;
use crate::secret::same;

/// The hash of a token, compared in constant time.
#[derive(Clone, Debug)]
pub(crate) struct TokenDigest(String);

impl TokenDigest {
    pub(crate) fn of(token: &Secret) -> Self {
        Self(token.digest())
    }
}

impl PartialEq for TokenDigest {
    fn eq(&self, other: &Self) -> bool {
        same(self.0.as_bytes(), other.0.as_bytes())
    }
}

impl Eq for TokenDigest {}

impl Hash for TokenDigest {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

/// When sessions end, and how many there may be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SessionRules {
    pub(crate) lifetime: Duration,
    pub(crate) idle: Duration,
    pub(crate) most: usize,
}

/// A session, as it is kept under the hash of its token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LiveSession {
    pub(crate) login: Login,
    pub(crate) started_at: DateTime<Utc>,
    pub(crate) expires_at: DateTime<Utc>,
}

#[derive(Debug)]
struct Held {
    session: LiveSession,
    /// In seconds since 1970.
    used_at: AtomicI64,
}

impl Held {
    fn new(session: LiveSession, now: DateTime<Utc>) -> Self {
        Self { session, used_at: AtomicI64::new(now.timestamp()) }
    }

    fn is_alive(&self, idle: Duration, now: DateTime<Utc>) -> bool {
        let unused = now.timestamp().saturating_sub(self.used_at.load(Ordering::Relaxed));
        self.session.expires_at > now && unused < idle.num_seconds()
    }
}

/// The live sessions.
#[derive(Debug)]
pub(crate) struct Sessions {
    store: Shared,
    rules: SessionRules,
    by_digest: RwLock<HashMap<TokenDigest, Held>>,
}

impl Sessions {
    pub(crate) fn open(store: Arc<dyn Store>, rules: SessionRules, now: DateTime<Utc>) -> Result<Self, StoreError> {
        let mut by_digest = HashMap::new();
        for (digest, value) in store.records(Shelf::Sessions)? {
            match serde_json::from_slice::<LiveSession>(&value).map(|session| session.within(rules.lifetime)) {
                Ok(session) if session.expires_at > now => {
                    by_digest.insert(TokenDigest(digest), Held::new(session, now));
                }
                // Over, or unreadable: whoever had it signs in again.
                Ok(_) | Err(_) => store.remove_record(Shelf::Sessions, &digest)?,
            }
        }
        Ok(Self { store: Shared(store), rules, by_digest: RwLock::new(by_digest) })
    }

    /// Begins a session; at the limit the account that holds most sessions loses its oldest.
    pub(crate) fn begin(&self, login: &Login, token: &Secret, now: DateTime<Utc>) -> Result<LiveSession, StoreError> {
        let session = LiveSession { login: login.clone(), started_at: now, expires_at: now + self.rules.lifetime };
        let value = serde_json::to_vec(&session).map_err(|_| StoreError::Encode { what: "session".into() })?;
        let displaced = {
            let mut sessions = self.by_digest.write();
            let displaced = if sessions.len() >= self.rules.most { oldest_of_the_greediest(&sessions) } else { None };
            if let Some(digest) = &displaced {
                sessions.remove(digest);
            }
            displaced
        };
        if let Some(TokenDigest(digest)) = displaced {
            self.store.0.remove_record(Shelf::Sessions, &digest)?;
        }
        let digest = TokenDigest::of(token);
        self.store.0.put_record(Shelf::Sessions, &digest.0, &value)?;
        self.by_digest.write().insert(digest, Held::new(session.clone(), now));
        Ok(session)
    }

    /// The session of a token, when it is alive.
    pub(crate) fn find(&self, digest: &TokenDigest, now: DateTime<Utc>) -> Option<LiveSession> {
        let sessions = self.by_digest.read();
        sessions.get(digest).filter(|held| held.is_alive(self.rules.idle, now)).map(|held| held.session.clone())
    }

    /// The same, and the session is used by it.
    pub(crate) fn touch(&self, digest: &TokenDigest, now: DateTime<Utc>) -> Option<LiveSession> {
        let sessions = self.by_digest.read();
        let held = sessions.get(digest).filter(|held| held.is_alive(self.rules.idle, now))?;
        held.used_at.store(now.timestamp(), Ordering::Relaxed);
        Some(held.session.clone())
    }

    pub(crate) fn end(&self, digest: &TokenDigest) -> Result<(), StoreError> {
        self.by_digest.write().remove(digest);
        self.store.0.remove_record(Shelf::Sessions, &digest.0)
    }

    /// Ends all sessions of an account.
    pub(crate) fn end_all(&self, login: &Login) -> Result<usize, StoreError> {
        self.end_where(|_, held| held.session.login == *login)
    }

    /// Ends all sessions of an account but one.
    pub(crate) fn end_others(&self, login: &Login, kept: &TokenDigest) -> Result<usize, StoreError> {
        self.end_where(|digest, held| held.session.login == *login && digest != kept)
    }

    /// Forgets what is over.
    pub(crate) fn sweep(&self, now: DateTime<Utc>) -> Result<usize, StoreError> {
        self.end_where(|_, held| !held.is_alive(self.rules.idle, now))
    }

    pub(crate) fn count(&self) -> usize {
        self.by_digest.read().len()
    }

    pub(crate) fn count_of(&self, login: &Login) -> usize {
        self.by_digest.read().values().filter(|held| held.session.login == *login).count()
    }

    fn end_where(&self, over: impl Fn(&TokenDigest, &Held) -> bool) -> Result<usize, StoreError> {
        let ended: Vec<TokenDigest> = {
            let mut sessions = self.by_digest.write();
            sessions.extract_if(|digest, held| over(digest, held)).map(|(digest, _)| digest).collect()
        };
        for TokenDigest(digest) in &ended {
            self.store.0.remove_record(Shelf::Sessions, digest)?;
        }
        Ok(ended.len())
    }
}

impl LiveSession {
    /// Begun under a longer lifetime, it ends by today's.
    fn within(mut self, lifetime: Duration) -> Self {
        self.expires_at = self.expires_at.min(self.started_at + lifetime);
        self
    }
}

fn oldest_of_the_greediest(sessions: &HashMap<TokenDigest, Held>) -> Option<TokenDigest> {
    let mut counts: HashMap<&Login, usize> = HashMap::new();
    for held in sessions.values() {
        *counts.entry(&held.session.login).or_default() += 1;
    }
    let greediest = counts.into_iter().max_by_key(|&(login, count)| (count, login)).map(|(login, _)| login)?;
    let of_it = sessions.iter().filter(|(_, held)| held.session.login == *greediest);
    of_it.min_by_key(|(digest, held)| (held.session.started_at, &digest.0)).map(|(digest, _)| digest.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_of_the_first_version_is_read() {
        let kept = br#"{"login":"ivanova","started_at":"2026-03-02T05:00:00Z","expires_at":"2026-03-02T17:00:00Z"}"#;
        let session: LiveSession = serde_json::from_slice(kept).unwrap();
        assert_eq!(session.expires_at - session.started_at, Duration::hours(12));
        let shorter = session.within(Duration::hours(1));
        assert_eq!(shorter.expires_at - shorter.started_at, Duration::hours(1));
    }
}
