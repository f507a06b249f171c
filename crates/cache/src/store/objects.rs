//! Contents by their digest, written once: small ones in the index, larger ones in files. A content is
//! checked whenever it is read; who refers to it is the entries' matter.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, params};
use tempfile::TempPath;

use super::disk::{Durability, Store};
use super::index::{Fault, OBJECTS, STAGED};
use crate::clock::nanos;
use crate::{Digest, Error};

const COPY_BYTES: usize = 64 * 1024;

/// What an object takes in the index beside its content, about.
const ROW_BYTES: u64 = 128;

/// A content that was read and hashed and is not in the store yet.
#[derive(Debug)]
pub(crate) struct Staged {
    pub(crate) digest: Digest,
    size: u64,
    body: Body,
}

#[derive(Debug)]
enum Body {
    Small(Vec<u8>),
    Large(TempPath),
}

impl Store {
    /// Keeps a content and returns its digest. It stays for an hour unless an entry refers to it by then.
    pub fn put_object(&self, bytes: &[u8]) -> Result<Digest, Error> {
        let staged = self.stage(&mut &*bytes)?;
        Ok(self.keep_all(vec![staged])?[0])
    }

    /// Keeps the content of a file and returns its digest, as [`put_object`](Store::put_object) does.
    pub fn put_file(&self, path: &Path) -> Result<Digest, Error> {
        let staged = self.stage_file(path)?;
        Ok(self.keep_all(vec![staged])?[0])
    }

    /// Returns a content, checked against its digest.
    ///
    /// [`Error::MissingObject`] if it is not there; [`Error::DamagedObject`] if it is not whole, and then
    /// it is removed.
    pub fn read_object(&self, digest: &Digest) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        self.copy_object(digest, &mut bytes, Path::new("memory"))?;
        Ok(bytes)
    }

    /// Writes a content to `target`, which is worth nothing if this fails.
    pub(crate) fn copy_object(&self, digest: &Digest, target: &mut dyn Write, name: &Path) -> Result<(), Error> {
        let found = self.with("look up an object", |connection| Ok(find(connection, digest)?))?;
        let copied = match found {
            None => return Err(Error::MissingObject { digest: *digest }),
            Some(Some(body)) if Digest::of(&body) == *digest => {
                return target.write_all(&body).map_err(Error::io("write", name));
            }
            Some(Some(_)) => Err(Error::DamagedObject { digest: *digest }),
            Some(None) => copy_file(&self.object_path(digest), digest, target, name),
        };
        if let Err(Error::DamagedObject { .. } | Error::MissingObject { .. }) = copied {
            self.remove_object(digest);
        }
        copied
    }

    /// Reads and hashes a file's content into the store's folder, without keeping it yet.
    pub(crate) fn stage_file(&self, path: &Path) -> Result<Staged, Error> {
        let mut file = File::open(path).map_err(Error::io("read", path))?;
        self.stage_from(&mut file, path)
    }

    pub(super) fn stage(&self, content: &mut dyn Read) -> Result<Staged, Error> {
        self.stage_from(content, Path::new("a value"))
    }

    /// Keeps what was staged, in one transaction.
    pub(crate) fn keep_all(&self, staged: Vec<Staged>) -> Result<Vec<Digest>, Error> {
        let now = nanos(self.clock().now());
        self.write("keep an object", |transaction| {
            staged.into_iter().map(|staged| self.keep(transaction, staged, now)).collect()
        })
    }

    /// Keeps one content. Its file is moved into place within the transaction, so that no other process
    /// deletes it in between.
    pub(super) fn keep(&self, connection: &Connection, staged: Staged, now: i64) -> Result<Digest, Fault> {
        let Staged { digest, size, body } = staged;
        let body = match body {
            Body::Small(bytes) => Some(bytes),
            Body::Large(file) => {
                place(file, &self.object_path(&digest), size, self.options().durability)?;
                None
            }
        };
        // A body that is there already is replaced: it may be damaged.
        connection
            .prepare_cached(
                "INSERT INTO objects (id, digest, body, pending_since, bytes) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (id) DO UPDATE SET digest = ?2, body = ?3, pending_since = ?4",
            )?
            .execute(params![
                digest.row_id(),
                digest.as_bytes(),
                body,
                now,
                size.saturating_add(ROW_BYTES).cast_signed()
            ])?;
        Ok(digest)
    }

    /// Deletes an object's file. One that stays is overwritten by the next one with its digest.
    pub(super) fn remove_file(&self, digest: &Digest) {
        let path = self.object_path(digest);
        if let Err(error) = fs::remove_file(&path)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::debug!(path = %path.display(), %error, "an unused object was not deleted");
        }
    }

    fn stage_from(&self, content: &mut dyn Read, name: &Path) -> Result<Staged, Error> {
        let limit = self.options().inline_limit;
        let mut head = Vec::new();
        content.take(limit as u64 + 1).read_to_end(&mut head).map_err(Error::io("read", name))?;
        if head.len() <= limit {
            return Ok(Staged { digest: Digest::of(&head), size: head.len() as u64, body: Body::Small(head) });
        }
        let folder = self.objects_folder()?;
        let mut file = tempfile::Builder::new()
            .prefix(STAGED)
            .tempfile_in(&folder)
            .map_err(Error::io("write a file in", &folder))?;
        let (digest, size) =
            copy(&mut head.chain(content), file.as_file_mut()).map_err(|failure| failure.into_error(name, &folder))?;
        if self.options().durability == Durability::Synced {
            file.as_file().sync_data().map_err(Error::io("write a file in", &folder))?;
        }
        Ok(Staged { digest, size, body: Body::Large(file.into_temp_path()) })
    }

    /// Makes the objects' folder, and nothing above it: if the store's was removed, it is made by who opens the index.
    fn objects_folder(&self) -> Result<PathBuf, Error> {
        let folder = self.dir().join(OBJECTS);
        match make_folder(&folder) {
            Err(Error::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                self.with("open again", |_| Ok(()))?;
                make_folder(&folder)?;
            }
            made => made?,
        }
        Ok(folder)
    }

    fn object_path(&self, digest: &Digest) -> PathBuf {
        let hex = digest.to_string();
        self.dir().join(OBJECTS).join(&hex[..2]).join(&hex[2..])
    }

    fn remove_object(&self, digest: &Digest) {
        let removed = self.write("remove an object", |transaction| {
            transaction.execute("DELETE FROM objects WHERE id = ?1", [digest.row_id()])?;
            self.remove_file(digest);
            Ok(())
        });
        if let Err(error) = removed {
            tracing::debug!(%digest, %error, "a damaged object was not removed");
        }
    }
}

