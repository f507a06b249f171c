//! A layer that fails as it is told to.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use segno_cache::{Answer, Digest, Layer, LayerError, Outdated};

/// How it fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Mood {
    #[default]
    Well,
    Fails,
    Hangs,
    AnswersAfter(Duration),
    Panics,
    PanicsLater,
    TakesNothing,
    IsReadOnly,
    Garbles,
}

/// Bytes, and for how long.
type Kept = HashMap<Digest, (Vec<u8>, Option<Duration>)>;

#[derive(Default)]
pub(crate) struct Double {
    pub(crate) mood: Mutex<Mood>,
    pub(crate) kept: Mutex<Kept>,
    pub(crate) calls: AtomicUsize,
    pub(crate) told: Mutex<Vec<Outdated>>,
}

impl std::fmt::Debug for Double {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Double")
    }
}

impl Double {
    pub(crate) fn new() -> Arc<Double> {
        Arc::default()
    }

    pub(crate) fn feel(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    pub(crate) fn calls(&self) -> usize {
        self.calls.load(SeqCst)
    }

    pub(crate) fn has(&self, key: &Digest) -> bool {
        self.kept.lock().unwrap().contains_key(key)
    }

    pub(crate) fn bytes(&self, key: &Digest) -> Vec<u8> {
        self.kept.lock().unwrap()[key].0.clone()
    }

    pub(crate) fn put(&self, key: &Digest, bytes: Vec<u8>) {
        self.kept.lock().unwrap().insert(*key, (bytes, None));
    }

    /// Tells what others changed.
    pub(crate) fn tell(&self, keys: Option<&[Digest]>) {
        let told = self.told.lock().unwrap().clone();
        told.iter().for_each(|told| told(keys));
    }

    fn answer<'a, T: Send + 'a>(
        &'a self,
        is_write: bool,
        done: impl FnOnce(&mut Kept) -> T + Send + 'a,
    ) -> Answer<'a, T> {
        self.calls.fetch_add(1, SeqCst);
        let mood = *self.mood.lock().unwrap();
        assert!(mood != Mood::Panics, "as told");
        let layer = || "double".to_owned();
        Box::pin(async move {
            match mood {
                Mood::Fails => return Err(LayerError::Failed { layer: layer(), source: "no route".into() }),
                Mood::TakesNothing if is_write => return Err(LayerError::Full { layer: layer() }),
                Mood::IsReadOnly if is_write => {
                    return Err(LayerError::Refused { layer: layer(), reason: "read-only".into() });
                }
                Mood::Hangs => std::future::pending().await,
                Mood::AnswersAfter(time) => tokio::time::sleep(time).await,
                Mood::PanicsLater => {
                    tokio::task::yield_now().await;
                    panic!("as told");
                }
                _ => {}
            }
            Ok(done(&mut self.kept.lock().unwrap()))
        })
    }
}

impl Layer for Double {
    fn name(&self) -> &str {
        "double"
    }

    fn fetch<'a>(&'a self, key: &'a Digest) -> Answer<'a, Option<Vec<u8>>> {
        let garbles = *self.mood.lock().unwrap() == Mood::Garbles;
        self.answer(false, move |kept| match garbles {
            true => Some(b"+OK\r\n".repeat(100)),
            false => kept.get(key).map(|(bytes, _)| bytes.clone()),
        })
    }

    fn keep<'a>(&'a self, key: &'a Digest, bytes: &'a [u8], time_to_live: Option<Duration>) -> Answer<'a, ()> {
        self.answer(true, move |kept| _ = kept.insert(*key, (bytes.to_vec(), time_to_live)))
    }

    fn forget<'a>(&'a self, keys: &'a [Digest]) -> Answer<'a, ()> {
        self.answer(true, move |kept| keys.iter().for_each(|key| _ = kept.remove(key)))
    }

    fn clear(&self) -> Answer<'_, ()> {
        self.answer(true, |kept| kept.clear())
    }

    fn check(&self) -> Answer<'_, ()> {
        self.answer(true, |_| ())
    }

    fn watch(&self, told: Outdated) {
        self.told.lock().unwrap().push(told);
    }
}
