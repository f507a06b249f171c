//! Looks at everything that is stored, and says what is not whole. What is found may be taken out: it could never be a
//! hit, and only takes room.

use std::collections::HashSet;
use std::fs;
use std::path::PathBuf;

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};

use super::disk::Store;
use super::index::{Fault, OBJECTS, STAGED};
use super::lookup::{Found, is_spoilt};
use super::objects::read_body;
use super::write::{delete, subject_checksum};
use crate::{Digest, Error, Key, Manifest};

const WRONG_TYPE: &str = "a field of it has the wrong type";

/// What of a store is not whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DamagedPart {
    /// The database itself.
    Index,
    /// A stored result.
    Entry,
    /// A content that results refer to.
    Object,
    /// A list of files.
    Manifest,
    /// The key last stored for a subject.
    Subject,
    /// A file that belongs to nothing.
    File,
}

impl DamagedPart {
    /// Returns the word for it.
    pub fn name(self) -> &'static str {
        match self {
            DamagedPart::Index => "index",
            DamagedPart::Entry => "result",
            DamagedPart::Object => "content",
            DamagedPart::Manifest => "list of files",
            DamagedPart::Subject => "key",
            DamagedPart::File => "file",
        }
    }
}

/// One thing that is not whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Damage {
    /// What it is.
    pub part: DamagedPart,
    /// Which: a digest, a subject's name, a file below the objects' folder.
    pub name: String,
    /// What is wrong with it, as a fragment of a sentence.
    pub reason: String,
}

/// What was looked at, and what is not whole of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Verdict {
    /// Results that were read.
    pub entries: usize,
    /// Contents that were read and hashed.
    pub objects: usize,
    /// Lists of files that were read and hashed.
    pub manifests: usize,
    /// Keys that were read.
    pub subjects: usize,
    /// What is not whole.
    pub damages: Vec<Damage>,
    /// Whether that was taken out.
    pub repaired: bool,
}

impl Store {
    /// Reads every result, content, list and key and checks it against its checksum. With `repair`, what is not whole is
    /// taken out, and so are results whose contents are.
    ///
    /// The database's own pages are checked too; for those there is no repair here: a store whose index is damaged is set
    /// aside and begun anew when that is met. Fails if the index or a content's file cannot be read, and then takes out nothing:
    /// what cannot be read may be whole.
    pub fn verify(&self, repair: bool) -> Result<Verdict, Error> {
        let mut verdict = Verdict::default();
        let said = self.with("check", |connection| Ok(pages(connection)?))?;
        let index = |reason| Damage { part: DamagedPart::Index, name: "index.db".to_owned(), reason };
        verdict.damages.extend(said.into_iter().map(index));
        let broken = self.verify_objects(&mut verdict)?;
        self.verify_entries(&broken, &mut verdict)?;
        self.with("check", |connection| {
            verify_manifests(connection, &mut verdict)?;
            verify_subjects(connection, &mut verdict)?;
            Ok(())
        })?;
        self.verify_files(&mut verdict)?;
        if repair && !verdict.damages.is_empty() {
            self.write("repair", |transaction| {
                verdict.damages.iter().try_for_each(|damage| self.take_out(transaction, damage))
            })?;
            verdict.repaired = true;
        }
        Ok(verdict)
    }

    /// Reads each object with the index free in between, and returns those that are not whole.
    fn verify_objects(&self, verdict: &mut Verdict) -> Result<HashSet<Digest>, Error> {
        let objects = self.with("check", |connection| Ok(digests(connection, "SELECT digest FROM objects")?))?;
        let mut broken = HashSet::new();
        for digest in objects {
            let read = self.with("check", |connection| match read_body(self, connection, &digest) {
                Ok(_) => Ok(None),
                Err(Fault::Other(error)) if is_spoilt(&error) => Ok(Some(error)),
                Err(fault) => Err(fault),
            })?;
            verdict.objects += 1;
            if let Some(error) = read.filter(|_| self.is_listed(&digest)) {
                verdict.damages.push(Damage {
                    part: DamagedPart::Object,
                    name: digest.to_string(),
                    reason: plain(&error),
                });
                broken.insert(digest);
            }
        }
        Ok(broken)
    }

