//! What of a message is its template: the words that stay when the same thing fails for another file, host or number.
//! Leaves what a single word is to `word`, and what else makes a fingerprint to `fingerprint`.

use super::stable::Stable;
use super::word::{Piece, Pieces, Role};

/// Of a longer text only its beginning is read, and its last line: 10 MB take no longer than this.
const MAX_TEXT: usize = 16 * 1024;
/// How much of the last line of a longer text is read.
const MAX_LAST: usize = 1_024;
/// The most lines that count; those that repeat one shortly before do not.
const MAX_LINES: usize = 48;
/// A line that is like one of so many before it does not count: frames of a recursion, items of a list.
const REPEATS: usize = 4;

/// Takes the template of a text into a hash.
pub(super) fn absorb(text: &str, hash: &mut Stable) {
    let head = &text[..text.floor_char_boundary(MAX_TEXT)];
    let mut recent = [0_u64; REPEATS];
    let mut kept = 0;
    let mut lines = head.lines().peekable();
    let mut pieces = Pieces::new();
    let mut after_frame = false;
    let mut after_guess = false;
    while let Some(line) = lines.next() {
        let is_source = after_frame && line.starts_with("    ");
        after_frame = line.trim_start().starts_with("File \"");
        after_guess &= line.starts_with([' ', '\t']);
        if is_source || after_guess || is_excerpt(line) || lines.peek().is_some_and(|next| is_pointer(next)) {
            continue;
        }
        pieces.cut(line);
        after_guess = pieces.guesses();
        let Some(found) = line_hash(&mut pieces, line) else { continue };
        if after_guess {
            continue;
        }
        if recent.contains(&found) {
            continue;
        }
        recent[kept % REPEATS] = found;
        kept += 1;
        hash.number(found);
        if kept == MAX_LINES {
            break;
        }
    }
    if head.len() < text.len()
        && let last = last_line(text)
        && let Some(found) = line_hash(pieces.cut(last), last)
    {
        hash.number(found);
    }
}

/// Returns the last line of a text that has words in it, as far as that is near the end.
fn last_line(text: &str) -> &str {
    let tail = &text[text.ceil_char_boundary(text.len() - MAX_LAST)..];
    tail.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default()
}

/// Says whether a line shows the source that is complained of: `12 | let x = 1;`, `LINE 1: selct 7`.
fn is_excerpt(line: &str) -> bool {
    let line = line.trim_start();
    let after = line.trim_start_matches(|letter: char| letter.is_ascii_digit());
    after.trim_start().starts_with('|') || line.starts_with("LINE ")
}

/// Says whether a line only points at the one above: `   ^~~~`.
fn is_pointer(line: &str) -> bool {
    let line = line.trim();
    !line.is_empty() && line.bytes().all(|byte| matches!(byte, b'^' | b'~' | b' ' | b'-')) && line.contains(['^', '~'])
}

/// Returns the hash of a line's template; `None` when it has no words.
fn line_hash(pieces: &mut Pieces, line: &str) -> Option<u64> {
    if pieces.list().is_empty() {
        return None;
    }
    forget_names(pieces.list_mut(), line.starts_with([' ', '\t']));
    let mut hash = Stable::new();
    let mut last_was_value = false;
    let mut said = false;
    for piece in pieces.list() {
        match piece.word {
            Some(word) => {
                hash.number(word);
                said = true;
            }
            None if !last_was_value => hash.number(0),
            None => {}
        }
        last_was_value = piece.word.is_none();
    }
    // A line of nothing but values is an item of a list.
    Some(if said { hash.finish() } else { 1 })
}

/// Takes bare words for values where a name is wont to stand: between two colons (`cat: notes: No such file`), alone after
/// some words and a colon (`could not resolve host: db1`), alone on an indented line, and before `is` at the beginning of what
/// is said (`ReferenceError: left is not defined`).
fn forget_names(pieces: &mut [Piece], indented: bool) {
    if let ([only], true) = (&mut *pieces, indented) {
        only.word = None;
        return;
    }
    let mut start = 0;
    let mut before = 0;
    for end in 0..pieces.len() {
        let is_last = end + 1 == pieces.len();
        if !pieces[end].colon && !is_last {
            continue;
        }
        if start == end && start > 0 {
            if pieces[end].role != Role::Telling && (!is_last || before > 1) {
                pieces[end].word = None;
            }
        } else {
            let after_cue = start.checked_sub(1).is_some_and(|last| pieces[last].role == Role::Cue);
            forget_in_sentence(&mut pieces[start..=end], start > 0, after_cue);
        }
        before = end + 1 - start;
        start = end + 1;
    }
}

