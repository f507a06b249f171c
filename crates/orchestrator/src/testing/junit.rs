//! Outcomes of tests as JUnit's XML, which build servers read.

use std::time::Duration;

use super::run::Outcome;
use crate::report::xml::{attribute, content, line, seconds};

/// A test file and what came of it.
#[derive(Clone, Debug)]
pub struct Suite {
    /// The file, as people call it.
    pub name: String,
    /// Its tests and how long each really took.
    pub tests: Vec<(Outcome, Duration)>,
}

/// Writes suites as JUnit's XML.
pub fn junit(suites: &[Suite]) -> String {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"segno test\">\n");
    for Suite { name, tests } in suites {
        let failed = tests.iter().filter(|(outcome, _)| !outcome.is_passed()).count();
        let took: Duration = tests.iter().map(|(_, took)| *took).sum();
        let (name, count, took) = (attribute(name), tests.len(), seconds(took));
        line(
            &mut text,
            &format!("  <testsuite name=\"{name}\" tests=\"{count}\" failures=\"{failed}\" time=\"{took}\">"),
        );
        for (outcome, took) in tests {
            case(&mut text, &name, outcome, *took);
        }
        line(&mut text, "  </testsuite>");
    }
    line(&mut text, "</testsuites>");
    text
}

fn case(text: &mut String, suite: &str, outcome: &Outcome, took: Duration) {
    let (name, took) = (attribute(&outcome.name), seconds(took));
    let open = format!("    <testcase classname=\"{suite}\" name=\"{name}\" time=\"{took}\"");
    let Some(first) = outcome.breaches.first() else {
        return line(text, &format!("{open}/>"));
    };
    line(text, &format!("{open}>"));
    let message = match first.expected.is_empty() {
        true => format!("{}: {}", first.what, first.got),
        false => format!("{}: expected {}, got {}", first.what, first.expected, first.got),
    };
    let body = format!("{}\n{}", outcome.told(), outcome.timeline());
    line(text, &format!("      <failure message=\"{}\">{}</failure>", attribute(&message), content(&body)));
    line(text, "    </testcase>");
}
