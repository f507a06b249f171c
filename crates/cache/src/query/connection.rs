//! Whose results they are: the database and what else decides what a statement means.

use std::sync::Arc;

use crate::Digest;

/// Names a connection by what decides what its statements say. Two connections with the same name share results.
///
/// What a session sets up by statements that it runs is added as it runs them. What is set up elsewhere (a role, a time
/// zone, limits by row) and differs between connections belongs into `settings`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Connection {
    /// The database: a file's path, or host, port and name. A write concerns results of the same database.
    pub database: String,
    /// Who asks: results may depend on his rights.
    pub user: String,
    /// Where bare names are looked up: the search path.
    pub schema: String,
    /// Whatever else is set up differently.
    pub settings: String,
}

impl Connection {
    /// Names a connection by its database only.
    pub fn to(database: impl Into<String>) -> Connection {
        Connection { database: database.into(), ..Connection::default() }
    }

    pub(super) fn digest(&self) -> Digest {
        let mut hasher = blake3::Hasher::new();
        for part in [&self.database, &self.user, &self.schema, &self.settings] {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        Digest::finish(&hasher)
    }

    pub(super) fn database_shared(&self) -> Arc<str> {
        self.database.as_str().into()
    }
}
