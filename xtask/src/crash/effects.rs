//! What the steps did outside, as they noted it themselves, and whether any of it was done twice or at the same time.

use std::collections::BTreeMap;

use super::journal::Settled;

/// Something that an instance of a task noted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// The task.
    pub task: String,
    /// Its attempt.
    pub attempt: u64,
    /// What it noted.
    pub what: What,
    /// The process, which tells instances apart.
    pub pid: u64,
}

/// What an instance of a task notes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// It begins.
    Begin,
    /// It saw, when it began, that an older instance was still alive.
    Beside,
    /// It ends.
    End,
}

impl Effect {
    /// Reads `TASK#ATTEMPT begin PID`; the word may also be `beside` or `end`.
    ///
    /// # Errors
    /// When the line is anything else.
    pub fn read(line: &str) -> Result<Effect, String> {
        let effect = || {
            let [name, what, pid] = line.split(' ').collect::<Vec<_>>().try_into().ok()?;
            let (task, attempt) = name.split_once('#')?;
            let what = match what {
                "begin" => What::Begin,
                "beside" => What::Beside,
                "end" => What::End,
                _ => return None,
            };
            Some(Effect { task: task.to_owned(), attempt: attempt.parse().ok()?, what, pid: pid.parse().ok()? })
        };
        effect().ok_or_else(|| format!("no effect: {line}"))
    }
}

/// Counts how often what is settled was begun.
fn begun(effects: &[Effect], settled: &Settled) -> BTreeMap<String, usize> {
    let is_settled = |effect: &&Effect| settled.get(&effect.task).is_some_and(|upto| effect.attempt <= *upto);
    let mut counts: BTreeMap<String, usize> = settled.keys().map(|task| (task.clone(), 0)).collect();
    for effect in begins(effects).filter(is_settled) {
        *counts.entry(effect.task.clone()).or_default() += 1;
    }
    counts
}

/// Names the settled tasks that were begun again since an earlier look.
pub fn repeated(before: &[Effect], now: &[Effect], settled: &Settled) -> Vec<String> {
    let (before, now) = (begun(before, settled), begun(now, settled));
    let more = before.iter().filter(|(task, count)| now.get(*task).is_some_and(|now| now > count));
    more.map(|(task, _)| format!("{task} had an acknowledged end and was begun again")).collect()
}

/// Names the tasks of which two instances lived at the same time: the newer one saw the older, or the older one noted
/// something after the newer began.
pub fn overlaps(effects: &[Effect]) -> Vec<String> {
    let mut newest: BTreeMap<&str, u64> = BTreeMap::new();
    let mut found = Vec::new();
    for Effect { task, what, pid, .. } in effects {
        let is_newest = newest.get(task.as_str()) == Some(pid);
        match what {
            What::Begin => _ = newest.insert(task, *pid),
            What::End if is_newest => {}
            What::Beside | What::End => found.push(format!("{task}: an older instance was alive beside a newer one")),
        }
    }
    found
}

/// Counts the instances that were begun.
pub fn instances(effects: &[Effect]) -> usize {
    begins(effects).count()
}

fn begins(effects: &[Effect]) -> impl Iterator<Item = &Effect> {
    effects.iter().filter(|effect| effect.what == What::Begin)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn effects(lines: &str) -> Vec<Effect> {
        lines.split(", ").filter(|line| !line.is_empty()).map(|line| Effect::read(line).unwrap()).collect()
    }

    /// What a settled `a` (up to an attempt) that is begun again in `later` comes to.
    fn check(upto: u64, before: &str, later: &str, twice: usize) {
        let settled = Settled::from([("a".to_owned(), upto)]);
        let all = effects(&format!("{before}, {later}"));
        assert_eq!(repeated(&effects(before), &all, &settled).len(), twice, "{before} | {later}");
    }

    #[test]
    fn an_ended_task_must_not_begin_again() {
        check(u64::MAX, "a#1 begin 7, a#1 end 7", "b#1 begin 8", 0);
        check(u64::MAX, "a#1 begin 7, a#1 end 7", "a#1 begin 8", 1);
        check(u64::MAX, "a#1 begin 7, a#1 end 7", "a#2 begin 8", 1);
    }

    #[test]
    fn a_failed_attempt_must_not_be_made_again_but_the_next_may() {
        check(1, "a#1 begin 7, a#1 end 7", "a#2 begin 8", 0);
        check(1, "a#1 begin 7, a#1 end 7", "a#1 begin 8", 1);
    }

    #[test]
    fn two_instances_overlap_when_the_older_one_speaks_after_the_newer_began() {
        assert_eq!(overlaps(&effects("a#1 begin 7, b#1 begin 8, a#1 end 7, b#1 end 8")).len(), 0);
        assert_eq!(overlaps(&effects("a#1 begin 7, a#1 begin 8, a#1 end 8")).len(), 0);
        assert_eq!(overlaps(&effects("a#1 begin 7, a#1 begin 8, a#1 end 7, a#1 end 8")).len(), 1);
        assert_eq!(overlaps(&effects("a#1 begin 7, a#1 beside 8, a#1 begin 8, a#1 end 8")).len(), 1);
    }

    #[test]
    fn a_torn_line_is_refused() {
        for line in ["", "a#1", "a begin 7", "a#1 begin", "a#1 rest 7", "a#1 begin 7 8"] {
            assert!(Effect::read(line).is_err(), "{line}");
        }
    }
}
