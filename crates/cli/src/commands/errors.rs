//! `segno errors`: what failed in the project's runs, the most frequent first; one of them in full; marks of mended ones.

use segno_errors::analytics::{Account, Fingerprint, Flag, Totals};
use segno_errors::{Fault, Kind};
use segno_orchestrator::model::Timestamp;
use serde_json::{Value, json};

use super::columns::columns;
use super::errors_show::in_full;
use super::errors_table::{digits, table};
use crate::args::{ErrorsArguments, ErrorsCommand, Listed};
use crate::exit::{End, Failure};
use crate::failures::with_failures;
use crate::session::{Session, project};
use crate::terminal::print;

/// How many failures are listed unless told.
const MAX_LISTED: usize = 20;
/// Failures that were not seen for so long are not listed unless told.
const RECENT: std::time::Duration = std::time::Duration::from_secs(7 * 86_400);

pub(super) fn errors(arguments: &ErrorsArguments) -> Result<End, Failure> {
    if arguments.command.is_none() && !project()?.has_state() {
        // Before the first run nothing has failed: a script that asks early is answered, and nothing is made.
        tell(&arguments.listed, &[], &[], Totals::default(), Timestamp(0));
        return Ok(End::Done);
    }
    let session = Session::open_existing()?;
    match &arguments.command {
        None => list(&session, &arguments.listed),
        Some(ErrorsCommand::Show { fingerprint, json }) => show(&session, fingerprint, *json),
        Some(ErrorsCommand::Resolve { fingerprints }) => resolve(&session, fingerprints),
    }
}

fn list(session: &Session, listed: &Listed) -> Result<End, Failure> {
    let (accounts, totals, now) = with_failures(session, |failures, now| {
        (failures.ledger.accounts(now.to_system()), failures.ledger.totals(), now)
    })?;
    let meant: Vec<&Account> = accounts.iter().filter(|account| is_listed(account, listed, now)).collect();
    let (rejections, failures): (Vec<&Account>, Vec<&Account>) = meant.iter().partition(|account| account.rejection);
    let limit = listed.limit.unwrap_or(MAX_LISTED);
    let shown: Vec<&Account> = under_roots(&failures).into_iter().chain(rejections).take(limit).collect();
    tell(listed, &shown, &meant, totals, now);
    // Judged is all that is meant, however many of it are listed.
    Ok(if listed.strict && meant.iter().any(stands_out) { End::Degraded } else { End::Done })
}

fn stands_out(account: &&Account) -> bool {
    let flags = account.flags;
    [flags.new, flags.regressed, flags.burst].contains(&Flag::Yes)
}

fn tell(listed: &Listed, shown: &[&Account], meant: &[&Account], totals: Totals, now: Timestamp) {
    match listed.json {
        true => print(&format!("{:#}\n", to_json(shown, totals))),
        false if totals.failures + totals.rejections == 0 => print("nothing has failed yet\n"),
        false if meant.is_empty() => print("no such failures\n"),
        false => print(&table(shown, meant.len(), now, columns())),
    }
}

fn is_listed(account: &Account, listed: &Listed, now: Timestamp) -> bool {
    let recent = Timestamp(now.0.saturating_sub(u64::try_from(RECENT.as_millis()).unwrap_or(u64::MAX)));
    let is_mended = account.resolved_ms.is_some() && account.flags.regressed != Flag::Yes;
    account.last_ms >= listed.since.unwrap_or(recent).0
        && listed.agent.as_ref().is_none_or(|agent| account.agents.contains(agent))
        && (listed.all || !is_mended)
}

/// Orders failures so that those that follow from another come after that one.
fn under_roots<'a>(failures: &[&'a Account]) -> Vec<&'a Account> {
    let is_here =
        |root: Fingerprint| failures.iter().any(|account| account.fingerprint == root && account.root.is_none());
    let (below, above): (Vec<&Account>, Vec<&Account>) =
        failures.iter().partition(|account| account.root.is_some_and(is_here));
    let mut ordered = Vec::new();
    for account in above {
        ordered.push(account);
        ordered.extend(below.iter().filter(|other| other.root == Some(account.fingerprint)));
    }
    ordered
}

fn to_json(accounts: &[&Account], totals: Totals) -> Value {
    json!({ "format": 1, "totals": totals, "failures": accounts })
}

fn show(session: &Session, name: &str, json: bool) -> Result<End, Failure> {
    let (accounts, now) = with_failures(session, |failures, now| (failures.ledger.accounts(now.to_system()), now))?;
    let account = find(&accounts, name)?;
    match json {
        true => print(&format!("{:#}\n", json!(account))),
        false => print(&in_full(account, now, columns())),
    }
    Ok(End::Done)
}

fn resolve(session: &Session, names: &[String]) -> Result<End, Failure> {
    let resolved = with_failures(session, |failures, now| {
        let accounts = failures.ledger.accounts(now.to_system());
        // All are found before one is marked.
        let found: Vec<&Account> = names.iter().map(|name| find(&accounts, name)).collect::<Result<_, _>>()?;
        found.iter().for_each(|account| failures.ledger.resolve(account.fingerprint, now.to_system()));
        Ok::<Vec<Fingerprint>, Fault>(found.iter().map(|account| account.fingerprint).collect())
    })??;
    for fingerprint in resolved {
        print(&format!("{fingerprint} is marked as mended: if it comes again, it has regressed\n"));
    }
    Ok(End::Done)
}

/// Finds the failure whose fingerprint begins so.
fn find<'a>(accounts: &'a [Account], name: &str) -> Result<&'a Account, Fault> {
    let name_digits = name.strip_prefix("v2:").unwrap_or(name).to_lowercase();
    let begins = |account: &&Account| digits(account.fingerprint).starts_with(&name_digits);
    let found: Vec<&Account> = accounts.iter().filter(begins).filter(|_| !name_digits.is_empty()).collect();
    match found[..] {
        [account] => Ok(account),
        [] => {
            Err(Fault::new(Kind::Validation, format!("there is no failure '{name}'")).hint("segno errors lists them"))
        }
        _ => {
            let message = format!("'{name}' is the beginning of {} fingerprints", found.len());
            Err(Fault::new(Kind::Validation, message).hint("give more of it; segno errors lists them"))
        }
    }
}
