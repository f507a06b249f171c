//! The store keeps within its size: what goes first, and what stays because something refers to it.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking, its helpers too")]

mod support;

use std::fs;
use std::time::Duration;

use rusqlite::Connection;
use segno_cache::{Digest, Error, Key, Manifest, NewEntry, Options, Store};
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
