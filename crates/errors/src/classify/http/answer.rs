//! An answer of a service as a fault: the body decides first, the status second, the headers say when.

use super::body::Complaint;
use super::pause::{Told, Wish};
use super::provider::{RATE, SPENT, is_spend_limit, row_of, row_of_message, row_of_status};
use crate::classify::row::Row;
use crate::problem::refined;
use crate::{Fault, Kind, Later};

/// How much of a body is kept as the technical text.
const MAX_DETAIL: usize = 2 << 10;

/// Turns an answer of an HTTP service into a fault.
///
/// The error objects of Anthropic, OpenAI (and those who speak like it) and Gemini decide first, since they tell a limit
/// that ends soon from money that is used up; the status decides where the body says nothing. The pause comes from
/// `retry-after-ms`, `retry-after` in seconds or as a date (compared with the answer's own `date`),
/// `grpc-retry-pushback-ms`, a `google.rpc.RetryInfo` in the body, or the resets of limits; it is cut at
/// [`MAX_PAUSE`](crate::MAX_PAUSE), and moments that are past are refused.
///
/// Headers come in any form that gives pairs, such as `response.headers()` of the `http` crate. The body may be of any
/// size and need not be text; what it says becomes the technical text, never the sentence for people. The context has
/// `http_status` and, where the service gave one, `request_id`. A body that is a problem document by its `content-type` is
/// read as [`Fault::from_problem`] does.
///
/// ```
/// use segno_errors::{Kind, Later, from_http};
/// use std::time::Duration;
///
/// let fault = from_http(429, [("Retry-After", "17")], b"");
/// assert_eq!(fault.may_work_later(), Later::Throttled(Some(Duration::from_secs(17))));
///
/// let body = br#"{"error": {"code": "insufficient_quota", "message": "You exceeded your current quota"}}"#;
/// let fault = from_http(429, [("Retry-After", "17")], body);
/// assert_eq!((fault.kind(), fault.is_retryable()), (Kind::QuotaExceeded, false));
/// ```
#[track_caller]
pub fn from_http<N: AsRef<str>, V: AsRef<[u8]>>(
    status: u16,
    headers: impl IntoIterator<Item = (N, V)>,
    body: impl AsRef<[u8]>,
) -> Fault {
    let mut told = Told::default();
    headers.into_iter().for_each(|(name, value)| told.read(name.as_ref(), value.as_ref()));
    let complaint = Complaint::read(body.as_ref());
    let fault = judged(status, &mut told, complaint.as_ref()).with("http_status", status);
    let fault = match (complaint.and_then(|complaint| complaint.message), text(body.as_ref())) {
        (Some(said), _) | (None, Some(said)) => fault.detail(cut(said)),
        (None, None) => fault,
    };
    if told.is_problem { refined(fault, status, body.as_ref()) } else { fault }
}

/// Makes the fault of what an answer says, without its texts.
#[track_caller]
pub(super) fn judged(status: u16, told: &mut Told, complaint: Option<&Complaint>) -> Fault {
    let row = complaint.and_then(|complaint| meant(status, told, complaint));
    let row = row.unwrap_or_else(|| row_of_status(status, told.is_used_up()));
    let fault = row.fault();
    let wish = match (told.wish(fault.kind() == Kind::RateLimit), complaint.and_then(|complaint| complaint.pause)) {
        (Wish::Silent, Some(pause)) => Wish::After(pause.min(crate::MAX_PAUSE)),
        (wish, _) => wish,
    };
    let fault = match told.request.take() {
        Some(request) => fault.with("request_id", request),
        None => fault,
    };
    let may_pass = matches!(fault.may_work_later(), Later::Transient | Later::Throttled(_));
    let fault = match told.named().or(complaint.and_then(|complaint| complaint.reset())) {
        Some(pause) if fault.kind() == Kind::QuotaExceeded => fault.resets_in(pause),
        _ => fault,
    };
    match wish {
        Wish::Never => fault.later(Later::Never),
        Wish::After(pause) if may_pass => fault.later(Later::Throttled(Some(pause))),
        _ => fault,
    }
}

