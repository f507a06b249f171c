//! Functions that remember, as they stand in somebody's program.
#![cfg(all(feature = "macros", feature = "tokio"))]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::io;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Barrier, LazyLock};
use std::time::Duration;

use segno_cache::memo::{Memo, memo, memo_async, try_memo, try_memo_async};
use segno_cache::{Cache, Key, Loading, Registry, Terms, Ticker, memoize};

static CALLS: AtomicU32 = AtomicU32::new(0);

/// Counts how often a function that bears this mark is run.
fn counted(counter: &AtomicU32) -> u32 {
    counter.fetch_add(1, Ordering::SeqCst) + 1
}

#[memoize]
fn square(number: u64) -> u64 {
    static RUNS: AtomicU32 = AtomicU32::new(0);
    assert!(counted(&RUNS) <= 2, "each number is squared once");
    number * number
}

#[memoize(capacity = 2, policy = "lru")]
fn joined(one: &str, mut two: String, (three, four): (u8, u8)) -> String {
    counted(&CALLS);
    two.push_str(&format!("{three}{four}"));
    if one.is_empty() {
        return two;
    }
    one.to_owned() + &two
}

#[memoize(skip(runs), tags("lengths", "texts"))]
fn length(text: &str, runs: &mut u32) -> usize {
    *runs += 1;
    text.len()
}

#[memoize]
fn parsed(text: &str, runs: u8) -> Result<u8, Arc<std::num::ParseIntError>> {
    let _ = runs;
    Ok(text.parse::<u8>()?)
}

#[memoize(key = Key::builder("sum").finish(), name = "sums of floats")]
fn sum(one: f64, two: f64) -> f64 {
    one + two
}

static SHARED: LazyLock<Cache<String, usize>> = LazyLock::new(|| Cache::builder().capacity(10).build());

#[memoize(cache = SHARED, ttl = "60s")]
fn shared(text: &str) -> usize {
    text.len()
}

#[memoize(cache = SHARED, key = format!("{number}"))]
fn shared_number(number: f64) -> Result<usize, String> {
    if number < 0.0 { Err("below zero".to_owned()) } else { Ok(number as usize) }
}

#[test]
fn a_function_keeps_its_signature_and_runs_once_for_its_arguments() {
    assert_eq!([square(7), square(7), square(8), square(7)], [49, 49, 64, 49]);
    assert_eq!((square_cache().len(), square_cache().remove(&7)), (2, Some(49)));
    let joined_three = |two: &str| joined("a", two.to_owned(), (1, 2));
    assert_eq!(
        (joined_three("b"), joined_three("b"), joined_three("c")),
        ("ab12".into(), "ab12".into(), "ac12".into())
    );
    assert_eq!(joined("", "d".to_owned(), (3, 4)), "d34");
    assert_eq!((CALLS.load(Ordering::SeqCst), joined_cache().len()), (3, 2));
}

#[test]
fn skipped_arguments_do_not_tell_calls_apart_and_tags_make_results_go() {
    let mut runs = 0;
    assert_eq!((length("four", &mut runs), length("four", &mut runs), runs), (4, 4, 1));
    assert_eq!(Registry::global().invalidate_tag("lengths"), 1);
    assert_eq!((length("four", &mut runs), runs), (4, 2));
}

#[test]
fn a_key_of_ones_own_stands_for_the_arguments() {
    assert_eq!((sum(1.0, 2.0), sum(f64::NAN, 7.0)), (3.0, 3.0));
    sum_cache().clear();
    assert_eq!(sum(2.0, 2.0), 4.0);
    let names = Registry::global().names();
    assert!(names.iter().any(|name| &**name == "sums of floats"), "{names:?}");
}

#[test]
fn functions_may_share_a_cache_that_is_given() {
    assert_eq!((shared("four"), shared_number(7.5), shared_number(-1.0)), (4, Ok(7), Err("below zero".to_owned())));
    assert_eq!((SHARED.get("four"), SHARED.get("7.5"), SHARED.get("-1"), SHARED.len()), (Some(4), Some(7), None, 2));
    assert_eq!(shared("7.5"), 7, "the same key is the same value");
}

#[test]
fn an_error_comes_back_as_it_was_and_is_not_kept() {
    assert_eq!(parsed("7", 0), Ok(7));
    let error = parsed("seven", 0).unwrap_err();
    assert_eq!(error.to_string(), "invalid digit found in string");
    assert_eq!((parsed_cache().len(), parsed_cache().get(&("seven".to_owned(), 0))), (1, None));
}

