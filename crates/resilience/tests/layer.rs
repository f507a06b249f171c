//! A policy as a layer of tower: retries, readiness, rejections, and services that are not `Sync`.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]
#![cfg(feature = "tower")]

use std::cell::Cell;
use std::future::{Ready, ready};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::task::{Context, Poll};
use std::time::Duration;

use segno_resilience::{Backoff, Breaker, Hedge, Policy, PolicyLayer, Rejector, Retry};
use tower::util::BoxCloneService;
use tower::{Service, ServiceBuilder, ServiceExt, service_fn};

/// A service that is ready at the second question only, and whose clones begin anew. It fails so often.
struct Shy {
    was_asked: bool,
    calls: Arc<AtomicU32>,
    failures: u32,
}

impl Clone for Shy {
    fn clone(&self) -> Shy {
        Shy { was_asked: false, calls: Arc::clone(&self.calls), failures: self.failures }
    }
}

impl Service<String> for Shy {
    type Response = String;
    type Error = &'static str;
    type Future = Ready<Result<String, &'static str>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), &'static str>> {
        if std::mem::replace(&mut self.was_asked, true) {
            return Poll::Ready(Ok(()));
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }

    fn call(&mut self, name: String) -> Self::Future {
        assert!(self.was_asked, "it is not called before it is ready");
        let is_down = self.calls.fetch_add(1, Relaxed) < self.failures;
        ready(if is_down { Err("down") } else { Ok(format!("hello {name}")) })
    }
}

/// Sends so many requests through a policy to a service that fails so often; checks what comes of the last,
/// and how often the service was called.
async fn check(failures: u32, requests: u32, expected: Result<&str, Option<Rejector>>, calls: u32) {
    let counted = Arc::new(AtomicU32::new(0));
    let shy = Shy { was_asked: false, calls: Arc::clone(&counted), failures };
    let policy = Policy::named("test")
        .retry(Retry::attempts(3).backoff(Backoff::none()))
        .breaker(Breaker::in_a_row(3).open_for(Duration::MAX))
        .build()
        .unwrap();
    let mut service = ServiceBuilder::new().layer(PolicyLayer::new(policy)).service(shy);
    let mut last = None;
    for _ in 0..requests {
        last = Some(service.ready().await.unwrap().call("world".to_owned()).await);
    }
    let last = last.unwrap().map_err(|failure| failure.rejection().map(|rejection| rejection.by));
    assert_eq!((last.as_deref(), counted.load(Relaxed)), (expected.as_ref().map(|text| *text), calls));
}

#[tokio::test]
async fn each_attempt_waits_until_its_service_is_ready() {
    check(0, 1, Ok("hello world"), 1).await;
    check(2, 1, Ok("hello world"), 3).await;
    check(3, 1, Err(None), 3).await;
}

#[tokio::test]
async fn a_request_that_is_rejected_does_not_reach_the_service() {
    check(3, 5, Err(Some(Rejector::Breaker)), 3).await;
}

#[tokio::test(start_paused = true)]
async fn neither_services_nor_requests_need_be_sync() {
    let hedged = Policy::named("test").hedge(Hedge::after(Duration::from_secs(1))).build().unwrap();
    for policy in [Policy::named("test").build().unwrap(), hedged] {
        let inner = service_fn(|number: Cell<u32>| async move { Ok::<_, std::io::Error>(number.get() + 1) });
        let inner: BoxCloneService<Cell<u32>, u32, std::io::Error> = BoxCloneService::new(inner);
        let service = ServiceBuilder::new().layer(PolicyLayer::new(policy)).service(inner);
        let answer = tokio::spawn(service.oneshot(Cell::new(6))).await.unwrap();
        assert_eq!(answer.unwrap(), 7);
    }
}
