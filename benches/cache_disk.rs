//! Values of 3 KB put to disk and got back, beside redb, cacache and plain files in the same run. What is measured is one
//! call after the other; what fills the time between an acknowledgement and the disk is not.

use std::fs::{self, File};
use std::hint::black_box;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use redb::{Database, Durability as RedbDurability, TableDefinition};
use segno_bench::{incompressible, tell};
use segno_cache::{Cache, Digest, DiskLayer, Durability, Layered, Options, Raw, Store};

const BYTES: usize = 3_000;
/// What the store that is full may hold.
const FULL: u64 = 16 << 20;
/// Calls of one contestant in one round.
const CALLS: u64 = 200;
const ROUNDS: u64 = 7;

const TABLE: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("values");

/// Puts or gets the value of one number; the value is made before the clock starts.
type Call<'w> = Box<dyn FnMut(u64, &[u8]) + 'w>;

fn main() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder on the disk that is built on");
    let dir = |name: &str| {
        let dir = folder.path().join(name);
        fs::create_dir(&dir).expect("the disk takes a folder");
        dir
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_time().build();
    let runtime = runtime.expect("a runtime starts");
    let [fast, synced] = [("fast", Durability::Fast), ("synced", Durability::Synced)].map(|(name, durability)| {
        Store::open(&dir(name), Options { durability, ..Options::default() }).expect("a new store opens")
    });
    let full = Store::open(&dir("full"), Options { max_bytes: FULL, ..Options::default() }).expect("a new store opens");
    (1_000_000..1_000_000 + FULL / BYTES as u64).for_each(|number| keep(&full, number, &incompressible(number, BYTES)));
    let layers = layers(&dir("layers"));
    let [lazy, durable] = ["lazy", "durable"].map(|name| database(&dir(name).join("redb")));
    let (plain, secured, content) = (dir("plain"), dir("secured"), dir("cacache"));

    let mut puts: Vec<(&str, Call<'_>)> = vec![
        ("segno, fast (wanted at most 60 µs)", Box::new(|number, value| keep(&fast, number, value))),
        ("segno, fast, in a store that is full", Box::new(|number, value| keep(&full, number, value))),
        ("segno, layers over disk", Box::new(|number, value| runtime.block_on(insert(&layers, number, value)))),
        ("files, renamed", Box::new(|number, value| write(&plain, number, value, false))),
        ("redb, not durable", Box::new(|number, value| put_redb(&lazy, number, value, RedbDurability::None))),
        ("cacache", Box::new(|number, value| put_cacache(&content, number, value))),
        ("segno, synced (wanted near one sync)", Box::new(|number, value| keep(&synced, number, value))),
        ("files, synced and renamed (one sync)", Box::new(|number, value| write(&secured, number, value, true))),
        ("redb, durable", Box::new(|number, value| put_redb(&durable, number, value, RedbDurability::Immediate))),
    ];
    contest("put", &mut puts);
    drop(puts);
    let mut gets: Vec<(&str, Call<'_>)> = vec![
        ("segno (wanted at most 10 µs)", Box::new(|number, _| recall(&fast, number))),
        ("segno, layers over disk", Box::new(|number, _| runtime.block_on(get(&layers, number)))),
        ("files", Box::new(|number, _| _ = black_box(fs::read(plain.join(number.to_string())).expect("it was put")))),
        ("redb", Box::new(|number, _| read_redb(&durable, number))),
        (
            "cacache",
            Box::new(|number, _| _ = black_box(cacache::read_sync(&content, number.to_string())).expect("it was put")),
        ),
    ];
    contest("get", &mut gets);
}

/// Lets all do the same in turn, and prints what the middle call of each took and what 99 of 100 took at most.
fn contest(topic: &str, contestants: &mut [(&str, Call<'_>)]) {
    let is_test = std::env::args().any(|argument| argument == "--test");
    let rounds = if is_test { 1 } else { ROUNDS };
    let mut times = vec![Vec::new(); contestants.len()];
    for round in 0..rounds {
        for (times, (_, call)) in times.iter_mut().zip(contestants.iter_mut()) {
            for number in round * CALLS..(round + 1) * CALLS {
                let value = incompressible(number, BYTES);
                let begun = Instant::now();
                call(number, &value);
                times.push(begun.elapsed());
            }
        }
    }
    for ((name, _), times) in contestants.iter().zip(&mut times) {
        times.sort_unstable();
        let at = |share: usize| times.get(times.len() * share / 100).copied().unwrap_or_default();
        tell(&format!("{topic} of 3 KB: {name}: median {:.1?}, p99 {:.1?}", at(50), at(99)));
    }
}

fn key(number: u64) -> Digest {
    Digest::of(&number.to_le_bytes())
}

fn keep(store: &Store, number: u64, value: &[u8]) {
    let day = Some(Duration::from_secs(86_400));
    store.keep_bytes(&key(number), value, day, SystemTime::now()).expect("the disk takes it");
}

fn recall(store: &Store, number: u64) {
    let found = store.recall_bytes(&[key(number)], SystemTime::now()).expect("the index can be read");
    assert!(found[0].as_ref().is_some_and(|found| found.len() == BYTES), "it was put");
}

fn layers(dir: &Path) -> Layered<Vec<u8>> {
    let disk = DiskLayer::new(Store::open(dir, Options::default()).expect("a new store opens"));
    // Memory that holds nothing: every call goes to the disk.
    Layered::builder(Raw).memory(Cache::new(0)).layer(Arc::new(disk)).build()
}

async fn insert(layers: &Layered<Vec<u8>>, number: u64, value: &[u8]) {
    layers.insert(&key(number), value.to_vec(), None).await;
}

async fn get(layers: &Layered<Vec<u8>>, number: u64) {
    assert!(layers.get(&key(number)).await.is_some_and(|found| found.len() == BYTES), "it was put");
}

fn write(dir: &Path, number: u64, value: &[u8], is_synced: bool) {
    let (part, whole): (PathBuf, PathBuf) = (dir.join("part"), dir.join(number.to_string()));
    let mut file = File::create(&part).expect("the disk takes a file");
    file.write_all(value).expect("the disk takes it");
    if is_synced {
        file.sync_data().expect("the disk takes it");
    }
    fs::rename(part, whole).expect("the disk takes a name");
}

fn database(path: &Path) -> Database {
    Database::create(path).expect("a new database opens")
}

fn put_redb(database: &Database, number: u64, value: &[u8], durability: RedbDurability) {
    let mut transaction = database.begin_write().expect("a transaction begins");
    transaction.set_durability(durability).expect("it may be chosen");
    let mut table = transaction.open_table(TABLE).expect("the table opens");
    table.insert(key(number).as_bytes().as_slice(), value).expect("the disk takes it");
    drop(table);
    transaction.commit().expect("the disk takes it");
}

fn read_redb(database: &Database, number: u64) {
    use redb::ReadableDatabase as _;
    let transaction = database.begin_read().expect("a transaction begins");
    let table = transaction.open_table(TABLE).expect("the table opens");
    let found = table.get(key(number).as_bytes().as_slice()).expect("it can be read").expect("it was put");
    _ = black_box(found.value().to_vec());
}

fn put_cacache(dir: &Path, number: u64, value: &[u8]) {
    _ = cacache::write_sync(dir, number.to_string(), value).expect("the disk takes it");
}
