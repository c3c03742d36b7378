//! The journal: an append-only chain of sealed entries in files of their own, beside the desk.
//!
//! Every entry has a number, from 1 without a gap, and is sealed together with the hash of the one before; the
//! desk keeps the number and the hash of the last one. So an entry that is changed, left out or moved is found
//! by [`Journal::check`], and so is a journal whose end was cut off.
//! Invariant: an entry is on the disk before the call that appends it returns; what was appended is never
//! written again.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use memchr::memmem;
use parking_lot::Mutex;
use prikrep_domain::{JournalEntry, Numbered};
use ring::digest;
use serde::{Deserialize, Serialize};

use crate::database::{sync_folder, sync_name};
use crate::seal::Sealer;
use crate::{JournalCheck, Key, StoreError};

/// A part of the journal is closed at this size; the oldest parts are removed as a whole.
const PART_BYTES: u64 = 4 << 20;
const MAX_ENTRY_BYTES: usize = 16 << 10;
/// The seal's header and tag, and the hash before, beside a body.
const AROUND_BODY: usize = 13 + 16 + 32;
/// `magic 4 | number 8 | sealed length 4 | sealed`.
const MAGIC: &[u8; 4] = b"\xD0jr\x01";
const HEAD: usize = 4 + 8 + 4;

type Hash = [u8; 32];

/// The end of a chain: the number of its last entry and its hash; or what stands before its first one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Link {
    pub(crate) number: u64,
    pub(crate) hash: Hash,
}

/// What the desk knows of the journal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ends {
    /// Before the first entry that is kept.
    pub(crate) start: Link,
    /// The last entry.
    pub(crate) end: Link,
}

/// The open journal.
#[derive(Debug)]
pub(crate) struct Journal {
    folder: PathBuf,
    sealer: Sealer,
    writer: Mutex<Writer>,
}

#[derive(Debug)]
struct Writer {
    ends: Ends,
    part: Option<(File, u64)>,
}

/// An entry as it lies in a file.
pub(crate) struct Framed {
    pub(crate) number: u64,
    before: Hash,
    hash: Hash,
    pub(crate) body: Vec<u8>,
}

impl Journal {
    /// Opens the journal of a store. `known` are the ends as the desk has them. Entries behind the known end
    /// were appended right before a crash and are taken up; what is torn there is cut off.
    pub(crate) fn open(folder: &Path, key: &Key, known: Option<Ends>) -> Result<(Self, Option<String>), StoreError> {
        let journal = Self {
            folder: folder.to_owned(),
            sealer: Sealer::new(key, b"journal", "journal entries")?,
            writer: Mutex::new(Writer { ends: known.unwrap_or_default(), part: None }),
        };
        let mut writer = journal.writer.lock();
        let parts = journal.parts()?;
        if known.is_none() {
            writer.ends.start = journal.start_of(parts.first())?;
            writer.ends.end = writer.ends.start;
        }
        let trouble = journal.take_up(&mut writer, parts.last())?;
        drop(writer);
        Ok((journal, trouble))
    }

    /// What stands before the first entry that is there: after a restore the desk does not know it.
    fn start_of(&self, first: Option<&(u64, PathBuf)>) -> Result<Link, StoreError> {
        let Some((_, path)) = first else { return Ok(Link::default()) };
        let frames = frames(&self.sealer, &read(path)?).0;
        Ok(frames.first().map(|frame| Link { number: frame.number - 1, hash: frame.before }).unwrap_or_default())
    }

    /// Goes on behind the last entry; tells when it is not the one that the desk knows.
    fn take_up(&self, writer: &mut Writer, last: Option<&(u64, PathBuf)>) -> Result<Option<String>, StoreError> {
        let end = writer.ends.end;
        let Some((first, path)) = last else {
            let is_gone = end.number > writer.ends.start.number;
            return Ok(is_gone.then(|| "Журнал действий пропал: файлов в папке journal нет.".to_owned()));
        };
        let (frames, whole) = frames(&self.sealer, &read(path)?);
        let last = frames.last().map(|frame| Link { number: frame.number, hash: frame.hash });
        let found = last.map_or(first.saturating_sub(1), |last| last.number);
        if found < end.number {
            return Ok(Some(format!(
                "Журнал действий обрывается на записи {found}, а была {}: записи удалены или повреждены.",
                end.number
            )));
        }
        let file = append_to(path)?;
        // A torn entry at the end was never acknowledged.
        file.set_len(whole as u64).map_err(|source| failed("запись журнала", path, source))?;
        writer.ends.end = last.unwrap_or(end);
        writer.part = Some((file, whole as u64));
        Ok(None)
    }

