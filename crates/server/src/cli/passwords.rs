//! Passwords from a person or a script: from a prompt or from standard input, never from the command line.

use std::io::{BufRead, IsTerminal};

use anyhow::{Context, bail};
use prikrep_server::Secret;

const MAX_LINE_BYTES: u64 = 8 << 10;

/// Asks for a new password: twice at a terminal, else the first line of standard input.
pub(crate) fn new_password() -> anyhow::Result<Secret> {
    if !std::io::stdin().is_terminal() {
        return first_line(std::io::stdin().lock());
    }
    let ask = |prompt: &str| rpassword::prompt_password(prompt).map(Secret::new).context("пароль не прочитан");
    let password = ask("Новый пароль: ")?;
    if ask("Ещё раз: ")? != password {
        bail!("пароли не совпали");
    }
    Ok(password)
}

fn first_line(input: impl BufRead) -> anyhow::Result<Secret> {
    let mut line = String::new();
    input.take(MAX_LINE_BYTES).read_line(&mut line).context("пароль не прочитан из стандартного ввода")?;
    let password = Secret::new(line.trim_end_matches(['\r', '\n']).to_owned());
    if password.expose().is_empty() {
        bail!("пароль пуст: передайте его первой строкой стандартного ввода");
    }
    Ok(password)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_is_the_password_with_its_spaces() {
        let read = |text: &str| first_line(text.as_bytes()).map(|password| password.expose().to_owned()).ok();
        assert_eq!(read(" длинный пароль \r\nещё\n").as_deref(), Some(" длинный пароль "));
        assert_eq!(read("без перевода строки").as_deref(), Some("без перевода строки"));
        assert_eq!(read("\nпароль"), None);
        assert_eq!(read(""), None);
    }
}
