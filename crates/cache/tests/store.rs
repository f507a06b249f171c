//! The disk cache: what comes back, what does not and says why, and what explains a miss.

#![cfg(feature = "disk")]
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking, its helpers too")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::Connection;
use segno_cache::{Digest, Error, Key, Lookup, Manifest, MissReason, NewEntry, Options, Store};

use support::{answer, key, now, objects, open, put};

#[test]
fn values_come_back_in_the_order_asked() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    let (small, large) = (vec![1; 10], vec![2; 100_000]);
    let (one, two) = (key("one"), key("two"));
    store
        .store_many(&[
            NewEntry { value: &small, ..NewEntry::of(&one, "s", now()) },
            NewEntry { value: &large, ..NewEntry::of(&two, "s", now()) },
        ])
        .unwrap();
    drop(store);
    let digests = [two.digest(), key("none").digest(), one.digest()];
    let answers = open(&folder).fetch(&digests, now()).unwrap();
    let Lookup::Hit(hit) = &answers[0] else { panic!("{answers:?}") };
    assert_eq!((&hit.value, hit.stored_at), (&large, now()));
    assert_eq!(answers[1], Lookup::Miss(MissReason::Absent));
    assert!(matches!(&answers[2], Lookup::Hit(hit) if hit.value == small));
    assert_eq!(objects(&open(&folder)).len(), 1);
}

#[test]
fn a_value_stored_again_replaces_the_older_one() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    put(&store, "a", &[0; 50_000], now());
    put(&store, "a", &[0; 5], now());
    assert_eq!(answer(&store, "a", now()), "hit 5");
    assert_eq!(objects(&store), Vec::<PathBuf>::new());
}

#[test]
fn a_value_expires_to_the_nanosecond_and_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    let (wanted, ttl) = (key("a"), Duration::from_secs(60));
    let entry = NewEntry { value: b"x", ttl: Some(ttl), ..NewEntry::of(&wanted, "a", now()) };
    store.store(entry).unwrap();
    assert_eq!(answer(&store, "a", now() + ttl - Duration::from_nanos(1)), "hit 1");
    let lookups = store.fetch(&[key("a").digest()], now() + ttl).unwrap();
    assert_eq!(lookups, [Lookup::Miss(MissReason::Expired { since: now() + ttl })]);
    assert_eq!(answer(&store, "a", now()), "absent");
    assert_eq!(store.latest("a").unwrap(), Some(key("a")));
}

/// Stores a value, changes the index by hand, and asks twice.
fn check_damage(change: &str, expected: &str) {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    put(&store, "a", b"value", now());
    put(&store, "b", &[7; 20_000], now());
    let index = Connection::open(folder.path().join("index.db")).unwrap();
    let digest = key("a").digest();
    assert_eq!(index.execute(change, [digest.as_bytes()]).unwrap(), 1);
    assert_eq!(answer(&store, "a", now()), expected, "{change}");
    assert_eq!(answer(&store, "a", now()), "absent", "{change}");
    assert_eq!(answer(&store, "b", now()), "hit 20000");
}

#[test]
fn a_damaged_value_is_a_miss_that_says_so_and_goes() {
    check_damage("UPDATE entries SET value = x'00' WHERE digest = ?1", "damaged: its checksum is wrong");
    check_damage("UPDATE entries SET stored_at = stored_at + 1 WHERE digest = ?1", "damaged: its checksum is wrong");
    check_damage(
        "UPDATE entries SET expires_at = 9000000000000000000 WHERE digest = ?1",
        "damaged: its checksum is wrong",
    );
    check_damage("UPDATE entries SET checksum = x'00' WHERE digest = ?1", "damaged: a field of it has the wrong type");
    check_damage("UPDATE entries SET value = 'text' WHERE digest = ?1", "damaged: its value has the wrong type");
    check_damage("UPDATE entries SET format = 0 WHERE digest = ?1", "damaged: it has another format");
    check_damage("UPDATE entries SET format = 'one' WHERE digest = ?1", "damaged: it has another format");
}

#[test]
fn a_value_of_a_newer_program_is_a_miss_and_stays() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    put(&store, "a", b"value", now());
    let index = Connection::open(folder.path().join("index.db")).unwrap();
    index.execute("UPDATE entries SET format = 2", []).unwrap();
    for _ in 0..2 {
        assert_eq!(answer(&store, "a", now()), "damaged: it has a newer format");
    }
    index.execute("UPDATE entries SET format = 1", []).unwrap();
    assert_eq!(answer(&store, "a", now()), "hit 5");
}

