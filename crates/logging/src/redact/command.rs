//! Finds passwords among the arguments of commands: `mysql -pX`, `sshpass -p X`, and variables that a command sets without
//! `=`, as `ENV DB_PASSWORD X`. Leaves options with a telling name to `value` and users with a password to `token`.

use memchr::memmem;

use super::code::Manner;
use super::names::Key;
use super::quoted::quoted;
use super::redactor::HIDDEN;
use super::scan::Secret;
use super::swallow::is_value;
use super::value::{between, plain};
use super::view::{LOOK_BACK, Seen, View, is_blank, is_name};

/// Programs that take a password right behind `-p`; behind a blank stands something else, as a database.
const ATTACHED: &[&str] = &["mysql", "mariadb"];
/// The program that takes it behind a blank too.
const SSHPASS: &[u8] = b"sshpass";
/// Commands that set a variable to the word behind it.
const SETTERS: &[&str] = &["ENV", "set", "SET", "setx", "SETX", "setenv", "export"];
/// The longest option between such a command and its variable: `set -gx X`.
const MAX_FLAG: usize = 16;
/// The most blanks between two arguments.
const MAX_BLANKS: usize = 32;
/// The longest value of a variable that is looked at.
const MAX_VALUE: usize = 256;
/// The shortest one that is no number of something.
const SHORTEST: usize = 4;

/// Returns the password behind `-p` of a program that takes one there.
pub(super) fn password(view: &View<'_>, start: usize) -> Seen<Option<Secret>> {
    let flag = start + 1;
    if !view.at(start)?.is_some_and(is_blank) || !view.starts_with(flag, b"-p")? {
        return Ok(None);
    }
    let behind = flag + 2;
    let from = view.while_within(behind, MAX_BLANKS, is_blank)?;
    // Nearly always it is another program's, which is told by the word before it.
    if from > behind && !may_be_of_sshpass(view, start) {
        return Ok(None);
    }
    let command = command(view, start);
    let takes = match from > behind {
        true => is_of_sshpass(command),
        false => is_of_sshpass(command) || is_of_database(command),
    };
    if !takes || is_other(view, from)? {
        return Ok(None);
    }
    plain(view, b"--", from, Manner::Tight)
}

fn may_be_of_sshpass(view: &View<'_>, end: usize) -> bool {
    let end = view.back_while(end, MAX_BLANKS, is_blank);
    let word = &view.bytes[view.back_while(end, MAX_FLAG, |byte| !byte.is_ascii_whitespace())..end];
    word.is_empty() || word.starts_with(b"-") || word.ends_with(SSHPASS) || word.ends_with(b"\\")
}

/// Returns the command up to an argument, as far as it is near: from the sign that ended the last one.
fn command<'b>(view: &View<'b>, end: usize) -> &'b [u8] {
    let low = view.floor.max(end.saturating_sub(LOOK_BACK));
    let text = &view.bytes[low..end];
    // Nobody looks behind a secret, so nobody looks behind what stands in its place.
    let marker = memmem::rfind(text, HIDDEN.as_bytes()).map_or(0, |place| place + HIDDEN.len());
    let text = &text[marker..];
    let ends = |place: &usize| match text[*place] {
        // A line that ends with a backslash goes on.
        b'\n' => !text[..*place].trim_ascii_end().ends_with(b"\\"),
        byte => b";|&`(".contains(&byte),
    };
    let begin = (0..text.len()).rev().find(ends).map_or(0, |place| place + 1);
    &text[begin..]
}

fn words(command: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
    command.split(|byte| byte.is_ascii_whitespace()).filter(|word| !word.is_empty() && *word != b"\\")
}

/// Returns the name of a program without its folder and the quote before it.
fn program(word: &[u8]) -> &[u8] {
    word.rsplit(|byte| matches!(byte, b'/' | b'"' | b'\'' | b'$')).next().unwrap_or_default()
}

/// Says whether a client of a database is called: `mysqldump`, `/usr/bin/mysql`. What only names one, as the name of a
/// container does, stands behind an option.
fn is_of_database(command: &[u8]) -> bool {
    let is_client = |word: &[u8]| {
        let name = program(word);
        let is_known = ATTACHED.iter().any(|known| name.starts_with(known.as_bytes()));
        is_known && name.iter().all(|byte| is_name(*byte))
    };
    let mut before: &[u8] = b"";
    words(command).any(|word| {
        let is_named = before.starts_with(b"--") && !before.contains(&b'=') && before.len() > 2;
        before = word;
        !is_named && is_client(word)
    })
}

/// Says whether `sshpass` is called with nothing but options so far.
fn is_of_sshpass(command: &[u8]) -> bool {
    words(command).rev().find(|word| !word.starts_with(b"-")).is_some_and(|word| program(word) == SSHPASS)
}

/// Says whether what stands behind `-p` is no password: another option, a hint on how it is used, the number of a port.
fn is_other(view: &View<'_>, from: usize) -> Seen<bool> {
    if matches!(view.at(from)?, Some(b'-' | b'|' | b'[' | b'=' | b'/')) {
        return Ok(true);
    }
    let end = view.while_within(from, MAX_VALUE, is_value)?;
    let value = &view.bytes[from..end];
    Ok(value.contains(&b':') && value.iter().all(|byte| byte.is_ascii_digit() || b":.".contains(byte)))
}

