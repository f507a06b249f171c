//! Errors of tokio: what took too long, and tasks that ended otherwise than by returning.

use std::error::Error;

use tokio::task::JoinError;
use tokio::time::error::Elapsed;

use super::super::link::{Sign, cast, is};
use super::super::row::Row;
use crate::Kind;

const ELAPSED: Row =
    Row::new(Kind::Timeout, "timed_out", "the operation took too long", "give it more time or less to do");
const PANIC: Row = Row::new(Kind::Internal, "panic", "a part of the program panicked", "report it with the causes");
const STOPPED: Row = Row::cancelled("a part of the program was stopped", "start it again when it may run");

/// Recognises what waiting in tokio ends with.
pub(super) fn sign(error: &(dyn Error + 'static)) -> Option<Sign> {
    if is::<Elapsed>(error) {
        return Some(Sign::Sure(&ELAPSED));
    }
    let error = cast::<JoinError>(error)?;
    Some(Sign::Sure(if error.is_panic() { &PANIC } else { &STOPPED }))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::classify;
    use crate::classify::row::outline;

    fn check(error: impl Error + 'static, expected: &str) {
        assert_eq!(outline(&classify(&error).fault()), expected);
    }

    #[test]
    fn what_waiting_ends_with_is_known() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let slow = tokio::time::timeout(Duration::ZERO, std::future::pending::<()>()).await;
            check(slow.unwrap_err(), "timeout timed_out transient unknown medium");
            let panicked = tokio::spawn(async { panic!("a bug") }).await;
            check(panicked.unwrap_err(), "internal panic never unknown critical");
            let stopped = tokio::spawn(std::future::pending::<()>());
            stopped.abort();
            check(stopped.await.unwrap_err(), "business_logic cancelled never unknown low");
        });
    }
}
