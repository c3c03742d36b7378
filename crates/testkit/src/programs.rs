//! Our programs as a user runs them: real processes, their output captured, everything ended with the test.
//!
//! Invariant: nothing waits by sleeping. A line is waited for until it comes, the process ends, or the time is up.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long a program may take for anything that a test waits for.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The folder of the programs of some packages, which are built now.
///
/// They are built with the profile of the running test, into the same folder.
fn built(packages: &[&str]) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let folder = test.ancestors().find(|path| path.ends_with("deps")).unwrap().parent().unwrap().to_owned();
    let profile = match folder.file_name().unwrap().to_str().unwrap() {
        "debug" => "dev",
        other => other,
    };
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // What cargo tells a test of its package would have ring, which looks at it, built anew, and all above it.
    let of_package = |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
    for (name, _) in std::env::vars_os().filter(|(name, _)| of_package(&name.to_string_lossy())) {
        cargo.env_remove(name);
    }
    let built = cargo
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
        .args(["build", "--quiet", "--bins", "--profile", profile])
        .args(packages.iter().flat_map(|package| ["--package", package]))
        .arg("--target-dir")
        .arg(folder.parent().unwrap())
        .status()
        .unwrap();
    assert!(built.success(), "the programs could not be built");
    folder
}

/// The register's and the simulator's programs.
fn folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| built(&["prikrep-server", "prikrep-simulator"]))
}

/// The register's program, `prikrepd`.
#[must_use]
pub fn prikrepd() -> Command {
    program(folder(), "prikrepd")
}

/// The simulator's program, `prikrep-simulator`.
#[must_use]
pub fn simulator() -> Command {
    program(folder(), "prikrep-simulator")
}

/// The workstation's program, `prikrep`.
#[must_use]
pub fn prikrep() -> Command {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    program(FOLDER.get_or_init(|| built(&["prikrep-server", "prikrep-simulator", "prikrep-client"])), "prikrep")
}

fn program(folder: &Path, name: &str) -> Command {
    let mut command = Command::new(folder.join(name).with_extension(std::env::consts::EXE_EXTENSION));
    // Neither a configuration nor a language of the machine may change what a test sees.
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("PRIKREP_")) {
        command.env_remove(name);
    }
    command.env_remove("RUST_LOG");
    command
}

/// What a program that has ended left.
#[derive(Debug)]
pub struct Finished {
    /// Its exit status.
    pub status: ExitStatus,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
}

impl Finished {
    /// The exit code; `None` when a signal ended it.
    #[must_use]
    pub fn code(&self) -> Option<i32> {
        self.status.code()
    }

    /// Everything that it said.
    #[must_use]
    pub fn words(&self) -> String {
        format!("{}\n{}", self.stdout, self.stderr)
    }
}

/// Runs a program to its end with an input.
///
/// # Panics
/// When it does not end in time.
pub fn run(command: Command, input: &str) -> Finished {
    let mut running = Running::start(command);
    running.say(input);
    running.wait()
}

/// A program that runs. It is killed when this is dropped.
#[derive(Debug)]
pub struct Running {
    child: Child,
    name: String,
    stdout: Captured,
    stderr: Captured,
}

impl Running {
    /// Starts a program.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn start(mut command: Command) -> Self {
        let name = format!("{command:?}");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{name}: {error}"));
        let stdout = Captured::of(child.stdout.take().unwrap());
        let stderr = Captured::of(child.stderr.take().unwrap());
        Self { child, name, stdout, stderr }
    }

    /// The process's number.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Writes its whole standard input.
    pub fn say(&mut self, input: &str) {
        // A program that has refused its arguments may have ended before it reads.
        drop(self.child.stdin.take().unwrap().write_all(input.as_bytes()));
    }

    /// The first line of its standard output that has this beginning, without it.
    ///
    /// # Panics
    /// When the program ends, or the time is up, before there is one.
    #[must_use]
    pub fn line(&self, beginning: &str) -> String {
        self.stdout.line(beginning).unwrap_or_else(|| {
            panic!("{} did not say «{beginning}…»:\n{}\n{}", self.name, self.stdout.text(), self.stderr.text())
        })
    }

    /// What it has said on standard error so far.
    #[must_use]
    pub fn stderr(&self) -> String {
        self.stderr.text()
    }

    /// Kills it (SIGKILL): nothing of it runs any more when this returns.
    pub fn kill(&mut self) {
        drop(self.child.kill());
        self.child.wait().unwrap();
    }

    /// Asks it to stop (SIGTERM).
    #[cfg(unix)]
    pub fn terminate(&self) {
        // The shell's own: a small system has no program of that name.
        let asked = Command::new("sh").arg("-c").arg(format!("kill -TERM {}", self.child.id())).status().unwrap();
        assert!(asked.success());
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// When it does not end in time.
    #[must_use]
    pub fn wait(mut self) -> Finished {
        drop(self.child.stdin.take());
        let ended = self.stdout.ended() && self.stderr.ended();
        assert!(ended, "{} did not end:\n{}\n{}", self.name, self.stdout.text(), self.stderr.text());
        let status = self.child.wait().unwrap();
        Finished { status, stdout: self.stdout.text(), stderr: self.stderr.text() }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

/// What a program has written to one of its outputs.
#[derive(Debug)]
struct Captured {
    shared: Arc<(Mutex<Written>, Condvar)>,
    _reader: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Written {
    text: String,
    ended: bool,
}

impl Captured {
    fn of(output: impl Read + Send + 'static) -> Self {
        let shared = Arc::new((Mutex::new(Written::default()), Condvar::new()));
        let of_reader = Arc::clone(&shared);
        let reader = std::thread::spawn(move || {
            let (written, news) = &*of_reader;
            let mut output = BufReader::new(output);
            let mut line = Vec::new();
            loop {
                line.clear();
                let ended = output.read_until(b'\n', &mut line).map_or(true, |bytes| bytes == 0);
                let mut written = lock(written);
                written.text.push_str(&String::from_utf8_lossy(&line));
                written.ended = ended;
                news.notify_all();
                if ended {
                    return;
                }
            }
        });
        Self { shared, _reader: reader }
    }

    fn text(&self) -> String {
        lock(&self.shared.0).text.clone()
    }

    fn line(&self, beginning: &str) -> Option<String> {
        let find =
            |written: &Written| written.text.lines().find_map(|line| line.strip_prefix(beginning).map(str::to_owned));
        self.wait(|written| written.ended || find(written).is_some());
        find(&lock(&self.shared.0))
    }

    fn ended(&self) -> bool {
        self.wait(|written| written.ended)
    }

    fn wait(&self, until: impl Fn(&Written) -> bool) -> bool {
        let (written, news) = &*self.shared;
        let deadline = Instant::now() + PATIENCE;
        let mut written = lock(written);
        while !until(&written) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            written = news.wait_timeout(written, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }
}

fn lock(written: &Mutex<Written>) -> MutexGuard<'_, Written> {
    written.lock().unwrap_or_else(PoisonError::into_inner)
}
