use std::collections::HashMap;

use aho_corasick::automaton::{Automaton as _, StateID};
use aho_corasick::nfa::noncontiguous::NFA;
use aho_corasick::{Anchored, BuildError};

/// Finds the first stop sequence in a text that comes in pieces.
///
/// "First" is the one that is complete first, so that it does not matter how
/// the text is cut. The end of a piece that may be the beginning of a stop
/// sequence is held back until the next piece, or the end, decides. Each byte
/// is one step of an automaton, however many sequences there are and however
/// nearly they match.
#[derive(Debug)]
pub(crate) struct StopMatcher {
    stops: Vec<String>,
    automaton: NFA,
    start: StateID,
    /// How much of a stop sequence each state has seen.
    depths: HashMap<StateID, usize>,
    state: StateID,
    held: String,
}

/// What a piece of text comes to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Checked {
    /// This much can go out.
    Text(String),
    /// This much can go out, and then the reply is over because of this stop
    /// sequence.
    Stopped(String, String),
}

impl StopMatcher {
    /// Returns `None` if there is no sequence, or all are empty.
    pub(crate) fn new(stops: Vec<String>) -> Result<Option<StopMatcher>, BuildError> {
        let stops: Vec<String> = stops.into_iter().filter(|stop| !stop.is_empty()).collect();
        if stops.is_empty() {
            return Ok(None);
        }
        let automaton = NFA::new(&stops)?;
        // Unanchored searches are always supported.
        let Ok(start) = automaton.start_state(Anchored::No) else {
            return Ok(None);
        };
        // A sequence leads from the start through one state for each of its
        // bytes; the states do not say how far from the start they are.
        let mut depths = HashMap::new();
        for stop in &stops {
            let mut state = start;
            for (index, byte) in stop.bytes().enumerate() {
                state = automaton.next_state(Anchored::No, state, byte);
                depths.insert(state, index + 1);
            }
        }
        Ok(Some(StopMatcher {
            stops,
            automaton,
            start,
            depths,
            state: start,
            held: String::new(),
        }))
    }

    /// Takes the next piece.
    pub(crate) fn push(&mut self, piece: &str) -> Checked {
        let held = self.held.len();
        self.held.push_str(piece);
        let mut state = self.state;
        for (index, byte) in piece.bytes().enumerate() {
            state = self.automaton.next_state(Anchored::No, state, byte);
            if self.automaton.is_match(state) {
                let stop = self.stop_of(state);
                self.held
                    .truncate((held + index + 1).saturating_sub(stop.len()));
                return Checked::Stopped(std::mem::take(&mut self.held), stop);
            }
        }
        self.state = state;
        // The open end begins with the first byte of a stop sequence, so it
        // begins at a character.
        let open = self.depths.get(&state).copied().unwrap_or(0);
        let rest = self.held.split_off(self.held.len().saturating_sub(open));
        Checked::Text(std::mem::replace(&mut self.held, rest))
    }

    /// Returns what was held back, when nothing more comes.
    pub(crate) fn finish(&mut self) -> String {
        self.state = self.start;
        std::mem::take(&mut self.held)
    }

    /// Cuts a whole text before its first stop sequence, which is returned.
    pub(crate) fn cut(&self, text: &mut String) -> Option<String> {
        let mut state = self.start;
        for (index, byte) in text.bytes().enumerate() {
            state = self.automaton.next_state(Anchored::No, state, byte);
            if self.automaton.is_match(state) {
                let stop = self.stop_of(state);
                text.truncate((index + 1).saturating_sub(stop.len()));
                return Some(stop);
            }
        }
        None
    }

