//! The files a step wrote: kept as objects, brought back whole or not at all. Which step and when is
//! the caller's.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tempfile::TempPath;

use super::paths::{TEMPORARY, project_path};
use super::walk::{Leaf, Links};
use crate::error::is_gone;
use crate::{Digest, Error, Files, Store};

/// Keeps and restores declared output files.
///
/// ```
/// use segno_cache::{Files, Options, Outputs, Store};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let project = tempfile::tempdir()?;
/// let store = Store::open(&project.path().join(".segno/cache"), Options::default())?;
/// let files = Files::open(project.path(), &store)?;
/// std::fs::write(project.path().join("out.txt"), "made")?;
///
/// let outputs = Outputs::capture(&files, &store, &["out.txt".into()])?;
/// std::fs::remove_file(project.path().join("out.txt"))?;
/// let restored = Outputs::restore(&files, &store, &outputs)?;
/// assert_eq!(restored.restored, ["out.txt"]);
/// assert_eq!(std::fs::read_to_string(project.path().join("out.txt"))?, "made");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Outputs;

/// One output file: where it belongs and what is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputFile {
    /// Its path, relative to the project, with `/`.
    pub path: String,
    /// The digest of its content, which is an object of the store.
    pub digest: Digest,
    /// Whether its owner may execute it.
    pub executable: bool,
}

/// What a restore did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Restored {
    /// How many files were there already, with this content.
    pub kept: usize,
    /// The paths of the files that were written.
    pub restored: Vec<String>,
}

impl Outputs {
    /// Copies every file that the globs match into the store and lists them, sorted by path.
    ///
    /// The objects stay for an hour: give their digests to the entry that refers to them
    /// ([`NewEntry::objects`](crate::NewEntry::objects)). Fails as [`Files::manifest`] does, and on a
    /// file that a restore would refuse: below a linked folder, or a link to a folder or to nowhere.
    pub fn capture(files: &Files, store: &Store, globs: &[String]) -> Result<Vec<OutputFile>, Error> {
        let (mut outputs, mut staged) = (Vec::new(), Vec::new());
        for glob in globs {
            files.visit(glob, Links::Met, &mut |path, leaf| {
                let Leaf::File(facts) = leaf else {
                    return Err(Error::path(&path, "is a link that cannot be kept as an output"));
                };
                refuse_linked_folder(files.root(), &path)?;
                let content = store.stage_file(&files.root().join(&path))?;
                files.note_written(&path);
                outputs.push(OutputFile { path, digest: content.digest, executable: facts.executable });
                staged.push(content);
                Ok(())
            })?;
        }
        if !staged.is_empty() {
            store.keep_all(staged)?;
        }
        outputs.sort_by(|left, right| left.path.cmp(&right.path));
        outputs.dedup_by(|later, first| later.path == first.path);
        Ok(outputs)
    }

    /// Brings the files back. One that has the content already is left alone; the others are all read
    /// and checked first, beside their targets, and then renamed.
    ///
    /// Fails without changing a file if a path leaves the project (absolute, `..`, through a linked
    /// folder), or if an object is missing or damaged: then the result is a miss.
    pub fn restore(files: &Files, store: &Store, wanted: &[OutputFile]) -> Result<Restored, Error> {
        let mut restored = Restored::default();
        let mut staged = Vec::new();
        for output in wanted {
            let path = project_path(&output.path).map_err(|reason| Error::path(&output.path, reason))?;
            if is_there(files, &path, output)? {
                restored.kept += 1;
            } else {
                let target = files.root().join(&path);
                staged.push((stage(files, store, &path, output)?, target));
                restored.restored.push(path);
            }
        }
        for (file, target) in staged {
            file.persist(&target).map_err(|failed| Error::io("write", &target)(failed.error))?;
        }
        restored.restored.iter().for_each(|path| files.note_written(path));
        Ok(restored)
    }
}

/// Compares by the stamp if it is known, else by content. Nothing is written here, so a linked folder
/// does no harm.
fn is_there(files: &Files, path: &str, output: &OutputFile) -> Result<bool, Error> {
    let full = || files.root().join(path);
    let facts = match files.facts(path) {
        Ok(facts) if facts.is_file() => facts,
        Ok(_) => {
            return Err(Error::path(path, "is not a file, so that no output can stand there"));
        }
        Err(error) if is_gone(&error) => return Ok(false),
        Err(error) => return Err(Error::io("look at", &full())(error)),
    };
    if facts.executable != output.executable {
        return Ok(false);
    }
    match files.content(path, &facts) {
        Ok(digest) => Ok(digest == output.digest),
        Err(error) if is_gone(&error) => Ok(false),
        Err(error) => Err(Error::io("read", &full())(error)),
    }
}

/// Writes an object beside the file that it will replace.
fn stage(files: &Files, store: &Store, path: &str, output: &OutputFile) -> Result<TempPath, Error> {
    refuse_linked_folder(files.root(), path)?;
    let target = files.root().join(path);
    let folder = target.parent().map_or_else(|| files.root().to_owned(), PathBuf::from);
    fs::create_dir_all(&folder).map_err(Error::io("make the folder", &folder))?;
    let mut file = new_file(&folder, output.executable)?;
    store.copy_object(&output.digest, file.as_file_mut(), &target)?;
    file.as_file_mut().flush().map_err(Error::io("write", &target))?;
    Ok(file.into_temp_path())
}

fn new_file(folder: &Path, executable: bool) -> Result<tempfile::NamedTempFile, Error> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(TEMPORARY);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // What the user's mask takes away is taken away, as from every file that a program makes.
        let mode = if executable { 0o777 } else { 0o666 };
        builder.permissions(fs::Permissions::from_mode(mode));
    }
    #[cfg(not(unix))]
    let _ = executable;
    builder.tempfile_in(folder).map_err(Error::io("write a file in", folder))
}

/// Refuses a path one of whose folders is a link: it may lead out of the project.
fn refuse_linked_folder(root: &Path, path: &str) -> Result<(), Error> {
    for (end, _) in path.match_indices('/') {
        match fs::symlink_metadata(root.join(&path[..end])) {
            Ok(metadata) if metadata.is_symlink() => {
                return Err(Error::path(path, "leads through a linked folder, and outputs must lie in the project"));
            }
            Ok(_) => {}
            Err(error) if is_gone(&error) => return Ok(()),
            Err(error) => return Err(Error::io("look at", &root.join(&path[..end]))(error)),
        }
    }
    Ok(())
}