#[test]
fn an_index_without_a_table_or_column_of_ours_is_set_aside() {
    let gone =
        |change: &'static str| move |index: &Path| Connection::open(index).unwrap().execute_batch(change).unwrap();
    check_unusable(gone("DROP TABLE objects"));
    check_unusable(gone("ALTER TABLE entries RENAME COLUMN checksum TO checksun"));
    check_unusable(gone("DROP TABLE totals"));
    check_unusable(gone(
        "DROP TRIGGER entry_in; CREATE TRIGGER entry_in AFTER INSERT ON entries BEGIN SELECT NEW.byteq; END",
    ));
}

#[test]
fn another_digest_under_the_same_number_is_a_miss() {
    check_damage("UPDATE entries SET digest = zeroblob(32) WHERE digest = ?1", "absent");
}

/// Stores a large value, does something to the file that it is in, and asks.
fn check_object_damage(harm: impl Fn(&Path), expected: &str) {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    put(&store, "a", &[7; 20_000], now());
    harm(&objects(&store)[0]);
    assert!(answer(&store, "a", now()).ends_with(expected));
    assert_eq!(answer(&store, "a", now()), "absent");
    put(&store, "a", &[7; 20_000], now());
    assert_eq!(answer(&store, "a", now()), "hit 20000");
}

#[test]
fn a_damaged_object_is_a_miss_and_can_be_stored_again() {
    check_object_damage(|path| fs::write(path, vec![8; 20_000]).unwrap(), "is damaged");
    check_object_damage(|path| fs::write(path, "").unwrap(), "is damaged");
    check_object_damage(|path| fs::remove_file(path).unwrap(), "is not in the cache");
}

#[test]
fn an_object_is_checked_when_it_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    for content in [vec![1; 10], vec![1; 50_000]] {
        let digest = store.put_object(&content).unwrap();
        assert_eq!((digest, store.read_object(&digest).unwrap()), (Digest::of(&content), content));
    }
    let file = &objects(&store)[0];
    assert_eq!(store.put_file(file).unwrap(), Digest::of(&[1; 50_000]));
    fs::write(file, vec![2; 50_000]).unwrap();
    let digest = Digest::of(&[1; 50_000]);
    assert!(matches!(store.read_object(&digest), Err(Error::DamagedObject { .. })));
    assert!(matches!(store.read_object(&digest), Err(Error::MissingObject { .. })));
    assert_eq!(objects(&store), Vec::<PathBuf>::new());
}

/// Reads `name=path:content,..` as one files part.
fn files_key(text: &str) -> (Key, Manifest) {
    let file = |pair: &str| {
        let (path, content) = pair.split_once(':').unwrap();
        (path.to_owned(), Digest::of(content.as_bytes()))
    };
    let manifest = Manifest::new(text.split(' ').map(file).collect());
    let mut builder = Key::builder("test");
    builder.text("command", "make").files("files src/**", &manifest);
    (builder.finish(), manifest)
}

#[test]
fn a_miss_names_the_files_that_changed_since_the_last_store() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    let (new, new_manifest) = files_key("src/a.rs:2 src/b.rs:1");
    assert_eq!(store.explain("build", &new, &[]).unwrap(), []);
    for old in ["src/a.rs:0", "src/a.rs:1 src/c.rs:1"] {
        let (old, manifest) = files_key(old);
        store.store(NewEntry { manifests: &[manifest], ..NewEntry::of(&old, "build", now()) }).unwrap();
    }
    drop(store);
    let store = open(&folder);
    let changes = store.explain("build", &new, std::slice::from_ref(&new_manifest)).unwrap();
    assert_eq!(changes[0].to_string(), "src/a.rs changed, src/b.rs is new and src/c.rs is gone");
    let unnamed = store.explain("build", &new, &[]).unwrap();
    assert_eq!(unnamed[0].to_string(), "the files src/** changed");

    store.store(NewEntry { manifests: &[new_manifest], ..NewEntry::of(&new, "build", now()) }).unwrap();
    assert_eq!(store.explain("build", &new, &[]).unwrap(), []);
    let index = Connection::open(folder.path().join("index.db")).unwrap();
    let manifests: i64 = index.query_row("SELECT count(*) FROM manifests", [], |row| row.get(0)).unwrap();
    assert_eq!(manifests, 1);
}

/// Puts something where the index should be; the cache must start empty, work, and keep what was there.
fn check_unusable(harm: impl Fn(&Path)) {
    let folder = tempfile::tempdir().unwrap();
    put(&open(&folder), "a", &[1; 20_000], now());
    harm(&folder.path().join("index.db"));
    let store = open(&folder);
    assert_eq!(answer(&store, "a", now()), "absent");
    put(&store, "b", b"x", now());
    assert_eq!(answer(&open(&folder), "b", now()), "hit 1");
    assert!(folder.path().join("index.db.damaged-1").exists());
    assert_eq!(objects(&store), Vec::<PathBuf>::new());
}

