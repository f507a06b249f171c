//! The store keeps within its size: what goes first, and what stays because something refers to it.

#![cfg(feature = "disk")]
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking, its helpers too")]

mod support;

use std::fs;
use std::time::Duration;

use rusqlite::Connection;
use segno_cache::{Digest, Error, Eviction, Key, Manifest, NewEntry, Options, Store};
use tempfile::TempDir;

use support::{answer, key, now, objects, open, put};

fn bounded(folder: &TempDir, max_bytes: u64) -> Store {
    Store::open(folder.path(), Options { max_bytes, ..Options::default() }).unwrap()
}

#[test]
fn what_was_used_longest_ago_is_evicted() {
    let folder = tempfile::tempdir().unwrap();
    let store = bounded(&folder, 100_000);
    for (hour, name) in ["a", "b", "c", "d"].into_iter().enumerate() {
        put(&store, name, &[0; 15_000], now() + Duration::from_secs(hour as u64 * 3_600));
        assert!(store.bytes().unwrap() <= 100_000);
    }
    let later = now() + Duration::from_secs(86_400);
    assert_eq!(answer(&store, "a", later), "hit 15000");
    put(&store, "e", &[0; 40_000], later);
    assert!(store.bytes().unwrap() <= 90_000);
    let answers = ["a", "b", "c", "d", "e"].map(|name| answer(&store, name, later));
    assert_eq!(answers, ["hit 15000", "absent", "hit 15000", "hit 15000", "hit 40000"]);
    assert_eq!(store.latest("b").unwrap(), None);
}

#[test]
fn what_was_not_used_for_too_long_goes() {
    let folder = tempfile::tempdir().unwrap();
    let age = Duration::from_secs(7 * 86_400);
    let store = Store::open(folder.path(), Options { max_age: Some(age), ..Options::default() }).unwrap();
    let day = |days: u64| now() + Duration::from_secs(days * 86_400);
    put(&store, "used", &[0; 10], day(0));
    put(&store, "left", &[0; 10], day(0));
    assert_eq!(answer(&store, "used", day(5)), "hit 10");
    put(&store, "written", &[0; 10], day(5)); // with it, what was used is written down
    assert_eq!(answer(&store, "left", day(8)), "expired");
    assert_eq!(answer(&store, "used", day(11)), "hit 10");
    put(&store, "new", &[0; 10], day(17));
    let index = Connection::open(folder.path().join("index.db")).unwrap();
    let rows: i64 = index.query_row("SELECT count(*) FROM entries", [], |row| row.get(0)).unwrap();
    assert_eq!(rows, 2, "one was used six days before, one is new");
}

#[test]
fn the_bound_holds_and_what_nothing_refers_to_is_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let store = bounded(&folder, 200_000);
    for number in 0..50u8 {
        let name = number.to_string();
        let file = Manifest::new(vec![(name.clone(), Digest::of(&[number]))]);
        let mut builder = Key::builder("test");
        builder.files("files", &file);
        let (key, at) = (builder.finish(), now() + Duration::from_secs(number.into()));
        let object = store.put_object(&vec![number; 30_000]).unwrap();
        let entry = NewEntry { value: &[number; 100], objects: &[object], ..NewEntry::of(&key, &name, at) };
        store.store(NewEntry { manifests: &[file], ..entry }).unwrap();
        assert!(store.bytes().unwrap() <= 200_000);
    }
    assert!((4..=6).contains(&objects(&store).len()));
    put(&store, "huge", &[0; 300_000], now() + Duration::from_secs(99));
    assert_eq!((store.bytes().unwrap(), objects(&store).len()), (0, 0));
    let index = Connection::open(folder.path().join("index.db")).unwrap();
    for table in ["entries", "objects", "entry_objects", "subjects", "manifests", "subject_manifests"] {
        let rows: i64 = index.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap();
        assert_eq!(rows, 0, "{table}");
    }
}

