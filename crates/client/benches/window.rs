//! The window in figures, on a real screen: from the start of the program to its first frame and to the list,
//! beside a bare eframe window in the same run; the time of a frame while one scrolls, sorts and filters, and
//! the part of it that is not drawing (which software does where there is no graphics card); memory; the processor time of a window that nobody touches.
//!
//! `cargo bench -p prikrep-client` needs a screen: `xvfb-run -a -s "-screen 0 1366x768x24" cargo bench -p prikrep-client`.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::panic
)]

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use chrono::{DateTime, Utc};
use eframe::{CreationContext, Frame, run_native};
use egui::{Event, Modifiers, MouseWheelSource, MouseWheelUnit, RawInput, TouchPhase, pos2, vec2};
use prikrep_client::app::{App, Start};
use prikrep_client::folders::Folders;
use prikrep_client::vault::{KeeperError, SecretKeeper, Vault};
use prikrep_client::window;
use prikrep_domain::{Query, Role, Session, Sort, SortColumn, Status, StatusFilter};
use prikrep_simulator::{Gateway, Scale};
use prikrep_store::{Options, Page, SledStore, Store};
use prikrep_ui::{Action, Credentials, Snapshot, Stage};
use zeroize::Zeroizing;

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ZONE: chrono_tz::Tz = chrono_tz::Asia::Barnaul;
/// Nobody listens there: the local profile opens without a connection.
const SERVER: &str = "http://127.0.0.1:9";
const LOGIN: &str = "ivanova";
const PASSWORD: &str = "одна длинная фраза";
const BEGUN: &str = "PRIKREP_BENCH_BEGUN_NS";
const FRAMES: usize = 120;
/// A scroll step, a sort or a filter comes at every so many frames.
const STEP_FRAMES: usize = 10;
const IDLE: Duration = Duration::from_secs(10);
const ROUNDS: usize = 5;

static DRAWN: AtomicUsize = AtomicUsize::new(0);

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [_, "--child", "bare"] => bare(),
        [_, "--child", kind, folder] => ours(Path::new(folder), *kind == "whole"),
        _ => parent(),
    }
}

fn parent() {
    if let Err(words) = window::display() {
        println!("{words}");
        std::process::exit(2);
    }
    for size in [100_000, 1_000_000] {
        let folder = tempfile::tempdir().unwrap();
        prepare(folder.path(), size);
        let (mut bare, mut first, mut list) = (Vec::new(), Vec::new(), Vec::new());
        let mut bare_mb = 0.0;
        for _ in 0..ROUNDS {
            let nothing = child(&["bare"], None);
            bare.push(nothing[0]);
            bare_mb = nothing[1];
            let ours = child(&["start"], Some(folder.path()));
            first.push(ours[0]);
            list.push(ours[1]);
        }
        let (bare, first, list) = (median(bare), median(first), median(list));
        println!("\n{size} records\n");
        println!("| | ours | bare eframe window | ours / bare |\n|---|---:|---:|---:|");
        println!("| start to the first frame | {first:.0} ms | {bare:.0} ms | {:.2} |", first / bare);
        println!("| start to the list, signed in at once | {list:.0} ms | {bare:.0} ms | {:.2} |", list / bare);
        let whole = child(&["whole"], Some(folder.path()));
        for (at, what) in ["scrolling", "sorting", "filtering"].iter().enumerate() {
            let [median, late, ours, worst] = [0, 1, 2, 3].map(|place| whole[2 + 4 * at + place]);
            println!("| a frame while {what}: median, 95 % | {median:.1} ms, {late:.1} ms | | |");
            println!("| of it our own code: median, longest | {ours:.1} ms, {worst:.1} ms | | |");
        }
        println!("| memory | {:.0} MB | {bare_mb:.0} MB | |", whole[14]);
        println!("| processor time when nobody touches it | {:.2} %, {} frames | | |", whole[15], whole[16]);
    }
}

