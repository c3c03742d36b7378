//! One function a command.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use chrono::Utc;
use prikrep_daemon::{Pulls, SystemClock};
use prikrep_server::{
    AccountChange, Config, ConfigError, Loaded, Login, NewAccount, NewOrganization, Order, Outcome, PullSummary, Scope,
    Search, Syncing, UpstreamCondition, check_tls, open_store,
};
use tokio::task::spawn_blocking;

use super::arguments::{
    AddArguments, Arguments, ChangeArguments, Command, ConfigCommand, ListArguments, OneUser, Output,
    QuarantineCommand, ServiceCommand, UserCommand,
};
use super::connection::{Connection, in_words};
use super::{Usage, files, journal, output, passwords, serve, tables};

/// Runs a command.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let path = arguments.config;
    if let Command::Config(ConfigCommand::Check(output)) = arguments.command {
        return check(&path, output);
    }
    if let Command::Service(command) = arguments.command {
        return service(command, path).await;
    }
    let loaded = Config::load(&path)?;
    let config = &loaded.config;
    match arguments.command {
        Command::Serve => return serve::serve(loaded).await,
        Command::Config(ConfigCommand::Check(output)) => return check(&path, output),
        Command::Service(command) => return service(command, path).await,
        Command::Pull(output) => pull(config, output).await?,
        Command::Status(output) => return status(config, output).await,
        Command::User(UserCommand::Add(add)) => add_user(config, add).await?,
        Command::User(UserCommand::List(output)) => list_users(config, output).await?,
        Command::User(UserCommand::Disable(user)) => {
            change_user(config, user, Order::DisableUser, "вход запрещён").await?
        }
        Command::User(UserCommand::Enable(user)) => {
            change_user(config, user, Order::EnableUser, "вход разрешён").await?
        }
        Command::User(UserCommand::Password { user, first }) => {
            let connection = Connection::open(config).await?;
            let password = passwords::new_password()?;
            let order = |login| Order::SetPassword { login, password, change: first.asked() };
            change(&connection, user, order, "пароль изменён, сеансы завершены").await?;
        }
        Command::User(UserCommand::SignOut(user)) => {
            change_user(config, user, Order::SignOutUser, "сеансы завершены").await?
        }
        Command::User(UserCommand::Change(change)) => alter_user(config, change).await?,
        Command::List(list) => find(config, list).await?,
        Command::Quarantine(command) => quarantine(config, command).await?,
        Command::Backup { file, output } => {
            let bytes = files::backup(config, &file).await?;
            let words = format!("Резервная копия записана: {} ({bytes} байт)", file.display());
            say(output, &serde_json::json!({"file": file, "bytes": bytes}), &words)?;
        }
        Command::Restore { file, output } => {
            let records = files::restore(config, &file).await?;
            let words = format!(
                "Восстановлено записей: {records}. Запустите регистр: заявления он загрузит заново, всем нужно войти снова."
            );
            say(output, &serde_json::json!({"records": records}), &words)?;
        }
        Command::Verify(output) => return verify(config, output).await,
        Command::Journal(command) => return journal::run(config, command).await,
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(windows)]
async fn service(command: ServiceCommand, config: PathBuf) -> anyhow::Result<ExitCode> {
    super::windows::run(command, config).await
}

#[cfg(not(windows))]
#[allow(clippy::unused_async, reason = "as where there is such a service")]
async fn service(_: ServiceCommand, _: PathBuf) -> anyhow::Result<ExitCode> {
    Err(Usage(
        "служба Windows бывает только в Windows; здесь регистр запускает systemd: systemctl start|stop|status prikrepd"
            .to_owned(),
    )
    .into())
}

pub(crate) fn say<T: serde::Serialize>(output: Output, value: &T, words: &str) -> anyhow::Result<()> {
    if output.json { output::json(value) } else { output::line(words) }
}

/// The outcome has another form than its order: only another version of the running register can say so.
fn unexpected<T>() -> anyhow::Result<T> {
    bail!("ответ работающего регистра не понят: не другой ли он версии?")
}

