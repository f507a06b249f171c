//! Walks a folder of the project and hands over every file in it. Links are followed without ever
//! going round in a loop; what is hashed of a file is not decided here.

use std::fs::{self, DirEntry, FileType};
use std::io;
use std::path::{Path, PathBuf};

use super::facts::Facts;
use super::paths::{is_never, join};
use crate::Error;
use crate::error::is_gone;

/// One manifest lists at most this many files, and one walk looks at most at this many names.
pub(super) const MAX_FILES: usize = 1_000_000;

/// What a walk finds.
#[derive(Debug)]
pub(crate) enum Leaf {
    /// A regular file, or a link to one.
    File(Facts),
    /// A link that is not followed, with its text: it leads nowhere, out of the project to a folder, or
    /// back to a folder that is being walked.
    Link(String),
}

/// What is kept of a file that a walk finds.
pub(super) trait Detail {
    /// Keeps it of a regular file.
    fn of_file(entry: &DirEntry) -> io::Result<Self>
    where
        Self: Sized;

    /// Keeps it of what was looked at already: a link, or what it leads to.
    fn of_leaf(leaf: Leaf) -> Self;
}

impl Detail for Leaf {
    fn of_file(entry: &DirEntry) -> io::Result<Leaf> {
        entry.metadata().map(|metadata| Leaf::File(Facts::of(&metadata)))
    }

    fn of_leaf(leaf: Leaf) -> Leaf {
        leaf
    }
}

/// Nothing but the path, for which no file need be looked at.
impl Detail for () {
    fn of_file(_: &DirEntry) -> io::Result<()> {
        Ok(())
    }

    fn of_leaf(_: Leaf) {}
}

/// What happens at a link to a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Links {
    /// It is walked like a folder, unless that leads out of the project or round.
    Followed,
    /// It is found itself, if it matches.
    Met,
}

/// One walk with what it keeps.
pub(super) struct Walk<'a, D> {
    pub(super) root: &'a Path,
    /// What the walk is made for, to be named in an error.
    pub(super) name: &'a str,
    /// How deep below the root a file may lie.
    pub(super) depth: Option<usize>,
    pub(super) links: Links,
    pub(super) matches: &'a dyn Fn(&str) -> bool,
    pub(super) found: Vec<(String, D)>,
    /// The real folders that a followed link was met in, outermost first.
    pub(super) entered: Vec<PathBuf>,
    /// How many names were looked at.
    pub(super) seen: usize,
}

impl<D: Detail> Walk<'_, D> {
    /// Walks a folder and everything below. A folder that is not there is empty.
    pub(super) fn folder(&mut self, folder: &str, level: usize) -> Result<(), Error> {
        let path = self.root.join(folder);
        let names = match fs::read_dir(&path) {
            Err(error) if is_gone(&error) => return Ok(()),
            names => names.map_err(Error::io("list the folder", &path))?,
        };
        for name in names {
            let entry = name.map_err(Error::io("list the folder", &path))?;
            self.count()?;
            self.entry(folder, level, &entry)?;
        }
        Ok(())
    }

    fn entry(&mut self, folder: &str, level: usize, entry: &DirEntry) -> Result<(), Error> {
        let name = entry.file_name();
        let Some(name) = name.to_str() else {
            return Err(Error::path(&entry.path().to_string_lossy(), "is not UTF-8"));
        };
        if is_never(name) {
            return Ok(());
        }
        let kind: FileType = entry.file_type().map_err(Error::io("look at", &entry.path()))?;
        let path = join(folder, name);
        let deeper = self.depth.is_none_or(|depth| level + 1 < depth);
        if kind.is_symlink() {
            return self.link(path, level, deeper);
        }
        if kind.is_dir() && deeper {
            return self.folder(&path, level + 1);
        }
        // Sockets and pipes have no content.
        if kind.is_file() && (self.matches)(&path) {
            return self.file(path, entry);
        }
        Ok(())
    }

    fn file(&mut self, path: String, entry: &DirEntry) -> Result<(), Error> {
        match D::of_file(entry) {
            Ok(detail) => self.found.push((path, detail)),
            Err(error) if is_gone(&error) => {}
            Err(error) => return Err(Error::io("look at", &entry.path())(error)),
        }
        Ok(())
    }

    fn link(&mut self, path: String, level: usize, deeper: bool) -> Result<(), Error> {
        let full = self.root.join(&path);
        match fs::metadata(&full) {
            Ok(metadata) if metadata.is_dir() => self.linked_folder(path, level, deeper),
            Ok(metadata) => {
                if metadata.is_file() && (self.matches)(&path) {
                    self.found.push((path, D::of_leaf(Leaf::File(Facts::of(&metadata)))));
                }
                Ok(())
            }
            Err(_) if (self.matches)(&path) => {
                self.found.extend(link_leaf(&full)?.map(|leaf| (path, D::of_leaf(leaf))));
                Ok(())
            }
            Err(_) => Ok(()),
        }
    }

    fn linked_folder(&mut self, path: String, level: usize, deeper: bool) -> Result<(), Error> {
        let full = self.root.join(&path);
        // One that is neither followed nor meant by the glob makes no difference.
        let counts = match self.links {
            Links::Followed => deeper,
            Links::Met => (self.matches)(&path),
        };
        if !counts {
            return Ok(());
        }
        let here = real(full.parent().unwrap_or(self.root))?;
        let target = real(&full)?;
        let loops = here.starts_with(&target) || self.entered.iter().any(|folder| folder.starts_with(&target));
        if loops || self.links == Links::Met || !target.starts_with(self.root) {
            // The text is kept whatever the glob asks for: with another target, other files would match.
            self.found.extend(link_leaf(&full)?.map(|leaf| (path, D::of_leaf(leaf))));
            return Ok(());
        }
        if target.strip_prefix(self.root).is_ok_and(in_never) {
            return Ok(());
        }
        self.entered.push(here);
        let walked = self.folder(&path, level + 1);
        self.entered.pop();
        walked
    }

    fn count(&mut self) -> Result<(), Error> {
        self.seen += 1;
        match self.seen > MAX_FILES {
            true => Err(Error::TooManyFiles { name: self.name.to_owned(), limit: MAX_FILES }),
            false => Ok(()),
        }
    }
}

/// Returns what stands under a path that was named, not met: nothing if it is not there.
pub(super) fn link_leaf(full: &Path) -> Result<Option<Leaf>, Error> {
    match fs::read_link(full) {
        Ok(target) => Ok(Some(Leaf::Link(target.to_string_lossy().into_owned()))),
        Err(error) if is_gone(&error) || error.kind() == io::ErrorKind::InvalidInput => Ok(None),
        Err(error) => Err(Error::io("read the link", full)(error)),
    }
}

fn in_never(path: &Path) -> bool {
    path.iter().any(|part| part.to_str().is_some_and(is_never))
}

fn real(path: &Path) -> Result<PathBuf, Error> {
    fs::canonicalize(path).map_err(Error::io("follow", path))
}
