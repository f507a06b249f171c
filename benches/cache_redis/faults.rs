//! What happens to the server, and what is measured before, meanwhile and after.

use std::time::{Duration, Instant};

use crate::babbler::Manners;
use crate::caller::{Caller, Mixed, Watch};
use crate::place::Place;
use crate::table::{Outage, Row};

/// The bar for a server that is there again; also, no call may take so long.
pub(crate) const BACK_WITHIN: Duration = Duration::from_secs(30);

/// Others ask so long before a fault.
const BEFORE: Duration = Duration::from_millis(300);
const STEP: Duration = Duration::from_millis(1);
/// While a fault only lasts, less is put: the disk is to stay as it was measured.
const SELDOM: Duration = Duration::from_millis(20);

/// How much is done.
#[derive(Clone)]
pub(crate) struct Scale {
    pub(crate) keys: u64,
    /// A fault lasts at least so long. Probes come ever more seldom: what is away for long is missed longer.
    lasts: Duration,
}

impl Scale {
    pub(crate) const WHOLE: Scale = Scale { keys: 10_000, lasts: Duration::from_secs(10) };
    pub(crate) const TEST: Scale = Scale { keys: 40, lasts: Duration::ZERO };
}

type End = fn(&mut Place);

/// How long gets took meanwhile, how long the longest call as it began, and after how long the server was in use again.
type Measured = (Mixed, Duration, Option<Duration>);

/// What happens, and how it ends.
pub(crate) struct Fault {
    name: &'static str,
    begins: fn(&mut Place),
    /// Nothing if it has ended as soon as it has begun.
    ends: Option<End>,
}

pub(crate) const FAULTS: [Fault; 6] = [
    Fault { name: "killed", begins: Place::kill, ends: Some(Place::restart) },
    Fault { name: "stopped", begins: Place::pause, ends: Some(Place::resume) },
    Fault { name: "restarted empty", begins: Place::restart, ends: None },
    Fault {
        name: "nonsense at once",
        begins: |place| place.babble(Manners::None, b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"),
        ends: Some(Place::restart),
    },
    Fault {
        name: "nonsense after its greeting",
        begins: |place| place.babble(Manners::Greets, &noise()),
        ends: Some(Place::restart),
    },
    Fault {
        name: "answers to no question",
        begins: |place| place.babble(Manners::Echoes, b":1\r\n:2\r\n:3\r\n:4\r\n"),
        ends: Some(Place::restart),
    },
];

impl Fault {
    /// Lets it happen while others ask, and says what that cost them.
    pub(crate) async fn measured(&self, place: &mut Place, caller: &Caller, scale: &Scale) -> Row {
        let watch = caller.watch(scale);
        tokio::time::sleep(BEFORE).await;
        caller.take_longest();
        let (Mixed { joined, alone }, longest_going, back) = match self.ends {
            Some(ends) => self.lasting(ends, place, caller, scale, watch).await,
            None => self.short(place, caller, scale, watch).await,
        };
        let outage = Outage { alone, longest_going, longest_coming: caller.take_longest(), back };
        Row { name: self.name, times: joined, failed: caller.take_failed(), outage: Some(outage) }
    }

    /// Asks once the layer is skipped, ends the fault, and waits until the server is in use again.
    async fn lasting(&self, ends: End, place: &mut Place, caller: &Caller, scale: &Scale, watch: Watch) -> Measured {
        let begun = Instant::now();
        (self.begins)(place);
        until(async || caller.is_degraded()).await.expect("a layer that is away is skipped");
        watch.stop().await;
        let longest_going = caller.take_longest();
        let times = caller.mixed(scale).await;
        while begun.elapsed() < scale.lasts {
            caller.turn(scale).await;
            tokio::time::sleep(SELDOM).await;
        }
        caller.take_longest();
        ends(place);
        (times, longest_going, until(async || is_used(place, caller, scale).await).await)
    }

    /// Asks all the while: before the fault is noticed, while it lasts, and when it is over.
    async fn short(&self, place: &mut Place, caller: &Caller, scale: &Scale, watch: Watch) -> Measured {
        let asked = tokio::spawn({
            let (caller, scale) = (caller.clone(), scale.clone());
            async move { caller.mixed(&scale).await }
        });
        (self.begins)(place);
        let longest_going = caller.take_longest();
        let back = until(async || is_used(place, caller, scale).await).await;
        watch.stop().await;
        (asked.await.expect("who asks does not panic"), longest_going, back)
    }
}

/// Puts something, and returns whether it came to the server.
async fn is_used(place: &Place, caller: &Caller, scale: &Scale) -> bool {
    let before = place.entries();
    caller.turn(scale).await;
    !caller.is_degraded() && place.entries() > before
}

/// Asks until it is so, and returns after how long that was, or nothing if it was not in time.
async fn until(mut is_so: impl AsyncFnMut() -> bool) -> Option<Duration> {
    let begun = Instant::now();
    while begun.elapsed() < BACK_WITHIN {
        if is_so().await {
            return Some(begun.elapsed());
        }
        tokio::time::sleep(STEP).await;
    }
    None
}

/// Bytes without a meaning, always the same.
fn noise() -> Vec<u8> {
    (0..100_000_u32).map(|place| (place.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}
