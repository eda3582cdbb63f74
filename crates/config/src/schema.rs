//! The form of the file as a JSON schema, for editors and other programs.

use std::net::SocketAddr;
use std::time::Duration;

use chatwire::{ProviderKind, Setting, SettingKind};
use serde_json::{Map, Value as Json, json};

use crate::file::{Address, Count, Item, OrOff, Plain, Reference, Source, Tools, Usage, Value};

/// Returns a [JSON schema](https://json-schema.org/draft/2020-12) of the
/// configuration file, with the settings of the providers that are compiled in.
///
/// What it accepts has the right form. Whether the names of endpoints and models
/// exist, and whether files can be read, only
/// [`Config::gateway`](crate::Config::gateway) says.
pub fn json_schema() -> String {
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "chatwire.toml",
        "description": "The configuration of chatwire: endpoints, aliases, and the gateway",
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "default": leaf::<String>("Endpoint to use when none is named"),
            "http": http("How all endpoints speak HTTP"),
            "endpoints": {
                "description": "Servers by name",
                "type": "object",
                "propertyNames": { "pattern": "^[A-Za-z0-9._-]+$" },
                "additionalProperties": endpoint(),
            },
            "aliases": {
                "description": "Other names of models; of several, the next one is asked when one \
                                fails",
                "type": "object",
                "additionalProperties": list::<Item>("MODEL, ENDPOINT or ENDPOINT/MODEL", 1),
            },
            "gateway": gateway(),
        },
    });
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}

fn http(description: &str) -> Json {
    let headers = json!({
        "description": "Headers to add to every request",
        "type": "object",
        "additionalProperties": Source::schema(),
    });
    table(
        description,
        [
            ("connect_timeout", time_or_off("Time to connect (10s)")),
            (
                "first_byte_timeout",
                time_or_off("Time to the first text (120s)"),
            ),
            ("idle_timeout", time_or_off("Longest silence (60s)")),
            (
                "total_timeout",
                time_or_off("Time for a whole answer (off)"),
            ),
            ("max_event", size_or_off("Largest event (1MiB)")),
            (
                "max_error_body",
                leaf::<usize>("Largest body of an error that is read (16KiB)"),
            ),
            ("max_page", size_or_off("Largest page or script (8MiB)")),
            ("max_reply", size_or_off("Largest answer (64MiB)")),
            (
                "proxy",
                leaf::<OrOff<Source>>("Proxy: an http, https or socks5 address, or off"),
            ),
            (
                "ca_file",
                leaf::<String>("File with certificates in PEM to trust besides the system's"),
            ),
            ("user_agent", leaf::<String>("User-Agent header")),
            ("headers", headers),
        ],
    )
}

fn endpoint() -> Json {
    let kinds = chatwire::providers();
    let names: Vec<&str> = kinds.iter().flat_map(names).collect();
    let mut schema = table(
        "A server",
        [
            (
                "provider",
                json!({ "description": "Kind of the server", "enum": names }),
            ),
            ("base_url", leaf::<Address>("Address of the server")),
            (
                "tools",
                leaf::<Tools>(
                    "`emulate`: in `chatwire serve`, its models can call tools although the \
                     server has none, which can take several questions for each answer (off). \
                     Structured output, and a call that the request forces, need no setting",
                ),
            ),
            (
                "options",
                json!({
                    "description": "Settings of the provider",
                    "type": "object",
                    "additionalProperties": Plain::schema(),
                }),
            ),
            (
                "http",
                http("How this endpoint speaks HTTP; what is not set is that of [http]"),
            ),
        ],
    );
    if let Some(schema) = schema.as_object_mut() {
        schema.insert("required".to_owned(), json!(["provider"]));
        let options: Vec<Json> = kinds.iter().map(options).collect();
        if !options.is_empty() {
            schema.insert("allOf".to_owned(), options.into());
        }
    }
    schema
}

/// The name of a kind of provider, and its aliases.
fn names(kind: &ProviderKind) -> impl Iterator<Item = &'static str> {
    std::iter::once(kind.name).chain(kind.aliases.iter().copied())
}

/// What the options of a kind of provider are.
fn options(kind: &ProviderKind) -> Json {
    let settings = kind.settings.iter().chain(kind.request_options);
    let options: Map<String, Json> = settings
        .map(|setting| (setting.name.to_owned(), option(setting)))
        .collect();
    json!({
        "if": {
            "properties": { "provider": { "enum": names(kind).collect::<Vec<_>>() } },
            "required": ["provider"],
        },
        "then": {
            "properties": {
                "options": { "properties": options, "additionalProperties": false },
            },
        },
    })
}

