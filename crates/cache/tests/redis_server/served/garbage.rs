//! A server that speaks nonsense: every call ends with an error within the limits, and a real server is found again.

use std::time::{Duration, Instant};

use segno_cache::Layer;
use tokio::task::LocalSet;

use super::{hasty, key, until, until_back, word};
use crate::babbler::{Babbler, Manners};
use crate::server::RedisServer;

/// What a call may take: both limits, and what a busy machine adds.
const LONGEST: Duration = Duration::from_millis(1_500);

async fn check(manners: Manners, answer: Vec<u8>) {
    let shown = String::from_utf8_lossy(&answer[..answer.len().min(40)]).into_owned();
    let mut server = RedisServer::absent();
    let babbler = Babbler::start(&server.socket(), manners, answer);
    let layer = hasty(&server.url());
    for number in 0..5 {
        let begun = Instant::now();
        let values = [
            layer.fetch(&key(number)).await.unwrap_or_default(),
            layer.fetch_many(&[key(0), key(1)]).await.unwrap_or_default().into_iter().flatten().next(),
        ];
        assert_eq!(values, [None, None], "{shown:?}");
        let words = [word(&layer.keep(&key(number), b"v", None).await), word(&layer.check().await)];
        assert!(!words.contains(&"fine"), "{shown:?}: {words:?}");
        assert!(begun.elapsed() < 4 * LONGEST, "{shown:?}: {:?}", begun.elapsed());
    }
    drop(babbler);
    server.restart();
    until_back(&layer).await;
    until(async || layer.keep(&key(0), b"v", None).await.is_ok()).await;
    until(async || layer.fetch(&key(0)).await.is_ok_and(|found| found.as_deref() == Some(b"v"))).await;
}

/// Answers that are none: of another protocol, cut off, too long, too deep, of the wrong kind.
pub(super) fn answers() -> Vec<Vec<u8>> {
    let texts = [
        "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
        "\0\0\0\0",
        "$5\r\nab",
        "$-7\r\n",
        "$99999999999999999999\r\n",
        "$9223372036854775807\r\nabc",
        "$-9223372036854775808\r\n",
        "*9223372036854775807\r\n",
        "*1000000000\r\n:1\r\n",
        "%9223372036854775807\r\n",
        "%-1\r\n",
        "~4611686018427387904\r\n",
        ">9223372036854775807\r\n",
        ">-1\r\n",
        ">1\r\n:1\r\n",
        "|1\r\n+a\r\n+b\r\n",
        "=-1\r\n",
        "!9223372036854775807\r\n",
        ":abc\r\n",
        "#x\r\n",
        ",nonsense\r\n",
        "+OK\r\n+OK\r\n+OK\r\n+OK\r\n+OK\r\n",
        ":1\r\n:2\r\n:3\r\n:4\r\n",
        "*0\r\n*0\r\n*0\r\n*0\r\n",
        "$16\r\n0123456789abcdef\r\n$1\r\nx\r\n",
        "$16\r\nnot a generation\r\n+OK\r\n",
        "-\r\n",
        "",
    ];
    let mut answers: Vec<Vec<u8>> = texts.iter().map(|text| text.as_bytes().to_vec()).collect();
    answers.push(b"*1\r\n".repeat(10_000));
    answers.push(b"*1000\r\n".repeat(200));
    answers.push(vec![b'+'; 1_000_000]);
    answers.push((0..100_000_u32).map(|place| (place.wrapping_mul(2_654_435_761) >> 24) as u8).collect());
    answers
}

#[tokio::test]
async fn nonsense_instead_of_a_greeting_fails_each_call_in_time() {
    together(Manners::None).await;
}

#[tokio::test]
async fn nonsense_after_a_proper_greeting_fails_each_call_in_time() {
    together(Manners::Greets).await;
}

#[tokio::test]
async fn nonsense_on_a_connection_that_was_fine_fails_each_call_in_time() {
    together(Manners::Echoes).await;
}

/// Checks all answers at the same time: each waits for its own server.
async fn together(manners: Manners) {
    let checks = LocalSet::new();
    let begun: Vec<_> = answers().into_iter().map(|answer| checks.spawn_local(check(manners, answer))).collect();
    checks.await;
    for check in begun {
        check.await.unwrap();
    }
}
