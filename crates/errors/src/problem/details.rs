//! A fault as a problem document: what a caller outside may know of it. Leaves reading one to `read`.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{Fault, Kind, Later};

/// The beginning of the type of our own problems; the code of the kind follows in lower case.
pub(super) const TYPE: &str = "urn:segno:error:";
/// The beginning of the name of one occurrence; the correlation id follows.
pub(super) const INSTANCE: &str = "urn:segno:correlation:";

/// A problem document by RFC 9457, to be sent as `application/problem+json` with its status.
///
/// It holds what a caller may know: the sentence for people, the kind, whether trying again helps. Technical detail,
/// context, causes and the place in the source stay inside.
///
/// ```
/// use segno_errors::{Fault, Kind, Problem};
///
/// let fault = Fault::new(Kind::QuotaExceeded, "the month's budget is used up").hint("raise the limit").detail("$ 50.00");
/// let problem = fault.to_problem();
/// assert_eq!((problem.status, problem.type_uri.as_str()), (402, "urn:segno:error:quota_exceeded_error"));
///
/// let sent = serde_json::to_vec(&problem)?;
/// let back = Fault::from_problem(402, &sent);
/// assert_eq!((back.kind(), back.message()), (Kind::QuotaExceeded, "the month's budget is used up"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Problem {
    /// What kind of problem it is, as a URI that needs not lead anywhere.
    #[serde(rename = "type", default = "blank")]
    pub type_uri: String,
    /// The kind in a few words, the same for every occurrence.
    #[serde(default)]
    pub title: String,
    /// The HTTP status that it is sent with.
    #[serde(default)]
    pub status: u16,
    /// What happened this time and what can be done about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Which occurrence it was, as a URI.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// All other members: `code`, `category`, `severity`, `reason`, `hint`, `later`, `retry_after`, `effect`, `blame`,
    /// `advice`.
    #[serde(flatten)]
    pub extensions: Map<String, Value>,
}

/// The type of a problem that has none, by RFC 9457, section 4.2.1.
fn blank() -> String {
    "about:blank".to_owned()
}

impl Problem {
    /// The media type that it is sent with.
    pub const MEDIA_TYPE: &'static str = "application/problem+json";
}

impl Fault {
    /// Returns what a caller outside may know of it, as a problem document.
    pub fn to_problem(&self) -> Problem {
        let kind = self.kind();
        let mut extensions = Map::new();
        let mut add = |key: &str, value: Value| _ = extensions.insert(key.to_owned(), value);
        add("code", kind.code().into());
        add("category", kind.category().name().into());
        add("severity", self.severity_level().name().into());
        add("message", self.message().into());
        if let Some(reason) = self.why() {
            add("reason", reason.into());
        }
        if let Some(hint) = self.hint_text() {
            add("hint", hint.into());
        }
        let (later, pause) = match self.may_work_later() {
            Later::Never => ("never", None),
            Later::Transient => ("transient", None),
            Later::Persistent => ("persistent", None),
            Later::Throttled(pause) => ("throttled", pause),
        };
        add("later", later.into());
        if let Some(pause) = pause {
            // Rounded up, as `Retry-After` is: too early is refused again.
            add("retry_after", pause.as_secs().saturating_add(u64::from(pause.subsec_nanos() > 0)).into());
        }
        add("effect", serde_json::to_value(self.effect_had()).unwrap_or_default());
        add("blame", self.blame_on().name().into());
        add("advice", self.advice().iter().map(|advice| advice.name()).collect::<Vec<_>>().into());
        Problem {
            type_uri: format!("{TYPE}{}", kind.code().to_ascii_lowercase()),
            title: kind.title().to_owned(),
            status: status_of(self),
            detail: Some(self.user_text()),
            instance: self.correlation_id().map(|id| format!("{INSTANCE}{id}")),
            extensions,
        }
    }
}

/// Returns the status that a fault is told with; what the reason says more exactly goes first.
fn status_of(fault: &Fault) -> u16 {
    match (fault.kind(), fault.why()) {
        (_, Some("cancelled")) => 499,
        (_, Some("not_found")) => 404,
        (Kind::BusinessLogic, Some("conflict" | "already_exists")) => 409,
        (Kind::BusinessLogic, Some("precondition")) => 412,
        (Kind::Validation, Some("too_large" | "context_length")) => 413,
        (kind, _) => kind.http_status(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_document_has_what_a_caller_may_know_and_no_more() {
        let fault = Fault::new(Kind::RateLimit, "slow down")
            .reason("rate_limited")
            .hint("wait a moment")
            .later(Later::Throttled(Some(Duration::from_millis(1_500))))
            .correlation("abc")
            .detail("inner detail")
            .with("inner", "context")
            .caused_by(std::fmt::Error);
        let expected = serde_json::json!({
            "type": "urn:segno:error:rate_limit_error",
            "title": "too many requests",
            "status": 429,
            "detail": "slow down. wait a moment.",
            "instance": "urn:segno:correlation:abc",
            "code": "RATE_LIMIT_ERROR",
            "category": "rate_limit",
            "severity": "low",
            "message": "slow down",
            "reason": "rate_limited",
            "hint": "wait a moment",
            "later": "throttled",
            "retry_after": 2,
            "effect": "unknown",
            "blame": "caller",
            "advice": ["retry_after", "fallback"],
        });
        assert_eq!(serde_json::to_value(fault.to_problem()).unwrap(), expected);
    }

    #[test]
    fn a_reason_may_tell_the_status_more_exactly() {
        let status = |kind, reason: &str| Fault::new(kind, "no").reason(reason).to_problem().status;
        assert_eq!(status(Kind::BusinessLogic, "cancelled"), 499);
        assert_eq!(status(Kind::Resource, "not_found"), 404);
        assert_eq!(status(Kind::BusinessLogic, "conflict"), 409);
        assert_eq!(status(Kind::BusinessLogic, "precondition"), 412);
        assert_eq!(status(Kind::Validation, "context_length"), 413);
        assert_eq!(status(Kind::Timeout, "deadline"), 504);
    }
}