#[test]
fn an_index_that_cannot_be_used_is_set_aside() {
    check_unusable(|index| fs::write(index, vec![b'x'; 10_000]).unwrap());
    // A newer format says so twice: this one is damage.
    check_unusable(|index| {
        Connection::open(index).unwrap().pragma_update(None, "user_version", 99).unwrap();
    });
    check_unusable(|index| {
        Connection::open(index).unwrap().pragma_update(None, "user_version", 1).unwrap();
    });
    check_unusable(|index| {
        fs::remove_file(index).unwrap();
        Connection::open(index).unwrap().execute_batch("CREATE TABLE theirs (x)").unwrap();
    });
}

#[test]
fn only_the_last_damaged_indexes_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..6 {
        fs::write(folder.path().join("index.db"), vec![b'x'; 10_000]).unwrap();
        open(&folder);
    }
    let kept: Vec<bool> =
        (1..=6).map(|number| folder.path().join(format!("index.db.damaged-{number}")).exists()).collect();
    assert_eq!(kept, [false, false, false, true, true, true]);
}

#[test]
fn an_index_that_breaks_while_open_fails_once_and_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    put(&store, "1", b"value", now());
    drop(store);
    // Only the tree of the entries breaks, so that opening succeeds.
    let path = folder.path().join("index.db");
    let root = "SELECT rootpage FROM sqlite_schema WHERE name = 'entries'";
    let page: u32 = Connection::open(&path).unwrap().query_row(root, [], |row| row.get(0)).unwrap();
    let page = page as usize;
    let mut bytes = fs::read(&path).unwrap();
    bytes[(page - 1) * 4_096..page * 4_096].fill(0x5a);
    fs::write(&path, bytes).unwrap();
    let store = open(&folder);
    let failed = store.fetch(&[key("1").digest()], now());
    assert!(matches!(failed, Err(Error::Index { .. })), "{failed:?}");
    assert_eq!(answer(&store, "1", now()), "absent");
    put(&store, "1", b"x", now());
    assert_eq!(answer(&store, "1", now()), "hit 1");
}

#[test]
fn an_order_that_breaks_while_open_fails_once_and_the_index_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    put(&open(&folder), "1", b"value", now());
    let path = folder.path().join("index.db");
    let root = "SELECT rootpage FROM sqlite_schema WHERE name = 'entries_by_use'";
    let page: u32 = Connection::open(&path).unwrap().query_row(root, [], |row| row.get(0)).unwrap();
    let mut bytes = fs::read(&path).unwrap();
    // The last byte of its only cell is the last one of the entry's number.
    bytes[page as usize * 4_096 - 1] ^= 1;
    fs::write(&path, bytes).unwrap();
    let store = open(&folder);
    let (wanted, value) = (key("1"), b"new");
    let entry = NewEntry { value, ..NewEntry::of(&wanted, "1", now()) };
    let failed = store.store(entry);
    assert!(matches!(failed, Err(Error::Index { .. })), "{failed:?}");
    store.store(entry).unwrap();
    assert_eq!(answer(&store, "1", now()), "hit 3");
}

#[cfg(unix)]
#[test]
fn a_new_folder_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("deep/cache");
    Store::open(&dir, Options::default()).unwrap();
    assert_eq!(fs::metadata(&dir).unwrap().permissions().mode() & 0o777, 0o700);
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_takes_no_file_is_an_error() {
    // Nobody can make a file there, root neither.
    let error = Store::open(Path::new("/proc/self/fdinfo"), Options::default()).unwrap_err();
    assert_eq!(error.to_string(), "cannot open /proc/self/fdinfo/index.lock");
}

#[test]
fn a_folder_that_cannot_be_made_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    let error = Store::open(&folder.path().join("file/cache"), Options::default()).unwrap_err();
    assert!(error.to_string().starts_with("cannot make the folder "), "{error}");
}

/// Puts a folder in the place of a file, as something that is there and cannot be read, and returns where the file is.
fn hide(file: &Path) -> PathBuf {
    let aside = file.with_extension("aside");
    fs::rename(file, &aside).unwrap();
    fs::create_dir(file).unwrap();
    aside
}

#[test]
fn what_cannot_be_read_just_now_is_an_error_and_stays() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    put(&store, "a", &[7; 20_000], now());
    let file = objects(&store).remove(0);
    let aside = hide(&file);
    let digests = [key("a").digest()];
    assert!(matches!(store.fetch(&digests, now()), Err(Error::Io { .. })));
    assert!(matches!(store.peek(&digests, now()), Err(Error::Io { .. })));
    assert!(matches!(store.verify(true), Err(Error::Io { .. })));
    fs::remove_dir(&file).unwrap();
    fs::rename(aside, &file).unwrap();
    assert_eq!(answer(&store, "a", now()), "hit 20000");
    assert!(store.verify(true).unwrap().damages.is_empty());
}
