//! Quantiles of numbers in bounded memory: exact while they are few, in bins of a known width after that.
//!
//! A bin is a 64th of a power of two, so that a quantile is off by at most [`ERROR`] of itself. Unlike a digest, bins depend
//! on the numbers alone, not on their order: two threads, or two files, give the same answer as one.

use serde_json::{Value, json};

/// How far a quantile may be from the number that has that rank, as a part of it, once there are more than
/// [`EXACT`] numbers: a bin's middle is at most so far from its edges.
pub const ERROR: f64 = 1.0 / 128.0;
/// So many numbers are kept as they are, and their quantiles are exact.
pub const EXACT: usize = 256;
/// Smaller magnitudes count as zero, so that one group of bins for each power of two is a bounded number of groups.
const LEAST: f64 = 1.0 / (1_u64 << 40) as f64;
/// Larger ones count as this one.
const MOST: f64 = (1_u128 << 88) as f64;
/// The bits of a number that say its place among the 64 bins of its power of two.
const PLACE_BITS: u32 = 6;
const PLACES: usize = 1 << PLACE_BITS;
/// The bits below sign and exponent.
const FRACTION_BITS: u32 = 52;
const SIGN: u64 = 1 << 63;

/// Numbers, kept so that their quantiles can be told.
///
/// ```
/// use segno_logging::read::analyze::Sketch;
///
/// let mut took = Sketch::default();
/// (1..=200).for_each(|number| took.add(f64::from(number)));
/// assert_eq!(took.quantile(0.95), Some(190.0));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sketch {
    count: u64,
    sum: f64,
    least: f64,
    most: f64,
    held: Held,
}

#[derive(Clone, Debug, PartialEq)]
enum Held {
    /// All of them, in no order.
    Exact(Vec<f64>),
    /// How many lie in each bin.
    Bins(Vec<Power>),
}

/// The bins of one power of two and one sign, in the order of the numbers.
#[derive(Clone, Debug, PartialEq)]
struct Power {
    /// Sign and exponent, as a number with the order of the numbers.
    rank: u16,
    bins: Box<[u64; PLACES]>,
}

impl Default for Held {
    fn default() -> Self {
        Held::Exact(Vec::new())
    }
}

impl Sketch {
    /// Adds a number; what is not finite is no number, and is left out.
    pub fn add(&mut self, number: f64) {
        if !number.is_finite() {
            return;
        }
        self.span(number, number);
        self.count += 1;
        self.sum += number;
        match &mut self.held {
            Held::Exact(numbers) => {
                numbers.push(number);
                self.pack();
            }
            Held::Bins(powers) => count_in(powers, number, 1),
        }
    }

    /// Adds all that another has.
    pub fn join(&mut self, other: Sketch) {
        if other.count == 0 {
            return;
        }
        self.span(other.least, other.most);
        self.count += other.count;
        self.sum += other.sum;
        match (&mut self.held, other.held) {
            (Held::Exact(numbers), Held::Exact(more)) => numbers.extend(more),
            (Held::Bins(powers), Held::Exact(more)) => more.into_iter().for_each(|number| count_in(powers, number, 1)),
            (Held::Exact(numbers), Held::Bins(mut powers)) => {
                numbers.iter().for_each(|number| count_in(&mut powers, *number, 1));
                self.held = Held::Bins(powers);
            }
            (Held::Bins(powers), Held::Bins(more)) => more.iter().for_each(|power| add_power(powers, power)),
        }
        self.pack();
    }

    /// Returns how many numbers there are.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Returns their sum.
    pub fn sum(&self) -> f64 {
        self.sum
    }

    /// Returns the smallest.
    pub fn least(&self) -> Option<f64> {
        (self.count > 0).then_some(self.least)
    }

    /// Returns the largest.
    pub fn most(&self) -> Option<f64> {
        (self.count > 0).then_some(self.most)
    }

    /// Says whether quantiles are exact.
    pub fn is_exact(&self) -> bool {
        matches!(self.held, Held::Exact(_))
    }

    /// Returns the number of the nearest rank: so large a part of all, from 0 to 1, is not above it.
    pub fn quantile(&self, part: f64) -> Option<f64> {
        if self.count == 0 {
            return None;
        }
        // A part that is no number is the smallest; the cast cuts what is out of range.
        let rank = ((part * self.count as f64).ceil() as u64).clamp(1, self.count);
        match &self.held {
            _ if rank == 1 => Some(self.least),
            _ if rank == self.count => Some(self.most),
            Held::Exact(numbers) => {
                let mut numbers = numbers.clone();
                let at = usize::try_from(rank - 1).unwrap_or(usize::MAX).min(numbers.len().checked_sub(1)?);
                Some(*numbers.select_nth_unstable_by(at, f64::total_cmp).1)
            }
            Held::Bins(powers) => {
                let middle = find(powers, rank)?;
                Some(middle.clamp(self.least, self.most))
            }
        }
    }

