//! Which files of a folder hold lines, which of them belong to one log, and which of those came after a look.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use super::identity::{Identity, identity};

/// What a file's name ends in when it may hold lines, before what compression and rotation add.
const ENDINGS: [&str; 4] = ["jsonl", "ndjson", "json", "log"];
/// What compression adds.
const COMPRESSED: [&str; 2] = ["zst", "gz"];
/// So many digits are a date: 20261127.
const DATE: usize = 8;

/// A file that may hold lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) path: PathBuf,
    pub(super) identity: Identity,
}

/// What a look into folders found.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// What the files were when they were listed.
    listed: BTreeMap<PathBuf, Identity>,
    /// Their names without what compression added.
    names: BTreeSet<PathBuf>,
    identities: BTreeSet<Identity>,
    /// Folders without a log, and how many files they have.
    pub(super) bare: Vec<(PathBuf, usize)>,
}

impl Listing {
    pub(super) fn add(&mut self, segments: &[Segment]) {
        for Segment { path, identity } in segments {
            self.listed.insert(path.clone(), *identity);
            self.names.insert(plain_path(path));
            self.identities.insert(*identity);
        }
    }

    pub(super) fn merge(&mut self, other: Listing) {
        self.listed.extend(other.listed);
        self.names.extend(other.names);
        self.identities.extend(other.identities);
        self.bare.extend(other.bare);
    }

    /// Returns what a file was when it was listed.
    pub(super) fn identity(&self, path: &Path) -> Option<Identity> {
        self.listed.get(path).copied()
    }

    pub(super) fn knows(&self, identity: Identity) -> bool {
        self.identities.contains(&identity)
    }

    /// Returns the sealed segments of a log that the listing lacks, the oldest first, and under whatever name the
    /// file that was the log. Of segments that `logrotate` numbers and compresses nobody can tell which they were.
    pub(super) fn appeared(&self, log: &Path, old: Identity, now: Vec<Segment>) -> Vec<Segment> {
        let is_new = |segment: &Segment| match name(&segment.path) {
            Some(name) if name.number.is_some() => name.whole == name.plain,
            _ => !self.names.contains(&plain_path(&segment.path)),
        };
        let wanted = |segment: &Segment| segment.identity == old || (!self.knows(segment.identity) && is_new(segment));
        now.into_iter().filter(|segment| is_sealed_of(&segment.path, log) && wanted(segment)).collect()
    }
}

/// Lists a folder's files that may hold lines, log by log and the oldest segment first, and counts all its files.
pub(super) fn segments(folder: &Path) -> io::Result<(Vec<Segment>, usize)> {
    let mut names = BTreeMap::new();
    let mut files = 0;
    for entry in folder.read_dir()? {
        let entry = entry?;
        // What vanishes meanwhile is no segment any more.
        let Ok(found) = entry.path().metadata() else { continue };
        if !found.is_file() {
            continue;
        }
        files += 1;
        if let Ok(name) = entry.file_name().into_string()
            && Name::of(&name).is_some()
        {
            names.insert(name, identity(&found));
        }
    }
    let is_double = |name: &String| plain(name).is_some_and(|plain| names.contains_key(plain));
    let mut found: Vec<_> = names.keys().filter(|name| !is_double(name)).filter_map(|name| Name::of(name)).collect();
    found.sort_by(Name::order);
    let segment = |name: Name<'_>| Segment { path: folder.join(name.whole), identity: names[name.whole] };
    Ok((found.into_iter().map(segment).collect(), files))
}

/// Lists the files beside a log; a folder that cannot be listed has none.
pub(super) fn beside(log: &Path) -> Vec<Segment> {
    let folder = log.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let found = segments(folder).map(|(found, _)| found).unwrap_or_default();
    // Named as the log is: without the folder, if the log is.
    found.into_iter().map(|found| Segment { path: rejoined(log, &found.path), ..found }).collect()
}

fn rejoined(log: &Path, path: &Path) -> PathBuf {
    path.file_name().map_or_else(|| path.to_owned(), |name| log.with_file_name(name))
}

/// Says whether a file is one that is still written, as far as its name tells.
pub(super) fn is_active(path: &Path) -> bool {
    name(path).is_some_and(|name| name.number.is_none() && name.stamp.is_empty())
}

/// Says whether a file is written no more, as far as its name tells.
pub(super) fn is_sealed(path: &Path) -> bool {
    name(path).is_some_and(|name| name.number.is_some() || !name.stamp.is_empty())
}

/// Says whether a file is a sealed segment of a log.
pub(super) fn is_sealed_of(path: &Path, log: &Path) -> bool {
    match (name(path), name(log)) {
        (Some(found), Some(own)) => {
            found.whole != own.whole
                && (found.log, found.ending) == (own.log, own.ending)
                && (found.number.is_some() || !found.stamp.is_empty())
        }
        _ => false,
    }
}

/// Says whether a segment bears a time that no rotation changes, and not a number that each one does.
pub(super) fn is_stamped(path: &Path) -> bool {
    name(path).is_some_and(|name| !name.stamp.is_empty())
}

fn name(path: &Path) -> Option<Name<'_>> {
    Name::of(path.file_name()?.to_str()?)
}

/// The name without what compression added to it.
fn plain(name: &str) -> Option<&str> {
    let (plain, ending) = name.rsplit_once('.')?;
    COMPRESSED.contains(&ending).then_some(plain)
}

