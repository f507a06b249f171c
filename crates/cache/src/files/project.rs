//! A project's files: globs and the work tree become manifests, a path becomes the digest of its
//! content. When a file is read is the memo's matter.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use super::facts::Facts;
use super::git::{Lister, is_repository};
use super::glob::{Pattern, is_literal};
use super::hashes::Hashes;
use super::paths::project_path;
use super::shelf::{Nowhere, Shelf};
use super::walk::{Detail, Leaf, Links, MAX_FILES, Walk, link_leaf};
#[cfg(feature = "disk")]
use crate::Store;
use crate::error::is_gone;
use crate::{Cache, Clock, Digest, Error, Manifest};

/// So many compiled globs are kept.
const MAX_GLOBS: u64 = 1_000;

const EXECUTABLE: &str = "segno-cache 2026-11-21 executable 1";
const LINK: &str = "segno-cache 2026-11-21 link 1";

/// The files of one project, with a memory of what was hashed. Cloning is cheap; clones share it.
///
/// Paths are relative to the project, with `/`. An entry of a manifest is the digest of the file's
/// content; an executable file's digest also says that it is one. What was hashed is written to the
/// store by [`flush`](Files::flush) or when the last clone goes; losing it costs only hashing again.
///
/// ```
/// use segno_cache::{Digest, Files, Options, Store};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let project = tempfile::tempdir()?;
/// std::fs::create_dir(project.path().join("src"))?;
/// std::fs::write(project.path().join("src/a.rs"), "fn a() {}")?;
/// let store = Store::open(&project.path().join(".segno/cache"), Options::default())?;
///
/// let files = Files::open(project.path(), &store)?;
/// let manifest = files.manifest(&["src/**/*.rs".into()])?;
/// assert_eq!(manifest.entries(), [("src/a.rs".to_string(), Digest::of(b"fn a() {}"))]);
/// assert_eq!(files.digest("src/a.rs")?, Digest::of(b"fn a() {}"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Files {
    inner: Arc<Inner>,
}

impl Files {
    /// Opens the project in `root`; what was hashed is kept in the store's index.
    ///
    /// Fails if the folder is not there.
    #[cfg(feature = "disk")]
    pub fn open(root: &Path, store: &Store) -> Result<Files, Error> {
        Files::with(root, Box::new(store.clone()))
    }

    /// Opens the project in `root`; what was hashed is known until the last clone goes.
    ///
    /// Fails if the folder is not there.
    pub fn in_memory(root: &Path, clock: Clock) -> Result<Files, Error> {
        Files::with(root, Box::new(Nowhere(clock)))
    }

    fn with(root: &Path, shelf: Box<dyn Shelf>) -> Result<Files, Error> {
        let root = fs::canonicalize(root).map_err(Error::io("open the project", root))?;
        let inner =
            Inner { hashes: Hashes::new(root, shelf), patterns: Cache::new(MAX_GLOBS), lister: OnceLock::new() };
        Ok(Files { inner: Arc::new(inner) })
    }

    /// Returns the project's folder, without links in its path.
    pub fn root(&self) -> &Path {
        self.inner.hashes.root()
    }

    /// Returns how many times a file's content was read to hash it.
    pub fn reads(&self) -> u64 {
        self.inner.hashes.reads()
    }

    /// Lists what the globs match, with digests.
    ///
    /// `*`, `?`, `[..]` match within one part of a path, `**` across, `{a,b}` either; all of them match
    /// hidden names too, because a file that was overlooked is a wrong hit. A path without wildcards is
    /// the file, or everything in the folder. `.git` and `.segno` never belong to it. A glob without a
    /// match adds nothing, so that a new file changes the manifest. A link to a file counts as the file, a
    /// link to a folder of the project is followed; one that leads out of it, or back to a folder above,
    /// or nowhere, counts as the text of the link.
    ///
    /// Fails on a glob that is absolute, contains `..`, or cannot be read, on a file that cannot be read,
    /// on a name that is not UTF-8, and beyond 1,000,000 names under one glob.
    pub fn manifest(&self, globs: &[String]) -> Result<Manifest, Error> {
        let mut entries = Vec::with_capacity(globs.len());
        for glob in globs {
            self.visit(glob, Links::Followed, &mut |path, leaf| {
                if let Some(digest) = self.entry(&path, &leaf)? {
                    entries.push((path, digest));
                }
                Ok(())
            })?;
        }
        Ok(Manifest::new(entries))
    }

