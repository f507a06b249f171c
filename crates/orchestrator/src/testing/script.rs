//! What a test file says: the workflow and its cases. All mistakes are told at once, those of names included.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value};

use super::cassette::Cassette;
use super::expect::{Expect, Named, expect};
use super::mock::{Mock, mocks};
use super::names;
use crate::definition::Definition;
use crate::model::Place;
use crate::plan::beside;
use crate::spec::fields::{Fields, Findings};
use crate::spec::tree::Node;
use crate::spec::{self, Format, Mistake, Mistakes};

const KEYS: [&str; 3] = ["flow", "description", "tests"];
const CASE_KEYS: [&str; 10] =
    ["name", "description", "inputs", "files", "jobs", "mocks", "cassette", "kill_after", "limit", "expect"];
/// How many attempts run at once when a case does not say.
const JOBS: usize = 4;
/// The most events of a test's run unless it says more.
pub(super) const MAX_EVENTS: u64 = 100_000;
/// The most virtual time that a test's run may take unless it says more.
pub(super) const MAX_TIME: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// What a person who has nothing yet can begin with.
const SMALLEST: &str =
    "a smallest test file is: {flow: hello.yaml, tests: [{name: it works, mocks: {\"*\": {output: ok}}}]}";

/// A test file: a workflow and the cases in which it is tested.
#[derive(Clone, Debug)]
pub struct Script {
    /// The workflow's file, as it is called from where the test file is called from.
    pub flow: String,
    /// The workflow.
    pub definition: Definition,
    /// The tests.
    pub cases: Vec<Case>,
}

/// One test.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// Its name: what is so.
    pub name: String,
    /// Where it stands.
    pub place: Place,
    /// The inputs of the run; those of the cassette where nothing is given.
    pub inputs: Option<Map<String, Value>>,
    /// What `files()` gives, by glob; `None`: the real files, where there are some.
    pub files: Option<BTreeMap<String, Vec<String>>>,
    /// How many attempts run at once.
    pub jobs: usize,
    /// Who answers in the place of commands and agents.
    pub mocks: Vec<Mock>,
    /// The recorded calls that are played back: their file, and what it holds once it was read.
    pub cassette: Option<(Named, Option<Cassette>)>,
    /// The run is killed after so many events and gone on with.
    pub kill_after: Option<usize>,
    /// When a run is taken to be endless.
    pub limits: Limits,
    /// What must come of it.
    pub expect: Expect,
}

/// When a run is taken to be endless.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most virtual time.
    pub time: Duration,
    /// The most events.
    pub events: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { time: MAX_TIME, events: MAX_EVENTS }
    }
}

impl Default for Case {
    fn default() -> Case {
        Case {
            name: String::new(),
            place: Place::default(),
            inputs: None,
            files: None,
            jobs: JOBS,
            mocks: Vec::new(),
            cassette: None,
            kill_after: None,
            limits: Limits::default(),
            expect: Expect::default(),
        }
    }
}

impl Script {
    /// Parses a test file; `load` reads the workflow that it names.
    ///
    /// # Errors
    /// All mistakes of the file and of the workflow.
    pub fn parse(
        source: &str,
        name: &str,
        load: &dyn Fn(&str) -> Result<Definition, Mistakes>,
    ) -> Result<Script, Mistakes> {
        let never = |path: &str| Err(Mistakes::new(path, "", vec![Mistake::whole("no cassette can be read here")]));
        Script::assemble(source, name, load, &never)
    }

    /// Parses a test file; `read` gives the texts of the cassettes that it names.
    ///
    /// # Errors
    /// All mistakes of the file, of the workflow and of the cassettes.
    pub fn assemble(
        source: &str,
        name: &str,
        load: &dyn Fn(&str) -> Result<Definition, Mistakes>,
        read: &dyn Fn(&str) -> Result<String, Mistakes>,
    ) -> Result<Script, Mistakes> {
        let failed = |list| Mistakes::new(name, source, list);
        let text = source.strip_prefix('\u{feff}').unwrap_or(source);
        if text.trim().is_empty() {
            return Err(failed(vec![Mistake::whole("the file is empty").hint(SMALLEST)]));
        }
        let (tree, list) = spec::tree(text, Format::of_path(name)).map_err(|mistake| failed(vec![mistake]))?;
        let mut findings = Findings { list };
        let Some((flow, mut cases)) = top(&tree, &mut findings) else {
            return Err(failed(findings.list));
        };
        for (file, cassette) in cases.iter_mut().filter_map(|case| case.cassette.as_mut()) {
            let path = beside(name, &file.name);
            match read(&path).and_then(|text| Cassette::parse(&text, &path)) {
                Ok(read) => *cassette = Some(read),
                Err(told) => moved(&told, &path, file.place, &mut findings),
            }
        }
        let path = beside(name, &flow.name);
        match load(&path) {
            Ok(definition) => {
                cases.iter().for_each(|case| names::check(case, &definition.plan, &mut findings));
                match findings.list.is_empty() {
                    true => Ok(Script { flow: path, definition, cases }),
                    false => Err(failed(findings.list)),
                }
            }
            Err(told) => {
                moved(&told, &path, flow.place, &mut findings);
                Err(failed(findings.list))
            }
        }
    }
}

