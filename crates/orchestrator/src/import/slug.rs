//! Names of other tools as names of segno: letters, digits and `_`, each only once.

use std::collections::HashSet;

/// The longest name that is made, so that a number fits behind it.
const MAX_NAME: usize = 40;

/// The names that were given so far.
#[derive(Debug, Default)]
pub(super) struct Names {
    taken: HashSet<String>,
}

impl Names {
    /// Makes a step's name of a text, with a number behind it when another step has that name.
    pub(super) fn take(&mut self, text: &str) -> String {
        let name = slug(text, "step");
        let numbered = |number: u32| if number == 1 { name.clone() } else { format!("{name}_{number}") };
        let free = (1..).map(numbered).find(|name| !self.taken.contains(name)).expect("some number is free");
        self.taken.insert(free.clone());
        free
    }
}

/// Makes a name of a text; `fallback` stands before what does not begin with a letter.
pub(super) fn slug(text: &str, fallback: &str) -> String {
    let mut name = String::new();
    for letter in text.chars() {
        match letter {
            letter if letter.is_ascii_alphanumeric() => name.push(letter.to_ascii_lowercase()),
            _ if name.ends_with('_') || name.is_empty() => {}
            _ => name.push('_'),
        }
    }
    name.truncate(MAX_NAME);
    let name = name.trim_end_matches('_');
    match name.starts_with(|letter: char| letter.is_ascii_alphabetic()) {
        true => name.to_owned(),
        false if name.is_empty() => fallback.to_owned(),
        false => format!("{fallback}_{name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_of_letters_digits_and_underscores_and_taken_once() {
        let mut names = Names::default();
        let made =
            ["Run tests (3.12)", "run-tests 3.12!", "3.12", "", "--", "Überprüfung"].map(|text| names.take(text));
        assert_eq!(made, ["run_tests_3_12", "run_tests_3_12_2", "step_3_12", "step", "step_2", "berpr_fung"]);
    }
}
