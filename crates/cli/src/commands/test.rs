//! `segno test [FLOW|TEST FILE]..`: tests workflows without running their agents, or records a run for that.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use segno_errors::{Fault, Kind, from_io};
use segno_orchestrator::report::{counted, short_duration};
use segno_orchestrator::spec::{self, Mistakes, Settings};
use segno_orchestrator::testing::{Bench, Cassette, Outcome, Script, Suite, TEST_ENDINGS, find, junit, project_files};
use segno_orchestrator::{Definition, Project};
use serde_json::{Value, json};

use crate::args::TestArguments;
use crate::exit::{End, Failure};
use crate::session::{self, Session};
use crate::terminal::{Terminal, print, say};

/// How the names of workflow files end, the longest first.
const FLOW_ENDINGS: [&str; 8] =
    [".flow.yaml", ".flow.yml", ".flow.json", ".flow.toml", ".yaml", ".yml", ".json", ".toml"];

pub(super) fn test(arguments: &TestArguments) -> Result<End, Failure> {
    match &arguments.record {
        Some(run) => record(arguments, run),
        None => run(arguments),
    }
}

/// A test file that is to be run, and the workflow to test when that was named.
struct Target {
    file: PathBuf,
    flow: Option<PathBuf>,
}

fn run(arguments: &TestArguments) -> Result<End, Failure> {
    let project = session::project()?;
    let mut broken = Vec::new();
    let mut scripts = Vec::new();
    for target in targets(arguments, &project)? {
        match read(&project, &target) {
            Ok(script) => scripts.push((target.file, script)),
            Err(Failure::Mistakes(mistakes)) => broken.push(mistakes),
            Err(failure) => return Err(failure),
        }
    }
    let secrets = session::secrets(&Settings::load(project.root())?);
    let bench = Bench { files: Some(project_files(project.root())), secrets };
    let began = Instant::now();
    let terminal = Terminal::look();
    let mut suites = Vec::new();
    for (file, script) in &scripts {
        let name = file.display().to_string();
        let suite = suite(&name, script, &bench, arguments, terminal);
        suites.push(suite);
    }
    finish(arguments, &suites, &broken, began.elapsed(), terminal)
}

/// Runs the tests of a file and tells each as it ends.
fn suite(name: &str, script: &Script, bench: &Bench, arguments: &TestArguments, terminal: Terminal) -> Suite {
    let wanted = |case: &str| arguments.filter.as_ref().is_none_or(|text| case.contains(text) || name.contains(text));
    let mut tests = Vec::new();
    for case in script.cases.iter().filter(|case| wanted(&case.name)) {
        let began = Instant::now();
        let outcome = bench.run(&script.definition, case);
        if !arguments.json {
            print(&told(name, &outcome, arguments.verbose, terminal));
        }
        tests.push((outcome, began.elapsed()));
    }
    Suite { name: name.to_owned(), tests }
}

/// A line for a test; when it failed, what was expected and what happened.
fn told(file: &str, outcome: &Outcome, verbose: bool, terminal: Terminal) -> String {
    let word = match (outcome.is_passed(), terminal.colour) {
        (true, true) => "\u{1b}[32;1mPASS\u{1b}[0m",
        (true, false) => "PASS",
        (false, true) => "\u{1b}[31;1mFAIL\u{1b}[0m",
        (false, false) => "FAIL",
    };
    let took = short_duration(outcome.took);
    let mut text = format!("{word} [{took:>7}] {file}: {}\n", outcome.name);
    let indented = |text: &str| text.lines().map(|line| format!("    {line}\n")).collect::<String>();
    if !outcome.is_passed() {
        text.push_str(&indented(&outcome.told()));
    }
    if (verbose || !outcome.is_passed()) && !outcome.events.is_empty() {
        text.push_str("    what happened:\n");
        text.push_str(&indented(&outcome.timeline()));
    }
    text
}

fn finish(
    arguments: &TestArguments,
    suites: &[Suite],
    broken: &[Box<Mistakes>],
    took: Duration,
    terminal: Terminal,
) -> Result<End, Failure> {
    if let Some(path) = &arguments.junit {
        std::fs::write(path, junit(suites))
            .map_err(|error| from_io(error).operation("junit").with("file", path.display()))?;
    }
    if arguments.json {
        print(&format!("{:#}\n", to_json(suites)));
    }
    let tests = || suites.iter().flat_map(|suite| &suite.tests);
    let (count, passed) = (tests().count(), tests().filter(|(outcome, _)| outcome.is_passed()).count());
    let failed = count - passed;
    let between = if terminal.unicode { " · " } else { ", " };
    let mut facts = vec![format!("{passed} passed")];
    facts.extend((failed > 0).then(|| format!("{failed} failed")));
    facts.extend((!broken.is_empty()).then(|| counted(broken.len(), "broken file")));
    say(&format!("{} in {}: {}", counted(count, "test"), short_duration(took), facts.join(between)));
    broken.iter().for_each(|mistakes| say(mistakes.to_string().trim_end()));
    match (broken.len(), count) {
        (1.., _) => Ok(End::Broken),
        (0, 0) => {
            let fault = Fault::new(Kind::Validation, "there are no such tests");
            Err(fault.hint("write NAME.test.yaml beside the workflow, or look at --filter").into())
        }
        _ if failed > 0 => Ok(End::Amiss),
        _ => Ok(End::Done),
    }
}

