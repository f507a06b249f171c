//! Hands out what is to be read, part by part, to as many threads as ask.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{Cursor, ErrorKind, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::identity::identity;
use super::open::{self, Kind, Opened};
use super::segments::{self, Listing};
use super::sources::{Leftover, Source, Sources};
use super::{Error, Query, Skip, Tally, by_time, follow};

/// So much of a file is one part: enough to be worth the asking, little enough to be shared fairly.
const PART: u64 = 8 << 20;

/// What one thread reads next.
pub(super) struct Part {
    pub(super) path: Arc<Path>,
    pub(super) bytes: Bytes,
}

pub(super) enum Bytes {
    /// The lines that begin in the range; the file is that long.
    Range { file: Arc<File>, range: Range<u64> },
    /// All of a stream, which begins so far behind the file's beginning.
    Stream { read: Box<dyn Read + Send>, kind: Kind, offset: u64 },
}

/// The sources that are left, behind a lock.
pub(super) struct Plan<'q> {
    query: &'q Query,
    queue: Mutex<Queue>,
    names: Vec<PathBuf>,
}

struct Queue {
    sources: VecDeque<Source>,
    parts: VecDeque<Part>,
    leftover: Option<Leftover>,
    listing: Listing,
    tally: Tally,
}

impl<'q> Plan<'q> {
    pub(super) fn new(sources: Sources, query: &'q Query) -> Plan<'q> {
        let names = sources.files().map(Path::to_owned).collect();
        let Sources { list, leftover, listing } = sources;
        let queue = Queue { sources: list.into(), parts: VecDeque::new(), leftover, listing, tally: Tally::default() };
        Plan { query, queue: Mutex::new(queue), names }
    }

    /// Returns the next part, or `None` when all is read.
    pub(super) fn next(&self) -> Result<Option<Part>, Error> {
        let mut queue = self.queue();
        loop {
            if let Some(part) = queue.parts.pop_front() {
                return Ok(Some(part));
            }
            match queue.sources.pop_front() {
                Some(source) => queue.open(source, self.query)?,
                None => return Ok(None),
            }
        }
    }

    /// Leaves the rest unread.
    pub(super) fn stop(&self) {
        let mut queue = self.queue();
        queue.sources.clear();
        queue.parts.clear();
    }

    /// Returns what was counted while files were opened.
    pub(super) fn tally(&self) -> Tally {
        std::mem::take(&mut self.queue().tally)
    }

    /// Returns the place of a file among the sources.
    pub(super) fn order(&self, path: &Path) -> usize {
        self.names.iter().position(|name| name == path).unwrap_or(usize::MAX)
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    fn open(&mut self, source: Source, query: &Query) -> Result<(), Error> {
        match source {
            Source::Stream(path, read) => {
                let opened = open::stream(read, &path)?;
                self.add(path, opened, query);
            }
            Source::File(path) => {
                let found = open_or_compressed(&path)?;
                match self.is_another(&path, found.is_some()) {
                    true => self.open_moved(&path, found, query)?,
                    false => self.add_found(&path, found, query),
                }
            }
        }
        Ok(())
    }

    /// Says whether the name means another file than when it was listed; one that was compressed is none.
    fn is_another(&self, path: &Path, is_found: bool) -> bool {
        let Some(listed) = self.listing.identity(path) else { return false };
        match path.metadata() {
            Ok(found) => identity(&found) != listed,
            Err(_) => !is_found,
        }
    }

    /// Opens what was rotated since it was listed: a log's sealed segments and then the log, or the segment
    /// under its new name.
    fn open_moved(&mut self, path: &Path, found: Option<(PathBuf, Opened)>, query: &Query) -> Result<(), Error> {
        let listed = self.listing.identity(path).expect("only what was listed can have moved");
        let now = path.metadata().ok().map(|now| identity(&now));
        let beside = segments::beside(path);
        if !segments::is_active(path) {
            let moved = beside.into_iter().find(|segment| segment.identity == listed);
            return match moved {
                Some(moved) => self.open_by_name(&moved.path, query),
                // What now bears the name is read in its own turn.
                None if now.is_some_and(|now| self.listing.knows(now)) => {
                    self.tally.skip(Skip::Gone, path, 0);
                    Ok(())
                }
                None => {
                    self.add_found(path, found, query);
                    Ok(())
                }
            };
        }
        let mut appeared = self.listing.appeared(path, listed, beside);
        appeared.retain(|segment| Some(segment.identity) != now);
        if appeared.is_empty() {
            self.tally.skip(Skip::Gone, path, 0);
        }
        for segment in appeared {
            self.open_by_name(&segment.path, query)?;
        }
        if let Some((path, opened)) = found {
            self.add(path, opened, query);
        }
        Ok(())
    }

    fn open_by_name(&mut self, path: &Path, query: &Query) -> Result<(), Error> {
        let found = open_or_compressed(path)?;
        self.add_found(path, found, query);
        Ok(())
    }

    fn add_found(&mut self, path: &Path, found: Option<(PathBuf, Opened)>, query: &Query) {
        match found {
            Some((path, opened)) => self.add(path, opened, query),
            None => self.tally.skip(Skip::Gone, path, 0),
        }
    }

    /// Adds the parts of a file or stream that is open.
    fn add(&mut self, path: PathBuf, opened: Opened, query: &Query) {
        self.tally.files += 1;
        let path: Arc<Path> = path.into();
        match opened {
            Opened::Stream(read, kind) => {
                self.parts.push_back(Part { path, bytes: Bytes::Stream { read, kind, offset: 0 } });
            }
            Opened::Plain(file, length) => {
                let held = self.leftover.as_ref().and_then(|leftover| leftover(&path));
                // The moment at which the writers were asked is the one whose lines are read. A file is longer only
                // if it was sealed since it was opened.
                let length = held.as_ref().map_or(length, |held| held.end.max(length));
                self.ranges(file, length, &path, query);
                if let Some(held) = held.filter(|held| !held.lines.is_empty()) {
                    let read = Box::new(Cursor::new(held.lines));
                    self.parts.push_back(Part { path, bytes: Bytes::Stream { read, kind: Kind::Raw, offset: length } });
                }
            }
        }
    }

    fn ranges(&mut self, file: File, length: u64, path: &Arc<Path>, query: &Query) {
        let start = query.last.map(|last| follow::start_of_last(&file, length, last, path, query));
        // What cannot be searched is read, and says why it cannot.
        let start = start.map(|start| start.map_or(0, |start| start.offset()));
        let wanted = match start {
            Some(start) => std::iter::once(start..length).collect(),
            None => by_time::ranges(&file, length, query),
        };
        let file = Arc::new(file);
        let mut read = start.unwrap_or(0);
        for range in wanted {
            read += range.end - range.start;
            let mut start = range.start;
            while start < range.end {
                let end = range.end.min(start + PART);
                let bytes = Bytes::Range { file: Arc::clone(&file), range: start..end };
                self.parts.push_back(Part { path: Arc::clone(path), bytes });
                start = end;
            }
        }
        self.tally.passed_bytes += length - read;
    }
}

/// Opens a file, or what it became when it was compressed since it was listed.
fn open_or_compressed(path: &Path) -> Result<Option<(PathBuf, Opened)>, Error> {
    let names = [None, Some(".zst"), Some(".gz")];
    for ending in names {
        let mut name = path.as_os_str().to_owned();
        name.push(ending.unwrap_or_default());
        match open::file(Path::new(&name)) {
            Ok(opened) => return Ok(Some((name.into(), opened))),
            Err(Error::Open { source, .. }) if source.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}
