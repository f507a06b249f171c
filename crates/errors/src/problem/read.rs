//! A problem document read back. Whatever cannot be read in it is passed over; the status always says something.

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::details::{INSTANCE, Problem, TYPE};
use crate::{Advice, Blame, Effect, Fault, Kind, Later, MAX_PAUSE, Severity, from_http};

/// The longest document that is read.
const MAX_DOCUMENT: usize = 256 << 10;

impl Fault {
    /// Turns an answer in `application/problem+json` into a fault.
    ///
    /// One that segno made comes back with its kind, reason, sentence, hint and axes. One of somebody else is classified
    /// by its status, as [`from_http`] does, and his title and detail become the technical text, since nobody knows what
    /// they hold. A body that is no problem document is classified by the status alone; `status` is that of the answer,
    /// which counts where the document has none or another.
    ///
    /// [`from_http`] does the same, and reads the headers too, for an answer whose `content-type` says so.
    #[track_caller]
    pub fn from_problem(status: u16, body: &[u8]) -> Fault {
        refined(from_http(status, [("", ""); 0], body), status, body)
    }
}

/// Takes what a document says over what its status and headers said.
#[track_caller]
pub(crate) fn refined(fault: Fault, status: u16, body: &[u8]) -> Fault {
    let problem = Some(body).filter(|body| body.len() <= MAX_DOCUMENT);
    let Some(problem) = problem.and_then(|body| serde_json::from_slice::<Problem>(body).ok()) else { return fault };
    match own_kind(&problem) {
        Some(kind) => own(kind, status, &problem),
        None => foreign(fault, &problem),
    }
}

/// Returns the kind of a document that segno made.
fn own_kind(problem: &Problem) -> Option<Kind> {
    let code = problem.type_uri.strip_prefix(TYPE)?.to_ascii_uppercase();
    Kind::ALL.into_iter().find(|kind| kind.code() == code)
}

#[track_caller]
fn own(kind: Kind, status: u16, problem: &Problem) -> Fault {
    let text = |key: &str| problem.extensions.get(key).and_then(Value::as_str);
    let message = text("message").or(problem.detail.as_deref()).unwrap_or(&problem.title);
    let mut fault = Fault::new(kind, message).with("http_status", status);
    if let Some(reason) = text("reason") {
        fault = fault.reason(reason);
    }
    if let Some(hint) = text("hint") {
        fault = fault.hint(hint);
    }
    if let Some(severity) = named::<Severity>(problem, "severity") {
        fault = fault.severity(severity);
    }
    if let Some(effect) = named::<Effect>(problem, "effect") {
        fault = fault.effect(effect);
    }
    if let Some(blame) = named::<Blame>(problem, "blame") {
        fault = fault.blame(blame);
    }
    if let Some(advice) = named::<Vec<Advice>>(problem, "advice").filter(|advice| *advice != kind.advice()) {
        fault = fault.advise(advice);
    }
    if let Some(id) = problem.instance.as_deref().and_then(|instance| instance.strip_prefix(INSTANCE)) {
        fault = fault.correlation(id);
    }
    match later(problem) {
        Some(later) => fault.later(later),
        None => fault,
    }
}

/// Reads a member whose values have names.
fn named<T: DeserializeOwned>(problem: &Problem, key: &str) -> Option<T> {
    serde_json::from_value(problem.extensions.get(key)?.clone()).ok()
}

fn later(problem: &Problem) -> Option<Later> {
    let pause = problem.extensions.get("retry_after").and_then(Value::as_u64);
    let pause = pause.map(|seconds| Duration::from_secs(seconds).min(MAX_PAUSE));
    match problem.extensions.get("later")?.as_str()? {
        "never" => Some(Later::Never),
        "transient" => Some(Later::Transient),
        "persistent" => Some(Later::Persistent),
        "throttled" => Some(Later::Throttled(pause)),
        _ => None,
    }
}

