//! The people of the region: identifiers, families, ages, names.

use prikrep_domain::{Application, AttachmentKind, BadPolicy, BadSnils, Moment, OmsPolicy, Relation, Snils};
use prikrep_simulator::ZONE;

use crate::support::{everything, gateway};

fn patients() -> Vec<Application> {
    everything(&gateway(20_000))
}

#[test]
fn identifiers_are_valid_in_about_97_of_100() {
    let all = patients();
    let snils: Vec<_> = all.iter().filter_map(|a| a.patient.snils.as_deref()).map(Snils::parse).collect();
    let absent = 1.0 - snils.len() as f64 / all.len() as f64;
    assert!((0.01..0.08).contains(&absent), "{absent}");
    let wrong = snils.iter().filter(|read| **read == Err(BadSnils::Check)).count();
    assert!((0.022..0.038).contains(&(wrong as f64 / snils.len() as f64)), "{wrong}");
    assert!(snils.iter().all(|read| matches!(read, Ok(_) | Err(BadSnils::Check))));

    let policies: Vec<_> = all.iter().filter_map(|a| a.patient.oms_policy.as_deref()).map(OmsPolicy::parse).collect();
    let wrong = policies.iter().filter(|read| **read == Err(BadPolicy::Check)).count();
    assert!((0.02..0.036).contains(&(wrong as f64 / policies.len() as f64)), "{wrong}");
    let old = policies.iter().filter(|read| matches!(read, Ok(OmsPolicy::Old(_)))).count();
    let temporary = policies.iter().filter(|read| matches!(read, Ok(OmsPolicy::Temporary(_)))).count();
    assert!(old > 500 && temporary > 300, "{old} {temporary}");
    assert!(policies.iter().all(|read| matches!(read, Ok(_) | Err(BadPolicy::Check))));
}

#[test]
fn ages_fit_the_kind_and_children_do_not_apply_themselves() {
    for application in patients() {
        let filed = Moment { now: application.created_at, zone: ZONE }.today();
        let birth = application.patient.birth_date;
        assert!(birth <= filed);
        let years = filed.years_since(birth).unwrap();
        match application.kind {
            AttachmentKind::Pediatric => assert!(years <= 18, "{years}"),
            AttachmentKind::Therapeutic => assert!((17..=94).contains(&years), "{years}"),
            AttachmentKind::Gynecological => assert!((14..=75).contains(&years), "{years}"),
            AttachmentKind::Dental => assert!((2..=80).contains(&years), "{years}"),
        }
        if years < 17 {
            assert!(application.applicant.is_some());
        }
        if years > 18 {
            assert!(application.applicant.is_none());
        }
    }
}

#[test]
fn families_share_their_name_and_the_fathers() {
    let all = patients();
    let with = |relation| {
        all.iter()
            .filter_map(move |a| Some((&a.patient, a.applicant.as_ref()?)))
            .filter(move |(_, applicant)| applicant.relation == Some(relation))
    };
    assert!(with(Relation::Mother).count() > with(Relation::Father).count());
    assert!(with(Relation::Guardian).count() > 50);
    for (child, father) in with(Relation::Father) {
        assert_eq!(child.name.family.chars().next(), father.name.family.chars().next());
        if let Some(patronymic) = &child.name.patronymic {
            // Пётр → Петрович, Лев → Львович, Илья → Ильич: at least the first letter is the father's.
            assert_eq!(patronymic.chars().next(), father.name.given.chars().next());
        }
    }
}

#[test]
fn patronymics_and_surnames_have_the_same_gender() {
    let mut seen = 0;
    for application in patients() {
        let name = &application.patient.name;
        let Some(patronymic) = &name.patronymic else { continue };
        let last = name.family.rsplit('-').next().unwrap();
        if ["ова", "ева", "ёва", "ина", "ая"].iter().any(|end| last.ends_with(end)) {
            assert!(patronymic.ends_with("на") || patronymic.ends_with("қызы"), "{}", name.full());
            seen += 1;
        } else if ["ов", "ев", "ёв", "ин"].iter().any(|end| last.ends_with(end)) && name.family.len() < 60 {
            assert!(patronymic.ends_with("ич") || patronymic.ends_with("ұлы"), "{}", name.full());
            seen += 1;
        }
    }
    assert!(seen > 15_000, "{seen}");
}

#[test]
fn names_test_what_names_can_do() {
    let all = patients();
    let families = |part: &str| all.iter().filter(|a| a.patient.name.family.contains(part)).count();
    assert!(families("ё") > 300);
    assert!(families("-") > 100);
    assert!(families("Ғ") + families("ұ") + families("Ә") > 50);
    assert!(families("җ") > 20);
    assert!(all.iter().any(|a| a.patient.name.full().chars().count() > 70));
    let without = all.iter().filter(|a| a.patient.name.patronymic.is_none()).count();
    assert!((150..600).contains(&without), "{without}");
}

#[test]
fn addresses_are_of_the_region() {
    let all = patients();
    let homes = |town: &str| {
        all.iter().filter_map(|a| a.patient.registration_address.as_deref()).filter(|a| a.contains(town)).count()
    };
    assert!(homes("Алтайский край") > 19_000);
    for town in ["г. Барнаул", "г. Бийск", "г. Рубцовск", "с. "] {
        assert!(homes(town) > 200, "{town}");
    }
}
