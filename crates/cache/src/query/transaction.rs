//! One open transaction: when it began, what it wrote, and its marks. Leaves what follows to `session`.

use super::ledger::{Moment, Written};

/// More marks than this are not told apart.
const MAX_MARKS: usize = 1_000;

#[derive(Debug)]
pub(super) struct Transaction {
    /// What the transaction sees is not older than this.
    pub(super) began: Moment,
    /// What has to go when it is made to last.
    pub(super) written: Written,
    /// Nobody knows whether it is open: a statement that would end or begin it failed.
    pub(super) is_doubtful: bool,
    /// It sees something else than its beginning tells.
    pub(super) is_apart: bool,
    marks: Vec<String>,
    /// A mark outside of a transaction opened it, and its release ends it (SQLite).
    is_of_mark: bool,
}

impl Transaction {
    pub(super) fn begin(began: Moment) -> Transaction {
        let (written, marks) = (Written::default(), Vec::new());
        Transaction { began, written, is_doubtful: false, is_apart: false, marks, is_of_mark: false }
    }

    pub(super) fn begin_by_mark(began: Moment, mark: String) -> Transaction {
        Transaction { marks: vec![mark], is_of_mark: true, ..Transaction::begin(began) }
    }

    pub(super) fn doubtful(began: Moment) -> Transaction {
        Transaction { is_doubtful: true, ..Transaction::begin(began) }
    }

    pub(super) fn mark(&mut self, mark: String) {
        match self.marks.len() < MAX_MARKS {
            true => self.marks.push(mark),
            false => self.is_doubtful = true,
        }
    }

    /// Gives up a mark and all after it, and returns whether that ends the transaction.
    pub(super) fn release(&mut self, mark: &str) -> bool {
        if let Some(place) = self.marks.iter().rposition(|known| known == mark) {
            self.marks.truncate(place);
        }
        self.is_of_mark && self.marks.is_empty()
    }

    /// Returns whether it sees what everybody sees, as long as the tables were not written since it began.
    pub(super) fn is_clean(&self) -> bool {
        self.written.is_nothing() && !self.is_doubtful && !self.is_apart
    }
}
