//! Somebody waits for a statement that is running, and may give up.

use super::Session;

/// A statement that is running. Whoever gives up waiting for it drops this, and what it does counts at once.
pub(super) struct Waiting<'a, R: Clone>(&'a mut Session<R>);

impl<'a, R: Clone> Waiting<'a, R> {
    pub(super) fn for_end_in(session: &'a mut Session<R>) -> Waiting<'a, R> {
        Waiting(session)
    }

    /// Says how it ended.
    pub(super) fn finish(self, result: Option<&R>) {
        self.0.finish(result);
    }
}

impl<R: Clone> Drop for Waiting<'_, R> {
    /// After `finish` nothing is running any more.
    fn drop(&mut self) {
        self.0.abandon();
    }
}
