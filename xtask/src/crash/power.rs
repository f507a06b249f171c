//! Cuts the power: segno runs on a file system of its own in an image, the image is copied at a random instant as a disk
//! would be found after a cut, and the copy must hold all that was acknowledged before, and be gone on with.
//!
//! What the file system had not written yet is lost in the copy, as it should be; what a real disk keeps in a cache of its
//! own beyond a flush is not modelled. Needs root and a loop device.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::dice::Dice;
use super::journal::Journal;
use super::project::{Programs, Project};
use super::random::FIXTURE;

/// The size of the image: small, so that copying takes no time.
const IMAGE_BYTES: u64 = 24 << 20;
/// About how long an unkilled run takes.
const SPAN: Duration = Duration::from_secs(4);

/// What came of the cuts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    /// Copies that were taken while a run went on.
    pub cuts: usize,
    /// Events that had been acknowledged by then.
    pub acknowledged: usize,
    /// Runs that were brought to their end on the copy.
    pub resumed: usize,
}

/// Cuts the power so many times.
///
/// # Errors
/// The first breach, with its round and seed.
pub fn cut(programs: &Programs, rounds: usize, seed: u64, tell: fn(&str)) -> Result<Tally, String> {
    let mut tally = Tally::default();
    for round in 1..=rounds {
        let mut dice = Dice::new(seed.wrapping_mul(7_919).wrapping_add(round as u64));
        let begun = Instant::now();
        one(programs, &mut dice, &mut tally).map_err(|breach| format!("cut {round} of seed {seed}: {breach}"))?;
        tell(&format!("cut {round} of {rounds} held ({:.1} s)", begun.elapsed().as_secs_f64()));
    }
    Ok(tally)
}

fn one(programs: &Programs, dice: &mut Dice, tally: &mut Tally) -> Result<(), String> {
    let ground = TempDir::with_prefix("segno-power-").map_err(|error| format!("no temporary folder: {error}"))?;
    let image = ground.path().join("disk");
    fs::File::create(&image)
        .and_then(|file| file.set_len(IMAGE_BYTES))
        .map_err(|error| format!("no image: {error}"))?;
    done(Command::new("mkfs.ext4").args(["-q", "-F"]).arg(&image))?;
    let disk = Mount::of(&image, &ground.path().join("disk.d"))?;
    let project = Project::inside(programs, FIXTURE, &disk.at)?;
    let name =
        project.path("").components().next_back().map(|name| PathBuf::from(name.as_os_str())).unwrap_or_default();
    // What the check itself wrote is on the disk before the power goes.
    done(&mut Command::new("sync"))?;
    let child = project.start(&project.segno(None))?;
    thread::sleep(dice.within(SPAN));
    // Nothing is acknowledged between the look at the log and the copy.
    signal(&child, "STOP")?;
    let acknowledged = project.acknowledged(&[]);
    let copy = ground.path().join("copy");
    let copied = fs::copy(&image, &copy).map_err(|error| format!("no copy: {error}"));
    // It is ended whatever became of the copy: stopped, it would hold the disk for ever.
    project.kill_after(child, Duration::ZERO)?;
    let acknowledged = acknowledged?;
    copied?;
    let found = Mount::of(&copy, &ground.path().join("copy.d"))?;
    let folder = found.at.join(name);
    let journal = project.journals_of(&folder)?.pop().unwrap_or_default();
    let lost = journal.lost(&acknowledged);
    if !lost.is_empty() {
        return Err(lost.join("\n"));
    }
    tally.cuts += 1;
    tally.acknowledged += acknowledged.len();
    if !journal.events.is_empty() && journal.end().is_none() {
        go_on(&project, &folder, &journal, tally)?;
    }
    drop(found);
    drop(project);
    drop(disk);
    Ok(())
}

/// Goes on with the run on the copy: it ends, and what was recorded as done does not begin again.
fn go_on(project: &Project<'_>, folder: &Path, before: &Journal, tally: &mut Tally) -> Result<(), String> {
    let mut line = project.segno(Some(&before.run));
    let program = line.remove(0);
    let mut command = Command::new(program);
    command.args(line).current_dir(folder).stdin(std::process::Stdio::null());
    let output = command.output().map_err(|error| format!("cannot resume: {error}"))?;
    if !output.status.success() {
        return Err(format!("the resumed run ended badly: {}", String::from_utf8_lossy(&output.stderr)));
    }
    let after = project.journals_of(folder)?.pop().unwrap_or_default();
    let mut breaches = after.changed(before);
    let ended = |journal: &Journal| -> Vec<String> {
        let ends = journal.events.iter().filter(|(_, event)| event["type"] == "step_ended");
        ends.map(|(_, event)| event["step"].to_string()).collect()
    };
    let done = ended(before);
    for (text, event) in &after.events[before.events.len()..] {
        if event["type"] == "step_started" && done.contains(&event["step"].to_string()) {
            breaches.push(format!("what had ended began again: {text}"));
        }
    }
    if after.end().is_none() {
        breaches.push("the resumed run has not ended".into());
    }
    tally.resumed += 1;
    if breaches.is_empty() { Ok(()) } else { Err(breaches.join("\n")) }
}

/// A mounted image; unmounted when dropped, whoever still stands in it.
struct Mount {
    at: PathBuf,
}

impl Mount {
    fn of(image: &Path, at: &Path) -> Result<Mount, String> {
        fs::create_dir(at).map_err(|error| format!("no mount point: {error}"))?;
        done(Command::new("mount").args(["-o", "loop"]).arg(image).arg(at))?;
        Ok(Mount { at: at.to_owned() })
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        // What a killed run left behind may still stand in it; the kernel unmounts when the last has gone.
        _ = Command::new("umount").arg("-l").arg(&self.at).status();
    }
}

fn signal(child: &Child, name: &str) -> Result<(), String> {
    done(Command::new("kill").arg(format!("-{name}")).arg(child.id().to_string()))
}

fn done(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("{:?} cannot be started: {error}", command.get_program()))?;
    match output.status.success() {
        true => Ok(()),
        false => {
            let said = String::from_utf8_lossy(&output.stderr);
            Err(format!("{:?} failed (it needs root and a loop device): {}", command.get_program(), said.trim()))
        }
    }
}
