//! What other systems get of logs: each against a receiver that checks the protocol's schema, and promtool where it is there.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::thread::JoinHandle;

use serde_json::Value;

use crate::support::Project;

const LOG: &str = r#"{"timestamp":"2026-11-27T10:00:01.000000Z","level":"WARN","component":"cache.redis","message":"slow \"x\"","correlation_id":"r-1","took_ms":140.5}
{"timestamp":"2026-11-27T10:00:00.500000Z","level":"INFO","component":"shop","message":"paid","correlation_id":"r-1","took_ms":12,"items":3,"step":"pay","attempt":1}
{"level":"ERROR","component":"cache.redis","message":"without a time"}
broken
"#;

fn project() -> Project {
    Project::with(".segno/logs/app.jsonl", LOG)
}

/// A request as it came.
struct Request {
    path: String,
    headers: Vec<String>,
    is_gzip: bool,
    body: Value,
}

fn has(headers: &[String], header: &str) -> bool {
    headers.iter().any(|line| line.eq_ignore_ascii_case(header))
}

fn unzipped(body: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    flate2::read::GzDecoder::new(body).read_to_end(&mut plain).unwrap();
    plain
}

/// Answers requests with these lines, and the bodies behind a `|`, one after the other, and returns the requests.
fn receiver(answers: &'static [&'static str]) -> (String, JoinHandle<Vec<Request>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let answer = move || {
        let take = |answer: &&str| {
            let (stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut head = Vec::new();
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                match line.trim_end() {
                    "" => break,
                    line => head.push(line.to_owned()),
                }
            }
            let length =
                head.iter().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
            let mut body = vec![0; length.unwrap()];
            reader.read_exact(&mut body).unwrap();
            let mut stream = stream;
            let (status, told) = answer.split_once('|').unwrap_or((answer, ""));
            let length = told.len();
            write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{told}").unwrap();
            let path = head[0].split(' ').nth(1).unwrap().to_owned();
            assert!(head[0].starts_with("POST ") && head[0].ends_with(" HTTP/1.1"), "{}", head[0]);
            let headers = head.split_off(1);
            let is_gzip = has(&headers, "content-encoding: gzip");
            let body = if is_gzip { unzipped(&body) } else { body };
            Request { path, headers, is_gzip, body: serde_json::from_slice(&body).unwrap() }
        };
        answers.iter().map(take).collect()
    };
    (url, std::thread::spawn(answer))
}

/// The nanoseconds of a number that is written as text.
fn nanos(value: &Value) -> u64 {
    value.as_str().unwrap().parse().unwrap()
}

#[test]
fn loki_gets_streams_in_the_order_of_time_also_at_the_second_try() {
    let (url, requests) = receiver(&["429 Too Many Requests\r\nRetry-After: 0", "204 No Content"]);
    let told = project().told(&[
        "logs",
        "export",
        "--loki",
        &url,
        "--service",
        "shop",
        "--header",
        "X-Scope-OrgID: team",
        ".segno/logs/app.jsonl",
    ]);
    let expected = format!(
        "segno: not read: line at byte 384 of .segno/logs/app.jsonl: not JSON\n\
         segno: 1 line without a time: each was sent with that of the line before, of the first that says one, or of now\n\
         0\nsent 3 lines to {url}/loki/api/v1/push\n"
    );
    let requests = requests.join().unwrap();
    assert_eq!(told.replace("not a JSON object", "not JSON"), expected);
    assert_eq!(requests[0].body, requests[1].body, "the same is sent again");
    let Request { path, headers, is_gzip, body } = &requests[1];
    assert_eq!((&**path, *is_gzip), ("/loki/api/v1/push", true));
    assert!(has(headers, "x-scope-orgid: team") && has(headers, "content-type: application/json"), "{headers:?}");
    let streams = body["streams"].as_array().unwrap();
    assert_eq!(streams.len(), 3);
    for stream in streams {
        let labels = stream["stream"].as_object().unwrap();
        assert!(labels.keys().all(|key| ["service_name", "level", "component"].contains(&key.as_str())));
        assert!(labels.values().all(|value| value.as_str().is_some_and(|value| !value.is_empty())));
        assert_eq!(labels["service_name"], "shop");
        let values = stream["values"].as_array().unwrap();
        let times: Vec<u64> = values.iter().map(|value| nanos(&value[0])).collect();
        assert!(times.is_sorted() && times.iter().all(|time| *time > 1_700_000_000_000_000_000), "{times:?}");
        assert!(values.iter().all(|value| LOG.lines().any(|line| value[1] == line)));
    }
}

