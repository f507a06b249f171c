//! The table of `segno errors`, within the columns of the terminal.

use segno_errors::Kind;
use segno_errors::analytics::{Account, Fingerprint, Flag};
use segno_orchestrator::model::Timestamp;
use segno_orchestrator::report::counted;

use super::columns::{cut, padded, width, wrapped};
use crate::values::age;

/// The fewest columns that are left to the message; with fewer it stands on a line of its own.
const MIN_MESSAGE: usize = 24;
/// How many digits of a fingerprint are shown.
const SHORT: usize = 8;
/// The most columns that an agent's name takes.
const MAX_AGENT: usize = 20;

/// A failure's cells in the order of the heads, and what happened.
struct Row {
    cells: [String; 7],
    what: String,
}

const HEADS: [&str; 7] = ["FAILURE", "WEEK", "DAY", "LAST", "AGENT", "CURED", "FLAGS"];
/// Those that are left on a narrow terminal: failure, week, day, last, flags.
const NARROW: [usize; 5] = [0, 1, 2, 3, 6];
const AGENT: usize = 4;

/// Returns the table of those that are shown, of so many that are meant. Without columns nothing is cut.
pub(super) fn table(shown: &[&Account], meant: usize, now: Timestamp, columns: Option<usize>) -> String {
    let mut rows = vec![Row { cells: HEADS.map(String::from), what: "WHAT".to_owned() }];
    rows.extend(shown.iter().map(|account| row(account, shown, now)));
    let widths: [usize; 7] =
        std::array::from_fn(|column| rows.iter().map(|row| width(&row.cells[column])).max().unwrap_or(0));
    let left: usize = widths.iter().map(|width| width + 2).sum();
    let is_narrow = |columns: usize| left + MIN_MESSAGE > columns;
    let mut text: String = match columns {
        Some(columns) if is_narrow(columns) => rows.iter().map(|row| narrow(row, &widths, columns)).collect(),
        _ => rows.iter().map(|row| wide(row, &widths, columns)).collect(),
    };
    let columns = columns.unwrap_or(usize::MAX);
    if meant > shown.len() {
        let rest = format!("{} not listed; -n {meant} lists all", counted(meant - shown.len(), "failure"));
        text += &wrapped("", &rest, 0, columns);
    }
    text + &wrapped("", "segno errors show FAILURE: more of one; segno explain TYPE: what a type means", 0, columns)
}

fn wide(row: &Row, widths: &[usize; 7], columns: Option<usize>) -> String {
    let line = format!("{}  {}", line(row, &[0, 1, 2, 3, 4, 5, 6], widths), row.what);
    let line = line.trim_end();
    format!("{}\n", columns.map_or_else(|| line.to_owned(), |columns| cut(line, columns)))
}

fn narrow(row: &Row, widths: &[usize; 7], columns: usize) -> String {
    let line = line(row, &NARROW, widths);
    let below = format!("  {}: {}", row.cells[AGENT], row.what);
    format!("{}\n{}\n", cut(line.trim_end(), columns), cut(&below, columns))
}

fn line(row: &Row, chosen: &[usize], widths: &[usize; 7]) -> String {
    let cell = |column: &usize| match column {
        1 | 2 => format!("{:>1$}", row.cells[*column], widths[*column]),
        _ => padded(&row.cells[*column], widths[*column]),
    };
    chosen.iter().map(cell).collect::<Vec<_>>().join("  ")
}

