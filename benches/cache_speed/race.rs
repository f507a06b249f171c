//! Works that do the same in turn, by one thread and by two; what is told are medians and ratios.

use std::hint::black_box;
use std::io::Write as _;
use std::sync::Barrier;
use std::thread;
use std::time::Instant;

use segno_bench::processor_time;

use super::field::{Field, Key, Named, moka, moka_in_full, ours, ours_in_full, quick};
use super::traffic::{Traffic, Work};

const ROUNDS: usize = 12;
/// The calls of one thread in one round.
const CALLS: usize = 500_000;

/// A cache that does so many calls as the thread with this number.
type Racer<'a> = Box<dyn Fn(usize, usize) + Sync + 'a>;

/// Lets all caches do the traffic in turn and prints millions of calls a second, nanoseconds of processor time a call, and
/// both as shares of quick_cache's.
pub(crate) fn race<K: Key>(kind: &str, traffic: &Traffic, field: &[Named], keys: &[K], is_test: bool) {
    let racers: Vec<Racer<'_>> = field.iter().map(|named| racer(*named, traffic, keys)).collect();
    let (rounds, calls) = if is_test { (1, 100) } else { (ROUNDS, CALLS) };
    for threads in [1, 2] {
        let mut times = vec![Vec::new(); racers.len()];
        for round in 0..rounds {
            for number in order(round, racers.len()) {
                times[number].push(together(&racers[number], threads, calls));
            }
        }
        let medians: Vec<(f64, f64)> = times.iter().map(|times| (median(times, 0), median(times, 1))).collect();
        let quick = field.iter().position(|named| *named == Named::QuickCache).unwrap_or_default();
        for (named, (wall, processor)) in field.iter().zip(&medians) {
            let (million, beside) = (1e3 / wall, (medians[quick].0 / wall, medians[quick].1 / processor));
            // A reader of a pipe may have gone away.
            _ = writeln!(
                std::io::stdout(),
                "{kind} {:<6} {threads}T {:<24} {million:>6.1} M/s {:>5.2}x | {processor:>6.1} ns {:>5.2}x",
                traffic.name,
                named.name(),
                beside.0,
                beside.1,
            );
        }
    }
}

/// Returns who runs when in a round. Whoever follows a large cache finds the processor's caches full of it, so each follows each
/// other one equally often: from round to round the step from one to the next is another one. With a number of caches that is a
/// prime, each step comes to all of them.
fn order(round: usize, racers: usize) -> impl Iterator<Item = usize> {
    assert!(racers > 1 && (2..racers).all(|divisor| !racers.is_multiple_of(divisor)), "{racers} is no prime");
    let step = 1 + round % (racers - 1);
    (0..racers).map(move |turn| (round + turn * step) % racers)
}

fn racer<'a, K: Key>(named: Named, traffic: &'a Traffic, keys: &'a [K]) -> Racer<'a> {
    let capacity = traffic.capacity;
    match named {
        Named::Ours => drive(ours(capacity), traffic, keys),
        Named::OursInFull => drive(ours_in_full(capacity), traffic, keys),
        Named::QuickCache => drive(quick(capacity), traffic, keys),
        Named::Moka => drive(moka(capacity), traffic, keys),
        Named::MokaInFull => drive(moka_in_full(capacity), traffic, keys),
    }
}

fn drive<'a, K: Key>(cache: impl Field<K> + 'a, traffic: &'a Traffic, keys: &'a [K]) -> Racer<'a> {
    for (value, key) in keys.iter().enumerate() {
        cache.put(key, value as u64);
    }
    Box::new(move |thread, calls| {
        let order = &traffic.order;
        let begin = order.len() / 3 * thread;
        let numbers = order.iter().cycle().skip(begin).take(calls).map(|number| *number as usize);
        match traffic.work {
            Work::Read => numbers.for_each(|number| _ = black_box(cache.get(&keys[number]))),
            Work::Load => numbers.for_each(|number| _ = black_box(cache.load(&keys[number], number as u64))),
            Work::Mixed => {
                for (turn, number) in numbers.enumerate() {
                    if turn % 10 == 0 {
                        cache.put(&keys[number], number as u64);
                    } else {
                        black_box(cache.get(&keys[number]));
                    }
                }
            }
        }
    })
}

/// Returns nanoseconds by the wall and nanoseconds of processor time, a call.
fn together(racer: &Racer<'_>, threads: usize, calls: usize) -> [f64; 2] {
    let begin = Barrier::new(threads);
    let one = |thread| {
        begin.wait();
        let (begun, busy) = (Instant::now(), processor_time());
        racer(thread, calls);
        (begun.elapsed().as_nanos() as f64, processor_time() - busy)
    };
    let times: Vec<(f64, f64)> = thread::scope(|scope| {
        let crowd: Vec<_> = (0..threads).map(|thread| scope.spawn(move || one(thread))).collect();
        crowd.into_iter().map(|thread| thread.join().unwrap_or_default()).collect()
    });
    let wall = times.iter().map(|(wall, _)| *wall).fold(0.0, f64::max);
    let processor: f64 = times.iter().map(|(_, processor)| processor).sum();
    let all = (threads * calls) as f64;
    [wall / all, processor / all]
}

fn median(times: &[[f64; 2]], which: usize) -> f64 {
    let mut times: Vec<f64> = times.iter().map(|time| time[which]).collect();
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or_default().max(f64::MIN_POSITIVE)
}
