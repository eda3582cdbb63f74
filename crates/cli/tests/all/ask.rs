//! `chatwire ask` as a black box: exit codes, bytes, streams, signals.

use std::fs::File;
use std::process::Stdio;
use std::time::Duration;

use crate::support::{
    PATIENCE, TempFile, expect, finish, hears_ctrl_c, program, run, run_with_input, signal,
};
use chatwire_mock::{
    AiEngineMock, AiReply, Answer, AuraMock, Bundle, Ending, Gate, MagickPenMock, MockServer,
    ModelRule, ScriptedModel,
};
use serde_json::{Value, json};
use tokio::io::AsyncReadExt as _;
use tokio::time::timeout;

/// A server that gives this answer to everything.
async fn server(answer: Answer) -> MockServer {
    let server = MockServer::start().await.unwrap();
    server.answer_always(answer);
    server
}

/// Asks with these arguments, and expects the exit code and words on standard
/// error.
async fn fails(args: &[&str], code: i32, words: &[&str]) {
    let run = run(args).await;
    assert_eq!(run.code, Some(code), "{args:?}: {run:?}");
    for word in words {
        assert!(run.err.contains(word), "{args:?}: no {word:?} in {run:?}");
    }
    if code != 8 {
        assert_eq!(run.out, "", "{args:?}");
    }
}

/// With a schema, the answer is JSON that is valid by it, or an error.
#[tokio::test]
async fn answers_by_a_schema() {
    let schema = TempFile::new(
        "city.json",
        r#"{"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}"#,
    );
    let model = ScriptedModel::new()
        .with_rule(ModelRule::say("I will not.").when("never"))
        .with_rule(ModelRule::say("{\"name\": \"Tokyo\"}").when("is not valid:"))
        .with_rule(ModelRule::say("It is {\"town\": \"Tokyo\"}.").when("Name of the answer: "));
    let mock = AuraMock::start().await.unwrap();
    mock.model(model);
    let url = mock.url();
    let ask = |question, more: &[&str]| {
        let args = [
            "ask",
            "-p",
            "aura",
            "-u",
            &url,
            "--schema",
            schema.path(),
            question,
        ];
        let all: Vec<String> = args
            .iter()
            .chain(more)
            .map(|arg| (*arg).to_owned())
            .collect();
        async move { run(&all).await }
    };
    let right = ask("largest?", &[]).await;
    assert_eq!(
        (right.code, right.out.as_str()),
        (Some(0), "{\"name\": \"Tokyo\"}")
    );
    assert_eq!(mock.received().len(), 2);
    let dry = ask("largest?", &["--dry-run"]).await;
    assert!(dry.out.contains("city\\nSchema:"), "{dry:?}");
    assert_eq!(dry.out.matches("/api/chat").count(), 1, "{dry:?}");
    assert_eq!(mock.received().len(), 2);
    let never = ask("never", &[]).await;
    assert_eq!((never.code, never.out.as_str()), (Some(7), ""), "{never:?}");
    for words in ["after 3 questions", "the last answer was: I will not."] {
        assert!(never.err.contains(words), "{never:?}");
    }
    let broken = TempFile::new("broken-schema.json", "{\n  nothing");
    let wrong = TempFile::new("wrong-schema.json", "{\"type\": \"city\"}");
    for (file, words) in [
        (broken.path(), "is no JSON: key must be a string at line 2"),
        (wrong.path(), "no JSON schema"),
        ("/nowhere.json", "/nowhere.json\" cannot be read"),
    ] {
        fails(&["ask", "--mock", "--schema", file, "hi"], 2, &[words]).await;
    }
}

#[tokio::test]
async fn mocks_of_all_providers_answer() {
    for (provider, answer) in [
        ("aura", "This is the Aura mock. You asked: hi there"),
        (
            "magickpen",
            "This is the MagickPen mock. You asked: hi there",
        ),
        (
            "chatgpt4online",
            "This is the AI Engine mock. You asked: hi there",
        ),
        ("ai-sdk", "This is the AI SDK mock. You asked: hi there"),
    ] {
        for more in [&[][..], &["--no-stream"][..]] {
            let mut args = vec!["ask", "--mock", "-p", provider, "hi", "there"];
            args.extend(more);
            let run = run(&args).await;
            assert_eq!(run.code, Some(0), "{run:?}");
            assert_eq!(run.out, answer);
            assert!(run.err.contains("mock"), "{run:?}");
        }
    }
}

