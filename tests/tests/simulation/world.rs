//! The world: who acts when, by the dice, and what must be true in the end.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{Duration, Utc};
use parking_lot::Mutex;
use prikrep_daemon::Clock;
use prikrep_domain::{
    AnswerId, Application, ApplicationId, Credentials, Delivery, Organization, Period, Query, Role, StatusFilter,
};
use prikrep_server::{Config, Login, NewAccount, NewOrganization, PullAt, Register, Secret, UpstreamConfig};
use prikrep_simulator::{Gateway, Scale};
use prikrep_store::{AnswerError, Author, OutboxState, Store};
use prikrep_testkit::{PASSWORD, draft_of, start};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::links::{Time, ToGateway, ToRegister, Weather};
use crate::nodes::Node;

const APPLICATIONS: u64 = 60;
/// After this many rounds of quiet something is stuck.
const MAX_ROUNDS: u32 = 400;

pub struct World {
    dice: ChaCha8Rng,
    time: Time,
    weather: Arc<Weather>,
    gateway: Arc<Mutex<Gateway>>,
    register: Node<ToGateway>,
    service: Arc<Mutex<Arc<Register>>>,
    workstations: Vec<(Organization, Node<ToRegister>)>,
    /// What a registrar was told to be accepted: where, and of which application.
    acknowledged: BTreeMap<AnswerId, (usize, ApplicationId)>,
    restarts: u32,
}

/// How it ended.
#[derive(Default)]
pub struct End {
    pub delivered: usize,
    pub refused: usize,
    pub restarts: u32,
}

impl End {
    pub fn add(&mut self, other: &Self) {
        self.delivered += other.delivered;
        self.refused += other.refused;
        self.restarts += other.restarts;
    }
}

fn service_over(node: &Node<ToGateway>, now: chrono::DateTime<Utc>) -> Arc<Register> {
    let mut config = Config::default();
    // The world is older than a working day by its end; sessions are not what it is about.
    config.sessions.lifetime_hours = 24 * 30;
    config.sessions.idle_minutes = 24 * 60 * 30;
    // Named only: the nodes pull by themselves.
    config.upstream = Some(UpstreamConfig {
        url: "http://127.0.0.1:9".to_owned(),
        login: "region".to_owned(),
        password_file: "password".into(),
        ca_file: None,
        client_certificate_file: None,
        pull_at: PullAt::default(),
    });
    Arc::new(Register::open(Arc::clone(&node.store) as Arc<dyn Store>, &config, now).unwrap())
}

impl World {
    pub fn new(seed: u64) -> Self {
        let mut dice = ChaCha8Rng::seed_from_u64(seed);
        let time = Time(Arc::new(Mutex::new(start())));
        let weather = Arc::new(Weather::new(dice.next_u64()));
        let scale = Scale { applications: APPLICATIONS, organizations: 2, seed, start: start() };
        let gateway = Arc::new(Mutex::new(Gateway::new(scale).unwrap()));
        let to_gateway = ToGateway { gateway: Arc::clone(&gateway), weather: Arc::clone(&weather), time: time.clone() };
        let register = Node::new(to_gateway, &time);
        let service = Arc::new(Mutex::new(service_over(&register, time.now())));
        let organizations: Vec<Organization> = gateway.lock().organizations().cloned().collect();
        // Two workstations of one organization, which may answer the same, and one of another.
        let workstations = [(0, "anna"), (0, "boris"), (1, "vera")].map(|(which, login)| {
            let organization = organizations[which].clone();
            let token = account(&service.lock(), login, &organization, time.now());
            let to_register =
                ToRegister { register: Arc::clone(&service), token, weather: Arc::clone(&weather), time: time.clone() };
            (organization, Node::new(to_register, &time))
        });
        Self {
            dice,
            time,
            weather,
            gateway,
            register,
            service,
            workstations: workstations.into(),
            acknowledged: BTreeMap::new(),
            restarts: 0,
        }
    }

