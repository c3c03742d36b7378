//! Commands and flags.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand, ValueEnum};
use prikrep_domain::{Oid, Role};
use prikrep_server::{JournalSearch, Login, Search, default_path};

/// Региональный регистр «Прикрепление онлайн»: служба и команды администратора.
#[derive(Parser)]
#[command(
    name = "prikrepd",
    version = prikrep_daemon::VERSION,
    after_help = "Код завершения: 0 — выполнено, 1 — не выполнено, 2 — неверный вызов.\n\
        Команды выполняет работающий регистр, а если он не запущен — прямо в его хранилище."
)]
pub(crate) struct Arguments {
    /// Файл конфигурации
    #[arg(long, global = true, env = "PRIKREP_CONFIG", hide_env_values = true, default_value_os_t = default_path(), value_name = "ФАЙЛ")]
    pub(crate) config: PathBuf,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Запустить регистр
    Serve,
    /// Загрузить заявления из федерального сервиса сейчас
    Pull(Output),
    /// Показать состояние регистра
    Status(Output),
    /// Учётные записи
    #[command(subcommand)]
    User(UserCommand),
    /// Найти заявления
    List(ListArguments),
    /// Записи, которые не удалось разобрать
    #[command(subcommand)]
    Quarantine(QuarantineCommand),
    /// Записать резервную копию: ответы, черновики, учётные записи, настройки
    ///
    /// Копия согласована и при работающем регистре. Она запечатана ключом хранилища: храните и файл ключа.
    Backup {
        /// Куда записать
        #[arg(value_name = "ФАЙЛ")]
        file: PathBuf,
        #[command(flatten)]
        output: Output,
    },
    /// Восстановить хранилище из резервной копии
    ///
    /// Регистр должен быть остановлен. Прежнее содержимое папки откладывается в сторону, а не удаляется.
    Restore {
        /// Откуда читать
        #[arg(value_name = "ФАЙЛ")]
        file: PathBuf,
        #[command(flatten)]
        output: Output,
    },
    /// Прочитать и проверить каждую запись хранилища
    Verify(Output),
    /// Журнал действий: кто что делал
    #[command(subcommand)]
    Journal(JournalCommand),
    /// Конфигурация
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Служба Windows
    #[command(subcommand)]
    #[cfg_attr(not(windows), command(hide = true))]
    Service(ServiceCommand),
}

#[derive(Subcommand)]
pub(crate) enum ServiceCommand {
    /// Установить службу; у неё своя учётная запись, она запускается вместе с Windows и после сбоя
    ///
    /// Создаёт папку конфигурации с образцом, если их нет, и оставляет доступ к ней, данным и журналу только службе
    /// и администраторам. Повторная установка обновляет службу, не трогая конфигурацию и данные.
    Install,
    /// Запустить службу и дождаться, пока регистр слушает
    Start,
    /// Остановить службу и дождаться этого
    Stop,
    /// Удалить службу; данные, ключ и конфигурация остаются
    Uninstall,
    /// Показать состояние службы
    Status(Output),
    /// Работать службой: эту команду даёт сама Windows
    #[command(hide = true)]
    Run,
}

#[derive(Subcommand)]
pub(crate) enum JournalCommand {
    /// Показать записи, новые сверху
    List(JournalArguments),
    /// Проверить цепочку: изменённая, пропавшая или отрезанная запись будет найдена
    Verify(Output),
    /// Записать в файл, по строке JSON на запись, новые сверху
    Export {
        /// Куда записать; файла ещё не должно быть
        #[arg(value_name = "ФАЙЛ")]
        file: PathBuf,
        #[command(flatten)]
        sought: Sought,
        #[command(flatten)]
        output: Output,
    },
}

#[derive(Args)]
pub(crate) struct JournalArguments {
    #[command(flatten)]
    pub(crate) sought: Sought,
    /// Сколько записей
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub(crate) limit: usize,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Args)]
pub(crate) struct Sought {
    /// С какой даты, ГГГГ-ММ-ДД
    #[arg(long, value_name = "ДАТА")]
    from: Option<String>,
    /// По какую дату включительно
    #[arg(long, value_name = "ДАТА")]
    to: Option<String>,
    /// Чьи действия
    #[arg(long, value_name = "ЛОГИН")]
    login: Option<String>,
    /// Какое действие, например card_opened
    #[arg(long, value_name = "ДЕЙСТВИЕ")]
    act: Option<String>,
    /// Кто смотрел карточку этого пациента, отвечал или искал его
    #[arg(long, value_name = "GUID")]
    patient: Option<String>,
    /// Что делали с этим заявлением
    #[arg(long, value_name = "GUID")]
    application: Option<String>,
}

