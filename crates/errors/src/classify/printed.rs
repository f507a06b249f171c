//! Failures that programs only print: coding agents report limits as text, some of them with the exit code 0. Leaves
//! the code to `exit` and the sentences to `phrases`.

use std::borrow::Cow;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use super::http::from_body;
use super::phrases::row_of;
use super::row::Row;
use crate::{Fault, Kind, Later};

/// How many of the last lines are read: an agent that gives up says so at its end.
const MAX_LINES: usize = 20;
/// The longest line that is read as a report of a failure; prose is longer.
const MAX_LINE: usize = 400;
/// How much of an output is looked at.
const MAX_OUTPUT: usize = 64 << 10;

/// Returns the failure that the output of a program reports, or `None` if it reports none that is known.
///
/// Ask it after an exit code of 0, where it has a veto, and after any other, where it says more than the code. Only lines
/// that are a report count, after words such as `Error:` and `API Error:`, so that a text *about* rate limits is
/// none; a line of JSON counts if it is an error object or an agent's result that says `is_error`, and so does the status
/// in `API Error: 429 {..}`. A pause such as `try again in 20s` is taken over, of a quota as its reset, and so is the
/// moment in `usage limit reached|1760000000`; a time of day (`resets 3pm`) is kept as the technical text. Colours of a
/// terminal are passed over.
///
/// ```
/// use segno_errors::{Kind, from_output};
///
/// let fault = from_output("Working..\nClaude usage limit reached. Your limit will reset at 3pm.\n");
/// assert_eq!(fault.map(|fault| fault.kind()), Some(Kind::QuotaExceeded));
/// assert_eq!(from_output("I added a test for the rate limit of 429 answers."), None);
/// ```
#[track_caller]
pub fn from_output(text: &str) -> Option<Fault> {
    from_output_at(text, SystemTime::now())
}

/// Returns what [`from_output`] does, with the moment `now` to count a reset from.
#[track_caller]
fn from_output_at(text: &str, now: SystemTime) -> Option<Fault> {
    let start = text.ceil_char_boundary(text.len().saturating_sub(MAX_OUTPUT));
    // What follows a return to the line's start has replaced what stood there.
    let lines = text[start..].rsplit(['\n', '\r']).map(without_colours);
    for line in lines.filter(|line| !line.trim().is_empty()).take(MAX_LINES) {
        match reported(line.trim(), MAX_DEPTH) {
            Some(Report::Fault(fault)) => return Some(fault),
            Some(Report::Row(row, line)) => return Some(timed(row.fault().detail(&*line), &line, now)),
            None => {}
        }
    }
    None
}

/// Adds to a fault the pause or the reset that its line names.
fn timed(fault: Fault, line: &str, now: SystemTime) -> Fault {
    let may_pass = matches!(fault.may_work_later(), Later::Transient | Later::Throttled(_));
    let is_quota = fault.kind() == Kind::QuotaExceeded;
    match pause(line) {
        Some(pause) if may_pass => fault.later(Later::Throttled(Some(pause.min(crate::MAX_PAUSE)))),
        Some(pause) if is_quota => fault.resets_in(pause),
        None if is_quota => match reset(line, now) {
            Some(reset) => fault.resets_in(reset),
            None => fault,
        },
        _ => fault,
    }
}

enum Report<'l> {
    Row(&'static Row, Cow<'l, str>),
    Fault(Fault),
}

/// How often a report may hold the next: a result in JSON, of an error that was answered in JSON.
const MAX_DEPTH: usize = 2;

/// Reads one line.
#[track_caller]
fn reported(line: &str, depth: usize) -> Option<Report<'_>> {
    let plain = without_opening(line);
    if let Some(start) = plain.find('{').filter(|start| *start <= STATUS_LENGTH)
        && let Some(report) = object(&plain[start..], depth)
    {
        return Some(report);
    }
    if line.len() > MAX_LINE {
        return None;
    }
    let lower = plain.to_ascii_lowercase().replace('\u{2019}', "'");
    row_of(&lower).map(|row| Report::Row(row, Cow::Borrowed(line)))
}

/// Reads a line of JSON. What it is called decides, and then what it says, as with any other line.
#[track_caller]
fn object(text: &str, depth: usize) -> Option<Report<'static>> {
    let fault = from_body(text);
    let is_known = fault.as_ref().is_some_and(|fault| fault.why() != Some("server_error"));
    if is_known || depth == 0 {
        return fault.map(Report::Fault);
    }
    let said = match said(&serde_json::from_str(text).ok()?) {
        Some(said) => owned(&said, depth - 1),
        None => None,
    };
    said.or(fault.map(Report::Fault))
}

#[track_caller]
fn owned(said: &str, depth: usize) -> Option<Report<'static>> {
    Some(match reported(said.trim(), depth)? {
        Report::Row(row, line) => Report::Row(row, Cow::Owned(line.into_owned())),
        Report::Fault(fault) => Report::Fault(fault),
    })
}

