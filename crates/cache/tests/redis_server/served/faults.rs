//! A server that is killed, stopped or begins anew: nobody waits longer than the limits, and it comes back by itself.

use std::time::{Duration, Instant};

use segno_cache::{Layer, RedisLayer};

use super::{BACK_WITHIN, hasty, key, layer, until, until_back, word};
use crate::server::RedisServer;

/// What a call may take besides the limits, on a machine that does a lot beside.
const SLACK: Duration = Duration::from_millis(800);

/// The limits of a layer as it is by default.
const LIMIT: Duration = Duration::from_millis(200);

/// Asks so often while the server is away, and returns what was said and how long the longest call took.
async fn asked(layer: &RedisLayer, calls: usize) -> (Vec<&'static str>, Duration) {
    let (mut words, mut longest) = (Vec::new(), Duration::ZERO);
    for number in 0..calls {
        let begun = Instant::now();
        let said = word(&layer.fetch(&key(number)).await);
        longest = longest.max(begun.elapsed());
        words.push(said);
    }
    (words, longest)
}

/// Asks until every call fails at once.
async fn until_down(layer: &RedisLayer) {
    until(async || {
        let begun = Instant::now();
        word(&layer.fetch(&key(0)).await) != "fine" && begun.elapsed() < LIMIT / 4
    })
    .await;
}

#[tokio::test]
async fn while_a_killed_server_is_away_every_call_fails_at_once() {
    let mut server = RedisServer::start();
    let layer = hasty(&server.url());
    layer.keep(&key(0), b"v", None).await.unwrap();
    server.kill();
    until_down(&layer).await;
    let (words, longest) = asked(&layer, 200).await;
    assert!(words.iter().all(|word| *word == "failed"), "{words:?}");
    assert!(longest < LIMIT + SLACK, "{longest:?}");
    server.restart();
    until_back(&layer).await;
    // It is empty now, and that is no error.
    assert_eq!(layer.fetch(&key(0)).await.unwrap(), None);
    layer.keep(&key(0), b"w", None).await.unwrap();
    assert_eq!(layer.fetch(&key(0)).await.unwrap(), Some(b"w".to_vec()));
}

#[tokio::test]
async fn a_stopped_server_costs_the_first_callers_their_limit_and_the_later_ones_nothing() {
    let server = RedisServer::start();
    let layer = hasty(&server.url());
    layer.keep(&key(0), b"v", None).await.unwrap();
    server.pause();
    let begun = Instant::now();
    assert_eq!(word(&layer.fetch(&key(0)).await), "slow");
    assert!(begun.elapsed() < LIMIT + SLACK, "{:?}", begun.elapsed());
    until_down(&layer).await;
    let (words, longest) = asked(&layer, 200).await;
    assert!(!words.contains(&"fine") && longest < LIMIT + SLACK, "{words:?} {longest:?}");
    server.resume();
    until_back(&layer).await;
    assert_eq!(layer.fetch(&key(0)).await.unwrap(), Some(b"v".to_vec()));
}

#[tokio::test]
async fn a_server_that_is_not_there_yet_is_found_when_it_is() {
    let mut server = RedisServer::absent();
    let layer = hasty(&server.url());
    let begun = Instant::now();
    assert_eq!(word(&layer.fetch(&key(0)).await), "failed");
    assert!(begun.elapsed() < LIMIT + SLACK);
    server.restart();
    assert!(until_back(&layer).await < BACK_WITHIN);
}

#[tokio::test]
async fn a_server_that_begins_anew_between_two_calls_costs_at_most_misses() {
    let mut server = RedisServer::start();
    let layer = hasty(&server.url());
    for round in 0..3_u8 {
        layer.keep(&key(0), &[round], None).await.unwrap();
        assert_eq!(layer.fetch(&key(0)).await.unwrap(), Some(vec![round]));
        server.restart();
        until_back(&layer).await;
        assert_eq!(layer.fetch(&key(0)).await.unwrap(), None);
    }
}

#[tokio::test]
async fn callers_that_go_away_leave_a_connection_that_is_tried_and_kept() {
    let server = RedisServer::start();
    let layer = layer(&server.url());
    layer.keep(&key(0), &vec![1; 100_000], None).await.unwrap();
    for _ in 0..100 {
        // The answer is dropped as soon as it is asked for.
        let _ = tokio::time::timeout(Duration::ZERO, layer.fetch(&key(0))).await;
    }
    assert!(layer.fetch(&key(0)).await.unwrap().is_some());
    let clients: String = server.say(&["CLIENT", "LIST"]);
    // The layer's, and the one that asks here.
    assert_eq!(clients.trim().lines().count(), 2, "{clients}");
}

#[test]
fn a_layer_outlives_the_runtime_it_was_used_in() {
    let server = RedisServer::start();
    let layer = hasty(&server.url());
    for round in 0..3 {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            layer.keep(&key(round), b"v", None).await.unwrap();
            assert!(layer.fetch(&key(round)).await.unwrap().is_some());
        });
    }
}

#[tokio::test]
async fn nothing_is_left_of_a_layer_that_is_dropped() {
    let server = RedisServer::start();
    let layer = hasty(&server.url());
    layer.watch(std::sync::Arc::new(|_| {}));
    layer.check().await.unwrap();
    drop(layer);
    until(async || server.say::<String>(&["CLIENT", "LIST"]).trim().lines().count() == 1).await;
}
