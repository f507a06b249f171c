//! Recognising foreign failures: errors of any type, exit codes, signals, answers and codes of services become faults
//! here. Leaves what a command printed, and who sent a signal, to the caller, who knows.

mod row;

mod finding;

mod link;

mod chain;

mod own;

mod io;

mod io_rows;

mod standard;

mod foreign;

mod http;

mod codes;

mod printed;

mod phrases;

pub use chain::classify;
pub use codes::{from_exit, from_grpc, from_own_signal, from_redis_code, from_signal, from_sqlite_code, from_sqlstate};
pub use finding::Finding;
pub use http::{MAX_PAUSE, from_body, from_http};
pub use io::{from_io, from_spawn};
pub use own::Classifier;
pub use printed::from_output;
pub use standard::from_poison;

#[cfg(test)]
pub(crate) use row::outline;