/// Adds what somebody else's document says to the fault of its status.
fn foreign(fault: Fault, problem: &Problem) -> Fault {
    let parts = [Some(problem.title.as_str()), problem.detail.as_deref()];
    let said = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(": ");
    let fault = if said.is_empty() { fault } else { fault.detail(said) };
    match problem.type_uri.as_str() {
        "about:blank" => fault,
        type_uri => fault.with("problem_type", type_uri),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::classify::outline;

    /// Checks a document against `kind reason later effect severity`.
    fn check(status: u16, body: &[u8], expected: &str) {
        let fault = Fault::from_problem(status, body);
        assert_eq!(outline(&fault), expected, "{}", String::from_utf8_lossy(body));
    }

    #[test]
    fn our_own_document_comes_back() {
        for kind in Kind::ALL {
            let fault = Fault::new(kind, "it failed")
                .reason("because")
                .hint("do this")
                .effect(Effect::None)
                .blame(Blame::Us)
                .severity(Severity::Medium)
                .later(Later::Throttled(Some(Duration::from_secs(7))))
                .advise(vec![Advice::Skip])
                .correlation("abc");
            let back = Fault::from_problem(500, &serde_json::to_vec(&fault.to_problem()).unwrap());
            assert_eq!(outline(&back), outline(&fault));
            assert_eq!((back.user_text(), back.blame_on()), (fault.user_text(), Blame::Us));
            assert_eq!((back.advice(), back.correlation_id()), (fault.advice(), Some("abc")));
        }
    }

    #[test]
    fn somebody_elses_document_is_judged_by_its_status() {
        let body = br#"{"type":"https://example.com/probs/out-of-credit","title":"No credit","detail":"30 needed","balance":3}"#;
        check(403, body, "authorization permission_denied never none high");
        let fault = Fault::from_problem(403, body);
        assert_eq!(fault.detail_text(), Some("No credit: 30 needed"));
        assert!(fault.context().iter().any(|(key, value)| key == "problem_type" && value.ends_with("out-of-credit")));
        check(503, b"{}", "external_service unavailable transient unknown high");
    }

    #[test]
    fn an_answer_that_says_it_is_a_problem_is_read_as_one() {
        let headers = [("Content-Type", "application/problem+json; charset=utf-8"), ("retry-after", "3")];
        let theirs = from_http(503, headers, br#"{"title":"Closed","detail":"until noon"}"#);
        assert_eq!(theirs.detail_text(), Some("Closed: until noon"));
        assert_eq!(theirs.may_work_later(), Later::Throttled(Some(Duration::from_secs(3))));
        let ours = Fault::new(Kind::Database, "it is locked").to_problem();
        let ours = from_http(503, headers, serde_json::to_vec(&ours).unwrap());
        assert_eq!((ours.kind(), ours.message()), (Kind::Database, "it is locked"));
    }

    #[test]
    fn garbage_is_judged_by_the_status_alone() {
        for body in [&b""[..], b"null", b"[1]", b"\xff", b"{\"status\":\"x\"}", b"{\"type\":5}", &vec![b'{'; 10 << 20]]
        {
            check(429, body, "rate_limit rate_limited throttled(none) none low");
        }
        let unknown = br#"{"type":"urn:segno:error:new_error","title":"t"}"#;
        check(404, unknown, "business_logic not_found never none medium");
        let odd =
            br#"{"type":"urn:segno:error:timeout_error","later":"soon","advice":"x","severity":9,"retry_after":-1}"#;
        check(504, odd, "timeout - transient unknown medium");
        let ages = br#"{"type":"urn:segno:error:timeout_error","later":"throttled","retry_after":1000000000}"#;
        check(504, ages, "timeout - throttled(some(86400s)) unknown medium");
    }

    proptest! {
        #[test]
        fn no_document_is_a_panic(status in any::<u16>(), body in prop::collection::vec(any::<u8>(), 0..200)) {
            _ = Fault::from_problem(status, &body);
        }
    }
}
