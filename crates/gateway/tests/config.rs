//! The configuration file.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

#[allow(dead_code, unreachable_pub, reason = "this file uses a part")]
#[path = "all/support.rs"]
mod support;

use std::sync::Arc;

use chatwire_core::{Error, ErrorKind, Provider};
use chatwire_gateway::config::{Config, EndpointConfig};
use serde_json::json;
use support::*;

/// The mistakes as `line:column key: message`.
fn mistakes(text: &str) -> Vec<String> {
    let Err(errors) = Config::parse(text) else {
        return Vec::new();
    };
    errors
        .iter()
        .map(|error| {
            format!(
                "{}:{} {}: {}",
                error.line.unwrap_or(0),
                error.column.unwrap_or(0),
                error.key,
                error.message
            )
        })
        .collect()
}

#[test]
fn every_mistake_has_its_line_key_and_what_was_expected() {
    for (text, expected) in [
        (
            "[endpoints.a]\n",
            "1:1 endpoints.a.provider: missing: expected a text",
        ),
        (
            "[endpoints.a]\nprovider = 5\n",
            "2:12 endpoints.a.provider: expected a text, found an integer",
        ),
        (
            "[endpoints.a]\nprovider = \"aura\"\nbase = \"x\"\n",
            "3:1 endpoints.a.base: unknown key; expected one of: base_url, http, options, provider",
        ),
        (
            "[endpoints.\"a/b\"]\nprovider = \"aura\"\n",
            "1:1 endpoints.\"a/b\": expected a name of letters, digits, `-`, `_` and `.`",
        ),
        (
            "default = \"b\"\n[endpoints.a]\nprovider = \"aura\"\n",
            "1:11 default: expected the name of an endpoint (a), found \"b\"",
        ),
        (
            "endpoints = 3\n",
            "1:13 endpoints: expected a table, found an integer",
        ),
        (
            "surprise = 1\n",
            "1:1 surprise: unknown key; expected one of: aliases, default, endpoints, gateway, http",
        ),
        (
            "[http]\nidle_timeout = \"soon\"\n",
            "2:16 http.idle_timeout: expected a time such as \"10s\" or \"500ms\", or a number of \
             seconds, or \"off\", found \"soon\"",
        ),
        (
            "[http]\nmax_reply = [1]\n",
            "2:13 http.max_reply: expected a size such as \"4MiB\", or a number of bytes, or \
             \"off\", found a list",
        ),
        (
            "[gateway]\nretries = -1\n",
            "2:11 gateway.retries: expected a whole number from 0 to 20, found -1",
        ),
        (
            "[gateway]\nstrict = \"yes\"\n",
            "2:10 gateway.strict: expected true or false, found \"yes\"",
        ),
        (
            "[gateway]\nlisten = \"nowhere\"\n",
            "2:10 gateway.listen: expected an address with a port such as \"127.0.0.1:1337\", \
             found \"nowhere\"",
        ),
        (
            "[gateway.limits]\nbodies = 1\n",
            "2:1 gateway.limits.bodies: unknown key; expected one of: body, body_read, \
             connections, header, header_read, idle, linger, requests",
        ),
        (
            "[aliases]\nbest = []\n",
            "2:8 aliases.best: expected a text or a list of texts, found an empty list",
        ),
        (
            "[aliases]\nbest = [\"a/m\"]\n",
            "2:9 aliases.best: there is no endpoint \"a\"",
        ),
    ] {
        assert_eq!(mistakes(text), [expected], "{text}");
    }
}

