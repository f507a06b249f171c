//! What the system says of a file without opening it. A path is looked up from the project's folder, which is held open
//! for a moment: the system then need not walk down to it from the root again for each of thousands of files.

use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
#[cfg(target_os = "linux")]
use std::sync::{Arc, Mutex, PoisonError};
#[cfg(target_os = "linux")]
use std::time::{Duration, Instant};

use super::memo::Stamp;

/// What is known of a file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts {
    kind: Kind,
    /// The owner may execute it. Windows has no such bit, and the read-only bit that every system has is another thing.
    pub(crate) executable: bool,
    /// Its length in bytes.
    pub(crate) bytes: u64,
    /// By what a change of its content is seen, where the system says enough.
    pub(crate) stamp: Option<Stamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    File,
    Folder,
    Other,
}

impl Facts {
    pub(crate) fn of(metadata: &Metadata) -> Facts {
        let kind = match metadata {
            file if file.is_file() => Kind::File,
            folder if folder.is_dir() => Kind::Folder,
            _ => Kind::Other,
        };
        Facts { kind, executable: is_executable(metadata), bytes: metadata.len(), stamp: Stamp::of(metadata) }
    }

    pub(crate) fn is_file(&self) -> bool {
        self.kind == Kind::File
    }

    pub(crate) fn is_folder(&self) -> bool {
        self.kind == Kind::Folder
    }
}

#[cfg(unix)]
fn is_executable(metadata: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    metadata.mode() & 0o100 != 0
}

#[cfg(not(unix))]
fn is_executable(_: &Metadata) -> bool {
    false
}

/// A project's folder.
#[derive(Debug)]
pub(super) struct Root {
    path: PathBuf,
    #[cfg(target_os = "linux")]
    handle: Mutex<Handle>,
}

/// The folder, held open for a moment: another one may come to stand in its place.
#[cfg(target_os = "linux")]
#[derive(Debug)]
struct Handle {
    folder: Option<Arc<fs::File>>,
    since: Instant,
}

#[cfg(target_os = "linux")]
impl Handle {
    const HELD: Duration = Duration::from_millis(100);

    fn open(path: &Path) -> Handle {
        Handle { folder: fs::File::open(path).ok().map(Arc::new), since: Instant::now() }
    }
}

impl Root {
    pub(super) fn new(path: PathBuf) -> Root {
        Root {
            #[cfg(target_os = "linux")]
            handle: Mutex::new(Handle::open(&path)),
            path,
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Looks at a file of the project, or at what a link leads to.
    pub(super) fn facts(&self, path: &str) -> io::Result<Facts> {
        match self.looked_up(path) {
            Some(facts) => Ok(facts),
            // Whatever was wrong is said in the usual words.
            None => fs::metadata(self.path.join(path)).map(|metadata| Facts::of(&metadata)),
        }
    }

    #[cfg(target_os = "linux")]
    fn folder(&self) -> Option<Arc<fs::File>> {
        let mut handle = self.handle.lock().unwrap_or_else(PoisonError::into_inner);
        if handle.since.elapsed() > Handle::HELD {
            *handle = Handle::open(&self.path);
        }
        handle.folder.clone()
    }

    #[cfg(target_os = "linux")]
    fn looked_up(&self, path: &str) -> Option<Facts> {
        use rustix::fs::{AtFlags, FileType, StatxFlags, statx};
        let found = statx(self.folder()?, path, AtFlags::empty(), StatxFlags::BASIC_STATS).ok()?;
        let kind = match FileType::from_raw_mode(found.stx_mode.into()) {
            FileType::RegularFile => Kind::File,
            FileType::Directory => Kind::Folder,
            _ => Kind::Other,
        };
        let moment = |time: &rustix::fs::StatxTimestamp| Stamp::moment(time.tv_sec, time.tv_nsec.into());
        let stamp = Stamp {
            modified: moment(&found.stx_mtime),
            changed: moment(&found.stx_ctime),
            size: found.stx_size.cast_signed(),
            inode: found.stx_ino.cast_signed(),
        };
        let executable = found.stx_mode & 0o100 != 0;
        Some(Facts { kind, executable, bytes: found.stx_size, stamp: Some(stamp) })
    }

    #[cfg(not(target_os = "linux"))]
    fn looked_up(&self, _: &str) -> Option<Facts> {
        None
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn both_ways_of_looking_say_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("d")).unwrap();
        fs::write(at("d/a"), "one").unwrap();
        fs::write(at("run"), "two").unwrap();
        fs::set_permissions(at("run"), fs::Permissions::from_mode(0o755)).unwrap();
        symlink("run", at("link")).unwrap();
        symlink("nowhere", at("broken")).unwrap();
        let root = Root::new(folder.path().to_owned());
        for path in ["d", "d/a", "run", "link"] {
            let usual = Facts::of(&fs::metadata(at(path)).unwrap());
            assert_eq!(format!("{:?}", root.looked_up(path).unwrap()), format!("{usual:?}"), "{path}");
        }
        for path in ["missing", "broken", "run/below"] {
            assert!(root.looked_up(path).is_none() && root.facts(path).is_err(), "{path}");
        }
        assert!(root.facts("").unwrap().is_folder(), "the project itself");
    }

    #[test]
    fn a_folder_that_came_in_place_of_another_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for (name, text) in [("app", "old"), ("new", "newer")] {
            fs::create_dir(at(name)).unwrap();
            fs::write(at(name).join("a"), text).unwrap();
        }
        let root = Root::new(at("app"));
        assert_eq!(root.facts("a").unwrap().bytes, 3);
        fs::rename(at("app"), at("before")).unwrap();
        fs::rename(at("new"), at("app")).unwrap();
        std::thread::sleep(Handle::HELD * 2);
        assert_eq!(root.facts("a").unwrap().bytes, 5);
    }
}
