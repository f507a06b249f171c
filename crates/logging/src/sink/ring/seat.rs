//! Which buffer of which ring a thread has. A thread that ends gives its buffers back.

use std::cell::RefCell;
use std::sync::{Arc, Weak};

use super::crew::{Crew, Share, Shared};

/// A thread's buffer of one ring.
struct Seat {
    crew: Weak<Crew>,
    id: u64,
    buffer: Shared,
    own: bool,
}

impl Seat {
    fn new(crew: &Arc<Crew>) -> Seat {
        let (buffer, own) = match crew.join() {
            Share::Own(buffer) => (buffer, true),
            Share::Common(buffer) => (buffer, false),
        };
        Seat { crew: Arc::downgrade(crew), id: crew.id, buffer, own }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if let Some(crew) = self.crew.upgrade().filter(|_| self.own) {
            crew.leave(&self.buffer);
        }
    }
}

thread_local! {
    static SEATS: RefCell<Vec<Seat>> = const { RefCell::new(Vec::new()) };
}

/// Lends the thread's buffer; it gets one with its first line.
pub(super) fn with_buffer<R>(crew: &Arc<Crew>, work: impl Fn(&Shared) -> R) -> R {
    let lent = SEATS.try_with(|seats| {
        let mut seats = seats.try_borrow_mut().ok()?;
        let seat = match seats.iter().position(|seat| seat.id == crew.id) {
            Some(found) => found,
            None => {
                // Rings that are gone leave their seats behind; this is when they go.
                seats.retain(|seat| seat.crew.strong_count() > 0);
                seats.push(Seat::new(crew));
                seats.len() - 1
            }
        };
        Some(work(&seats[seat].buffer))
    });
    match lent {
        Ok(Some(done)) => done,
        // A thread that is ending, or a line in the middle of a line: one call with a buffer that is given back at once.
        _ => work(&Seat::new(crew).buffer),
    }
}
