//! Reads JSON as models write it, and writes it as JSON.
//!
//! Only what has a single reading is mended. Whatever a careful reader would
//! have to guess at is refused: quotes inside strings, brackets that do not
//! match, values left out, spellings of numbers that JSON does not have.

use super::token::{Of, Quote, Tokens, Unmendable, is_name, is_name_start, number_length};

/// Deeper values are refused, by serde_json too.
const MAX_DEPTH: usize = 127;

/// A value that was read from the start of a text.
#[derive(Debug)]
pub(super) struct Mended {
    /// The value, as JSON.
    pub(super) json: String,
    /// How many bytes of the text it takes.
    pub(super) length: usize,
    /// Whether brackets were added at its end.
    pub(super) is_closed: bool,
}

/// What may come next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    /// A value, or in an empty array its end.
    FirstItem,
    Item,
    /// A name, or in an empty object its end.
    FirstName,
    Name,
    Colon,
    Member,
    /// A comma, or the end of the container.
    Comma,
}

struct Open {
    is_object: bool,
    values: usize,
}

/// Reads an object or array from the start of a text. With `may_close`, brackets
/// that are missing at its end are added where they can only have been there.
pub(super) fn mend_at_start(text: &str, may_close: bool) -> Result<Mended, Unmendable> {
    let mut mender = Mender {
        tokens: Tokens::new(text),
        json: String::new(),
        open: Vec::new(),
        comma: false,
        ambiguous: false,
        whole_token: false,
        had_line_comment: false,
    };
    mender.run(may_close)
}

struct Mender<'a> {
    tokens: Tokens<'a>,
    json: String,
    open: Vec<Open>,
    /// A comma that is written once something follows it.
    comma: bool,
    /// A missing bracket could have stood in more than one place.
    ambiguous: bool,
    /// The last token cannot have gone on.
    whole_token: bool,
    had_line_comment: bool,
}

