//! The other commands, and what `ask` can do besides.

use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::support::{
    PATIENCE, TempFile, exchange, expect, finish, hears_ctrl_c, mock_servers, program, run,
    run_with_input, signal,
};
use chatwire_mock::{AiEngineMock, Answer, AuraMock, MagickPenMock};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::time::timeout;

#[tokio::test]
async fn files_are_part_of_the_question() {
    let mock = AuraMock::start().await.unwrap();
    let one = TempFile::new("one.txt", "first\n");
    let two = TempFile::new("two.md", "a\n```\ncode\n```");
    let args = [
        "ask",
        "-u",
        &mock.url(),
        "Compare",
        "--file",
        one.path(),
        "--file",
        two.path(),
    ];
    let answered = run(args).await;
    assert_eq!(answered.code, Some(0), "{answered:?}");
    let question = mock
        .received()
        .pop()
        .unwrap()
        .messages
        .pop()
        .unwrap()
        .content;
    assert_eq!(
        question,
        format!(
            "Compare\n\n{}:\n```\nfirst\n```\n\n{}:\n````\na\n```\ncode\n```\n````",
            one.path(),
            two.path()
        )
    );
    let args = ["ask", "--mock", "hi", "--file", "/no/such/file"];
    let failed = run(args).await;
    assert_eq!(failed.code, Some(2));
    assert!(failed.err.contains("/no/such/file"), "{failed:?}");
}

#[tokio::test]
async fn the_first_code_block_alone() {
    let mock = AuraMock::start().await.unwrap();
    mock.reply("Try this:\n\n```sh\nls -l\n```\n\nor\n\n```\ndf\n```\n");
    let args = ["ask", "-u", &mock.url(), "-x", "hi"];
    let answered = run(args).await;
    assert_eq!((answered.code, answered.out.as_str()), (Some(0), "ls -l\n"));
    mock.reply("No code.");
    let without = run(args).await;
    assert_eq!((without.code, without.out.as_str()), (Some(0), "No code."));
    assert!(without.err.contains("no code block"), "{without:?}");
}

#[tokio::test]
async fn usage_goes_to_standard_error() {
    let answered = run(["ask", "--mock", "-p", "chatgpt4online", "--usage", "hi"]).await;
    assert_eq!(answered.out, "This is the AI Engine mock. You asked: hi");
    for words in [
        "first text after",
        "all after",
        "9 pieces",
        "41 characters",
        "49 tokens together",
    ] {
        assert!(answered.err.contains(words), "no {words:?} in {answered:?}");
    }
}

