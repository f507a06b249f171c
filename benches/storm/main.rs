//! The retry storm: a thousand clients, a service with a quarter of room to spare, an outage of 15 s. Simulated on
//! the crate's own parts and a clock moved by hand, so that the table is the same on each machine. `docs/results.md`
//! has it.

mod client;

mod server;

mod storm;

use std::io::Write as _;
use std::time::Duration;

use client::{Guarded, Recipe};
use storm::{Outcome, storm};

/// A bar that the issue set: the load in the outage, and seconds until healthy, apart and shared.
const MAX_LOAD: f64 = 0.6;
const MAX_SECONDS: [u64; 2] = [9, 4];

fn main() {
    // `cargo test` builds and calls benches too; there is nothing to measure then that `--test` does not show.
    let recipes = recipes();
    let mut out = std::io::stdout();
    // A reader of a pipe may have gone away.
    _ = writeln!(out, "| policy | load in the outage | in the 15 s after | healthy again after |\n|---|---|---|---|");
    for recipe in recipes {
        let apart = storm(&recipe, false);
        let shared = storm(&recipe, true);
        _ = writeln!(out, "{}", row(&recipe, &apart, &shared));
        if recipe.is_ours {
            check(&recipe, [&apart, &shared]);
        }
    }
}

/// What segno recommends must hold the bars. The simulation has no clock but its own, so this cannot fail by chance.
fn check(recipe: &Recipe, outcomes: [&Outcome; 2]) {
    for (outcome, seconds) in outcomes.into_iter().zip(MAX_SECONDS) {
        let healthy = outcome.healthy_after.unwrap_or(u64::MAX);
        assert!(outcome.load_in_outage <= MAX_LOAD, "{}: {outcome:?}", recipe.name);
        assert!(healthy <= seconds, "{}: {outcome:?}", recipe.name);
    }
}

fn row(recipe: &Recipe, apart: &Outcome, shared: &Outcome) -> String {
    let loads = |of: fn(&Outcome) -> f64| format!("x{:.2} / x{:.2}", of(apart), of(shared));
    let healthy = |outcome: &Outcome| outcome.healthy_after.map_or("never".to_owned(), |after| format!("{after} s"));
    let (during, after) = (loads(|outcome| outcome.load_in_outage), loads(|outcome| outcome.load_after));
    format!("| {} | {during} | {after} | {} / {} |", recipe.name, healthy(apart), healthy(shared))
}

fn recipes() -> Vec<Recipe> {
    let plain = Recipe { name: "no retry", attempts: 1, budget: None, breaker: None, is_ours: false };
    let breaker = |apart, shared| Some(Guarded { apart, shared, open_for: Duration::from_secs(5), probes: 1 });
    vec![
        Recipe { ..plain },
        Recipe { name: "3 attempts, exponential, full jitter", attempts: 3, ..plain },
        Recipe { name: "+ budget of 0.1 a success, bucket of 10", attempts: 3, budget: Some((0.1, 10)), ..plain },
        Recipe { name: "+ breaker (5 in a row; shared: 100)", attempts: 3, breaker: breaker(5, 100), ..plain },
        Recipe {
            name: "budget and breaker (5 in a row; shared: 100)",
            attempts: 3,
            budget: Some((0.1, 10)),
            breaker: breaker(5, 100),
            is_ours: true,
        },
        Recipe {
            name: "**budget and breaker as preset (5 in a row, also shared)**",
            attempts: 3,
            budget: Some((0.1, 10)),
            breaker: breaker(5, 5),
            is_ours: true,
        },
    ]
}
