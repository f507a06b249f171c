//! Loads that were kept back while the policies were made; looked at when they stood.

use crate::dice::{Dice, Zipf};
use crate::loads::Load;

/// Keys of one kind begin here, keys of another elsewhere.
const APART: u64 = 1 << 40;

/// Returns the loads.
pub(crate) fn held() -> Vec<Load> {
    vec![
        Load { name: "drift", keys: drift() },
        Load { name: "news", keys: news() },
        Load { name: "once", keys: once() },
        Load { name: "builds", keys: builds() },
        Load { name: "tenants", keys: tenants() },
        Load { name: "loops", keys: loops() },
        Load { name: "sessions", keys: sessions() },
        Load { name: "backups", keys: backups() },
    ]
}

/// Popularity wanders slowly through the keys.
fn drift() -> Vec<u64> {
    let (zipf, mut dice) = (Zipf::of(30_000, 0.85), Dice::of(21));
    (0..900_000_u64).map(|step| step / 30 + zipf.throw(&mut dice)).collect()
}

/// New keys are asked for most, and less and less.
fn news() -> Vec<u64> {
    let mut dice = Dice::of(22);
    let ask = |step: u64| {
        let age = (dice.share().powf(-2.2) - 1.0) * 8.0;
        (step / 12).saturating_sub(age.min(1e12) as u64)
    };
    (60_000..660_000_u64).map(ask).collect()
}

/// Most keys come once.
fn once() -> Vec<u64> {
    let (zipf, mut dice) = (Zipf::of(40_000, 1.0), Dice::of(23));
    let ask = |step| if dice.below(10) < 6 { APART + step } else { zipf.throw(&mut dice) };
    (0..500_000).map(ask).collect()
}

/// Sources are read one after another, each with some of the headers; then the objects are linked.
fn builds() -> Vec<u64> {
    let (headers, mut dice) = (Zipf::of(600, 0.8), Dice::of(24));
    let mut keys = Vec::new();
    for _build in 0..25 {
        for source in 0..250 {
            keys.extend((0..3).map(|page| APART + source * 3 + page));
            keys.extend((0..20).map(|_| headers.throw(&mut dice)));
            keys.push(2 * APART + source);
        }
        keys.extend((0..250).map(|object| 2 * APART + object));
    }
    keys
}

/// Four users of one cache: popular keys, a loop, a queue and a reader of everything, in changing shares.
fn tenants() -> Vec<u64> {
    let (zipf, mut dice) = (Zipf::of(20_000, 0.95), Dice::of(25));
    let (mut place, mut head) = (0, 0);
    let ask = |step: u64| {
        let is_loop_time = (step / 60_000).is_multiple_of(2);
        match dice.below(10) {
            0..4 => zipf.throw(&mut dice),
            4..7 if is_loop_time => {
                place = (place + 1) % 6_000;
                APART + place
            }
            4..9 => {
                head += u64::from(dice.below(2) == 0);
                2 * APART + head.saturating_sub(dice.below(200))
            }
            _ => 3 * APART + step,
        }
    };
    (0..600_000).map(ask).collect()
}

/// Loops of several lengths, one within the other's time.
fn loops() -> Vec<u64> {
    let mut dice = Dice::of(26);
    let mut keys = Vec::new();
    while keys.len() < 200_000 {
        let which = dice.below(5);
        let len = [60, 250, 700, 1_500, 2_400][which as usize];
        for _ in 0..1 + dice.below(6) {
            keys.extend((0..len).map(|step| which * APART + step));
        }
    }
    keys
}

/// Users come, work on a few keys of their own for a while beside common ones, and go.
fn sessions() -> Vec<u64> {
    let (common, mut dice) = (Zipf::of(2_000, 1.1), Dice::of(27));
    let mut users: Vec<u64> = (0..150).collect();
    let mut next = 150;
    let ask = |_| {
        if dice.below(3) == 0 {
            return common.throw(&mut dice);
        }
        let which = dice.below(150) as usize;
        if dice.below(60) == 0 {
            users[which] = next;
            next += 1;
        }
        APART + users[which] * 8 + dice.below(8)
    };
    (0..400_000).map(ask).collect()
}

/// A skewed store that is copied from end to end now and then, in order.
fn backups() -> Vec<u64> {
    let (zipf, mut dice) = (Zipf::of(60_000, 0.8), Dice::of(28));
    let mut keys = Vec::new();
    for _ in 0..6 {
        keys.extend((0..90_000).map(|_| zipf.throw(&mut dice).wrapping_mul(7_919) % 60_000));
        keys.extend(0..60_000);
    }
    keys
}
