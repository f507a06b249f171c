//! The order in which a run wrote and secured what it wrote, read from a trace: a kill alone cannot show a missing sync,
//! since what was written survives the process, and only a loss of power takes it away.

use super::trace::Call;

/// The file through which each event goes.
const WAL: &str = "/.segno/segno.db-wal";
/// The folder of large outputs.
const BLOBS: &str = "/.segno/blobs";
/// The folder of logs.
const LOGS: &str = "/.segno/logs/";
/// Steps whose command line names them.
const STEPS: [&str; 7] = ["one", "two", "kept", "three", "four", "five", "sweep"];
/// A hash is looked for by its halves: a text that spans two pages of the store is cut at most once.
const HALF: usize = 32;

/// Checks a trace; returns what was found in order, in words.
///
/// # Errors
/// Each breach, in a sentence.
pub fn check(calls: &[Call]) -> Result<String, Vec<String>> {
    let order = Order { calls };
    let mut breaches = Vec::new();
    let blobs: Vec<&Call> = calls.iter().filter(|call| is_named(call)).collect();
    if blobs.is_empty() {
        breaches.push("the trace shows no large output".to_owned());
    }
    breaches.extend(blobs.iter().filter_map(|rename| order.blob(rename).err()));
    breaches.extend(STEPS.iter().filter_map(|step| order.start(step).err()));
    let told: Vec<(&Call, u64)> = calls.iter().filter_map(|call| Some((call, told(call)?))).collect();
    if told.is_empty() {
        breaches.push("the trace shows no line of the log".to_owned());
    }
    breaches.extend(told.iter().filter_map(|(line, seq)| order.told(line, *seq).err()));
    match breaches.is_empty() {
        true => {
            Ok(format!("{} blobs, {} starts and {} acknowledgements in order", blobs.len(), STEPS.len(), told.len()))
        }
        false => Err(breaches),
    }
}

struct Order<'c> {
    calls: &'c [Call],
}

