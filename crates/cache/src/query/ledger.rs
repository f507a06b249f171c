//! Which table was written when, by a clock that counts writes; and what is known of each database's catalogue.
//!
//! A result may be kept only if nothing that it was read from was written since its statement began, and whoever looks
//! must not be able to come between that check and the keeping: both happen under the ledger's lock.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Schema, TableName};

/// So many tables are told apart; of more it is only known that something was written.
const MAX_TABLES: usize = 10_000;

/// A moment between two writes.
pub(super) type Moment = u64;

#[derive(Debug, Default)]
pub(super) struct Ledger {
    now: Moment,
    written: HashMap<Arc<str>, Moment>,
    /// What happened to tables that are not in `written` happened at this moment or before.
    forgotten: Moment,
    catalogues: HashMap<Arc<str>, Catalogue>,
}

#[derive(Clone, Debug)]
pub(super) enum Catalogue {
    /// It was read, at a moment, and not changed since.
    Known { schema: Arc<Schema>, read_at: Moment },
    /// It changed, at this moment, and was not read since.
    Changed(Moment),
}

/// What of one database is written.
#[derive(Clone, Debug, Default)]
pub(super) struct Written {
    pub(super) tables: Vec<TableName>,
    pub(super) is_everything: bool,
    pub(super) is_catalogue: bool,
}

impl Written {
    pub(super) fn add(&mut self, other: Written) {
        self.is_everything |= other.is_everything;
        self.is_catalogue |= other.is_catalogue;
        self.tables.extend(other.tables);
        self.tables.sort();
        self.tables.dedup();
        if self.tables.len() > MAX_TABLES {
            self.is_everything = true;
            self.tables.clear();
        }
    }

    pub(super) fn is_nothing(&self) -> bool {
        self.tables.is_empty() && !self.is_everything && !self.is_catalogue
    }
}

impl Ledger {
    pub(super) fn now(&self) -> Moment {
        self.now
    }

    /// Notes a write, and returns the tags of what has to go.
    pub(super) fn write(&mut self, database: &Arc<str>, written: &Written) -> Vec<Arc<str>> {
        self.now += 1;
        let tags: Vec<Arc<str>> = match written.is_everything || written.is_catalogue {
            true => vec![whole(database)],
            false => written
                .tables
                .iter()
                .flat_map(|table| table.writer_tags())
                .map(|tag| in_database(database, &tag))
                .collect(),
        };
        for tag in &tags {
            self.written.insert(Arc::clone(tag), self.now);
        }
        if self.written.len() > MAX_TABLES {
            self.written.clear();
            self.forgotten = self.now;
        }
        if written.is_catalogue && self.catalogues.contains_key(database) {
            self.catalogues.insert(Arc::clone(database), Catalogue::Changed(self.now));
        }
        tags
    }

    /// Returns whether nothing with one of these tags was written after the moment.
    pub(super) fn is_unwritten(&self, tags: &[Arc<str>], since: Moment) -> bool {
        self.forgotten <= since && tags.iter().all(|tag| self.written.get(tag).is_none_or(|moment| *moment <= since))
    }

    pub(super) fn catalogue(&self, database: &str) -> Option<&Catalogue> {
        self.catalogues.get(database)
    }

    /// Takes a catalogue that was read at a moment, unless it changed since or a later reading is known.
    pub(super) fn learn(&mut self, database: &Arc<str>, schema: Schema, read_at: Moment) -> bool {
        let is_late = match self.catalogues.get(database) {
            Some(Catalogue::Changed(moment) | Catalogue::Known { read_at: moment, .. }) => read_at < *moment,
            None => false,
        };
        if !is_late {
            let known = Catalogue::Known { schema: Arc::new(schema), read_at };
            self.catalogues.insert(Arc::clone(database), known);
        }
        !is_late
    }

    /// Says that a database's catalogue has to be read before anything of it is remembered.
    pub(super) fn demand(&mut self, database: &Arc<str>) {
        let now = self.now;
        self.catalogues.entry(Arc::clone(database)).or_insert(Catalogue::Changed(now));
    }
}

/// Returns the tags under which a result read from these tables is found.
pub(super) fn reader_tags(database: &Arc<str>, tables: &[TableName]) -> Vec<Arc<str>> {
    let tables = tables.iter().flat_map(TableName::reader_tags).map(|tag| in_database(database, &tag));
    let mut tags: Vec<Arc<str>> = tables.chain([whole(database)]).collect();
    tags.sort();
    tags.dedup();
    tags
}

fn whole(database: &str) -> Arc<str> {
    format!("{}:{database}", database.len()).into()
}

fn in_database(database: &str, tag: &str) -> Arc<str> {
    format!("{}:{database}:{tag}", database.len()).into()
}
