//! What the tests of the store share: one way to put a value and one to ask for it.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use segno_cache::{Key, Lookup, MissReason, NewEntry, Options, Store};
use tempfile::TempDir;

pub(crate) fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}

pub(crate) fn key(text: &str) -> Key {
    let mut builder = Key::builder("test");
    builder.text("command", text);
    builder.finish()
}

pub(crate) fn open(folder: &TempDir) -> Store {
    Store::open(folder.path(), Options::default()).unwrap()
}

pub(crate) fn put(store: &Store, name: &str, value: &[u8], now: SystemTime) {
    store.store(NewEntry { value, ..NewEntry::of(&key(name), name, now) }).unwrap();
}

/// Says what the store answers: the value's length, or why there is none.
pub(crate) fn answer(store: &Store, name: &str, now: SystemTime) -> String {
    match store.fetch(&[key(name).digest()], now).unwrap().remove(0) {
        Lookup::Hit(hit) => format!("hit {}", hit.value.len()),
        Lookup::Miss(MissReason::Absent) => "absent".into(),
        Lookup::Miss(MissReason::Expired { .. }) => "expired".into(),
        Lookup::Miss(MissReason::Damaged(reason)) => format!("damaged: {reason}"),
    }
}

pub(crate) fn objects(store: &Store) -> Vec<PathBuf> {
    let folders = fs::read_dir(store.dir().join("objects")).into_iter().flatten().flatten();
    folders.flat_map(|folder| fs::read_dir(folder.path()).unwrap()).map(|file| file.unwrap().path()).collect()
}
