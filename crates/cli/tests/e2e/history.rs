//! Runs after they have ended: compared, found again, kept or removed.

use std::fs::File;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::support::{Project, wait};

const FLOW: &str = "flow: nightly
inputs: { goal: { default: speed } }
steps:
  - { id: list, run: [cat, list], cache: { files: [list] } }
  - { id: say, run: [echo, 'goal: {{ inputs.goal }}'] }
  - { id: large, run: 'cat list; head -c 20000 /dev/zero | tr \\\\000 x' }
";

fn project() -> Project {
    let project = Project::of(FLOW);
    project.write("list", "one\ntwo\n");
    project
}

fn run(project: &Project, words: &[&str], code: i32) {
    let ran = project.segno(&[&["run", "flow.yaml"], words].concat());
    assert_eq!(ran.code, Some(code), "{}", ran.err);
}

/// Returns the names of runs, newest first: all, or those that are meant.
fn runs(project: &Project) -> Vec<String> {
    listed(project, &[])
}

fn listed(project: &Project, words: &[&str]) -> Vec<String> {
    let output = project.command(&[&["runs", "--json"], words].concat()).output().unwrap();
    let runs: Value = serde_json::from_slice(&output.stdout).unwrap();
    runs.as_array().unwrap().iter().map(|run| run["run"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn two_runs_are_compared_down_to_the_line() {
    let project = project();
    run(&project, &[], 0);
    let first = runs(&project).remove(0);
    run(&project, &[], 0);
    assert_eq!(
        project.told(&["diff", &first]),
        "0
RUN  nightly succeeded in TIME, quality 1.00
RUN  nightly succeeded in TIME, quality 1.00

tasks
  list  ran -> cached

2 tasks the same
"
    );
    project.write("list", "one\n2\n");
    project.write("flow.yaml", FLOW.replace("[echo, ", "[echo, -n, "));
    run(&project, &["--goal", "size"], 0);
    assert_eq!(
        project.told(&["diff", &first, "latest"]),
        "0
RUN  nightly succeeded in TIME, quality 1.00
RUN  nightly succeeded in TIME, quality 1.00

inputs
  goal  \"speed\" -> \"size\"

definition
  step 'say' changed

tasks
  list   another output
      re-run because list changed
      - two
      + 2
  say    another output
      - goal: speed
      + goal: size
  large  another output
      - two
      + 2

0 tasks the same
"
    );
    let output = project.command(&["diff", &first, "--json"]).output().unwrap();
    let diff: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&diff["runs"][0]["run"], &diff["same"]), (&first.into(), &0.into()));
    assert_eq!(project.segno(&["diff", "nobody"]).code, Some(2));
}

/// Makes a file as old as this.
fn age(project: &Project, name: &str, seconds: u64) {
    let file = File::options().write(true).open(project.path(name)).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_secs(seconds)).unwrap();
}

#[test]
fn runs_are_found_by_flow_status_time_and_text() {
    let project = project();
    run(&project, &[], 0);
    project.write("bad.yaml", "{ flow: release, steps: [{ id: publish, run: 'echo Kaputt >&2; exit 3' }] }");
    assert_eq!(project.segno(&["run", "bad.yaml"]).code, Some(1));
    let all = runs(&project);
    let cases: [(&[&str], &[&str]); 9] = [
        (&["--flow", "release"], &[&all[0]]),
        (&["--flow", "flow.yaml"], &[&all[1]]),
        (&["--status", "failed", "--status", "degraded"], &[&all[0]]),
        (&["--since", "1h"], &[&all[0], &all[1]]),
        (&["--until", "2020-01-01"], &[]),
        (&["--search", "kaputt"], &[&all[0]]),
        (&["--search", "PUBLISH"], &[&all[0]]),
        (&["--search", &all[1]], &[&all[1]]),
        (&["-n", "1"], &[&all[0]]),
    ];
    for (words, expected) in cases {
        assert_eq!(listed(&project, words), expected, "{words:?}");
    }
    assert_eq!(project.told(&["runs", "--search", "nowhere"]), "0\nno such runs\n");
    let told = project.told(&["runs", "--since", "yesterday"]);
    assert!(told.contains("'yesterday' is no moment; give it as 7d, 12h, 2026-11-01 or"), "{told}");
}