#[test]
fn keys_do_not_stand_in_the_file_and_are_not_shown() {
    for text in [
        "[gateway]\napi_keys = \"sk-very-secret\"\n",
        "[gateway]\napi_keys = [\"sk-very-secret\"]\n",
        "[gateway]\napi_keys = [{ key = \"sk-very-secret\" }]\n",
        "[endpoints.a]\nprovider = \"aura\"\noptions = { key = [\"sk-very-secret\"] }\n",
        "[http]\nproxy = { url = \"sk-very-secret\" }\n",
    ] {
        let mistakes = mistakes(text);
        assert_eq!(mistakes.len(), 1, "{mistakes:?}");
        assert!(mistakes[0].contains("{ env = \"NAME\" }"), "{mistakes:?}");
        assert!(!mistakes[0].contains("sk-very"), "{mistakes:?}");
    }
    let text = "[endpoints.a]\nprovider = \"aura\"\noptions.key = \"sk-very-secret\"\n\
                http.headers = { cookie = \"sk-very-secret\" }\n";
    let config = Config::parse(text).unwrap();
    assert!(!format!("{config:?}").contains("sk-very"));
    let endpoint = config.endpoint("a").unwrap().unwrap();
    assert!(!format!("{endpoint:?}").contains("sk-very"));
    assert_eq!(endpoint.options[0].1.expose(), "sk-very-secret");
}

#[test]
fn all_mistakes_are_told_at_once() {
    let text = "default = \"nobody\"\n\
                [endpoints.a]\n\
                provider = \"aura\"\n\
                base_ulr = \"http://x\"\n\
                [gateway]\n\
                listen = 80\n\
                strict = 1\n\
                limits = { body = \"big\" }\n";
    let lines: Vec<String> = mistakes(text)
        .iter()
        .map(|m| m.split(':').next().unwrap().to_owned())
        .collect();
    assert_eq!(lines, ["1", "4", "6", "7", "8"]);
}

#[test]
fn mistakes_of_toml_have_their_line() {
    for (text, line) in [
        ("a = 1\nb = \n", "2:"),
        ("[x\n", "1:"),
        ("a = 1\na = 2\n", "2:"),
    ] {
        let mistakes = mistakes(text);
        assert!(mistakes[0].starts_with(line), "{mistakes:?}");
    }
}

const WHOLE: &str = r#"
default = "home"

[http]
idle_timeout = 30
total_timeout = "off"
max_reply = "1MiB"
user_agent = "me"
headers = { x-team = "search", cookie = "of all" }

[endpoints.home]
provider = "aura"
base_url = "http://127.0.0.1:3000"
options = { token_limit = 0x1000, any_model = true, model = "m" }
http = { idle_timeout = "5s", headers = { Cookie = "of home" } }

[endpoints.work]
provider = "chatgpt4online"

[aliases]
gpt-4o = "home/m"
best = ["home", "work"]

[gateway]
listen = "localhost:8080"
strict = true
retries = 0
retry_delay = "10ms"
keep_alive = "5s"
grace = "1m"
allowed_hosts = ["chat.example"]
allowed_origins = "https://app.example"

[gateway.limits]
body = "1MiB"
header = 16384
header_read = "5s"
body_read = 6.5
idle = "1m"
linger = "1s"
connections = 10
requests = 5
"#;

#[tokio::test]
async fn a_whole_file_makes_a_gateway() {
    let config = Config::parse(WHOLE).unwrap();
    assert_eq!(config.default_endpoint(), Some("home"));
    assert_eq!(
        config.endpoint_names().collect::<Vec<_>>(),
        ["home", "work"]
    );
    assert_eq!(config.listen().to_string(), "127.0.0.1:8080");
    assert!(config.endpoint("none").unwrap().is_none());
    let home = config.endpoint("home").unwrap().unwrap();
    assert_eq!(home.base_url.as_deref(), Some("http://127.0.0.1:3000"));
    let mut options: Vec<(&str, &str)> = home
        .options
        .iter()
        .map(|(name, value)| (name.as_str(), value.expose()))
        .collect();
    options.sort_unstable();
    assert_eq!(
        options,
        [
            ("any_model", "true"),
            ("model", "m"),
            ("token_limit", "4096")
        ]
    );
    let http = format!("{:?}", home.http);
    for words in [
        "idle_timeout: Some(5s)",
        "total_timeout: None",
        "max_reply: Some(1048576)",
        "x-team",
    ] {
        assert!(http.contains(words), "{words} in {http}");
    }
    assert_eq!(http.to_lowercase().matches("cookie").count(), 1, "{http}");

    let mut made = Vec::new();
    let gateway = config
        .gateway(|endpoint: EndpointConfig| {
            made.push((endpoint.name, endpoint.provider));
            Ok(tells(&["a"]) as Arc<dyn Provider>)
        })
        .unwrap();
    assert_eq!(made.len(), 2);
    let server = start(gateway).await;
    let answer = server
        .ask(&with(question(), json!({"model": "best"})))
        .await;
    assert_eq!(answer.json()["model"], "home/m");
    let strict = server.ask(&with(question(), json!({"top_p": 0.5}))).await;
    strict.assert_error(400, "invalid_request");
    let large = with(question(), json!({"model": "x".repeat(1 << 20)}));
    server.ask(&large).await.assert_error(413, "body_too_large");
}

