//! One line of JSON as one of a terminal: time, level, component, message, fields, correlation.
//!
//! Nothing in a value can steer the terminal: control characters stand there as escapes, and so do the characters that turn the
//! direction of text. The only line breaks of a value that are kept are a message's, and what follows them stands further in.

use super::look::{Colour, Look};
use super::pairs::{Pairs, Value};
use super::width;

/// The characters of a correlation id that are shown.
const ID_SHOWN: usize = 12;

/// What stands before the further lines of a message, so that none can be taken for an entry of its own.
const FURTHER: &str = "    | ";

/// Writes an entry for people, with its newline. What is no line of the schema is shown as it is, made harmless.
pub(crate) fn write(json: &str, look: &Look, out: &mut String) {
    let begun = out.len();
    let Some(entry) = Entry::read(json) else {
        harmless(json.trim_end_matches('\n'), out);
        return width::fit(out, begun, look.fit);
    };
    let paint = Paint(look.colour);
    paint.write(DIM, out, |out| entry.time(out));
    out.push(' ');
    paint.write(colour_of(entry.level), out, |out| {
        harmless(entry.level, out);
        (entry.level.len()..5).for_each(|_| out.push(' '));
    });
    out.push(' ');
    paint.write(DIM, out, |out| {
        unescaped(entry.component, Breaks::Escaped, out);
        out.push(':');
    });
    out.push(' ');
    unescaped(entry.message, Breaks::Kept, out);
    for (key, value) in entry.rest {
        if key != CORRELATION {
            pair(key, value, paint, out);
        }
    }
    if !entry.correlation.is_empty() {
        out.push(' ');
        paint.write(DIM, out, |out| shortened(entry.correlation, out));
    }
    width::fit(out, begun, look.fit);
}

/// The leading keys of a line, and what comes behind them.
struct Entry<'a> {
    timestamp: &'a str,
    level: &'a str,
    component: &'a str,
    message: &'a str,
    correlation: &'a str,
    rest: Pairs<'a>,
}

impl<'a> Entry<'a> {
    fn read(json: &'a str) -> Option<Entry<'a>> {
        let mut pairs = Pairs::of(json)?;
        let mut next = |key: &str| match pairs.next()? {
            (found, Value::String(text)) if found == key => Some(text),
            _ => None,
        };
        let [timestamp, level, component, message] =
            [next("timestamp")?, next("level")?, next("component")?, next("message")?];
        let correlation = match pairs.clone().next() {
            Some((CORRELATION, Value::String(id))) => id,
            _ => "",
        };
        Some(Entry { timestamp, level, component, message, correlation, rest: pairs })
    }

    /// The time of day to the millisecond: who watches a terminal knows the date.
    fn time(&self, out: &mut String) {
        let of_day = self.timestamp.get(11..23);
        harmless(of_day.unwrap_or(self.timestamp), out);
    }
}

const CORRELATION: &str = "correlation_id";

fn pair(key: &str, value: Value<'_>, paint: Paint, out: &mut String) {
    out.push(' ');
    paint.write(CYAN, out, |out| {
        unescaped(key, Breaks::Escaped, out);
        out.push('=');
    });
    match value {
        Value::Bare(bare) => harmless(bare, out),
        // A value of one word needs no quotes to be told from what follows it.
        Value::String(text) if is_word(text) => harmless(text, out),
        Value::String(text) => {
            out.push('"');
            harmless(text, out);
            out.push('"');
        }
    }
}

fn is_word(text: &str) -> bool {
    !text.is_empty()
        && !text.contains(|character: char| character.is_whitespace() || matches!(character, '=' | '"' | '\\'))
}

/// The beginning of the id, which tells runs of a day apart.
fn shortened(id: &str, out: &mut String) {
    out.push('[');
    let mut text = String::new();
    unescaped(id, Breaks::Escaped, &mut text);
    out.extend(text.chars().take(ID_SHOWN));
    if text.chars().nth(ID_SHOWN).is_some() {
        out.push('…');
    }
    out.push(']');
}

/// What becomes of line breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Breaks {
    Kept,
    Escaped,
}

/// Writes what stands between the quotes of a JSON string, without the escapes that only JSON needs.
fn unescaped(text: &str, breaks: Breaks, out: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        harmless(&rest[..at], out);
        let escape = rest[at + 1..].chars().next();
        match escape {
            Some(plain @ ('"' | '\\' | '/')) => out.push(plain),
            Some('n') if breaks == Breaks::Kept => {
                out.push('\n');
                out.push_str(FURTHER);
            }
            // The rest says what they are as they stand: \t, \u001b.
            Some(other) => {
                out.push('\\');
                harmless(other.encode_utf8(&mut [0; 4]), out);
            }
            None => out.push('\\'),
        }
        rest = &rest[at + 1 + escape.map_or(0, char::len_utf8)..];
    }
    harmless(rest, out);
}

/// Writes a text so that it cannot steer a terminal.
fn harmless(text: &str, out: &mut String) {
    for character in text.chars() {
        match character.is_control() || turns_text(character) {
            true => out.extend(character.escape_unicode()),
            false => out.push(character),
        }
    }
}

