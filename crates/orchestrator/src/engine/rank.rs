//! Who takes the place of an agent that was given up: the best of those that were not tried yet. What makes one better than
//! another is left to whoever ranks them.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::plan::Task;

/// Puts agents in the order in which they are best tried: is given their names as they are written (`run` for a command)
/// and returns places in that list, the best one first.
///
/// It is asked when an agent has failed for good and several could take its place, on a thread that may wait; never for
/// the agent that the step names, which is always tried first. What it decides is recorded, so that a resumed run does not
/// decide it again. A place that is none is passed over, and who is not named comes last.
pub type Ranking = dyn Fn(&[&str]) -> Vec<usize> + Send + Sync;

/// Returns which of the fallbacks that are left is tried next, by its number.
pub(super) fn next(task: &Task, left: &[u32], ranking: Option<&Ranking>) -> Option<u32> {
    order(task, ranking).into_iter().find(|number| left.contains(number))
}

/// Returns the fallbacks of a task, by their numbers from 1, in the order in which they are tried: as they are written, or
/// ranked, and then those that do a part of the task after those that can do all of it. All of them are ranked, also those
/// that were tried: what a ranking leaves in its place stays there whoever else is left.
pub(super) fn order(task: &Task, ranking: Option<&Ranking>) -> Vec<u32> {
    let all = (1..).take(task.calls.len().saturating_sub(1));
    let Some(ranking) = ranking else { return all.collect() };
    let (part, whole): (Vec<u32>, Vec<u32>) = all.partition(|number| task.alternative(*number).is_partial);
    [whole, part].into_iter().flat_map(|group| ranked(task, group, ranking)).collect()
}

fn ranked(task: &Task, group: Vec<u32>, ranking: &Ranking) -> Vec<u32> {
    if group.len() < 2 {
        return group;
    }
    let names: Vec<&str> = group.iter().map(|number| &*task.alternative(*number).name).collect();
    let mut order = Vec::with_capacity(group.len());
    for place in asked(ranking, &names).into_iter().chain(0..group.len()) {
        if let Some(number) = group.get(place)
            && !order.contains(number)
        {
            order.push(*number);
        }
    }
    order
}

/// A ranking is the application's own code: a panic in it costs the order, not the run.
fn asked(ranking: &Ranking, names: &[&str]) -> Vec<usize> {
    catch_unwind(AssertUnwindSafe(|| ranking(names))).unwrap_or_else(|_| {
        tracing::error!(?names, "the ranking of fallbacks panicked; they are tried as they are written");
        Vec::new()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Catalog, Kind, compile};
    use crate::spec;

    /// Puts a step's fallbacks in order by a ranking that says these places of any list.
    fn check(fallbacks: &str, says: &[usize], expected: &str) {
        let flow = format!("steps: [{{ run: [own], fallback: [{fallbacks}] }}]");
        let catalog = Catalog { registered: ["a", "b", "c"].map(String::from).to_vec(), ..Catalog::default() };
        let plan = compile(&spec::parse(&flow, "a.yaml").unwrap(), "a.yaml", &catalog).unwrap();
        let task =
            plan.nodes().iter().find_map(|node| if let Kind::Task(task) = &node.kind { Some(task) } else { None });
        let says = says.to_vec();
        let order = order(task.unwrap(), Some(&move |_: &[&str]| says.clone()));
        let names: Vec<&str> = order.iter().map(|number| &*task.unwrap().alternative(*number).name).collect();
        assert_eq!(names.join(" "), expected, "{fallbacks}");
    }

    #[test]
    fn fallbacks_come_as_they_are_ranked() {
        check("", &[0], "");
        check("a", &[], "a");
        check("a, b, c", &[2, 1, 0], "c b a");
        check("a, b, c", &[1], "b a c");
        check("a, { run: [x] }, b", &[1, 0], "run a b");
    }

    #[test]
    fn what_does_a_part_comes_after_what_does_all_whatever_the_ranking_says() {
        check("{ agent: a, partial: true }, b, c", &[2, 1, 0], "c b a");
        check("{ agent: a, partial: true }, b, { agent: c, partial: true }", &[1, 0], "b c a");
    }

    #[test]
    fn who_is_not_named_comes_last_as_he_is_written() {
        check("a, b, c", &[], "a b c");
        check("a, b, c", &[7, 9], "a b c");
        check("a, b, c", &[7, 1, 1], "b a c");
    }

    #[test]
    fn a_ranking_that_panics_costs_the_order_only() {
        assert_eq!(asked(&|_: &[&str]| panic!("it is broken"), &["a"]), [] as [usize; 0]);
    }
}