impl From<Sought> for JournalSearch {
    fn from(Sought { from, to, login, act, patient, application }: Sought) -> Self {
        Self { from, to, login, act, patient, application, before: None, limit: None }
    }
}

#[derive(Args, Clone, Copy)]
pub(crate) struct Output {
    /// Вывести JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Subcommand)]
pub(crate) enum UserCommand {
    /// Завести учётную запись; пароль спрашивается или читается из стандартного ввода
    Add(AddArguments),
    /// Показать учётные записи
    List(Output),
    /// Запретить вход; сеансы завершаются сразу
    Disable(OneUser),
    /// Разрешить вход
    Enable(OneUser),
    /// Сменить пароль; сеансы завершаются сразу
    Password {
        #[command(flatten)]
        user: OneUser,
        #[command(flatten)]
        first: FirstChange,
    },
    /// Завершить все сеансы учётной записи
    SignOut(OneUser),
    /// Изменить ФИО, роль или организацию; действует сразу, сеансы продолжаются
    Change(ChangeArguments),
}

#[derive(Args)]
pub(crate) struct OneUser {
    /// Логин
    #[arg(value_name = "ЛОГИН")]
    pub(crate) login: Login,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Args)]
pub(crate) struct AddArguments {
    /// Логин: латинские буквы, цифры и . _ - @
    #[arg(value_name = "ЛОГИН")]
    pub(crate) login: Login,
    /// ФИО сотрудника или название системы
    #[arg(long, value_name = "ФИО")]
    pub(crate) name: String,
    /// Роль
    #[arg(long, value_enum, value_name = "РОЛЬ")]
    pub(crate) role: RoleName,
    /// OID организации; без него — весь регион (только daemon, admin, auditor)
    #[arg(long, value_name = "OID", required_if_eq_any([("role", "registrar"), ("role", "viewer")]))]
    pub(crate) organization: Option<Oid>,
    /// Название организации; без него — как в её заявлениях
    #[arg(long, value_name = "НАЗВАНИЕ", requires = "organization")]
    pub(crate) organization_name: Option<String>,
    #[command(flatten)]
    pub(crate) first: FirstChange,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Args)]
pub(crate) struct FirstChange {
    /// Требовать смены этого пароля при первом входе; без ключа — yes для людей, no для daemon
    #[arg(long, value_enum, value_name = "yes|no")]
    must_change_password: Option<YesNo>,
}

#[derive(Clone, Copy, ValueEnum)]
enum YesNo {
    /// Требовать
    Yes,
    /// Не требовать
    No,
}

impl FirstChange {
    pub(crate) fn asked(&self) -> Option<bool> {
        self.must_change_password.map(|answer| matches!(answer, YesNo::Yes))
    }
}

#[derive(Args)]
#[group(id = "changed", required = true, multiple = true)]
pub(crate) struct Changed {
    /// ФИО сотрудника или название системы
    #[arg(long, value_name = "ФИО")]
    pub(crate) name: Option<String>,
    /// Роль
    #[arg(long, value_enum, value_name = "РОЛЬ")]
    pub(crate) role: Option<RoleName>,
    /// OID организации
    #[arg(long, value_name = "OID", conflicts_with = "region")]
    pub(crate) organization: Option<Oid>,
    /// Весь регион (только daemon, admin, auditor)
    #[arg(long)]
    pub(crate) region: bool,
}

#[derive(Args)]
pub(crate) struct ChangeArguments {
    /// Логин
    #[arg(value_name = "ЛОГИН")]
    pub(crate) login: Login,
    #[command(flatten)]
    pub(crate) changed: Changed,
    /// Название организации; без него — как в её заявлениях
    #[arg(long, value_name = "НАЗВАНИЕ", requires = "organization")]
    pub(crate) organization_name: Option<String>,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum RoleName {
    /// Читает заявления организации и отвечает на них
    Registrar,
    /// Читает заявления организации
    Viewer,
    /// Заявлений не видит
    Auditor,
    /// Заявлений не видит
    Admin,
    /// Доверенная система: читает и отвечает от имени своих сотрудников
    Daemon,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Registrar => Self::Registrar,
            RoleName::Viewer => Self::Viewer,
            RoleName::Auditor => Self::Auditor,
            RoleName::Admin => Self::Admin,
            RoleName::Daemon => Self::Daemon,
        }
    }
}

