//! Conversations of earlier chats.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::files::{private_folder, state_folder};

/// How many conversations are kept.
const KEPT: usize = 100;

/// A conversation that was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Past {
    pub(crate) file: PathBuf,
    /// When it began.
    pub(crate) begun: SystemTime,
}

/// Whether conversations and lines are kept at all.
pub(crate) fn is_wanted(no_history: bool) -> bool {
    let off = std::env::var("CHATWIRE_HISTORY")
        .is_ok_and(|value| ["off", "0", "no", "false"].contains(&value.to_lowercase().as_str()));
    !no_history && !off
}

/// The conversations, the newest first.
pub(crate) fn past() -> Vec<Past> {
    folder().map(|folder| past_in(&folder)).unwrap_or_default()
}

fn past_in(folder: &Path) -> Vec<Past> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut all: Vec<(u64, Past)> = entries
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()))
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let stem = name.strip_suffix(".json")?;
            let milliseconds: u64 = stem.split('-').next()?.parse().ok()?;
            let begun = UNIX_EPOCH.checked_add(Duration::from_millis(milliseconds))?;
            let file = entry.path();
            Some((milliseconds, Past { file, begun }))
        })
        .collect();
    all.sort_by(|one, other| (other.0, &other.1.file).cmp(&(one.0, &one.1.file)));
    all.into_iter().map(|(_, past)| past).collect()
}

/// The file for a conversation that begins now. The oldest ones make room.
pub(crate) fn new_file() -> std::io::Result<PathBuf> {
    let folder = folder().ok_or_else(|| std::io::Error::other("there is no home folder"))?;
    if let Some(parent) = folder.parent() {
        private_folder(parent)?;
    }
    private_folder(&folder)?;
    for old in past_in(&folder).iter().skip(KEPT - 1) {
        fs::remove_file(&old.file)?;
    }
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let name = format!("{}-{}.json", now.as_millis(), std::process::id());
    Ok(folder.join(name))
}

fn folder() -> Option<PathBuf> {
    Some(state_folder()?.join("conversations"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_first() {
        let folder = std::env::temp_dir().join(format!("chatwire-past-{}", std::process::id()));
        fs::create_dir_all(folder.join("4-1.json")).unwrap();
        for name in ["1-9.json", "30-1.json", "2-1.json", "x.json", "5-1.txt"] {
            fs::write(folder.join(name), "[]").unwrap();
        }
        let found = past_in(&folder);
        let names: Vec<_> = found
            .iter()
            .map(|it| it.file.file_name().unwrap())
            .collect();
        assert_eq!(names, ["30-1.json", "2-1.json", "1-9.json"]);
        assert_eq!(found[2].begun, UNIX_EPOCH + Duration::from_millis(1));
        fs::remove_dir_all(&folder).unwrap();
    }
}
