//! Why a value left the cache.

/// Why a value is no longer in the cache; told to the listener and counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Cause {
    /// The cache was full, and the policy chose this value; or the policy did not let a new value in.
    Evicted,
    /// Its time to live or its time to idle was over.
    Expired,
    /// Somebody removed it by its key.
    Removed,
    /// It was declared out of date: by a tag, a predicate, a prefix, a dependency, or all at once.
    Invalidated,
    /// Another value was put under its key.
    Replaced,
}
