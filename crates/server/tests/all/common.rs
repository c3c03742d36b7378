//! What the tests stand on: a register over a temporary store, applications, accounts.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use chrono::{DateTime, Duration, TimeZone, Utc};
use prikrep_daemon::Clock;
use prikrep_domain::{
    AnswerDraft, AnswerId, Application, ApplicationId, ApplicationType, AttachmentKind, Credentials, Cursor, Oid,
    Organization, Patient, PersonId, PersonName, Problem, Role, Session, Status,
};
use prikrep_server::{Config, NewAccount, NewOrganization, Refused, Register, Secret, SignedIn, open_register};
use prikrep_store::Page;
use tempfile::TempDir;
use uuid::Uuid;

pub(crate) const OURS: &str = "1.2.643.5.1.13.13.12.2.22.2001";
pub(crate) const THEIRS: &str = "1.2.643.5.1.13.13.12.2.22.2002";
pub(crate) const PASSWORD: &str = "верный пароль 1";
pub(crate) const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// Noon in Barnaul on the second of March 2026, and seconds after it.
pub(crate) fn at(secs: i64) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 3, 2, 5, 0, 0).unwrap() + Duration::seconds(secs)
}

/// A clock that stands.
pub(crate) struct Standing(pub(crate) DateTime<Utc>);

impl Clock for Standing {
    fn now(&self) -> DateTime<Utc> {
        self.0
    }
}

pub(crate) fn noon() -> Arc<dyn Clock> {
    Arc::new(Standing(at(0)))
}

pub(crate) fn oid(text: &str) -> Oid {
    Oid::parse(text).unwrap()
}

pub(crate) fn id(number: u128) -> ApplicationId {
    ApplicationId::from(Uuid::from_u128(number))
}

pub(crate) fn answer_id(number: u128) -> AnswerId {
    AnswerId::from(Uuid::from_u128(number))
}

/// A choice that waits for an answer.
pub(crate) fn application(number: u128, organization: &str) -> Application {
    Application {
        id: id(number),
        version: 1,
        application_type: ApplicationType::Choice,
        kind: AttachmentKind::Therapeutic,
        status: Status::Sent,
        created_at: at(-3600),
        changed_at: at(-3600),
        cancels: None,
        cancel_reason: None,
        patient: Patient {
            guid: PersonId::from(Uuid::from_u128(number + 1_000_000)),
            name: PersonName {
                family: format!("Фамилия{number}"),
                given: "Имя".into(),
                patronymic: Some("Отчество".into()),
            },
            birth_date: "1980-05-17".parse().unwrap(),
            snils: Some("11223344595".into()),
            oms_policy: Some("8451999122899990".into()),
            phone: Some("+79130000000".into()),
            registration_address: Some("656000, Барнаул".into()),
            residence_address: None,
        },
        applicant: None,
        organization: Organization { oid: oid(organization), name: "КГБУЗ «ЦРБ»".into() },
        department: None,
        district: None,
        doctor: None,
        answers: Vec::new(),
    }
}

pub(crate) fn page(applications: Vec<Application>, cursor: &str) -> Page {
    let cursor = Cursor::new(cursor.to_owned()).unwrap();
    Page { applications, unreadable: Vec::new(), cursor, has_more: false }
}

/// A refusal, complete.
pub(crate) fn refusal(comment: &str) -> AnswerDraft {
    serde_json::from_value(serde_json::json!({
        "decision": "refuse",
        "comment": comment,
        "refusal_reason": "Не та территория",
        "answered_at": at(0),
        "answered_by": "Кто-то Другой",
    }))
    .unwrap()
}

/// A register over a temporary store.
pub(crate) struct Fixture {
    pub(crate) folder: TempDir,
    pub(crate) config: Config,
    pub(crate) register: Register,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn with(change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = config(&folder);
        change(&mut config);
        let register = open_register(&config, at(0)).unwrap();
        Self { folder, config, register }
    }

    /// Closes the register and opens it again.
    pub(crate) fn reopened(self, now: DateTime<Utc>) -> Self {
        let Self { folder, config, register } = self;
        drop(register);
        let register = open_register(&config, now).unwrap();
        Self { folder, config, register }
    }

    /// Three choices of ours (1 to 3) and two of theirs (11, 12).
    pub(crate) fn filled(self) -> Self {
        let ours = (1..=3).map(|number| application(number, OURS));
        let theirs = (11..=12).map(|number| application(number, THEIRS));
        self.register.store().apply(&page(ours.chain(theirs).collect(), "1"), at(0)).unwrap();
        self
    }

    pub(crate) fn sign_in(&self, login: &str, password: &str, now: DateTime<Utc>) -> Result<Session, Refused> {
        let credentials = Credentials { login: login.into(), password: password.into() };
        self.register.sign_in(&credentials, HERE, now)
    }

    /// Makes an account and signs it in.
    pub(crate) fn signed_in(&self, login: &str, role: Role, organization: Option<&str>) -> SignedIn {
        add(&self.register, login, role, organization);
        let session = self.sign_in(login, PASSWORD, at(0)).unwrap();
        self.register.signed_in(&session.token.unwrap(), at(0)).unwrap()
    }
}

pub(crate) fn config(folder: &TempDir) -> Config {
    let listen = (Ipv4Addr::LOCALHOST, 0).into();
    Config { data_dir: folder.path().join("data"), listen, ..Config::default() }
}

pub(crate) fn add(register: &Register, login: &str, role: Role, organization: Option<&str>) {
    let organization = organization.map(|text| NewOrganization { oid: oid(text), name: Some("ЦРБ".into()) });
    let employee = format!("Сотрудник {login}");
    let password = Secret::new(PASSWORD.into());
    let (login, change_password) = (login.parse().unwrap(), Some(false));
    let account = NewAccount { login, password, employee, role, organization, change_password };
    register.add_user(account, at(0)).unwrap();
}

/// The code of a problem.
pub(crate) fn code(problem: &Problem) -> String {
    problem.kind.urn().trim_start_matches("urn:prikrep:problem:").to_owned()
}
