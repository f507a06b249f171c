//! What each kind of dependency is at a moment, and how a change of it is said.

#![cfg(feature = "files")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use segno_cache::{Clock, Dependency, Depth, Digest, Files, Git, Key, Observation, Surroundings, Tags};
use tempfile::TempDir;

struct World {
    folder: TempDir,
    surroundings: Surroundings,
    variables: Arc<Mutex<Vec<(String, String)>>>,
    seconds: Arc<AtomicU64>,
    tags: Tags,
}

impl World {
    fn new() -> World {
        let folder = tempfile::tempdir().unwrap();
        let seconds = Arc::new(AtomicU64::new(1_800_000_000));
        let variables = Arc::new(Mutex::new(vec![("PATH".to_owned(), std::env::var("PATH").unwrap())]));
        let tags = Tags::beginning_with(1);
        let files = Files::in_memory(folder.path(), Clock::default()).unwrap();
        let (time, read) = (seconds.clone(), variables.clone());
        let surroundings = Surroundings::new()
            .files(&files)
            .tags(&tags)
            .clock(Clock::from_fn(move || SystemTime::UNIX_EPOCH + Duration::from_secs(time.load(Ordering::Relaxed))))
            .variables(move |name| {
                read.lock().unwrap().iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
            });
        World { folder, surroundings, variables, seconds, tags }
    }

    fn write(&self, path: &str, content: &str) -> &World {
        let full = self.folder.path().join(path);
        fs::create_dir_all(full.parent().unwrap()).unwrap();
        fs::write(full, content).unwrap();
        self
    }

    fn git(&self, arguments: &str) -> &World {
        git(self.folder.path(), arguments);
        self
    }

    fn set(&self, name: &str, value: &str) {
        let mut variables = self.variables.lock().unwrap();
        variables.retain(|(known, _)| known != name);
        variables.push((name.to_owned(), value.to_owned()));
    }

    fn look(&self, dependency: &Dependency) -> Result<Observation, segno_cache::Error> {
        self.surroundings.moment().observe(dependency)
    }

    /// Says what changes when something is done, or what is wrong.
    fn check(&self, dependency: &Dependency, change: impl FnOnce(&World), expected: &str) {
        let before = self.look(dependency);
        change(self);
        let said = match (before, self.look(dependency)) {
            (Ok(before), Ok(after)) => match after.change_since(&before) {
                Some(change) => change.to_string(),
                None => "nothing".to_owned(),
            },
            (_, Err(error)) | (Err(error), Ok(_)) => error.to_string(),
        };
        assert_eq!(said, expected, "{dependency}");
    }
}

