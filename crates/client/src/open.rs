//! Somebody's open work: the workplace, and the lock over it.
//!
//! Invariant: what is behind the lock is not shown; only the right password opens it.

use chrono_tz::Tz;
use prikrep_domain::Act;
use prikrep_ui::{Locked, Stage};
use zeroize::Zeroizing;

use crate::exporting::Exporting;
use crate::vault::Vault;
use crate::workplace::Workplace;

/// Who may unlock the window.
pub(crate) enum Guard {
    Profile(Vault),
    /// The demo's password guards nothing.
    Demo {
        password: &'static str,
    },
}

/// Somebody's open work.
pub(crate) struct Open {
    pub(crate) workplace: Workplace,
    pub(crate) exporting: Exporting,
    guard: Guard,
    login: String,
    locked: Option<Locked>,
}

/// Tells whether a password opens the lock; may take a while.
pub(crate) type PasswordCheck = Box<dyn FnOnce() -> Result<(), String> + Send>;

impl Open {
    pub(crate) fn new(workplace: Workplace, guard: Guard, login: String, zone: Tz) -> Self {
        let exporting =
            Exporting::new(workplace.store(), workplace.published().clone(), workplace.acts().clone(), zone);
        Self { workplace, exporting, guard, login, locked: None }
    }

    pub(crate) fn stage(&self) -> Stage {
        match &self.locked {
            Some(locked) => Stage::Locked(locked.clone()),
            None => Stage::Work(self.workplace.work()),
        }
    }

    pub(crate) const fn is_locked(&self) -> bool {
        self.locked.is_some()
    }

    /// Something was done here.
    pub(crate) fn done(&self, act: Act) {
        self.workplace.acts().done(act);
    }

    pub(crate) fn lock(&mut self) {
        let hint = match &self.guard {
            Guard::Profile(_) => None,
            Guard::Demo { password } => Some(prikrep_ui::t!("lock-demo-hint", password = *password).into_owned()),
        };
        self.done(Act::Locked);
        self.locked = Some(Locked { login: self.login.clone(), busy: false, trouble: None, hint });
    }

    /// Begins to unlock: the check of the password, whose outcome is for [`Self::unlocked`]. None when nothing is
    /// locked.
    pub(crate) fn unlock(&mut self, password: Zeroizing<String>) -> Option<PasswordCheck> {
        let locked = self.locked.as_mut()?;
        (locked.busy, locked.trouble) = (true, None);
        Some(match &self.guard {
            Guard::Profile(vault) => {
                let vault = vault.clone();
                Box::new(move || vault.check_password(&password).map_err(|error| error.to_string()))
            }
            Guard::Demo { password: wanted } => {
                let fits = password.as_str() == *wanted;
                Box::new(move || if fits { Ok(()) } else { Err(prikrep_ui::t!("lock-wrong").into_owned()) })
            }
        })
    }

    /// Opens the lock, or tells why not.
    pub(crate) fn unlocked(&mut self, checked: Result<(), String>) {
        let Some(locked) = &mut self.locked else { return };
        match checked {
            Ok(()) => {
                self.locked = None;
                self.done(Act::Unlocked);
            }
            Err(words) => {
                (locked.busy, locked.trouble) = (false, Some(words));
                self.done(Act::SignInRefused { why: "unlock".to_owned() });
            }
        }
    }

    /// Whether leaving for good would lose an answer.
    pub(crate) fn holds_answers(&self) -> bool {
        self.workplace.undelivered() > 0
    }

    /// Closes everything; with `wipe` the local data is removed, unless an answer would be lost by it. Returns what
    /// went wrong, in words.
    pub(crate) async fn leave(self, wipe: bool) -> Option<String> {
        self.exporting.stop();
        let undelivered = self.workplace.stop().await;
        match self.guard {
            // What was sent right before leaving is known only now.
            Guard::Profile(_) if wipe && undelivered > 0 => {
                Some(prikrep_ui::t!("wipe-refused", count = undelivered).into_owned())
            }
            Guard::Profile(vault) if wipe => {
                let wiped = tokio::task::spawn_blocking(move || vault.wipe()).await.ok();
                wiped.and_then(Result::err).map(|error| error.to_string())
            }
            Guard::Profile(_) | Guard::Demo { .. } => None,
        }
    }
}