impl Mender<'_> {
    fn run(&mut self, may_close: bool) -> Result<Mended, Unmendable> {
        let mut next = Next::Item;
        loop {
            let blank = self.tokens.skip_blank()?;
            self.had_line_comment |= blank.line_comment;
            let Some(first) = self.tokens.peek() else {
                return self.end(next, may_close);
            };
            if self.tokens.rest().starts_with("```") {
                return self.end(next, may_close);
            }
            next = match (next, first) {
                (Next::FirstName | Next::Name, '}') | (Next::FirstItem | Next::Item, ']')
                    if !self.open.is_empty() =>
                {
                    self.close(first)?
                }
                (Next::Comma, '}' | ']') => self.close(first)?,
                (Next::FirstItem | Next::Item | Next::Member, _) => self.value(first)?,
                (Next::FirstName | Next::Name, _) => self.name(first)?,
                (Next::Colon, ':' | '\u{ff1a}') => {
                    self.tokens.bump(first);
                    self.json.push(':');
                    self.whole_token = false;
                    Next::Member
                }
                (Next::Colon, _) => return Err(self.tokens.error("a colon is missing")),
                // Between two numbers the wide comma may be a part of one.
                (Next::Comma, ',') | (Next::Comma, '\u{ff0c}')
                    if first == ',' || self.in_object() || self.whole_token =>
                {
                    self.comma = true;
                    self.tokens.bump(first);
                    self.whole_token = false;
                    if self.in_object() {
                        Next::Name
                    } else {
                        Next::Item
                    }
                }
                // Members on lines of their own, without the comma between them.
                (Next::Comma, '"' | '“') if self.in_object() && blank.newline => {
                    self.comma = true;
                    self.ambiguous = true;
                    Next::Name
                }
                (Next::Comma, _) => {
                    return Err(self.tokens.error("a comma or a closing bracket is missing"));
                }
            };
            if self.open.is_empty() {
                return Ok(Mended {
                    json: std::mem::take(&mut self.json),
                    length: self.tokens.position(),
                    is_closed: false,
                });
            }
        }
    }

    fn in_object(&self) -> bool {
        self.open.last().is_some_and(|open| open.is_object)
    }

    /// Writes the comma before a value or a name, if there is one.
    fn separate(&mut self) {
        if std::mem::take(&mut self.comma) {
            self.json.push(',');
        }
    }

    fn value(&mut self, first: char) -> Result<Next, Unmendable> {
        if let Some(open) = self.open.last_mut() {
            open.values += 1;
        }
        self.separate();
        self.whole_token = true;
        match first {
            '{' | '[' => {
                if self.open.len() >= MAX_DEPTH {
                    return Err(self.tokens.error("it is nested too deep"));
                }
                self.tokens.bump(first);
                self.json.push(first);
                let is_object = first == '{';
                self.open.push(Open {
                    is_object,
                    values: 0,
                });
                self.whole_token = false;
                return Ok(if is_object {
                    Next::FirstName
                } else {
                    Next::FirstItem
                });
            }
            '-' | '0'..='9' => {
                let length = number_length(self.tokens.rest())
                    .ok_or_else(|| self.tokens.error("this is no number of JSON"))?;
                self.json.push_str(self.tokens.take(length));
                // More digits could have followed.
                self.whole_token = false;
            }
            _ if Quote::opened_by(first).is_some() => {
                self.tokens.string(&mut self.json, Of::Value)?
            }
            _ if is_name_start(first) => {
                let word = match self.tokens.word() {
                    "true" | "True" => "true",
                    "false" | "False" => "false",
                    "null" | "None" => "null",
                    _ => return Err(self.tokens.error("this is no value of JSON")),
                };
                self.json.push_str(word);
            }
            _ => return Err(self.tokens.error("a value is missing")),
        }
        Ok(Next::Comma)
    }

    fn name(&mut self, first: char) -> Result<Next, Unmendable> {
        self.separate();
        self.whole_token = false;
        if Quote::opened_by(first).is_some() {
            self.tokens.string(&mut self.json, Of::Name)?;
        } else if is_name_start(first) {
            let word = self.tokens.word();
            // Python's None is no name, and what it would become is unclear.
            let is_value = ["true", "false", "null", "True", "False", "None"].contains(&word);
            if is_value || !word.chars().all(is_name) {
                return Err(self.tokens.error("this is no name of a member"));
            }
            self.json.push('"');
            self.json.push_str(word);
            self.json.push('"');
        } else {
            return Err(self.tokens.error("the name of a member is missing"));
        }
        Ok(Next::Colon)
    }

    fn close(&mut self, bracket: char) -> Result<Next, Unmendable> {
        if self.in_object() != (bracket == '}') {
            return Err(self.tokens.error("this bracket closes none that is open"));
        }
        // A comma before it is left out.
        self.comma = false;
        self.tokens.bump(bracket);
        self.pop();
        self.whole_token = true;
        Ok(Next::Comma)
    }

    fn pop(&mut self) {
        let Some(closed) = self.open.pop() else {
            return;
        };
        self.json.push(if closed.is_object { '}' } else { ']' });
        // `{"a":{"b":1,"c":2}`: the missing bracket may have stood before `,"c"`.
        let parent = self.open.last();
        if closed.values > 1 && parent.is_some_and(|open| open.is_object == closed.is_object) {
            self.ambiguous = true;
        }
    }

    fn end(&mut self, next: Next, may_close: bool) -> Result<Mended, Unmendable> {
        let is_whole = next == Next::Comma && self.whole_token;
        while !self.open.is_empty() {
            self.pop();
        }
        if !may_close || !is_whole || self.ambiguous || self.had_line_comment {
            return Err(self.tokens.error("it ends before its last bracket"));
        }
        Ok(Mended {
            json: std::mem::take(&mut self.json),
            length: self.tokens.position(),
            is_closed: true,
        })
    }
}
