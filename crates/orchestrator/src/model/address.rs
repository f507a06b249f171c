//! Names of runs, steps and tasks. A task is a step in its round and item: `review[3]`.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The longest step id that a file may use, in bytes.
const MAX_STEP_ID: usize = 64;

/// A step's name: a letter, then letters, digits and `_`, at most 64 bytes. A step of a sub-workflow has the name of its
/// caller before its own, parted by a `/`.
///
/// A `-` would read as minus in `steps.a-b`, so it is not part of a name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StepId(Arc<str>);

impl StepId {
    /// Checks a name.
    ///
    /// # Errors
    /// Says in words what is wrong with the name.
    pub fn new(name: &str) -> Result<StepId, BadAddress> {
        if name.split('/').all(is_part) {
            return Ok(StepId(name.into()));
        }
        Err(BadAddress { text: name.chars().take(MAX_STEP_ID).collect() })
    }

    /// Returns the name of a step inside the sub-workflow that this step calls.
    #[must_use]
    pub fn inside(&self, inner: &StepId) -> StepId {
        StepId(format!("{self}/{inner}").into())
    }

    /// Returns the name without those of the callers.
    pub fn own(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }

    /// Returns the name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Says whether a text is one name.
fn is_part(name: &str) -> bool {
    let mut letters = name.chars();
    let starts_well = letters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_');
    let goes_well = letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    starts_well && goes_well && name.len() <= MAX_STEP_ID
}

impl fmt::Display for StepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for StepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A name that is not a step's or a task's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{text}' is not a step name (a letter, then letters, digits and '_', at most 64)")]
pub struct BadAddress {
    /// The text that was refused, cut to 64 characters.
    pub text: String,
}

/// A task's place in a run: the step's name and one index for each `each` round it, outermost first.
///
/// ```
/// use segno_orchestrator::model::Address;
/// let address: Address = "review[3]".parse()?;
/// assert_eq!((address.step.as_str(), address.indices.as_slice()), ("review", &[3][..]));
/// assert_eq!(address.to_string(), "review[3]");
/// # Ok::<(), segno_orchestrator::model::BadAddress>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    /// The step's name, unique in its workflow.
    pub step: StepId,
    /// The items' indices, outermost first; empty outside any `each`.
    pub indices: Vec<u32>,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.step.as_str())?;
        self.indices.iter().try_for_each(|index| write!(f, "[{index}]"))
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Address {
    type Err = BadAddress;

    fn from_str(text: &str) -> Result<Address, BadAddress> {
        let bad = || BadAddress { text: text.chars().take(MAX_STEP_ID).collect() };
        let (name, rest) = text.split_at(text.find('[').unwrap_or(text.len()));
        let mut indices = Vec::new();
        if !rest.is_empty() {
            let inner = rest.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).ok_or_else(bad)?;
            for index in inner.split("][") {
                indices.push(index.parse().map_err(|_| bad())?);
            }
        }
        Ok(Address { step: StepId::new(name)?, indices })
    }
}

/// A run's name: the moment it began and four random letters, so that names sort by age.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(Arc<str>);

impl RunId {
    /// Takes a run's name as it is.
    ///
    /// # Errors
    /// Refuses anything but lower-case letters, digits and `-`, at most 64 bytes: the name is part of file names.
    pub fn new(name: &str) -> Result<RunId, BadAddress> {
        let plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
        if !name.is_empty() && name.len() <= MAX_STEP_ID && name.chars().all(plain) {
            return Ok(RunId(name.into()));
        }
        Err(BadAddress { text: name.chars().take(MAX_STEP_ID).collect() })
    }

    /// Returns the name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Gives a name type the serde form of its text.
macro_rules! as_text {
    ($name:ty, $parse:expr) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                $parse(&text).map_err(serde::de::Error::custom)
            }
        }
    };
}

as_text!(StepId, StepId::new);
as_text!(RunId, RunId::new);
as_text!(Address, |text: &str| text.parse::<Address>());

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_reads_back_as_it_was_written() {
        for text in ["a", "review[0]", "deep_step[1][22][333]", "review/lint[2]"] {
            assert_eq!(text.parse::<Address>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn names_that_could_leave_a_folder_or_read_as_minus_are_refused() {
        for text in
            ["", "..", "a//b", "/b", "a/", "a/../b", "a-b", "1a", "a[", "a[]", "a[x]", "a]0[", "ä", &"x".repeat(65)]
        {
            assert!(text.parse::<Address>().is_err(), "{text}");
        }
    }
}
