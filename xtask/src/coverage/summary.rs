//! Reads what cargo-llvm-cov found and sums it up by crate.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde_json::Value;

/// Lines that can be run, and those that were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lines {
    all: u64,
    run: u64,
}

impl Lines {
    fn add(&mut self, other: Lines) {
        self.all += other.all;
        self.run += other.run;
    }

    /// Returns the share of lines that were run.
    pub fn percent(self) -> f64 {
        if self.all == 0 { 0.0 } else { self.run as f64 * 100.0 / self.all as f64 }
    }
}

/// The lines of each crate's folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary(BTreeMap<String, Lines>);

impl Summary {
    /// Reads the export of `llvm-cov`, whose files are named by whole paths.
    pub fn read(text: &str, root: &Path) -> Result<Summary, String> {
        let export: Value = serde_json::from_str(text).map_err(|error| format!("the coverage is not JSON: {error}"))?;
        let files = export["data"][0]["files"].as_array().ok_or("the coverage names no files")?;
        let mut crates: BTreeMap<String, Lines> = BTreeMap::new();
        for file in files {
            let number = |name: &str| file["summary"]["lines"][name].as_u64();
            let (Some(path), Some(all), Some(run)) = (file["filename"].as_str(), number("count"), number("covered"))
            else {
                return Err("a file of the coverage lacks its name or its lines".to_owned());
            };
            let below = Path::new(path).strip_prefix(root).unwrap_or(Path::new(path));
            crates.entry(crate_of(below)).or_default().add(Lines { all, run });
        }
        match crates.is_empty() {
            true => Err("the coverage is empty: no test left a trace".to_owned()),
            false => Ok(Summary(crates)),
        }
    }

    /// Returns the lines of all crates.
    pub fn total(&self) -> Lines {
        let mut total = Lines::default();
        self.0.values().for_each(|lines| total.add(*lines));
        total
    }
}

/// Returns the folder of the crate that a source belongs to: what stands before `src`.
fn crate_of(path: &Path) -> String {
    let parts = path.iter().map(|part| part.to_string_lossy()).take_while(|part| part != "src");
    parts.collect::<Vec<_>>().join("/")
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| crate | lines | run | share |\n|---|---|---|---|")?;
        let mut row = |name: &str, lines: Lines| {
            writeln!(f, "| {name} | {} | {} | {:.1} % |", lines.all, lines.run, lines.percent())
        };
        self.0.iter().try_for_each(|(name, lines)| row(name, *lines))?;
        row("all", self.total())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(files: &[(&str, u64, u64)], expected: Result<&str, &str>) {
        let file = |(path, count, covered): &(&str, u64, u64)| {
            format!(r#"{{"filename":"/r/{path}","summary":{{"lines":{{"count":{count},"covered":{covered}}}}}}}"#)
        };
        let files: Vec<String> = files.iter().map(file).collect();
        let text = format!(r#"{{"data":[{{"files":[{}]}}]}}"#, files.join(","));
        let rows = |summary: Summary| summary.to_string().lines().skip(2).collect::<Vec<_>>().join("\n");
        let found = Summary::read(&text, Path::new("/r")).map(rows);
        assert_eq!(found, expected.map(str::to_owned).map_err(str::to_owned));
    }

    #[test]
    fn files_are_summed_by_crate_and_in_all() {
        check(
            &[("crates/a/src/x.rs", 10, 9), ("crates/a/src/y/z.rs", 10, 10), ("crates/a/macros/src/lib.rs", 20, 0)],
            Ok("| crates/a | 20 | 19 | 95.0 % |\n| crates/a/macros | 20 | 0 | 0.0 % |\n| all | 40 | 19 | 47.5 % |"),
        );
    }

    #[test]
    fn tests_without_a_trace_are_a_mistake() {
        check(&[], Err("the coverage is empty: no test left a trace"));
    }
}