fn child(arguments: &[&str], folder: Option<&Path>) -> Vec<f64> {
    let begun = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos().to_string();
    let mut command = Command::new(std::env::current_exe().unwrap());
    let output = command.arg("--child").args(arguments).args(folder).env(BEGUN, begun).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let numbers: Vec<f64> = text.split_whitespace().filter_map(|number| number.parse().ok()).collect();
    assert!(!numbers.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    numbers
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn since_start_ms() -> f64 {
    let begun = Duration::from_nanos(std::env::var(BEGUN).unwrap().parse().unwrap());
    (SystemTime::now().duration_since(UNIX_EPOCH).unwrap() - begun).as_secs_f64() * 1e3
}

/// A profile with a store, as a registrar has it after the first pull.
fn prepare(folder: &Path, size: u64) {
    let now: DateTime<Utc> = "2026-11-23T04:00:00Z".parse().unwrap();
    let scale = Scale { applications: size, organizations: 1, seed: 22, start: now };
    let gateway = Gateway::new(scale).unwrap();
    let profile = Folders::find(Some(folder)).unwrap().profile(SERVER, LOGIN);
    let session = Session {
        token: None,
        expires_at: now,
        employee: "Иванова А. А.".to_owned(),
        role: Role::Registrar,
        organization: gateway.organizations().next().cloned(),
        password_change_required: false,
    };
    let vault = Vault::with_keeper(&profile, SERVER, LOGIN, Arc::new(FileKeyring(folder.to_owned())));
    let key = vault.create(PASSWORD, None, &session).unwrap().key;
    let store = SledStore::open(&profile.join("store"), Options { key, zone: ZONE, now, scrub: false }).unwrap();
    let (mut after, mut more) = (None, true);
    while more {
        let page = gateway.feed(after.as_deref(), 1_000).unwrap();
        (more, after) = (page.has_more, Some(page.cursor.to_string()));
        let page =
            Page { applications: page.changes, unreadable: Vec::new(), cursor: page.cursor, has_more: page.has_more };
        store.apply(&page, now).unwrap();
    }
}

/// Stands for the system's keyring, which takes a few milliseconds for a secret.
struct FileKeyring(PathBuf);

impl fmt::Debug for FileKeyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FileKeyring")
    }
}

impl SecretKeeper for FileKeyring {
    fn read(&self, _: &str) -> Result<Option<Zeroizing<Vec<u8>>>, KeeperError> {
        Ok(std::fs::read(self.0.join("keyring")).ok().map(Zeroizing::new))
    }

    fn write(&self, _: &str, secret: &[u8]) -> Result<(), KeeperError> {
        std::fs::write(self.0.join("keyring"), secret).map_err(|error| KeeperError::Failed(error.into()))
    }

    fn remove(&self, _: &str) -> Result<(), KeeperError> {
        Ok(())
    }
}

/// A window with nothing in it: what nobody who uses eframe can be faster than.
fn bare() {
    struct Bare {
        frames: usize,
    }
    impl eframe::App for Bare {
        fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut Frame) {
            self.frames += 1;
            if self.frames == 2 {
                println!("{} {}", since_start_ms(), resident_mb());
                std::process::exit(0);
            }
            ui.label("bare");
            ui.request_repaint();
        }
    }
    run_native("bare", window::options(), Box::new(|_| Ok(Box::new(Bare { frames: 0 })))).unwrap();
}

fn ours(folder: &Path, whole: bool) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let start = Start {
        folders: Folders::find(Some(folder)).unwrap(),
        server: Some(SERVER.to_owned()),
        ca_file: None,
        demo: None,
        runtime: runtime.handle().clone(),
    };
    let keeper = Arc::new(FileKeyring(folder.to_owned()));
    let make = move |cc: &CreationContext<'_>| -> Result<Box<dyn eframe::App>, _> {
        let app = App::with_keeper(start, keeper, &cc.egui_ctx);
        Ok(Box::new(Measured {
            app,
            whole,
            frames: 0,
            listed: None,
            times: [const { Vec::new() }; 3],
            own: [const { Vec::new() }; 3],
            thought_ms: 0.0,
        }))
    };
    run_native("prikrep", window::options(), Box::new(make)).unwrap();
}

/// The application with somebody fast at it.
struct Measured {
    app: App,
    whole: bool,
    frames: usize,
    /// The frame at which the list was there.
    listed: Option<usize>,
    /// Milliseconds of frames while scrolling, sorting and filtering.
    times: [Vec<f64>; 3],
    /// Of them our own code's.
    own: [Vec<f64>; 3],
    thought_ms: f64,
}

impl Measured {
    fn is_listed(snapshot: &Snapshot) -> bool {
        match &snapshot.stage {
            Stage::Work(work) => work.list.total.is_some() && !work.list.blocks.is_empty(),
            Stage::SignIn(_) | Stage::Locked(_) | Stage::Audit(_) => false,
        }
    }

    fn query(snapshot: &Snapshot) -> Query {
        match &snapshot.stage {
            Stage::Work(work) => Query::clone(work.list.query.as_ref().unwrap()),
            Stage::SignIn(_) | Stage::Locked(_) | Stage::Audit(_) => panic!("nobody works"),
        }
    }

    /// Which of scrolling, sorting and filtering is on, and whether a step is due.
    fn exercise(&self) -> Option<(usize, bool)> {
        let frame = self.frames - self.listed?;
        (frame < 3 * FRAMES).then_some((frame / FRAMES, frame.is_multiple_of(STEP_FRAMES)))
    }

