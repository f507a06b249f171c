//! What is kept comes back, in its namespace, for its time.

use std::sync::Arc;
use std::time::Duration;

use segno_cache::{Layer, RedisLayer, RedisOptions};

use super::{BACK_WITHIN, key, layer, until, word};
use crate::server::RedisServer;

#[tokio::test]
async fn what_is_kept_comes_back_one_by_one_and_many_at_once() {
    let server = RedisServer::start();
    let options =
        RedisOptions { url: server.url(), namespace: "test".to_owned(), pipeline: 3, ..RedisOptions::default() };
    let layer = RedisLayer::open(&options).unwrap();
    assert_eq!(layer.fetch(&key(0)).await.unwrap(), None);
    for number in (0..10).filter(|number| number % 2 == 0) {
        layer.keep(&key(number), &[number as u8; 3], None).await.unwrap();
    }
    assert_eq!(layer.fetch(&key(4)).await.unwrap(), Some(vec![4; 3]));
    let keys: Vec<_> = (0..10).map(key).collect();
    let expected = |gone: usize| -> Vec<_> {
        (0..10).map(|number| (number % 2 == 0 && number >= gone).then(|| vec![number as u8; 3])).collect()
    };
    assert_eq!(layer.fetch_many(&keys).await.unwrap(), expected(0));
    layer.forget(&keys[..5]).await.unwrap();
    assert_eq!(layer.fetch_many(&keys).await.unwrap(), expected(5));
    assert_eq!(layer.fetch_many(&[]).await.unwrap(), Vec::<Option<Vec<u8>>>::new());
    layer.forget(&[]).await.unwrap();
    layer.check().await.unwrap();
    // Five entries less three, and the generation: the check left nothing.
    assert_eq!(server.say::<usize>(&["DBSIZE"]), 3);
}

#[tokio::test]
async fn values_of_any_bytes_and_many_sizes_are_kept() {
    let server = RedisServer::start();
    let layer = layer(&server.url());
    for size in [0, 1, 255, 65_536, 5_000_000] {
        let value: Vec<u8> = (0..size).map(|place| (place * 31) as u8).collect();
        layer.keep(&key(size), &value, None).await.unwrap();
        assert!(layer.fetch(&key(size)).await.unwrap() == Some(value), "{size}");
    }
}

#[tokio::test]
async fn a_value_is_kept_for_its_time() {
    let server = RedisServer::start();
    let layer = layer(&server.url());
    let left = async |time| {
        layer.keep(&key(0), b"v", time).await.unwrap();
        match layer.fetch(&key(0)).await.unwrap() {
            Some(_) => server.say::<i64>(&["PTTL", &entry(&server)]),
            None => 0,
        }
    };
    assert_eq!(left(None).await, -1);
    assert_eq!(left(Some(Duration::MAX)).await, -1);
    assert!((50_000..=60_000).contains(&left(Some(Duration::from_secs(60))).await));
    assert_eq!(left(Some(Duration::ZERO)).await, 0);
    layer.keep(&key(0), b"v", Some(Duration::from_nanos(1))).await.unwrap();
    until(async || layer.fetch(&key(0)).await.unwrap().is_none()).await;
}

/// Returns the only entry's key.
fn entry(server: &RedisServer) -> String {
    let keys: Vec<String> = server.say(&["KEYS", "test:*:*"]);
    keys.into_iter().next().unwrap()
}

#[tokio::test]
async fn clearing_hides_everything_at_once_and_leaves_nothing_behind() {
    const ENTRIES: usize = 5_000;
    let server = RedisServer::start();
    let (layer, beside) = (Arc::new(layer(&server.url())), RedisLayer::open(&patient(&server, "test.2")).unwrap());
    let other = self::layer(&server.url());
    beside.keep(&key(1), b"beside", None).await.unwrap();
    let kept = (0..ENTRIES).map(|number| {
        let layer = Arc::clone(&layer);
        tokio::spawn(async move { layer.keep(&key(number), b"v", None).await.unwrap() })
    });
    for kept in kept.collect::<Vec<_>>() {
        kept.await.unwrap();
    }
    assert!(other.fetch(&key(1)).await.unwrap().is_some());
    assert_eq!(server.say::<usize>(&["DBSIZE"]), ENTRIES + 3);
    layer.clear().await.unwrap();
    for of in [&*layer, &other] {
        assert!(of.fetch_many(&[key(1), key(2)]).await.unwrap().iter().all(Option::is_none));
    }
    other.keep(&key(1), b"new", None).await.unwrap();
    until(async || server.say::<usize>(&["DBSIZE"]) == 4).await;
    assert_eq!(layer.fetch(&key(1)).await.unwrap(), Some(b"new".to_vec()));
    assert_eq!(beside.fetch(&key(1)).await.unwrap(), Some(b"beside".to_vec()));
}