#[tokio::test]
async fn a_proxy_of_the_environment_can_be_switched_off() {
    let mock = AuraMock::start().await.unwrap();
    let file = TempFile::new(
        "no-proxy.toml",
        format!(
            "[endpoints.home]\nprovider = \"aura\"\nbase_url = \"{}\"\nhttp.proxy = \"off\"\n",
            mock.url()
        ),
    );
    let url = mock.url();
    for place in [
        &["-u", &url, "--proxy", "off"][..],
        &["--config", file.path(), "-e", "home"],
    ] {
        for command in [&["ask", "hi"][..], &["models"], &["check"]] {
            let child = program([command, place].concat())
                .env("http_proxy", "http://127.0.0.1:1")
                .env("ALL_PROXY", "http://127.0.0.1:1")
                .spawn()
                .unwrap();
            let run = finish(child).await;
            assert_eq!(run.code, Some(0), "{command:?} {place:?}: {run:?}");
            assert!(!run.out.contains("through a proxy"), "{run:?}");
        }
    }
}

#[tokio::test]
async fn the_mock_needs_no_proxy() {
    let child = program(["ask", "--mock", "hi"])
        .env("http_proxy", "http://127.0.0.1:1")
        .env("ALL_PROXY", "http://127.0.0.1:1")
        .spawn()
        .unwrap();
    assert_eq!(finish(child).await.code, Some(0));
}

