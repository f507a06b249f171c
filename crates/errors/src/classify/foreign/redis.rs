//! Errors of redis 1: by the word of the server, by the connection, or by what the client could not do.

use std::error::Error;

use redis::{ErrorKind, RedisError};

use super::super::codes::redis_row;
use super::super::link::{Sign, cast};
use super::super::row::Row;
use crate::Kind;

const AGAIN: &str = "try again over a new connection";
const CHECK_ADDRESS: &str = "check that the store is running and its address is right";
const REPORT: &str = "report it: the program uses the store wrongly";

const TIMED_OUT: Row = Row::new(Kind::Timeout, "timed_out", "the store did not answer in time", "try again later");
const REFUSED: Row =
    Row::new(Kind::Network, "connection_refused", "the store refused the connection", CHECK_ADDRESS).no_effect();
const BROKEN: Row = Row::new(Kind::Network, "connection", "the connection to the store broke", AGAIN);
const SIGNED_OUT: Row = Row::new(
    Kind::Authentication,
    "not_signed_in",
    "the store does not accept who is calling",
    "check the user and the password of the store",
)
.no_effect();
const NO_SERVER: Row =
    Row::new(Kind::Database, "unavailable", "no server of the store is there", "try again in a moment").no_effect();
const GARBLED: Row = Row::new(Kind::Parse, "bad_answer", "the answer of the store cannot be read", REPORT);
const WRONG_TYPE: Row =
    Row::new(Kind::Internal, "wrong_type", "the store holds another type of value than expected", REPORT);
const SETTING: Row =
    Row::new(Kind::Configuration, "bad_setting", "the address or a setting of the store is wrong", CHECK_ADDRESS)
        .no_effect();

/// Recognises an error of redis. It hides the `io::Error` below it in an `Arc`, so it has to be asked itself.
pub(super) fn sign(error: &(dyn Error + 'static)) -> Option<Sign> {
    let error = cast::<RedisError>(error)?;
    if let Some(word) = error.code() {
        return Some(Sign::Sure(redis_row(word)));
    }
    Some(Sign::Sure(match error.kind() {
        _ if error.is_timeout() => &TIMED_OUT,
        _ if error.is_connection_refusal() => &REFUSED,
        ErrorKind::Io => &BROKEN,
        ErrorKind::AuthenticationFailed => &SIGNED_OUT,
        ErrorKind::MasterNameNotFoundBySentinel
        | ErrorKind::NoValidReplicasFoundBySentinel
        | ErrorKind::EmptySentinelList
        | ErrorKind::ClusterConnectionNotFound => &NO_SERVER,
        ErrorKind::Parse => &GARBLED,
        ErrorKind::UnexpectedReturnType => &WRONG_TYPE,
        ErrorKind::InvalidClientConfig | ErrorKind::RESP3NotSupported => &SETTING,
        _ => redis_row("ERR"),
    }))
}

#[cfg(test)]
mod tests {
    use std::io;

    use redis::ServerErrorKind;

    use super::*;
    use crate::classify;
    use crate::classify::row::outline;

    /// Checks an error against `kind reason later effect severity`.
    fn check(error: RedisError, expected: &str) {
        assert_eq!(outline(&classify(&error).fault()), expected, "{error}");
    }

    fn client(kind: ErrorKind) -> RedisError {
        RedisError::from((kind, "it failed"))
    }

    #[test]
    fn an_error_of_the_server_is_judged_by_its_word() {
        check(client(ErrorKind::Server(ServerErrorKind::Moved)), "database moved transient none low");
        check(client(ErrorKind::Server(ServerErrorKind::ReadOnly)), "database read_only transient none high");
        check(client(ErrorKind::Server(ServerErrorKind::ResponseError)), "internal redis_error never none critical");
    }

    #[test]
    fn a_connection_that_failed_is_network() {
        let io = |kind: io::ErrorKind| RedisError::from(io::Error::from(kind));
        check(io(io::ErrorKind::TimedOut), "timeout timed_out transient unknown medium");
        check(io(io::ErrorKind::ConnectionRefused), "network connection_refused transient none medium");
        check(io(io::ErrorKind::BrokenPipe), "network connection transient unknown medium");
    }

    #[test]
    fn what_the_client_cannot_do_is_known() {
        check(client(ErrorKind::AuthenticationFailed), "authentication not_signed_in never none high");
        check(client(ErrorKind::EmptySentinelList), "database unavailable transient none high");
        check(client(ErrorKind::Parse), "parse bad_answer never unknown medium");
        check(client(ErrorKind::UnexpectedReturnType), "internal wrong_type never unknown critical");
        check(client(ErrorKind::InvalidClientConfig), "configuration bad_setting never none high");
        check(client(ErrorKind::Client), "internal redis_error never none critical");
    }
}
