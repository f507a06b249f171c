//! The five patterns that a description can ask for.

use std::fmt;

/// A way in which steps can be put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Pattern {
    /// Ordered steps, each once.
    Sequential,
    /// Independent pieces at the same time, gathered.
    Parallel,
    /// A test, or a class of the input, decides which work is done.
    Conditional,
    /// The same work again, up to a target or a limit.
    Iterative,
    /// Many items through the same ordered stages.
    Pipeline,
}

impl Pattern {
    /// All patterns, in the order of their numbers.
    pub const ALL: [Pattern; 5] =
        [Pattern::Sequential, Pattern::Parallel, Pattern::Conditional, Pattern::Iterative, Pattern::Pipeline];

    /// Returns the pattern's name, in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Pattern::Sequential => "sequential",
            Pattern::Parallel => "parallel",
            Pattern::Conditional => "conditional",
            Pattern::Iterative => "iterative",
            Pattern::Pipeline => "pipeline",
        }
    }

    /// Returns what a description asks for that has this pattern, as half a sentence.
    pub fn meaning(self) -> &'static str {
        match self {
            Pattern::Sequential => "ordered steps, each once",
            Pattern::Parallel => "independent pieces at the same time, gathered",
            Pattern::Conditional => "a test or a class decides which work is done",
            Pattern::Iterative => "the same work again, up to a target or a limit",
            Pattern::Pipeline => "many items through the same stages",
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}
