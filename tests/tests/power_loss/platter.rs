//! What a disk holds after a loss of power, by what was done to it before.
//!
//! Certain is what was synced: the bytes of a file by a sync of the file, the names of a folder by a sync of the
//! folder. Of the rest nothing is kept, or a random part: any blocks of any writes, and of the changes of a folder's
//! names those up to any one of them, as a file system with a journal does.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::Arc;

use prikrep_testkit::disk::Done;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

const BLOCK: usize = 4096;

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Node {
    Folder,
    /// By its number: it keeps it under another name.
    File(usize),
}

type Names = BTreeMap<String, Node>;

/// A change of a file that no sync has made certain.
#[derive(Clone, Debug)]
enum Edit {
    Write(u64, Arc<[u8]>),
    Resize(u64),
}

#[derive(Clone, Debug, Default)]
struct Bytes {
    certain: Arc<Vec<u8>>,
    edits: Vec<Edit>,
}

/// A change of names: those that are taken away, then those that are given.
#[derive(Clone, Debug)]
struct Naming {
    folder: String,
    taken: Vec<String>,
    given: Vec<(String, Node)>,
}

/// The disk.
#[derive(Clone, Debug, Default)]
pub(crate) struct Platter {
    files: Vec<Bytes>,
    present: Names,
    certain: Names,
    namings: Vec<Naming>,
    syncs: usize,
}

impl Platter {
    /// Notes something that was done.
    pub(crate) fn take(&mut self, done: &Done) {
        match done {
            Done::Wrote { path, offset, data } => self.edit(path, Edit::Write(*offset, data.as_slice().into())),
            Done::Resized { path, length } => self.edit(path, Edit::Resize(*length)),
            Done::Made(path) => {
                self.files.push(Bytes::default());
                self.name(path, Vec::new(), vec![(path.clone(), Node::File(self.files.len() - 1))]);
            }
            Done::MadeFolder(path) => self.name(path, Vec::new(), vec![(path.clone(), Node::Folder)]),
            Done::Renamed(from, to) => {
                let Some(node) = self.present.get(from).copied() else { return };
                assert_ne!(node, Node::Folder, "no folder is renamed in a script of the drill: {from}");
                self.name(from, vec![from.clone()], vec![(to.clone(), node)]);
            }
            Done::Linked(from, to) => {
                let Some(node) = self.present.get(from).copied() else { return };
                self.name(to, Vec::new(), vec![(to.clone(), node)]);
            }
            Done::Removed(path) => self.name(path, vec![path.clone()], Vec::new()),
            Done::Synced(path) => self.sync(path),
            Done::Said(_) => {}
        }
    }

    /// A number that changes when anything becomes certain.
    pub(crate) const fn certain(&self) -> usize {
        self.syncs
    }

    fn edit(&mut self, path: &str, edit: Edit) {
        // What is written to a file without a name is gone anyway.
        if let Some(Node::File(file)) = self.present.get(path) {
            self.files[*file].edits.push(edit);
        }
    }

    fn name(&mut self, path: &str, taken: Vec<String>, given: Vec<(String, Node)>) {
        let naming = Naming { folder: folder_of(path).to_owned(), taken, given };
        naming.apply(&mut self.present);
        self.namings.push(naming);
    }

    fn sync(&mut self, path: &str) {
        self.syncs += 1;
        if let Some(Node::File(file)) = self.present.get(path) {
            let Bytes { certain, edits } = &mut self.files[*file];
            let bytes = Arc::make_mut(certain);
            edits.drain(..).for_each(|edit| edit.apply(bytes, |_| true));
            return;
        }
        let (certain, rest) = std::mem::take(&mut self.namings).into_iter().partition(|naming| naming.folder == path);
        let certain: Vec<Naming> = certain;
        certain.iter().for_each(|naming| naming.apply(&mut self.certain));
        self.namings = rest;
    }

    /// Writes what is left after a loss of power into an empty folder.
    pub(crate) fn leave(&self, folder: &Path, mut dice: Option<&mut ChaCha8Rng>) {
        let mut names = self.certain.clone();
        if let Some(dice) = &mut dice {
            for of in self.namings.iter().map(|naming| &naming.folder).collect::<BTreeSet<_>>() {
                let changes: Vec<&Naming> = self.namings.iter().filter(|naming| naming.folder == *of).collect();
                let kept = dice.random_range(0..=changes.len());
                changes.into_iter().take(kept).for_each(|naming| naming.apply(&mut names));
            }
        }
        for (name, node) in &names {
            // Parents come before what is in them; what has no parent is not there.
            let path = folder.join(name);
            match node {
                _ if !path.parent().is_some_and(Path::is_dir) => {}
                Node::Folder => fs::create_dir(&path).unwrap(),
                Node::File(file) => {
                    let Bytes { certain, edits } = &self.files[*file];
                    let mut bytes = Vec::clone(certain);
                    if let Some(dice) = &mut dice {
                        edits.iter().for_each(|edit| edit.apply(&mut bytes, |_| dice.random()));
                    }
                    fs::write(&path, bytes).unwrap();
                    // A key that others may read is refused.
                    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
                }
            }
        }
    }
}

impl Naming {
    fn apply(&self, names: &mut Names) {
        names.retain(|path, _| !self.taken.contains(path));
        names.extend(self.given.iter().cloned());
    }
}

impl Edit {
    /// Does it to the bytes of a file, block by block, as far as blocks are kept.
    fn apply(&self, bytes: &mut Vec<u8>, mut is_kept: impl FnMut(usize) -> bool) {
        match self {
            Self::Write(offset, data) => {
                let mut at = usize::try_from(*offset).unwrap();
                let mut rest = &data[..];
                while !rest.is_empty() {
                    let (block, after) = rest.split_at(rest.len().min(BLOCK - at % BLOCK));
                    if is_kept(at / BLOCK) {
                        bytes.resize(bytes.len().max(at + block.len()), 0);
                        bytes[at..at + block.len()].copy_from_slice(block);
                    }
                    (at, rest) = (at + block.len(), after);
                }
            }
            Self::Resize(length) => {
                if is_kept(0) {
                    bytes.resize(usize::try_from(*length).unwrap(), 0);
                }
            }
        }
    }
}

fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}
