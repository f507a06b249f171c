//! What the journal holds after a kill, and whether everything that was acknowledged is in it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::log::Acknowledged;

/// An event: its text and what it says.
pub type Entry = (String, Value);

/// A run's events as the journal holds them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Journal {
    /// The run's name.
    pub run: String,
    /// Its events in their order.
    pub events: Vec<Entry>,
}

/// Attempts of each task up to which nothing may be made again: all, once the task has ended.
pub type Settled = BTreeMap<String, u64>;

impl Journal {
    /// Reads what `journal-events` printed: run by run, the oldest first.
    ///
    /// # Errors
    /// When an event cannot be read.
    pub fn read(printed: &str) -> Result<Vec<Journal>, String> {
        let mut journals: Vec<Journal> = Vec::new();
        for line in printed.lines() {
            let (run, text) = line.split_once('\t').ok_or_else(|| format!("no event: {line}"))?;
            let event: Value = serde_json::from_str(text).map_err(|error| format!("no event: {error}: {text}"))?;
            let event = (text.to_owned(), event);
            match journals.last_mut() {
                Some(journal) if journal.run == run => journal.events.push(event),
                _ => journals.push(Journal { run: run.to_owned(), events: vec![event] }),
            }
        }
        Ok(journals)
    }

    /// Returns the run that this one was forked from.
    pub fn parent(&self) -> Option<&str> {
        self.events.first()?.1["parent"]["run"].as_str()
    }

    /// Returns what a fork took over, behind its start, and what came after.
    pub fn taken_over(&self) -> (&[Entry], &[Entry]) {
        let count = self.events.first().and_then(|(_, start)| start["parent"]["events"].as_u64()).unwrap_or(0);
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        let behind = self.events.get(1..).unwrap_or_default();
        behind.split_at(count.min(behind.len()))
    }

    /// Returns how the run ended, if it did.
    pub fn end(&self) -> Option<&str> {
        let (_, last) = self.events.last()?;
        (last["type"] == "run_ended").then_some(last["status"].as_str()?)
    }

    /// Names what was acknowledged and is not here, or says something else here.
    pub fn lost(&self, acknowledged: &[Acknowledged]) -> Vec<String> {
        let is_lost = |ack: &&Acknowledged| {
            let place = usize::try_from(ack.seq).unwrap_or(usize::MAX).wrapping_sub(1);
            self.events.get(place).is_none_or(|(_, event)| !agrees(ack, event))
        };
        let lost = acknowledged.iter().filter(is_lost);
        lost.map(|ack| format!("event {} was acknowledged and is lost: {}", ack.seq, ack.fields)).collect()
    }

    /// Names what an earlier reading had and this one has not, or has otherwise.
    pub fn changed(&self, earlier: &Journal) -> Vec<String> {
        let now = self.events.iter().map(|(text, _)| Some(text)).chain(std::iter::repeat(None));
        let changed = earlier.events.iter().zip(now).filter(|((text, _), now)| *now != Some(text));
        changed.map(|((text, _), _)| format!("an event of an earlier owner is lost: {text}")).collect()
    }
}

/// Says whether an event of the journal is the one that the log told of, in all that the log told.
fn agrees(ack: &Acknowledged, event: &Value) -> bool {
    let told = |name: &str| ack.fields.get(name).filter(|told| **told != "");
    let same = |name: &str, held: &Value| told(name).is_none_or(|told| told == held);
    let status = if ack.kind == "step_ended" { &event["outcome"]["status"] } else { &event["status"] };
    event["type"] == ack.kind
        && event["seq"] == ack.seq
        && same("step", &event["step"])
        && same("attempt", &event["attempt"])
        && same("taken", &event["taken"])
        && same("status", status)
        && told("items").is_none_or(|count| count.as_u64() == event["items"].as_array().map(|items| items.len() as u64))
}

/// Returns the tasks that ended in some events, as settled.
pub fn over(events: &[Entry]) -> Settled {
    let ends = events.iter().filter(|(_, event)| event["type"] == "step_ended");
    ends.filter_map(|(_, event)| Some((event["step"].as_str()?.to_owned(), u64::MAX))).collect()
}

