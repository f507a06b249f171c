//! The id that work takes along: through threads, tasks, channels and HTTP.

#![cfg(all(feature = "tokio", feature = "tower"))]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::convert::Infallible;
use std::sync::{Arc, Mutex, Once, mpsc};

use http::{Request, Response};
use segno_logging::JsonLayer;
use segno_logging::correlation::http::{CorrelateLayer, PropagateLayer};
use segno_logging::correlation::{self, Carried, Id};
use tower_layer::Layer;
use tower_service::Service;
use tracing_subscriber::layer::SubscriberExt;

fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let layer = JsonLayer::new(Arc::new(Mutex::new(Vec::new())));
        tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer)).unwrap();
    });
}

fn id() -> Option<String> {
    correlation::current().map(|id| id.to_string())
}

/// Checks that the work finds the id of who began it, and nothing when nobody did.
fn check(work: impl Fn() -> Option<String>) {
    install();
    assert_eq!(work(), None);
    assert_eq!(correlation::span(&Id::new("run-7")).in_scope(work).as_deref(), Some("run-7"));
}

#[test]
fn a_thread_takes_the_id_along() {
    check(|| correlation::thread(id).join().unwrap());
    check(|| std::thread::spawn(correlation::carry(id)).join().unwrap());
}

#[test]
fn a_task_takes_the_id_along() {
    let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
    let _runtime = runtime.enter();
    check(|| runtime.block_on(correlation::spawn(async { id() })).unwrap());
    check(|| runtime.block_on(correlation::spawn_blocking(id)).unwrap());
    check(|| {
        runtime.block_on(correlation::spawn(async { correlation::spawn(async { id() }).await.unwrap() })).unwrap()
    });
}

#[test]
fn a_value_takes_the_id_through_a_channel() {
    let through = |open: fn(Carried<()>) -> Option<String>| {
        move || {
            let (sender, receiver) = mpsc::channel();
            sender.send(Carried::new(())).unwrap();
            std::thread::spawn(move || open(receiver.recv().unwrap())).join().unwrap()
        }
    };
    check(through(|value| value.open(|()| id())));
    check(through(|value| {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(value.open_async(|()| async { id() }))
    }));
}

/// Answers with the id that it works under, and what a call to another server would say.
#[derive(Clone)]
struct Server;

impl Service<Request<()>> for Server {
    type Response = Response<[String; 3]>;
    type Error = Infallible;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>>>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Infallible>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<()>) -> Self::Future {
        let extension = request.extensions().get::<Id>().unwrap().to_string();
        Box::pin(async move {
            let mut client = PropagateLayer::new().layer(Client);
            let passed_on = client.call(Request::new(())).await?.into_body();
            Ok(Response::new([extension, id().unwrap(), passed_on]))
        })
    }
}

/// Answers with the trace of the headers that it got.
struct Client;

impl Service<Request<()>> for Client {
    type Response = Response<String>;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Response<String>, Infallible>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Infallible>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<()>) -> Self::Future {
        let header = |name| request.headers().get(name).map_or("", |value: &http::HeaderValue| value.to_str().unwrap());
        let trace = header("traceparent").split('-').nth(1).unwrap_or_default();
        std::future::ready(Ok(Response::new(format!("{} {trace}", header("x-correlation-id")))))
    }
}

#[tokio::test]
async fn a_request_is_worked_on_and_answered_under_its_id_and_calls_pass_it_on() {
    install();
    let trace = "0af7651916cd43dd8448eb211c80319c";
    let request = Request::builder()
        .header("x-correlation-id", "order-4711")
        .header("traceparent", format!("00-{trace}-b7ad6b7169203331-01"))
        .body(())
        .unwrap();
    let response = CorrelateLayer::new().layer(Server).call(request).await.unwrap();
    assert_eq!(response.headers()["x-correlation-id"], "order-4711");
    assert_eq!(response.into_body(), ["order-4711", "order-4711", &format!("order-4711 {trace}")]);
}

#[tokio::test]
async fn a_request_without_an_id_gets_one_that_is_its_trace_too() {
    install();
    let response = CorrelateLayer::new().layer(Server).call(Request::new(())).await.unwrap();
    let id = response.headers()["x-correlation-id"].to_str().unwrap().to_owned();
    assert_eq!(id.len(), 32);
    assert_eq!(response.into_body(), [id.clone(), id.clone(), format!("{id} {id}")]);
}

#[tokio::test]
async fn a_call_outside_of_any_work_goes_as_it_is() {
    install();
    let response = PropagateLayer::new().layer(Client).call(Request::new(())).await.unwrap();
    assert_eq!(response.into_body(), " ");
}
