//! Which headers carry the id and the trace. What cannot be used is as if it were not there.

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::correlation::{Id, TraceContext};

/// The header that carries the id unless another is chosen.
pub const CORRELATION_ID: HeaderName = HeaderName::from_static("x-correlation-id");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// Returns the trace that a request belongs to. Two headers of that name are none, as the standard says.
pub(super) fn trace_of(headers: &HeaderMap) -> Option<TraceContext> {
    let mut parents = headers.get_all(TRACEPARENT).iter();
    let (parent, None) = (parents.next()?, parents.next()) else { return None };
    let states: Vec<&str> = headers.get_all(TRACESTATE).iter().filter_map(|state| state.to_str().ok()).collect();
    TraceContext::parse(parent.to_str().ok()?, Some(&states.join(",")))
}

/// Returns the id of a request: that of its header, else `x-request-id`, else its trace's, else a new one.
pub(super) fn id_of(headers: &HeaderMap, header: &HeaderName, trace: Option<&TraceContext>) -> Id {
    let said = |name: &HeaderName| headers.get(name)?.to_str().ok().and_then(Id::received);
    let of_trace = || trace.map(|trace| Id::new(trace.trace_id()));
    said(header).or_else(|| said(&REQUEST_ID)).or_else(of_trace).unwrap_or_else(Id::random)
}

/// Returns the id as a header; one that cannot be a header is left out.
pub(super) fn value_of(id: &Id) -> Option<HeaderValue> {
    HeaderValue::from_str(id.as_str()).ok()
}

/// Puts the id and the trace into the headers of a call. What the caller put there himself stays.
pub(super) fn put(headers: &mut HeaderMap, header: &HeaderName, id: &Id, trace: &TraceContext) {
    if !headers.contains_key(header)
        && let Some(value) = value_of(id)
    {
        headers.insert(header.clone(), value);
    }
    if headers.contains_key(TRACEPARENT) {
        return;
    }
    if let Ok(parent) = HeaderValue::from_str(&trace.traceparent()) {
        headers.insert(TRACEPARENT, parent);
        headers.remove(TRACESTATE);
    }
    if let Some(state) = trace.tracestate().and_then(|state| HeaderValue::from_str(state).ok()) {
        headers.insert(TRACESTATE, state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &str)| {
            (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
        };
        pairs.iter().map(pair).collect()
    }

    /// Checks which id a request with these headers has; `None` for a new one.
    fn check(pairs: &[(&'static str, &str)], expected: Option<&str>) {
        let headers = headers(pairs);
        let id = id_of(&headers, &CORRELATION_ID, trace_of(&headers).as_ref());
        match expected {
            Some(expected) => assert_eq!(id.as_str(), expected),
            None => assert_eq!(id.as_str().len(), 32),
        }
    }

    #[test]
    fn the_nearest_usable_header_names_the_request() {
        check(&[("x-correlation-id", "a"), ("x-request-id", "b"), ("traceparent", PARENT)], Some("a"));
        check(&[("x-correlation-id", "a b"), ("x-request-id", "b"), ("traceparent", PARENT)], Some("b"));
        check(&[("traceparent", PARENT)], Some("0af7651916cd43dd8448eb211c80319c"));
        check(&[("x-correlation-id", ""), ("traceparent", "broken")], None);
        check(&[], None);
    }

    #[test]
    fn two_parents_are_none_and_states_are_joined() {
        assert_eq!(trace_of(&headers(&[("traceparent", PARENT), ("traceparent", PARENT)])), None);
        let trace =
            trace_of(&headers(&[("traceparent", PARENT), ("tracestate", "a=1"), ("tracestate", "b=2")])).unwrap();
        assert_eq!(trace.tracestate(), Some("a=1,b=2"));
    }

    #[test]
    fn what_the_caller_put_into_a_call_stays() {
        let trace = TraceContext::parse(PARENT, Some("a=1")).unwrap();
        let mut own = headers(&[("x-correlation-id", "own"), ("traceparent", "own")]);
        put(&mut own, &CORRELATION_ID, &Id::new("id"), &trace);
        assert_eq!(own, headers(&[("x-correlation-id", "own"), ("traceparent", "own")]));

        let mut empty = HeaderMap::new();
        put(&mut empty, &CORRELATION_ID, &Id::new("id"), &trace);
        assert_eq!(empty, headers(&[("x-correlation-id", "id"), ("traceparent", PARENT), ("tracestate", "a=1")]));
    }

    #[test]
    fn an_id_that_is_no_header_is_left_out() {
        let mut headers = HeaderMap::new();
        put(&mut headers, &CORRELATION_ID, &Id::new("a\nb"), &TraceContext::of(&Id::new("a"), 1));
        assert!(!headers.contains_key(CORRELATION_ID) && headers.contains_key("traceparent"));
    }
}
