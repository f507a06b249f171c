//! `cargo xtask crash` and the gate of the same name: what is asked for, and what came of it in a line.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use super::calls;
use super::long::{self, Work};
use super::power;
use super::project::Programs;
use super::random;
use super::trace;
use crate::gate::{Outcome, Red, cargo};

/// The kills at random instants that the issue asks for.
const KILLS: usize = 300;
/// Those of them that the gate makes.
const GATE_KILLS: usize = 100;
/// The first calls of a run at which it is killed by strace.
const CALLS: usize = 100;
/// Those of them that the gate makes, of a new run and of a resumed one each, spread over the same span.
const GATE_CALLS: usize = 8;

/// The kills of a cache's program, and the bits flipped in what it stored.
const CACHE_KILLS: usize = 300;
const CACHE_FLIPS: usize = 10_000;

/// The kills of a program that logs.
const LOG_KILLS: usize = 300;

/// What the command line asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Kills at random instants.
    Random { kills: usize, seed: Option<u64> },
    /// Kills at single system calls, and the order of writes and syncs.
    Strace,
    /// Power cuts: copies of the disk at random instants.
    Power { cuts: usize },
    /// Kills of a program that fills a cache, and bits flipped in what it stored.
    Cache,
    /// Kills of programs that log through a ring.
    Logs,
    /// Very many kills at random instants, seed by seed, and power cuts.
    Long,
}

impl Wish {
    /// Reads the words after `cargo xtask crash`.
    pub fn read(words: &[&str]) -> Result<Wish, String> {
        let (mut kills, mut seed) = (KILLS, None);
        let mut rest = words.iter();
        while let Some(word) = rest.next() {
            let mut number = || {
                let value = rest.next().and_then(|value| value.parse::<u64>().ok());
                value.ok_or_else(|| format!("{word} needs a number"))
            };
            match *word {
                "--strace" if words.len() == 1 => return Ok(Wish::Strace),
                "--cache" if words.len() == 1 => return Ok(Wish::Cache),
                "--logs" if words.len() == 1 => return Ok(Wish::Logs),
                "--long" if words.len() == 1 => return Ok(Wish::Long),
                "--power" if words.len() == 2 => {
                    let cuts = usize::try_from(number()?).map_err(|error| error.to_string())?;
                    return Ok(Wish::Power { cuts });
                }
                "--kills" => kills = usize::try_from(number()?).map_err(|error| error.to_string())?,
                "--seed" => seed = Some(number()?),
                _ => {
                    return Err(format!(
                        "crash takes --kills N and --seed S, --strace, --power N, --cache, --logs or --long, and not `{word}`"
                    ));
                }
            }
        }
        Ok(Wish::Random { kills, seed })
    }
}

/// Does what is asked for, telling how far it is, and returns whether all held.
pub fn run(wish: Wish) -> bool {
    let tell = |words: &str| println!("{words}");
    let said = match wish {
        Wish::Random { kills, seed } => random(kills, seed.unwrap_or_else(fresh_seed), tell),
        Wish::Strace => strace(CALLS, tell),
        Wish::Power { cuts } => power_cuts(cuts, tell),
        Wish::Cache => cache(),
        Wish::Logs => logs(),
        Wish::Long => long(tell),
    };
    match said {
        Ok(line) => println!("crash: {line}"),
        Err(Red { output, repeat }) => {
            println!("{output}\nrepeat with: {repeat}");
            return false;
        }
    }
    true
}

/// The same as a gate of CI: fewer kills.
pub fn gate() -> Outcome {
    let quiet = |_: &str| {};
    let random = random(GATE_KILLS, fresh_seed(), quiet)?;
    let strace = strace(GATE_CALLS, quiet)?;
    Ok(format!("{random}\n{strace}\n"))
}

fn random(kills: usize, seed: u64, tell: fn(&str)) -> Outcome {
    let random::Tally { kills, runs, early, acknowledged, remade, forks, retries, killed_forks, fork_kills } =
        kill(kills, seed, tell)?;
    Ok(format!(
        "{kills} kills ({fork_kills} of them of forks), 0 events lost, 0 steps run twice, 0 overlaps, 0 resumes refused; {runs} \
         runs and {forks} forks ({killed_forks} of them killed, {retries} of what had failed) ended as unkilled runs, \
         {acknowledged} events were acknowledged, {remade} steps in flight were made again, {early} kills came before the run \
         was recorded (seed {seed})"
    ))
}

