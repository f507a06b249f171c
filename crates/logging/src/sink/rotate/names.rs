//! What sealed segments are called: `app.jsonl` becomes `app.2026-11-27T10-00-00Z.000001.jsonl`, and `.zst` or `.gz` behind
//! it once it is compressed; `.idx` behind that is its sidecar. The names sort as the segments were sealed, also when the clock
//! jumped back.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
#[cfg(feature = "subscriber")]
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::sink::turn::folder_of;
#[cfg(feature = "subscriber")]
use crate::write::LAST_SECOND;

/// Returns the sealed segments of a log, the oldest first. The log itself, which is newer than all of them, is not among them.
///
/// Where a segment stands both plain and compressed, because a process died between the two, only the plain one is returned.
///
/// # Errors
/// What the system said about the folder. A folder that is missing has no segments.
pub fn segments(log: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found: BTreeMap<Name, PathBuf> = BTreeMap::new();
    for (name, path) in files(log)? {
        match name.ending {
            Ending::Half | Ending::Sidecar | Ending::Staged => {}
            Ending::Plain => _ = found.insert(name, path),
            Ending::Zstd | Ending::Gzip => _ = found.entry(name).or_insert(path),
        }
    }
    Ok(found.into_values().collect())
}

/// A sealed segment, or something beside one.
#[derive(Debug, Clone)]
pub(crate) struct Name {
    /// The second in which it was sealed, in a form that sorts as text.
    stamp: String,
    /// Counts the segments of one second.
    number: u64,
    pub(crate) ending: Ending,
}

/// What stands behind a segment's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    Plain,
    Zstd,
    Gzip,
    /// A compression that has not ended.
    Half,
    /// What readers know of a segment, which may be gone.
    Sidecar,
    /// A sidecar that is being written, or was when its writer was killed.
    Staged,
}

impl Name {
    fn key(&self) -> (&str, u64) {
        (&self.stamp, self.number)
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Name) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Name {}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Name) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Name {
    fn cmp(&self, other: &Name) -> Ordering {
        self.key().cmp(&other.key())
    }
}

/// Every file of the log's segments, halves of compressed ones and sidecars too, the oldest first.
#[cfg(feature = "subscriber")]
pub(crate) fn segment_files(log: &Path) -> io::Result<Vec<(Ending, PathBuf)>> {
    let mut found = files(log)?;
    found.sort();
    Ok(found.into_iter().map(|(name, path)| (name.ending, path)).collect())
}

/// The name for a segment that is sealed now: later than all that there are, whatever the clock says.
#[cfg(feature = "subscriber")]
pub(crate) fn next_name(log: &Path, now: SystemTime) -> io::Result<PathBuf> {
    // Both ends of what RFC 3339 can say.
    let seconds = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs().min(LAST_SECOND);
    let stamp =
        humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_secs(seconds)).to_string().replace(':', "-");
    let last = files(log)?.into_iter().map(|(name, _)| name).max();
    let (stamp, number) = match last {
        Some(last) if last.stamp >= stamp => (last.stamp, last.number.saturating_add(1)),
        _ => (stamp, 1),
    };
    let (stem, extension) = parts(log);
    Ok(log.with_file_name(format!("{stem}.{stamp}.{number:06}{extension}")))
}

fn files(log: &Path) -> io::Result<Vec<(Name, PathBuf)>> {
    let folder = folder_of(log);
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let (stem, extension) = parts(log);
    let mut found = Vec::new();
    for entry in entries {
        let file = entry?.file_name();
        if let Some(name) = file.to_str().and_then(|file| read(file, &stem, &extension)) {
            found.push((name, log.with_file_name(file)));
        }
    }
    Ok(found)
}

/// The log's name without its extension, and the extension with its dot.
fn parts(log: &Path) -> (String, String) {
    let text = |part: &std::ffi::OsStr| part.to_string_lossy().into_owned();
    let extension = log.extension().map(|extension| format!(".{}", text(extension)));
    (log.file_stem().map(text).unwrap_or_default(), extension.unwrap_or_default())
}

fn read(file: &str, stem: &str, extension: &str) -> Option<Name> {
    let found = parse(file, stem, extension, ending);
    // A staged one is hidden.
    found.or_else(|| parse(file.strip_prefix('.')?, stem, extension, staged))
}

fn parse(file: &str, stem: &str, extension: &str, ending: fn(&str) -> Option<Ending>) -> Option<Name> {
    let rest = file.strip_prefix(stem)?.strip_prefix('.')?;
    let (stamp, rest) = rest.split_at_checked(20)?;
    let shape = stamp.bytes().zip(b"0000-00-00T00-00-00Z".iter()).all(|(byte, shape)| match shape {
        b'0' => byte.is_ascii_digit(),
        _ => byte == *shape,
    });
    let rest = rest.strip_prefix('.').filter(|_| shape)?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let number = rest[..digits].parse().ok().filter(|_| digits >= 6)?;
    let ending = ending(rest[digits..].strip_prefix(extension)?)?;
    Some(Name { stamp: stamp.to_owned(), number, ending })
}

