//! What a glob means, when a file is read again, and what the work tree is.

#![cfg(feature = "disk")]
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking, its helpers too")]

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime};

use segno_cache::{CLOCK_TICK, Clock, Digest, Files, Manifest, Options, Store};
use tempfile::TempDir;

struct Project {
    folder: TempDir,
    files: Files,
    store: Store,
}

impl Project {
    /// Makes a project with files whose content is their own path.
    fn with(paths: &[&str]) -> Project {
        Project::at(Clock::default(), paths)
    }

    fn at(clock: Clock, paths: &[&str]) -> Project {
        let folder = tempfile::tempdir().unwrap();
        for path in paths {
            write(folder.path(), path, path);
        }
        let options = Options { clock, ..Options::default() };
        let store = Store::open(&folder.path().join(".segno/cache"), options).unwrap();
        let files = Files::open(folder.path(), &store).unwrap();
        Project { folder, files, store }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn manifest(&self, globs: &str) -> Result<Manifest, segno_cache::Error> {
        let globs: Vec<String> = globs.split_whitespace().map(str::to_owned).collect();
        self.files.manifest(&globs)
    }

    /// Compares the paths that globs match, or the beginning of the error.
    fn check(&self, globs: &str, expected: &str) {
        let actual = match self.manifest(globs) {
            Ok(manifest) => paths(&manifest),
            Err(error) => error.to_string(),
        };
        let fits = if expected.starts_with("the ") { actual.starts_with(expected) } else { actual == expected };
        assert!(fits, "{globs}: {actual:?} is not {expected:?}");
        let globs: Vec<String> = globs.split_whitespace().map(str::to_owned).collect();
        let listed = self.files.list(&globs).map_or_else(|error| error.to_string(), |paths| paths.join(" "));
        assert_eq!(listed, actual, "a list has the paths of the manifest");
    }
}

fn write(root: &Path, path: &str, content: &str) {
    let full = root.join(path);
    fs::create_dir_all(full.parent().unwrap()).unwrap();
    fs::write(full, content).unwrap();
}

fn paths(manifest: &Manifest) -> String {
    let paths: Vec<&str> = manifest.entries().iter().map(|(path, _)| path.as_str()).collect();
    paths.join(" ")
}

fn later(seconds: u64) -> Clock {
    Clock::from_fn(move || SystemTime::now() + Duration::from_secs(seconds))
}

#[test]
fn a_glob_means_what_the_table_says() {
    let project = Project::with(&[
        "a.rs",
        "b.txt",
        "src/a.rs",
        "src/lib/b.rs",
        "src/.env",
        ".github/ci.yml",
        ".git/config",
        ".segno/segno.db",
        "sub/.git/HEAD",
        "sub/c.rs",
        "we[ird].txt",
    ]);
    project.check("a.rs", "a.rs");
    project.check("./a.rs", "a.rs");
    project.check("*.rs", "a.rs");
    project.check("**/*.rs", "a.rs src/a.rs src/lib/b.rs sub/c.rs");
    project.check("src/**/*.rs", "src/a.rs src/lib/b.rs");
    project.check("src/*", "src/.env src/a.rs");
    project.check("src", "src/.env src/a.rs src/lib/b.rs");
    project.check("src/", "src/.env src/a.rs src/lib/b.rs");
    project.check("src/**", "src/.env src/a.rs src/lib/b.rs");
    project.check(".github/**", ".github/ci.yml");
    project.check("{a.rs,src/lib/b.rs}", "a.rs src/lib/b.rs");
    project.check("?.[rt]*", "a.rs b.txt");
    project.check("we\\[ird\\].txt", "we[ird].txt");
    project.check("sub", "sub/c.rs");
    project.check(".", ".github/ci.yml a.rs b.txt src/.env src/a.rs src/lib/b.rs sub/c.rs we[ird].txt");
    project.check("a.rs *.rs src/a.rs", "a.rs src/a.rs");
    project.check("none.rs no/**/*.rs a.rs/x", "");
    project.check("../x", "the glob `../x` leaves the project");
    project.check("src/../../x", "the glob `src/../../x` leaves the project");
    project.check("/etc/passwd", "the glob `/etc/passwd` is absolute");
    project.check(".git/config", "the glob `.git/config` lies in");
    project.check("!a.rs", "the glob `!a.rs` begins with `!`");
}

#[test]
fn a_new_file_changes_what_a_glob_without_a_match_gave() {
    let project = Project::with(&[]);
    let empty = project.manifest("src/**").unwrap();
    assert!(empty.entries().is_empty());
    write(project.path(), "src/new.rs", "");
    assert_ne!(project.manifest("src/**").unwrap().digest(), empty.digest());
}

#[test]
fn a_file_is_read_once_while_its_stamp_holds() {
    let project = Project::at(later(10), &["a", "b"]);
    let first = project.manifest("*").unwrap();
    assert_eq!((project.manifest("*").unwrap(), project.files.reads()), (first.clone(), 2));

    // Another process finds what this one wrote down.
    project.files.flush().unwrap();
    let other = Files::open(project.path(), &project.store).unwrap();
    assert_eq!((other.manifest(&["*".into()]).unwrap(), other.reads()), (first, 0));
}

#[test]
fn a_file_as_young_as_a_clock_tick_is_read_again() {
    // The clock shows the very moment of the last write: racily clean.
    let project = Project::with(&["a"]);
    let metadata = fs::metadata(project.path().join("a")).unwrap();
    let written = metadata.modified().unwrap();
    let reads = |clock: SystemTime| {
        let options = Options { clock: Clock::from_fn(move || clock), ..Options::default() };
        let store = Store::open(&tempfile::tempdir().unwrap().keep(), options).unwrap();
        let files = Files::open(project.path(), &store).unwrap();
        files.digest("a").unwrap();
        files.digest("a").unwrap();
        files.reads()
    };
    assert_eq!(reads(written), 2);
    assert_eq!(reads(written + CLOCK_TICK), 2);
    assert_eq!(reads(written + CLOCK_TICK * 2), 1);
    assert_eq!(reads(written - Duration::from_secs(60)), 2);
}

#[test]
fn a_modification_time_in_the_future_is_never_believed() {
    let project = Project::at(later(10), &["a"]);
    let file = fs::File::options().write(true).open(project.path().join("a")).unwrap();
    file.set_modified(SystemTime::now() + Duration::from_secs(3_600)).unwrap();
    project.files.digest("a").unwrap();
    project.files.digest("a").unwrap();
    assert_eq!(project.files.reads(), 2);
}

#[test]
fn what_is_no_file_has_no_digest() {
    let project = Project::with(&["src/a"]);
    let error = |path: &str| project.files.digest(path).unwrap_err().to_string();
    assert_eq!(error("src"), "the path `src` is not a file");
    assert!(error("../a").contains("leaves the project"));
    assert!(error("none").starts_with("cannot read "));
    assert_eq!(project.files.digest("src/a").unwrap(), Digest::of(b"src/a"));
}

#[cfg(unix)]
mod links {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn links_are_followed_without_going_round() {
        let project = Project::with(&["src/a.rs", "src/deep/b.rs"]);
        let outside = tempfile::tempdir().unwrap();
        write(outside.path(), "x.rs", "x");
        let link = |target: &Path, name: &str| symlink(target, project.path().join(name)).unwrap();
        link(Path::new(".."), "src/up");
        link(Path::new("../deep"), "src/deep/self");
        link(outside.path(), "src/out");
        link(&outside.path().join("x.rs"), "src/x.rs");
        link(Path::new("nowhere"), "src/broken.rs");
        link(Path::new("src/deep"), "deep");
        project.check("src/**/*.rs", "src/a.rs src/broken.rs src/deep/b.rs src/deep/self src/out src/up src/x.rs");
        project.check("deep/*.rs", "deep/b.rs");
        project.check("*/b.rs", "deep/b.rs");

