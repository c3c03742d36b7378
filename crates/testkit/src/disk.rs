//! A disk that can be watched and can fail, between a program and the files of one folder: a library in C that the
//! program is started with (`disk/shim.c`). It needs nothing but the C compiler that our programs are built with:
//! no right to mount, no tracer.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// What a disk does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiskState {
    /// Everything.
    Well,
    /// It takes what has room already, and nothing more.
    Full,
    /// It takes nothing.
    ReadOnly,
}

/// The files of a folder, as the programs see them that are started with this disk.
#[derive(Debug)]
pub struct Disk {
    folder: PathBuf,
    own: TempDir,
}

impl Disk {
    /// A disk that is well, over an existing folder.
    ///
    /// # Panics
    /// When the library cannot be compiled: a C compiler is missing.
    #[must_use]
    pub fn over(folder: &Path) -> Self {
        let own = TempDir::with_prefix("prikrep-disk-").unwrap();
        let source = own.path().join("shim.c");
        std::fs::write(&source, include_str!("disk/shim.c")).unwrap();
        let compiled = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .arg(own.path().join("shim.so"))
            .arg(&source)
            .args(["-ldl", "-pthread"])
            .output()
            .expect("the drills of the disk need a C compiler, `cc`");
        assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
        let disk = Self { folder: folder.canonicalize().unwrap(), own };
        disk.become_now(DiskState::Well);
        disk
    }

    /// Has a program see the folder as this disk shows it. With `recorded`, what it does is written down.
    pub fn under(&self, program: &mut Command, recorded: bool) {
        let at = |name: &str| self.own.path().join(name);
        program.env("LD_PRELOAD", at("shim.so")).env("DISK_FOLDER", &self.folder).env("DISK_STATE", at("state"));
        if recorded {
            program.env("DISK_TRACE", at("trace"));
        }
    }

    /// Changes what the disk does from now on.
    ///
    /// # Panics
    /// When that cannot be written down.
    pub fn become_now(&self, state: DiskState) {
        change_state(&self.own.path().join("state"), state);
    }

    /// What was done to the folder by the programs that were recorded, in order.
    ///
    /// # Panics
    /// When nothing was.
    #[must_use]
    pub fn recorded(&self) -> Vec<Done> {
        let bytes = std::fs::read(self.own.path().join("trace")).expect("a recorded program has run");
        let mut rest = bytes.as_slice();
        std::iter::from_fn(|| (!rest.is_empty()).then(|| Done::read(&mut rest))).collect()
    }
}

/// Runs one test of this program once more, by itself, on a disk of a drill.
///
/// # Panics
/// When that test does not pass.
#[must_use]
pub fn again_on_a_disk(test: &str, recorded: bool) -> Disk {
    let folder = TempDir::with_prefix("prikrep-test-").unwrap();
    let disk = Disk::over(folder.path());
    let mut program = Command::new(std::env::current_exe().unwrap());
    program.args(["--exact", test, "--nocapture"]);
    disk.under(&mut program, recorded);
    let ended = program.output().unwrap();
    let words = [ended.stdout, ended.stderr].map(|said| String::from_utf8_lossy(&said).into_owned());
    assert!(ended.status.success() && words[0].contains("1 passed"), "{}{}", words[0], words[1]);
    disk
}

/// Changes what the disk of this program does from now on.
///
/// # Panics
/// When it does not.
pub fn change_own_disk(state: DiskState) {
    change_state(Path::new(&std::env::var_os("DISK_STATE").expect("a program on a disk of a drill")), state);
}

/// Whether this program runs on a disk of a drill.
#[must_use]
pub fn is_on_a_disk() -> bool {
    std::env::var_os("DISK_STATE").is_some()
}

fn change_state(file: &Path, state: DiskState) {
    let letter = match state {
        DiskState::Well => "w",
        DiskState::Full => "f",
        DiskState::ReadOnly => "r",
    };
    // Renamed: nobody reads half of it.
    let new = file.with_extension("new");
    std::fs::write(&new, letter).unwrap();
    std::fs::rename(new, file).unwrap();
}

/// Something that a program did. Paths are relative to the folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    /// It wrote.
    Wrote {
        /// The file.
        path: String,
        /// Where.
        offset: u64,
        /// What.
        data: Vec<u8>,
    },
    /// It made a file shorter or longer.
    Resized {
        /// The file.
        path: String,
        /// Its new length.
        length: u64,
    },
    /// It asked for a file or a folder to survive a loss of power.
    Synced(String),
    /// It made an empty file.
    Made(String),
    /// It made a folder.
    MadeFolder(String),
    /// It gave another name.
    Renamed(String, String),
    /// It gave a second name.
    Linked(String, String),
    /// It removed a name.
    Removed(String),
    /// It said something on its standard output.
    Said(String),
}

impl Done {
    fn read(rest: &mut &[u8]) -> Self {
        let mut take = |count: usize| {
            let (taken, left) = rest.split_at(count);
            *rest = left;
            taken
        };
        let head = take(17);
        let number = |from: usize, bytes: usize| {
            head[from..from + bytes].iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte))
        };
        let (offset, length) = (number(5, 8), number(13, 4));
        let mut text = |bytes: u64| String::from_utf8(take(usize::try_from(bytes).unwrap()).to_vec()).unwrap();
        let (path, second) = (text(number(1, 2)), text(number(3, 2)));
        let data = take(usize::try_from(length).unwrap()).to_vec();
        match head[0] {
            b'w' => Self::Wrote { path, offset, data },
            b't' => Self::Resized { path, length: offset },
            b'y' => Self::Synced(path),
            b'c' => Self::Made(path),
            b'd' => Self::MadeFolder(path),
            b'n' => Self::Renamed(path, second),
            b'l' => Self::Linked(path, second),
            b'u' => Self::Removed(path),
            b's' => Self::Said(String::from_utf8(data).unwrap()),
            kind => panic!("a record of kind {kind}"),
        }
    }
}