#[tokio::test]
async fn bad_input_is_told_before_anything_is_sent() {
    let mock = AuraMock::start().await.unwrap();
    let url = mock.url();
    let empty = TempFile::new("empty.json", "[]");
    let object = TempFile::new("object.json", r#"{"role":"user"}"#);
    let blank = TempFile::new("blank.json", r#"[{"role":"user","content":" \n"}]"#);
    let no_user = TempFile::new(
        "no-user.json",
        r#"[{"role":"system","content":"Be brief."}]"#,
    );
    let image = TempFile::new(
        "image.json",
        r#"[{"role":"user","content":[{"type":"image_url","image_url":{"url":"x"}}]}]"#,
    );
    let binary = TempFile::new("binary.json", b"[\xff]");
    for (args, code, words) in [
        (&[][..], 2, &["no question"][..]),
        (&[""], 2, &["blank"]),
        (&["  "], 2, &["blank"]),
        (&["--messages", empty.path()], 2, &["empty"]),
        (
            &["--messages", object.path()],
            2,
            &["object.json", "JSON array"],
        ),
        (&["--messages", blank.path()], 2, &["blank"]),
        (&["--messages", no_user.path()], 2, &["no user message"]),
        (&["--messages", image.path()], 2, &["image_url"]),
        (&["--messages", binary.path()], 2, &["binary.json", "UTF-8"]),
        (
            &["-p", "magickpen", "--webdriver", "http://127.0.0.1:1", "hi"],
            2,
            &["no setting", "webdriver"],
        ),
        (
            &["-p", "magickpen", "--session-file", blank.path(), "hi"],
            2,
            &["no setting \"session_file\""],
        ),
        (
            &["--webdriver", "http://127.0.0.1:1", "hi"],
            6,
            &["127.0.0.1:1/session", "chromedriver"],
        ),
        (
            &["--messages", "/no/such/file", "hi"],
            2,
            &["/no/such/file"],
        ),
        (&["-t", "2.5", "hi"], 2, &["2.5"]),
        (&["-t", "NaN", "hi"], 2, &["NaN"]),
        (&["-t", "warm", "hi"], 2, &["warm"]),
        (&["--max-tokens", "0", "hi"], 2, &["max_tokens"]),
        (&["--max-tokens", "5", "hi"], 2, &["max_tokens"]),
        (&["--timeout", "0", "hi"], 2, &["'0'"]),
        (&["--timeout", "-1", "hi"], 2, &["'-1'"]),
        (&["--timeout", "soon", "hi"], 2, &["soon"]),
        (
            &["--proxy", "nonsense", "hi"],
            2,
            &["the proxy cannot be read"],
        ),
        (&["--proxy", "ftp://proxy:1", "hi"], 2, &["ftp://proxy:1"]),
        (
            &["--header", "nonsense", "hi"],
            2,
            &["--header", "NAME: VALUE"],
        ),
        (
            &["--header", "a b: c", "hi"],
            2,
            &["the name of an HTTP header"],
        ),
        (&["--header", "x-a: c\nd", "hi"], 2, &["x-a"]),
        (&["-o", "nonsense", "hi"], 2, &["--option", "KEY=VALUE"]),
        (&["-o", "nonsense=1", "hi"], 2, &["nonsense"]),
        (
            &["-o", "token_limit=many", "hi"],
            2,
            &["token_limit", "whole number"],
        ),
        (&["-o", "key_env=NO_SUCH_NAME", "hi"], 2, &["NO_SUCH_NAME"]),
        (
            &["-o", "key_file=/no/such/file", "hi"],
            2,
            &["/no/such/file"],
        ),
        (&["--json", "--jsonl", "hi"], 2, &["--json"]),
        (&["--nonsense", "hi"], 2, &["--nonsense"]),
        (
            &["-p", "nonsense", "hi"],
            3,
            &["nonsense", "magickpen", "chatgpt4online", "aura"],
        ),
        (&["-m", " ", "hi"], 3, &["model"]),
        (
            &["-p", "magickpen", "-m", "gpt-5", "hi"],
            3,
            &["gpt-5", "gpt-4o-mini"],
        ),
        (
            &["-p", "chatgpt4online", "-t", "0.5", "hi"],
            2,
            &["temperature is decided by the site", "trusted"],
        ),
    ] {
        let mut all = vec!["ask", "-u", &url];
        // Without a kind of server, it is asked what it is.
        if !args.contains(&"-p") {
            all.extend(["-p", "aura"]);
        }
        all.extend(args);
        fails(&all, code, words).await;
    }
    for (base, words) in [
        ("nonsense", "nonsense"),
        ("ftp://example.org", "ftp://example.org"),
        ("http://", "http://"),
        ("http://host:99999", "99999"),
        ("http://example.org/?a=b", "query"),
    ] {
        fails(&["ask", "-u", base, "hi"], 2, &[words]).await;
    }
    assert_eq!(mock.requests().len(), 0, "nothing was sent");
    assert_eq!(mock.connections(), 0);
}

#[tokio::test]
async fn unknown_models_are_refused_by_the_mock_too() {
    for provider in ["aura", "magickpen", "chatgpt4online"] {
        let args = ["ask", "--mock", "-p", provider, "-m", "nonsense", "hi"];
        fails(&args, 3, &["nonsense"]).await;
    }
    fails(&["ask", "--mock", "-p", "nonsense", "hi"], 3, &["nonsense"]).await;
    fails(
        &["ask", "--mock", "-u", "http://127.0.0.1:1", "hi"],
        2,
        &["--mock"],
    )
    .await;
}

#[tokio::test]
async fn other_errors_are_1() {
    let mut directory = program(["ask", "--mock"]);
    directory.stdin(File::open("/").unwrap());
    let run = finish(directory.spawn().unwrap()).await;
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.err.contains("standard input"), "{run:?}");

    #[cfg(target_os = "linux")]
    {
        let mut full = program(["ask", "--mock", "hi"]);
        full.stdout(File::options().write(true).open("/dev/full").unwrap());
        let run = finish(full.spawn().unwrap()).await;
        assert_eq!(run.code, Some(1), "{run:?}");
        assert!(run.err.contains("standard output"), "{run:?}");
    }
}

#[tokio::test]
async fn credentials_are_4() {
    let mock = MagickPenMock::builder()
        .bundle(Bundle::WithoutSecret)
        .start()
        .await
        .unwrap();
    fails(
        &["ask", "-p", "magickpen", "-u", &mock.url(), "hi"],
        4,
        &["secret"],
    )
    .await;

    let site = AiEngineMock::start().await.unwrap();
    site.answer_with(|request| {
        let refused = Answer::json(r#"{"code":"rest_forbidden","message":"No.","data":null}"#);
        (request.path().ends_with("/submit")).then(|| refused.with_status(401))
    });
    fails(
        &["ask", "-p", "chatgpt4online", "-u", &site.url(), "hi"],
        4,
        &["401"],
    )
    .await;
}

#[tokio::test]
async fn rate_limits_are_5() {
    let mock = AuraMock::start().await.unwrap();
    mock.fail("Rate limit reached for gpt-4");
    fails(
        &["ask", "-u", &mock.url(), "hi"],
        5,
        &["Rate limit reached"],
    )
    .await;
    mock.answer(
        Answer::json(r#"{"message":"slow down"}"#)
            .with_status(429)
            .header("retry-after", "7"),
    );
    let run = run(["ask", "-u", &mock.url(), "--json", "hi"]).await;
    assert_eq!(run.code, Some(5));
    let shown: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(shown["error"]["kind"], "rate_limited");
    assert_eq!(shown["error"]["status"], 429);
    assert_eq!(shown["error"]["retry_after"], 7.0);
}

#[tokio::test]
async fn network_and_timeouts_are_6() {
    fails(
        &["ask", "-u", "http://127.0.0.1:1", "hi"],
        6,
        &["127.0.0.1:1"],
    )
    .await;
    let silent = server(Answer::stream(["so far"]).ending(Ending::Stall)).await;
    let run = run(["ask", "-u", &silent.url(), "--timeout", "0.3", "hi"]).await;
    assert_eq!(run.code, Some(6), "{run:?}");
    assert_eq!(run.out, "so far", "what came stays");
    assert!(run.err.contains("0.3 s"), "{run:?}");
}

/// Every command that asks a server heeds the limit, from the flag and from the
/// environment.
#[tokio::test]
async fn the_time_limit_holds_for_every_command() {
    let silent = server(Answer::stream([""; 0]).ending(Ending::Stall)).await;
    let url = silent.url();
    let waits = async |command: &[&str]| {
        let mut all = command.to_vec();
        all.extend(["-u", &url]);
        let by_variable = program(&all).env("CHATWIRE_TIMEOUT", "900ms").spawn();
        let by_variable = finish(by_variable.unwrap()).await;
        all.extend(["--timeout", "0.9s"]);
        for run in [by_variable, run(&all).await] {
            assert_eq!(run.code, Some(6), "{all:?}: {run:?}");
        }
    };
    tokio::join!(waits(&["ask", "hi"]), waits(&["models"]), waits(&["check"]));
    // A server that accepts connections and speaks no TLS.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let tls = run(["check", "-u", &url, "--timeout", "900ms"]).await;
    assert_eq!(tls.code, Some(6), "{tls:?}");
    assert!(tls.out.contains("0.9 s"), "{tls:?}");
}

#[tokio::test]
async fn a_base_url_is_needed_before_anything_is_sent() {
    let endpoint = TempFile::new("no-url.toml", "[endpoints.home]\nprovider = \"aura\"\n");
    // A proxy that would notice.
    let proxy = server(Answer::status(200)).await;
    let url = proxy.url();
    for (args, words) in [
        (
            &["-p", "aura"][..],
            &["base URL", "-u", "--mock", "openchat-ui"][..],
        ),
        (&["-p", "magickpen"], &["base URL", "-u", "MagickPen"]),
        (&["-p", "chatgpt4online"], &["base URL", "-u", "WordPress"]),
        (&["--dry-run"], &["base URL", "-u"]),
        (
            &["--config", endpoint.path(), "-e", "home"],
            &["\"home\"", "base_url", "--mock"],
        ),
    ] {
        for command in ["ask", "check", "models"] {
            if command != "ask" && args.contains(&"--dry-run") {
                continue;
            }
            let mut all = vec![command, "--proxy", &url];
            all.extend(args);
            if command == "ask" {
                all.push("hi");
            }
            let run = run(&all).await;
            assert_eq!(run.code, Some(2), "{all:?}: {run:?}");
            let told = format!("{}{}", run.out, run.err);
            for word in words {
                assert!(told.contains(word), "{all:?}: no {word:?} in {run:?}");
            }
        }
    }
    assert_eq!(proxy.connections(), 0);
}

#[tokio::test]
async fn wrong_answers_are_7() {
    for (answer, words) in [
        (
            Answer::html(200, "<!doctype html><title>Log in</title>"),
            "Log in",
        ),
        (
            Answer::html(403, "<!doctype html><title>Blocked</title>"),
            "403",
        ),
        (Answer::status(404).piece("not here"), "404"),
        (Answer::stream([""]), "empty"),
        (
            AuraMock::failure("This model's maximum context length is 4097 tokens"),
            "context",
        ),
        (
            Answer::redirect(302, "http://other.invalid/"),
            "other.invalid",
        ),
    ] {
        let server = server(answer).await;
        fails(&["ask", "-u", &server.url(), "hi"], 7, &[words]).await;
    }
    let site = AiEngineMock::start().await.unwrap();
    site.reply(AiReply::new().error("Sorry, your query has been rejected."));
    fails(
        &["ask", "-p", "chatgpt4online", "-u", &site.url(), "hi"],
        7,
        &["rejected"],
    )
    .await;
}

#[tokio::test]
async fn cut_answers_are_8_and_keep_their_text() {
    for ending in [Ending::Truncate, Ending::Reset] {
        let gate = Gate::new();
        gate.open();
        let answer = Answer::stream(["so ", "far"]).wait(&gate).ending(ending);
        let server = server(answer.clone()).await;
        for format in [&[][..], &["--no-stream"][..]] {
            let mut args = vec!["ask", "-u", server.url().leak(), "hi"];
            args.extend(format);
            let run = run(&args).await;
            assert_eq!(run.code, Some(8), "{run:?}");
            assert_eq!(run.out, "so far");
            assert!(!run.err.is_empty());
        }
        let run = run(["ask", "-u", &server.url(), "--jsonl", "hi"]).await;
        let lines: Vec<Value> = run
            .out
            .lines()
            .map(|l| serde_json::from_str(l).unwrap())
            .collect();
        assert_eq!(lines.last().unwrap()["type"], "error");
    }
    let site = AiEngineMock::start().await.unwrap();
    site.reply(AiReply::new().delta("so far"));
    let run = run(["ask", "-p", "chatgpt4online", "-u", &site.url(), "hi"]).await;
    assert_eq!((run.code, run.out.as_str()), (Some(8), "so far"));
}

#[tokio::test]
async fn output_is_byte_for_byte_the_answer() {
    let text = "\u{feff}tab\t\u{1b}[31mred\u{1b}[0m\r\n\0 naïve 👋🏽 \u{2028}\n\n ";
    let server = server(Answer::stream(text.as_bytes().chunks(1))).await;
    for more in [&[][..], &["--no-stream"][..]] {
        let mut args = vec!["ask", "-u", server.url().leak(), "hi"];
        args.extend(more);
        let run = run(&args).await;
        assert_eq!((run.code, run.out.as_str()), (Some(0), text));
        assert_eq!(run.err, "");
    }
}

#[tokio::test]
async fn text_is_out_while_the_server_holds_the_rest() {
    for format in ["", "--jsonl"] {
        let gate = Gate::new();
        let server = server(Answer::stream(["first "]).wait(&gate).piece("second")).await;
        let args = ["ask", "-u", &server.url(), "hi", format];
        let mut child = program(args.iter().filter(|arg| !arg.is_empty()))
            .spawn()
            .unwrap();
        let mut out = child.stdout.take().unwrap();
        if format.is_empty() {
            expect(&mut out, "first ").await;
            gate.open();
            expect(&mut out, "second").await;
        } else {
            expect(&mut out, "{\"type\":\"text\",\"text\":\"first \"}\n").await;
            gate.open();
        }
        let mut rest = String::new();
        out.read_to_string(&mut rest).await.unwrap();
        assert_eq!(finish(child).await.code, Some(0));
    }
}

/// Each write to a datagram socket stays a message of its own, so they can be counted.
#[cfg(unix)]
#[tokio::test]
async fn pieces_that_come_together_are_written_together() {
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixDatagram;

    use tokio::io::AsyncWriteExt as _;

    const PIECES: usize = 2000;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut connection, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"}") {
            connection.read_buf(&mut request).await.unwrap();
        }
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\
                    transfer-encoding: chunked\r\n\r\n";
        let body = "4\r\nabcd\r\n".repeat(PIECES);
        let answer = format!("{head}{body}0\r\n\r\n");
        connection.write_all(answer.as_bytes()).await.unwrap();
    });
    let (ours, theirs) = UnixDatagram::pair().unwrap();
    let child = program(["ask", "-p", "aura", "-u", &address, "-m", "m", "hi"])
        .stdout(OwnedFd::from(theirs))
        .spawn()
        .unwrap();
    let reader = tokio::task::spawn_blocking(move || {
        ours.set_read_timeout(Some(PATIENCE)).unwrap();
        let (mut writes, mut text) = (0, Vec::new());
        let mut message = vec![0; 1 << 20];
        while text.len() < 4 * PIECES {
            let length = ours.recv(&mut message).expect("more of the answer");
            text.extend_from_slice(&message[..length]);
            writes += 1;
        }
        (writes, text)
    });
    assert_eq!(finish(child).await.code, Some(0));
    let (writes, text) = reader.await.unwrap();
    assert_eq!(text, "abcd".repeat(PIECES).as_bytes());
    assert!(writes <= PIECES / 10, "{writes} writes");
}

