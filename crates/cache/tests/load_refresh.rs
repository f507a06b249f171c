//! Refreshes on threads: nobody waits for them, and there are not too many.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use segno_cache::{Cache, Loader, Loading, Terms};

/// A loader that says when it is asked, and answers when it is let.
struct Source {
    loader: Loader<u32, u32>,
    begun: Receiver<(u32, thread::ThreadId)>,
    answer: Sender<Result<u32, &'static str>>,
}

impl Source {
    /// With values for these keys that are past their time.
    fn of(keys: impl Iterator<Item = u32>) -> Source {
        let cache = Cache::new(100);
        let minute = Some(Duration::from_secs(60));
        for key in keys {
            let terms = Terms { time_to_live: Some(Duration::ZERO), stale: minute, ..Terms::default() };
            cache.insert_with(key, key, terms);
        }
        let (begin, begun) = channel();
        let (answer, answers) = channel();
        let answers = Arc::new(Mutex::new(answers));
        let loading = Loading { stale_while_revalidate: minute, ..Loading::default() };
        let loader = cache.loader(loading, move |key| {
            begin.send((*key, thread::current().id())).unwrap();
            answers.lock().unwrap().recv().unwrap()
        });
        Source { loader, begun, answer }
    }

    /// Waits until the refreshes under way have ended.
    fn settle(&self, is_over: impl Fn(&Cache<u32, u32>) -> bool) {
        while !is_over(self.loader.cache()) {
            thread::yield_now();
        }
    }
}

#[test]
fn a_value_past_its_time_is_given_while_one_thread_loads_a_newer_one() {
    let source = Source::of(1..=1);
    for _ in 0..100 {
        assert_eq!(source.loader.get(&1).ok(), Some(1));
    }
    let (key, on) = source.begun.recv().unwrap();
    assert!(key == 1 && on != thread::current().id());
    source.answer.send(Ok(10)).unwrap();
    source.settle(|cache| cache.get(&1) == Some(10));
    assert!(source.begun.try_recv().is_err(), "one refresh for a hundred callers");
}

#[test]
fn a_refresh_that_fails_leaves_the_value_and_is_tried_again() {
    let source = Source::of(1..=1);
    assert_eq!(source.loader.get(&1).ok(), Some(1));
    source.answer.send(Err("down")).unwrap();
    source.begun.recv().unwrap();
    source.answer.send(Ok(10)).unwrap();
    source.settle(|_| source.loader.get(&1).ok() == Some(10));
}

#[test]
fn beyond_the_limit_the_caller_refreshes_himself() {
    let max = Loader::<u32, u32>::MAX_REFRESHES as u32;
    let source = Source::of(0..=max);
    for key in 0..max {
        assert_eq!(source.loader.get(&key).ok(), Some(key));
        let (begun, on) = source.begun.recv().unwrap();
        assert!(begun == key && on != thread::current().id());
    }
    thread::scope(|scope| {
        let loader = source.loader.clone();
        let caller = scope.spawn(move || loader.get(&max).ok());
        assert_eq!(source.begun.recv().unwrap(), (max, caller.thread().id()));
        (0..=max).for_each(|_| source.answer.send(Ok(99)).unwrap());
        assert_eq!(caller.join().unwrap(), Some(99));
    });
    source.settle(|cache| (0..=max).all(|key| cache.get(&key) == Some(99)));
}

#[test]
fn what_is_not_there_is_loaded_by_its_caller() {
    let source = Source::of(0..0);
    source.answer.send(Ok(7)).unwrap();
    assert_eq!(source.loader.clone().get(&1).ok(), Some(7));
    assert_eq!(source.begun.recv().unwrap(), (1, thread::current().id()));
    source.answer.send(Err("down")).unwrap();
    assert!(source.loader.get(&2).is_err());
}
