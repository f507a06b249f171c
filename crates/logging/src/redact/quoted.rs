//! Finds what stands between quotes: plain ones, such as are escaped, and three in a row.

use super::swallow::{Until, closes};
use super::view::{Seen, View};

/// How far the closing quote is looked for. Without one so near, the value ends with its line.
const MAX_QUOTED: usize = 4 << 10;
/// The most backslashes before a quote that opens.
const MAX_DEPTH: usize = 16;

/// What stands between quotes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Quoted {
    /// Where it begins, behind the quote.
    pub(super) open: usize,
    pub(super) until: Until,
    /// Where it ends, if that is near enough to be known.
    pub(super) close: Option<usize>,
}

/// Returns what stands between quotes that open here.
pub(super) fn quoted(view: &View<'_>, start: usize) -> Seen<Option<Quoted>> {
    let sign = view.while_within(start, MAX_DEPTH, |byte| byte == b'\\')?;
    let Some(quote @ (b'"' | b'\'' | b'`')) = view.at(sign)? else { return Ok(None) };
    let row = view.while_within(sign, 3, |byte| byte == quote)? - sign;
    let open = if row == 3 { sign + 3 } else { sign + 1 };
    let depth = sign - start;
    // A text in three quotes may have lines without one; what is left open in its line otherwise is another's sign.
    let (close, line) = closing(view, open, quote, depth, row == 3)?;
    let close = close.or(line);
    let until = close.map_or(Until::Quote { quote, depth }, |close| Until::Length(close - open));
    Ok(Some(Quoted { open, until, close }))
}

/// Returns the closing quote, if it is near, and the end of the line, if that is.
fn closing(
    view: &View<'_>,
    open: usize,
    quote: u8,
    depth: usize,
    has_lines: bool,
) -> Seen<(Option<usize>, Option<usize>)> {
    let limit = open + MAX_QUOTED;
    let (mut at, mut line) = (open, None);
    while at < limit {
        let sign = view.while_within(at, limit - at, |byte| byte == b'\\')?;
        match view.at(sign)? {
            None => return Ok((None, line.or(Some(view.bytes.len())))),
            Some(byte) if byte == quote && closes(depth, sign - at) => {
                // The backslashes before a quote that is escaped belong to it.
                return Ok((Some(if depth == 0 { sign } else { at }), line));
            }
            // A text in JSON ends here, and with it whatever began in it.
            Some(b'"') if quote != b'"' && ends_text(view, sign)? => return Ok((Some(at), line)),
            Some(b'\r' | b'\n') if !has_lines => return Ok((None, Some(at))),
            Some(b'\r' | b'\n') if line.is_none() => line = Some(at),
            Some(_) => {}
        }
        at = sign + 1;
    }
    Ok((None, line))
}

/// Says whether a quote ends a text in JSON, by what stands behind it.
fn ends_text(view: &View<'_>, quote: usize) -> Seen<bool> {
    Ok(matches!(view.at(quote + 1)?, None | Some(b',' | b':' | b'}' | b']' | b'\r' | b'\n')))
}
