//! Outcomes as a person reads them.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use prikrep_domain::{Application, Found, Role, Snils};
use prikrep_server::{AccountCard, Condition, PullSummary, QuarantineCard, UpstreamCondition, UpstreamState};

use super::output::{printable, table};

fn local(at: DateTime<Utc>, zone: Tz) -> String {
    at.with_timezone(&zone).format("%d.%m.%Y %H:%M").to_string()
}

/// Applications, as the screen's list has them, with the identifier that other commands take.
pub(crate) fn applications(found: &Found, offset: usize, zone: Tz) -> String {
    let header = [
        "ФИО пациента",
        "СНИЛС",
        "Тип прикрепления",
        "Дата заявления",
        "Тип заявления",
        "Статус",
        "МО",
        "Номер заявления",
    ];
    let rows = found.items.iter().map(|application| row(application, zone));
    let shown = found.items.len();
    let summary = if shown == 0 {
        format!("Нашлось: {}", found.total)
    } else {
        format!("Показаны {}–{} из {}", offset.saturating_add(1), offset.saturating_add(shown), found.total)
    };
    format!("{}\n{summary}", table(header, rows))
}

fn row(application: &Application, zone: Tz) -> [String; 8] {
    let snils = application.patient.snils.as_deref().unwrap_or_default();
    [
        application.patient.name.full(),
        Snils::parse(snils).map_or_else(|_| snils.to_owned(), |snils| snils.to_string()),
        application.kind.table_words().to_owned(),
        local(application.created_at, zone),
        application.application_type.words().to_owned(),
        application.status.table_words().to_owned(),
        application.organization.name.clone(),
        application.id.to_string(),
    ]
}

pub(crate) fn users(users: &[AccountCard], zone: Tz) -> String {
    let header = ["Логин", "ФИО", "Роль", "Организация", "Вход", "Пароль", "Сеансов", "Заведена", "Метка в журнале"];
    let rows = users.iter().map(|user| {
        let organization = user.organization.as_ref();
        [
            user.login.to_string(),
            user.employee.clone(),
            role(user.role).to_owned(),
            organization.map_or_else(|| "весь регион".to_owned(), |it| format!("{} ({})", it.name, it.oid)),
            if user.disabled { "запрещён" } else { "разрешён" }.to_owned(),
            if user.password_change_required { "сменить" } else { "" }.to_owned(),
            user.sessions.to_string(),
            local(user.created_at, zone),
            user.tag.clone(),
        ]
    });
    table(header, rows).to_string()
}

const fn role(role: Role) -> &'static str {
    match role {
        Role::Registrar => "registrar",
        Role::Viewer => "viewer",
        Role::Auditor => "auditor",
        Role::Admin => "admin",
        Role::Daemon => "daemon",
    }
}

pub(crate) fn quarantine(records: &[QuarantineCard], zone: Tz) -> String {
    let rows = records.iter().map(|record| {
        [record.key.clone(), local(record.received_at, zone), record.bytes.to_string(), record.reason.clone()]
    });
    format!("{}\nЗаписей: {}", table(["Имя", "Получена", "Байт", "Что не так"], rows), records.len())
}

pub(crate) fn pull(summary: &PullSummary) -> String {
    let seconds = summary.took_ms / 1000;
    let tenths = summary.took_ms % 1000 / 100;
    let again = if summary.begun_again { "; список прочитан заново с начала" } else { "" };
    format!(
        "Загружено записей: {} ({seconds},{tenths} с)\n  новых заявлений: {}, из них ждут ответа: {}\n  изменилось: {}\n  \
         без изменений: {}\n  в карантине: {}{again}",
        summary.records, summary.added, summary.added_pending, summary.changed, summary.unchanged, summary.quarantined
    )
}

pub(crate) fn status(condition: &Condition, running: bool, zone: Tz) -> String {
    let served = match (running, condition.ready) {
        (true, true) => "работает",
        (true, false) => "работает, но обслуживать не может",
        (false, _) => "не запущен (показано хранилище)",
    };
    let outbox = &condition.outbox;
    let mut lines = vec![
        format!("Регистр: {served}"),
        format!("Заявлений: {}, ждут ответа: {}", condition.store.applications, condition.store.pending),
        format!(
            "Ответы: ждут отправки {}, доставлены {}, отклонены {}",
            outbox.queued, outbox.delivered, outbox.rejected
        ),
        format!("В карантине: {}", condition.quarantine),
        format!("Справочник: организаций {}", condition.directory.organizations),
        format!("Сеансов: {}", condition.sessions),
    ];
    if let Some(tls) = &condition.tls {
        lines.push(format!("Сертификат TLS: действует до {}", local(tls.certificate_expires_at, zone)));
    }
    if let Some(upstream) = &condition.upstream {
        lines.extend(upstream_lines(upstream, zone));
    }
    if !condition.attention.is_empty() {
        lines.push("Требует внимания:".to_owned());
        lines.extend(condition.attention.iter().map(|words| format!("  - {}", printable(words))));
    }
    lines.join("\n")
}

fn upstream_lines(upstream: &UpstreamCondition, zone: Tz) -> Vec<String> {
    let state = match upstream.state {
        UpstreamState::Starting => "с запуска связи ещё не было",
        UpstreamState::Online => "на связи",
        UpstreamState::Offline => "нет связи",
        UpstreamState::SignInRefused => "не пускает: проверьте логин и пароль",
        UpstreamState::Faulty => "отвечает, но список не загружается",
    };
    let time = |at: Option<DateTime<Utc>>, none: &str| at.map_or_else(|| none.to_owned(), |at| local(at, zone));
    let mut lines = vec![format!("Федеральный сервис: {state}")];
    lines.push(format!("Последняя загрузка: {}", time(upstream.last_pull_at, "не было")));
    if let Some(next) = upstream.next_pull_at {
        lines.push(format!("Следующая загрузка: {}", local(next, zone)));
    }
    if let Some(pull) = &upstream.pulling {
        lines.push(format!("Идёт загрузка: записей {}, {:.0} в секунду", pull.records, pull.records_per_sec));
    }
    lines
}
