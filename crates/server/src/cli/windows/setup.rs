//! The service in the service control manager: put there, started, stopped, asked, removed.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use prikrep_server::Config;
use serde_json::json;
use tokio::time::{Instant, sleep};
use windows_service::Error;
use windows_service::service::{
    Service, ServiceAccess, ServiceAction, ServiceActionType, ServiceErrorControl, ServiceFailureActions,
    ServiceFailureResetPeriod, ServiceInfo, ServiceStartType, ServiceState, ServiceType,
};
use windows_service::service_manager::{ServiceManager, ServiceManagerAccess};

use super::super::arguments::Output;
use super::super::commands::say;
use super::super::{output, windows_sample};
use super::rights::{Folder, Right};
use super::{NAME, default_log_dir};

/// An account of the service alone, which Windows makes and which has no password.
const ACCOUNT: &str = r"NT SERVICE\prikrepd";
const DISPLAY_NAME: &str = "Прикрепление онлайн: региональный регистр";
const DESCRIPTION: &str = "Забирает заявления о прикреплении у федерального сервиса, отдаёт их рабочим местам медицинских \
                           организаций и доставляет ответы.";
/// Opening may migrate a store or read all of it again.
const START_TIME: Duration = Duration::from_secs(15 * 60);
/// A stop takes five seconds.
const STOP_TIME: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Codes of Windows.
const ACCESS_DENIED: i32 = 5;
const INVALID_LEVEL: i32 = 124;
const ALREADY_RUNNING: i32 = 1056;
const NO_SUCH_SERVICE: i32 = 1060;
const NOT_ACTIVE: i32 = 1062;
const MARKED_FOR_DELETE: i32 = 1072;
const EXISTS: i32 = 1073;

pub(super) fn install(config: &Path) -> anyhow::Result<()> {
    let config = std::path::absolute(config).context("путь конфигурации не понят")?;
    let folder = config.parent().context("путь конфигурации не понят")?;
    // Asked before anything is made: without rights nothing is left behind.
    let access = ServiceManagerAccess::CONNECT | ServiceManagerAccess::CREATE_SERVICE;
    let manager = ServiceManager::local_computer(None::<&OsStr>, access).map_err(in_words)?;
    let mut folders = vec![Folder::prepare(folder, Right::Read)?];
    if !config.exists() {
        std::fs::write(&config, windows_sample::text())
            .with_context(|| format!("не удалось записать {}", config.display()))?;
    }
    let loaded = Config::load(&config)?.config;
    let logs = loaded.log.dir.unwrap_or_else(|| default_log_dir(&config));
    for changed in [&loaded.data_dir, &logs] {
        folders.push(Folder::prepare(changed, Right::Change)?);
    }
    let program = std::env::current_exe().context("путь программы не известен")?;
    let info = ServiceInfo {
        name: NAME.into(),
        display_name: DISPLAY_NAME.into(),
        service_type: ServiceType::OWN_PROCESS,
        start_type: ServiceStartType::AutoStart,
        error_control: ServiceErrorControl::Normal,
        executable_path: program.clone(),
        launch_arguments: vec!["--config".into(), config.clone().into(), "service".into(), "run".into()],
        dependencies: Vec::new(),
        account_name: Some(ACCOUNT.into()),
        account_password: None,
    };
    let service = create_or_change(&manager, &info)?;
    let mut notes = configure(&service)?;
    for folder in &folders {
        notes.extend(folder.grant(ACCOUNT)?);
    }
    if !is_protected(&program) {
        notes.push(format!(
            "{} лежит не в Program Files: проверьте, что изменить программу могут только администраторы",
            program.display()
        ));
    }
    let mut lines = vec![
        format!("Служба {NAME} установлена: запускается вместе с Windows от имени {ACCOUNT}"),
        format!("  конфигурация: {}", config.display()),
        format!("  данные и ключ: {}", loaded.data_dir.display()),
        format!("  журнал: {}", logs.display()),
    ];
    lines.extend(notes.iter().map(|note| format!("  внимание: {note}")));
    lines.push("Дальше: поправьте конфигурацию, prikrepd config check, prikrepd service start".to_owned());
    output::line(&lines.join("\n"))
}

fn create_or_change(manager: &ServiceManager, info: &ServiceInfo) -> anyhow::Result<Service> {
    // Restarting after a failure asks for the right to start.
    let access = ServiceAccess::CHANGE_CONFIG | ServiceAccess::START | ServiceAccess::QUERY_CONFIG;
    match manager.create_service(info, access) {
        Err(error) if code(&error) == Some(EXISTS) => {
            let service = manager.open_service(NAME, access).map_err(in_words)?;
            service.change_config(info).map_err(in_words)?;
            Ok(service)
        }
        made => made.map_err(in_words),
    }
}

/// What a service has beside its command. Returns what this system does not know.
fn configure(service: &Service) -> anyhow::Result<Vec<String>> {
    let restart = |secs| ServiceAction { action_type: ServiceActionType::Restart, delay: Duration::from_secs(secs) };
    let failures = ServiceFailureActions {
        reset_period: ServiceFailureResetPeriod::After(Duration::from_secs(24 * 60 * 60)),
        reboot_msg: None,
        command: None,
        // The last one stands for all further failures.
        actions: Some(vec![restart(5), restart(5), restart(60)]),
    };
    let done = [
        ("описание", service.set_description(DESCRIPTION)),
        ("отложенный запуск", service.set_delayed_auto_start(true)),
        ("перезапуск после сбоя", service.update_failure_actions(failures)),
        (
            "перезапуск после ошибки, о которой служба сообщила сама",
            service.set_failure_actions_on_non_crash_failures(true),
        ),
        ("время на остановку вместе с Windows", service.set_preshutdown_timeout(STOP_TIME)),
    ];
    let mut unknown = Vec::new();
    for (what, done) in done {
        match done {
            Ok(()) => {}
            Err(error) if code(&error) == Some(INVALID_LEVEL) => {
                unknown.push(format!("эта система не умеет: {what}"));
            }
            Err(error) => return Err(in_words(error).context(format!("не задано: {what}"))),
        }
    }
    Ok(unknown)
}

