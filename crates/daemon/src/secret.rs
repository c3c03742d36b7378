//! Secrets in memory: wiped when dropped, never shown.

use std::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

/// A password or a token. Its `Debug` shows nothing.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes a text into keeping.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text itself, for the one place that sends it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// Gives the password each time somebody signs in, so that a changed password file is noticed. It may
/// read a file; its error is in words for an administrator and names no password.
#[derive(Clone)]
pub struct PasswordSource(Arc<dyn Fn() -> Result<Secret, String> + Send + Sync>);

impl PasswordSource {
    /// A source that is asked at each sign-in.
    pub fn new(source: impl Fn() -> Result<Secret, String> + Send + Sync + 'static) -> Self {
        Self(Arc::new(source))
    }

    /// A password that a person has typed.
    #[must_use]
    pub fn fixed(password: Secret) -> Self {
        Self::new(move || Ok(password.clone()))
    }

    pub(crate) fn get(&self) -> Result<Secret, String> {
        (self.0)()
    }
}

impl fmt::Debug for PasswordSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordSource(..)")
    }
}
