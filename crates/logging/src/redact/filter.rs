//! Finds the places of a text where a secret may begin or be announced, by four bytes at a time. Leaves to `scan` whether
//! one really does.
//!
//! Each needle (a name, the beginning of a key) belongs to one of sixteen groups. A table tells of each byte in which
//! groups it may stand first, second, third and fourth; four looks into it and three `and` say which groups are left. It
//! needs neither patterns nor branches, so that a clean text costs about a nanosecond for two or three bytes.

/// How many bytes are looked at.
pub(super) const WIDTH: usize = 4;
/// How many groups there are: so many bits has a lane.
const GROUPS: usize = 16;
/// How many places are looked at in one go.
const STRIDE: usize = 8;
/// The bytes that are looked at for it.
const SPAN: usize = STRIDE + WIDTH - 1;

/// What is looked for at one place of the four.
pub(super) type Place = Vec<u8>;

/// The table, and which needles are in which group.
#[derive(Clone, Debug)]
pub(super) struct Filter {
    /// Of each byte the groups by place: the lowest sixteen bits are those of the first place.
    table: Box<[u64; 256]>,
    groups: Vec<Vec<usize>>,
}

impl Filter {
    /// Makes the filter of needles, each given as the bytes that may stand at its places; no bytes: any may.
    pub(super) fn new(needles: &[[Place; WIDTH]]) -> Filter {
        // Needles with similar beginnings share a group, so that the groups let little through.
        let mut order: Vec<usize> = (0..needles.len()).collect();
        order.sort_by_key(|needle| needles[*needle].clone());
        let per_group = needles.len().div_ceil(GROUPS).max(1);
        let groups: Vec<Vec<usize>> = order.chunks(per_group).map(<[usize]>::to_vec).collect();
        let mut table = Box::new([0_u64; 256]);
        for (group, members) in groups.iter().enumerate() {
            for (place, bytes) in members.iter().flat_map(|needle| needles[*needle].iter().enumerate()) {
                let bit = 1_u64 << (place * GROUPS + group);
                match bytes.as_slice() {
                    [] => table.iter_mut().for_each(|entry| *entry |= bit),
                    bytes => bytes.iter().for_each(|byte| table[usize::from(*byte)] |= bit),
                }
            }
        }
        let groups = groups.into_iter().map(sorted).collect();
        Filter { table, groups }
    }

    /// Returns the next place from `from` on where something may be, with the groups that it may be of.
    pub(super) fn next(&self, bytes: &[u8], from: usize) -> Option<(usize, u16)> {
        let mut at = from;
        while let Some(window) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
            if let Some((place, groups)) = self.first_hit(window, 0, STRIDE) {
                return Some((at + place, groups));
            }
            at += STRIDE;
        }
        let count = bytes.len().saturating_sub(WIDTH - 1).checked_sub(at).filter(|count| *count > 0)?;
        // The last places are looked at once more with some before them, or with zeros behind.
        match bytes.last_chunk() {
            Some(window) => {
                let start = bytes.len() - SPAN;
                let hit = self.first_hit(window, at - start, STRIDE);
                hit.map(|(place, groups)| (start + place, groups))
            }
            None => {
                let mut window = [0; SPAN];
                window[..bytes.len()].copy_from_slice(bytes);
                self.first_hit(&window, at, at + count)
            }
        }
    }

    /// Returns the first place of a window that has a hit, among those from `first` to before `end`.
    #[inline]
    fn first_hit(&self, window: &[u8; SPAN], first: usize, end: usize) -> Option<(usize, u16)> {
        let looked = window.map(|byte| self.table[usize::from(byte)]);
        // In each lane what two neighbours have in common, then what two such pairs have.
        let pairs: [u64; STRIDE + 2] = std::array::from_fn(|place| looked[place] & (looked[place + 1] >> GROUPS));
        let hits = |place: usize| (pairs[place] & (pairs[place + 2] >> (2 * GROUPS))) as u16;
        match (0..STRIDE).fold(0, |any, place| any | hits(place)) {
            0 => None,
            _ => (first..end).map(|place| (place, hits(place))).find(|(_, groups)| *groups != 0),
        }
    }

    /// Returns the first of the last places at which a needle may stand of which the rest has not come yet.
    pub(super) fn open_end(&self, bytes: &[u8], from: usize) -> usize {
        let first = from.max(bytes.len().saturating_sub(WIDTH - 1));
        (first..bytes.len()).find(|place| self.groups_of(&bytes[*place..]) != 0).unwrap_or(bytes.len())
    }

    /// Returns the needles of the groups, in the order in which they were given within each.
    pub(super) fn needles(&self, groups: u16) -> impl Iterator<Item = usize> {
        let named = self.groups.iter().enumerate().filter(move |(group, _)| groups & (1 << group) != 0);
        named.flat_map(|(_, members)| members.iter().copied())
    }

    fn groups_of(&self, window: &[u8]) -> u16 {
        let lanes = window.iter().enumerate().map(|(place, byte)| self.table[usize::from(*byte)] >> (place * GROUPS));
        lanes.fold(u64::MAX, |groups, lane| groups & lane) as u16
    }
}

fn sorted(mut group: Vec<usize>) -> Vec<usize> {
    group.sort_unstable();
    group
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needle(text: &str) -> [Place; WIDTH] {
        std::array::from_fn(|place| text.as_bytes().get(place).map(|byte| vec![*byte]).unwrap_or_default())
    }

    #[test]
    fn every_place_is_found_wherever_it_stands() {
        let needles: Vec<_> = ["abcd", "xyz", "key="].iter().map(|text| needle(text)).collect();
        let filter = Filter::new(&needles);
        for length in 0..40 {
            for (number, text) in ["abcd", "xyz.", "key="].iter().enumerate() {
                let bytes = [&vec![b'-'; length][..], text.as_bytes(), &[b'-'; 13]].concat();
                let (place, groups) = filter.next(&bytes, 0).unwrap();
                assert_eq!((place, filter.needles(groups).next()), (length, Some(number)));
                assert!(filter.next(&bytes, length + 1).is_none());
            }
        }
    }

    #[test]
    fn only_what_may_go_on_is_an_open_end() {
        let filter = Filter::new(&[needle("abcd")]);
        for (text, open) in [("", 0), ("xab", 1), ("xabc", 1), ("abx", 3), ("xa", 1), ("abcd", 4)] {
            assert_eq!(filter.open_end(text.as_bytes(), 0), open, "{text}");
        }
    }
}
