//! Sessions in memory: tokens, their expiry, and a lockout after too many wrong passwords.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use prikrep_domain::{Credentials, Role, Session};

/// The most sessions at a time; the one that ends first makes room.
const MAX_SESSIONS: usize = 10_000;
/// So many wrong passwords in a row lock the account.
const MAX_FAILURES: u32 = 10;
const LOCKOUT: TimeDelta = TimeDelta::seconds(30);
/// The name that the account's answers have when they bring none.
const EMPLOYEE: &str = "Региональный регистр пациентов";

/// Why nobody is signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SignInError {
    Wrong,
    Locked { for_secs: u64 },
}

pub(crate) struct Sessions {
    account: Credentials,
    lasts: TimeDelta,
    expiry: HashMap<String, DateTime<Utc>>,
    failures: u32,
    locked_until: Option<DateTime<Utc>>,
}

impl Sessions {
    pub(crate) fn new(account: Credentials, lasts: TimeDelta) -> Self {
        Self { account, lasts, expiry: HashMap::new(), failures: 0, locked_until: None }
    }

    pub(crate) fn sign_in(&mut self, given: &Credentials, now: DateTime<Utc>) -> Result<Session, SignInError> {
        if let Some(left) = self.locked_until.map(|until| until - now).filter(|left| *left > TimeDelta::zero()) {
            return Err(SignInError::Locked { for_secs: left.num_seconds().unsigned_abs() + 1 });
        }
        if given.login != self.account.login || given.password != self.account.password {
            self.failures += 1;
            if self.failures >= MAX_FAILURES {
                self.failures = 0;
                self.locked_until = Some(now + LOCKOUT);
            }
            return Err(SignInError::Wrong);
        }
        self.failures = 0;
        self.make_room(now);
        let token = format!("{:032x}{:032x}", rand::random::<u128>(), rand::random::<u128>());
        let expires_at = now + self.lasts;
        self.expiry.insert(token.clone(), expires_at);
        Ok(Session { token: Some(token), ..session(expires_at) })
    }

    pub(crate) fn current(&self, token: &str, now: DateTime<Utc>) -> Option<Session> {
        self.expiry.get(token).filter(|expires_at| **expires_at > now).map(|expires_at| session(*expires_at))
    }

    pub(crate) fn sign_out(&mut self, token: &str) {
        self.expiry.remove(token);
    }

    /// Ends all of them.
    pub(crate) fn expire(&mut self) {
        self.expiry.clear();
    }

    fn make_room(&mut self, now: DateTime<Utc>) {
        if self.expiry.len() < MAX_SESSIONS {
            return;
        }
        self.expiry.retain(|_, expires_at| *expires_at > now);
        if self.expiry.len() >= MAX_SESSIONS {
            let first = self.expiry.iter().min_by_key(|(_, expires_at)| **expires_at).map(|(token, _)| token.clone());
            if let Some(token) = first {
                self.expiry.remove(&token);
            }
        }
    }
}

/// The account is the whole region's.
fn session(expires_at: DateTime<Utc>) -> Session {
    Session {
        token: None,
        expires_at,
        employee: EMPLOYEE.to_owned(),
        role: Role::Daemon,
        organization: None,
        password_change_required: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credentials(password: &str) -> Credentials {
        Credentials { login: "region-22".to_owned(), password: password.to_owned() }
    }

    #[test]
    fn a_session_ends_in_time_and_on_request() {
        let now = "2026-06-01T04:00:00Z".parse().unwrap();
        let mut sessions = Sessions::new(credentials("right"), TimeDelta::hours(1));
        let token = sessions.sign_in(&credentials("right"), now).unwrap().token.unwrap();
        assert!(sessions.current(&token, now + TimeDelta::minutes(59)).is_some_and(|session| session.token.is_none()));
        assert_eq!(sessions.current(&token, now + TimeDelta::hours(1)), None);
        sessions.sign_out(&token);
        assert_eq!(sessions.current(&token, now), None);
    }

    #[test]
    fn wrong_passwords_lock_for_a_while() {
        let now: DateTime<Utc> = "2026-06-01T04:00:00Z".parse().unwrap();
        let mut sessions = Sessions::new(credentials("right"), TimeDelta::hours(1));
        for _ in 0..MAX_FAILURES {
            assert_eq!(sessions.sign_in(&credentials("wrong"), now), Err(SignInError::Wrong));
        }
        assert_eq!(sessions.sign_in(&credentials("right"), now), Err(SignInError::Locked { for_secs: 31 }));
        assert!(sessions.sign_in(&credentials("right"), now + LOCKOUT).is_ok());
    }

    #[test]
    fn sessions_have_a_limit() {
        let now: DateTime<Utc> = "2026-06-01T04:00:00Z".parse().unwrap();
        let mut sessions = Sessions::new(credentials("right"), TimeDelta::hours(1));
        let first = sessions.sign_in(&credentials("right"), now).unwrap().token.unwrap();
        for _ in 0..MAX_SESSIONS {
            sessions.sign_in(&credentials("right"), now + TimeDelta::seconds(1)).unwrap();
        }
        assert_eq!(sessions.expiry.len(), MAX_SESSIONS);
        assert_eq!(sessions.current(&first, now), None);
    }
}
