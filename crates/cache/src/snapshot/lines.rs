//! The lines of a snapshot: what stands in each, and whether a file of them is whole.

use std::borrow::Cow;
use std::io::{self, BufRead, Write};
use std::sync::Arc;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::memory::Copied;
use crate::{Digest, Terms};

/// The version of the whole file. Older ones are read, newer ones are not.
pub(super) const FORMAT: u32 = 1;
const KIND: &str = "segno-cache snapshot";

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Head<'a> {
    kind: Cow<'a, str>,
    pub(super) format: u32,
    /// When it was written, in nanoseconds since 1970.
    pub(super) written_at: i64,
}

/// A line for an entry; what is not said is the cache's own.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Line<K, V> {
    #[serde(rename = "k")]
    pub(super) key: K,
    #[serde(rename = "v")]
    pub(super) value: V,
    /// How often it was used, about.
    #[serde(rename = "u", default, skip_serializing_if = "is_zero")]
    pub(super) uses: u64,
    #[serde(rename = "t", default, skip_serializing_if = "Stored::is_plain")]
    pub(super) terms: Stored,
}

/// The terms of an entry when it was written.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Stored {
    #[serde(skip_serializing_if = "Option::is_none")]
    weight: Option<u32>,
    /// What was left of its time to live.
    #[serde(skip_serializing_if = "Option::is_none")]
    left: Option<Duration>,
    #[serde(skip_serializing_if = "Option::is_none")]
    idle: Option<Duration>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stale: Option<Duration>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cost: Option<Duration>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<Arc<str>>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pinned: bool,
}

/// The last line.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Tail {
    entries: usize,
    checksum: Digest,
}

impl Stored {
    /// Takes terms over; their time to live is what is left of it.
    pub(super) fn of(terms: Terms) -> Stored {
        let Terms { weight, time_to_live, time_to_idle, stale, cost, tags, pinned } = terms;
        Stored { weight, left: time_to_live, idle: time_to_idle, stale, cost, tags, pinned }
    }

    /// Returns the terms under which it goes on after so much time, or nothing if its time is over.
    fn after(self, passed: Duration) -> Option<Terms> {
        let Stored { weight, left, idle, stale, cost, tags, pinned } = self;
        let time_to_live = match left.map(|left| left.checked_sub(passed).filter(|left| !left.is_zero())) {
            Some(None) => return None,
            Some(left) => left,
            None => None,
        };
        Some(Terms { weight, time_to_live, time_to_idle: idle, stale, cost, tags, pinned })
    }

    fn is_plain(&self) -> bool {
        *self == Stored::default()
    }
}

impl<K, V> Line<K, V> {
    /// Returns the entry as it is after so much time, or nothing if its time is over.
    pub(super) fn after(self, passed: Duration) -> Option<Copied<K, V>> {
        let Line { key, value, uses, terms } = self;
        Some(Copied { key, value, uses, terms: terms.after(passed)? })
    }
}

fn is_zero(uses: &u64) -> bool {
    *uses == 0
}

/// Writes lines and hashes them on the way.
pub(super) struct Writer<W> {
    file: W,
    hasher: blake3::Hasher,
    entries: usize,
}

impl<W: Write> Writer<W> {
    pub(super) fn begin(file: W, written_at: i64) -> io::Result<Writer<W>> {
        let mut writer = Writer { file, hasher: blake3::Hasher::new(), entries: 0 };
        writer.line(&Head { kind: KIND.into(), format: FORMAT, written_at })?;
        Ok(writer)
    }

    pub(super) fn add<K: Serialize, V: Serialize>(&mut self, line: &Line<K, V>) -> io::Result<()> {
        self.line(line)?;
        self.entries += 1;
        Ok(())
    }

    /// Writes the last line and returns the file, with how many entries there are.
    pub(super) fn finish(mut self) -> io::Result<(W, usize)> {
        let tail = Tail { entries: self.entries, checksum: Digest::finish(&self.hasher) };
        self.line(&tail)?;
        self.file.flush()?;
        Ok((self.file, self.entries))
    }

    fn line(&mut self, line: &impl Serialize) -> io::Result<()> {
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        self.hasher.update(&text);
        self.file.write_all(&text)
    }
}

/// What the first line says.
pub(super) enum Begin {
    Ours { written_at: i64 },
    Newer(u32),
    Foreign,
}

/// Reads the first line. A file that is none of ours may have no lines at all, so no more is read than a head can be.
pub(super) fn begin(file: &mut impl BufRead) -> io::Result<Begin> {
    const MAX_HEAD: u64 = 1_024;
    let mut line = Vec::new();
    io::Read::take(file, MAX_HEAD).read_until(b'\n', &mut line)?;
    Ok(match serde_json::from_slice::<Head<'_>>(&line) {
        Ok(head) if head.kind != KIND => Begin::Foreign,
        Ok(head) if head.format > FORMAT => Begin::Newer(head.format),
        Ok(head) => Begin::Ours { written_at: head.written_at },
        Err(_) => Begin::Foreign,
    })
}

/// Says what is wrong with a file as a whole, if something is.
pub(super) fn wrong(file: &mut impl BufRead) -> io::Result<Option<&'static str>> {
    let (mut hasher, mut entries, mut last) = (blake3::Hasher::new(), 0_usize, Vec::new());
    let mut line = Vec::new();
    loop {
        line.clear();
        file.read_until(b'\n', &mut line)?;
        if line.is_empty() {
            break;
        }
        // The last line is not part of what it is the checksum of.
        if !last.is_empty() {
            hasher.update(&last);
            entries += 1;
        }
        std::mem::swap(&mut last, &mut line);
    }
    let Ok(tail) = serde_json::from_slice::<Tail>(&last) else { return Ok(Some("it is cut off")) };
    let found = Tail { entries: entries.saturating_sub(1), checksum: Digest::finish(&hasher) };
    Ok((tail != found).then_some("its checksum is wrong"))
}

/// Reads the next entry; nothing at the last line, and an error for one that holds other keys or values than are wanted.
pub(super) fn next<K: DeserializeOwned, V: DeserializeOwned>(
    file: &mut impl BufRead,
    line: &mut Vec<u8>,
) -> io::Result<Option<Result<Line<K, V>, serde_json::Error>>> {
    line.clear();
    file.read_until(b'\n', line)?;
    if line.is_empty() || serde_json::from_slice::<Tail>(line).is_ok() {
        return Ok(None);
    }
    Ok(Some(serde_json::from_slice(line)))
}
