//! The ledger of failures: its memory, its flags, and that it goes on as if it had never been stored.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "figures are for whoever runs it with --nocapture")]

use std::time::{Duration, SystemTime};

use proptest::prelude::*;
use segno_errors::analytics::{Account, Fingerprint, Flag, Ledger, Occurrence, Retry};
use segno_errors::{Fault, Kind};

const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
/// A Monday in 2026, at the beginning of an hour.
const START: u64 = 1_790_000_000_000 / HOUR * HOUR;

fn moment(millis: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(millis)
}

fn fault(message: &str) -> Fault {
    Fault::new(Kind::Network, message)
}

fn record(ledger: &mut Ledger, message: &str, at: u64) -> Fingerprint {
    ledger.record(&Occurrence::of(&fault(message), moment(at))).unwrap()
}

/// Records a failure at each of these moments, in milliseconds from the start, and returns what is known at another.
fn account(moments: &[u64], now: u64) -> Account {
    let mut ledger = Ledger::default();
    moments.iter().for_each(|at| _ = record(&mut ledger, "no answer", START + at));
    ledger.accounts(moment(START + now)).remove(0)
}

/// Checks the flags that are up and those that are unknown.
fn check(account: &Account, up: &str, unknown: &str) {
    let names = |flag| account.flags.names(flag).join(" ");
    assert_eq!((names(Flag::Yes), names(Flag::Unknown)), (up.to_owned(), unknown.to_owned()), "{account:?}");
}

#[test]
fn a_fingerprint_never_changes() {
    let fault = Fault::new(Kind::Timeout, "no answer from 10.0.0.1 after 30 s").reason("idle").operation("call");
    assert_eq!(Fingerprint::of(&fault, Some("coder")).to_string(), "v2:44ea6701c9ae7766");
    let fault = fault.detail("Traceback (most recent call last):\n  File \"a.py\", line 3\nKeyError: 'x'");
    assert_eq!(Fingerprint::of(&fault, None).to_string(), "v2:0dddadb650ecf0d8");
    assert_eq!(Fingerprint::named("mine").to_string(), "v2:e2bccc0cd4a81317");
}

#[test]
fn what_a_fingerprint_is_made_of_tells_failures_apart() {
    let of = |fault: &Fault, agent| Fingerprint::of(fault, agent);
    let base = fault("no answer");
    let others = [
        of(&Fault::new(Kind::Timeout, "no answer"), None),
        of(&base.clone().reason("dns"), None),
        of(&base.clone().operation("call"), None),
        of(&base.clone().caused_by(std::fmt::Error), None),
        of(&base.clone().detail("killed"), None),
        of(&base, Some("coder")),
        of(&base.clone().operation("call"), Some("coder")),
        of(&base.clone().operation("call"), Some("reviewer")),
        of(&base.clone().with("exit_code", 1), None),
        of(&base.clone().with("exit_code", 2), None),
        of(&base.clone().with("fingerprint", "mine"), None),
    ];
    let all: std::collections::HashSet<_> = others.iter().copied().chain([of(&base, None)]).collect();
    assert_eq!(all.len(), 12);
    // Neither of these is part of it.
    assert_eq!(of(&base.clone().with("attempt", 2).with("host", "a").correlation("x"), None), of(&base, None));
}

#[test]
fn a_fingerprint_is_read_as_it_is_written_and_nothing_else_is() {
    let fingerprint = Fingerprint::of(&fault("no answer"), None);
    assert_eq!(fingerprint.to_string().parse(), Ok(fingerprint));
    for bad in ["", "v2:", "v1:0123456789abcdef", "v2:0123456789abcdeg", "v2:+123456789abcdef", "v2:0123"] {
        assert!(bad.parse::<Fingerprint>().is_err(), "{bad}");
    }
}

