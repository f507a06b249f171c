//! What an examination says of one thing.

use serde::Serialize;

/// Something that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What it belongs to.
    pub area: Area,
    /// What was looked at.
    pub name: &'static str,
    /// How it is.
    pub verdict: Verdict,
    /// What was found.
    pub words: String,
    /// What can be done about it.
    pub advice: Option<String>,
}

/// What a finding belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Area {
    /// The machine and its programs.
    Machine,
    /// The project's state.
    Store,
    /// `segno.toml`.
    Settings,
}

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// As it should be.
    Good,
    /// Worth knowing; things run.
    Note,
    /// Something will not work.
    Bad,
}

impl Area {
    /// All areas, in the order in which they are told.
    pub const ALL: [Area; 3] = [Area::Machine, Area::Store, Area::Settings];

    /// Returns its name.
    pub fn name(self) -> &'static str {
        match self {
            Area::Machine => "machine",
            Area::Store => "store",
            Area::Settings => "settings",
        }
    }
}

impl Verdict {
    /// Returns its name.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Good => "good",
            Verdict::Note => "note",
            Verdict::Bad => "bad",
        }
    }
}

impl Finding {
    /// Begins a finding; it is good until something else is said.
    pub fn new(area: Area, name: &'static str) -> Finding {
        Finding { area, name, verdict: Verdict::Good, words: String::new(), advice: None }
    }

    /// Says that it is as it should be.
    #[must_use]
    pub fn good(self, words: impl Into<String>) -> Finding {
        Finding { verdict: Verdict::Good, words: words.into(), ..self }
    }

    /// Says something worth knowing, and what can be done.
    #[must_use]
    pub fn note(self, words: impl Into<String>, advice: impl Into<String>) -> Finding {
        Finding { verdict: Verdict::Note, words: words.into(), advice: Some(advice.into()), ..self }
    }

    /// Says what will not work, and what can be done.
    #[must_use]
    pub fn bad(self, words: impl Into<String>, advice: impl Into<String>) -> Finding {
        Finding { verdict: Verdict::Bad, words: words.into(), advice: Some(advice.into()), ..self }
    }
}

/// Writes a number of bytes for people.
pub(super) fn size(bytes: u64) -> String {
    let scales = [(1_000_000_000_u64, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    match scales.into_iter().find(|(scale, _)| bytes >= *scale) {
        Some((scale, unit)) => format!("{}.{} {unit}", bytes / scale, bytes % scale * 10 / scale),
        None => format!("{bytes} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_have_one_digit_behind_the_point() {
        let said: Vec<String> = [0, 999, 1_000, 1_990, 2_000_000_000].map(size).into_iter().collect();
        assert_eq!(said, ["0 bytes", "999 bytes", "1.0 kB", "1.9 kB", "2.0 GB"]);
    }
}