impl Order<'_> {
    /// A blob: its bytes secured, then named, then the name secured, and only then the event that names it.
    fn blob(&self, rename: &Call) -> Result<(), String> {
        let [from, to] = rename.texts()[..] else { return Err("a rename without two paths".to_owned()) };
        let (folder, name) = to.rsplit_once('/').unwrap_or_default();
        let (parent, start) = folder.rsplit_once('/').unwrap_or_default();
        let hash = format!("{start}{name}");
        let breach = |what: &str| format!("blob {start}/{name}: {what}");
        let written = self.calls.iter().rfind(|call| call.name == "write" && call.path() == Some(from));
        let written = written.ok_or_else(|| breach("its bytes were not written"))?;
        let secured = self.secured(from, written.ended).filter(|end| *end < rename.begun);
        secured.ok_or_else(|| breach("it got its name before its bytes were durable"))?;
        let mut durable =
            self.secured(folder, rename.ended).ok_or_else(|| breach("its folder was not made durable"))?;
        let made =
            |call: &&Call| call.name.starts_with("mkdir") && call.succeeded && call.texts().first() == Some(&folder);
        if let Some(made) = self.calls.iter().find(made) {
            let named = self
                .secured(parent, made.ended)
                .ok_or_else(|| breach("the name of its folder was not made durable"))?;
            durable = durable.max(named);
        }
        let (first, second) = hash.split_at(HALF.min(hash.len()));
        let event = self.wal(|text| text.contains(first) || text.contains(second));
        match event {
            None => Err(breach("no event names it")),
            Some(event) if event.begun < durable => Err(breach("an event named it before it was durable")),
            Some(_) => Ok(()),
        }
    }

    /// A step: its start is durable before its program is.
    fn start(&self, step: &str) -> Result<(), String> {
        let event = format!(r#"\"type\":\"step_started\",\"step\":\"{step}\""#);
        let program = format!("effects/{step}#");
        let program = self.calls.iter().find(|call| call.name == "execve" && call.arguments.contains(&program));
        let program = program.ok_or_else(|| format!("step {step} was not started"))?;
        let written = self.wal(|text| text.contains(&event)).ok_or_else(|| format!("step {step} has no start"))?;
        match self.secured(WAL, written.ended) {
            Some(end) if end < program.begun => Ok(()),
            _ => Err(format!("step {step} was started before its start was durable")),
        }
    }

    /// A line of the log: its event is durable before.
    fn told(&self, line: &Call, seq: u64) -> Result<(), String> {
        let event = format!(r#"{{\"seq\":{seq},\"at\":"#);
        let written =
            self.wal(|text| text.contains(&event)).ok_or_else(|| format!("event {seq} was told and not written"))?;
        match self.secured(WAL, written.ended) {
            Some(end) if end < line.begun => Ok(()),
            _ => Err(format!("event {seq} was told before it was durable")),
        }
    }

    /// Returns the first write to the store's log that satisfies `holds`.
    fn wal(&self, holds: impl Fn(&str) -> bool) -> Option<&Call> {
        let mut writes = self.calls.iter().filter(|call| call.name == "pwrite64" && ends_with(call, WAL));
        writes.find(|call| holds(&call.arguments))
    }

    /// Returns where a file or folder was durable that had been changed up to line `after`.
    fn secured(&self, path: &str, after: usize) -> Option<usize> {
        let mut syncs = self.calls.iter().filter(|call| call.syncs() && call.begun > after && ends_with(call, path));
        syncs.next().map(|call| call.ended)
    }
}

fn ends_with(call: &Call, path: &str) -> bool {
    call.path().is_some_and(|whole| whole.ends_with(path))
}

/// Whether a call gives a blob its name.
fn is_named(call: &Call) -> bool {
    call.name.starts_with("rename") && call.texts().get(1).is_some_and(|to| to.contains(BLOBS))
}

/// Returns the number of the event that a call tells the log of.
fn told(call: &Call) -> Option<u64> {
    let is_log = call.name == "write" && call.path().is_some_and(|path| path.contains(LOGS));
    let (_, rest) = call.arguments.split_once(r#"\"seq\":"#).filter(|_| is_log)?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crash::trace;

    const HASH: &str = "23456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    /// The calls of a good run; `{}` stands for the rest of a hash that begins with `01`.
    fn good() -> Vec<String> {
        let mut lines = vec![
            r#"1 mkdir("/p/.segno/blobs/01", 0777) = 0"#.to_owned(),
            r#"1 write(5</p/.segno/blobs/01/.tmp>, "x", 1) = 1"#.to_owned(),
            "1 fdatasync(5</p/.segno/blobs/01/.tmp>) = 0".to_owned(),
            format!(r#"1 rename("/p/.segno/blobs/01/.tmp", "/p/.segno/blobs/01/{HASH}") = 0"#),
            "1 fsync(6</p/.segno/blobs/01>) = 0".to_owned(),
            "1 fsync(6</p/.segno/blobs>) = 0".to_owned(),
            format!(r#"2 pwrite64(4</p/.segno/segno.db-wal>, "{{\"seq\":1,\"at\":5,\"blob\":\"01{HASH}\"", 9, 0) = 9"#),
        ];
        let start = |step| {
            format!(
                r#"2 pwrite64(4</p/.segno/segno.db-wal>, "\"type\":\"step_started\",\"step\":\"{step}\"", 9, 0) = 9"#
            )
        };
        lines.extend(STEPS.map(start));
        lines.push("2 fsync(4</p/.segno/segno.db-wal>) = 0".to_owned());
        lines.push(r#"1 write(7</p/.segno/logs/r.jsonl>, "{\"message\":\"x\",\"seq\":1}\n", 9) = 9"#.to_owned());
        lines.extend(STEPS.map(|step| format!(r#"3 execve("/bin/mkdir", ["mkdir", "effects/{step}#1"]) = 0"#)));
        lines
    }

    /// Says what a run is blamed for whose line `from` came at place `to` instead.
    fn check(from: &str, to: usize, expected: &str) {
        let mut lines = good();
        let place = lines.iter().position(|line| line.contains(from)).unwrap();
        let line = lines.remove(place);
        lines.insert(to.min(lines.len()), line);
        let breaches = super::check(&trace::read(&lines.join("\n"))).unwrap_err();
        assert!(breaches.iter().any(|breach| breach.contains(expected)), "{breaches:?}");
    }

    #[test]
    fn a_run_in_order_passes() {
        let said = super::check(&trace::read(&good().join("\n")));
        assert_eq!(said.as_deref(), Ok("1 blobs, 7 starts and 1 acknowledgements in order"));
    }

    #[test]
    fn each_call_out_of_order_is_told() {
        const LAST: usize = usize::MAX;
        check("fdatasync", LAST, "it got its name before its bytes were durable");
        check("fsync(6</p/.segno/blobs/01>)", LAST, "an event named it before it was durable");
        check("fsync(6</p/.segno/blobs>)", LAST, "an event named it before it was durable");
        check("fsync(6</p/.segno/blobs/01>)", 0, "its folder was not made durable");
        check("\\\"blob\\\"", 0, "an event named it before it was durable");
        check("fsync(4", LAST, "step one was started before its start was durable");
        check("fsync(4", LAST, "event 1 was told before it was durable");
        check("write(7", 0, "event 1 was told before it was durable");
    }
}