fn patient(server: &RedisServer, namespace: &str) -> RedisOptions {
    let (url, namespace, limit) = (server.url(), namespace.to_owned(), BACK_WITHIN);
    RedisOptions { url, namespace, connect_limit: limit, response_limit: limit, ..RedisOptions::default() }
}

#[tokio::test]
async fn a_clearing_by_another_is_noticed_with_the_next_question() {
    let server = RedisServer::start();
    let (one, two) = (layer(&server.url()), layer(&server.url()));
    one.keep(&key(0), b"old", None).await.unwrap();
    assert!(two.fetch(&key(0)).await.unwrap().is_some());
    one.clear().await.unwrap();
    // Under the generation that has ended; it is written under a new one, and nothing is left of the first try.
    two.keep(&key(0), b"new", None).await.unwrap();
    assert_eq!(one.fetch(&key(0)).await.unwrap(), Some(b"new".to_vec()));
    one.clear().await.unwrap();
    one.keep(&key(1), b"newer", None).await.unwrap();
    two.forget(&[key(1)]).await.unwrap();
    assert_eq!(one.fetch(&key(1)).await.unwrap(), None);
    until(async || server.say::<usize>(&["DBSIZE"]) == 1).await;
}

#[tokio::test]
async fn another_type_under_an_entry_is_a_miss_and_under_the_generation_it_is_refused() {
    let server = RedisServer::start();
    let layer = layer(&server.url());
    layer.keep(&key(0), b"v", None).await.unwrap();
    let entry = entry(&server);
    server.say::<i64>(&["DEL", &entry]);
    server.say::<i64>(&["LPUSH", &entry, "x"]);
    assert_eq!(layer.fetch(&key(0)).await.unwrap(), None);
    layer.keep(&key(0), b"v", None).await.unwrap();
    assert_eq!(layer.fetch(&key(0)).await.unwrap(), Some(b"v".to_vec()));
    for foreign in [["SET", "test:generation", "mine"], ["LPUSH", "test:generation", "mine"]] {
        server.say::<i64>(&["DEL", "test:generation"]);
        server.say::<redis::Value>(&foreign);
        assert_eq!(word(&layer.fetch(&key(0)).await), "refused");
        assert_eq!(word(&layer.keep(&key(0), b"v", None).await), "refused");
        assert_eq!(word(&layer.forget(&[key(0)]).await), "refused");
        assert_eq!(word(&layer.check().await), "refused");
    }
    layer.clear().await.unwrap();
    assert_eq!(word(&layer.check().await), "fine");
}

#[tokio::test]
async fn a_server_without_memory_is_full_and_still_read() {
    let server = RedisServer::start_with(&["--maxmemory", "3mb", "--maxmemory-policy", "noeviction"]);
    let layer = layer(&server.url());
    let value = vec![7; 64 * 1024];
    let mut kept = 0;
    let full = loop {
        let answer = layer.keep(&key(kept), &value, None).await;
        if answer.is_err() {
            break answer;
        }
        kept += 1;
        assert!(kept < 100, "the server takes everything");
    };
    assert_eq!(word(&full), "full");
    assert_eq!(layer.fetch(&key(0)).await.unwrap(), Some(value.clone()));
    assert_eq!(self::layer(&server.url()).fetch(&key(0)).await.unwrap(), Some(value));
    layer.clear().await.unwrap();
    until(async || layer.keep(&key(0), b"v", None).await.is_ok()).await;
}

#[tokio::test]
async fn a_password_is_used_and_never_shown() {
    let server = RedisServer::start_with(&["--requirepass", "secret"]);
    let of = |query: &str| layer(&format!("{}{query}", server.url()));
    let right = of("?pass=secret");
    right.check().await.unwrap();
    for wrong in [of(""), of("?pass=secrets")] {
        let error = wrong.fetch(&key(0)).await.unwrap_err();
        assert_eq!(error.to_string(), "the layer redis is refused: the server wants another password");
    }
    assert!(!format!("{right:?}").contains("secret"));
}