    /// The longest sequence that ends in this state, which must be a match.
    fn stop_of(&self, state: StateID) -> String {
        let pattern = self.automaton.match_pattern(state, 0);
        self.stops
            .get(pattern.as_usize())
            .cloned()
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    fn matcher(stops: &[&str]) -> StopMatcher {
        let stops = stops.iter().map(|s| (*s).to_owned()).collect();
        StopMatcher::new(stops).unwrap().unwrap()
    }

    /// Everything that goes out, and the stop that was found.
    fn run(stops: &[&str], pieces: &[&str]) -> (String, Option<String>) {
        let mut matcher = matcher(stops);
        let mut out = String::new();
        for piece in pieces {
            match matcher.push(piece) {
                Checked::Text(text) => out.push_str(&text),
                Checked::Stopped(text, stop) => return (out + &text, Some(stop)),
            }
        }
        (out + &matcher.finish(), None)
    }

    #[test]
    fn a_table_of_cases() {
        for (stops, pieces, expected, stop) in [
            (&["END"][..], &["a", "b"][..], "ab", None),
            (&["END"], &["abENDcd"], "ab", Some("END")),
            (&["END"], &["ab", "E", "N", "D"], "ab", Some("END")),
            (&["END"], &["abE", "NOD"], "abENOD", None),
            (&["END"], &["EEN", "EEND"], "EENE", Some("END")),
            (&["END"], &["abEN"], "abEN", None),
            (&["END"], &["END"], "", Some("END")),
            (&["bc", "abcd"], &["xab", "cd"], "xa", Some("bc")),
            (&["ND", "END"], &["xEN", "D"], "x", Some("END")),
            (&["aab"], &["aaa", "b"], "a", Some("aab")),
            (
                &["\n\n", "Human:"],
                &["one\n", "\ntwo"],
                "one",
                Some("\n\n"),
            ),
            (
                &["\n\n", "Human:"],
                &["one\ntwo Hu", "man: x"],
                "one\ntwo ",
                Some("Human:"),
            ),
            // Characters of several bytes that share their first bytes.
            (&["é!"], &["caf", "é", "?"], "café?", None),
            (&["è!"], &["caf", "é", "?"], "café?", None),
            (&["🙂🙃"], &["a🙂", "🙂", "🙃b"], "a🙂", Some("🙂🙃")),
            (&["", "b"], &["abc"], "a", Some("b")),
        ] {
            let (text, hit) = run(stops, pieces);
            assert_eq!(
                (text.as_str(), hit.as_deref()),
                (expected, stop),
                "{stops:?} {pieces:?}"
            );
            let mut whole = pieces.concat();
            assert_eq!(matcher(stops).cut(&mut whole).as_deref(), stop);
            assert_eq!(whole, expected);
        }
    }

    /// What cannot become a stop sequence goes out at once.
    #[test]
    fn no_more_is_held_than_can_match() {
        let mut matcher = matcher(&["abcd", "é!"]);
        for (piece, out) in [
            ("xyz", "xyz"),
            ("a", ""),
            ("bc", ""),
            ("ab", "abc"),
            ("x", "abx"),
            ("cafè", "cafè"),
            ("caf\u{e9}", "caf"),
        ] {
            assert_eq!(
                matcher.push(piece),
                Checked::Text(out.to_owned()),
                "{piece}"
            );
        }
        assert_eq!(matcher.finish(), "é");
    }

    /// However a text is cut, the result is that of the whole text.
    #[test]
    fn cuts_change_nothing() {
        let text = "one two END three ENDE four";
        for first in 0..text.len() {
            for second in first..text.len() {
                let pieces = [&text[..first], &text[first..second], &text[second..]];
                for (stops, expected) in [
                    (&["ENDE", "END t"][..], "one two "),
                    (&["ND", "two END"], "one "),
                    (&["wo", "two EN"], "one t"),
                ] {
                    assert_eq!(run(stops, &pieces).0, expected);
                }
            }
        }
    }

    #[test]
    fn empty_sequences_do_not_count() {
        assert!(StopMatcher::new(vec![String::new()]).unwrap().is_none());
    }

    /// The CPU time for 256 KiB of text in pieces of four bytes.
    fn time(stops: &[&str]) -> Duration {
        let mut matcher = matcher(stops);
        let began = Instant::now();
        for _ in 0..64 * 1024 {
            assert!(matches!(matcher.push("aaaa"), Checked::Text(_)));
        }
        began.elapsed()
    }

    /// Sixteen sequences of 1 KiB, all of which the text nearly matches, cost
    /// about as much as a short one. Comparing at every byte cost thousands of
    /// times as much.
    #[test]
    fn near_misses_cost_little() {
        let stops: Vec<String> = (0..16)
            .map(|i| format!("{}{i}", "a".repeat(1022)))
            .collect();
        let stops: Vec<&str> = stops.iter().map(String::as_str).collect();
        let best = |stops: &[&str]| (0..3).map(|_| time(stops)).min().unwrap();
        let (short, long) = (best(&["b"]), best(&stops));
        assert!(long < 50 * short, "{long:?} against {short:?}");
    }
}