#[tokio::test]
async fn no_stream_waits_for_the_end() {
    let gate = Gate::new();
    let server = server(Answer::stream(["first "]).wait(&gate).piece("second")).await;
    let mut child = program(["ask", "-u", &server.url(), "--no-stream", "hi"])
        .spawn()
        .unwrap();
    server.wait_for_requests(1).await;
    let mut out = child.stdout.take().unwrap();
    let early = timeout(Duration::from_millis(300), out.read_u8()).await;
    assert!(early.is_err(), "nothing before the end");
    gate.open();
    expect(&mut out, "first second").await;
    assert_eq!(finish(child).await.code, Some(0));
}

#[tokio::test]
async fn no_stream_asks_the_site_for_one_piece() {
    let site = AiEngineMock::start().await.unwrap();
    let args = ["ask", "-p", "chatgpt4online", "-u", &site.url(), "hi"];
    run(args).await;
    run(args.iter().chain(&["--no-stream"])).await;
    let asked: Vec<bool> = site.model_received().iter().map(|r| r.stream).collect();
    assert_eq!(asked, [true, false]);
}

#[tokio::test]
async fn questions_from_arguments_input_and_files() {
    let mock = AuraMock::start().await.unwrap();
    let url = mock.url();
    let file = TempFile::new(
        "conversation.json",
        json!([
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "One?"},
            {"role": "assistant", "content": "One."},
            {"role": "user", "content": [{"type": "text", "text": "Two?"}]},
        ])
        .to_string(),
    );
    let conversation = std::fs::read(&file.0).unwrap();
    for (args, input, prompt, messages) in [
        (&["a", "b"][..], &b""[..], None, &["user a b"][..]),
        (&[], b"from input\n", None, &["user from input"]),
        (&["a"], b"from\ninput\n", None, &["user a\n\nfrom\ninput"]),
        (&["a"], b" \n", None, &["user a"]),
        (&["--", "-x"], b"", None, &["user -x"]),
        (&["-s", "Sing.", "a"], b"", Some("Sing."), &["user a"]),
        (
            &["--messages", file.path()],
            b"",
            Some("Be brief."),
            &["user One?", "assistant One.", "user Two?"],
        ),
        (
            &["--messages", file.path(), "-s", "Sing.", "Three?"],
            b"",
            Some("Sing.\nBe brief."),
            &["user One?", "assistant One.", "user Two?", "user Three?"],
        ),
        (
            &["--messages", "-", "Three?"],
            &conversation,
            Some("Be brief."),
            &["user One?", "assistant One.", "user Two?", "user Three?"],
        ),
    ] {
        let mut all = vec!["ask", "-u", &url];
        all.extend(args);
        let run = run_with_input(&all, input).await;
        assert_eq!(run.code, Some(0), "{args:?}: {run:?}");
        let received = mock.received().pop().unwrap();
        let shown: Vec<String> = received
            .messages
            .iter()
            .map(|m| format!("{} {}", m.role, m.content))
            .collect();
        assert_eq!(shown, messages, "{args:?}");
        assert_eq!(
            received.prompt,
            prompt.unwrap_or(AuraMock::DEFAULT_PROMPT),
            "{args:?}"
        );
    }
}