fn git(folder: &Path, arguments: &str) -> String {
    let mut command = Command::new("git");
    command.args(["-c", "user.name=a", "-c", "user.email=a@b", "-c", "init.defaultBranch=main"]);
    command.args(["-c", "protocol.file.allow=always", "-c", "commit.gpgsign=false"]);
    let output = command.args(arguments.split(' ')).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn a_variable_changes_and_is_not_shown() {
    let (world, lang) = (World::new(), Dependency::env("LANG"));
    world.check(&lang, |_| {}, "nothing");
    world.check(&lang, |world| world.set("LANG", ""), "the variable LANG changed");
    world.check(&lang, |world| world.set("LANG", "C"), "the variable LANG changed");
    let bare = Surroundings::new();
    let error = bare.moment().observe(&lang).unwrap_err();
    assert_eq!(error.to_string(), "cannot look up the variable LANG: no reader of variables was given");
}

#[test]
fn a_window_changes_when_time_comes_to_its_end() {
    let (world, hour) = (World::new(), Duration::from_secs(3_600));
    let window = Dependency::Window { length: hour, offset: Duration::ZERO };
    let wait = |seconds| move |world: &World| _ = world.seconds.fetch_add(seconds, Ordering::Relaxed);
    world.check(&window, wait(3_599), "nothing");
    let said = "the window of 3600s changed from `2027-01-15 08:00:00` to `2027-01-15 09:00:00`";
    world.check(&window, wait(1), said);
    let none = Dependency::Window { length: Duration::ZERO, offset: hour };
    world.check(&none, wait(0), "cannot look up a window: it has no length");
}

#[test]
fn a_tag_changes_when_somebody_says_so_and_a_key_with_the_key() {
    let (world, users) = (World::new(), Dependency::tag("users"));
    world.check(&users, |world| _ = world.tags.changed("groups"), "nothing");
    world.check(&users, |world| _ = world.tags.changed("users"), "the tag users changed from `1` to `3`");
    let key = |text: &str| world.look(&Dependency::Key(Digest::of(text.as_bytes()))).unwrap();
    let said = key("b").change_since(&key("a")).unwrap().to_string();
    assert_eq!(said, "the result it builds on changed from `17762fdd` to `10e5cf3d`");
}

#[test]
fn a_value_in_a_settings_file_changes_and_the_rest_of_the_file_does_not_count() {
    let world = World::new();
    let check = |text: &str, path: &str, content: &str, expected: &str| {
        world.check(&Dependency::config(text).unwrap(), |world| _ = world.write(path, content), expected);
    };
    check("a.json#v.w", "a.json", "{}", "the value v.w in a.json changed from `no file` to `unset`");
    check("a.json#v.w", "a.json", r#"{"v":{"w":1}}"#, "the value v.w in a.json changed from `unset` to `1`");
    check("a.json#v.w", "a.json", r#"{"v":{"w":1},"x":2}"#, "nothing");
    check("a.json#v.w", "a.json", r#"{"v":{"w":"1"}}"#, "the value v.w in a.json changed its type (`1`)");
    check("a.json#/v/w", "a.json", r#"{"v":{"w":"unset"}}"#, "the value /v/w in a.json changed from `1` to `unset`");
    check("a.json#v.w", "a.json", r#"{"v":{}}"#, "the value v.w in a.json changed its type (`unset`)");
    check("a.json", "a.json", "{}", "the settings in a.json changed");
    check("a.json#v", "a.json", "{", "cannot read a value in a.json: EOF while parsing an object at line 1 column 1");
    check("b/.env.local#NAME", "b/.env.local", "NAME=x", "the value NAME in b/.env.local changed");
    check("c.json#db", "c.json", r#"{"db":{"host":"a","password":"b"}}"#, "the value db in c.json changed");
    check("b/.env.local#API_KEY", "b/.env.local", "API_KEY=x", "the value API_KEY in b/.env.local changed");
    check("s.ini#a.b", "s.ini", "[a]\nb = c", "the value a.b in s.ini changed from `no file` to `c`");
    check("x.hcl#a", "x.hcl", "a", "cannot read a value in x.hcl: there is no reader for files named `x.hcl`");
    let refused = |text: &str| Dependency::config(text).unwrap_err().to_string();
    assert_eq!(refused("../x.json#a"), "the path `../x.json` leaves the project with `..`");
    assert_eq!(refused("x.json#a..b"), "cannot read a value in x.json: the path `a..b` has an empty step");
}

#[cfg(feature = "config-toml")]
#[test]
fn a_value_in_a_toml_file_is_read_and_times_too() {
    let world = World::new();
    let version = Dependency::config("Cargo.toml#package.version").unwrap();
    world.write("Cargo.toml", "[package]\nversion = \"1.0.0\"");
    let edit = |world: &World| _ = world.write("Cargo.toml", "[package]\nversion = \"1.1.0\"\nat = 2026-01-01");
    world.check(&version, edit, "the value package.version in Cargo.toml changed from `1.0.0` to `1.1.0`");
    let at = Dependency::config("Cargo.toml#package.at").unwrap();
    let edit = |world: &World| _ = world.write("Cargo.toml", "[package]\nat = 2026-01-02");
    world.check(&at, edit, "the value package.at in Cargo.toml changed from `2026-01-01` to `2026-01-02`");
}

#[test]
fn a_format_that_the_library_does_not_know_is_read_by_the_caller() {
    let mut world = World::new();
    world.surroundings = world.surroundings.clone().reader("YAML", |text| match text {
        "a: 1" => serde_json::from_str(r#"{"a":1}"#).map_err(|error| error.to_string()),
        _ => Err("line 1 is wrong".into()),
    });
    let a = Dependency::config("x.yaml#a").unwrap();
    let write = |text: &'static str| move |world: &World| _ = world.write("x.yaml", text);
    world.check(&a, write("a: 1"), "the value a in x.yaml changed from `no file` to `1`");
    world.check(&a, write("-"), "cannot read a value in x.yaml: line 1 is wrong");
}

#[test]
fn a_folder_changes_with_its_files_and_with_empty_folders() {
    let world = World::new();
    let folder = |path: &str, depth| Dependency::Folder { path: path.to_owned(), depth };
    let contents = folder("d", Depth::Contents);
    world.check(&contents, |world| fs::create_dir(world.folder.path().join("d")).unwrap(), "d/ is new");
    world.check(&contents, |world| fs::create_dir(world.folder.path().join("d/e")).unwrap(), "d/e/ is new");
    world.check(&contents, |world| _ = world.write("d/e/f", "1"), "d/e/f is new");
    world.check(&contents, |world| _ = world.write("d/e/f", "2"), "d/e/f changed");
    let names = folder("d", Depth::Names);
    world.check(&names, |world| _ = world.write("d/e/g", "1"), "nothing");
    world.check(&names, |world| _ = world.write("d/g", "1"), "d/g is new");
    world.check(&names, |world| _ = world.write("d/g", "2"), "nothing");
    world.check(&folder("a[b]", Depth::Contents), |world| _ = world.write("a[b]/c", "1"), "a[b]/ and a[b]/c are new");
    world.check(&folder("..", Depth::Names), |_| {}, "the path `..` leaves the project with `..`");
    world.check(&folder(".", Depth::Contents), |world| _ = world.write(".git/x", "1"), "nothing");
}

#[test]
fn git_says_commit_and_branch_and_that_there_is_none() {
    let world = World::new();
    let (commit, branch) = (Dependency::Git(Git::Commit), Dependency::Git(Git::Branch));
    let shown = |dependency: &Dependency| format!("{:?}", world.look(dependency).unwrap().part().shown);
    assert_eq!(shown(&commit), "Value(\"no repository\")");
    assert_eq!(shown(&branch), "Value(\"no repository\")");
    world.git("init -q");
    assert_eq!((shown(&commit), shown(&branch)), ("Value(\"no commit yet\")".into(), "Value(\"main\")".into()));
    world.write("a", "1").git("add a").git("commit -qm one");
    let first = git(world.folder.path(), "rev-parse HEAD");
    let to_fix = |world: &World| _ = world.git("checkout -qb fix/it");
    world.check(&branch, to_fix, "the branch changed from `main` to `fix/it`");
    world.check(&commit, |world| _ = world.write("a", "2"), "nothing");
    world.git("commit -qam two");
    let said = shown(&commit);
    assert!(said.starts_with("Value(\"") && !said.contains(&first[..12]) && said.len() == 21, "{said}");
    // A tag of the same name makes git lengthen the branch's.
    world.git("tag fix/it");
    assert_eq!(shown(&branch), "Value(\"fix/it\")");
    let detach = |world: &World| _ = world.git("checkout -q --detach");
    world.check(&branch, detach, "the branch changed from `fix/it` to `no branch`");
    world.check(
        &commit,
        |world| _ = world.git("checkout -q main"),
        &format!("the commit changed from `{}` to `{}`", &said[7..19], &first[..12]),
    );
    // A branch that is called as the answer is another value.
    world.git("checkout -q --detach");
    let same = |world: &World| _ = world.git("checkout -qb no_branch");
    world.check(&branch, same, "the branch changed from `no branch` to `no_branch`");
}

#[test]
fn a_head_that_cannot_be_read_is_an_error_and_no_answer() {
    let world = World::new();
    world.git("init -q").write("a", "1").git("add a").git("commit -qm one");
    world.write(".git/refs/heads/main", "not a commit\n");
    assert!(world.look(&Dependency::Git(Git::Commit)).is_err());
    world.write(".git/HEAD", "damaged\n");
    let said = world.look(&Dependency::Git(Git::Branch)).map(|seen| format!("{:?}", seen.part().shown));
    assert!(!matches!(&said, Ok(shown) if shown.contains("main")), "{said:?}");
}

#[test]
fn the_tree_of_paths_is_what_git_tracks_or_would_track() {
    let world = World::new();
    let tree = |paths: &[&str]| Dependency::Git(Git::Tree { paths: paths.iter().map(ToString::to_string).collect() });
    world.git("init -q").write(".gitignore", "out\n").write("src/a", "1").write("docs/b", "1").git("add .");
    world.git("commit -qm one");
    let src = tree(&["src"]);
    world.check(&src, |world| _ = world.write("docs/b", "2"), "nothing");
    world.check(&src, |world| _ = world.write("src/out/x", "1"), "nothing");
    world.check(&src, |world| _ = world.write("src/a", "2"), "src/a changed");
    world.check(&src, |world| _ = world.git("commit -qam two"), "nothing");
    world.check(&src, |world| _ = world.write("src/new", "1"), "src/new is new");
    world.check(&src, |world| fs::remove_file(world.folder.path().join("src/a")).unwrap(), "src/a is gone");
    world.check(&tree(&["**/*.rs"]), |world| _ = world.write("x/y.rs", "1"), "x/y.rs is new");
    world.check(&tree(&[]), |world| _ = world.write("docs/c", "1"), "docs/c is new");
    world.check(&tree(&["../x"]), |_| {}, "the glob `../x` leaves the project with `..`");
    let files = Dependency::files(["src/*"]);
    world.check(&files, |world| _ = world.write("src/new", "2"), "src/new changed");
}

#[test]
fn a_linked_work_tree_and_a_submodule_have_their_own_head() {
    let (inner, world) = (World::new(), World::new());
    inner.git("init -q").write("lib", "1").git("add .").git("commit -qm one");
    world.git("init -q").write("a", "1").git("add .").git("commit -qm one");
    world.git(&format!("submodule --quiet add {} sub", inner.folder.path().display()));
    world.git("commit -qm sub");
    let tree = Dependency::Git(Git::Tree { paths: vec!["sub".into()] });
    world.check(&tree, |world| _ = world.write("sub/lib", "2"), "sub/lib changed");

    let linked = World::new();
    fs::remove_dir(linked.folder.path()).unwrap();
    world.git(&format!("worktree add -q -b other {}", linked.folder.path().display()));
    let branch = Dependency::Git(Git::Branch);
    let shown = |world: &World| format!("{:?}", world.look(&branch).unwrap().part().shown);
    assert_eq!((shown(&world), shown(&linked)), ("Value(\"main\")".into(), "Value(\"other\")".into()));
}

#[cfg(unix)]
fn program(world: &World, path: &str, script: &str) {
    use std::os::unix::fs::PermissionsExt;
    // Renamed into its place: a program that another process holds open for writing cannot be started.
    world.write("new", &format!("#!/bin/sh\n{script}\n"));
    let new = world.folder.path().join("new");
    fs::set_permissions(&new, fs::Permissions::from_mode(0o755)).unwrap();
    fs::create_dir_all(world.folder.path().join(path).parent().unwrap()).unwrap();
    fs::rename(new, world.folder.path().join(path)).unwrap();
}

#[cfg(unix)]
#[test]
fn a_tool_is_asked_for_its_version_once_and_again_when_it_is_another_file() {
    let (world, tool) = (World::new(), Dependency::tool("tool").unwrap());
    let path = format!("{}:{}", world.folder.path().join("bin").display(), std::env::var("PATH").unwrap());
    world.set("PATH", &path);
    let install = |script: &'static str| move |world: &World| program(world, "bin/tool", script);
    let count = "echo >>count; echo \"1.0 $1\"; echo more";
    world.check(&tool, install(count), "the output of `tool --version` changed from `not found` to `1.0 --version`");
    let asked = || fs::read_to_string(world.folder.path().join("count")).unwrap().len();
    world.check(&tool, |_| {}, "nothing");
    assert_eq!(asked(), 1);
    // A proxy may pick another program by then.
    world.seconds.fetch_add(60, Ordering::Relaxed);
    world.check(&tool, |_| {}, "nothing");
    assert_eq!(asked(), 2);
    let said = "the output of `tool --version` changed from `1.0 --version` to `1.1`";
    world.check(&tool, install("echo 1.1"), said);
    let said = "the output of `tool --version` changed from `1.1` to `exit code 2, no`";
    world.check(&tool, install("echo no >&2; exit 2"), said);
    let killed = install("kill -9 $$");
    world.check(&tool, killed, "cannot ask `tool --version`: it did not end by itself (signal: 9 (SIGKILL))");
    let own = Dependency::tool("./own version -q").unwrap();
    let said = "the output of `./own version -q` changed from `not found` to `version -q`";
    world.check(&own, |world| program(world, "own", "echo \"$@\""), said);
    assert_eq!(Dependency::tool("  ").unwrap_err().to_string(), "cannot look up a tool: it has no command");
    world.check(&Dependency::Tool { argv: Vec::new() }, |_| {}, "cannot look up a tool: it has no command");
}

#[test]
fn one_moment_looks_once_and_two_look_twice() {
    let count = Arc::new(AtomicU64::new(0));
    let counted = count.clone();
    let surroundings =
        Surroundings::new().variables(move |_| Some(counted.fetch_add(1, Ordering::Relaxed).to_string()));
    let moment = surroundings.moment();
    let all = moment.observe_all(&[Dependency::env("A"), Dependency::env("A"), Dependency::env("B")]).unwrap();
    assert_eq!((all.len(), count.load(Ordering::Relaxed)), (3, 2));
    assert_eq!(all[0], all[1]);
    surroundings.moment().observe(&Dependency::env("A")).unwrap();
    assert_eq!(count.load(Ordering::Relaxed), 3);
}

#[test]
fn an_observation_is_the_part_that_the_builder_makes() {
    let world = World::new();
    world.set("CI", "1");
    world.write("src/a", "1");
    let files = Files::in_memory(world.folder.path(), Clock::default()).unwrap();
    let mut by_hand = Key::builder("command");
    by_hand.secret("variable CI", "=1").files("files", &files.manifest(&["src/*".into()]).unwrap());
    let mut observed = Key::builder("command");
    let moment = world.surroundings.moment();
    moment.observe(&Dependency::env("CI")).unwrap().add_to(&mut observed);
    moment.observe(&Dependency::files(["src/*"])).unwrap().add_as("files", &mut observed);
    assert_eq!(observed.finish(), by_hand.finish());
    let made = moment.observe(&Dependency::files(["src/*"])).unwrap().without(&["src/a".into()]).unwrap();
    assert!(made.manifest().unwrap().entries().is_empty());
    assert_eq!(made.part().digest, made.manifest().unwrap().digest());
}

#[test]
fn dependencies_are_stored_and_read_back() {
    let all = [
        Dependency::files(["a", "b"]),
        Dependency::Folder { path: "d".into(), depth: Depth::Names },
        Dependency::env("A"),
        Dependency::config("a.json#b").unwrap(),
        Dependency::Git(Git::Commit),
        Dependency::Git(Git::Tree { paths: vec!["src".into()] }),
        Dependency::tool("rustc --version").unwrap(),
        Dependency::Window { length: Duration::from_secs(1), offset: Duration::ZERO },
        Dependency::Key(Digest::of(b"")),
        Dependency::tag("t"),
    ];
    let json = serde_json::to_string(&all).unwrap();
    assert_eq!(serde_json::from_str::<Vec<Dependency>>(&json).unwrap(), all);
    let yesterday = r#"[{"files":{"globs":["a"]}},{"folder":{"path":"d"}},{"git":"branch"},{"git":{"tree":{}}}]"#;
    assert_eq!(serde_json::from_str::<Vec<Dependency>>(yesterday).unwrap().len(), 4);
}