#[test]
fn a_million_different_failures_take_a_mebibyte_at_most() {
    let mut ledger = Ledger::default();
    let long = "x".repeat(10_000);
    let mut most = 0;
    for number in 0..1_000_000_u64 {
        if number % 32 != 0 {
            let fault = Fault::new(Kind::Network, "no answer").with("fingerprint", number);
            ledger.record(&Occurrence::of(&fault, moment(START + number * 10)));
            continue;
        }
        let fault = Fault::new(Kind::Network, "no answer")
            .with("fingerprint", number)
            .detail(if number % 64 == 0 { long.as_str() } else { "error: it is so" })
            .reason(if number % 64 == 32 { long.as_str() } else { "dns" });
        let name = if number % 80 == 0 { long.as_str() } else { "a-name-of-thirty-two-bytes-or-so" };
        let mut occurrence = Occurrence::of(&fault, moment(START + number * 10));
        (occurrence.agent, occurrence.workflow, occurrence.run, occurrence.step) =
            (Some(name), Some(name), Some(name), Some(name));
        // Each comes often enough to have all its examples.
        let times = if number % 10_000 < 800 { 6 } else { 1 };
        (0..times).for_each(|_| _ = ledger.record(&occurrence));
        if number % 8_000 == 0 {
            most = most.max(ledger.bytes());
        }
    }
    most = most.max(ledger.bytes());
    println!("{most} bytes");
    assert!(most <= 1 << 20, "{most} bytes");
    assert_eq!(ledger.accounts(moment(START)).len(), 256);
}

#[test]
fn what_comes_often_is_found_among_many_that_come_once() {
    let mut ledger = Ledger::default();
    for number in 0..100_000_u64 {
        let rare = Fault::new(Kind::Network, "rare").with("fingerprint", number);
        ledger.record(&Occurrence::of(&rare, moment(START + number)));
        if number % 50 == 0 {
            record(&mut ledger, "often", START + number);
        }
    }
    let often = Fingerprint::of(&fault("often"), None);
    let account = ledger.account(often, moment(START + 100_000)).unwrap();
    assert!(account.count >= 2_000 && account.count - account.overcount <= 2_000, "{account:?}");
}

#[test]
fn a_cancelled_failure_is_never_counted_and_a_refusal_is_counted_apart() {
    let mut ledger = Ledger::default();
    assert_eq!(ledger.record(&Occurrence::of(&fault("stopped").reason("cancelled"), moment(START))), None);
    ledger.record(&Occurrence::of(&fault("refused").reason("circuit_open"), moment(START)));
    ledger.record(&Occurrence::of(&fault("too fast").reason("rate").with("rejected_by", "rate"), moment(START)));
    record(&mut ledger, "no answer", START);
    assert_eq!((ledger.totals().failures, ledger.totals().rejections), (1, 2));
    let rejections: Vec<bool> = ledger.accounts(moment(START)).iter().map(|account| account.rejection).collect();
    assert_eq!(rejections.iter().filter(|is_rejection| **is_rejection).count(), 2);
}

#[test]
fn counts_stand_in_the_hours_in_which_they_happened_in_whatever_order_they_come() {
    let hours = [5, 1, 9, 9, 3, 30];
    let moments: Vec<u64> = hours.iter().map(|hour| hour * HOUR).collect();
    let known = account(&moments, 30 * HOUR);
    let found: Vec<(usize, u32)> = known.hours.iter().copied().enumerate().filter(|(_, count)| *count > 0).collect();
    // The newest hour stands last, at 47.
    assert_eq!(found, [(18, 1), (20, 1), (22, 1), (26, 2), (47, 1)]);
    assert_eq!((known.count, known.last_hour, known.last_day, known.last_week), (6, 1, 3, 6));
    assert_eq!((known.first_ms, known.last_ms), (START + HOUR, START + 30 * HOUR));
}

