//! The error object in a body: what it is called, what it says, how long to wait. Leaves what the words mean to
//! `provider`.

use std::time::Duration;

use serde_json::Value;

use super::pause::span;

/// The longest body that is read; what complains at greater length is no error object.
pub(super) const MAX_BODY: usize = 256 << 10;
/// The most words that one error is known by.
const MAX_WORDS: usize = 16;

/// What a service complains of.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Complaint {
    /// What the error is called, the finest name first.
    pub(super) words: Vec<String>,
    /// What it says.
    pub(super) message: Option<String>,
    /// How long to wait, from a `google.rpc.RetryInfo`.
    pub(super) pause: Option<Duration>,
    /// Whether a quota counted by the day is used up, from a `google.rpc.QuotaFailure`.
    pub(super) is_daily: bool,
    /// Whether the error has the form of Google's, where a limit without a pause is a quota.
    pub(super) is_google: bool,
}

impl Complaint {
    /// Reads the error object of a body in JSON; `None` if there is none.
    pub(super) fn read(body: &[u8]) -> Option<Complaint> {
        let body = without_mark(body).trim_ascii();
        if body.len() > MAX_BODY || !matches!(body.first(), Some(b'{' | b'[')) {
            return None;
        }
        // Bytes that are no UTF-8 stand in messages, not in the names that decide.
        let value: Value = match serde_json::from_slice(body) {
            Ok(value) => value,
            Err(_) => serde_json::from_str(&String::from_utf8_lossy(body)).ok()?,
        };
        Complaint::of(value.as_array().map_or(&value, |parts| parts.first().unwrap_or(&Value::Null)))
    }

    /// Reads the error object of a value.
    pub(super) fn of(value: &Value) -> Option<Complaint> {
        // OpenAI's Responses: `{"type": "error", "code": ".."}` is the object itself, and a response may hold one.
        let (error, kind) = (&value["error"], value["type"].as_str());
        match error {
            Value::Null if kind == Some("error") => Complaint::of_error(value),
            Value::Null if kind == Some("response.failed") => Complaint::of_error(&value["response"]["error"]),
            Value::Object(_) => Complaint::of_error(error),
            // OAuth: `{"error": "invalid_grant", "error_description": ".."}`.
            Value::String(word) if !is_fine(value, word) => {
                let message = value.get("error_description").or(value.get("message")).and_then(Value::as_str);
                let message = Some(message.unwrap_or(word).to_owned());
                Some(Complaint { words: vec![word.clone()], message, ..Complaint::default() })
            }
            _ => None,
        }
    }

    /// Reads an error object; one that says nothing is none.
    fn of_error(error: &Value) -> Option<Complaint> {
        let is_said = |key: &&str| !matches!(&error[*key], Value::Null) && error[*key] != "";
        ["message", "code", "status", "details", "type"].iter().find(|key| is_said(key) && error[**key] != "error")?;
        let text = |key: &str| error.get(key).and_then(Value::as_str).map(str::to_owned);
        let mut complaint =
            Complaint { message: text("message"), is_google: text("status").is_some(), ..Complaint::default() };
        match error.get("details") {
            Some(Value::Array(details)) => details.iter().for_each(|detail| complaint.add(detail)),
            Some(details) => complaint.words.extend(details["error_code"].as_str().map(str::to_owned)),
            None => {}
        }
        complaint.words.extend(["code", "status", "type"].into_iter().filter_map(text));
        Some(complaint)
    }

    /// Returns the pause after which a quota is full again. One of a day has none: Google names the seconds of another
    /// limit with it.
    pub(super) fn reset(&self) -> Option<Duration> {
        self.pause.filter(|_| !self.is_daily)
    }

