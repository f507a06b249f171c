//! Dead side files of the other logs in the folder: a program with a log for each run may never open the same one again.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::image::{ENDING, Image, UNBORN};
use super::replay::of_the_dead;
use super::rest::{Rest, rest};
use crate::sink::LogFile;
use crate::sink::open::{Trust, is_own};
use crate::sink::turn::{Folder, Turn, folder_of};

/// So many logs are looked after at one start; the others' turn comes with the next.
const MAX_LOGS: usize = 256;

/// Replays what dead processes left of other logs in the folder. What cannot be done waits for that log's own next start.
///
/// A log that is gone is made anew if there are lines for it, since whoever removed it did not know of them, and says so itself;
/// if there are none, the side file goes.
pub(super) fn sweep(log: &Path) {
    let Ok(entries) = fs::read_dir(folder_of(log)) else { return };
    let mut others: BTreeMap<PathBuf, Trust> = BTreeMap::new();
    let mut unborn = Vec::new();
    for entry in entries.flatten() {
        let file = entry.file_name();
        let Some(name) = file.to_str() else { continue };
        if log_of(name, UNBORN).is_some_and(|(_, process)| is_process(process)) {
            unborn.push(entry.path());
        }
        let Some((other, process)) = log_of(name, ENDING) else { continue };
        let other = log.with_file_name(other);
        if other == log || others.len() >= MAX_LOGS {
            continue;
        }
        if let Some(trust) = trust(&other, process)
            && let Some(side) = of_the_dead(&entry.path())
            && (trust == Trust::Found || has_lines(&entry.path(), &side, &other))
        {
            others.insert(other, trust);
        }
    }
    for (other, trust) in others {
        // What cannot be opened waits for its own next start.
        _ = LogFile::replay_found(other, trust);
    }
    remove_unborn(log, &unborn);
}

/// Whether another log may be written to, and how: a link may lead anywhere.
fn trust(other: &Path, process: &str) -> Option<Trust> {
    match fs::symlink_metadata(other) {
        Ok(found) if is_own(&found) => Some(Trust::Found),
        Err(error) if error.kind() == io::ErrorKind::NotFound && is_process(process) => Some(Trust::Gone),
        _ => None,
    }
}

/// Whether a dead process left lines for a log that is gone. A side file without any is removed; one that cannot be read, or
/// is none, stays for whoever knows it.
fn has_lines(path: &Path, side: &File, other: &Path) -> bool {
    let Ok(Ok(image)) = Image::read(side, other) else { return false };
    let has_lines =
        image.flaw.is_some() || image.slots.iter().any(|slot| !matches!(rest(slot, other), Ok(Rest::Whole)));
    if !has_lines {
        // It is looked at again by the next start, if it is still there.
        _ = fs::remove_file(path);
    }
    has_lines
}

/// Removes what processes left that died before their side file had a head. In the turn: those of the living have no lock yet.
fn remove_unborn(log: &Path, unborn: &[PathBuf]) {
    if unborn.is_empty() {
        return;
    }
    let Ok(folder) = Folder::of(log) else { return };
    let turn = Turn::take(&folder);
    if !matches!(turn, Turn::Held(_)) {
        return;
    }
    for path in unborn {
        if of_the_dead(path).is_some() {
            // Whoever starts next tries again.
            _ = fs::remove_file(path);
        }
    }
}

/// `app.jsonl` and `41-7` of `app.jsonl.41-7.ring`.
fn log_of<'a>(side: &'a str, ending: &str) -> Option<(&'a str, &'a str)> {
    side.strip_suffix(ending)?.rsplit_once('.')
}

/// Whether a part of a name is the number of a process and one by chance, as this crate makes them.
fn is_process(part: &str) -> bool {
    part.split_once('-').is_some_and(|(process, chance)| {
        !process.is_empty()
            && !chance.is_empty()
            && process.bytes().all(|byte| byte.is_ascii_digit())
            && chance.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}
