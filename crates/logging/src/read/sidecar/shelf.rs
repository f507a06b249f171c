//! Sidecars as files: found, checked, made. What is in one is left to others.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write as _};
#[cfg(feature = "subscriber")]
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::super::analyze::fnv;
#[cfg(feature = "subscriber")]
use super::super::each;
use super::super::segments::is_sealed;
use super::super::{Error, Filter, Query, Sources, fold};
use super::gather::Gather;
use super::identity::Identity;
use super::summary::Summary;

/// Of smaller segments the lines are read as fast.
const LEAST_SIZE: u64 = 1 << 20;
/// A compressed segment holds lines for so many times its length, at least.
const SQUEEZED: u64 = 8;
/// A segment that was changed more lately may be written on.
const SETTLED: Duration = Duration::from_secs(60);
/// A sidecar takes at most this part of its segment's length.
const SHARE: u64 = 4;
/// So many bytes it may always have: a file takes a block of the disk anyway.
const BLOCK: u64 = 4_096;
/// A larger file is no sidecar.
const MAX_SIDECAR: u64 = 64 << 20;

/// So many were staged by this process.
static STAGED: AtomicU64 = AtomicU64::new(0);

/// Which segments have sidecars.
#[derive(Clone, Debug)]
pub struct Shelf {
    /// The time, by which a segment is old enough.
    pub now: SystemTime,
    /// Segments from this size on; compressed ones from an eighth of it.
    pub least_size: u64,
    /// Segments that were not changed for so long.
    pub settled: Duration,
    /// Missing sidecars are made.
    pub makes: bool,
}

impl Shelf {
    /// Sidecars for sealed segments from 1 MiB on that were not changed for a minute.
    pub fn at(now: SystemTime) -> Shelf {
        Shelf { now, least_size: LEAST_SIZE, settled: SETTLED, makes: true }
    }

    /// Returns what is known of a segment: from its sidecar, or from all its lines, which makes the sidecar. `None` means
    /// that its lines have to be read: of a file whose name is no sealed segment's nothing is kept, because it may be
    /// asked once only, and to gather all that a sidecar tells takes four times as long as to count.
    ///
    /// # Errors
    /// When the segment cannot be read. A sidecar that cannot be written is no error.
    pub fn summary(&self, segment: &Path, query: &Query) -> Result<Option<Summary>, Error> {
        // What cannot be looked at is left to the reader, which says why.
        let Ok(identity) = Identity::of(segment) else { return Ok(None) };
        if let Some(summary) = read(segment, &identity, query) {
            return Ok(Some(summary));
        }
        let changed = SystemTime::UNIX_EPOCH + Duration::from_nanos(identity.changed);
        let is_settled = self.now.duration_since(changed).is_ok_and(|since| since >= self.settled);
        let is_wanted = self.makes && is_settled && is_sealed(segment);
        match is_wanted && is_worth(segment, identity.size, self.least_size) {
            true => make(segment, query),
            false => Ok(None),
        }
    }
}

/// Returns where a segment's sidecar lies.
pub fn path(segment: &Path) -> PathBuf {
    let mut name = segment.file_name().map_or_else(OsString::new, ToOwned::to_owned);
    name.push(".idx");
    segment.with_file_name(name)
}

fn is_worth(segment: &Path, size: u64, least_size: u64) -> bool {
    let is_squeezed = segment.extension().is_some_and(|ending| ending == "zst" || ending == "gz");
    size >= if is_squeezed { least_size / SQUEEZED } else { least_size }
}

/// Reads a whole segment and makes its sidecar.
///
/// # Errors
/// When the segment cannot be read. A sidecar that cannot be written is no error: the next who reads makes it.
fn make(segment: &Path, query: &Query) -> Result<Option<Summary>, Error> {
    let before = Identity::of(segment).ok();
    let everything = Query { filter: Filter::default(), ..query.clone() };
    let sources = Sources::open(&[segment])?;
    let (gathered, tally) = fold(sources, &everything, Gather::default, Gather::see, Gather::join)?;
    let Some(summary) = gathered.finish(&tally) else { return Ok(None) };
    // What changed while it was read is told by its lines alone.
    let Some(identity) = before.filter(|before| Identity::of(segment).is_ok_and(|after| after == *before)) else {
        return Ok(None);
    };
    let written = text(&identity, query, &summary).map_or(Ok(()), |text| write(segment, &text));
    if let Err(error) = written {
        tracing::debug!(%error, segment = %segment.display(), "a sidecar cannot be written");
    }
    Ok(Some(summary))
}

/// What became of a segment that may have lacked its sidecar.
#[cfg(feature = "subscriber")]
#[derive(Debug)]
pub(crate) enum Shelved {
    Made,
    /// It has one, or none is made of it: its lines are read as fast, or are too various.
    Settled,
    /// A sidecar would be longer than it may be.
    NoRoom,
    /// It was not read to its end.
    Stopped,
}

