//! A change of a file is told, whatever way it comes about.

#![cfg(feature = "watch")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::cell::Cell;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use segno_cache::{Clock, Dependency, Dependents, Depth, Files, Git, Watch, WatchEvent, WatchLoss, WatchOptions};
use tempfile::TempDir;

/// Far longer than any change takes to be told.
const PATIENCE: Duration = Duration::from_secs(20);

struct World {
    folder: TempDir,
    watch: Watch<String>,
    told: Receiver<WatchEvent<String>>,
}

fn options(kind: &str) -> WatchOptions {
    let poll = Duration::from_millis(20);
    match kind {
        "told" => WatchOptions::default(),
        "polled" => WatchOptions { only_poll: true, poll, ..WatchOptions::default() },
        _ => WatchOptions { poll, ..WatchOptions::default() },
    }
}

impl World {
    /// A project in a folder within another one, so that it can be moved.
    fn with(options: WatchOptions, prepare: impl FnOnce(&World)) -> World {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("p")).unwrap();
        let files = Files::in_memory(&folder.path().join("p"), Clock::default()).unwrap();
        let (tell, told) = channel();
        let tell = move |event| tell.send(event).unwrap_or_default();
        let watch = Watch::begin(&files, Dependents::new(1_000), options, tell).unwrap();
        let world = World { folder, watch, told };
        prepare(&world);
        world
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join("p").join(path)
    }

    fn write(&self, path: &str, content: &str) {
        fs::create_dir_all(self.path(path).parent().unwrap()).unwrap();
        fs::write(self.path(path), content).unwrap();
    }

    fn git(&self, arguments: &str) {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=a", "-c", "user.email=a@b", "-c", "init.defaultBranch=main"]);
        let output = command.args(arguments.split(' ')).current_dir(self.path("")).output().unwrap();
        assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn record(&self, key: &str, dependency: &Dependency) {
        self.watch.record(key.to_owned(), None, std::slice::from_ref(dependency));
    }

    /// Returns the first event of which `is_wanted` is true.
    fn wait(&self, is_wanted: impl Fn(&WatchEvent<String>) -> bool) -> WatchEvent<String> {
        let until = Instant::now() + PATIENCE;
        loop {
            let event = self.told.recv_timeout(until.saturating_duration_since(Instant::now())).unwrap();
            if is_wanted(&event) {
                return event;
            }
        }
    }

    fn wait_for(&self, key: &str) {
        self.wait(|event| {
            let (WatchEvent::Changed { keys, .. } | WatchEvent::Lost { keys, .. }) = event else { return false };
            keys.iter().any(|known| known == key)
        });
    }
}

/// Records what depends on something, changes it, and waits to be told: with the system telling, and without.
fn check(prepare: impl Fn(&World), dependency: &Dependency, change: impl Fn(&World)) {
    for kind in ["told", "polled"] {
        let world = World::with(options(kind), &prepare);
        world.record("key", dependency);
        world.record("other", &Dependency::files(["never/touched"]));
        change(&world);
        world.wait_for("key");
        assert_eq!(world.watch.dependents().len(), 1, "{kind}: {dependency} and nothing else changed");
    }
}

#[test]
fn a_file_that_is_written_replaced_or_removed_is_told() {
    let file = Dependency::files(["src/a"]);
    check(|world| world.write("src/a", "1"), &file, |world| world.write("src/a", "2"));
    check(|world| world.write("src/a", "1"), &file, |world| fs::remove_file(world.path("src/a")).unwrap());
    let prepare = |world: &World| {
        world.write("src/a", "1");
        world.write("b", "2");
    };
    check(prepare, &file, |world| fs::rename(world.path("b"), world.path("src/a")).unwrap());
}

#[test]
fn what_comes_to_be_is_told_in_folders_that_were_not_there_too() {
    check(|_| {}, &Dependency::files(["a"]), |world| world.write("a", "1"));
    check(|_| {}, &Dependency::files(["x/y/z"]), |world| world.write("x/y/z", "1"));
    check(|world| world.write("x/a", "1"), &Dependency::files(["x/**/*.rs"]), |world| world.write("x/y/z/a.rs", "1"));
    let folder = Dependency::Folder { path: "x".into(), depth: Depth::Names };
    check(|world| world.write("x/a", "1"), &folder, |world| fs::create_dir(world.path("x/y")).unwrap());
}

