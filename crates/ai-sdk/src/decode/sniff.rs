use serde_json::value::RawValue;

/// Finds out whether a body that no header marks is a data stream or a text
/// stream: it is the former when its first line is a part of one. Text is told
/// by its first characters where it can be, so that it is not held back.
#[derive(Debug, Default)]
pub(crate) struct Sniff {
    held: Vec<u8>,
    searched: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sniffed {
    Data,
    Text,
    /// More bytes are needed.
    Unknown,
}

impl Sniff {
    /// Looks at the next piece. A first line longer than `limit` is text.
    pub(crate) fn feed(&mut self, chunk: &[u8], limit: Option<usize>) -> Sniffed {
        self.held.extend_from_slice(chunk);
        if !may_be_part(&self.held) {
            return Sniffed::Text;
        }
        let rest = self.held.get(self.searched..).unwrap_or_default();
        let end = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
        match end {
            Some(end) => self.judge(self.searched + end),
            None if limit.is_some_and(|limit| self.held.len() > limit) => Sniffed::Text,
            None => {
                self.searched = self.held.len();
                Sniffed::Unknown
            }
        }
    }

    /// The body has ended.
    pub(crate) fn end(&self) -> Sniffed {
        self.judge(self.held.len())
    }

    /// What was held back.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.held)
    }

    fn judge(&self, end: usize) -> Sniffed {
        let line = self.held.get(..end).unwrap_or_default();
        let part = std::str::from_utf8(line)
            .ok()
            .and_then(|line| line.split_once(':'));
        match part {
            Some((_, json))
                if may_be_part(line) && serde_json::from_str::<&RawValue>(json.trim()).is_ok() =>
            {
                Sniffed::Data
            }
            _ => Sniffed::Text,
        }
    }
}

/// Whether a body that starts so may start with a part: a code, a colon, and
/// JSON of the kind that the code demands.
fn may_be_part(start: &[u8]) -> bool {
    let Some((code, rest)) = start.split_first() else {
        return true;
    };
    let opener = match code {
        b'0' | b'3' | b'g' => b'"',
        b'2' | b'8' => b'[',
        b'1' | b'4'..=b'7' | b'9' | b'a'..=b'k' => b'{',
        _ => return false,
    };
    match rest.split_first() {
        None => true,
        Some((b':', json)) => json
            .trim_ascii_start()
            .first()
            .is_none_or(|first| *first == opener),
        Some(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{Sniff, Sniffed};

    #[test]
    fn the_first_line_tells() {
        use Sniffed::{Data, Text, Unknown};
        let table = [
            ("0:\"Hi\"\n", Data, Data),
            ("0: \"Hi\"\r\n0:", Data, Data),
            ("f:{\"messageId\":\"m\"}\n", Data, Data),
            ("2:[{\"a\":1}]\n", Data, Data),
            ("0:\"Hi\"", Unknown, Data),
            ("0:\"Hi", Unknown, Text),
            ("0", Unknown, Text),
            ("0:", Unknown, Text),
            ("", Unknown, Text),
            ("0:Hi\n", Text, Text),
            ("0:[1]\n", Text, Text),
            ("2:{}\n", Text, Text),
            ("9:\"x\"\n", Text, Text),
            ("z:{}\n", Text, Text),
            ("Hello", Text, Text),
            ("a b", Text, Text),
            ("0:\"Hi\" there\n", Text, Text),
            ("0:\"Hi\nthere\"\n", Text, Text),
            ("{\"a\":1}", Text, Text),
            ("data: [DONE]\n\n0:\"x\"\n", Text, Text),
            ("世界", Text, Text),
        ];
        for (body, fed, ended) in table {
            let mut sniff = Sniff::default();
            assert_eq!(sniff.feed(body.as_bytes(), None), fed, "{body}");
            if fed == Unknown {
                assert_eq!(sniff.end(), ended, "{body}");
            }
            let mut sniff = Sniff::default();
            let last = body.bytes().map(|byte| sniff.feed(&[byte], None));
            let decided = last.fold(Unknown, |so_far, now| match so_far {
                Unknown => now,
                decided => decided,
            });
            assert_eq!(decided, fed, "{body} byte by byte");
        }
        let mut sniff = Sniff::default();
        assert_eq!(sniff.feed(b"0:\"12345", Some(4)), Text);
    }
}
