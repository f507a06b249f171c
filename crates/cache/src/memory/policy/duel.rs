//! Which rule would have brought the most hits lately: each rules a shadow, and the shadows see a sample of the keys.

use super::blend::Rule;
use super::shadow::Shadow;

/// The entries of a shadow at most. A smaller cache is shadowed whole, because a sample of it would say nothing. Four times as many
/// bring no more hits on the recorded loads, and cost each miss a tenth.
pub(super) const SHADOW_ENTRIES: usize = 64;
/// A score forgets what is longer ago than about so many fillings of a shadow.
pub(super) const FILLINGS: f64 = 8.0;
/// How much better another rule must be, so that chance does not make it rule.
pub(super) const MARGIN: f64 = 0.02;
/// The same in hits: with few of them, a share says little.
pub(super) const MARGIN_HITS: f64 = 8.0;

/// The rules, how each does on the sample, and which one leads.
#[derive(Debug)]
pub(super) struct Duel<const RULES: usize> {
    rules: [Rule; RULES],
    scores: [f64; RULES],
    leader: usize,
    shadows: Vec<Shadow>,
    /// For how many entries the shadows were made.
    entries: usize,
    mask: u32,
}

impl<const RULES: usize> Duel<RULES> {
    /// Begins with the first rule as the leader. There is no sample until something has to go: before that, all rules
    /// are equal.
    pub(super) fn of(rules: [Rule; RULES]) -> Duel<RULES> {
        Duel { rules, scores: [0.0; RULES], leader: 0, shadows: Vec::new(), entries: 0, mask: u32::MAX }
    }

    /// Returns the rule that leads.
    pub(super) fn leader(&self) -> Rule {
        self.rules[self.leader]
    }

    /// Returns the mask of the sample: a key whose bits under it are all 0 is in.
    #[inline]
    pub(super) fn mask(&self) -> u32 {
        self.mask
    }

    /// Shows a key of the sample to all shadows, and returns the new leader if there is one.
    pub(super) fn show(&mut self, print: u32) -> Option<Rule> {
        let keep = 1.0 - 1.0 / (FILLINGS * SHADOW_ENTRIES as f64);
        for (shadow, score) in self.shadows.iter_mut().zip(&mut self.scores) {
            *score = *score * keep + f64::from(u8::from(shadow.ask(print)));
        }
        let best = (0..RULES).max_by(|&one, &other| self.scores[one].total_cmp(&self.scores[other]))?;
        let wanted = self.scores[self.leader] * (1.0 + MARGIN) + MARGIN_HITS;
        if self.scores[best] <= wanted {
            return None;
        }
        self.leader = best;
        Some(self.leader())
    }

    /// Makes new shadows if the cache now has a very different number of entries.
    #[inline]
    pub(super) fn fit(&mut self, entries: usize) {
        if entries > self.entries.saturating_mul(2) || entries < self.entries / 2 {
            self.begin(entries);
        }
    }

    #[cold]
    fn begin(&mut self, entries: usize) {
        let rate = entries.div_ceil(SHADOW_ENTRIES).max(1).next_power_of_two();
        self.entries = entries;
        self.mask = u32::try_from(rate - 1).unwrap_or(u32::MAX);
        self.shadows = self.rules.map(|rule| Shadow::new((entries / rate).max(1), rule, rate)).into();
    }
}

#[cfg(test)]
mod tests {
    use super::super::adaptive::RULES;
    use super::super::blend::Admission;
    use super::Duel;

    /// Shows keys to shadows of sixty entries, and returns who leads then.
    fn check(keys: impl Iterator<Item = u32>) -> Admission {
        let mut duel = Duel::of(RULES);
        duel.fit(60);
        for key in keys {
            assert_eq!(duel.mask(), 0, "a small cache is shadowed whole");
            duel.show(key.wrapping_mul(0x9e37_79b9));
        }
        duel.leader().admission
    }

    #[test]
    fn what_came_last_rules_where_keys_come_again_soon_and_then_never() {
        assert_eq!(check((0..6_000).map(|step| step / 3 + step % 3 * 15)), Admission::All);
    }

    #[test]
    fn what_comes_often_rules_where_few_keys_are_known_among_many_new_ones() {
        let known = |step: u32| if step.is_multiple_of(4) { step / 4 * 7 % 57 } else { 1_000 + step };
        assert_eq!(check((0..20_000).map(known)), Admission::Frequent);
    }

    #[test]
    fn equals_change_nothing_and_before_anything_goes_there_is_no_sample() {
        assert_eq!(check(std::iter::repeat_n(7, 5_000)), RULES[0].admission);
        let duel = Duel::of(RULES);
        assert_eq!(duel.mask(), u32::MAX);
    }

    #[test]
    fn of_a_large_cache_a_sample_is_shown() {
        let mut duel = Duel::of(RULES);
        duel.fit(25_600);
        assert_eq!(duel.mask(), 511, "one in 512");
    }
}
