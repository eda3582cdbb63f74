//! The pieces of JSON as models write it: blanks and comments, words, numbers,
//! and strings in any quotes.

/// Why a value cannot be mended, and where in the text.
#[derive(Debug)]
pub(super) struct Unmendable {
    pub(super) at: usize,
    pub(super) why: &'static str,
}

/// The quotes around a string.
#[derive(Clone, Copy)]
pub(super) struct Quote(char);

impl Quote {
    /// Returns the quote that ends a string, if a character begins one.
    pub(super) fn opened_by(first: char) -> Option<Quote> {
        match first {
            '"' | '\'' => Some(Quote(first)),
            '“' => Some(Quote('”')),
            '‘' => Some(Quote('’')),
            _ => None,
        }
    }
}

/// What a string is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    /// The name of a member, which has no line breaks: a stray one would make
    /// another name.
    Name,
    Value,
}

/// What lay between two tokens.
#[derive(Default)]
pub(super) struct Blank {
    pub(super) newline: bool,
    pub(super) line_comment: bool,
}

pub(super) fn is_name_start(first: char) -> bool {
    first.is_ascii_alphabetic() || matches!(first, '_' | '$')
}

pub(super) fn is_name(character: char) -> bool {
    is_name_start(character) || character.is_ascii_digit() || character == '-'
}

/// Returns how long the number at the start of a text is, in JSON's spelling.
pub(super) fn number_length(text: &str) -> Option<usize> {
    let end = text
        .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.' | '_')))
        .unwrap_or(text.len());
    let number = text.get(..end)?;
    let is_number = serde_json::from_str::<serde_json::Number>(number).is_ok();
    is_number.then_some(end)
}

pub(super) struct Tokens<'a> {
    text: &'a str,
    position: usize,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(text: &'a str) -> Tokens<'a> {
        Tokens { text, position: 0 }
    }

    pub(super) fn position(&self) -> usize {
        self.position
    }

    pub(super) fn rest(&self) -> &'a str {
        self.text.get(self.position..).unwrap_or_default()
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn bump(&mut self, first: char) {
        self.position += first.len_utf8();
    }

    pub(super) fn take(&mut self, length: usize) -> &'a str {
        let taken = self.rest().get(..length).unwrap_or_default();
        self.position += taken.len();
        taken
    }

    pub(super) fn error(&self, why: &'static str) -> Unmendable {
        Unmendable {
            at: self.position,
            why,
        }
    }

    /// Takes a word: letters, digits, `_`, `$` and `-`.
    pub(super) fn word(&mut self) -> &'a str {
        let rest = self.rest();
        self.take(rest.find(|c| !is_name(c)).unwrap_or(rest.len()))
    }

    /// Skips blanks and comments.
    ///
    /// # Errors
    ///
    /// A comment that does not end, that stands for something left out, or that
    /// may hold a member is refused.
    pub(super) fn skip_blank(&mut self) -> Result<Blank, Unmendable> {
        let mut blank = Blank::default();
        while let Some(first) = self.peek() {
            let rest = self.rest();
            if first.is_whitespace() || matches!(first, '\u{feff}' | '\u{200b}') {
                blank.newline |= first == '\n';
                self.bump(first);
            } else if rest.starts_with("/*") {
                let end = rest
                    .find("*/")
                    .ok_or_else(|| self.error("a comment does not end"))?;
                self.comment(end + 2)?;
            } else if rest.starts_with("//") || first == '#' {
                blank.line_comment = true;
                self.comment(rest.find('\n').unwrap_or(rest.len()))?;
            } else {
                break;
            }
        }
        Ok(blank)
    }

    fn comment(&mut self, length: usize) -> Result<(), Unmendable> {
        let comment = self.rest().get(..length).unwrap_or_default();
        let lower = comment.to_ascii_lowercase();
        let leaves_out = [
            "...",
            "…",
            "omitted",
            "remaining",
            "and so on",
            "etc",
            "truncated",
        ];
        if leaves_out.iter().any(|word| lower.contains(word)) {
            return Err(self.error("a comment stands for what is left out"));
        }
        // A member on the same line, or one that was commented out.
        let is_data = comment.contains(['"', '“', ':', '{', '}', '[', ']']);
        if is_data || !says_something(comment) {
            return Err(self.error("a comment may hold a part of the value"));
        }
        self.position += length;
        Ok(())
    }

    /// Reads a string in any quotes, and writes it in JSON's.
    pub(super) fn string(&mut self, json: &mut String, of: Of) -> Result<(), Unmendable> {
        let Some(first) = self.peek() else {
            return Ok(());
        };
        let Some(Quote(end)) = Quote::opened_by(first) else {
            return Ok(());
        };
        self.bump(first);
        json.push('"');
        while let Some(character) = self.peek() {
            if character == end {
                self.bump(character);
                json.push('"');
                return Ok(());
            }
            match character {
                '\\' => self.escape(json, end)?,
                '\n' | '\r' | '\t' if of == Of::Name => {
                    return Err(self.error("there is a control character in a name"));
                }
                '"' => json.push_str("\\\""),
                '\n' => json.push_str("\\n"),
                '\r' => json.push_str("\\r"),
                '\t' => json.push_str("\\t"),
                '\0'..='\x1f' => return Err(self.error("there is a control character")),
                other => json.push(other),
            }
            if character != '\\' {
                self.bump(character);
            }
        }
        Err(self.error("a string does not end"))
    }

    fn escape(&mut self, json: &mut String, end: char) -> Result<(), Unmendable> {
        let rest = self.rest();
        let length = match rest.as_bytes().get(1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 2,
            // In a string between double quotes it may as well be a backslash that
            // was meant to be there.
            Some(b'\'') if matches!(end, '\'' | '\u{2019}') => {
                json.push('\'');
                self.position += 2;
                return Ok(());
            }
            Some(b'u') if is_hex(rest) => 6,
            _ => return Err(self.error("JSON has no such escape")),
        };
        json.push_str(self.take(length));
        Ok(())
    }
}

/// Whether a comment has a word that is no value.
fn says_something(comment: &str) -> bool {
    comment
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| word.starts_with(char::is_alphabetic))
        .any(|word| !["true", "false", "null", "True", "False", "None"].contains(&word))
}

fn is_hex(escape: &str) -> bool {
    let digits = escape.as_bytes().get(2..6);
    digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
}
