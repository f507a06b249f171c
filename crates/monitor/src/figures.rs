//! The fold from events to figures. What is shown of them, and how, is the reader's business.

use std::collections::HashMap;
use std::time::Duration;

use segno_orchestrator::model::{Address, Event, Fact, Outcome, Source, Status, Timestamp};
use serde::{Serialize, Serializer};

/// How many of the slowest tasks are named.
const NAMED_SLOWEST: usize = 5;

/// What a run came to so far.
///
/// In JSON durations are whole milliseconds and their names end in `_ms`.
///
/// ```
/// use segno_monitor::Figures;
/// use segno_orchestrator::model::Event;
///
/// let recorded = r#"[
///     { "seq": 1, "at": 1000, "type": "run_resumed", "owner": { "pid": 7, "version": "0.1.0" } },
///     { "seq": 2, "at": 1000, "type": "step_started", "step": "lint", "attempt": 1, "cache": { "cache": "off" } },
///     { "seq": 3, "at": 1400, "type": "step_ended", "step": "lint", "took_ms": 400,
///       "outcome": { "status": "succeeded", "reply": {} }, "source": { "from": "ran" } }
/// ]"#;
/// let events: Vec<Event> = serde_json::from_str(recorded)?;
/// let figures = Figures::of(&events);
/// assert_eq!((figures.tasks.succeeded, figures.attempts, figures.resumed), (1, 1, 1));
/// assert_eq!(figures.parallelism, Some(1.0));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Figures {
    /// Tasks that ended. A group that never opened, skipped or broken, counts as one.
    pub tasks: Tasks,
    /// Tasks whose result was remembered.
    pub cached: u64,
    /// Attempts that began; one that a dead owner left unfinished and the next one made again counts twice.
    pub attempts: u64,
    /// Attempts that failed and were to be followed by another.
    pub retries: u64,
    /// Time in which the run was owned, from its first event to its last. What lies between a pause or a death and the
    /// next resume does not count, and neither does a clock that was set back.
    #[serde(rename = "wall_ms", serialize_with = "millis")]
    pub wall: Duration,
    /// What the tasks that ran took together; of a task that was tried again, its last attempt.
    #[serde(rename = "busy_ms", serialize_with = "millis")]
    pub busy: Duration,
    /// What the tasks that were remembered had taken when they ran.
    #[serde(rename = "saved_ms", serialize_with = "millis")]
    pub saved: Duration,
    /// Time that tasks waited before another attempt, as far as the run was owned.
    #[serde(rename = "waited_ms", serialize_with = "millis")]
    pub waited: Duration,
    /// How many tasks ran at once on average: `busy` by `wall`; `None` while `wall` is nothing.
    pub parallelism: Option<f64>,
    /// The five tasks that took longest among those that ran, slowest first.
    pub slowest: Vec<Slow>,
    /// The tasks that were tried again, by their first failure.
    pub retried: Vec<Retried>,
    /// Output files that were written again from the cache.
    pub restored: u64,
    /// How often an owner went on with the run.
    pub resumed: u64,
    /// Tasks that ended in the run of which this one is a fork; they cost nothing here.
    pub taken_over: u64,
    #[serde(skip)]
    last: Option<Timestamp>,
    /// The number of the last event that was taken over from another run.
    #[serde(skip)]
    last_taken_over: u64,
    /// Tasks that wait before another attempt: since when, in owned time, and until when.
    #[serde(skip)]
    resting: HashMap<Address, (Timestamp, Timestamp)>,
    /// Labels of tasks whose attempt runs.
    #[serde(skip)]
    labels: HashMap<Address, String>,
    /// Where in `retried` a task stands.
    #[serde(skip)]
    places: HashMap<Address, usize>,
}

/// Tasks by how they ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tasks {
    /// All was done.
    pub succeeded: u64,
    /// Something usable came back.
    pub partial: u64,
    /// Nothing usable came back.
    pub failed: u64,
    /// They did not run.
    pub skipped: u64,
}

/// A task and what it took.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Slow {
    /// The task.
    pub address: Address,
    /// Its item as a person calls it; `None` outside any `each`.
    pub label: Option<String>,
    /// What its last attempt took.
    #[serde(rename = "took_ms", serialize_with = "millis")]
    pub took: Duration,
}

