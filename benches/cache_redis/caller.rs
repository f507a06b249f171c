//! Who asks and puts: times each call, and knows what it has to bring. Numbers that are even are there, odd ones nowhere.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use segno_bench::incompressible;
use segno_cache::{Cache, Digest, DiskLayer, LayerTerms, Layered, Options, Raw, RedisLayer, RedisOptions, Store};
use tempfile::TempDir;

use crate::faults::{BACK_WITHIN, Scale};
use crate::place::Place;
use crate::table::Times;

const BYTES: usize = 3_000;
/// More than is ever put.
const CAPACITY: u64 = 1_000_000;
/// From here on stand the numbers that are put while a fault lasts.
const LATER: u64 = 1 << 32;
/// Without a common divisor with the numbers of keys: multiplied by this, they come in another order.
const STRIDE: u64 = 7_919;
/// A caller rests so long between two turns.
const REST: Duration = Duration::from_millis(1);

/// Clones share everything.
#[derive(Clone)]
pub(crate) struct Caller {
    cache: Layered<Vec<u8>>,
    /// Memory and disk with the same values and no server behind them.
    alone: Layered<Vec<u8>>,
    seen: Arc<Seen>,
    _folder: Arc<TempDir>,
}

/// What is known of all calls.
#[derive(Default)]
struct Seen {
    failed: AtomicU64,
    longest_nanos: AtomicU64,
    turns: AtomicU64,
}

/// How long gets took in the same moments.
pub(crate) struct Mixed {
    pub(crate) joined: Times,
    /// From memory and disk with no server behind them.
    pub(crate) alone: Times,
}

/// Two who ask and put until they are told to stop.
pub(crate) struct Watch {
    is_over: Arc<AtomicBool>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Caller {
    /// Joins an empty memory, an empty disk and the server of the place, and beside that a memory and a disk.
    pub(crate) fn new(place: &Place) -> Caller {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder on the disk that is built on");
        let cache = layers(&folder.path().join("joined"), Some(&place.url()));
        let alone = layers(&folder.path().join("alone"), None);
        Caller { cache, alone, seen: Arc::default(), _folder: Arc::new(folder) }
    }

    /// Puts every value that is there, into all layers.
    pub(crate) async fn fill(&self, scale: &Scale) {
        for number in (0..scale.keys).step_by(2) {
            self.insert(number).await;
            self.alone.insert(&key(number), value(number), None).await;
        }
    }

    pub(crate) async fn memory_hits(&self, scale: &Scale) -> Times {
        Times::of([self.hits(scale).await, self.hits(scale).await])
    }

    /// Asks for what memory has forgotten.
    pub(crate) async fn disk_hits(&self, scale: &Scale) -> Times {
        self.cache.memory().clear();
        let first = self.hits(scale).await;
        self.cache.memory().clear();
        Times::of([first, self.hits(scale).await])
    }

    /// Asks for all that is there, once.
    pub(crate) async fn hits(&self, scale: &Scale) -> Times {
        self.gets(scale, |number| number % 2 == 0).await
    }

    /// Asks for what nobody has.
    pub(crate) async fn misses(&self, scale: &Scale) -> Times {
        self.gets(scale, |number| number % 2 == 1).await
    }

    /// Asks for a quarter that is in memory, a quarter that is on disk, and a half that is nowhere, mixed. Memory and disk
    /// alone are asked for each in turn with that: a busy machine slows both.
    pub(crate) async fn mixed(&self, scale: &Scale) -> Mixed {
        self.cache.memory().clear();
        self.alone.memory().clear();
        for number in (0..scale.keys).step_by(4) {
            self.get(number).await;
            self.ask_alone(number).await;
        }
        let (mut joined, mut alone) = (Vec::new(), Vec::new());
        for number in scrambled(scale) {
            // Who comes first finds the processor's caches cold.
            match number % 8 < 4 {
                true => {
                    joined.push(self.get(number).await);
                    alone.push(self.ask_alone(number).await);
                }
                false => {
                    alone.push(self.ask_alone(number).await);
                    joined.push(self.get(number).await);
                }
            }
        }
        Mixed { joined: Times::new(joined), alone: Times::new(alone) }
    }

    async fn gets(&self, scale: &Scale, is_wanted: impl Fn(u64) -> bool) -> Times {
        let mut times = Vec::new();
        for number in scrambled(scale).filter(|number| is_wanted(*number)) {
            times.push(self.get(number).await);
        }
        Times::new(times)
    }

    /// Puts a new value, and asks for it, for an old one and for one that is nowhere.
    pub(crate) async fn turn(&self, scale: &Scale) {
        let new = LATER + self.seen.turns.fetch_add(1, Relaxed) * 2;
        self.insert(new).await;
        self.get(new).await;
        self.get(new % scale.keys / 2 * 2).await;
        self.get(new + 1).await;
    }

    /// Begins to ask and to put all the while.
    pub(crate) fn watch(&self, scale: &Scale) -> Watch {
        let is_over = Arc::new(AtomicBool::new(false));
        let task = |_| {
            let (caller, scale, is_over) = (self.clone(), scale.clone(), Arc::clone(&is_over));
            tokio::spawn(async move {
                while !is_over.load(Relaxed) {
                    caller.turn(&scale).await;
                    tokio::time::sleep(REST).await;
                }
            })
        };
        let tasks = (0..2).map(task).collect();
        Watch { is_over, tasks }
    }

    pub(crate) fn is_degraded(&self) -> bool {
        !self.cache.degraded().is_empty()
    }

    /// Returns how many calls failed since this was asked last.
    pub(crate) fn take_failed(&self) -> u64 {
        self.seen.failed.swap(0, Relaxed)
    }

    /// Returns how long the longest call took since this was asked last.
    pub(crate) fn take_longest(&self) -> Duration {
        Duration::from_nanos(self.seen.longest_nanos.swap(0, Relaxed))
    }

    async fn insert(&self, number: u64) {
        let (key, value, begun) = (key(number), value(number), Instant::now());
        let put = tokio::time::timeout(BACK_WITHIN, self.cache.insert(&key, value, None)).await;
        self.took(begun.elapsed(), put.is_ok());
    }

    async fn get(&self, number: u64) -> Duration {
        let (took, is_right) = timed(&self.cache, number).await;
        self.took(took, is_right);
        took
    }

    async fn ask_alone(&self, number: u64) -> Duration {
        let (took, is_right) = timed(&self.alone, number).await;
        self.seen.failed.fetch_add(u64::from(!is_right), Relaxed);
        took
    }

    fn took(&self, time: Duration, is_right: bool) {
        self.seen.failed.fetch_add(u64::from(!is_right), Relaxed);
        self.seen.longest_nanos.fetch_max(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX), Relaxed);
    }
}