/// Characters that nobody sees and that change what others look like, or where they stand.
fn turns_text(character: char) -> bool {
    matches!(character,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Puts colours round what is written.
#[derive(Debug, Clone, Copy)]
struct Paint(Colour);

const DIM: &str = "2";
const CYAN: &str = "36";

impl Paint {
    fn write(self, colour: &str, out: &mut String, write: impl FnOnce(&mut String)) {
        if self.0 == Colour::Never {
            return write(out);
        }
        out.extend(["\u{1b}[", colour, "m"]);
        write(out);
        out.push_str("\u{1b}[0m");
    }
}

fn colour_of(level: &str) -> &'static str {
    match level {
        "FATAL" => "1;37;41",
        "ERROR" => "1;31",
        "WARN" => "33",
        "INFO" => "32",
        _ => "34",
    }
}

#[cfg(test)]
mod tests {
    use super::super::Fit;
    use super::*;
    use proptest::prelude::*;

    fn shown(json: &str, look: &Look) -> String {
        let mut out = String::new();
        write(json, look, &mut out);
        out
    }

    fn check(rest: &str, expected: &str) {
        let json = format!("{{\"timestamp\":\"2026-11-27T10:55:56.123456Z\",{rest}}}\n");
        assert_eq!(shown(&json, &Look::default()), format!("10:55:56.123 {expected}\n"));
    }

    #[test]
    fn an_entry_has_time_level_component_message_fields_and_a_short_correlation() {
        check(
            r#""level":"INFO","component":"shop.cart","message":"cart paid","correlation_id":"20260101-120000-abcd","items":3,"user":"ada","note":"two words""#,
            r#"INFO  shop.cart: cart paid items=3 user=ada note="two words" [20260101-120…]"#,
        );
        check(r#""level":"ERROR","component":"a","message":"""#, "ERROR a: ");
        check(r#""level":"WARN","component":"a","message":"m","correlation_id":"run-7""#, "WARN  a: m [run-7]");
        check(
            r#""level":"DEBUG","component":"a","message":"m","b":"","c":null,"d":"x=1""#,
            r#"DEBUG a: m b="" c=null d="x=1""#,
        );
    }

    #[test]
    fn what_json_escapes_is_shown_plainly_in_a_message() {
        check(r#""level":"INFO","component":"a","message":"say \"hi\" in C:\\x""#, r#"INFO  a: say "hi" in C:\x"#);
    }

    #[test]
    fn further_lines_of_a_message_stand_further_in() {
        check(
            r#""level":"INFO","component":"a","message":"one\n10:00:00.000 ERROR forged","b":"c\nd""#,
            "INFO  a: one\n    | 10:00:00.000 ERROR forged b=\"c\\nd\"",
        );
    }

    #[test]
    fn no_value_steers_the_terminal() {
        check(
            "\"level\":\"INFO\",\"component\":\"a\\u001b[2J\",\"message\":\"\\u001b]0;title\\u0007 \u{1b}[31m \u{202e}x\",\"k\u{9b}\":\"\\r\u{7}\"",
            r#"INFO  a\u001b[2J: \u001b]0;title\u0007 \u{1b}[31m \u{202e}x k\u{9b}="\r\u{7}""#,
        );
    }

    #[test]
    fn what_is_no_line_of_the_schema_is_shown_as_it_is() {
        assert_eq!(shown("plain \u{1b}[2J text\n", &Look::default()), "plain \\u{1b}[2J text\n");
        assert_eq!(shown(r#"{"level":"INFO"}"#, &Look::default()), "{\"level\":\"INFO\"}\n");
        assert_eq!(shown("", &Look::default()), "\n");
    }

    #[test]
    fn colours_come_only_when_they_are_told_to() {
        let json = r#"{"timestamp":"t","level":"ERROR","component":"a","message":"m","b":1}"#;
        let look = Look { colour: Colour::Always, ..Look::default() };
        assert_eq!(
            shown(json, &look),
            "\u{1b}[2mt\u{1b}[0m \u{1b}[1;31mERROR\u{1b}[0m \u{1b}[2ma:\u{1b}[0m m \u{1b}[36mb=\u{1b}[0m1\n"
        );
    }

    proptest! {
        #[test]
        fn any_text_in_any_place_is_harmless(text in any::<String>(), width in 0_usize..50) {
            let value = serde_json::to_string(&text).unwrap();
            let json = format!(
                "{{\"timestamp\":{value},\"level\":{value},\"component\":{value},\"message\":{value},\"correlation_id\":{value},{value}:{value}}}"
            );
            for fit in [Fit::Whole, Fit::Cut(width), Fit::Wrap(width)] {
                for json in [&json, &text] {
                    let shown = shown(json, &Look { fit, ..Look::default() });
                    prop_assert!(!shown.contains(|c: char| (c.is_control() && c != '\n') || turns_text(c)));
                    prop_assert!(shown.ends_with('\n'));
                    prop_assert!(shown.lines().skip(1).all(|line| line.starts_with("    ")), "{:?}", shown);
                }
            }
        }
    }
}