fn kill(kills: usize, seed: u64, tell: fn(&str)) -> Result<random::Tally, Red> {
    let programs = Programs::build()?;
    let repeat = format!("cargo xtask crash --kills {kills} --seed {seed}");
    random::kill(&programs, kills, seed, tell).map_err(|output| Red { output, repeat })
}

/// Cuts the power so many times.
fn power_cuts(cuts: usize, tell: fn(&str)) -> Outcome {
    let seed = fresh_seed();
    let power::Tally { cuts, acknowledged, resumed } = cut(cuts, seed, tell)?;
    Ok(format!(
        "{cuts} power cuts, 0 of {acknowledged} acknowledged events lost, {resumed} runs gone on with on the copy (seed {seed})"
    ))
}

fn cut(cuts: usize, seed: u64, tell: fn(&str)) -> Result<power::Tally, Red> {
    let programs = Programs::build()?;
    let repeat = format!("cargo xtask crash --power {cuts}");
    power::cut(&programs, cuts, seed, tell).map_err(|output| Red { output, repeat })
}

fn long(tell: fn(&str)) -> Outcome {
    let work = Work { kill: |kills, seed| kill(kills, seed, |_| {}), cut: |cuts, seed| cut(cuts, seed, |_| {}) };
    long::run(work, tell)
}

fn strace(limit: usize, tell: fn(&str)) -> Outcome {
    let red = |output| Red { output, repeat: "cargo xtask crash --strace".to_owned() };
    trace::ensure().map_err(red)?;
    let programs = Programs::build()?;
    let order = calls::check_order(&programs).map_err(red)?;
    let calls::Tally { kills, missed } = calls::kill(&programs, CALLS, limit, tell).map_err(red)?;
    Ok(format!(
        "{kills} kills at system calls, 0 events lost, 0 steps run twice, 0 resumes refused ({missed} runs ended before the \
         call); {order}"
    ))
}

/// Does to a store what its tests do a little of each time.
fn cache() -> Outcome {
    let begun = Instant::now();
    cargo("test --package segno-cache --features disk --test store_damage --quiet")
        .with("SEGNO_CACHE_KILLS", CACHE_KILLS.to_string())
        .with("SEGNO_CACHE_FLIPS", CACHE_FLIPS.to_string())
        .run()?;
    let took = begun.elapsed().as_secs();
    Ok(format!(
        "{CACHE_KILLS} kills of a program that fills a cache, 0 acknowledged results lost; {CACHE_FLIPS} flipped bits, 0 wrong \
         results returned ({took} s)"
    ))
}

/// Does to programs that log what the tests do a little of each time.
fn logs() -> Outcome {
    let begun = Instant::now();
    cargo("test --package segno-logging --features compress --test kill_ring --quiet")
        .with("SEGNO_LOGGING_KILLS", LOG_KILLS.to_string())
        .run()?;
    let took = begun.elapsed().as_secs();
    Ok(format!(
        "{LOG_KILLS} kills of a program that logs and {} of two on one log; of the lines whose macro had returned 0 lost, 0 \
         twice, 0 torn, each thread's in order; nor at an exit without guard, a panic, an abort ({took} s)",
        LOG_KILLS / 2
    ))
}

/// Returns a seed that is another one each time; a red round names it.
fn fresh_seed() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: Result<Wish, &str>) {
        let words: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(Wish::read(&words), expected.map_err(str::to_owned));
    }

    #[test]
    fn the_words_say_what_is_wished() {
        check("", Ok(Wish::Random { kills: KILLS, seed: None }));
        check("--seed 7 --kills 30", Ok(Wish::Random { kills: 30, seed: Some(7) }));
        check("--strace", Ok(Wish::Strace));
        check("--cache", Ok(Wish::Cache));
        check("--logs", Ok(Wish::Logs));
        check("--kills", Err("--kills needs a number"));
        check("--kills many", Err("--kills needs a number"));
        check(
            "--all",
            Err("crash takes --kills N and --seed S, --strace, --power N, --cache, --logs or --long, and not `--all`"),
        );
    }
}
