//! Says how a run goes on as another one (`segno fork`, `segno retry`), and what that one must not do again.
//! Leaves to `random` when it is killed, and to `survey` what became of it.

use std::collections::BTreeSet;

use serde_json::Value;

use super::dice::Dice;
use super::journal::{Journal, Settled, over};

/// An input of the flow, the values that it has in turn, and the first steps that use it.
const INPUT: &str = "word";
const VALUES: [&str; 2] = ["plain", "other"];
const USERS: [&str; 2] = ["given", "leave"];
/// How probable it is that what failed is made again, when something failed.
const RETRY: f64 = 0.25;
/// How probable it is that a fork names no step.
const WHOLE: f64 = 0.15;
/// How probable it is that a fork from a step changes the input too.
const CHANGE: f64 = 0.25;
/// What comes before all that is within a step.
const FIRST_OF_STEP: [&str; 5] = ["step_started", "expanded", "decided", "chose", "entered"];
/// How tasks that take something back are called.
const UNDO: &str = "undo/";

/// A run that goes on from another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fork {
    /// What the command line says after `segno`.
    pub words: Vec<String>,
    /// What is made again, before what depends on it: steps, or items and rounds of them.
    again: BTreeSet<String>,
}

impl Fork {
    /// Throws how a run is to go on.
    pub fn throw(older: &Journal, dice: &mut Dice) -> Fork {
        let failed = failed(older);
        if !failed.is_empty() && dice.happens(RETRY) {
            let words = ["retry", &older.run, "--failed"].map(str::to_owned).into();
            return Fork { words, again: failed };
        }
        let mut words: Vec<String> = ["fork", &older.run].map(str::to_owned).into();
        let mut again = BTreeSet::new();
        let steps = steps(older);
        let step = if dice.happens(WHOLE) { None } else { dice.one_of(&steps) };
        if let Some(step) = step {
            // The item of an item, all its items, or all items of all: each cut leaves a place that ran.
            let cuts: Vec<usize> = step.match_indices('[').map(|(at, _)| at).chain([step.len()]).collect();
            let from = &step[..*dice.one_of(&cuts).unwrap_or(&step.len())];
            words.extend(["--from", from].map(str::to_owned));
            again.insert(from.to_owned());
        }
        if step.is_none() || dice.happens(CHANGE) {
            let value = VALUES.iter().find(|value| input(older) != Some(value));
            words.extend(["--input".to_owned(), format!("{INPUT}={}", value.unwrap_or(&VALUES[0]))]);
            again.extend(USERS.map(str::to_owned));
        }
        Fork { words, again }
    }

    /// Whether it makes again what failed.
    pub fn is_retry(&self) -> bool {
        self.words[0] == "retry"
    }

    /// Returns how many events of the older run come before all that is made again.
    pub fn place(&self, older: &Journal) -> usize {
        older.events.iter().take_while(|(_, event)| !self.names(event)).count()
    }

    /// Returns the tasks that must not begin again, worked out from nothing but the order of the older run's events: what
    /// had ended before all that is made again cannot depend on it. What had been taken back by an undo is not done any
    /// more, and may be.
    pub fn kept(&self, older: &Journal) -> Settled {
        let starts = older.events.iter().filter(|(_, event)| event["type"] == "step_started");
        let undone: BTreeSet<&str> =
            starts.filter_map(|(_, event)| event["step"].as_str()?.strip_prefix(UNDO)).collect();
        let mut kept = over(&older.events[..self.place(older)]);
        kept.retain(|task, _| !undone.contains(task.as_str()));
        kept
    }

    /// Checks that a fork that has ended did make again what it was to.
    ///
    /// # Errors
    /// When it did not.
    pub fn check(&self, ended: &Journal) -> Result<(), String> {
        let (_, made) = ended.taken_over();
        match made.iter().any(|(_, event)| self.names(event)) {
            true => Ok(()),
            false => Err(format!("none of {:?} was made again", self.again)),
        }
    }

    fn names(&self, event: &Value) -> bool {
        let step = event["step"].as_str().unwrap_or_default();
        self.again.iter().any(|again| step.strip_prefix(again.as_str()).is_some_and(is_within))
    }
}

/// Whether what follows the name of a step or an item leaves it the same, or names an item of it.
fn is_within(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with('[')
}

/// Returns the steps and items of a run from which it can be forked and whose own first event comes before all that is
/// within them. (A loop is asked after its first round; a group has no event.)
fn steps(older: &Journal) -> Vec<String> {
    let firsts = older.events.iter().filter(|(_, event)| FIRST_OF_STEP.iter().any(|kind| event["type"] == *kind));
    let steps: BTreeSet<&str> = firsts.filter_map(|(_, event)| event["step"].as_str()).collect();
    steps.into_iter().filter(|step| !step.starts_with(UNDO)).map(str::to_owned).collect()
}

