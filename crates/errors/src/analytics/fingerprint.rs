//! What makes two failures the same: kind, reason, where they came from, and the templates of their messages. Leaves what
//! a template is to `template`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::stable::Stable;
use super::template::absorb;
use crate::Fault;

/// The version of the way in which fingerprints are made. A new way gets a new number, so that an upgrade does not group
/// what is stored anew without a word.
const VERSION: &str = "v2:";
/// The most causes of a fault that count.
const MAX_CAUSES: usize = 8;
/// Under this key of its context a fault carries a fingerprint of the caller's own.
const OWN: &str = "fingerprint";
/// Under this key of its context a fault carries the exit code of a program.
const EXIT_CODE: &str = "exit_code";

/// What makes two failures the same, whatever their parameters: `v2:` and 16 hexadecimal digits.
///
/// It is made of the fault's kind, reason and operation, the agent, the exit code in its context, its message, and its causes
/// (or the technical text, where there are none), each text without numbers, ids, paths, addresses, times and what stands in
/// quotes.
/// Neither the attempt nor the host is part of it. It does not change between releases.
///
/// ```
/// use segno_errors::{Fault, Kind, analytics::Fingerprint};
///
/// let one = Fault::new(Kind::Network, "no answer from 10.0.0.1:5432 after 30 s");
/// let other = Fault::new(Kind::Network, "no answer from db2.example:5432 after 5 s");
/// assert_eq!(Fingerprint::of(&one, None), Fingerprint::of(&other, None));
///
/// // A fingerprint of your own wins.
/// let mine = other.with("fingerprint", "database-down");
/// assert_eq!(Fingerprint::of(&mine, None), Fingerprint::named("database-down"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(pub(super) u64);

impl Fingerprint {
    /// Returns the fingerprint of a fault that an agent met.
    pub fn of(fault: &Fault, agent: Option<&str>) -> Fingerprint {
        let said =
            |wanted: &str| fault.context().iter().find(|(key, _)| key == wanted).map(|(_, value)| value.as_str());
        if let Some(own) = said(OWN) {
            return Fingerprint::named(own);
        }
        let mut hash = Stable::new();
        hash.part(fault.kind().code());
        hash.part(fault.why().unwrap_or_default());
        hash.part(fault.operation_name().unwrap_or_default());
        // Each command has the same operation: who ran it tells more. A code is a number, which templates leave out.
        hash.part(agent.unwrap_or_default());
        hash.part(said(EXIT_CODE).unwrap_or_default());
        absorb(fault.message(), &mut hash);
        let causes = fault.causes();
        causes.iter().take(MAX_CAUSES).for_each(|cause| absorb(cause, &mut hash));
        if let (Some(detail), []) = (fault.detail_text(), causes) {
            absorb(detail, &mut hash);
        }
        Fingerprint(hash.finish())
    }

    /// Returns the fingerprint of a name that the caller gives.
    pub fn named(name: &str) -> Fingerprint {
        let mut hash = Stable::new();
        hash.part("named");
        hash.part(name);
        Fingerprint(hash.finish())
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{VERSION}{:016x}", self.0)
    }
}

/// Says that a text is no fingerprint of this version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoFingerprint(String);

impl fmt::Display for NoFingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "'{}' is no fingerprint such as v2:00c0ffee00c0ffee", self.0)
    }
}

impl std::error::Error for NoFingerprint {}

impl FromStr for Fingerprint {
    type Err = NoFingerprint;

    fn from_str(text: &str) -> Result<Fingerprint, NoFingerprint> {
        let digits = text.strip_prefix(VERSION).filter(|digits| digits.len() == 16);
        let is_plain = |digits: &&str| digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = digits.filter(is_plain).and_then(|digits| u64::from_str_radix(digits, 16).ok());
        number.map(Fingerprint).ok_or_else(|| NoFingerprint(text.chars().take(40).collect()))
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Fingerprint, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
