//! The queue: one line for each priority, each place found by its number, so that whoever leaves from the
//! middle costs as much as whoever comes first. Leaves seats, locks and waking to `seats`.

use std::task::Waker;

use super::Priority;

/// The number of a place in the queue, valid until it is given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place(u32);

/// The end of a line.
const NONE: u32 = u32::MAX;

/// What became of who stands at a place.
#[derive(Debug, Default)]
pub(super) enum Standing {
    /// It waits, and is woken by this.
    Waits(Waker),
    /// A seat is its own, and counted already.
    Seated,
    /// It had to leave for somebody who matters more.
    Displaced,
    /// Nobody stands here.
    #[default]
    Empty,
}

#[derive(Debug)]
struct Node {
    standing: Standing,
    priority: Priority,
    before: u32,
    behind: u32,
}

#[derive(Clone, Copy, Debug)]
struct Ends {
    first: u32,
    last: u32,
}

/// All lines. Places that are given back are used again, so that nothing is allocated once the queue has
/// been as long as it gets.
#[derive(Debug)]
pub(super) struct Lines {
    nodes: Vec<Node>,
    unused: u32,
    ends: [Ends; Priority::ALL.len()],
    waiting: u32,
}

impl Lines {
    pub(super) fn new() -> Lines {
        let ends = [Ends { first: NONE, last: NONE }; Priority::ALL.len()];
        Lines { nodes: Vec::new(), unused: NONE, ends, waiting: 0 }
    }

    /// Returns how many wait.
    pub(super) fn waiting(&self) -> u32 {
        self.waiting
    }

    /// Lets somebody stand at the end of its line; `None` when there are no more numbers.
    pub(super) fn join(&mut self, priority: Priority, waker: Waker) -> Option<Place> {
        let place = self.unused_place(priority)?;
        let ends = &mut self.ends[priority as usize];
        let before = std::mem::replace(&mut ends.last, place);
        match before {
            NONE => ends.first = place,
            _ => self.node(before).behind = place,
        }
        *self.node(place) = Node { standing: Standing::Waits(waker), priority, before, behind: NONE };
        self.waiting += 1;
        Some(Place(place))
    }

    /// Gives a seat to who comes next: the first of those who matter most. Returns what wakes it.
    pub(super) fn seat_next(&mut self) -> Option<Waker> {
        let ends = self.ends.iter().rev().find(|ends| ends.first != NONE)?;
        self.settle(ends.first, Standing::Seated)
    }

    /// Makes the newest of those who matter least leave for somebody of this priority, if anybody matters
    /// less. Returns what wakes it.
    pub(super) fn displace_below(&mut self, priority: Priority) -> Option<Waker> {
        let ends = self.ends[..priority as usize].iter().find(|ends| ends.last != NONE)?;
        self.settle(ends.last, Standing::Displaced)
    }

    /// Returns what became of who stands at a place; its waker may be replaced.
    pub(super) fn standing(&mut self, place: Place) -> &mut Standing {
        &mut self.node(place.0).standing
    }

    /// Gives a place back and returns what had become of who stood there.
    pub(super) fn leave(&mut self, Place(place): Place) -> Standing {
        if matches!(self.node(place).standing, Standing::Waits(_)) {
            self.unlink(place);
        }
        let unused = std::mem::replace(&mut self.unused, place);
        let node = self.node(place);
        node.behind = unused;
        std::mem::take(&mut node.standing)
    }

    /// Takes somebody out of its line, who learns what became of it when it is polled next.
    fn settle(&mut self, place: u32, outcome: Standing) -> Option<Waker> {
        self.unlink(place);
        match std::mem::replace(&mut self.node(place).standing, outcome) {
            Standing::Waits(waker) => Some(waker),
            Standing::Seated | Standing::Displaced | Standing::Empty => None,
        }
    }

    fn unlink(&mut self, place: u32) {
        let &mut Node { priority, before, behind, .. } = self.node(place);
        match before {
            NONE => self.ends[priority as usize].first = behind,
            _ => self.node(before).behind = behind,
        }
        match behind {
            NONE => self.ends[priority as usize].last = before,
            _ => self.node(behind).before = before,
        }
        self.waiting -= 1;
    }

