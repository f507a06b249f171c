//! "Is it up to date?": the five cases in which runners go wrong, and what restoring outputs refuses.

#![cfg(feature = "disk")]
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking, its helpers too")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use segno_cache::{
    Clock, Dependency, Depth, Digest, Error, Files, Git, Key, Lookup, NewEntry, Options, OutputFile, Outputs, Restored,
    Store, Surroundings,
};
use tempfile::TempDir;

/// A project with one step: `in/in.txt` is copied to `out/out.txt`.
struct Step {
    folder: TempDir,
    files: Files,
    store: Store,
    depends: Dependency,
    command: &'static str,
    runs: usize,
}

impl Step {
    fn new(clock: Clock) -> Step {
        Step::on(clock, Dependency::files(["in/in.txt"]))
    }

    fn on(clock: Clock, depends: Dependency) -> Step {
        let folder = tempfile::tempdir().unwrap();
        if matches!(depends, Dependency::Git(_)) {
            let git = Command::new("git").args(["init", "-q"]).current_dir(folder.path()).status();
            assert!(git.unwrap().success());
        }
        fs::create_dir(folder.path().join("in")).unwrap();
        fs::write(folder.path().join("in/in.txt"), "one").unwrap();
        let options = Options { clock, ..Options::default() };
        let store = Store::open(&folder.path().join(".segno/cache"), options).unwrap();
        let files = Files::open(folder.path(), &store).unwrap();
        Step { folder, files, store, depends, command: "cp", runs: 0 }
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// Runs the step as a runner does: a hit restores, a miss runs and stores. Says what happened.
    fn run(&mut self) -> &'static str {
        let surroundings = Surroundings::new().files(&self.files);
        let seen = surroundings.moment().observe(&self.depends).unwrap().without(&["out/**".into()]).unwrap();
        let manifests = [seen.manifest().unwrap().clone()];
        let mut builder = Key::builder("command");
        builder.text("command", self.command);
        seen.add_to(&mut builder);
        let (key, now) = (builder.finish(), SystemTime::now());
        if let Lookup::Hit(hit) = &self.store.fetch(&[key.digest()], now).unwrap()[0] {
            let outputs: Vec<OutputFile> = serde_json::from_slice(&hit.value).unwrap();
            let restored = Outputs::restore(&self.files, &self.store, &outputs).unwrap();
            return if restored.restored.is_empty() { "hit" } else { "restored" };
        }
        self.runs += 1;
        fs::create_dir_all(self.path("out")).unwrap();
        fs::copy(self.path("in/in.txt"), self.path("out/out.txt")).unwrap();
        let outputs = Outputs::capture(&self.files, &self.store, &["out/**".into()]).unwrap();
        let objects: Vec<Digest> = outputs.iter().map(|output| output.digest).collect();
        let value = serde_json::to_vec(&outputs).unwrap();
        let entry = NewEntry { value: &value, objects: &objects, ..NewEntry::of(&key, "copy", now) };
        self.store.store(NewEntry { manifests: &manifests, ..entry }).unwrap();
        "run"
    }
}

/// Writes a content of the same size and puts the old modification time back.
fn edit_in_secret(path: &Path, content: &str) {
    let before = fs::metadata(path).unwrap();
    assert_eq!(before.len(), content.len() as u64);
    // Where the clock stands still between two writes the rule for young files takes over; here the old
    // stamp was believed, so wait for the system to stamp a new one.
    loop {
        fs::write(path, content).unwrap();
        set_modified(path, before.modified().unwrap());
        if changed_at(path) != changed_at_of(&before) {
            return;
        }
    }
}

#[cfg(unix)]
fn changed_at_of(metadata: &fs::Metadata) -> i64 {
    use std::os::unix::fs::MetadataExt;
    metadata.ctime() * 1_000_000_000 + metadata.ctime_nsec()
}

#[cfg(not(unix))]
fn changed_at_of(_: &fs::Metadata) -> i64 {
    0
}

fn changed_at(path: &Path) -> i64 {
    if cfg!(unix) { changed_at_of(&fs::metadata(path).unwrap()) } else { 1 }
}

fn set_modified(path: &Path, time: SystemTime) {
    let file = fs::File::options().write(true).open(path).unwrap();
    file.set_times(fs::FileTimes::new().set_modified(time)).unwrap();
}

/// Runs, changes something, and runs again; once with files too young to be believed, once with files
/// that are believed by their stamps; with the file named, its folder, the work tree and what of it git lists there.
fn check(change: impl Fn(&mut Step), expected: &str) {
    let much_later = Clock::from_fn(|| SystemTime::now() + Duration::from_secs(100));
    let tree = |paths: &[&str]| Dependency::Git(Git::Tree { paths: paths.iter().map(ToString::to_string).collect() });
    let folder = Dependency::Folder { path: "in".into(), depth: Depth::Contents };
    let kinds = [Dependency::files(["in/in.txt"]), Dependency::files(["**/in.*"]), folder, tree(&[]), tree(&["in"])];
    let clocks = [Clock::default(), much_later];
    for (clock, depends) in clocks.iter().flat_map(|clock| kinds.iter().map(move |kind| (clock, kind))) {
        let mut step = Step::on(clock.clone(), depends.clone());
        assert_eq!((step.run(), step.run()), ("run", "hit"));
        change(&mut step);
        assert_eq!(step.run(), expected);
        assert_eq!(step.run(), "hit");
        let (input, output) = (fs::read(step.path("in/in.txt")).unwrap(), fs::read(step.path("out/out.txt")).unwrap());
        assert_eq!(input, output);
    }
}