    pub async fn run(mut self, steps: u32) -> End {
        for _ in 0..steps {
            *self.time.0.lock() += Duration::minutes(self.dice.random_range(1..30));
            self.step().await;
        }
        self.come_to_rest().await;
        self.judge()
    }

    async fn step(&mut self) {
        let limit = self.dice.random_range(1..40);
        let which = self.dice.random_range(0..self.workstations.len());
        let any = self.dice.random_range(0..8);
        let roll = self.dice.random_range(0..100);
        // A failed pull or push is tried again by a later step: that is what the loops do.
        match roll {
            0..20 => drop(self.register.pull(limit).await),
            20..34 => drop(self.register.push(any).await),
            34..55 => drop(self.workstations[which].1.pull(limit).await),
            55..70 => drop(self.workstations[which].1.push(any).await),
            70..88 => self.answer(which),
            88..93 => drop(self.gateway.lock().arrive(limit as u64 / 8, self.time.now())),
            93..96 => self.restart_register(None),
            96..98 => self.restart_workstation(which, None),
            98 => match any {
                0..3 => self.gateway.lock().begin_epoch(),
                3..6 => self.restart_register(Some("cache")),
                _ => self.restart_workstation(which, Some("cache")),
            },
            _ => *self.weather.trouble.lock() = [0, 30, 70][any % 3],
        }
    }

