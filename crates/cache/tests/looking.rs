//! What may be seen of a store, what can be taken out of it, and what is found when it is verified.

#![cfg(feature = "disk")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

mod support;

use std::fs;
use std::time::Duration;

use rusqlite::Connection;
use segno_cache::{Census, DamagedPart, Digest, Listed, NewEntry, Store, Tally, Verdict};
use tempfile::TempDir;

use support::{answer, key, now, objects, open, put};

fn names(listed: &[Listed]) -> Vec<&str> {
    listed.iter().map(|listed| listed.subject.as_deref().unwrap_or("-")).collect()
}

/// A store with a small result, a large one, one of a subject with a later one, and one with an output file.
fn filled() -> (TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    put(&store, "small", b"value", now());
    put(&store, "large", &[7; 20_000], now() + Duration::from_secs(1));
    store.store(NewEntry { value: b"older", ..NewEntry::of(&key("older"), "again", now()) }).unwrap();
    let object = store.put_object(&[9; 30_000]).unwrap();
    let (newer, ttl) = (key("newer"), Some(Duration::from_secs(60)));
    let entry = NewEntry::of(&newer, "again", now() + Duration::from_secs(2));
    store.store(NewEntry { objects: &[object], ttl, ..entry }).unwrap();
    (folder, store)
}

#[test]
fn what_was_stored_last_is_listed_first() {
    let (_folder, store) = filled();
    let listed = store.list().unwrap();
    let older = listed.iter().position(|listed| listed.subject.is_none()).unwrap();
    assert!(older >= 2 && names(&listed)[..2] == ["again", "large"], "{listed:?}");
    assert_eq!(listed[0].expires_at, Some(now() + Duration::from_secs(62)));
    assert!(listed[0].bytes > 30_000 && listed[1].bytes > 20_000 && listed[2].bytes < 1_000);
    let sum: u64 = listed.iter().map(|listed| listed.bytes).sum();
    assert!(sum <= store.bytes().unwrap() && sum > 50_000);
}

#[test]
fn an_object_of_two_results_is_divided_among_them() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    let object = store.put_object(&[9; 30_000]).unwrap();
    for name in ["one", "other"] {
        store.store(NewEntry { objects: &[object], ..NewEntry::of(&key(name), name, now()) }).unwrap();
    }
    assert!(store.list().unwrap().iter().all(|listed| (15_000..16_000).contains(&listed.bytes)));
}

#[test]
fn bytes_of_a_layer_are_listed_as_such_and_cleared_with_the_rest() {
    let (_folder, store) = filled();
    store.keep_bytes(&Digest::of(b"k"), b"bytes", None, now() + Duration::from_secs(9)).unwrap();
    let listed = store.list().unwrap();
    assert!(listed[0].of_layer && listed[0].subject.is_none() && !listed[1].of_layer);
    assert_eq!((store.clear_all(now()).unwrap().entries, store.list().unwrap().len()), (5, 0));
}

#[test]
fn uses_and_misses_are_counted_over_processes() {
    let (folder, store) = filled();
    for _ in 0..3 {
        assert_eq!(answer(&store, "small", now()), "hit 5");
    }
    assert_eq!(answer(&store, "none", now()), "absent");
    drop(store);
    let store = open(&folder);
    assert_eq!(answer(&store, "small", now()), "hit 5");
    assert_eq!(answer(&store, "newer", now() + Duration::from_secs(999)), "expired");
    let Tally { hits, misses_absent, misses_expired, since, .. } = store.census(now()).unwrap().tally;
    assert_eq!((hits, misses_absent, misses_expired), (4, 1, 1));
    assert!(since.is_some());
    let uses = |store: &Store| store.list().unwrap().iter().map(|listed| listed.uses).max().unwrap();
    assert_eq!(uses(&store), 4);
    put(&store, "small", b"anew", now());
    assert_eq!(uses(&store), 0);
}

#[test]
fn a_folder_that_was_removed_is_not_made_anew_to_count_in() {
    let (folder, store) = filled();
    assert_eq!(answer(&store, "small", now()), "hit 5");
    fs::remove_dir_all(folder.path()).unwrap();
    drop(store);
    assert!(!folder.path().exists());
}

/// Before there were counts: the tables are not there, and the index is as good as ever.
#[test]
fn the_index_of_yesterday_is_read_and_counted_in() {
    let (folder, store) = filled();
    drop(store);
    let index = Connection::open(folder.path().join("index.db")).unwrap();
    let made: i64 = index
        .query_row("SELECT count(*) FROM sqlite_schema WHERE name IN ('uses', 'tally')", [], |row| row.get(0))
        .unwrap();
    assert_eq!(made, 0, "what nobody has asked yet has no counts");
    let store = open(&folder);
    assert_eq!(store.census(now()).unwrap().tally, Tally::default());
    assert_eq!(answer(&store, "small", now()), "hit 5");
    assert_eq!(store.census(now()).unwrap().tally.hits, 1);
    // A program that knows no counts deletes, too.
    index.execute("DELETE FROM entries", []).unwrap();
    let left: i64 = index.query_row("SELECT count(*) FROM uses", [], |row| row.get(0)).unwrap();
    assert_eq!(left, 0);
}

