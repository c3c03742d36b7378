//! The region as generated: every application is a pure function of the scale (with its seed and start) and
//! an index, so that a million of them need no memory.
//!
//! Invariant: what an index generates is consistent with what its linked index generates, whichever is asked
//! first; `domain::stand` of the two changes nothing.

mod course;
mod identifiers;
mod links;
mod names;
mod organizations;
mod people;
mod places;
mod timeline;

use chrono::{DateTime, NaiveDate, Utc};
use prikrep_domain::{
    Applicant, Application, ApplicationId, ApplicationType, AttachmentKind, BadOid, Directory, District, Moment, Oid,
    Organization, Patient, Status,
};

use crate::dice::{Dice, NonEmpty, Stream};
use course::{Course, doctor_of};
use links::{BLOCK, Role};
use organizations::Clinic;
use timeline::{DAY, later};

/// The time zone of the region.
pub const ZONE: chrono_tz::Tz = chrono_tz::Asia::Barnaul;
/// The most applications that can be generated.
pub const MAX_APPLICATIONS: u64 = 50_000_000;
/// The most organizations.
pub const MAX_ORGANIZATIONS: usize = 2_000;

const CANCEL_REASONS: [&str; 6] = [
    "Заявление подано по ошибке",
    "Передумал(а) менять медицинскую организацию",
    "Выбрана не та медицинская организация",
    "Указан неверный адрес",
    "Переезд в другой район",
    "Ошибка в данных ребёнка",
];

/// An identifier that no application has.
pub(crate) fn fresh_id(dice: &mut Dice) -> ApplicationId {
    ApplicationId::from(identifiers::guid(dice))
}

/// How much is generated, and from what. Equal scales give equal data, byte for byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scale {
    /// How many applications there are at the start.
    pub applications: u64,
    /// How many organizations, at least one.
    pub organizations: usize,
    /// Chooses everything.
    pub seed: u64,
    /// The moment before which all of them were filed.
    pub start: DateTime<Utc>,
}

/// A scale that cannot be generated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadScale {
    /// Too many applications.
    #[error("Заявлений может быть не больше {MAX_APPLICATIONS}")]
    Applications,
    /// No organization, or too many.
    #[error("Организаций может быть от 1 до {MAX_ORGANIZATIONS}")]
    Organizations,
    /// An organization's identifier cannot be made.
    #[error("Не удалось составить OID организации")]
    Oid(#[from] BadOid),
}

/// When an application was filed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Filed {
    /// Before the start, with a course of its own.
    Before,
    /// At this moment, while the gateway runs: nobody has answered it yet.
    Live(DateTime<Utc>),
}

/// The generated region.
#[derive(Debug)]
pub(crate) struct World {
    scale: Scale,
    clinics: NonEmpty<Clinic>,
}

/// What a choice and its cancellation share.
struct Body<'a> {
    clinic: &'a Clinic,
    district: &'a District,
    kind: AttachmentKind,
    names_department: bool,
    names_district: bool,
    patient: Patient,
    applicant: Option<Applicant>,
}

impl World {
    pub(crate) fn new(scale: Scale) -> Result<Self, BadScale> {
        if scale.applications > MAX_APPLICATIONS {
            return Err(BadScale::Applications);
        }
        if !(1..=MAX_ORGANIZATIONS).contains(&scale.organizations) {
            return Err(BadScale::Organizations);
        }
        let clinics: Result<Vec<Clinic>, BadOid> =
            (0..scale.organizations).map(|place| Clinic::generate(scale.seed, place)).collect();
        let clinics = NonEmpty::from_list(clinics?).ok_or(BadScale::Organizations)?;
        Ok(Self { scale, clinics })
    }

    pub(crate) const fn scale(&self) -> &Scale {
        &self.scale
    }

    /// Where the indexes of live applications begin: a block of their own, so that none of them is linked to
    /// one with a course of its own.
    pub(crate) const fn first_live_index(&self) -> u64 {
        self.scale.applications.next_multiple_of(BLOCK)
    }

    pub(crate) fn id(&self, index: u64) -> ApplicationId {
        identifiers::application_id(self.scale.seed, index)
    }

    pub(crate) fn index_of(&self, id: ApplicationId) -> Option<u64> {
        identifiers::index_of(self.scale.seed, id)
    }

    /// The index of a choice's cancellation, whether or not it exists.
    pub(crate) fn cancellation_of(&self, index: u64) -> Option<u64> {
        match links::role(self.scale.seed, index) {
            Role::Choice { cancelled_by } => cancelled_by,
            Role::Cancellation { .. } | Role::Detachment => None,
        }
    }

    /// The index of a cancellation's choice, whether or not it exists.
    pub(crate) fn choice_of(&self, index: u64) -> Option<u64> {
        match links::role(self.scale.seed, index) {
            Role::Cancellation { choice } => choice,
            Role::Choice { .. } | Role::Detachment => None,
        }
    }

    pub(crate) fn organizations(&self) -> impl Iterator<Item = &Organization> {
        self.clinics.iter().map(|clinic| &clinic.organization)
    }

    pub(crate) fn directory_of(&self, oid: &Oid) -> Option<Directory> {
        self.clinics.iter().find(|clinic| clinic.organization.oid == *oid).map(Clinic::directory)
    }

    /// The directory that the account of the whole region is offered: the first organization's.
    pub(crate) fn directory(&self) -> Directory {
        self.clinics.first().directory()
    }

