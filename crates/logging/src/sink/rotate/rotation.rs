//! What can be asked of rotation. Leaves to `rotor` when it is due.

use std::time::Duration;

/// When a log file is sealed and a new one begun, and what becomes of sealed ones.
///
/// By default never. A sealed segment stands beside the log: `app.jsonl` becomes `app.2026-11-27T10-00-00Z.000001.jsonl`.
/// Several processes may write and rotate one log: no line is lost by it.
///
/// ```
/// use segno_logging::{Every, Keep, Rotation};
///
/// let rotation = Rotation {
///     max_bytes: Some(100 << 20),
///     every: Some(Every::Day),
///     keep: Keep { segments: Some(30), ..Keep::default() },
///     ..Rotation::default()
/// };
/// assert_eq!(rotation.keep.age, None);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rotation {
    /// Before a line that would make the file longer than this; a single longer line has a file of its own.
    pub max_bytes: Option<u64>,
    /// At these times, of UTC.
    pub every: Option<Every>,
    /// Which sealed segments are kept.
    pub keep: Keep,
    /// How sealed segments are compressed, in a thread of their own.
    pub compression: Compression,
}

/// A rhythm of rotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Every {
    /// At each full hour.
    Hour,
    /// At midnight, UTC.
    Day,
    /// At the multiples of a length of time since 1970, so that all processes agree; at least a second.
    Span(Duration),
}

/// Limits on sealed segments, compressed or not: the oldest go first, each with its sidecar. The log itself is never removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Keep {
    /// So many.
    pub segments: Option<usize>,
    /// Whose last line is not older than this.
    pub age: Option<Duration>,
    /// So many bytes together, as they are on the disk.
    ///
    /// Sidecars (`.idx`) have what the segments leave of it, the newest segments' first, so that lines never go for them.
    /// Where segments alone fill it, there are none.
    pub bytes: Option<u64>,
}

/// How sealed segments are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Compression {
    /// Not at all; the default without the feature `compress`.
    #[cfg_attr(not(feature = "compress"), default)]
    None,
    /// With Zstandard: small, and fast to read again.
    #[cfg(feature = "compress")]
    #[default]
    Zstd,
    /// With gzip, for tools that read nothing else.
    #[cfg(feature = "compress")]
    Gzip,
}

impl Every {
    /// The length of one period, in seconds.
    pub(crate) fn seconds(self) -> u64 {
        match self {
            Every::Hour => 3_600,
            Every::Day => 86_400,
            Every::Span(span) => span.as_secs().max(1),
        }
    }
}
