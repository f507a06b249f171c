//! The status codes of gRPC. Leaves the trailers to the caller, who has the pause that they name.

use std::time::Duration;

use super::super::row::{Row, find};
use crate::{Fault, Kind, Later};

/// Turns a status code of gRPC into a fault; `retry` is the pause of a `google.rpc.RetryInfo`, if the status has one.
///
/// `RESOURCE_EXHAUSTED` means two things: with a pause it is a limit that ends soon, without one a quota that is used
/// up. `OK` and numbers that gRPC does not have are failures of the service that do not pass. The code stands in the
/// context as `grpc_code`. A pause is cut at [`MAX_PAUSE`](crate::MAX_PAUSE).
///
/// ```
/// use segno_errors::{Kind, Later, from_grpc};
/// use std::time::Duration;
///
/// assert_eq!(from_grpc(8, None).kind(), Kind::QuotaExceeded);
/// let fault = from_grpc(8, Some(Duration::from_secs(2)));
/// assert_eq!(fault.may_work_later(), Later::Throttled(Some(Duration::from_secs(2))));
/// ```
#[track_caller]
pub fn from_grpc(code: i32, retry: Option<Duration>) -> Fault {
    let retry = retry.map(|pause| pause.min(crate::MAX_PAUSE));
    let row = match (code, retry) {
        (8, Some(_)) => &SLOW_DOWN,
        _ => find(CODES, code).unwrap_or(&UNKNOWN),
    };
    let fault = row.fault().with("grpc_code", code);
    match (fault.may_work_later(), retry) {
        (Later::Transient | Later::Throttled(_), Some(_)) => fault.later(Later::Throttled(retry)),
        _ => fault,
    }
}

const CHECK_REQUEST: &str = "check what was asked for";
const TRY_LATER: &str = "try again later";

const SLOW_DOWN: Row =
    Row::new(Kind::RateLimit, "rate_limited", "the service asks for fewer requests", "wait a moment").no_effect();
const UNKNOWN: Row =
    Row::new(Kind::ExternalService, "grpc_status", "the service answered in a way that gRPC does not have", TRY_LATER)
        .never();

#[rustfmt::skip] // One code is one row.
const CODES: &[(i32, Row)] = &[
    (1, Row::cancelled("the call was cancelled", "call again when it may run")),
    (2, Row::new(Kind::ExternalService, "unknown", "the service failed without saying why", TRY_LATER).once()),
    (3, Row::new(Kind::Validation, "bad_request", "the service did not accept the request", CHECK_REQUEST).no_effect()),
    (4, Row::new(Kind::Timeout, "deadline", "the service did not answer in time", TRY_LATER)),
    (5, Row::new(Kind::BusinessLogic, "not_found", "the service does not have what was asked for", CHECK_REQUEST).no_effect()),
    (6, Row::new(Kind::BusinessLogic, "conflict", "the service has it already", "read it again before changing it").no_effect()),
    (7, Row::new(Kind::Authorization, "permission_denied", "the service does not allow this", "ask for the right to do it").no_effect()),
    (8, Row::new(Kind::QuotaExceeded, "quota", "the quota of the service is used up", "wait for the next period or raise the quota").no_effect()),
    (9, Row::new(Kind::BusinessLogic, "precondition", "the service is not in the state that this needs", CHECK_REQUEST).no_effect()),
    (10, Row::new(Kind::BusinessLogic, "conflict", "somebody else changed the same thing", "read it again and repeat the whole of the change").no_effect()),
    (11, Row::new(Kind::Validation, "bad_request", "a value is outside of what the service allows", CHECK_REQUEST).no_effect()),
    (12, Row::new(Kind::Configuration, "unsupported", "the service does not have this operation", "check the service's address and version").no_effect()),
    (13, Row::new(Kind::ExternalService, "server_error", "the service failed on its side", "report it to the service").never()),
    (14, Row::new(Kind::ExternalService, "unavailable", "the service is not available", TRY_LATER)),
    (15, Row::new(Kind::ExternalService, "data_loss", "the service lost data", "report it to the service").never()),
    (16, Row::new(Kind::Authentication, "not_signed_in", "the service does not know who is calling", "sign in or check the key").no_effect()),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::row::outline;

    /// Checks a code without a pause and with one of two seconds.
    fn check(code: i32, expected: &str, paused: &str) {
        assert_eq!(outline(&from_grpc(code, None)), expected, "{code}");
        let fault = from_grpc(code, Some(Duration::from_secs(2)));
        assert_eq!(outline(&fault).replace("throttled(some(2s))", "after"), paused, "{code}");
        assert!(fault.hint_text().is_some_and(|hint| !hint.is_empty()));
    }

    fn same(code: i32, expected: &str) {
        check(code, expected, expected);
    }

    #[test]
    fn each_code_of_grpc_has_its_meaning() {
        let unknown = "external_service grpc_status never unknown high";
        same(0, unknown);
        same(1, "business_logic cancelled never unknown low");
        check(2, "external_service unknown transient unknown high", "external_service unknown after unknown high");
        same(3, "validation bad_request never none low");
        check(4, "timeout deadline transient unknown medium", "timeout deadline after unknown medium");
        same(5, "business_logic not_found never none medium");
        same(6, "business_logic conflict never none medium");
        same(7, "authorization permission_denied never none high");
        check(8, "quota_exceeded quota never none high", "rate_limit rate_limited after none low");
        same(9, "business_logic precondition never none medium");
        same(10, "business_logic conflict never none medium");
        same(11, "validation bad_request never none low");
        same(12, "configuration unsupported never none high");
        same(13, "external_service server_error never unknown high");
        let after = "external_service unavailable after unknown high";
        check(14, "external_service unavailable transient unknown high", after);
        same(15, "external_service data_loss never unknown high");
        same(16, "authentication not_signed_in never none high");
        for code in [-1, 17, i32::MAX] {
            same(code, unknown);
        }
        assert_eq!(from_grpc(2, None).most_retries(), Some(1));
    }

    #[test]
    fn a_pause_of_ages_is_cut() {
        let fault = from_grpc(14, Some(Duration::MAX));
        assert_eq!(fault.may_work_later(), Later::Throttled(Some(crate::MAX_PAUSE)));
    }
}