        let before = project.manifest("src").unwrap();
        write(outside.path(), "x.rs", "y");
        assert_ne!(project.manifest("src").unwrap().digest(), before.digest());
        assert_eq!(project.files.digest("src/x.rs").unwrap(), Digest::of(b"y"));
    }

    #[test]
    fn two_folders_that_link_to_each_other_end() {
        let project = Project::with(&["a/1", "b/2"]);
        symlink("../b", project.path().join("a/b")).unwrap();
        symlink("../a", project.path().join("b/a")).unwrap();
        project.check("a", "a/1 a/b/2 a/b/a");
        project.check(".", "a/1 a/b/2 a/b/a b/2 b/a/1 b/a/b");
    }

    #[test]
    fn the_executable_bit_is_part_of_a_manifest() {
        let project = Project::with(&["run.sh"]);
        let before = project.manifest("run.sh").unwrap();
        fs::set_permissions(project.path().join("run.sh"), fs::Permissions::from_mode(0o755)).unwrap();
        assert_ne!(project.manifest("run.sh").unwrap().digest(), before.digest());
        assert_eq!(project.files.digest("run.sh").unwrap(), Digest::of(b"run.sh"));
    }
}

mod work_tree {
    use super::*;

    fn git(folder: &Path, arguments: &str) {
        let name = ["-c", "user.name=t", "-c", "user.email=t@example.org"];
        let status = Command::new("git").args(name).args(arguments.split(' ')).current_dir(folder).output().unwrap();
        assert!(status.status.success(), "git {arguments}: {}", String::from_utf8_lossy(&status.stderr));
    }

