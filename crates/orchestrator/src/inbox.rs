//! Requests from outside to a run: rows in the store that the run's owner reads. Nobody but the owner changes a run.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What somebody asks of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "request", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Request {
    /// To end it for good: what runs is ended, nothing else begins, and it cannot be resumed.
    Cancel,
    /// To leave a value in its shared data; nothing takes the key away.
    Put {
        /// Under which key.
        key: String,
        /// The value.
        value: Value,
    },
    /// To empty its shared data.
    Clear,
    /// To log other levels from now on.
    Levels {
        /// As text: `info,database=debug`.
        levels: String,
    },
}

/// A request as it was filed.
#[derive(Clone, Debug, PartialEq)]
pub struct Filed {
    /// Its number, by which it is marked as done.
    pub id: u64,
    /// What is asked.
    pub request: Request,
}
