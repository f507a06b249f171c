//! Gives the log the name of a sealed segment, and never another's name.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::next_name;

/// A name that others take again and again is tried so often.
const MAX_TRIES: usize = 100;

/// Renames the log to a segment that is sealed now, whose name is returned.
pub(crate) fn seal(log: &Path, now: SystemTime) -> io::Result<PathBuf> {
    for _ in 0..MAX_TRIES {
        let sealed = next_name(log, now)?;
        match rename_new(log, &sealed) {
            // Somebody who has no turn was faster; the next name is behind his.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            renamed => return renamed.map(|()| sealed),
        }
    }
    Err(ErrorKind::AlreadyExists.into())
}

/// Renames a file unless the new name exists.
pub(crate) fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        use rustix::io::Errno;
        match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
            // Some disks cannot.
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {}
            renamed => return Ok(renamed?),
        }
    }
    // The caller has the turn, where there are locks.
    match fs::symlink_metadata(to) {
        Ok(_) => Err(ErrorKind::AlreadyExists.into()),
        Err(error) if error.kind() == ErrorKind::NotFound => fs::rename(from, to),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_taken_is_not_taken_away() {
        let folder = tempfile::tempdir().unwrap();
        let (log, taken) = (folder.path().join("app.jsonl"), folder.path().join("taken"));
        fs::write(&log, "new").unwrap();
        fs::write(&taken, "old").unwrap();
        assert_eq!(rename_new(&log, &taken).unwrap_err().kind(), ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&taken).unwrap(), "old");
        let sealed = seal(&log, SystemTime::UNIX_EPOCH).unwrap();
        assert_eq!(fs::read_to_string(&sealed).unwrap(), "new");
        assert!(!log.exists());
        fs::write(&log, "newer").unwrap();
        assert_ne!(seal(&log, SystemTime::UNIX_EPOCH).unwrap(), sealed);
    }
}