/// Tells the mistakes of another file where that is named.
fn moved(told: &Mistakes, path: &str, place: Place, findings: &mut Findings) {
    told.list().iter().for_each(|mistake| findings.add(mistake.clone().moved(path, place)));
}

fn top(tree: &Node, findings: &mut Findings) -> Option<(Named, Vec<Case>)> {
    let fields = Fields::open(tree, "a test file", findings)?;
    fields.known(&KEYS, "a test file", findings);
    let cases = match fields.find("tests") {
        Some(node) => findings.list(node, "tests").iter().filter_map(|node| case(node, findings)).collect(),
        None => {
            findings.add(Mistake::at(tree.place, "the file has no tests").hint(SMALLEST));
            Vec::new()
        }
    };
    doubled(&cases, findings);
    match fields.find("flow") {
        Some(node) => findings.word(node, "flow").map(|name| (Named { name, place: node.place }, cases)),
        None => {
            let hint = "add flow: NAME.flow.yaml, relative to this file";
            findings.add(Mistake::at(tree.place, "the file does not say which workflow it tests").hint(hint));
            None
        }
    }
}

fn doubled(cases: &[Case], findings: &mut Findings) {
    for (index, case) in cases.iter().enumerate() {
        if cases[..index].iter().any(|other| other.name == case.name) {
            findings.add(Mistake::at(case.place, format!("two tests are called '{}'", case.name)));
        }
    }
}

fn case(node: &Node, findings: &mut Findings) -> Option<Case> {
    let fields = Fields::open(node, "a test", findings)?;
    fields.known(&CASE_KEYS, "a test", findings);
    if let Some(node) = fields.find("description") {
        findings.text(node, "description");
    }
    let Some(name) = fields.find("name") else {
        findings.add(Mistake::at(node.place, "this test has no name").hint("add name: what is so"));
        return None;
    };
    let count = |key: &str, range, findings: &mut Findings| {
        let count = fields.find(key).and_then(|node| findings.count(node, key, range));
        count.and_then(|count| usize::try_from(count).ok())
    };
    Some(Case {
        place: name.place,
        name: findings.word(name, "name")?,
        inputs: fields.find("inputs").and_then(|node| map(node, "inputs", findings)),
        files: fields.find("files").map(|node| files(node, findings)),
        jobs: count("jobs", 1..=1_000, findings).unwrap_or(JOBS),
        mocks: fields.find("mocks").map(|node| mocks(node, findings)).unwrap_or_default(),
        cassette: fields
            .find("cassette")
            .and_then(|node| findings.word(node, "cassette").map(|name| (Named { name, place: node.place }, None))),
        kill_after: count("kill_after", 1..=1_000_000, findings),
        limits: fields.find("limit").map(|node| limits(node, findings)).unwrap_or_default(),
        expect: fields.find("expect").map(|node| expect(node, findings)).unwrap_or_default(),
    })
}

fn map(node: &Node, what: &str, findings: &mut Findings) -> Option<Map<String, Value>> {
    Fields::open(node, what, findings)?;
    match node.value() {
        Value::Object(map) => Some(map),
        _ => None,
    }
}

fn files(node: &Node, findings: &mut Findings) -> BTreeMap<String, Vec<String>> {
    let Some(fields) = Fields::open(node, "files", findings) else {
        return BTreeMap::new();
    };
    let row = |(key, node): &(spec::tree::Key, Node)| (key.name.clone(), findings.words(node, "files"));
    fields.rows().iter().map(row).collect()
}

fn limits(node: &Node, findings: &mut Findings) -> Limits {
    let preset = Limits::default();
    let Some(fields) = Fields::open(node, "limit", findings) else {
        return preset;
    };
    fields.known(&["time", "events"], "limit", findings);
    let time = fields.find("time").and_then(|node| findings.duration(node, "time"));
    let events = fields.find("events").and_then(|node| findings.count(node, "events", 1..=10_000_000));
    Limits {
        time: time.unwrap_or(preset.time),
        events: events.and_then(|events| u64::try_from(events).ok()).unwrap_or(preset.events),
    }
}