#[tokio::test]
async fn a_dry_run_shows_what_would_be_sent() {
    let args = [
        "ask",
        "--dry-run",
        "-p",
        "chatgpt4online",
        "-u",
        "http://blog.invalid/sub",
        "-s",
        "Sing.",
        "--header",
        "Cookie: a=hush-1",
        "--header",
        "Accept-Language: hush-5",
        "-o",
        "session=hush-2",
        "--proxy",
        "http://x:hush-3@127.0.0.1:1",
        "hi",
    ];
    let shown = run(args).await;
    assert_eq!(shown.code, Some(0), "{shown:?}");
    for words in [
        "POST http://blog.invalid/sub/wp-json/mwai/v1/start_session\n",
        "POST http://blog.invalid/sub/wp-json/mwai-ui/v1/chats/submit\n",
        "host: blog.invalid\n",
        "referer: http://blog.invalid/sub/\n",
        "cookie: [redacted]\n",
        "x-wp-nonce: [redacted]\n",
        "\"newMessage\":\"hi\"",
        "Sing.",
        "\"session\":\"[redacted]\"",
    ] {
        assert!(shown.out.contains(words), "no {words:?} in\n{}", shown.out);
    }
    assert!(!format!("{shown:?}").contains("hush-"), "{shown:?}");

    let site = ["ask", "--dry-run", "-u", "http://pen.invalid/app", "hi"];
    let aura = run(site.iter().chain(&["-o", "key=hush-4"])).await;
    // The list of models decides which one is asked.
    for words in [
        "POST http://pen.invalid/app/api/models\n",
        "POST http://pen.invalid/app/api/chat\n",
    ] {
        assert!(aura.out.contains(words), "no {words:?} in\n{}", aura.out);
    }
    assert!(aura.out.contains("\"key\":\"[redacted]\""), "{aura:?}");
    let magickpen =
        run(site
            .iter()
            .chain(&["-p", "magickpen", "-o", "api_url=http://api.pen.invalid"]))
        .await;
    for words in [
        "GET http://pen.invalid/app/_nuxt/bf709a9ce19f14e18116.js\n",
        "POST http://api.pen.invalid/ask\n",
        "signature: [redacted]\n",
        "{\"query\":\"hi\",\"turnstileResponse\":\"\",\"action\":\"verify\"}",
    ] {
        assert!(
            magickpen.out.contains(words),
            "no {words:?} in\n{}",
            magickpen.out
        );
    }
    let extra = r#"extra={"apiKey":"hush-hush-6","a":{"b":["hush \"7\" hush"]},"mode":"fast"}"#;
    let app = run(site.iter().chain(&["-p", "ai-sdk", "-o", extra])).await;
    for words in ["\"apiKey\":\"[redacted]\"", "\"mode\":\"fast\""] {
        assert!(app.out.contains(words), "no {words:?} in\n{}", app.out);
    }
    assert!(!app.out.contains("hush"), "{}", app.out);
    let bad = run(site.iter().chain(&["-m", " "])).await;
    assert_eq!(bad.code, Some(3));
}

/// A secret in the place of the name of its variable, and one without its address.
#[tokio::test]
async fn secrets_in_the_wrong_place_are_not_repeated() {
    for args in [
        ["--header", "x_env=hush-1"],
        ["-o", "key_env=hush+1"],
        ["--proxy", "proxy_env=hush 1"],
        ["--proxy", "hush1"],
        ["--proxy", "bob:hush1"],
    ] {
        let site = ["ask", "-u", "http://pen.invalid", "-p", "aura", "hi"];
        let said = run(site.iter().chain(&args)).await;
        assert_eq!(said.code, Some(2), "{said:?}");
        assert!(!format!("{said:?}").contains("hush"), "{said:?}");
    }
    let site = ["ask", "-u", "http://pen.invalid", "-p", "aura", "hi"];
    let said = run(site.iter().chain(&["--header", "x_env=NO_SUCH_1"])).await;
    assert!(said.err.contains("variable NO_SUCH_1 is not"), "{said:?}");
}

/// The dry run is worth something only if the real request is the same.
#[tokio::test]
async fn a_dry_run_tells_the_truth() {
    let mock = AuraMock::start().await.unwrap();
    let url = mock.url();
    let args = ["ask", "-u", &url, "-s", "Sing.", "-t", "0.5", "hi"];
    let shown = run(args.iter().chain(&["--dry-run"])).await;
    assert_eq!(mock.requests().len(), 0, "nothing is sent");
    run(args).await;
    let mut text = String::new();
    // The first request finds out which kind of server it is.
    for sent in mock.requests().into_iter().skip(1) {
        text.push_str(&format!("{} {url}{}\n", sent.method, sent.target));
        for (name, value) in &sent.headers {
            text.push_str(&format!("{name}: {}\n", String::from_utf8_lossy(value)));
        }
        text.push_str(&format!("\n{}\n\n", sent.text()));
    }
    assert_eq!(shown.out, text);
}