/// A task that was tried again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Retried {
    /// The task.
    pub address: Address,
    /// Its item as a person calls it; `None` outside any `each`.
    pub label: Option<String>,
    /// How many of its attempts failed and were to be followed by another.
    pub retries: u32,
    /// Why the last of them failed.
    pub message: String,
}

impl Figures {
    /// Returns the figures of a list of events.
    pub fn of(events: &[Event]) -> Figures {
        let mut figures = Figures::default();
        events.iter().for_each(|event| figures.see(event));
        figures
    }

    /// Takes one event in; events come in the order of the journal.
    pub fn see(&mut self, event: &Event) {
        self.pass_time(event);
        match &event.fact {
            Fact::RunStarted { parent: Some(parent), .. } => self.last_taken_over = parent.events + 1,
            Fact::StepEnded { outcome, .. } if event.seq <= self.last_taken_over => {
                self.taken_over += 1;
                self.count(outcome.status());
            }
            _ if event.seq <= self.last_taken_over => {}
            Fact::RunResumed { .. } => self.resumed += 1,
            Fact::StepStarted { step, label, .. } => {
                self.attempts += 1;
                self.end_wait(step, event.at);
                if let Some(label) = label {
                    self.labels.insert(step.clone(), label.clone());
                }
            }
            Fact::StepRetried { step, fault, until, .. } => {
                self.resting.insert(step.clone(), (event.at, *until));
                self.note_retry(step, fault.message());
            }
            Fact::StepEnded { step, outcome, source, took_ms, label, .. } => {
                self.end_wait(step, event.at);
                self.labels.remove(step);
                self.count(outcome.status());
                self.note_end(step, outcome, source, Duration::from_millis(*took_ms), label.as_deref());
            }
            _ => {}
        }
        self.parallelism = (!self.wall.is_zero()).then(|| self.busy.as_secs_f64() / self.wall.as_secs_f64());
    }

    /// Counts the time since the last event, unless nobody owned the run in between.
    fn pass_time(&mut self, event: &Event) {
        let last = self.last.replace(event.at).unwrap_or(event.at);
        if !matches!(event.fact, Fact::RunResumed { .. }) {
            self.wall += event.at.since(last);
            return;
        }
        for (since, until) in self.resting.values_mut() {
            self.waited += last.min(*until).since(*since);
            *since = event.at;
        }
    }

    fn end_wait(&mut self, step: &Address, now: Timestamp) {
        if let Some((since, until)) = self.resting.remove(step) {
            self.waited += now.min(until).since(since);
        }
    }

    fn note_retry(&mut self, step: &Address, message: &str) {
        self.retries += 1;
        let label = self.labels.get(step);
        let place = *self.places.entry(step.clone()).or_insert_with(|| {
            let retried = Retried { address: step.clone(), label: label.cloned(), retries: 0, message: String::new() };
            self.retried.push(retried);
            self.retried.len() - 1
        });
        let retried = &mut self.retried[place];
        retried.retries += 1;
        message.clone_into(&mut retried.message);
    }

    fn count(&mut self, status: Status) {
        match status {
            Status::Succeeded => self.tasks.succeeded += 1,
            Status::Partial => self.tasks.partial += 1,
            Status::Failed => self.tasks.failed += 1,
            Status::Skipped => self.tasks.skipped += 1,
        }
    }

    fn note_end(&mut self, step: &Address, outcome: &Outcome, source: &Source, took: Duration, label: Option<&str>) {
        match (outcome, source) {
            (Outcome::Skipped { .. }, _) => {}
            (_, Source::Cache { restored, .. }) => {
                self.cached += 1;
                self.saved += took;
                self.restored += restored.len() as u64;
            }
            (_, Source::Ran) => {
                self.busy += took;
                self.rank(step, label, took);
            }
        }
    }

    /// Names a task among the slowest, if it is one of them; of equal ones the first stays first.
    fn rank(&mut self, step: &Address, label: Option<&str>, took: Duration) {
        let rank = self.slowest.partition_point(|slow| slow.took >= took);
        if rank < NAMED_SLOWEST {
            self.slowest.insert(rank, Slow { address: step.clone(), label: label.map(Into::into), took });
            self.slowest.truncate(NAMED_SLOWEST);
        }
    }
}

fn millis<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}
