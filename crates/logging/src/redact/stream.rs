//! Hides secrets in a text that comes in pieces: what may be the beginning of a secret is kept back until it is told.

use super::group::{Group, Step};
use super::known::{Known, Sought};
use super::redactor::{HIDDEN, Redactor};
use super::rules::Rules;
use super::scan::{self, Found, Scan, Secret};
use super::swallow::{Reached, Until};
use super::view::{LOOK_BACK, More, View};

/// What was given out is forgotten when it is longer than this.
const MAX_PAST: usize = 4 << 10;
/// Of a longer rest that cannot be told yet each byte is not looked at with every new one.
const MAX_EAGER: usize = 256;

/// Hides secrets in a text that comes in pieces. The output is the same whatever the pieces are.
///
/// It keeps back a few kilobytes at most, and mostly nothing: only what may be the beginning of a secret.
///
/// ```
/// use segno_logging::Redactor;
///
/// let redactor = Redactor::new();
/// redactor.add_secret("hunter22").unwrap();
/// let (mut stream, mut out) = (redactor.stream(), Vec::new());
/// stream.push(b"login with hun", &mut out);
/// // `hun` may be the beginning of a secret, and the blank that of an option with a password.
/// assert_eq!(out, b"login with");
/// stream.push(b"ter22\n", &mut out);
/// stream.finish(&mut out);
/// assert_eq!(out, b"login with [redacted]\n");
/// ```
#[derive(Debug)]
pub struct Stream {
    redactor: Redactor,
    raw: Pending,
    /// What is left without the values that are known.
    known_out: Pending,
    pass: Pass,
    /// No look is worth while before so much is there.
    wait: usize,
}

/// Bytes that came, of which those before `at` went out.
#[derive(Debug, Default)]
struct Pending {
    bytes: Vec<u8>,
    at: usize,
    floor: usize,
}

impl Stream {
    pub(super) fn new(redactor: Redactor) -> Stream {
        let (raw, known_out) = (Pending::default(), Pending::default());
        Stream { redactor, raw, known_out, pass: Pass::default(), wait: 0 }
    }

    /// Takes the next piece, and adds to `out` what is told.
    pub fn push(&mut self, chunk: &[u8], out: &mut Vec<u8>) {
        self.take(chunk, false, out);
    }

    /// Adds the rest to `out`. The stream may then be used for another text.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        self.take(&[], true, out);
        (self.raw, self.known_out, self.pass, self.wait) = (Pending::default(), Pending::default(), Pass::default(), 0);
    }

    /// Returns how many bytes are kept: what cannot be told yet, and a little of what was told.
    pub fn kept(&self) -> usize {
        self.raw.bytes.len() + self.known_out.bytes.len()
    }

    fn take(&mut self, chunk: &[u8], is_last: bool, out: &mut Vec<u8>) {
        let Some(rules) = self.redactor.rules().cloned() else { return out.extend_from_slice(chunk) };
        let known = self.redactor.known();
        let is_direct = known.is_none() && self.raw.is_empty();
        match is_direct {
            true => self.known_out.bytes.extend_from_slice(chunk),
            false => {
                self.raw.bytes.extend_from_slice(chunk);
                self.raw.seek(&known.unwrap_or_default(), is_last, &mut self.known_out.bytes);
            }
        }
        self.follow(&rules, is_last, out);
    }

    fn follow(&mut self, rules: &Rules, is_last: bool, out: &mut Vec<u8>) {
        let pending = &mut self.known_out;
        if !is_last && pending.bytes.len() < self.wait {
            return;
        }
        self.pass.run(rules, &pending.bytes, is_last, out);
        let past = self.pass.at.saturating_sub(LOOK_BACK);
        if past > MAX_PAST || self.pass.at == pending.bytes.len() && past > 0 {
            pending.bytes.drain(..past);
            self.pass.forget(past);
        }
        let rest = pending.bytes.len() - self.pass.at;
        self.wait = if rest > MAX_EAGER { pending.bytes.len() + rest / 4 } else { 0 };
    }
}

impl Pending {
    fn is_empty(&self) -> bool {
        self.at == self.bytes.len()
    }

