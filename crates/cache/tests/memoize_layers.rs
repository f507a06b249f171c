//! Functions that remember through layers: what one process found out, another need not.
#![cfg(all(feature = "macros", feature = "layers"))]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use segno_cache::{Answer, BlockingLayered, Digest, Layer, Layered, Raw, memoize};

/// What several processes share.
#[derive(Debug, Default)]
struct Shelf(Mutex<HashMap<Digest, Vec<u8>>>);

impl Shelf {
    fn has(&self, key: &Digest) -> bool {
        self.0.lock().unwrap().contains_key(key)
    }
}

impl Layer for Shelf {
    fn name(&self) -> &str {
        "shelf"
    }

    fn fetch<'a>(&'a self, key: &'a Digest) -> Answer<'a, Option<Vec<u8>>> {
        Box::pin(async move { Ok(self.0.lock().unwrap().get(key).cloned()) })
    }

    fn keep<'a>(&'a self, key: &'a Digest, bytes: &'a [u8], _: Option<Duration>) -> Answer<'a, ()> {
        Box::pin(async move {
            self.0.lock().unwrap().insert(*key, bytes.to_vec());
            Ok(())
        })
    }

    fn forget<'a>(&'a self, keys: &'a [Digest]) -> Answer<'a, ()> {
        Box::pin(async move {
            self.0.lock().unwrap().retain(|key, _| !keys.contains(key));
            Ok(())
        })
    }

    fn clear(&self) -> Answer<'_, ()> {
        Box::pin(async move {
            self.0.lock().unwrap().clear();
            Ok(())
        })
    }

    fn check(&self) -> Answer<'_, ()> {
        Box::pin(async { Ok(()) })
    }
}

static SHARED: LazyLock<Arc<Shelf>> = LazyLock::new(Arc::default);
static LAYERS: LazyLock<Layered<String>> = LazyLock::new(|| Layered::builder(Raw).layer(SHARED.clone()).build());
static BLOCKING: LazyLock<BlockingLayered<String>> =
    LazyLock::new(|| Layered::builder(Raw).layer(SHARED.clone()).build_blocking().unwrap());

fn key(kind: &str, number: u32) -> Digest {
    Digest::of(format!("{kind} {number}").as_bytes())
}

static ANSWERS: AtomicU32 = AtomicU32::new(0);

#[memoize(layer = LAYERS, key = key("async", number))]
async fn answer(number: u32) -> Result<String, String> {
    let runs = ANSWERS.fetch_add(1, SeqCst) + 1;
    tokio::time::sleep(Duration::from_millis(50)).await;
    if number > 100 { Err(format!("too many {runs}")) } else { Ok(format!("{number} {runs}")) }
}

#[memoize(layer = LAYERS, key = key("plain", number))]
async fn plain(number: u32) -> String {
    number.to_string()
}

static SUMS: AtomicU32 = AtomicU32::new(0);

#[memoize(layer = BLOCKING, key = key("sync", number))]
fn sum(number: u32) -> Result<String, String> {
    let runs = SUMS.fetch_add(1, SeqCst) + 1;
    assert!(number != 77, "the number is {number}");
    if number > 100 { Err(format!("too many {runs}")) } else { Ok(format!("{number} {runs}")) }
}

#[memoize(layer = BLOCKING, key = key("sync plain", number), ttl = "60s")]
fn plain_sum(number: u32) -> String {
    number.to_string()
}

#[tokio::test(start_paused = true)]
async fn an_async_function_runs_once_for_all_layers() {
    let impatient = tokio::time::timeout(Duration::from_millis(20), answer(1)).await;
    assert!(impatient.is_err());
    let all: Vec<_> = (0..16).map(|_| tokio::spawn(answer(1))).collect();
    for one in all {
        assert_eq!(one.await.unwrap(), Ok("1 1".to_owned()));
    }
    assert!(SHARED.has(&key("async", 1)));
    // Another process has the same layer, and an empty memory.
    LAYERS.memory().clear();
    assert_eq!((answer(1).await, ANSWERS.load(SeqCst)), (Ok("1 1".to_owned()), 1));
    // Who removes is not answered by what is still in a layer.
    LAYERS.remove(&key("async", 1)).await;
    assert_eq!(answer(1).await, Ok("1 2".to_owned()));
    assert_eq!(answer(200).await, Err("too many 3".to_owned()));
    assert_eq!((answer(200).await, SHARED.has(&key("async", 200))), (Err("too many 4".to_owned()), false));
    assert_eq!(plain(7).await, "7");
}

#[test]
fn a_function_that_is_not_async_has_layers_that_block() {
    assert_eq!((sum(1), sum(1)), (Ok("1 1".to_owned()), Ok("1 1".to_owned())));
    BLOCKING.memory().clear();
    assert_eq!((sum(1), SUMS.load(SeqCst)), (Ok("1 1".to_owned()), 1));
    assert_eq!((sum(200), sum(200)), (Err("too many 2".to_owned()), Err("too many 3".to_owned())));
    let said = std::panic::catch_unwind(|| sum(77)).unwrap_err().downcast::<String>().unwrap();
    assert_eq!(*said, "the number is 77");
    assert_eq!((plain_sum(7), SHARED.has(&key("sync plain", 7))), ("7".to_owned(), true));
}

#[test]
fn without_a_runtime_an_async_function_asks_memory_alone() {
    let mut running = std::pin::pin!(plain(8));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let value = loop {
        if let std::task::Poll::Ready(value) = running.as_mut().poll(&mut context) {
            break value;
        }
    };
    assert_eq!((value.as_str(), LAYERS.memory().get(&key("plain", 8)).as_deref()), ("8", Some("8")));
}
