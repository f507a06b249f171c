//! Where a fault was made: the caller's file, line and column, as text only when somebody reads it.
//! Leaves backtraces out on purpose: capturing one costs two microseconds, this costs a pointer.

use std::fmt;
use std::panic::Location;
use std::sync::OnceLock;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A place in source code, alive or read back from a store.
#[derive(Clone)]
pub(crate) struct Place {
    caller: Option<&'static Location<'static>>,
    text: OnceLock<String>,
}

impl Place {
    /// Returns the place of the caller's caller, through functions marked `#[track_caller]`.
    #[track_caller]
    pub(crate) fn here() -> Place {
        Place { caller: Some(Location::caller()), text: OnceLock::new() }
    }

    /// Returns `file:line:column`, or an empty text when it was never recorded.
    pub(crate) fn text(&self) -> &str {
        self.text.get_or_init(|| self.caller.map(ToString::to_string).unwrap_or_default())
    }
}

impl From<String> for Place {
    fn from(text: String) -> Place {
        Place { caller: None, text: OnceLock::from(text) }
    }
}

impl Default for Place {
    fn default() -> Place {
        Place::from(String::new())
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.text(), formatter)
    }
}

impl Serialize for Place {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.text().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Place {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Place, D::Error> {
        String::deserialize(deserializer).map(Place::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_names_file_line_and_column() {
        let (place, line) = (Place::here(), line!());
        let parts: Vec<_> = place.text().rsplitn(3, ':').collect();
        assert_eq!((parts[1], parts[2]), (line.to_string().as_str(), file!()));
    }
}