fn check(path: &Path, output: Output) -> anyhow::Result<ExitCode> {
    let checked = Config::load(path).and_then(|Loaded { config, mut warnings }| {
        let failed = |problem| ConfigError { path: path.to_owned(), problems: vec![problem] };
        warnings.extend(config.tls.as_ref().map_or(Ok(Vec::new()), |tls| check_tls(tls, Utc::now())).map_err(failed)?);
        Ok(warnings)
    });
    match checked {
        Ok(warnings) => {
            let mut lines = vec![format!("Конфигурация {} верна", path.display())];
            lines.extend(warnings.iter().map(|warning| format!("  внимание: {warning}")));
            say(output, &serde_json::json!({"problems": [], "warnings": warnings}), &lines.join("\n"))?;
            Ok(ExitCode::SUCCESS)
        }
        Err(error) if output.json => {
            output::json(&serde_json::json!({"problems": error.problems, "warnings": []}))?;
            Ok(ExitCode::FAILURE)
        }
        Err(error) => Err(error.into()),
    }
}

async fn pull(config: &Config, output: Output) -> anyhow::Result<()> {
    let connection = prikrep_server::Caller::find(&config.data_dir).await?;
    let summary = match connection {
        Some(caller) => {
            let progress = async || match caller.carry_out(&Order::Status).await {
                Ok(Outcome::Status(condition)) => condition.upstream,
                Ok(_) | Err(_) => None,
            };
            let pull = async { Ok(caller.pull().await?) };
            with_progress(pull, progress).await.context("загрузка не удалась")?
        }
        None => pull_alone(config).await?,
    };
    say(output, &summary, &tables::pull(&summary))
}

/// Runs the daemon in this process for one pull.
async fn pull_alone(config: &Config) -> anyhow::Result<PullSummary> {
    let Some(upstream) = &config.upstream else {
        bail!("в конфигурации нет раздела [upstream]")
    };
    let opening = config.clone();
    let opened =
        spawn_blocking(move || open_store(&opening, false, Utc::now()).map_err(|error| in_words(error, &opening)));
    let store = opened.await.context("внутренний сбой при открытии хранилища")??;
    // On request only: a pull that the schedule has begun would leave nothing for the one asked for here.
    let syncing = Syncing::start(upstream, Pulls::OnRequest, store, Arc::new(SystemClock)).await?;
    let status = syncing.status();
    let progress = async || Some(UpstreamCondition::from(&*status.borrow()));
    let pull = async { syncing.pull_now().await.map_err(anyhow::Error::msg) };
    let pulled = with_progress(pull, progress).await;
    syncing.stop().await;
    pulled.context("загрузка не удалась")
}

/// Waits for a pull; at a terminal its progress is shown meanwhile.
async fn with_progress(
    pull: impl Future<Output = anyhow::Result<PullSummary>>,
    progress: impl AsyncFn() -> Option<UpstreamCondition>,
) -> anyhow::Result<PullSummary> {
    let mut err = std::io::stderr();
    let shown = err.is_terminal();
    let mut every = tokio::time::interval(Duration::from_secs(1));
    tokio::pin!(pull);
    loop {
        tokio::select! {
            pulled = &mut pull => {
                if shown {
                    // A terminal that is gone need not be cleaned.
                    let _ = write!(err, "\r\u{1b}[K");
                }
                return pulled;
            }
            _ = every.tick(), if shown => {
                if let Some(pulling) = progress().await.and_then(|upstream| upstream.pulling) {
                    let _ = write!(err, "\rЗагружено: {} ({:.0} в секунду) ", pulling.records, pulling.records_per_sec);
                }
            }
        }
    }
}