fn ending(tail: &str) -> Option<Ending> {
    match tail {
        "" => Some(Ending::Plain),
        ".zst" => Some(Ending::Zstd),
        ".gz" => Some(Ending::Gzip),
        ".zst.half" | ".gz.half" => Some(Ending::Half),
        ".idx" | ".zst.idx" | ".gz.idx" => Some(Ending::Sidecar),
        _ => None,
    }
}

/// `.idx.4711.0`, with process and number.
fn staged(tail: &str) -> Option<Ending> {
    let (sidecar, by) = tail.split_once(".idx.")?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_by = by.split_once('.').is_some_and(|(process, number)| is_number(process) && is_number(number));
    (is_by && matches!(sidecar, "" | ".zst" | ".gz")).then_some(Ending::Staged)
}

#[cfg(test)]
#[cfg(feature = "subscriber")]
mod tests {
    use super::*;

    /// Makes the files and seals `log` at `second`; expects the new name and the segments in order.
    fn check(log: &str, files: &[&str], second: u64, expected: &str, order: &[&str]) {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            fs::write(folder.path().join(file), "").unwrap();
        }
        let log = folder.path().join(log);
        let name = |path: PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
        assert_eq!(name(next_name(&log, UNIX_EPOCH + Duration::from_secs(second)).unwrap()), expected);
        let found: Vec<String> = segments(&log).unwrap().into_iter().map(name).collect();
        assert_eq!(found, order);
    }

    #[test]
    fn a_segment_bears_the_second_in_which_it_was_sealed() {
        check("app.jsonl", &["app.jsonl", "other.jsonl"], 60, "app.1970-01-01T00-01-00Z.000001.jsonl", &[]);
        check("run", &[], 0, "run.1970-01-01T00-00-00Z.000001", &[]);
        check("a.b.log", &[], u64::MAX >> 1, "a.b.9999-12-31T23-59-59Z.000001.log", &[]);
    }

    #[test]
    fn names_sort_as_segments_were_sealed_also_after_the_clock_jumped_back() {
        let later = "app.1970-01-01T00-01-00Z.000001.jsonl";
        check("app.jsonl", &[later], 60, "app.1970-01-01T00-01-00Z.000002.jsonl", &[later]);
        check("app.jsonl", &[later], 5, "app.1970-01-01T00-01-00Z.000002.jsonl", &[later]);
        check("app.jsonl", &[later], 61, "app.1970-01-01T00-01-01Z.000001.jsonl", &[later]);
        let many = ["app.1970-01-01T00-01-00Z.1000000.jsonl", "app.1970-01-01T00-01-00Z.999999.jsonl"];
        check("app.jsonl", &many, 60, "app.1970-01-01T00-01-00Z.1000001.jsonl", &[many[1], many[0]]);
    }

    #[test]
    fn a_segment_that_stands_plain_and_compressed_is_found_once() {
        let plain = "app.1970-01-01T00-01-00Z.000001.jsonl";
        let (both, half) = (format!("{plain}.zst"), format!("{plain}.gz.half"));
        let alone = "app.1970-01-01T00-01-00Z.000002.jsonl.gz";
        let next = "app.1970-01-01T00-01-00Z.000003.jsonl";
        check("app.jsonl", &[alone, &both, plain, &half, "app.jsonl.x.ring"], 60, next, &[plain, alone]);
    }

    #[test]
    fn what_lies_beside_a_segment_is_none_and_its_name_is_not_taken_again() {
        let name = "app.1970-01-01T00-01-00Z.000007.jsonl";
        let (sidecar, staged) = (format!("{name}.zst.idx"), format!(".{name}.idx.4711.0"));
        let next = "app.1970-01-01T00-01-00Z.000008.jsonl";
        check("app.jsonl", &[&sidecar], 60, next, &[]);
        check("app.jsonl", &[&staged], 60, next, &[]);
        let strange =
            [format!("{name}.idx.1.0"), format!(".{name}.idx.1"), format!(".{name}.idx.x.0"), format!(".{name}")];
        let strange: Vec<&str> = strange.iter().map(String::as_str).collect();
        check("app.jsonl", &strange, 60, "app.1970-01-01T00-01-00Z.000001.jsonl", &[]);
    }

    #[test]
    fn a_missing_folder_has_no_segments() {
        assert!(segments(Path::new("no/such/folder/app.jsonl")).unwrap().is_empty());
    }
}
