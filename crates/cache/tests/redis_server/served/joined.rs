//! Redis behind memory and disk: no call fails whatever the server does, and the caches of several processes agree.

use std::sync::Arc;
use std::time::{Duration, Instant};

use segno_cache::{Cache, Digest, DiskLayer, Layer, LayerTerms, Layered, Options, Raw, RedisLayer, Store};
use tempfile::TempDir;
use tokio::task::LocalSet;

use super::garbage::answers;
use super::{hasty, key, layer, until};
use crate::babbler::{Babbler, Manners};
use crate::server::RedisServer;

/// A cache as a process has it: with a memory and a folder of its own, and the server that it shares.
struct Joined {
    cache: Layered<String>,
    _folder: TempDir,
}

impl Joined {
    fn with(redis: RedisLayer, limit: Duration, never_change: bool) -> Joined {
        let folder = tempfile::tempdir().unwrap();
        let disk = DiskLayer::new(Store::open(folder.path(), Options::default()).unwrap());
        let within = |limit| LayerTerms { limit, ..LayerTerms::default() };
        let builder = Layered::builder(Raw).memory(Cache::new(1_000));
        // No busy machine makes the disk fail: it stands in for the server.
        let builder = builder.layer_with(Arc::new(disk), within(super::BACK_WITHIN));
        let builder = builder.layer_with(Arc::new(redis), within(limit));
        let cache = if never_change { builder.values_never_change().build() } else { builder.build() };
        Joined { cache, _folder: folder }
    }

    /// With limits that no busy machine reaches.
    async fn patient(server: &RedisServer) -> Joined {
        let joined = Joined::with(layer(&server.url()), super::BACK_WITHIN, false);
        joined.is_connected().await;
        joined
    }

    async fn is_connected(&self) {
        until(async || self.cache.check().await.iter().all(|(_, verdict)| verdict.is_ok())).await;
    }

    async fn put(&self, number: usize, value: &str) {
        self.cache.insert(&key(number), value.to_owned(), None).await;
    }

    async fn has(&self, number: usize, value: &str) -> bool {
        self.cache.get(&key(number)).await.as_deref() == Some(value)
    }

    fn is_degraded(&self) -> bool {
        !self.cache.degraded().is_empty()
    }
}

/// Where clients look for the server, and who is there.
struct Place {
    server: RedisServer,
    babbler: Option<Babbler>,
}

/// What a server does to its clients, and how it comes to its senses.
struct Fault<B: Fn(&mut Place)> {
    begins: B,
    ends: fn(&mut Place),
}

const KILLED: Fault<fn(&mut Place)> =
    Fault { begins: |place| place.server.kill(), ends: |place| place.server.restart() };
const STOPPED: Fault<fn(&mut Place)> =
    Fault { begins: |place| place.server.pause(), ends: |place| place.server.resume() };
const FULL: Fault<fn(&mut Place)> = Fault {
    begins: |place| place.server.say(&["CONFIG", "SET", "maxmemory", "1"]),
    ends: |place| place.server.say(&["CONFIG", "SET", "maxmemory", "0"]),
};
const LOCKED: Fault<fn(&mut Place)> = Fault {
    begins: |place| {
        place.server.say::<()>(&["ACL", "SETUSER", "default", "-@all", "+acl", "+hello", "+client", "+ping"]);
    },
    ends: |place| place.server.say::<()>(&["ACL", "SETUSER", "default", "+@all"]),
};

/// A server that is gone, and somebody in its place who speaks nonsense.
fn babbles(manners: Manners, answer: Vec<u8>) -> Fault<impl Fn(&mut Place)> {
    let begins = move |place: &mut Place| {
        place.server.kill();
        place.babbler = Some(Babbler::start(&place.server.socket(), manners, answer.clone()));
    };
    let ends = |place: &mut Place| {
        place.babbler = None;
        place.server.restart();
    };
    Fault { begins, ends }
}

