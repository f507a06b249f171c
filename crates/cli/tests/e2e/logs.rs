//! Logs read back: lines, answers, traces, levels, and what other systems get of them.

use std::fs::OpenOptions;
use std::io::{Read as _, Write as _};
use std::process::Stdio;

use crate::support::{Project, Ran, wait};

const LOG: &str = r#"{"timestamp":"2026-11-27T10:00:00.000000Z","level":"INFO","component":"shop.cart","message":"paid","correlation_id":"r-1","took_ms":12,"items":3}
{"timestamp":"2026-11-27T10:00:01.000000Z","level":"WARN","component":"cache.redis","message":"slow","correlation_id":"r-1","took_ms":140.5}
{"timestamp":"2026-11-27T10:00:02.000000Z","level":"ERROR","component":"cache.redis","message":"cannot reach 'db-1' after 3 tries","correlation_id":"r-2","fault":"timed out\u001b[31m"}
{"timestamp":"2026-11-27T10:00:03.000000Z","level":"ERROR","component":"cache.redis","message":"cannot reach 'db-2' after 12 tries","correlation_id":"r-2","fault":"timed out\u001b[31m"}
{"timestamp":"2026-11-27T10:00:04.000000Z","level":"INFO","component":"shop.cart","message":"=1+1","context":{"level":"ERROR"}}
{"timestamp":"2026-11-27T10:00:05.000000Z","level":"INFO","compo
"#;

fn project() -> Project {
    Project::with(".segno/logs/app.jsonl", LOG)
}

/// Runs `segno logs` and compares all that it says: the exit code, stderr, stdout.
fn check(words: &str, expected: &str) {
    let words: Vec<&str> = ["logs"].into_iter().chain(words.split(' ')).collect();
    let project = project();
    let folder = project.path("").display().to_string();
    let told = project.told(&words);
    assert_eq!(told.replace(&folder, "").replace("\r\n", "$\n"), expected, "{words:?}");
}

const CUT: &str = "segno: not read: line at byte 786 of .segno/logs/app.jsonl: cut in the middle\n";

#[test]
fn lines_are_printed_for_people() {
    let expected = "0
2026-11-27T10:00:01.000000Z  WARN   cache.redis  slow  correlation_id=r-1  took_ms=140.5
2026-11-27T10:00:02.000000Z  ERROR  cache.redis  cannot reach 'db-1' after 3 tries  correlation_id=r-2  fault=timed out\\u{1b}[31m
2026-11-27T10:00:03.000000Z  ERROR  cache.redis  cannot reach 'db-2' after 12 tries  correlation_id=r-2  fault=timed out\\u{1b}[31m
";
    check("query --level warn", &format!("{CUT}{expected}"));
}

#[test]
fn lines_are_chosen_by_all_they_say() {
    let paid = "0
2026-11-27T10:00:00.000000Z  INFO   shop.cart  paid  correlation_id=r-1  took_ms=12  items=3
";
    let with_cut = format!("{CUT}{paid}");
    for words in [
        "query --component shop.* --correlation r-1",
        "query --where items?",
        "query --where took_ms<100",
        "query --until 2026-11-27T10:00:01Z",
    ] {
        check(words, &with_cut);
    }
    check("query --text paid", &with_cut);
    check("query --regex pa.d.*items", &with_cut);
    check("query -n 1", paid);
    check("query --text paid .segno/logs/app.jsonl .segno/logs", &with_cut);
    check("query --component nobody", &format!("{CUT}0\n"));
    check("query --component shop.cart --where component=cache.*", &format!("{CUT}0\n"));
    check("query --component shop.cart --where component=shop.*,cache.* --text paid", &with_cut);
    check("query --correlation r-1 --where correlation_id=r-2", &format!("{CUT}0\n"));
}

#[test]
fn what_is_passed_over_is_told_and_all_of_it_can_be_asked_for() {
    let line = |second: u32| {
        let (minutes, seconds) = (second / 60 % 60, second % 60);
        let at = format!("2026-11-27T{:02}:{minutes:02}:{seconds:02}.000000Z", second / 3_600);
        format!("{{\"timestamp\":\"{at}\",\"message\":\"{second} {}\"}}\n", "x".repeat(180))
    };
    // One line was written an hour late.
    let log: String = (0..50_000).map(|second| if second == 9_001 { line(5_400) } else { line(second) }).collect();
    let project = Project::with(".segno/logs/app.jsonl", log);
    let asked = |words: &str| {
        let words: Vec<&str> = ["logs", "query"].into_iter().chain(words.split(' ')).collect();
        let ran = project.segno(&words);
        (ran.out.lines().count(), ran.err)
    };
    let time = "--since 2026-11-27T01:29:59Z --until 2026-11-27T01:30:02Z";
    let (lines, told) = asked(time);
    assert_eq!((lines, told.ends_with(" MB outside the time were not read; --all reads and checks them\n")), (3, true));
    assert_eq!(asked(&format!("{time} --all")), (4, String::new()));
    project.write(".segno/logs/app.jsonl", format!("{}{}", line(1), "{\"message\":}\n"));
    assert_eq!(asked("--text nothing"), (0, String::new()));
    assert!(asked("--text nothing --all").1.starts_with("segno: not read: line at byte "));
}

#[test]
fn logs_of_other_rotations_are_found_and_a_folder_without_a_log_is_told() {
    let project = Project::with("dated/app.log.2026-11-27", LOG.lines().next().unwrap());
    project.write("dated/app.log-20261126", "");
    project.write("other/README", "");
    assert_eq!(project.told(&["logs", "query", "dated", "--fields", "message"]), "0\npaid\n");
    assert_eq!(project.told(&["logs", "query", "other"]), "segno: no log among 1 file in other\n0\n");
}

#[test]
fn programs_get_lines_as_they_are_and_spreadsheets_get_no_formulas() {
    let first = LOG.lines().next().unwrap();
    check("query --format json -n 1", &format!("0\n{first}\n"));
    check(
        "query --format json -n 1 --fields message,took_ms,nothing",
        "0\n{\"message\":\"paid\",\"took_ms\":12,\"nothing\":null}\n",
    );
    let csv = "timestamp,level,component,message,correlation_id,fields$
2026-11-27T10:00:04.000000Z,INFO,shop.cart,'=1+1,,\"{\"\"context\"\":{\"\"level\"\":\"\"ERROR\"\"}}\"$
";
    check("query --format csv --since 2026-11-27T10:00:04Z", &format!("{CUT}0\n{csv}"));
    check("export --csv --formulas --since 2026-11-27T10:00:04Z", &format!("{CUT}0\n{}", csv.replace("'=", "=")));
}

#[test]
fn numbers_are_told_as_they_are_written() {
    let line = r#"{"message":"m","id":12345678901234567890123,"zero":1.0,"debt":-7,"exp":1e3,"in":{"id":9007199254740993.5},"id":12345678901234567890124}"#;
    let project = Project::with("a.jsonl", format!("{line}\n"));
    let told = |words: &str| {
        let words: Vec<&str> = ["logs"].into_iter().chain(words.split(' ')).chain(["a.jsonl"]).collect();
        project.told(&words).replace("\r\n", "$\n")
    };
    let fields = "query --fields id,zero,debt,exp,in,in.id,id --format";
    assert_eq!(
        told(&format!("{fields} csv")),
        "0\nid,zero,debt,exp,in,in.id,id$\n12345678901234567890124,1.0,-7,1e3,\"{\"\"id\"\":9007199254740993.5}\",9007199254740993.5,12345678901234567890124$\n"
    );
    assert_eq!(
        told(&format!("{fields} json")),
        "0\n{\"id\":12345678901234567890124,\"zero\":1.0,\"debt\":-7,\"exp\":1e3,\"in\":{\"id\":9007199254740993.5},\"in.id\":9007199254740993.5}\n"
    );
    assert_eq!(
        told("export --csv"),
        "0\ntimestamp,level,component,message,correlation_id,fields$\n,,,m,,\"{\"\"id\"\":12345678901234567890124,\"\"zero\"\":1.0,\"\"debt\"\":-7,\"\"exp\"\":1e3,\"\"in\"\":{\"\"id\"\":9007199254740993.5}}\"$\n"
    );
}

#[test]
fn many_lines_are_counted_and_grouped() {
    check(
        "analyze",
        &format!(
            "{CUT}0
LEVEL  COMPONENT    LINES  SHARE
ERROR  cache.redis      2    40%
INFO   shop.cart        2    40%
WARN   cache.redis      1    20%
"
        ),
    );
    check(
        "analyze --errors",
        &format!(
            "{CUT}0
LINES  FIRST                        LAST                         COMPONENT    ERROR                                               EXAMPLE
    2  2026-11-27T10:00:02.000000Z  2026-11-27T10:00:03.000000Z  cache.redis  cannot reach '*' after # tries: timed out\\u{{1b}}[#m  cannot reach 'db-1' after 3 tries: timed out\\u{{1b}}[31m
"
        )
    );
    check(
        "analyze --percentiles took_ms --by component --format json",
        &format!(
            "segno: 3 lines have no number in took_ms\n{CUT}0
[
  {{
    \"component\": \"cache.redis\",
    \"lines\": 1,
    \"min\": 140.5,
    \"p50\": 140.5,
    \"p95\": 140.5,
    \"p99\": 140.5,
    \"max\": 140.5
  }},
  {{
    \"component\": \"shop.cart\",
    \"lines\": 1,
    \"min\": 12,
    \"p50\": 12,
    \"p95\": 12,
    \"p99\": 12,
    \"max\": 12
  }}
]
"
        ),
    );
    check(
        "analyze --timeline 1m --format csv",
        &format!(
            "{CUT}0\nfrom,lines,per_second,info,warn,error$\n2026-11-27T10:00:00.000000Z,5,0.08333333333333333,2,1,2$\n"
        ),
    );
    check(
        "analyze --messages -n 1",
        &format!(
            "segno: 3 lines belong to other groups\n{CUT}0\nTEMPLATE                        LINES  SHARE\ncannot reach '*' after # tries      2    40%\n"
        ),
    );
}

#[test]
fn what_cannot_be_asked_is_told_with_a_hint() {
    check(
        "query --level loud",
        "segno: there is no level 'loud'\n  hint: the levels are debug, info, warn, error, fatal\n2\n",
    );
    let ran = project().segno(&["logs", "query", "--where", "took_ms>"]);
    assert_eq!((ran.code, &*ran.out), (Some(2), ""));
    assert!(ran.err.contains("at character 9"), "{}", ran.err);
    let ran = project().segno(&["logs", "query", "--regex", "(\\w{1000}){1000}"]);
    assert_eq!((ran.code, &*ran.out), (Some(2), ""));
    let told = Project::of("").told(&["logs", "query"]);
    assert!(told.starts_with("segno: nothing has been logged in this project yet\n  hint: "), "{told}");
    let told = project().told(&["logs", "query", "nowhere.jsonl"]);
    assert!(told.starts_with("segno: cannot open nowhere.jsonl: "), "{told}");
    check(
        "trace nobody",
        &format!(
            "{CUT}segno: no line has the correlation id 'nobody'\n  hint: segno runs lists the runs; segno logs analyze --by correlation_id lists all ids\n2\n"
        ),
    );
    for words in ["export", "analyze --errors --messages", "analyze --errors --by level", "analyze --by a,b,c"] {
        let words: Vec<&str> = ["logs"].into_iter().chain(words.split(' ')).collect();
        let ran = project().segno(&words);
        assert_eq!((ran.code, &*ran.out), (Some(2), ""), "{words:?}");
    }
}

#[test]
fn lines_of_other_writers_come_on_standard_input() {
    let project = project();
    let mut command = project.command(&["logs", "query", "-", "--keys", "pino", "--level", "error"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let line = "{\"level\":50,\"time\":1763724000000,\"pid\":1,\"msg\":\"down\"}\n{\"level\":30,\"time\":1763724000000,\"msg\":\"up\"}\n";
    child.stdin.take().unwrap().write_all(line.as_bytes()).unwrap();
    let ran = Ran::of(child.wait_with_output().unwrap());
    assert_eq!(ran.out, "2025-11-21T11:20:00.000000Z  ERROR    down  pid=1\n");
    assert_eq!((ran.code, &*ran.err), (Some(0), ""));
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let many = format!("{}\n", LOG.lines().next().unwrap()).repeat(20_000);
    let project = Project::with(".segno/logs/app.jsonl", many);
    let mut child = project.command(&["logs", "query"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut out = child.stdout.take().unwrap();
    out.read_exact(&mut [0; 64]).unwrap();
    drop(out);
    let ran = Ran::of(child.wait_with_output().unwrap());
    assert_eq!((ran.code, &*ran.err), (Some(0), ""));
}

#[test]
fn a_run_is_a_tree() {
    let project = Project::of("flow: w\nsteps:\n  - { id: a, loop: 2, run: echo }\n  - { id: b, run: exit 3 }\n");
    assert_eq!(project.segno(&["run", "flow.yaml"]).code, Some(1));
    let expected = "RUN  TIME  failed
  +TIME  INFO   run started  seq=1  flow=w  file=flow.yaml
  a  TIME
    a[0]  TIME
      attempt 1  TIME
        +TIME  INFO   step started  seq=2
        +TIME  INFO   step ended  seq=4  status=succeeded  cached=false  took_ms=N
    a[1]  TIME
      attempt 1  TIME
        +TIME  INFO   step started  seq=5
        +TIME  INFO   step ended  seq=7  status=succeeded  cached=false  took_ms=N
  b  TIME  failed
    attempt 1  TIME  failed
      +TIME  INFO   step started  seq=8
      +TIME  ERROR  step failed  seq=10  status=failed  took_ms=N  code=EXTERNAL_SERVICE_ERROR  fault=the command ended with exit code 3
  +TIME  INFO   run ended  seq=11  status=failed
";
    let told = |words: &[&str]| {
        let out = project.segno(words).out;
        let (mut text, mut rest) = (String::new(), &*out);
        while let Some((begin, after)) = rest.split_once("took_ms=") {
            text += &format!("{begin}took_ms=N");
            rest = after.trim_start_matches(|letter: char| letter.is_ascii_digit());
        }
        text + rest
    };
    assert_eq!(told(&["logs", "trace", "latest"]), expected);
    let json: serde_json::Value =
        serde_json::from_str(&project.segno(&["logs", "trace", "latest", "--json"]).out).unwrap();
    assert_eq!(json["inner"][1]["name"], "b");
    assert_eq!(json["inner"][0]["inner"].as_array().unwrap().len(), 2);
    let words = "logs query --run latest --component segno.run --level error --fields step,code";
    let queried = project.segno(&words.split(' ').collect::<Vec<_>>());
    assert_eq!((queried.code, &*queried.out), (Some(0), "b  EXTERNAL_SERVICE_ERROR\n"), "{}", queried.err);
}

#[test]
fn a_run_that_is_at_work_logs_other_levels() {
    let flow = "flow: w\nsteps:\n  - { id: a, run: 'touch begun; while [ ! -e go ]; do sleep 0.02; done' }\n  - { id: b, run: echo }\n";
    let project = Project::of(flow);
    let started = project.start(&["run", "flow.yaml"]);
    wait("the step", || project.has("begun"));
    assert_eq!(project.segno(&["logs", "level", "latest", "loud"]).code, Some(2));
    let told = project.told(&["logs", "level", "error"]);
    assert_eq!(told, "0\nrun RUN logs error now\n");
    project.write("go", "");
    assert_eq!(started.end().code, Some(0));
    let messages = project.segno(&["logs", "query", "--fields", "level,message"]).out;
    assert!(!messages.contains("run ended"), "only errors are logged after that: {messages}");
    assert!(messages.contains("step started"), "{messages}");
    let told = project.told(&["logs", "level", "latest", "debug"]);
    let expected =
        "segno: nobody is at work on run RUN, so its levels cannot be changed\n  hint: segno runs lists the runs\n2\n";
    assert_eq!(told, expected);
}

#[test]
fn the_last_lines_are_followed_across_rotation() {
    let project = project();
    project.write(".segno/logs/app.jsonl", LOG.lines().take(3).map(|line| format!("{line}\n")).collect::<String>());
    let line = |message: &str| format!("{{\"level\":\"INFO\",\"message\":\"{message}\"}}\n");
    let printed = |message: &str| format!("-  INFO     {message}\n");
    let last = project.segno(&["logs", "tail", "-n", "1", "--level", "warn"]);
    assert!(last.out.ends_with("fault=timed out\\u{1b}[31m\n") && last.out.lines().count() == 1, "{}", last.out);
    let started = project.start(&["logs", "tail", "-n", "0", "--follow", ".segno/logs/app.jsonl"]);
    let append = |text: &str| {
        let path = project.path(".segno/logs/app.jsonl");
        let mut file = OpenOptions::new().create(true).append(true).open(path).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    };
    // Whether it has begun to follow cannot be seen from outside: lines are written until one comes.
    wait("the first line", || {
        append(&line("again"));
        !project.read("out").is_empty()
    });
    append(&line("before"));
    wait("the line before rotation", || project.read("out").ends_with(&printed("before")));
    append("broken\n");
    wait("the word on what cannot be read", || project.read("err").contains("segno: not read: line at byte "));
    std::fs::rename(project.path(".segno/logs/app.jsonl"), project.path(".segno/logs/app.1.old")).unwrap();
    append(&line("after"));
    wait("the line after rotation", || project.read("out").ends_with(&printed("after")));
    started.signal("INT");
    let out = started.end().out;
    assert!(out.ends_with(&format!("{}{}", printed("before"), printed("after"))), "{out}");
}
