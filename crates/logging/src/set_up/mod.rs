//! Sets logging up for a whole program. Read in this order: `logging` (what can be chosen), `env` (what a program gets that chooses
//! nothing), `beside` (a console beside the log).

mod logging;

mod env;

mod beside;

pub use env::init;
pub use logging::Logging;
