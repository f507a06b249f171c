//! Secrets of which a name has several, or that stand on the lines below it.
#![cfg(feature = "redact")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use segno_logging::Redactor;

/// Checks what is left of a text, also when it comes byte by byte and when it is hidden twice.
fn check(text: &str, expected: &str) {
    let redactor = Redactor::new();
    assert_eq!(redactor.text(text), expected);
    assert_eq!(redactor.text(expected), expected, "a second pass");
    let (mut stream, mut out) = (redactor.stream(), Vec::new());
    text.as_bytes().iter().for_each(|byte| stream.push(std::slice::from_ref(byte), &mut out));
    stream.finish(&mut out);
    assert_eq!(String::from_utf8(out).unwrap(), expected, "in pieces");
}

/// Checks that a text is left as it is.
fn check_same(text: &str) {
    check(text, text);
}

#[test]
fn all_items_of_a_list_are_hidden() {
    check(r#""password": ["a1b2c3","d4e5f6"], "n": 1"#, r#""password": ["[redacted]","[redacted]"], "n": 1"#);
    check(r#"{\"api_key\":[\"a b\", \"c\"],\"n\":1}"#, r#"{\"api_key\":[\"[redacted]\", \"[redacted]\"],\"n\":1}"#);
    check(
        r#"{"password":["","a1",["b2"],123456,null]}"#,
        r#"{"password":["","[redacted]",["[redacted]"],"[redacted]",null]}"#,
    );
    check("password = [\n  'a1',\n  'b2',\n]\nn = 'c'", "password = [\n  '[redacted]',\n  '[redacted]',\n]\nn = 'c'");
    check("password: [a1b2, c3d4]\nn: [e5f6]", "password: [[redacted], [redacted]]\nn: [e5f6]");
    check("DB_PASSWORD=[\"a\", \"b\"] n=[\"c\"]", "DB_PASSWORD=[\"[redacted]\", \"[redacted]\"] n=[\"c\"]");
    check(r#""token": ["a1b2c3d4e5f6", "word"]"#, r#""token": ["[redacted]", "word"]"#);
    check(r#""password": ["$X", "b2", "${Y}"]"#, r#""password": ["$X", "[redacted]", "${Y}"]"#);
    check(r#"PASSWORD=[x9!kQ"#, "PASSWORD=[redacted]");
}

#[test]
fn lists_that_are_no_secrets_are_left() {
    for text in [
        r#"{"password": ["This field may not be blank.", "It must have a digit."], "n": 1}"#,
        "let password: [u8; 32] = [0; 32];",
        "const SECRET: [u8; 3] = [0xb8, 0x13, 7];",
        "password: Optional[str] = None, secret: List[bytes]",
        "password = [], secret: [], \"password\": []",
        "secret = [self.secret, other.value]",
        "password: [String, Option]",
        r#"token = ["NUMBER", "IDENT", "end_of"]"#,
        r#""auth": ["none", "basic"], "signature": ["a", "b"]"#,
        "passwords: [a1, b2]",
        "--password [PASSWORD]",
    ] {
        check_same(text);
    }
}

#[test]
fn a_secret_of_another_rule_is_hidden_within_a_list_too() {
    let key = concat!("gh", "p_abcdefghijklmnopqrst1234");
    check(&format!("\"password\": [\"<{key}>\", \"b\"]"), "\"password\": [\"<[redacted]>\", \"[redacted]\"]");
}

#[test]
fn the_value_below_its_name_is_hidden() {
    check("password:\n  hunter2secret\nn: 1", "password:\n  [redacted]\nn: 1");
    check("db:\n  password:\n    \"a b\"\n  n: 1", "db:\n  password:\n    \"[redacted]\"\n  n: 1");
    check("\"password\":\r\n  'x y' # mine\r\n", "\"password\":\r\n  '[redacted]' # mine\r\n");
    check("- api_key:\n\n    a1b2\n- n: c3", "- api_key:\n\n    [redacted]\n- n: c3");
    check("{\n  \"password\":\n    \"a b\",\n  \"n\": 1\n}", "{\n  \"password\":\n    \"[redacted]\",\n  \"n\": 1\n}");
}

#[test]
fn a_block_below_its_name_is_hidden_to_its_end() {
    check("password: |\n  one two\n\n    three\n  four\nn: 1", "password: |\n  [redacted]\nn: 1");
    check("a:\n  secret: >-\n    one\n\n  n: 1", "a:\n  secret: >-\n    [redacted]\n\n  n: 1");
    check("- password: |2-\r\n    one\r\n- n: 1", "- password: |2-\r\n    [redacted]\r\n- n: 1");
    check("password: |\n  one", "password: |\n  [redacted]");
    check("password: |\n  one\n", "password: |\n  [redacted]\n");
    let body = "MIIEowIBAAKCAQEA\n  abcd+/==\n  ".repeat(3);
    check(
        &format!("private_key: |\n  -----BEGIN PRIVATE KEY-----\n  {body}-----END PRIVATE KEY-----\nn: 1"),
        "private_key: |\n  -----BEGIN PRIVATE KEY-----[redacted]-----END PRIVATE KEY-----\nn: 1",
    );
    let long = format!("password: |\n{}the rest", "  x\n".repeat(10_000));
    assert!(Redactor::new().text(&long).ends_with("the rest"));
    assert!(Redactor::new().text(&long).len() > 20_000, "a block without an end does not hide all that follows");
}

#[test]
fn the_items_below_a_name_are_hidden() {
    check("password:\n  - a1\n  - 'b c'\nn:\n  - d2", "password:\n  - [redacted]\n  - '[redacted]'\nn:\n  - d2");
    check("password:\n- a1 # old\n\n- b2\nn: 1", "password:\n- [redacted] # old\n\n- [redacted]\nn: 1");
    check("password:\n  - required\n  - a1", "password:\n  - required\n  - [redacted]");
    check("password:\n  - of two words\n  - \"$X\"\n  - a1", "password:\n  - of two words\n  - \"$X\"\n  - [redacted]");
}

#[test]
fn what_stands_below_a_name_in_prose_and_code_is_left() {
    for text in [
        "Enter the password:\n  hunter2secret",
        "Password:\n  The password of the account 2.",
        "Args:\n    password:\n        The password to use1 for login.\n    n:",
        "password:\n  required\nsecret:\n  Deprecated.",
        "A password:\n  - has 8 letters\n  - is new\n",
        "Password:\n  - at least 8 letters\n  - one digit\n",
        "password:\n  type: string\n  minLength: 8",
        "password:\n  secretKeyRef:\n    name: db1\n    key: x2",
        "secret:\n  - name: a1\n    path: /b2",
        "password:\nhunter2secret",
        "password:\n\nn1: 2",
        "case \"password\":\n\treturn check1(x)",
        "    case password:\n        b1",
        "    password:\n        settings.value_of1(x),\n",
        "    password:\n        other_value2,\n",
        "password:\n    | string\n    | null",
        "password: |\nn: 1",
        "password:\n  ${PASSWORD_1}",
        "password:\n  {{ vault.password1 }}",
        "secret:\n  /run/secrets/db1",
        "password: |\n  ${{ secrets.PASSWORD_1 }}\nn: 1",
        "    --password:\n        x1",
    ] {
        check_same(text);
    }
}
