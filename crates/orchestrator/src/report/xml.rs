//! Texts as XML can hold them, and its lines: what the forms of JUnit share.

use std::fmt::Write as _;
use std::time::Duration;

/// The sign in place of those that XML cannot hold.
const FOREIGN: char = '\u{fffd}';

/// Adds a line.
pub(crate) fn line(text: &mut String, line: &str) {
    writeln!(text, "{line}").expect("a string takes any text");
}

/// Writes a duration in seconds.
pub(crate) fn seconds(duration: Duration) -> String {
    format!("{:.3}", duration.as_secs_f64())
}

/// Writes a text for the space between two tags.
pub(crate) fn content(text: &str) -> String {
    escaped(text, |letter| match letter {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        // A parser would read it as a line end.
        '\r' => Some("&#13;"),
        _ => None,
    })
}

/// Writes a text for an attribute, in which a parser would turn line ends and tabs into spaces.
pub(crate) fn attribute(text: &str) -> String {
    escaped(text, |letter| match letter {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        '"' => Some("&quot;"),
        '\n' => Some("&#10;"),
        '\r' => Some("&#13;"),
        '\t' => Some("&#9;"),
        _ => None,
    })
}

fn escaped(text: &str, entity: impl Fn(char) -> Option<&'static str>) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars().map(|letter| if is_xml(letter) { letter } else { FOREIGN }) {
        match entity(letter) {
            Some(entity) => escaped.push_str(entity),
            None => escaped.push(letter),
        }
    }
    escaped
}

/// Says whether XML 1.0 can hold a sign at all; an escape would not help.
fn is_xml(letter: char) -> bool {
    matches!(letter, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}
