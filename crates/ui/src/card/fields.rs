//! The card's fields in the guide's order, as words.

use std::borrow::Cow;

use chrono_tz::Tz;
use prikrep_domain::{Application, Decision, DecisionKind, Delivery, RecordedAnswer, Status};

use crate::format;
use crate::t;

/// A field of the card: its label and its value; `None` is shown as a dash.
pub(crate) type Field = (Cow<'static, str>, Option<String>);

/// The fields of an application, in the guide's order.
pub(crate) fn fields(application: &Application, zone: Tz) -> Vec<Field> {
    let Application { patient, applicant, doctor, .. } = application;
    let words = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    vec![
        (t!("card-status"), words(application.status.card_words())),
        (t!("card-patient-guid"), words(&patient.guid.to_string())),
        (t!("card-snils"), patient.snils.as_deref().map(|snils| format::snils_words(Some(snils)))),
        (t!("card-patient"), words(&patient.name.full())),
        (t!("card-birth-date"), Some(format::date(patient.birth_date))),
        (t!("card-policy"), patient.oms_policy.as_deref().map(|policy| format::policy_words(Some(policy)))),
        (t!("card-phone"), patient.phone.clone()),
        (t!("card-registration-address"), patient.registration_address.clone()),
        (t!("card-residence-address"), patient.residence_address.clone()),
        (t!("card-organization"), words(&application.organization.name)),
        (t!("card-department"), application.department.clone()),
        (t!("card-district"), application.district.clone()),
        (t!("card-created"), Some(format::moment(application.created_at, zone))),
        (t!("card-changed"), Some(format::moment(application.changed_at, zone))),
        (t!("card-kind"), words(application.kind.card_words())),
        (t!("card-doctor"), doctor.as_ref().map(|doctor| doctor.full_name.clone())),
        (t!("card-doctor-position"), doctor.as_ref().map(|doctor| doctor.position.clone())),
        (t!("card-applicant-guid"), applicant.as_ref().map(|applicant| applicant.guid.to_string())),
        (t!("card-applicant"), applicant.as_ref().map(|applicant| applicant.name.full())),
        (
            t!("card-relation"),
            applicant.as_ref().and_then(|applicant| applicant.relation).map(|relation| relation.words().to_owned()),
        ),
        (t!("card-refusal-reason"), refusal_reason(application)),
        (t!("card-cancel-result"), cancel_result(application)),
        (t!("card-cancel-reason"), application.cancel_reason.clone()),
        (t!("card-answered-by"), answered_by(application)),
    ]
}

/// Answers that stand, the last first.
fn standing(application: &Application) -> impl Iterator<Item = &RecordedAnswer> {
    application.answers.iter().rev().filter(|record| !matches!(record.delivery, Delivery::Rejected { .. }))
}

fn refusal_reason(application: &Application) -> Option<String> {
    standing(application).find_map(|record| match &record.answer.decision {
        Decision::Refuse { reason } => Some(reason.clone()),
        Decision::Provide { .. } | Decision::ApproveCancel | Decision::FailCancel | Decision::Detach { .. } => None,
    })
}

/// A cancellation's own answer; a choice that was cancelled shows what was said of its cancellation.
fn cancel_result(application: &Application) -> Option<String> {
    let own = standing(application).find_map(|record| match record.answer.decision.kind() {
        kind @ (DecisionKind::ApproveCancel | DecisionKind::FailCancel) => Some(kind),
        DecisionKind::Provide | DecisionKind::Refuse | DecisionKind::Detach => None,
    });
    let by_status = (application.status == Status::Cancelled).then_some(DecisionKind::ApproveCancel);
    own.or(by_status).map(|kind| kind.words().to_owned())
}

fn answered_by(application: &Application) -> Option<String> {
    standing(application).map(|record| record.answer.answered_by.clone()).find(|name| !name.is_empty())
}