/// Reads an object during another piece of work on the index.
pub(super) fn read_body(store: &Store, connection: &Connection, digest: &Digest) -> Result<Vec<u8>, Fault> {
    let body = match find(connection, digest)? {
        None => return Err(Error::MissingObject { digest: *digest }.into()),
        Some(Some(body)) => body,
        Some(None) => {
            let mut bytes = Vec::new();
            copy_file(&store.object_path(digest), digest, &mut bytes, Path::new("memory"))?;
            return Ok(bytes);
        }
    };
    if Digest::of(&body) != *digest {
        return Err(Error::DamagedObject { digest: *digest }.into());
    }
    Ok(body)
}

/// Returns nothing if there is no such object, and no body if it is in a file.
fn find(connection: &Connection, digest: &Digest) -> rusqlite::Result<Option<Option<Vec<u8>>>> {
    connection
        .prepare_cached("SELECT body FROM objects WHERE id = ?1 AND digest = ?2")?
        .query_row(params![digest.row_id(), digest.as_bytes()], |row| row.get(0))
        .optional()
}

fn copy_file(path: &Path, digest: &Digest, target: &mut dyn Write, name: &Path) -> Result<(), Error> {
    let mut file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(Error::MissingObject { digest: *digest });
        }
        file => file.map_err(Error::io("read", path))?,
    };
    let (actual, _) = copy(&mut file, target).map_err(|failure| failure.into_error(path, name))?;
    if actual == *digest { Ok(()) } else { Err(Error::DamagedObject { digest: *digest }) }
}

fn make_folder(folder: &Path) -> Result<(), Error> {
    match fs::create_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made.map_err(Error::io("make the folder", folder)),
    }
}

fn place(file: TempPath, path: &Path, size: u64, durability: Durability) -> Result<(), Error> {
    // Written once: a file of the right size is what it should be, or is found out when it is read.
    let is_there = fs::metadata(path).is_ok_and(|metadata| metadata.len() == size);
    let folder = path.parent().unwrap_or(path);
    if !is_there {
        make_folder(folder)?;
        file.persist(path).map_err(|failed| Error::io("write", path)(failed.error))?;
    }
    match durability {
        Durability::Fast => Ok(()),
        Durability::Synced => secure(path, is_there),
    }
}

/// Waits until a file and its name are on the disk; one that was there already may be somebody's who did not wait.
fn secure(path: &Path, was_there: bool) -> Result<(), Error> {
    let sync = |path: &Path| File::open(path).and_then(|file| file.sync_all()).map_err(Error::io("secure", path));
    if was_there {
        sync(path)?;
    }
    path.ancestors().skip(1).take(2).try_for_each(sync)
}

enum CopyFailure {
    Read(io::Error),
    Write(io::Error),
}

impl CopyFailure {
    fn into_error(self, source: &Path, target: &Path) -> Error {
        match self {
            CopyFailure::Read(error) => Error::io("read", source)(error),
            CopyFailure::Write(error) => Error::io("write", target)(error),
        }
    }
}

fn copy(source: &mut dyn Read, target: &mut dyn Write) -> Result<(Digest, u64), CopyFailure> {
    let mut buffer = vec![0; COPY_BYTES];
    let mut hasher = blake3::Hasher::new();
    loop {
        let count = match source.read(&mut buffer) {
            Ok(0) => return Ok((Digest::finish(&hasher), hasher.count())),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(CopyFailure::Read(error)),
        };
        hasher.update(&buffer[..count]);
        target.write_all(&buffer[..count]).map_err(CopyFailure::Write)?;
    }
}