#[tokio::test]
async fn check_names_the_step_that_fails() {
    let (aura, site, pen) = (
        AuraMock::start().await.unwrap(),
        AiEngineMock::start().await.unwrap(),
        MagickPenMock::start().await.unwrap(),
    );
    let denied = AiEngineMock::start().await.unwrap();
    denied.answer_with(|_| Some(Answer::json("{}").with_status(401)));
    let busy = AuraMock::start().await.unwrap();
    busy.answer_always(AuraMock::failure("Rate limit reached"));
    let tls = AuraMock::start().await.unwrap();
    let file = TempFile::new(
        "check.toml",
        format!(
            "[endpoints]\n\
             aura = {{ provider = \"aura\", base_url = \"{}\" }}\n\
             site = {{ provider = \"chatgpt4online\", base_url = \"{}\" }}\n\
             pen = {{ provider = \"magickpen\", base_url = \"{}\" }}\n\
             denied = {{ provider = \"chatgpt4online\", base_url = \"{}\" }}\n\
             busy = {{ provider = \"aura\", base_url = \"{}\" }}\n\
             gone = {{ provider = \"aura\", base_url = \"http://127.0.0.1:1\" }}\n\
             name = {{ provider = \"aura\", base_url = \"http://no-such-host.invalid\" }}\n\
             tls = {{ provider = \"aura\", base_url = \"{}\" }}\n\
             odd = {{ provider = \"aura\", base_url = \"http://x\", options = {{ token_limit = \"many\" }} }}\n",
            aura.url(),
            site.url(),
            pen.url(),
            denied.url(),
            busy.url(),
            tls.url().replace("http:", "https:"),
        ),
    );
    for (name, code, failed) in [
        ("aura", 0, None),
        ("site", 0, None),
        ("pen", 0, None),
        ("denied", 4, Some("credentials")),
        ("busy", 5, Some("question")),
        ("gone", 6, Some("connect")),
        ("name", 6, Some("name lookup")),
        ("tls", 6, Some("TLS")),
        ("odd", 2, Some("set up")),
    ] {
        let args = ["check", name, "--config", file.path()];
        let json = run(args.iter().chain(&["--json"])).await;
        assert_eq!(json.code, Some(code), "{name}: {json:?}");
        let reports: Value = serde_json::from_str(&json.out).unwrap();
        let report = &reports[0];
        assert_eq!(report["endpoint"], name);
        assert_eq!(report["ok"], code == 0);
        let steps = report["steps"].as_array().unwrap();
        let last = steps.last().unwrap();
        assert_eq!(
            last["step"],
            failed.unwrap_or("question"),
            "{name}: {json:?}"
        );
        if failed.is_some() {
            assert!(last["advice"].is_string(), "{name}: {last}");
        }
        let table = run(args).await;
        assert_eq!(table.code, Some(code));
        assert_eq!(table.out.contains("FAILED"), code != 0, "{}", table.out);
        assert_eq!(
            table.out.contains("what to do:"),
            code != 0,
            "{}",
            table.out
        );
    }
    // Without names, all of them; the first failure gives the code.
    let all = run(["check", "--config", file.path()]).await;
    assert_eq!(all.code, Some(5), "{all:?}");
    assert_eq!(all.out.matches("question     ok").count(), 3, "{}", all.out);
    let direct = run(["check", "-u", &aura.url(), "-m", "openchat_v3.2_mistral"]).await;
    assert_eq!(direct.code, Some(0));
    let asked = aura.received().pop().unwrap();
    assert_eq!(asked.model, "openchat_v3.2_mistral");
}

#[tokio::test]
async fn models_are_asked_from_the_server() {
    let mock = AuraMock::builder()
        .model("a/b", "A B")
        .model("c", "c")
        .start()
        .await
        .unwrap();
    let listed = run(["models", "-u", &mock.url()]).await;
    assert_eq!(
        (listed.code, listed.out.as_str()),
        (Some(0), "a/b  A B\nc\n"),
        "{listed:?}"
    );
    let json = run(["models", "-u", &mock.url(), "--json"]).await;
    assert_eq!(
        json.out,
        "[{\"id\":\"a/b\",\"name\":\"A B\"},{\"id\":\"c\",\"name\":\"c\"}]\n"
    );
    let known = run(["models", "-p", "magickpen", "--mock"]).await;
    assert_eq!(known.out, "gpt-4o-mini\n");
    assert!(known.err.contains("cannot be asked"), "{known:?}");
}