    fn span(&mut self, least: f64, most: f64) {
        let is_first = self.count == 0;
        self.least = if is_first { least } else { self.least.min(least) };
        self.most = if is_first { most } else { self.most.max(most) };
    }

    /// Goes over to bins when there are too many numbers to keep.
    fn pack(&mut self) {
        if let Held::Exact(numbers) = &self.held
            && numbers.len() > EXACT
        {
            let mut powers = Vec::new();
            numbers.iter().for_each(|number| count_in(&mut powers, *number, 1));
            self.held = Held::Bins(powers);
        }
    }

    /// Returns what [`Sketch::read`] reads.
    pub(crate) fn write(&self) -> Value {
        let power = |power: &Power| {
            let bins = power.bins.iter().enumerate().filter(|(_, count)| **count > 0);
            json!([power.rank, bins.map(|(place, count)| json!([place, count])).collect::<Value>()])
        };
        let held = match &self.held {
            Held::Exact(numbers) => json!({ "numbers": numbers }),
            Held::Bins(powers) => json!({ "bins": powers.iter().map(power).collect::<Value>() }),
        };
        json!({ "sum": self.sum, "least": self.least, "most": self.most, "held": held })
    }

    /// Reads what was written; `None` when it is no sketch.
    pub(crate) fn read(value: &Value) -> Option<Sketch> {
        let mut sketch = Sketch::default();
        let held = &value["held"];
        match held["numbers"].as_array() {
            Some(numbers) => numbers.iter().try_for_each(|number| number.as_f64().map(|number| sketch.add(number)))?,
            None => {
                let powers = held["bins"].as_array()?.iter().map(read_power).collect::<Option<Vec<Power>>>()?;
                let in_order = powers.windows(2).all(|pair| pair[0].rank < pair[1].rank);
                let counts = powers.iter().flat_map(|power| power.bins.iter());
                sketch.count = counts.copied().try_fold(0, u64::checked_add).filter(|_| in_order)?;
                sketch.held = Held::Bins(powers);
            }
        }
        sketch.sum = value["sum"].as_f64()?;
        sketch.least = value["least"].as_f64()?;
        sketch.most = value["most"].as_f64()?;
        Some(sketch)
    }
}

fn read_power(value: &Value) -> Option<Power> {
    let rank = u16::try_from(value[0].as_u64()?).ok()?;
    let mut bins = Box::new([0; PLACES]);
    for bin in value[1].as_array()? {
        *bins.get_mut(usize::try_from(bin[0].as_u64()?).ok()?)? = bin[1].as_u64()?;
    }
    Some(Power { rank, bins })
}

/// Returns the bits of a number so that they have the order of the numbers.
fn ordered(number: f64) -> u64 {
    let magnitude = number.abs();
    let kept = if magnitude < LEAST { 0.0 } else { magnitude.min(MOST).copysign(number) };
    let bits = kept.to_bits();
    if bits & SIGN == 0 { bits | SIGN } else { !bits }
}

fn number_of(ordered: u64) -> f64 {
    f64::from_bits(if ordered & SIGN == 0 { !ordered } else { ordered & !SIGN })
}

fn count_in(powers: &mut Vec<Power>, number: f64, count: u64) {
    let ordered = ordered(number);
    let rank = (ordered >> FRACTION_BITS) as u16;
    let place = (ordered >> (FRACTION_BITS - PLACE_BITS)) as usize % PLACES;
    power_of(powers, rank).bins[place] += count;
}

fn add_power(powers: &mut Vec<Power>, more: &Power) {
    let bins = &mut power_of(powers, more.rank).bins;
    bins.iter_mut().zip(more.bins.iter()).for_each(|(bin, count)| *bin = bin.saturating_add(*count));
}

fn power_of(powers: &mut Vec<Power>, rank: u16) -> &mut Power {
    let at = powers.binary_search_by_key(&rank, |power| power.rank).unwrap_or_else(|at| {
        powers.insert(at, Power { rank, bins: Box::new([0; PLACES]) });
        at
    });
    &mut powers[at]
}

