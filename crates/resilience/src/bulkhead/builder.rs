//! Building a bulkhead piece by piece; every bad number is an error here and none a panic later. Leaves what
//! the numbers mean to `limit` and `seats`.

use std::time::Duration;

use super::{Bulkhead, Seats};
use crate::{Clock, Error, Part};

/// The pieces of a [`Bulkhead`], begun with [`Bulkhead::max`].
#[must_use = "a builder does nothing until `build` is called"]
#[derive(Clone, Debug)]
pub struct BulkheadBuilder {
    max: u32,
    queue: u32,
    max_wait: Option<Duration>,
    clock: Option<Clock>,
}

impl Bulkhead {
    /// Starts a bulkhead of so many calls at a time. Nobody waits unless a [queue](BulkheadBuilder::queue)
    /// is set.
    pub fn max(max: u32) -> BulkheadBuilder {
        BulkheadBuilder { max, queue: 0, max_wait: None, clock: None }
    }
}

impl BulkheadBuilder {
    /// Sets how many may wait; 0 unless set, which rejects at once.
    pub fn queue(self, queue: u32) -> BulkheadBuilder {
        BulkheadBuilder { queue, ..self }
    }

    /// Sets how long a call may wait; as long as it takes unless set.
    pub fn max_wait(self, wait: Duration) -> BulkheadBuilder {
        BulkheadBuilder { max_wait: Some(wait), ..self }
    }

    /// Sets the clock, which is the system's unless set.
    pub fn clock(self, clock: Clock) -> BulkheadBuilder {
        BulkheadBuilder { clock: Some(clock), ..self }
    }

    /// Checks the numbers and returns the bulkhead.
    ///
    /// # Errors
    ///
    /// [`Error::Number`] for a bulkhead of 0.
    pub fn build(self) -> Result<Bulkhead, Error> {
        self.build_on(&Clock::system())
    }
}

pub(super) fn checked(max: u32) -> Result<(), Error> {
    match max {
        0 => Err(Error::number("the size of a bulkhead", "at least 1", max)),
        _ => Ok(()),
    }
}

impl Part<Bulkhead> for BulkheadBuilder {
    fn build_on(self, clock: &Clock) -> Result<Bulkhead, Error> {
        let BulkheadBuilder { max, queue, max_wait, .. } = self;
        checked(max)?;
        let clock = self.clock.unwrap_or_else(|| clock.clone());
        Ok(Bulkhead::of(Seats::new(max, queue), max_wait, clock))
    }
}

impl Part<Bulkhead> for Bulkhead {
    fn build_on(self, _: &Clock) -> Result<Bulkhead, Error> {
        Ok(self)
    }
}
