//! The JSON schema says what the program reads.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

use chatwire_config::{Config, json_schema};
use serde_json::Value;

fn schema() -> Value {
    serde_json::from_str(&json_schema()).unwrap()
}

/// A configuration as JSON, as editors hand it to a schema.
fn as_json(text: &str) -> Value {
    let table: toml::Table = text.parse().unwrap();
    serde_json::to_value(table).unwrap()
}

/// Each file, and whether it is right.
#[test]
fn the_schema_accepts_what_is_right_and_refuses_what_is_not() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let home = "[endpoints.home]\nprovider = \"aura\"\nbase_url = \"http://localhost:3000\"\n";
    for (text, right) in [
        ("", true),
        (home, true),
        ("default = \"home\"\n{home}", true),
        (
            "[http]\nidle_timeout = \"90s\"\nproxy = \"off\"\nmax_reply = 1024\n",
            true,
        ),
        (
            "[http]\nidle_timeout = \"1h 30m\"\ntotal_timeout = 0.5\nmax_event = \"4 MiB\"\n",
            true,
        ),
        ("[http]\nidle_timeout = \"soon\"\n", false),
        ("[http]\nidle_timeout = -1\n", false),
        ("[http]\nidle_timeout = true\n", false),
        ("[http]\nidle_timeout = \"\"\n", false),
        ("[http]\nmax_event = \"big\"\n", false),
        ("[http]\nmax_error_body = \"off\"\n", false),
        (
            "[http]\nproxy = { env = \"PROXY\" }\nheaders = { cookie = { file = \"c\" } }\n",
            true,
        ),
        ("[http]\nproxy = { env = \"\" }\n", false),
        ("[http]\nproxy = { env = \"A\", file = \"b\" }\n", false),
        ("[http]\nuser_agent = \" \"\n", false),
        ("[http]\nheaders = \"cookie\"\n", false),
        (
            "[endpoints.a]\nprovider = \"aura\"\ntools = \"emulate\"\n",
            true,
        ),
        ("[endpoints.a]\nprovider = \"aura\"\ntools = true\n", false),
        ("surprise = 1\n", false),
        ("endpoints = 3\n", false),
        ("[endpoints.a]\n", false),
        ("[endpoints.a]\nprovider = 5\n", false),
        (
            "[endpoints.a]\nprovider = \"aura\"\nbase_ulr = \"http://x\"\n",
            false,
        ),
        (
            "[endpoints.\"a/b\"]\nprovider = \"aura\"\nbase_url = \"http://x\"\n",
            false,
        ),
        (
            "{home}options = { token_limit = 4096, any_model = true, key = { env = \"K\" } }\n",
            true,
        ),
        (
            "{home}options = { token_limit = \"4096\", any_model = \"true\" }\n",
            true,
        ),
        ("{home}options = \"key\"\n", false),
        ("{home}options.key = [\"a\"]\n", false),
        ("{home}http = { idle_timeout = \"off\" }\n", true),
        ("{home}http = { idle = 5 }\n", false),
        (
            "{home}[aliases]\na = \"home\"\nb = [\"home\", \"home/openchat_3.6\"]\n",
            true,
        ),
        ("{home}[aliases]\na = []\n", false),
        ("{home}[aliases]\na = [\"home\", 5]\n", false),
        (
            "[gateway]\nlisten = \"127.0.0.1:1337\"\nstrict = true\nretries = 2\n",
            true,
        ),
        (
            "[gateway]\nlisten = \"[::1]:1337\"\ngrace = \"1m\"\nkeep_alive = 5\n",
            true,
        ),
        ("[gateway]\nlisten = \"localhost:80\"\n", true),
        ("[gateway]\nlisten = 8080\n", true),
        ("[gateway]\nlisten = 65536\n", false),
        ("[gateway]\nlisten = \"8080\"\n", true),
        ("[gateway]\nlisten = \"nowhere\"\n", false),
        ("[gateway]\nlisten = \"example.org:80\"\n", false),
        ("[gateway]\nusage = \"off\"\n", true),
        ("[gateway]\nusage = \"on\"\n", false),
        ("[gateway]\nretries = -1\n", false),
        ("[gateway]\nretries = 21\n", false),
        ("[gateway]\nstrict = \"yes\"\n", false),
        ("[gateway]\napi_keys = { env = \"KEY\" }\n", true),
        (
            "[gateway]\napi_keys = [{ env = \"KEY\" }, { file = \"keys\" }]\n",
            true,
        ),
        ("[gateway]\napi_keys = \"a key\"\n", false),
        ("[gateway]\napi_keys = [{ key = \"a key\" }]\n", false),
        (
            "[gateway]\nallowed_hosts = \"a\"\nallowed_origins = [\"https://a\"]\n",
            true,
        ),
        (
            "[gateway.limits]\nbody = \"1MiB\"\nidle = 75\nconnections = 10\n",
            true,
        ),
        (
            "[gateway.limits]\nbuffered = \"1GiB\"\nunauthenticated = \"5s\"\n",
            true,
        ),
        ("[gateway.limits]\nbody = -1\n", false),
        ("[gateway.limits]\nconnections = 0\n", false),
        ("[gateway.limits]\nbodies = 1\n", false),
    ] {
        let text = text.replace("{home}", home);
        let errors: Vec<String> = validator
            .iter_errors(&as_json(&text))
            .map(|error| error.to_string())
            .collect();
        assert_eq!(errors.is_empty(), right, "{text}\n{errors:?}");
        // The program agrees.
        assert_eq!(Config::parse(&text).is_ok(), right, "{text}");
    }
    // What only shows when the provider is made.
    for options in [
        "{ token_limit = \"many\" }",
        "{ any_model = 5 }",
        "{ unknown = 5 }",
        "{ token_limit = -1 }",
    ] {
        let text = format!("{home}options = {options}\n");
        assert!(!validator.is_valid(&as_json(&text)), "{text}");
        assert!(Config::parse(&text).unwrap().gateway().is_err(), "{text}");
    }
}

/// Each table has the keys in the schema that the program reads.
#[test]
fn no_key_is_missing() {
    let schema = schema();
    let endpoint = "/properties/endpoints/additionalProperties";
    for (table, path) in [
        ("", "".to_owned()),
        ("http", "/properties/http".to_owned()),
        ("endpoints.a", endpoint.to_owned()),
        ("endpoints.a.http", format!("{endpoint}/properties/http")),
        ("gateway", "/properties/gateway".to_owned()),
        (
            "gateway.limits",
            "/properties/gateway/properties/limits".to_owned(),
        ),
    ] {
        let text = match table {
            "" => "surprise = 1\n".to_owned(),
            table => format!("[{table}]\nsurprise = 1\n"),
        };
        let errors = Config::parse(&text).unwrap_err().to_string();
        let line = errors
            .lines()
            .find(|line| line.contains("unknown key"))
            .unwrap();
        let (_, known) = line.split_once("expected one of: ").unwrap();
        let properties = schema.pointer(&format!("{path}/properties")).unwrap();
        let mut keys: Vec<&str> = properties
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        keys.sort_unstable();
        assert_eq!(keys.join(", "), known, "{table}");
    }
}