#[test]
fn what_a_killed_process_left_half_written_goes_with_the_next_eviction() {
    let folder = tempfile::tempdir().unwrap();
    let store = bounded(&folder, 50_000);
    put(&store, "a", &[0; 30_000], now());
    let left = ["tmp-old", "tmp-new"].map(|name| folder.path().join("objects").join(name));
    for (file, age) in left.iter().zip([7_200, 60]) {
        fs::write(file, "half").unwrap();
        let written = now() - Duration::from_secs(age);
        fs::File::options().write(true).open(file).unwrap().set_modified(written).unwrap();
    }
    put(&store, "b", &[1; 30_000], now() + Duration::from_secs(1));
    assert_eq!(left.map(|file| file.exists()), [false, true]);
}

#[test]
fn an_object_that_two_entries_share_stays_for_the_second() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    let object = store.put_object(&[1; 20_000]).unwrap();
    for name in ["a", "b"] {
        store.store(NewEntry { objects: &[object], ..NewEntry::of(&key(name), name, now()) }).unwrap();
    }
    put(&store, "a", b"", now());
    assert!(store.read_object(&object).is_ok());
    put(&store, "b", b"", now());
    assert!(matches!(store.read_object(&object), Err(Error::MissingObject { .. })));
}

/// Puts `a` to `e` an hour apart, asks for `b` and `c` as often as that says, and puts so much that two must go: which stay.
fn check_eviction(eviction: Eviction, asks: [usize; 2], expected: &str) {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { max_bytes: 100_000, eviction, ..Options::default() };
    let store = Store::open(folder.path(), options).unwrap();
    let hour = |hours: u64| now() + Duration::from_secs(hours * 3_600);
    for (number, name) in (0..).zip(["a", "b", "c", "d", "e"]) {
        put(&store, name, &[0; 15_000], hour(number));
    }
    for (name, asks) in ["b", "c"].into_iter().zip(asks) {
        for _ in 0..asks {
            answer(&store, name, hour(9));
        }
    }
    put(&store, "f", &[0; 40_000], hour(10));
    let stay = ["a", "b", "c", "d", "e", "f"].into_iter().filter(|name| answer(&store, name, hour(10)) != "absent");
    assert_eq!(stay.collect::<String>(), expected, "{eviction:?}");
}

#[test]
fn each_eviction_chooses_in_its_own_way() {
    check_eviction(Eviction::Fifo, [1, 1], "cdef");
    check_eviction(Eviction::Lru, [1, 0], "bdef");
    check_eviction(Eviction::Sieve, [1, 0], "bdef");
    check_eviction(Eviction::Lfu, [2, 1], "bcef");
}

#[test]
fn sieve_looks_at_each_of_those_that_were_stored_in_one_moment() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { max_bytes: 100_000, eviction: Eviction::Sieve, ..Options::default() };
    let store = Store::open(folder.path(), options).unwrap();
    let names: Vec<String> = (0..40).map(|number| number.to_string()).collect();
    for name in &names {
        put(&store, name, &[0; 15_000], now());
        answer(&store, "0", now() + Duration::from_secs(2 * 3_600));
    }
    assert!(store.bytes().unwrap() <= 100_000);
    let stay: Vec<&String> = names.iter().filter(|name| answer(&store, name, now()) != "absent").collect();
    assert!((5..=6).contains(&stay.len()) && stay[0] == "0", "{stay:?}");
}

#[test]
fn sieve_spares_what_was_used_once_and_no_longer() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { max_bytes: 100_000, eviction: Eviction::Sieve, ..Options::default() };
    let store = Store::open(folder.path(), options).unwrap();
    let hour = |hours: u64| now() + Duration::from_secs(hours * 3_600);
    put(&store, "old", &[0; 15_000], hour(0));
    answer(&store, "old", hour(2));
    for number in 3..60 {
        put(&store, &number.to_string(), &[0; 15_000], hour(number));
        assert!(store.bytes().unwrap() <= 100_000);
        // Everything was used: one round of the hand spares it all, the next one none.
        answer(&store, &number.to_string(), hour(number + 2));
    }
    assert_eq!(answer(&store, "old", hour(60)), "absent");
}
