//! The future: time runs from its first poll to its value, or to where it is dropped.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use super::{Operation, Outcome, Timer};

pin_project! {
    /// A future that is timed, from [`Operation::future`].
    #[derive(Debug)]
    #[must_use = "a future does nothing unless it is polled"]
    pub struct Timed<F: Future> {
        #[pin]
        future: F,
        operation: Operation,
        judge: fn(&F::Output) -> Outcome,
        timer: Option<Timer>,
    }
}

impl<F: Future> Timed<F> {
    pub(super) fn of(operation: Operation, future: F, judge: fn(&F::Output) -> Outcome) -> Timed<F> {
        Timed { future, operation, judge, timer: None }
    }
}

impl<F: Future> Future for Timed<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        this.timer.get_or_insert_with(|| Timer::begin(this.operation, Outcome::Cancelled));
        let value = ready!(this.future.poll(context));
        if let Some(timer) = this.timer.take() {
            timer.end((this.judge)(&value));
        }
        Poll::Ready(value)
    }
}
