//! JSON values as PHP takes them.

use serde_json::Value;

/// What PHP does not call empty.
pub(crate) fn is_truthy(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty() && text != "0",
        Value::Array(items) => !items.is_empty(),
        Value::Bool(true) | Value::Object(_) => true,
    }
}

/// A number, also one that is written as text.
pub(crate) fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// A text, also one that is a number; `None` for what PHP refuses to take for one.
pub(crate) fn text(value: Option<&Value>) -> Option<String> {
    match value {
        None | Some(Value::Null | Value::Bool(false)) => Some(String::new()),
        Some(Value::Bool(true)) => Some("1".to_owned()),
        Some(Value::Number(number)) => Some(number.to_string()),
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Array(_) | Value::Object(_)) => None,
    }
}

/// A text without what PHP's `trim` takes off its ends.
pub(crate) fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\n', '\r', '\0', '\x0b'])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn truth() {
        for (value, truth) in [
            (json!(null), false),
            (json!(0), false),
            (json!(0.0), false),
            (json!("0"), false),
            (json!(""), false),
            (json!([]), false),
            (json!("0.0"), true),
            (json!(-1), true),
            (json!({}), true),
            (json!(true), true),
        ] {
            assert_eq!(super::is_truthy(&value), truth, "{value}");
        }
    }

    #[test]
    fn trimming() {
        assert_eq!(super::trim("\u{a0}a \n\0\x0b"), "\u{a0}a");
    }
}
