//! What tells a segment from what it was or will be: its place on the disk, size, times of change, checksums of its ends.

use std::fs::{self, File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::time::UNIX_EPOCH;

use serde_json::{Value, json};

use super::super::analyze::fnv;

/// So many bytes of each end are part of the identity.
const END: u64 = 4_096;

/// What a segment is told by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) size: u64,
    /// Nanoseconds since 1970.
    pub(super) changed: u64,
    /// The file's number, and when anything of it was changed: nobody can set that back. Zero where there is none.
    place: (u64, u64),
    head: u64,
    tail: u64,
}

impl Identity {
    /// Looks at a segment.
    pub(super) fn of(path: &Path) -> io::Result<Identity> {
        if !fs::metadata(path)?.is_file() {
            // To open a pipe is to wait for who writes into it, and what is read from it is gone.
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
        }
        let mut file = File::open(path)?;
        let metadata = file.metadata()?;
        let since = metadata.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
        let size = metadata.len();
        let mut end = |from: u64| -> io::Result<u64> {
            let mut bytes = Vec::new();
            file.seek(SeekFrom::Start(from))?;
            (&mut file).take(END).read_to_end(&mut bytes)?;
            Ok(fnv(&bytes))
        };
        let (head, tail) = (end(0)?, end(size.saturating_sub(END))?);
        let changed = u64::try_from(since.as_nanos()).unwrap_or(u64::MAX);
        Ok(Identity { size, changed, place: place(&metadata), head, tail })
    }

    pub(super) fn write(&self) -> Value {
        let Identity { size, changed, place: (file, touched), head, tail } = self;
        json!({ "size": size, "changed_ns": changed, "file": file, "touched_ns": touched, "head": head, "tail": tail })
    }

    pub(super) fn read(value: &Value) -> Option<Identity> {
        let number = |key: &str| value[key].as_u64();
        Some(Identity {
            size: number("size")?,
            changed: number("changed_ns")?,
            place: (number("file")?, number("touched_ns")?),
            head: number("head")?,
            tail: number("tail")?,
        })
    }
}

#[cfg(unix)]
fn place(metadata: &Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt as _;
    let touched = i128::from(metadata.ctime()) * 1_000_000_000 + i128::from(metadata.ctime_nsec());
    (metadata.ino(), u64::try_from(touched).unwrap_or(0))
}

#[cfg(not(unix))]
fn place(_: &Metadata) -> (u64, u64) {
    (0, 0)
}
