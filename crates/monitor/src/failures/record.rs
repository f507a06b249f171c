//! The ledger of a project with how far each run was read. Leaves what an event says to `fold`, and files to `store`.

use std::collections::BTreeMap;

use segno_errors::Fault;
use segno_errors::analytics::Ledger;
use segno_orchestrator::journal::{Journal, RunEntry};
use segno_orchestrator::model::{Fact, RunId, Timestamp};
use segno_orchestrator::plan::Plan;
use serde::{Deserialize, Serialize};

use super::fold::{Counted, RunFold};

/// What was recorded so long ago has no sibling in the same millisecond that is still to come.
const SETTLED: std::time::Duration = std::time::Duration::from_secs(1);

/// The failures of a project's runs.
///
/// ```
/// use segno_monitor::Failures;
/// use segno_orchestrator::journal::MemoryJournal;
/// use segno_orchestrator::model::Timestamp;
///
/// let mut failures = Failures::default();
/// let taken_in = failures.take_in(&MemoryJournal::default(), &mut |_, _| None, Timestamp(0))?;
/// assert_eq!((taken_in.runs, failures.ledger.totals().failures), (0, 0));
/// # Ok::<(), segno_errors::Fault>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Failures {
    /// The counts.
    pub ledger: Ledger,
    /// How far each run of the journal was read.
    read: BTreeMap<String, ReadTo>,
}

/// How far a run was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct ReadTo {
    /// The number of its last event.
    seq: u64,
    /// The latest moment of its events. One that is taken back to a mark numbers on from there: what is later is new.
    at: Timestamp,
    /// When the journal said that it was last written to.
    touched: Timestamp,
    /// Nothing can have been written since in the same millisecond.
    settled: bool,
}

/// What was taken in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TakenIn {
    /// How many runs had something new.
    pub runs: usize,
    /// How many failures were counted.
    pub failures: usize,
    /// Runs that cannot be read, or not to their end, with why.
    pub unread: Vec<(RunId, String)>,
}

/// Finds the plan of a run by its first event; `None` when this segno does not understand it, so that its agents have no
/// names.
pub type FindPlan<'a> = dyn FnMut(&RunId, &Fact) -> Option<std::sync::Arc<Plan>> + 'a;

impl Failures {
    /// Takes in what the journal has that was not taken in before, the oldest failure first. Of runs that are gone, what was
    /// taken in stays. What lies after `now` counts as of `now`: a clock was wrong.
    ///
    /// # Errors
    /// When the list of runs cannot be read. A single run that cannot be is told and passed over.
    pub fn take_in(
        &mut self,
        journal: &dyn Journal,
        plan: &mut FindPlan<'_>,
        now: Timestamp,
    ) -> Result<TakenIn, Fault> {
        self.ledger.clip(now.to_system());
        let entries = journal.runs(usize::MAX)?;
        let known = std::mem::take(&mut self.read);
        let mut taken_in = TakenIn::default();
        let mut counted = Vec::new();
        for entry in &entries {
            let read = known.get(entry.id.as_str()).copied().unwrap_or_default();
            let is_read = read.settled && read.touched == entry.touched;
            let read = match is_read {
                true => read,
                false => self.read_on(journal, entry, read, plan, now, &mut counted, &mut taken_in),
            };
            self.read.insert(entry.id.to_string(), read);
        }
        // The order in which they happened, whichever run they are of; what happens at once keeps its order.
        counted.sort_by_key(Counted::at);
        taken_in.failures = counted.iter().filter(|counted| matches!(counted, Counted::Failed(_))).count();
        counted.iter().for_each(|counted| counted.put(&mut self.ledger));
        Ok(taken_in)
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one loop's body")]
    fn read_on(
        &self,
        journal: &dyn Journal,
        entry: &RunEntry,
        read: ReadTo,
        plan: &mut FindPlan<'_>,
        now: Timestamp,
        counted: &mut Vec<Counted>,
        taken_in: &mut TakenIn,
    ) -> ReadTo {
        let is_new = |seq: u64, at: Timestamp| seq > read.seq || at > read.at;
        let mut fold = RunFold::new(&entry.id, &entry.flow, now);
        let mut to = ReadTo { seq: 0, settled: now.since(entry.touched) > SETTLED, touched: entry.touched, ..read };
        let replayed = journal.replay(&entry.id, &mut |event| {
            (to.seq, to.at) = (event.seq, to.at.max(event.at));
            let is_new = is_new(event.seq, event.at);
            fold.see(event, is_new);
        });
        match replayed {
            Ok(None) => {}
            Ok(Some(damage)) => {
                taken_in.unread.push((entry.id.clone(), format!("from event {} on: {}", damage.seq, damage.reason)));
            }
            Err(fault) => taken_in.unread.push((entry.id.clone(), fault.message().to_owned())),
        }
        taken_in.runs += 1;
        // Only a run in which something failed needs its plan, which takes time to make.
        if fold.has_failed() {
            let plan = fold.first().and_then(|first| plan(&entry.id, first));
            counted.extend(fold.finish(plan.as_deref()));
        }
        to
    }
}
