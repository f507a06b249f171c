//! Gathers a summary line by line, with one look for a line's component and no copy of a name that is known.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use super::super::analyze::Sketch;
use super::super::{Level, Line, Tally, Timestamp, Value};
use super::summary::{SKIPS, Summary};

/// A segment with more groups of level and component has no sidecar: it would be no small file.
const MAX_GROUPS: usize = 4_096;
/// Of a segment with more numeric fields by component, their quantiles are not kept.
const MAX_NUMBERS: usize = 1_024;
/// So few numbers of a line are looked through one by one.
const FEW: usize = 16;
/// A segment with a longer name of a component has no sidecar.
const MAX_NAME: usize = 256;
/// Those with a level, and those without.
const KINDS: usize = 6;

/// A summary in the making.
#[derive(Default)]
pub(super) struct Gather {
    from: Option<Timestamp>,
    until: Option<Timestamp>,
    timeless: u64,
    /// Where each component's group stands.
    places: HashMap<Option<Box<str>>, usize>,
    groups: Vec<Group>,
    /// How many sketches there are.
    sketches: usize,
    /// There are more numeric fields than are kept, or one with a name that is too long.
    without_numbers: bool,
    /// There are more components than are kept, or one with a name that is too long, so that a filter could not be asked
    /// of it.
    is_wide: bool,
}

/// What is known of a component's lines.
#[derive(Default)]
struct Group {
    /// From DEBUG to FATAL, and without a level.
    counts: [u64; KINDS],
    numbers: Vec<(Box<str>, Sketch)>,
}

impl Gather {
    pub(super) fn see(&mut self, line: &Line<'_>) {
        match line.timestamp() {
            None => self.timeless += 1,
            Some(at) => {
                self.from = [self.from, Some(at)].into_iter().flatten().min();
                self.until = self.until.max(Some(at));
            }
        }
        let component = line.component();
        let is_long = component.as_ref().is_some_and(|component| component.len() > MAX_NAME);
        if is_long || self.groups.len() > MAX_GROUPS {
            self.is_wide = true;
            return;
        }
        let place = self.place(component);
        let kind = line.level().map_or(KINDS - 1, |level| level as usize);
        self.groups[place].counts[kind] += 1;
        if !self.without_numbers {
            match numbers_of(line.fields()) {
                Some(numbers) => {
                    numbers.into_iter().for_each(|(key, number)| self.sketch(place, &key).add(number));
                }
                None => self.without_numbers = true,
            }
        }
    }

    /// Says whether no sidecar can hold it, whatever comes.
    #[cfg(feature = "subscriber")]
    pub(super) fn is_wide(&self) -> bool {
        self.is_wide
    }

    pub(super) fn join(&mut self, other: Gather) {
        self.from = [self.from, other.from].into_iter().flatten().min();
        self.until = self.until.max(other.until);
        self.timeless += other.timeless;
        self.is_wide |= other.is_wide;
        self.without_numbers |= other.without_numbers;
        let mut groups: Vec<Option<Group>> = other.groups.into_iter().map(Some).collect();
        for (component, from) in other.places {
            let Some(group) = groups[from].take() else { continue };
            let place = self.place(component.as_deref().map(Cow::Borrowed));
            self.groups[place].counts.iter_mut().zip(group.counts).for_each(|(count, more)| *count += more);
            group.numbers.into_iter().for_each(|(key, sketch)| self.sketch(place, &key).join(sketch));
        }
    }

    /// Returns what is known, with what was read; `None` when a sidecar cannot hold it.
    pub(super) fn finish(self, tally: &Tally) -> Option<Summary> {
        let (mut counts, mut numbers) = (BTreeMap::new(), BTreeMap::new());
        let mut groups: Vec<Option<Group>> = self.groups.into_iter().map(Some).collect();
        for (component, place) in self.places {
            let Some(group) = groups[place].take() else { continue };
            let component = component.map(String::from);
            let levels = Level::ALL.into_iter().map(Some).chain([None]);
            let known = levels.zip(group.counts).filter(|(_, count)| *count > 0);
            counts.extend(known.map(|(level, count)| ((level, component.clone()), count)));
            let named = |(field, sketch): (Box<str>, Sketch)| ((component.clone(), String::from(field)), sketch);
            numbers.extend(group.numbers.into_iter().map(named));
        }
        let is_whole = tally.skipped.iter().all(|skipped| SKIPS.contains(&skipped.skip));
        let fits = is_whole && !self.is_wide && counts.len() <= MAX_GROUPS;
        fits.then(|| Summary {
            from: self.from,
            until: self.until,
            timeless: self.timeless,
            counts,
            numbers: (!self.without_numbers).then_some(numbers),
            bytes: tally.bytes,
            lines: tally.lines,
            skipped: tally.skipped.iter().map(|skipped| (skipped.skip, skipped.count, skipped.offset)).collect(),
        })
    }

