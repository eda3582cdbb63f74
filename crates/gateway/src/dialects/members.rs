use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::error::ApiError;

/// How many members an object may have. Every one is looked at several times.
const MAX_MEMBERS: usize = 256;

/// How many elements an array may have.
const MAX_ELEMENTS: usize = 100_000;

/// The members of a JSON object of a request, each still as text.
///
/// A dialect takes out those that it knows. A value of the wrong kind is an
/// error that names the member and says what it should be, in the words of
/// JSON. Nothing is built of what nobody asks for, so that a body takes little
/// more memory than its own size.
#[derive(Debug, Default)]
pub(crate) struct Members<'a> {
    /// Where the object stands, for example `messages[2]`; empty for the body.
    path: String,
    members: Vec<(String, &'a RawValue)>,
}

/// A value of a request, still as text.
#[derive(Debug, Clone)]
pub(crate) struct JsonValue<'a> {
    path: String,
    raw: &'a RawValue,
}

impl<'a> Members<'a> {
    /// Reads the body of a request, which must be one object.
    pub(crate) fn parse(body: &'a [u8]) -> Result<Members<'a>, ApiError> {
        let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
        let text = std::str::from_utf8(body)
            .map_err(|_| ApiError::invalid_json("the body is not valid UTF-8"))?;
        let raw: &RawValue = serde_json::from_str(text).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            ApiError::invalid_json(if text.trim().is_empty() {
                "the body is empty, where a JSON object is expected".to_owned()
            } else if error.is_eof() {
                "the body ends in the middle of its JSON".to_owned()
            } else {
                format!("the body is not valid JSON: see line {line}, column {column}")
            })
        })?;
        let body = JsonValue {
            path: String::new(),
            raw,
        };
        match body.kind() {
            "an object" => body.object(),
            kind => Err(ApiError::invalid_json(format!(
                "the body must be a JSON object, not {kind}"
            ))),
        }
    }

    /// Takes a member out. Returns `None` if it is not there, or `null`.
    pub(crate) fn take(&mut self, name: &str) -> Option<JsonValue<'a>> {
        let mut found = None;
        self.members.retain(|(member, raw)| {
            let is_it = member == name;
            if is_it {
                found = Some(*raw);
            }
            !is_it
        });
        let raw = found.filter(|raw| raw.get() != "null")?;
        Some(JsonValue {
            path: self.path_of(name),
            raw,
        })
    }

    /// Takes out a member that must be there.
    pub(crate) fn require(&mut self, name: &str) -> Result<JsonValue<'a>, ApiError> {
        self.take(name).ok_or_else(|| {
            let path = self.path_of(name);
            ApiError::invalid(path.clone(), format!("{path} is missing"))
        })
    }

    /// Takes a member out and reads it, if it is there.
    pub(crate) fn read<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(JsonValue<'a>) -> Result<T, ApiError>,
    ) -> Result<Option<T>, ApiError> {
        self.take(name).map(read).transpose()
    }

    /// The members that were not taken out, in their order.
    pub(crate) fn rest(self) -> impl Iterator<Item = (String, &'a RawValue)> {
        self.members.into_iter()
    }

    fn path_of(&self, name: &str) -> String {
        match self.path.as_str() {
            "" => name.to_owned(),
            path => format!("{path}.{name}"),
        }
    }
}

impl<'a> JsonValue<'a> {
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// The value as it stands in the body.
    pub(crate) fn json(&self) -> &'a str {
        self.raw.get()
    }

    /// The kind of value, with its article.
    pub(crate) fn kind(&self) -> &'static str {
        match self.raw.get().as_bytes().first() {
            Some(b'{') => "an object",
            Some(b'[') => "an array",
            Some(b'"') => "a string",
            Some(b't' | b'f') => "a boolean",
            Some(b'n') => "null",
            _ => "a number",
        }
    }

    pub(crate) fn is_string(&self) -> bool {
        self.kind() == "a string"
    }

    pub(crate) fn string(&self) -> Result<String, ApiError> {
        if !self.is_string() {
            return Err(self.expected("a string"));
        }
        // Half a surrogate pair is all that can be wrong here.
        serde_json::from_str(self.raw.get())
            .map_err(|_| self.invalid("has an escape that is not a character"))
    }

    pub(crate) fn boolean(&self) -> Result<bool, ApiError> {
        match self.raw.get() {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(self.expected("true or false")),
        }
    }

    pub(crate) fn number(&self) -> Result<f64, ApiError> {
        let number = (self.kind() == "a number").then(|| self.raw.get().parse().ok());
        number.flatten().ok_or_else(|| self.expected("a number"))
    }

    /// A number of things. Some clients write it as `4096.0`.
    pub(crate) fn count(&self) -> Result<u32, ApiError> {
        let number = self.number()?;
        if number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&number) {
            Ok(number as u32)
        } else {
            Err(self.invalid("must be a whole number that is not negative"))
        }
    }

    /// A limit, of which some clients say with -1 that there is none.
    pub(crate) fn limit(&self) -> Result<Option<u32>, ApiError> {
        if self.number()? == -1.0 {
            return Ok(None);
        }
        self.count().map(Some)
    }

    pub(crate) fn array(&self) -> Result<Vec<JsonValue<'a>>, ApiError> {
        if self.kind() != "an array" {
            return Err(self.expected("an array"));
        }
        let elements: Elements<'a> = serde_json::from_str(self.raw.get())
            .map_err(|_| self.invalid(&format!("has more than {MAX_ELEMENTS} elements")))?;
        let elements = elements.0.into_iter().enumerate();
        let value = |(index, raw)| JsonValue {
            path: format!("{}[{index}]", self.path),
            raw,
        };
        Ok(elements.map(value).collect())
    }

    pub(crate) fn object(&self) -> Result<Members<'a>, ApiError> {
        if self.kind() != "an object" {
            return Err(self.expected("an object"));
        }
        let members: MemberList<'a> = serde_json::from_str(self.raw.get())
            .map_err(|_| self.invalid(&format!("has more than {MAX_MEMBERS} members")))?;
        Ok(Members {
            path: self.path.clone(),
            members: members.0,
        })
    }

    /// A string, or an array of them.
    pub(crate) fn strings(&self) -> Result<Vec<String>, ApiError> {
        match self.kind() {
            "a string" => Ok(vec![self.string()?]),
            "an array" => self.array()?.iter().map(JsonValue::string).collect(),
            _ => Err(self.expected("a string or an array of strings")),
        }
    }

    /// The error for a value of another kind than this.
    pub(crate) fn expected(&self, what: &str) -> ApiError {
        self.invalid(&format!("must be {what}, not {}", self.kind()))
    }

    /// The error for a value that is wrong in this way.
    pub(crate) fn invalid(&self, why: &str) -> ApiError {
        let subject = match self.path.as_str() {
            "" => "the body",
            path => path,
        };
        ApiError::invalid(self.path.clone(), format!("{subject} {why}"))
    }
}