    fn check(project: &Project, expected: &str) {
        assert_eq!(paths(&project.files.work_tree().unwrap()), expected);
    }

    #[test]
    fn git_names_tracked_and_untracked_files_but_not_ignored_ones() {
        let project = Project::with(&["kept.rs", "gone.rs", "built/x", "built/tracked", "new ü.rs"]);
        write(project.path(), ".gitignore", "built/\n");
        git(project.path(), "init -q");
        git(project.path(), "add -f kept.rs gone.rs built/tracked");
        fs::remove_file(project.path().join("gone.rs")).unwrap();
        check(&project, ".gitignore built/tracked kept.rs new ü.rs");
    }

    #[test]
    fn repositories_within_count_with_their_files() {
        let project = Project::with(&["a", "inner/b", "inner/skip"]);
        write(project.path(), "inner/.gitignore", "skip\n");
        git(project.path(), "init -q");
        git(&project.path().join("inner"), "init -q");
        check(&project, "a inner/.gitignore inner/b");
        git(&project.path().join("inner"), "add .");
        git(&project.path().join("inner"), "commit -q -m one");
        git(project.path(), "-c advice.addEmbeddedRepo=false add inner");
        let before = project.files.work_tree().unwrap();
        assert_eq!(paths(&before), "a inner/.gitignore inner/b");
        write(project.path(), "inner/b", "other");
        assert_ne!(project.files.work_tree().unwrap().digest(), before.digest());
    }

    #[cfg(feature = "walk")]
    #[test]
    fn a_project_below_the_top_is_listed_relative_to_itself() {
        let outer = Project::with(&["top", "part/a", "ignored/part/b"]);
        write(outer.path(), ".gitignore", "ignored/\n");
        git(outer.path(), "init -q");
        for (folder, expected) in [("part", "a"), ("ignored/part", "b")] {
            let files = Files::open(&outer.path().join(folder), &outer.store).unwrap();
            assert_eq!(paths(&files.work_tree().unwrap()), expected);
        }
    }

    #[cfg(feature = "walk")]
    #[test]
    fn without_git_the_ignore_files_count() {
        let project = Project::with(&["a", ".hidden", "built/x", ".segno/y"]);
        write(project.path(), ".gitignore", "built\n");
        check(&project, ".gitignore .hidden a");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_a_folder_counts_as_its_text() {
        let project = Project::with(&["a/1", "b/1"]);
        git(project.path(), "init -q");
        let link = project.path().join("link");
        std::os::unix::fs::symlink("a", &link).unwrap();
        let before = project.files.work_tree().unwrap();
        assert_eq!(paths(&before), "a/1 b/1 link");
        fs::remove_file(&link).unwrap();
        std::os::unix::fs::symlink("b", &link).unwrap();
        assert_ne!(project.files.work_tree().unwrap().digest(), before.digest());
    }
}
