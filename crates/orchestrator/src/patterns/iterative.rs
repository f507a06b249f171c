//! Iterative: the body again and again, until a condition holds, while one holds, or so many times.

use super::Tally;
use crate::model::{Status, Verdict};
use crate::plan::Loop;

/// What was answered between two rounds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Answers {
    /// Its `until` holds.
    pub(crate) until: bool,
    /// Its `while` holds, or it has none.
    pub(crate) going_while: bool,
    /// How good the last round was.
    pub(crate) score: Option<f64>,
}

/// One round after the other; a failed one is the last of a loop that asks nothing.
pub(super) fn open(tally: &Tally) -> u32 {
    if tally.closed && tally.broke() { tally.opened } else { tally.width.min(tally.ended() + 1) }
}

/// Ends once it was said that there is no other round.
pub(super) fn settle(rounds: &Loop, tally: &Tally) -> Option<Status> {
    if !rounds.asks() {
        return super::sequential::settle(tally);
    }
    let is_over = tally.closed && tally.ended() == tally.opened;
    is_over.then(|| status(rounds, tally))
}

/// A loop that reached what it wanted has succeeded, however many rounds failed before; one that stopped at its limit
/// is worth what the round it keeps is worth, and at most a part.
fn status(rounds: &Loop, tally: &Tally) -> Status {
    match tally.kept {
        None if tally.ended() == 0 => Status::Skipped,
        None => tally.status(),
        Some((Verdict::Satisfied, Status::Failed | Status::Skipped)) => Status::Partial,
        Some((Verdict::Satisfied, status)) => status,
        Some((Verdict::Limit, _)) if rounds.fails_at_limit => Status::Failed,
        Some((Verdict::Limit, Status::Failed | Status::Skipped)) => Status::Failed,
        Some((Verdict::Limit, _)) => Status::Partial,
        Some((Verdict::GoOn | Verdict::Over | Verdict::Broken, _)) => tally.status(),
    }
}

/// Says whether there is another round, `ended` having been made.
pub(crate) fn verdict(rounds: &Loop, ended: u32, broke: bool, answers: Answers) -> Verdict {
    match () {
        () if ended > 0 && answers.until => Verdict::Satisfied,
        () if broke && rounds.until.is_none() => Verdict::Broken,
        () if !answers.going_while => Verdict::Over,
        () if ended >= rounds.max && rounds.until.is_some() => Verdict::Limit,
        () if ended >= rounds.max && rounds.going_while.is_some() => Verdict::Limit,
        () if ended >= rounds.max => Verdict::Over,
        () => Verdict::GoOn,
    }
}
