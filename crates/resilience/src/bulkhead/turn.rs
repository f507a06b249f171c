//! Waiting for a seat: a future that stands in the queue from its first poll until it is seated, displaced
//! or dropped. Leaves who comes next to `seats`.

use std::pin::Pin;
use std::task::{Context, Poll};

use super::Priority;
use super::line::Place;
use super::seats::{Joined, Seats};

/// The wait for a seat; true when there is one, which then has to be given back.
pub(super) struct Turn<'a> {
    seats: &'a Seats,
    priority: Priority,
    place: Option<Place>,
}

impl<'a> Turn<'a> {
    pub(super) fn of(seats: &'a Seats, priority: Priority) -> Turn<'a> {
        Turn { seats, priority, place: None }
    }
}

impl Future for Turn<'_> {
    type Output = bool;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<bool> {
        let waker = context.waker().clone();
        if let Some(place) = self.place {
            let outcome = self.seats.look(place, waker);
            if outcome.is_some() {
                self.place = None;
            }
            return outcome.map_or(Poll::Pending, Poll::Ready);
        }
        match self.seats.join(self.priority, waker) {
            Joined::Seated => Poll::Ready(true),
            Joined::Full => Poll::Ready(false),
            Joined::Waits(place) => {
                self.place = Some(place);
                Poll::Pending
            }
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            self.seats.give_up(place);
        }
    }
}
