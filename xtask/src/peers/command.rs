//! `cargo xtask bench --peers`: builds what is measured, measures topic by topic, prints the table.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

use super::table::Table;
use super::{cached, fresh, single};
use crate::binaries::{self, DURABLE_STEPS, Profile, SEGNO};

/// The rounds in which programs take turns.
const ROUNDS: usize = 5;

/// What the command line asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wish {
    rounds: usize,
}

impl Wish {
    /// Reads the words after `cargo xtask bench`.
    pub fn read(words: &[&str]) -> Result<Wish, String> {
        match words {
            ["--peers"] => Ok(Wish { rounds: ROUNDS }),
            ["--peers", "--rounds", rounds] => match rounds.parse() {
                Ok(rounds) if rounds > 0 => Ok(Wish { rounds }),
                _ => Err(format!("`{rounds}` is no number of rounds")),
            },
            _ => Err("bench takes --peers, and after it --rounds N; the other benches are `cargo bench`".to_owned()),
        }
    }
}

/// Where it is measured, and what.
#[derive(Debug)]
pub struct Ground {
    /// The program that users get.
    pub segno: PathBuf,
    /// The program of steps that do nothing.
    pub durable_steps: PathBuf,
    /// A folder on the disk on which cargo builds: one in memory would make syncs cost nothing.
    pub folder: PathBuf,
    /// The rounds in which programs take turns.
    pub rounds: usize,
}

impl Ground {
    /// Makes a project with a flow, and returns its folder.
    pub fn project(&self, name: &str, flow: &str) -> Result<PathBuf, String> {
        let folder = self.folder.join(name);
        let made = fs::create_dir_all(&folder)
            .and_then(|()| fs::write(folder.join("segno.toml"), ""))
            .and_then(|()| fs::write(folder.join("flow.yaml"), flow));
        made.map_err(|error| format!("cannot make the project {name}: {error}"))?;
        Ok(folder)
    }

    /// Takes a project back to where nothing was run.
    pub fn forget(&self, name: &str) -> Result<(), String> {
        let state = self.folder.join(name).join(".segno");
        if !state.exists() {
            return Ok(());
        }
        fs::remove_dir_all(state).map_err(|error| format!("cannot remove the state of {name}: {error}"))
    }
}

/// Measures everything and prints it; returns whether everything could be run.
pub fn run(wish: Wish) -> bool {
    match measure(wish) {
        Ok(said) => {
            println!("{said}");
            true
        }
        Err(failure) => {
            println!("{failure}");
            false
        }
    }
}

fn measure(wish: Wish) -> Result<String, String> {
    let built = |red: crate::gate::Red| format!("{}\nrepeat with: {}", red.output, red.repeat);
    let segno = SEGNO.build(Profile::Release).map_err(built)?;
    let durable_steps = DURABLE_STEPS.build(Profile::Release).map_err(built)?;
    let folder = TempDir::with_prefix_in("peers-", binaries::target_folder()?);
    let folder = folder.map_err(|error| format!("no temporary folder: {error}"))?;
    let ground = Ground { segno, durable_steps, folder: folder.path().to_owned(), rounds: wish.rounds };
    let (mut rows, calls) = cached::measure(&ground)?;
    rows.push(fresh::measure(&ground)?);
    rows.push(fresh::start_up(&ground)?);
    rows.extend(single::measure(&ground)?);
    let rounds = ground.rounds;
    Ok(format!("Medians of {rounds} rounds in which the programs take turns.\n\n{}{calls}", Table(rows)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: Option<usize>) {
        let words: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(Wish::read(&words).ok(), expected.map(|rounds| Wish { rounds }));
    }

    #[test]
    fn the_words_say_how_many_rounds() {
        check("--peers", Some(ROUNDS));
        check("--peers --rounds 3", Some(3));
        check("--peers --rounds 0", None);
        check("", None);
    }
}