#[cfg(unix)]
#[tokio::test]
async fn mock_servers_for_other_clients() {
    let script = TempFile::new(
        "script.toml",
        r#"
delay = "1ms"
[[answer]]
progress = "Searching..."
text = "Hello there"
[[answer]]
error = "Rate limit reached"
[[answer]]
provider = "aura"
pieces = ["so ", "far"]
ending = "truncate"
[[answer]]
status = 503
headers = { retry-after = "7" }
body = "busy"
[[answer]]
fault = "close"
[[answer]]
text = "from now on"
repeat = true
"#,
    );
    let (child, lines) = mock_servers(&["--script", script.path()], 3).await;
    let urls: Vec<(String, String)> = lines
        .iter()
        .map(|line| line.split_once(' ').unwrap())
        .map(|(name, url)| (name.to_owned(), url.to_owned()))
        .collect();
    assert_eq!(
        urls.iter()
            .map(|(name, _)| name.as_str())
            .collect::<Vec<_>>(),
        ["magickpen", "chatgpt4online", "aura"]
    );
    for (name, url) in &urls {
        let mut wanted = vec![(0, "Hello there"), (5, "")];
        if name == "aura" {
            wanted.push((8, "so far"));
        }
        if name == "magickpen" {
            // Its servers say it with a status and words.
            wanted[1].0 = 5;
        }
        // A connection that was used for credentials, or for the list of models,
        // may be closed at any time: the question is sent once more on a new one.
        wanted.push((7, ""));
        wanted.extend([(0, "from now on"); 3]);
        for (step, (code, text)) in wanted.into_iter().enumerate() {
            let run = run(["ask", "-p", name, "-u", url, "hi"]).await;
            assert_eq!(
                (run.code, run.out.as_str()),
                (Some(code), text),
                "{name} {step}: {run:?}"
            );
        }
    }
    hears_ctrl_c(&child).await;
    signal(&child, "INT").await;
    let stopped = finish(child).await;
    assert_eq!(stopped.code, Some(0));
    assert!(stopped.err.contains("aura POST /api/chat"), "{stopped:?}");

    for (content, words) in [
        ("[[answer]]\n", "needs one of"),
        ("[[answer]]\ntext = \"a\"\nerror = \"b\"\n", "needs one of"),
        ("[[answer]]\ntxet = \"a\"\n", "txet"),
        (
            "[[answer]]\ntext = \"a\"\nprovider = \"nonsense\"\n",
            "nonsense",
        ),
        ("[[rule]]\nwhen = \"x\"\n", "say"),
        (
            "[[rule]]\nsay = \"a\"\nprovider = \"nonsense\"\n",
            "rule 1: no provider \"nonsense\"",
        ),
        ("delay = -1.0\n", "a time such as"),
        ("delay = \"soon\"\n", "a time such as"),
    ] {
        let script = TempFile::new("wrong.toml", content);
        let run = run(["mock", "--script", script.path()]).await;
        assert_eq!(run.code, Some(2), "{content}: {run:?}");
        assert!(run.err.contains(words), "{run:?}");
    }
}

