use memchr::memchr2;

/// Where the line ends of a growing text are. Each byte is looked at once.
///
/// Eight bytes are compared at a time, and what is found in them is kept: so
/// the search for the next line end need not wait for where the last one was,
/// which for short lines takes longer than the search itself.
#[derive(Default)]
pub(super) struct LineEnds {
    /// The bytes that may be line ends in the last eight that were looked at:
    /// the highest bit of each.
    candidates: u64,
    /// Where these eight start.
    word: usize,
    /// How far the text was looked at.
    searched: usize,
}

impl LineEnds {
    /// The next LF or CR; none when all of the text was looked at.
    #[inline]
    pub(super) fn next(&mut self, text: &[u8]) -> Option<usize> {
        loop {
            while self.candidates != 0 {
                let at = self.word + (self.candidates.trailing_zeros() / 8) as usize;
                self.candidates &= self.candidates - 1;
                if matches!(text.get(at), Some(b'\n' | b'\r')) {
                    return Some(at);
                }
            }
            self.search(text)?;
        }
    }

    /// Passes over a line end that is known to be the next one.
    #[inline]
    pub(super) fn pass(&mut self, at: usize) {
        if self.candidates == 0 {
            self.searched = at + 1;
        } else {
            self.candidates &= self.candidates - 1;
        }
    }

    /// The text loses its first bytes, up to the start of a line.
    pub(super) fn shift(&mut self, by: usize) {
        if self.candidates == 0 {
            // A byte order mark was dropped unseen.
            self.searched = self.searched.saturating_sub(by);
        } else {
            // Not all lines were taken: look again.
            *self = LineEnds::default();
        }
    }

    /// Looks on for what may be a line end.
    #[inline]
    fn search(&mut self, text: &[u8]) -> Option<()> {
        /// Longer lines are left to a search that takes longer to begin.
        const BLOCKS: usize = 16;
        let (blocks, _) = text.get(self.searched..)?.as_chunks::<16>();
        let mut at = self.searched;
        for block in blocks.iter().take(BLOCKS) {
            if any_below(block) {
                let (words, _) = block.as_chunks();
                for word in words {
                    if self.take(at, word) {
                        return Some(());
                    }
                    at += word.len();
                }
            }
            at += block.len();
        }
        self.search_rest(text, at)
    }

    /// Takes eight bytes if one of them may be a line end.
    #[inline]
    fn take(&mut self, at: usize, word: &[u8; 8]) -> bool {
        let candidates = candidates(u64::from_le_bytes(*word));
        if candidates != 0 {
            self.candidates = candidates;
            self.word = at;
            self.searched = at + word.len();
        }
        candidates != 0
    }

    /// Looks at what is no whole block, or belongs to a long line.
    #[inline(never)]
    fn search_rest(&mut self, text: &[u8], mut at: usize) -> Option<()> {
        let rest = text.get(at..)?;
        if rest.len() >= 16 {
            at += memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
        }
        for part in text.get(at..)?.chunks(8).take(2) {
            let mut word = [u8::MAX; 8];
            for (to, from) in word.iter_mut().zip(part) {
                *to = *from;
            }
            if self.take(at, &word) {
                self.searched = at + part.len();
                return Some(());
            }
            at += part.len();
        }
        self.searched = at;
        None
    }
}

/// The bytes below are LF, CR and others which text hardly ever has.
const BELOW: u8 = 14;

/// Whether a block has a byte that may be a line end. Compilers turn this into
/// instructions for vectors.
#[inline]
fn any_below(block: &[u8; 16]) -> bool {
    block.iter().fold(false, |any, byte| any | (*byte < BELOW))
}

/// The highest bit of each byte that may be a line end.
#[inline]
fn candidates(word: u64) -> u64 {
    const EACH: u64 = u64::MAX / 255;
    // No byte carries into the next: the sum is at most 127 + 114.
    let not_below = (word & (EACH * 0x7f)) + EACH * (0x80 - BELOW as u64);
    !(not_below | word) & (EACH * 0x80)
}
