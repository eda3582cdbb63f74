use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::reading::Reading;
use super::spellings::{LEVELS, MIN_LENGTH};
use crate::text::CUT;

/// Texts that are looked for together, in one pass over the text that is
/// searched: the time does not grow with its length times their number.
#[derive(Debug, Default)]
pub(super) struct Needles {
    /// By their first bytes, the longest first.
    by_start: HashMap<[u8; MIN_LENGTH], Vec<Vec<u8>>>,
    /// Their beginnings that are shorter than that.
    beginnings: HashSet<Vec<u8>>,
}

impl Needles {
    /// Prepares the search for texts as a [`Reading`] has them. Those below
    /// [`MIN_LENGTH`] are not looked for.
    pub(super) fn new(texts: impl IntoIterator<Item = Vec<u8>>) -> Needles {
        let mut by_start: HashMap<_, Vec<Vec<u8>>> = HashMap::new();
        let mut beginnings = HashSet::new();
        for text in texts {
            if let Some(start) = text.first_chunk::<MIN_LENGTH>() {
                let shorter = (1..MIN_LENGTH).filter_map(|length| start.get(..length));
                beginnings.extend(shorter.map(<[u8]>::to_vec));
                by_start.entry(*start).or_default().push(text);
            }
        }
        for texts in by_start.values_mut() {
            texts.sort_unstable_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
            texts.dedup();
        }
        Needles {
            by_start,
            beginnings,
        }
    }

    /// Returns where the texts stand, however they are escaped, in order, and
    /// overlapping ones as one. The beginning of a text counts too where the
    /// searched text was cut within it.
    pub(super) fn find(&self, text: &str) -> Vec<Range<usize>> {
        let mut found: Vec<Range<usize>> = Vec::new();
        if self.by_start.is_empty() {
            return found;
        }
        let mut reading = Some(Reading::of(text));
        for _ in 0..=LEVELS {
            let Some(read) = reading else { break };
            self.find_in(&read, &mut found);
            reading = read.decoded();
        }
        found.sort_unstable_by_key(|range| range.start);
        let mut merged: Vec<Range<usize>> = Vec::with_capacity(found.len());
        for range in found {
            match merged.last_mut() {
                Some(last) if range.start < last.end => last.end = last.end.max(range.end),
                _ => merged.push(range),
            }
        }
        merged
    }

    fn find_in(&self, reading: &Reading, found: &mut Vec<Range<usize>>) {
        let bytes = reading.folded();
        let all_cuts = reading.cuts();
        let mut cuts = all_cuts.iter().copied().peekable();
        // Up to the end of the last one, so that there are no more of them than
        // there are bytes.
        let mut last = 0..0;
        for (at, start) in bytes.windows(MIN_LENGTH).enumerate() {
            let Some(candidates) = self.by_start.get(start) else {
                continue;
            };
            let rest = bytes.get(at..).unwrap_or_default();
            while cuts.next_if(|cut| *cut < at).is_some() {}
            let cut = cuts.peek().copied();
            let until_cut = cut.and_then(|cut| bytes.get(at..cut));
            let end = candidates.iter().find_map(|candidate| {
                if rest.starts_with(candidate) {
                    let (_, end) = reading.source(at, at + candidate.len());
                    return Some((at + candidate.len(), end));
                }
                let until_cut = until_cut.filter(|it| it.len() >= MIN_LENGTH)?;
                let cut = at + until_cut.len();
                let (end, _) = reading.source(cut, cut + 1);
                candidate.starts_with(until_cut).then_some((cut, end))
            });
            let Some((end, source_end)) = end else {
                continue;
            };
            let (source_start, _) = reading.source(at, end);
            match found.last_mut() {
                Some(range) if at < last.end => range.end = range.end.max(source_end),
                _ => found.push(source_start..source_end),
            }
            last = at..last.end.max(end);
        }
        for cut in all_cuts {
            self.find_beginning(reading, &bytes, cut, found);
        }
    }

    /// Finds the beginning of a text that is short when it is read, but was
    /// written in as many bytes as would be found.
    fn find_beginning(
        &self,
        reading: &Reading,
        bytes: &[u8],
        cut: usize,
        found: &mut Vec<Range<usize>>,
    ) {
        let (end, _) = reading.source(cut, cut + CUT.len());
        for length in (1..MIN_LENGTH).rev() {
            let Some(start) = cut.checked_sub(length) else {
                continue;
            };
            let beginning = bytes.get(start..cut).unwrap_or_default();
            let (source, _) = reading.source(start, cut);
            if end - source > length
                && end - source >= MIN_LENGTH
                && self.beginnings.contains(beginning)
            {
                found.push(source..end);
                return;
            }
        }
    }
}
