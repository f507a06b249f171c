//! The disk as a layer: values come back in another process, beside results, and whatever is done to the folder.

#![cfg(all(feature = "disk", feature = "layers"))]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use segno_cache::{
    Cache, Clock, Digest, DiskLayer, Durability, Key, Layer, LayerError, Layered, Lookup, NewEntry, Options, Raw, Store,
};
use tempfile::TempDir;

fn key(number: usize) -> Digest {
    Digest::of(&number.to_le_bytes())
}

/// Every third value is large enough for a file, and none can be compressed much.
fn value(number: usize) -> Vec<u8> {
    let mut bytes = vec![0; if number.is_multiple_of(3) { 40_000 } else { 3_000 }];
    let mut reader = blake3::Hasher::new().update(&number.to_le_bytes()).finalize_xof();
    reader.fill(&mut bytes);
    bytes
}

fn store(dir: &Path) -> Store {
    Store::open(dir, Options::default()).unwrap()
}

fn over(store: &Store) -> Layered<Vec<u8>> {
    Layered::builder(Raw).memory(Cache::new(0)).layer(Arc::new(DiskLayer::new(store.clone()))).build()
}

#[tokio::test]
async fn values_come_back_in_another_process_and_results_stay_apart() {
    let folder = tempfile::tempdir().unwrap();
    let ours = store(folder.path());
    let result = Key::builder("result").finish();
    ours.store(NewEntry { value: b"result", ..NewEntry::of(&result, "s", SystemTime::now()) }).unwrap();
    let layers = over(&ours);
    for number in 0..9 {
        layers.insert(&key(number), value(number), None).await;
    }
    layers.insert(&result.digest(), b"bytes".to_vec(), None).await;
    let later = over(&store(folder.path()));
    let keys: Vec<Digest> = (0..10).map(key).collect();
    let mut expected: Vec<Option<Vec<u8>>> = (0..9).map(|number| Some(value(number))).collect();
    expected.push(None);
    assert_eq!(later.get_many(&keys).await, expected);
    later.remove(&key(3)).await;
    assert_eq!(layers.get(&key(3)).await, None);
    layers.clear().await;
    assert_eq!((layers.get(&key(1)).await, later.get(&result.digest()).await), (None, None));
    let kept = &ours.fetch(&[result.digest()], SystemTime::now()).unwrap()[0];
    assert!(matches!(kept, Lookup::Hit(hit) if hit.value == b"result"));
    let mut shown = 0;
    ours.each_value(&mut |_| shown += 1).unwrap();
    assert_eq!(shown, 1);
}

#[tokio::test]
async fn a_check_is_a_round_trip_that_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let layer = DiskLayer::new(store.clone()).named("near");
    layer.check().await.unwrap();
    assert_eq!((layer.name(), store.bytes().unwrap()), ("near", 0));
}

#[tokio::test]
async fn a_folder_that_is_removed_while_open_is_made_anew() {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("cache");
    let layers = over(&store(&dir));
    layers.insert(&key(0), value(0), None).await;
    fs::remove_dir_all(&dir).unwrap();
    assert_eq!(layers.get(&key(0)).await, None);
    layers.insert(&key(0), value(0), None).await;
    layers.insert(&key(1), value(1), None).await;
    fs::remove_dir_all(&dir).unwrap();
    layers.insert(&key(3), value(3), None).await;
    assert_eq!(over(&store(&dir)).get(&key(3)).await, Some(value(3)));
    assert_eq!(layers.degraded(), vec![]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&dir).unwrap().permissions().mode() & 0o777, 0o700);
    }
}

#[tokio::test(start_paused = true)]
async fn a_folder_that_cannot_come_back_makes_the_layer_degraded_and_no_call_fail() {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("cache");
    let layers = over(&store(&dir));
    fs::remove_dir_all(&dir).unwrap();
    fs::write(&dir, "in the way").unwrap();
    for number in 0..4 {
        layers.insert(&key(number), value(number), None).await;
        assert_eq!(layers.get(&key(number)).await, None);
    }
    let degraded = layers.degraded();
    assert!(degraded[0].reason.starts_with("the layer disk failed: "), "{degraded:?}");
    fs::remove_file(&dir).unwrap();
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!(layers.degraded(), vec![]);
    layers.insert(&key(1), value(1), None).await;
    assert_eq!(layers.get(&key(1)).await, Some(value(1)));
}

