//! Finds the value that stands on the lines below its name, as YAML writes it: a word, a text in quotes, a block behind `|`
//! or `>`, a list of dashes. Prose has such lines too, so only what is no sentence and no word of a language is a secret.

use super::code::{Manner, is_code, is_stand_in};
use super::group::{Group, NAMELESS, Shape, Step, behind_quotes};
use super::names::{Key, Telling};
use super::quoted::quoted;
use super::redactor::HIDDEN;
use super::scan::{Found, Secret};
use super::swallow::{Until, is_value};
use super::value::is_short_word;
use super::view::{Seen, View, is_blank};

/// The most blanks before a name.
const MAX_INDENT: usize = 24;
/// The most blanks and empty lines before what stands below.
const MAX_GAP: usize = 256;
/// The longest line that is looked at.
const MAX_LINE: usize = 256;
/// The longest sign of a block: `|2-`.
const MAX_SIGN: usize = 3;
/// The longest text of a block that is hidden.
const MAX_BLOCK: usize = 16 << 10;

/// Returns how far from the beginning of its line a name stands that is alone there, but for a dash.
pub(super) fn column(view: &View<'_>, key: Key, is_quoted: bool) -> Option<usize> {
    let is_open = !is_quoted || key.start > view.floor && matches!(view.before(key.start), b'"' | b'\'');
    let from = if is_quoted { key.start.checked_sub(1)? } else { key.start };
    let start = view.back_while(from, MAX_INDENT, |byte| is_blank(byte) || byte == b'-');
    let lead = &view.bytes[start..from];
    // A dash stands before a blank; what begins with one otherwise is the option of a command.
    let is_lead = lead.windows(2).all(|pair| pair[0] != b'-' || is_blank(pair[1])) && lead.last() != Some(&b'-');
    let is_alone = matches!(view.before(start), b'\n' | b'\r') && view.bytes[key.start] != b'-';
    (is_open && is_lead && is_alone).then_some(from - start)
}

/// Returns the value below a name that ends its line here, or ends it with the sign of a block.
pub(super) fn value(view: &View<'_>, key: Key, column: usize, at: usize, is_json: bool) -> Seen<Option<Found>> {
    let is_certain = key.telling == Telling::Always;
    if let Some(line) = block(view, at)? {
        return Ok(text(view, column, line)?.filter(|_| is_certain).map(Found::Secret));
    }
    let Some((first, indent)) = below(view, at)? else { return Ok(None) };
    let group = Group::new(Shape::Lines(indent), Manner::Colon, is_certain, is_json);
    if is_dash(view, first)? {
        return Ok((indent >= column).then_some(Found::Group(first + 1, group)));
    }
    if indent <= column {
        return Ok(None);
    }
    Ok(match scalar(group, view, first)? {
        Step::Secret(secret, _) => Some(Found::Secret(secret)),
        _ => None,
    })
}

/// Says whether the line ends here, or with the sign of a block.
pub(super) fn ends_line(view: &View<'_>, at: usize) -> Seen<bool> {
    Ok(matches!(view.at(at)?, Some(b'\r' | b'\n')) || block(view, at)?.is_some())
}

/// Reads an item behind its dash.
pub(super) fn item(group: Group, view: &View<'_>, at: usize) -> Seen<Step> {
    let start = view.while_within(at, MAX_GAP, is_blank)?;
    match scalar(group, view, start)? {
        Step::Over => {
            // Prose, or a mapping: it is not for this rule, but the next item may be.
            let end = view.while_within(start, MAX_LINE, |byte| !matches!(byte, b'\r' | b'\n'))?;
            Ok(if end > at { Step::Left(end, group.read()) } else { Step::Over })
        }
        step => Ok(step),
    }
}

/// Looks for the next dash, at the same place of a line.
pub(super) fn next_dash(group: Group, view: &View<'_>, indent: usize, at: usize) -> Seen<Step> {
    let end = line_end(view, behind_quotes(view, at)?)?;
    let Some(end) = end else { return Ok(Step::Over) };
    Ok(match below(view, end)? {
        Some((first, own)) if own == indent && is_dash(view, first)? => Step::Left(first + 1, group.reading()),
        _ => Step::Over,
    })
}

