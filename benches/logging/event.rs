//! The event that all contestants write: a message, three texts, a float, a count and a flag, inside two spans of two fields.

use tracing::{Dispatch, dispatcher, info, info_span};

/// Emits so many events, inside the spans that a request has.
pub(crate) fn emit(dispatch: &Dispatch, events: u64) {
    dispatcher::with_default(dispatch, || {
        let _request = info_span!("request", correlation_id = "20260101-120000-abcd", user = "ada").entered();
        let _step = info_span!("step", step = "review[3]", attempt = 2_u64).entered();
        (0..events).for_each(one);
    });
}

fn one(number: u64) {
    info!(
        method = "GET",
        path = "/api/v1/orders/4711",
        agent = "curl/8.5.0 (x86_64-pc-linux-gnu)",
        took_ms = number as f64 * 0.25,
        bytes = number,
        cached = number.is_multiple_of(2),
        "request answered"
    );
}