/// Takes words for values in what stands between two colons: the last one after a cue (`cannot open file notes`), or where a
/// cue stands before the colon (`unknown command: docker go`); the first one where the sentence says what it is; and the one
/// in `the left module`.
fn forget_in_sentence(sentence: &mut [Piece], follows_colon: bool, after_cue: bool) {
    let is_name = |piece: &Piece| piece.role != Role::Telling;
    let count = sentence.len();
    for at in 1..count {
        let ends = at + 1 == count || sentence[at].bracket;
        let is_named = ends && sentence[at - 1].role == Role::Cue;
        let is_described = at + 1 < count && sentence[at - 1].role == Role::The && sentence[at + 1].role == Role::Cue;
        if (is_named || is_described) && is_name(&sentence[at]) {
            sentence[at].word = None;
        }
    }
    if after_cue && count <= 2 && is_name(&sentence[count - 1]) {
        sentence[count - 1].word = None;
    }
    if let ([first, second, ..], true) = (sentence, follows_colon)
        && second.role == Role::Is
        && is_name(first)
    {
        first.word = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(text: &str) -> u64 {
        let mut hash = Stable::new();
        absorb(text, &mut hash);
        hash.finish()
    }

    /// Checks whether two messages have the same template.
    fn check(one: &str, other: &str, same: bool) {
        assert_eq!(template(one) == template(other), same, "{one:?} and {other:?}");
    }

    #[test]
    fn other_parameters_have_the_same_template() {
        check("cat: notes: No such file or directory", "cat: a/b.txt: No such file or directory", true);
        check("timed out after 30s", "timed out after 1.5 s", true);
        check("no module named 'left'", "no module named 'a b'", true);
        check("GET https://a.example/x?id=1 gave 500", "GET http://b.example/y gave 503", true);
        check("job 5f2b9c1e-8a4d-4f0e-9b1a-2c3d4e5f6071 lost", "job deadbeefcafe lost", true);
        check("at 2026-11-02T10:00:00Z: disk full", "at 1999-01-01 00:00:00: disk full", true);
        check("peer 10.0.0.1:80 went away", "peer fe80::1:22 went away", true);
        check("\u{1b}[31mdisk full\u{1b}[0m", "disk full", true);
        check("could not resolve host: alpha", "could not resolve host: db.invalid", true);
        check("1 error", "12 errors", true);
    }

    #[test]
    fn other_words_are_another_template() {
        check("cat: notes: No such file or directory", "cat: notes: Is a directory", false);
        check("KeyError: 'a'", "IndexError: 'a'", false);
        check("java.io.FileNotFoundException: a.txt", "java.io.EOFException: a.txt", false);
        check("Error: ECONNREFUSED", "Error: ECONNRESET", false);
        check("error[E0308]: bad", "error[E0412]: bad", false);
        check(r#"{"type":"overloaded_error"}"#, r#"{"type":"api_error"}"#, false);
    }

    #[test]
    fn quoted_source_and_its_pointer_do_not_count() {
        check("bad\n  |\n7 | let x = one;\n  |     ^ here", "bad\n   |\n12 | let yy = 2;\n   |     ^^ here", true);
        check("bad\nlet x\n    ^", "bad\nfoo bar baz\n  ^~~~", true);
    }

    #[test]
    fn a_recursion_is_the_same_however_deep() {
        let deep = |depth: usize| format!("top\n{}end", "  File \"a.py\", line 3, in f\n    f(1)\n".repeat(depth));
        check(&deep(3), &deep(90), true);
    }

    #[test]
    fn of_a_huge_text_the_beginning_and_the_last_line_count() {
        let huge = |end: &str| format!("begin\n{}\n{end}", "filler word ".repeat(1_000_000));
        check(&huge("panicked"), &huge("panicked"), true);
        check(&huge("panicked"), &huge("killed"), false);
        check(&"é".repeat(3_000_000), &"é".repeat(3_000_001), true);
    }
}
