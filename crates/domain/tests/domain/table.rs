//! Every type × status × decision in one table, as the two tables of the domain's description.

use prikrep_domain::{ALL_DECISIONS, ApplicationType, DecisionKind, Status, is_pending, transition};

use crate::given::{alone, application, draft, moment};

const WIDTHS: [usize; 9] = [13, 14, 8, 8, 15, 14, 7, 8, 0];

fn row(cells: [&str; 9]) -> String {
    let line: Vec<String> = cells.iter().zip(WIDTHS).map(|(cell, width)| format!("{cell:width$}")).collect();
    line.join("| ").trim_end().to_owned()
}

#[test]
fn what_an_answer_may_do() {
    let codes = ["provide", "refuse", "approve_cancel", "fail_cancel", "detach"];
    let mut lines = vec![row([
        "type",
        "status",
        codes[0],
        codes[1],
        codes[2],
        codes[3],
        codes[4],
        "pending",
        "the form offers, in its order",
    ])];
    for application_type in ApplicationType::ALL {
        for status in Status::ALL {
            let standing = alone(&application(7, application_type, status));
            let after = |decision| transition(application_type, status, decision).map_or("—", Status::code);
            let [provide, refuse, approve, fail, detach] = ALL_DECISIONS.map(after);
            let offered: Vec<&str> = standing.allowed().map(DecisionKind::words).collect();
            let pending = if standing.is_pending() { "yes" } else { "" };
            let words = offered.join(" · ");
            lines.push(row([
                application_type.code(),
                status.code(),
                provide,
                refuse,
                approve,
                fail,
                detach,
                pending,
                &words,
            ]));
        }
    }
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn everything_that_decides_agrees_with_the_table() {
    for application_type in ApplicationType::ALL {
        for status in Status::ALL {
            let standing = alone(&application(7, application_type, status));
            for decision in ALL_DECISIONS {
                let possible = transition(application_type, status, decision).is_some();
                let case = format!("{application_type:?} {status:?} {decision:?}");
                assert_eq!(standing.allowed().any(|offered| offered == decision), possible, "{case}");
                assert_eq!(standing.permit(decision, moment()).is_ok(), possible, "{case}");
                assert_eq!(standing.check(&draft(decision), moment()).is_ok(), possible, "{case}");
            }
            assert_eq!(standing.is_pending(), is_pending(application_type, status));
        }
    }
}

#[test]
fn a_refusal_says_what_the_application_is_and_who_answered_it() {
    use crate::given::{record, stand_with};
    let words =
        |standing: &prikrep_domain::Standing, decision| standing.permit(decision, moment()).unwrap_err().to_string();
    let mut lines = Vec::new();
    for application_type in ApplicationType::ALL {
        for status in Status::ALL {
            let standing = alone(&application(7, application_type, status));
            let refused = ALL_DECISIONS.into_iter().find(|decision| standing.permit(*decision, moment()).is_err());
            lines.extend(refused.map(|decision| words(&standing, decision)));
        }
    }
    let mut answered = application(7, ApplicationType::Choice, Status::Done);
    answered.answers.push(record(1, DecisionKind::Provide, prikrep_domain::Delivery::Queued));
    lines.push(words(&alone(&answered), DecisionKind::Refuse));
    let choice = application(1, ApplicationType::Choice, Status::Sent);
    let cancellation = application(2, ApplicationType::Cancellation, Status::Accepted);
    lines.push(words(&stand_with(&choice, &cancellation), DecisionKind::Provide));
    insta::assert_snapshot!(lines.join("\n"));
}