impl Watch {
    /// Has them finish their turn. One that panicked has failed the bench.
    pub(crate) async fn stop(self) {
        self.is_over.store(true, Relaxed);
        for task in self.tasks {
            task.await.expect("who asks does not panic");
        }
    }
}

/// Returns how long a get took, and whether it brought what it had to.
async fn timed(cache: &Layered<Vec<u8>>, number: u64) -> (Duration, bool) {
    let (key, begun) = (key(number), Instant::now());
    let found = tokio::time::timeout(BACK_WITHIN, cache.get(&key)).await;
    let took = begun.elapsed();
    let expected = number.is_multiple_of(2).then(|| value(number));
    (took, found.is_ok_and(|found| found == expected))
}

/// Joins a memory, a disk in a new folder, and a server if there is one.
fn layers(folder: &Path, url: Option<&str>) -> Layered<Vec<u8>> {
    std::fs::create_dir(folder).expect("the disk takes a folder");
    let disk = DiskLayer::new(Store::open(folder, Options::default()).expect("a new store opens"));
    // The disk stands in for the server: a machine that is busy must not make it fail.
    let patient = LayerTerms { limit: BACK_WITHIN, ..LayerTerms::default() };
    let builder = Layered::builder(Raw).memory(Cache::new(CAPACITY)).layer_with(Arc::new(disk), patient);
    let Some(url) = url else { return builder.values_never_change().build() };
    let options = RedisOptions { url: url.to_owned(), ..RedisOptions::default() };
    let redis = RedisLayer::open(&options).expect("the options can be used");
    builder.layer(Arc::new(redis)).values_never_change().build()
}

/// Returns all numbers of keys, in an order that has nothing to do with what they are.
fn scrambled(scale: &Scale) -> impl Iterator<Item = u64> {
    let keys = scale.keys;
    (0..keys).map(move |place| place * STRIDE % keys)
}

fn key(number: u64) -> Digest {
    Digest::of(&number.to_le_bytes())
}

fn value(number: u64) -> Vec<u8> {
    incompressible(number, BYTES)
}
