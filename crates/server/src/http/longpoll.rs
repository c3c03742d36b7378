//! Open long polls: counted by account, and woken in waves.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

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

/// What comes within this time after a quiet time is told at once.
const GATHER: Duration = Duration::from_millis(50);
/// Waves are this far apart: in a pull or a morning of answers everybody would else be woken all the time.
const APART: Duration = Duration::from_secs(1);

/// Tells of changes in waves. Ends with the sender of the changes.
pub(crate) fn in_waves(mut changes: watch::Receiver<u64>) -> watch::Receiver<u64> {
    let (waves, told) = watch::channel(0);
    tokio::spawn(async move {
        while changes.changed().await.is_ok() {
            sleep(GATHER).await;
            changes.borrow_and_update();
            let last = Instant::now();
            waves.send_modify(|wave| *wave += 1);
            tokio::select! {
                () = sleep_until(last + APART) => {}
                () = waves.closed() => return,
            }
        }
    });
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_first_news_is_told_at_once_and_a_swarm_once_a_second() {
        let (sender, changes) = watch::channel(0);
        let mut waves = in_waves(changes);
        let begun = Instant::now();
        sender.send_modify(|change| *change += 1);
        waves.changed().await.unwrap();
        assert!(begun.elapsed() < GATHER * 2);
        let swarm = tokio::spawn(async move {
            for _ in 0..300 {
                sender.send_modify(|change| *change += 1);
                sleep(Duration::from_millis(10)).await;
            }
        });
        let mut told = 0;
        while waves.changed().await.is_ok() {
            told += 1;
        }
        swarm.await.unwrap();
        assert_eq!(told, 3, "three seconds of changes; and what came last was told");
    }

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