#[test]
fn runs_are_cleared_by_what_they_were_and_pinned_ones_stay() {
    let project = project();
    (0..3).for_each(|_| run(&project, &[], 0));
    project.write("other.yaml", "{ flow: other, steps: [{ id: a, run: [echo] }] }");
    assert_eq!(project.segno(&["run", "other.yaml"]).code, Some(0));
    let all = runs(&project);
    assert_eq!(project.told(&["pin", &all[1]]), "0\npinned RUN: it is kept until you say segno unpin RUN\n");
    let cleared = "2 runs
RUN                   FLOW     STATUS     STARTED   TOOK
RUN  nightly  succeeded  just now  TIME
RUN  nightly  succeeded  just now  TIME
1 run left, pinned; segno unpin RUN lets one go
";
    assert_eq!(
        project.told(&["runs", "--flow", "nightly", "--clear", "--dry-run"]),
        format!("0\nwould remove {cleared}")
    );
    assert_eq!(runs(&project), all);
    assert_eq!(project.told(&["runs", "--flow", "nightly", "--clear"]), format!("0\nremoved {cleared}"));
    assert_eq!(runs(&project), all[..2]);
    assert!(
        !project.has(&format!(".segno/logs/{}.jsonl", all[2]))
            && !project.has(&format!(".segno/locks/{}.lock", all[2]))
    );
}

#[test]
fn a_run_is_removed_by_name_unless_something_speaks_against_it() {
    let project = project();
    run(&project, &[], 0);
    project.segno(&["pin", "latest"]);
    let pinned = "segno: run RUN is pinned\n  hint: segno unpin RUN, then remove it\n1\n";
    assert_eq!(project.told(&["remove", "--force", "latest"]), pinned);
    assert_eq!(project.told(&["unpin", "latest"]), "0\nunpinned RUN: it is kept as long as others are\n");
    assert_eq!(project.told(&["remove", "latest"]), "0\nremoved RUN\n");
    project.write("long.yaml", "{ flow: long, steps: [{ id: a, run: 'touch begun; exec sleep 600' }] }");
    let started = project.start(&["run", "long.yaml"]);
    wait("the step", || project.has("begun"));
    let told = project.told(&["remove", "--force", "latest"]);
    assert_eq!(told, "segno: run RUN is being worked on\n  hint: wait until it ends, or stop the other process\n75\n");
    started.signal("INT");
    assert_eq!(started.end().code, Some(130));
    let told = project.told(&["remove", "latest"]);
    let hint = "go on with: segno resume RUN; or remove it all the same with --force";
    assert_eq!(told, format!("segno: run RUN has not ended\n  hint: {hint}\n1\n"));
    assert_eq!(project.told(&["remove", "latest", "--force"]), "0\nremoved RUN\n");
    assert_eq!(runs(&project), Vec::<String>::new());
}

#[test]
fn what_is_no_longer_kept_is_told_before_it_goes() {
    let project = project();
    (0..3).for_each(|_| run(&project, &[], 0));
    let runs_left = || runs(&project).len();
    let gone = "3 logs (SIZE)
  RUN  nightly  succeeded  just now  enough newer ones
";
    let normal = |told: String| {
        let (before, after) = (told.find('(').unwrap(), told.find(')').unwrap());
        format!("{}(SIZE{}", &told[..before], &told[after..])
    };
    let told = normal(project.told(&["gc", "--dry-run", "--keep-runs", "0"]));
    assert!(told.starts_with(&format!("0\nwould remove 3 runs, {gone}")), "{told}");
    assert_eq!(runs_left(), 3);
    let told = normal(project.told(&["gc", "--keep-runs", "0"]));
    assert!(told.starts_with("0\nremoved 3 runs, 3 logs (SIZE), 1 definition"), "{told}");
    assert_eq!(runs_left(), 0);
    assert_eq!(project.told(&["gc"]), "0\nremoved nothing: all is within the limits\n");
    run(&project, &[], 0);
    assert!(project.told(&["gc", "--max-size", "1kB"]).starts_with("0\nremoved 1 run, "));
}

