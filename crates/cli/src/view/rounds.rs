//! What is said of a loop: the round that goes on, or how it ended.

use segno_orchestrator::model::{Status, Verdict};

/// Where a loop stands.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Turn {
    /// How many rounds were begun.
    pub(super) rounds: u32,
    /// The most rounds.
    pub(super) max: u32,
    /// It may end before its most rounds.
    pub(super) asks: bool,
    /// What it said last.
    pub(super) verdict: Option<Verdict>,
    /// The round that it keeps, from 0, and how good that was; `None` while it goes on.
    pub(super) kept: Option<(u32, Option<f64>)>,
    /// How it ended.
    pub(super) status: Option<Status>,
}

impl Turn {
    /// Says which round goes on, or how the loop ended.
    pub(super) fn words(self) -> String {
        match self.status {
            None => self.round(),
            Some(Status::Skipped) if self.rounds == 0 => "no round: its 'while' did not hold".into(),
            Some(status) => self.ending(status),
        }
    }

    /// Says which round goes on: `round 2 of at most 5`.
    pub(super) fn round(self) -> String {
        let most = if self.asks { "at most " } else { "" };
        format!("round {} of {most}{}", self.rounds.max(1), self.max)
    }

    fn ending(self, status: Status) -> String {
        let rounds = match self.rounds {
            1 => "1 round".to_owned(),
            rounds => format!("{rounds} rounds"),
        };
        let ending = match self.verdict {
            Some(Verdict::Satisfied) => format!("satisfied after {rounds}"),
            Some(Verdict::Limit) => format!("ended by its limit of {rounds}"),
            _ if status == Status::Failed => format!("round {} of {} failed", self.rounds, self.max),
            _ => format!("over after {rounds}"),
        };
        match self.kept {
            Some((kept, Some(score))) => format!("{ending}, round {} kept (score {})", kept + 1, short(score)),
            _ => ending,
        }
    }
}

/// Writes a score with two digits behind the point at most.
pub(super) fn short(score: f64) -> String {
    let text = format!("{score:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(rounds: u32, verdict: Option<Verdict>, kept: Option<(u32, f64)>, status: Option<Status>, expected: &str) {
        let kept = kept.map(|(round, score)| (round, Some(score)));
        let turn = Turn { rounds, max: 5, asks: verdict.is_some(), verdict, kept, status };
        assert_eq!(turn.words(), expected);
    }

    #[test]
    fn a_loop_that_goes_on_says_its_round() {
        check(0, None, None, None, "round 1 of 5");
        check(2, Some(Verdict::GoOn), None, None, "round 2 of at most 5");
    }

    #[test]
    fn a_loop_that_is_over_says_how_it_ended() {
        use {Status::*, Verdict::*};
        check(3, Some(Satisfied), None, Some(Succeeded), "satisfied after 3 rounds");
        check(1, Some(Satisfied), None, Some(Succeeded), "satisfied after 1 round");
        let limit = "ended by its limit of 5 rounds, round 3 kept (score 0.82)";
        check(5, Some(Limit), Some((2, 0.8181)), Some(Partial), limit);
        check(5, Some(Limit), None, Some(Failed), "ended by its limit of 5 rounds");
        check(2, Some(GoOn), None, Some(Failed), "round 2 of 5 failed");
        check(2, Some(Over), None, Some(Succeeded), "over after 2 rounds");
        check(5, None, None, Some(Succeeded), "over after 5 rounds");
        check(0, Some(Over), None, Some(Skipped), "no round: its 'while' did not hold");
    }

    #[test]
    fn a_score_is_short() {
        let cases = [(0.5, "0.5"), (1.0, "1"), (0.0, "0"), (10.0, "10"), (0.816, "0.82"), (-3.0, "-3")];
        cases.iter().for_each(|(score, expected)| assert_eq!(short(*score), *expected));
    }
}
