//! Loads under loom, which tries out how threads may interleave: one load, nobody is left waiting, and what was
//! invalidated meanwhile is not kept. Run by `cargo xtask ci models`.
#![cfg(segno_loom)]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::hash::{BuildHasherDefault, DefaultHasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use loom::sync::atomic::AtomicU32 as Source;
use loom::thread;
use segno_cache::{Builder, Cache, LoadErrorKind};

/// How often threads may be interrupted where they need not wait, in a model of two and of three. More takes minutes.
const OF_TWO: usize = 5;
const OF_THREE: usize = 2;

/// A cache, and what its values are loaded from: that orders nothing itself, so that the cache has to.
struct World {
    cache: Cache<u32, u32, BuildHasherDefault<DefaultHasher>>,
    source: Source,
    loads: AtomicU32,
}

impl World {
    fn get(&self) -> u32 {
        let load = || {
            self.loads.fetch_add(1, Ordering::Relaxed);
            Ok::<_, std::io::Error>(self.source.load(Ordering::Relaxed))
        };
        self.cache.get_or_load(&1, load).unwrap()
    }

    fn fail(&self) {
        let load = || {
            self.loads.fetch_add(1, Ordering::Relaxed);
            Err("down")
        };
        assert_eq!(self.cache.get_or_load(&1, load).unwrap_err().kind(), LoadErrorKind::Failed);
    }

    fn change(&self, invalidate: impl FnOnce(&Self)) {
        self.source.fetch_add(1, Ordering::Relaxed);
        invalidate(self);
    }

    fn loads(&self) -> u32 {
        self.loads.load(Ordering::Relaxed)
    }
}

/// Runs this on threads of their own, and the last on the first; then says what must be so.
fn check(works: &'static [fn(&World)], end: fn(&World)) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(if works.len() > 2 { OF_THREE } else { OF_TWO });
    model.check(move || {
        // Loom must see the same locks in each run: no hash may depend on chance.
        let cache = Builder::default().capacity(4).hasher(BuildHasherDefault::default()).build();
        let world = Arc::new(World { cache, source: Source::new(0), loads: AtomicU32::new(0) });
        let (own, others) = works.split_last().unwrap();
        let start = |work: &fn(&World)| {
            let (world, work) = (Arc::clone(&world), *work);
            thread::spawn(move || work(&world))
        };
        let threads: Vec<_> = others.iter().map(start).collect();
        own(&world);
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        end(&world);
    });
}

fn get(world: &World) {
    assert!(world.get() <= 1);
}

fn change_and_remove(world: &World) {
    world.change(|world| assert!(world.cache.remove(&1).is_none_or(|old| old <= 1)));
    // Whoever asks after the removal does not get what was loaded before.
    assert_eq!(world.get(), 1);
}

#[test]
fn threads_that_miss_one_key_load_it_once() {
    check(&[get, get], |world| assert_eq!(world.loads(), 1));
    check(&[get, get, get], |world| assert_eq!(world.loads(), 1));
}

#[test]
fn nobody_waits_for_ever_for_a_load_that_fails() {
    check(&[World::fail, World::fail], |world| {
        assert!(world.loads() <= 2);
        assert_eq!(world.cache.get(&1), None);
    });
}

#[test]
fn a_removal_during_a_load_is_not_lost() {
    check(&[get, change_and_remove], |world| assert_eq!(world.get(), 1));
    check(&[get, get, change_and_remove], |world| assert_eq!(world.get(), 1));
}