    /// Lists the paths that the globs match, sorted, as [`manifest`](Files::manifest) does but without looking into files.
    ///
    /// Fails as `manifest` does, less what only reading a file can find out.
    pub fn list(&self, globs: &[String]) -> Result<Vec<String>, Error> {
        let mut paths = Vec::new();
        for glob in globs {
            self.find(glob, Links::Followed, &mut |path, ()| {
                paths.push(path);
                Ok(())
            })?;
        }
        paths.sort_unstable();
        paths.dedup();
        Ok(paths)
    }

    /// Lists the work tree as git sees it: tracked and untracked files that are not ignored, those of
    /// repositories within it too. Outside git, or in a folder that git ignores, `.gitignore` files count.
    /// A link to a file counts as the file, every other link as its text, as in git.
    ///
    /// Fails if git knows the folder but cannot list it, and as [`manifest`](Files::manifest) does.
    pub fn work_tree(&self) -> Result<Manifest, Error> {
        let lister = self.lister()?;
        let (mut entries, mut repositories) = (Vec::new(), vec![String::new()]);
        while let Some(repository) = repositories.pop() {
            for path in lister.list(self.root(), &repository)? {
                match self.look_as_git(&path)? {
                    Some(Seen::Leaf(leaf)) => entries.extend(self.entry(&path, &leaf)?.map(|digest| (path, digest))),
                    Some(Seen::Folder) if is_repository(&self.root().join(&path)) => repositories.push(path),
                    Some(Seen::Folder) | None => {}
                }
            }
            if entries.len() > MAX_FILES {
                let name = self.root().to_string_lossy().into_owned();
                return Err(Error::TooManyFiles { name, limit: MAX_FILES });
            }
        }
        Ok(Manifest::new(entries))
    }

    /// Returns the digest of one file's content.
    ///
    /// Fails if the path is refused, is not there or is not a file.
    pub fn digest(&self, path: &str) -> Result<Digest, Error> {
        let path = project_path(path).map_err(|reason| Error::path(path, reason))?;
        let full = self.root().join(&path);
        let facts = self.facts(&path).map_err(Error::io("read", &full))?;
        if !facts.is_file() {
            return Err(Error::path(&path, "is not a file"));
        }
        self.content(&path, &facts).map_err(Error::io("read", &full))
    }

    /// Writes what was hashed to the store.
    ///
    /// Files that were too young to be believed when they were hashed are hashed again first: at the end
    /// of a run they are old enough, and the next run then finds them by their stamps.
    pub fn flush(&self) -> Result<(), Error> {
        self.inner.hashes.flush()
    }

    /// Hands over every file and link that the glob means, once each.
    pub(crate) fn visit(
        &self,
        glob: &str,
        links: Links,
        visit: &mut dyn FnMut(String, Leaf) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.find(glob, links, visit)
    }

    /// Does the same with as much of each file as is asked for.
    fn find<D: Detail>(
        &self,
        glob: &str,
        links: Links,
        visit: &mut dyn FnMut(String, D) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.find_by(&*self.pattern(glob)?, glob, links, visit)
    }

    fn find_by<D: Detail>(
        &self,
        pattern: &Pattern,
        glob: &str,
        links: Links,
        visit: &mut dyn FnMut(String, D) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let found = match pattern {
            Pattern::Literal(path) => match self.look(path)? {
                Some(Seen::Leaf(leaf)) => return visit(path.clone(), D::of_leaf(leaf)),
                Some(Seen::Folder) => self.walk(glob, path, None, links, &|_| true)?,
                None => return Ok(()),
            },
            Pattern::Wild { folder, matcher, depth } => {
                self.walk(glob, folder, *depth, links, &|path| matcher.is_match(path))?
            }
        };
        found.into_iter().try_for_each(|(path, detail)| visit(path, detail))
    }

    /// Lists a file, or everything in a folder, whose path may look like a glob.
    pub(super) fn below(&self, path: &str) -> Result<Manifest, Error> {
        let mut entries = Vec::new();
        self.find_by(&Pattern::Literal(path.to_owned()), path, Links::Followed, &mut |path, leaf| {
            entries.extend(self.entry(&path, &leaf)?.map(|digest| (path, digest)));
            Ok(())
        })?;
        Ok(Manifest::new(entries))
    }

