//! The W3C trace context: where a piece of work stands among those of other programs. Source of the format:
//! <https://www.w3.org/TR/trace-context/>.

use std::num::{NonZeroU64, NonZeroU128};
use std::sync::Arc;

use super::Id;

/// The length of a `traceparent` of version 00.
const LENGTH: usize = 55;
/// The longest `tracestate` that is passed on; the standard asks for at least 512.
const MAX_STATE: usize = 2_048;
/// The most entries of a `tracestate`.
const MAX_ENTRIES: usize = 32;
const SAMPLED: u8 = 1;

/// The trace that a piece of work belongs to, and the span that it is a child of.
///
/// ```
/// use segno_logging::correlation::{Id, TraceContext};
///
/// let received = TraceContext::parse("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", None).unwrap();
/// let passed_on = received.inside(&Id::new("run-7"), 3);
/// assert_eq!(passed_on.trace_id(), received.trace_id());
/// assert_ne!(passed_on.span_id(), received.span_id());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TraceContext {
    trace: NonZeroU128,
    span: NonZeroU64,
    flags: u8,
    state: Option<Arc<str>>,
}

impl TraceContext {
    /// Reads what a program passed on: the value of `traceparent` or `TRACEPARENT`, and that of `tracestate` if there is one.
    ///
    /// `None` means that nothing usable was passed on; the standard says that a new trace begins then. A broken `tracestate`
    /// is left out.
    pub fn parse(traceparent: &str, tracestate: Option<&str>) -> Option<TraceContext> {
        let text = traceparent.trim_matches([' ', '\t']);
        let (known, rest) = text.split_at_checked(LENGTH)?;
        let mut parts = known.split('-');
        let [version, trace, span, flags] = [parts.next()?, parts.next()?, parts.next()?, parts.next()?];
        if parts.next().is_some() || [version, trace, span, flags].map(str::len) != [2, 32, 16, 2] {
            return None;
        }
        let is_later = hex(version)? != 0;
        // Later versions may say more behind what is known; 255 is forbidden.
        let is_whole = rest.is_empty() || is_later && rest.starts_with('-');
        if version == "ff" || !is_whole {
            return None;
        }
        Some(TraceContext {
            trace: NonZeroU128::new(hex(trace)?)?,
            span: NonZeroU64::new(hex(span)? as u64)?,
            flags: hex(flags)? as u8,
            state: tracestate.filter(|state| is_state(state)).map(Arc::from),
        })
    }

    /// Reads the environment variables `TRACEPARENT` and `TRACESTATE`, in which a parent process passes its trace on.
    pub fn from_env() -> Option<TraceContext> {
        let parent = std::env::var("TRACEPARENT").ok()?;
        TraceContext::parse(&parent, std::env::var("TRACESTATE").ok().as_deref())
    }

    /// Returns the context of one task of the work that `id` names.
    ///
    /// It is made of the two arguments alone: the same id gives the same trace, the same id and task the same span, in every
    /// process and version. An id that is a trace id itself, 32 digits of lower-case hexadecimal, stays the trace's.
    pub fn of(id: &Id, task: u64) -> TraceContext {
        let text = id.as_str();
        let own = Some(text).filter(|text| text.len() == 32).and_then(hex).and_then(NonZeroU128::new);
        let trace = own.or(NonZeroU128::new(fnv_128(text.as_bytes()))).unwrap_or(NonZeroU128::MIN);
        TraceContext { trace, span: span_of(id, task), flags: SAMPLED, state: None }
    }

    /// Returns the context of one task of the work that `id` names, inside the trace that this context belongs to.
    pub fn inside(&self, id: &Id, task: u64) -> TraceContext {
        TraceContext { span: span_of(id, task), ..self.clone() }
    }

    /// Returns the trace's id: 32 digits of lower-case hexadecimal.
    pub fn trace_id(&self) -> String {
        format!("{:032x}", self.trace)
    }

    /// Returns the span's id: 16 digits of lower-case hexadecimal.
    pub fn span_id(&self) -> String {
        format!("{:016x}", self.span)
    }

    /// Returns whether who began the trace records it.
    pub fn is_sampled(&self) -> bool {
        self.flags & SAMPLED != 0
    }

    /// Returns the text for a child: the header `traceparent`, the variable `TRACEPARENT`.
    pub fn traceparent(&self) -> String {
        // Of the flags only those are passed on whose meaning is known.
        format!("00-{}-{}-{:02x}", self.trace_id(), self.span_id(), self.flags & SAMPLED)
    }

    /// Returns what other tracing systems passed on with it.
    pub fn tracestate(&self) -> Option<&str> {
        self.state.as_deref()
    }
}