    /// Another process may have taken it out since it was listed, file and all.
    fn is_listed(&self, digest: &Digest) -> bool {
        let row = self.with("check", |connection| {
            let select = "SELECT 1 FROM objects WHERE id = ?1 AND digest = ?2";
            Ok(connection.query_row(select, params![digest.row_id(), digest.as_bytes()], |_| Ok(())).optional()?)
        });
        row.is_ok_and(|row| row.is_some())
    }

    fn verify_entries(&self, broken: &HashSet<Digest>, verdict: &mut Verdict) -> Result<(), Error> {
        let entries = self.with("check", |connection| Ok(digests(connection, "SELECT digest FROM entries")?))?;
        for digest in entries {
            let reason = self.with("check", |connection| Ok(wrong_entry(connection, &digest, broken)?))?;
            verdict.entries += 1;
            if let Some(reason) = reason {
                verdict.damages.push(Damage { part: DamagedPart::Entry, name: digest.to_string(), reason });
            }
        }
        Ok(())
    }

    /// Finds files among the objects that no row knows. Those that are being written have a name of their own.
    fn verify_files(&self, verdict: &mut Verdict) -> Result<(), Error> {
        let folder = self.dir().join(OBJECTS);
        for (name, path) in files(&folder) {
            let digest = name.replace('/', "").parse::<Digest>().ok();
            let is_known = digest.is_some_and(|digest| self.is_listed(&digest));
            // Looked at again: it may have been moved away while it was listed.
            if !is_known && fs::symlink_metadata(&path).is_ok() {
                verdict.damages.push(Damage {
                    part: DamagedPart::File,
                    name,
                    reason: "it belongs to nothing".to_owned(),
                });
            }
        }
        Ok(())
    }

    fn take_out(&self, connection: &Connection, damage: &Damage) -> Result<(), Fault> {
        match damage.part {
            DamagedPart::Index => {}
            DamagedPart::Entry => {
                delete(connection, &damage.name.parse()?)?;
            }
            DamagedPart::Object => {
                let digest: Digest = damage.name.parse()?;
                connection.execute("DELETE FROM objects WHERE id = ?1", [digest.row_id()])?;
                self.remove_file(&digest);
            }
            DamagedPart::Manifest => {
                let digest: Digest = damage.name.parse()?;
                connection.execute("DELETE FROM manifests WHERE digest = ?1", [digest.as_bytes()])?;
            }
            DamagedPart::Subject => {
                connection.execute("DELETE FROM subjects WHERE name = ?1", [&damage.name])?;
            }
            DamagedPart::File => {
                let path = self.dir().join(OBJECTS).join(&damage.name);
                if let Err(error) = fs::remove_file(&path) {
                    tracing::debug!(path = %path.display(), %error, "a file that belongs to nothing was not deleted");
                }
            }
        }
        Ok(())
    }
}

fn pages(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut query = connection.prepare("PRAGMA integrity_check(20)")?;
    let said: Vec<String> = query.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(said.into_iter().filter(|line| line != "ok").collect())
}

fn digests(connection: &Connection, select: &str) -> rusqlite::Result<Vec<Digest>> {
    // What is no digest is met again where its row is read by number.
    let mut query = connection.prepare(select)?;
    let rows = query.query_map([], |row| Ok(row.get(0).map(Digest::from_bytes).ok()))?;
    rows.filter_map(Result::transpose).collect()
}

fn wrong_entry(connection: &Connection, digest: &Digest, broken: &HashSet<Digest>) -> rusqlite::Result<Option<String>> {
    let select = "SELECT format, value, object, checksum, stored_at, expires_at, used_at FROM entries
                  WHERE id = ?1 AND digest = ?2";
    let read = |row: &Row<'_>| Ok(Found::read(row, digest).err());
    let found =
        connection.prepare_cached(select)?.query_row(params![digest.row_id(), digest.as_bytes()], read).optional()?;
    match found {
        None => Ok(None),
        Some(Some(reason)) => Ok(Some(reason.to_owned())),
        Some(None) => missing_object(connection, digest, broken),
    }
}