#[test]
fn a_clock_at_the_end_of_time_breaks_nothing() {
    let mut ledger = Ledger::default();
    for at in [0, u64::MAX >> 12, START, 0, START + 1] {
        record(&mut ledger, "no answer", at);
    }
    ledger.record(&Occurrence::of(&fault("early"), SystemTime::UNIX_EPOCH - Duration::from_secs(9)));
    let known = ledger.accounts(moment(u64::MAX >> 12));
    assert_eq!(known.iter().map(|account| account.count).sum::<u64>(), 6);
    assert_eq!(ledger.accounts(moment(0)).len(), 2);
}

#[test]
fn a_clock_that_was_ahead_once_spoils_nothing_for_ever() {
    let mut ledger = Ledger::default();
    let ahead = START + 365 * DAY;
    let found = record(&mut ledger, "no answer", START);
    record(&mut ledger, "no answer", ahead);
    ledger.resolve(found, moment(ahead));
    let now = START + HOUR;
    assert_eq!(ledger.account(found, moment(now)).unwrap().last_ms, now);
    ledger.clip(moment(now));
    assert_eq!(ledger.totals().last_ms, now);
    record(&mut ledger, "no answer", now + MINUTE);
    let known = |ledger: &Ledger, at: u64| ledger.account(found, moment(at)).unwrap();
    let account = known(&ledger, now + MINUTE);
    assert_eq!((account.last_ms, account.examples.last().unwrap().at_ms), (now + MINUTE, now + MINUTE));
    assert!(account.last_hour >= 1 && account.last_day >= 1 && account.last_week >= 1, "{account:?}");
    check(&account, "new regressed", "");
    ledger.resolve(found, moment(now + 2 * MINUTE));
    check(&known(&ledger, now + 2 * DAY), "", "");
    // It can be stored, and clipping again changes nothing.
    let mut again: Ledger = serde_json::from_str(&serde_json::to_string(&ledger).unwrap()).unwrap();
    assert_eq!(again, ledger);
    again.clip(moment(now + DAY));
    assert_eq!(again, ledger);
}

#[test]
fn a_failure_is_new_for_a_day_and_again_after_a_week_without_it() {
    check(&account(&[0], HOUR), "new", "");
    check(&account(&[0], 2 * DAY), "", "");
    check(&account(&[0, 3 * DAY], 3 * DAY), "", "");
    check(&account(&[0, 9 * DAY], 9 * DAY), "new", "");
}

#[test]
fn what_was_evicted_is_unknown_rather_than_new() {
    let mut ledger = Ledger::default();
    for number in 0..10_000_u64 {
        let rare = Fault::new(Kind::Network, "rare").with("fingerprint", number);
        ledger.record(&Occurrence::of(&rare, moment(START + number)));
    }
    let again = record(&mut ledger, "no answer", START + 20_000);
    check(&ledger.account(again, moment(START + 20_001)).unwrap(), "", "new");
}

#[test]
fn what_comes_back_after_it_was_mended_has_regressed() {
    let mut ledger = Ledger::default();
    let found = record(&mut ledger, "no answer", START);
    ledger.resolve(found, moment(START + 10));
    let known = |ledger: &Ledger| ledger.account(found, moment(START + 2 * DAY)).unwrap();
    check(&known(&ledger), "", "");
    // One from before that is only told now does not speak against it.
    record(&mut ledger, "no answer", START + 5);
    check(&known(&ledger), "", "");
    record(&mut ledger, "no answer", START + 20);
    check(&known(&ledger), "regressed", "");
    ledger.resolve(found, moment(START + 30));
    check(&known(&ledger), "", "");
}

#[test]
fn a_burst_is_more_than_is_usual_at_this_failure() {
    let steady = |each_hour: u64| -> Vec<u64> {
        (0..40).flat_map(|hour| (0..each_hour).map(move |number| hour * HOUR + number * MINUTE)).collect()
    };
    let with = |mut moments: Vec<u64>, more: u64| {
        moments.extend((0..more).map(|number| 40 * HOUR + number * MINUTE / 2));
        account(&moments, 40 * HOUR + 40 * MINUTE)
    };
    check(&with(steady(1), 4), "", "");
    check(&with(steady(1), 6), "burst", "");
    // 16 an hour are usual: 16 + 4 x 4 = 32 in an hour are not yet too many.
    check(&with(steady(16), 30), "", "");
    check(&with(steady(16), 36), "burst", "");
    // Nobody can say what is usual in the first hours.
    check(&account(&[0, 1, 2, 3, 4, 5], MINUTE), "new", "burst");
}

