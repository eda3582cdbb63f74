//! The gateway as a program: what it says, how it is set up and stopped.

use std::process::ExitStatus;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chatwire_mock::{Answer, AuraMock, Ending};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::process::Child;
use tokio::time::timeout;

use crate::support::{PATIENCE, TempFile, program, run, signal};

/// A running `chatwire serve`.
struct Serve {
    child: Child,
    address: String,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Serve {
    /// Starts it on a free port, and waits until it says that it serves.
    async fn start(args: &[&str], environment: &[(&str, &str)]) -> Serve {
        let mut all = vec!["serve", "--listen", "127.0.0.1:0"];
        all.extend(args);
        Serve::start_with(&all, environment).await
    }

    async fn start_with(args: &[&str], environment: &[(&str, &str)]) -> Serve {
        let mut child = program(args)
            .envs(environment.iter().copied())
            .spawn()
            .unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap()).lines();
        let lines = Arc::new(Mutex::new(Vec::new()));
        let all = Arc::clone(&lines);
        tokio::spawn(async move {
            while let Ok(Some(line)) = stderr.next_line().await {
                all.lock().unwrap().push(line);
            }
        });
        let mut serve = Serve {
            child,
            address: String::new(),
            lines,
        };
        let line = serve.line("http://").await;
        let (_, url) = line.split_once("http://").unwrap();
        serve.address = url.split("/v1").next().unwrap().to_owned();
        serve
    }

    /// Waits for a line with this in it.
    async fn line(&self, words: &str) -> String {
        self.lines_with(words, 1).await.remove(0)
    }

