//! The stored form of a ledger: its version, and everything that it needs to go on as if nothing had been. Leaves where it is
//! stored to others.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::entry::Entry;
use super::ledger::{Ledger, MAX_RESOLVED, TOP, Totals};
use super::recent::Recent;
use super::seen::{ByFingerprint, Seen, StoredSeen};
use super::spare::rank;

/// The version of the stored form. The second counts fingerprints of version 2; those of version 1 cannot be made into them.
const VERSION: u32 = 2;

#[derive(Serialize, Deserialize)]
struct Stored<E, R> {
    version: Version,
    seed: u64,
    totals: Totals,
    entries: E,
    seen: StoredSeen,
    recent: R,
    resolved: Vec<(u64, u64)>,
}

/// It stands first and is refused first, since nobody knows what a later version has after it.
#[derive(Serialize)]
#[serde(transparent)]
struct Version(u32);

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Version, D::Error> {
        match u32::deserialize(deserializer)? {
            VERSION => Ok(Version(VERSION)),
            other => Err(serde::de::Error::custom(format!(
                "a ledger of failures has the format {other}, and this version reads {VERSION}"
            ))),
        }
    }
}

impl Serialize for Ledger {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let stored = Stored {
            version: Version(VERSION),
            seed: self.seed,
            totals: self.totals,
            entries: &self.entries,
            seen: StoredSeen::from(&self.seen),
            recent: &self.recent,
            resolved: self.resolved.clone(),
        };
        stored.serialize(serializer)
    }
}

/// What is damaged or of a later version is refused with a message that says which; the caller makes a new one then.
impl<'de> Deserialize<'de> for Ledger {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Ledger, D::Error> {
        let stored = Stored::<Vec<Entry>, Recent>::deserialize(deserializer)?;
        whole(stored).map_err(|flaw| serde::de::Error::custom(format!("a ledger of failures is damaged: {flaw}")))
    }
}

fn whole(stored: Stored<Vec<Entry>, Recent>) -> Result<Ledger, String> {
    if stored.entries.len() > TOP || stored.resolved.len() > MAX_RESOLVED {
        return Err(format!("it has {} entries and {} marks", stored.entries.len(), stored.resolved.len()));
    }
    if let Some(flaw) = stored.recent.flaw() {
        return Err(flaw);
    }
    let mut ledger = Ledger::seeded(stored.seed);
    ledger.entries.reserve_exact(TOP);
    ledger.entries.extend(stored.entries);
    ledger.ranks = ledger.entries.iter().map(|entry| rank(entry.count, entry.span.last)).collect();
    ledger.index = ledger
        .entries
        .iter()
        .enumerate()
        .map(|(place, entry)| (entry.fingerprint, place))
        .collect::<ByFingerprint<_>>();
    if ledger.index.len() != ledger.entries.len() || ledger.entries.iter().any(|entry| entry.count <= entry.over) {
        return Err("an entry stands in it twice, or has a count that cannot be".to_owned());
    }
    ledger.seen = Seen::try_from(stored.seen)?;
    ledger.recent = stored.recent;
    ledger.resolved = stored.resolved;
    ledger.totals = stored.totals;
    Ok(ledger)
}
