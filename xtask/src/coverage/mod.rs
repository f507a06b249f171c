//! Which lines of the crates the tests run: `cargo xtask coverage`.

mod command;
mod summary;
mod toolchain;

pub use command::run;