#[test]
fn a_census_adds_up() {
    let (_folder, store) = filled();
    let census = store.census(now() + Duration::from_secs(999)).unwrap();
    let Census { entries, objects, subjects, manifests, bytes, .. } = census;
    assert_eq!((entries.count, objects.count, subjects.count, manifests.count), (4, 2, 3, 0));
    assert_eq!(bytes, entries.bytes + objects.bytes + subjects.bytes + manifests.bytes);
    assert_eq!((census.expired, census.pending), (1, 0));
    assert!(census.index_bytes > 0 && census.max_bytes > bytes);
}

#[test]
fn what_is_chosen_is_taken_out_with_what_only_it_refers_to() {
    let (_folder, store) = filled();
    let cleared = store.clear(&|listed| listed.subject.as_deref() == Some("again"), now()).unwrap();
    assert_eq!(cleared.entries, 1);
    assert!(cleared.bytes > 30_000);
    assert_eq!(store.latest("again").unwrap(), None);
    assert_eq!((answer(&store, "newer", now()), answer(&store, "older", now())), ("absent".into(), "hit 5".into()));
    assert_eq!(objects(&store).len(), 1);
    let cleared = store.clear_all(now()).unwrap();
    assert_eq!((cleared.entries, store.bytes().unwrap(), objects(&store).len()), (3, 0, 0));
}

/// Harms a store and returns what is found, then what is found after the repair.
fn check(harm: impl FnOnce(&Store, &Connection), expected: &[(DamagedPart, &str)]) {
    let (folder, store) = filled();
    harm(&store, &Connection::open(folder.path().join("index.db")).unwrap());
    let told = |verdict: &Verdict| -> Vec<(DamagedPart, String)> {
        verdict.damages.iter().map(|damage| (damage.part, damage.reason.clone())).collect()
    };
    let found = told(&store.verify(false).unwrap());
    let is_found =
        found.iter().zip(expected).all(|((part, reason), (other, begin))| part == other && reason.contains(begin));
    assert!(found.len() == expected.len() && is_found, "{found:?}");
    assert_eq!(told(&store.verify(true).unwrap()), found);
    let after = store.verify(false).unwrap();
    assert_eq!((told(&after), after.repaired), (Vec::new(), false));
}

#[test]
fn a_store_that_is_whole_is_found_whole() {
    let (_folder, store) = filled();
    let verdict = store.verify(true).unwrap();
    assert_eq!((verdict.entries, verdict.objects, verdict.subjects), (4, 2, 3));
    assert_eq!((verdict.damages, verdict.repaired), (Vec::new(), false));
}

#[test]
fn a_result_that_was_changed_is_found() {
    let change = |_: &Store, index: &Connection| {
        index.execute("UPDATE entries SET value = x'00' WHERE value = x'76616c7565'", []).unwrap();
    };
    check(change, &[(DamagedPart::Entry, "its checksum is wrong")]);
}

#[test]
fn a_content_that_was_changed_is_found_with_the_result_that_needs_it() {
    let change = |store: &Store, _: &Connection| fs::write(&objects(store)[0], "x").unwrap();
    check(change, &[(DamagedPart::Object, "is damaged"), (DamagedPart::Entry, "is not whole")]);
    let remove = |store: &Store, _: &Connection| fs::remove_file(&objects(store)[0]).unwrap();
    check(remove, &[(DamagedPart::Object, "is not in the cache"), (DamagedPart::Entry, "is not whole")]);
    let unlist = |store: &Store, index: &Connection| {
        index.execute("DELETE FROM objects WHERE bytes > 25000", []).unwrap();
        assert_eq!(store.list().unwrap().len(), 4);
    };
    check(unlist, &[(DamagedPart::Entry, "is not there"), (DamagedPart::File, "belongs to nothing")]);
}

#[test]
fn a_key_that_cannot_be_read_and_a_stray_file_are_found() {
    let change = |_: &Store, index: &Connection| {
        index.execute("UPDATE subjects SET key = x'7b7d' WHERE name = 'small'", []).unwrap();
        index.execute("UPDATE subjects SET key = 'text' WHERE name = 'large'", []).unwrap();
    };
    check(change, &[(DamagedPart::Subject, "missing field"), (DamagedPart::Subject, "wrong type")]);
    let stray = |store: &Store, _: &Connection| fs::write(store.dir().join("objects/zz"), "x").unwrap();
    check(stray, &[(DamagedPart::File, "belongs to nothing")]);
}
