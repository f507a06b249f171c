//! Finds values that are known to be secret, in all their forms. Leaves making the forms to `forms`.

use std::collections::BTreeSet;
use std::fmt;

use aho_corasick::{AhoCorasick, Input, MatchKind};
use memchr::memmem;

use super::filter::{Filter, WIDTH};
use super::forms;
use super::redactor::HIDDEN;

/// A shorter secret would be found where it is none.
const SHORTEST: usize = 6;
/// Of a longer secret only its lines are looked for.
const LONGEST: usize = 16 << 10;
/// A line of a secret that counts alone is at least so long.
const SHORTEST_LINE: usize = 16;
/// A secret that is a number has more digits.
const FEW_DIGITS: usize = 8;

/// So many forms are found by their first bytes. Fewer are searched for with vectors, which is faster still; of more, most
/// texts would have the first bytes of one.
const BY_BEGINNINGS: std::ops::RangeInclusive<usize> = 33..=256;

/// Values that stand in many texts and are nobody's secret.
const ORDINARY: &[&str] = &[
    "undefined",
    "password",
    "secret",
    "default",
    "localhost",
    "127.0.0.1",
    "0.0.0.0",
    "production",
    "development",
    "staging",
    "testing",
    "example",
    "disabled",
    "enabled",
    "anonymous",
    "username",
    "changeme",
    "public",
    "private",
    "redacted",
];

/// Why a value is not hidden wherever it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refused {
    /// It has fewer than six bytes, and would be found where it is no secret.
    TooShort,
    /// It is an ordinary word, a small number or one letter again and again.
    Ordinary,
    /// It has more than 16 KiB and no line that could be looked for.
    TooLong,
    /// It holds what is written in a secret's place.
    Marker,
    /// The redactor was told that it is none.
    Allowed,
}

impl fmt::Display for Refused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Refused::TooShort => "the value is too short to be hidden: six bytes at least",
            Refused::Ordinary => "the value is too ordinary to be hidden wherever it stands",
            Refused::TooLong => "the value is too long to be hidden: 16 KiB at most",
            Refused::Allowed => "the value is allowed",
            Refused::Marker => "the value holds what is written in a secret's place",
        })
    }
}

impl std::error::Error for Refused {}

/// The values that are known, and the search for them.
#[derive(Clone, Default)]
pub(super) struct Known {
    secrets: BTreeSet<Vec<u8>>,
    /// All forms in their order, so that what begins with something is found by halving.
    forms: Vec<Vec<u8>>,
    search: Option<AhoCorasick>,
    /// Where in a text a form may begin, by its first bytes.
    beginnings: Option<Filter>,
    longest: usize,
    shortest: usize,
    /// A form begins or ends like the marker, so a match may reach into one that stands in the text.
    can_touch_marker: bool,
}

impl fmt::Debug for Known {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Known").field("secrets", &self.secrets.len()).finish_non_exhaustive()
    }
}

/// What a look at a text gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sought {
    /// A secret, from here to there.
    Found(usize, usize),
    /// Before this place there is none that is not told yet.
    Clean(usize),
}

/// Returns the values by which a secret is known: itself, and its long lines, since programs write a prefix before each.
pub(super) fn values(secret: &[u8]) -> Result<Vec<&[u8]>, Refused> {
    let secret = secret.trim_ascii();
    let lines = secret.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| {
        line.len() >= SHORTEST_LINE && !line.contains(&b' ') && !line.starts_with(b"-----") && line.len() < secret.len()
    });
    let lines = lines.filter(|line| check(line).is_ok());
    match check(secret) {
        Ok(()) => Ok(std::iter::once(secret).chain(lines).collect()),
        Err(Refused::TooLong) => {
            let lines: Vec<_> = lines.collect();
            if lines.is_empty() { Err(Refused::TooLong) } else { Ok(lines) }
        }
        Err(refused) => Err(refused),
    }
}

fn check(secret: &[u8]) -> Result<(), Refused> {
    let is_word = ORDINARY.iter().any(|word| word.as_bytes().eq_ignore_ascii_case(secret));
    let is_number = secret.iter().all(u8::is_ascii_digit) && secret.len() < FEW_DIGITS;
    let is_row = secret.iter().all(|byte| byte == &secret[0]);
    match secret.len() {
        0..SHORTEST => Err(Refused::TooShort),
        _ if memmem::find(secret, HIDDEN.as_bytes()).is_some() => Err(Refused::Marker),
        _ if is_word || is_number || is_row || memmem::find(HIDDEN.as_bytes(), secret).is_some() => {
            Err(Refused::Ordinary)
        }
        LONGEST.. => Err(Refused::TooLong),
        _ => Ok(()),
    }
}

impl Known {
    pub(super) fn has(&self, value: &[u8]) -> bool {
        self.secrets.contains(value)
    }