/// Returns the value that the input has in a run.
fn input(older: &Journal) -> Option<&str> {
    older.events.first()?.1["inputs"][INPUT].as_str()
}

/// Returns the tasks that failed.
fn failed(older: &Journal) -> BTreeSet<String> {
    let failed = older.events.iter().filter(|(_, event)| event["outcome"]["status"] == "failed");
    let failed = failed.filter_map(|(_, event)| event["step"].as_str()).filter(|step| !step.starts_with(UNDO));
    failed.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A run in short: `+a` begins, `-a` ends, `!a` fails, `*a` makes a list.
    fn run(events: &str) -> Journal {
        let line = |word: &str| {
            let (sign, step) = word.split_at(1);
            let rest = match sign {
                "+" => r#""type":"step_started""#,
                "*" => r#""type":"expanded""#,
                "-" => r#""type":"step_ended","outcome":{"status":"succeeded"}"#,
                _ => r#""type":"step_ended","outcome":{"status":"failed"}"#,
            };
            format!("r\t{{\"step\":\"{step}\",{rest}}}\n")
        };
        let printed: String = events.split(' ').map(line).collect();
        Journal::read(&printed).unwrap().pop().unwrap_or_default()
    }

    fn fork(again: &[&str]) -> Fork {
        Fork { words: vec!["fork".to_owned()], again: again.iter().map(|step| (*step).to_owned()).collect() }
    }

    fn check(events: &str, again: &[&str], kept: &[&str]) {
        let found = fork(again).kept(&run(events));
        assert_eq!(found.keys().collect::<Vec<_>>(), kept, "{events}");
    }

    #[test]
    fn what_ended_before_all_that_is_made_again_is_kept() {
        check("+a -a +b -b +c -c", &["b"], &["a"]);
        check("+a -a +b -b +c -c", &["c", "b"], &["a"]);
        check("+a +b -a -b", &["b"], &[]);
        check("*a +a[0] -a[0] +a[1] -a[1]", &["a[1]"], &["a[0]"]);
        check("*a +a[0] -a[0] +a[1] -a[1]", &["a"], &[]);
        check("+a[1] -a[1] +a[10] -a[10]", &["a[10]"], &["a[1]"]);
        check("+ab -ab +a -a", &["a"], &["ab"]);
        check("+a -a", &["later"], &["a"]);
    }

    #[test]
    fn what_was_taken_back_may_be_done_again() {
        check("+c/a -c/a +c/b -c/b +c/d !c/d +undo/c/b -undo/c/b", &["c/d"], &["c/a"]);
    }

    #[test]
    fn a_fork_must_make_again_what_it_was_asked_to() {
        let mut ended = run("+a -a +b -b");
        let start = r#"{"type":"run_started","parent":{"run":"p","events":2}}"#;
        ended.events.insert(0, (start.to_owned(), serde_json::from_str(start).unwrap()));
        assert_eq!(fork(&["b"]).check(&ended), Ok(()));
        assert!(fork(&["a"]).check(&ended).is_err());
    }

    #[test]
    fn a_fork_of_a_fork_changes_the_input_once_more() {
        for (value, next) in [("plain", "word=other"), ("other", "word=plain")] {
            let start = format!("r\t{{\"type\":\"run_started\",\"inputs\":{{\"word\":\"{value}\"}}}}\n");
            let older = Journal::read(&start).unwrap().pop().unwrap_or_default();
            let words = Fork::throw(&older, &mut Dice::new(1)).words;
            assert_eq!(words.last().map(String::as_str), Some(next));
        }
    }

    #[test]
    fn every_throw_names_what_ran() {
        let older = run("*a +a[0] -a[0] !b +undo/b -undo/b");
        for seed in 0..200 {
            let fork = Fork::throw(&older, &mut Dice::new(seed));
            let Fork { words, again } = &fork;
            assert_eq!(fork.is_retry(), *again == BTreeSet::from(["b".to_owned()]), "{words:?}");
            let from = words.iter().skip_while(|word| *word != "--from").nth(1);
            assert!(from.is_none_or(|from| ["a", "a[0]"].contains(&&**from)), "{words:?}");
        }
    }

    #[test]
    fn the_users_of_the_input_are_those_of_the_flow() {
        let uses = include_str!("flow.yaml").lines().filter(|line| line.contains("inputs.word"));
        let users: Vec<&str> = uses.filter_map(|line| line.split_once("{ id: ")?.1.split(',').next()).collect();
        assert_eq!(users, USERS);
    }
}
