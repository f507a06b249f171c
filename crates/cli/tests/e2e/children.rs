//! Programs that behave badly: whatever they do, their step ends, nothing of them stays, and the run goes on.

use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use crate::support::{Project, is_alive, wait};

#[test]
fn a_child_that_will_not_end_is_killed_after_the_grace_time() {
    let project = Project::of(
        "flow: deaf
steps:
  - { id: deaf, timeout: 100ms, retry: 1, run: \"trap '' TERM; echo $$ > pid; echo heard nothing; while :; do sleep 60; done\" }
",
    );
    let began = Instant::now();
    let ran = project.segno(&["run", "flow.yaml"]);
    assert!(began.elapsed() < Duration::from_secs(8), "it took {:?}", began.elapsed());
    assert!(!is_alive(&project.read("pid")));
    assert_eq!(
        (ran.code, &*ran.out),
        (
            Some(1),
            "✗ deaf failed in TIME: 0 of 1 task done · 1 failed
  ✗ deaf  TIME

deaf failed: the step took longer than 100ms
  command     trap '' TERM; echo $$ > pid; echo heard nothing; while :; do sleep 60; done
  last words  | heard nothing
  category    timeout (TIMEOUT_ERROR)
  segno       ran it once and did not start what comes after it
  you can     give it more time with 'timeout', or look why it hangs
  all of it   segno show RUN deaf

more: segno show RUN
"
        ),
        "{}",
        ran.err
    );
}

#[test]
fn what_a_child_leaves_behind_goes_with_its_step() {
    let project = Project::of(
        "steps:
  - parallel:
      - { id: quiet, run: 'sleep 300 >/dev/null 2>&1 & echo $! > quiet; echo done' }
      - { id: holds_the_pipe, run: 'sleep 300 & echo $! > holds; echo done' }
      - { id: grandchild, run: \"sh -c 'sleep 300 & echo $! > grand; sleep 300' & while ! test -s grand; do :; done; echo done\" }
  - { id: after, run: [echo, after] }
",
    );
    let began = Instant::now();
    let ran = project.segno(&["run", "flow.yaml", "--jobs", "3"]);
    assert_eq!(ran.code, Some(0), "{}", ran.out);
    assert!(began.elapsed() < Duration::from_secs(6), "it took {:?}", began.elapsed());
    for (task, pid) in [("quiet", "quiet"), ("holds_the_pipe", "holds"), ("grandchild", "grand")] {
        assert_eq!(project.output(task), "done\n");
        assert!(!project.read(pid).is_empty());
        wait(pid, || !is_alive(&project.read(pid)));
    }
}

#[test]
fn streams_may_hold_anything_or_be_closed() {
    let project = Project::of(
        r#"parallel:
  - { id: closed, run: 'exec >&-; exec 2>&-; touch closed' }
  - { id: bytes, run: "printf 'a\\377b\\000c\\n'" }
  - { id: both, run: 'echo out; echo err >&2' }
  - { id: no_input, run: [cat] }
  - { id: input, run: [cat], stdin: "two\nlines" }
  - { id: unread, run: [echo, done], stdin: "{{ 'x' * 1000000 }}" }
"#,
    );
    let ran = project.segno(&["run", "flow.yaml"]);
    assert_eq!(ran.code, Some(0), "{}", ran.out);
    assert!(project.has("closed"));
    let outputs = [
        ("closed", ""),
        ("bytes", "a\u{fffd}b\0c\n"),
        ("both", "out\n--- errors\nerr\n"),
        ("no_input", ""),
        ("input", "two\nlines\n"),
        ("unread", "done\n"),
    ];
    for (task, expected) in outputs {
        assert_eq!(project.output(task), expected, "{task}");
    }
}

#[test]
fn a_huge_output_is_cut_in_the_middle_and_says_so() {
    let project = Project::of(
        "steps:
  - { id: lines, run: 'yes 0123456789abcdef | head -c 50000000; echo; echo last' }
  - { id: line, run: \"head -c 20000000 /dev/zero | tr '\\\\000' x\" }
  - { id: use, run: [wc, -c], stdin: '{{ steps.lines.output }}' }
",
    );
    let ran = project.segno(&["run", "flow.yaml"]);
    assert_eq!(ran.code, Some(0), "{}", ran.out);
    let lines = project.output("lines");
    assert!(lines.starts_with("0123456789abcdef\n") && lines.ends_with("\nlast\n"));
    let marker = "\n[segno: 45805702 of 50000006 bytes were cut here]\n";
    assert!(lines.contains(marker), "{:?}", lines.lines().find(|line| line.contains("segno")));
    assert!(project.output("line").contains("\n[segno: 15805696 of 20000000 bytes were cut here]\n"));
    assert_eq!(project.output("use"), format!("{}\n", lines.len() - 1));
}

#[test]
fn a_step_says_where_it_runs_and_with_what() {
    let project = Project::of(
        "steps:
  - { id: folder, run: [mkdir, sub] }
  - { id: where, cwd: sub, run: 'echo ${PWD##*/}' }
  - { id: env, env: { A: '{{ steps.where.output }} b', PATH: '/usr/bin:/bin' }, run: 'echo $A $SEGNO_STEP $SEGNO_ATTEMPT' }
  - { id: trace, run: 'echo $TRACEPARENT' }
  - { id: codes, ok_codes: [0, 7], run: 'exit 7' }
  - { id: uses, run: 'echo {{ steps.codes.code }} {{ steps.codes.ok }}' }
",
    );
    let ran = project.segno(&["run", "flow.yaml"]);
    assert_eq!(ran.code, Some(0), "{}", ran.out);
    assert_eq!((&*project.output("where"), &*project.output("env")), ("sub\n", "sub b env 1\n"));
    assert_eq!(project.output("uses"), "7 true\n");
    let trace = project.output("trace");
    let lengths: Vec<usize> = trace.trim().split('-').map(str::len).collect();
    assert_eq!(lengths, [2, 32, 16, 2], "{trace}");
}

#[test]
fn a_run_belongs_to_the_trace_that_its_parent_began() {
    let project = Project::of("steps:\n  - { id: trace, run: 'echo $TRACEPARENT $TRACESTATE' }\n");
    let run = |parent: &str| {
        let mut command = project.command(&["run", "flow.yaml", "--no-cache"]);
        let ran = command.env("TRACEPARENT", parent).env("TRACESTATE", "vendor=1").output().unwrap();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        project.output("trace").trim().to_owned()
    };
    let passed_on = run("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    assert!(passed_on.starts_with("00-0af7651916cd43dd8448eb211c80319c-"), "{passed_on}");
    assert!(passed_on.ends_with("-01 vendor=1") && !passed_on.contains("b7ad6b7169203331"), "{passed_on}");
    let own = run("00-garbage");
    assert!(own.ends_with("-01") && !own.contains("vendor"), "a broken context begins a new trace: {own}");
}

#[test]
fn a_program_that_cannot_be_started_says_why() {
    let project = Project::of(
        "flow: broken
parallel:
  - { id: missing, run: [no-such-program, a], optional: true }
  - { id: folder, run: [./script], cwd: nowhere, optional: true }
  - { id: rights, run: [./script], optional: true }
  - { id: shell, run: no-such-program a, optional: true }
  - { id: killed, run: 'kill -9 $$', optional: true }
",
    );
    project.write("script", "#!/bin/sh\n");
    std::fs::set_permissions(project.path("script"), std::fs::Permissions::from_mode(0o644)).unwrap();
    let ran = project.segno(&["run", "flow.yaml"]);
    assert_eq!(
        (ran.code, &*ran.out),
        (
            Some(0),
            "◐ broken degraded in TIME: 0 of 5 tasks done · 5 failed
  ✗ missing  TIME
  ✗ folder   TIME
  ✗ rights   TIME
  ✗ shell    TIME
  ✗ killed   TIME

missing failed: the program 'no-such-program' was not found
  category    configuration (CONFIGURATION_ERROR, not_started)
  segno       ran it once and went on, since it is optional
  you can     install it, or check its name and PATH; a command line in one text needs no list
  all of it   segno show RUN missing

folder failed: the folder 'nowhere' does not exist
  category    configuration (CONFIGURATION_ERROR, not_started)
  segno       ran it once and went on, since it is optional
  you can     make it in an earlier step, or correct 'cwd'
  all of it   segno show RUN folder

rights failed: the program './script' may not be run
  category    configuration (CONFIGURATION_ERROR, not_started)
  segno       ran it once and went on, since it is optional
  you can     make it executable: chmod +x
  all of it   segno show RUN rights

shell failed: the command was not found
  command     no-such-program a
  last words  | sh: 1: no-such-program: not found
  category    configuration (CONFIGURATION_ERROR, not_found)
  segno       ran it once and went on, since it is optional
  you can     install it or check its name
  all of it   segno show RUN shell

killed failed: the command was killed (SIGKILL), most likely because memory ran out
  command     kill -9 $$
  category    resource (RESOURCE_ERROR, oom_killed)
  segno       ran it once and went on, since it is optional
  you can     run fewer things at once or give it more memory, then resume
  all of it   segno show RUN killed

more: segno show RUN
"
        ),
        "{}",
        ran.err
    );
}
