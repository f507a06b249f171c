//! Runs that are stopped, killed and gone on with: nothing that ended is run again, and nothing stays behind.

use std::time::{Duration, Instant};

use crate::support::{Project, Started, is_alive, wait};

/// Each step leaves a line in `effects`; the second waits until there is a file `go`.
const FLOW: &str = "flow: long
steps:
  - { id: first, run: 'echo first >> effects; echo one' }
  - { id: hold, run: 'echo hold >> effects; echo $$ > pid; test -e go || sleep 300' }
  - { id: last, run: 'echo last {{ steps.first.output }} >> effects' }
";

const PAUSED: &str = "‖ long paused (interrupted) in TIME: 1 of 2 tasks done
  ✓ first  TIME
  · hold   not finished

go on with: segno resume RUN
";

const DONE: &str = "✓ long succeeded in TIME: 3 of 3 tasks done
  ✓ first  TIME
  ✓ hold   TIME
  ✓ last   TIME

more: segno show RUN
";

/// Starts a flow and waits until its second step is at work.
fn held(project: &Project) -> Started<'_> {
    let started = project.start(&["run", "flow.yaml"]);
    wait("the second step", || project.read("pid").ends_with('\n'));
    started
}

/// Starts a flow and kills it while its second step is at work.
fn killed(flow: &str) -> Project {
    let project = Project::of(flow);
    let started = held(&project);
    started.signal("KILL");
    assert_eq!(started.end().code, None);
    project
}

#[test]
fn a_signal_pauses_the_run_and_says_how_to_go_on() {
    for (signal, code) in [("INT", 130), ("TERM", 143), ("HUP", 129)] {
        let project = Project::of(FLOW);
        let started = held(&project);
        started.signal(signal);
        let ran = started.end();
        assert_eq!((ran.code, &*ran.out), (Some(code), PAUSED), "{signal}");
        assert!(!is_alive(&project.read("pid")));
        project.write("go", "");
        let resumed = project.segno(&["resume"]);
        assert_eq!((resumed.code, &*resumed.out), (Some(0), DONE), "{signal}");
        assert_eq!(project.read("effects"), "first\nhold\nhold\nlast one\n");
    }
}

#[test]
fn a_second_signal_ends_a_stubborn_child_at_once() {
    let project =
        Project::of(&FLOW.replace("echo $$ > pid;", "trap : TERM; echo $$ > pid; while :; do sleep 300; done;"));
    let started = held(&project);
    started.signal("INT");
    wait("the first signal to be heard", || project.read("err").contains("ending what runs"));
    let began = Instant::now();
    started.signal("INT");
    let ran = started.end();
    assert!(began.elapsed() < Duration::from_secs(3), "it took {:?}", began.elapsed());
    assert_eq!((ran.code, &*ran.out), (Some(130), PAUSED));
    assert!(!is_alive(&project.read("pid")));
}

#[test]
fn a_killed_run_goes_on_where_it_was() {
    let project = killed(FLOW);
    assert!(is_alive(&project.read("pid")), "the child outlives its owner");
    let orphan = project.read("pid");
    assert_eq!(
        project.segno(&["runs"]).out,
        "RUN                   FLOW  STATUS               STARTED   TOOK
RUN  long  paused, interrupted  just now  TIME
"
    );
    assert_eq!(
        project.told(&["show"]),
        "0
‖ long paused (interrupted) in TIME: 1 of 2 tasks done
  ✓ first  TIME
  · hold   not finished

go on with: segno resume RUN

  time        TIME working, TIME in steps, NUMBER at once
  slowest     TIME  first
  log         .segno/logs/RUN.jsonl
  file        flow.yaml
"
    );
    project.write("go", "");
    let resumed = project.segno(&["resume"]);
    assert_eq!((resumed.code, &*resumed.out), (Some(0), DONE), "{}", resumed.err);
    assert!(resumed.err.starts_with("resuming RUN (long)\n  ended "), "{}", resumed.err);
    assert!(!is_alive(&orphan));
    assert_eq!(project.read("effects"), "first\nhold\nhold\nlast one\n");
    assert_eq!(
        project.told(&["resume", "latest"]),
        "segno: run RUN has ended: succeeded
  hint: start it again with: segno run; what is remembered is not run again
1
"
    );
    assert_eq!(
        project.told(&["resume"]),
        "segno: no run is waiting to be resumed
  hint: segno runs lists them; start one with: segno run FLOW
2
"
    );
    assert_eq!(
        project.told(&["resume", "nowhere"]),
        "segno: there is no run 'nowhere'
  hint: segno runs lists them
2
"
    );
}

