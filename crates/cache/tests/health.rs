//! The health of caches: a round trip through each layer, all at once and each within a limit.

#![cfg(feature = "layers")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::sync::Arc;
use std::time::Duration;

use segno_cache::{Answer, Cache, Digest, Layer, LayerError, Measured, Registry, Statistics};

const LIMIT: Duration = Duration::from_millis(200);

/// A layer that answers as its name says.
#[derive(Debug)]
struct Acted(&'static str);

impl Layer for Acted {
    fn name(&self) -> &str {
        self.0
    }

    fn fetch<'a>(&'a self, _key: &'a Digest) -> Answer<'a, Option<Vec<u8>>> {
        Box::pin(async { Ok(None) })
    }

    fn keep<'a>(&'a self, _key: &'a Digest, _bytes: &'a [u8], _live: Option<Duration>) -> Answer<'a, ()> {
        Box::pin(async { Ok(()) })
    }

    fn forget<'a>(&'a self, _keys: &'a [Digest]) -> Answer<'a, ()> {
        Box::pin(async { Ok(()) })
    }

    fn clear(&self) -> Answer<'_, ()> {
        Box::pin(async { Ok(()) })
    }

    fn check(&self) -> Answer<'_, ()> {
        Box::pin(async move {
            match self.0 {
                "silent" => std::future::pending().await,
                "slow" => {
                    tokio::time::sleep(LIMIT / 2).await;
                    Ok(())
                }
                "panicking" => panic!("no such layer"),
                "failing" => Err(LayerError::Failed { layer: self.0.into(), source: "the wire is cut".into() }),
                _ => Ok(()),
            }
        })
    }
}

/// A cache with these layers.
struct Stacked(Vec<&'static str>);

impl Measured for Stacked {
    fn statistics(&self) -> Statistics {
        Statistics::default()
    }

    fn clear(&self) {}

    fn invalidate_tag(&self, _tag: &str) -> usize {
        0
    }

    fn layers(&self) -> Vec<Arc<dyn Layer>> {
        self.0.iter().map(|name| -> Arc<dyn Layer> { Arc::new(Acted(name)) }).collect()
    }
}

async fn check(layers: &[&'static str], expected: &[(&str, Option<&str>)]) {
    let (registry, stacked) = (Registry::default(), Arc::new(Stacked(layers.to_vec())));
    registry.register("users", &stacked);
    let begun = tokio::time::Instant::now();
    let health = registry.health(LIMIT).await;
    assert!(begun.elapsed() <= LIMIT, "{:?}", begun.elapsed());
    let told: Vec<_> = health.iter().map(|one| (one.layer.as_str(), one.wrong.as_deref())).collect();
    assert_eq!(told, [&[("memory", None)], expected].concat());
    assert!(health.iter().all(|one| one.is_well() == one.wrong.is_none() && one.took <= LIMIT));
}

#[tokio::test(start_paused = true)]
async fn layers_that_answer_are_well() {
    check(&["disk", "slow"], &[("disk", None), ("slow", None)]).await;
}

#[tokio::test(start_paused = true)]
async fn a_layer_that_does_not_answer_takes_no_longer_than_the_limit() {
    let silent = ("silent", Some("it did not answer within 200ms"));
    check(&["silent", "disk", "silent"], &[silent, ("disk", None), silent]).await;
}

#[tokio::test(start_paused = true)]
async fn a_layer_that_fails_or_panics_says_so_and_harms_no_other() {
    let failing = ("failing", Some("the layer failing failed: the wire is cut"));
    check(&["failing", "panicking", "disk"], &[failing, ("panicking", Some("its check panicked")), ("disk", None)])
        .await;
}

#[test]
fn memory_is_checked_without_a_runtime() {
    let (registry, cache) = (Registry::default(), Cache::new(2));
    registry.register("users", &cache);
    (0..10).for_each(|key| cache.insert(key, key));
    let health = registry.check();
    assert_eq!((health.len(), health[0].is_well(), health[0].layer.as_str()), (1, true, "memory"));
}