/// Returns the middle of the bin in which the number of this rank lies.
fn find(powers: &[Power], rank: u64) -> Option<f64> {
    let mut below: u64 = 0;
    for power in powers {
        for (place, count) in power.bins.iter().enumerate() {
            below = below.saturating_add(*count);
            if below >= rank {
                let begin = u64::from(power.rank) << FRACTION_BITS | (place as u64) << (FRACTION_BITS - PLACE_BITS);
                let end = begin | ((1 << (FRACTION_BITS - PLACE_BITS)) - 1);
                // Zero has a bin of its own power, whose other numbers were made zero.
                let (begin, end) = (number_of(begin), number_of(end));
                return Some(if begin.abs().min(end.abs()) < LEAST { 0.0 } else { f64::midpoint(begin, end) });
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sketch(numbers: &[f64]) -> Sketch {
        let mut sketch = Sketch::default();
        numbers.iter().for_each(|number| sketch.add(*number));
        sketch
    }

    /// Compares a quantile with the one of the sorted numbers.
    fn check(sketch: &Sketch, numbers: &[f64], part: f64) {
        let mut sorted = numbers.to_vec();
        sorted.sort_by(f64::total_cmp);
        let rank = ((part * sorted.len() as f64).ceil() as usize).clamp(1, sorted.len());
        let (expected, found) = (sorted[rank - 1], sketch.quantile(part).unwrap());
        let allowed = if sorted.len() <= EXACT { 0.0 } else { expected.abs() * ERROR + LEAST };
        assert!((found - expected).abs() <= allowed, "{part}: {found} for {expected}");
    }

    #[test]
    fn few_numbers_give_exact_quantiles() {
        let numbers: Vec<f64> = (1..=100).map(f64::from).collect();
        let parts = [0.0, 0.01, 0.5, 0.95, 0.99, 1.0];
        let found: Vec<f64> = parts.iter().map(|part| sketch(&numbers).quantile(*part).unwrap()).collect();
        assert_eq!(found, [1.0, 1.0, 50.0, 95.0, 99.0, 100.0]);
        assert_eq!(sketch(&[]).quantile(0.5), None);
        assert_eq!(sketch(&[7.0]).quantile(f64::NAN), Some(7.0));
    }

    #[test]
    fn what_is_no_number_is_left_out() {
        let sketch = sketch(&[f64::NAN, f64::INFINITY, 1.0, f64::NEG_INFINITY]);
        assert_eq!((sketch.count(), sketch.least(), sketch.most()), (1, Some(1.0), Some(1.0)));
    }

    #[test]
    fn the_widest_numbers_take_bounded_memory() {
        let mut sketch = Sketch::default();
        for exponent in -1074..1024 {
            sketch.add(2.0_f64.powi(exponent));
            sketch.add(-2.0_f64.powi(exponent));
        }
        let Held::Bins(powers) = &sketch.held else { panic!("not packed") };
        assert!(powers.len() <= 2 * 129 + 1, "{}", powers.len());
        assert_eq!((sketch.least(), sketch.most()), (Some(-2.0_f64.powi(1023)), Some(2.0_f64.powi(1023))));
        assert_eq!(sketch.quantile(0.5), Some(0.0));
    }

    #[test]
    fn what_is_damaged_is_no_sketch() {
        let written = sketch(&(0..1_000).map(f64::from).collect::<Vec<_>>()).write();
        assert!(Sketch::read(&written).is_some());
        for damaged in [json!(null), json!([]), json!({ "held": { "bins": [[1, [[64, 1]]]] } }), json!({ "sum": 1 })] {
            assert_eq!(Sketch::read(&damaged), None, "{damaged}");
        }
    }

    proptest! {
        #[test]
        fn quantiles_are_within_the_bound_in_any_order_and_division(
            numbers in proptest::collection::vec(prop_oneof![-1e6..1e6, 0.0..1.0, Just(0.0), -1e12..1e12], 1..2_000),
            at in 0_usize..2_000,
            part in 0.0..=1.0,
        ) {
            let whole = sketch(&numbers);
            check(&whole, &numbers, part);
            let (one, other) = numbers.split_at(at.min(numbers.len()));
            let mut joined = sketch(other);
            joined.join(sketch(one));
            prop_assert_eq!(joined.quantile(part), whole.quantile(part));
            prop_assert_eq!(joined.count(), numbers.len() as u64);
            let read = Sketch::read(&serde_json::from_str(&whole.write().to_string()).unwrap()).unwrap();
            prop_assert_eq!(read, whole);
        }
    }
}
