//! Bounds of a figure: a number that it must be, or the least and the most that it may be.

use std::fmt;
use std::time::Duration;

use crate::report::short_duration;
use crate::spec::fields::{Fields, Findings};
use crate::spec::tree::{Node, Tree};

/// What a figure may be; both ends are allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds<T> {
    /// The least.
    pub min: Option<T>,
    /// The most.
    pub max: Option<T>,
}

impl<T: Copy + PartialOrd> Bounds<T> {
    /// Returns bounds that only this figure keeps.
    pub fn exactly(figure: T) -> Bounds<T> {
        Bounds { min: Some(figure), max: Some(figure) }
    }

    /// Says whether a figure is within.
    pub fn admit(&self, figure: T) -> bool {
        self.min.is_none_or(|min| figure >= min) && self.max.is_none_or(|max| figure <= max)
    }

    fn told(&self, show: impl Fn(T) -> String) -> String {
        match (self.min, self.max) {
            (Some(min), Some(max)) if min == max => show(min),
            (Some(min), Some(max)) => format!("from {} to {}", show(min), show(max)),
            (Some(min), None) => format!("at least {}", show(min)),
            (None, Some(max)) => format!("at most {}", show(max)),
            (None, None) => "anything".into(),
        }
    }
}

impl fmt::Display for Bounds<u64> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.told(|figure| figure.to_string()))
    }
}

impl fmt::Display for Bounds<f64> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.told(|figure| figure.to_string()))
    }
}

impl fmt::Display for Bounds<Duration> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.told(short_duration))
    }
}

/// Reads `figure` or `{ min, max }`; `read` reads one figure.
fn bounds<T: Copy + PartialOrd>(
    node: &Node,
    what: &str,
    findings: &mut Findings,
    read: impl Fn(&mut Findings, &Node, &str) -> Option<T>,
) -> Option<Bounds<T>> {
    if !matches!(node.tree, Tree::Map(_)) {
        return read(findings, node, what).map(Bounds::exactly);
    }
    let fields = Fields::open(node, what, findings)?;
    fields.known(&["min", "max"], what, findings);
    let mut side = |name: &str| fields.find(name).and_then(|node| read(findings, node, &format!("{what}.{name}")));
    let bounds = Bounds { min: side("min"), max: side("max") };
    if let (Some(min), Some(max)) = (bounds.min, bounds.max)
        && min > max
    {
        findings.add(crate::spec::Mistake::at(node.place, format!("the min of {what} is above its max")));
    }
    Some(bounds)
}

pub(super) fn counts(node: &Node, what: &str, findings: &mut Findings) -> Option<Bounds<u64>> {
    bounds(node, what, findings, |findings, node, what| {
        findings.count(node, what, 0..=i64::MAX).and_then(|count| u64::try_from(count).ok())
    })
}

pub(super) fn numbers(node: &Node, what: &str, findings: &mut Findings) -> Option<Bounds<f64>> {
    bounds(node, what, findings, |findings, node, what| findings.number(node, what, 0.0..=f64::MAX))
}

pub(super) fn durations(node: &Node, what: &str, findings: &mut Findings) -> Option<Bounds<Duration>> {
    bounds(node, what, findings, duration)
}

/// Reads a duration; unlike in a workflow, nothing (`0s`) is one too.
pub(super) fn duration(findings: &mut Findings, node: &Node, what: &str) -> Option<Duration> {
    match &node.tree {
        Tree::Text(text) if text.trim_start_matches('0').starts_with(|letter: char| letter.is_ascii_alphabetic()) => {
            match humantime::parse_duration(text) {
                Ok(duration) => Some(duration),
                Err(_) => findings.duration(node, what),
            }
        }
        _ => findings.duration(node, what),
    }
}
