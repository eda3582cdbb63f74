//! How much may still be recorded into a folder.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// How many recordings a folder may have, and their bytes together.
const MAX_FILES: usize = 10_000;
const MAX_BYTES: u64 = 256 * 1024 * 1024;

/// Counts the recordings of a folder, those of earlier runs included.
#[derive(Debug)]
pub(super) struct Room(Mutex<Used>);

#[derive(Debug, Default)]
struct Used {
    /// The number of the last recording.
    number: usize,
    bytes: u64,
}

impl Room {
    /// Looks at what is there.
    pub(super) fn of(folder: &Path) -> io::Result<Room> {
        let mut used = Used::default();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name();
            let number = name.to_str().and_then(number);
            if let (Some(number), Ok(metadata)) = (number, entry.metadata()) {
                used.number = used.number.max(number);
                used.bytes = used.bytes.saturating_add(metadata.len());
            }
        }
        Ok(Room(Mutex::new(used)))
    }

    /// Takes room for a recording of this size, and returns its number.
    pub(super) fn take(&self, size: usize) -> Result<usize, String> {
        let mut used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = used.bytes.saturating_add(size as u64);
        if used.number >= MAX_FILES {
            return Err(format!("it has {MAX_FILES} recordings, which is the limit"));
        }
        if bytes > MAX_BYTES {
            let limit = MAX_BYTES / 1024 / 1024;
            return Err(format!(
                "its recordings would exceed the limit of {limit} MiB"
            ));
        }
        used.number += 1;
        used.bytes = bytes;
        Ok(used.number)
    }
}

/// Returns the number in the name of a recording.
fn number(name: &str) -> Option<usize> {
    let (number, _) = name.strip_suffix(".json")?.split_once('-')?;
    number.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for (name, expected) in [
            ("00001-post-v1.json", Some(1)),
            ("10000-get-.json", Some(10_000)),
            ("00002-post-v1.json.new", None),
            ("2026.json", None),
            ("notes-1.json", None),
            ("7-a", None),
        ] {
            assert_eq!(number(name), expected, "{name}");
        }
    }
}
