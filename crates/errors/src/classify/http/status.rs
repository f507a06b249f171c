//! The table of HTTP statuses. Leaves what a body says to `provider`.

use crate::classify::row::{Row, find};
use crate::{Blame, Kind, Severity};

/// Returns what a status means, also one that is none.
pub(in crate::classify) fn row_of(status: u16) -> &'static Row {
    match status {
        _ if let Some(row) = find(STATUSES, status) => row,
        300..=399 => &REDIRECT,
        400..=499 => &OTHER_4XX,
        500..=599 => &OTHER_5XX,
        _ => &NO_ERROR,
    }
}

const CHECK_REQUEST: &str = "check what was asked for";
const CHECK_ADDRESS: &str = "check the address of the service";
const READ_AGAIN: &str = "read it again before changing it";
const SEND_LESS: &str = "send less at once";
const TRY_LATER: &str = "try again later";
const REPORT: &str = "report it to the service";

const REDIRECT: Row =
    Row::new(Kind::ExternalService, "redirect", "the service has moved elsewhere", CHECK_ADDRESS).never().no_effect();
const OTHER_4XX: Row =
    Row::new(Kind::Validation, "bad_request", "the service did not accept the request", CHECK_REQUEST).no_effect();
const OTHER_5XX: Row = Row::new(Kind::ExternalService, "server_error", "the service failed on its side", TRY_LATER);
const NO_ERROR: Row =
    Row::new(Kind::ExternalService, "bad_status", "the service answered with a status that is no failure", REPORT)
        .never();