#[test]
fn an_error_is_kept_for_a_while_if_that_is_said() {
    static RUNS: AtomicU32 = AtomicU32::new(0);
    #[memoize(negative = "1h", skip(reason))]
    fn fails(number: u8, reason: &io::Error) -> Result<u8, Arc<str>> {
        counted(&RUNS);
        Err(format!("{number} {reason}").into())
    }
    let reason = io::Error::other("for a reason");
    assert_eq!((fails(1, &reason), fails(1, &reason)), (Err("1 for a reason".into()), Err("1 for a reason".into())));
    assert_eq!(RUNS.load(Ordering::SeqCst), 1);
    fails_cache().remove(&1);
    fails(1, &reason).unwrap_err();
    assert_eq!(RUNS.load(Ordering::SeqCst), 2);
}

#[test]
fn a_panic_goes_on_in_the_caller_whose_call_it_was() {
    #[memoize]
    fn panics(number: u64) -> u64 {
        std::panic::panic_any(number)
    }
    let payload = std::panic::catch_unwind(|| panics(7)).unwrap_err();
    assert_eq!(*payload.downcast::<u64>().unwrap(), 7, "the payload is the function's own");
    assert!(panics_cache().is_empty());
}

#[test]
fn a_panic_reaches_a_thread_that_waits_as_text() {
    static BEGUN: LazyLock<Barrier> = LazyLock::new(|| Barrier::new(2));
    #[memoize]
    fn panics(number: u64) -> u64 {
        BEGUN.wait();
        while panics_cache().statistics().joined == 0 {
            std::thread::yield_now();
        }
        panic!("the number is {number}")
    }
    let leader = std::thread::spawn(|| panics(7));
    BEGUN.wait();
    let said = std::panic::catch_unwind(|| panics(7)).unwrap_err().downcast::<String>().unwrap();
    assert!(said.contains("the number is 7"), "{said}");
    assert_eq!(*leader.join().unwrap_err().downcast::<String>().unwrap(), "the number is 7");
}

#[test]
fn a_function_may_ask_for_other_values_of_itself_but_not_for_its_own() {
    #[memoize]
    fn fibonacci(number: u64) -> u64 {
        if number < 2 { number } else { fibonacci(number - 1) + fibonacci(number - 2) }
    }
    assert_eq!(fibonacci(90), 2_880_067_194_370_816_120);

    #[memoize]
    fn endless(number: u64) -> u64 {
        endless(number) + 1
    }
    let said = std::panic::catch_unwind(|| endless(1)).unwrap_err().downcast::<String>().unwrap();
    assert!(said.contains("asks for its own value"), "{said}");
}

#[memoize(tti = "1h")]
async fn fetched(url: &str, count: u32) -> Result<String, String> {
    static RUNS: AtomicU32 = AtomicU32::new(0);
    let runs = counted(&RUNS);
    tokio::time::sleep(Duration::from_millis(50)).await;
    let text = (count < 100).then(|| format!("{url} {count} {runs}")).ok_or_else(|| format!("too many {runs}"))?;
    Ok(text)
}

#[memoize]
async fn plain(text: String, copies: usize) -> Vec<u8> {
    tokio::task::yield_now().await;
    if copies == 0 {
        return Vec::new();
    }
    text.repeat(copies).into_bytes()
}

#[tokio::test(start_paused = true)]
async fn an_async_function_runs_once_whatever_happens_to_its_callers() {
    for _ in 0..2 {
        let impatient = tokio::time::timeout(Duration::from_millis(20), fetched("a", 1)).await;
        assert!(impatient.is_err());
    }
    let all: Vec<_> = (0..64).map(|_| tokio::spawn(fetched("a", 1))).collect();
    for one in all {
        assert_eq!(one.await.unwrap(), Ok("a 1 1".to_owned()));
    }
    let all: Vec<_> = (0..8).map(|_| tokio::spawn(fetched("b", 100))).collect();
    for one in all {
        assert_eq!(one.await.unwrap(), Err("too many 2".to_owned()));
    }
    assert_eq!(fetched("b", 100).await, Err("too many 3".to_owned()), "an error is not kept");
    assert_eq!(fetched_cache().get(&("a".to_owned(), 1)), Some("a 1 1".to_owned()));
    assert_eq!((plain("ab".to_owned(), 2).await, plain("ab".to_owned(), 0).await), (b"abab".to_vec(), Vec::new()));
}

