//! Kills a run of the large flow at random instants, resumes it until it ends, and surveys it at each stop. Some of the
//! runs are then forked, wherever they stand, and the forks are killed the same way.

use std::ffi::OsString;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::dice::Dice;
use super::effects;
use super::forks::Fork;
use super::project::{Ended, FLOW, Fixture, Programs, Project};
use super::survey::{Next, Report, Survey, compare};

/// The flow of every pattern, those that it calls, and the script that their steps run.
pub(super) const FIXTURE: Fixture = Fixture {
    files: &[
        (FLOW, include_str!("flow.yaml")),
        ("saga.yaml", include_str!("saga.yaml")),
        ("gift.yaml", include_str!("gift.yaml")),
        ("work", include_str!("work.sh")),
        ("input.txt", "input\n"),
    ],
    // Steps of a called flow have the caller in their names, and what takes them back has both.
    folders: &["pids", "pids/called", "pids/given", "pids/undo", "pids/undo/called"],
    jobs: "4",
};

/// The most kills of one run.
const MAX_KILLS: usize = 3;
/// The most kills of one fork.
const MAX_FORK_KILLS: usize = 2;
/// Every so many-th run is forked: with the kills above, every fourth kill is one of a fork.
const FORKED_ROUND: u64 = 2;
/// The most forks of one run, each of the one before, and how probable another is.
const MAX_FORKS: usize = 2;
const ANOTHER_FORK: f64 = 0.2;
/// How probable it is that a run that is going to be forked is left as it was killed.
const LEFT: f64 = 0.5;
/// How probable another kill is after the first.
const AGAIN: f64 = 0.7;
/// The runs that are killed at the same time: most of a run is waiting.
const WORKERS: usize = 4;
/// How much of a whole run's time a resumed one usually takes, at most: a later instant finds nothing left to kill.
const REST: f64 = 0.6;

/// What came of the kills.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    /// Processes that were killed.
    pub kills: usize,
    /// Runs that were brought to their end.
    pub runs: usize,
    /// Kills before anything was recorded.
    pub early: usize,
    /// Events that were acknowledged.
    pub acknowledged: usize,
    /// Steps that were in flight at a kill and were made again, in runs that are no forks.
    pub remade: usize,
    /// Forks that were brought to their end.
    pub forks: usize,
    /// Those of them that made again what had failed.
    pub retries: usize,
    /// Those of them that were killed.
    pub killed_forks: usize,
    /// The kills that hit forks.
    pub fork_kills: usize,
}

/// What the rounds have in common.
#[derive(Debug)]
struct Course<'p> {
    programs: &'p Programs,
    seed: u64,
    /// How an unkilled run ends, how long it takes, how many instances of steps it begins, and how many events it has.
    report: Report,
    took: Duration,
    instances: usize,
    events: usize,
}

/// A run that is to be brought to its end.
#[derive(Debug)]
struct Errand {
    /// What begins it.
    begin: Vec<OsString>,
    /// How long it usually takes.
    span: Duration,
    /// The most kills.
    allowed: usize,
    /// Whether it may be left after its last kill.
    leaves: bool,
}

/// Kills runs until `kills` have hit, and tells how far it is from time to time.
///
/// # Errors
/// The first breach, with the folder in which it can be looked at.
pub fn kill(programs: &Programs, kills: usize, seed: u64, tell: fn(&str)) -> Result<Tally, String> {
    let course = Course::begin(programs, seed)?;
    let progress = Mutex::new(Progress::default());
    let results: Vec<Result<(), String>> = thread::scope(|scope| {
        let work = || course.work(kills, &progress, tell);
        let workers: Vec<_> = (0..WORKERS).map(|_| scope.spawn(work)).collect();
        workers
            .into_iter()
            .map(|worker| worker.join().unwrap_or_else(|_| Err("a worker panicked".to_owned())))
            .collect()
    });
    results.into_iter().collect::<Result<Vec<()>, String>>()?;
    Ok(progress.into_inner().unwrap_or_else(PoisonError::into_inner).tally)
}

#[derive(Debug, Default)]
struct Progress {
    tally: Tally,
    /// Kills that were promised to rounds in work.
    promised: usize,
    rounds: u64,
    failed: bool,
}

