//! What differs between two texts, line by line, as short as it can be told.

use crate::report::words::cut;

/// The longest common list of lines is looked for in at most so many pairs of lines.
const MAX_PAIRS: usize = 1_000_000;

/// The most letters of a line that are told.
const MAX_LETTERS: usize = 160;

/// A line that only one of two texts has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// Only the first text has it.
    Gone(String),
    /// Only the second text has it.
    New(String),
}

/// Returns the lines that only one of two texts has, in their order.
pub(super) fn differing(one: &str, other: &str) -> Vec<Line> {
    let (mut one, mut other): (Vec<&str>, Vec<&str>) = (one.lines().collect(), other.lines().collect());
    let alike = one.iter().zip(&other).take_while(|(one, other)| one == other).count();
    (one, other) = (one.split_off(alike), other.split_off(alike));
    while one.last().is_some_and(|last| other.last() == Some(last)) {
        one.pop();
        other.pop();
    }
    match one.len().saturating_mul(other.len()) {
        0..=MAX_PAIRS => walk(&one, &other),
        _ => one.into_iter().map(gone).chain(other.into_iter().map(new)).collect(),
    }
}

/// Walks through two lists along their longest common one.
fn walk(one: &[&str], other: &[&str]) -> Vec<Line> {
    let common = common(one, other);
    let at = |row: usize, column: usize| common[row * (other.len() + 1) + column];
    let (mut row, mut column) = (0, 0);
    let mut lines = Vec::new();
    while row < one.len() || column < other.len() {
        let is_same = row < one.len() && column < other.len() && one[row] == other[column];
        // What is gone comes before what is new in its place.
        let goes = column == other.len() || (row < one.len() && at(row + 1, column) >= at(row, column + 1));
        match (is_same, goes) {
            (true, _) => (row, column) = (row + 1, column + 1),
            (false, true) => {
                lines.push(gone(one[row]));
                row += 1;
            }
            (false, false) => {
                lines.push(new(other[column]));
                column += 1;
            }
        }
    }
    lines
}

/// Returns, row by row, how many lines the rest of both lists have in common.
fn common(one: &[&str], other: &[&str]) -> Vec<u32> {
    let width = other.len() + 1;
    let mut common = vec![0_u32; (one.len() + 1) * width];
    for row in (0..one.len()).rev() {
        for column in (0..other.len()).rev() {
            common[row * width + column] = match one[row] == other[column] {
                true => common[(row + 1) * width + column + 1] + 1,
                false => common[(row + 1) * width + column].max(common[row * width + column + 1]),
            };
        }
    }
    common
}

fn gone(line: &str) -> Line {
    Line::Gone(cut(line, MAX_LETTERS))
}

fn new(line: &str) -> Line {
    Line::New(cut(line, MAX_LETTERS))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Writes texts and differences in one line: `a b c` are three lines, `-b +x` are differences.
    fn check(one: &str, other: &str, expected: &str) {
        let said = |line: &Line| match line {
            Line::Gone(line) => format!("-{line}"),
            Line::New(line) => format!("+{line}"),
        };
        let lines = differing(&one.replace(' ', "\n"), &other.replace(' ', "\n"));
        assert_eq!(lines.iter().map(said).collect::<Vec<_>>().join(" "), expected, "{one} | {other}");
    }

    #[test]
    fn only_what_differs_is_told_and_what_is_gone_comes_first() {
        check("a b c", "a b c", "");
        check("", "a", "+a");
        check("a b c", "a x c", "-b +x");
        check("a b c d", "b c d e", "-a +e");
        check("a a b", "a b", "-a");
        check("a b", "b a", "-a +a");
    }

    #[test]
    fn two_long_texts_without_anything_in_common_are_told_at_once() {
        let text = |letter: char| (0..2_000).map(|number| format!("{letter}{number}\n")).collect::<String>();
        assert_eq!(differing(&text('a'), &text('b')).len(), 4_000);
        assert_eq!(differing(&"x".repeat(500), ""), [Line::Gone(format!("{}..", "x".repeat(160)))]);
    }

    proptest! {
        #[test]
        fn what_is_gone_taken_out_and_what_is_new_put_in_gives_the_other(
            one in prop::collection::vec(0u8..4, 0..12), other in prop::collection::vec(0u8..4, 0..12),
        ) {
            let text = |lines: &[u8]| lines.iter().map(|line| format!("{line}\n")).collect::<String>();
            let lines = differing(&text(&one), &text(&other));
            let count = |lines: &[u8], wanted: u8| lines.iter().filter(|line| **line == wanted).count() as isize;
            for letter in 0..4u8 {
                let change: isize = lines.iter().map(|line| match line {
                    Line::Gone(line) if *line == letter.to_string() => -1,
                    Line::New(line) if *line == letter.to_string() => 1,
                    _ => 0,
                }).sum();
                prop_assert_eq!(count(&one, letter) + change, count(&other, letter));
            }
        }
    }
}
