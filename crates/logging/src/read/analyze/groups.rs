//! A bounded number of groups, each with what was gathered for it. Which key a line has is decided by others.
//!
//! When there are too many groups, the light ones are let go: their lines stay counted, and a bound says how much a count that
//! is told may be too low. A key that is heavy stays, however late it comes.

use std::collections::HashMap;

use super::by::parts;

/// What is gathered for one key.
pub(crate) trait Gathered: Default {
    /// Returns how many lines it stands for.
    fn weight(&self) -> u64;
    /// Adds what was gathered elsewhere, from later lines.
    fn join(&mut self, other: Self);
}

impl Gathered for u64 {
    fn weight(&self) -> u64 {
        *self
    }

    fn join(&mut self, other: u64) {
        *self += other;
    }
}

/// Groups by their keys.
#[derive(Clone, Debug)]
pub(crate) struct Groups<V> {
    /// Where each key's group stands: one look a line, and the groups stay together.
    places: HashMap<Box<str>, usize>,
    groups: Vec<V>,
    /// How many are kept at least; twice as many are let be before the light ones go.
    limit: usize,
    /// Lines of groups that were let go.
    others: u64,
    /// No group that was let go, or came back, lacks more lines than this.
    missing: u64,
}

impl<V: Gathered> Groups<V> {
    pub(crate) fn new(limit: usize) -> Groups<V> {
        Groups { places: HashMap::new(), groups: Vec::new(), limit: limit.max(1), others: 0, missing: 0 }
    }

    /// Returns what is gathered for a key.
    pub(crate) fn of(&mut self, key: &str) -> &mut V {
        let place = match self.places.get(key) {
            Some(place) => *place,
            None => {
                self.make_room(self.limit.saturating_mul(2).saturating_sub(1));
                self.places.insert(key.into(), self.groups.len());
                self.groups.push(V::default());
                self.groups.len() - 1
            }
        };
        &mut self.groups[place]
    }

    /// Adds what was gathered elsewhere.
    pub(crate) fn join(&mut self, other: Groups<V>) {
        self.others += other.others;
        self.missing += other.missing;
        let mut groups: Vec<Option<V>> = other.groups.into_iter().map(Some).collect();
        for (key, place) in other.places {
            let Some(gathered) = groups[place].take() else { continue };
            match self.places.get(&key) {
                Some(known) => self.groups[*known].join(gathered),
                None => {
                    self.places.insert(key, self.groups.len());
                    self.groups.push(gathered);
                }
            }
        }
        self.make_room(self.limit.saturating_mul(2));
    }

    /// Returns the groups, the heaviest first, those of one weight by their keys.
    pub(crate) fn heaviest(&self) -> Vec<(&str, &V)> {
        let mut groups: Vec<(&str, &V)> =
            self.places.iter().map(|(key, place)| (&**key, &self.groups[*place])).collect();
        groups.sort_by(|(key, one), (other_key, other)| {
            other.weight().cmp(&one.weight()).then_with(|| parts(key).cmp(&parts(other_key)))
        });
        groups
    }

    /// Returns how many lines belong to groups that are not there.
    pub(crate) fn others(&self) -> u64 {
        self.others
    }

    /// Returns how much a count may be too low; 0 when all are exact.
    pub(crate) fn missing(&self) -> u64 {
        self.missing
    }

    /// Lets light groups go when there are more than so many, until there are no more than the limit.
    fn make_room(&mut self, most: usize) {
        if self.groups.len() <= most {
            return;
        }
        let mut weights: Vec<u64> = self.groups.iter().map(Gathered::weight).collect();
        let at = self.limit.min(weights.len() - 1);
        let (_, light, _) = weights.select_nth_unstable_by(at, |one, other| other.cmp(one));
        let light = *light;
        let mut groups: Vec<Option<V>> = std::mem::take(&mut self.groups).into_iter().map(Some).collect();
        self.places.retain(|_, place| match groups[*place].take() {
            Some(gathered) if gathered.weight() > light => {
                *place = self.groups.len();
                self.groups.push(gathered);
                true
            }
            gathered => {
                self.others += gathered.as_ref().map_or(0, Gathered::weight);
                false
            }
        });
        self.missing += light;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn counted(keys: &[String], limit: usize) -> Groups<u64> {
        let mut groups = Groups::new(limit);
        keys.iter().for_each(|key| *groups.of(key) += 1);
        groups
    }

    /// Compares what is told with the plain counts.
    fn check(groups: &Groups<u64>, keys: &[String]) {
        let truth = |key: &str| keys.iter().filter(|known| *known == key).count() as u64;
        let told = groups.heaviest();
        for (key, count) in &told {
            let truth = truth(key);
            assert!(**count <= truth && truth <= **count + groups.missing(), "{key}: {count} of {truth}");
        }
        let all: u64 = told.iter().map(|(_, count)| **count).sum();
        assert_eq!(all + groups.others(), keys.len() as u64);
        for key in keys.iter().filter(|key| truth(key) > groups.missing()) {
            assert!(told.iter().any(|(known, _)| known == key), "{key} is heavy and was let go");
        }
    }

    #[test]
    fn a_heavy_key_stays_however_late_it_comes() {
        let mut keys: Vec<String> = (0..1_000).map(|number| format!("once {number}")).collect();
        keys.extend((0..100).map(|_| "heavy".to_owned()));
        let groups = counted(&keys, 10);
        check(&groups, &keys);
        assert_eq!(groups.heaviest()[0].0, "heavy");
    }

    proptest! {
        #[test]
        fn counts_are_exact_or_say_how_far_off(
            keys in proptest::collection::vec("[a-f]{1,2}", 0..300), limit in 1_usize..40, at in 0_usize..300,
        ) {
            check(&counted(&keys, limit), &keys);
            let (one, other) = keys.split_at(at.min(keys.len()));
            let mut joined = counted(one, limit);
            joined.join(counted(other, limit));
            check(&joined, &keys);
            let distinct = keys.iter().collect::<std::collections::BTreeSet<_>>().len();
            prop_assert!(distinct > limit || joined.missing() == 0);
        }
    }
}
