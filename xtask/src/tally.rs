//! Sums up the closing lines of `cargo test`, one a test binary, into one.

use std::fmt;

/// How many tests passed and failed in all binaries.
#[derive(Debug, Default, PartialEq)]
pub struct Tally {
    passed: u64,
    failed: u64,
}

impl Tally {
    /// Reads what `cargo test` printed.
    pub fn of(output: &str) -> Self {
        let mut tally = Tally::default();
        for line in output.lines().filter_map(|line| line.trim().strip_prefix("test result: ")) {
            tally.passed += count(line, "passed");
            tally.failed += count(line, "failed");
        }
        tally
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} passed, {} failed", self.passed, self.failed)
    }
}

/// Returns the number before `word`.
fn count(line: &str, word: &str) -> u64 {
    let words: Vec<&str> = line.split([' ', ';']).collect();
    words.windows(2).find(|pair| pair[1] == word).and_then(|pair| pair[0].parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(output: &str, expected: &str) {
        assert_eq!(Tally::of(output).to_string(), expected);
    }

    #[test]
    fn the_lines_of_all_binaries_are_summed_up() {
        check(
            "running 3 tests\n...\n\
             test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 2 filtered out; finished in 0.01s\n\n\
             test result: FAILED. 10 passed; 2 failed; 1 ignored; 0 measured; 0 filtered out\n",
            "13 passed, 2 failed",
        );
    }

    #[test]
    fn an_output_without_results_counts_nothing() {
        check("error: could not compile\n5 passed, they say\n", "0 passed, 0 failed");
    }
}
