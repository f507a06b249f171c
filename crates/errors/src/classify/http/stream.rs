//! Errors inside an answer that began well: an error object in the body of a 200, or an event of a stream.

use super::answer::{cut, judged};
use super::body::{Complaint, without_mark};
use super::pause::Told;
use crate::Fault;

/// The most events of a stream that are looked at, from its end: an error is the last thing that is sent.
const MAX_EVENTS: usize = 64;

/// Returns the fault that the body of a successful answer holds, or `None` if it holds none.
///
/// The body may be an error object in JSON, or a stream of server-sent events of which one is an error.
///
/// ```
/// use segno_errors::{Kind, from_body};
///
/// let stream = br#"event: ping
/// data: {"type": "ping"}
///
/// event: error
/// data: {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
/// "#;
/// assert_eq!(from_body(stream).map(|fault| fault.kind()), Some(Kind::ExternalService));
/// assert_eq!(from_body(b"{\"answer\": 42}"), None);
/// ```
#[track_caller]
pub fn from_body(body: impl AsRef<[u8]>) -> Option<Fault> {
    let body = without_mark(body.as_ref());
    let whole = || Complaint::read(body);
    let complaint = match events(body).find_map(Complaint::read) {
        Some(complaint) => complaint,
        None => whole()?,
    };
    let fault = judged(200, &mut Told::default(), Some(&complaint));
    // `judged` knows no status to fall back on here: an error without a known word is the service's.
    let fault = if fault.why() == Some("bad_status") { super::status::row_of(500).fault() } else { fault };
    Some(match complaint.message {
        Some(message) => fault.detail(cut(message)),
        None => fault,
    })
}

/// Returns what the last events of a stream carry, the last one first.
fn events(body: &[u8]) -> impl Iterator<Item = &[u8]> {
    let lines = body.rsplit(|&byte| byte == b'\n' || byte == b'\r');
    lines.filter_map(|line| line.strip_prefix(b"data:")).take(MAX_EVENTS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::row::outline;

    /// Checks a body against `kind reason later effect severity`, or `-` for none.
    fn check(body: &[u8], expected: &str) {
        let found = from_body(body).map_or("-".to_owned(), |fault| outline(&fault));
        assert_eq!(found, expected, "{}", String::from_utf8_lossy(body));
    }

    #[test]
    fn an_error_inside_a_good_answer_is_found() {
        let overloaded = "external_service overloaded transient none medium";
        check(br#"{"type":"error","error":{"type":"overloaded_error"}}"#, overloaded);
        check(
            b"data: {\"id\":1}\n\nevent: error\r\ndata: {\"error\":{\"type\":\"overloaded_error\"}}\r\n\r\n",
            overloaded,
        );
        check(
            b"data: {\"error\":{\"code\":\"insufficient_quota\"}}\ndata: [DONE]\n",
            "quota_exceeded quota never none high",
        );
        check(br#"[{"error":{"status":"UNAVAILABLE"}}]"#, "external_service overloaded transient unknown medium");
        check(br#"{"error":{"message":"boom"}}"#, "external_service server_error transient unknown high");
        check(br#"{"error":{"type":"api_error"}}"#, "external_service server_error transient unknown high");
    }

    #[test]
    fn the_responses_of_openai_are_read() {
        let failed = "external_service server_error transient unknown high";
        check(br#"{"type":"error","code":"server_error","message":"m","param":null}"#, failed);
        check(b"\xef\xbb\xbfdata: {\"type\":\"error\",\"code\":\"server_error\"}\n", failed);
        check(br#"data: {"type":"response.failed","response":{"error":{"code":"server_error"}}}"#, failed);
        let limited = "rate_limit rate_limited throttled(none) none low";
        check(br#"{"type":"response.failed","response":{"error":{"code":"rate_limit_exceeded"}}}"#, limited);
    }

    #[test]
    fn a_good_answer_holds_none() {
        for body in [
            &b""[..],
            b"{}",
            b"data: {\"id\":1}\n",
            b"an error happened",
            b"{\"error\":null}",
            b"\xff\xfe",
            b"{\"error\":{},\"answer\":1}",
        ] {
            check(body, "-");
        }
        check(&b"data: {}\n".repeat(1 << 20), "-");
    }
}
