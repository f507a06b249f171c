//! Finds the numbers of credit cards, for those who ask for it.

use super::scan::Secret;
use super::swallow::Until;
use super::view::{Seen, View};

/// How many digits the number of a card has.
const DIGITS: std::ops::RangeInclusive<usize> = 13..=19;
/// So much is looked at: the longest number with a sign between any two digits.
const MAX_LOOK: usize = 40;

/// Returns the number of a card that begins here: digits, also in groups, of which the last one is the right check.
pub(super) fn card(view: &View<'_>, start: usize) -> Seen<Option<Secret>> {
    let before = view.before(start);
    if before.is_ascii_alphanumeric() || matches!(before, b'.' | b'_' | b'-') {
        return Ok(None);
    }
    let end = view.while_within(start, MAX_LOOK, |byte| byte.is_ascii_digit() || matches!(byte, b' ' | b'-'))?;
    let text = &view.bytes[start..end];
    // Two signs in a row end a number; another one may stand behind them.
    let is_gap = |pair: &[u8]| !pair[0].is_ascii_digit() && !pair[1].is_ascii_digit();
    let text = &text[..text.windows(2).position(is_gap).unwrap_or(text.len())];
    let length = text.iter().rposition(u8::is_ascii_digit).map_or(0, |last| last + 1);
    let text = &text[..length];
    let goes_on = view.at(start + length)?.is_some_and(|byte| byte.is_ascii_alphanumeric());
    let digits: Vec<u8> = text.iter().filter(|byte| byte.is_ascii_digit()).map(|byte| byte - b'0').collect();
    let is_card = !goes_on && DIGITS.contains(&digits.len()) && checks(&digits);
    Ok(is_card.then(|| Secret::new(start, Until::Length(length))))
}

/// Says whether the last digit is the check that Luhn's sum gives.
fn checks(digits: &[u8]) -> bool {
    let doubled = |digit: u8| if digit > 4 { digit * 2 - 9 } else { digit * 2 };
    let counted = digits.iter().rev().enumerate();
    let sum: u32 = counted.map(|(place, digit)| u32::from(if place % 2 == 1 { doubled(*digit) } else { *digit })).sum();
    sum > 0 && sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use crate::Redactor;
    use crate::redact::Options;

    fn check(text: &str, expected: &str) {
        let redactor = Redactor::with(&Options { cards: true, ..Options::default() });
        assert_eq!(redactor.text(text), expected);
        assert_eq!(redactor.text(expected), expected, "a second pass");
    }

    #[test]
    fn a_card_is_known_by_its_check_digit() {
        check("card 4111111111111111.", "card [redacted].");
        check("card 4111 1111 1111 1111, 5500-0055-5555-5559", "card [redacted], [redacted]");
        check("4111 1111 1111 1111  - 5500-0055-5555-5559", "[redacted]  - [redacted]");
        check("card 4111111111111112", "card 4111111111111112");
        check(
            "id 20261127105556 0000000000000000 x4111111111111111",
            "id 20261127105556 0000000000000000 x4111111111111111",
        );
    }

    #[test]
    fn cards_are_left_unless_they_are_asked_for() {
        assert_eq!(Redactor::new().text("4111111111111111"), "4111111111111111");
    }
}
