//! Reads one file and hashes it, noticing if it changes meanwhile. Whether that was needed is decided by
//! the memo.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::memo::{Row, Stamp};
use crate::Digest;
use crate::clock::{Clock, nanos};

/// A file that changes while it is read is read again so often; then its digest is taken but not kept.
const MAX_READS: usize = 3;

/// Enough for BLAKE3 to hash many pieces at once, small enough to stay in the processor's cache.
const READ_BYTES: usize = 32 * 1024;

/// Returns the digest of a file's content and, if the stamp held still, the row to remember it by.
pub(super) fn read(path: &Path, clock: &Clock) -> io::Result<(Digest, Option<Row>)> {
    let mut file = File::open(path)?;
    let (mut digest, mut row) = read_once(&mut file, clock)?;
    for _ in 1..MAX_READS {
        if row.is_some() {
            break;
        }
        // Opened again: the path may name another file by now.
        file = File::open(path)?;
        (digest, row) = read_once(&mut file, clock)?;
    }
    Ok((digest, row))
}

fn read_once(file: &mut File, clock: &Clock) -> io::Result<(Digest, Option<Row>)> {
    let before = Stamp::of(&file.metadata()?);
    let hashed_at = nanos(clock.now());
    let digest = hash(file)?;
    let after = Stamp::of(&file.metadata()?);
    let row = before.filter(|_| before == after).map(|stamp| Row { stamp, digest, hashed_at });
    Ok((digest, row))
}

fn hash(file: &mut File) -> io::Result<Digest> {
    let mut buffer = [0; READ_BYTES];
    let mut hasher = blake3::Hasher::new();
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(Digest::finish(&hasher)),
            Ok(count) => hasher.update(&buffer[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
    }
}
