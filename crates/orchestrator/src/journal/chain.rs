//! The checksum chain of a run: each event's sum covers its text and the sum before it.

use crate::model::{Event, RunId};

/// The version of the stored events; part of each chain's seed, so another version cannot be mistaken for this one.
pub(super) const VERSION: u32 = 1;

/// The first 16 bytes of a BLAKE3 hash.
pub(super) type Sum = [u8; 16];

/// Where a run's chain stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Chain {
    pub(super) seq: u64,
    pub(super) sum: Sum,
}

impl Chain {
    /// Starts the chain of a run.
    pub(super) fn start(run: &RunId) -> Chain {
        let seed = format!("segno journal {VERSION} {run}");
        Chain { seq: 0, sum: cut(blake3::hash(seed.as_bytes())) }
    }

    /// Returns the chain after an event with this text.
    pub(super) fn next(&self, body: &str) -> Chain {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.sum).update(&(self.seq + 1).to_le_bytes()).update(body.as_bytes());
        Chain { seq: self.seq + 1, sum: cut(hasher.finalize()) }
    }

    /// Checks a stored event: its number, its sum, its form.
    pub(super) fn check(&self, seq: u64, body: &str, sum: &[u8]) -> Result<(Chain, Event), String> {
        if seq != self.seq + 1 {
            return Err(format!("event {} is missing", self.seq + 1));
        }
        let next = self.next(body);
        if next.sum != sum {
            return Err(format!("event {seq} does not match its checksum"));
        }
        let event: Event =
            serde_json::from_str(body).map_err(|error| format!("event {seq} is not understood: {error}"))?;
        match event.seq == seq {
            true => Ok((next, event)),
            false => Err(format!("event {seq} bears another number")),
        }
    }
}

fn cut(hash: blake3::Hash) -> Sum {
    let mut sum = Sum::default();
    sum.copy_from_slice(&hash.as_bytes()[..16]);
    sum
}
