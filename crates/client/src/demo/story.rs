//! What happens in the demo: a pull, a list, one answer of each kind, each followed to the gateway.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use chrono::{NaiveDate, Utc};
use prikrep_domain::{
    ALL_DECISIONS, AnswerDraft, AnswerId, Application, ApplicationId, DecisionKind, Delivery, DoctorDraft, Period,
    Query, Standing, StatusFilter,
};
use prikrep_store::{Author, Store};
use tokio::time::timeout;

use super::places::{EMPLOYEE, LOGIN, PASSWORD, Places, ZONE};
use super::show::{heading, line, list};
use super::terminal::Running;

const SHOWN_ROWS: usize = 12;
/// So many new applications at a time, and so many times, make every kind of answer possible.
const ARRIVALS: u64 = 20;
const MOST_ARRIVALS: u32 = 50;
const PATIENCE: Duration = Duration::from_secs(60);

pub(super) async fn pull(running: &Running) -> Result<()> {
    let begun = Instant::now();
    pull_everywhere(running).await?;
    let census = running.store.census();
    let seconds = begun.elapsed().as_secs_f64();
    heading("Заявления получены")?;
    line(&format!(
        "Шлюз → регистр → рабочее место за {seconds:.1} с. У вашей МО заявлений: {}, из них ждут ответа: {}.",
        census.applications, census.pending
    ))?;
    heading(&format!("Ждут ответа (первые {SHOWN_ROWS}, новые сверху)"))?;
    let pending = pending(running)?;
    let shown = pending.get(..SHOWN_ROWS).unwrap_or(&pending);
    line(&list(shown, ZONE))
}

async fn pull_everywhere(running: &Running) -> Result<()> {
    running.places.register.pull_now().await.map_err(|words| anyhow!(words)).context("регистр не получил заявления")?;
    let pull = timeout(PATIENCE, running.daemon.pull_now()).await.context("рабочее место не получило заявления")?;
    pull.context("рабочее место не получило заявления")?;
    Ok(())
}

fn pending(running: &Running) -> Result<Vec<Application>> {
    let date = |year, month, day| NaiveDate::from_ymd_opt(year, month, day).context("нет такой даты");
    let period = Period::new(date(2000, 1, 1)?, date(2099, 12, 31)?).map_err(|words| anyhow!(words))?;
    let query = Query { status: Some(StatusFilter::Pending), ..Query::of(period) };
    Ok(running.store.find(&query, 0, 1_000)?.items)
}

/// One answer of each kind. A cancellation that failed is answered once more, as its choice would be.
pub(super) async fn answer_everything(running: &Running) -> Result<()> {
    heading("Ответы")?;
    for decision in ALL_DECISIONS {
        let application = application_for(running, decision).await?;
        answer(running, &application, decision).await?;
        if decision == DecisionKind::FailCancel {
            answer(running, &application, DecisionKind::Provide).await?;
        }
    }
    Ok(())
}

/// An application that waits for such an answer. Where there is none, citizens file more.
async fn application_for(running: &Running, decision: DecisionKind) -> Result<Application> {
    for _ in 0..MOST_ARRIVALS {
        if let Some(application) = first_that_allows(running, decision)? {
            return Ok(application);
        }
        running.places.gateway.arrive(ARRIVALS);
        pull_everywhere(running).await?;
    }
    bail!("не нашлось заявления для ответа «{}»", decision.words())
}

fn first_that_allows(running: &Running, decision: DecisionKind) -> Result<Option<Application>> {
    for application in pending(running)? {
        let standing = running.store.standing(application.id)?;
        if standing.is_some_and(|standing| standing.allowed().any(|allowed| allowed == decision)) {
            return Ok(Some(application));
        }
    }
    Ok(None)
}

