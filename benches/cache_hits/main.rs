//! Hit ratios beside the peers', as a share of what was possible, over recorded and made loads. `docs/results.md` has
//! the table.
//!
//! `cargo bench -p segno-bench --bench cache_hits` measures everything, which takes minutes; with words behind `--`,
//! only the loads whose names contain one of them. In criterion's test mode, only the shortest load is run.

mod loads;

mod held;

mod traces;

mod dice;

mod best;

mod field;

mod cells;

mod table;

use std::io::Write as _;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let mut loads = traces::traces();
    loads.extend(loads::open());
    loads.extend(held::held());
    if words.iter().any(|word| word == "--test") {
        loads.sort_by_key(|load| load.keys.len());
        loads.truncate(1);
        loads[0].keys.truncate(5_000);
    } else if !words.is_empty() {
        loads.retain(|load| words.iter().any(|word| load.name.contains(word.as_str())));
    }
    let cells = cells::measure(&loads);
    // A reader of a pipe may have gone away.
    _ = write!(std::io::stdout(), "{}", table::table(&field::field(), &cells));
}
