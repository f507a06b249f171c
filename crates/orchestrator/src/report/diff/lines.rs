//! What differs between two texts, line by line, as short as it can be told.

use similar::{Algorithm, DiffOp, DiffTag, capture_diff_slices};

use crate::report::words::cut;

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

/// Returns the lines that only one of two texts has, in their order; what is gone comes before what is new in its place.
pub(super) fn differing(one: &str, other: &str) -> Vec<Line> {
    let (one, other): (Vec<&str>, Vec<&str>) = (one.lines().collect(), other.lines().collect());
    let changes = capture_diff_slices(Algorithm::Myers, &one, &other);
    let told = |change: &DiffOp| {
        let gone = one[change.old_range()].iter().map(|line| Line::Gone(cut(line, MAX_LETTERS)));
        let new = other[change.new_range()].iter().map(|line| Line::New(cut(line, MAX_LETTERS)));
        gone.chain(new)
    };
    changes.iter().filter(|change| change.tag() != DiffTag::Equal).flat_map(told).collect()
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
        check("a b", "b a", "+b -b");
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
