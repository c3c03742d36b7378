//! How often an account may ask, and an address may try to sign in.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use super::Failure;
use crate::account::Login;
use crate::config::LimitsConfig;
use crate::places::network_of;
use crate::words;

pub(crate) struct Rates {
    clock: DefaultClock,
    accounts: DefaultKeyedRateLimiter<Login>,
    /// By address, and by login too where the login usually signs in from there: its neighbours behind the
    /// same address do not slow it down.
    sign_ins: DefaultKeyedRateLimiter<(IpAddr, Option<String>)>,
}

impl Rates {
    pub(crate) fn new(limits: &LimitsConfig) -> Self {
        let requests = Quota::per_second(at_least_one(limits.requests_per_sec));
        let sign_ins = Quota::per_minute(at_least_one(limits.sign_ins_per_min));
        Self {
            clock: DefaultClock::default(),
            accounts: RateLimiter::keyed(requests.allow_burst(at_least_one(limits.burst))),
            sign_ins: RateLimiter::keyed(sign_ins.allow_burst(at_least_one(limits.sign_in_burst))),
        }
    }

    pub(crate) fn request(&self, login: &Login) -> Result<(), Failure> {
        self.accounts.check_key(login).map_err(|until| {
            let wait = until.wait_time_from(self.clock.now());
            refused("Слишком много запросов от этой учётной записи: повторите немного позже", wait)
        })
    }

    /// An attempt from an address; of a login, where it is at its usual place.
    pub(crate) fn sign_in(&self, address: IpAddr, at_its_place: Option<String>) -> Result<(), Failure> {
        self.sign_ins.check_key(&(network_of(address), at_its_place)).map_err(|until| {
            let wait = until.wait_time_from(self.clock.now());
            refused("Слишком много попыток входа с этого адреса: повторите немного позже", wait)
        })
    }

    /// Forgets whoever has been quiet.
    pub(crate) fn sweep(&self) {
        self.accounts.retain_recent();
        self.sign_ins.retain_recent();
    }
}

fn refused(detail: &str, wait: Duration) -> Failure {
    Failure::from(words::overloaded(detail)).retry_after(wait)
}

fn at_least_one(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN)
}
