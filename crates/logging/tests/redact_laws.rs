//! Laws of the redactor for any text: hiding again soon changes nothing more, pieces do not matter, no text takes long.
#![cfg(feature = "redact")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::sync::OnceLock;

use proptest::prelude::*;
use segno_logging::Redactor;
use segno_logging::redact::{Options, Shape};

/// Secrets that overlap, repeat themselves, or begin and end like the marker.
const SECRETS: [&str; 7] =
    ["hunter22", "ter22hunter", "ababababab", "abababababab", "d]abcdef", "a b\"c/d", "secret-pass[r"];

fn redactors() -> &'static [Redactor; 2] {
    static REDACTORS: OnceLock<[Redactor; 2]> = OnceLock::new();
    REDACTORS.get_or_init(made)
}

fn made() -> [Redactor; 2] {
    let options =
        Options { names: vec!["pin".into()], shapes: vec![Shape::new("ab", 4)], cards: true, ..Options::default() };
    // Few forms are searched for in another way than many.
    [(Redactor::new(), SECRETS.len()), (Redactor::with(&options), 2)].map(|(redactor, count)| {
        SECRETS[..count].iter().for_each(|secret| redactor.add_secret(secret).unwrap());
        redactor
    })
}

/// A text of pieces that mean something to one rule or another.
fn text() -> impl Strategy<Value = Vec<u8>> {
    let pieces = prop::sample::select(vec![
        "password",
        "token",
        "API_KEY",
        "_",
        "-",
        "--",
        "=",
        ": ",
        ":",
        "=>",
        " ",
        "\"",
        "'",
        "\\",
        "\\n",
        "\n",
        "://",
        "@",
        "?",
        "&",
        "user",
        "key",
        "code",
        "Bearer ",
        "Basic ",
        "Authorization",
        "Cookie",
        "sk-",
        "ghp_",
        "eyJ",
        ".",
        "abcdefghij",
        "0123456789",
        "A1b2C3d4E5f6G7h8",
        "-----BEGIN RSA PRIVATE KEY-----",
        "-----END RSA PRIVATE KEY-----",
        "MIIE",
        "[redacted]",
        "[",
        "]",
        "hunter",
        "22",
        "hunter22",
        "ab",
        "abab",
        "d]abcdef",
        "a b\\\"c\\/d",
        "secret-pass",
        "aHVudGVyMjI",
        "<",
        ">",
        "</",
        "<password>",
        "</password>",
        "Some(",
        ")",
        "{",
        "}",
        ";",
        ",",
        "null",
        "42",
        "4111 1111 1111 1111",
        "-u ",
        "me:pw",
        "$X",
        "${X}",
        "é",
        "\u{1b}[31m",
        "%3D",
        "r",
        "b64,",
        "pin",
        "'''",
        "***",
        "[\"",
        "\", \"",
        "\"]",
        "[[",
        ", ",
        "password:\n  ",
        "\npassword: |\n",
        "  - ",
        "\r\n  ",
        "\n\n",
        "- ",
        "|",
        "mysql",
        " -p",
        "sshpass",
        "\nENV ",
        "set ",
        "# ",
        "DB_PASSWORD ",
    ]);
    let piece = prop_oneof![
        12 => pieces.prop_map(|piece| piece.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..4),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

/// Hides a text that comes in pieces; the numbers say how long each is, again and again.
fn in_pieces(redactor: &Redactor, text: &[u8], lengths: &[usize]) -> Vec<u8> {
    let (mut stream, mut out, mut rest) = (redactor.stream(), Vec::new(), text);
    for length in lengths.iter().cycle() {
        let (chunk, behind) = rest.split_at(rest.len().min(*length));
        stream.push(chunk, &mut out);
        rest = behind;
        if rest.is_empty() {
            break;
        }
    }
    stream.finish(&mut out);
    out
}

fn shown(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]


    #[test]
    fn pieces_do_not_matter(text in text(), lengths in prop::collection::vec(1_usize..30, 1..6)) {
        for redactor in redactors() {
            prop_assert_eq!(shown(&in_pieces(redactor, &text, &lengths)), shown(&redactor.bytes(&text)));
        }
    }

    // Not always after once: where a card's number of four words is hidden behind `-u`, what follows has become a user's
    // password, `-u 4111 1111 1111 1111@me:pw`.
    #[test]
    fn hiding_again_soon_changes_nothing_more(text in text()) {
        for redactor in redactors() {
            let mut hidden = text.clone();
            for _ in 0..3 {
                hidden = redactor.bytes(&hidden).into_owned();
            }
            prop_assert_eq!(shown(&redactor.bytes(&hidden)), shown(&hidden));
        }
    }

    #[test]
    fn a_known_secret_is_gone(before in text(), after in text(), number in 0_usize..4) {
        let redactor = &redactors()[0];
        let text = [&before[..], b" ", SECRETS[number].as_bytes(), b" ", &after[..]].concat();
        let hidden = shown(&redactor.bytes(&text));
        prop_assert!(!hidden.contains(SECRETS[number]), "{}", hidden);
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), lengths in prop::collection::vec(1_usize..9, 1..4)) {
        let redactor = &redactors()[1];
        prop_assert_eq!(in_pieces(redactor, &bytes, &lengths), redactor.bytes(&bytes).into_owned());
    }

    #[test]
    fn a_text_stays_a_text(text in any::<String>()) {
        Redactor::new().text(&text);
    }
}

