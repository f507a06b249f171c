//! The failures of made-up runs, taken in piece by piece.

use std::sync::Arc;

use segno_errors::analytics::Account;
use segno_errors::{Fault, Kind};
use segno_orchestrator::journal::{Batch, Journal, MemoryJournal};
use segno_orchestrator::model::{
    Address, CacheNote, Event, Fact, Outcome, Output, Owner, Parent, Pinned, Reply, RunId, Source, StepId, Timestamp,
    Usage,
};

use super::{FailureStore, Failures};

const NOW: Timestamp = Timestamp(1_790_000_100_000);

fn step() -> Address {
    Address { step: StepId::new("review").unwrap(), indices: Vec::new() }
}

fn started(parent: Option<Parent>) -> Fact {
    let pinned = Pinned { path: "a.yaml".into(), hash: "00".into(), parts: Vec::new() };
    let (flow, owner) = ("nightly".to_owned(), Owner::default());
    Fact::RunStarted { flow, pinned, inputs: Default::default(), owner, parent, only: Vec::new() }
}

fn attempt(attempt: u32) -> Fact {
    Fact::StepStarted { step: step(), attempt, label: None, cache: CacheNote::Off }
}

fn retried(attempt: u32) -> Fact {
    Fact::StepRetried { step: step(), attempt, fault: fault(), until: NOW, decision: None }
}

fn fault() -> Fault {
    Fault::new(Kind::Network, "no answer").operation("call")
}

fn ended(outcome: Outcome) -> Fact {
    Fact::StepEnded { step: step(), outcome, source: Source::Ran, took_ms: 5, decision: None, label: None }
}

fn good(cost_usd: f64) -> Fact {
    let usage = Usage { cost_usd: Some(cost_usd), ..Usage::default() };
    ended(Outcome::Succeeded { reply: Arc::new(Reply { output: Output::text("ok"), usage, ..Reply::default() }) })
}

fn failed(fault: Fault) -> Fact {
    ended(Outcome::Failed { fault, reply: None })
}

/// Appends to a run; each event is a second after the one before.
fn append(journal: &MemoryJournal, run: &str, from: u64, facts: Vec<Fact>) {
    let events: Vec<Event> = (from..)
        .zip(facts)
        .map(|(seq, fact)| Event { seq, at: Timestamp(NOW.0 - 100_000 + seq * 1_000), fact })
        .collect();
    let batch = Batch { run: RunId::new(run).unwrap(), events: events.into(), pins: Vec::new() };
    futures_ready(journal.append(batch));
}

/// A journal in memory is durable at once.
fn futures_ready(mut pending: segno_orchestrator::journal::Pending) {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(matches!(pending.as_mut().poll(&mut context), std::task::Poll::Ready(Ok(()))));
}

fn take_in(failures: &mut Failures, journal: &MemoryJournal) -> usize {
    failures.take_in(journal, &mut |_, _| None, NOW).unwrap().failures
}

fn only(failures: &Failures) -> Account {
    let mut accounts = failures.ledger.accounts(NOW.to_system());
    assert_eq!(accounts.len(), 1);
    accounts.remove(0)
}

#[test]
fn a_retry_is_cured_when_the_task_ends_well_and_its_time_and_money_are_counted() {
    let (journal, mut failures) = (MemoryJournal::default(), Failures::default());
    append(
        &journal,
        "a",
        1,
        vec![started(None), attempt(1), retried(1), attempt(2), retried(2), attempt(3), good(0.5)],
    );
    assert_eq!(take_in(&mut failures, &journal), 2);
    let account = only(&failures);
    let retries = account.retries;
    assert_eq!((account.count, retries.retried, retries.cured), (2, 2, 1));
    assert_eq!((retries.spent_ms, retries.cost_usd), (4_000, 0.5));
    assert_eq!(
        (&*account.examples[0].run, &*account.examples[0].workflow, &*account.examples[0].step),
        ("a", "nightly", "review")
    );
}

/// Checks that the one retry of a run is counted, whose events happened at these milliseconds before now.
fn check_retried(before: [u64; 5]) {
    let (journal, mut failures) = (MemoryJournal::default(), Failures::default());
    let facts = [started(None), attempt(1), retried(1), attempt(2), good(0.5)];
    let events: Vec<Event> =
        (1..).zip(before).zip(facts).map(|((seq, at), fact)| Event { seq, at: Timestamp(NOW.0 - at), fact }).collect();
    futures_ready(journal.append(Batch { run: RunId::new("a").unwrap(), events: events.into(), pins: Vec::new() }));
    assert_eq!(take_in(&mut failures, &journal), 1);
    let account = only(&failures);
    assert_eq!((account.count, account.retries.retried, account.retries.cured), (1, 1, 1), "{before:?}");
}

