//! Errors of hyper 1. What it got from the operating system lies below and says more. The tests stand with `reqwest`,
//! because hyper alone makes no error that anybody could construct.

use std::error::Error;

use super::super::link::{Sign, cast};
use super::super::row::Row;
use crate::Kind;

const AGAIN: &str = "try again over a new connection";
const REPORT: &str = "report it with the causes";

const TIMED_OUT: Row = Row::new(Kind::Timeout, "timed_out", "the other side did not answer in time", "try again later");
const UNSENT: Row =
    Row::new(Kind::Network, "not_connected", "the connection was gone before the request went out", AGAIN).no_effect();
const CUT: Row = Row::new(Kind::Network, "unexpected_end", "the connection ended before the answer did", AGAIN);
const GARBLED: Row =
    Row::new(Kind::ExternalService, "protocol", "the other side did not speak proper HTTP", "check the address")
        .never();
const MISUSED: Row = Row::new(Kind::Internal, "misuse", "the program used HTTP in a way that is not allowed", REPORT);
const BROKEN: Row = Row::new(Kind::Network, "connection", "the connection broke", AGAIN);

/// Recognises an error of hyper.
pub(super) fn sign(error: &(dyn Error + 'static)) -> Option<Sign> {
    let error = cast::<hyper::Error>(error)?;
    Some(if error.is_timeout() {
        Sign::Sure(&TIMED_OUT)
    } else if error.is_canceled() || error.is_closed() {
        Sign::Sure(&UNSENT)
    } else if error.is_incomplete_message() {
        Sign::Sure(&CUT)
    } else if error.is_parse() {
        Sign::Sure(&GARBLED)
    } else if error.is_user() {
        Sign::Maybe(&MISUSED)
    } else {
        Sign::Maybe(&BROKEN)
    })
}