    fn step(&mut self, exercise: usize, ctx: &egui::Context) {
        let turn = self.frames / STEP_FRAMES;
        let mut query = Self::query(&self.app.snapshot());
        if exercise == 1 {
            let columns = [SortColumn::Name, SortColumn::Snils, SortColumn::CreatedAt, SortColumn::Status];
            query.sort = Sort { column: columns[turn % columns.len()], descending: turn.is_multiple_of(2) };
            self.app.act(Action::Reorder(query), ctx);
        } else if exercise == 2 {
            let statuses = [None, Some(StatusFilter::Is(Status::Sent)), Some(StatusFilter::Is(Status::Done))];
            query.status = statuses[turn % statuses.len()];
            self.app.act(Action::Search(query), ctx);
        }
    }

    fn end(&self) {
        for (times, own) in self.times.iter().zip(&self.own) {
            let mut sorted = times.clone();
            sorted.sort_by(f64::total_cmp);
            let worst = own.iter().copied().fold(0.0, f64::max);
            println!("{} {} {} {worst}", median(times.clone()), sorted[sorted.len() * 95 / 100], median(own.clone()));
        }
        thread::spawn(|| {
            // What opening has left to do in the background is done first.
            let mut before = processor_ticks();
            loop {
                thread::sleep(Duration::from_secs(2));
                let now = processor_ticks();
                if now - before < 10 {
                    break;
                }
                before = now;
            }
            let (before, begun, drawn) = (processor_ticks(), Instant::now(), DRAWN.load(Ordering::Relaxed));
            thread::sleep(IDLE);
            let drawn = DRAWN.load(Ordering::Relaxed) - drawn;
            let seconds = (processor_ticks() - before) as f64 / 100.0;
            println!("{} {} {drawn}", resident_mb(), 100.0 * seconds / begun.elapsed().as_secs_f64());
            std::process::exit(0);
        });
    }
}

impl eframe::App for Measured {
    fn logic(&mut self, ctx: &egui::Context, _frame: &mut Frame) {
        let begun = Instant::now();
        self.app.think(ctx);
        self.thought_ms = begun.elapsed().as_secs_f64() * 1e3;
    }

    fn raw_input_hook(&mut self, _ctx: &egui::Context, input: &mut RawInput) {
        if self.exercise().is_some_and(|(exercise, _)| exercise == 0) {
            input.events.push(Event::PointerMoved(pos2(700.0, 500.0)));
            input.events.push(Event::MouseWheel {
                unit: MouseWheelUnit::Point,
                delta: vec2(0.0, -3_000.0),
                phase: TouchPhase::Move,
                modifiers: Modifiers::NONE,
                source: MouseWheelSource::Wheel,
            });
        }
    }

    fn ui(&mut self, ui: &mut egui::Ui, frame: &mut Frame) {
        self.frames += 1;
        DRAWN.fetch_add(1, Ordering::Relaxed);
        let was_listed = self.listed.is_some() || Self::is_listed(&self.app.snapshot());
        if let (Some((exercise, _)), Some(seconds)) = (self.exercise(), frame.info().cpu_usage) {
            self.times[exercise].push(f64::from(seconds) * 1e3);
        }
        let begun = Instant::now();
        self.app.show(ui);
        if let Some((exercise, _)) = self.exercise() {
            self.own[exercise].push(self.thought_ms + begun.elapsed().as_secs_f64() * 1e3);
        }
        let ctx = ui.ctx().clone();
        if self.frames == 2 {
            println!("{}", since_start_ms());
            let secret = |text: &str| Zeroizing::new(text.to_owned());
            self.app.act(
                Action::SignIn(Credentials {
                    server: SERVER.to_owned(),
                    login: LOGIN.to_owned(),
                    password: secret(PASSWORD),
                    passphrase: None,
                    new_password: None,
                    afresh: false,
                }),
                &ctx,
            );
        }
        if was_listed && self.listed.is_none() {
            println!("{}", since_start_ms());
            self.listed = Some(self.frames);
            if !self.whole {
                std::process::exit(0);
            }
        }
        match self.exercise() {
            Some((exercise, true)) => self.step(exercise, &ctx),
            Some((_, false)) => {}
            None if self.listed.is_some_and(|listed| self.frames == listed + 3 * FRAMES) => return self.end(),
            None if self.listed.is_some() => return,
            None => {}
        }
        ui.request_repaint();
    }

    fn on_exit(&mut self, _gl: Option<&eframe::glow::Context>) {
        self.app.close();
    }
}

/// Hundredths of a second that this process has had of processors.
fn processor_ticks() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    [11, 12].iter().filter_map(|at| fields.get(*at)?.parse::<u64>().ok()).sum()
}

fn resident_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0");
    line.split_whitespace().next().and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) / 1024
}
