//! Which load a thread works for, and which loads wait for which, so that one that would wait for itself is told so
//! instead. Only loads that begin or join others are written down: the rest pays one look at a thread's own variable.
//!
//! A load passes its trail on neither to threads nor to tasks that its loader starts: what they wait for is not known.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::sync::own_of_thread;

/// A load. 0 is none.
type Number = u64;

/// How many numbers a thread takes at once, so that threads do not meet for each.
const BLOCK: Number = 1 << 16;

/// The first number that nobody has taken.
static NEXT: AtomicU64 = AtomicU64::new(BLOCK);

own_of_thread!(WORKS_FOR: Number = 0);
own_of_thread!(LAST: Number = BLOCK - 1);

/// Who waits for whom, in all caches of the process: loaders of two caches may ask each other's keys.
static WAITS: Mutex<BTreeMap<Number, Vec<Number>>> = Mutex::new(BTreeMap::new());

/// Returns a number that no other load of the process has.
pub(super) fn number() -> Number {
    LAST.with(|last| {
        let mut number = last.get() + 1;
        if number % BLOCK == 0 {
            number = NEXT.fetch_add(BLOCK, Ordering::Relaxed);
        }
        last.set(number);
        number
    })
}

/// Runs something for a load; what it asks for meanwhile, on this thread, the load waits for.
pub(super) fn working_for<T>(load: Number, work: impl FnOnce() -> T) -> T {
    let _back = Back(WORKS_FOR.with(|own| own.replace(load)));
    work()
}

struct Back(Number);

impl Drop for Back {
    fn drop(&mut self) {
        WORKS_FOR.with(|own| own.set(self.0));
    }
}

/// A wait that is written down as long as this lives.
#[derive(Debug)]
pub(super) struct Wait {
    who: Number,
    on: Number,
}

/// Writes down that the load this thread works for, if any, waits for another. Returns nothing if that one waits for it.
pub(super) fn wait(on: Number) -> Option<Wait> {
    let who = WORKS_FOR.with(std::cell::Cell::get);
    if who == 0 {
        return Some(Wait { who, on });
    }
    let mut waits = lock();
    if reaches(&waits, on, who) {
        return None;
    }
    waits.entry(who).or_default().push(on);
    Some(Wait { who, on })
}

impl Drop for Wait {
    fn drop(&mut self) {
        if self.who == 0 {
            return;
        }
        let mut waits = lock();
        if let Some(on) = waits.get_mut(&self.who) {
            if let Some(index) = on.iter().position(|on| *on == self.on) {
                on.swap_remove(index);
            }
            if on.is_empty() {
                waits.remove(&self.who);
            }
        }
    }
}

fn reaches(waits: &BTreeMap<Number, Vec<Number>>, from: Number, to: Number) -> bool {
    let (mut ahead, mut seen) = (vec![from], vec![]);
    while let Some(load) = ahead.pop() {
        if load == to {
            return true;
        }
        if !seen.contains(&load) {
            seen.push(load);
            ahead.extend(waits.get(&load).into_iter().flatten());
        }
    }
    false
}

fn lock() -> MutexGuard<'static, BTreeMap<Number, Vec<Number>>> {
    WAITS.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes down waits in this order, as `who>on`, and says which were refused; such small numbers no load has.
    fn check(base: Number, waits: &str, refused: &str) {
        let number = |text: &str| base + text.parse::<Number>().unwrap();
        let mut held = Vec::new();
        let mut found = Vec::new();
        for text in waits.split(' ') {
            let (who, on) = text.split_once('>').unwrap();
            match working_for(number(who), || wait(number(on))) {
                Some(wait) => held.push(wait),
                None => found.push(text),
            }
        }
        assert_eq!(found.join(" "), refused);
        drop(held);
        assert!(lock().range(base..base + 100).next().is_none(), "nothing stays written down");
    }

    #[test]
    fn a_load_that_waits_for_itself_is_refused() {
        check(1000, "1>1", "1>1");
        check(2000, "1>2 2>1", "2>1");
        check(3000, "1>2 2>3 3>1 3>4", "3>1");
    }

    #[test]
    fn loads_that_wait_for_the_same_are_not_refused() {
        check(4000, "1>3 2>3 1>2 1>3", "");
    }

    #[test]
    fn no_number_is_given_twice() {
        let take = || (0..2 * BLOCK).map(|_| number()).collect::<Vec<_>>();
        let mut numbers: Vec<Number> = std::thread::scope(|scope| {
            let threads = [(); 2].map(|()| scope.spawn(take));
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        });
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len() as u64, 4 * BLOCK);
        assert!(numbers[0] >= BLOCK);
    }

    #[test]
    fn who_works_for_no_load_waits_for_whom_it_likes() {
        check(0, "0>1 0>1", "");
    }
}