fn to_json(suites: &[Suite]) -> Value {
    let test = |(outcome, took): &(Outcome, Duration)| {
        let breaches = outcome
            .breaches
            .iter()
            .map(|breach| json!({ "what": breach.what, "expected": breach.expected, "got": breach.got }));
        json!({
            "name": outcome.name,
            "passed": outcome.is_passed(),
            "status": outcome.status.map(|status| status.name()),
            "virtual_ms": u64::try_from(outcome.took.as_millis()).unwrap_or(u64::MAX),
            "took_ms": u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            "breaches": breaches.collect::<Value>(),
            "events": outcome.events.len(),
        })
    };
    let suite = |suite: &Suite| json!({ "file": suite.name, "tests": suite.tests.iter().map(test).collect::<Value>() });
    suites.iter().map(suite).collect()
}

/// Finds the test files that are meant.
fn targets(arguments: &TestArguments, project: &Project) -> Result<Vec<Target>, Failure> {
    match (&arguments.files[..], &arguments.file) {
        ([], Some(file)) => Ok(vec![Target { file: file.clone(), flow: None }]),
        ([flow], Some(file)) => Ok(vec![Target { file: file.clone(), flow: Some(flow.clone()) }]),
        (_, Some(_)) => {
            let fault = Fault::new(Kind::Validation, "--file names the tests of one workflow, and several are given");
            Err(fault.hint("name one workflow, or the test files themselves").into())
        }
        ([], None) => {
            let folder = std::env::current_dir().map_err(|error| from_io(error).operation("working folder"))?;
            let shown = |file: PathBuf| file.strip_prefix(&folder).map(Path::to_owned).unwrap_or(file);
            let found = find(project.root()).into_iter().map(|file| Target { file: shown(file), flow: None });
            Ok(found.collect())
        }
        (files, None) => files.iter().map(|file| beside(file)).collect(),
    }
}

/// Returns the test file itself, or the one that stands beside a workflow.
fn beside(file: &Path) -> Result<Target, Failure> {
    let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if TEST_ENDINGS.iter().any(|ending| name.ends_with(ending)) {
        return Ok(Target { file: file.to_owned(), flow: None });
    }
    let stem = stem(name);
    let candidates = TEST_ENDINGS.map(|ending| file.with_file_name(format!("{stem}{ending}")));
    match candidates.iter().find(|candidate| candidate.is_file()) {
        Some(found) => Ok(Target { file: found.clone(), flow: Some(file.to_owned()) }),
        None if !file.exists() => {
            Err(Fault::new(Kind::Validation, format!("there is no file {}", file.display())).into())
        }
        None => {
            let message = format!("{} has no tests: there is no {}", file.display(), candidates[0].display());
            Err(Fault::new(Kind::Validation, message).hint("write one, or name it with --file").into())
        }
    }
}

fn stem(name: &str) -> &str {
    FLOW_ENDINGS.iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(name)
}

/// Reads a test file with all that it names.
fn read(project: &Project, target: &Target) -> Result<Script, Failure> {
    let name = target.file.display().to_string();
    let source = spec::load(&target.file, &name)?;
    let load = |flow: &str| {
        let path = target.flow.as_deref().unwrap_or(Path::new(flow));
        match session::definition(project, path) {
            Ok(definition) => Ok(definition),
            Err(Failure::Mistakes(mistakes)) => Err(*mistakes),
            Err(Failure::Fault(fault)) => Err(Mistakes::new(flow, "", vec![spec::Mistake::whole(fault.message())])),
        }
    };
    Ok(Script::assemble(&source, &name, &load, &|cassette: &str| spec::load(Path::new(cassette), cassette))?)
}

/// Writes the calls of a run as a cassette beside the tests of its workflow.
fn record(arguments: &TestArguments, run: &str) -> Result<End, Failure> {
    let [flow] = &arguments.files[..] else {
        let fault = Fault::new(Kind::Validation, "name the one workflow whose run is to be recorded");
        return Err(fault.hint("segno test FLOW --record RUN").into());
    };
    let session = Session::open_existing()?;
    let run = session.find(Some(run))?;
    let log = session.setup.journal.read(&run)?;
    let engine = session.engine();
    let pinned = engine.pinned(&run, log.events.first().map(|event| &event.fact))?;
    same_flow(&session, flow, &pinned)?;
    let cassette = Cassette::record(&pinned, &run, &log.events, &session.setup.blobs)?;
    let name = flow.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let beside = arguments.file.as_deref().unwrap_or(flow);
    let path = beside.with_file_name(format!("{}.cassette.json", stem(name)));
    std::fs::write(&path, cassette.to_text())
        .map_err(|error| from_io(error).operation("record").with("file", path.display()))?;
    let file = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    print(&format!("recorded {} calls of run {run} in {}\n", cassette.len(), path.display()));
    print(&format!("play them back with: - {{ name: as recorded, cassette: {file} }}\n"));
    Ok(End::Done)
}

/// Checks that a run is one of the workflow.
fn same_flow(session: &Session, flow: &Path, pinned: &Definition) -> Result<(), Failure> {
    let today = session::definition(&session.project, flow)?;
    if today.path == pinned.path || today.plan.name == pinned.plan.name {
        return Ok(());
    }
    let message = format!("the run is one of {}, not of {}", pinned.path, today.path);
    Err(Fault::new(Kind::Validation, message).hint("segno runs lists runs with their workflows").into())
}
