//! A call as a future, of which the first attempt is made in place. By hand, because most calls succeed at
//! once, and an `async` block would move closures, futures and results about, which costs ten times as
//! much. Leaves what comes after a failure to `call` and `shells`.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;

use super::Retry;
use super::call::{Call, Made, Then};
use super::nested::Ears;
use crate::clock::Moment;
use crate::rest::Task;
use crate::timeout::{Timed, timed};
use crate::{Attempt, Classify, Failure, Limit, Verdict};

pin_project! {
    /// A call with a retry round it.
    pub(super) struct Run<'a, C, F, Fut, G, Rest> {
        retry: &'a Retry,
        // The judge and the body; gone once the first attempt has failed.
        parts: Option<(C, F)>,
        // Makes the future of all attempts after the first.
        go_on: G,
        until: Moment,
        ears: Ears,
        #[pin]
        first: Option<Timed<'a, Task, Fut>>,
        // On the heap: a call that succeeds at once does not carry the room for it.
        rest: Option<Pin<Box<Rest>>>,
    }
}

impl<'a, C, F, Fut, G, Rest> Run<'a, C, F, Fut, G, Rest> {
    #[inline]
    pub(super) fn new(retry: &'a Retry, classify: C, body: F, go_on: G) -> Run<'a, C, F, Fut, G, Rest> {
        let parts = Some((classify, body));
        Run { retry, parts, go_on, until: Moment::MAX, ears: Ears::open(), first: None, rest: None }
    }
}

impl<'a, T, E, C, F, Fut, G, Rest> Future for Run<'a, C, F, Fut, G, Rest>
where
    C: Classify<T, E>,
    F: FnMut(Attempt) -> Fut,
    Fut: Future<Output = Result<T, E>>,
    G: Fn(Call<'a, E>, Duration, C, F) -> Rest,
    Rest: Future<Output = Result<T, Failure<E>>>,
{
    type Output = Result<T, Failure<E>>;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<T, Failure<E>>> {
        let mut this = self.project();
        if let Some(rest) = this.rest {
            return rest.as_mut().poll(context);
        }
        let retry = *this.retry;
        let (classify, body) = this.parts.as_mut().expect("a future that has ended is not polled");
        this.ears.resume();
        if this.first.is_none() {
            *this.until = retry.until();
            let body = body(retry.attempt(1, *this.until));
            this.first.set(Some(timed(Task, &retry.clock, (None, *this.until), body)));
        }
        let first = this.first.as_mut().as_pin_mut().expect("it was set above");
        let Poll::Ready(result) = first.poll(context) else {
            this.ears.pause();
            return Poll::Pending;
        };
        let made = match result {
            Some(result) => match (classify.verdict(&result), result) {
                (Verdict::Ok, Ok(value)) => {
                    retry.pay_in();
                    return Poll::Ready(Ok(value));
                }
                (verdict, result) => Made::Judged(result, verdict),
            },
            None => Made::TimedOut(Limit::Deadline, retry.deadline.unwrap_or_default()),
        };
        this.first.set(None);
        let (call, wait) = match retry.after_first(*this.until, made, this.ears) {
            Then::Return(result) => return Poll::Ready(result),
            Then::Wait(call, wait) => (call, wait),
        };
        let (classify, body) = this.parts.take().expect("they were there above");
        let rest = this.rest.insert(Box::pin((this.go_on)(call, wait, classify, body)));
        rest.as_mut().poll(context)
    }
}