    fn place(&mut self, component: Option<Cow<'_, str>>) -> usize {
        let component = component.map(|component| Box::from(&*component));
        let next = self.groups.len();
        let place = *self.places.entry(component).or_insert(next);
        if place == next {
            self.groups.push(Group::default());
        }
        place
    }

    /// Returns the sketch of a component's field. A line has few numbers, so they are looked for one by one.
    fn sketch(&mut self, place: usize, key: &str) -> &mut Sketch {
        let numbers = &mut self.groups[place].numbers;
        let at = numbers.iter().position(|(known, _)| **known == *key).unwrap_or_else(|| {
            self.sketches += 1;
            self.without_numbers |= self.sketches > MAX_NUMBERS || key.len() > MAX_NAME;
            numbers.push((key.into(), Sketch::default()));
            numbers.len() - 1
        });
        &mut numbers[at].1
    }
}

/// Returns the numbers of fields; of a key that stands twice the last counts. `None` when they are more than are kept: the rest
/// is not looked at then.
fn numbers_of<'a>(fields: impl Iterator<Item = (Cow<'a, str>, Value<'a>)>) -> Option<Vec<(Cow<'a, str>, f64)>> {
    let mut numbers: Vec<(Cow<'a, str>, Option<f64>)> = Vec::new();
    // Of more than a few, where each stands: looking through all for every one would take the square of their number.
    let mut places: HashMap<Cow<'a, str>, usize> = HashMap::new();
    for (key, value) in fields {
        let number = match value {
            Value::Number(_) => value.as_f64().filter(|number| number.is_finite()),
            _ => None,
        };
        let place = match numbers.len() {
            0..=FEW => numbers.iter().position(|(known, _)| *known == key),
            _ => places.get(&key).copied(),
        };
        match place {
            Some(place) => numbers[place].1 = number,
            None if number.is_none() => {}
            None if numbers.len() >= MAX_NUMBERS => return None,
            None => {
                numbers.push((key, number));
                let new = if numbers.len() == FEW + 1 { 0 } else { numbers.len() - 1 };
                if numbers.len() > FEW {
                    places.extend(numbers.iter().enumerate().skip(new).map(|(place, (key, _))| (key.clone(), place)));
                }
            }
        }
    }
    Some(numbers.into_iter().filter_map(|(key, number)| Some((key, number?))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Compares the numbers of so many keys, each given twice and every third one no number at last, with a plain map.
    fn check(keys: usize) {
        let name = |key: usize| Cow::Owned(format!("k{key}"));
        let first = (0..keys).map(|key| (name(key), Value::Number("1")));
        let second = (0..keys).map(|key| (name(key), if key % 3 == 0 { Value::Null } else { Value::Number("2") }));
        let expected: Vec<_> = (0..keys).filter(|key| key % 3 != 0).map(|key| (name(key), 2.0)).collect();
        assert_eq!(numbers_of(first.chain(second)), Some(expected), "{keys}");
    }

    #[test]
    fn of_a_key_that_stands_twice_the_last_counts_however_many_there_are() {
        [0, 1, FEW - 1, FEW, FEW + 1, FEW + 2, 500, MAX_NUMBERS].into_iter().for_each(check);
    }

    #[test]
    fn a_line_with_too_many_numbers_is_not_looked_through() {
        // Without an end: whoever looked at all would not come back.
        let fields = (0..).map(|key: u64| (Cow::Owned(key.to_string()), Value::Number("1")));
        assert_eq!(numbers_of(fields), None);
        let none = (0..100_000).map(|key: u64| (Cow::Owned(key.to_string()), Value::Null));
        assert_eq!(numbers_of(none), Some(Vec::new()));
    }
}
