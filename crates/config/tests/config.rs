//! The configuration file.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

use std::net::SocketAddr;

use chatwire_config::Config;
use chatwire_core::HttpConfig;
use chatwire_core::provider_kit::{BaseUrl, HttpClient, HttpRequest};
use chatwire_gateway::GatewayBuilder;
use chatwire_mock::AuraMock;
use serde_json::{Value, json};

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
            "3:1 endpoints.a.base: unknown key; expected one of: base_url, http, options, provider, tools",
        ),
        (
            "[endpoints.a]\nprovider = \"aura\"\ntools = true\n",
            "3:9 endpoints.a.tools: expected \"emulate\" or \"off\", found true or false",
        ),
        (
            "[endpoints.a]\nprovider = \"aura\"\nsession_file = \"s.json\"\n",
            "3:1 endpoints.a.session_file: unknown key; expected one of: base_url, http, options, \
             provider, tools; settings of the provider stand in options",
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
            "[endpoints.a]\nprovider = \"aura\"\noptions = \"sk-very-secret\"\n",
            "3:11 endpoints.a.options: expected a table, found a text",
        ),
        (
            "endpoints.a = [1, 2]\n",
            "1:15 endpoints.a: expected a table, found a list",
        ),
        (
            "[aliases]\nbest = [\"é\", 5]\n",
            "2:14 aliases.best: expected a text or a list of texts, found an integer",
        ),
        (
            "[aliases]\nbest = {}\n",
            "2:8 aliases.best: expected a text or a list of texts, found a table",
        ),
        (
            "gateway = { limits = { body = -1 } }\n",
            "1:31 gateway.limits.body: expected a size such as \"4MiB\", or a number of bytes, found -1",
        ),
        (
            "[gateway.limits]\nconnections = 0\n",
            "2:15 gateway.limits.connections: expected a whole number from 1 to 1000000, found 0",
        ),
        (
            "[http]\nheaders = { Content-Length = \"5\" }\n",
            "2:30 http.headers.Content-Length: this header frames a message: the HTTP client sets \
             it, and nobody else can",
        ),
        (
            "[http.headers]\nHost = \"x.example\"\n",
            "2:8 http.headers.Host: a Host header belongs to one endpoint: set it in \
             [endpoints.NAME.http.headers]",
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
            "[gateway]\nusage = \"on\"\n",
            "2:9 gateway.usage: expected \"estimate\" or \"off\", found \"on\"",
        ),
        (
            "[gateway]\nlisten = \"nowhere\"\n",
            "2:10 gateway.listen: expected an address with a port such as \"127.0.0.1:1337\", \
             found \"nowhere\"",
        ),
        (
            "[gateway]\nlisten = 65536\n",
            "2:10 gateway.listen: expected an address with a port such as \"127.0.0.1:1337\", \
             found an integer",
        ),
        (
            "[gateway]\nlisten = -1\n",
            "2:10 gateway.listen: expected an address with a port such as \"127.0.0.1:1337\", \
             found an integer",
        ),
        (
            "[gateway.limits]\nbodies = 1\n",
            "2:1 gateway.limits.bodies: unknown key; expected one of: body, body_read, \
             buffered, connections, header, header_read, idle, linger, requests, unauthenticated, \
             unauthenticated_connections, wrong_key_delay",
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
        "[http]\nproxy = { env = \"A\", url = \"sk-very-secret\" }\n",
        "[http]\nproxy = { env = \"\" }\n",
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
fn headers_that_frame_a_message_are_refused() {
    for name in [
        "content-length",
        "Transfer-Encoding",
        "connection",
        "expect",
        "upgrade",
        "te",
        "trailer",
        "keep-alive",
    ] {
        for text in [
            format!("[http.headers]\n{name} = \"x\"\n"),
            format!("[endpoints.a]\nprovider = \"aura\"\nhttp.headers.{name} = \"x\"\n"),
        ] {
            let mistakes = mistakes(&text);
            assert_eq!(mistakes.len(), 1, "{text}: {mistakes:?}");
            assert!(mistakes[0].contains(name), "{mistakes:?}");
        }
    }
    let meant = "[endpoints.a]\nprovider = \"aura\"\nhttp.headers.host = \"x.example\"\n";
    assert_eq!(mistakes(meant), [""; 0]);
}

#[test]
fn many_mistakes_cost_little() {
    let text: String = (0..10_000).map(|n| format!("a{n} = 1\n")).collect();
    assert!((1..100).contains(&mistakes(&text).len()));
    let models = "\"none/x\", ".repeat(10_000);
    let text = format!("[aliases]\na = [{models}]\n");
    assert!((1..100).contains(&mistakes(&text).len()));
}

#[test]
fn all_mistakes_are_told_at_once() {
    let text = "default = \"nobody\"\n\
                [endpoints.a]\n\
                provider = \"aura\"\n\
                base_ulr = \"http://x\"\n\
                [gateway]\n\
                listen = 80000\n\
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

/// A file that is gone after the test.
struct TempFile(std::path::PathBuf);

impl TempFile {
    fn new(name: &str, content: &str) -> TempFile {
        let path = std::env::temp_dir().join(format!("chatwire-{}-{name}", std::process::id()));
        std::fs::write(&path, content).unwrap();
        TempFile(path)
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// A folder that is gone after the test.
struct TempFolder(std::path::PathBuf);

impl TempFolder {
    fn new(name: &str) -> TempFolder {
        let path = std::env::temp_dir().join(format!("chatwire-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        TempFolder(path)
    }
}

impl Drop for TempFolder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Serves until the test is over.
async fn serve(builder: GatewayBuilder) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let gateway = builder.build().unwrap();
    tokio::spawn(gateway.serve(listener, std::future::pending()));
    address
}

/// The status and the body of the answer to a question with these members.
async fn ask(address: SocketAddr, more: Value, key: Option<&str>) -> (u16, Value) {
    let mut body = json!({"messages": [{"role": "user", "content": "hi"}]});
    let members = body.as_object_mut().unwrap();
    members.extend(more.as_object().unwrap().clone());
    let mut config = HttpConfig::new();
    if let Some(key) = key {
        config = config.with_header("authorization", format!("Bearer {key}"));
    }
    let client = HttpClient::new("test", config).unwrap();
    let base = BaseUrl::parse(&format!("http://{address}")).unwrap();
    let request = HttpRequest::post(base.join("/v1/chat/completions").unwrap());
    let response = client.send(request.json(&body).unwrap()).await.unwrap();
    let status = response.status();
    (status, response.into_json("the answer").await.unwrap())
}

/// What a browser gets at `/`.
async fn load_page(address: SocketAddr) -> String {
    let config = HttpConfig::new().with_header("accept", "text/html");
    let client = HttpClient::new("test", config).unwrap();
    let base = BaseUrl::parse(&format!("http://{address}")).unwrap();
    let request = HttpRequest::get(base.join("/").unwrap());
    let response = client.send(request).await.unwrap();
    let bytes = response.into_bytes().await.unwrap();
    String::from_utf8(bytes).unwrap()
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
base_url = "HOME"
options = { token_limit = 0x1000, any_model = true, model = "openchat_3.6" }
http = { idle_timeout = "5s", headers = { Cookie = "of home" } }

[endpoints.work]
provider = "chatgpt4online"
base_url = "http://127.0.0.1:1"

[aliases]
gpt-4o = "home/openchat_3.6"
best = ["home", "work"]

[gateway]
listen = "localhost:8080"
page = false
strict = true
usage = "off"
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
buffered = "64MiB"
unauthenticated = "2s"
unauthenticated_connections = 8
wrong_key_delay = 0
"#;

#[tokio::test]
async fn a_whole_file_makes_a_gateway() {
    let mock = AuraMock::start().await.unwrap();
    let config = Config::parse(&WHOLE.replace("HOME", &mock.url())).unwrap();
    assert_eq!(config.default_endpoint(), Some("home"));
    assert_eq!(
        config.endpoint_names().collect::<Vec<_>>(),
        ["home", "work"]
    );
    assert_eq!(config.listen().to_string(), "127.0.0.1:8080");
    assert!(config.endpoint("none").unwrap().is_none());
    let home = config.endpoint("home").unwrap().unwrap();
    assert_eq!(home.base_url.as_deref(), Some(mock.url().as_str()));
    let options: Vec<(&str, &str)> = home
        .options
        .iter()
        .map(|(name, value)| (name.as_str(), value.expose()))
        .collect();
    assert_eq!(
        options,
        [
            ("any_model", "true"),
            ("model", "openchat_3.6"),
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

    let server = serve(config.gateway().unwrap()).await;
    let (status, answer) = ask(server, json!({"model": "best"}), None).await;
    assert_eq!(
        (status, &answer["model"]),
        (200, &json!("home/openchat_3.6")),
        "{answer}"
    );
    assert_eq!(answer["usage"], json!(null), "off");
    assert_eq!(mock.received().len(), 1);
    let (status, refused) = ask(server, json!({"top_p": 0.5}), None).await;
    assert_eq!(status, 400, "strict: {refused}");
    assert_eq!(
        load_page(server).await,
        "chatwire is running\n",
        "page = false"
    );
    let (status, _) = ask(server, json!({"model": "x".repeat(1 << 20)}), None).await;
    assert_eq!(status, 413);
}

/// The folder of the prompts is beside the file; a prompt that is not there stays.
#[tokio::test]
async fn prompts_of_ones_own() {
    let folder = std::env::temp_dir().join(format!("chatwire-prompts-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("words")).unwrap();
    let text = "version 2\nNur JSON!\n";
    std::fs::write(folder.join("words/json_object.txt"), text).unwrap();
    let mock = AuraMock::start().await.unwrap();
    let text = format!(
        "[endpoints.home]\nprovider = \"aura\"\nbase_url = {:?}\n[gateway]\nprompts = \"words\"\n",
        mock.url()
    );
    let config = Config::parse(&text).unwrap().with_folder(&folder);
    let server = serve(config.gateway().unwrap()).await;
    let format = json!({"model": "home", "response_format": {"type": "json_object"}});
    let (status, answer) = ask(server, format, None).await;
    // The mock answers in words.
    assert_eq!(status, 400, "{answer}");
    let asked = mock.received();
    assert_eq!(asked.len(), 3);
    let asked = format!("{:?}", asked[0]);
    assert!(asked.contains("Nur JSON!"), "{asked}");
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn what_is_wrong_when_a_gateway_is_made() {
    let ok = "[endpoints.a]\nprovider = \"magickpen\"\nbase_url = \"http://127.0.0.1:1\"\n";
    for (more, expected) in [
        (
            "[gateway]\nlisten = \"0.0.0.0:1337\"\n",
            "line 5, column 10: gateway.listen: 0.0.0.0:1337 can be reached by others: expected \
             gateway.api_keys too, or a loopback address such as 127.0.0.1",
        ),
        (
            "[gateway]\napi_keys = { env = \"CHATWIRE_TEST_NO_SUCH\" }\n",
            "line 5, column 12: gateway.api_keys: the environment variable CHATWIRE_TEST_NO_SUCH \
             is not set, or is not text",
        ),
        (
            "[gateway]\napi_keys = { env = \"sk-hush\" }\n",
            "line 5, column 12: gateway.api_keys: the environment variable [redacted] \
             is not set, or is not text",
        ),
        (
            "[gateway]\nallowed_hosts = [\"a\", \"b:1\"]\n",
            "line 5, column 23: gateway.allowed_hosts: \"b:1\" is not the name of a host, such as \
             chat.example or *.example (without a scheme and a port)",
        ),
        (
            "[gateway]\nallowed_origins = \"*\"\n",
            "line 5, column 19: gateway.allowed_origins: \"*\" is not an origin that a page \
             can have: it has no scheme; expected one such as https://app.example, \
             http://localhost:* or chrome-extension://*",
        ),
        (
            "[gateway]\nprompts = \"/no/such/folder\"\n",
            "line 5, column 11: gateway.prompts: cannot read the prompts /no/such/folder: No such \
             file or directory (os error 2)",
        ),
        (
            "[aliases]\nx = [\"a\", \"a/none\"]\n",
            "line 5, column 11: aliases.x: there is no model \"a/none\" here; GET /v1/models lists \
             them",
        ),
        (
            "[http]\nproxy = { file = \"/no/such/file\" }\n",
            "line 5, column 9: http.proxy: the file /no/such/file cannot be read: No such file or \
             directory (os error 2)",
        ),
    ] {
        let config = Config::parse(&format!("{ok}{more}")).unwrap();
        let errors = config.gateway().unwrap_err();
        assert_eq!(errors.to_string(), expected);
    }
    for (text, expected) in [
        (
            "[endpoints.a]\nprovider = \"aura\"\n",
            "line 1, column 1: endpoints.a.base_url: missing: expected the address of the server",
        ),
        (
            "[endpoints.a]\nprovider = \"nonsense\"\nbase_url = \"http://x\"\n",
            "line 2, column 12: endpoints.a.provider: no provider \"nonsense\"; known: ",
        ),
        (
            "[endpoints.a]\nprovider = \"aura\"\nbase_url = \"http://x\"\noptions = { nonsense = 1 }\n",
            "line 4, column 24: endpoints.a.options.nonsense: no setting \"nonsense\"; known: ",
        ),
        ("", "endpoints: expected at least one [endpoints.NAME]"),
    ] {
        let errors = Config::parse(text).unwrap().gateway().unwrap_err();
        assert!(errors.to_string().starts_with(expected), "{errors}");
    }
}

#[tokio::test]
async fn keys_come_from_a_file_beside_the_configuration() {
    let file = TempFile::new("keys", "# ours\nfirst-key\n\n  other-key  \n");
    let mock = AuraMock::start().await.unwrap();
    let text = format!(
        "[endpoints.a]\nprovider = \"aura\"\nbase_url = {:?}\n\
         [gateway]\napi_keys = {{ file = {:?} }}\nretries = 0\n",
        mock.url(),
        file.0.file_name().unwrap()
    );
    let config = Config::parse(&text).unwrap();
    let errors = config.gateway().unwrap_err().to_string();
    assert!(
        errors.starts_with("line 5, column 12: gateway.api_keys: the file"),
        "{errors}"
    );
    let config = config.with_folder(std::env::temp_dir());
    let server = serve(config.gateway().unwrap()).await;
    for (key, status) in [("first-key", 200), ("other-key", 200), ("# ours", 401)] {
        let asked = ask(server, json!({"model": "a"}), Some(key)).await;
        assert_eq!(asked.0, status, "{key}");
    }
}

#[test]
fn paths_start_in_the_folder_of_the_file() {
    let folder = TempFolder::new("paths");
    for (name, text) in [("key.txt", " k1 \n"), ("empty.txt", " \n"), ("ca.pem", "x")] {
        std::fs::write(folder.0.join(name), text).unwrap();
    }
    let here = folder.0.display();
    for (settings, expected) in [
        ("token_limit = { file = \"key.txt\" }", "k1".to_owned()),
        ("token_limit = { file = \"./key.txt\" }", "k1".to_owned()),
        ("session_file = \"s.json\"", format!("{here}/s.json")),
        ("session_file = \"a/s.json\"", format!("{here}/a/s.json")),
        ("session_file = \"/run/s.json\"", "/run/s.json".to_owned()),
        // These are no paths, and a path of the environment is not the file's.
        ("webdriver_ready = \"s.json\"", "s.json".to_owned()),
        ("session_file = { file = \"key.txt\" }", "k1".to_owned()),
        (
            "session_file = { file = \"empty.txt\" }",
            format!(
                "line 4, column 28: endpoints.a.options.session_file: the file {here}/empty.txt is empty"
            ),
        ),
        (
            "session_file = { file = \"none.txt\" }",
            format!(
                "line 4, column 28: endpoints.a.options.session_file: the file {here}/none.txt cannot \
                 be read: No such file or directory (os error 2)"
            ),
        ),
    ] {
        let text = format!(
            "[endpoints.a]\nprovider = \"aura\"\nbase_url = \"http://x\"\noptions = {{ {settings} }}\n"
        );
        let config = Config::parse(&text).unwrap().with_folder(&folder.0);
        let found = match config.endpoint("a") {
            Ok(endpoint) => endpoint.unwrap().options[0].1.expose().to_owned(),
            Err(errors) => errors.to_string(),
        };
        assert_eq!(found, expected, "{settings}");
    }
    let text = "[gateway]\napi_keys = { file = \"empty.txt\" }\n\
                [endpoints.a]\nprovider = \"aura\"\nbase_url = \"http://x\"\n";
    let config = Config::parse(text).unwrap().with_folder(&folder.0);
    let errors = config.gateway().unwrap_err().to_string();
    let expected =
        format!("line 2, column 12: gateway.api_keys: the file {here}/empty.txt is empty");
    assert_eq!(errors, expected);
}

/// Every `hush` in it is a secret.
const SECRETS: &str = r#"
default = "home" # the key is hush
# hush
[http]
idle_timeout = "90s"
max_reply = 2097152
max_page = "off"
proxy = "http://me:hush@proxy:1"
headers = { x-key = "hush", cookie = { env = "COOKIE" }, file = "hush", env = "hush" }
[endpoints.home]
provider = "aura"
base_url = "http:me:hush@host/path"
tools = "emulate"
options = { key = "hush", token_limit = 8192, any_model = true, model = "m", unknown = 'hush' }
[endpoints.blog]
provider = "chatgpt4online"
base_url = "http:/me:hush@host"
options = { nonce_page = "/chat?token=hush", session = "hush", bot_id = "https://x.example/?token=hush" }
[endpoints.number]
provider = "aura"
base_url = "https://host/?token=hush"
options = { key = 4815162342, unknown = 4815162342 }
[endpoints.other]
provider = "nonsense"
options = { model = "hush", file = "hush" }
[endpoints.slips]
provider = "aura"
base_url = "http://host"
options = { token_limit = "hush", any_model = "hush", key = { env = "s-k-hush" } }
[aliases]
best = ["home", "blog"]
[gateway]
listen = 'localhost:1'
api_keys = { file = "keys" }
limits = { idle = 75 }
"#;

#[test]
fn a_configuration_is_shown_without_its_secrets() {
    let config = Config::parse(SECRETS).unwrap();
    let shown = config.to_redacted_toml();
    for kept in [
        "default = \"home\"",
        "idle_timeout = \"90s\"",
        "max_reply = 2097152",
        "max_page = \"off\"",
        "proxy = \"[redacted]\"",
        "COOKIE",
        "base_url = \"http://[redacted]@host/path\"",
        "base_url = \"http://[redacted]@host\"",
        "base_url = \"https://host?[redacted]\"",
        "key = \"[redacted]\"",
        "token_limit = 8192",
        "tools = \"emulate\"",
        "any_model = true",
        "model = \"m\"",
        "nonce_page = \"/chat?[redacted]\"",
        "file = \"keys\"",
        "listen = \"localhost:1\"",
        "idle = 75",
    ] {
        assert!(shown.contains(kept), "no {kept:?} in {shown}");
    }
    assert!(
        !shown.contains("hush") && !shown.contains("4815"),
        "{shown}"
    );
    // What is shown is a configuration again, with the same settings.
    let again = Config::parse(&shown).unwrap();
    assert_eq!(again.to_redacted_toml(), shown);
    let debug = format!("{config:?} {:?}", config.endpoint("home"));
    assert!(!debug.contains("hush"), "{debug}");
}

/// Files that are nearly right: no panic, and what is shown has no secret and
/// reads as it was shown.
#[test]
fn mutated_files_show_no_secret() {
    let inserted = [
        "\"", "'", "#", "[", "}", "=", ".", ",", "\n", "\\", "é", "\0", "@", ":",
    ];
    let (mut right, mut wrong) = (0, 0);
    for (number, (at, char)) in SECRETS.char_indices().enumerate() {
        let (before, after) = SECRETS.split_at(at);
        let mut mutated = Vec::new();
        // Without its mark, a query is a path, which is shown.
        if char != '?' {
            mutated.push(format!("{before}{}", &after[char.len_utf8()..]));
        }
        for step in [0, 5] {
            let more = inserted[(number + step) % inserted.len()];
            mutated.push(format!("{before}{more}{after}"));
        }
        for text in mutated {
            match Config::parse(&text) {
                Ok(config) => {
                    right += 1;
                    let shown = config.to_redacted_toml();
                    assert!(!shown.contains("hush"), "{text}\n{shown}");
                    let again = Config::parse(&shown).map(|config| config.to_redacted_toml());
                    assert_eq!(again.as_deref(), Ok(shown.as_str()), "{text}");
                }
                Err(errors) => {
                    wrong += 1;
                    assert!(errors.iter().count() > 0);
                }
            }
        }
    }
    assert!(right > 500 && wrong > 500, "{right} {wrong}");
}