/// Returns what acknowledged events say must not be made again.
pub fn settled(acknowledged: &[Acknowledged]) -> Settled {
    let mut settled = Settled::new();
    for ack in acknowledged {
        let upto = match ack.kind {
            "step_ended" => u64::MAX,
            // What an attempt had done before it is checked is not done again either.
            "step_retried" | "fell_back" | "step_replied" => ack.fields["attempt"].as_u64().unwrap_or(0),
            _ => continue,
        };
        let step = ack.fields["step"].as_str().unwrap_or_default().to_owned();
        let known = settled.entry(step).or_default();
        *known = upto.max(*known);
    }
    settled
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crash::log::acknowledged;

    const STARTED: &str = r#"{"seq":1,"type":"step_started","step":"a","attempt":1}"#;
    const ENDED: &str = r#"{"seq":2,"type":"step_ended","step":"a","outcome":{"status":"succeeded"}}"#;

    fn journal(events: &[&str]) -> Journal {
        let printed: String = events.iter().map(|event| format!("r\t{event}\n")).collect();
        Journal::read(&printed).unwrap().pop().unwrap_or_default()
    }

    fn check(log: &str, events: &[&str], lost: usize) {
        assert_eq!(journal(events).lost(&acknowledged(log).unwrap()).len(), lost, "{log}");
    }

    #[test]
    fn what_was_acknowledged_must_be_there_and_say_the_same() {
        let log = "{\"message\":\"step ended\",\"seq\":2,\"step\":\"a\",\"status\":\"succeeded\"}\n";
        check(log, &[STARTED, ENDED], 0);
        check(log, &[STARTED], 1);
        check(log, &[], 1);
        check(log, &[STARTED, &ENDED.replace("succeeded", "failed")], 1);
        check(log, &[STARTED, &ENDED.replace(":\"a\"", ":\"b\"")], 1);
        check(
            "{\"message\":\"list made\",\"seq\":1,\"items\":2}\n",
            &[r#"{"seq":1,"type":"expanded","items":[1,2]}"#],
            0,
        );
        check(
            "{\"message\":\"list made\",\"seq\":1,\"items\":3}\n",
            &[r#"{"seq":1,"type":"expanded","items":[1,2]}"#],
            1,
        );
    }

    #[test]
    fn a_later_reading_only_adds() {
        assert_eq!(journal(&[STARTED, ENDED]).changed(&journal(&[STARTED])), Vec::<String>::new());
        assert_eq!(journal(&[STARTED]).changed(&journal(&[STARTED, ENDED])).len(), 1);
        assert_eq!(journal(&[ENDED]).changed(&journal(&[STARTED])).len(), 1);
    }

    #[test]
    fn an_ended_task_and_a_failed_attempt_are_settled() {
        let log = "{\"message\":\"step will be tried again\",\"seq\":2,\"step\":\"a\",\"attempt\":1}\n\
                   {\"message\":\"step failed\",\"seq\":3,\"step\":\"b\"}\n{\"message\":\"step started\",\"seq\":4,\"step\":\"c\"}\n";
        let expected = Settled::from([("a".to_owned(), 1), ("b".to_owned(), u64::MAX)]);
        assert_eq!(settled(&acknowledged(log).unwrap()), expected);
    }

    #[test]
    fn the_end_of_a_run_is_its_last_event() {
        assert_eq!(journal(&[STARTED]).end(), None);
        assert_eq!(journal(&[STARTED, r#"{"seq":2,"type":"run_ended","status":"degraded"}"#]).end(), Some("degraded"));
    }

    #[test]
    fn runs_are_told_apart_and_a_fork_from_what_it_took_over() {
        assert_eq!(Journal::read("").unwrap(), []);
        let read = Journal::read("r\t{}\ns\t{}\ns\t{}\n").unwrap();
        let sizes: Vec<(&str, usize)> = read.iter().map(|journal| (&*journal.run, journal.events.len())).collect();
        assert_eq!(sizes, [("r", 1), ("s", 2)]);
        assert!(Journal::read("r\tx\n").is_err());
        let start = r#"{"seq":1,"type":"run_started","parent":{"run":"p","events":1}}"#;
        let fork = journal(&[start, STARTED, ENDED]);
        assert_eq!((fork.parent(), fork.taken_over().0.len(), fork.taken_over().1.len()), (Some("p"), 1, 1));
        assert_eq!(journal(&[STARTED]).parent(), None);
    }
}
