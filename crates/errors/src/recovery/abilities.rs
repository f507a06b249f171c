//! A set of strategies: what somebody can do, or has done already.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Advice;

/// A set of strategies, in sixteen bits.
///
/// ```
/// use segno_errors::{Abilities, Advice};
///
/// let can = Abilities::from_iter([Advice::Retry, Advice::Fallback]);
/// assert!(can.contains(Advice::Fallback) && !can.contains(Advice::Skip));
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Abilities(u16);

impl Abilities {
    /// No strategy.
    pub const NONE: Abilities = Abilities(0);

    /// Every strategy.
    pub fn all() -> Abilities {
        Advice::ALL.into_iter().collect()
    }

    /// Returns the set with one more strategy in it.
    #[must_use]
    pub fn with(self, advice: Advice) -> Abilities {
        Abilities(self.0 | bit(advice))
    }

    /// Returns the set without a strategy.
    #[must_use]
    pub fn without(self, advice: Advice) -> Abilities {
        Abilities(self.0 & !bit(advice))
    }

    /// Says whether a strategy is in it.
    pub fn contains(self, advice: Advice) -> bool {
        self.0 & bit(advice) != 0
    }

    /// Returns the strategies in it, in the order in which they are declared.
    pub fn iter(self) -> impl Iterator<Item = Advice> {
        Advice::ALL.into_iter().filter(move |advice| self.contains(*advice))
    }
}

fn bit(advice: Advice) -> u16 {
    1 << advice as u16
}

impl FromIterator<Advice> for Abilities {
    fn from_iter<I: IntoIterator<Item = Advice>>(list: I) -> Abilities {
        list.into_iter().fold(Abilities::NONE, Abilities::with)
    }
}

impl fmt::Debug for Abilities {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.iter()).finish()
    }
}

/// Stored as a list of names: bits would change their meaning when a strategy is added.
impl Serialize for Abilities {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for Abilities {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Abilities, D::Error> {
        Vec::<Advice>::deserialize(deserializer).map(Abilities::from_iter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_what_was_put_in() {
        for advice in Advice::ALL {
            let set = Abilities::NONE.with(advice);
            assert_eq!(set.iter().collect::<Vec<_>>(), [advice]);
            assert_eq!(set.without(advice), Abilities::NONE);
        }
        assert_eq!(Abilities::all().iter().count(), 12);
    }

    #[test]
    fn a_set_is_stored_as_names() {
        let set = Abilities::from_iter([Advice::Abort, Advice::Retry]);
        let stored = serde_json::to_string(&set).unwrap();
        assert_eq!(stored, r#"["retry","abort"]"#);
        assert_eq!(serde_json::from_str::<Abilities>(&stored).unwrap(), set);
    }
}