#[tokio::test]
async fn parameters_arrive() {
    let mock = AuraMock::builder()
        .require_cookie("session", "abc")
        .start()
        .await
        .unwrap();
    let key = TempFile::new("key", "from-file\n");
    let key_file = format!("key_file={}", key.path());
    let args = [
        "ask",
        "-u",
        &mock.url(),
        "-m",
        "openchat_v3.2_mistral",
        "-t",
        "0.25",
        "--header",
        "Cookie: session=abc",
        "-o",
        &key_file,
        "-o",
        "token_limit=4000",
        "hi",
    ];
    let answered = run(args).await;
    assert_eq!(answered.code, Some(0), "{answered:?}");
    let received = mock.received().pop().unwrap();
    assert_eq!(received.model, "openchat_v3.2_mistral");
    assert_eq!(received.temperature, json!(0.25));
    assert_eq!(received.key, "from-file");
    let child = program([
        "ask",
        "-u",
        &mock.url(),
        "--header",
        "Cookie: session=abc",
        "-o",
        "key_env=K",
        "hi",
    ])
    .env("K", "from-env")
    .spawn()
    .unwrap();
    assert_eq!(finish(child).await.code, Some(0));
    assert_eq!(mock.received().pop().unwrap().key, "from-env");
}

#[tokio::test]
async fn json_lines() {
    let site = AiEngineMock::start().await.unwrap();
    site.reply(
        AiReply::new()
            .progress("status", "Generating response...")
            .delta("Hel")
            .delta("lo")
            .end("Hello!"),
    );
    let url = site.url();
    let args = ["ask", "-p", "chatgpt4online", "-u", &url, "hi"];
    let run_lines = run(args.iter().chain(&["--jsonl"])).await;
    let lines: Vec<Value> = run_lines
        .out
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    let usage = json!({"prompt_tokens": 40, "completion_tokens": 1, "total_tokens": 41});
    assert_eq!(
        lines,
        [
            json!({"type": "progress", "kind": "status", "text": "Generating response..."}),
            json!({"type": "text", "text": "Hel"}),
            json!({"type": "text", "text": "lo"}),
            json!({"type": "text", "text": "!"}),
            json!({"type": "finish", "text": "Hello!", "reason": "stop", "usage": usage, "images": []}),
        ]
    );

    // The authoritative text is the one that counts.
    let differs = || AiReply::new().delta("Hello, you fool").end("Hello, you");
    site.reply(differs());
    let text = run(args).await;
    assert_eq!(text.out, "Hello, you fool");
    assert!(text.err.contains("final text"), "{text:?}");
    site.reply(differs());
    let whole = run(args.iter().chain(&["--json"])).await;
    let shown: Value = serde_json::from_str(&whole.out).unwrap();
    assert_eq!(
        shown,
        json!({
            "provider": "chatgpt4online", "model": "default", "text": "Hello, you", "reason": "stop",
            "usage": {"prompt_tokens": 40, "completion_tokens": 2, "total_tokens": 42}, "images": [],
        })
    );
    site.reply(differs());
    let lines = run(args.iter().chain(&["--jsonl"])).await;
    let last: Value = serde_json::from_str(lines.out.lines().last().unwrap()).unwrap();
    assert_eq!(last["text"], "Hello, you");

    for format in ["--json", "--jsonl"] {
        site.reply(AiReply::new().error("Reached your limit."));
        let failed = run(args.iter().chain(&[format])).await;
        assert_eq!(failed.code, Some(5), "{failed:?}");
        let mut shown: Value = serde_json::from_str(&failed.out).unwrap();
        if format == "--json" {
            shown = shown["error"].take();
        } else {
            assert_eq!(shown["type"], "error");
        }
        assert_eq!(shown["kind"], "rate_limited");
        assert!(
            shown["message"]
                .as_str()
                .unwrap()
                .contains("Reached your limit.")
        );
        assert_eq!(shown["retry_after"], Value::Null);
    }
    let bad = run(["ask", "-u", "nonsense", "--json", "hi"]).await;
    let shown: Value = serde_json::from_str(&bad.out).unwrap();
    assert_eq!(shown["error"]["kind"], "invalid_request");
}

