//! What a caller may say about one value when it is put in.

use std::sync::Arc;
use std::time::Duration;

/// The terms under which one value is kept; what is left out is the cache's own.
///
/// ```
/// use segno_cache::{Cache, Terms};
/// use std::time::Duration;
///
/// let cache = Cache::new(100);
/// let terms = Terms { time_to_live: Some(Duration::from_secs(60)), tags: vec!["users".into()], ..Terms::default() };
/// cache.insert_with("ada", 36, terms);
/// assert_eq!(cache.invalidate_tag("users"), 1);
/// assert_eq!(cache.get("ada"), None);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// What it weighs; the weigher's word counts if there is none here.
    pub weight: Option<u32>,
    /// How long it may be given out, from now on.
    pub time_to_live: Option<Duration>,
    /// How long it may lie unused.
    pub time_to_idle: Option<Duration>,
    /// How long after its time to live it is kept to be given out while a newer one is loaded, or when that fails.
    pub stale: Option<Duration>,
    /// What it took to make: what was dear to make is kept longer than what was cheap.
    pub cost: Option<Duration>,
    /// Names by which it may be invalidated together with others.
    pub tags: Vec<Arc<str>>,
    /// Is never evicted for room; it still expires, and may be removed.
    pub pinned: bool,
}