/// Says whether a key is a variable that a command sets here: `ENV DB_PASSWORD`, `set -gx API_TOKEN`.
pub(super) fn is_set(view: &View<'_>, key: Key) -> bool {
    let is_variable = view.bytes[key.start..key.end].iter().all(|byte| !byte.is_ascii_lowercase() && *byte != b'-');
    if !is_variable {
        return false;
    }
    let mut end = view.back_while(key.start, MAX_BLANKS, is_blank);
    let mut start = view.back_while(end, MAX_FLAG, is_name);
    if end < key.start && view.bytes[start..end].starts_with(b"-") {
        end = view.back_while(start, MAX_BLANKS, is_blank);
        start = view.back_while(end, MAX_FLAG, is_name);
    }
    let word = &view.bytes[start..end];
    end < key.start && SETTERS.iter().any(|setter| setter.as_bytes() == word)
}

/// Returns the value of a variable that is set: a text in quotes, or the last word of the command if it is none of a
/// language. Of variables that one is to set, texts speak too: `set API_TOKEN first`.
pub(super) fn variable(view: &View<'_>, start: usize) -> Seen<Option<Secret>> {
    if let Some(quoted) = quoted(view, start)? {
        return between(view, quoted);
    }
    let end = view.while_within(start, MAX_VALUE, is_value)?;
    let behind = view.while_within(end, MAX_BLANKS, is_blank)?;
    let is_last = match view.at(behind)? {
        None | Some(b'\r' | b'\n' | b';' | b'&' | b'|' | b'"' | b'\'' | b'`') => true,
        Some(b'\\' | b'#') => behind > end,
        Some(_) => false,
    };
    match is_last && is_telling(&view.bytes[start..end]) {
        true => plain(view, b"--", start, Manner::Tight),
        false => Ok(None),
    }
}

/// Says whether a value is no word: it has a digit, or a capital letter behind a small one.
fn is_telling(value: &[u8]) -> bool {
    let is_mixed = |pair: &[u8]| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase();
    value.len() >= SHORTEST && (value.iter().any(u8::is_ascii_digit) || value.windows(2).any(is_mixed))
}

#[cfg(test)]
mod tests {
    use crate::Redactor;

    fn check(text: &str, expected: &str) {
        let redactor = Redactor::new();
        assert_eq!(redactor.text(text), expected);
        assert_eq!(redactor.text(expected), expected, "a second pass");
    }

    #[test]
    fn a_password_right_behind_its_option_is_hidden() {
        check("mysql -pS3cret db", "mysql -p[redacted] db");
        check(
            "/usr/bin/mysqldump --routines -u me -p'S3 cret' db",
            "/usr/bin/mysqldump --routines -u me -p'[redacted]' db",
        );
        check("docker exec db mariadb-admin -psecret ping", "docker exec db mariadb-admin -p[redacted] ping");
        check("mysql -u me \\\n  -p123456 < a.sql", "mysql -u me \\\n  -p[redacted] < a.sql");
        check("sh -c \"mysql -pS3cret\"", "sh -c \"mysql -p[redacted]\"");
    }

    #[test]
    fn sshpass_takes_one_behind_a_blank_too() {
        check("sshpass -p S3cret ssh -p 22 host", "sshpass -p [redacted] ssh -p 22 host");
        check("sshpass -v -pS3cret scp", "sshpass -v -p[redacted] scp");
        check("sudo sshpass -p \"S3 cret\" x", "sudo sshpass -p \"[redacted]\" x");
    }

    #[test]
    fn other_programs_mean_something_else_by_it() {
        for text in [
            "cargo test -p segno",
            "mkdir -p a/b && cp -pr a b",
            "ssh -p2222 host; nmap -p1-65535 host",
            "psql -p5432",
            "docker run --name mysql -p3306:3306 mysql:8",
            "docker run -p3306:3306 mysql",
            "mysql -p db",
            "mysql -p\"$PASS\" -P3306",
            "mysql -p$PASS; mysql -p${PASS}",
            "mysql -p[password], -p/--password",
            "mysql; ssh -p2222",
            "sshpass -e ssh -p 22 host",
            "the mysql option -p, then",
        ] {
            check(text, text);
        }
    }

    #[test]
    fn a_variable_that_a_command_sets_is_hidden() {
        check("ENV DB_PASSWORD S3cret\nRUN x", "ENV DB_PASSWORD [redacted]\nRUN x");
        check("setx API_TOKEN \"S3 cret\" /M", "setx API_TOKEN \"[redacted]\" /M");
        check("set -gx DB_PASS s3cret # mine", "set -gx DB_PASS [redacted] # mine");
        check("export DB_PASSWORD hunterTwo && x", "export DB_PASSWORD [redacted] && x");
        check("setenv DB_PASSWORD s3cret", "setenv DB_PASSWORD [redacted]");
    }

    #[test]
    fn a_variable_that_is_spoken_of_is_left() {
        for text in [
            "please set DB_PASSWORD first",
            "set API_TOKEN to the value of step 2",
            "export GITHUB_TOKEN and run it",
            "set DB_PASSWORD (see 2b)",
            "ENV DB_PASSWORD ${DB_PASSWORD_2}",
            "ENV API_KEY missing",
            "set password S3cret",
            "unset DB_PASSWORD S3cret",
            "DB_PASSWORD S3cret",
            "export MAX_TOKENS 4096",
        ] {
            check(text, text);
        }
    }
}