#[test]
fn a_retry_is_counted_though_all_happened_at_once_or_the_clock_was_set_back() {
    check_retried([500, 400, 300, 200, 100]);
    check_retried([500; 5]);
    check_retried([500, 400, 300, 60_000, 50_000]);
}

#[test]
fn mute_failures_of_commands_are_told_apart_by_step_and_exit_code() {
    let mute = |code: i32| Fault::new(Kind::ExternalService, "it ended").reason("exit_status").with("exit_code", code);
    let late = Fault::new(Kind::Timeout, "the step took longer than 1 s").operation("command");
    let of = |flow: &str, step: &str, fault: Fault| {
        let fault = super::fold::told_apart(fault, flow, &StepId::new(step).unwrap());
        segno_errors::analytics::Fingerprint::of(&fault, Some("run"))
    };
    let found = [
        of("a", "x", mute(1)),
        of("a", "x", mute(2)),
        of("a", "y", mute(1)),
        of("b", "x", mute(1)),
        of("a", "x", late.clone()),
        of("a", "y", late.clone()),
        of("a", "x", late.clone().detail("so far so good")),
    ];
    assert_eq!(std::collections::HashSet::from(found).len(), found.len());
    assert_eq!(of("a", "x", late.clone()), of("a", "x", late));
}

#[test]
fn each_event_is_counted_once_however_the_reading_is_cut() {
    let all = || {
        let other = Fault::new(Kind::Timeout, "too slow").operation("call");
        vec![started(None), attempt(1), retried(1), attempt(2), retried(2), attempt(3), failed(other)]
    };
    let whole = {
        let (journal, mut failures) = (MemoryJournal::default(), Failures::default());
        append(&journal, "a", 1, all());
        take_in(&mut failures, &journal);
        failures.ledger
    };
    assert_eq!(whole.totals().failures, 3);
    for cut in 1..all().len() {
        let (journal, mut failures) = (MemoryJournal::default(), Failures::default());
        let mut first = all();
        let rest = first.split_off(cut);
        append(&journal, "a", 1, first);
        take_in(&mut failures, &journal);
        let stored = serde_json::to_string(&failures).unwrap();
        failures = serde_json::from_str(&stored).unwrap();
        append(&journal, "a", 1 + cut as u64, rest);
        take_in(&mut failures, &journal);
        assert_eq!(take_in(&mut failures, &journal), 0);
        assert_eq!(failures.ledger, whole, "cut at {cut}");
    }
}

#[test]
fn what_was_taken_back_to_a_mark_stays_counted_and_what_comes_then_is_new() {
    let (journal, mut failures) = (MemoryJournal::default(), Failures::default());
    append(&journal, "a", 1, vec![started(None), attempt(1), retried(1), attempt(2), failed(fault())]);
    assert_eq!(take_in(&mut failures, &journal), 2);
    journal.set_aside(&RunId::new("a").unwrap(), 2).unwrap();
    // It numbers on from the mark, and is later.
    let later: Vec<Fact> = vec![attempt(1), failed(fault())];
    let events: Vec<Event> =
        (2..).zip(later).map(|(seq, fact)| Event { seq, at: Timestamp(NOW.0 - 50_000 + seq), fact }).collect();
    futures_ready(journal.append(Batch { run: RunId::new("a").unwrap(), events: events.into(), pins: Vec::new() }));
    assert_eq!(take_in(&mut failures, &journal), 1);
    assert_eq!(only(&failures).count, 3);
}

#[test]
fn what_was_cut_off_cancelled_or_taken_over_is_not_counted() {
    let (journal, mut failures) = (MemoryJournal::default(), Failures::default());
    append(&journal, "a", 1, vec![started(None), attempt(1), failed(fault().reason("interrupted"))]);
    append(&journal, "b", 1, vec![started(None), attempt(1), failed(fault().reason("cancelled"))]);
    let parent = Parent { run: RunId::new("a").unwrap(), events: 2 };
    append(&journal, "c", 1, vec![started(Some(parent)), attempt(1), failed(fault())]);
    // A group that ends was never started.
    append(&journal, "d", 1, vec![started(None), failed(fault())]);
    take_in(&mut failures, &journal);
    assert_eq!(failures.ledger.totals().failures, 0);
}

