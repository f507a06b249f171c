//! `segno cache get`: one result, in a form that does a terminal no harm.

use std::io::Write as _;

use segno_cache::Listed;
use segno_orchestrator::engine::Kept;
use segno_orchestrator::model::Reply;
use serde_json::{Value, json};

use super::cache::{Opened, harmless, is_expired, json_text, nothing};
use super::cache_ls::of_listed;
use crate::args::CacheGetArguments;
use crate::exit::{End, Failure};
use crate::terminal::{print, say};

pub(super) fn get(arguments: &CacheGetArguments) -> Result<End, Failure> {
    let Some(opened) = Opened::existing()? else { return Err(nothing(&arguments.name).into()) };
    let listed = opened.find(&arguments.name)?;
    // What is over is still shown: somebody wants to see it.
    let moment = if is_expired(&listed, opened.now) { listed.stored_at } else { opened.now };
    let Some(kept) = opened.memory.kept(&listed.digest, moment)? else {
        say("segno: the result is stored and cannot be used");
        say("  hint: segno cache verify says what is wrong with it");
        return Ok(End::Amiss);
    };
    if arguments.json {
        print(&json_text(&to_json(&opened, &listed, &kept)?));
        return Ok(End::Done);
    }
    let bytes = output(&opened, kept)?;
    match arguments.raw {
        // Whoever closed the pipe has seen enough.
        true => _ = std::io::stdout().write_all(&bytes),
        false => {
            let text = harmless(&String::from_utf8_lossy(&bytes));
            print(&if text.is_empty() || text.ends_with('\n') { text } else { text + "\n" });
        }
    }
    Ok(End::Done)
}

/// Returns what was put out: of a step's result its output, of anything else all of it.
fn output(opened: &Opened, kept: Kept) -> Result<Vec<u8>, Failure> {
    Ok(match kept {
        Kept::Result { reply, .. } => match value(opened, &reply)? {
            Value::String(text) => text.into_bytes(),
            value => format!("{value:#}").into_bytes(),
        },
        Kept::Text(text) => text.into_bytes(),
        Kept::Other(bytes) => bytes,
    })
}

fn value(opened: &Opened, reply: &Reply) -> Result<Value, Failure> {
    Ok(opened.session.setup.blobs.value(&reply.output)?)
}

fn to_json(opened: &Opened, listed: &Listed, kept: &Kept) -> Result<Value, Failure> {
    let mut told = of_listed(listed);
    told["format"] = 1.into();
    match kept {
        Kept::Result { reply, outputs, took } => {
            told["kind"] = "result".into();
            told["took_ms"] = u64::try_from(took.as_millis()).unwrap_or(u64::MAX).into();
            told["files"] = json!(outputs);
            told["reply"] = serde_json::to_value(reply).unwrap_or_default();
            told["output"] = value(opened, reply)?;
        }
        Kept::Text(text) => {
            told["kind"] = "text".into();
            told["output"] = text.as_str().into();
        }
        Kept::Other(bytes) => {
            told["kind"] = "other".into();
            told["output"] = String::from_utf8_lossy(bytes).into();
        }
    }
    Ok(told)
}
