//! What others change is told, and when it cannot be told, that too.

use std::sync::{Arc, Mutex};

use segno_cache::{Digest, Layer, RedisLayer};

use super::{hasty, key, layer, until, until_back};
use crate::server::RedisServer;

/// A layer of which is written down what it tells.
struct Told {
    layer: RedisLayer,
    told: Arc<Mutex<Vec<Option<Vec<Digest>>>>>,
}

impl Told {
    async fn of(server: &RedisServer) -> Told {
        Told::with(layer(&server.url())).await
    }

    async fn with(layer: RedisLayer) -> Told {
        let told = Arc::new(Mutex::new(Vec::new()));
        let notes = Arc::clone(&told);
        layer.watch(Arc::new(move |keys| notes.lock().unwrap().push(keys.map(<[Digest]>::to_vec))));
        until_back(&layer).await;
        let told = Told { layer, told };
        // The connection is new: anything may have changed before.
        told.hears(None).await;
        told
    }

    /// Waits until this is told, and forgets what was told up to it.
    async fn hears(&self, what: Option<&[Digest]>) {
        until(async || {
            let mut told = self.told.lock().unwrap();
            let place = told.iter().position(|told| told.as_deref() == what);
            place.map(|place| told.drain(..=place).count()).is_some()
        })
        .await;
    }

    fn has_heard_nothing(&self) -> bool {
        self.told.lock().unwrap().is_empty()
    }
}

#[tokio::test]
async fn each_change_by_another_is_told_and_none_of_ones_own() {
    let server = RedisServer::start();
    let (one, two) = (Told::of(&server).await, Told::of(&server).await);
    one.layer.keep(&key(0), b"a", None).await.unwrap();
    // The first value begins a generation: before, nothing was there.
    two.hears(None).await;
    two.hears(Some(&[key(0)])).await;
    two.layer.keep(&key(0), b"b", None).await.unwrap();
    one.hears(Some(&[key(0)])).await;
    two.layer.forget(&[key(0)]).await.unwrap();
    one.hears(Some(&[key(0)])).await;
    assert!(one.has_heard_nothing() && two.has_heard_nothing());
}

#[tokio::test]
async fn clearing_and_flushing_are_told_as_a_change_of_everything() {
    let server = RedisServer::start();
    let (one, two) = (Told::of(&server).await, Told::of(&server).await);
    one.layer.keep(&key(0), b"a", None).await.unwrap();
    two.hears(Some(&[key(0)])).await;
    one.layer.clear().await.unwrap();
    two.hears(None).await;
    server.say::<()>(&["FLUSHALL"]);
    one.hears(None).await;
    two.hears(None).await;
}

#[tokio::test]
async fn a_change_is_told_before_the_answer_to_a_later_question() {
    let server = RedisServer::start();
    let (one, two) = (Told::of(&server).await, layer(&server.url()));
    two.keep(&key(0), b"0", None).await.unwrap();
    one.hears(Some(&[key(0)])).await;
    for round in 1..200_u32 {
        two.keep(&key(0), &round.to_le_bytes(), None).await.unwrap();
        let found = one.layer.fetch(&key(0)).await.unwrap();
        assert_eq!(found, Some(round.to_le_bytes().to_vec()));
        assert!(!one.has_heard_nothing(), "round {round}");
        one.hears(Some(&[key(0)])).await;
    }
}

#[tokio::test]
async fn a_lost_connection_is_told_as_a_change_of_everything_and_so_is_the_next() {
    let mut server = RedisServer::start();
    let told = Told::of(&server).await;
    server.kill();
    told.hears(None).await;
    server.restart();
    until_back(&told.layer).await;
    told.hears(None).await;
    layer(&server.url()).keep(&key(0), b"a", None).await.unwrap();
    told.hears(Some(&[key(0)])).await;
}

#[tokio::test]
async fn a_server_that_says_nothing_any_more_is_told_although_nobody_asks() {
    let server = RedisServer::start();
    let told = Told::with(hasty(&server.url())).await;
    server.pause();
    told.hears(None).await;
    server.resume();
    told.hears(None).await;
}

#[tokio::test]
async fn an_entry_that_ends_by_itself_is_told() {
    let server = RedisServer::start();
    let told = Told::of(&server).await;
    let other = layer(&server.url());
    other.keep(&key(0), b"a", Some(std::time::Duration::from_millis(1))).await.unwrap();
    told.hears(Some(&[key(0)])).await;
    told.hears(Some(&[key(0)])).await;
}
