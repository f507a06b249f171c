//! Opens a log at its end, and looks at its last byte.

use std::fs::{self, File, Metadata, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::thread;
use std::time::Duration;

use rustix::fs::OFlags;

/// A file that is sealed again and again while it is opened is opened so often.
const MAX_OPENS: usize = 200;

/// Whose log is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trust {
    /// The one that the user named, wherever its name leads.
    Named,
    /// One that was found beside it: only a file of this user's own, and no link.
    Found,
    /// One that should be beside it and is gone: a new file, for this user alone.
    Gone,
}

/// Opens a file for appending and marks it as in use, so that nobody compresses it as long as lines may come.
pub(crate) fn open_end(path: &Path, trust: Trust) -> io::Result<(File, Metadata)> {
    for _ in 0..MAX_OPENS {
        let file = open(path, trust)?;
        let found = file.metadata()?;
        if trust != Trust::Named && !is_own(&found) {
            return Err(ErrorKind::PermissionDenied.into());
        }
        if !found.is_file() {
            return Ok((file, found));
        }
        match file.try_lock_shared() {
            // It was sealed while it was opened and is being compressed.
            Err(TryLockError::WouldBlock) => thread::sleep(Duration::from_millis(1)),
            // Some network disks have no locks; they do not rotate under several processes.
            Ok(()) | Err(TryLockError::Error(_)) => {
                let now = fs::metadata(path);
                if now.is_ok_and(|now| (now.dev(), now.ino()) == (found.dev(), found.ino())) {
                    return Ok((file, found));
                }
            }
        }
    }
    Err(io::Error::other("the file is locked by another program"))
}

fn open(path: &Path, trust: Trust) -> io::Result<File> {
    match trust {
        Trust::Named => {}
        Trust::Found => return no_link(File::options().read(true).append(true)).open(path),
        Trust::Gone => {
            let mut options = File::options();
            return no_link(options.read(true).append(true).create_new(true).mode(0o600)).open(path);
        }
    }
    // A pipe that is opened to read as well would never know that its reader is gone.
    let readable = fs::metadata(path).map_or(true, |found| found.is_file());
    let mut options = File::options();
    options.append(true).create(true);
    match options.clone().read(readable).open(path) {
        Err(error) if readable && error.kind() == ErrorKind::PermissionDenied => options.open(path),
        opened => opened,
    }
}

/// Neither follows a link nor waits for the other end of a pipe.
pub(crate) fn no_link(options: &mut OpenOptions) -> &mut OpenOptions {
    options.custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits() as i32)
}

/// Whether it is a file of the user that this process runs as.
pub(crate) fn is_own(found: &Metadata) -> bool {
    found.is_file() && found.uid() == rustix::process::geteuid().as_raw()
}

/// Whether the file's last byte is no newline. A file that may not be read is taken as whole.
pub(crate) fn is_torn(file: &File, length: u64) -> bool {
    let mut last = [b'\n'];
    length > 0 && file.read_exact_at(&mut last, length - 1).is_ok() && last != [b'\n']
}