    /// Takes what one of Google's details says.
    fn add(&mut self, detail: &Value) {
        let kind = detail["@type"].as_str().unwrap_or_default().rsplit('.').next().unwrap_or_default();
        match kind {
            "RetryInfo" => self.pause = detail["retryDelay"].as_str().and_then(span),
            "QuotaFailure" => {
                let violations = detail["violations"].as_array().map_or(&[][..], Vec::as_slice);
                self.is_daily |= violations.iter().any(|violation| {
                    let quota = violation["quotaId"].as_str().or(violation["description"].as_str());
                    quota.is_some_and(|quota| quota.contains("PerDay") || quota.contains("per day"))
                });
            }
            "ErrorInfo" if self.words.len() < MAX_WORDS => {
                self.words.extend(detail["reason"].as_str().map(str::to_owned));
            }
            _ => {}
        }
    }
}

/// Says whether the word in `error` means that there was none: `{"ok": true, "error": "none"}`.
fn is_fine(value: &Value, word: &str) -> bool {
    const NO_ERRORS: [&str; 9] = ["", "none", "null", "nil", "no", "false", "ok", "success", "no error"];
    let word = word.trim();
    NO_ERRORS.iter().any(|known| word.eq_ignore_ascii_case(known)) || value["ok"] == true || value["success"] == true
}

/// Leaves out the mark that some services begin a text with.
pub(super) fn without_mark(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks `words | message` of a body, or `-`.
    fn check(body: &[u8], expected: &str) {
        let found = Complaint::read(body).map_or("-".to_owned(), |complaint| {
            format!("{} | {}", complaint.words.join(" "), complaint.message.unwrap_or_default())
        });
        assert_eq!(found, expected, "{}", String::from_utf8_lossy(body));
    }

    #[test]
    fn the_forms_of_three_providers_are_read() {
        check(
            br#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
            "overloaded_error | Overloaded",
        );
        let openai = br#"{"error":{"message":"Slow","type":"requests","param":null,"code":"rate_limit_exceeded"}}"#;
        check(openai, "rate_limit_exceeded requests | Slow");
        check(br#"[{"error":{"code":503,"message":"m","status":"UNAVAILABLE"}}]"#, "UNAVAILABLE | m");
        check(br#"{"error":"invalid_grant","error_description":"expired"}"#, "invalid_grant | expired");
        let details =
            br#"{"error":{"type":"rate_limit_error","details":{"error_code":"enforced_spend_limit_reached"}}}"#;
        check(details, "enforced_spend_limit_reached rate_limit_error | ");
        check(br#"{"type":"error","code":"server_error","message":"m","param":null}"#, "server_error error | m");
        let failed = br#"{"type":"response.failed","response":{"error":{"code":"server_error","message":"m"}}}"#;
        check(failed, "server_error | m");
        check(b"\xef\xbb\xbf{\"error\":{\"code\":\"x\"}}", "x | ");
    }

    #[test]
    fn what_is_no_error_object_is_none() {
        for body in [&b""[..], b"[]", b"{}", b"null", b"<html>", b"{\"error\":", b"{\"error\":5}", b"{\"error\":null}"]
        {
            check(body, "-");
        }
        for body in [
            r#"{"error":{},"answer":1}"#,
            r#"{"ok":true,"error":"none"}"#,
            r#"{"file":"a","error":"None"}"#,
            r#"{"success":true,"error":"0 of 5"}"#,
            r#"{"error":{"code":null,"message":""}}"#,
            r#"{"type":"error"}"#,
            r#"{"type":"response.failed","response":5}"#,
            r#"{"type":"response.completed","response":{"error":null}}"#,
        ] {
            check(body.as_bytes(), "-");
        }
        check(&[b'{'; 100_000], "-");
        check(&vec![b' '; 10 << 20], "-");
        let mut long = br#"{"error":{"message":""#.to_vec();
        long.resize(10 << 20, b'x');
        check(&long, "-");
    }

    #[test]
    fn bytes_that_are_no_utf_8_do_not_hide_the_words() {
        check(b"{\"error\":{\"type\":\"api_error\",\"message\":\"\xff\"}}", "api_error | \u{fffd}");
    }
}