#[test]
fn a_run_that_is_gone_stays_counted() {
    let (journal, mut failures) = (MemoryJournal::default(), Failures::default());
    append(&journal, "a", 1, vec![started(None), attempt(1), failed(fault())]);
    take_in(&mut failures, &journal);
    assert_eq!(take_in(&mut failures, &MemoryJournal::default()), 0);
    assert_eq!(only(&failures).count, 1);
}

#[test]
fn a_moment_to_come_is_taken_for_now() {
    let (journal, mut failures) = (MemoryJournal::default(), Failures::default());
    let event = |seq, fact| Event { seq, at: Timestamp(u64::MAX), fact };
    let events = vec![event(1, started(None)), event(2, attempt(1)), event(3, failed(fault()))];
    futures_ready(journal.append(Batch { run: RunId::new("a").unwrap(), events: events.into(), pins: Vec::new() }));
    take_in(&mut failures, &journal);
    assert_eq!(only(&failures).last_ms, NOW.0);
}

#[test]
fn a_file_is_replaced_whole_and_one_that_cannot_be_used_is_set_aside() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("failures.json");
    let store = FailureStore::new(&path);
    let journal = MemoryJournal::default();
    append(&journal, "a", 1, vec![started(None), attempt(1), failed(fault())]);
    let update = || store.update(|failures| Ok(take_in(failures, &journal))).unwrap();
    assert_eq!(update(), (1, None));
    assert_eq!(update(), (0, None));
    let whole = std::fs::read(&path).unwrap();
    let cuts = [0, 10, whole.len() / 2, whole.len() - 1, 20].into_iter();
    for (end, aside) in cuts.zip(["aside", "aside-2", "aside-3", "aside-3", "aside-3"]) {
        std::fs::write(&path, &whole[..end]).unwrap();
        let (counted, notice) = update();
        let notice = notice.unwrap();
        assert!(counted == 1 && notice.contains(&format!("set aside as failures.{aside} and")), "{notice}");
        assert!(notice.ends_with("marked as mended and what failed in runs that are gone is lost"), "{notice}");
        assert_eq!(std::fs::read(&path).unwrap(), whole);
        assert_eq!(std::fs::read(path.with_extension(aside)).unwrap(), whole[..end]);
    }
    // The file, its lock, and three that were set aside.
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 5);
    let refused = store.update(|_| Err::<(), _>(fault())).unwrap_err();
    assert_eq!((refused.kind(), std::fs::read(&path).unwrap()), (Kind::Network, whole));
}

/// Puts something in place of the file, and checks the failure or the notice that it brings.
fn check_found(put: impl FnOnce(&std::path::Path), expected: Result<&str, &str>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("failures.json");
    put(&path);
    let found = FailureStore::new(&path).update(|failures| Ok(take_in(failures, &MemoryJournal::default())));
    match (found, expected) {
        (Ok((_, notice)), Ok(expected)) => {
            let notice = notice.unwrap();
            assert!(notice.contains(expected), "{notice}");
        }
        (Err(fault), Err(expected)) => {
            assert_eq!(fault.message(), format!("{} {expected}", path.display()));
            assert!(path.exists() && fault.hint_text().is_some());
        }
        (found, _) => panic!("{found:?}"),
    }
}

#[test]
fn yesterdays_file_is_set_aside_and_tomorrows_is_left() {
    let write = |text: &'static str| move |path: &std::path::Path| std::fs::write(path, text).unwrap();
    check_found(write("segno-failures-1 v1:00c0ffee00c0ffee\n{}"), Ok("(it is of an earlier segno): it was set aside"));
    check_found(write("segno-failures-9 x\n{}"), Err("is of a later segno (form 9, and this one reads 2)"));
    check_found(write("segno-failures- x\n{}"), Ok("does not begin as a file of failures does"));
    check_found(write("segno-failures-2 x\n{}"), Ok("its checksum is wrong"));
}

#[test]
fn a_file_that_is_far_too_large_is_never_read_and_a_folder_is_told() {
    let large = |path: &std::path::Path| std::fs::File::create(path).unwrap().set_len(1 << 40).unwrap();
    check_found(large, Ok("it has 1099511627776 bytes, and more than 8388608 cannot be"));
    check_found(|path| std::fs::create_dir(path).unwrap(), Err("is no file, and failures are to be kept in it"));
}