async fn status(config: &Config, output: Output) -> anyhow::Result<ExitCode> {
    let connection = Connection::open_existing(config).await?;
    let running = matches!(connection, Connection::Running(_));
    let Outcome::Status(condition) = connection.carry_out(Order::Status).await? else { return unexpected() };
    let mut value = serde_json::to_value(&condition).context("JSON не записан")?;
    if let Some(object) = value.as_object_mut() {
        object.insert("running".to_owned(), running.into());
    }
    say(output, &value, &tables::status(&condition, running, config.timezone))?;
    Ok(if condition.ready { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn add_user(config: &Config, add: AddArguments) -> anyhow::Result<()> {
    let connection = Connection::open(config).await?;
    let password = passwords::new_password()?;
    let organization = add.organization.map(|oid| NewOrganization { oid, name: add.organization_name });
    let (login, employee, role) = (add.login, add.name, add.role.into());
    let change_password = add.first.asked();
    let account = NewAccount { login, password, employee, role, organization, change_password };
    let Outcome::User(card) = connection.carry_out(Order::AddUser(account)).await? else { return unexpected() };
    let whose = card.organization.as_ref().map_or("весь регион", |organization| &organization.name);
    let first = if card.password_change_required {
        "; пароль нужно сменить при первом входе"
    } else {
        ""
    };
    say(add.output, &card, &format!("Учётная запись {} заведена: {}, {whose}{first}", card.login, card.employee))
}

async fn alter_user(config: &Config, change: ChangeArguments) -> anyhow::Result<()> {
    let ChangeArguments { login, changed, organization_name, output } = change;
    let organization = changed.organization.map(|oid| NewOrganization { oid, name: organization_name });
    let scope = organization.map(Scope::Organization).or_else(|| changed.region.then_some(Scope::Region));
    let (employee, role) = (changed.name, changed.role.map(Into::into));
    let user = OneUser { login: login.clone(), output };
    let order = |_| Order::ChangeUser(AccountChange { login, employee, role, scope });
    change_user(config, user, order, "изменена").await
}

async fn list_users(config: &Config, output: Output) -> anyhow::Result<()> {
    let outcome = Connection::open_existing(config).await?.carry_out(Order::ListUsers).await?;
    let Outcome::Users(users) = outcome else { return unexpected() };
    say(output, &users, &tables::users(&users, config.timezone))
}

async fn change_user(
    config: &Config,
    user: OneUser,
    order: impl FnOnce(Login) -> Order,
    words: &str,
) -> anyhow::Result<()> {
    change(&Connection::open(config).await?, user, order, words).await
}

async fn change(
    connection: &Connection,
    user: OneUser,
    order: impl FnOnce(Login) -> Order,
    words: &str,
) -> anyhow::Result<()> {
    let Outcome::User(card) = connection.carry_out(order(user.login)).await? else { return unexpected() };
    say(user.output, &card, &format!("Учётная запись {}: {words}", card.login))
}

async fn find(config: &Config, list: ListArguments) -> anyhow::Result<()> {
    let (output, organization) = (list.output, list.organization.clone());
    let offset = list.offset.parse().unwrap_or(0);
    let search = Search::from(list);
    search.check().map_err(Usage)?;
    let order = Order::List { search: Box::new(search), organization };
    let Outcome::Found(found) = Connection::open_existing(config).await?.carry_out(order).await? else {
        return unexpected();
    };
    say(output, &found, &tables::applications(&found, offset, config.timezone))
}

async fn quarantine(config: &Config, command: QuarantineCommand) -> anyhow::Result<()> {
    let connection = Connection::open_existing(config).await?;
    match command {
        QuarantineCommand::List(output) => {
            let Outcome::Quarantine(records) = connection.carry_out(Order::ListQuarantine).await? else {
                return unexpected();
            };
            say(output, &records, &tables::quarantine(&records, config.timezone))
        }
        QuarantineCommand::Show { key, output } => {
            let Outcome::Quarantined(record) = connection.carry_out(Order::ShowQuarantined(key)).await? else {
                return unexpected();
            };
            let raw = output::printable(&record.raw);
            say(output, &record, &format!("{}\nЧто не так: {}\n{raw}", record.key, record.reason))
        }
        QuarantineCommand::Retry(output) => {
            let Outcome::Retried(retried) = connection.carry_out(Order::RetryQuarantine).await? else {
                return unexpected();
            };
            let words = format!("Разобрано записей: {}, осталось в карантине: {}", retried.understood, retried.left);
            say(output, &retried, &words)
        }
    }
}

async fn verify(config: &Config, output: Output) -> anyhow::Result<ExitCode> {
    let Outcome::Verified(found) = Connection::open_existing(config).await?.carry_out(Order::Verify).await? else {
        return unexpected();
    };
    let mut lines = vec![format!("Проверено: заявлений {}, записей стола {}", found.applications, found.desk_records)];
    lines.push(if found.problems.is_empty() {
        "Повреждений нет".to_owned()
    } else {
        "Повреждения:".to_owned()
    });
    lines.extend(found.problems.iter().map(|problem| format!("  - {problem}")));
    say(output, &found, &lines.join("\n"))?;
    Ok(if found.problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
