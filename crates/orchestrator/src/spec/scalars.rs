//! What a plain YAML word means: YAML 1.2's core schema, and a mistake for what 1.1 read in another way.

use super::Mistake;
use super::tree::Tree;
use crate::model::Place;

/// Reads a plain (unquoted) scalar.
///
/// `yes`, `no`, `on`, `off`, `2_000` are text, as YAML 1.2 says; `017` is refused, since YAML 1.1 reads 15.
pub(super) fn plain(text: &str, place: Place) -> Result<Tree, Mistake> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(Tree::Null),
        "true" | "True" | "TRUE" => return Ok(Tree::Bool(true)),
        "false" | "False" | "FALSE" => return Ok(Tree::Bool(false)),
        ".inf" | "-.inf" | ".nan" | "+.inf" | ".Inf" | ".INF" | ".NaN" | ".NAN" => {
            return Err(Mistake::at(place, format!("{text} is no number that a workflow can use")));
        }
        _ => {}
    }
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return integer(text, digits, place);
    }
    if let Some(tree) = radix(text) {
        return Ok(tree);
    }
    Ok(float(text, digits).map_or_else(|| Tree::Text(text.to_owned()), Tree::Float))
}

fn integer(text: &str, digits: &str, place: Place) -> Result<Tree, Mistake> {
    if digits.len() > 1 && digits.starts_with('0') {
        let message =
            format!("{text} is read as {} by YAML 1.2 and as octal by YAML 1.1", digits.trim_start_matches('0'));
        return Err(Mistake::at(place, message).hint("write it without the zero, or quote it if it is text"));
    }
    match text.parse() {
        Ok(number) => Ok(Tree::Integer(number)),
        Err(_) => Err(Mistake::at(place, format!("the number {text} is too large")).hint("quote it if it is text")),
    }
}

fn radix(text: &str) -> Option<Tree> {
    let parsed = match text.get(..2)? {
        "0o" => i64::from_str_radix(&text[2..], 8),
        "0x" => i64::from_str_radix(&text[2..], 16),
        _ => return None,
    };
    parsed.ok().map(Tree::Integer)
}

/// Reads `[-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?`, YAML 1.2.2 section 10.3.2.
fn float(text: &str, digits: &str) -> Option<f64> {
    let starts_well = digits.starts_with(|letter: char| letter.is_ascii_digit() || letter == '.');
    let plain = |letter: char| letter.is_ascii_digit() || matches!(letter, '.' | 'e' | 'E' | '+' | '-');
    let has_digit = digits.bytes().any(|byte| byte.is_ascii_digit());
    if !starts_well || !has_digit || !digits.chars().all(plain) {
        return None;
    }
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let shown = match plain(text, Place::default()) {
            Ok(tree) => format!("{tree:?}"),
            Err(_) => "mistake".into(),
        };
        assert_eq!(shown, expected, "{text}");
    }

    #[test]
    fn yaml_1_1_habits_are_text_or_a_mistake_but_never_another_value() {
        for text in
            ["yes", "no", "on", "off", "Yes", "NO", "y", "n", "2_000", "1:30", "0b11", "1.2.3", "12e", "0x", "--1"]
        {
            check(text, &format!("Text({text:?})"));
        }
        for text in ["017", "-08", "00", ".inf", "-.inf", ".nan", "99999999999999999999"] {
            check(text, "mistake");
        }
    }

    #[test]
    fn the_core_schema_holds() {
        let cases = [
            ("", "Null"),
            ("~", "Null"),
            ("true", "Bool(true)"),
            ("FALSE", "Bool(false)"),
            ("17", "Integer(17)"),
            ("-3", "Integer(-3)"),
            ("0", "Integer(0)"),
            ("0o17", "Integer(15)"),
            ("0xff", "Integer(255)"),
            ("1.5", "Float(1.5)"),
            ("1e3", "Float(1000.0)"),
            (".5", "Float(0.5)"),
        ];
        for (text, expected) in cases {
            check(text, expected);
        }
    }
}