    /// Moves on to `out` what holds no known value, or no longer.
    fn seek(&mut self, known: &Known, is_last: bool, out: &mut Vec<u8>) {
        loop {
            match known.next(&self.bytes, self.floor, self.at, is_last) {
                Sought::Found(start, end) => {
                    out.extend_from_slice(&self.bytes[self.at..start]);
                    out.extend_from_slice(HIDDEN.as_bytes());
                    (self.at, self.floor) = (end, end);
                }
                Sought::Clean(open) => {
                    out.extend_from_slice(&self.bytes[self.at..open]);
                    self.at = open;
                    break;
                }
            }
        }
        let past = self.at.saturating_sub(HIDDEN.len());
        if past > MAX_PAST {
            self.bytes.drain(..past);
            self.at -= past;
            self.floor = self.floor.saturating_sub(past);
        }
    }
}

/// How far the rules have read a text.
#[derive(Debug)]
pub(super) struct Pass {
    at: usize,
    floor: usize,
    edge: u8,
    /// A secret that has begun.
    until: Option<Until>,
    /// Several values of which more may come.
    group: Option<Group>,
    /// Before this place the group left something, which is read by all other rules.
    aside: usize,
    /// Something was hidden.
    pub(super) has_hidden: bool,
}

impl Default for Pass {
    fn default() -> Pass {
        Pass { at: 0, floor: 0, edge: b'\n', until: None, group: None, aside: 0, has_hidden: false }
    }
}

impl Pass {
    /// Begins what was found.
    pub(super) fn enter(&mut self, bytes: &[u8], found: Found, out: &mut Vec<u8>) {
        match found {
            Found::Secret(secret) => self.begin(bytes, secret, out),
            Found::Group(start, group) => {
                self.leave(bytes, start, out);
                self.group = Some(group);
            }
        }
    }

    /// Leaves all before a place as it is.
    fn leave(&mut self, bytes: &[u8], to: usize, out: &mut Vec<u8>) {
        out.extend_from_slice(&bytes[self.at..to]);
        self.at = to;
    }

    /// Writes what stands before a secret, and the marker in its place.
    fn begin(&mut self, bytes: &[u8], secret: Secret, out: &mut Vec<u8>) {
        out.extend_from_slice(&bytes[self.at..secret.start]);
        let quote: &[u8] = if secret.is_bare { b"\"" } else { b"" };
        [quote, HIDDEN.as_bytes(), quote].into_iter().for_each(|part| out.extend_from_slice(part));
        self.has_hidden = true;
        self.at = secret.from;
        self.until = Some(secret.until);
        self.edge = if secret.is_bare { b'"' } else { b']' };
    }

    /// Reads on as far as can be told.
    pub(super) fn run(&mut self, rules: &Rules, bytes: &[u8], is_last: bool, out: &mut Vec<u8>) {
        loop {
            let view = View { bytes, floor: self.floor, edge: self.edge, is_last };
            if let Some(until) = &mut self.until {
                match until.read(&view, self.at) {
                    Reached::End(end) => (self.at, self.floor, self.until) = (end, end, None),
                    Reached::Within(place) => {
                        (self.at, self.floor) = (place, place);
                        return;
                    }
                }
                continue;
            }
            let to = match self.group {
                Some(group) if self.at >= self.aside => {
                    match group.next(&view, self.at) {
                        Ok(step) => self.step(bytes, step, out),
                        Err(More) => return,
                    }
                    continue;
                }
                Some(_) => self.aside,
                None => usize::MAX,
            };
            match scan::next(rules, &view, self.at, to) {
                Scan::Found(found) => self.enter(bytes, found, out),
                Scan::Clean(open) => {
                    self.leave(bytes, open, out);
                    if open < to {
                        return;
                    }
                }
            }
        }
    }

    /// Goes on within a group. What it leaves is no secret by its name, but may be one by its look.
    fn step(&mut self, bytes: &[u8], step: Step, out: &mut Vec<u8>) {
        match step {
            Step::Secret(secret, group) => {
                self.group = Some(group);
                self.begin(bytes, secret, out);
            }
            Step::Left(end, group) => (self.group, self.aside) = (Some(group), end),
            Step::Over => self.group = None,
        }
    }

    /// Takes note that so many bytes at the beginning are gone.
    fn forget(&mut self, past: usize) {
        self.at -= past;
        self.floor = self.floor.saturating_sub(past);
        self.aside = self.aside.saturating_sub(past);
    }
}