/// The APIs of models, with a fault in every answer and with a script.
#[cfg(unix)]
#[tokio::test]
async fn mock_servers_of_model_apis() {
    let script = TempFile::new(
        "apis.toml",
        r#"
[[answer]]
pieces = ["Hel", "lo there"]
[[answer]]
provider = "openai"
text = "one two three four"
fault = "event-cut=2"
[[answer]]
error = "Over quota"
"#,
    );
    let args = ["openai", "--anthropic", "0", "--script", script.path()];
    let (child, urls) = mock_servers(&args, 2).await;
    let openai = urls[0].strip_prefix("openai ").unwrap();
    let anthropic = urls[1].strip_prefix("anthropic ").unwrap();
    assert!(openai.ends_with("/v1"), "{openai}");
    let question =
        r#"{"model":"m","max_tokens":9,"stream":true,"messages":[{"role":"user","content":"hi"}]}"#;
    let address = openai.trim_start_matches("http://").trim_end_matches("/v1");
    let ask = |address: &str, path: &str| exchange(address.to_owned(), path.to_owned(), question);
    let whole = ask(address, "/v1/chat/completions").await;
    assert!(
        whole.contains(r#"{"content":"Hel"}"#) && whole.contains("[DONE]"),
        "{whole}"
    );
    let cut = ask(address, "/v1/chat/completions").await;
    assert!(cut.contains(r#"{"content":"one "}"#), "{cut}");
    assert!(!cut.contains("two") && cut.ends_with("0\r\n\r\n"), "{cut}");
    let failed = ask(address, "/v1/chat/completions").await;
    assert!(
        failed.starts_with("HTTP/1.1 500 ") && failed.contains("Over quota"),
        "{failed}"
    );
    let address = anthropic.trim_start_matches("http://");
    let whole = ask(address, "/v1/messages").await;
    assert!(whole.contains("message_stop"), "{whole}");
    hears_ctrl_c(&child).await;
    signal(&child, "INT").await;
    assert_eq!(finish(child).await.code, Some(0));

    let (child, lines) = mock_servers(&["responses", "--fault", "empty"], 1).await;
    let line = &lines[0];
    let address = line
        .trim_start_matches("responses http://")
        .trim_end_matches("/v1");
    let question = r#"{"model":"m","input":"hi"}"#;
    let empty = exchange(address.to_owned(), "/v1/responses".to_owned(), question).await;
    assert!(
        empty.starts_with("HTTP/1.1 200 ") && empty.ends_with("\r\n\r\n"),
        "{empty}"
    );
    hears_ctrl_c(&child).await;
    signal(&child, "INT").await;
    assert_eq!(finish(child).await.code, Some(0));

    for (arguments, words) in [
        (
            ["mock", "nonsense"].as_slice(),
            "possible values: magickpen",
        ),
        (&["mock", "--fault", "nonsense"], "there are close, reset"),
        (&["mock", "--fault", "close=1"], "takes no value"),
    ] {
        let run = run(arguments.iter().copied()).await;
        assert_eq!(run.code, Some(2), "{run:?}");
        assert!(run.err.contains(words), "{run:?}");
    }
    let help = run(["mock", "--help"]).await.out;
    for fault in chatwire_mock::Fault::all() {
        assert!(
            help.contains(&format!("  {}", fault.name())),
            "{fault}: {help}"
        );
    }
    for (content, words) in [
        (
            "[[answer]]\nfault = \"body-close\"\n",
            "or a fault before the head",
        ),
        (
            "[[answer]]\nfault = \"nonsense\"\n",
            "no fault \"nonsense\"",
        ),
    ] {
        let script = TempFile::new("wrong-fault.toml", content);
        let run = run(["mock", "--script", script.path()]).await;
        assert_eq!(run.code, Some(2), "{content}: {run:?}");
        assert!(run.err.contains(words), "{run:?}");
    }
}

/// Clients of shell scripts and this program, against every fault.
#[cfg(unix)]
#[tokio::test]
async fn conform_judges_clients() {
    let conform = |protocol: &'static str, more: &'static [&'static str], client: String| async move {
        let mut args = vec![
            "conform",
            "--json",
            "--protocol",
            protocol,
            "--client",
            &client,
        ];
        args.extend(more);
        let run = run(args.iter().copied()).await;
        let report: serde_json::Value =
            serde_json::from_str(&run.out).unwrap_or_else(|_| panic!("{run:?}"));
        let cases = report["cases"].as_array().unwrap().clone();
        let verdicts: std::collections::BTreeMap<String, String> = cases
            .iter()
            .map(|case| {
                let text = |key: &str| case[key].as_str().unwrap().to_owned();
                (text("fault"), text("verdict"))
            })
            .collect();
        assert_eq!(verdicts.len(), 22, "{report}");
        (run.code, verdicts)
    };
    // Ourselves. The limits are short where a server falls silent, and far from
    // the time that anything else takes.
    let us = env!("CARGO_BIN_EXE_chatwire");
    let client = format!("{us} ask -p ai-sdk -u {{url}} --timeout 10s {{prompt}}");
    let (code, verdicts) = conform("ai-sdk", &["--timeout", "100s"], client).await;
    for (fault, verdict) in &verdicts {
        let expected = match fault.as_str() {
            "none" | "drip" => "whole",
            "length-long" | "no-last-chunk" => "either",
            _ => "told",
        };
        assert_eq!(verdict, expected, "{fault}");
    }
    assert_eq!(code, Some(0));
    // It never asks, says that it failed, and forgets a child that holds its output.
    let client = "sh -c 'echo error {url} >&2; sleep 1000 & exit 3'".to_owned();
    let (code, verdicts) = conform("openai", &["--jobs", "22"], client).await;
    assert_eq!(
        (verdicts["none"].as_str(), verdicts["html"].as_str()),
        ("lost", "told")
    );
    assert_eq!(code, Some(1));
    let client = "echo {url}".to_owned();
    let (_, verdicts) = conform("anthropic", &["--jobs", "22"], client).await;
    assert_eq!(
        (verdicts["drip"].as_str(), verdicts["empty"].as_str()),
        ("lost", "silent")
    );
    let client = "sleep 1000 & kill -SEGV $$ # {url}".to_owned();
    let (_, verdicts) = conform("responses", &["--jobs", "22", "--shell"], client).await;
    assert!(
        verdicts.values().all(|verdict| verdict == "crash"),
        "{verdicts:?}"
    );
    let client = "sh -c 'sleep 1000; echo {url}'".to_owned();
    let more = &["--jobs", "22", "--timeout", "100ms"];
    let (_, verdicts) = conform("openai", more, client).await;
    assert!(
        verdicts.values().all(|verdict| verdict == "hang"),
        "{verdicts:?}"
    );

    let table = run(["conform", "--client", "echo {url}"]).await;
    assert_eq!(table.code, Some(1));
    assert!(table.out.starts_with("openai: echo {url}\n"), "{table:?}");
    assert!(table.out.ends_with(" of 22 passed\n"), "{table:?}");
    assert!(table.err.contains("without a fault"), "{table:?}");
    let client = "sh -c 'echo {url}; printf \"first\\nno such model\\n\\n\" >&2; exit 3'";
    let run_of_it = run(["conform", "--jobs", "22", "--client", client]).await;
    let words = "is the command right? Its last words: no such model\n";
    assert!(run_of_it.err.ends_with(words), "{run_of_it:?}");
    for (client, words) in [
        ("echo", "no {url}"),
        ("echo '{url}", "quote"),
        ("", "empty"),
        ("/no/such/program {url}", "cannot be run"),
    ] {
        let run = run(["conform", "--client", client]).await;
        assert_eq!(run.code, Some(2), "{client}: {run:?}");
        assert!(run.err.contains(words), "{client}: {run:?}");
    }
}

/// A model that looks at the question, behind a mock server and behind those of
/// `serve --mock`.
#[cfg(unix)]
#[tokio::test]
async fn mock_servers_with_a_model() {
    let script = TempFile::new(
        "model.toml",
        r#"
[captures]
city = { after = "weather in ", before = "?" }
[[rule]]
provider = "magickpen"
say = "not here"
[[rule]]
when = ["weather", "Paris"]
unless = "tomorrow"
say = "It is fine in ${city}."
[[rule]]
when = "weather"
times = 1
say = "I cannot say."
"#,
    );
    let (child, lines) = mock_servers(&["--aura", "0", "--script", script.path()], 1).await;
    let line = &lines[0];
    let (_, url) = line.split_once(' ').unwrap();
    for (question, answer) in [
        ("weather in Paris?", "It is fine in Paris."),
        ("weather in Paris tomorrow?", "I cannot say."),
        ("weather in Paris?", "It is fine in Paris."),
    ] {
        let run = run(["ask", "-p", "aura", "-u", url, question]).await;
        assert_eq!((run.code, run.out.as_str()), (Some(0), answer), "{run:?}");
    }
    hears_ctrl_c(&child).await;
    signal(&child, "INT").await;
    assert_eq!(finish(child).await.code, Some(0));
    let alone = run(["serve", "--script", script.path()]).await;
    assert_eq!(alone.code, Some(2), "{alone:?}");
    assert!(alone.err.contains("--mock"), "{alone:?}");
    let mocked = run(["serve", "--mock", "--check", "--script", "no-such-file"]).await;
    assert_eq!(mocked.code, Some(2), "{mocked:?}");
    assert!(mocked.err.contains("no-such-file"), "{mocked:?}");
}

#[cfg(unix)]
#[tokio::test]
async fn serve_speaks_the_openai_api() {
    let mut child = program(["serve", "--mock", "--listen", "127.0.0.1:0"])
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let url = loop {
        let line = timeout(PATIENCE, lines.next_line())
            .await
            .unwrap()
            .unwrap()
            .unwrap();
        if let Some((_, url)) = line.split_once("http://") {
            break url.to_owned();
        }
    };
    let host = url.strip_suffix("/v1").unwrap();
    let body = r#"{"model":"aura","messages":[{"role":"user","content":"hi"}]}"#;
    let mut stream = tokio::net::TcpStream::connect(host).await.unwrap();
    let request = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    tokio::io::AsyncWriteExt::write_all(&mut stream, request.as_bytes())
        .await
        .unwrap();
    let mut answer = String::new();
    let read = tokio::io::AsyncReadExt::read_to_string(&mut stream, &mut answer);
    timeout(PATIENCE, read).await.unwrap().unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(
        answer.contains("This is the Aura mock. You asked: hi"),
        "{answer}"
    );
    signal(&child, "TERM").await;
    let code = timeout(PATIENCE, child.wait())
        .await
        .unwrap()
        .unwrap()
        .code();
    assert_eq!(code, Some(0));

    let empty = run(["serve"]).await;
    assert_eq!(empty.code, Some(2));
    assert!(empty.err.contains("--mock"), "{empty:?}");
    let open = run(["serve", "--mock", "--listen", "0.0.0.0:0"]).await;
    assert_eq!(open.code, Some(2), "{open:?}");
}

#[tokio::test]
async fn a_chat_can_be_piped_in() {
    let mock = AuraMock::start().await.unwrap();
    mock.reply("one.").reply("two.");
    let chat = run_with_input(["chat", "-u", &mock.url()], "first\nsecond\n").await;
    assert_eq!(
        (chat.code, chat.out.as_str()),
        (Some(0), "one.\ntwo.\n"),
        "{chat:?}"
    );
    let last = mock.received().pop().unwrap();
    assert_eq!(last.messages.len(), 3);
}

#[tokio::test]
async fn commands_of_a_chat() {
    let (mock, other) = (
        AuraMock::start().await.unwrap(),
        AuraMock::start().await.unwrap(),
    );
    let config = TempFile::new(
        "chat.toml",
        format!(
            "[endpoints.other]\nprovider = \"aura\"\nbase_url = \"{}\"\n",
            other.url()
        ),
    );
    let saved = TempFile::new(
        "talk.json",
        r#"[{"role":"system","content":"Rhyme."},{"role":"user","content":"One?"},
            {"role":"assistant","content":"Done."}]"#,
    );
    let input = format!(
        "/help\n/system\n/system Be brief.\n/model\n/model openchat_v3.2_mistral\nfirst\n\
         /clear\n/system -\n//slash\n/load {}\nloaded\n/load /no/such/file\n/save\n/copy\n\
         /endpoint\n/endpoint nowhere\n/endpoint other\nelsewhere\n/quit\nnever\n",
        saved.path()
    );
    let args = ["chat", "-u", &mock.url(), "--config", config.path()];
    let chat = run_with_input(args, input).await;
    // That of the last failure.
    assert_eq!(chat.code, Some(3), "{chat:?}");
    for words in [
        "/endpoint [NAME]",
        "no instructions are set",
        "openchat_3.6; known:",
        "2 messages from",
        "/no/such/file",
        "/save needs a file",
        "/copy needs a terminal",
        "no endpoint \"nowhere\"",
        "talking to aura at",
    ] {
        assert!(chat.err.contains(words), "no {words:?} in {}", chat.err);
    }
    let said: Vec<String> = mock
        .received()
        .iter()
        .map(|r| {
            let contents: Vec<&str> = r.messages.iter().map(|m| m.content.as_str()).collect();
            format!("{} {} {}", r.model, r.prompt.len(), contents.join("|"))
        })
        .collect();
    let none = AuraMock::DEFAULT_PROMPT.len();
    assert_eq!(
        said,
        [
            "openchat_v3.2_mistral 9 first".to_owned(),
            format!("openchat_v3.2_mistral {none} /slash"),
            "openchat_v3.2_mistral 6 One?|Done.|loaded".to_owned(),
        ]
    );
    let elsewhere = other.received();
    assert_eq!(elsewhere.len(), 1);
    assert_eq!(elsewhere.last().unwrap().model, "openchat_3.6");
    assert_eq!(elsewhere.last().unwrap().messages.len(), 5);
}

#[tokio::test]
async fn completions_and_man_pages() {
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let script = run(["completions", shell]).await;
        assert_eq!(script.code, Some(0));
        assert!(
            script.out.contains("chatwire") && script.out.contains("providers"),
            "{shell}"
        );
        // The shell itself finds nothing wrong, where there is one.
        let checker = std::process::Command::new(shell)
            .arg("-n")
            .stdin(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        if let (Ok(mut checker), "bash" | "zsh" | "fish") = (checker, shell) {
            let mut stdin = checker.stdin.take().unwrap();
            std::io::Write::write_all(&mut stdin, script.out.as_bytes()).unwrap();
            drop(stdin);
            assert!(checker.wait().unwrap().success(), "{shell}");
        }
    }
    assert_eq!(run(["completions", "nonsense"]).await.code, Some(2));
    let page = run(["man"]).await;
    assert!(page.out.contains(".TH chatwire 1"), "{}", page.out);
    let folder = std::env::temp_dir().join(format!("chatwire-man-{}", std::process::id()));
    let written = run(["man", folder.to_str().unwrap()]).await;
    assert_eq!(written.code, Some(0), "{written:?}");
    for name in [
        "chatwire",
        "chatwire-ask",
        "chatwire-chat",
        "chatwire-config-check",
    ] {
        assert!(folder.join(format!("{name}.1")).exists(), "{name}");
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test]
async fn the_version_names_the_commit() {
    let version = run(["--version"]).await.out;
    let has_git = std::process::Command::new("git")
        .args(["rev-parse", "HEAD"])
        .output()
        .is_ok_and(|output| output.status.success());
    assert_eq!(version.contains('('), has_git, "{version}");
}

#[tokio::test]
async fn answers_are_flushed_to_a_slow_reader() {
    let mut child = program(["ask", "--mock", "hi"]).spawn().unwrap();
    expect(child.stdout.as_mut().unwrap(), "This is the Aura mock.").await;
    assert_eq!(finish(child).await.code, Some(0));
}

#[tokio::test]
async fn it_waits_for_nothing() {
    // The mock answers at once: this catches what waits, not what computes. A busy machine and a
    // debug build have time enough.
    let mut fastest = Duration::MAX;
    for _ in 0..5 {
        let start = Instant::now();
        assert_eq!(run(["ask", "--mock", "hi"]).await.code, Some(0));
        fastest = fastest.min(start.elapsed());
    }
    assert!(fastest < Duration::from_secs(5), "{fastest:?}");
}
