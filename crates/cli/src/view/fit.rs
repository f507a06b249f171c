//! Folds a tree of entries to a number of rows: what runs and what failed first, finished siblings as counts.

use std::time::Duration;

use segno_orchestrator::model::Status;

use super::look::{Look, Mark, Tone};
use super::text::Line;

/// How many groups deep rows are still moved to the right.
const MAX_INDENT: usize = 16;

/// One row of the tree before it is cut to a width.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) depth: usize,
    pub(super) rank: Rank,
    pub(super) line: Line,
    /// What stands at the right.
    pub(super) took: Option<Duration>,
    /// How many steps or attempts it stands for.
    count: usize,
}

/// How much an entry is worth a row, the most worth first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    /// An attempt that runs, or waits to be made again.
    Busy,
    /// Something that failed.
    Failed,
    /// A group that something below runs in.
    Open,
    /// Something that has not begun.
    Waiting,
    /// Something that is over.
    Ended,
}

impl Entry {
    /// Makes an entry of a mark and a name.
    pub(super) fn new(depth: usize, rank: Rank, mark: Mark, title: &str, look: Look) -> Entry {
        let mut line = Line::default();
        line.push(Tone::Plain, "  ".repeat(depth.min(MAX_INDENT)));
        line.push(mark.tone(), look.mark(mark));
        line.push(if mark.tone() == Tone::Faint { Tone::Faint } else { Tone::Plain }, format!(" {title}"));
        Entry { depth, rank, line, took: None, count: 1 }
    }

    /// Adds what is said of it.
    pub(super) fn says(mut self, tone: Tone, what: &str) -> Entry {
        if !what.is_empty() {
            self.line.push(tone, format!("  {what}"));
        }
        self
    }

    /// Sets what it took.
    pub(super) fn took(mut self, took: Option<Duration>) -> Entry {
        self.took = took;
        self
    }
}

/// Returns at most `limit` entries; the rest shows in counts.
pub(super) fn fit(entries: Vec<Entry>, limit: usize, look: Look) -> Vec<Entry> {
    if entries.len() <= limit {
        return entries;
    }
    let entries = close_quiet_groups(entries);
    if entries.len() <= limit {
        return entries;
    }
    let entries = merge_quiet_siblings(&entries, look);
    if entries.len() <= limit { entries } else { choose(&entries, limit, look) }
}

/// Leaves out what is quiet below something quiet: the group's own row stands for it.
fn close_quiet_groups(entries: Vec<Entry>) -> Vec<Entry> {
    let mut shown = Vec::with_capacity(entries.len());
    let mut closed = usize::MAX;
    for entry in entries {
        if entry.depth <= closed {
            closed = if entry.rank.is_quiet() { entry.depth } else { usize::MAX };
            shown.push(entry);
        } else if !entry.rank.is_quiet() {
            shown.push(entry);
        }
    }
    shown
}

/// Makes one entry of each run of siblings that are over, and of each that have not begun.
fn merge_quiet_siblings(entries: &[Entry], look: Look) -> Vec<Entry> {
    let alike = |one: &Entry, other: &Entry| one.rank.is_quiet() && one.rank == other.rank && one.depth == other.depth;
    let merged = |run: &[Entry]| match run {
        [entry] => entry.clone(),
        run => counted(&run[0], run.len(), look),
    };
    entries.chunk_by(alike).map(merged).collect()
}

fn counted(first: &Entry, count: usize, look: Look) -> Entry {
    let (mark, what) = match first.rank {
        Rank::Ended => (Mark::Ended(Status::Succeeded), "ended"),
        _ => (Mark::Waiting, "waiting"),
    };
    let entry = Entry::new(first.depth, first.rank, mark, &format!("{count} steps {what}"), look);
    Entry { count, ..entry }
}

