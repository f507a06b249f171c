//! Gives each name of a field a number, so that names are compared by one instruction.
//! Leaves to `plan` when a name is looked up: once a call site, never for an event.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::escape;

/// A field's name, ready to be written and to be compared.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    /// Equal for equal names, in the whole process.
    pub(super) number: u32,
    /// As it stands in a line: `,"name":`.
    pub(super) text: Box<[u8]>,
}

impl Key {
    /// Makes the key of a name.
    pub(crate) fn new(name: &'static str) -> Key {
        let mut text = vec![b','];
        escape::string(name, &mut text);
        text.push(b':');
        Key { number: number(name), text: text.into() }
    }

    /// Returns the key's bit in a set of names. Two names may share one: the set says "not there" or "perhaps".
    #[inline]
    pub(super) fn bit(&self) -> u128 {
        1 << (self.number % u128::BITS)
    }
}

/// As many entries as the program's text has names, since only those are `'static`.
fn number(name: &'static str) -> u32 {
    static NUMBERS: Mutex<BTreeMap<&'static str, u32>> = Mutex::new(BTreeMap::new());
    let mut numbers = NUMBERS.lock().unwrap_or_else(PoisonError::into_inner);
    let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
    *numbers.entry(name).or_insert(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_names_have_equal_numbers_wherever_they_stand() {
        let copy: &'static str = Box::leak("one".to_owned().into_boxed_str());
        assert_eq!(Key::new("one").number, Key::new(copy).number);
        assert_ne!(Key::new("one").number, Key::new("two").number);
    }

    #[test]
    fn a_name_with_quotes_is_escaped() {
        assert_eq!(&*Key::new("say \"a\"").text, br#","say \"a\"":"#);
    }
}