#[tokio::test]
async fn a_closed_pipe_ends_it_silently() {
    let server = server(Answer::status(200).repeat("line\n", None)).await;
    for format in [&[][..], &["--jsonl"][..]] {
        let mut args = vec!["ask", "-u", server.url().leak(), "hi"];
        args.extend(format);
        let mut child = program(&args).spawn().unwrap();
        let mut out = child.stdout.take().unwrap();
        out.read_u8().await.unwrap();
        drop(out);
        let run = finish(child).await;
        assert_eq!(run.code, Some(0), "{run:?}");
        assert_eq!(run.err, "");
    }
    let exe = env!("CARGO_BIN_EXE_chatwire");
    let output = tokio::process::Command::new("sh")
        .arg("-c")
        .arg(format!("{exe} ask -u {} hi | head -1", server.url()))
        .stdin(Stdio::null())
        .output();
    let output = timeout(PATIENCE, output).await.unwrap().unwrap();
    assert_eq!(output.stdout, b"line\n");
    assert_eq!(output.stderr, b"");
}

#[tokio::test]
async fn a_closed_standard_error_is_no_error() {
    let mut child = program(["ask", "--mock", "hi"]).spawn().unwrap();
    drop(child.stderr.take());
    assert_eq!(finish(child).await.code, Some(0));
}

