//! Several stores on one folder, as several processes have them.

#![cfg(feature = "disk")]
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking, its helpers too")]

use std::fs;
use std::thread;
use std::time::SystemTime;

use segno_cache::{Digest, Key, Lookup, NewEntry, Options, Store};

const ENTRIES: usize = 60;

fn key(writer: usize, number: usize) -> Key {
    let mut builder = Key::builder("test");
    builder.text("writer", &writer.to_string()).text("number", &number.to_string());
    builder.finish()
}

/// Every fourth value is large enough for a file, and all writers write the same ones.
fn value(number: usize) -> Vec<u8> {
    vec![number as u8; if number.is_multiple_of(4) { 20_000 } else { 200 }]
}

fn is_right(lookup: &Lookup, number: usize) -> bool {
    matches!(lookup, Lookup::Hit(hit) if hit.value == value(number))
}

fn write_all(store: &Store, writer: usize) {
    for number in 0..ENTRIES {
        let object = store.put_object(&value(number)).unwrap();
        let value = value(number);
        let (key, subject) = (key(writer, number), format!("subject {number}"));
        let entry = NewEntry::of(&key, &subject, SystemTime::now());
        store.store(NewEntry { value: &value, objects: &[object], ..entry }).unwrap();
        let lookup = &store.fetch(&[key.digest()], SystemTime::now()).unwrap()[0];
        assert!(is_right(lookup, number), "{lookup:?}");
    }
}

#[test]
fn two_stores_on_one_folder_see_each_others_values() {
    let folder = tempfile::tempdir().unwrap();
    let stores = [0, 1].map(|_| Store::open(folder.path(), Options::default()).unwrap());
    let key = key(0, 1);
    stores[0].store(NewEntry { value: b"x", ..NewEntry::of(&key, "s", SystemTime::now()) }).unwrap();
    let lookup = &stores[1].fetch(&[key.digest()], SystemTime::now()).unwrap()[0];
    assert!(matches!(lookup, Lookup::Hit(hit) if hit.value == b"x"));
    assert_eq!(stores[1].latest("s").unwrap(), Some(key));
}

#[test]
fn writers_at_the_same_time_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    thread::scope(|scope| {
        for writer in 0..4 {
            let dir = folder.path();
            // Opened within the thread, so that opening races too.
            scope.spawn(move || write_all(&Store::open(dir, Options::default()).unwrap(), writer));
        }
    });
    let store = Store::open(folder.path(), Options::default()).unwrap();
    for writer in 0..4 {
        let digests: Vec<Digest> = (0..ENTRIES).map(|number| key(writer, number).digest()).collect();
        let lookups = store.fetch(&digests, SystemTime::now()).unwrap();
        assert!(lookups.iter().enumerate().all(|(number, lookup)| is_right(lookup, number)));
    }
}

#[test]
fn eviction_by_one_gives_another_only_right_values_or_misses() {
    let folder = tempfile::tempdir().unwrap();
    let open = || Store::open(folder.path(), Options { max_bytes: 60_000, ..Options::default() }).unwrap();
    thread::scope(|scope| {
        for writer in 0..2 {
            let store = open();
            scope.spawn(move || {
                for number in 0..ENTRIES {
                    let value = value(number);
                    let key = key(writer, number);
                    let entry = NewEntry::of(&key, "s", SystemTime::now());
                    store.store(NewEntry { value: &value, ..entry }).unwrap();
                    let earlier = number.saturating_sub(1);
                    let digests = [self::key(1 - writer, earlier).digest()];
                    let lookup = &store.fetch(&digests, SystemTime::now()).unwrap()[0];
                    assert!(is_right(lookup, earlier) || matches!(lookup, Lookup::Miss(_)));
                    assert!(store.bytes().unwrap() <= 60_000);
                }
            });
        }
    });
}

#[test]
fn a_damaged_index_is_set_aside_once_by_many() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("index.db"), "this is no database, and long enough to be looked at").unwrap();
    thread::scope(|scope| {
        for writer in 0..4 {
            let dir = folder.path();
            scope.spawn(move || write_all(&Store::open(dir, Options::default()).unwrap(), writer));
        }
    });
    assert!(folder.path().join("index.db.damaged-1").exists());
    assert!(!folder.path().join("index.db.damaged-2").exists());
}