/// Returns what the error object means, if it has a word or a sentence that is known.
fn meant(status: u16, told: &Told, complaint: &Complaint) -> Option<&'static Row> {
    if complaint.is_daily {
        return Some(&SPENT);
    }
    let has_pause = complaint.pause.is_some() || told.names_a_pause();
    for word in &complaint.words {
        if is_spend_limit(word) && has_pause {
            return Some(&RATE);
        }
        // Google has one word for a limit and for a quota: only a limit has an end that it can name.
        if word == "RESOURCE_EXHAUSTED" {
            return Some(if has_pause || !complaint.is_google { &RATE } else { &SPENT });
        }
    }
    let known = complaint.words.iter().find_map(|word| row_of(word, status));
    let by_message = || complaint.message.as_deref().and_then(row_of_message);
    // A plain bad request may be one of those that only its sentence tells apart.
    match known {
        Some(row) if row.reason == "bad_request" => by_message().or(Some(row)),
        Some(row) => Some(row),
        None if matches!(status, 400 | 413 | 429) => by_message(),
        None => None,
    }
}

/// Returns the beginning of a body, however broken its text is.
fn text(body: &[u8]) -> Option<String> {
    let start = &body[..body.len().min(MAX_DETAIL)];
    let text = String::from_utf8_lossy(start).trim().to_owned();
    (!text.is_empty()).then_some(text)
}

