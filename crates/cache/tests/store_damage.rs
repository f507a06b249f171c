//! Kills and flipped bits: what was acknowledged is there, and what is damaged is never returned.
//!
//! Few of each always run. The whole measure is `cargo xtask crash --cache`, a few minutes; other numbers are given with the
//! variables `SEGNO_CACHE_KILLS` and `SEGNO_CACHE_FLIPS`.

#![cfg(feature = "disk")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use segno_cache::{Digest, Durability, Key, Lookup, NewEntry, Options, Store};

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}

fn key(number: u64) -> Key {
    let mut builder = Key::builder("damage");
    builder.text("number", &number.to_string());
    builder.finish()
}

/// Bytes that nothing else has; every fifth value is large enough for a file.
fn value(number: u64) -> Vec<u8> {
    let mut bytes = vec![0; if number.is_multiple_of(5) { 40_000 } else { 3_000 }];
    blake3::Hasher::new().update(&number.to_le_bytes()).finalize_xof().fill(&mut bytes);
    bytes
}

fn open(dir: &Path) -> Store {
    Store::open(dir, Options { durability: Durability::Synced, ..Options::default() }).unwrap()
}

/// Puts a value as a result and as bytes of a layer.
fn put(store: &Store, number: u64) {
    let (key, value) = (key(number), value(number));
    store.store(NewEntry { value: &value, ..NewEntry::of(&key, &number.to_string(), now()) }).unwrap();
    store.keep_bytes(&key.digest(), &value, Some(Duration::from_secs(60)), now()).unwrap();
}

/// Returns whether a result and the bytes under a number are there; what is there must be right.
fn has(store: &Store, number: u64) -> Result<[bool; 2], segno_cache::Error> {
    let digest = key(number).digest();
    let result = match store.fetch(&[digest], now())?.remove(0) {
        Lookup::Hit(hit) => Some(hit.value),
        Lookup::Miss(_) => None,
    };
    let bytes = store.recall_bytes(&[digest], now())?.remove(0);
    let found = [result, bytes];
    assert!(found.iter().flatten().all(|found| *found == value(number)), "a damaged value of {number} was returned");
    Ok(found.map(|found| found.is_some()))
}

/// Numbers that look like chance and are the same in every run.
struct Dice(blake3::OutputReader);

impl Dice {
    fn new(seed: &str) -> Dice {
        Dice(blake3::Hasher::new().update(seed.as_bytes()).finalize_xof())
    }

    fn below(&mut self, end: u64) -> u64 {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        u64::from_le_bytes(bytes) % end
    }
}

fn count(variable: &str, always: u64) -> u64 {
    std::env::var(variable).map_or(always, |text| text.parse().unwrap())
}

const FOLDER: &str = "SEGNO_CACHE_KILLED_DIR";
const FIRST: &str = "SEGNO_CACHE_KILLED_FIRST";

#[test]
fn what_was_acknowledged_survives_a_kill_at_any_moment() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        return put_until_killed(Path::new(&folder));
    }
    let folder = tempfile::tempdir().unwrap();
    let (mut dice, mut acknowledged) = (Dice::new("kills"), BTreeSet::new());
    for round in 0..count("SEGNO_CACHE_KILLS", 20) {
        let wanted = dice.below(40) as usize;
        let told = kill_after(folder.path(), round * 1_000, wanted);
        assert!(told.len() >= wanted, "the killed process ended by itself");
        let store = open(folder.path());
        for number in told.iter().copied().chain(round * 1_000..round * 1_000 + 60) {
            assert!(has(&store, number).unwrap() == [true, true] || !told.contains(&number), "{number} is lost");
        }
        acknowledged.extend(told);
    }
    let store = open(folder.path());
    for number in &acknowledged {
        assert_eq!(has(&store, *number).unwrap(), [true, true], "{number} is lost");
    }
    assert!(store.verify(false).unwrap().damages.iter().all(|damage| damage.reason == "it belongs to nothing"));
}

