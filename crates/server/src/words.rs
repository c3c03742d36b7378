//! Problems in words: what a registrar or an integrator reads.

use std::error::Error;

use chrono::{DateTime, Duration, Utc};
use prikrep_domain::{Action, FieldError, Problem, ProblemKind};
use prikrep_store::{DiskTrouble, StoreError};

use crate::passwords::PasswordDue;

pub(crate) fn not_allowed(detail: &str) -> Problem {
    Problem::new(ProblemKind::NotAllowed).with_detail(detail)
}

/// The role does not allow an action.
pub(crate) fn role_refuses(action: Action) -> Problem {
    not_allowed(match action {
        Action::OwnSession | Action::Report => "Ваша роль не позволяет этого",
        Action::ReadFeed | Action::Search | Action::OpenCard => "Ваша роль не позволяет читать заявления",
        Action::Answer => "Ваша роль не позволяет отвечать на заявления",
        Action::ReadDirectory => "Ваша роль не позволяет читать справочник",
        Action::ReadJournal => "Ваша роль не позволяет читать журнал",
        Action::ManageAccounts => "Ваша роль не позволяет управлять учётными записями",
        Action::ManageSettings => "Ваша роль не позволяет менять настройки",
    })
}

/// A password must be changed before anything else.
pub(crate) fn password_due(due: PasswordDue) -> Problem {
    not_allowed(match due {
        PasswordDue::Given => "Пароль задан администратором: смените его, чтобы начать работу",
        PasswordDue::Aged => "Срок действия пароля истёк: смените его, чтобы продолжить работу",
    })
}

/// One field of a request is wrong.
pub(crate) fn bad_field(field: &str, message: &str) -> Problem {
    let error = FieldError { field: field.to_owned(), message: message.to_owned() };
    Problem { errors: vec![error], ..bad_request(message) }
}

pub(crate) fn bad_request(detail: impl Into<String>) -> Problem {
    Problem::new(ProblemKind::BadRequest).with_detail(detail)
}

/// Fields of a request that are wrong.
pub(crate) fn bad_fields(errors: Vec<FieldError>) -> Problem {
    let listed: Vec<String> = errors.iter().map(|error| format!("{}: {}", error.field, error.message)).collect();
    Problem { errors, ..bad_request(listed.join("; ")) }
}

pub(crate) fn no_such_application() -> Problem {
    Problem::new(ProblemKind::NotFound).with_detail("Заявление не найдено")
}

pub(crate) fn too_many_attempts(wait: Duration) -> Problem {
    let minutes = (wait.num_seconds() + 59) / 60;
    Problem::new(ProblemKind::TooManyAttempts)
        .with_detail(format!("Слишком много неудачных попыток входа. Повторите через {minutes} мин."))
}

pub(crate) fn overloaded(detail: &str) -> Problem {
    Problem::new(ProblemKind::Overloaded).with_detail(detail)
}

pub(crate) fn busy() -> Problem {
    Problem::new(ProblemKind::Unavailable).with_detail("Сервер занят: повторите запрос немного позже")
}

/// What a disk that takes nothing more means, for an administrator.
pub(crate) fn disk(trouble: &DiskTrouble) -> String {
    let what = match trouble {
        DiskTrouble::Full => "На диске папки данных нет места".to_owned(),
        DiskTrouble::ReadOnly => "Диск папки данных доступен только для чтения".to_owned(),
        DiskTrouble::Failing(words) => format!("Диск папки данных не принимает запись ({words})"),
    };
    format!(
        "{what}: новые ответы и входы не принимаются, принятое сохранено, чтение работает. После исправления регистр продолжит работу сам"
    )
}

/// There is space still, and little of it.
pub(crate) fn low_space(bytes: u64) -> String {
    format!(
        "На диске папки данных осталось {} МБ: освободите место, иначе ответы и входы перестанут приниматься",
        bytes >> 20
    )
}

/// The clock is not the federal service's.
pub(crate) fn clock_ahead(minutes: i64) -> String {
    const DAY: i64 = 24 * 60;
    let how = if minutes > 0 { "спешат" } else { "отстают" };
    let (much, of) = if minutes.abs() < 2 * DAY { (minutes, "мин.") } else { (minutes / DAY, "сут.") };
    format!(
        "Часы сервера {how} на {} {of} по сравнению с федеральным сервисом: проверьте время. Пока они расходятся, старые записи журнала не удаляются",
        much.abs()
    )
}

/// The clock is behind what was written down before.
pub(crate) fn clock_behind(last: DateTime<Utc>) -> String {
    format!(
        "Последняя запись журнала сделана {} UTC, а часы сервера показывают более раннее время: проверьте время",
        last.format("%d.%m.%Y %H:%M")
    )
}

/// The store failed: its words are for the log, a registrar is told to try again.
pub(crate) fn unavailable(error: StoreError) -> Problem {
    tracing::error!(error = chain(&error), "the store failed");
    let detail = match error.disk_trouble() {
        Some(DiskTrouble::Full) => {
            "На диске регистра нет места: ничего не записано. Сообщите администратору и повторите позже"
        }
        Some(DiskTrouble::ReadOnly | DiskTrouble::Failing(_)) => {
            "Диск регистра не принимает запись: ничего не записано. Сообщите администратору и повторите позже"
        }
        None => "Хранилище регистра временно недоступно: повторите позже",
    };
    Problem::new(ProblemKind::Unavailable).with_detail(detail)
}

pub(crate) fn still_filling() -> Problem {
    Problem::new(ProblemKind::Unavailable).with_detail("Регистр ещё читает заявления: ответ будет отправлен позже")
}

pub(crate) fn internal(error: &dyn Error) -> Problem {
    tracing::error!(error = chain(error), "internal failure");
    Problem::new(ProblemKind::Internal).with_detail("Внутренняя ошибка регистра: сообщите администратору")
}

/// An error with its causes.
pub(crate) fn chain(error: &dyn Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| (*cause).source());
    causes.fold(error.to_string(), |words, cause| format!("{words}: {cause}"))
}
