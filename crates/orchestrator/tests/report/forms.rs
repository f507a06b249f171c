//! Each form of a report as a whole, and what every form keeps whatever steps say.
//!
//! `SEGNO_MAKE_GOLDEN=1 cargo test -p segno-orchestrator --test report` makes the golden files anew; then look at them.

use std::fs;
use std::path::Path;

use segno_errors::{Fault, Kind};
use segno_orchestrator::model::{Outcome, Output, Reply, RunStatus};
use segno_orchestrator::report::{Look, Report};
use serde_json::Value;

use crate::sample::{self, ended, over, started};

/// Compares a whole output with its golden file.
fn check(name: &str, actual: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("SEGNO_MAKE_GOLDEN").is_some() {
        fs::write(&path, actual).unwrap();
    }
    assert_eq!(actual, fs::read_to_string(&path).unwrap(), "{name}");
}

fn text(report: &Report) -> String {
    report.summary(Look { unicode: true, rows: usize::MAX })
}

/// Where a fault was made is a line of a test here, which may move.
fn json(report: &Report) -> String {
    fn settle(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                if let Some(location) = fields.get_mut("location") {
                    *location = "crates/a.rs:1:1".into();
                }
                fields.values_mut().for_each(settle);
            }
            Value::Array(items) => items.iter_mut().for_each(settle),
            _ => {}
        }
    }
    let mut json = report.to_json();
    settle(&mut json);
    format!("{json:#}\n")
}

#[test]
fn a_failed_run_in_every_form() {
    let report = sample::report();
    check("report.txt", &text(&report));
    check("report.md", &report.markdown());
    check("report.xml", &report.junit());
    check("report.json", &json(&report));
}

#[test]
fn a_degraded_run_in_every_form() {
    let report = sample::degraded();
    check("degraded.txt", &text(&report));
    check("degraded.md", &report.markdown());
    check("degraded.xml", &report.junit());
    check("degraded.json", &json(&report));
}

#[test]
fn a_comment_has_room_for_every_report() {
    let steps: Vec<String> =
        (0..300).map(|step| format!("{{ id: step_{step}_{}, run: [x] }}", "x".repeat(35))).collect();
    let flow = format!("steps: [{}]", steps.join(", "));
    let fault = || Fault::new(Kind::Internal, "|".repeat(5_000)).detail("`".repeat(50_000)).hint("h".repeat(300));
    let broken = |step: usize| ended(&format!("step_{step}_{}", "x".repeat(35)), None, Outcome::of_fault(fault()));
    let markdown = sample::of(&flow, (0..300).map(broken).collect()).markdown();
    assert!(markdown.len() < 65_536, "{}", markdown.len());
    assert!(markdown.contains(".. and 200 more steps") && markdown.contains("more failures: `segno show"));
    assert_eq!(markdown.matches("<details>").count(), markdown.matches("</details>").count());
}

#[test]
fn junit_is_xml_whatever_was_said() {
    let every_sign: String = (0..=0x2_ffff).filter_map(char::from_u32).collect();
    let reply = Reply { output: Output::text(&*every_sign), errors: Output::text("]]>"), ..Reply::default() };
    let facts = vec![
        started(),
        ended("a", Some(&every_sign), Outcome::of_reply(reply)),
        ended("b", None, Outcome::of_fault(Fault::new(Kind::Internal, &*every_sign).detail(&*every_sign))),
        over(RunStatus::Failed),
    ];
    let xml = sample::of("steps: [{ id: a, run: [x] }, { id: b, run: [x] }]", facts).junit();
    let may_stand =
        |letter: char| matches!(letter, '\t' | '\n' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    assert!(xml.chars().all(may_stand));
    // Between tags and in attributes no sign of markup is left: each `<` begins a tag, each `&` an escape.
    for part in xml.split('&').skip(1) {
        let name = part.split(';').next().unwrap();
        assert!(["amp", "lt", "gt", "quot", "#10", "#13", "#9"].contains(&name), "&{name}");
    }
    let tags = [
        "?xml",
        "testsuite",
        "/testsuite",
        "propert",
        "/propert",
        "testcase",
        "/testcase",
        "failure",
        "/failure",
        "system-",
        "/system-",
    ];
    assert!(xml.split('<').skip(1).all(|tag| tags.iter().any(|name| tag.starts_with(name))));
}