    /// When the application of an index was filed.
    pub(crate) fn filed_at(&self, index: u64, filed: Filed) -> DateTime<Utc> {
        if let Filed::Live(at) = filed {
            return at;
        }
        match self.choice_of(index).filter(|choice| *choice < self.scale.applications) {
            Some(choice) => {
                let delay = Dice::new(self.scale.seed, Stream::Time, index).between(600, 4 * DAY);
                later(self.initially_filed_at(choice), delay, self.scale.start)
            }
            None => self.initially_filed_at(index),
        }
    }

    fn initially_filed_at(&self, index: u64) -> DateTime<Utc> {
        timeline::filed_at(self.scale.seed, index, self.scale.applications, self.scale.start)
    }

    /// The application of an index, without a version: the gateway knows that one.
    pub(crate) fn application(&self, index: u64, filed: Filed) -> Application {
        match links::role(self.scale.seed, index) {
            Role::Choice { cancelled_by } => {
                let present = cancelled_by.filter(|by| *by < self.scale.applications && filed == Filed::Before);
                self.assemble(ApplicationType::Choice, index, index, filed, present)
            }
            Role::Cancellation { choice } => {
                let mut application =
                    self.assemble(ApplicationType::Cancellation, index, choice.unwrap_or(index), filed, None);
                let mut dice = Dice::new(self.scale.seed, Stream::Links, !index);
                // The highest index is nobody's.
                application.cancels = Some(self.id(choice.unwrap_or(!index & 0xFFFF_FFFF_FFFF)));
                application.cancel_reason = (!dice.chance(120)).then(|| dice.pick(&CANCEL_REASONS).to_owned());
                application
            }
            Role::Detachment => self.assemble(ApplicationType::Detachment, index, index, filed, None),
        }
    }

    fn assemble(
        &self,
        application_type: ApplicationType,
        index: u64,
        body_index: u64,
        filed: Filed,
        cancelled_by: Option<u64>,
    ) -> Application {
        let body = self.body(body_index, filed);
        let created_at = self.filed_at(index, filed);
        let mut dice = Dice::new(self.scale.seed, Stream::Fate, index);
        let course = self.course(&mut dice, application_type, created_at, filed, cancelled_by);
        let attached = application_type == ApplicationType::Detachment || course.provides();
        let named = attached || body.names_district;
        Application {
            id: self.id(index),
            version: 0,
            application_type,
            kind: body.kind,
            status: course.status,
            created_at,
            changed_at: course.changed_at,
            cancels: None,
            cancel_reason: None,
            answers: course.answers(&mut dice, body.clinic, body.district, self.scale.start),
            patient: body.patient,
            applicant: body.applicant,
            organization: body.clinic.organization.clone(),
            department: if body.names_department { body.district.department.clone() } else { None },
            district: named.then(|| body.district.number.clone()),
            doctor: named.then(|| doctor_of(body.district)),
        }
    }

    fn course(
        &self,
        dice: &mut Dice,
        application_type: ApplicationType,
        created_at: DateTime<Utc>,
        filed: Filed,
        cancelled_by: Option<u64>,
    ) -> Course {
        let start = self.scale.start;
        match (application_type, filed) {
            (ApplicationType::Choice | ApplicationType::Detachment, Filed::Live(at)) => {
                Course::unanswered(Status::Sent, at)
            }
            (ApplicationType::Cancellation, Filed::Live(at)) => Course::unanswered(Status::Accepted, at),
            (ApplicationType::Choice, Filed::Before) => match cancelled_by {
                Some(by) => self.under_cancellation(by, created_at),
                None => Course::of_choice(dice, created_at, start),
            },
            (ApplicationType::Cancellation, Filed::Before) => Course::of_cancellation(dice, created_at, start),
            (ApplicationType::Detachment, Filed::Before) => Course::of_detachment(dice, created_at, start),
        }
    }

    /// A choice under a cancellation waits as long as that one does, and ends as it ends.
    fn under_cancellation(&self, by: u64, created_at: DateTime<Utc>) -> Course {
        let mut dice = Dice::new(self.scale.seed, Stream::Fate, by);
        let cancellation = Course::of_cancellation(&mut dice, self.filed_at(by, Filed::Before), self.scale.start);
        match cancellation.status {
            Status::Accepted | Status::CancelFailed | Status::Sent | Status::Cancelling => {
                Course::unanswered(Status::Sent, created_at)
            }
            Status::Done | Status::Refused | Status::Cancelled => {
                Course::unanswered(cancellation.status, cancellation.changed_at)
            }
        }
    }

    fn body(&self, index: u64, filed: Filed) -> Body<'_> {
        let mut dice = Dice::new(self.scale.seed, Stream::Body, index);
        let clinic = self.clinics.pick(&mut dice);
        let kind = match dice.below(100) {
            0..58 => AttachmentKind::Therapeutic,
            58..85 => AttachmentKind::Pediatric,
            85..93 => AttachmentKind::Gynecological,
            _ => AttachmentKind::Dental,
        };
        let (patient, applicant) = people::generate(&mut dice, kind, self.reference_date(index, filed), &clinic.town);
        Body {
            clinic,
            district: clinic.districts(kind).pick(&mut dice),
            kind,
            names_department: !dice.chance(100),
            names_district: dice.chance(500),
            patient,
            applicant,
        }
    }

    /// The date that a birth date is counted back from: one that both of a linked pair know.
    fn reference_date(&self, index: u64, filed: Filed) -> NaiveDate {
        let now = match filed {
            Filed::Before => self.initially_filed_at(index),
            Filed::Live(_) => self.scale.start,
        };
        Moment { now, zone: ZONE }.today()
    }
}
