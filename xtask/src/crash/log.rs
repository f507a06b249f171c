//! What segno acknowledged: the lines of its log, which are written only after an event is durable.

use serde_json::Value;

/// An event that the log tells of.
#[derive(Clone, Debug, PartialEq)]
pub struct Acknowledged {
    /// Its number in the run.
    pub seq: u64,
    /// Its type, as the journal calls it.
    pub kind: &'static str,
    /// The fields of the line.
    pub fields: Value,
}

/// The log's words for events, and the journal's.
const KINDS: [(&str, &str); 20] = [
    ("run started", "run_started"),
    ("run resumed", "run_resumed"),
    ("guard asked", "decided"),
    ("step left out", "decided"),
    ("case chosen", "chose"),
    ("list made", "expanded"),
    ("loop asked", "looped"),
    ("workflow entered", "entered"),
    ("outputs made", "concluded"),
    ("step replied", "step_replied"),
    ("fallback takes over", "fell_back"),
    ("value put", "data_put"),
    ("values got", "data_got"),
    ("step started", "step_started"),
    ("process started", "spawned"),
    ("step will be tried again", "step_retried"),
    ("step ended", "step_ended"),
    ("step failed", "step_ended"),
    ("run paused", "run_paused"),
    ("run ended", "run_ended"),
];

/// Reads a log.
///
/// # Errors
/// A whole line that is no JSON, or that numbers an event without naming it as known here: the check would be blind.
pub fn acknowledged(log: &str) -> Result<Vec<Acknowledged>, String> {
    let whole = log.rfind('\n').map_or("", |end| &log[..end]);
    let mut found = Vec::new();
    for line in whole.lines() {
        let fields: Value =
            serde_json::from_str(line).map_err(|error| format!("a log line is broken: {error}: {line}"))?;
        let Some(seq) = fields["seq"].as_u64() else { continue };
        let message = fields["message"].as_str().unwrap_or_default();
        let kind = KINDS.iter().find(|(words, _)| *words == message);
        let (_, kind) = kind.ok_or_else(|| format!("the log tells of an unknown event: {line}"))?;
        found.push(Acknowledged { seq, kind, fields });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbered_lines_are_events_and_a_torn_end_is_none() {
        let log =
            "{\"message\":\"hello\"}\n{\"message\":\"step ended\",\"seq\":4,\"step\":\"a\"}\n{\"message\":\"step en";
        let found = acknowledged(log).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].seq, found[0].kind), (4, "step_ended"));
        assert_eq!(acknowledged("").unwrap(), []);
    }

    #[test]
    fn what_is_not_understood_is_not_passed_over() {
        assert!(acknowledged("{\"message\":\"step vanished\",\"seq\":4}\n").is_err());
        assert!(acknowledged("{\n").is_err());
    }
}
