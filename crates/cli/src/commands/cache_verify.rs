//! `segno cache verify`: checks everything that is stored against its checksum.

use std::fs;
use std::path::{Path, PathBuf};

use segno_cache::{Damage, DamagedPart, Verdict};
use segno_orchestrator::report::counted;
use serde_json::json;

use super::cache::{Opened, fault, in_line, json_text};
use crate::exit::{End, Failure};
use crate::terminal::{print, say};

/// The most damages that are told one by one.
const MAX_TOLD: usize = 50;

pub(super) fn verify(repair: bool, json: bool) -> Result<End, Failure> {
    let (verdict, aside, folder) = match Opened::existing()? {
        None => (Verdict::default(), Vec::new(), PathBuf::new()),
        Some(opened) => {
            (opened.store().verify(repair).map_err(fault)?, set_aside(&opened), opened.store().dir().to_owned())
        }
    };
    match json {
        true => print(&json_text(&json!({ "format": 1, "verdict": verdict, "set_aside": aside }))),
        false => print(&told(&verdict, &folder)),
    }
    for name in &aside {
        say(&format!("segno: an index that could not be used was set aside as {name}; it may be deleted"));
    }
    // What was taken out is as it should be again; pages of the index cannot be taken out.
    let is_amiss = |damage: &Damage| !verdict.repaired || damage.part == DamagedPart::Index;
    Ok(if verdict.damages.iter().any(is_amiss) { End::Amiss } else { End::Done })
}

/// Lists indexes that were damaged before, and replaced.
fn set_aside(opened: &Opened) -> Vec<String> {
    let names = fs::read_dir(opened.store().dir()).into_iter().flatten().flatten();
    let names = names.map(|file| file.file_name().to_string_lossy().into_owned());
    let mut aside: Vec<String> = names.filter(|name| name.starts_with("index.db.damaged-")).collect();
    aside.sort();
    aside
}

fn told(verdict: &Verdict, folder: &Path) -> String {
    let Verdict { entries, objects, manifests, subjects, damages, .. } = verdict;
    let mut text = format!(
        "checked {}, {}, {}, {}\n",
        counted(*entries, "result"),
        counted(*objects, "content"),
        counted(*manifests, "file list"),
        counted(*subjects, "key")
    );
    for damage in damages.iter().take(MAX_TOLD) {
        let name: String = damage.name.chars().take(80).collect();
        let (part, name, reason) = (damage.part.name(), in_line(&name), in_line(&damage.reason));
        text.push_str(&format!("  {part} {name}: {reason}\n"));
    }
    if damages.len() > MAX_TOLD {
        text.push_str(&format!("  .. and {} more\n", damages.len() - MAX_TOLD));
    }
    let has_pages = damages.iter().any(|damage| damage.part == DamagedPart::Index);
    let folder = in_line(&folder.display().to_string());
    text + &match (damages.is_empty(), verdict.repaired, has_pages) {
        (true, ..) => "all is whole\n".to_owned(),
        (false, true, false) => "what is damaged was taken out; it is made again when it is needed\n".to_owned(),
        (false, false, false) => "damage is never used; --repair takes it out\n".to_owned(),
        (false, _, true) => format!("the index itself is damaged; begin anew by deleting the folder {folder}\n"),
    }
}
