//! Compresses one segment, so that at every instant a whole one stands under a whole one's name.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use flate2::write::GzEncoder;
use zstd::stream::write::Encoder;

use super::Compression;
use super::keeper::{gone, with_ending};
use crate::sink::turn::folder_of;

/// Zstandard's own default: about as fast as the log grows, at a tenth of its length.
const LEVEL: i32 = 3;

/// The caller has the segment locked. Writes the compressed form beside the segment, syncs it, gives it its name, and removes the plain one.
pub(super) fn squeeze(plain: &Path, kind: Compression, stopped: &AtomicBool) -> io::Result<()> {
    let ending = match kind {
        Compression::None => return Ok(()),
        Compression::Zstd => ".zst",
        Compression::Gzip => ".gz",
    };
    let (target, half) = (with_ending(plain, ending), with_ending(plain, &format!("{ending}.half")));
    // Who else compressed it died within the last moments.
    gone(fs::remove_file(&half))?;
    let written = write(plain, &half, kind, stopped);
    if !matches!(written, Ok(true)) {
        // On a full disk the half takes room that the log needs.
        let removed = gone(fs::remove_file(&half));
        return written.and(removed);
    }
    fs::rename(&half, &target)?;
    File::open(folder_of(plain))?.sync_all()?;
    gone(fs::remove_file(plain))
}

/// Returns whether it came to its end.
fn write(plain: &Path, half: &Path, kind: Compression, stopped: &AtomicBool) -> io::Result<bool> {
    let mut source = File::open(plain)?;
    let found = source.metadata()?;
    // Never readable for more people than the segment is.
    let target = File::options().write(true).create_new(true).mode(0o600).open(half)?;
    target.set_permissions(found.permissions())?;
    let (target, whole) = match kind {
        Compression::Gzip => {
            let mut encoder = GzEncoder::new(target, flate2::Compression::default());
            let whole = copy(&mut source, &mut encoder, stopped)?;
            (encoder.finish()?, whole)
        }
        _ => {
            let mut encoder = Encoder::new(target, LEVEL)?;
            encoder.include_checksum(true)?;
            let whole = copy(&mut source, &mut encoder, stopped)?;
            (encoder.finish()?, whole)
        }
    };
    // A segment's age is that of its last line, not of its compression.
    target.set_modified(found.modified()?)?;
    target.sync_all()?;
    Ok(whole)
}

fn copy(source: &mut impl Read, target: &mut impl Write, stopped: &AtomicBool) -> io::Result<bool> {
    let mut buffer = vec![0; 128 * 1024];
    while !stopped.load(Ordering::Relaxed) {
        match source.read(&mut buffer) {
            Ok(0) => return Ok(true),
            Ok(got) => target.write_all(&buffer[..got])?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(false)
}
