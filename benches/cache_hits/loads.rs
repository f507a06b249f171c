//! Made loads: each imitates one thing that programs do to caches. All are the same in every run.

use crate::dice::{Dice, Zipf};

/// A load, and the keys it asks for in turn.
#[derive(Debug)]
pub(crate) struct Load {
    /// What it is called in the table.
    pub(crate) name: &'static str,
    /// What is asked for.
    pub(crate) keys: Vec<u64>,
}

/// Keys of one kind begin here, keys of another elsewhere.
const APART: u64 = 1 << 40;

/// Returns the loads that were looked at while the policies were made.
pub(crate) fn open() -> Vec<Load> {
    vec![
        Load { name: "zipf 0.7", keys: zipf(0.7) },
        Load { name: "zipf 0.9", keys: zipf(0.9) },
        Load { name: "zipf 1.1", keys: zipf(1.1) },
        Load { name: "scan", keys: scan() },
        Load { name: "loop", keys: (0..500_000).map(|step| step % 20_000).collect() },
        Load { name: "loop + zipf", keys: loop_and_zipf() },
        Load { name: "shift", keys: shift() },
        Load { name: "three times", keys: three_times() },
        Load { name: "blocks", keys: blocks() },
        Load { name: "recent", keys: recent() },
        Load { name: "joins", keys: joins() },
        Load { name: "phases", keys: phases() },
    ]
}

fn zipf(s: f64) -> Vec<u64> {
    let (zipf, mut dice) = (Zipf::of(100_000, s), Dice::of(1));
    (0..1_000_000).map(|_| zipf.throw(&mut dice)).collect()
}

/// Popular keys, and now and then a long read of keys that never come again.
fn scan() -> Vec<u64> {
    let (zipf, mut dice) = (Zipf::of(50_000, 0.9), Dice::of(2));
    let mut keys = Vec::new();
    for round in 0..8 {
        keys.extend((0..80_000).map(|_| zipf.throw(&mut dice)));
        keys.extend((0..25_000).map(|step| APART + round * 25_000 + step));
    }
    keys
}

fn loop_and_zipf() -> Vec<u64> {
    let (zipf, mut dice) = (Zipf::of(50_000, 0.9), Dice::of(3));
    let mut place = 0;
    let step = |_| match dice.below(2) {
        0 => zipf.throw(&mut dice),
        _ => {
            place = (place + 1) % 20_000;
            APART + place
        }
    };
    (0..800_000).map(step).collect()
}

/// What is popular becomes unpopular from one moment to the next.
fn shift() -> Vec<u64> {
    let (zipf, mut dice) = (Zipf::of(20_000, 0.9), Dice::of(4));
    (0..800_000).map(|step| step / 100_000 * 20_000 + zipf.throw(&mut dice)).collect()
}

/// Each key is asked for three times within a short span, and never again.
fn three_times() -> Vec<u64> {
    let mut dice = Dice::of(5);
    let mut due: Vec<(u64, u64)> = Vec::new();
    for key in 0..200_000_u64 {
        let second = key * 3 + 1 + dice.below(600);
        due.extend([(key * 3, key), (second, key), (second + 1 + dice.below(600), key)]);
    }
    due.sort_unstable();
    due.into_iter().map(|(_, key)| key).collect()
}

/// Runs of blocks, read once or again soon, over an index that is always needed.
fn blocks() -> Vec<u64> {
    let (starts, index, mut dice) = (Zipf::of(4_000, 0.6), Zipf::of(3_000, 1.0), Dice::of(6));
    let mut keys = Vec::new();
    let mut last_runs: Vec<(u64, u64)> = Vec::new();
    while keys.len() < 800_000 {
        let again = dice.below(10);
        let (start, len) = match last_runs.len() {
            len if len > 0 && again < 3 => last_runs[len - 1 - dice.below(len.min(20) as u64) as usize],
            _ => (starts.throw(&mut dice) * 40 + dice.below(20), 1 + dice.below(30)),
        };
        last_runs.push((start, len));
        for block in start..start + len {
            if dice.below(4) == 0 {
                keys.push(APART + index.throw(&mut dice));
            }
            keys.push(block);
        }
    }
    keys
}

/// What was used lately is used again: the distance back falls off like a power.
fn recent() -> Vec<u64> {
    let mut dice = Dice::of(7);
    let mut keys: Vec<u64> = (0..100).collect();
    while keys.len() < 200_000 {
        let back = dice.share().powf(-1.6) as usize;
        let key = if dice.below(100) < 3 || back > keys.len() { keys.len() as u64 } else { keys[keys.len() - back] };
        keys.push(key);
    }
    keys
}

/// A table is read through for each block of another one.
fn joins() -> Vec<u64> {
    let mut dice = Dice::of(8);
    let mut keys = Vec::new();
    while keys.len() < 150_000 {
        let (outer, inner) = (dice.below(4), dice.below(4));
        let (outer_len, inner_len) = (20 + 30 * outer, 100 + 250 * inner);
        for row in 0..outer_len {
            keys.push(outer * APART + row);
            keys.extend((0..inner_len).map(|row| (10 + inner) * APART + row));
        }
    }
    keys
}

/// Popular keys, a loop and once-read keys take turns.
fn phases() -> Vec<u64> {
    let (zipf, mut dice) = (Zipf::of(4_000, 1.0), Dice::of(9));
    let mut keys = Vec::new();
    for phase in 0..30_u64 {
        match phase % 3 {
            0 => keys.extend((0..10_000).map(|_| zipf.throw(&mut dice))),
            1 => keys.extend((0..10_000).map(|step| APART + step % 1_500)),
            _ => keys.extend((0..3_000).map(|step| 2 * APART + phase * 3_000 + step)),
        }
    }
    keys
}