/// Keeps what is worth most, in its order, and says how much is not shown.
fn choose(entries: &[Entry], limit: usize, look: Look) -> Vec<Entry> {
    let Some(room) = limit.checked_sub(1) else {
        return Vec::new();
    };
    let mut order: Vec<usize> = (0..entries.len()).collect();
    order.sort_by_key(|index| entries[*index].rank);
    let left_out = order.split_off(room);
    order.sort_unstable();
    let mut chosen: Vec<Entry> = order.into_iter().map(|index| entries[index].clone()).collect();
    let alike = |one: &usize, other: &usize| entries[*one].rank == entries[*other].rank;
    let counts = left_out.chunk_by(alike).map(|run| {
        let count: usize = run.iter().map(|index| entries[*index].count).sum();
        format!("{count} {}", entries[run[0]].rank.name())
    });
    let counts = counts.collect::<Vec<_>>().join(look.dot());
    let mut line = Line::default();
    line.push(Tone::Faint, format!("{} {counts} not shown", look.ellipsis()));
    chosen.push(Entry { depth: 0, rank: Rank::Waiting, line, took: None, count: 0 });
    chosen
}

impl Rank {
    fn is_quiet(self) -> bool {
        matches!(self, Rank::Waiting | Rank::Ended)
    }

    fn name(self) -> &'static str {
        match self {
            Rank::Busy => "running",
            Rank::Failed => "failed",
            Rank::Open => "open",
            Rank::Waiting => "waiting",
            Rank::Ended => "ended",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOOK: Look = Look { colour: false, unicode: true, jobs: 1 };

    /// Folds a tree of lines such as `  busy a` to a number of rows.
    fn check(tree: &str, limit: usize, expected: &str) {
        let entries = tree.lines().map(|line| {
            let (rank, name) = line.trim().split_once(' ').unwrap();
            let (rank, mark) = match rank {
                "busy" => (Rank::Busy, Mark::Running(0)),
                "failed" => (Rank::Failed, Mark::Ended(Status::Failed)),
                "open" => (Rank::Open, Mark::Running(0)),
                "waiting" => (Rank::Waiting, Mark::Waiting),
                _ => (Rank::Ended, Mark::Ended(Status::Succeeded)),
            };
            Entry::new((line.len() - line.trim_start().len()) / 2, rank, mark, name, LOOK)
        });
        let fitted = fit(entries.collect(), limit, LOOK);
        let lines: Vec<String> = fitted.iter().map(|entry| entry.line.render(LOOK)).collect();
        assert_eq!(lines.join("\n"), expected, "{limit} rows");
    }

    const TREE: &str = "ended a\n  ended b\n  ended c\nended d\nopen e\n  ended f\n  failed g\n  busy h\nwaiting i\n  waiting j\nwaiting k";

    #[test]
    fn a_tree_that_fits_is_shown_whole() {
        check(TREE, 11, "✓ a\n  ✓ b\n  ✓ c\n✓ d\n⠋ e\n  ✓ f\n  ✗ g\n  ⠋ h\n· i\n  · j\n· k");
    }

    #[test]
    fn quiet_groups_close_first() {
        check(TREE, 10, "✓ a\n✓ d\n⠋ e\n  ✓ f\n  ✗ g\n  ⠋ h\n· i\n· k");
    }

    #[test]
    fn then_quiet_siblings_become_counts() {
        check(TREE, 7, "✓ 2 steps ended\n⠋ e\n  ✓ f\n  ✗ g\n  ⠋ h\n· 2 steps waiting");
    }

    #[test]
    fn then_what_runs_and_what_failed_stays_and_the_rest_is_counted() {
        check(TREE, 5, "⠋ e\n  ✗ g\n  ⠋ h\n· 2 steps waiting\n… 3 ended not shown");
        check(TREE, 3, "  ✗ g\n  ⠋ h\n… 1 open · 2 waiting · 3 ended not shown");
        check(TREE, 2, "  ⠋ h\n… 1 failed · 1 open · 2 waiting · 3 ended not shown");
        check(TREE, 1, "… 1 running · 1 failed · 1 open · 2 waiting · 3 ended not shown");
        check(TREE, 0, "");
    }

    #[test]
    fn what_runs_below_something_quiet_stays() {
        check("ended a\n  busy b\n  ended c\nended d", 3, "✓ a\n  ⠋ b\n✓ d");
    }
}