pub(super) fn cut(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(MAX_DETAIL));
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::row::outline;

    const NONE: [(&str, &str); 0] = [];
    const LATER: [(&str, &str); 1] = [("retry-after", "2")];

    /// Checks an answer against `kind reason later effect severity`.
    fn check(status: u16, headers: &[(&str, &str)], body: &str, expected: &str) {
        let fault = from_http(status, headers.iter().copied(), body);
        assert_eq!(outline(&fault).replace("throttled(some(2s))", "after"), expected, "{status} {body}");
        assert!(!fault.user_text().contains("told by the provider"), "{fault:?}");
    }

    fn anthropic(word: &str) -> String {
        format!(r#"{{"type":"error","error":{{"type":"{word}","message":"told by the provider"}}}}"#)
    }

    fn openai(word: &str) -> String {
        format!(r#"{{"error":{{"type":"invalid_request_error","code":"{word}","message":"told by the provider"}}}}"#)
    }

    fn gemini(word: &str, details: &str) -> String {
        format!(r#"{{"error":{{"code":1,"status":"{word}","message":"told by the provider","details":[{details}]}}}}"#)
    }

    #[test]
    fn the_words_of_anthropic_are_known() {
        check(400, &NONE, &anthropic("invalid_request_error"), "validation bad_request never none low");
        check(401, &NONE, &anthropic("authentication_error"), "authentication not_signed_in never none high");
        check(402, &NONE, &anthropic("billing_error"), "quota_exceeded quota never none high");
        check(403, &NONE, &anthropic("permission_error"), "authorization permission_denied never none high");
        check(404, &NONE, &anthropic("not_found_error"), "business_logic not_found never none medium");
        check(409, &NONE, &anthropic("conflict_error"), "business_logic conflict transient none medium");
        check(413, &NONE, &anthropic("request_too_large"), "validation too_large never none low");
        check(429, &LATER, &anthropic("rate_limit_error"), "rate_limit rate_limited after none low");
        check(500, &NONE, &anthropic("api_error"), "external_service server_error transient unknown high");
        check(504, &NONE, &anthropic("timeout_error"), "timeout timed_out transient unknown medium");
        check(529, &NONE, &anthropic("overloaded_error"), "external_service overloaded transient none medium");
    }

    #[test]
    fn money_that_is_used_up_is_told_from_a_limit_that_ends() {
        let spend = r#"{"error":{"type":"rate_limit_error","details":{"error_code":"enforced_spend_limit_reached"}}}"#;
        check(429, &NONE, spend, "quota_exceeded quota never none high");
        check(429, &LATER, spend, "rate_limit rate_limited after none low");
        let workspace =
            r#"{"error":{"type":"invalid_request_error","message":"You have reached your workspace spend limit."}}"#;
        check(400, &NONE, workspace, "quota_exceeded quota never none high");
        check(429, &LATER, &openai("insufficient_quota"), "quota_exceeded quota never none high");
        check(429, &NONE, &openai("credit_balance_exhausted"), "quota_exceeded quota never none high");
        check(429, &LATER, &openai("rate_limit_exceeded"), "rate_limit rate_limited after none low");
        let past = [("date", "Sun, 06 Nov 1994 08:49:37 GMT"), ("retry-after", "Sun, 06 Nov 1994 08:49:30 GMT")];
        check(429, &past, spend, "quota_exceeded quota never none high");
    }

    #[test]
    fn the_pause_of_a_quota_is_its_reset() {
        let reset = |status, headers: &[(&str, &str)], body: &str| {
            let fault = from_http(status, headers.iter().copied(), body);
            (fault.may_work_later() == Later::Never, fault.resets_after().map(|reset| reset.as_secs()))
        };
        assert_eq!(reset(429, &LATER, &openai("insufficient_quota")), (true, Some(2)));
        let week = [("retry-after", "604800"), ("x-should-retry", "false")];
        assert_eq!(reset(402, &week, ""), (true, Some(604_800)));
        assert_eq!(reset(429, &[("retry-after", "1e300")], &openai("insufficient_quota")), (true, Some(31 * 86_400)));
        assert_eq!(reset(429, &NONE, &openai("insufficient_quota")), (true, None));
        assert_eq!(reset(429, &LATER, &openai("rate_limit_exceeded")), (false, None));
    }

    #[test]
    fn the_words_of_openai_are_known() {
        check(400, &NONE, &openai("context_length_exceeded"), "validation context_length never none low");
        check(401, &NONE, &openai("invalid_api_key"), "authentication not_signed_in never none high");
        check(401, &NONE, &openai("some_new_word"), "authentication not_signed_in never none high");
        check(403, &NONE, &openai("unsupported_country"), "authorization permission_denied never none high");
        check(500, &NONE, &openai("some_new_word"), "external_service server_error transient unknown high");
        check(503, &NONE, &openai("overloaded"), "external_service overloaded transient none medium");
        let advice = from_http(400, NONE, openai("context_length_exceeded")).advice().to_vec();
        assert_eq!(advice.iter().map(|advice| advice.name()).collect::<Vec<_>>(), ["fix_input", "fallback", "abort"]);
    }

    #[test]
    fn the_words_of_gemini_are_known() {
        let retry = r#"{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"2s"}"#;
        let daily = r#"{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{"quotaId":"RequestsPerDayPerProject"}]}"#;
        let key = r#"{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID"}"#;
        let exhausted = |details: &str| gemini("RESOURCE_EXHAUSTED", details);
        check(429, &NONE, &exhausted(retry), "rate_limit rate_limited after none low");
        check(429, &NONE, &exhausted(""), "quota_exceeded quota never none high");
        check(429, &NONE, &exhausted(&format!("{retry},{daily}")), "quota_exceeded quota never none high");
        check(400, &NONE, &gemini("INVALID_ARGUMENT", key), "authentication not_signed_in never none high");
        check(400, &NONE, &gemini("INVALID_ARGUMENT", ""), "validation bad_request never none low");
        check(400, &NONE, &gemini("FAILED_PRECONDITION", ""), "business_logic precondition never none medium");
        check(503, &NONE, &gemini("UNAVAILABLE", ""), "external_service overloaded transient unknown medium");
        check(504, &NONE, &gemini("DEADLINE_EXCEEDED", ""), "timeout timed_out transient unknown medium");
    }

    #[test]
    fn the_headers_say_when() {
        check(503, &LATER, "", "external_service unavailable after unknown high");
        check(400, &LATER, "", "validation bad_request never none low");
        check(503, &[("x-should-retry", "false")], "", "external_service unavailable never unknown high");
        check(429, &[("x-ratelimit-reset", "2")], "", "rate_limit rate_limited after none low");
        let github = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "2")];
        check(403, &github, "", "rate_limit rate_limited after none low");
        check(503, &github[1..], "", "external_service unavailable transient unknown high");
    }

    #[test]
    fn a_body_of_any_kind_is_kept_as_detail_and_cut() {
        let fault = from_http(502, [("x-request-id", &b"req_1"[..])], vec![0xff; 10 << 20]);
        assert!(fault.detail_text().is_some_and(|detail| detail.len() <= MAX_DETAIL * 3));
        let context: Vec<_> = fault.context().iter().map(|(key, value)| format!("{key}={value}")).collect();
        assert_eq!(context, ["request_id=req_1", "http_status=502"]);
        assert_eq!(from_http(502, NONE, b"  ").detail_text(), None);
    }
}
