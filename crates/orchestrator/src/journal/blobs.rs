//! Large texts beside the journal, by the hash of their content: written once, durable before an event names them.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use segno_errors::{Fault, Kind, from_io};
use serde_json::Value;

use crate::model::{Output, Reply};

/// Texts longer than this are kept as blobs, in bytes.
pub const INLINE_LIMIT: usize = 16 << 10;

/// How long a hash is in hexadecimal digits.
const HASH_LENGTH: usize = 64;

/// A store of texts by hash.
#[derive(Debug)]
pub enum Blobs {
    /// Files in a folder.
    Disk(PathBuf),
    /// In memory, for tests and runs that need not survive.
    Memory(Mutex<HashMap<String, String>>),
}

impl Default for Blobs {
    fn default() -> Blobs {
        Blobs::Memory(Mutex::default())
    }
}

impl Blobs {
    /// Keeps a text; when this returns, it is durable.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn put(&self, text: &str) -> Result<String, Fault> {
        let hash = blake3::hash(text.as_bytes()).to_hex().to_string();
        match self {
            Blobs::Disk(folder) => write(folder, &hash, text)
                .map_err(|error| from_io(error).operation("blob.put").with("bytes", text.len()))?,
            Blobs::Memory(texts) => {
                texts.lock().unwrap_or_else(PoisonError::into_inner).insert(hash.clone(), text.to_owned());
            }
        }
        Ok(hash)
    }

    /// Reads a text and checks it against its hash.
    ///
    /// # Errors
    /// When it is gone or is not what was written.
    pub fn read(&self, hash: &str) -> Result<String, Fault> {
        let text = match self {
            Blobs::Disk(folder) => {
                let path = path(folder, hash).ok_or_else(|| damaged(hash).detail("its name is no hash"))?;
                fs::read_to_string(path).map_err(|error| damaged(hash).caused_by(error))?
            }
            Blobs::Memory(texts) => {
                let texts = texts.lock().unwrap_or_else(PoisonError::into_inner);
                texts.get(hash).cloned().ok_or_else(|| damaged(hash))?
            }
        };
        match blake3::hash(text.as_bytes()).to_hex().as_str() == hash {
            true => Ok(text),
            false => Err(damaged(hash).detail("the content does not match its hash")),
        }
    }

    /// Moves the large texts of a reply into blobs.
    ///
    /// # Errors
    /// As for `put`.
    pub fn settle(&self, mut reply: Reply) -> Result<Reply, Fault> {
        for output in [&mut reply.output, &mut reply.errors] {
            if let Output::Inline(value) = output
                && let Value::String(text) = &**value
                && text.len() > INLINE_LIMIT
            {
                *output = Output::Blob { blob: self.put(text)?, bytes: text.len() as u64 };
            }
        }
        Ok(reply)
    }

    /// Says whether all that a reply keeps in blobs is there, and keeps it from being swept until an event can name it. The
    /// content is checked when it is read.
    pub fn hold(&self, reply: &Reply) -> bool {
        reply.blobs().all(|blob| match self {
            Blobs::Disk(folder) => touch(folder, blob),
            Blobs::Memory(texts) => texts.lock().unwrap_or_else(PoisonError::into_inner).contains_key(blob),
        })
    }

    /// Returns an output's value, wherever it stands.
    ///
    /// # Errors
    /// As for `read`.
    pub fn value(&self, output: &Output) -> Result<Value, Fault> {
        match output {
            Output::Inline(value) => Ok((**value).clone()),
            Output::Blob { blob, .. } => self.read(blob).map(Value::String),
        }
    }
}

fn damaged(hash: &str) -> Fault {
    Fault::new(Kind::Resource, "a kept output is gone or damaged")
        .reason("blob")
        .with("blob", hash)
        .hint("run the step again: segno run with the same inputs")
}

/// Returns the file of a blob. A name that is no hash is nobody's: it could lead anywhere.
fn path(folder: &Path, hash: &str) -> Option<PathBuf> {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    (hash.len() == HASH_LENGTH && hash.bytes().all(is_digit)).then(|| folder.join(&hash[..2]).join(&hash[2..]))
}

/// The hold that writers share and a sweep has alone: without it a blob that is written again just now could be swept as an
/// old one.
pub(super) fn hold(folder: &Path, lock: fn(&File) -> std::io::Result<()>) -> std::io::Result<File> {
    let file = File::options().create(true).truncate(false).write(true).open(folder.join("lock"))?;
    match lock(&file) {
        // Where there are no locks, the age of a blob alone keeps it from being swept.
        Err(error) if error.kind() != std::io::ErrorKind::Unsupported => Err(error),
        _ => Ok(file),
    }
}

/// Says whether a blob is there, and marks it as used now.
fn touch(folder: &Path, hash: &str) -> bool {
    let Ok(_shared) = hold(folder, File::lock_shared) else {
        return false;
    };
    let Some(path) = path(folder, hash) else { return false };
    let file = File::options().write(true).open(path);
    // A time that cannot be set leaves a blob that is older than it could be.
    file.is_ok_and(|file| file.set_modified(SystemTime::now()).is_ok() || file.metadata().is_ok())
}

/// Writes a file, makes it durable, gives it its name, makes the name durable.
fn write(folder: &Path, hash: &str, text: &str) -> std::io::Result<()> {
    let target = path(folder, hash).ok_or(std::io::ErrorKind::InvalidInput)?;
    let parent = target.parent().unwrap_or(folder);
    fs::create_dir_all(parent)?;
    let _shared = hold(folder, File::lock_shared)?;
    let mut file = tempfile::NamedTempFile::new_in(parent)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_data()?;
    file.persist(&target).map_err(|error| error.error)?;
    File::open(parent)?.sync_all()?;
    // Also when the folder was there already: whoever made it may have died before this.
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_comes_back_and_a_damaged_one_does_not() {
        let folder = tempfile::tempdir().unwrap();
        for blobs in [Blobs::default(), Blobs::Disk(folder.path().to_owned())] {
            let hash = blobs.put("a text").unwrap();
            assert_eq!(blobs.put("a text").unwrap(), hash);
            assert_eq!(blobs.read(&hash).unwrap(), "a text");
            assert!(blobs.read("00ff").is_err());
        }
        let blobs = Blobs::Disk(folder.path().to_owned());
        let hash = blobs.put("a text").unwrap();
        fs::write(path(folder.path(), &hash).unwrap(), "another").unwrap();
        assert!(blobs.read(&hash).is_err());
    }

    #[test]
    fn only_large_texts_leave_the_reply() {
        let blobs = Blobs::default();
        let long = "x".repeat(INLINE_LIMIT + 1);
        let reply = Reply { output: Output::text(&*long), errors: Output::text("short"), ..Reply::default() };
        let settled = blobs.settle(reply).unwrap();
        assert!(matches!(settled.output, Output::Blob { bytes, .. } if bytes == long.len() as u64));
        assert_eq!(settled.errors, Output::text("short"));
        assert_eq!(blobs.value(&settled.output).unwrap(), Value::String(long));
    }

    #[test]
    fn a_name_that_is_no_hash_leads_nowhere() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::Disk(folder.path().to_owned());
        for blob in ["", "a", "aé", "aa/etc/passwd", "../../x", &"A".repeat(64), &format!("aa/{}", "b".repeat(61))] {
            let reply = Reply { output: Output::Blob { blob: blob.into(), bytes: 1 }, ..Reply::default() };
            assert!(!blobs.hold(&reply), "{blob}");
            assert!(blobs.read(blob).is_err(), "{blob}");
        }
    }
}