    /// Appends entries durably; gives the ends for the desk.
    pub(crate) fn append(&self, entries: &[JournalEntry]) -> Result<Ends, StoreError> {
        let mut writer = self.writer.lock();
        let (mut end, mut bytes) = (writer.ends.end, Vec::new());
        for entry in entries {
            let body = serde_json::to_vec(entry)
                .map_err(|_| StoreError::Encode { what: "запись журнала".into() })?;
            if body.len() > MAX_ENTRY_BYTES {
                return Err(StoreError::Encode { what: "запись журнала больше 16 КиБ".into() });
            }
            end = write_frame(&self.sealer, end, &body, &mut bytes)?;
        }
        let first = writer.ends.end.number + 1;
        let (mut file, length) = match writer.part.take() {
            Some((file, length)) if length < PART_BYTES => (file, length),
            Some(_) | None => (self.new_part(first)?, 0),
        };
        let path = &self.folder;
        let written =
            file.seek(SeekFrom::Start(length)).and_then(|_| file.write_all(&bytes)).and_then(|()| file.sync_data());
        if let Err(source) = written {
            // Nobody was told of what is there now; a disk that refuses this too leaves a torn end.
            let _ = file.set_len(length);
            writer.part = Some((file, length));
            return Err(failed("запись журнала", path, source));
        }
        writer.part = Some((file, length + bytes.len() as u64));
        writer.ends.end = end;
        Ok(writer.ends)
    }

