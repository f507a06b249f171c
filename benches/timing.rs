//! What it costs to time a piece of work, beside the two looks at the clock that nothing can do without.

use std::hint::black_box;
use std::time::Instant;

use segno_bench::Contest;
use segno_logging::timing::{self, Operation};

fn main() {
    static OPERATION: Operation = Operation::new("bench");
    Contest::of("a piece of work that is timed", |calls| {
        (0..calls).for_each(|number| _ = black_box(OPERATION.time(|| black_box(number))));
    })
    .with("by a guard", |calls| {
        (0..calls).for_each(|number| {
            let _timer = timing::timer("bench");
            _ = black_box(number);
        });
    })
    .with("Instant::now twice", |calls| {
        (0..calls).for_each(|number| {
            let begun = Instant::now();
            _ = black_box(number);
            _ = black_box(begun.elapsed());
        });
    })
    .run(1_000.0);
}
