//! `cargo xtask crash --long`: very many kills and power cuts, part by part. Each part that held is noted in a file, so that
//! a check that was broken off goes on with the next part.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use super::{power, random};
use crate::binaries::target_folder;
use crate::gate::{Outcome, Red};

/// The kills that the issue asks for, and how many of them have one seed.
const KILLS: usize = 3_000;
const KILLS_OF_SEED: usize = 100;
/// The power cuts, and how many of them have one seed.
const CUTS: usize = 100;
const CUTS_OF_SEED: usize = 10;

/// A part of the check: its kind and its seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    /// Kills at random instants.
    Kills(u64),
    /// Power cuts.
    Cuts(u64),
}

/// What was done in a part, or in several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Held {
    kills: usize,
    fork_kills: usize,
    forks: usize,
    cuts: usize,
}

/// How parts are done.
#[derive(Clone, Copy, Debug)]
pub struct Work {
    /// Makes so many kills of a seed.
    pub kill: fn(usize, u64) -> Result<random::Tally, Red>,
    /// Cuts the power so many times with a seed.
    pub cut: fn(usize, u64) -> Result<power::Tally, Red>,
}

/// Does what is left of the parts, and tells in the end what was done in all of them.
pub fn run(work: Work, tell: fn(&str)) -> Outcome {
    let red = |output: String| Red { output, repeat: "cargo xtask crash --long".to_owned() };
    let notes = target_folder().map_err(red)?.join("crash-long.txt");
    let mut held = read(&fs::read_to_string(&notes).unwrap_or_default());
    for part in parts() {
        let name = part.name();
        let (new, when) = match held.get(&part) {
            Some(earlier) => (*earlier, "held before"),
            None => (part.run(work)?, "held"),
        };
        tell(&format!("{name} {when}: {}", new.told()));
        if held.insert(part, new).is_none() {
            note(&notes, part, new).map_err(|error| red(format!("cannot note that {name} held: {error}")))?;
        }
    }
    // The next long check begins anew.
    fs::remove_file(&notes).map_err(|error| red(format!("cannot clear the notes: {error}")))?;
    let all = held.values().fold(Held::default(), |all, part| all.and(*part));
    Ok(format!("{} held, 0 acknowledged events lost, 0 finished steps run again", all.told()))
}

/// Returns all parts, in their order.
fn parts() -> impl Iterator<Item = Part> {
    let seeds = |all: usize, of_seed: usize| 1..=(all / of_seed) as u64;
    seeds(KILLS, KILLS_OF_SEED).map(Part::Kills).chain(seeds(CUTS, CUTS_OF_SEED).map(Part::Cuts))
}

impl Part {
    fn run(self, work: Work) -> Result<Held, Red> {
        match self {
            Part::Kills(seed) => {
                let random::Tally { kills, fork_kills, forks, .. } = (work.kill)(KILLS_OF_SEED, seed)?;
                Ok(Held { kills, fork_kills, forks, cuts: 0 })
            }
            Part::Cuts(seed) => Ok(Held { cuts: (work.cut)(CUTS_OF_SEED, seed)?.cuts, ..Held::default() }),
        }
    }

    fn name(self) -> String {
        match self {
            Part::Kills(seed) => format!("kills {seed}"),
            Part::Cuts(seed) => format!("cuts {seed}"),
        }
    }
}

impl Held {
    fn and(self, other: Held) -> Held {
        Held {
            kills: self.kills + other.kills,
            fork_kills: self.fork_kills + other.fork_kills,
            forks: self.forks + other.forks,
            cuts: self.cuts + other.cuts,
        }
    }

    fn told(self) -> String {
        let Held { kills, fork_kills, forks, cuts } = self;
        let killed = (kills > 0).then(|| format!("{kills} kills ({fork_kills} of them of {forks} forks)"));
        let cut = (cuts > 0).then(|| format!("{cuts} power cuts"));
        killed.into_iter().chain(cut).collect::<Vec<_>>().join(" and ")
    }
}

fn note(notes: &Path, part: Part, held: Held) -> std::io::Result<()> {
    fs::File::options().create(true).append(true).open(notes)?.write_all(line(part, held).as_bytes())
}

fn line(part: Part, held: Held) -> String {
    let Held { kills, fork_kills, forks, cuts } = held;
    format!("{} {kills} {fork_kills} {forks} {cuts}\n", part.name())
}

/// Reads the notes. A line that is not whole, or that an older check wrote which counted something else, is none.
fn read(notes: &str) -> BTreeMap<Part, Held> {
    let whole = notes.rfind('\n').map_or("", |end| &notes[..end]);
    let note = |line: &str| {
        let (kind, numbers) = line.split_once(' ')?;
        let numbers: Result<Vec<u64>, _> = numbers.split(' ').map(str::parse).collect();
        let [seed, counts @ ..] = &numbers.ok()?[..] else { return None };
        let counts: Result<Vec<usize>, _> = counts.iter().map(|count| usize::try_from(*count)).collect();
        let [kills, fork_kills, forks, cuts] = counts.ok()?.try_into().ok()?;
        let part = match kind {
            "kills" => Part::Kills(*seed),
            "cuts" => Part::Cuts(*seed),
            _ => return None,
        };
        Some((part, Held { kills, fork_kills, forks, cuts }))
    };
    whole.lines().filter_map(note).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_are_read_as_they_were_written() {
        let kills = (Part::Kills(3), Held { kills: 100, fork_kills: 26, forks: 17, cuts: 0 });
        let cuts = (Part::Cuts(1), Held { cuts: 10, ..Held::default() });
        let notes = line(kills.0, kills.1) + &line(cuts.0, cuts.1);
        assert_eq!(read(&notes), BTreeMap::from([kills, cuts]));
    }

    #[test]
    fn what_is_no_whole_note_is_none() {
        for notes in
            ["", "7\n", "kills 3 100 26 17\n", "kills 3 100 26 17 0", "rest 3 100 26 17 0\n", "kills x 1 1 1 1\n"]
        {
            assert_eq!(read(notes), BTreeMap::new(), "{notes}");
        }
    }

    #[test]
    fn what_was_not_done_is_not_told() {
        let kills = Held { kills: 100, fork_kills: 26, forks: 17, cuts: 0 };
        let cuts = Held { cuts: 10, ..Held::default() };
        assert_eq!(kills.told(), "100 kills (26 of them of 17 forks)");
        assert_eq!(kills.and(cuts).told(), "100 kills (26 of them of 17 forks) and 10 power cuts");
    }

    #[test]
    fn the_parts_come_to_what_the_issue_asks_for() {
        let kills = parts().filter(|part| matches!(part, Part::Kills(_))).count();
        assert_eq!((kills * KILLS_OF_SEED, (parts().count() - kills) * CUTS_OF_SEED), (KILLS, CUTS));
    }
}