#[test]
fn a_folder_that_is_moved_away_or_into_its_place_is_told_and_watched_after() {
    let prepare = |world: &World| {
        world.write("x/y/a", "1");
        world.write("z/y/a", "2");
    };
    let glob = Dependency::files(["x/y/*"]);
    check(prepare, &glob, |world| fs::rename(world.path("x"), world.path("w")).unwrap());
    check(prepare, &glob, |world| {
        fs::rename(world.path("x"), world.path("w")).unwrap();
        world.wait_for("key");
        fs::rename(world.path("z"), world.path("x")).unwrap();
        world.record("key", &glob);
        world.write("x/y/a", "3");
    });
}

#[test]
fn every_write_after_a_key_was_recorded_again_is_told_again() {
    let world = World::with(options("told"), |world| world.write("a", "0"));
    for round in 1..30 {
        world.record("key", &Dependency::files(["a"]));
        world.write("a", &round.to_string());
        world.wait_for("key");
    }
}

#[test]
fn files_in_folders_that_are_made_at_the_same_time_are_never_missed() {
    let world = World::with(options("told"), |_| {});
    let glob = Dependency::files(["**/*.txt"]);
    for round in 0..30 {
        // Whatever the key saw, a file that came after it was recorded makes it wrong.
        world.record("key", &glob);
        world.write(&format!("d{round}/e/f/a.txt"), "1");
        world.wait_for("key");
        world.record("key", &glob);
        world.write(&format!("d{round}/e/f/b.txt"), "1");
        world.wait_for("key");
    }
}

#[test]
fn git_is_told_when_the_head_moves_and_not_when_files_do() {
    let prepare = |world: &World| {
        world.git("init -q");
        world.write("a", "1");
        world.git("add .");
        world.git("commit -qm one");
    };
    check(prepare, &Dependency::Git(Git::Branch), |world| world.git("checkout -qb fix/it"));
    check(prepare, &Dependency::Git(Git::Commit), |world| world.git("commit -qm two --allow-empty"));
    check(|_| {}, &Dependency::Git(Git::Branch), |world| world.git("init -q"));
    let tree = Dependency::Git(Git::Tree { paths: Vec::new() });
    check(prepare, &Dependency::Git(Git::Tree { paths: vec!["a".into()] }), |world| world.write("a", "2"));
    let world = World::with(options("told"), prepare);
    world.record("head", &Dependency::Git(Git::Commit));
    world.record("tree", &tree);
    world.write("a", "2");
    world.wait_for("tree");
    assert_eq!(world.watch.dependents().len(), 1);
}

#[test]
fn git_that_is_made_anew_is_watched_like_the_old_one() {
    let prepare = |world: &World| {
        world.git("init -q");
        world.git("commit -qm one --allow-empty");
    };
    // Nothing but the system tells.
    let options = WatchOptions { poll: Duration::from_secs(1_000), ..options("told") };
    let world = World::with(options, prepare);
    let branch = Dependency::Git(Git::Branch);
    world.record("key", &branch);
    fs::remove_dir_all(world.path(".git")).unwrap();
    world.git("init -q");
    world.wait_for("key");
    for name in ["one", "two", "three"] {
        world.git("commit -qm more --allow-empty");
        world.record("key", &branch);
        world.git(&format!("checkout -qb fix/{name}"));
        world.wait_for("key");
    }
    // A folder of branches that went and came again.
    fs::remove_dir_all(world.path(".git/refs/heads/fix")).unwrap();
    world.git("checkout -qB fix/four main");
    for _ in 0..2 {
        world.record("key", &Dependency::Git(Git::Commit));
        world.git("commit -qm more --allow-empty");
        world.wait_for("key");
    }
}

#[test]
fn git_is_watched_after_its_project_was_moved_away_and_back() {
    let prepare = |world: &World| {
        world.write("a", "1");
        world.git("init -q");
        world.git("commit -qm one --allow-empty");
    };
    let world = World::with(WatchOptions { poll: Duration::from_secs(1_000), ..options("told") }, prepare);
    world.record("file", &Dependency::files(["a"]));
    world.record("key", &Dependency::Git(Git::Commit));
    fs::rename(world.path(""), world.folder.path().join("q")).unwrap();
    fs::rename(world.folder.path().join("q"), world.path("")).unwrap();
    world.wait_for("file");
    for _ in 0..3 {
        world.record("key", &Dependency::Git(Git::Commit));
        world.git("commit -qm more --allow-empty");
        world.wait_for("key");
    }
}

