//! A query cache in a registry: what it tells of itself there.

use std::sync::Arc;

use super::QueryCache;
use super::cache::Shared;
use crate::{Measured, Registrable, Revive, Statistics};

impl<R: Clone + Send + Sync + 'static> Registrable for QueryCache<R> {
    fn weakly(&self) -> Revive {
        let weak = Arc::downgrade(self.shared());
        Box::new(move || weak.upgrade().map(|shared| -> Arc<dyn Measured> { shared }))
    }
}

impl<R: Clone + Send + Sync + 'static> Measured for Shared<R> {
    /// Those of the results; a statement that is not remembered is no miss.
    fn statistics(&self) -> Statistics {
        self.results().statistics()
    }

    fn clear(&self) {
        self.results().clear();
    }

    /// The tags are the cache's own: databases and tables.
    fn invalidate_tag(&self, tag: &str) -> usize {
        self.results().invalidate_tag(tag)
    }

    fn check(&self) -> Result<(), String> {
        Measured::check(self.results())
    }
}
