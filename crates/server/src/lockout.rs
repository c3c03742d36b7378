//! Too many failed attempts to sign in: a login or an address that must wait.
//!
//! Invariant: an attempt is counted before its password is checked, so that attempts side by side do not
//! slip through. What is remembered is bounded.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};

use chrono::{DateTime, Duration, Utc};
use parking_lot::Mutex;

const MAX_REMEMBERED: usize = 10_000;

/// The failures of logins and of addresses.
#[derive(Debug)]
pub(crate) struct Lockout {
    logins: Mutex<Tally<String>>,
    addresses: Mutex<Tally<IpAddr>>,
}

impl Lockout {
    pub(crate) fn new(login_attempts: u32, address_attempts: u32, wait: Duration) -> Self {
        Self {
            logins: Mutex::new(Tally::new(login_attempts, wait)),
            addresses: Mutex::new(Tally::new(address_attempts, wait)),
        }
    }

    /// Counts an attempt, or says how long to wait. A login need not exist.
    pub(crate) fn begin(&self, login: &str, address: IpAddr, now: DateTime<Utc>) -> Result<(), Duration> {
        let address = network_of(address);
        self.addresses.lock().wait_of(&address, now).map_or(Ok(()), Err)?;
        self.logins.lock().count(login.to_owned(), now)?;
        self.addresses.lock().count(address, now)
    }

    /// The attempt was no failure.
    pub(crate) fn succeeded(&self, login: &str, address: IpAddr) {
        self.logins.lock().forget(login);
        self.addresses.lock().take_back(&network_of(address));
    }
}

/// Whoever has one IPv6 address has a whole /64.
pub(crate) fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        v4 @ IpAddr::V4(_) => v4,
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
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

    fn wait_of<Q>(&self, key: &Q, now: DateTime<Utc>) -> Option<Duration>
    where
        K: std::borrow::Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
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

    fn forget<Q>(&mut self, key: &Q)
    where
        K: std::borrow::Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.failures.remove(key);
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
        if self.failures.len() >= MAX_REMEMBERED
            && let Some(oldest) =
                self.failures.iter().min_by_key(|(_, failures)| failures.last).map(|(key, _)| key.clone())
        {
            self.failures.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + secs, 0).unwrap()
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_login_waits_after_its_last_failure_wherever_it_comes_from() {
        let lockout = Lockout::new(3, 100, Duration::seconds(60));
        for second in 0..3 {
            assert_eq!(lockout.begin("a", address(&format!("10.0.0.{second}")), at(second)), Ok(()));
        }
        assert_eq!(lockout.begin("a", address("10.0.0.9"), at(10)), Err(Duration::seconds(52)));
        assert_eq!(lockout.begin("b", address("10.0.0.9"), at(10)), Ok(()));
        assert_eq!(lockout.begin("a", address("10.0.0.9"), at(61)), Err(Duration::seconds(1)));
        // Waiting is over: it may fail as often again.
        for second in 62..65 {
            assert_eq!(lockout.begin("a", address("10.0.0.9"), at(second)), Ok(()));
        }
        assert!(lockout.begin("a", address("10.0.0.9"), at(65)).is_err());
    }

    #[test]
    fn a_success_forgets_the_login_and_one_attempt_of_the_address() {
        let lockout = Lockout::new(2, 3, Duration::seconds(60));
        let here = address("10.0.0.1");
        for second in 0..20 {
            assert_eq!(lockout.begin("a", here, at(second)), Ok(()));
            lockout.succeeded("a", here);
        }
        for name in ["b", "c", "d"] {
            assert_eq!(lockout.begin(name, here, at(30)), Ok(()));
        }
        assert!(lockout.begin("a", here, at(31)).is_err(), "the address waits");
        assert_eq!(lockout.begin("a", address("10.0.0.2"), at(31)), Ok(()), "another one does not");
    }

    #[test]
    fn neighbours_of_one_ipv6_network_count_together_and_a_clock_that_jumps_back_locks_nobody_for_long() {
        let lockout = Lockout::new(100, 2, Duration::seconds(60));
        assert_eq!(lockout.begin("a", address("2001:db8::1"), at(1_000_000)), Ok(()));
        assert_eq!(lockout.begin("b", address("2001:db8::2"), at(1_000_000)), Ok(()));
        assert_eq!(lockout.begin("c", address("2001:db8::3"), at(0)), Err(Duration::seconds(60)));
        assert_eq!(lockout.begin("c", address("2001:db8:0:1::3"), at(0)), Ok(()));
        assert_eq!(network_of(address("::ffff:10.0.0.1")), address("10.0.0.1"));
    }

    #[test]
    fn memory_is_bounded() {
        let lockout = Lockout::new(3, u32::MAX, Duration::seconds(60));
        for number in 0..MAX_REMEMBERED + 50 {
            let _ = lockout.begin(&format!("login-{number}"), address("10.0.0.1"), at(0));
        }
        assert_eq!(lockout.logins.lock().failures.len(), MAX_REMEMBERED);
    }
}