#[tokio::test]
async fn a_panic_of_a_task_reaches_all_callers_as_text() {
    #[memoize]
    async fn panics(number: u64) -> u64 {
        tokio::task::yield_now().await;
        panic!("the number is {number}")
    }
    for one in [tokio::spawn(panics(7)), tokio::spawn(panics(7))] {
        let said = one.await.unwrap_err().into_panic().downcast::<String>().unwrap();
        assert!(said.contains("the number is 7"), "{said}");
    }
}

#[test]
fn without_a_runtime_an_async_function_runs_where_it_is_asked() {
    let mut running = std::pin::pin!(plain("x".to_owned(), 3));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let value = loop {
        if let std::task::Poll::Ready(value) = running.as_mut().poll(&mut context) {
            break value;
        }
    };
    assert_eq!((value, plain_cache().get(&("x".to_owned(), 3))), (b"xxx".to_vec(), Some(b"xxx".to_vec())));
}

#[test]
fn without_a_runtime_what_comes_meanwhile_is_not_overwritten() {
    let cache = Cache::<u32, u32>::new(10);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let changes: [&dyn Fn(); 3] = [&|| (), &|| cache.insert(1, 7), &|| _ = cache.remove(&1)];
    let kept = changes.map(|change| {
        cache.clear();
        let loading = Loading::default();
        let later = || async {
            tokio::task::yield_now().await;
            10
        };
        let mut running = std::pin::pin!(segno_cache::memo::value_async(&cache, &1, &loading, later));
        assert!(running.as_mut().poll(&mut context).is_pending());
        // Who asks meanwhile does not wait for it: nobody may drive it any more.
        let mut other = std::pin::pin!(segno_cache::memo::value_async(&cache, &1, &loading, || async { 20 }));
        assert_eq!(other.as_mut().poll(&mut context), std::task::Poll::Ready(20));
        change();
        assert_eq!(running.as_mut().poll(&mut context), std::task::Poll::Ready(10));
        cache.get(&1)
    });
    assert_eq!(kept, [Some(10), Some(7), None]);
}

#[test]
fn a_closure_remembers_without_a_macro() {
    let runs = AtomicU32::new(0);
    let square = memo(|number: &u64| {
        counted(&runs);
        number * number
    });
    assert_eq!((square.call(&7), square.clone().call(&7), square.call(&8)), (49, 49, 64));
    assert_eq!((runs.load(Ordering::SeqCst), square.cache().statistics().loads), (2, 2));

    let parse = try_memo(|text: &String| text.parse::<u8>());
    assert!(parse.try_call(&"x".to_owned()).is_err() && parse.cache().is_empty());
    assert_eq!(parse.try_call(&"7".to_owned()), Ok(7));
}

#[test]
fn a_closure_may_have_a_cache_and_terms_of_its_own() {
    let time = Arc::new(AtomicU32::new(0));
    let ticker = Ticker::from_fn({
        let time = Arc::clone(&time);
        move || Duration::from_secs(u64::from(time.load(Ordering::SeqCst)))
    });
    let terms = Terms { time_to_live: Some(Duration::from_secs(60)), ..Terms::default() };
    let loading = Loading { terms, ..Loading::default() };
    let runs = AtomicU32::new(0);
    let count =
        Memo::new(Cache::builder().capacity(10).ticker(ticker).build(), |_: &u8| counted(&runs)).loading(loading);
    assert_eq!((count.call(&1), count.call(&1)), (1, 1));
    time.store(61, Ordering::SeqCst);
    assert_eq!(count.call(&1), 2);
}

#[tokio::test]
async fn an_async_closure_remembers() {
    let square = memo_async(|number: u64| async move { number * number });
    assert_eq!((square.call_async(&7).await, square.call_async(&7).await), (49, 49));
    let parse = try_memo_async(|text: String| async move { text.parse::<u8>() });
    assert_eq!(
        (parse.try_call_async(&"7".to_owned()).await, parse.try_call_async(&"x".to_owned()).await.is_err()),
        (Ok(7), true)
    );
    assert_eq!((square.cache().statistics().loads, parse.cache().len()), (1, 1));
}