#[test]
fn a_refusal_is_told_and_not_tried_again() {
    let (url, requests) = receiver(&["403 Forbidden"]);
    let ran = project().segno(&["logs", "export", "--loki", &url]);
    assert_eq!(requests.join().unwrap().len(), 1);
    assert_eq!((ran.code, &*ran.out), (Some(2), ""));
    assert!(ran.err.contains("segno: 0 lines were sent before it failed\n"), "{}", ran.err);
    assert!(ran.err.contains(" refuses the lines: 403 Forbidden\n"), "{}", ran.err);
}

/// Expects that a collector which refuses what is compressed gets it as it is from then on, and that it is told when it refuses that
/// too.
fn check_plain(refusal: &'static str, answers: [&'static [&'static str]; 3]) {
    let [taken, refused, later] = answers;
    let (url, requests) = receiver(taken);
    let told = project().told(&["logs", "export", "--otlp", &url]);
    assert!(told.ends_with(&format!("0\nsent 3 lines and 1 trace to {url}/v1/logs\n")), "{told}");
    let requests = requests.join().unwrap();
    let sent: Vec<(&str, bool)> = requests.iter().map(|request| (&*request.path, request.is_gzip)).collect();
    assert_eq!(sent, [("/v1/logs", true), ("/v1/logs", false), ("/v1/traces", true), ("/v1/traces", false)]);
    assert!(requests[0].body == requests[1].body && requests[2].body == requests[3].body);
    let (url, requests) = receiver(refused);
    let ran = project().segno(&["logs", "export", "--loki", &url]);
    assert_eq!((requests.join().unwrap().len(), ran.code), (2, Some(2)));
    assert!(ran.err.contains(&format!(" refuses the lines: {refusal}\n")), "{}", ran.err);
    let log: String = LOG.lines().take(1).cycle().take(10_001).map(|line| format!("{line}\n")).collect();
    let (url, requests) = receiver(later);
    let told = Project::with(".segno/logs/app.jsonl", &log).told(&["logs", "export", "--loki", &url]);
    let sent: Vec<bool> = requests.join().unwrap().iter().map(|request| request.is_gzip).collect();
    assert_eq!(sent, [true, true, false, false], "{told}");
}

#[test]
fn who_takes_nothing_compressed_gets_it_as_it_is_from_then_on() {
    const UNSUPPORTED: &str = "415 Unsupported Media Type";
    let taken = &[UNSUPPORTED, "200 OK", UNSUPPORTED, "200 OK"];
    check_plain(UNSUPPORTED, [taken, &[UNSUPPORTED; 2], &["200 OK", UNSUPPORTED, "200 OK", "200 OK"]]);
    const BAD: &str = "400 Bad Request";
    check_plain(BAD, [&[BAD, "200 OK", BAD, "200 OK"], &[BAD; 2], &["200 OK", BAD, "200 OK", "200 OK"]]);
}

#[test]
fn a_trace_that_is_too_many_ends_early_and_that_is_told() {
    let line = |id: usize| {
        format!("{{\"timestamp\":\"2026-11-27T10:00:00Z\",\"message\":\"m\",\"correlation_id\":\"r-{id}\"}}\n")
    };
    let log: String = (0..1_001).chain([0]).map(line).collect();
    let (url, requests) = receiver(&["200 OK", "200 OK"]);
    let told = Project::with(".segno/logs/app.jsonl", &log).told(&["logs", "export", "--otlp", &url]);
    let requests = requests.join().unwrap();
    assert_eq!([&*requests[0].path, &*requests[1].path], ["/v1/logs", "/v1/traces"]);
    let spans = requests[1].body["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap();
    let ids: std::collections::BTreeSet<&str> = spans.iter().map(|span| span["traceId"].as_str().unwrap()).collect();
    assert_eq!((spans.len(), ids.len(), &spans[0]["name"]), (1_001, 1_001, &"r-0".into()), "the quietest is first");
    let cut = "too much for the memory of traces: sent, but events of no span: 1 line; ended early: 1 trace\n";
    assert!(told.contains(cut), "{told}");
    assert!(told.ends_with(&format!("0\nsent 1002 lines and 1001 traces to {url}/v1/logs\n")), "{told}");
}

/// Expects that so many ids, of so many steps each, are told as these lines and traces when a collector answers so.
fn check_told(ids: usize, steps: usize, answers: &'static [&'static str], expected: &str) {
    let line = |at: usize| {
        let (id, step) = (at / steps, at % steps);
        let step = if steps == 1 { String::new() } else { format!(",\"step\":\"s{step}\"") };
        format!("{{\"timestamp\":\"2026-11-27T10:00:00Z\",\"message\":\"m\",\"correlation_id\":\"r-{id}\"{step}}}\n")
    };
    let log: String = (0..ids * steps).map(line).collect();
    let (url, requests) = receiver(answers);
    let ran = Project::with(".segno/logs/app.jsonl", &log).segno(&["logs", "export", "--otlp", &url]);
    assert_eq!(requests.join().unwrap().len(), answers.len());
    let told =
        [format!("sent {expected} to {url}/v1/logs\n"), format!("segno: {expected} were sent before it failed\n")];
    assert!(
        ran.out == told[0] || ran.out.is_empty() && ran.err.contains(&told[1]),
        "{expected}: {}{}",
        ran.out,
        ran.err
    );
}

#[test]
fn traces_that_end_where_a_body_does_are_counted() {
    // A body holds 2,000 lines, or spans.
    check_told(2_000, 1, &["200 OK", "200 OK"], "2000 lines and 2000 traces");
    check_told(1, 1_999, &["200 OK", "200 OK"], "1999 lines and 1 trace");
    check_told(1, 2_000, &["200 OK"; 3], "2000 lines and 1 trace");
    check_told(2, 1_999, &["200 OK"; 4], "3998 lines and 2 traces");
}

#[test]
fn a_trace_counts_when_all_bodies_with_spans_of_it_were_taken() {
    const REJECTED: &str = r#"200 OK|{"partialSuccess":{"rejectedSpans":1}}"#;
    check_told(2_001, 1, &["200 OK", "200 OK", "200 OK", REJECTED], "2001 lines and 2000 traces");
    check_told(2_001, 1, &["200 OK", "200 OK", REJECTED, "200 OK"], "2001 lines and 1 trace");
    check_told(2, 1_999, &["200 OK", "200 OK", REJECTED, "200 OK"], "3998 lines and 1 trace");
    check_told(1, 2_000, &["200 OK", REJECTED, "200 OK"], "2000 lines and 0 traces");
    check_told(2_001, 1, &["200 OK", "200 OK", "200 OK", "403 Forbidden"], "2001 lines and 2000 traces");
    check_told(2, 1_999, &["200 OK", "200 OK", "200 OK", "403 Forbidden"], "3998 lines and 1 trace");
}

#[test]
fn what_a_collector_takes_in_part_is_told() {
    let answers = &[
        r#"200 OK|{"partialSuccess":{"rejectedLogRecords":"2","errorMessage":"too\u001b old"}}"#,
        r#"200 OK|{"partialSuccess":{"rejectedSpans":1}}"#,
    ];
    let (url, requests) = receiver(answers);
    let ran = project().segno(&["logs", "export", "--otlp", &url]);
    assert_eq!(requests.join().unwrap().len(), 2);
    assert_eq!((ran.code, ran.out), (Some(2), format!("sent 1 line and 0 traces to {url}/v1/logs\n")));
    let told = [
        format!("segno: {url}/v1/logs has not taken 2 lines: too\\u{{1b}} old\n"),
        format!("segno: {url}/v1/traces has not taken 1 span\n"),
        "segno: not all was taken\n".to_owned(),
    ];
    assert!(told.iter().all(|line| ran.err.contains(line)), "{}", ran.err);
    let (url, requests) = receiver(&[r#"200 OK|{"partialSuccess":{"errorMessage":"slowly"}}"#, "200 OK|no JSON"]);
    let ran = project().segno(&["logs", "export", "--otlp", &url]);
    assert_eq!(requests.join().unwrap().len(), 2);
    assert_eq!((ran.code, ran.out), (Some(0), format!("sent 3 lines and 1 trace to {url}/v1/logs\n")));
    assert!(ran.err.contains(&format!("segno: {url}/v1/logs warns: slowly\n")), "{}", ran.err);
}

#[test]
fn what_is_no_address_or_header_is_told_before_anything_is_sent() {
    let told = |words: &[&str]| {
        let told = project().told(&[&["logs", "export", "--otlp"], words].concat());
        told.lines().next().unwrap_or_default().to_owned()
    };
    assert_eq!(told(&["ftp://x"]), "segno: 'ftp://x/v1/logs' is no address");
    assert_eq!(told(&["https://x"]), "segno: https://x/v1/logs needs encryption, which this program does not do");
    let header = told(&["http://127.0.0.1:9", "--header", "Authorization: Bearer $SEGNO_NOT_SET"]);
    assert_eq!(header, "segno: the header 'Authorization' cannot be used: SEGNO_NOT_SET is not set");
}

#[test]
fn a_collector_gets_log_records_and_the_spans_of_their_trace() {
    let (url, requests) = receiver(&["200 OK", "200 OK"]);
    let told = project().told(&["logs", "export", "--otlp", &url]);
    let requests = requests.join().unwrap();
    assert!(told.ends_with(&format!("0\nsent 3 lines and 1 trace to {url}/v1/logs\n")), "{told}");
    assert_eq!([&*requests[0].path, &*requests[1].path], ["/v1/logs", "/v1/traces"]);
    assert!(requests.iter().all(|request| request.is_gzip));
    let is_id = |value: &Value, length: usize| {
        value.as_str().is_some_and(|id| {
            id.len() == length
                && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
                && id.bytes().any(|byte| byte != b'0')
        })
    };
    let logs = &requests[0].body["resourceLogs"][0];
    assert_eq!(logs["resource"]["attributes"][0]["value"]["stringValue"], "segno");
    let scopes = logs["scopeLogs"].as_array().unwrap();
    let records: Vec<&Value> = scopes.iter().flat_map(|scope| scope["logRecords"].as_array().unwrap()).collect();
    assert_eq!(records.len(), 3);
    for record in &records {
        assert!((1..=24).contains(&record["severityNumber"].as_u64().unwrap()));
        assert!(record["body"]["stringValue"].is_string());
        assert!(
            record["attributes"]
                .as_array()
                .unwrap()
                .iter()
                .all(|one| one["key"].is_string() && one["value"].is_object())
        );
        assert_eq!(record.get("timeUnixNano").is_some(), record["body"]["stringValue"] != "without a time");
    }
    let trace = &records[0]["traceId"];
    assert!(is_id(trace, 32) && is_id(&records[0]["spanId"], 16));
    let spans = requests[1].body["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap();
    let names: Vec<&str> = spans.iter().map(|span| span["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["r-1", "pay", "attempt 1"]);
    for (place, span) in spans.iter().enumerate() {
        assert!(
            is_id(&span["spanId"], 16)
                && span["traceId"] == *trace
                && (1..=5).contains(&span["kind"].as_u64().unwrap())
        );
        assert!(nanos(&span["startTimeUnixNano"]) <= nanos(&span["endTimeUnixNano"]));
        assert!((0..=2).contains(&span["status"]["code"].as_u64().unwrap()));
        match place {
            0 => assert_eq!(span.get("parentSpanId"), None),
            _ => assert_eq!(span["parentSpanId"], spans[place - 1]["spanId"]),
        }
    }
    assert_eq!(spans[0]["spanId"], records[0]["spanId"], "lines belong to the root span");
}

#[test]
fn prometheus_gets_metrics_that_it_reads() {
    let ran = project().segno(&["logs", "export", "--prometheus"]);
    let lines = "# HELP segno_log_lines_total Lines in the log by level and component.
# TYPE segno_log_lines_total counter
segno_log_lines_total{level=\"error\",component=\"cache.redis\"} 1
segno_log_lines_total{level=\"info\",component=\"shop\"} 1
segno_log_lines_total{level=\"warn\",component=\"cache.redis\"} 1
# HELP segno_log_duration_seconds Durations that lines tell, by component, operation and field.
# TYPE segno_log_duration_seconds histogram
";
    assert!(ran.out.starts_with(lines), "{}", ran.out);
    let redis = "component=\"cache.redis\",operation=\"\",field=\"took_ms\"";
    for line in [
        format!("segno_log_duration_seconds_bucket{{{redis},le=\"0.1\"}} 0\n"),
        format!("segno_log_duration_seconds_bucket{{{redis},le=\"0.25\"}} 1\n"),
        format!("segno_log_duration_seconds_bucket{{{redis},le=\"+Inf\"}} 1\n"),
        format!("segno_log_duration_seconds_sum{{{redis}}} 0.1405\n"),
        format!("segno_log_duration_seconds_count{{{redis}}} 1\n"),
    ] {
        assert!(ran.out.contains(&line), "{line}{}", ran.out);
    }
    assert!(ran.out.contains("segno_log_skipped_lines_total{reason=\"not"), "{}", ran.out);
    read_strictly(&ran.out);
    by_promtool(&ran.out);
}

/// Reads the text format as Prometheus does: names, labels, values, one family after the other, buckets that rise.
fn read_strictly(text: &str) {
    let mut families: Vec<(&str, &str)> = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    let mut before = (String::new(), 0.0);
    assert!(text.ends_with('\n'));
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert!(families.iter().all(|(known, _)| *known != name), "{name} stands twice");
            families.push((name, kind));
        } else if !line.starts_with("# HELP ") {
            let (name, rest) = line.split_once('{').unwrap();
            let (labels, value) = rest.rsplit_once("} ").unwrap();
            let (family, kind) = *families.last().unwrap();
            let ending = name.strip_prefix(family).unwrap();
            assert!(if kind == "histogram" {
                ["_bucket", "_sum", "_count"].contains(&ending)
            } else {
                ending.is_empty()
            });
            let value: f64 = value.parse().unwrap();
            assert!(seen.insert(line.rsplit_once(' ').unwrap().0), "{line} stands twice");
            assert!(
                labels.split("\",").all(|label| label.split_once("=\"").is_some_and(|(name, _)| is_name(name))),
                "{line}"
            );
            let series = labels.split(",le=").next().unwrap().to_owned();
            assert!(ending != "_bucket" || before.0 != series || before.1 <= value, "{line}: buckets rise");
            before = (series, value);
        }
    }
}

fn is_name(name: &str) -> bool {
    name.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Has Prometheus' own tool read it, where it is installed.
fn by_promtool(text: &str) {
    let mut command = Command::new("promtool");
    let child = command.args(["check", "metrics"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let Ok(mut child) = child.spawn() else { return };
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
