//! What no breaker among the peers passes in full, held against the form for futures and the one for
//! threads alike, and a slow, obvious breaker as the oracle.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

mod forms;

mod probes;

mod stragglers;

mod limits;

mod changes;

mod oracle;