#[cfg(unix)]
#[tokio::test]
async fn ctrl_c_is_130() {
    // In the middle of an answer.
    let stalls = server(Answer::stream(["so far"]).ending(Ending::Stall)).await;
    let mut child = program(["ask", "-u", &stalls.url(), "hi"]).spawn().unwrap();
    expect(child.stdout.as_mut().unwrap(), "so far").await;
    signal(&child, "INT").await;
    let run = finish(child).await;
    assert_eq!(run.code, Some(130), "{run:?}");
    timeout(PATIENCE, stalls.wait_all_closed()).await.unwrap();

    // While nobody reads the answer.
    let floods = server(Answer::status(200).repeat("x".repeat(10_000), None)).await;
    let mut child = program(["ask", "-u", &floods.url(), "hi"]).spawn().unwrap();
    let mut out = child.stdout.take().unwrap();
    out.read_u8().await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    signal(&child, "INT").await;
    let code = timeout(PATIENCE, child.wait())
        .await
        .unwrap()
        .unwrap()
        .code();
    assert_eq!(code, Some(130));

    // While it waits for standard input.
    let mut waits = program(["ask", "--mock"]);
    let mut child = waits.stdin(Stdio::piped()).spawn().unwrap();
    // Kept open: its end would be an answer too.
    let _stdin = child.stdin.take();
    hears_ctrl_c(&child).await;
    signal(&child, "INT").await;
    assert_eq!(finish(child).await.code, Some(130));
}