/// Returns the sentence of an error in JSON: Claude's result, or what Codex and the services send.
fn said(value: &Value) -> Option<String> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    match value["type"].as_str() {
        Some("result") if value["is_error"] == true => text(&value["result"]),
        Some("error") if value["message"].is_string() => text(&value["message"]),
        _ => text(&value["error"]["message"]).or_else(|| text(&value["error"])),
    }
}

/// How far into a line an error object may begin, after a status: `429 {"type":"error",..`.
const STATUS_LENGTH: usize = 12;

/// Leaves out what a terminal reads as a command, such as a colour.
fn without_colours(line: &str) -> Cow<'_, str> {
    if !line.contains('\u{1b}') {
        return Cow::Borrowed(line);
    }
    let mut plain = String::with_capacity(line.len());
    let mut pieces = line.split('\u{1b}');
    plain.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        let end = match piece.as_bytes().first() {
            Some(b'[') => piece[1..].find(|c: char| ('@'..='~').contains(&c)).map(|at| at + 2),
            // A title or a link ends with a bell, or with an escape and a backslash.
            Some(b']') => piece.find('\u{7}').map(|at| at + 1),
            Some(first) if first.is_ascii() => Some(1),
            _ => Some(0),
        };
        plain.push_str(&piece[end.unwrap_or(piece.len())..]);
    }
    Cow::Owned(plain)
}

/// Leaves out what a line of a report begins with.
fn without_opening(line: &str) -> &str {
    const OPENINGS: [&str; 10] =
        ["error:", "api error:", "fatal:", "error", "stream error:", "■", "⎿", "✗", "warning:", "["];
    let mut rest = line;
    // `■ Error: API Error: ..` has three.
    for _ in 0..3 {
        let lower = rest.get(..rest.floor_char_boundary(16)).unwrap_or_default().to_ascii_lowercase();
        match OPENINGS.iter().find(|opening| lower.starts_with(**opening)) {
            Some(opening) => rest = rest[opening.len()..].trim_start(),
            None => break,
        }
    }
    rest
}

/// Reads `try again in 20s`, `retry after 5 minutes` or `try again in 2 days 3 hours`.
fn pause(line: &str) -> Option<Duration> {
    let lower = line.to_ascii_lowercase();
    let mut rest = ["try again in ", "retry in ", "retry after "].iter().find_map(|lead| lower.split(lead).nth(1))?;
    let mut whole = None;
    loop {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let Ok(number) = rest[..digits].trim_end_matches('.').parse::<f64>() else { return whole };
        let unit = rest[digits..].trim_start();
        let length = unit.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(unit.len());
        let part = Duration::try_from_secs_f64(number * factor(&unit[..length])).unwrap_or(Duration::MAX);
        whole = Some(whole.unwrap_or(Duration::ZERO).saturating_add(part));
        rest = unit[length..].trim_start_matches([' ', ',']);
        rest = rest.strip_prefix("and ").unwrap_or(rest);
        if length == 0 {
            return whole;
        }
    }
}

/// Returns the seconds of a unit, however it is shortened.
fn factor(unit: &str) -> f64 {
    match unit {
        _ if unit.starts_with("ms") || unit.starts_with("milli") => 0.001,
        _ if unit.starts_with('m') => 60.0,
        _ if unit.starts_with('h') => 3_600.0,
        _ if unit.starts_with('d') => 86_400.0,
        _ => 1.0,
    }
}