fn span_of(id: &Id, task: u64) -> NonZeroU64 {
    // FF is in no text, so that no id ends where another's task number begins.
    let span = [id.as_str().as_bytes(), &[0xff], &task.to_le_bytes()].concat();
    // The standard forbids ids of zeros only.
    NonZeroU64::new(fnv_64(&span)).unwrap_or(NonZeroU64::MIN)
}

/// Reads lower-case hexadecimal digits, and nothing else.
fn hex(text: &str) -> Option<u128> {
    let is_hex = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    u128::from_str_radix(text, 16).ok().filter(|_| is_hex)
}

fn is_state(text: &str) -> bool {
    let entries: Vec<&str> = text.split(',').map(str::trim).filter(|entry| !entry.is_empty()).collect();
    let is_entry = |entry: &&str| {
        let printable = entry.bytes().all(|byte| (0x20..0x7f).contains(&byte));
        printable && entry.split_once('=').is_some_and(|(key, value)| !key.is_empty() && !value.contains('='))
    };
    text.len() <= MAX_STATE && (1..=MAX_ENTRIES).contains(&entries.len()) && entries.iter().all(is_entry)
}

/// FNV-1a, which stays as it is for ever; the hashes of the standard library may change.
fn fnv_128(bytes: &[u8]) -> u128 {
    bytes.iter().fold(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d, |hash: u128, byte| {
        (hash ^ u128::from(*byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b)
    })
}

fn fnv_64(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RECEIVED: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    /// Checks what is passed on of what was received.
    fn check(received: &str, expected: Option<&str>) {
        let passed_on = TraceContext::parse(received, None).map(|context| context.traceparent());
        assert_eq!(passed_on.as_deref(), expected, "{received}");
    }

    #[test]
    fn what_the_standard_allows_is_read() {
        check(RECEIVED, Some(RECEIVED));
        check(&format!(" {RECEIVED}\t"), Some(RECEIVED));
        check("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00", Some(&RECEIVED.replace("-01", "-00")));
        check("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-ff", Some(RECEIVED));
        check("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what-comes", Some(RECEIVED));
        check("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", Some(RECEIVED));
    }

    #[test]
    fn what_the_standard_forbids_begins_a_new_trace() {
        for broken in [
            "",
            "00",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
            "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01.more",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0x",
            "00-+af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319-cb7ad6b7169203331-01",
            "00_0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331_01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0ü",
        ] {
            check(broken, None);
        }
    }

    #[test]
    fn the_state_of_others_is_passed_on_or_left_out_whole() {
        let state = |text: &str| {
            let context = TraceContext::parse(RECEIVED, Some(text)).unwrap();
            context.inside(&Id::new("a"), 1).tracestate().map(str::to_owned)
        };
        assert_eq!(state("congo=t61rcWkgMzE,rojo=00f067aa"), Some("congo=t61rcWkgMzE,rojo=00f067aa".to_owned()));
        for broken in ["", "congo", "a=b=c", "a=\u{1}", &"a=b,".repeat(33), &format!("a={}", "b".repeat(MAX_STATE))] {
            assert_eq!(state(broken), None, "{broken}");
        }
    }

    #[test]
    fn an_id_that_is_a_trace_id_stays_the_traces() {
        let trace = "0af7651916cd43dd8448eb211c80319c";
        assert_eq!(TraceContext::of(&Id::new(trace), 1).trace_id(), trace);
        assert_ne!(TraceContext::of(&Id::new(trace.to_uppercase()), 1).trace_id(), trace);
        assert_ne!(TraceContext::of(&Id::new("0".repeat(32)), 1).trace_id(), "0".repeat(32));
    }

    #[test]
    fn the_hashes_are_fnv_1a() {
        assert_eq!(fnv_64(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fnv_128(b"a"), 0xd228_cb69_6f1a_8caf_7891_2b70_4e4a_8964);
    }

    proptest! {
        #[test]
        fn a_traceparent_reads_back_and_tells_tasks_apart(text in any::<String>(), task in any::<u64>()) {
            let id = Id::new(text);
            let first = TraceContext::of(&id, task);
            prop_assert_eq!(TraceContext::parse(&first.traceparent(), None), Some(first.clone()));
            let next = TraceContext::of(&id, task.wrapping_add(1));
            prop_assert_eq!(first.trace_id(), next.trace_id());
            prop_assert_ne!(first.span_id(), next.span_id());
        }

        #[test]
        fn no_text_makes_it_panic(parent in any::<String>(), state in any::<String>()) {
            TraceContext::parse(&parent, Some(&state));
        }
    }
}