/// Texts made to be slow, each of sixty kilobytes.
fn hostile() -> Vec<String> {
    let pieces = [
        "a",
        "password=",
        "://",
        "Bearer ",
        "-----BEGIN PRIVATE KEY-----\n",
        "eyJ.",
        "eyJaaaaaaaaaa",
        "ü=",
        "\"token\":\"",
        "a/",
        "sk-a/",
        "-----BEGIN ",
        "-",
        "eyJ/",
        "sk-",
        "sk-.",
        "password='\\",
        "<token>",
        "-u 'a",
        "\\npassword",
        "[31mtoken=\"",
        "Authorization: \\",
        "\\",
        "password=\"\"\"",
        "token token ",
        "key",
        "apikey",
        "ab",
        "hunter2",
        "secret-pass[r",
        "secret-pass[",
        "[redacted]",
        "4111 ",
        "?key",
        "-password",
        "ghp_",
        "api_",
        "token:\\\"",
        "password:\n",
        "password:\n  ",
        "password: |\n  ",
        "\"password\":[\"a\",",
        "\"password\":[",
        "password: [a,",
        "[\"",
        "  - a1\n",
        "\n",
        "mysql -p",
        " -p",
        "mysql -pa ",
        "ENV API_KEY ",
        "- password:\n  - b2",
    ];
    let mut texts: Vec<String> = pieces.iter().map(|piece| piece.repeat(60_000 / piece.len())).collect();
    // What begins once and does not end.
    let begins =
        [("password: |\n", "  a\n"), ("password:\n", "  - a1\n"), ("password: [", "a1, "), ("password:", "\n")];
    texts.extend(begins.map(|(first, piece)| first.to_owned() + &piece.repeat(60_000 / piece.len())));
    texts
}

#[test]
fn hostile_texts_are_read_once() {
    // Each byte costs a few looks at most: were it the square of the length, this would take minutes.
    for redactor in redactors() {
        for text in hostile() {
            let hidden = redactor.text(&text);
            assert!(hidden.len() <= text.len() * 4, "{}", &text[..20]);
            let out = in_pieces(redactor, text.as_bytes(), &[4_000, 1, 100]);
            assert_eq!(out.len(), hidden.len(), "{}", &text[..20]);
        }
    }
}

#[test]
fn a_stream_keeps_little_back() {
    for redactor in redactors() {
        for text in hostile() {
            let (mut stream, mut out) = (redactor.stream(), Vec::new());
            let (mut given, mut kept) = (0, 0);
            for chunk in text.as_bytes().chunks(64) {
                stream.push(chunk, &mut out);
                given += chunk.len();
                kept = kept.max(stream.kept());
            }
            assert!(kept <= 16 << 10, "{} of {given} bytes are kept of {}", kept, &text[..20]);
        }
    }
}
