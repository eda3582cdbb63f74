/// Finds the first stop sequence in a text that comes in pieces.
///
/// The end of a piece that may be the beginning of a stop sequence is held
/// back until the next piece, or the end, decides.
#[derive(Debug)]
pub(crate) struct StopMatcher {
    /// Never empty texts.
    stops: Vec<String>,
    held: String,
}

/// What a piece of text comes to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Passed {
    /// This much can go out.
    Text(String),
    /// This much can go out, and then the answer is over.
    Stopped(String),
}

impl StopMatcher {
    /// A matcher for these sequences; none when there are none.
    pub(crate) fn new(stops: &[String]) -> Option<StopMatcher> {
        let stops: Vec<String> = stops.iter().filter(|s| !s.is_empty()).cloned().collect();
        (!stops.is_empty()).then_some(StopMatcher {
            stops,
            held: String::new(),
        })
    }

    /// Takes the next piece.
    pub(crate) fn push(&mut self, piece: &str) -> Passed {
        self.held.push_str(piece);
        if let Some(at) = self.find(&self.held) {
            self.held.truncate(at);
            return Passed::Stopped(std::mem::take(&mut self.held));
        }
        let keep = self.open_suffix();
        let out_len = self.held.len() - keep;
        let rest = self.held.split_off(out_len);
        Passed::Text(std::mem::replace(&mut self.held, rest))
    }

    /// What was held back, when nothing more comes.
    pub(crate) fn finish(&mut self) -> String {
        std::mem::take(&mut self.held)
    }

    /// Where the first stop sequence begins in a whole text. The first is the
    /// one that is complete first, so that it does not matter how the text was
    /// cut.
    pub(crate) fn find(&self, text: &str) -> Option<usize> {
        self.stops
            .iter()
            .filter_map(|stop| text.find(stop).map(|at| (at + stop.len(), at)))
            .min()
            .map(|(_, at)| at)
    }

    /// The length of the longest end of the held text with which a stop
    /// sequence begins.
    fn open_suffix(&self) -> usize {
        let text = self.held.as_str();
        let longest = self.stops.iter().map(String::len).max().unwrap_or(0);
        let from = text.len().saturating_sub(longest.saturating_sub(1));
        (from..text.len())
            .filter_map(|at| text.get(at..))
            .find(|suffix| self.stops.iter().any(|stop| stop.starts_with(suffix)))
            .map_or(0, str::len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Everything that goes out, and whether a stop was found.
    fn run(stops: &[&str], pieces: &[&str]) -> (String, bool) {
        let stops: Vec<String> = stops.iter().map(|s| (*s).to_owned()).collect();
        let mut matcher = StopMatcher::new(&stops).unwrap();
        let mut out = String::new();
        for piece in pieces {
            match matcher.push(piece) {
                Passed::Text(text) => out.push_str(&text),
                Passed::Stopped(text) => return (out + &text, true),
            }
        }
        (out + &matcher.finish(), false)
    }

    #[test]
    fn a_table_of_cases() {
        for (stops, pieces, expected, stopped) in [
            (&["END"][..], &["a", "b"][..], "ab", false),
            (&["END"], &["abENDcd"], "ab", true),
            (&["END"], &["ab", "E", "N", "D"], "ab", true),
            (&["END"], &["abE", "NOD"], "abENOD", false),
            (&["END"], &["EEN", "EEND"], "EENE", true),
            (&["END"], &["abEN"], "abEN", false),
            (&["END"], &["END"], "", true),
            (&["bc", "abcd"], &["xab", "cd"], "xa", true),
            (&["aab"], &["aaa", "b"], "a", true),
            (&["\n\n", "Human:"], &["one\n", "\ntwo"], "one", true),
            (
                &["\n\n", "Human:"],
                &["one\ntwo Hu", "man: x"],
                "one\ntwo ",
                true,
            ),
            // Characters of several bytes that share their first bytes.
            (&["é!"], &["caf", "é", "?"], "café?", false),
            (&["🙂🙃"], &["a🙂", "🙂", "🙃b"], "a🙂", true),
        ] {
            let (text, hit) = run(stops, pieces);
            assert_eq!(
                (text.as_str(), hit),
                (expected, stopped),
                "{stops:?} {pieces:?}"
            );
        }
    }

    /// However a text is cut, the result is that of the whole text.
    #[test]
    fn cuts_change_nothing() {
        let text = "one two END three ENDE four";
        for first in 0..text.len() {
            for second in first..text.len() {
                let pieces = [&text[..first], &text[first..second], &text[second..]];
                assert_eq!(
                    run(&["ENDE", "END t"], &pieces),
                    ("one two ".to_owned(), true)
                );
                assert_eq!(run(&["ND", "two END"], &pieces), ("one ".to_owned(), true));
                assert_eq!(run(&["wo", "two EN"], &pieces), ("one t".to_owned(), true));
            }
        }
    }

    #[test]
    fn empty_sequences_do_not_count() {
        assert!(StopMatcher::new(&[String::new()]).is_none());
    }
}
