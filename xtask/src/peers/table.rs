//! A table in Markdown, to be pasted into the documentation.

use std::fmt;

/// What was measured of one topic.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The topic.
    pub what: String,
    /// What segno takes.
    pub ours: String,
    /// Who it is held against, and what that takes.
    pub peer: String,
    /// How both compare.
    pub ratio: String,
    /// What the project wants.
    pub wanted: &'static str,
}

/// Rows under one heading.
#[derive(Debug, Default)]
pub struct Table(pub Vec<Row>);

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| what | segno | peer | ratio | wanted |\n|---|---|---|---|---|")?;
        let line = |Row { what, ours, peer, ratio, wanted }: &Row| {
            format!("| {what} | {ours} | {peer} | {ratio} | {wanted} |")
        };
        self.0.iter().try_for_each(|row| writeln!(f, "{}", line(row)))
    }
}

/// Shows seconds as milliseconds, short times to the microsecond.
pub fn millis(seconds: f64) -> String {
    match seconds < 0.001 {
        true => format!("{:.3} ms", seconds * 1_000.0),
        false => format!("{:.1} ms", seconds * 1_000.0),
    }
}

/// Shows bytes as megabytes.
pub fn megabytes(bytes: u64) -> String {
    let whole = bytes / 100_000;
    format!("{}.{} MB", whole / 10, whole % 10)
}

/// Shows how many times as much.
pub fn times(ratio: f64) -> String {
    format!("{ratio:.2}x")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stand_in_a_markdown_table() {
        let row = Row {
            what: "start".into(),
            ours: millis(0.0021),
            peer: "true 1 ms".into(),
            ratio: times(2.1),
            wanted: "2x",
        };
        let table = Table(vec![row]).to_string();
        assert_eq!(table.lines().last(), Some("| start | 2.1 ms | true 1 ms | 2.10x | 2x |"));
        assert_eq!(megabytes(19_999_999), "19.9 MB");
        assert_eq!(millis(0.000_123), "0.123 ms");
    }
}