#[test]
fn after_a_run_what_is_no_longer_kept_goes_quietly_once_a_day() {
    let project = project();
    let (turn, stray) = (".segno/collect.lock", ".segno/logs/20260101-000000-gone.jsonl");
    run(&project, &[], 0);
    project.write(stray, "of a run that was removed\n");
    age(&project, stray, 7_200);
    run(&project, &[], 0);
    assert!(project.has(stray), "today's turn is taken");
    age(&project, turn, 2 * 86_400);
    let ran = project.segno(&["run", "flow.yaml"]);
    assert!(!project.has(stray) && !ran.out.contains("removed") && !ran.err.contains("removed"), "{ran:?}");
    let noted = std::fs::metadata(project.path(turn)).unwrap().modified().unwrap();
    assert!(noted.elapsed().unwrap() < Duration::from_secs(3_600));
}

#[test]
fn health_is_told_with_what_was_deducted_and_why() {
    let project = project();
    run(&project, &[], 0);
    project.write(
        "other.yaml",
        "flow: other
inputs: { code: { type: integer, default: 0 } }
steps: [{ id: a, optional: true, run: 'exit {{ inputs.code }}' }, { id: b, run: [echo, b] }]
",
    );
    assert_eq!(project.segno(&["run", "other.yaml", "--code", "3"]).code, Some(0));
    assert_eq!(project.segno(&["run", "other.yaml"]).code, Some(0));
    assert_eq!(
        project.told(&["health"]),
        "0
project   90  healthy   3 runs
  -10.0  degraded_runs: 30 x 1 of 3 runs degraded
nightly  100  healthy   1 run
other     85  healthy   2 runs
  -15.0  degraded_runs: 30 x 1 of 2 runs degraded
         RUN degraded
a quick look: quality and critical failures are not known; segno health --detailed reads the runs
"
    );
    let detailed = "other   75  degraded  2 runs
  -15.0  degraded_runs: 30 x 1 of 2 runs degraded
         RUN degraded
  -10.0  quality: 40 x (1 - 0.75), the mean quality of 2 runs that did not fail
         a has 0.50 on average
";
    assert_eq!(project.told(&["health", "other", "--detailed"]), format!("0\n{detailed}"));
    assert_eq!(project.told(&["health", "other.yaml", "--detailed", "--strict"]), format!("3\n{detailed}"));
    project.write("bad.yaml", "{ flow: bad, steps: [{ id: a, run: 'exit 3' }] }");
    assert_eq!(project.segno(&["run", "bad.yaml"]).code, Some(1));
    assert_eq!(project.segno(&["health", "bad", "--strict"]).code, Some(1));
    assert_eq!(project.segno(&["health", "bad"]).code, Some(0));
    let output = project.command(&["health", "--json"]).output().unwrap();
    let health: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&health["flows"][0]["score"], &health["flows"][0]["verdict"]), (&0.into(), &"critical".into()));
    let unknown = "segno: there is no run of a workflow 'nobody'\n  hint: segno health names those that were run\n2\n";
    assert_eq!(project.told(&["health", "nobody"]), unknown);
}

#[test]
fn agents_are_told_with_what_they_came_to() {
    let project = Project::of(
        "flow: asking
agents: { broken: { run: [no-such-program], retry: 1 }, good: { run: [echo, hello] } }
steps: [{ id: ask, agent: broken, fallback: [good] }]
",
    );
    project.write("segno.toml", "[agents.unused]\nrun = ['true']\n");
    assert_eq!(project.segno(&["run", "flow.yaml"]).code, Some(0));
    assert_eq!(
        project.told(&["agents"]),
        "0
AGENT   CALLS  SUCCESS  QUALITY  P95   COST  LAST FAILURE
broken  1      0%       0.00     TIME  ?     RUN ask: the program 'no-such-program' was not found
good    1      100%     1.00     TIME  ?
unused  never
"
    );
    let output = project.command(&["agents", "--json"]).output().unwrap();
    let agents: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&agents[0]["record"]["failed"], &agents[2]["record"]), (&1.into(), &Value::Null));
}

