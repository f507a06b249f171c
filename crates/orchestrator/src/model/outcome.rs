//! What came back: outputs, replies, and the ends that a task or a run can have.

use std::collections::BTreeMap;
use std::sync::Arc;

use segno_errors::Fault;
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// How a task ended; before that it waits or runs, which are phases and not statuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// All was done.
    Succeeded,
    /// Something usable came back, or a part that may fail did fail.
    Partial,
    /// Nothing usable came back.
    Failed,
    /// It did not run, by a guard or because something it needs failed.
    Skipped,
}

impl Status {
    /// Returns the status in lower-case letters, as reports show it.
    pub fn name(self) -> &'static str {
        match self {
            Status::Succeeded => "succeeded",
            Status::Partial => "partial",
            Status::Failed => "failed",
            Status::Skipped => "skipped",
        }
    }
}

/// Where a whole run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    /// Its owner is at work.
    Running,
    /// Nobody is at work, and it can be resumed.
    Paused,
    /// All was done.
    Succeeded,
    /// It was done without parts that were allowed to fail.
    Degraded,
    /// It was not done.
    Failed,
}

impl RunStatus {
    /// Every status.
    pub const ALL: [RunStatus; 5] =
        [RunStatus::Running, RunStatus::Paused, RunStatus::Succeeded, RunStatus::Degraded, RunStatus::Failed];

    /// Returns the status in lower-case letters, as reports show it.
    pub fn name(self) -> &'static str {
        match self {
            RunStatus::Running => "running",
            RunStatus::Paused => "paused",
            RunStatus::Succeeded => "succeeded",
            RunStatus::Degraded => "degraded",
            RunStatus::Failed => "failed",
        }
    }

    /// Says whether the run can be gone on with: it has not ended.
    pub fn is_resumable(self) -> bool {
        matches!(self, RunStatus::Running | RunStatus::Paused)
    }
}

/// What a task produced: small values in place, large ones by the hash of a blob.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// A text that stands beside the journal, by its BLAKE3 hash.
    Blob {
        /// The blob's hash in hexadecimal digits.
        blob: String,
        /// The text's length in bytes.
        bytes: u64,
    },
    /// A value in place; commands give text, functions any JSON.
    Inline(Arc<Value>),
}

/// A value in place is written as it is; one that could be taken for a blob, or for this very form, inside `inline`.
impl Serialize for Output {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = match self {
            Output::Inline(value) if value.get("blob").or(value.get("inline")).is_none() => {
                return value.serialize(serializer);
            }
            _ => serializer.serialize_map(None)?,
        };
        match self {
            Output::Inline(value) => map.serialize_entry("inline", value)?,
            Output::Blob { blob, bytes } => {
                map.serialize_entry("blob", blob)?;
                map.serialize_entry("bytes", bytes)?;
            }
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Output {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Output, D::Error> {
        let mut value = Value::deserialize(deserializer)?;
        let stored = |name: &str| value.get(name);
        if let (Some(blob), Some(bytes)) =
            (stored("blob").and_then(Value::as_str), stored("bytes").and_then(Value::as_u64))
        {
            return Ok(Output::Blob { blob: blob.to_owned(), bytes });
        }
        let wrapped = value.get_mut("inline").map(Value::take);
        Ok(Output::Inline(Arc::new(wrapped.unwrap_or(value))))
    }
}

impl Output {
    /// Returns an output that holds `text` in place.
    pub fn text(text: impl Into<String>) -> Output {
        Output::Inline(Arc::new(Value::String(text.into())))
    }

    /// Says whether nothing was produced.
    pub fn is_empty(&self) -> bool {
        matches!(self, Output::Inline(value) if value.is_null() || value.as_str() == Some(""))
    }
}

impl Default for Output {
    fn default() -> Output {
        Output::Inline(Arc::new(Value::Null))
    }
}

/// What an agent gives back when it ended on its own.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    /// What it produced; for commands their standard output without the last line end.
    #[serde(default, skip_serializing_if = "Output::is_empty")]
    pub output: Output,
    /// What it said on the side; for commands their standard error.
    #[serde(default, skip_serializing_if = "Output::is_empty")]
    pub errors: Output,
    /// The exit code, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<i32>,
    /// Bytes of output that were cut away because they passed the limit.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub cut: u64,
    /// In how many places of what it produced and said a secret is hidden.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub hidden: u64,
    /// Why the result could not be remembered, where it was to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unremembered: Option<String>,
    /// Something usable, but not all: the task ends as partial.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub partial: bool,
    /// What was done, in a sentence or two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// What was counted on the way.
    #[serde(default, skip_serializing_if = "Metrics::is_empty")]
    pub metrics: Metrics,
    /// What it cost.
    #[serde(default, skip_serializing_if = "Usage::is_empty")]
    pub usage: Usage,
    /// How good it is, from 0 to 1, as far as somebody said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quality: Option<f64>,
    /// What was checked before it counted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<CheckResult>,
    /// What it leaves in the run's shared data, by key; nothing takes a key away.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub puts: BTreeMap<String, Value>,
}

/// What an agent counted while it worked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    /// Calls of tools.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_calls: Option<u64>,
    /// Files that were read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files_read: Option<u64>,
    /// Lines that were written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lines_generated: Option<u64>,
    /// Errors met on the way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errors: Option<u64>,
    /// Tokens in and out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<u64>,
    /// Numbers of the agent's own.
    #[serde(flatten)]
    pub own: BTreeMap<String, f64>,
}

