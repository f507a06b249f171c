//! The layers below memory, in their order, for bytes: what is asked of them in turn, and what is written to all.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use super::envelope::{Envelope, Opened, Rejection};
use super::event::{LayerEvent, Teller};
use super::order::Order;
use super::queue::Queue;
use super::tally::count;
use super::tier::Tier;
use super::together::together;
use super::underway::Underway;
use crate::clock::nanos;
use crate::{Clock, Digest};

/// So many values are written at once when they are written behind.
const WRITERS: usize = 8;

#[derive(Debug)]
pub(super) struct Below {
    pub(super) tiers: Vec<Arc<Tier>>,
    pub(super) envelope: Envelope,
    pub(super) queue: Option<Queue>,
    /// Whether anything may be written to the layers.
    pub(super) may_write: bool,
    /// Whether the value of a key is always the same, so that an older one is never wrong.
    pub(super) never_change: bool,
    pub(super) clock: Clock,
    pub(super) teller: Teller,
    /// Who reads and who writes.
    pub(super) order: Order,
    /// Who writes behind and who removes: what is written behind must not come after the removal of its key.
    pub(super) hands: Order,
    pub(super) underway: Underway,
    pub(super) dropped: AtomicU64,
}

/// What the layers have under a key.
#[derive(Debug, Default)]
pub(super) struct Search {
    pub(super) found: Option<Opened>,
    /// Whose layer it was; nothing if it was still to be written.
    pub(super) tier: Option<Arc<Tier>>,
    /// Layers in which a newer program's entry stands, which is not overwritten by what was loaded instead.
    pub(super) newer: Vec<Arc<str>>,
    pub(super) fill: Option<Fill>,
}

/// An entry that is still to be written to the layers above the one that had it.
#[derive(Debug)]
pub(super) struct Fill {
    key: Digest,
    /// The layers, each with its last debt before the entry was read.
    tiers: Vec<(Arc<Tier>, u64)>,
    bytes: Vec<u8>,
    left: Option<Duration>,
}

impl Below {
    /// Asks one layer after the other. The caller takes part in the order as a reader.
    pub(super) async fn find(&self, key: &Digest) -> Search {
        let (mut search, debts) = (Search::default(), self.debts());
        if let Some(opened) = self.find_waiting(key) {
            search.found = Some(opened);
            return search;
        }
        for (place, tier) in self.tiers.iter().enumerate() {
            let Some(bytes) = tier.fetch(key).await else { continue };
            match self.open(tier, key, &bytes).await {
                Ok(opened) => {
                    search.fill = self.filling(&debts[..place], key, bytes, opened.left, &search.newer);
                    search.tier = Some(Arc::clone(tier));
                    search.found = Some(opened);
                    return search;
                }
                Err(Rejection::Newer) => search.newer.push(Arc::clone(&tier.name)),
                Err(_) => {}
            }
        }
        search
    }

    /// Asks one layer after the other for what the ones before it do not have, each once.
    pub(super) async fn find_many(&self, keys: &[Digest]) -> HashMap<Digest, Search> {
        let debts = self.debts();
        let waiting = keys.iter().filter_map(|key| Some((*key, self.find_waiting(key)?)));
        let found = |opened| Search { found: Some(opened), ..Search::default() };
        let mut found: HashMap<Digest, Search> = waiting.map(|(key, opened)| (key, found(opened))).collect();
        let mut newer: HashMap<Digest, Vec<Arc<str>>> = HashMap::new();
        for (place, tier) in self.tiers.iter().enumerate() {
            let missing: Vec<Digest> = keys.iter().filter(|key| !found.contains_key(*key)).copied().collect();
            if missing.is_empty() {
                break;
            }
            let answers = tier.fetch_many(&missing).await;
            for (key, bytes) in missing.iter().zip(answers).filter_map(|(key, bytes)| Some((key, bytes?))) {
                match self.open(tier, key, &bytes).await {
                    Ok(opened) => {
                        let newer = newer.remove(key).unwrap_or_default();
                        let fill = self.filling(&debts[..place], key, bytes, opened.left, &newer);
                        let tier = Some(Arc::clone(tier));
                        found.insert(*key, Search { found: Some(opened), tier, newer, fill });
                    }
                    Err(Rejection::Newer) => newer.entry(*key).or_default().push(Arc::clone(&tier.name)),
                    Err(_) => {}
                }
            }
        }
        let unfound = |(key, newer)| (key, Search { newer, ..Search::default() });
        found.extend(newer.into_iter().map(unfound));
        found
    }

    /// Notes that an entry cannot be used. One that is poisoned is removed; what is foreign or newer is somebody else's.
    pub(super) async fn reject(&self, tier: &Arc<Tier>, key: &Digest, rejection: Rejection) {
        tier.tally.reject(&rejection);
        let is_ours = rejection == Rejection::Poisoned;
        self.teller.tell(&LayerEvent::Rejected { layer: Arc::clone(&tier.name), key: *key, rejection });
        if is_ours && self.may_write {
            tier.forget(&[*key]).await;
        }
    }

