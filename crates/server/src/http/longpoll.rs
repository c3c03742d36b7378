//! Open long polls, counted by account.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::account::Login;

#[derive(Clone)]
pub(crate) struct LongPolls {
    most: usize,
    open: Arc<Mutex<HashMap<Login, usize>>>,
}

/// An open long poll; closed when it is dropped.
pub(crate) struct OpenPoll {
    polls: LongPolls,
    login: Login,
}

impl LongPolls {
    pub(crate) fn new(most: usize) -> Self {
        Self { most, open: Arc::default() }
    }

    /// Opens one, unless the account has too many.
    pub(crate) fn open(&self, login: &Login) -> Option<OpenPoll> {
        let mut open = self.open.lock();
        let count = open.entry(login.clone()).or_default();
        if *count >= self.most {
            return None;
        }
        *count += 1;
        Some(OpenPoll { polls: self.clone(), login: login.clone() })
    }

    pub(crate) fn count(&self) -> usize {
        self.open.lock().values().sum()
    }
}

impl Drop for OpenPoll {
    fn drop(&mut self) {
        let mut open = self.polls.open.lock();
        if let Some(count) = open.get_mut(&self.login) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                open.remove(&self.login);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_account_has_its_own_share_and_gets_it_back() {
        let polls = LongPolls::new(2);
        let (a, b) = (Login::parse("a").unwrap(), Login::parse("b").unwrap());
        let first = polls.open(&a).unwrap();
        let _second = polls.open(&a).unwrap();
        assert!(polls.open(&a).is_none());
        let _other = polls.open(&b).unwrap();
        assert_eq!(polls.count(), 3);
        drop(first);
        assert!(polls.open(&a).is_some());
        assert_eq!(polls.count(), 2);
    }
}
