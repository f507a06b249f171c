//! Which keys a change makes wrong.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use segno_cache::{Dependency, Dependents, Digest};

fn digest(name: &str) -> Digest {
    Digest::of(name.as_bytes())
}

/// Reads `name: $VARIABLE #tag ^other glob ..`, one key a line; each has its name's digest.
fn dependents(text: &str) -> Dependents<String> {
    let dependents = Dependents::new(1_000);
    for line in text.lines() {
        let (name, words) = line.trim().split_once(':').unwrap();
        let dependency = |word: &str| match word.split_at(1) {
            ("$", name) => Dependency::env(name),
            ("#", name) => Dependency::tag(name),
            ("^", name) => Dependency::Key(digest(name)),
            #[cfg(feature = "files")]
            ("@", name) => Dependency::config(name).unwrap(),
            #[cfg(feature = "files")]
            ("~", paths) => {
                let paths = paths.split(',').filter(|path| !path.is_empty()).map(str::to_owned).collect();
                Dependency::Git(segno_cache::Git::Tree { paths })
            }
            #[cfg(feature = "files")]
            _ => Dependency::files([word]),
            #[cfg(not(feature = "files"))]
            _ => unreachable!("{word}"),
        };
        let all: Vec<Dependency> = words.split_whitespace().map(dependency).collect();
        assert_eq!(dependents.record(name.to_owned(), Some(digest(name)), &all), None);
    }
    dependents
}

fn check(text: &str, change: impl FnOnce(&Dependents<String>) -> Vec<String>, expected: &str) {
    let dependents = dependents(text);
    let before = dependents.len();
    let mut keys = change(&dependents);
    assert_eq!(dependents.len() + keys.len(), before, "what changed is not known any more");
    keys.sort_unstable();
    assert_eq!(keys.join(" "), expected);
}

#[test]
fn a_change_makes_wrong_what_depends_on_it_and_what_builds_on_that() {
    let text = "a: $X #t\nb: $Y\nc: ^a\nd: ^c $Y\ne: ^b";
    check(text, |all| all.changed(&Dependency::env("X")), "a c d");
    check(text, |all| all.changed(&Dependency::env("Y")), "b d e");
    check(text, |all| all.changed(&Dependency::tag("t")), "a c d");
    check(text, |all| all.changed(&Dependency::Key(digest("c"))), "d");
    check(text, |all| all.changed(&Dependency::env("Z")), "");
    check(text, |all| all.changed_if(|dependency| matches!(dependency, Dependency::Env { .. })), "a b c d e");
    check(text, Dependents::everything_changed, "a b c d e");
}

#[test]
fn keys_that_build_on_each_other_are_taken_once() {
    check("a: ^b $X\nb: ^a\nc: ^c $X", |all| all.changed(&Dependency::env("X")), "a b c");
}

#[test]
fn a_key_depends_on_what_was_said_last() {
    let all = dependents("a: $X\nb: $X");
    all.record("a".into(), None, &[Dependency::env("Y")]);
    assert_eq!(all.changed(&Dependency::env("X")), ["b"]);
    all.forget(&"a".to_owned());
    assert!(all.changed(&Dependency::env("Y")).is_empty() && all.is_empty());
    all.record("a".into(), None, &[Dependency::env("Y"), Dependency::env("Y")]);
    assert_eq!(all.changed(&Dependency::env("Y")), ["a"]);
}

#[test]
fn what_must_go_is_handed_back_and_never_forgotten_in_silence() {
    let all = Dependents::new(2);
    let x = [Dependency::env("X")];
    assert_eq!((all.record(1, None, &x), all.record(2, None, &x)), (None, None));
    assert_eq!(all.record(1, None, &x), None, "it is known already");
    assert_eq!(all.record(3, None, &x), Some(2), "the one recorded longest ago");
    for number in 4..1_000 {
        assert!(all.record(number, None, &x).is_some());
    }
    assert_eq!(all.len(), 2);
    assert_eq!(Dependents::new(0).record(1, None, &x), Some(1));
}

#[test]
fn a_key_that_panics_takes_nothing_else_with_it() {
    #[derive(Clone, PartialEq, Eq, Debug)]
    struct Bad(u8);
    impl std::hash::Hash for Bad {
        fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
            assert_ne!(self.0, 9, "on purpose");
            self.0.hash(state);
        }
    }
    let all = Dependents::new(10);
    all.record(Bad(1), None, &[Dependency::env("X")]);
    let other = all.clone();
    let panicked = std::thread::spawn(move || other.record(Bad(9), None, &[Dependency::env("X")])).join();
    assert!(panicked.is_err());
    assert_eq!(all.changed(&Dependency::env("X")), [Bad(1)]);
}

#[cfg(feature = "files")]
#[test]
fn a_file_reaches_what_looks_at_it() {
    let text =
        "lit: src/a.rs\nfolder: src\nwild: src/*.rs\ndeep: **/*.rs\nroot: *.toml\nconf: @Cargo.toml#package.version
        tree: ~\ndocs: ~docs\nbroken: a[\nother: lib/**";
    check(text, |all| all.file_changed("src/a.rs"), "broken deep folder lit tree wild");
    check(text, |all| all.file_changed("src/b/a.rs"), "broken deep folder tree");
    check(text, |all| all.file_changed("Cargo.toml"), "broken conf root tree");
    check(text, |all| all.file_changed("srcs/a"), "broken tree");
    check(text, |all| all.file_changed("docs/x"), "broken docs tree");
    // What is ignored decides what a tree is.
    check(text, |all| all.file_changed("srcs/.gitignore"), "broken docs tree");
    check(text, |all| all.folder_changed("src"), "broken deep docs folder lit root tree wild");
    check(text, |all| all.folder_changed("lib"), "broken deep docs other root tree");
    check(text, |all| all.folder_changed(""), "broken conf deep docs folder lit other root tree wild");
}

#[cfg(feature = "files")]
#[test]
fn more_globs_than_are_compiled_count_as_their_folders() {
    let all = Dependents::new(20_000);
    for number in 0..10_100 {
        all.record(number, None, &[Dependency::files([format!("d/{number}*")])]);
    }
    let changed = all.file_changed("d/5000");
    assert!(changed.contains(&5_000) && changed.contains(&10_050) && changed.len() < 200, "{}", changed.len());
    assert_eq!(all.len() + changed.len(), 10_100);
}
