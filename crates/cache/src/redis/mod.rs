//! The layer that several machines share: a Redis server, asked through redis-rs.
//!
//! Read in this order: `options` (what a caller says), `names` (what the server's keys are called), `layer` (what is asked
//! and how it is answered), `link` (the one connection, and how it comes back), `round` (one round trip), `hearing` (who is
//! told what others changed), `sweep` (what a clearing leaves behind), `trouble` (what went wrong, in a layer's words).

mod hearing;
mod layer;
mod link;
mod names;
mod options;
mod pauses;
mod round;
mod sweep;
mod trouble;

pub use layer::RedisLayer;
pub use options::RedisOptions;