/// Reads a text in quotes or a word that is alone in its line.
fn scalar(group: Group, view: &View<'_>, start: usize) -> Seen<Step> {
    if let Some(quoted) = quoted(view, start)? {
        let is_key = match quoted.close {
            Some(close) => view.at(behind_quotes(view, close)?)? == Some(b':'),
            None => true,
        };
        return if is_key { Ok(Step::Over) } else { group.text(view, start, quoted) };
    }
    if let Some(step) = group.hidden(view, start)? {
        return Ok(step);
    }
    let end = view.while_within(start, MAX_LINE, is_value)?;
    let value = &view.bytes[start..end];
    let word = value.strip_suffix(b".").unwrap_or(value);
    // Signs with which YAML begins something else, and the colon of a name.
    let is_other = value.first().is_none_or(|first| b"-[|!%@?:*=/".contains(first)) || value.ends_with(b":");
    if is_other || line_end(view, end)?.is_none() {
        return Ok(Step::Over);
    }
    Ok(match !group.is_certain || is_short_word(word) || is_code(view, NAMELESS, start, Manner::Colon)? {
        true => Step::Left(end, group.read()),
        false => Step::Secret(Secret::new(start, Until::Word), group.read()),
    })
}

/// Returns the secret that is the text of a block.
fn text(view: &View<'_>, column: usize, line: usize) -> Seen<Option<Secret>> {
    let Some((first, indent)) = below(view, line)? else { return Ok(None) };
    // A private key has a rule of its own.
    if indent <= column || view.starts_with(first, b"-----BEGIN ")? {
        return Ok(None);
    }
    let until = Until::Block { indent, left: MAX_BLOCK };
    if view.starts_with(first, HIDDEN.as_bytes())? {
        let from = first + HIDDEN.len();
        let is_hidden = match line_end(view, from)? {
            Some(end) => below(view, end)?.is_none_or(|(_, own)| own < indent),
            None => false,
        };
        return Ok((!is_hidden).then(|| Secret::behind(first, from, until)));
    }
    let end = view.while_within(first, MAX_LINE, |byte| !matches!(byte, b'\r' | b'\n'))?;
    Ok((!is_stand_in(view.bytes[first..end].trim_ascii_end())).then(|| Secret::new(first, until)))
}

/// Returns the end of the line whose last word is the sign of a block.
fn block(view: &View<'_>, at: usize) -> Seen<Option<usize>> {
    let Some(b'|' | b'>') = view.at(at)? else { return Ok(None) };
    let end = view.while_within(at + 1, MAX_SIGN, |byte| matches!(byte, b'+' | b'-' | b'1'..=b'9'))?;
    let end = view.while_within(end, MAX_GAP, is_blank)?;
    Ok(matches!(view.at(end)?, Some(b'\r' | b'\n')).then_some(end))
}

/// Returns the end of a line of which only blanks and a remark are left.
fn line_end(view: &View<'_>, at: usize) -> Seen<Option<usize>> {
    let sign = view.while_within(at, MAX_GAP, is_blank)?;
    let end = match view.at(sign)? {
        Some(b'#') if sign > at => view.while_within(sign, MAX_LINE, |byte| !matches!(byte, b'\r' | b'\n'))?,
        _ => sign,
    };
    Ok(matches!(view.at(end)?, None | Some(b'\r' | b'\n')).then_some(end))
}

/// Returns what stands first below a line that ends here, and how far from the beginning of its own line.
pub(super) fn below(view: &View<'_>, end: usize) -> Seen<Option<(usize, usize)>> {
    let first = view.while_within(end, MAX_GAP, |byte| byte.is_ascii_whitespace())?;
    if first - end == MAX_GAP || view.at(first)?.is_none() {
        return Ok(None);
    }
    let indent = view.bytes[end..first].iter().rev().take_while(|byte| is_blank(**byte)).count();
    Ok((indent < first - end).then_some((first, indent)))
}

fn is_dash(view: &View<'_>, at: usize) -> Seen<bool> {
    Ok(view.at(at)? == Some(b'-') && view.at(at + 1)?.is_some_and(is_blank))
}