/// Lets the fault happen, and asks and puts all the while: nothing fails, and afterwards all is as if nothing had been.
async fn check<B: Fn(&mut Place)>(fault: Fault<B>) {
    let mut place = Place { server: RedisServer::start(), babbler: None };
    let joined = Joined::with(hasty(&place.server.url()), Duration::from_millis(200), true);
    joined.is_connected().await;
    for number in 0..50 {
        joined.put(number, "before").await;
    }
    (fault.begins)(&mut place);
    let begun = Instant::now();
    let mut round = 50;
    until(async || {
        joined.put(round, "meanwhile").await;
        assert!(joined.has(round, "meanwhile").await);
        assert_eq!(joined.cache.get(&key(usize::MAX - round)).await, None);
        round += 1;
        joined.is_degraded()
    })
    .await;
    // What memory does not have comes from the disk.
    joined.cache.memory().clear();
    for number in 0..50 {
        assert!(joined.has(number, "before").await, "{number}");
    }
    (fault.ends)(&mut place);
    until(async || !joined.is_degraded()).await;
    assert!(begun.elapsed() < 2 * super::BACK_WITHIN);
    let other = layer(&place.server.url());
    // On a busy machine a put may be too late for the server's limit, and is no failed call.
    until(async || {
        joined.put(round, "after").await;
        other.fetch(&key(round)).await.unwrap().is_some()
    })
    .await;
}

#[tokio::test]
async fn a_killed_server_fails_no_call_and_is_used_again() {
    check(KILLED).await;
}

#[tokio::test]
async fn a_stopped_server_fails_no_call_and_is_used_again() {
    check(STOPPED).await;
}

#[tokio::test]
async fn a_server_without_memory_fails_no_call_and_is_used_again() {
    check(FULL).await;
}

#[tokio::test]
async fn a_server_that_refuses_fails_no_call_and_is_used_again() {
    check(LOCKED).await;
}

#[tokio::test]
async fn a_server_that_speaks_nonsense_fails_no_call_and_is_used_again() {
    let checks = LocalSet::new();
    let manners = [Manners::None, Manners::Greets, Manners::Echoes].into_iter().cycle();
    let faults = answers().into_iter().zip(manners).map(|(answer, manners)| babbles(manners, answer));
    let begun: Vec<_> = faults.map(|fault| checks.spawn_local(check(fault))).collect();
    checks.await;
    for check in begun {
        check.await.unwrap();
    }
}

#[tokio::test]
async fn two_caches_agree_on_what_one_of_them_changes() {
    let server = RedisServer::start();
    let (one, two) = (Joined::patient(&server).await, Joined::patient(&server).await);
    one.put(0, "first").await;
    until(async || two.has(0, "first").await).await;
    two.put(0, "second").await;
    until(async || one.has(0, "second").await).await;
    one.cache.remove(&key(0)).await;
    until(async || two.cache.get(&key(0)).await.is_none()).await;
    two.put(1, "third").await;
    until(async || one.has(1, "third").await).await;
    two.cache.clear().await;
    until(async || one.cache.get(&key(1)).await.is_none()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_cache_keeps_what_was_changed_while_it_was_read() {
    let server = RedisServer::start();
    let (one, two) = (Joined::patient(&server).await, Joined::patient(&server).await);
    for round in 0..300 {
        let value = round.to_string();
        let readers: Vec<_> = (0..4)
            .map(|_| {
                let cache = two.cache.clone();
                tokio::spawn(async move { cache.get(&key(0)).await })
            })
            .collect();
        one.put(0, &value).await;
        for reader in readers {
            reader.await.unwrap();
        }
        // Nobody changes it any more: it comes to be seen, and stays.
        until(async || two.has(0, &value).await).await;
        two.cache.memory().clear();
        assert!(two.has(0, &value).await, "round {round}");
    }
}

#[tokio::test]
async fn what_was_changed_while_a_cache_could_not_hear_is_not_given_once_it_can() {
    let server = RedisServer::start();
    let (one, two) = (Joined::patient(&server).await, Joined::patient(&server).await);
    one.put(0, "first").await;
    until(async || two.has(0, "first").await).await;
    for round in 0..5 {
        let value = format!("round {round}");
        // Both lose their connections; only one of them changes something at once.
        let _: i64 = server.say(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
        let other: Digest = key(0);
        until(async || {
            one.cache.insert(&other, value.clone(), None).await;
            let shared = layer(&server.url()).fetch(&other).await.unwrap();
            shared.is_some_and(|bytes| bytes.windows(value.len()).any(|part| part == value.as_bytes()))
        })
        .await;
        until(async || two.has(0, &value).await).await;
        two.cache.memory().clear();
        assert!(two.has(0, &value).await, "{value}");
    }
}
