//! The figures as one table in Markdown.

use std::fmt::Write as _;
use std::time::Duration;

/// What a get may cost more than memory and disk while the server is away.
const ALLOWED: Duration = Duration::from_millis(2);

/// How long calls took, the shortest first.
pub(crate) struct Times(Vec<Duration>);

/// One line of the table.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) times: Times,
    pub(crate) failed: u64,
    pub(crate) outage: Option<Outage>,
}

/// What is known only of a fault.
pub(crate) struct Outage {
    /// How long the same gets took meanwhile from memory and disk with no server behind them.
    pub(crate) alone: Times,
    /// The longest call while the server went.
    pub(crate) longest_going: Duration,
    /// The longest call while it came back.
    pub(crate) longest_coming: Duration,
    /// How long it took until the server was in use again; nothing if it never was.
    pub(crate) back: Option<Duration>,
}

impl Times {
    pub(crate) fn new(mut times: Vec<Duration>) -> Times {
        times.sort_unstable();
        Times(times)
    }

    pub(crate) fn of(parts: [Times; 2]) -> Times {
        Times::new(parts.into_iter().flat_map(|Times(times)| times).collect())
    }

    fn at(&self, share: usize) -> Duration {
        self.0.get(self.0.len() * share / 100).or(self.0.last()).copied().unwrap_or_default()
    }
}

impl Row {
    /// Returns whether all is as it must be, whatever the machine takes.
    pub(crate) fn is_fine(&self) -> bool {
        self.failed == 0 && self.outage.as_ref().is_none_or(|outage| outage.back.is_some())
    }
}

pub(crate) fn markdown(rows: &[Row]) -> String {
    let mut out = String::from(
        "| Redis | gets | p50 | p99 | max | memory and disk alone: p50 | p99 | p99 wanted at most | longest call as it went \
         | as it came back | failed calls | in use after (wanted within 30 s) |\n\
         |---|---|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for Row { name, times, failed, outage } in rows {
        let [alone50, alone99, wanted, going, coming, back] =
            outage.as_ref().map_or_else(Default::default, Outage::cells);
        let (gets, [p50, p99, max]) = (times.0.len(), [50, 99, 100].map(|share| times.at(share)));
        // Writing to a string cannot fail.
        _ = writeln!(
            out,
            "| {name} | {gets} | {p50:.1?} | {p99:.1?} | {max:.1?} | {alone50} | {alone99} | {wanted} | {going} | {coming} \
             | {failed} | {back} |"
        );
    }
    out
}

impl Outage {
    fn cells(&self) -> [String; 6] {
        let Outage { alone, longest_going, longest_coming, back } = self;
        let times = [alone.at(50), alone.at(99), alone.at(99) + ALLOWED, *longest_going, *longest_coming];
        let [alone50, alone99, wanted, going, coming] = times.map(|time| format!("{time:.1?}"));
        let back = back.map_or_else(|| "never".to_owned(), |back| format!("{back:.1?}"));
        [alone50, alone99, wanted, going, coming, back]
    }
}