/// Makes the sidecar of a segment that was sealed, for the writer's own keys and on one thread, unless there is one that
/// is whole and of it, whatever its keys mean, or it would take more bytes than `room`; `is_stopped` is asked at each line. Whoever calls
/// sees to it that nobody writes to the segment.
///
/// # Errors
/// When the segment cannot be read, or the sidecar not be written.
#[cfg(feature = "subscriber")]
pub(crate) fn shelve(segment: &Path, room: u64, is_stopped: &dyn Fn() -> bool) -> io::Result<Shelved> {
    let identity = match Identity::of(segment) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Shelved::Settled),
        identity => identity?,
    };
    if !is_worth(segment, identity.size, LEAST_SIZE) || stored(segment, &identity).is_some() {
        return Ok(Shelved::Settled);
    }
    if room == 0 {
        return Ok(Shelved::NoRoom);
    }
    let query = Query { threads: 1, ..Query::new(Filter::default()) };
    let (mut gathered, mut was_stopped) = (Gather::default(), false);
    let read = Sources::open(&[segment]).and_then(|sources| {
        each(sources, &query, |line| {
            gathered.see(line);
            was_stopped = is_stopped();
            match was_stopped || gathered.is_wide() {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        })
    });
    let tally = read.map_err(io::Error::other)?;
    if was_stopped {
        return Ok(Shelved::Stopped);
    }
    let text = gathered.finish(&tally).and_then(|summary| text(&identity, &query, &summary));
    let Some(text) = text else { return Ok(Shelved::Settled) };
    if text.len() as u64 > room {
        return Ok(Shelved::NoRoom);
    }
    // A ring's process that died in a line of the segment may have had it completed meanwhile.
    if Identity::of(segment)? != identity {
        return Ok(Shelved::Settled);
    }
    write(segment, &text).map(|()| Shelved::Made)
}

/// Reads a sidecar; `None` unless it is whole, and of this segment, and made with these meanings of keys.
fn read(segment: &Path, identity: &Identity, query: &Query) -> Option<Summary> {
    let value = stored(segment, identity).filter(|value| value["keys"] == meaning(query))?;
    Summary::read(&value)
}

/// Reads what a sidecar says; `None` unless it is whole and of this segment.
fn stored(segment: &Path, identity: &Identity) -> Option<Value> {
    let path = path(segment);
    let found = fs::metadata(&path).ok()?;
    if !found.is_file() || found.len() > MAX_SIDECAR {
        return None;
    }
    let text = fs::read_to_string(path).ok()?;
    let (line, sum) = text.strip_suffix('\n')?.split_once('\n')?;
    if u64::from_str_radix(sum, 16).ok()? != fnv(line.as_bytes()) {
        return None;
    }
    let value: Value = serde_json::from_str(line).ok()?;
    (Identity::read(&value["segment"]).as_ref() == Some(identity)).then_some(value)
}

/// Returns what stands in a sidecar; `None` when it would be too long, also without the quantiles, which are most of it.
fn text(identity: &Identity, query: &Query, summary: &Summary) -> Option<String> {
    let mut value = summary.write();
    value["segment"] = identity.write();
    value["keys"] = meaning(query);
    let most = (identity.size / SHARE).max(BLOCK);
    let text = |value: &Value| {
        let line = value.to_string();
        let sum = fnv(line.as_bytes());
        Some(format!("{line}\n{sum:016x}\n")).filter(|text| text.len() as u64 <= most)
    };
    text(&value).or_else(|| {
        value["numbers"] = Value::Null;
        text(&value)
    })
}

fn write(segment: &Path, text: &str) -> io::Result<()> {
    let path = path(segment);
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}.{}", std::process::id(), STAGED.fetch_add(1, Ordering::Relaxed)));
    let staged = path.with_file_name(name);
    let mut file = create(&staged, &fs::metadata(segment)?)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| fs::rename(&staged, &path));
    if written.is_err() {
        // It may be gone already.
        _ = fs::remove_file(&staged);
    }
    written
}

/// Makes a new file, locked as long as it is open, that nobody may read who may not read the segment. What is there already, such
/// as a link that somebody laid out, is not written through.
fn create(path: &Path, segment: &fs::Metadata) -> io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
        options.mode(segment.permissions().mode() & 0o666);
    }
    #[cfg(not(unix))]
    let _ = segment;
    let file = options.open(path)?;
    // Who finds it without a lock after a minute takes it for a dead process's and removes it; where disks have no locks,
    // nobody does.
    _ = file.try_lock();
    Ok(file)
}

/// What a summary depends on besides the segment: what its keys mean, and which lines are too long.
fn meaning(query: &Query) -> Value {
    format!("{:016x}", fnv(format!("{:?} {}", query.keys, query.line_limit).as_bytes())).into()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn one_that_is_being_written_is_locked_until_then() {
        let folder = tempfile::tempdir().unwrap();
        let (segment, staged) = (folder.path().join("segment"), folder.path().join("staged"));
        fs::write(&segment, "").unwrap();
        let writing = create(&staged, &fs::metadata(&segment).unwrap()).unwrap();
        let other = fs::File::open(&staged).unwrap();
        assert!(other.try_lock().is_err());
        drop(writing);
        other.try_lock().unwrap();
    }

    #[test]
    fn a_link_that_lies_in_the_way_is_not_written_through() {
        let folder = tempfile::tempdir().unwrap();
        let (target, link) = (folder.path().join("target"), folder.path().join("link"));
        fs::write(&target, "precious").unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        let error = create(&link, &fs::metadata(&target).unwrap()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&target).unwrap(), "precious");
    }
}