fn plain_path(path: &Path) -> PathBuf {
    name(path).map_or_else(|| path.to_owned(), |name| path.with_file_name(name.plain))
}

/// A segment's name in parts.
#[derive(Debug)]
struct Name<'a> {
    whole: &'a str,
    /// The name without what compression added.
    plain: &'a str,
    /// What all segments of a log share, with the ending.
    log: &'a str,
    ending: &'a str,
    /// What `logrotate` numbers from the newest on; the file in use has none.
    number: Option<u64>,
    /// The time before or behind the ending; the file in use has nothing there, or the newest.
    stamp: &'a str,
}

impl Name<'_> {
    fn of(whole: &str) -> Option<Name<'_>> {
        let plain = plain(whole).unwrap_or(whole);
        let (name, number, behind) = without_tail(plain)?;
        let (front, ending) = name.rsplit_once('.')?;
        ENDINGS.contains(&ending).then_some(())?;
        let mut log = front;
        while let Some((shorter, part)) = log.rsplit_once('.')
            && !shorter.is_empty()
            && is_mark(part)
        {
            log = shorter;
        }
        let within = front[log.len()..].trim_start_matches('.');
        let stamp = if within.is_empty() { behind } else { within };
        Some(Name { whole, plain, log, ending, number, stamp })
    }

    fn order(&self, other: &Name<'_>) -> Ordering {
        let age = |name: &Name<'_>| name.number.map_or(0, |number| number.saturating_add(1));
        // What has no stamp is still being written and comes last.
        let stamps = self.stamp.is_empty().cmp(&other.stamp.is_empty());
        let stamps = stamps.then_with(|| numbers(self.stamp).cmp(numbers(other.stamp)));
        let logs = (self.log, self.ending).cmp(&(other.log, other.ending));
        logs.then(age(other).cmp(&age(self))).then(stamps).then(self.whole.cmp(other.whole))
    }
}

/// Takes off what rotation adds behind the ending: `.3`, `.2026-11-27` or `-20261127`.
fn without_tail(name: &str) -> Option<(&str, Option<u64>, &str)> {
    let (front, tail) = name.rsplit_once('.')?;
    let is_number = !tail.is_empty() && tail.len() < DATE && tail.bytes().all(|byte| byte.is_ascii_digit());
    if is_number {
        return Some((front, Some(tail.parse().ok()?), ""));
    }
    if is_date(tail) {
        return Some((front, None, tail));
    }
    Some(match tail.split_once('-') {
        Some((ending, date)) if is_date(date) => (&name[..front.len() + 1 + ending.len()], None, date),
        _ => (name, None, ""),
    })
}

/// Says whether a part of a name is a number or a time, as `2026-11-27T10-00-00Z`.
fn is_mark(part: &str) -> bool {
    part.starts_with(|first: char| first.is_ascii_digit())
        && part.chars().all(|c| c.is_ascii_digit() || matches!(c, 'T' | 'Z' | '-' | '_' | ':'))
}

fn is_date(part: &str) -> bool {
    is_mark(part) && part.bytes().filter(u8::is_ascii_digit).count() >= DATE
}

/// The numbers of a time, which sort by time also when they are not equally long.
fn numbers(stamp: &str) -> impl Iterator<Item = u64> + '_ {
    let numbers = stamp.split(|c: char| !c.is_ascii_digit()).filter(|number| !number.is_empty());
    numbers.map(|number| number.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The log that a name belongs to, with its number or time; nothing for what holds no lines.
    fn check(name: &str, expected: &str) {
        let found = Name::of(name).map(|name| {
            let number = name.number.map(|number| format!(" #{number}")).unwrap_or_default();
            format!("{}.{}{number} {}", name.log, name.ending, name.stamp).trim_end().to_owned()
        });
        assert_eq!(found.unwrap_or_default(), expected, "{name}");
    }

    #[test]
    fn what_rotation_adds_is_told_from_a_longer_name() {
        check("app.jsonl", "app.jsonl");
        check("app.2026-11-27T10-00-00Z.000001.jsonl.zst", "app.jsonl 2026-11-27T10-00-00Z.000001");
        check("app.1api.jsonl", "app.1api.jsonl");
        check("app.db.jsonl", "app.db.jsonl");
        check("app.db.2026-11-27T10-00-00Z.000001.jsonl", "app.db.jsonl 2026-11-27T10-00-00Z.000001");
        check("2026-11-27.log", "2026-11-27.log");
        check(".1.log", ".1.log");
    }

    #[test]
    fn a_number_or_a_date_may_stand_behind_the_ending() {
        check("app.log.3", "app.log #3");
        check("app.log.3.gz", "app.log #3");
        check("app.log.2026-11-27", "app.log 2026-11-27");
        check("app.log.2026-11-27-10-05", "app.log 2026-11-27-10-05");
        check("app.log.2026-11-27_10-05-00", "app.log 2026-11-27_10-05-00");
        check("app.log-20261127", "app.log 20261127");
        check("app.log-20261127-1695081601.gz", "app.log 20261127-1695081601");
        check("app.2026-11-27.log", "app.log 2026-11-27");
        check("app.log.20261127", "app.log 20261127");
    }

    #[test]
    fn what_holds_no_lines_has_no_log() {
        for name in
            ["app", "app.idx", "app.jsonl.ring", "app.log.old", "app.log-new", "app.log.", "a.txt.2026-11-27", ""]
        {
            check(name, "");
        }
    }
}
