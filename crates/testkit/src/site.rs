//! Real processes: a federal gateway, and a register as its administrator has it.

use std::path::{Path, PathBuf};
use std::process::Command;

use prikrep_simulator::{DEFAULT_LOGIN, DEFAULT_PASSWORD};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::programs::{Finished, Running, prikrepd, run, simulator};
use crate::region::write_private;
use crate::{Api, PASSWORD};

/// A running `prikrep-simulator`, and what it is told beside the protocol.
pub struct Gateway {
    url: String,
    api: Api,
    _process: Running,
}

impl Gateway {
    /// Starts one with more arguments than where to listen.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn start(arguments: &[&str]) -> Self {
        let mut command = simulator();
        command.args(["--listen", "127.0.0.1:0"]).args(arguments);
        let process = Running::start(command);
        let url = process.line("listening on ");
        Self { api: Api::new(&url), url, _process: process }
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A client with the register's account.
    pub async fn sign_in(&self) -> Api {
        Api::signed_in(&self.url, DEFAULT_LOGIN, DEFAULT_PASSWORD).await
    }

    /// Sets the rules of the faults; an empty list takes them away.
    ///
    /// # Panics
    /// When it does not take them.
    pub async fn set_faults(&self, rules: Value) {
        self.control("/control/faults", &json!({"seed": 1, "rules": rules})).await;
    }

    /// Tells it something.
    ///
    /// # Panics
    /// When it refuses.
    pub async fn control(&self, path: &str, body: &Value) -> Value {
        let reply = self.api.send(Method::POST, path, Some(body)).await.unwrap();
        assert_eq!(reply.status, 200, "{path}: {}", reply.json());
        reply.json()
    }

    /// The answers that it has applied, with how often each took effect.
    pub async fn answers(&self) -> Vec<Value> {
        self.api.get("/control/answers").await.json()["answers"].as_array().unwrap().clone()
    }
}

/// A register's configuration and folders, and its program.
pub struct Site {
    folder: TempDir,
    config: PathBuf,
}

impl Site {
    /// A configuration with a gateway as its upstream; `more` are further lines of it, before any section.
    ///
    /// # Panics
    /// When it cannot be written.
    #[must_use]
    pub fn new(upstream: &str, more: &str) -> Self {
        let folder = TempDir::with_prefix("prikrep-test-").unwrap();
        write_private(&folder.path().join("upstream.password"), &format!("{DEFAULT_PASSWORD}\n"));
        let text = format!(
            "data_dir = \"data\"\nkey_file = \"store.key\"\nlisten = \"127.0.0.1:0\"\n{more}\n\
             [upstream]\nurl = \"{upstream}\"\nlogin = \"{DEFAULT_LOGIN}\"\npassword_file = \"upstream.password\"\n\
             pull_at = \"02:30\"\n"
        );
        let config = folder.path().join("prikrepd.toml");
        std::fs::write(&config, text).unwrap();
        Self { folder, config }
    }

    /// The folder of everything.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The register's data.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The configuration's file.
    #[must_use]
    pub fn config(&self) -> &Path {
        &self.config
    }

    /// Replaces a text in the configuration.
    ///
    /// # Panics
    /// When the text is not there.
    pub fn edit(&self, from: &str, to: &str) {
        let text = std::fs::read_to_string(&self.config).unwrap();
        assert!(text.contains(from), "{from} is not in the configuration");
        std::fs::write(&self.config, text.replace(from, to)).unwrap();
    }

    /// A command of the register's program.
    #[must_use]
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = prikrepd();
        command.args(arguments).arg("--config").arg(&self.config);
        command
    }

    /// Runs a command to its end.
    #[must_use]
    pub fn run(&self, arguments: &[&str]) -> Finished {
        run(self.command(arguments), "")
    }

    /// Runs a command that succeeds and prints JSON.
    ///
    /// # Panics
    /// When it does not.
    pub fn json(&self, arguments: &[&str]) -> Value {
        let finished = self.run(&[arguments, &["--json"]].concat());
        assert_eq!(finished.code(), Some(0), "{arguments:?}: {}", finished.words());
        serde_json::from_str(&finished.stdout).unwrap_or_else(|error| panic!("{error}: {}", finished.stdout))
    }

    /// Makes an account of a registrar; its password comes from standard input.
    ///
    /// # Panics
    /// When it is not made.
    pub fn add_registrar(&self, login: &str, organization: &str) {
        let arguments =
            ["user", "add", login, "--name", "Иванова Ирина", "--role", "registrar", "--organization", organization];
        let ready = ["--must-change-password", "no"];
        let added = run(self.command(&[&arguments[..], &ready].concat()), &format!("{PASSWORD}\n"));
        assert_eq!(added.code(), Some(0), "{}", added.words());
    }

    /// Starts the register and waits until it listens. Returns it with its address.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn serve(&self) -> (Running, String) {
        let running = Running::start(self.command(&["serve"]));
        let url = running.line("listening on ");
        (running, url)
    }
}