    /// A registrar answers something that waits, or tries to.
    fn answer(&mut self, which: usize) {
        let (_, node) = &self.workstations[which];
        let date = |text: &str| text.parse().unwrap();
        let everything = Query {
            status: Some(StatusFilter::Pending),
            ..Query::of(Period::new(date("2000-01-01"), date("2099-12-31")).unwrap())
        };
        let pending = node.store.find(&everything, 0, 500).unwrap().items;
        if pending.is_empty() {
            return;
        }
        let application = &pending[self.dice.random_range(0..pending.len())];
        let standing = node.store.standing(application.id).unwrap().unwrap();
        let allowed: Vec<_> = standing.allowed().collect();
        let draft = draft_of(allowed[self.dice.random_range(0..allowed.len())], self.time.now());
        let id = AnswerId::from(uuid::Builder::from_random_bytes(self.dice.random()).into_uuid());
        let author = Author { employee: None, organization: None };
        match node.store.answer(application.id, id, &draft, &author, self.time.now()) {
            Ok(accepted) => {
                assert!(!accepted.repeated);
                self.acknowledged.insert(id, (which, application.id));
            }
            Err(AnswerError::Refused { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }

    fn restart_register(&mut self, lose: Option<&str>) {
        self.restarts += 1;
        self.register.crash(lose);
        *self.service.lock() = service_over(&self.register, self.time.now());
    }

    fn restart_workstation(&mut self, which: usize, lose: Option<&str>) {
        self.restarts += 1;
        self.workstations[which].1.crash(lose);
    }

    /// The weather clears and everybody goes on until nothing is left to do.
    async fn come_to_rest(&mut self) {
        *self.weather.trouble.lock() = 0;
        for _ in 0..MAX_ROUNDS {
            let before = self.state();
            while self.register.pull(100).await.unwrap() {}
            while self.register.push(0).await.unwrap() {}
            while self.register.pull(100).await.unwrap() {}
            for (_, node) in &self.workstations {
                while node.pull(100).await.unwrap() {}
                while node.push(0).await.unwrap() {}
            }
            if self.state() == before {
                return;
            }
        }
        panic!("the world does not come to rest");
    }

    /// By what rest is known: the cursors and outboxes of all.
    fn state(&self) -> Vec<String> {
        let of = |store: &dyn Store| format!("{:?} {:?}", store.cursor().unwrap(), store.outbox());
        let stations = self.workstations.iter().map(|(_, node)| of(&*node.store));
        stations.chain([of(&*self.register.store)]).collect()
    }

    fn judge(self) -> End {
        let gateway = self.gateway.lock();
        let mut effects: BTreeMap<AnswerId, u64> = BTreeMap::new();
        for applied in gateway.applied_answers() {
            *effects.entry(applied.answer).or_default() += 1;
        }
        assert!(effects.values().all(|count| *count == 1), "an answer took effect twice");
        let known: BTreeSet<AnswerId> = self.acknowledged.keys().copied().collect();
        assert!(effects.keys().all(|id| known.contains(id)), "an answer of nobody took effect");
        let mut refused = 0;
        for (id, (which, application)) in &self.acknowledged {
            if !effects.contains_key(id) {
                refused += 1;
                assert!(self.is_told(*which, *application, *id), "{id} is neither delivered nor refused");
            }
        }
        let applications = self.agreement(&gateway);
        assert!(applications as u64 >= APPLICATIONS, "the register has all applications");
        for store in self.workstations.iter().map(|(_, node)| &node.store).chain([&self.register.store]) {
            let stuck = store.outbox().into_iter().filter(|entry| entry.state == OutboxState::Queued).count();
            assert_eq!(stuck, 0, "answers are stuck");
            assert_eq!(store.verify().unwrap().problems, Vec::<String>::new());
            assert_eq!(store.census().quarantined, 0);
        }
        End { delivered: effects.len(), refused, restarts: self.restarts }
    }

    /// Whether the author sees that an answer was refused, and why.
    fn is_told(&self, which: usize, application: ApplicationId, id: AnswerId) -> bool {
        let store = &self.workstations[which].1.store;
        let Some(standing) = store.standing(application).unwrap() else { return false };
        standing
            .application
            .answers
            .iter()
            .any(|record| record.id == id && matches!(&record.delivery, Delivery::Rejected { problem: Some(_), .. }))
    }

    /// All hops show the same of every application; returns how many the register has.
    fn agreement(&self, gateway: &Gateway) -> usize {
        let date = |text: &str| text.parse().unwrap();
        let all = Query::of(Period::new(date("2000-01-01"), date("2099-12-31")).unwrap());
        let at_register = self.register.store.find(&all, 0, 5_000).unwrap().items;
        for application in &at_register {
            let truth = gateway.standing(application.id).expect("the register invents nothing");
            let own = self.register.store.standing(application.id).unwrap().unwrap();
            assert_eq!(essence(&own.application), essence(&truth.application));
            assert_eq!(own.superseded_by, truth.superseded_by);
            for (organization, node) in &self.workstations {
                let there = node.store.standing(application.id).unwrap();
                if *organization == application.organization {
                    let there = there.expect("the workstation has its organization's applications");
                    assert_eq!(essence(&there.application), essence(&truth.application));
                    assert_eq!(there.superseded_by, truth.superseded_by);
                } else {
                    assert!(there.is_none(), "an application of another organization");
                }
            }
        }
        at_register.len()
    }
}

/// What all hops must agree on: everything but their own change numbers and what was refused on the way.
fn essence(application: &Application) -> Application {
    let mut essence = application.clone();
    essence.version = 0;
    essence.answers.retain(|record| !matches!(record.delivery, Delivery::Rejected { .. }));
    essence.answers.iter_mut().for_each(|record| record.delivery = Delivery::Queued);
    essence
}

/// A registrar's account and its session's token.
fn account(register: &Register, login: &str, organization: &Organization, now: chrono::DateTime<Utc>) -> String {
    let account = NewAccount {
        login: Login::parse(login).unwrap(),
        password: Secret::new(PASSWORD.to_owned()),
        employee: format!("Сотрудник {login}"),
        role: Role::Registrar,
        organization: Some(NewOrganization { oid: organization.oid.clone(), name: Some(organization.name.clone()) }),
        change_password: Some(false),
    };
    register.add_user(account, now).unwrap();
    let credentials = Credentials { login: login.to_owned(), password: PASSWORD.to_owned() };
    register.sign_in(&credentials, [127, 0, 0, 1].into(), now).unwrap().token.unwrap()
}
