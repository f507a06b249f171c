//! How much a call matters when not all can go. Leaves the order among equals to the queue.

/// How much a call matters when not all can go: who matters more goes first.
///
/// ```
/// use segno_resilience::Priority;
///
/// assert!(Priority::Critical > Priority::Normal);
/// assert_eq!(Priority::default(), Priority::Normal);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    /// Work that nobody waits for: it goes when nothing else wants to.
    Low,
    /// What most calls are.
    #[default]
    Normal,
    /// Somebody waits for it.
    High,
    /// Must go if anything can.
    Critical,
}

impl Priority {
    /// All of them, the lowest first.
    pub const ALL: [Priority; 4] = [Priority::Low, Priority::Normal, Priority::High, Priority::Critical];

    /// Returns the name that is shown, such as `normal`.
    pub fn name(self) -> &'static str {
        match self {
            Priority::Low => "low",
            Priority::Normal => "normal",
            Priority::High => "high",
            Priority::Critical => "critical",
        }
    }
}
