use std::collections::HashMap;
use std::ops::Range;

use super::spellings::MIN_LENGTH;
use crate::text::CUT;

/// Texts that are looked for together, in one pass over the text that is
/// searched: the time does not grow with its length times their number.
#[derive(Debug, Default)]
pub(super) struct Needles {
    /// By their first bytes, the longest first.
    by_start: HashMap<[u8; MIN_LENGTH], Vec<String>>,
}

impl Needles {
    /// Prepares the search. Texts below [`MIN_LENGTH`] are not looked for.
    pub(super) fn new(texts: impl IntoIterator<Item = String>) -> Needles {
        let mut by_start: HashMap<_, Vec<String>> = HashMap::new();
        for text in texts {
            if let Some(start) = text.as_bytes().first_chunk() {
                by_start.entry(*start).or_default().push(text);
            }
        }
        for texts in by_start.values_mut() {
            texts.sort_unstable_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
            texts.dedup();
        }
        Needles { by_start }
    }

    /// Returns where the texts stand, in order, and overlapping ones as one.
    /// The beginning of a text counts too where the searched text was cut
    /// within it.
    pub(super) fn find(&self, text: &str) -> Vec<Range<usize>> {
        let mut found: Vec<Range<usize>> = Vec::new();
        if self.by_start.is_empty() {
            return found;
        }
        let bytes = text.as_bytes();
        let mut cuts = text.match_indices(CUT).map(|(at, _)| at).peekable();
        for (at, start) in bytes.windows(MIN_LENGTH).enumerate() {
            let Some(candidates) = self.by_start.get(start) else {
                continue;
            };
            let rest = bytes.get(at..).unwrap_or_default();
            while cuts.next_if(|cut| *cut < at).is_some() {}
            let until_cut = cuts.peek().and_then(|cut| bytes.get(at..*cut));
            let length = candidates.iter().find_map(|candidate| {
                let candidate = candidate.as_bytes();
                if rest.starts_with(candidate) {
                    return Some(candidate.len());
                }
                let until_cut = until_cut.filter(|it| it.len() >= MIN_LENGTH)?;
                candidate.starts_with(until_cut).then_some(until_cut.len())
            });
            let Some(length) = length else {
                continue;
            };
            let end = at + length;
            match found.last_mut() {
                Some(last) if at < last.end => last.end = last.end.max(end),
                _ => found.push(at..end),
            }
        }
        found
    }
}