/// Puts numbers and tells each that is acknowledged. Runs in a process of its own.
fn put_until_killed(folder: &Path) {
    let first: u64 = std::env::var(FIRST).unwrap().parse().unwrap();
    let (store, mut told) = (open(folder), std::io::stdout());
    for number in first..first + 900 {
        put(&store, number);
        told.write_all(format!("\nput {number}\n").as_bytes()).unwrap();
        told.flush().unwrap();
    }
}

/// Starts a process that puts, kills it after so many puts, and returns all that it told.
fn kill_after(folder: &Path, first: u64, wanted: usize) -> Vec<u64> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "what_was_acknowledged_survives_a_kill_at_any_moment", "--nocapture"])
        .env(FOLDER, folder)
        .env(FIRST, first.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut told = Vec::new();
    for line in lines.map_while(Result::ok) {
        if let Some(number) = line.strip_prefix("put ") {
            told.push(number.parse().unwrap());
        }
        if told.len() == wanted {
            // It goes on until the signal comes; what it tells by then is read too.
            child.kill().unwrap();
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    told
}

const VALUES: u64 = 30;

#[test]
fn no_flipped_bit_brings_back_a_damaged_value() {
    let parent = tempfile::tempdir().unwrap();
    let (whole, while_open, harmed) =
        (parent.path().join("whole"), parent.path().join("open"), parent.path().join("harmed"));
    let store = open(&whole);
    (0..VALUES).for_each(|number| put(&store, number));
    // With a journal beside the index, as a killed process leaves it.
    copy(&whole, &while_open);
    drop(store);
    let (mut dice, mut flipped, mut hits, mut asked) = (Dice::new("flips"), 0, 0, 0);
    let flips = count("SEGNO_CACHE_FLIPS", 300);
    while flipped < flips {
        let _ = fs::remove_dir_all(&harmed);
        copy(if flipped.is_multiple_of(2) { &whole } else { &while_open }, &harmed);
        let files = files(&harmed);
        for _ in 0..=dice.below(2) {
            flip(&files, &mut dice);
            flipped += 1;
        }
        // It may also be refused, or fail and start anew.
        let Ok(store) = Store::open(&harmed, Options::default()) else { continue };
        for number in 0..VALUES {
            asked += 2;
            hits += has(&store, number).map_or(0, |found| found.iter().filter(|found| **found).count());
            let _ = store.latest(&number.to_string()).map(|latest| assert!(latest.is_none_or(|it| it == key(number))));
        }
        let object = Digest::of(&value(0));
        assert!(store.read_object(&object).is_ok_and(|bytes| bytes == value(0)) || store.read_object(&object).is_err());
        check_writes(&store);
    }
    // The store is worth something: most values come back all the same.
    assert!(hits * 2 > asked, "{hits} of {asked}");
}

/// What is put into a damaged store comes back or is a miss, and soon everything works again.
fn check_writes(store: &Store) {
    let (mut worked, mut said) = (false, String::new());
    for number in VALUES..VALUES + 3 {
        let (key, value) = (key(number), value(number));
        let stored = store.store(NewEntry { value: &value, ..NewEntry::of(&key, "new", now()) });
        let found = has(store, number).unwrap_or_default();
        worked = stored.is_ok() && found[0];
        said = format!("{stored:?}, {found:?}");
    }
    assert!(worked, "the store does not work again: {said}");
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for file in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(file.file_name());
        match file.file_type().unwrap().is_dir() {
            true => copy(&file.path(), &target),
            false => _ = fs::copy(file.path(), &target).unwrap(),
        }
    }
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for file in fs::read_dir(dir).unwrap().map(Result::unwrap) {
        match file.file_type().unwrap().is_dir() {
            true => found.extend(files(&file.path())),
            false => found.push(file.path()),
        }
    }
    found.sort();
    found
}

/// Flips one bit of all the files together.
fn flip(files: &[PathBuf], dice: &mut Dice) {
    let sizes: Vec<u64> = files.iter().map(|file| fs::metadata(file).unwrap().len()).collect();
    let mut place = dice.below(sizes.iter().sum());
    for (file, size) in files.iter().zip(sizes) {
        if place < size {
            let mut bytes = fs::read(file).unwrap();
            bytes[place as usize] ^= 1 << dice.below(8);
            return fs::write(file, bytes).unwrap();
        }
        place -= size;
    }
}