#[rustfmt::skip] // One status is one row.
const STATUSES: &[(u16, Row)] = &[
    (400, Row::new(Kind::Validation, "bad_request", "the service did not accept the request", CHECK_REQUEST).no_effect()),
    (401, Row::new(Kind::Authentication, "not_signed_in", "the service does not know who is calling", "sign in or check the key").no_effect()),
    (402, Row::new(Kind::QuotaExceeded, "payment", "the service wants to be paid first", "check the account's balance").no_effect()),
    (403, Row::new(Kind::Authorization, "permission_denied", "the service does not allow this", "ask for the right to do it").no_effect()),
    (404, Row::new(Kind::BusinessLogic, "not_found", "the service does not have what was asked for", CHECK_REQUEST).no_effect()),
    (405, Row::new(Kind::Validation, "bad_method", "the service does not do this there", CHECK_REQUEST).no_effect()),
    (406, Row::new(Kind::Validation, "not_acceptable", "the service cannot answer in this form", CHECK_REQUEST).no_effect()),
    (408, Row::new(Kind::Timeout, "timed_out", "the service waited too long for the request", TRY_LATER)),
    (409, Row::new(Kind::BusinessLogic, "conflict", "somebody else changed the same thing", READ_AGAIN).no_effect()),
    (410, Row::new(Kind::BusinessLogic, "not_found", "the service no longer has what was asked for", CHECK_REQUEST).no_effect()),
    (411, Row::new(Kind::Validation, "bad_request", "the service wants to know the length first", CHECK_REQUEST).no_effect()),
    (412, Row::new(Kind::BusinessLogic, "precondition", "a condition of the request does not hold", READ_AGAIN).no_effect()),
    (413, Row::new(Kind::Validation, "too_large", "the request is too large", SEND_LESS).no_effect()),
    (414, Row::new(Kind::Validation, "too_large", "the address is too long", SEND_LESS).no_effect()),
    (415, Row::new(Kind::Validation, "bad_format", "the service does not read this format", CHECK_REQUEST).no_effect()),
    (421, Row::new(Kind::Network, "misdirected", "the request reached the wrong server", "try again over a new connection").no_effect()),
    (422, Row::new(Kind::Validation, "bad_request", "the service understood the request but cannot act on it", CHECK_REQUEST).no_effect()),
    (423, Row::new(Kind::Database, "locked", "what was asked for is locked", TRY_LATER).no_effect()),
    (425, Row::new(Kind::ExternalService, "too_early", "the request came too early", TRY_LATER).no_effect()),
    (428, Row::new(Kind::BusinessLogic, "precondition", "the service wants a condition with the request", READ_AGAIN).no_effect()),
    (429, Row::new(Kind::RateLimit, "rate_limited", "the service asks for fewer requests", "wait a moment").no_effect()),
    (431, Row::new(Kind::Validation, "too_large", "the headers of the request are too large", SEND_LESS).no_effect()),
    (499, Row::cancelled("the call was cancelled", "call again when it may run")),

    (500, Row::new(Kind::ExternalService, "server_error", "the service failed on its side", TRY_LATER).once()),
    (501, Row::new(Kind::ExternalService, "unsupported", "the service cannot do this", CHECK_REQUEST).never().no_effect()),
    (502, Row::new(Kind::ExternalService, "bad_gateway", "a server before the service got no proper answer", TRY_LATER)),
    (503, Row::new(Kind::ExternalService, "unavailable", "the service is not available", TRY_LATER)),
    (504, Row::new(Kind::Timeout, "timed_out", "the service did not answer in time", TRY_LATER)),
    (505, Row::new(Kind::ExternalService, "unsupported", "the service does not speak this version of HTTP", CHECK_ADDRESS).never().no_effect()),
    (507, Row::new(Kind::Resource, "disk_full", "the service has no space left", "free space there").blame(Blame::Dependency)),
    (508, Row::new(Kind::Internal, "loop", "the service went round in a circle", REPORT).blame(Blame::Dependency)),
    (511, Row::new(Kind::Authentication, "network_login", "the network wants somebody to sign in", "sign in to the network").blame(Blame::Environment).no_effect()),
    (520, Row::new(Kind::ExternalService, "bad_gateway", "the service gave its network an unknown answer", TRY_LATER)),
    (521, Row::new(Kind::Network, "connection_refused", "the service refused its own network's connection", TRY_LATER).no_effect()),
    (522, Row::new(Kind::Network, "connect_timed_out", "the service could not be reached in time", TRY_LATER).no_effect()),
    (523, Row::new(Kind::Network, "host_unreachable", "the service could not be reached", TRY_LATER).no_effect()),
    (524, Row::new(Kind::Timeout, "timed_out", "the service took too long", TRY_LATER)),
    (525, Row::new(Kind::Network, "tls", "no safe connection to the service came about", TRY_LATER).no_effect()),
    (526, Row::new(Kind::Network, "tls_certificate", "the service's certificate cannot be trusted", REPORT).never().no_effect()),
    (527, Row::new(Kind::Network, "connection_reset", "the connection to the service broke", TRY_LATER)),
    (529, Row::new(Kind::ExternalService, "overloaded", "the service is overloaded", TRY_LATER).severity(Severity::Medium).no_effect()),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::row::outline;

    /// Checks statuses against `kind reason later effect severity`.
    fn check(statuses: &[u16], expected: &str) {
        for status in statuses {
            assert_eq!(outline(&row_of(*status).fault()), expected, "{status}");
        }
    }

    #[test]
    fn what_was_refused_had_no_effect() {
        check(&[400, 411, 422, 418, 451, 498], "validation bad_request never none low");
        check(&[405], "validation bad_method never none low");
        check(&[406], "validation not_acceptable never none low");
        check(&[413, 414, 431], "validation too_large never none low");
        check(&[415], "validation bad_format never none low");
        check(&[401], "authentication not_signed_in never none high");
        check(&[402], "quota_exceeded payment never none high");
        check(&[403], "authorization permission_denied never none high");
        check(&[404, 410], "business_logic not_found never none medium");
        check(&[409], "business_logic conflict never none medium");
        check(&[412, 428], "business_logic precondition never none medium");
        check(&[421], "network misdirected transient none medium");
        check(&[423], "database locked transient none high");
        check(&[425], "external_service too_early transient none high");
        check(&[429], "rate_limit rate_limited throttled(none) none low");
        check(&[499], "business_logic cancelled never unknown low");
    }

    #[test]
    fn failures_of_the_other_side_may_have_had_one() {
        check(&[408, 504, 524], "timeout timed_out transient unknown medium");
        check(&[500, 506, 599], "external_service server_error transient unknown high");
        check(&[501, 505], "external_service unsupported never none high");
        check(&[502, 520], "external_service bad_gateway transient unknown high");
        check(&[503], "external_service unavailable transient unknown high");
        check(&[507], "resource disk_full never unknown high");
        check(&[508], "internal loop never unknown critical");
        check(&[511], "authentication network_login never none high");
        check(&[521], "network connection_refused transient none medium");
        check(&[522], "network connect_timed_out transient none medium");
        check(&[523], "network host_unreachable transient none medium");
        check(&[525], "network tls transient none medium");
        check(&[526], "network tls_certificate never none medium");
        check(&[527], "network connection_reset transient unknown medium");
        check(&[529], "external_service overloaded transient none medium");
        assert_eq!(row_of(500).fault().most_retries(), Some(1));
    }

    #[test]
    fn what_is_no_failure_does_not_pass_either() {
        check(&[301, 304], "external_service redirect never none high");
        check(&[0, 200, 204, 600, u16::MAX], "external_service bad_status never unknown high");
    }
}