fn row(account: &Account, shown: &[&Account], now: Timestamp) -> Row {
    let is_below = account.root.is_some_and(|root| shown.iter().any(|other| other.fingerprint == root));
    let agents = match &account.agents[..] {
        [] => "?".to_owned(),
        [agent] => cut(agent, MAX_AGENT),
        [agent, more @ ..] => {
            let more = format!(" +{}", more.len());
            format!("{}{more}", cut(agent, MAX_AGENT - more.len()))
        }
    };
    let mut flags = account.flags.names(Flag::Yes).join(" ");
    if account.rejection {
        flags = ["refused", &flags].join(" ").trim_end().to_owned();
    }
    let cells = [
        format!("{}{}", if is_below { "+ " } else { "" }, short(account.fingerprint)),
        format!("{}{}", if account.overcount > 0 { "~" } else { "" }, account.last_week),
        account.last_day.to_string(),
        age(now.since(Timestamp(account.last_ms))),
        agents,
        account.cure_rate.map_or_else(String::new, |rate| format!("{:.0}%", rate * 100.0)),
        flags,
    ];
    Row { cells, what: what(account) }
}

/// Says what happened: the tool's own words where there are any, since what segno says of a tool is always the same.
fn what(account: &Account) -> String {
    let is_tool = account.kind == Kind::ExternalService;
    let detail = account.examples.last().map(|example| example.detail.trim());
    let detail = detail.filter(|detail| is_tool && !detail.is_empty());
    let reason = if account.reason.is_empty() { String::new() } else { format!(" {}", account.reason) };
    format!("{} ({}{reason})", detail.unwrap_or(&account.message), account.kind.code())
}

/// Returns the beginning of a fingerprint, which is enough to name it.
fn short(fingerprint: Fingerprint) -> String {
    digits(fingerprint).chars().take(SHORT).collect()
}

/// Returns a fingerprint without its version.
pub(super) fn digits(fingerprint: Fingerprint) -> String {
    fingerprint.to_string().split_off("v2:".len())
}

#[cfg(test)]
mod tests {
    use segno_errors::Fault;
    use segno_errors::analytics::{Ledger, Occurrence};

    use super::super::errors_show::in_full;
    use super::*;

    const NOW: Timestamp = Timestamp(1_790_000_000_000);

    fn accounts() -> Vec<Account> {
        let mut ledger = Ledger::default();
        let names = ["coder", "文文文文文文文文文文", "an-agent-with-a-name-of-thirty-two"];
        for (number, agent) in (1_u64..).zip(names) {
            let fault = Fault::new(Kind::ExternalService, "the command ended with exit code 1 and said a great deal")
                .reason("exit_status")
                .detail(format!("\u{1b}[31merror\u{1b}[0m: 文字 {} \u{1b}[2K", "word ".repeat(40)));
            let mut occurrence = Occurrence::of(&fault, NOW.to_system());
            (occurrence.agent, occurrence.run, occurrence.step) = (Some(agent), Some("a-run"), Some("a-step"));
            (0..number * 9_000).for_each(|_| _ = ledger.record(&occurrence));
        }
        ledger.accounts(NOW.to_system())
    }

    fn check(columns: usize, lines: usize) {
        let accounts = accounts();
        let shown: Vec<&Account> = accounts.iter().collect();
        let text = table(&shown, 9, NOW, Some(columns));
        assert!(text.lines().all(|line| width(line) <= columns), "{columns}\n{text}");
        assert_eq!(text.lines().count(), lines, "{text}");
        assert!(text.contains("coder") && text.contains("error"), "{text}");
        assert!(!text.contains('\u{1b}') && !text.contains("[31m"), "{text}");
        for account in &accounts {
            let text = in_full(account, NOW, Some(columns));
            assert!(text.lines().all(|line| width(line) <= columns), "{columns}\n{text}");
            assert!(text.contains("examples") && !text.contains("[31m") && !text.contains("[2K"), "{text}");
        }
    }

    #[test]
    fn nothing_is_wider_than_the_terminal() {
        check(200, 6);
        check(80, 10);
        check(40, 11);
    }

    #[test]
    fn what_a_program_reads_is_not_cut() {
        let accounts = accounts();
        let text = table(&accounts.iter().collect::<Vec<_>>(), 3, NOW, None);
        assert!(text.lines().count() == 5 && text.contains("(EXTERNAL_SERVICE_ERROR exit_status)"), "{text}");
    }
}
