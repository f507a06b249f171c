//! What is a secret and what is none, as those see it who hand a text to the redactor.
#![cfg(feature = "redact")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::borrow::Cow;

use segno_logging::Redactor;
use segno_logging::redact::{Options, Refused, Shape};

/// Checks what is left of a text, also when it comes byte by byte and when it is hidden twice.
fn check(text: &str, expected: &str) {
    check_with(&Redactor::new(), text, expected);
}

fn check_with(redactor: &Redactor, text: &str, expected: &str) {
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
fn headers_are_hidden() {
    check("Authorization: Bearer abc\nHost: x", "Authorization: [redacted]\nHost: x");
    check("authorization: Digest user=\"me\", a=b", "authorization: [redacted]");
    check(r#"{"authorization": "Basic dXNlcjpwdw=="}"#, r#"{"authorization": "[redacted]"}"#);
    check("Set-Cookie: a=b; c=d\r\nn: 1", "Set-Cookie: [redacted]\r\nn: 1");
    check("x-api-key: abc, x-other: def", "x-api-key: [redacted], x-other: def");
    check("sent Bearer abc123def to it", "sent Bearer [redacted] to it");
    check("sent Basic dXNlcjpwdw== to it", "sent Basic [redacted] to it");
    check_same("Basic authentication failed, the bearer of this, Bearer Tokens, BEARER AUTHENTICATION");
    check_same("basic usage1234, Basic PostgreSQL12, Basic HTML5-based");
    check("X-Vault-Token: abc, PRIVATE-TOKEN: d", "X-Vault-Token: [redacted], PRIVATE-TOKEN: [redacted]");
    check("HTTP_AUTHORIZATION=Token abc", "HTTP_AUTHORIZATION=[redacted]");
}

#[test]
fn a_header_ends_with_the_quote_round_it() {
    check(r#"curl -H "Authorization: Token abc" https://x"#, r#"curl -H "Authorization: [redacted]" https://x"#);
    check(r#"{"log":"sent Authorization: Token abc","n":1}"#, r#"{"log":"sent Authorization: [redacted]","n":1}"#);
    check(r#"{"log":"Authorization: Digest a=\"b\"","n":1}"#, r#"{"log":"Authorization: [redacted]","n":1}"#);
    check(r"GET\r\nAuthorization: Token abc\r\nHost: x", r"GET\r\nAuthorization: [redacted]\r\nHost: x");
    check_same("Authorization: \nHost: x");
}

#[test]
fn keys_of_providers_are_hidden() {
    for key in [
        concat!("sk-", "ant-api03-abcdefghij0123456789"),
        concat!("sk-", "proj-abcdefghij0123456789"),
        concat!("sk_", "live_abcdefghij0123456789"),
        concat!("gh", "p_abcdefghijklmnopqrst1234"),
        concat!("github", "_pat_11ABCDEFG0abcdefghijkl_mnop"),
        concat!("glpat", "-abcdefghij0123456789"),
        concat!("AKIA", "IOSFODNN7EXAMPLE"),
        concat!("xoxb", "-123456789012-abcdef"),
        concat!("AIza", "SyA0123456789abcdefghijklmnopqrstuv"),
        concat!("npm_", "abcdefghijklmnopqrstuvwxyz0123456789"),
        concat!("hooks.slack", ".com/services/T0123ABCD/B0123ABCD/abcd1234EFGH5678"),
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    ] {
        check(&format!("key {key} is wrong"), "key [redacted] is wrong");
        check(&format!("({key})"), "([redacted])");
        check(&format!("{{\"a\":\"{key}\"}}"), "{\"a\":\"[redacted]\"}");
        for lead in ["\u{1b}[31m", "\u{1b}[m", "\\n", "\\t", "\\r\\n", "%20", "%3D", "\\u001b[1;31m", "\\u0020"] {
            check(&format!("x {lead}{key} y"), &format!("x {lead}[redacted] y"));
        }
    }
    let long = format!("eyJhbGciOiJI.{}.c2ln", "a".repeat(50_000));
    check(&format!("x {long} y"), "x [redacted] y");
}

#[test]
fn what_only_begins_like_a_key_is_left() {
    check_same("pip install sk-learn-contrib-something-2");
    check_same("npm_config_registry_something_longer=1");
    check_same("the task-force of eyJ and AKIA");
    check_same("mask-abcdefghijklmnopqrst0123456789");
    check_same("https://host/eyJhbGciOi");
}

#[test]
fn private_keys_are_hidden_and_certificates_are_not() {
    let body = "MIIEowIBAAKCAQEA\nabcd+/==\n".repeat(100);
    for title in ["RSA PRIVATE KEY", "PRIVATE KEY", "OPENSSH PRIVATE KEY", "PGP PRIVATE KEY BLOCK"] {
        check(
            &format!("a\n-----BEGIN {title}-----\n{body}-----END {title}-----\nb"),
            &format!("a\n-----BEGIN {title}-----[redacted]-----END {title}-----\nb"),
        );
    }
    let escaped = body.replace('\n', "\\n");
    check(
        &format!(r#"{{"k":"-----BEGIN PRIVATE KEY-----\n{escaped}-----END PRIVATE KEY-----\n","n":1}}"#),
        r#"{"k":"-----BEGIN PRIVATE KEY-----[redacted]-----END PRIVATE KEY-----\n","n":1}"#,
    );
    check(
        &format!("PRIVATE_KEY='-----BEGIN PRIVATE KEY-----\n{body}-----END PRIVATE KEY-----' n"),
        "PRIVATE_KEY='-----BEGIN PRIVATE KEY-----[redacted]-----END PRIVATE KEY-----' n",
    );
    check_same("-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----");
    check_same("if text.starts_with(\"-----BEGIN PRIVATE KEY-----\") { return }");
    check("-----BEGIN PRIVATE KEY-----\nMIIE", "-----BEGIN PRIVATE KEY-----[redacted]");
}

#[test]
fn a_key_without_an_end_does_not_hide_all_that_follows() {
    let text = format!("-----BEGIN PRIVATE KEY-----\nMIIE{}the rest", "x\n".repeat(10_000));
    assert!(Redactor::new().text(&text).ends_with("the rest"));
}

#[test]
fn values_of_telling_names_are_hidden() {
    check("DB_PASSWORD=hunter2 TOKEN='a b'", "DB_PASSWORD=[redacted] TOKEN='[redacted]'");
    check(r#"{"token":"abc1","max_tokens":5}"#, r#"{"token":"[redacted]","max_tokens":5}"#);
    check(r#"{\"api_key\":\"a b\",\"n\":1}"#, r#"{\"api_key\":\"[redacted]\",\"n\":1}"#);
    check("login --password hunter2 --user me", "login --password [redacted] --user me");
    check("login --password=hunter2 --token abc", "login --password=[redacted] --token [redacted]");
    check("password: hunter2", "password: [redacted]");
    check("PASSWORD=\"a\nb\" n=1", "PASSWORD=\"[redacted]\nb\" n=1");
    check("password='a b\nnext", "password='[redacted]\nnext");
    check("password='''a b''' n", "password='''[redacted]''' n");
    check(r#"{"secret":"a\"b c","n":1}"#, r#"{"secret":"[redacted]","n":1}"#);
    check("'token' => 'x', password => 'y'", "'token' => '[redacted]', password => '[redacted]'");
    check("Config { password: Some(\"x y\"), n: 1 }", "Config { password: Some(\"[redacted]\"), n: 1 }");
    check("Server=x;Password=abc;n=1 AccountKey=abc==;", "Server=x;Password=[redacted];n=1 AccountKey=[redacted];");
    check("export SSHPASS=abc DB_PASS=abc pass=3", "export SSHPASS=[redacted] DB_PASS=[redacted] pass=3");
    check("[token=abc] x", "[token=[redacted]] x");
    check("accessToken = abc123", "accessToken = [redacted]");
    check("\\npassword=abc \u{1b}[31mtoken=abc", "\\npassword=[redacted] \u{1b}[31mtoken=[redacted]");
}

#[test]
fn json_stays_json() {
    check(r#"{"password": 12345678, "n": 1}"#, r#"{"password": "[redacted]", "n": 1}"#);
    check_same(r#"{"password": null, "secret": true, "token": 5, "auth": {"a": 1}}"#);
    check(r#"{"m":"password='tis","n":"it's"}"#, r#"{"m":"password='[redacted]","n":"it's"}"#);
    check(r#"{"x-api-key": ["abc"], "n": 1}"#, r#"{"x-api-key": ["[redacted]"], "n": 1}"#);
}

#[test]
fn ordinary_words_are_left() {
    for text in [
        "unexpected token: `}` in std::auth::x",
        "secret::Key, token == 5",
        "the password is wrong",
        "exit code=2, state=running, key=value",
        "tokens: 5, max_tokens=5, monkey=1, compass=2",
        "author: me, authority=x, secretary=y, password_hash=abc",
        "Vec<Token> = a < b",
        "sort -u a; docker run -u 1000:1000 x",
        "",
        "ü=é",
    ] {
        check_same(text);
        assert!(matches!(Redactor::new().text(text), Cow::Borrowed(_)));
    }
}

#[test]
fn users_and_queries_of_urls_are_hidden() {
    check("postgres://me:p@ss@db/x", "postgres://[redacted]@db/x");
    check("redis://:pw@host:6379", "redis://[redacted]@host:6379");
    check("https://0123456789abcdef0123@sentry.io/1", "https://[redacted]@sentry.io/1");
    check("https://host/a?key=abc&q=1#code=2", "https://host/a?key=[redacted]&q=1#code=2");
    check("s3://b?X-Amz-Signature=00ff&Expires=1", "s3://b?X-Amz-Signature=[redacted]&Expires=1");
    check("https://h/?access_token=a.b&n=1", "https://h/?access_token=[redacted]&n=1");
    check_same("https://host/@scope/x?n=1 ssh://git@github.com/x http://a:80/b@c");
}

#[test]
fn tags_and_users_of_curl_are_hidden() {
    check("<password>x y</password><n>1</n>", "<password>[redacted]</password><n>1</n>");
    check("<a:token>x</a:token>", "<a:token>[redacted]</a:token>");
    check("curl -u me:pw https://x", "curl -u [redacted] https://x");
    check("curl --user 'me:p w' https://x", "curl --user '[redacted]' https://x");
}

#[test]
fn a_known_value_is_hidden_in_every_form() {
    let redactor = Redactor::new();
    redactor.add_secret("S3cr/t \"Value\"\n").unwrap();
    check_with(&redactor, "a S3cr/t \"Value\" b", "a [redacted] b");
    check_with(&redactor, r#"{"a":"S3cr/t \"Value\""}"#, r#"{"a":"[redacted]"}"#);
    check_with(&redactor, "a=S3cr%2Ft%20%22Value%22&b", "a=[redacted]&b");
    check_with(&redactor, "UzNjci90ICJWYWx1ZSI=", "[redacted]");
    check_with(&redactor, "UzNjci90ICJWYWx1ZSI", "[redacted]");
    check_with(&redactor, "533363722f74202256616c756522", "[redacted]");
    check_with(&redactor, "S3cr/t \"Valu", "S3cr/t \"Valu");
}

#[test]
fn the_longest_of_several_values_is_hidden() {
    let redactor = Redactor::new();
    for secret in ["abcdef", "abcdefghij", "cdefghijklmn"] {
        redactor.add_secret(secret).unwrap();
    }
    check_with(&redactor, "x abcdefghijklmn abcdefgh y", "x [redacted]klmn [redacted]gh y");
}

#[test]
fn the_lines_of_a_long_secret_are_hidden_alone() {
    let redactor = Redactor::new();
    redactor.add_secret("first-0123456789abc\nsecond-0123456789ab\n").unwrap();
    check_with(&redactor, "1: first-0123456789abc\n2: second-0123456789ab", "1: [redacted]\n2: [redacted]");
}

#[test]
fn a_value_that_would_spoil_ordinary_text_is_refused() {
    let redactor = Redactor::new();
    for (value, refused) in [
        ("", Refused::TooShort),
        ("abc", Refused::TooShort),
        ("true\n", Refused::TooShort),
        ("  abc   ", Refused::TooShort),
        ("password", Refused::Ordinary),
        ("1234567", Refused::Ordinary),
        ("aaaaaaaaaa", Refused::Ordinary),
        ("redacted]", Refused::Ordinary),
        ("x[redacted]y", Refused::Marker),
    ] {
        assert_eq!(redactor.add_secret(value), Err(refused), "{value:?}");
    }
    assert_eq!(redactor.add_secret(" a".repeat(20_000)), Err(Refused::TooLong));
    check_with(&redactor, "abc true password 1234567", "abc true password 1234567");
}

#[test]
fn a_value_like_the_marker_is_hidden_and_the_marker_stays() {
    let redactor = Redactor::new();
    for secret in ["pass[", "secret-pass[r", "d]abcdef", "hunter22"] {
        // The first one is too short.
        _ = redactor.add_secret(secret);
    }
    check_with(&redactor, "secret-pass[r d]abcdef", "[redacted] [redacted]");
    check_with(&redactor, "secret-pass[redacted]abcdef", "secret-pass[redacted]abcdef");
    check_with(&redactor, "secret-passhunter22abcdef", "secret-pass[redacted]abcdef");
}

#[test]
fn clones_share_what_they_know_and_nobody_is_shown_it() {
    let redactor = Redactor::new();
    let clone = redactor.clone();
    redactor.add_secret("hunter22").unwrap();
    assert_eq!(clone.text("hunter22"), "[redacted]");
    assert!(!format!("{clone:?} {:?}", clone.stream()).contains("hunter"));
}

#[test]
fn who_wants_nothing_hidden_gets_everything() {
    let redactor = Redactor::none();
    redactor.add_secret("hunter22").unwrap();
    check_with(&redactor, "password=hunter22", "password=hunter22");
    assert!(!redactor.is_secret_name("password"));
}

#[test]
fn options_add_names_and_shapes_and_allow_keys() {
    let redactor = Redactor::with(&Options {
        names: vec!["pin".into(), "session-no".into(), "".into(), "_".into()],
        allowed: vec!["csrf_token".into(), "PASSWORD".into()],
        shapes: vec![Shape::new("acme_", 8), Shape::new("", 3)],
        ..Options::default()
    });
    check_with(&redactor, "pin=4711 sessionNo: 12", "pin=[redacted] sessionNo: [redacted]");
    assert_eq!(redactor.add_secret("PASSWORD"), Err(Refused::Ordinary));
    assert_eq!(redactor.add_secret(" csrf_token\n"), Err(Refused::Allowed));
    check_with(&redactor, "csrf_token=abc password=abc token=abc", "csrf_token=abc password=abc token=[redacted]");
    check_with(&redactor, "acme_0123abcd acme_abc", "[redacted] acme_abc");
    assert!(redactor.is_secret_name("PIN") && !redactor.is_secret_name("csrf_token"));
}

#[test]
fn the_working_folder_is_no_secret() {
    check_same("PWD=/srv/project\nOLDPWD=/srv\nPWD=\"/srv/a b\" {\"pwd\": \"/srv\"} pwd=C:\\project");
    check("Server=db;Uid=sa;Pwd=hunter2; MYSQL_PWD=/hunter2", "Server=db;Uid=sa;Pwd=[redacted]; MYSQL_PWD=[redacted]");
    let redactor = Redactor::new();
    assert!(redactor.is_secret_name("MYSQL_PWD"));
    for name in ["PWD", "OLDPWD", "pwd"] {
        assert!(!redactor.is_secret_name(name) && !redactor.is_secret_variable(name), "{name}");
    }
}

#[test]
fn names_that_are_ordinary_words_hide_no_ordinary_values_in_json() {
    check_same(r#"{"signature": "def f(x)", "token": "identifier", "auth": "none needed", "a_token": "end_of"}"#);
    check(r#"{"token": "a1b2c3d4e5f6", "password": "word"}"#, r#"{"token": "[redacted]", "password": "[redacted]"}"#);
}

#[test]
fn what_is_left_open_in_its_line_hides_no_more_than_that_line() {
    check("grep 'password=\"'\nline two\nsay \"x\"", "grep 'password=\"[redacted]\nline two\nsay \"x\"");
    check("password = \"\"\"one\ntwo\"\"\" x", "password = \"\"\"[redacted]\"\"\" x");
}

#[test]
fn a_variable_is_secret_by_more_names_than_a_key_of_a_text() {
    let redactor = Redactor::with(&Options { allowed: vec!["gpg_key".into()], ..Options::default() });
    assert!(redactor.is_secret_variable("DEPLOY_KEY") && !redactor.is_secret_name("DEPLOY_KEY"));
    assert!(redactor.is_secret_variable("GH_TOKEN") && !redactor.is_secret_variable("GPG_KEY"));
    assert!(!Redactor::none().is_secret_variable("DEPLOY_KEY"));
    assert!(redactor.is_certain_name("db_password") && !redactor.is_certain_name("next_page_token"));
}

#[test]
fn bytes_need_not_be_text() {
    let redactor = Redactor::new();
    redactor.add_secret([0xff, 0, 1, 2, 3, 0xfe]).unwrap();
    assert_eq!(redactor.bytes(b"\xffpassword=\xfe\x80 x"), &b"\xffpassword=[redacted] x"[..]);
    assert_eq!(redactor.bytes(&[7, 0xff, 0, 1, 2, 3, 0xfe, 8]), &b"\x07[redacted]\x08"[..]);
    assert!(matches!(redactor.bytes(b"\xff\xfe"), Cow::Borrowed(_)));
}

#[test]
fn what_cannot_begin_a_secret_is_not_kept_back() {
    let redactor = Redactor::new();
    redactor.add_secret("hunter22").unwrap();
    let (mut stream, mut out) = (redactor.stream(), Vec::new());
    for line in ["compiling a v0.1.0\n", "test x ... ok\n", "password=abc\n", "done\n"] {
        stream.push(line.as_bytes(), &mut out);
    }
    assert_eq!(str::from_utf8(&out).unwrap(), "compiling a v0.1.0\ntest x ... ok\npassword=[redacted]\ndone\n");
}
