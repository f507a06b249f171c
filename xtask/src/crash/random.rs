//! Kills a run of the large flow at random instants, resumes it until it ends, and surveys it at each stop.

use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::dice::Dice;
use super::effects;
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
    /// Steps that were in flight at a kill and were made again.
    pub remade: usize,
}

/// What the rounds have in common.
#[derive(Debug)]
struct Course<'p> {
    programs: &'p Programs,
    seed: u64,
    /// How an unkilled run ends, how long it takes, and how many instances of steps it begins.
    report: Report,
    took: Duration,
    instances: usize,
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
        Survey::default().look(&project, ended).map_err(|breach| format!("{breach}\n{}", project.talk()))?;
        let instances = effects::instances(&project.effects()?);
        Ok(Course { programs, seed, report: project.report()?, took, instances })
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
                let allowed = left.min(MAX_KILLS);
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
                tell(&format!("{} of {kills} kills, {} runs", progress.tally.kills, progress.tally.runs));
            }
        }
    }

    /// Brings one run to its end through at most `allowed` kills.
    fn round(&self, round: u64, allowed: usize) -> Result<Tally, String> {
        let project = Project::new(self.programs, FIXTURE)?;
        let mut dice = Dice::new(self.seed.wrapping_mul(1_000_003).wrapping_add(round));
        self.drive(&project, &mut dice, allowed).map_err(|breach| {
            let talk = project.talk();
            format!("round {round} of seed {}: {breach}\n{talk}\nlook at {}", self.seed, project.keep().display())
        })
    }

    /// Returns how long the process that is next will usually live.
    fn span(&self, next: &Next) -> Duration {
        match next {
            Next::Resume(_) => self.took.mul_f64(REST),
            _ => self.took,
        }
    }

    fn drive(&self, project: &Project<'_>, dice: &mut Dice, allowed: usize) -> Result<Tally, String> {
        let mut tally = Tally::default();
        let mut survey = Survey::default();
        let mut next = Next::Begin;
        loop {
            let resumed = match &next {
                Next::Begin => None,
                Next::Resume(run) => Some(run.as_str()),
                Next::Nothing => break,
            };
            let child = project.start(&project.segno(resumed))?;
            let kills = tally.kills < allowed && (tally.kills == 0 || dice.happens(AGAIN));
            let ended = match kills {
                true => project.kill_after(child, dice.within(self.span(&next)))?,
                false => project.wait(child)?,
            };
            next = survey.look(project, ended)?;
            if ended == Ended::Killed {
                tally.kills += 1;
                tally.early += usize::from(next == Next::Begin);
            }
        }
        compare(&self.report, &project.report()?)?;
        tally.runs = 1;
        tally.acknowledged = survey.acknowledged;
        tally.remade = effects::instances(&project.effects()?).saturating_sub(self.instances);
        Ok(tally)
    }
}

impl Tally {
    fn add(&mut self, other: Tally) {
        let Tally { kills, runs, early, acknowledged, remade } = other;
        self.kills += kills;
        self.runs += runs;
        self.early += early;
        self.acknowledged += acknowledged;
        self.remade += remade;
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
