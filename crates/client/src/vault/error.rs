//! What can go wrong with a profile, in words that a registrar can act on.

use std::path::PathBuf;

use super::KeeperError;

/// Why a profile could not be made or opened.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// Nobody has signed in here under this name.
    #[error("На этом рабочем месте вы ещё не входили: для первого входа нужна связь с сервером")]
    NoProfile,
    /// There is a profile already.
    #[error("На этом рабочем месте вы уже входили: откройте прежние данные")]
    Exists,
    /// The password is not the one of the last sign-in.
    #[error("Неверный пароль. Если пароль сменили, войдите один раз при наличии связи с сервером")]
    WrongPassword,
    /// The profile's key lies under a passphrase, and none was given.
    #[error("Введите парольную фразу этого рабочего места")]
    PassphraseNeeded,
    /// The passphrase is not the one that was chosen.
    #[error("Неверная парольная фраза: проверьте раскладку и Caps Lock")]
    WrongPassphrase,
    /// A passphrase too short to choose.
    #[error("В парольной фразе должно быть не меньше {least} знаков, а здесь {found}")]
    ShortPassphrase {
        /// The least number of characters.
        least: usize,
        /// How many there are.
        found: usize,
    },
    /// The profile's key lies in the keyring, or is to lie there, and the keyring does not give it.
    #[error(transparent)]
    Keyring(#[from] KeeperError),
    /// The store is there, its key is not.
    #[error(
        "Ключа от данных этого рабочего места больше нет в хранилище паролей системы, без него их не открыть. \
         Войдите при наличии связи с новым хранилищем: заявления загрузятся с сервера, а неотправленные ответы \
         и черновики придётся ввести заново. Прежняя папка будет отложена, не удалена"
    )]
    KeyGone,
    /// The profile's file cannot be trusted.
    #[error(
        "Файл профиля {} повреждён ({what}). Войдите при наличии связи с сервером; если не поможет, \
         начните с новым хранилищем: прежняя папка будет отложена, не удалена",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: &'static str,
    },
    /// A newer version of the program wrote the profile.
    #[error(
        "Профиль записан более новой версией программы (версия {found}, эта понимает до {known}): \
         установите новую версию"
    )]
    TooNew {
        /// The version found.
        found: u32,
        /// The newest known here.
        known: u32,
    },
    /// A file or a folder of the profile failed.
    #[error("Не удалось выполнить операцию «{step}» с {}: проверьте права и место на диске", path.display())]
    File {
        /// What was being done.
        step: &'static str,
        /// With what.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The system's cryptography failed.
    #[error("Система не дала выполнить шифрование ({0}): перезапустите программу")]
    Cipher(&'static str),
}