struct MemberList<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for MemberList<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;

        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = Vec<(String, &'de RawValue)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    if members.len() == MAX_MEMBERS {
                        return Err(de::Error::custom("too many"));
                    }
                    members.push(member);
                }
                Ok(members)
            }
        }

        deserializer.deserialize_map(MembersVisitor).map(MemberList)
    }
}

struct Elements<'a>(Vec<&'a RawValue>);

impl<'de: 'a, 'a> Deserialize<'de> for Elements<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ElementsVisitor;

        impl<'de> Visitor<'de> for ElementsVisitor {
            type Value = Vec<&'de RawValue>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut elements = Vec::new();
                while let Some(element) = seq.next_element()? {
                    if elements.len() == MAX_ELEMENTS {
                        return Err(de::Error::custom("too many"));
                    }
                    elements.push(element);
                }
                Ok(elements)
            }
        }

        deserializer.deserialize_seq(ElementsVisitor).map(Elements)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(result: Result<impl fmt::Debug, ApiError>) -> String {
        result.unwrap_err().message
    }

    #[test]
    fn bodies_that_are_not_one_object() {
        for (body, words) in [
            (
                &b""[..],
                "the body is empty, where a JSON object is expected",
            ),
            (b" \n", "the body is empty, where a JSON object is expected"),
            (b"{\"a\":", "the body ends in the middle of its JSON"),
            (
                b"{\n \"a\" 1}",
                "the body is not valid JSON: see line 2, column 6",
            ),
            (b"{} {}", "the body is not valid JSON: see line 1, column 4"),
            (b"\xff{}", "the body is not valid UTF-8"),
            (b"[]", "the body must be a JSON object, not an array"),
            (b"\"{}\"", "the body must be a JSON object, not a string"),
            (b"null", "the body must be a JSON object, not null"),
        ] {
            assert_eq!(message(Members::parse(body)), words);
        }
        assert!(Members::parse(b"\xef\xbb\xbf{\"a\":1}").is_ok());
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(Members::parse(deep.as_bytes()).is_ok());
    }

    #[test]
    fn values_and_what_they_must_be() {
        let body = br#"{"s":"\u00e9","n":4096.0,"f":0.5,"m":-1,"b":true,"l":["x",1],"o":{"k":[]},
                        "null":null,"half":"\ud800","s":"last"}"#;
        let mut members = Members::parse(body).unwrap();
        assert_eq!(members.require("s").unwrap().string().unwrap(), "last");
        assert!(members.take("null").is_none() && members.take("none").is_none());
        let n = members.take("n").unwrap();
        assert_eq!((n.count().unwrap(), n.limit().unwrap()), (4096, Some(4096)));
        let m = members.take("m").unwrap();
        assert_eq!(m.limit().unwrap(), None);
        let f = members.take("f").unwrap();
        let l = members.take("l").unwrap();
        let b = members.take("b").unwrap();
        let mut o = members.take("o").unwrap().object().unwrap();
        assert!(b.boolean().unwrap());
        for (error, words) in [
            (
                message(m.count()),
                "m must be a whole number that is not negative",
            ),
            (
                message(f.count()),
                "f must be a whole number that is not negative",
            ),
            (message(n.string()), "n must be a string, not a number"),
            (message(b.number()), "b must be a number, not a boolean"),
            (message(l.strings()), "l[1] must be a string, not a number"),
            (message(l.object()), "l must be an object, not an array"),
            (
                message(f.boolean()),
                "f must be true or false, not a number",
            ),
            (message(b.array()), "b must be an array, not a boolean"),
            (message(o.require("x")), "o.x is missing"),
            (
                message(o.require("k").unwrap().number()),
                "o.k must be a number, not an array",
            ),
            (
                message(members.require("half").unwrap().string()),
                "half has an escape that is not a character",
            ),
        ] {
            assert_eq!(error, words);
        }
    }

    #[test]
    fn counts_are_bounded() {
        let many: String = (0..300).map(|i| format!("\"m{i}\":0,")).collect();
        let body = format!("{{{many}\"last\":0}}");
        let words = "the body has more than 256 members";
        assert_eq!(message(Members::parse(body.as_bytes())), words);
        let body = format!("{{\"l\":[{}0]}}", "0,".repeat(100_000));
        let list = Members::parse(body.as_bytes()).unwrap().take("l").unwrap();
        assert_eq!(message(list.array()), "l has more than 100000 elements");
    }
}
