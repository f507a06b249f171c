//! Numbers and short words by which programs and services say what failed, each with its table.

mod exit;

mod signal;

mod grpc;

mod redis;

mod sqlite;

mod postgres;

pub use exit::from_exit;
pub use grpc::from_grpc;
pub use postgres::from_sqlstate;
pub use redis::from_redis_code;
pub use signal::{from_own_signal, from_signal};
pub use sqlite::from_sqlite_code;

#[cfg(feature = "redis-1")]
pub(super) use redis::row_of as redis_row;
#[cfg(feature = "rusqlite-0_41")]
pub(super) use sqlite::row_of as sqlite_row;
