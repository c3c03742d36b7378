//! Too many failed attempts to sign in: who must wait.
//!
//! An attempt from where its account signs in regularly is counted for that account and place alone.
//! Attempts from anywhere else share a count by login, and a larger one by address. So whoever knows logins,
//! or sits behind the same address as a whole organization, keeps out nobody who signs in from their usual
//! place.
//!
//! Invariant: an attempt is counted before its password is checked, so that attempts side by side do not
//! slip through. What is remembered is bounded.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;

use chrono::{DateTime, Duration, Utc};
use parking_lot::Mutex;

const MAX_REMEMBERED: usize = 10_000;

/// How an attempt's network stands with the account that it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Footing {
    /// The account has signed in from there.
    Own,
    /// Another account of the same organization has: a new registrar's first day.
    Colleagues,
    /// Neither has, or there is no such account.
    Stranger,
}

/// The failures of accounts at their places, of logins anywhere else, of addresses.
#[derive(Debug)]
pub(crate) struct Lockout {
    places: Mutex<Tally<(String, IpAddr)>>,
    logins: Mutex<Tally<String>>,
    addresses: Mutex<Tally<IpAddr>>,
}

impl Lockout {
    pub(crate) fn new(login_attempts: u32, address_attempts: u32, wait: Duration) -> Self {
        Self {
            places: Mutex::new(Tally::new(login_attempts, wait)),
            logins: Mutex::new(Tally::new(login_attempts, wait)),
            addresses: Mutex::new(Tally::new(address_attempts, wait)),
        }
    }

    /// Counts an attempt, or says how long to wait. A login need not exist.
    pub(crate) fn begin(
        &self,
        login: &str,
        network: IpAddr,
        footing: Footing,
        now: DateTime<Utc>,
    ) -> Result<(), Duration> {
        let at_its_place = || self.places.lock().count((login.to_owned(), network), now);
        match footing {
            Footing::Own => return at_its_place(),
            Footing::Colleagues | Footing::Stranger => {}
        }
        self.addresses.lock().wait_of(&network, now).map_or(Ok(()), Err)?;
        match footing {
            Footing::Own | Footing::Colleagues => at_its_place()?,
            Footing::Stranger => self.logins.lock().count(login.to_owned(), now)?,
        }
        self.addresses.lock().count(network, now)
    }

    /// The attempt was no failure.
    pub(crate) fn succeeded(&self, login: &str, network: IpAddr, footing: Footing) {
        self.places.lock().failures.remove(&(login.to_owned(), network));
        match footing {
            Footing::Own => return,
            Footing::Colleagues => {}
            Footing::Stranger => drop(self.logins.lock().failures.remove(login)),
        }
        self.addresses.lock().take_back(&network);
    }

    /// Forgets the failures of a login, wherever they came from.
    pub(crate) fn forgive(&self, login: &str) {
        self.places.lock().failures.retain(|(name, _), _| name != login);
        self.logins.lock().failures.remove(login);
    }
}

#[derive(Clone, Copy, Debug)]
struct Failures {
    count: u32,
    last: DateTime<Utc>,
}

#[derive(Debug)]
struct Tally<K> {
    most: u32,
    wait: Duration,
    failures: HashMap<K, Failures>,
}

impl<K: Eq + Hash + Clone> Tally<K> {
    fn new(most: u32, wait: Duration) -> Self {
        Self { most, wait, failures: HashMap::new() }
    }

    fn wait_of(&self, key: &K, now: DateTime<Utc>) -> Option<Duration> {
        let failures = self.failures.get(key)?;
        let left = failures.last + self.wait - now;
        // A clock that was moved back must not make anybody wait longer than the rule says.
        (failures.count >= self.most && left > Duration::zero()).then(|| left.min(self.wait))
    }

    fn count(&mut self, key: K, now: DateTime<Utc>) -> Result<(), Duration> {
        if let Some(wait) = self.wait_of(&key, now) {
            return Err(wait);
        }
        self.make_room(&key, now);
        let wait = self.wait;
        let failures = self.failures.entry(key).or_insert(Failures { count: 0, last: now });
        if failures.last + wait <= now {
            failures.count = 0;
        }
        *failures = Failures { count: failures.count.saturating_add(1), last: now };
        Ok(())
    }

    fn take_back(&mut self, key: &K) {
        if let Some(failures) = self.failures.get_mut(key) {
            failures.count = failures.count.saturating_sub(1);
        }
    }

