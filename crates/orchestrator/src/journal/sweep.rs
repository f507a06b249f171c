//! Blobs that nothing names any more: listed, and removed one by one while nobody writes any.

use std::fs::{self, DirEntry};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use segno_errors::{Fault, from_io};

use super::blobs::{Blobs, hold};

/// A blob as it lies on the disk, or a half-written one that its writer left behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredBlob {
    /// Its hash; `None` for what is no blob yet.
    pub hash: Option<String>,
    /// Its size in bytes.
    pub bytes: u64,
    /// When it was last written or found to be of use.
    pub used: SystemTime,
    path: PathBuf,
}

impl Blobs {
    /// Lists the blobs on the disk; those in memory go with the process.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn stored(&self) -> Result<Vec<StoredBlob>, Fault> {
        let Blobs::Disk(folder) = self else {
            return Ok(Vec::new());
        };
        let mut blobs = Vec::new();
        for parent in entries(folder)?.into_iter().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())) {
            let name = parent.file_name().into_string().unwrap_or_default();
            blobs.extend(entries(&parent.path())?.iter().filter_map(|entry| blob(&name, entry)));
        }
        Ok(blobs)
    }

    /// Removes a blob that was not used after `until`; says whether it went. Nobody can be told that it is there meanwhile.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn remove(&self, blob: &StoredBlob, until: SystemTime) -> Result<bool, Fault> {
        let Blobs::Disk(folder) = self else {
            return Ok(false);
        };
        let failed = |error| from_io(error).operation("blob.remove").with("file", blob.path.display());
        let _alone = hold(folder, fs::File::lock).map_err(failed)?;
        let used = match fs::metadata(&blob.path).and_then(|facts| facts.modified()) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
            used => used.map_err(failed)?,
        };
        if used > until {
            return Ok(false);
        }
        fs::remove_file(&blob.path).map_err(failed)?;
        Ok(true)
    }
}

fn entries(folder: &Path) -> Result<Vec<DirEntry>, Fault> {
    let failed = |error: std::io::Error| from_io(error).operation("blob.list").with("folder", folder.display());
    match fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        read => read.map_err(failed)?.collect::<Result<_, _>>().map_err(failed),
    }
}

/// Returns what a file in the folder of those two first letters is; `None` when it is gone already.
fn blob(letters: &str, entry: &DirEntry) -> Option<StoredBlob> {
    let (facts, name) = (entry.metadata().ok()?, entry.file_name().into_string().ok()?);
    let hash = Some(format!("{letters}{name}")).filter(|hash| hash.len() == 64);
    Some(StoredBlob { hash, bytes: facts.len(), used: facts.modified().ok()?, path: entry.path() })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_blob_goes_unless_it_was_used_since() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::Disk(folder.path().to_owned());
        let (one, other) = (blobs.put("one").unwrap(), blobs.put("other").unwrap());
        fs::write(folder.path().join(&one[..2]).join(".tmpX"), "half").unwrap();
        let mut stored = blobs.stored().unwrap();
        stored.sort_by_key(|blob| (blob.bytes, blob.hash.clone()));
        let hashes: Vec<Option<String>> = stored.iter().map(|blob| blob.hash.clone()).collect();
        assert_eq!(hashes, [Some(one.clone()), None, Some(other.clone())]);

        let before = SystemTime::now() - Duration::from_secs(60);
        assert!(!blobs.remove(&stored[0], before).unwrap(), "it was written since");
        assert!(blobs.remove(&stored[0], SystemTime::now()).unwrap());
        assert!(!blobs.remove(&stored[0], SystemTime::now()).unwrap(), "it is gone already");
        assert!(blobs.read(&one).is_err());
        assert_eq!(blobs.read(&other).unwrap(), "other");
    }

    #[test]
    fn what_is_written_or_found_again_counts_as_used_now() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::Disk(folder.path().to_owned());
        let hash = blobs.put("text").unwrap();
        let old = SystemTime::now() - Duration::from_secs(7_200);
        let age = || {
            let path = &blobs.stored().unwrap()[0].path;
            fs::File::options().write(true).open(path).unwrap().set_modified(old).unwrap();
        };
        age();
        assert!(blobs.stored().unwrap()[0].used <= old + Duration::from_secs(1));
        blobs.put("text").unwrap();
        assert!(blobs.stored().unwrap()[0].used > old + Duration::from_secs(3_600));
        age();
        let output = crate::model::Output::Blob { blob: hash, bytes: 4 };
        assert!(blobs.hold(&crate::model::Reply { output, ..Default::default() }));
        assert!(blobs.stored().unwrap()[0].used > old + Duration::from_secs(3_600));
    }
}