#[cfg(unix)]
#[test]
fn what_a_link_leads_to_is_looked_at_again_and_again() {
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("a"), "1").unwrap();
    let prepare = |world: &World| {
        std::os::unix::fs::symlink(outside.path().join("a"), world.path("link")).unwrap();
        world.write("d/a", "1");
        std::os::unix::fs::symlink("d", world.path("e")).unwrap();
    };
    let world = World::with(options("links"), prepare);
    world.record("file", &Dependency::files(["*"]));
    fs::write(outside.path().join("a"), "2").unwrap();
    world.wait_for("file");
    world.record("folder", &Dependency::files(["e/*"]));
    world.write("d/a", "2");
    world.wait_for("folder");
}

#[test]
fn a_project_that_is_gone_counts_as_changed_and_is_watched_when_it_is_back() {
    let world = World::with(options("root"), |world| world.write("a", "1"));
    world.record("key", &Dependency::files(["a"]));
    world.record("env", &Dependency::env("X"));
    fs::rename(world.path(""), world.folder.path().join("q")).unwrap();
    // The key is told with whichever comes first; what is recorded after both is told with the next one.
    let is_told = Cell::new(false);
    world.wait(|event| {
        let (WatchEvent::Changed { keys, .. } | WatchEvent::Lost { keys, .. }) = event else { return false };
        is_told.set(is_told.get() || keys == &["key"]);
        matches!(event, WatchEvent::Lost { because: WatchLoss::RootGone, .. })
    });
    assert!(is_told.get());
    world.record("key", &Dependency::files(["a"]));
    fs::rename(world.folder.path().join("q"), world.path("")).unwrap();
    world.wait(|event| matches!(event, WatchEvent::Lost { because: WatchLoss::RootBack, keys } if keys == &["key"]));
    world.record("key", &Dependency::files(["a"]));
    world.write("a", "2");
    world.wait_for("key");
    assert_eq!(world.watch.dependents().len(), 1, "what depends on no file is no part of it");
}

#[test]
fn too_many_folders_are_looked_at_instead_and_that_is_told() {
    let options = WatchOptions { max_folders: 5, ..options("few") };
    let world = World::with(options, |world| (0..10).for_each(|number| world.write(&format!("d{number}/a"), "1")));
    world.record("before", &Dependency::files(["d1/a"]));
    assert!(!world.watch.is_polling());
    world.record("key", &Dependency::files(["**"]));
    let event = world.wait(|event| matches!(event, WatchEvent::Lost { .. }));
    let reason = "there are more than 5 folders to watch".to_owned();
    let keys = ["before".to_owned()];
    // The new key may be recorded before or after that is told.
    match event {
        WatchEvent::Lost { because, keys: told } => {
            assert_eq!(because, WatchLoss::Polling(reason));
            assert!(told.contains(&keys[0]), "{told:?}");
        }
        other => panic!("{other:?}"),
    }
    assert!(world.watch.is_polling());
    world.record("key", &Dependency::files(["**"]));
    world.write("d9/a", "2");
    world.wait_for("key");
}

#[test]
fn a_listener_that_panics_does_not_end_the_watch() {
    let folder = tempfile::tempdir().unwrap();
    let files = Files::in_memory(folder.path(), Clock::default()).unwrap();
    let (tell, told) = channel();
    let watch = Watch::begin(&files, Dependents::new(10), WatchOptions::default(), move |event| {
        tell.send(()).unwrap_or_default();
        assert!(matches!(event, WatchEvent::Lost { .. }), "on purpose");
    });
    let watch = watch.unwrap();
    for content in ["1", "2"] {
        watch.record("key", None, &[Dependency::files(["a"])]);
        fs::write(folder.path().join("a"), content).unwrap();
        told.recv_timeout(PATIENCE).unwrap();
    }
}

#[test]
fn a_watch_that_is_dropped_ends() {
    let world = World::with(options("told"), |_| {});
    world.record("key", &Dependency::files(["a"]));
    let World { folder, watch, told } = world;
    drop(watch);
    fs::write(folder.path().join("p/a"), "1").unwrap();
    // The listener goes with the thread.
    assert_eq!(told.recv_timeout(PATIENCE), Err(RecvTimeoutError::Disconnected));
}