/// A setting: its value as it is or as a text, or where it stands.
fn option(setting: &Setting) -> Json {
    let text = || json!({ "type": "string" });
    let value = match setting.kind {
        SettingKind::Boolean => json!([
            { "type": "boolean" },
            { "type": "string", "pattern": r"^\s*(true|false)\s*$" },
        ]),
        SettingKind::Integer => json!([
            { "type": "integer", "minimum": 0, "maximum": u32::MAX },
            { "type": "string", "pattern": r"^\s*[0-9]{1,10}\s*$" },
        ]),
        _ => json!([text(), { "type": ["number", "boolean"] }]),
    };
    let mut forms = value.as_array().cloned().unwrap_or_default();
    forms.push(Reference::schema());
    json!({ "description": setting.help, "anyOf": forms })
}

fn gateway() -> Json {
    table(
        "What `chatwire serve` does",
        [
            (
                "listen",
                leaf::<SocketAddr>("Address to listen on (127.0.0.1:1337)"),
            ),
            (
                "page",
                leaf::<bool>("Give browsers a page to chat on (true)"),
            ),
            (
                "prompts",
                leaf::<String>(
                    "Folder with instructions for models that answer in a form or call tools in \
                     words, in place of those of the program",
                ),
            ),
            (
                "strict",
                leaf::<bool>("Refuse parameters that have no effect (false)"),
            ),
            (
                "usage",
                leaf::<Usage>("Whether tokens are estimated that a server does not count"),
            ),
            (
                "retries",
                leaf::<Count<0, 20>>("Repetitions of a failed attempt (0)"),
            ),
            (
                "retry_delay",
                time("Wait before the first repetition (500ms)"),
            ),
            ("keep_alive", time("Longest silence in a stream (9s)")),
            ("grace", time("Time for running replies after a stop (20s)")),
            (
                "allowed_hosts",
                list::<Item>(
                    "Names in the Host header, beside localhost and addresses",
                    0,
                ),
            ),
            (
                "allowed_origins",
                list::<Item>("Origins of web pages, such as https://app.example", 0),
            ),
            (
                "api_keys",
                list::<Reference>("Where the API keys stand, one in each line", 0),
            ),
            ("limits", limits()),
        ],
    )
}

fn limits() -> Json {
    let number = leaf::<Count<1, 1_000_000>>;
    table(
        "What clients may use",
        [
            ("body", leaf::<usize>("Largest body of a request (4MiB)")),
            ("header", leaf::<usize>("Largest head of a request (32KiB)")),
            ("header_read", time("Time for a head (10s)")),
            ("body_read", time("Time for a body (30s)")),
            (
                "idle",
                time("Time without a request, or without reading (75s)"),
            ),
            ("linger", time("Reading on after a refusal (2s)")),
            ("connections", number("Open connections (1024)")),
            ("requests", number("Requests being answered (640)")),
            (
                "buffered",
                leaf::<usize>("Bytes of requests and replies that wait (256MiB)"),
            ),
            (
                "unauthenticated",
                time("Time for a head, or without one, until a valid key was seen (5s)"),
            ),
            (
                "unauthenticated_connections",
                number("Connections of one address without a valid key (64)"),
            ),
            (
                "wrong_key_delay",
                time("Wait before a wrong key is refused (1s)"),
            ),
        ],
    )
}

fn table<const N: usize>(description: &str, properties: [(&str, Json); N]) -> Json {
    let properties: Map<String, Json> = properties
        .into_iter()
        .map(|(name, schema)| (name.to_owned(), schema))
        .collect();
    json!({
        "description": description,
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
    })
}

fn time(description: &str) -> Json {
    leaf::<Duration>(description)
}

fn time_or_off(description: &str) -> Json {
    leaf::<OrOff<Duration>>(description)
}

fn size_or_off(description: &str) -> Json {
    leaf::<OrOff<usize>>(description)
}

fn leaf<T: Value>(description: &str) -> Json {
    described(T::schema(), description)
}

/// One value, or a list of at least so many.
fn list<T: Value>(description: &str, least: usize) -> Json {
    let list = json!({ "type": "array", "items": T::schema(), "minItems": least });
    described(json!({ "anyOf": [T::schema(), list] }), description)
}

fn described(mut schema: Json, description: &str) -> Json {
    if let Some(schema) = schema.as_object_mut() {
        schema.insert("description".to_owned(), description.into());
    }
    schema
}
