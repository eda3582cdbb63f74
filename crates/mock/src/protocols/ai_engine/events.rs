//! The plugin's events, as they stand on the wire.

use serde_json::{Value, json};

use super::php_json;
use super::version::PluginVersion;
use crate::server::Pacing;

/// What a guest reads instead of an error of the model, from 3.6.3 on. The real plugin has
/// another, equally general sentence.
pub(crate) const MASKED: &str = "Sorry, something went wrong. Please try again later.";

/// What the site adds to a reply.
#[derive(Clone, Debug, Default)]
pub(crate) struct Context {
    pub(crate) version: PluginVersion,
    /// The fresh nonce, where the request's was ageing.
    pub(crate) new_token: Option<String>,
    pub(crate) response_id: Option<&'static str>,
    /// Whether faults of the model are masked for this visitor.
    pub(crate) masks_faults: bool,
    pub(crate) shortcuts: Option<Value>,
    pub(crate) pacing: Pacing,
}

/// The payload of the final event.
#[derive(Clone, Debug)]
pub(crate) enum End {
    Reply(String),
    Json(Value),
}

/// What a reply's final event carries besides.
#[derive(Clone, Debug, Default)]
pub(crate) struct Extras {
    pub(crate) images: Option<Value>,
    pub(crate) actions: Option<Value>,
    pub(crate) shortcuts: Option<Value>,
    pub(crate) blocks: Option<Value>,
    pub(crate) approval: Option<Value>,
    pub(crate) resets_response_id: bool,
    pub(crate) accuracy: Option<String>,
}

impl End {
    pub(crate) fn payload(&self, extras: &Extras, context: &Context) -> String {
        let token = context.new_token.as_deref();
        match self {
            Self::Json(Value::Object(fields)) => {
                let mut fields = fields.clone();
                if let Some(token) = token {
                    fields.insert("new_token".to_owned(), json!(token));
                }
                php_json::encode(&Value::Object(fields))
            }
            Self::Json(other) => php_json::encode(other),
            Self::Reply(reply) => {
                let mut payload = String::from("{\"success\":true");
                for (name, value) in fields(reply, extras, context) {
                    payload.push_str(&format!(",\"{name}\":{}", php_json::encode(&value)));
                }
                payload.push('}');
                payload
            }
        }
    }
}

/// The fields of a payload in the plugin's order.
fn fields(reply: &str, extras: &Extras, context: &Context) -> Vec<(&'static str, Value)> {
    let version = context.version;
    let given = |value: &Option<Value>, default: Value| value.clone().unwrap_or(default);
    let mut fields = vec![
        ("reply", json!(reply)),
        ("images", given(&extras.images, Value::Null)),
    ];
    if version.has_actions() {
        let shortcuts = extras.shortcuts.as_ref().or(context.shortcuts.as_ref());
        fields.push(("actions", given(&extras.actions, json!([]))));
        fields.push(("shortcuts", shortcuts.cloned().unwrap_or(json!([]))));
        fields.push(("blocks", given(&extras.blocks, json!([]))));
    }
    fields.push(("usage", usage(reply, extras, version)));
    if let Some(id) = context.response_id {
        fields.push(("responseId", json!(id)));
    }
    if version.marks_limits() {
        if let Some(approval) = &extras.approval {
            fields.push(("approval", approval.clone()));
        }
        if extras.resets_response_id {
            fields.push(("resetResponseId", json!(true)));
        }
    }
    if let Some(token) = &context.new_token {
        fields.push(("new_token", json!(token)));
    }
    fields
}

fn usage(reply: &str, extras: &Extras, version: PluginVersion) -> Value {
    let words = reply.split_whitespace().count();
    let mut usage = json!({
        "prompt_tokens": 40, "completion_tokens": words, "total_tokens": 40 + words,
    });
    if let (Value::Object(usage), true) = (&mut usage, version.has_full_usage()) {
        let accuracy = extras.accuracy.as_deref().unwrap_or("tokens");
        usage.insert("price".to_owned(), Value::Null);
        usage.insert("queries".to_owned(), json!(1));
        usage.insert("accuracy".to_owned(), json!(accuracy));
    }
    usage
}

pub(crate) fn end(payload: &str) -> String {
    let payload = php_json::string(payload);
    format!("data: {{\"type\":\"end\",\"data\":{payload}}}\n\n")
}

pub(crate) fn live(text: &str, subtype: Option<&str>) -> String {
    let text = php_json::string(text);
    match subtype {
        None => format!("data: {{\"type\":\"live\",\"data\":{text}}}\n\n"),
        Some(subtype) => format!(
            "data: {{\"type\":\"live\",\"data\":{text},\"timestamp\":1795189753.134221,\"subtype\":{},\"visibility\":\"collapsed\"}}\n\n",
            php_json::string(subtype)
        ),
    }
}

pub(crate) fn error(message: &str, is_over_limit: bool) -> String {
    let mark = if is_over_limit {
        ",\"overLimit\":true"
    } else {
        ""
    };
    format!(
        "data: {{\"type\":\"error\",\"data\":{}{mark}}}\n\n",
        php_json::string(message)
    )
}
