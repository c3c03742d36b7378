//! The service under random orders by seed: accounts of two organizations answer, read on and are disabled,
//! the register is reopened in between. What was accepted stays, and nobody sees what is not theirs.

use std::collections::BTreeMap;

use prikrep_domain::{AnswerId, ApplicationId, ApplicationType, Role, Status};
use prikrep_server::{Login, Order, Search, SignedIn};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::common::{Fixture, OURS, PASSWORD, THEIRS, add, answer_id, application, at, id, page, refusal};

const ACCOUNTS: [(&str, Role, Option<&str>); 4] = [
    ("ours-1", Role::Registrar, Some(OURS)),
    ("ours-2", Role::Registrar, Some(OURS)),
    ("theirs", Role::Registrar, Some(THEIRS)),
    ("region", Role::Daemon, None),
];

/// A consumer that reads an account's feed on.
#[derive(Default)]
struct Mirror {
    cursor: Option<String>,
    seen: BTreeMap<ApplicationId, Status>,
}

struct World {
    fixture: Fixture,
    rng: ChaCha8Rng,
    accepted: BTreeMap<AnswerId, ApplicationId>,
    mirrors: [Mirror; 4],
    arrived: u128,
    answers: u128,
}

impl World {
    fn new(seed: u64) -> Self {
        let fixture = Fixture::new();
        for (login, role, organization) in ACCOUNTS {
            add(&fixture.register, login, role, organization);
        }
        let rng = ChaCha8Rng::seed_from_u64(seed);
        Self { fixture, rng, accepted: BTreeMap::new(), mirrors: Default::default(), arrived: 0, answers: 0 }
    }

    fn who(&self, account: usize) -> Option<SignedIn> {
        let session = self.fixture.sign_in(ACCOUNTS[account].0, PASSWORD, at(0)).ok()?;
        self.fixture.register.signed_in(&session.token.unwrap(), at(0)).ok()
    }

    fn arrive(&mut self) {
        self.arrived += 1;
        let organization = if self.rng.random_bool(0.5) { OURS } else { THEIRS };
        let mut arrived = application(self.arrived, organization);
        if self.arrived > 1 && self.rng.random_bool(0.2) {
            arrived.application_type = ApplicationType::Cancellation;
            arrived.status = Status::Accepted;
            arrived.cancels = Some(id(self.rng.random_range(1..self.arrived)));
        }
        let page = page(vec![arrived], &self.arrived.to_string());
        self.fixture.register.store().apply(&page, at(0)).unwrap();
    }

    fn answer(&mut self) {
        let account = self.rng.random_range(0..ACCOUNTS.len());
        let target = id(self.rng.random_range(1..=self.arrived.max(1)));
        let Some(who) = self.who(account) else { return };
        self.answers += 1;
        let answer = answer_id(self.answers);
        let accepted = self.fixture.register.answer(&who, target, answer, &refusal("нет"), at(0));
        if let Ok(accepted) = accepted {
            let organization = accepted.application.organization.oid.as_str().to_owned();
            assert!(ACCOUNTS[account].2.is_none_or(|own| own == organization), "an answer to a stranger's");
            self.accepted.insert(answer, target);
        }
    }

    fn read_on(&mut self, account: usize) {
        let Some(who) = self.who(account) else { return };
        let limit = self.rng.random_range(1..4);
        let mirror = &mut self.mirrors[account];
        loop {
            let page = self.fixture.register.feed(&who, mirror.cursor.as_deref(), limit).unwrap();
            for change in page.changes {
                let own = ACCOUNTS[account].2.is_none_or(|own| own == change.organization.oid.as_str());
                assert!(own, "a stranger's application in the feed");
                mirror.seen.insert(change.id, change.status);
            }
            mirror.cursor = Some(page.cursor.as_str().to_owned());
            if !page.has_more {
                return;
            }
        }
    }

    fn toggle(&mut self) {
        let login: Login = ACCOUNTS[self.rng.random_range(0..ACCOUNTS.len())].0.parse().unwrap();
        let order = if self.rng.random_bool(0.5) { Order::DisableUser(login) } else { Order::EnableUser(login) };
        self.fixture.register.carry_out(order, "root", None, at(0)).unwrap();
    }

    fn step(mut self) -> Self {
        match self.rng.random_range(0..20) {
            0..6 => self.arrive(),
            6..14 => self.answer(),
            14..18 => {
                let account = self.rng.random_range(0..ACCOUNTS.len());
                self.read_on(account);
            }
            18 => self.toggle(),
            _ => self.fixture = self.fixture.reopened(at(0)),
        }
        self
    }

    fn check(mut self) {
        for (login, ..) in ACCOUNTS {
            self.fixture.register.carry_out(Order::EnableUser(login.parse().unwrap()), "root", None, at(0)).unwrap();
        }
        self.fixture = self.fixture.reopened(at(0));
        let outbox = self.fixture.register.store().outbox();
        let kept: BTreeMap<AnswerId, ApplicationId> =
            outbox.iter().map(|entry| (entry.record.id, entry.application)).collect();
        assert_eq!(kept, self.accepted, "every accepted answer is kept, once");
        for (account, (login, ..)) in ACCOUNTS.iter().enumerate() {
            self.read_on(account);
            let who = self.who(account).unwrap();
            let search = Search {
                from: Some("2026-01-01".into()),
                to: Some("2026-12-31".into()),
                limit: Some("5000".into()),
                ..Search::default()
            };
            let found = self.fixture.register.search(&who, &search).unwrap();
            let found: BTreeMap<_, _> = found.items.into_iter().map(|item| (item.id, item.status)).collect();
            assert_eq!(self.mirrors[account].seen, found, "{login}: the feed and the search agree");
        }
    }
}

#[test]
fn whatever_the_order_of_events_accepted_answers_stay_and_strangers_see_nothing() {
    let seeds = std::env::var("SIMULATION_SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(6);
    for seed in 0..seeds {
        eprintln!("seed {seed}");
        let world = (0..60).fold(World::new(seed), |world, _| world.step());
        world.check();
    }
}