#[test]
fn a_touch_alone_is_a_hit() {
    check(|step| set_modified(&step.path("in/in.txt"), SystemTime::UNIX_EPOCH), "hit");
}

#[test]
fn an_edit_with_the_same_time_and_size_is_seen() {
    check(|step| edit_in_secret(&step.path("in/in.txt"), "two"), "run");
}

#[test]
fn a_deleted_output_is_restored() {
    check(|step| fs::remove_dir_all(step.path("out")).unwrap(), "restored");
}

#[test]
fn a_tampered_output_is_restored() {
    check(|step| fs::write(step.path("out/out.txt"), "tampered").unwrap(), "restored");
    check(|step| edit_in_secret(&step.path("out/out.txt"), "bad"), "restored");
}

#[test]
fn another_command_is_another_key() {
    check(|step| step.command = "cp -p", "run");
}

#[test]
fn what_was_seen_once_is_a_hit_again() {
    let mut step = Step::new(Clock::default());
    step.run();
    fs::write(step.path("in/in.txt"), "two").unwrap();
    assert_eq!(step.run(), "run");
    fs::write(step.path("in/in.txt"), "one").unwrap();
    assert_eq!((step.run(), step.runs), ("restored", 2));
}

#[test]
fn a_second_process_reads_no_file_of_a_finished_run() {
    let much_later = Clock::from_fn(|| SystemTime::now() + Duration::from_secs(100));
    let mut step = Step::new(much_later);
    step.run();
    step.files.flush().unwrap();
    step.files = Files::open(step.folder.path(), &step.store).unwrap();
    assert_eq!((step.run(), step.files.reads()), ("hit", 0));
}

fn output(path: &str, content: &[u8]) -> OutputFile {
    OutputFile { path: path.into(), digest: Digest::of(content), executable: false }
}

/// Tries to restore one path and returns the error's text.
fn refusal(step: &Step, path: &str) -> String {
    step.store.put_object(b"content").unwrap();
    Outputs::restore(&step.files, &step.store, &[output(path, b"content")]).unwrap_err().to_string()
}

#[test]
fn an_output_outside_the_project_is_refused() {
    let step = Step::new(Clock::default());
    let outside = tempfile::tempdir().unwrap();
    assert!(refusal(&step, "../x").contains("leaves the project"));
    assert!(refusal(&step, "a/../../x").contains("leaves the project"));
    assert!(refusal(&step, &format!("{}/x", outside.path().display())).contains("is absolute"));
    assert!(refusal(&step, ".git/hooks/pre-commit").contains("never looked at"));
    fs::create_dir(step.path("folder")).unwrap();
    assert!(refusal(&step, "folder").contains("is not a file"));
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(outside.path(), step.path("link")).unwrap();
        assert!(refusal(&step, "link/x").contains("leads through a linked folder"));
        fs::write(outside.path().join("there"), "x").unwrap();
        assert!(refusal(&step, "link/there").contains("leads through a linked folder"));
        let captured = Outputs::capture(&step.files, &step.store, &["link/**".into()]);
        assert!(captured.unwrap_err().to_string().contains("leads through a linked folder"));
        assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1);

        // What the glob does not mean is not in the way, what it means is not left out in silence.
        let capture = |glob: &str| Outputs::capture(&step.files, &step.store, &[glob.into()]);
        assert_eq!(capture("**/*.txt").unwrap().len(), 1);
        assert!(capture("*").unwrap_err().to_string().contains("is a link that cannot be kept"));
    }
}

#[test]
fn a_missing_object_restores_nothing_at_all() {
    let step = Step::new(Clock::default());
    step.store.put_object(b"here").unwrap();
    let wanted = [output("a", b"here"), output("b", b"not here")];
    let error = Outputs::restore(&step.files, &step.store, &wanted).unwrap_err();
    assert!(matches!(error, Error::MissingObject { .. }));
    let names: Vec<_> = fs::read_dir(step.folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
}

#[cfg(unix)]
#[test]
fn the_executable_bit_comes_back_and_a_link_is_not_written_through() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let step = Step::new(Clock::default());
    fs::write(step.path("tool"), vec![7; 100_000]).unwrap();
    fs::set_permissions(step.path("tool"), fs::Permissions::from_mode(0o755)).unwrap();
    let outputs = Outputs::capture(&step.files, &step.store, &["tool".into(), "t*".into()]).unwrap();
    assert_eq!((outputs.len(), outputs[0].executable), (1, true));

    fs::set_permissions(step.path("tool"), fs::Permissions::from_mode(0o644)).unwrap();
    let restored = Outputs::restore(&step.files, &step.store, &outputs).unwrap();
    assert_eq!(restored, Restored { kept: 0, restored: vec!["tool".into()] });
    assert_eq!(fs::metadata(step.path("tool")).unwrap().permissions().mode() & 0o100, 0o100);

    fs::remove_file(step.path("tool")).unwrap();
    symlink("in/in.txt", step.path("tool")).unwrap();
    Outputs::restore(&step.files, &step.store, &outputs).unwrap();
    assert_eq!(fs::read(step.path("in/in.txt")).unwrap(), b"one");
    assert_eq!(fs::read(step.path("tool")).unwrap(), vec![7; 100_000]);
}