#[test]
fn a_failure_spreads_when_it_reaches_a_third_place() {
    let mut ledger = Ledger::default();
    let mut in_flow = |flow: &str, at: u64| {
        let fault = fault("no answer").operation("call");
        let occurrence = Occurrence::of(&fault, moment(START + at));
        let mut occurrence = occurrence;
        occurrence.workflow = Some(flow);
        let found = ledger.record(&occurrence).unwrap();
        ledger.account(found, moment(START + at)).unwrap()
    };
    check(&in_flow("a", 0), "new", "");
    check(&in_flow("b", 2 * DAY), "", "");
    check(&in_flow("a", 3 * DAY), "", "");
    check(&in_flow("c", 4 * DAY), "spreading", "");
    assert_eq!(in_flow("c", 6 * DAY).places, 3);
    check(&in_flow("c", 6 * DAY), "", "");
}

#[test]
fn what_follows_from_another_failure_is_folded_under_it() {
    let mut ledger = Ledger::default();
    let mut at = |fault: Fault, step: &str, depends_on: &[&str], at: u64| {
        let mut occurrence = Occurrence::of(&fault, moment(START + at));
        (occurrence.step, occurrence.depends_on) = (Some(step), depends_on);
        let found = ledger.record(&occurrence).unwrap();
        ledger.account(found, moment(START + DAY * 2)).unwrap()
    };
    let root = at(fault("disk full"), "store", &[], 0);
    check(&root, "", "");
    let followed = at(fault("cannot report"), "report", &["store"], 4_000);
    check(&followed, "cascade", "");
    assert_eq!(followed.root, Some(root.fingerprint));
    // A chain leads to its first link.
    assert_eq!(at(fault("no mail"), "mail", &["report"], 5_000).root, Some(root.fingerprint));
    // Too late, or of something else.
    check(&at(fault("too late"), "late", &["store"], 60_000), "", "");
    check(&at(fault("elsewhere"), "other", &["nobody"], 60_001), "", "");
    // One correlation id ties longer.
    let first = at(fault("no route").correlation("c-1"), "x", &[], 70_000);
    assert_eq!(at(fault("no page").correlation("c-1"), "y", &[], 170_000).root, Some(first.fingerprint));
    check(&at(fault("no route").correlation("c-1"), "x", &[], 171_000), "", "");
}

#[test]
fn the_cure_rate_counts_time_and_money_too() {
    let mut ledger = Ledger::default();
    let found = record(&mut ledger, "no answer", START);
    let retry = |cured, seconds, cost_usd| Retry { cured, spent: Duration::from_secs(seconds), cost_usd };
    for tried in
        [retry(true, 2, Some(0.5)), retry(false, 3, None), retry(false, 0, Some(f64::NAN)), retry(false, 1, Some(-1.0))]
    {
        ledger.retried(found, &tried);
    }
    let retries = ledger.account(found, moment(START)).unwrap().retries;
    assert_eq!((retries.cure_rate(), retries.spent_ms, retries.cost_usd), (Some(0.25), 6_000, 0.5));
    ledger.retried(found, &Retry { cured: true, spent: Duration::MAX, cost_usd: None });
    ledger.retried(Fingerprint::named("nobody"), &retry(true, 1, None));
}