async fn answer(running: &Running, application: &Application, decision: DecisionKind) -> Result<()> {
    let id = AnswerId::generate();
    let begun = Instant::now();
    let draft = draft(decision);
    let author = Author { employee: None, organization: None };
    let accepted = running.store.answer(application.id, id, &draft, &author, Utc::now())?;
    let kept = begun.elapsed();
    line(&format!(
        "• {} — {}: «{}»",
        accepted.standing.application.patient.name.full(),
        application.application_type.words(),
        decision.words()
    ))?;
    line(&format!("    в очереди                 {:>7.1} мс  (записано на диск)", millis(kept)))?;
    let register = running.places.register.register().store().as_ref();
    until(register, application.id, |standing| delivery(standing, id).is_some()).await?;
    line(&format!("    принято регистром         {:>7.1} мс", millis(begun.elapsed())))?;
    let has_ended = |standing: &Standing| delivery(standing, id).is_some_and(|delivery| *delivery != Delivery::Queued);
    until(register, application.id, has_ended).await?;
    let delivered = until(running.store.as_ref(), application.id, has_ended).await?;
    match delivery(&delivered, id) {
        Some(Delivery::Delivered { .. }) => {}
        other => bail!("ответ не доставлен: {other:?}"),
    }
    let effects =
        running.places.gateway.read(|gateway| gateway.applied_answers().iter().filter(|one| one.answer == id).count());
    anyhow::ensure!(effects == 1, "шлюз применил ответ {effects} раз");
    let status = delivered.application.status.table_words();
    line(&format!("    доставлено на Госуслуги   {:>7.1} мс  (статус: {status})", millis(begun.elapsed())))
}

fn delivery(standing: &Standing, id: AnswerId) -> Option<&Delivery> {
    standing.application.answers.iter().find(|record| record.id == id).map(|record| &record.delivery)
}

/// Waits until an application stands as wanted.
async fn until(store: &dyn Store, id: ApplicationId, wanted: impl Fn(&Standing) -> bool) -> Result<Standing> {
    let mut changes = store.changes();
    let waiting = async {
        loop {
            changes.borrow_and_update();
            let standing = store.standing(id)?.context("заявление исчезло")?;
            if wanted(&standing) {
                return Ok(standing);
            }
            changes.changed().await?;
        }
    };
    timeout(PATIENCE, waiting).await.context("доставка не состоялась за минуту")?
}

fn draft(decision: DecisionKind) -> AnswerDraft {
    let doctor = DoctorDraft {
        full_name: "Петров Пётр Петрович".into(), position: "врач-терапевт участковый".into()
    };
    AnswerDraft {
        decision: Some(decision),
        comment: "Ответ из демонстрации".into(),
        answered_at: Some(Utc::now()),
        answered_by: EMPLOYEE.into(),
        district: "12".into(),
        doctor: Some(doctor),
        refusal_reason: "Участок переполнен".into(),
        answer_date: Some(Utc::now().with_timezone(&ZONE).date_naive()),
    }
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

pub(super) fn what_next(places: &Places, stay: bool) -> Result<()> {
    let (register, gateway) = (places.register.url(), places.gateway.url());
    heading("Где что лежит")?;
    line(&format!("Папка     {}", places.folder.path().display()))?;
    line(&format!("Регистр   {register}  (вход: {LOGIN} / {PASSWORD})"))?;
    line(&format!("Шлюз      {gateway}  (сбои по заказу: {gateway}/control)"))?;
    line(&format!("МО        {} ({})", places.organization.name, places.organization.oid))?;
    heading("Что попробовать дальше")?;
    if stay {
        line(&format!("curl {register}/readyz"))?;
        line(&format!(
            "curl -X POST {register}/v1/sessions -H 'content-type: application/json' -d '{{\"login\":\"{LOGIN}\",\"password\":\"{PASSWORD}\"}}'"
        ))?;
        line(&format!("curl {register}/openapi.json"))?;
        line("Всё работает, пока вы не нажмёте Ctrl+C.")
    } else {
        line(
            "cargo run --release -- demo --terminal --stay      то же, но всё остаётся работать: можно войти через curl",
        )?;
        line("cargo run --release -p prikrep-simulator -- --help  шлюз отдельно, со сбоями по заказу")?;
        line(
            "cargo run --release -p prikrep-server -- --help     регистр отдельно: учётные записи, список, карантин, копии",
        )
    }
}