    /// Waits for so many lines with this in them.
    async fn lines_with(&self, words: &str, count: usize) -> Vec<String> {
        let began = Instant::now();
        loop {
            let mut lines = self.all();
            lines.retain(|line| line.contains(words));
            if lines.len() >= count {
                return lines;
            }
            assert!(
                began.elapsed() < PATIENCE,
                "no {words:?} in {:#?}",
                self.all()
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    fn all(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }

    async fn ended(mut self) -> ExitStatus {
        timeout(PATIENCE, self.child.wait()).await.unwrap().unwrap()
    }

    /// Sends a request with these header lines, and reads the answer.
    async fn send(&self, line: &str, headers: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).await.unwrap();
        let host = match headers.contains("host:") {
            true => String::new(),
            false => format!("host: {}\r\n", self.address),
        };
        let request = format!(
            "{line} HTTP/1.1\r\n{host}connection: close\r\n{headers}content-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let read = stream.read_to_end(&mut answer);
        timeout(PATIENCE, read).await.unwrap().unwrap();
        String::from_utf8(answer).unwrap()
    }

    async fn get(&self, path: &str) -> String {
        self.send(&format!("GET {path}"), "", "").await
    }

    async fn ask(&self, body: &Value, headers: &str) -> String {
        let headers = format!("content-type: application/json\r\n{headers}");
        self.send("POST /v1/chat/completions", &headers, &body.to_string())
            .await
    }
}

fn question(model: &str) -> Value {
    json!({"model": model, "messages": [{"role": "user", "content": "tell-me-a-secret"}]})
}

fn status(answer: &str) -> &str {
    answer.get(9..12).unwrap_or(answer)
}

fn header<'a>(answer: &'a str, name: &str) -> &'a str {
    let line = answer
        .lines()
        .find_map(|line| line.strip_prefix(&format!("{name}: ")));
    line.unwrap_or_else(|| panic!("no {name} in {answer}"))
}

/// The members of a line of the log, as text has them.
fn fields(line: &str) -> Value {
    let mut fields = serde_json::Map::new();
    for part in line.split(' ') {
        if let Some((name, value)) = part.split_once('=') {
            let value = serde_json::from_str(value).unwrap_or_else(|_| json!(value));
            fields.insert(name.to_owned(), value);
        }
    }
    Value::Object(fields)
}

#[tokio::test]
async fn one_line_for_each_request() {
    let mock = AuraMock::start().await.unwrap();
    for format in ["text", "json"] {
        let args = ["-p", "aura", "-u", &mock.url(), "--log-format", format];
        let serve = Serve::start(&args, &[("CHATWIRE_API_KEY", "the-key-of-this-test")]).await;
        let key = "authorization: Bearer the-key-of-this-test\r\n";
        mock.answer(Answer::stream(["one ", "two ", "three"]));
        let streamed =
            json!({"model": "aura", "stream": true, "messages": question("")["messages"]});
        serve.ask(&streamed, key).await;
        mock.answer(AuraMock::failure("the server said tell-me-a-secret"));
        let failed = serve.ask(&question("aura"), key).await;
        let unknown = serve.ask(&question("no/\u{1b}such"), key).await;
        let wrong = serve
            .ask(
                &question("aura"),
                "authorization: Bearer another-key-of-mine\r\n",
            )
            .await;
        let origin = serve
            .ask(&question("aura"), "origin: https://evil.example\r\n")
            .await;
        let health = serve.get("/healthz?key=in-the-address").await;
        let mut lines = serve.lines_with("duration_ms", 6).await;
        assert_eq!(lines.len(), 6, "{lines:#?}");
        let parsed: Vec<Value> = lines
            .drain(..)
            .map(|line| match format {
                "json" => serde_json::from_str(&line).unwrap(),
                _ => fields(&line),
            })
            .collect();
        let of_chat = json!({"method": "POST", "path": "/v1/chat/completions",
                             "dialect": "chat", "client": "127.0.0.1"});
        for (line, answer, expected) in [
            (
                0,
                None,
                json!({"status": 200, "model": "aura/openchat_3.6", "endpoint": "aura",
                             "repeats": 0, "pieces": 3, "ended": "eof"}),
            ),
            (
                1,
                Some(&failed),
                json!({"status": 502, "endpoint": "aura", "pieces": 0, "repeats": 0}),
            ),
            (
                2,
                Some(&unknown),
                json!({"status": 404, "model": "no/such", "ended": "model_not_found"}),
            ),
            (
                3,
                Some(&wrong),
                json!({"status": 401, "ended": "invalid_api_key"}),
            ),
            (
                4,
                Some(&origin),
                json!({"status": 403, "ended": "origin_not_allowed",
                                      "refused": "https://evil.example"}),
            ),
            (
                5,
                Some(&health),
                json!({"status": 200, "path": "/healthz", "method": "GET",
                                      "ended": "complete"}),
            ),
        ] {
            let line = &parsed[line];
            let expected = expected.as_object().unwrap();
            let mut all = of_chat.as_object().unwrap().clone();
            if expected.contains_key("path") {
                all.remove("dialect");
            }
            all.extend(expected.clone());
            for (name, value) in &all {
                assert_eq!(&line[name], value, "{name} in {line}");
            }
            assert!(
                line["duration_ms"].is_number() && line["bytes"].as_u64() > Some(0),
                "{line}"
            );
            if let Some(answer) = answer {
                assert_eq!(line["id"], header(answer, "x-request-id"));
            }
        }
        assert!(parsed[0]["first_text_ms"].is_number());
        let log = serve.all().join("\n");
        for said in [
            "tell-me-a-secret",
            "one two",
            "three",
            "the-key-of-this-test",
            "another-key-of-mine",
            "in-the-address",
            "\u{1b}",
        ] {
            assert!(!log.contains(said), "{said:?} in {log}");
        }
        if format == "json" {
            for line in serve.all() {
                let line: Value = serde_json::from_str(&line).unwrap();
                assert!(
                    line["time"].is_string() && line["level"].is_string(),
                    "{line}"
                );
            }
        }
    }
}

#[tokio::test]
async fn what_is_logged_can_be_chosen() {
    for (args, variable, has_request, has_notice, has_detail) in [
        (&[][..], "", true, true, false),
        (&["--log-level", "warn"], "", false, true, false),
        (&["--log-level", "debug"], "", true, true, true),
        (&[], "chatwire=debug", true, true, true),
        (&[], "error", false, true, false),
        (&["--log-level", "info"], "error", true, true, false),
        (&[], "chatwire=loud", true, true, false),
    ] {
        let mut all = vec!["--mock", "-p", "aura"];
        all.extend(args);
        let serve = Serve::start(&all, &[("RUST_LOG", variable)]).await;
        assert_eq!(status(&serve.ask(&question("aura"), "").await), "200");
        assert_eq!(status(&serve.get("/healthz").await), "200");
        signal(&serve.child, "TERM").await;
        serve.line("SIGTERM").await;
        let lines = Arc::clone(&serve.lines);
        assert!(serve.ended().await.success());
        let log = lines.lock().unwrap().join("\n");
        assert_eq!(
            log.contains("duration_ms"),
            has_request,
            "{args:?} {variable}: {log}"
        );
        assert_eq!(
            log.contains("mocks inside"),
            has_notice,
            "{args:?} {variable}: {log}"
        );
        assert_eq!(
            log.contains("response head"),
            has_detail,
            "{args:?} {variable}: {log}"
        );
        assert_eq!(
            log.contains("RUST_LOG"),
            variable == "chatwire=loud",
            "{log}"
        );
        assert!(!log.contains("tell-me-a-secret"), "{log}");
    }
    let wrong = run(["serve", "--mock", "--log-level", "loud"]).await;
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.err.contains("debug"), "{wrong:?}");
}