    fn unused_place(&mut self, priority: Priority) -> Option<u32> {
        if self.unused != NONE {
            let place = self.unused;
            self.unused = self.node(place).behind;
            return Some(place);
        }
        let place = u32::try_from(self.nodes.len()).ok().filter(|place| *place != NONE)?;
        self.nodes.push(Node { standing: Standing::Empty, priority, before: NONE, behind: NONE });
        Some(place)
    }

    fn node(&mut self, place: u32) -> &mut Node {
        &mut self.nodes[place as usize]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// One thing that happens to a queue.
    #[derive(Clone, Debug)]
    enum Step {
        Join(Priority),
        Seat,
        Displace(Priority),
        /// Somebody leaves: the one at this index of all who have a place.
        Leave(usize),
    }

    fn priority() -> impl Strategy<Value = Priority> {
        proptest::sample::select(&Priority::ALL[..])
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            3 => priority().prop_map(Step::Join),
            1 => Just(Step::Seat),
            1 => priority().prop_map(Step::Displace),
            1 => any::<usize>().prop_map(Step::Leave),
        ]
    }

    /// The slow and obvious queue: everybody who has a place, in the order of arrival.
    #[derive(Debug, Default)]
    struct Plain(Vec<(Place, Priority, &'static str)>);

    impl Plain {
        fn settle(&mut self, wanted: impl Fn(Priority) -> bool, is_newest: bool, outcome: &'static str) -> bool {
            let waits = |(_, priority, standing): &(Place, Priority, &str)| *standing == "waits" && wanted(*priority);
            let all = self.0.iter().enumerate().filter(|(_, entry)| waits(entry)).map(|(at, entry)| (at, entry.1));
            let chosen = match is_newest {
                true => all.min_by_key(|(at, priority)| (*priority, usize::MAX - at)),
                false => all.max_by_key(|(at, priority)| (*priority, usize::MAX - at)),
            };
            chosen.inspect(|(at, _)| self.0[*at].2 = outcome).is_some()
        }
    }

    fn name(standing: &Standing) -> &'static str {
        match standing {
            Standing::Waits(_) => "waits",
            Standing::Seated => "seated",
            Standing::Displaced => "displaced",
            Standing::Empty => "empty",
        }
    }

    proptest! {
        #[test]
        fn the_queue_agrees_with_the_plain_one(steps in proptest::collection::vec(step(), 0..60)) {
            let (mut lines, mut plain) = (Lines::new(), Plain::default());
            for step in steps {
                match step {
                    Step::Join(priority) => {
                        let place = lines.join(priority, Waker::noop().clone()).unwrap();
                        plain.0.push((place, priority, "waits"));
                    }
                    Step::Seat => prop_assert_eq!(lines.seat_next().is_some(), plain.settle(|_| true, false, "seated")),
                    Step::Displace(by) => {
                        let expected = plain.settle(|priority| priority < by, true, "displaced");
                        prop_assert_eq!(lines.displace_below(by).is_some(), expected);
                    }
                    Step::Leave(_) if plain.0.is_empty() => {}
                    Step::Leave(index) => {
                        let (place, _, standing) = plain.0.remove(index % plain.0.len());
                        prop_assert_eq!(name(&lines.leave(place)), standing);
                    }
                }
                let waiting = plain.0.iter().filter(|(.., standing)| *standing == "waits").count();
                prop_assert_eq!(lines.waiting() as usize, waiting);
                for (place, _, standing) in &plain.0 {
                    prop_assert_eq!(name(lines.standing(*place)), *standing);
                }
            }
        }

        #[test]
        fn places_are_used_again(rounds in 1..50usize, long in 1..5u32) {
            let mut lines = Lines::new();
            for _ in 0..rounds {
                let places: Vec<_> = (0..long).map(|_| lines.join(Priority::Low, Waker::noop().clone()).unwrap()).collect();
                places.into_iter().for_each(|place| _ = lines.leave(place));
            }
            prop_assert_eq!(lines.nodes.len(), long as usize);
        }
    }
}
