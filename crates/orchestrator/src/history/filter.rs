//! Which runs of a journal are meant. What their events say is looked at in `search`.

use crate::journal::RunEntry;
use crate::model::{RunStatus, Timestamp};

/// Which runs are meant; the default means all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// The name of their workflow, or its file.
    pub flow: Option<String>,
    /// Where they stand; all when empty.
    pub statuses: Vec<RunStatus>,
    /// They began at this moment or later.
    pub since: Option<Timestamp>,
    /// They began before this moment.
    pub until: Option<Timestamp>,
    /// A text, in small or capital letters, that stands in the run's name, its workflow's name or file, the reason why it
    /// stands where it does, the name of a step, what people call an item, or what is said of a failure.
    pub text: Option<String>,
}

impl Filter {
    /// Says whether a run is meant by all but its text.
    pub fn admits(&self, entry: &RunEntry) -> bool {
        let Filter { flow, statuses, since, until, text: _ } = self;
        flow.as_ref().is_none_or(|flow| entry.flow == *flow || entry.path == *flow)
            && (statuses.is_empty() || statuses.contains(&entry.status))
            && since.is_none_or(|since| entry.started >= since)
            && until.is_none_or(|until| entry.started < until)
    }
}