#[derive(Args)]
pub(crate) struct ListArguments {
    /// Первый день периода
    #[arg(long, value_name = "ГГГГ-ММ-ДД")]
    from: String,
    /// Последний день периода
    #[arg(long, value_name = "ГГГГ-ММ-ДД")]
    to: String,
    /// GUID пациента
    #[arg(long, value_name = "GUID")]
    patient: Option<String>,
    /// СНИЛС
    #[arg(long, value_name = "СНИЛС")]
    snils: Option<String>,
    /// Часть ФИО пациента
    #[arg(long, value_name = "ФИО")]
    name: Option<String>,
    /// Тип заявления
    #[arg(long = "type", value_name = "ТИП", value_parser = PossibleValuesParser::new(["choice", "cancellation", "detachment"]))]
    application_type: Option<String>,
    /// Тип прикрепления
    #[arg(long, value_name = "ТИП", value_parser = PossibleValuesParser::new(["therapeutic", "pediatric", "gynecological", "dental"]))]
    kind: Option<String>,
    /// Статус; pending — ждут ответа
    #[arg(long, value_name = "СТАТУС", value_parser = PossibleValuesParser::new(STATUSES))]
    status: Option<String>,
    /// OID организации; без него — весь регион
    #[arg(long, value_name = "OID")]
    pub(crate) organization: Option<Oid>,
    /// Столбец сортировки, с минусом — по убыванию
    #[arg(long, value_name = "СТОЛБЕЦ", allow_hyphen_values = true, default_value = "-created_at", value_parser = PossibleValuesParser::new(SORTS))]
    sort: String,
    /// Сколько показать, не больше 5000
    #[arg(long, value_name = "N", default_value = "100")]
    limit: String,
    /// Сколько пропустить
    #[arg(long, value_name = "N", default_value = "0")]
    pub(crate) offset: String,
    #[command(flatten)]
    pub(crate) output: Output,
}

const STATUSES: [&str; 8] =
    ["pending", "sent", "done", "refused", "accepted", "cancelling", "cancelled", "cancel_failed"];
const SORTS: [&str; 12] = [
    "name",
    "-name",
    "snils",
    "-snils",
    "kind",
    "-kind",
    "created_at",
    "-created_at",
    "type",
    "-type",
    "status",
    "-status",
];

impl From<ListArguments> for Search {
    fn from(list: ListArguments) -> Self {
        Self {
            from: Some(list.from),
            to: Some(list.to),
            patient: list.patient,
            snils: list.snils,
            application_type: list.application_type,
            kind: list.kind,
            status: list.status,
            name: list.name,
            sort: Some(list.sort),
            limit: Some(list.limit),
            offset: Some(list.offset),
        }
    }
}

#[derive(Subcommand)]
pub(crate) enum QuarantineCommand {
    /// Показать список
    List(Output),
    /// Показать запись целиком, как она получена
    Show {
        /// Имя из списка
        #[arg(value_name = "ИМЯ")]
        key: String,
        #[command(flatten)]
        output: Output,
    },
    /// Разобрать записи заново, например после обновления
    Retry(Output),
}

#[derive(Subcommand)]
pub(crate) enum ConfigCommand {
    /// Проверить конфигурацию и сказать, что исправить
    Check(Output),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent_and_every_command_has_help() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_descending_sort_is_not_taken_for_a_flag() {
        let parsed = Arguments::try_parse_from([
            "prikrepd",
            "list",
            "--from",
            "2026-03-01",
            "--to",
            "2026-03-31",
            "--sort",
            "-name",
            "--json",
        ]);
        let Ok(Arguments { command: Command::List(list), .. }) = parsed else { panic!("not a list") };
        assert!(list.output.json);
        assert_eq!(Search::from(list).sort.as_deref(), Some("-name"));
    }

    #[test]
    fn a_registrar_needs_an_organization() {
        let add = |role: &str, more: &[&str]| {
            let words = ["prikrepd", "user", "add", "ivanova", "--name", "Иванова И. И.", "--role", role];
            Arguments::try_parse_from(words.iter().chain(more)).is_ok()
        };
        assert!(!add("registrar", &[]) && !add("viewer", &[]) && !add("owner", &[]));
        assert!(add("registrar", &["--organization", "1.2.643"]) && add("daemon", &[]) && add("admin", &[]));
        assert!(!add("admin", &["--organization-name", "ЦРБ"]) && !add("viewer", &["--organization", "ЦРБ"]));
    }

    #[test]
    fn a_change_names_what_it_changes() {
        let change = |more: &[&str]| {
            let words = ["prikrepd", "user", "change", "ivanova"];
            Arguments::try_parse_from(words.iter().chain(more)).is_ok()
        };
        assert!(!change(&[]) && !change(&["--region", "--organization", "1.2.643"]));
        assert!(!change(&["--organization-name", "ЦРБ"]));
        assert!(change(&["--role", "viewer"]) && change(&["--region", "--role", "auditor"]));
        assert!(change(&["--organization", "1.2.643", "--organization-name", "ЦРБ"]));
    }
}
