//! What the daemon logs: enough to follow an answer, nothing of a person.

use std::io::Write;
use std::sync::Arc;

use parking_lot::Mutex;
use prikrep_daemon::{Daemon, UpstreamError};
use prikrep_domain::{DecisionKind, Problem, ProblemKind};
use tracing_subscriber::fmt::MakeWriter;

use crate::fixture::{TestClock, answer, application_id, choice, live, open, until};
use crate::gateway::{Fault, Gateway};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;
    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_can_be_followed_in_the_log_and_no_person() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(log.clone());
    // The runtime of this test has one thread, and the daemon logs on no other.
    let _guard = tracing::subscriber::set_default(subscriber.finish());
    let folder = tempfile::tempdir().unwrap();
    let (store, gateway) = (open(folder.path()), Gateway::with((0..10).map(choice)));
    gateway.publish_unreadable(r#"{"family":"Ёлкин7"}"#);
    gateway.end_session();
    let wrong = Problem::new(ProblemKind::BadCredentials).with_detail("Неверный пароль Ёлкина");
    gateway.fail_sign_ins([Fault::Before(wrong.into())]);
    let daemon = Daemon::start(store.clone(), gateway.clone(), live(), Arc::new(TestClock::new()));
    until(&daemon, |status| status.last_pull.is_some()).await;
    let mut calls = 0;
    gateway.on_push(move |push| {
        calls += 1;
        let words = "На заявление уже ответил Ёлкин";
        match calls {
            1 => Some(Fault::Before(UpstreamError::status(500))),
            2 => Some(Fault::Panic),
            _ if push.application == application_id(2) => {
                let problem = Problem::new(ProblemKind::AlreadyAnswered).with_detail(words).with_application(choice(2));
                Some(Fault::Before(problem.into()))
            }
            _ => None,
        }
    });
    let ids = [1, 2].map(|number| answer(&*store, number, DecisionKind::Refuse));
    until(&daemon, |status| status.pushes.is_empty() && gateway.pushes().len() >= 4).await;
    assert!(daemon.stop().await);

    let log = String::from_utf8(log.0.lock().clone()).unwrap();
    for expected in ["signed in", "answer not delivered yet", "answer delivered", "answer rejected", "pull completed"] {
        assert!(log.contains(expected), "{expected:?} is not in\n{log}");
    }
    for id in ids {
        assert!(log.contains(&id.to_string()));
    }
    for personal in ["Ёлкин", "Пётр", "11223344595", "Приходите", "Сидорова", "Неверный пароль"]
    {
        assert!(!log.contains(personal), "{personal:?} is in\n{log}");
    }
}