#[test]
fn a_run_keeps_to_the_definition_that_it_began_with() {
    let project = killed(FLOW);
    project.write("go", "");
    project.write("flow.yaml", FLOW.replace("echo last", "echo other") + "  - { id: more, run: [touch, ran] }\n");
    let resumed = project.segno(&["resume"]);
    assert_eq!((resumed.code, &*resumed.out), (Some(0), DONE));
    let said = "  flow.yaml has changed since: step 'last' changed, step 'more' is new
  the run goes on with the definition it began with\n";
    assert!(resumed.err.contains(said), "{}", resumed.err);
    assert_eq!(project.read("effects"), "first\nhold\nhold\nlast one\n");

    let project = killed(FLOW);
    project.write("go", "");
    std::fs::remove_file(project.path("flow.yaml")).unwrap();
    let resumed = project.segno(&["resume"]);
    assert_eq!((resumed.code, &*resumed.out), (Some(0), DONE));
    let said = "  flow.yaml is gone or broken now; the run goes on with the definition it began with\n";
    assert!(resumed.err.contains(said), "{}", resumed.err);
}

#[test]
fn a_run_has_one_owner_and_others_can_look_on() {
    let project = Project::of(FLOW);
    let started = held(&project);
    let locked = "segno: run RUN is being worked on\n  hint: wait until it ends, or stop the other process\n75\n";
    assert_eq!(project.told(&["resume", "latest"]), locked);
    assert_eq!(
        project.told(&["show"]),
        "0
‖ long running in TIME: 1 of 2 tasks done
  ✓ first  TIME
  · hold   not finished

it is being worked on; run RUN

  time        TIME working, TIME in steps, NUMBER at once
  slowest     TIME  first
  log         .segno/logs/RUN.jsonl
  file        flow.yaml
"
    );
    project.write("other.yaml", "flow: other\nsteps: [{ id: quick, run: [echo, quick] }]");
    assert_eq!(project.segno(&["run", "other.yaml"]).code, Some(0));
    assert_eq!(
        project.segno(&["runs"]).out,
        "RUN                   FLOW   STATUS     STARTED   TOOK
RUN  other  succeeded  just now  TIME
RUN  long   running    just now  TIME
"
    );
    started.signal("TERM");
    assert_eq!(started.end().code, Some(143));
}

#[test]
fn two_processes_share_one_store() {
    let project = Project::of("");
    let flow = |name: &str| {
        format!(
            "flow: {name}\nsteps:\n  - {{ id: many, each: \"{{{{ range(50) }}}}\", run: 'echo {name} {{{{ item }}}} >> {name}' }}\n"
        )
    };
    project.write("a.yaml", flow("a"));
    project.write("b.yaml", flow("b"));
    let other = project.start(&["run", "a.yaml"]);
    let ran = project.segno(&["run", "b.yaml"]);
    let other = other.end();
    assert_eq!((ran.code, other.code), (Some(0), Some(0)), "{}{}", ran.err, other.err);
    assert_eq!((project.read("a").lines().count(), project.read("b").lines().count()), (50, 50));
    assert_eq!(project.segno(&["runs"]).out.lines().filter(|line| line.contains("succeeded")).count(), 2);
}

#[test]
fn a_run_shows_its_report_its_figures_and_each_output() {
    let project = Project::of(
        "flow: shown
steps:
  - { id: words, run: 'echo out; echo err >&2' }
  - { id: many, each: [a, b], run: 'echo {{ item }}' }
  - { id: broken, run: 'exit 3', optional: true }
",
    );
    assert_eq!(project.segno(&["run", "flow.yaml", "--jobs", "1"]).code, Some(0));
    let report = project.report();
    let facts = [&report["status"], &report["figures"]["attempts"], &report["tasks"][1]["item"]];
    assert_eq!(serde_json::json!(facts), serde_json::json!(["degraded", 4, "a"]));
    let shown = project.segno(&["show"]).out;
    let start = "◐ shown degraded in TIME: 3 of 4 tasks done · 1 failed\n  ✓ words   TIME\n  ✓ many    2 items, TIME\n";
    assert!(shown.starts_with(start), "{shown}");
    for row in ["  time  ", "  slowest  ", "  log         .segno/logs/RUN.jsonl\n", "  file        flow.yaml\n"] {
        assert!(shown.contains(row), "{row} is not in\n{shown}");
    }
    assert_eq!(project.told(&["show", "latest", "words"]), "0\nout\n--- errors\nerr\n");
    assert_eq!(project.told(&["show", "latest", "many[1]"]), "0\nb\n");
    assert_eq!(project.told(&["show", "latest", "broken"]), "0\n");
    assert_eq!(
        project.told(&["show", "latest", "many"]),
        "segno: run RUN has no task 'many'
  hint: it has 2 items: many[0], ..
2
"
    );
    assert_eq!(
        project.told(&["show", "latest", "wrods"]),
        "segno: run RUN has no task 'wrods'
  hint: its steps are: words, many, broken
2
"
    );
    assert_eq!(
        project.told(&["show", "latest", "a//b"]),
        "segno: 'a//b' is not a step name (a letter, then letters, digits and '_', at most 64)
2
"
    );
    assert_eq!(
        project.told(&["show", "nowhere"]),
        "segno: there is no run 'nowhere'
  hint: segno runs lists them
2
"
    );
    assert_eq!(
        project.told(&["why", "latest", "many"]),
        "0
many[0] a: run, because it is not cached; 'cache: true' or 'cache: { files: [..] }' would remember it
many[1] b: run, because it is not cached; 'cache: true' or 'cache: { files: [..] }' would remember it
"
    );
}
