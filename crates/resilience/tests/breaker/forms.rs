//! The two forms of a call, so that each probe is written once. Leaves what is probed to the probes.

use std::cell::Cell;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::task::{Context, Poll, Waker};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use segno_resilience::{Breaker, BreakerBuilder, EveryError, Failure, ManualClock, State};

pub(crate) const SECOND: Duration = Duration::from_secs(1);

/// How many callers race.
const CALLERS: usize = 64;

/// What the callers are: tasks, or blocked threads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Form {
    Task,
    Thread,
}

/// How a call ends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ending {
    Success,
    Failure,
    Panic,
}

impl Ending {
    fn result(self) -> Result<(), ()> {
        match self {
            Ending::Success => Ok(()),
            Ending::Failure => Err(()),
            Ending::Panic => panic!("the body panics, as it was told to"),
        }
    }
}

/// Holds a probe against both forms.
pub(crate) fn both(probe: impl Fn(Form)) {
    [Form::Task, Form::Thread].into_iter().for_each(probe);
}

/// A call that is under way.
pub(crate) enum Call {
    Task(Pin<Box<dyn Future<Output = Result<(), Failure<()>>>>>, Rc<Cell<Option<Ending>>>),
    Thread(JoinHandle<Result<(), Failure<()>>>, Sender<Ending>),
}

impl Form {
    /// Makes a call that ends at once, and returns whether it was let through.
    pub(crate) fn call(self, breaker: &Breaker, ending: Ending) -> bool {
        let result = match self {
            Form::Task => catch_unwind(AssertUnwindSafe(|| ready(breaker.run(EveryError, async { ending.result() })))),
            Form::Thread => catch_unwind(AssertUnwindSafe(|| breaker.run_blocking(EveryError, || ending.result()))),
        };
        !result.is_ok_and(|result| result.is_err_and(|failure| failure.is_rejected()))
    }

    /// Begins a call, if it is let through.
    pub(crate) fn begin(self, breaker: &Breaker) -> Option<Call> {
        match self {
            Form::Task => begin_task(breaker.clone()),
            Form::Thread => begin_thread(breaker.clone()),
        }
    }

    /// Lets callers race and returns how many were let through at once.
    pub(crate) fn race(self, breaker: &Breaker) -> usize {
        match self {
            Form::Task => race_tasks(breaker),
            Form::Thread => race_threads(breaker),
        }
    }
}

impl Call {
    /// Ends the call.
    pub(crate) fn end(self, ending: Ending) {
        match self {
            Call::Task(mut future, told) => {
                told.set(Some(ending));
                // Whether it panics was said above.
                let _ = catch_unwind(AssertUnwindSafe(|| assert!(poll(future.as_mut()).is_ready())));
            }
            Call::Thread(thread, told) => {
                told.send(ending).unwrap();
                // As above.
                let _ = thread.join();
            }
        }
    }
}

fn begin_task(breaker: Breaker) -> Option<Call> {
    let told = Rc::new(Cell::new(None));
    let ending = Rc::clone(&told);
    let body = poll_fn(move |_| ending.take().map_or(Poll::Pending, |ending: Ending| Poll::Ready(ending.result())));
    let mut future: Pin<Box<dyn Future<Output = _>>> = Box::pin(async move { breaker.run(EveryError, body).await });
    poll(future.as_mut()).is_pending().then_some(Call::Task(future, told))
}

fn begin_thread(breaker: Breaker) -> Option<Call> {
    let (told, ending) = channel::<Ending>();
    let (begun, has_begun) = channel();
    let thread = thread::spawn(move || {
        breaker.run_blocking(EveryError, || {
            begun.send(()).unwrap();
            ending.recv().unwrap().result()
        })
    });
    // One that is rejected drops the sender.
    has_begun.recv().is_ok().then_some(Call::Thread(thread, told))
}

/// Eight threads poll eight calls each, and none ends before all were polled.
fn race_tasks(breaker: &Breaker) -> usize {
    let threads = 8;
    let (begin, decided, admitted) = (Barrier::new(threads), Barrier::new(threads), AtomicUsize::new(0));
    let body = async || {
        admitted.fetch_add(1, Ordering::Relaxed);
        std::future::pending().await
    };
    let poll_some = || {
        begin.wait();
        let mut calls: Vec<_> = (0..CALLERS / threads).map(|_| Box::pin(breaker.run(EveryError, body()))).collect();
        calls.iter_mut().for_each(|call| _ = poll::<Result<(), Failure<()>>>(call.as_mut()));
        decided.wait();
    };
    thread::scope(|scope| (0..threads).for_each(|_| _ = scope.spawn(poll_some)));
    admitted.into_inner()
}

/// As many threads as callers, and none ends before all were let through or rejected.
fn race_threads(breaker: &Breaker) -> usize {
    let (begin, decided, admitted) = (Barrier::new(CALLERS), Barrier::new(CALLERS), AtomicUsize::new(0));
    let call = || {
        begin.wait();
        let result = breaker.run_blocking(EveryError, || {
            admitted.fetch_add(1, Ordering::Relaxed);
            decided.wait();
            Ok::<_, ()>(())
        });
        if result.is_err() {
            decided.wait();
        }
    };
    thread::scope(|scope| (0..CALLERS).for_each(|_| _ = scope.spawn(call)));
    admitted.into_inner()
}

/// Builds a breaker that stays open for a second.
pub(crate) fn built(builder: BreakerBuilder) -> (Breaker, ManualClock) {
    let hands = ManualClock::new();
    (builder.open_for(SECOND).clock(hands.clock()).build().unwrap(), hands)
}

/// Builds a breaker that failed and may let probes through now.
pub(crate) fn due(builder: BreakerBuilder) -> (Breaker, ManualClock) {
    let (breaker, hands) = built(builder);
    while breaker.state() == State::Closed {
        breaker.try_acquire().unwrap().failure();
    }
    assert!(breaker.try_acquire().is_err());
    hands.advance(SECOND);
    (breaker, hands)
}

/// Polls a future once.
pub(crate) fn poll<T>(future: Pin<&mut (impl Future<Output = T> + ?Sized)>) -> Poll<T> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Returns what a future comes to that has nothing to wait for.
fn ready<T>(future: impl Future<Output = T>) -> T {
    match poll(pin!(future)) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("it has nothing to wait for"),
    }
}
