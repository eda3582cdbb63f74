//! JSON as PHP's `json_encode` writes it: ASCII only, with slashes escaped.

use serde_json::Value;

/// Text as a JSON string.
pub(crate) fn string(text: &str) -> String {
    use std::fmt::Write;
    let mut json = String::with_capacity(text.len() + 2);
    json.push('"');
    for c in text.chars() {
        match c {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '/' => json.push_str("\\/"),
            '\u{8}' => json.push_str("\\b"),
            '\u{c}' => json.push_str("\\f"),
            '\n' => json.push_str("\\n"),
            '\r' => json.push_str("\\r"),
            '\t' => json.push_str("\\t"),
            ' '..='\u{7f}' => json.push(c),
            _ => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    // Writing to a `String` cannot fail.
                    let _ = write!(json, "\\u{unit:04x}");
                }
            }
        }
    }
    json.push('"');
    json
}

/// Any value.
pub(crate) fn encode(value: &Value) -> String {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::String(text) => string(text),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(encode).collect();
            format!("[{}]", items.join(","))
        }
        Value::Object(fields) => {
            let fields: Vec<String> = fields
                .iter()
                .map(|(key, value)| format!("{}:{}", string(key), encode(value)))
                .collect();
            format!("{{{}}}", fields.join(","))
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn as_php_does() {
        for (text, json) in [
            ("a/b", r#""a\/b""#),
            ("é\n\u{1}", r#""\u00e9\n\u0001""#),
            ("😀", r#""\ud83d\ude00""#),
            ("\u{2028}\u{7f}", "\"\\u2028\u{7f}\""),
        ] {
            assert_eq!(super::string(text), json);
        }
        let value = serde_json::json!({"a": [1, null, "é/"], "b": {}});
        assert_eq!(super::encode(&value), r#"{"a":[1,null,"\u00e9\/"],"b":{}}"#);
    }
}