#[test]
fn examples_are_the_first_the_last_and_three_between_the_same_each_time() {
    let known = |seed| {
        let mut ledger = Ledger::seeded(seed);
        (0..1_000).for_each(|number| _ = record(&mut ledger, &format!("no answer {number}"), START + number));
        ledger.accounts(moment(START)).remove(0).examples
    };
    let examples = known(1);
    assert_eq!((examples.len(), &*examples[0].message, &*examples[4].message), (5, "no answer 0", "no answer 999"));
    assert_eq!(examples, known(1));
    assert_ne!(examples, known(2));
}

#[test]
fn a_damaged_or_later_ledger_is_refused_with_a_reason() {
    let mut ledger = Ledger::default();
    record(&mut ledger, "no answer", START);
    let good = serde_json::to_string(&ledger).unwrap();
    let refused = |stored: &str| serde_json::from_str::<Ledger>(stored).unwrap_err().to_string();
    let later = good.replacen("\"version\":2", "\"version\":3", 1);
    assert!(
        refused(&later).starts_with("a ledger of failures has the format 3, and this version reads 2"),
        "{}",
        refused(&later)
    );
    assert!(refused(&good.replace("\"count\":1", "\"count\":0")).contains("a count that cannot be"));
    assert!(refused(&good.replace("\"next\":1", "\"next\":99")).contains("recent failures"));
    for end in 0..good.len() {
        refused(&good[..end]);
    }
}

/// A failure or what came of a retry, a mark, at some moment.
#[derive(Clone, Debug)]
enum Step {
    Record { message: u8, at: u64, workflow: u8, correlation: u8 },
    Retried { message: u8, cured: bool },
    Resolve { message: u8, at: u64 },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let at = START..START + 12 * DAY;
    let record = (any::<u8>(), at.clone(), 0_u8..5, 0_u8..9);
    let record =
        record.prop_map(|(message, at, workflow, correlation)| Step::Record { message, at, workflow, correlation });
    let retried = (any::<u8>(), any::<bool>()).prop_map(|(message, cured)| Step::Retried { message, cured });
    let resolve = (any::<u8>(), at).prop_map(|(message, at)| Step::Resolve { message, at });
    proptest::collection::vec(prop_oneof![8 => record, 2 => retried, 1 => resolve], 0..400)
}

fn apply(ledger: &mut Ledger, step: &Step, spread: u64) {
    let name = |message: u8| format!("{}", u64::from(message) * spread);
    match step {
        Step::Record { message, at, workflow, correlation } => {
            let fault = fault("no answer").with("fingerprint", name(*message)).correlation(correlation.to_string());
            let flow = workflow.to_string();
            let mut occurrence = Occurrence::of(&fault, moment(*at));
            occurrence.workflow = Some(&flow);
            ledger.record(&occurrence);
        }
        Step::Retried { message, cured } => {
            let retry = Retry { cured: *cured, spent: Duration::from_millis(7), cost_usd: Some(0.1) };
            ledger.retried(Fingerprint::named(&name(*message)), &retry);
        }
        Step::Resolve { message, at } => ledger.resolve(Fingerprint::named(&name(*message)), moment(*at)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_ledger_that_is_stored_and_read_anywhere_goes_on_as_if_nothing_had_been(
        steps in steps(),
        splits in proptest::collection::vec(0.0..1.0_f64, 0..3),
        crowd in 0_u64..6_000,
    ) {
        // A crowd of others first, so that places and memories are full.
        let mut whole = Ledger::seeded(7);
        for number in 0..crowd {
            apply(&mut whole, &Step::Record { message: 1, at: START + number * 1_000, workflow: 0, correlation: 0 }, number);
        }
        let mut stored = whole.clone();
        for (number, step) in steps.iter().enumerate() {
            if splits.iter().any(|split| (split * steps.len() as f64) as usize == number) {
                stored = serde_json::from_str(&serde_json::to_string(&stored).unwrap()).unwrap();
            }
            apply(&mut whole, step, 1);
            apply(&mut stored, step, 1);
        }
        prop_assert!(whole == stored);
        let now = moment(START + 12 * DAY);
        prop_assert_eq!(whole.accounts(now), stored.accounts(now));
    }
}
