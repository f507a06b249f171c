//! Rust functions as agents: an async closure over the arguments.

use std::sync::Arc;

use segno_errors::{Fault, Kind};
use serde_json::{Map, Value};

use super::agent::{Agent, Answer, Call};
use super::request::Request;
use crate::model::Reply;

type Body = dyn Fn(Map<String, Value>) -> Answer<'static> + Send + Sync;

/// An agent that is a function. It is dropped where it waits when its time is over.
#[derive(Clone)]
pub struct FunctionAgent {
    body: Arc<Body>,
}

impl FunctionAgent {
    /// Makes an agent of a function from the arguments to a reply.
    pub fn new<F, Fut>(function: F) -> FunctionAgent
    where
        F: Fn(Map<String, Value>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Reply, Fault>> + Send + 'static,
    {
        FunctionAgent {
            body: Arc::new(move |arguments| {
                let answer = function(arguments);
                Box::pin(async move { answer.await.map_err(Into::into) })
            }),
        }
    }
}

impl std::fmt::Debug for FunctionAgent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FunctionAgent")
    }
}

impl Agent for FunctionAgent {
    fn call<'a>(&'a self, call: &'a Call) -> Answer<'a> {
        Box::pin(async move {
            let Request::Agent { arguments, .. } = &call.request else {
                return Err(Fault::new(Kind::Internal, "a function was asked to run a program").into());
            };
            tokio::select! {
                biased;
                answer = (self.body)(arguments.clone()) => answer,
                stopped = call.stopped() => Err(call.stopped_fault(stopped).into()),
            }
        })
    }
}