/// Says if a content that the entry refers to is not there or not whole.
fn missing_object(
    connection: &Connection,
    entry: &Digest,
    broken: &HashSet<Digest>,
) -> rusqlite::Result<Option<String>> {
    let mut query = connection.prepare_cached(
        "SELECT objects.digest FROM entry_objects LEFT JOIN objects ON objects.id = entry_objects.object
         WHERE entry_objects.entry = ?1",
    )?;
    let objects = query.query_map([entry.row_id()], |row| row.get::<_, Option<[u8; 32]>>(0))?;
    for object in objects {
        match object?.map(Digest::from_bytes) {
            None => return Ok(Some("a content that it refers to is not there".to_owned())),
            Some(object) if broken.contains(&object) => {
                return Ok(Some(format!("its content {} is not whole", object.short())));
            }
            Some(_) => {}
        }
    }
    Ok(None)
}

fn verify_manifests(connection: &Connection, verdict: &mut Verdict) -> rusqlite::Result<()> {
    let mut query = connection.prepare("SELECT digest, body FROM manifests")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        verdict.manifests += 1;
        // Wherever a manifest lies, it is named by what it should have been.
        let Ok(digest) = row.get(0).map(Digest::from_bytes) else { continue };
        let reason = match row.get::<_, Vec<u8>>(1).map(|body| Manifest::decode(&body)) {
            Err(_) => WRONG_TYPE.to_owned(),
            Ok(Err(error)) => plain(&error),
            Ok(Ok(manifest)) if manifest.digest() != digest => "it is not what its digest says".to_owned(),
            Ok(Ok(_)) => continue,
        };
        verdict.damages.push(Damage { part: DamagedPart::Manifest, name: digest.to_string(), reason });
    }
    Ok(())
}

fn verify_subjects(connection: &Connection, verdict: &mut Verdict) -> rusqlite::Result<()> {
    let mut query = connection.prepare("SELECT name, key, checksum FROM subjects")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        verdict.subjects += 1;
        let name: String = row.get_ref(0)?.as_bytes().map(|name| String::from_utf8_lossy(name).into_owned())?;
        let reason = match row.get::<_, Vec<u8>>(1).map(|key| serde_json::from_slice::<Key>(&key)) {
            Err(_) => WRONG_TYPE.to_owned(),
            Ok(Err(error)) => error.to_string(),
            Ok(Ok(_)) if is_whole(&name, row)? => continue,
            Ok(Ok(_)) => "its checksum is wrong".to_owned(),
        };
        verdict.damages.push(Damage { part: DamagedPart::Subject, name, reason });
    }
    Ok(())
}

/// Returns whether a subject and its key belong together; what has no checksum is believed.
fn is_whole(name: &str, row: &Row<'_>) -> rusqlite::Result<bool> {
    let (key, checksum): (Vec<u8>, Option<Vec<u8>>) = (row.get(1)?, row.get(2)?);
    Ok(checksum.is_none_or(|checksum| checksum == subject_checksum(name, &key).as_bytes()))
}

/// Lists the files of the objects' folder as `ab/cdef..`, without those that are being written.
fn files(folder: &std::path::Path) -> Vec<(String, PathBuf)> {
    let mut found = Vec::new();
    for part in fs::read_dir(folder).into_iter().flatten().flatten() {
        let part_name = part.file_name().to_string_lossy().into_owned();
        match fs::read_dir(part.path()) {
            Ok(files) => found.extend(
                files
                    .flatten()
                    .map(|file| (format!("{part_name}/{}", file.file_name().to_string_lossy()), file.path())),
            ),
            Err(_) if part_name.starts_with(STAGED) => {}
            Err(_) => found.push((part_name, part.path())),
        }
    }
    found
}

fn plain(error: &Error) -> String {
    use std::error::Error as _;
    error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {source}"))
}