/// A project in whose history `shaky` failed and `sure` and `rough` did not; its flow names them in another order.
fn with_history(settings: &str) -> Project {
    let project = Project::of(
        "flow: asking
steps:
  - { id: ask, agent: own, fallback: [{ agent: rough, partial: true }, shaky, { run: [echo, plain] }, sure] }
",
    );
    project.write(
        "segno.toml",
        format!(
            "[agents.own]\nrun = ['false']\nretry = 1\n[agents.rough]\nrun = ['true']\n\
             [agents.shaky]\nrun = ['false']\nretry = 1\n[agents.sure]\nrun = ['true']\n{settings}"
        ),
    );
    project.write(
        "past.yaml",
        "steps:
  - { id: bad, each: [1, 2, 3], optional: true, agent: shaky }
  - { id: good, each: [1, 2, 3], agent: sure }
  - { id: part, each: [1, 2, 3], agent: rough }
",
    );
    assert!(project.segno(&["run", "past.yaml"]).out.contains("good"));
    project
}

/// Runs the flow and says who took over, one after the other.
fn done_by(project: &Project) -> String {
    let ran = project.segno(&["run", "flow.yaml"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let falls = logged(project, "fallback takes over");
    falls.iter().map(|line| line["agent"].as_str().unwrap_or_default()).collect::<Vec<_>>().join(" ")
}

/// Returns the lines of the newest run's log that say this.
fn logged(project: &Project, message: &str) -> Vec<Value> {
    let log = project.read(&format!(".segno/logs/{}.jsonl", project.report()["run"].as_str().unwrap()));
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter(|line| line["message"] == message).collect()
}

#[test]
fn fallbacks_are_tried_by_their_track_record_when_the_project_says_so() {
    let by_record = "[fallback]\norder = 'track-record'\nmin_calls = 3\n";
    // A part is worth less than what is sure, and a command keeps its place.
    assert_eq!(done_by(&with_history(by_record)), "sure");
    assert_eq!(done_by(&with_history("")), "rough");
    assert_eq!(done_by(&with_history("[fallback]\norder = 'written'\n")), "rough");
    // Five calls are needed when nothing else is said.
    assert_eq!(done_by(&with_history("[fallback]\norder = 'track-record'\n")), "shaky run");
}

#[test]
fn the_order_of_fallbacks_is_told_by_the_plan_the_doctor_and_the_log() {
    let project = with_history("[fallback]\norder = 'track-record'\nmin_calls = 3\n");
    let plan = project.segno(&["plan", "flow.yaml", "--text"]).out;
    let order: Vec<&str> =
        plan.lines().filter_map(|line| line.trim().strip_prefix("if it fails")).map(str::trim).collect();
    assert_eq!(order, ["sure", "echo plain", "shaky", "rough (worth a part)"], "{plan}");
    let doctor = project.segno(&["doctor"]).out;
    assert!(doctor.contains("; fallbacks by track record, from 3 calls on"), "{doctor}");
    done_by(&project);
    let reasons = logged(&project, "fallbacks ranked by their track record");
    let told = reasons[0]["order"].as_str().unwrap_or_default();
    assert!(told.starts_with("sure: 3 calls, 100 % usable") && told.contains("shaky: 3 calls, 0 % usable"), "{told}");
    assert_eq!(reasons[0]["correlation_id"], project.report()["run"]);
}

#[test]
fn an_order_of_fallbacks_that_nobody_knows_is_told_with_those_that_are() {
    let project = Project::of("steps: [{ run: [touch, ran] }]\n");
    project.write("segno.toml", "[fallback]\norder = 'track_record'\n");
    let ran = project.segno(&["run", "flow.yaml"]);
    assert_eq!((ran.code, project.has("ran")), (Some(2), false));
    assert_eq!(
        ran.err,
        "segno.toml:2:10: unknown order 'track_record' of fallbacks
  2 | order = 'track_record'
    |          ^
  hint: did you mean 'track-record'?
"
    );
}
