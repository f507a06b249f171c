//! A folder as such: what lies in it, folders too, which globs do not mean.

use std::fs::{self, FileType};
use std::path::Path;

use super::Files;
use super::paths::{is_never, join, project_path};
use super::walk::MAX_FILES;
use crate::depend::Depth;
use crate::error::is_gone;
use crate::{Digest, Error, Manifest};

const FOLDER: &str = "segno-cache 2026-11-27 folder 1";
const NAME: &str = "segno-cache 2026-11-27 name 1";

impl Files {
    /// Lists a folder: its files with their contents, or only the names in it. Folders end with `/`; the one that is
    /// listed is among them, so that an empty one is told from one that is not there.
    ///
    /// Fails as [`manifest`](Files::manifest) does.
    pub fn folder(&self, path: &str, depth: Depth) -> Result<Manifest, Error> {
        let clean = project_path(path).map_err(|reason| Error::path(path, reason))?;
        let mut entries = Vec::new();
        if self.root().join(&clean).is_dir() {
            entries.push((as_folder(&clean), folder_digest()));
            let mut folders = vec![clean.clone()];
            while let Some(folder) = folders.pop() {
                for (name, kind) in names(&self.root().join(&folder))? {
                    let path = join(&folder, &name);
                    match depth {
                        Depth::Names => entries.push(named(path, kind)),
                        Depth::Contents if kind.is_dir() => {
                            entries.push((as_folder(&path), folder_digest()));
                            folders.push(path);
                        }
                        Depth::Contents => {}
                    }
                    if entries.len() > MAX_FILES {
                        return Err(Error::TooManyFiles { name: path_shown(&clean), limit: MAX_FILES });
                    }
                }
            }
        }
        if depth == Depth::Contents {
            entries.extend_from_slice(self.below(&clean)?.entries());
        }
        Ok(Manifest::new(entries))
    }
}

/// Returns the names in a folder with what stands under each.
fn names(folder: &Path) -> Result<Vec<(String, FileType)>, Error> {
    let found = match fs::read_dir(folder) {
        Err(error) if is_gone(&error) => return Ok(Vec::new()),
        found => found.map_err(Error::io("list the folder", folder))?,
    };
    let mut names = Vec::new();
    for entry in found {
        let entry = entry.map_err(Error::io("list the folder", folder))?;
        let name = entry.file_name();
        let Some(name) = name.to_str() else {
            return Err(Error::path(&entry.path().to_string_lossy(), "is not UTF-8"));
        };
        if !is_never(name) {
            names.push((name.to_owned(), entry.file_type().map_err(Error::io("look at", &entry.path()))?));
        }
    }
    Ok(names)
}

fn named(path: String, kind: FileType) -> (String, Digest) {
    match kind {
        folder if folder.is_dir() => (as_folder(&path), folder_digest()),
        file if file.is_file() => (path, Digest::derived(NAME, b"file")),
        link if link.is_symlink() => (path, Digest::derived(NAME, b"link")),
        _ => (path, Digest::derived(NAME, b"other")),
    }
}

fn folder_digest() -> Digest {
    Digest::derived(FOLDER, b"")
}

fn as_folder(path: &str) -> String {
    format!("{}/", path_shown(path))
}

fn path_shown(path: &str) -> String {
    if path.is_empty() { ".".to_owned() } else { path.to_owned() }
}
