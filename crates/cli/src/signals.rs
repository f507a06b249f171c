//! Ctrl-C, SIGTERM and SIGHUP: once lets children end and pauses the run, twice ends at once.

use segno_orchestrator::agents::StopHandle;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// A signal that ends a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// The terminal is gone.
    HangUp,
    /// Ctrl-C.
    Interrupt,
    /// A polite kill.
    Terminate,
}

impl Signal {
    /// Returns 128 and the signal's number, as shells do.
    pub(crate) fn exit_code(self) -> u8 {
        match self {
            Signal::HangUp => 129,
            Signal::Interrupt => 130,
            Signal::Terminate => 143,
        }
    }
}

/// Listens from now on. Each signal takes the stop one step further; the first one is remembered.
pub(crate) fn listen(stop: StopHandle) -> std::io::Result<watch::Receiver<Option<Signal>>> {
    let mut hang_up = signal(SignalKind::hangup())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let (first, heard) = watch::channel(None);
    tokio::spawn(async move {
        loop {
            let signal = tokio::select! {
                _ = hang_up.recv() => Signal::HangUp,
                _ = interrupt.recv() => Signal::Interrupt,
                _ = terminate.recv() => Signal::Terminate,
            };
            stop.stop();
            first.send_if_modified(|heard| {
                let is_first = heard.is_none();
                heard.get_or_insert(signal);
                is_first
            });
        }
    });
    Ok(heard)
}
