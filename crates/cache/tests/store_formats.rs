//! Indexes of other programs: yesterday's is brought up to date, a newer one is left as it is.

#![cfg(feature = "disk")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use rusqlite::Connection;
use segno_cache::{Digest, Error, Eviction, Key, Lookup, NewEntry, Options, Store};

const YESTERDAY: &str = include_str!("data/index_format_2.sql");

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}

fn key(name: &str) -> Key {
    let mut builder = Key::builder("test");
    builder.text("command", name);
    builder.finish()
}

fn open(dir: &Path) -> Result<Store, Error> {
    Store::open(dir, Options { eviction: Eviction::Sieve, ..Options::default() })
}

fn value(store: &Store, name: &str) -> Option<Vec<u8>> {
    match store.fetch(&[key(name).digest()], now()).unwrap().remove(0) {
        Lookup::Hit(hit) => Some(hit.value),
        Lookup::Miss(_) => None,
    }
}

#[test]
fn the_index_of_yesterday_is_brought_up_to_date() {
    let folder = tempfile::tempdir().unwrap();
    let index = Connection::open(folder.path().join("index.db")).unwrap();
    index.execute_batch(YESTERDAY).unwrap();
    drop(index);
    for _ in 0..2 {
        let store = open(folder.path()).unwrap();
        assert_eq!(value(&store, "a"), Some(b"a".repeat(100)));
        assert_eq!(store.latest("b").unwrap(), Some(key("b")));
        assert_eq!(store.read_object(&Digest::of(b"an output")).unwrap(), b"an output");
        store.store(NewEntry { value: b"new", ..NewEntry::of(&key("c"), "c", now()) }).unwrap();
        assert_eq!(value(&store, "c"), Some(b"new".to_vec()));
        assert!(store.verify(false).unwrap().damages.is_empty());
    }
    let names: Vec<String> =
        fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    assert!(!names.iter().any(|name| name.contains("damaged")), "{names:?}");
}

#[test]
fn an_upgraded_index_has_the_tables_of_a_new_one() {
    let columns = |dir: &Path| -> Vec<String> {
        let index = Connection::open(dir.join("index.db")).unwrap();
        let select = "SELECT m.type || ' ' || m.name || ' ' || coalesce(group_concat(p.name || ' ' || p.type), '')
                      FROM sqlite_schema m LEFT JOIN pragma_table_info(m.name) p WHERE m.type <> 'index'
                      GROUP BY m.name ORDER BY m.name";
        let mut query = index.prepare(select).unwrap();
        query.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    let (old, new) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    Connection::open(old.path().join("index.db")).unwrap().execute_batch(YESTERDAY).unwrap();
    drop((open(old.path()).unwrap(), open(new.path()).unwrap()));
    assert_eq!(columns(old.path()), columns(new.path()));
}

/// Its indexes are other ones: the old ones stay.
#[test]
fn what_is_over_goes_first_from_an_upgraded_index() {
    let folder = tempfile::tempdir().unwrap();
    Connection::open(folder.path().join("index.db")).unwrap().execute_batch(YESTERDAY).unwrap();
    let store = Store::open(folder.path(), Options { max_bytes: 100_000, ..Options::default() }).unwrap();
    let put = |name: &str, ttl: Option<u64>, seconds: u64| {
        let (key, now) = (key(name), now() + Duration::from_secs(seconds));
        let ttl = ttl.map(Duration::from_secs);
        store
            .store(NewEntry {
                value: &name.repeat(20_000 / name.len()).into_bytes(),
                ttl,
                ..NewEntry::of(&key, name, now)
            })
            .unwrap();
    };
    put("stays", None, 0);
    put("brief", Some(5), 1);
    (0..3).for_each(|number| put(&number.to_string(), None, 10));
    assert_eq!(
        ["stays", "brief", "0", "1", "2"].map(|name| value(&store, name).is_some()),
        [true, false, true, true, true]
    );
}

#[test]
fn yesterdays_index_in_which_a_name_is_damaged_is_set_aside() {
    let folder = tempfile::tempdir().unwrap();
    let damaged = YESTERDAY.replace("subjects", "subjectz");
    Connection::open(folder.path().join("index.db")).unwrap().execute_batch(&damaged).unwrap();
    let store = open(folder.path()).unwrap();
    assert_eq!(value(&store, "a"), None);
    assert!(folder.path().join("index.db.damaged-1").exists());
}

#[test]
fn the_index_of_a_newer_program_is_refused_and_nothing_of_it_is_touched() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    let large = vec![7; 50_000];
    store.store(NewEntry { value: &large, ..NewEntry::of(&key("a"), "a", now()) }).unwrap();
    drop(store);
    let index = Connection::open(folder.path().join("index.db")).unwrap();
    let application: i64 = index.query_row("PRAGMA application_id", [], |row| row.get(0)).unwrap();
    index.pragma_update(None, "user_version", 9).unwrap();
    index.pragma_update(None, "application_id", application + 6).unwrap();
    drop(index);
    let before = listing(folder.path());
    let error = open(folder.path()).unwrap_err();
    assert!(matches!(error, Error::Newer { found: 9, known: 3, .. }), "{error:?}");
    assert!(error.to_string().ends_with("update it or use another folder"), "{error}");
    assert_eq!(listing(folder.path()), before);
}

/// Returns every file with its size, without what SQLite makes to read.
fn listing(dir: &Path) -> Vec<(String, u64)> {
    let mut found = Vec::new();
    for file in fs::read_dir(dir).unwrap().map(Result::unwrap) {
        match file.metadata().unwrap() {
            folder if folder.is_dir() => found.extend(listing(&file.path())),
            file_facts => found.push((file.path().display().to_string(), file_facts.len())),
        }
    }
    found.retain(|(name, _)| !name.ends_with("-wal") && !name.ends_with("-shm"));
    found.sort();
    found
}