#[test]
fn what_is_wrong_when_a_gateway_is_made() {
    let ok = "[endpoints.a]\nprovider = \"aura\"\n";
    for (more, expected) in [
        (
            "[gateway]\nlisten = \"0.0.0.0:1337\"\n",
            "line 4, column 10: gateway.listen: 0.0.0.0:1337 can be reached by others: expected \
             gateway.api_keys too, or a loopback address such as 127.0.0.1",
        ),
        (
            "[gateway]\napi_keys = { env = \"CHATWIRE_TEST_NO_SUCH\" }\n",
            "line 4, column 12: gateway.api_keys: the environment variable CHATWIRE_TEST_NO_SUCH \
             is not set, or is not text",
        ),
        (
            "[gateway]\nallowed_hosts = [\"a\", \"b:1\"]\n",
            "line 4, column 23: gateway.allowed_hosts: \"b:1\" is not the name of a host, such as \
             chat.example (without a port)",
        ),
        (
            "[gateway]\nallowed_origins = \"*\"\n",
            "line 4, column 19: gateway.allowed_origins: \"*\" is not an origin, such as \
             https://app.example or http://localhost:3000 (without a path)",
        ),
        (
            "[aliases]\nx = [\"a/m\", \"a/none\"]\n",
            "line 4, column 13: aliases.x: there is no model \"a/none\" here; GET /v1/models lists \
             them",
        ),
        (
            "[http]\nproxy = { file = \"/no/such/file\" }\n",
            "line 4, column 9: http.proxy: the file /no/such/file cannot be read: No such file or \
             directory (os error 2)",
        ),
    ] {
        let config = Config::parse(&format!("{ok}{more}")).unwrap();
        let errors = config
            .gateway(|_| Ok(tells(&["a"]) as Arc<dyn Provider>))
            .unwrap_err();
        assert_eq!(errors.to_string(), expected);
    }
    let config = Config::parse(ok).unwrap();
    let errors = config
        .gateway(|_| {
            Err(Error::new(
                ErrorKind::InvalidRequest,
                "no provider \"aura\"",
            ))
        })
        .unwrap_err();
    assert_eq!(
        errors.to_string(),
        "line 2, column 12: endpoints.a.provider: no provider \"aura\""
    );
    let none = Config::parse("").unwrap();
    let errors = none
        .gateway(|_| Ok(tells(&["a"]) as Arc<dyn Provider>))
        .unwrap_err();
    assert_eq!(
        errors.to_string(),
        "endpoints: expected at least one [endpoints.NAME]"
    );
}

#[tokio::test]
async fn keys_come_from_a_file() {
    let path = std::env::temp_dir().join(format!("chatwire-keys-{}", std::process::id()));
    std::fs::write(&path, "# ours\nfirst-key\n\n  other-key  \n").unwrap();
    let text = format!(
        "[endpoints.a]\nprovider = \"aura\"\n[gateway]\napi_keys = {{ file = {path:?} }}\nretries = 0\n"
    );
    let config = Config::parse(&text).unwrap();
    let gateway = config
        .gateway(|_| Ok(tells(&["a"]) as Arc<dyn Provider>))
        .unwrap();
    std::fs::remove_file(&path).unwrap();
    let server = start(gateway).await;
    let body = with(question(), json!({"model": "a"})).to_string();
    for (key, status) in [("first-key", 200), ("other-key", 200), ("# ours", 401)] {
        let headers = format!("authorization: Bearer {key}\r\n");
        assert_eq!(
            server.send(&post(&body, &headers)).await.status,
            status,
            "{key}"
        );
    }
}