fn is_protected(program: &Path) -> bool {
    ["ProgramFiles", "ProgramW6432", "ProgramFiles(x86)"]
        .iter()
        .filter_map(std::env::var_os)
        .any(|folder| program.starts_with(folder))
}

pub(super) async fn start(config: &Path) -> anyhow::Result<()> {
    let service = open(ServiceAccess::START | ServiceAccess::QUERY_STATUS)?;
    match service.start::<&OsStr>(&[]) {
        Err(error) if code(&error) == Some(ALREADY_RUNNING) => {}
        started => started.map_err(in_words)?,
    }
    if wait_for(&service, ServiceState::Running, START_TIME).await? != ServiceState::Running {
        let logs = Config::load(config).ok().and_then(|loaded| loaded.config.log.dir);
        let logs = logs.unwrap_or_else(|| default_log_dir(config));
        bail!("служба не запустилась: причина в журнале, папка {}", logs.display());
    }
    output::line("Служба prikrepd работает")
}

pub(super) async fn stop() -> anyhow::Result<()> {
    stop_service(&open(ServiceAccess::STOP | ServiceAccess::QUERY_STATUS)?).await?;
    output::line("Служба prikrepd остановлена")
}

async fn stop_service(service: &Service) -> anyhow::Result<()> {
    match service.stop() {
        Err(error) if code(&error) == Some(NOT_ACTIVE) => {}
        asked => drop(asked.map_err(in_words)?),
    }
    if wait_for(service, ServiceState::Stopped, STOP_TIME).await? != ServiceState::Stopped {
        bail!("служба не остановилась за {} с: подождите и повторите", STOP_TIME.as_secs());
    }
    Ok(())
}

pub(super) async fn uninstall() -> anyhow::Result<()> {
    let service = open(ServiceAccess::STOP | ServiceAccess::QUERY_STATUS | ServiceAccess::DELETE)?;
    stop_service(&service).await?;
    service.delete().map_err(in_words)?;
    output::line("Служба prikrepd удалена; данные, ключ, конфигурация и журнал остались")
}

pub(super) fn status(output: Output) -> anyhow::Result<ExitCode> {
    let service = open(ServiceAccess::QUERY_STATUS | ServiceAccess::QUERY_CONFIG)?;
    let (status, config) = (service.query_status().map_err(in_words)?, service.query_config().map_err(in_words)?);
    let (state, words) = match status.current_state {
        ServiceState::Stopped => ("stopped", "остановлена"),
        ServiceState::StartPending => ("starting", "запускается"),
        ServiceState::StopPending => ("stopping", "останавливается"),
        ServiceState::Running => ("running", "работает"),
        ServiceState::ContinuePending | ServiceState::PausePending | ServiceState::Paused => {
            ("paused", "приостановлена")
        }
    };
    let account = config.account_name.unwrap_or_else(OsString::new).to_string_lossy().into_owned();
    let command = config.executable_path.display().to_string();
    let value = json!({"state": state, "process": status.process_id, "account": account, "command": command});
    let process = status.process_id.map_or_else(String::new, |process| format!(", процесс {process}"));
    say(output, &value, &format!("Служба prikrepd: {words}{process}\n  от имени: {account}\n  команда: {command}"))?;
    Ok(if status.current_state == ServiceState::Running { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn open(access: ServiceAccess) -> anyhow::Result<Service> {
    let manager = ServiceManager::local_computer(None::<&OsStr>, ServiceManagerAccess::CONNECT).map_err(in_words)?;
    manager.open_service(NAME, access).map_err(in_words)
}

/// Waits for a state, or for the end of the service, or for the end of the time; returns the last state.
async fn wait_for(service: &Service, state: ServiceState, time: Duration) -> anyhow::Result<ServiceState> {
    let until = Instant::now() + time;
    loop {
        let now = service.query_status().map_err(in_words)?.current_state;
        if now == state || now == ServiceState::Stopped || Instant::now() >= until {
            return Ok(now);
        }
        sleep(LOOK_EVERY).await;
    }
}

fn code(error: &Error) -> Option<i32> {
    if let Error::Winapi(source) = error { source.raw_os_error() } else { None }
}

fn in_words(error: Error) -> anyhow::Error {
    match code(&error) {
        Some(ACCESS_DENIED) => anyhow::anyhow!("нет прав: запустите команду от имени администратора"),
        Some(NO_SUCH_SERVICE) => anyhow::anyhow!("служба не установлена: prikrepd service install"),
        Some(MARKED_FOR_DELETE) => {
            anyhow::anyhow!(
                "служба удаляется: закройте окно «Службы» и другие программы, которые её показывают, и повторите"
            )
        }
        _ => {
            // Its own words around the system's are English.
            let source = if let Error::Winapi(source) = error { source.into() } else { anyhow::Error::new(error) };
            source.context("диспетчер служб отказал")
        }
    }
}