    /// Writes a value to the layers, or puts it where it waits to be written. The caller takes part in the order as a writer.
    pub(super) async fn keep(
        self: &Arc<Self>,
        key: &Digest,
        plain: &[u8],
        live: Option<Duration>,
        except: &[Arc<str>],
    ) {
        let now = nanos(self.clock.now());
        let sealed = if self.may_write { self.envelope.seal(key, plain, now, live) } else { None };
        match (sealed, &self.queue) {
            (None, _) => self.outdate(key),
            (Some(bytes), None) => self.write(key, &bytes, live, except).await,
            (Some(bytes), Some(queue)) => {
                if queue.push(*key, bytes.into(), live) {
                    self.call_writer();
                } else {
                    count(&self.dropped);
                    self.outdate(key);
                    self.teller.tell(&LayerEvent::Dropped { key: *key });
                }
            }
        }
    }

    /// Forgets keys in all layers. The caller takes part in the order as a writer.
    pub(super) async fn forget(&self, keys: &[Digest]) {
        for key in keys {
            self.underway.outdate(key);
            if let Some(queue) = &self.queue {
                queue.cancel(key);
            }
        }
        let _hands = self.hands.write_many(keys).await;
        together(self.tiers.iter().map(|tier| tier.forget(keys))).await;
    }

    /// Forgets everything in all layers. The caller takes all places in the order as a writer.
    pub(super) async fn clear(&self) {
        self.underway.outdate_all();
        if let Some(queue) = &self.queue {
            queue.cancel_all();
        }
        let _hands = self.hands.write_all().await;
        together(self.tiers.iter().map(|tier| tier.clear())).await;
    }

    /// Notes that what the layers have under a key is out of date, unless it never is.
    pub(super) fn outdate(&self, key: &Digest) {
        if !self.never_change {
            self.tiers.iter().for_each(|tier| tier.owe(&[*key]));
        }
    }

    /// Notes that everything the layers have is to be forgotten.
    pub(super) fn outdate_all(&self) {
        self.underway.outdate_all();
        if let Some(queue) = &self.queue {
            queue.cancel_all();
        }
        let now = nanos(self.clock.now());
        self.tiers.iter().for_each(|tier| tier.debts.owe_everything(now));
    }

    /// Starts the task that writes what waits, unless it runs. One whose runtime has gone is started again.
    pub(super) fn call_writer(self: &Arc<Self>) {
        let Some(queue) = &self.queue else { return };
        let mut running = queue.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let Ok(runtime) = Handle::try_current() else { return };
        if queue.needs_writer(running.as_ref().is_none_or(JoinHandle::is_finished)) {
            *running = Some(runtime.spawn(Arc::clone(self).write_behind()));
        }
    }

    /// Writes until nothing waits. It owns the layers, so that what waits when the last handle goes is still written.
    async fn write_behind(self: Arc<Self>) {
        let Some(queue) = &self.queue else { return };
        loop {
            let keys = queue.hand_out(WRITERS);
            if keys.is_empty() {
                return;
            }
            together(keys.iter().map(|(key, number)| async {
                let _hand = self.hands.write(key).await;
                if let Some(waiting) = queue.peek(key) {
                    self.write(key, &waiting.bytes, waiting.live, &[]).await;
                }
                queue.put_down(key, *number);
            }))
            .await;
        }
    }

    async fn write(&self, key: &Digest, bytes: &[u8], live: Option<Duration>, except: &[Arc<str>]) {
        let tiers = self.tiers.iter().filter(|tier| !except.contains(&tier.name));
        together(tiers.map(|tier| async {
            let last = tier.debts.last();
            if !tier.keep(key, bytes, live, last).await && !self.never_change {
                tier.owe(&[*key]);
            }
        }))
        .await;
    }

    /// Writes what was found to the layers above the one that had it. Who does this has the turn of who read it.
    pub(super) async fn fill(&self, fill: Fill) {
        together(fill.tiers.iter().map(|(tier, last)| async {
            if tier.keep(&fill.key, &fill.bytes, fill.left, *last).await {
                count(&tier.tally.fills);
            }
        }))
        .await;
    }

    /// Returns the last debt of each layer: what is told from now on is not paid with what is read from now on.
    fn debts(&self) -> Vec<u64> {
        self.tiers.iter().map(|tier| tier.debts.last()).collect()
    }

    fn filling(
        &self,
        debts: &[u64],
        key: &Digest,
        bytes: Vec<u8>,
        left: Option<Duration>,
        newer: &[Arc<str>],
    ) -> Option<Fill> {
        let above = self.tiers.iter().zip(debts).filter(|(tier, _)| !newer.contains(&tier.name));
        let tiers: Vec<(Arc<Tier>, u64)> = above.map(|(tier, last)| (Arc::clone(tier), *last)).collect();
        (self.may_write && !tiers.is_empty()).then_some(Fill { key: *key, tiers, bytes, left })
    }

    async fn open(&self, tier: &Arc<Tier>, key: &Digest, bytes: &[u8]) -> Result<Opened, Rejection> {
        let opened = self.envelope.open(key, bytes, nanos(self.clock.now()), tier.debts.since());
        match &opened {
            Ok(_) => count(&tier.tally.hits),
            Err(rejection) => self.reject(tier, key, rejection.clone()).await,
        }
        opened
    }

    fn find_waiting(&self, key: &Digest) -> Option<Opened> {
        let waiting = self.queue.as_ref()?.peek(key)?;
        self.envelope.open(key, &waiting.bytes, nanos(self.clock.now()), i64::MIN).ok()
    }

    /// Returns how many values were not written since the queue was full.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped.load(Relaxed)
    }
}