impl<'p> Course<'p> {
    /// Measures the run that nobody kills.
    fn begin(programs: &'p Programs, seed: u64) -> Result<Course<'p>, String> {
        let project = Project::new(programs, FIXTURE)?;
        let begun = Instant::now();
        let ended = project.wait(project.start(&project.segno(None))?)?;
        let took = begun.elapsed();
        let mut survey = Survey::default();
        survey.look(&project, ended).map_err(|breach| format!("{breach}\n{}", project.talk()))?;
        let instances = effects::instances(&project.effects()?);
        let events = survey.journal.map_or(0, |journal| journal.events.len());
        Ok(Course { programs, seed, report: project.report()?, took, instances, events })
    }

    /// Takes one round after the other until enough kills have hit or a round has failed.
    fn work(&self, kills: usize, progress: &Mutex<Progress>, tell: fn(&str)) -> Result<(), String> {
        loop {
            let (round, allowed) = {
                let mut progress = progress.lock().unwrap_or_else(PoisonError::into_inner);
                let left = kills.saturating_sub(progress.tally.kills + progress.promised);
                if left == 0 || progress.failed {
                    return Ok(());
                }
                let allowed = left.min(MAX_KILLS + MAX_FORK_KILLS);
                progress.promised += allowed;
                progress.rounds += 1;
                (progress.rounds, allowed)
            };
            let result = self.round(round, allowed);
            let mut progress = progress.lock().unwrap_or_else(PoisonError::into_inner);
            progress.promised -= allowed;
            progress.failed |= result.is_err();
            progress.tally.add(result?);
            if round % 10 == 0 {
                let Tally { kills: made, runs, forks, .. } = progress.tally;
                tell(&format!("{made} of {kills} kills, {runs} runs, {forks} forks"));
            }
        }
    }

    /// Brings one run to its end, and perhaps forks of it, through at most `allowed` kills.
    fn round(&self, round: u64, allowed: usize) -> Result<Tally, String> {
        let project = Project::new(self.programs, FIXTURE)?;
        let mut dice = Dice::new(self.seed.wrapping_mul(1_000_003).wrapping_add(round));
        self.drive(&project, &mut dice, round, allowed).map_err(|breach| {
            let talk = project.talk();
            format!("round {round} of seed {}: {breach}\n{talk}\nlook at {}", self.seed, project.keep().display())
        })
    }

    fn drive(&self, project: &Project<'_>, dice: &mut Dice, round: u64, allowed: usize) -> Result<Tally, String> {
        let is_forked = round.is_multiple_of(FORKED_ROUND);
        let mut survey = Survey::default();
        let leaves = is_forked && dice.happens(LEFT);
        let errand = Errand { begin: project.segno(None), span: self.took, allowed: allowed.min(MAX_KILLS), leaves };
        let mut tally = self.bring(project, dice, &errand, &mut survey)?;
        if tally.runs > 0 {
            compare(&self.report, &project.report()?)?;
            tally.remade = effects::instances(&project.effects()?).saturating_sub(self.instances);
        }
        while is_forked && tally.kills < allowed && tally.forks < MAX_FORKS {
            if tally.forks > 0 && !dice.happens(ANOTHER_FORK) {
                break;
            }
            let left = allowed - tally.kills;
            tally.add(self.fork(project, dice, &mut survey, left)?);
        }
        Ok(tally)
    }

    /// Forks the run that was looked at, killed as it may be, and brings the fork to its end through at most `allowed` kills.
    fn fork(
        &self,
        project: &Project<'_>,
        dice: &mut Dice,
        survey: &mut Survey,
        allowed: usize,
    ) -> Result<Tally, String> {
        let older = survey.journal.clone().unwrap_or_default();
        let fork = Fork::throw(&older, dice);
        let words: Vec<&str> = fork.words.iter().map(String::as_str).collect();
        let rest = 1.0 - fork.place(&older) as f64 / self.events.max(older.events.len()) as f64;
        let errand = Errand {
            begin: project.line(&words),
            span: self.took.mul_f64(rest),
            allowed: allowed.min(MAX_FORK_KILLS),
            leaves: false,
        };
        *survey = std::mem::take(survey).fork(fork.kept(&older));
        let brought = self.bring(project, dice, &errand, survey).and_then(|tally| {
            compare(&self.report, &project.report()?)?;
            fork.check(&survey.journal.clone().unwrap_or_default())?;
            Ok(tally)
        });
        let tally = brought.map_err(|breach| format!("segno {}: {breach}", words.join(" ")))?;
        let (killed, retries) = (usize::from(tally.kills > 0), usize::from(fork.is_retry()));
        Ok(Tally { runs: 0, forks: 1, killed_forks: killed, fork_kills: tally.kills, retries, ..tally })
    }

    /// Begins a run, kills it and resumes it, until it has ended or, where it may be left, until it is killed no more.
    fn bring(
        &self,
        project: &Project<'_>,
        dice: &mut Dice,
        errand: &Errand,
        survey: &mut Survey,
    ) -> Result<Tally, String> {
        let mut tally = Tally::default();
        let mut next = Next::Begin;
        while next != Next::Nothing {
            let kills = tally.kills < errand.allowed && (tally.kills == 0 || dice.happens(AGAIN));
            let (line, span) = match &next {
                Next::Resume(_) if !kills && errand.leaves => break,
                Next::Resume(run) => (project.segno(Some(run)), errand.span.mul_f64(REST)),
                Next::Begin | Next::Nothing => (errand.begin.clone(), errand.span),
            };
            let child = project.start(&line)?;
            let ended = match kills {
                true => project.kill_after(child, dice.within(span))?,
                false => project.wait(child)?,
            };
            next = survey.look(project, ended)?;
            if ended == Ended::Killed {
                tally.kills += 1;
                tally.early += usize::from(next == Next::Begin);
            }
        }
        tally.runs = usize::from(next == Next::Nothing);
        tally.acknowledged = survey.acknowledged;
        Ok(tally)
    }
}

impl Tally {
    fn add(&mut self, other: Tally) {
        let Tally { kills, runs, early, acknowledged, remade, forks, retries, killed_forks, fork_kills } = other;
        self.kills += kills;
        self.runs += runs;
        self.early += early;
        self.acknowledged += acknowledged;
        self.remade += remade;
        self.forks += forks;
        self.retries += retries;
        self.killed_forks += killed_forks;
        self.fork_kills += fork_kills;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What steps can be and have, as far as it decides what is recorded.
    const PATTERNS: &str = "steps parallel if else switch default each at_least matrix until while score pipe flow \
                            fallback on_failure always undo skip_when optional put get cache check judge retry";

    #[test]
    fn the_flow_has_every_pattern() {
        let flows = FIXTURE.files.iter().filter(|(name, _)| name.ends_with(".yaml"));
        let flows: String = flows.map(|(_, text)| *text).collect();
        let missing = PATTERNS.split_whitespace().filter(|key| !flows.contains(&format!(" {key}:")));
        assert_eq!(missing.collect::<Vec<_>>(), Vec::<&str>::new());
    }
}