impl Metrics {
    /// Says whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        *self == Metrics::default()
    }
}

/// What a call cost. Unknown is not nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens that were read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens_in: Option<u64>,
    /// Tokens that were written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens_out: Option<u64>,
    /// Money in US dollars.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<f64>,
}

impl Usage {
    /// Says whether nothing is known.
    pub fn is_empty(&self) -> bool {
        *self == Usage::default()
    }

    /// Adds what another call cost; unknown stays unknown only when both are.
    pub fn add(&mut self, other: &Usage) {
        fn sum<T: std::ops::Add<Output = T> + Copy>(one: Option<T>, other: Option<T>) -> Option<T> {
            match (one, other) {
                (Some(one), Some(other)) => Some(one + other),
                (one, other) => one.or(other),
            }
        }
        self.tokens_in = sum(self.tokens_in, other.tokens_in);
        self.tokens_out = sum(self.tokens_out, other.tokens_out);
        self.cost_usd = sum(self.cost_usd, other.cost_usd);
    }
}

/// What a check or a judge said of a result: the evidence behind its quality.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CheckResult {
    /// What was asked: the command, or the judge's name.
    pub check: String,
    /// It held.
    pub ok: bool,
    /// The score, where one was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
    /// Its last words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub words: String,
}

impl Reply {
    /// Returns a reply whose output is `value`.
    pub fn value(value: impl Into<Value>) -> Reply {
        Reply { output: Output::Inline(Arc::new(value.into())), ..Reply::default() }
    }

    /// Returns the hashes of its texts that stand beside the journal.
    pub fn blobs(&self) -> impl Iterator<Item = &str> {
        [&self.output, &self.errors].into_iter().filter_map(|output| match output {
            Output::Blob { blob, .. } => Some(blob.as_str()),
            Output::Inline(_) => None,
        })
    }

    /// Says whether one of its texts in place is longer than `limit` bytes.
    pub fn is_larger_than(&self, limit: usize) -> bool {
        let long = |output: &Output| match output {
            Output::Inline(value) => value.as_str().is_some_and(|text| text.len() > limit),
            Output::Blob { .. } => false,
        };
        long(&self.output) || long(&self.errors)
    }
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// Why a task did not run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "why")]
pub enum Skip {
    /// Its `if` said no.
    Guard,
    /// Its `skip_when` said yes: it was given up, and the run is degraded by that.
    LeftOut,
    /// The run was asked for other steps only.
    Excluded,
    /// A step that it needs did not end well.
    Needs {
        /// The step that it needs.
        step: String,
    },
    /// A step before it failed, so it was never reached.
    Unreached,
}

/// How a task ended, with what it left.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "status")]
pub enum Outcome {
    /// All was done.
    Succeeded {
        /// What came back; shared, since the state, the report and the views keep it too.
        reply: Arc<Reply>,
    },
    /// Something usable came back.
    Partial {
        /// What came back.
        reply: Arc<Reply>,
    },
    /// It failed.
    Failed {
        /// Why.
        fault: Fault,
        /// What had come back by then, if anything.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reply: Option<Arc<Reply>>,
    },
    /// It did not run.
    Skipped {
        /// Why not.
        #[serde(flatten)]
        because: Skip,
    },
}

impl Outcome {
    /// Returns the outcome of an agent that ended on its own.
    pub fn of_reply(reply: Reply) -> Outcome {
        let reply = Arc::new(reply);
        if reply.partial { Outcome::Partial { reply } } else { Outcome::Succeeded { reply } }
    }

    /// Returns the outcome of a task that failed with nothing to show.
    pub fn of_fault(fault: Fault) -> Outcome {
        Outcome::Failed { fault, reply: None }
    }

    /// Returns the bare status.
    pub fn status(&self) -> Status {
        match self {
            Outcome::Succeeded { .. } => Status::Succeeded,
            Outcome::Partial { .. } => Status::Partial,
            Outcome::Failed { .. } => Status::Failed,
            Outcome::Skipped { .. } => Status::Skipped,
        }
    }

    /// Returns what came back, if anything.
    pub fn reply(&self) -> Option<&Reply> {
        match self {
            Outcome::Succeeded { reply } | Outcome::Partial { reply } => Some(reply),
            Outcome::Failed { reply, .. } => reply.as_deref(),
            Outcome::Skipped { .. } => None,
        }
    }

    /// Returns why it failed, if it did.
    pub fn fault(&self) -> Option<&Fault> {
        match self {
            Outcome::Failed { fault, .. } => Some(fault),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(output: &Output, expected: &Value) {
        let stored = serde_json::to_value(output).unwrap();
        assert_eq!(&stored, expected);
        assert_eq!(&serde_json::from_value::<Output>(stored).unwrap(), output);
    }

    #[test]
    fn no_value_is_taken_for_a_blob() {
        let blob = json!({ "blob": "00ff", "bytes": 3 });
        check(&Output::Blob { blob: "00ff".into(), bytes: 3 }, &blob);
        for value in [blob.clone(), json!({ "blob": 1 }), json!({ "inline": blob }), json!({ "inline": 1, "a": 2 })] {
            check(&Output::Inline(Arc::new(value.clone())), &json!({ "inline": value }));
        }
        for value in [json!(null), json!("inline"), json!(["blob"]), json!(["00ff", 3]), json!({ "bytes": 3 })] {
            check(&Output::Inline(Arc::new(value.clone())), &value);
        }
    }
}