#[tokio::test]
async fn a_clock_that_is_set_back_makes_nothing_live_longer() {
    let folder = tempfile::tempdir().unwrap();
    let at = |seconds| {
        let clock = Clock::from_fn(move || SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        let store = Store::open(folder.path(), Options { clock: clock.clone(), ..Options::default() }).unwrap();
        let disk = DiskLayer::new(store);
        Layered::<Vec<u8>>::builder(Raw).memory(Cache::new(0)).layer(Arc::new(disk)).clock(clock).build()
    };
    at(1_800_000_000).insert(&key(1), value(1), Some(Duration::from_secs(60))).await;
    assert_eq!(at(1_799_999_990).get(&key(1)).await, Some(value(1)));
    // By a year: how old it is cannot be told.
    assert_eq!(at(1_768_000_000).get(&key(1)).await, None);
    assert_eq!(at(1_800_000_060).get(&key(1)).await, None);
}

/// Runs one test of this file in a process of its own whose files may have at most so many kilobytes.
fn run_confined(test: &str, folder: &TempDir, kilobytes: u32) {
    // A signal that is ignored stays so in the new program: writing beyond the limit is then an error as on a full disk.
    let script = format!("trap '' XFSZ; ulimit -f {kilobytes}; exec \"$0\" --exact {test} --nocapture");
    let program = std::env::current_exe().unwrap();
    let run = Command::new("sh").arg("-c").arg(script).arg(program).env("SEGNO_CACHE_TEST_DIR", folder.path()).output();
    let run = run.unwrap();
    let said = String::from_utf8_lossy(&run.stdout) + String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success() && said.contains("1 passed"), "{said}");
}

/// The folder that this process was confined to, if it was.
fn confined() -> Option<std::path::PathBuf> {
    std::env::var_os("SEGNO_CACHE_TEST_DIR").map(Into::into)
}

#[cfg(unix)]
#[tokio::test]
async fn a_full_disk_fails_no_call_and_what_is_there_is_still_read() {
    let Some(dir) = confined() else {
        let folder = tempfile::tempdir().unwrap();
        over(&store(folder.path())).insert(&key(1), value(1), None).await;
        // In blocks of 512 bytes or a kilobyte, as the shell likes it.
        run_confined("a_full_disk_fails_no_call_and_what_is_there_is_still_read", &folder, 400);
        assert_eq!(over(&store(folder.path())).get(&key(1)).await, Some(value(1)));
        return;
    };
    let layers = over(&store(&dir));
    for number in 2..400 {
        layers.insert(&key(number), value(number), None).await;
    }
    let statistics = layers.statistics();
    assert!(statistics.layers[0].failures > 0, "{statistics:?}");
    assert!(layers.degraded().iter().all(|degraded| degraded.is_read), "{:?}", layers.degraded());
    assert_eq!(layers.get(&key(1)).await, Some(value(1)));
    for number in 2..400 {
        assert!(layers.get(&key(number)).await.is_none_or(|found| found == value(number)));
    }
}

#[tokio::test]
async fn what_may_not_be_written_is_told_as_such() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let layer = DiskLayer::new(store.clone());
    layer.keep(&key(1), b"value", None).await.unwrap();
    let index = rusqlite::Connection::open(folder.path().join("index.db")).unwrap();
    index.execute_batch("CREATE TRIGGER closed BEFORE INSERT ON entries BEGIN SELECT raise(ABORT, 'no'); END").unwrap();
    let error = layer.keep(&key(2), b"value", None).await.unwrap_err();
    assert!(matches!(error, LayerError::Failed { .. }), "{error:?}");
    assert_eq!(layer.fetch(&key(1)).await.unwrap().as_deref(), Some(&b"value"[..]));
}

#[tokio::test]
async fn durable_values_are_as_readable_as_others() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { durability: Durability::Synced, ..Options::default() };
    let layers = over(&Store::open(folder.path(), options).unwrap());
    for number in 0..4 {
        layers.insert(&key(number), value(number), None).await;
    }
    let later = over(&store(folder.path()));
    for number in 0..4 {
        assert_eq!(later.get(&key(number)).await, Some(value(number)));
    }
}
