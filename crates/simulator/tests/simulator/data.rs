//! What is generated: the same for the same seed, in lifelike shares, consistent.

use std::collections::HashMap;

use prikrep_domain::{
    Application, ApplicationId, ApplicationType, AttachmentKind, MAX_PAGE_BYTES, Status, is_pending, read_application,
    stand, transition,
};
use prikrep_simulator::{BadScale, Gateway, MAX_APPLICATIONS, MAX_ORGANIZATIONS, Scale};

use crate::support::{everything, gateway, scale, start};

fn json(applications: &[Application]) -> String {
    serde_json::to_string(applications).unwrap()
}

fn share(of: &[Application], matches: impl Fn(&Application) -> bool) -> f64 {
    of.iter().filter(|application| matches(application)).count() as f64 / of.len() as f64
}

#[test]
fn the_same_seed_gives_the_same_data() {
    let first = json(&everything(&gateway(2_000)));
    assert_eq!(first, json(&everything(&gateway(2_000))));
    let other = Gateway::new(Scale { seed: 23, ..scale(2_000) }).unwrap();
    assert_ne!(first, json(&everything(&other)));
}

#[test]
fn a_card_is_what_the_feed_said() {
    let gateway = gateway(300);
    for application in everything(&gateway).into_iter().rev() {
        assert_eq!(gateway.standing(application.id).unwrap().application, application);
    }
}

#[test]
fn every_record_is_read_back_as_it_was() {
    let all = everything(&gateway(5_000));
    for application in &all {
        let json = serde_json::to_string(application).unwrap();
        assert_eq!(read_application(&json).as_ref(), Ok(application));
    }
}

#[test]
fn the_largest_page_stays_within_its_limit() {
    let page = gateway(200_000).feed(None, 5_000).unwrap();
    assert_eq!(page.changes.len(), 5_000);
    assert!(serde_json::to_vec(&page).unwrap().len() < MAX_PAGE_BYTES);
}

#[test]
fn shares_are_lifelike() {
    let all = everything(&gateway(40_000));
    let of_type = |wanted| share(&all, |a| a.application_type == wanted);
    assert_eq!(of_type(ApplicationType::Choice), 0.75);
    assert_eq!(of_type(ApplicationType::Cancellation), 0.15);
    assert_eq!(of_type(ApplicationType::Detachment), 0.10);
    for (kind, least) in AttachmentKind::ALL.into_iter().zip([0.5, 0.2, 0.05, 0.05]) {
        assert!(share(&all, |a| a.kind == kind) > least, "{kind:?}");
    }
    for status in Status::ALL {
        assert!(share(&all, |a| a.status == status) > 0.001, "{status:?}");
    }
    let waiting = share(&all, |a| is_pending(a.application_type, a.status));
    assert!((0.03..0.055).contains(&waiting), "{waiting}");
    let done = share(&all, |a| a.status == Status::Done);
    assert!((0.6..0.8).contains(&done), "{done}");
}

#[test]
fn even_a_small_region_has_every_pending_status() {
    let all = everything(&gateway(2_000));
    for status in [Status::Sent, Status::Accepted, Status::CancelFailed] {
        assert!(share(&all, |a| a.status == status) > 0.0, "{status:?}");
    }
}

#[test]
fn every_status_follows_from_the_answers() {
    for application in everything(&gateway(10_000)) {
        let first = match application.application_type {
            ApplicationType::Choice | ApplicationType::Detachment => Status::Sent,
            ApplicationType::Cancellation => Status::Accepted,
        };
        let mut status = first;
        let mut last = application.created_at;
        for record in &application.answers {
            status = transition(application.application_type, status, record.answer.decision.kind()).unwrap();
            assert!(record.answer.answered_at >= last && record.answer.answered_at <= start());
            last = record.answer.answered_at;
        }
        assert!(application.changed_at >= last && application.changed_at <= start());
        if application.application_type != ApplicationType::Choice || !application.answers.is_empty() {
            assert_eq!((application.status, application.changed_at), (status, last));
        }
    }
}

#[test]
fn linked_pairs_agree_in_either_order() {
    let all = everything(&gateway(20_000));
    let by_id: HashMap<ApplicationId, (usize, &Application)> =
        all.iter().enumerate().map(|(place, application)| (application.id, (place, application))).collect();
    let (mut before, mut after, mut alone, mut cancelling) = (0, 0, 0, 0);
    for (place, application) in all.iter().enumerate() {
        match application.application_type {
            ApplicationType::Cancellation => {
                let Some((choice_place, choice)) = by_id.get(&application.cancels.unwrap()) else {
                    alone += 1;
                    continue;
                };
                if place < *choice_place {
                    before += 1
                } else {
                    after += 1
                }
                let standing = stand(choice, &[], [application]);
                assert_eq!(standing.superseded_by, Some(application.id));
                assert_eq!(standing.application, **choice);
                assert_eq!((&choice.patient, choice.kind), (&application.patient, application.kind));
                assert!(choice.created_at <= application.created_at);
            }
            ApplicationType::Choice if application.status == Status::Cancelling => cancelling += 1,
            ApplicationType::Choice | ApplicationType::Detachment => assert_eq!(application.cancels, None),
        }
    }
    assert!(before > 500 && after > 500 && alone > 50 && cancelling > 5, "{before} {after} {alone} {cancelling}");
}

#[test]
fn a_scale_has_limits() {
    let refused = |scale| Gateway::new(scale).err();
    assert_eq!(refused(scale(MAX_APPLICATIONS + 1)), Some(BadScale::Applications));
    for organizations in [0, MAX_ORGANIZATIONS + 1] {
        assert_eq!(refused(Scale { organizations, ..scale(1) }), Some(BadScale::Organizations));
    }
    assert!(gateway(0).is_empty());
    assert!(gateway(0).feed(None, 10).unwrap().changes.is_empty());
}

#[test]
fn organizations_have_names_and_directories_of_their_own() {
    let gateway = gateway(1_000);
    let organizations: Vec<_> = gateway.organizations().cloned().collect();
    assert_eq!(organizations[0].oid.as_str(), "1.2.643.5.1.13.13.12.2.22.2001");
    let names: std::collections::HashSet<_> = organizations.iter().map(|organization| &organization.name).collect();
    assert_eq!(names.len(), 12);
    for application in everything(&gateway) {
        let directory = gateway.directory_of(&application.organization.oid).unwrap();
        if let Some(number) = &application.district {
            assert!(directory.districts.iter().any(|d| d.number == *number && d.kind == application.kind));
        }
        if let Some(doctor) = &application.doctor {
            assert!(directory.doctors.contains(doctor));
        }
        assert!(application.department.is_none_or(|name| directory.departments.contains(&name)));
    }
    assert!(organizations.iter().any(|organization| organization.name.contains("Бийск")));
}