/// Quiet means that nothing is said: not even that it serves.
#[tokio::test]
async fn quiet() {
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
        .to_string();
    let mut child = program(["serve", "--mock", "--quiet", "--listen", &port])
        .spawn()
        .unwrap();
    let address = format!("127.0.0.1:{port}");
    let began = Instant::now();
    while TcpStream::connect(&address).await.is_err() {
        assert!(began.elapsed() < PATIENCE, "it does not listen");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    signal(&child, "TERM").await;
    let mut said = String::new();
    let mut stderr = child.stderr.take().unwrap();
    timeout(PATIENCE, stderr.read_to_string(&mut said))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(said, "");
}

#[tokio::test]
async fn ask_and_chat_tell_what_they_do() {
    let mock = AuraMock::start().await.unwrap();
    mock.answer(Answer::status(503));
    let url = mock.url();
    let asked = run(["ask", "-v", "-u", &url, "--retry", "1", "tell-me-a-secret"]).await;
    assert_eq!(asked.code, Some(0), "{asked:?}");
    for words in [
        "POST",
        "/api/chat",
        "status=503",
        "retry",
        "status=200",
        "finish",
    ] {
        assert!(asked.err.contains(words), "no {words:?} in {}", asked.err);
    }
    assert!(!asked.err.contains("tell-me-a-secret"), "{}", asked.err);
    let quiet = run(["ask", "-u", &url, "hi"]).await;
    assert!(!quiet.err.contains("status"), "{quiet:?}");
    let chat = crate::support::run_with_input(["chat", "-v", "-u", &url], "hi\n").await;
    assert_eq!(chat.code, Some(0), "{chat:?}");
    assert!(chat.err.contains("status=200"), "{chat:?}");

    // The last line says how it ended, and the first is about a request.
    let cut = || Answer::stream(["said"]).ending(Ending::Truncate);
    let silent = || Answer::stream([""; 0]).ending(Ending::Stall);
    // what is answered, more arguments, the last line but for its time
    let cases: [(Option<Answer>, &[&str], &str); 5] = [
        (None, &[], "finish provider=aura"),
        (
            Some(Answer::status(429).piece("no")),
            &[],
            "failed end=rate_limited status=429 ",
        ),
        (Some(Answer::status(418)), &[], "failed end="),
        (Some(cut()), &[], "failed end=interrupted "),
        (
            Some(silent()),
            &["--timeout", "300ms"],
            "failed end=timeout elapsed=",
        ),
    ];
    for (answer, more, words) in cases {
        answer.map(|answer| mock.answer(answer));
        let args = [
            &[
                "ask",
                "-v",
                "-u",
                &url,
                "-p",
                "aura",
                "-m",
                "openchat_3.6",
                "hi",
            ],
            more,
        ]
        .concat();
        let asked = run(&args).await;
        let lines: Vec<&str> = asked
            .err
            .lines()
            .filter(|line| line.contains(" DEBUG "))
            .collect();
        assert!(lines[0].contains(" DEBUG request "), "{asked:?}");
        assert!(
            lines[lines.len() - 1].contains(words),
            "no {words:?} in {asked:?}"
        );
    }
    let chat = crate::support::run_with_input(
        ["chat", "-v", "-u", "http://127.0.0.1:1", "-p", "aura"],
        "hi\n",
    )
    .await;
    assert!(chat.err.contains(" DEBUG failed end=connect "), "{chat:?}");
}

#[tokio::test]
async fn where_it_listens() {
    for (listen, url) in [
        ("0", "127.0.0.1:"),
        ("localhost:0", "127.0.0.1:"),
        ("127.0.0.1:0", "127.0.0.1:"),
        ("[::1]:0", "[::1]:"),
    ] {
        if listen == "[::1]:0" && std::net::TcpListener::bind(listen).is_err() {
            eprintln!("SKIPPED: no IPv6 here");
            continue;
        }
        let serve = Serve::start_with(&["serve", "--mock", "--listen", listen], &[]).await;
        assert!(serve.address.starts_with(url), "{}", serve.address);
        assert_eq!(status(&serve.get("/healthz").await), "200");
    }
    for listen in [
        "localhost",
        "::1:8080",
        "99999",
        "example.org:80",
        "",
        "http://localhost:80",
    ] {
        let wrong = run(["serve", "--mock", "--listen", listen]).await;
        assert_eq!(wrong.code, Some(2), "{listen}: {wrong:?}");
        assert!(wrong.err.contains("127.0.0.1:3000"), "{wrong:?}");
    }
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let held = std::net::TcpListener::bind(&taken);
    for (listen, environment, words) in [
        (taken.as_str(), "", "choose another port"),
        ("0.0.0.0:0", "", "API key"),
        ("0.0.0.0:0", "short", "at least 16 characters"),
    ] {
        let mut child = program(["serve", "--mock", "--listen", listen]);
        child.env("CHATWIRE_API_KEY", environment);
        let wrong = crate::support::finish(child.spawn().unwrap()).await;
        assert_eq!(wrong.code, Some(2), "{listen}: {wrong:?}");
        assert!(wrong.err.contains(words), "{wrong:?}");
        assert!(!wrong.err.contains("serving"), "{wrong:?}");
    }
    drop(held);
}

#[tokio::test]
async fn one_server_without_a_file() {
    let mock = AuraMock::start().await.unwrap();
    // Broken, and not needed.
    let broken = TempFile::new("serve-broken.toml", "[endpoints\n");
    let environment = [("CHATWIRE_CONFIG", broken.path())];
    let url = mock.url();
    let args = ["-u", &url, "-p", "aura", "-o", "key=of-the-backend"];
    let serve = Serve::start(&args, &environment).await;
    let answer = serve.ask(&question("aura/openchat_3.6"), "").await;
    assert_eq!(status(&answer), "200", "{answer}");
    assert_eq!(mock.received().pop().unwrap().key, "of-the-backend");
    // The kind of server is found out, too.
    let serve = Serve::start(&["-u", &url], &[]).await;
    assert_eq!(status(&serve.ask(&question("aura"), "").await), "200");
    // From the environment, where the file has nothing.
    let serve = Serve::start(&[], &[("CHATWIRE_BASE_URL", &url)]).await;
    assert_eq!(status(&serve.ask(&question("aura"), "").await), "200");
    for (args, words) in [
        (&["-p", "aura"][..], "-u URL"),
        (&["-p", "nonsense", "--mock"], "nonsense"),
        (&["-o", "key=x", "--mock"], "-p"),
        (&["-o", "key=x"], "-u or -p"),
        (&["-u", "ftp://x"], "ftp://x"),
        (&["-u", &url, "--mock"], "--mock"),
    ] {
        let mut all = vec!["serve", "--listen", "0"];
        all.extend(args);
        let wrong = run(&all).await;
        assert!(matches!(wrong.code, Some(2 | 3)), "{args:?}: {wrong:?}");
        assert!(wrong.err.contains(words), "{args:?}: {wrong:?}");
    }
}

/// Tools are switched on for a server of the arguments or of the file; structured
/// output needs no setting.
#[tokio::test]
async fn tools_and_structured_output() {
    let script = TempFile::new(
        "serve-tools.toml",
        r#"
        [captures]
        marker = { after = "<call-", before = ">" }
        [[rule]]
        when = "You can call functions"
        say = '<call-${marker}>{"name": "now", "arguments": {}}</call-${marker}>'
        [[rule]]
        when = "is not valid:"
        say = '{"hour": 12}'
        [[rule]]
        when = "valid by the JSON schema"
        say = 'It is {"hour": "noon"}.'
        [[rule]]
        say = "It is noon."
        "#,
    );
    let mock = Serve::start(&["--mock", "--script", script.path()], &[]).await;
    let emulating = ["--mock", "--script", script.path(), "--tools", "emulate"];
    let with_tools = Serve::start(&emulating, &[]).await;
    let tool = |name: &str| json!({"type": "function", "function": {"name": name}});
    let mut tools = question("aura");
    tools["tools"] = json!([tool("now"), tool("then")]);
    let mut schema = question("aura");
    schema["response_format"] = json!({"type": "json_schema", "json_schema": {
        "name": "hour",
        "schema": {"type": "object", "properties": {"hour": {"type": "integer"}}},
    }});
    let answer = mock.ask(&tools, "").await;
    assert_eq!(header(&answer, "x-chatwire-ignored"), "tools");
    assert!(answer.contains("It is noon."), "{answer}");
    let answer = with_tools.ask(&tools, "").await;
    assert_eq!(header(&answer, "x-chatwire-emulated"), "tools; questions=1");
    assert!(answer.contains("\"tool_calls\":[{"), "{answer}");
    let answer = mock.ask(&schema, "").await;
    let emulated = header(&answer, "x-chatwire-emulated");
    assert_eq!(emulated, "json_schema; questions=2");
    assert!(answer.contains(r#"{\"hour\": 12}"#), "{answer}");
    let line = fields(&mock.line("emulated=").await);
    assert_eq!(line["questions"], 2);

    let config = TempFile::new(
        "serve-tools-config.toml",
        "[endpoints.home]\nprovider = \"aura\"\nbase_url = \"http://127.0.0.1:1\"\n",
    );
    let wrong = run(["serve", "--config", config.path(), "--tools", "emulate"]).await;
    assert!(wrong.err.contains("--tools belongs to"), "{wrong:?}");
    let wrong = run(["serve", "--mock", "--tools", "yes"]).await;
    assert!(wrong.err.contains("emulate, off"), "{wrong:?}");
}

#[tokio::test]
async fn mocks_with_a_key() {
    let broken = TempFile::new("serve-mock-broken.toml", "listen = [\n");
    let secret = TempFile::new("serve-key", "the-key-of-this-test\n");
    let of_file = format!("api_key_file={}", secret.path());
    let settings = TempFile::new(
        "serve-mock.toml",
        "[gateway]\napi_keys = { env = \"OTHER\" }\n[aliases]\nx = \"nowhere\"\n",
    );
    let key = ("CHATWIRE_API_KEY", "the-key-of-this-test");
    for (args, environment) in [
        (
            &["--mock"][..],
            &[key, ("CHATWIRE_CONFIG", broken.path())][..],
        ),
        (&["--mock", "--api-key", "the-key-of-this-test"], &[]),
        (&["--mock", "--api-key", &of_file], &[]),
        (
            &["--mock", "--api-key", "api_key_env=MINE"],
            &[("MINE", key.1)],
        ),
        (
            &["--mock", "--config", settings.path()],
            &[("OTHER", key.1)],
        ),
    ] {
        let serve = Serve::start(args, environment).await;
        assert_eq!(
            status(&serve.ask(&question("aura"), "").await),
            "401",
            "{args:?}"
        );
        let answer = serve
            .ask(&question("aura"), "x-api-key: the-key-of-this-test\r\n")
            .await;
        assert_eq!(status(&answer), "200", "{args:?}");
    }
}

#[tokio::test]
async fn sighup_reads_the_configuration_again() {
    let (first, second) = (
        AuraMock::start().await.unwrap(),
        AuraMock::start().await.unwrap(),
    );
    let endpoint = |name: &str, url: &str| {
        format!("[endpoints.{name}]\nprovider = \"aura\"\nbase_url = \"{url}\"\n")
    };
    let file = TempFile::new("serve-reload.toml", endpoint("first", &first.url()));
    let serve = Serve::start(&["--config", file.path()], &[]).await;
    assert_eq!(status(&serve.ask(&question("first"), "").await), "200");
    // One with a mistake is refused, and the old one stays.
    std::fs::write(file.path(), "[endpoints.second]\nprovider = 5\n").unwrap();
    signal(&serve.child, "HUP").await;
    serve.line("the old one stays").await;
    let mistake = serve.line("line 2").await;
    assert!(mistake.contains("endpoints.second.provider"), "{mistake}");
    assert_eq!(status(&serve.ask(&question("first"), "").await), "200");
    let keys = "[gateway]\napi_keys = { env = \"MINE\" }\n";
    let text = endpoint("second", &second.url()) + "[aliases]\nx = \"second\"\n";
    std::fs::write(file.path(), text.clone() + keys).unwrap();
    signal(&serve.child, "HUP").await;
    serve.lines_with("the old one stays", 2).await;
    std::fs::write(file.path(), text).unwrap();
    signal(&serve.child, "HUP").await;
    serve.line("was read again").await;
    assert_eq!(status(&serve.ask(&question("first"), "").await), "404");
    assert_eq!(status(&serve.ask(&question("x"), "").await), "200");
    assert_eq!((first.received().len(), second.received().len()), (2, 1));
    // The numbers go on.
    let metrics = serve.get("/metrics").await;
    let line = "chatwire_requests_total{endpoint=\"first\",reply=\"whole\"} 2";
    assert!(metrics.contains(line), "{metrics}");
    signal(&serve.child, "TERM").await;
    assert!(serve.ended().await.success());
}

#[tokio::test]
async fn another_address_needs_a_restart() {
    let text = |port: u16| {
        format!(
            "[endpoints.home]\nprovider = \"aura\"\nbase_url = \"http://localhost:3000\"\n\
             [gateway]\nlisten = \"127.0.0.1:{port}\"\n"
        )
    };
    let file = TempFile::new("serve-listen.toml", text(0));
    let serve = Serve::start_with(&["serve", "--config", file.path()], &[]).await;
    std::fs::write(file.path(), text(1)).unwrap();
    signal(&serve.child, "HUP").await;
    serve.line("needs a restart").await;
    assert_eq!(status(&serve.get("/healthz").await), "200");
}

#[tokio::test]
async fn a_second_signal_ends_it_at_once() {
    let mock = AuraMock::start().await.unwrap();
    let gate = chatwire_mock::Gate::new();
    for (first, second, code) in [
        ("TERM", "TERM", 143),
        ("INT", "INT", 130),
        ("TERM", "INT", 130),
    ] {
        mock.answer(Answer::stream(["a"]).wait(&gate).piece("b"));
        let serve = Serve::start(&["-p", "aura", "-u", &mock.url()], &[]).await;
        let mut stream = TcpStream::connect(&serve.address).await.unwrap();
        let body = json!({"model": "aura", "stream": true, "messages": question("")["messages"]});
        let body = body.to_string();
        let request = format!(
            "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut bytes = [0; 4096];
        assert!(stream.read(&mut bytes).await.unwrap() > 0);
        signal(&serve.child, first).await;
        // The running reply keeps it up to the grace time, which is 20 s.
        serve.line("again").await;
        let began = Instant::now();
        signal(&serve.child, second).await;
        assert_eq!(serve.ended().await.code(), Some(code));
        assert!(began.elapsed() < Duration::from_secs(15));
    }
}

/// An entry that can never match is a mistake, with its place.
#[tokio::test]
async fn origins_and_hosts_are_checked() {
    let file = |gateway: &str| {
        let text = format!(
            "[endpoints.home]\nprovider = \"aura\"\nbase_url = \"http://localhost:3000\"\n\
             [gateway]\n{gateway}\n"
        );
        TempFile::new("serve-origins.toml", text)
    };
    let right = file(
        "allowed_origins = [\"https://*.app.example\", \"http://localhost:*\", \
         \"app://obsidian.md\", \"chrome-extension://*\", \"tauri://localhost\", \
         \"vscode-webview://*\"]\nallowed_hosts = [\"*.lab.example\", \"chat.example\"]",
    );
    let checked = run(["serve", "--check", "--config", right.path()]).await;
    assert_eq!(checked.code, Some(0), "{checked:?}");
    for (entry, words) in [
        (
            "allowed_origins = [\"https://a.example\", \"https://a.example/\"]",
            "without \"/\"",
        ),
        ("allowed_origins = \"file://x\"", "null"),
        ("allowed_origins = \"*\"", "scheme"),
        ("allowed_origins = \"https://a.example:443\"", ":443"),
        ("allowed_hosts = \"http://a.example\"", "without a scheme"),
        (
            "allowed_hosts = \"a.example:80\"",
            "without a scheme and a port",
        ),
    ] {
        let wrong = file(entry);
        let checked = run(["serve", "--check", "--config", wrong.path()]).await;
        assert_eq!(checked.code, Some(2), "{entry}: {checked:?}");
        assert!(checked.err.contains("line 5, column"), "{checked:?}");
        assert!(checked.err.contains(words), "{entry}: {checked:?}");
    }
    // Also where there is no endpoint yet.
    let wrong = TempFile::new(
        "serve-origin.toml",
        "[gateway]\nallowed_origins = \"null\"\n",
    );
    let checked = run(["config", "check", "--config", wrong.path()]).await;
    assert_eq!(checked.code, Some(2), "{checked:?}");
    assert!(checked.err.contains("line 2, column 19"), "{checked:?}");
}

/// What is no request, and so has no path, is logged with its id too.
#[tokio::test]
async fn heads_that_cannot_be_read() {
    let serve = Serve::start(&["--mock"], &[]).await;
    let answer = serve.send("GET /healthz", "no colon\r\n", "").await;
    let line = fields(&serve.line("ended=bad_request").await);
    assert_eq!(line["status"], 400);
    assert_eq!(line["client"], "127.0.0.1");
    assert_eq!(line["id"], header(&answer, "x-request-id"));
}

#[tokio::test]
async fn hosts_that_are_served() {
    let own = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let own = own.trim();
    let without_key = Serve::start(&["--mock"], &[]).await;
    let with_key = Serve::start(&["--mock"], &[("CHATWIRE_API_KEY", "the-key-of-this-test")]).await;
    for (host, without, with) in [
        ("localhost:1", "200", "200"),
        ("app.localhost", "200", "200"),
        ("127.0.0.1:1", "200", "200"),
        ("[::1]", "200", "200"),
        (own, "200", "200"),
        ("evil.example", "403", "200"),
        ("host.docker.internal:1337", "403", "200"),
    ] {
        if host.is_empty() {
            continue;
        }
        for (serve, expected) in [(&without_key, without), (&with_key, with)] {
            let answer = serve
                .send("GET /healthz", &format!("host: {host}\r\n"), "")
                .await;
            assert_eq!(status(&answer), expected, "{host}");
        }
    }
    let refused = without_key.line("host_not_allowed").await;
    assert!(refused.contains("refused=evil.example"), "{refused}");
}

/// Connections without a key, as many as there can be, keep nobody out.
#[tokio::test]
async fn a_question_is_answered_beside_connections_without_a_key() {
    let serve = Serve::start(&["--mock"], &[("CHATWIRE_API_KEY", "the-key-of-this-test")]).await;
    let key = "x-api-key: the-key-of-this-test\r\n";
    let mut idle = Vec::new();
    let request = format!("GET /healthz HTTP/1.1\r\nhost: {}\r\n\r\n", serve.address);
    for number in 0..1024 {
        let mut stream = TcpStream::connect(&serve.address).await.unwrap();
        if number % 2 == 0 {
            let _ = stream.write_all(request.as_bytes()).await;
        }
        idle.push(stream);
        if number % 128 == 0 {
            assert_eq!(status(&serve.ask(&question("aura"), key).await), "200");
        }
    }
    assert_eq!(status(&serve.ask(&question("aura"), key).await), "200");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_crash_leaves_no_core_file() {
    let serve = Serve::start(&["--mock"], &[]).await;
    let limits = format!("/proc/{}/limits", serve.child.id().unwrap());
    let limits = std::fs::read_to_string(limits).unwrap();
    let line = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"))
        .unwrap();
    let words: Vec<&str> = line.split_whitespace().collect();
    assert_eq!(words[4..6], ["0", "0"], "{line}");
}

#[tokio::test]
async fn the_schema_is_printed() {
    let printed = run(["config", "schema"]).await;
    assert_eq!(printed.code, Some(0), "{printed:?}");
    let schema: Value = serde_json::from_str(&printed.out).unwrap();
    let options = &schema["properties"]["endpoints"]["additionalProperties"]["allOf"];
    assert_eq!(
        options.as_array().unwrap().len(),
        chatwire::providers().len()
    );
    for key in ["default", "http", "endpoints", "aliases", "gateway"] {
        assert!(schema["properties"][key].is_object(), "{key}");
    }
}

/// The keys stand where people look for them.
#[tokio::test]
async fn help_names_every_key() {
    let schema: Value = serde_json::from_str(&run(["config", "schema"]).await.out).unwrap();
    let folder = std::env::temp_dir().join(format!("chatwire-man-serve-{}", std::process::id()));
    assert_eq!(run(["man", folder.to_str().unwrap()]).await.code, Some(0));
    let page = std::fs::read_to_string(folder.join("chatwire-serve.1")).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    let help = run(["serve", "--help"]).await.out;
    // A published crate has no workspace around it.
    let readme = concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md");
    let readme = std::fs::read_to_string(readme);
    for table in [
        "/properties/gateway",
        "/properties/gateway/properties/limits",
    ] {
        let keys = schema.pointer(&format!("{table}/properties")).unwrap();
        for key in keys.as_object().unwrap().keys() {
            assert!(help.contains(key.as_str()), "{key} is not in --help");
            if let Ok(readme) = &readme {
                assert!(
                    readme.contains(&format!("`{key}`")) || key == "limits",
                    "{key}"
                );
            }
            assert!(
                page.contains(&key.replace('-', "\\-")),
                "{key} is not in the man page"
            );
        }
    }
    assert!(help.contains("[aliases]") && page.contains("[aliases]"));
}