    /// Returns the digest of a file's content, reading it only if its stamp is not a known one.
    pub(crate) fn content(&self, path: &str, facts: &Facts) -> io::Result<Digest> {
        self.inner.hashes.content(path, facts)
    }

    /// Looks at a file without opening it, or at what a link leads to.
    pub(crate) fn facts(&self, path: &str) -> io::Result<Facts> {
        self.inner.hashes.facts(path)
    }

    /// Notes a file that was just written, so that the next run need not read it.
    #[cfg(feature = "disk")]
    pub(crate) fn note_written(&self, path: &str) {
        self.inner.hashes.note_written(path);
    }

    fn entry(&self, path: &str, leaf: &Leaf) -> Result<Option<Digest>, Error> {
        let facts = match leaf {
            Leaf::Link(target) => return Ok(Some(Digest::derived(LINK, target.as_bytes()))),
            Leaf::File(facts) => facts,
        };
        match self.content(path, facts) {
            Ok(content) if facts.executable => Ok(Some(Digest::derived(EXECUTABLE, content.as_bytes()))),
            Ok(content) => Ok(Some(content)),
            Err(error) if is_gone(&error) => Ok(None),
            Err(error) => Err(Error::io("read", &self.root().join(path))(error)),
        }
    }

    /// Looks at one path that was named.
    fn look(&self, path: &str) -> Result<Option<Seen>, Error> {
        let full = || self.root().join(path);
        match self.facts(path) {
            Ok(facts) if facts.is_file() => Ok(Some(Seen::Leaf(Leaf::File(facts)))),
            Ok(facts) if facts.is_folder() => Ok(Some(Seen::Folder)),
            Ok(_) => Err(Error::path(path, "is neither a file nor a folder")),
            Err(error) if is_gone(&error) || is_link(&full()) => Ok(link_leaf(&full())?.map(Seen::Leaf)),
            Err(error) => Err(Error::io("look at", &full())(error)),
        }
    }

    /// Looks at one path of the work tree: a link to a folder is not the folder.
    fn look_as_git(&self, path: &str) -> Result<Option<Seen>, Error> {
        match self.look(path)? {
            Some(Seen::Folder) => Ok(Some(link_leaf(&self.root().join(path))?.map_or(Seen::Folder, Seen::Leaf))),
            seen => Ok(seen),
        }
    }

    fn walk<D: Detail>(
        &self,
        glob: &str,
        folder: &str,
        depth: Option<usize>,
        links: Links,
        matches: &dyn Fn(&str) -> bool,
    ) -> Result<Vec<(String, D)>, Error> {
        let (root, found, entered) = (self.root(), Vec::new(), Vec::new());
        let mut walk = Walk { root, name: glob, depth, links, matches, found, entered, seen: 0 };
        let level = folder.split('/').filter(|part| !part.is_empty()).count();
        walk.folder(folder, level)?;
        Ok(walk.found)
    }

    /// Compiling a glob costs more than a small walk, and the same globs come again for every step. A
    /// literal path costs nothing to read and would only push the others out.
    fn pattern(&self, glob: &str) -> Result<Arc<Pattern>, Error> {
        if is_literal(glob) {
            return Pattern::parse(glob).map(Arc::new);
        }
        if let Some(pattern) = self.inner.patterns.get(glob) {
            return Ok(pattern);
        }
        let pattern = Arc::new(Pattern::parse(glob)?);
        self.inner.patterns.insert(glob.to_owned(), pattern.clone());
        Ok(pattern)
    }

    fn lister(&self) -> Result<Lister, Error> {
        match self.inner.lister.get() {
            Some(lister) => Ok(*lister),
            None => Lister::of(self.root()).map(|lister| *self.inner.lister.get_or_init(|| lister)),
        }
    }
}

#[derive(Debug)]
struct Inner {
    hashes: Hashes,
    patterns: Cache<String, Arc<Pattern>>,
    lister: OnceLock<Lister>,
}

enum Seen {
    Leaf(Leaf),
    Folder,
}

fn is_link(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink())
}