    fn make_room(&mut self, key: &K, now: DateTime<Utc>) {
        if self.failures.len() < MAX_REMEMBERED || self.failures.contains_key(key) {
            return;
        }
        let wait = self.wait;
        self.failures.retain(|_, failures| failures.last + wait > now);
        // Those with fewest failures first: a swarm of made-up names does not wash away a name under attack.
        let least = |failures: &Failures| (failures.count, failures.last);
        if self.failures.len() >= MAX_REMEMBERED
            && let Some(least) = self.failures.iter().min_by_key(|(_, it)| least(it)).map(|(key, _)| key.clone())
        {
            self.failures.remove(&least);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Footing::{Colleagues, Own, Stranger};

    const WAIT: Duration = Duration::seconds(60);

    fn at(secs: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + secs, 0).unwrap()
    }

    fn network(number: u8) -> IpAddr {
        IpAddr::from([10, 0, 0, number])
    }

    #[test]
    fn a_strange_login_waits_after_its_last_failure_wherever_it_comes_from() {
        let lockout = Lockout::new(3, 100, WAIT);
        for second in 0..3 {
            let from = network(u8::try_from(second).unwrap());
            assert_eq!(lockout.begin("a", from, Stranger, at(second)), Ok(()));
        }
        let begin = |login: &str, second| lockout.begin(login, network(9), Stranger, at(second));
        assert_eq!(begin("a", 10), Err(Duration::seconds(52)));
        assert_eq!(begin("b", 10), Ok(()));
        assert_eq!(begin("a", 61), Err(Duration::seconds(1)));
        // Waiting is over: it may fail as often again.
        for second in 62..65 {
            assert_eq!(begin("a", second), Ok(()));
        }
        assert!(begin("a", 65).is_err());
        lockout.forgive("a");
        assert_eq!(begin("a", 65), Ok(()));
    }

    #[test]
    fn an_account_at_its_place_is_kept_out_by_nobody_else() {
        let lockout = Lockout::new(3, 5, WAIT);
        for second in 0..50 {
            let _ = lockout.begin("a", network(66), Stranger, at(second));
            let _ = lockout.begin(&format!("guess-{second}"), network(1), Stranger, at(second));
        }
        assert!(lockout.begin("a", network(2), Stranger, at(50)).is_err(), "strangers wait");
        assert!(lockout.begin("new", network(1), Stranger, at(50)).is_err(), "the address waits");
        assert_eq!(lockout.begin("a", network(1), Own, at(50)), Ok(()));
        assert_eq!(lockout.begin("new", network(2), Colleagues, at(50)), Ok(()), "a colleague's address");
        // Its own failures count all the same.
        for second in 51..53 {
            assert_eq!(lockout.begin("a", network(1), Own, at(second)), Ok(()));
        }
        assert_eq!(lockout.begin("a", network(1), Own, at(53)), Err(Duration::seconds(59)));
    }

    #[test]
    fn a_success_forgets_its_own_failures_and_one_attempt_of_the_address() {
        let lockout = Lockout::new(2, 3, WAIT);
        for second in 0..20 {
            assert_eq!(lockout.begin("a", network(1), Stranger, at(second)), Ok(()));
            lockout.succeeded("a", network(1), Stranger);
        }
        for name in ["b", "c", "d"] {
            assert_eq!(lockout.begin(name, network(1), Stranger, at(30)), Ok(()));
        }
        assert!(lockout.begin("a", network(1), Stranger, at(31)).is_err(), "the address waits");
        assert_eq!(lockout.begin("a", network(2), Stranger, at(31)), Ok(()), "another one does not");
        // Who signs in from the usual place gives a guesser elsewhere no new attempts.
        assert_eq!(lockout.begin("a", network(2), Stranger, at(32)), Ok(()));
        lockout.succeeded("a", network(1), Own);
        assert!(lockout.begin("a", network(2), Stranger, at(33)).is_err());
    }

    #[test]
    fn a_clock_that_jumps_back_locks_nobody_for_long() {
        let lockout = Lockout::new(2, 100, WAIT);
        for _ in 0..2 {
            assert_eq!(lockout.begin("a", network(1), Stranger, at(1_000_000)), Ok(()));
        }
        assert_eq!(lockout.begin("a", network(1), Stranger, at(0)), Err(WAIT));
    }

    #[test]
    fn memory_is_bounded_and_a_name_under_attack_is_not_washed_away() {
        let lockout = Lockout::new(3, u32::MAX, WAIT);
        for _ in 0..3 {
            let _ = lockout.begin("victim", network(1), Stranger, at(0));
        }
        for number in 0..MAX_REMEMBERED + 50 {
            let _ = lockout.begin(&format!("login-{number}"), network(1), Stranger, at(1));
        }
        assert_eq!(lockout.logins.lock().failures.len(), MAX_REMEMBERED);
        assert!(lockout.begin("victim", network(1), Stranger, at(2)).is_err());
    }
}
