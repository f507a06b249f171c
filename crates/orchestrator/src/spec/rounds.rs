//! What stands round a body and repeats it: `each`, `matrix`, `loop`, and the numbers beside them.

use super::Mistake;
use super::fields::Fields;
use super::keys;
use super::steps::Steps;
use super::tree::{Node, Tree};
use crate::model::{AtLeast, DEFAULT_ROUNDS, Each, Item, Repeat, Text};

/// The most rounds that a file may ask for.
const MAX_ROUNDS: i64 = 10_000;
/// The most items or steps that a file may let go on at once.
const MAX_PARALLEL: i64 = 100_000;

impl Steps<'_> {
    /// Reads `each` or `matrix`.
    pub(super) fn each(&mut self, fields: &Fields<'_>) -> Option<Each> {
        match (fields.find("each"), fields.find("matrix")) {
            (Some(_), Some(matrix)) => {
                let mistake = Mistake::at(matrix.place, "a step has 'each' or 'matrix', not both");
                self.findings.add(mistake.hint("put one into the other"));
                None
            }
            (Some(node), None) => self.items(node, "each"),
            (None, Some(node)) => self.matrix(node),
            (None, None) => None,
        }
    }

    fn items(&mut self, node: &Node, what: &str) -> Option<Each> {
        let Tree::List(items) = &node.tree else {
            return self.findings.text(node, what).map(Each::Template);
        };
        let item = |item: &Node| match &item.tree {
            Tree::Text(source) if source.contains("{{") => {
                Some(Item::Template(Text { source: source.clone(), place: item.place, literal: item.literal }))
            }
            _ => self.findings.value(item, what).map(Item::Plain),
        };
        Some(Each::List(items.iter().filter_map(item).collect()))
    }

    fn matrix(&mut self, node: &Node) -> Option<Each> {
        let fields = Fields::open(node, "matrix", self.findings)?;
        if fields.rows().is_empty() {
            self.findings.add(Mistake::at(node.place, "'matrix' is empty").hint("matrix: { os: [linux, mac] }"));
            return None;
        }
        let axis = |(key, node): &(super::tree::Key, Node)| Some((key.name.clone(), self.items(node, &key.name)?));
        Some(Each::Matrix(fields.rows().iter().filter_map(axis).collect()))
    }

    /// Reads `at_least: 80%` or `at_least: 3`.
    pub(super) fn at_least(&mut self, fields: &Fields<'_>) -> Option<AtLeast> {
        let node = fields.find("at_least")?;
        if let Tree::Text(text) = &node.tree {
            let percent = text.trim().strip_suffix('%').and_then(|number| number.trim().parse::<u32>().ok());
            if let Some(percent) = percent.filter(|percent| (1..=100).contains(percent)) {
                return Some(AtLeast::Percent(percent));
            }
            let message = format!("'at_least' is a number of items or a percentage, not '{text}'");
            self.findings.add(Mistake::at(node.place, message).hint("at_least: 80%, or at_least: 3"));
            return None;
        }
        let count = self.findings.count(node, "at_least", 1..=i64::from(u32::MAX))?;
        u32::try_from(count).ok().map(AtLeast::Count)
    }

    pub(super) fn max_parallel(&mut self, fields: &Fields<'_>) -> Option<u32> {
        let node = fields.find("max_parallel")?;
        self.findings.count(node, "max_parallel", 1..=MAX_PARALLEL).and_then(|count| u32::try_from(count).ok())
    }

    pub(super) fn weight(&mut self, fields: &Fields<'_>) -> f64 {
        let node = fields.find("weight");
        node.and_then(|node| self.findings.number(node, "weight", 0.0..=1e6)).unwrap_or(1.0)
    }

    /// Reads `loop: 3` or `loop: { until, while, max, score, at_limit }`.
    pub(super) fn repeat(&mut self, fields: &Fields<'_>) -> Option<Repeat> {
        let node = fields.find("loop")?;
        let plain = Repeat {
            place: node.place,
            until: None,
            going_while: None,
            max: DEFAULT_ROUNDS,
            score: None,
            fails_at_limit: false,
        };
        if matches!(node.tree, Tree::Integer(_)) {
            return Some(Repeat { max: self.rounds(node)?, ..plain });
        }
        let fields = Fields::open(node, "loop", self.findings)?;
        fields.known(&keys::LOOP, "loop", self.findings);
        let mut condition = |name: &str| fields.find(name).and_then(|node| self.findings.text(node, name));
        let repeat =
            Repeat { until: condition("until"), going_while: condition("while"), score: condition("score"), ..plain };
        let max = fields.find("max").and_then(|node| self.rounds(node)).unwrap_or(DEFAULT_ROUNDS);
        if repeat.until.is_none() && repeat.going_while.is_none() && fields.find("max").is_none() {
            let hint = "say when it is over: until: EXPRESSION, while: EXPRESSION, or max: NUMBER";
            self.findings.add(Mistake::at(node.place, "this 'loop' does not say when it is over").hint(hint));
        }
        Some(Repeat { max, fails_at_limit: self.at_limit(&fields), ..repeat })
    }

    fn rounds(&mut self, node: &Node) -> Option<u32> {
        self.findings.count(node, "max (rounds)", 1..=MAX_ROUNDS).and_then(|count| u32::try_from(count).ok())
    }

    fn at_limit(&mut self, fields: &Fields<'_>) -> bool {
        let Some(node) = fields.find("at_limit") else { return false };
        match self.findings.word(node, "at_limit").as_deref() {
            Some("fail") => true,
            Some("partial") | None => false,
            Some(other) => {
                let message = format!("'at_limit' is 'partial' or 'fail', not '{other}'");
                self.findings.add(Mistake::at(node.place, message));
                false
            }
        }
    }
}