#[tokio::test]
async fn secrets_are_not_shown() {
    let mock = AuraMock::start().await.unwrap();
    mock.fail("The key hush-hush-1 is unauthorized, says cookie hush-hush-2");
    for args in [
        &["-o", "key=hush-hush-1", "--header", "Cookie: s=hush-hush-2"][..],
        &["--header", "Authorization Bearer hush-hush-3"],
        &["--header", "cookie=hush-hush-9"],
        &["--header", "hush-hush-9"],
        &["-o", "hush-hush-9"],
        &["-o", "token_limit=hush-hush-9"],
        &["--header", "x y: hush-hush-4"],
        &["--header", "x-y: hush-hush-5\u{1}"],
        &["-u", "http://me:hush-hush-6@127.0.0.1:1"],
        &["--proxy", "http://me:hush-hush-7@127.0.0.1:1"],
        &["--proxy", "nonsense://me:hush-hush-8@127.0.0.1:1"],
    ] {
        let url = mock.url();
        let mut all = vec!["ask", "--json", "hi"];
        if !args.contains(&"-u") {
            all.extend(["-u", &url]);
        }
        all.extend(args);
        let run = run(&all).await;
        assert_ne!(run.code, Some(0), "{args:?}");
        let shown = format!("{}{}", run.out, run.err);
        assert!(!shown.contains("hush-hush"), "{args:?}: {shown}");
    }
}

#[tokio::test]
async fn secrets_need_not_be_arguments() {
    let mock = AuraMock::builder()
        .require_cookie("session", "hush-1")
        .start()
        .await
        .unwrap();
    let cookie = TempFile::new("header-cookie", "session=hush-1\n");
    let url = mock.url();
    let by_file = format!("Cookie_file={}", cookie.path());
    for (header, proxy, code) in [
        ("Cookie: session=hush-1", "off", 0),
        ("Cookie_env=THE_COOKIE", "off", 0),
        (&by_file, "off", 0),
        (&by_file, "proxy_env=THE_PROXY", 6),
    ] {
        let mut ask = program([
            "ask", "-u", &url, "--header", header, "--proxy", proxy, "hi",
        ]);
        // A proxy of the environment that nobody can reach.
        ask.env("http_proxy", "http://127.0.0.1:1")
            .env("THE_COOKIE", "session=hush-1")
            .env("THE_PROXY", "http://127.0.0.1:2");
        let run = finish(ask.spawn().unwrap()).await;
        assert_eq!(run.code, Some(code), "{header} {proxy}: {run:?}");
    }
    for (args, words) in [
        (["--header", "Cookie_env=NO_SUCH"], "NO_SUCH"),
        (["--header", "Cookie_file=/no/such"], "/no/such"),
        (["--proxy", "proxy_env=NO_SUCH"], "NO_SUCH"),
        (["--proxy", "proxy_file=/no/such"], "/no/such"),
    ] {
        let mut all = vec!["ask", "-u", &url, "hi"];
        all.extend(args);
        fails(&all, 2, &[words]).await;
    }
}
