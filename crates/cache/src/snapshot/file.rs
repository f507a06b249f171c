//! A snapshot as a file: written whole or not at all, and believed only if it is whole.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Seek, SeekFrom};
use std::path::Path;
use std::time::{Duration, SystemTime};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::lines::{self, Begin, Line, Writer};
use crate::Error;
use crate::clock::{nanos, time};

/// What became of a snapshot that was to be restored.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Recovery {
    /// It is whole, and this came of it.
    Restored(Restoration),
    /// There is none.
    Missing,
    /// It was written by a newer program, in this format. Nothing of it was used, and it was left as it is.
    Newer(u32),
    /// It is not whole, or no snapshot at all, for this reason. Nothing of it was used, and it was left as it is.
    Damaged(&'static str),
}

/// What came of the entries of a snapshot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Restoration {
    /// Entries that were put in.
    pub entries: usize,
    /// Entries whose time was over, that of the pause included.
    pub expired: usize,
    /// Entries with keys or values that are not of the wanted type any more.
    pub unreadable: usize,
    /// Entries for which the cache has no room.
    pub left: usize,
}

/// Writes the entries into a file, which takes the place of an older one only when it is whole and on the disk.
pub(super) fn write<K: Serialize, V: Serialize>(
    path: &Path,
    now: SystemTime,
    lines: impl Iterator<Item = Line<K, V>>,
) -> Result<usize, Error> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let failed = || Error::io("write a snapshot in", folder);
    let staged = tempfile::NamedTempFile::new_in(folder).map_err(failed())?;
    let mut writer = Writer::begin(BufWriter::new(staged), nanos(now)).map_err(failed())?;
    for line in lines {
        writer.add(&line).map_err(failed())?;
    }
    let (file, count) = writer.finish().map_err(failed())?;
    let staged = file.into_inner().map_err(|failure| failed()(failure.into_error()))?;
    staged.as_file().sync_all().map_err(failed())?;
    staged.persist(path).map_err(|failure| Error::io("write", path)(failure.error))?;
    Ok(count)
}

/// A snapshot's entries, or what is the matter with it.
pub(super) enum Read<K, V> {
    Whole { lines: Vec<Line<K, V>>, unreadable: usize, passed: Duration },
    Not(Recovery),
}

/// Reads the entries of a snapshot that is whole.
pub(super) fn read<K: DeserializeOwned, V: DeserializeOwned>(
    path: &Path,
    now: SystemTime,
) -> Result<Read<K, V>, Error> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Read::Not(Recovery::Missing)),
        file => file.map_err(Error::io("read", path))?,
    };
    parsed(BufReader::new(file), now).map_err(Error::io("read", path))
}

fn parsed<K: DeserializeOwned, V: DeserializeOwned>(
    mut file: BufReader<File>,
    now: SystemTime,
) -> io::Result<Read<K, V>> {
    let written_at = match lines::begin(&mut file)? {
        Begin::Foreign => return Ok(Read::Not(Recovery::Damaged("it is no snapshot"))),
        Begin::Newer(format) => return Ok(Read::Not(Recovery::Newer(format))),
        Begin::Ours { written_at } => time(written_at),
    };
    // Nothing is made of it before it is known to be whole.
    file.seek(SeekFrom::Start(0))?;
    if let Some(reason) = lines::wrong(&mut file)? {
        return Ok(Read::Not(Recovery::Damaged(reason)));
    }
    file.seek(SeekFrom::Start(0))?;
    lines::begin(&mut file)?;
    let (mut entries, mut unreadable, mut line) = (Vec::new(), 0, Vec::new());
    while let Some(entry) = lines::next(&mut file, &mut line)? {
        match entry {
            Ok(entry) => entries.push(entry),
            Err(_) => unreadable += 1,
        }
    }
    // A clock that was set back has let no time pass.
    let passed = now.duration_since(written_at).unwrap_or_default();
    Ok(Read::Whole { lines: entries, unreadable, passed })
}