    /// Returns what is known with these values too.
    pub(super) fn with<'v>(&self, values: impl IntoIterator<Item = &'v [u8]>) -> Known {
        let mut secrets = self.secrets.clone();
        secrets.extend(values.into_iter().map(<[u8]>::to_vec));
        let mut forms: Vec<Vec<u8>> = secrets.iter().flat_map(|secret| forms::of(secret)).collect();
        forms.sort_unstable();
        forms.dedup();
        let search = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&forms);
        // It fails only with more patterns than a number has; then each is looked for by itself.
        let search = search.ok();
        let first = |form: &Vec<u8>| std::array::from_fn(|place| vec![form[place]]);
        let beginnings = Some(Filter::new(&forms.iter().map(first).collect::<Vec<_>>()));
        let lengths = || forms.iter().map(Vec::len);
        let (longest, shortest) = (lengths().max().unwrap_or_default(), lengths().min().unwrap_or(usize::MAX));
        let can_touch_marker = forms.iter().any(|form| touches_marker(form));
        Known { secrets, search, beginnings, longest, shortest, can_touch_marker, forms }
    }

    /// Says whether a number may hold one of the values, in any of its forms.
    pub(super) fn has_numbers(&self) -> bool {
        let is_number =
            |form: &Vec<u8>| form.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e'));
        self.forms.iter().any(is_number)
    }

    /// Returns the next secret of a text from `from` on; nobody looks behind `floor`.
    pub(super) fn next(&self, bytes: &[u8], floor: usize, from: usize, is_last: bool) -> Sought {
        let mut from = from;
        let mut open = if is_last { bytes.len() } else { self.open_end(bytes, from) };
        loop {
            let Some((start, end)) = self.find(bytes, from, bytes.len()) else { return Sought::Clean(open) };
            if !is_last && start >= open {
                return Sought::Clean(open);
            }
            if !self.can_touch_marker {
                return Sought::Found(start, end);
            }
            if !is_last && end + HIDDEN.len() > bytes.len() {
                return Sought::Clean(start);
            }
            let Some(marker) = marker_at(bytes, floor, start, end) else { return Sought::Found(start, end) };
            if let Some((start, end)) = self.find(bytes, from, marker.max(from)) {
                return Sought::Found(start, end);
            }
            from = marker + HIDDEN.len();
            open = if is_last { bytes.len() } else { open.max(self.open_end(bytes, from)) };
        }
    }

    fn find(&self, bytes: &[u8], from: usize, to: usize) -> Option<(usize, usize)> {
        if to - from < self.shortest {
            return None;
        }
        match &self.beginnings {
            Some(beginnings) if BY_BEGINNINGS.contains(&self.forms.len()) => {
                self.find_by_beginnings(beginnings, &bytes[..to], from)
            }
            _ => {
                let found = self.search.as_ref()?.find(Input::new(bytes).range(from..to))?;
                Some((found.start(), found.end()))
            }
        }
    }

    /// Returns the first match, and of several that begin together the longest.
    fn find_by_beginnings(&self, beginnings: &Filter, bytes: &[u8], from: usize) -> Option<(usize, usize)> {
        let mut at = from;
        while let Some((place, groups)) = beginnings.next(bytes, at) {
            let forms = beginnings.needles(groups).map(|form| &self.forms[form]);
            let longest = forms.filter(|form| bytes[place..].starts_with(form)).map(Vec::len).max();
            if let Some(length) = longest {
                return Some((place, place + length));
            }
            at = place + 1;
        }
        None
    }

    /// Returns the first place from which on the text may be the beginning of a form.
    fn open_end(&self, bytes: &[u8], from: usize) -> usize {
        let Some(beginnings) = &self.beginnings else { return bytes.len() };
        let is_open = |place: &usize| self.is_beginning(&bytes[*place..]);
        let mut at = from.max(bytes.len().saturating_sub(self.longest.saturating_sub(1)));
        while let Some((place, _)) = beginnings.next(bytes, at) {
            if is_open(&place) {
                return place;
            }
            at = place + 1;
        }
        let last = at.max(bytes.len().saturating_sub(WIDTH - 1));
        (last..bytes.len()).find(is_open).unwrap_or(bytes.len())
    }

    /// Says whether a form begins with this and goes on.
    fn is_beginning(&self, text: &[u8]) -> bool {
        let place = self.forms.partition_point(|form| form.as_slice() <= text);
        self.forms.get(place).is_some_and(|form| form.starts_with(text))
    }
}

/// Returns the marker into which a match reaches.
fn marker_at(bytes: &[u8], floor: usize, start: usize, end: usize) -> Option<usize> {
    let low = floor.max((start + 1).saturating_sub(HIDDEN.len())).min(start);
    let high = bytes.len().min(end + HIDDEN.len() - 1);
    memmem::find(&bytes[low..high], HIDDEN.as_bytes()).map(|place| low + place)
}

/// Says whether a form ends like the marker begins, or begins like it ends.
fn touches_marker(form: &[u8]) -> bool {
    let marker = HIDDEN.as_bytes();
    (1..marker.len()).any(|length| form.ends_with(&marker[..length]) || form.starts_with(&marker[length..]))
}
