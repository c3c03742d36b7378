//! Patients and those who apply for them.
//!
//! Invariant: a child's application is filed by a parent or a guardian of age; a grown-up applies alone.

use chrono::{Days, NaiveDate};
use prikrep_domain::{Applicant, AttachmentKind, Patient, Relation};

use crate::dice::Dice;
use crate::world::identifiers::{oms_policy, person_id, phone, snils};
use crate::world::names::{Family, Sex};
use crate::world::places::Town;

const YEAR: u64 = 365;
/// In days, with two more for the leap years of a short life.
const OF_AGE: u64 = 18 * YEAR + 5;

/// The patient of an application of this kind, and the applicant when it is not the patient.
pub(crate) fn generate(
    dice: &mut Dice,
    kind: AttachmentKind,
    today: NaiveDate,
    town: &Town,
) -> (Patient, Option<Applicant>) {
    let age_days = age(dice, kind);
    let is_child = age_days < OF_AGE;
    let sex = match kind {
        AttachmentKind::Gynecological => Sex::Female,
        AttachmentKind::Therapeutic | AttachmentKind::Pediatric | AttachmentKind::Dental => Sex::any(dice),
    };
    let family = Family::new(dice);
    let father = family.man(dice);
    let recorded_father = if dice.chance(15) { None } else { Some(father) };
    let name = family.member(dice, sex, recorded_father);
    let applicant = is_child.then(|| applicant(dice, &family, father.0));
    let home = if dice.chance(900) { *town } else { Town::any(dice) };
    let registration = home.address(dice);
    let residence = match dice.below(100) {
        0..78 => Some(registration.clone()),
        78..93 => Some(town.address(dice)),
        _ => None,
    };
    let patient = Patient {
        guid: person_id(dice),
        name,
        birth_date: today.checked_sub_days(Days::new(age_days)).unwrap_or(today),
        snils: (!dice.chance(if is_child { 90 } else { 20 })).then(|| snils(dice)),
        oms_policy: (!dice.chance(20)).then(|| oms_policy(dice)),
        phone: (!dice.chance(50)).then(|| phone(dice)),
        registration_address: (!dice.chance(10)).then_some(registration),
        residence_address: residence,
    };
    (patient, applicant)
}

/// In days.
fn age(dice: &mut Dice, kind: AttachmentKind) -> u64 {
    let (from, to) = match kind {
        AttachmentKind::Pediatric => (5, OF_AGE),
        AttachmentKind::Gynecological => (15 * YEAR, 75 * YEAR),
        AttachmentKind::Dental => (3 * YEAR, 80 * YEAR),
        AttachmentKind::Therapeutic => (OF_AGE, 94 * YEAR),
    };
    if kind == AttachmentKind::Pediatric {
        return from + dice.below(to - from);
    }
    // The mean of two draws, so that the very old are rare.
    from + (dice.below(to - from) + dice.below(to - from)) / 2
}

fn applicant(dice: &mut Dice, family: &Family, father: &str) -> Applicant {
    let relation =
        dice.weighted(&[(Some(Relation::Mother), 80), (Some(Relation::Father), 15), (Some(Relation::Guardian), 5)]);
    let name = match relation {
        Some(Relation::Father) => {
            let grandfather = family.man(dice);
            family.named(father, Sex::Male, Some(grandfather))
        }
        Some(Relation::Mother) | None => {
            let grandfather = family.man(dice);
            family.member(dice, Sex::Female, Some(grandfather))
        }
        Some(Relation::Guardian) => {
            let other = Family::new(dice);
            let grandfather = other.man(dice);
            other.member(dice, Sex::Female, Some(grandfather))
        }
    };
    Applicant { guid: person_id(dice), name, relation }
}
