//! What joined layers are made of, piece by piece.

use std::sync::Arc;
use std::sync::Weak;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use super::below::Below;
use super::blocking::BlockingLayered;
use super::codec::Codec;
use super::envelope::Envelope;
use super::event::{LayerEvent, Teller};
use super::inner::Inner;
use super::layer::Layer;
use super::layered::Layered;
use super::namespace::Namespace;
use super::order::Order;
use super::queue::{Queue, WriteBehind};
use super::tier::{LayerTerms, Tier};
use super::underway::Underway;
use crate::clock::nanos;
use crate::{Cache, Clock, Digest, Error};

/// Longer values than this are compressed.
const COMPRESS_ABOVE: usize = 4 * 1024;

/// Longer values than this stay in memory only.
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// So many entries are kept in memory if nothing else is said.
const CAPACITY: u64 = 10_000;

/// Collects what a [`Layered`] is made of.
#[must_use]
pub struct LayeredBuilder<V> {
    memory: Cache<Digest, V>,
    codec: Arc<dyn Codec<V>>,
    layers: Vec<(Arc<dyn Layer>, LayerTerms)>,
    envelope: Envelope,
    write_behind: Option<WriteBehind>,
    may_write: bool,
    never_change: bool,
    time_to_live: Option<Duration>,
    clock: Clock,
    teller: Teller,
}

impl<V: Clone + Send + Sync + 'static> LayeredBuilder<V> {
    pub(super) fn new(codec: Arc<dyn Codec<V>>) -> LayeredBuilder<V> {
        let namespace = Namespace::open("");
        LayeredBuilder {
            memory: Cache::new(CAPACITY),
            codec,
            layers: Vec::new(),
            envelope: Envelope { namespace, compress_above: COMPRESS_ABOVE, max_bytes: MAX_BYTES },
            write_behind: None,
            may_write: true,
            never_change: false,
            time_to_live: None,
            clock: Clock::default(),
            teller: Teller::default(),
        }
    }

    /// Takes this cache as the memory in front, instead of one for 10,000 entries.
    pub fn memory(mut self, memory: Cache<Digest, V>) -> Self {
        self.memory = memory;
        self
    }

    /// Adds a layer behind those that are there, with a limit of 200 ms.
    pub fn layer(self, layer: Arc<dyn Layer>) -> Self {
        self.layer_with(layer, LayerTerms::default())
    }

    /// Adds a layer behind those that are there.
    pub fn layer_with(mut self, layer: Arc<dyn Layer>, terms: LayerTerms) -> Self {
        self.layers.push((layer, terms));
        self
    }

    /// Says whose entries are believed, instead of everybody's who names no namespace.
    pub fn namespace(mut self, namespace: Namespace) -> Self {
        self.envelope.namespace = namespace;
        self
    }

    /// Writes to the layers later, and not before the caller goes on.
    pub fn write_behind(mut self, limits: WriteBehind) -> Self {
        self.write_behind = Some(limits);
        self
    }

    /// Never writes to the layers, and removes nothing there: for a program whose results others should not be given.
    /// What it puts or removes counts for itself.
    pub fn read_only(mut self) -> Self {
        self.may_write = false;
        self
    }

    /// Promises that the value of a key is always the same, as it is when keys are made of all that a value depends on.
    /// Then a value that could not be written does no harm, and an older one in a layer may still be given.
    pub fn values_never_change(mut self) -> Self {
        self.never_change = true;
        self
    }

    /// Gives every value so long, if nothing else is said when it is put.
    pub fn time_to_live(mut self, time: Duration) -> Self {
        self.time_to_live = Some(time);
        self
    }

    /// Compresses values longer than this, instead of 4 KiB; `usize::MAX` for never.
    pub fn compress_above(mut self, bytes: usize) -> Self {
        self.envelope.compress_above = bytes;
        self
    }

    /// Keeps longer values in memory only, and believes no longer ones; instead of 64 MiB.
    pub fn max_bytes(mut self, bytes: usize) -> Self {
        self.envelope.max_bytes = bytes;
        self
    }

    /// Takes the time from elsewhere.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Is told what happens to layers; must return soon.
    pub fn listener(mut self, listener: impl Fn(&LayerEvent) + Send + Sync + 'static) -> Self {
        self.teller.listener = Some(Arc::new(listener));
        self
    }

    /// Joins the layers.
    pub fn build(self) -> Layered<V> {
        let LayeredBuilder { memory, codec, layers, envelope, write_behind, may_write, .. } = self;
        let LayeredBuilder { never_change, time_to_live, clock, teller, .. } = self;
        let tier = |(layer, terms)| Arc::new(Tier::new(layer, terms, may_write, clock.clone(), teller.clone()));
        let below = Arc::new(Below {
            tiers: layers.into_iter().map(tier).collect(),
            envelope,
            queue: write_behind.map(Queue::new),
            may_write,
            never_change,
            clock: clock.clone(),
            teller: teller.clone(),
            order: Order::default(),
            hands: Order::default(),
            underway: Underway::default(),
            dropped: AtomicU64::new(0),
        });
        let (hits, misses) = (AtomicU64::new(0), AtomicU64::new(0));
        let inner = Arc::new(Inner { memory, codec, below, flights: Cache::new(0), time_to_live, hits, misses });
        watch(&inner);
        Layered { inner }
    }
}

impl<V: Clone + Send + Sync + 'static> LayeredBuilder<V> {
    /// Joins the layers for threads. Fails if no thread can be started.
    pub fn build_blocking(self) -> Result<BlockingLayered<V>, Error> {
        BlockingLayered::new(self.build())
    }
}

/// What others change in a layer goes from memory and the layers above it.
fn watch<V: Clone + Send + Sync + 'static>(inner: &Arc<Inner<V>>) {
    for (place, tier) in inner.below.tiers.iter().enumerate() {
        let weak = Arc::downgrade(inner);
        tier.layer().watch(Arc::new(move |keys| outdated(&weak, place, keys)));
    }
}

fn outdated<V: Clone + Send + Sync + 'static>(inner: &Weak<Inner<V>>, place: usize, keys: Option<&[Digest]>) {
    let Some(inner) = inner.upgrade() else { return };
    // Then what others write is what stands here already, and what they remove may still be given.
    if inner.below.never_change {
        return;
    }
    let above = &inner.below.tiers[..place];
    match keys {
        Some(keys) => {
            for key in keys {
                inner.outdate(key);
                inner.memory.remove(key);
            }
            above.iter().for_each(|tier| tier.owe(keys));
        }
        None => {
            inner.below.underway.outdate_all();
            inner.flights.clear();
            inner.memory.clear();
            let now = nanos(inner.below.clock.now());
            above.iter().for_each(|tier| tier.debts.distrust(now));
        }
    }
}