    /// Visits entries from the newest to the oldest, those up to `before` (not inclusive), until told to break.
    /// What cannot be read is left out here: [`Self::check`] tells of it.
    pub(crate) fn visit(
        &self,
        before: Option<u64>,
        visit: &mut dyn FnMut(Numbered) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        for (first, path) in self.parts()?.into_iter().rev() {
            if before.is_some_and(|before| first >= before) {
                continue;
            }
            let bytes = read(&path)?;
            for frame in frames(&self.sealer, &bytes).0.into_iter().rev() {
                if before.is_some_and(|before| frame.number >= before) {
                    continue;
                }
                let Ok(entry) = serde_json::from_slice(&frame.body) else { continue };
                if visit(Numbered { number: frame.number, entry }).is_break() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Follows the whole chain.
    pub(crate) fn check(&self) -> Result<JournalCheck, StoreError> {
        // Appending waits: what is checked has one end.
        let writer = self.writer.lock();
        let ends = writer.ends;
        let mut check = JournalCheck { first: ends.start.number + 1, last: ends.end.number, ..JournalCheck::default() };
        let mut at = ends.start;
        for (_, path) in self.parts()? {
            let bytes = read(&path)?;
            let (frames, whole) = frames(&self.sealer, &bytes);
            let read: usize = frames.iter().map(|frame| HEAD + sealed_length(&frame.body)).sum();
            if whole != bytes.len() || read != whole {
                check.problems.push(format!("файл {}: часть байтов не читается", name_of(&path)));
            }
            for frame in frames {
                if frame.number != at.number + 1 {
                    check.problems.push(format!("после записи {} идёт запись {}", at.number, frame.number));
                } else if frame.before != at.hash {
                    check.problems.push(format!("запись {} не продолжает запись {}", frame.number, at.number));
                }
                at = Link { number: frame.number, hash: frame.hash };
                check.entries += 1;
                if at.number == ends.end.number && at.hash != ends.end.hash {
                    check.problems.push(format!("запись {} не та, что была", at.number));
                }
            }
        }
        if at.number < ends.end.number {
            check.problems.push(format!("журнал обрывается на записи {}, а была {}", at.number, ends.end.number));
        }
        Ok(check)
    }

    /// Removes the oldest parts whose entries are all older; gives the ends for the desk when any was removed.
    /// They are to be kept there before [`Self::forget_before`] is called.
    pub(crate) fn start_after(&self, older_than: DateTime<Utc>) -> Result<Option<Ends>, StoreError> {
        let writer = self.writer.lock();
        let mut start = writer.ends.start;
        let mut parts = self.parts()?;
        // The part that is being written stays.
        parts.pop();
        for (_, path) in parts {
            let bytes = read(&path)?;
            let frames = frames(&self.sealer, &bytes).0;
            let Some(last) = frames.last() else { break };
            let entry: Option<JournalEntry> = serde_json::from_slice(&last.body).ok();
            if entry.is_none_or(|entry| entry.at >= older_than) {
                break;
            }
            start = Link { number: last.number, hash: last.hash };
        }
        Ok((start != writer.ends.start).then_some(Ends { start, end: writer.ends.end }))
    }

    /// Removes the parts before a start that the desk knows by now.
    pub(crate) fn forget_before(&self, start: Link) -> Result<(), StoreError> {
        let mut writer = self.writer.lock();
        writer.ends.start = start;
        for (first, path) in self.parts()? {
            if first <= start.number {
                fs::remove_file(&path).map_err(|source| failed("удаление", &path, source))?;
            }
        }
        sync_folder(&self.folder);
        Ok(())
    }

    /// The parts with their lengths as of one instant, for a copy.
    pub(crate) fn files(&self) -> Result<Vec<(String, PathBuf, u64)>, StoreError> {
        let _writer = self.writer.lock();
        let length = |path: &Path| fs::metadata(path).map(|about| about.len());
        let files = self.parts()?.into_iter().map(|(_, path)| {
            let bytes = length(&path).map_err(|source| failed("чтение", &path, source))?;
            Ok((name_of(&path), path, bytes))
        });
        files.collect()
    }

    /// The parts by the number of their first entry, in order.
    fn parts(&self) -> Result<Vec<(u64, PathBuf)>, StoreError> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(failed("чтение", &self.folder, source)),
        };
        let mut parts: Vec<(u64, PathBuf)> = entries
            .flatten()
            .map(|entry| entry.path())
            .filter_map(|path| Some((is_part(path.file_name()?.to_str()?)?, path)))
            .collect();
        parts.sort();
        Ok(parts)
    }

    fn new_part(&self, first: u64) -> Result<File, StoreError> {
        fs::create_dir_all(&self.folder).map_err(|source| failed("запись журнала", &self.folder, source))?;
        let path = self.folder.join(format!("{first:020}.journal"));
        let file = append_to(&path)?;
        sync_folder(&self.folder);
        sync_name(&self.folder);
        Ok(file)
    }
}

/// Writes an entry behind the end of the chain; gives the new end.
pub(crate) fn write_frame(sealer: &Sealer, end: Link, body: &[u8], to: &mut Vec<u8>) -> Result<Link, StoreError> {
    let number = end.number + 1;
    let sealed = sealer.seal(&[MAGIC, &number.to_be_bytes()], &[&end.hash[..], body].concat())?;
    to.extend_from_slice(MAGIC);
    to.extend_from_slice(&number.to_be_bytes());
    to.extend_from_slice(&u32::try_from(sealed.len()).unwrap_or(u32::MAX).to_be_bytes());
    to.extend_from_slice(&sealed);
    Ok(Link { number, hash: hash(number, &end.hash, body) })
}

/// Every entry of a part that is authentic, and where the last of them ends.
pub(crate) fn frames(sealer: &Sealer, bytes: &[u8]) -> (Vec<Framed>, usize) {
    let (mut frames, mut whole, mut at) = (Vec::new(), 0, 0);
    while let Some(found) = bytes.get(at..).and_then(|rest| memmem::find(rest, MAGIC)) {
        at += found;
        match frame(sealer, bytes.get(at..).unwrap_or_default()) {
            Some((frame, length)) => {
                at += length;
                whole = at;
                frames.push(frame);
            }
            None => at += 1,
        }
    }
    (frames, whole)
}

fn frame(sealer: &Sealer, bytes: &[u8]) -> Option<(Framed, usize)> {
    let rest = bytes.strip_prefix(MAGIC)?;
    let (number, rest) = rest.split_first_chunk()?;
    let (length, rest) = rest.split_first_chunk()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    // A damaged part that promises more everywhere would be deciphered to its end from every place in it.
    if length > MAX_ENTRY_BYTES + AROUND_BODY {
        return None;
    }
    let sealed = rest.get(..length)?;
    let plain = sealer.open(&[MAGIC, number], sealed).ok()?;
    let (before, body) = plain.split_first_chunk::<32>()?;
    let number = u64::from_be_bytes(*number);
    let frame = Framed { number, before: *before, hash: hash(number, before, body), body: body.to_vec() };
    Some((frame, HEAD + length))
}

/// The number in the name of a part; `None` for any other file.
pub(crate) fn is_part(name: &str) -> Option<u64> {
    name.strip_suffix(".journal").filter(|digits| digits.len() == 20)?.parse().ok()
}

fn sealed_length(body: &[u8]) -> usize {
    AROUND_BODY + body.len()
}

fn hash(number: u64, before: &Hash, body: &[u8]) -> Hash {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(&number.to_be_bytes());
    context.update(before);
    context.update(body);
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

fn append_to(path: &Path) -> Result<File, StoreError> {
    let mut options = File::options();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|source| failed("запись журнала", path, source))
}

fn read(path: &Path) -> Result<Vec<u8>, StoreError> {
    let mut bytes = Vec::new();
    // A part is a little longer than its size at most.
    let most = PART_BYTES + (64 << 20);
    let read = File::open(path).and_then(|file| file.take(most).read_to_end(&mut bytes));
    read.map_err(|source| failed("чтение журнала", path, source))?;
    Ok(bytes)
}

fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn failed(step: &'static str, path: &Path, source: std::io::Error) -> StoreError {
    StoreError::File { step, path: path.to_owned(), source }
}