/// Reads the moment in `usage limit reached|1760000000`, if it is still to come.
fn reset(line: &str, now: SystemTime) -> Option<Duration> {
    /// No agent has a clock before 2001.
    const EPOCH_FROM: u64 = 1_000_000_000;
    const EPOCH_MILLISECONDS_FROM: u64 = 1_000_000_000_000;
    let (_, moment) = line.split_once('|')?;
    let moment = moment.trim();
    let digits = moment.find(|c: char| !c.is_ascii_digit()).unwrap_or(moment.len());
    let since = match moment[..digits].parse().ok()? {
        milliseconds @ EPOCH_MILLISECONDS_FROM.. => Duration::from_millis(milliseconds),
        seconds @ EPOCH_FROM.. => Duration::from_secs(seconds),
        _ => return None,
    };
    UNIX_EPOCH.checked_add(since)?.duration_since(now).ok().filter(|left| !left.is_zero())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::row::outline;

    /// Checks an output against `kind reason later effect severity`, or `-` for none.
    fn check(text: &str, expected: &str) {
        let found = from_output(text).map_or("-".to_owned(), |fault| outline(&fault));
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn limits_that_agents_print_are_found() {
        let quota = "quota_exceeded usage_limit never none high";
        check("Claude AI usage limit reached|1760000000", quota);
        check("You've hit your limit \u{b7} resets 3pm (Europe/Berlin)", quota);
        check("You\u{2019}ve hit your usage limit. Try again in 2 days.", quota);
        check("\u{25a0} Error: Credit balance is too low\n\n", quota);
        check("done\n5-hour limit reached \u{2219} resets 7pm", quota);
        check(
            "ERROR: exceeded retry limit, last status: 429 Too Many Requests",
            "rate_limit rate_limited throttled(none) unknown low",
        );
        check("429 Too Many Requests", "rate_limit rate_limited throttled(none) unknown low");
        let paused = "rate_limit rate_limited throttled(some(20s)) unknown low";
        check("stream error: Rate limit reached for gpt-5 on tokens. Please try again in 20s.", paused);
        check("Invalid API key \u{b7} Please run /login", "authentication not_signed_in never none high");
        check("Prompt is too long", "validation context_length never unknown low");
    }

    #[test]
    fn what_only_begins_like_a_report_is_none() {
        for text in [
            "429 passed, 0 failed",
            "529 files changed",
            "429",
            "Rate limit exceeded handling was added to client.rs",
            "Too many requests are made in the loop of sync.rs",
            "Quota exceeded errors are now shown to users",
            "You've hit your stride; no limit found",
            "You've hit your goal. The limit.",
            r#"{"file":"a","error":"none"}"#,
            r#"{"type":"result","is_error":false,"result":"Claude AI usage limit reached|1760000000"}"#,
            r#"{"type":"result","is_error":true,"result":"the tests fail"}"#,
        ] {
            let expected = if text == "429" { "rate_limit rate_limited throttled(none) unknown low" } else { "-" };
            check(text, expected);
        }
    }

    #[test]
    fn limits_of_today_are_found_in_every_dress() {
        let quota = "quota_exceeded usage_limit never none high";
        for text in [
            "Session limit reached \u{2219} resets 3pm",
            "You're out of extra usage \u{b7} resets 3pm",
            "Limit reached \u{b7} resets Oct 6 at 1pm",
            "\u{1b}[1m\u{1b}[31mYou've hit your Opus 4.5 limit\u{1b}[0m resets 3am",
            "\u{1b}]0;agent\u{7}5-hour limit reached - resets 7pm",
            "working..\rYou have reached your specified API usage limits.",
            "Your credit balance is too low to access the Anthropic API.",
            r#"{"type":"result","is_error":true,"result":"Claude AI usage limit reached|1760000000"}"#,
            r#"{"type":"error","message":"You've hit your usage limit."}"#,
            r#"{"type":"turn.failed","error":{"message":"You've hit your usage limit."}}"#,
        ] {
            check(text, quota);
        }
        let rate = "rate_limit rate_limited throttled(none) unknown low";
        check("exceeded retry limit, last status: 429 Too Many Requests, request id: 7", rate);
        check("Too many requests, please try again later.", rate);
        let nested = r#"{"type":"result","is_error":true,"result":"API Error: 529 {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\"}}"}"#;
        check(nested, "external_service overloaded transient none medium");
        check(r#"{"type":"error","message":"boom"}"#, "external_service server_error transient unknown high");
    }

    #[test]
    fn the_reset_of_a_quota_is_kept() {
        let now = UNIX_EPOCH + Duration::from_secs(1_760_000_000);
        for (text, seconds) in [
            ("Claude AI usage limit reached|1760000060", Some(60)),
            ("Claude AI usage limit reached|1760000060000", Some(60)),
            (r#"{"type":"result","is_error":true,"result":"Claude AI usage limit reached|1760000060"}"#, Some(60)),
            ("You've hit your usage limit. Try again in 2 days 3 hours 5 minutes.", Some(183_900)),
            ("Usage limit reached|1760000000", None),
            ("Usage limit reached|1", None),
            ("Usage limit reached|18446744073709551615", Some(31 * 86_400)),
            ("Usage limit reached|99999999999999999999999", None),
            ("Usage limit reached", None),
        ] {
            let fault = from_output_at(text, now).unwrap();
            assert_eq!(fault.resets_after(), seconds.map(Duration::from_secs), "{text}");
            assert!(!fault.is_retryable(), "{text}");
        }
    }

    #[test]
    fn an_error_object_in_a_line_is_read_as_a_body() {
        let line = r#"API Error: 529 {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#;
        check(line, "external_service overloaded transient none medium");
        check(r#"{"error":{"code":"insufficient_quota"}}"#, "quota_exceeded quota never none high");
    }

    #[test]
    fn a_text_about_limits_is_none() {
        for text in [
            "",
            "I fixed the rate limit: answers of 429 are now tried again.",
            "The usage limit reached us yesterday",
            "{\"status\": \"ok\", \"error\": null}",
            "error handling improved",
        ] {
            check(text, "-");
        }
        let buried = format!("429 Too Many Requests\n{}", "fine\n".repeat(MAX_LINES));
        check(&buried, "-");
        check(&format!("429 {}", "word ".repeat(200)), "-");
        check(&"x".repeat(10 << 20), "-");
    }

    #[test]
    fn a_pause_is_read_in_any_unit_and_cut() {
        for (text, seconds) in
            [("try again in 1.5s.", 1.5), ("retry after 5 minutes", 300.0), ("try again in 20ms", 0.02)]
        {
            assert_eq!(pause(text), Some(Duration::from_secs_f64(seconds)), "{text}");
        }
        let long = from_output("Rate limit reached. Try again in 99999999999999999999 days");
        assert_eq!(long.map(|fault| fault.may_work_later()), Some(Later::Throttled(Some(crate::MAX_PAUSE))));
        assert_eq!(pause("try again in a while"), None);
    }
}
