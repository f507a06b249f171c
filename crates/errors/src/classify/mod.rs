//! Recognising foreign failures: operating system errors, exit codes and signals become faults here.
//! Leaves what a command printed, and who sent a signal, to the caller, who knows.

mod row;

mod io_rows;

mod io;

mod exit;

mod signal;

pub use exit::from_exit;
pub use io::from_io;
pub use signal::from_signal;
