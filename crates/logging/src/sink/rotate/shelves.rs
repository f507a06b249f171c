//! Which sealed segments have their sidecars, and making those that are missing. What a sidecar holds is the reader's.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Keep;
use super::keeper::alone;
use super::limit::{beside, room, weighed};
use crate::read::sidecar::{Shelved, shelve};

/// What one log's keeper knows of its sidecars.
#[derive(Debug, Default)]
pub(super) struct Shelves {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Segments that were looked after: they have a sidecar, or can have none, or it could not be written, or had no room. The next start
    /// looks again.
    done: BTreeSet<PathBuf>,
    /// The last sidecar could not be made, and that was said.
    failing: bool,
    trouble: Option<String>,
}

impl Shelves {
    /// Makes the sidecars that are missing and for which there is room, the newest segment's first, until `stopped` says so.
    /// Returns whether any was made: older ones may have to go then.
    ///
    /// Nothing is lost without one, so that a failure is told once and ends nothing.
    pub(super) fn fill(&self, log: &Path, keep: Keep, stopped: &AtomicBool) -> io::Result<bool> {
        let segments = weighed(log)?;
        let mut room = room(keep, &segments);
        let found: BTreeSet<PathBuf> = segments.iter().map(|(path, _)| path.clone()).collect();
        self.state().done.retain(|done| found.contains(done));
        let mut any = false;
        for (segment, _) in &segments {
            if !self.state().done.contains(segment) {
                // Another process makes it, or may still write to the segment.
                let Some(_alone) = alone(segment)? else { continue };
                match shelve(segment, room, stopped) {
                    Ok(Shelved::Stopped) => return Ok(any),
                    // It is not asked again with each new segment, and neither are older ones.
                    Ok(Shelved::NoRoom) => {
                        self.state().done.extend(found);
                        return Ok(any);
                    }
                    Ok(Shelved::Made) => {
                        any = true;
                        self.state().failing = false;
                    }
                    Ok(Shelved::Settled) => {}
                    Err(error) => self.state().fail(&error),
                }
                self.state().done.insert(segment.clone());
            }
            room = room.saturating_sub(beside(segment));
        }
        Ok(any)
    }

    /// What went wrong since it was asked last.
    pub(super) fn take_trouble(&self) -> Option<String> {
        self.state().trouble.take()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn fail(&mut self, error: &io::Error) {
        if !std::mem::replace(&mut self.failing, true) {
            let message = "sealed log segments have no sidecar, so each question reads their lines";
            self.trouble = Some(format!("{message}: {error}"));
        }
    }
}
