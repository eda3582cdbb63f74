//! What a request says to the model.

use serde_json::Value;

use crate::server::RecordedRequest;

/// Returns all texts in the body of a question, in their order, each on lines of
/// its own. It is the same for every protocol, and has the model's name too,
/// where the protocol sends it.
pub(super) fn prompt(request: &RecordedRequest) -> String {
    let mut prompt = String::new();
    match request.json() {
        Ok(body) => add(&body, &mut prompt),
        Err(_) => prompt = request.text(),
    }
    prompt
}

fn add(value: &Value, prompt: &mut String) {
    match value {
        Value::String(text) => {
            prompt.push_str(text);
            prompt.push('\n');
        }
        Value::Array(values) => values.iter().for_each(|value| add(value, prompt)),
        Value::Object(members) => members.values().for_each(|value| add(value, prompt)),
        _ => {}
    }
}
