//! What a redactor hides beyond the usual, and what it leaves.

/// What a [`Redactor`](crate::Redactor) hides beyond the usual, and what it leaves.
///
/// ```
/// use segno_logging::Redactor;
/// use segno_logging::redact::{Options, Shape};
///
/// let redactor = Redactor::with(&Options {
///     names: vec!["pin_code".into()],
///     allowed: vec!["csrf_token".into()],
///     shapes: vec![Shape::new("acme_", 8)],
///     ..Options::default()
/// });
/// assert_eq!(redactor.text("pin-code: 4711, acme_0123abcd"), "pin-code: [redacted], [redacted]");
/// assert_eq!(redactor.text("csrf_token=abc"), "csrf_token=abc");
/// ```
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// More names whose value is a secret where they end a key, in any case; `_` stands for `_`, `-` or nothing.
    pub names: Vec<String>,
    /// Whole keys that announce nothing, in any case, whatever their last words are; and values that are no secrets,
    /// also when the redactor is told of them.
    pub allowed: Vec<String>,
    /// More beginnings that betray a secret.
    pub shapes: Vec<Shape>,
    /// Hides the numbers of credit cards: 13 to 19 digits, also in groups, whose check digit is right.
    pub cards: bool,
}

/// A secret that is known by how it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    pub(super) beginning: String,
    pub(super) at_least: usize,
}

impl Shape {
    /// Hides what begins so and goes on with at least so many letters, digits, `_`, `-` or `.`, a digit beside
    /// another or a letter among them: names that are made of words have none.
    ///
    /// An empty beginning hides nothing.
    pub fn new(beginning: impl Into<String>, at_least: usize) -> Shape {
        Shape { beginning: beginning.into(), at_least }
    }
}
