//! Proxies, certificates and the permissions of files, as a person meets them.

use std::time::Duration;

use chatwire_mock::{Answer, AuraMock, MockServer, ProxyMock};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::support::{Run, TempFile, finish, program, run};

/// A proxy that gives every `CONNECT` this answer. Returns its address.
async fn refusing_proxy(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let mut head = vec![0; 4096];
                let _ = stream.read(&mut head).await;
                let _ = stream.write_all(answer.as_bytes()).await;
                let _ = stream.shutdown().await;
                // A reset would lose what was sent.
                tokio::time::sleep(Duration::from_millis(200)).await;
            });
        }
    });
    address.to_string()
}

async fn with_environment(args: &[&str], environment: &[(&str, &str)]) -> Run {
    let mut command = program(args);
    for (name, value) in environment {
        command.env(name, value);
    }
    finish(command.spawn().unwrap()).await
}

#[tokio::test]
async fn tunnels_that_are_refused_say_why() {
    // what the proxy answers, the exit code, what is said
    let cases: &[(&str, i32, &[&str])] = &[
        (
            "HTTP/1.1 403 Forbidden\r\ncontent-length: 44\r\n\r\n<html><title>Not on &lt;our&gt; list</title>",
            6,
            &[
                "the proxy refuses to connect to chat.example:443 (HTTP 403: Not on <our> list; through the proxy http://",
            ],
        ),
        (
            "HTTP/1.1 502 Bad Gateway\r\n\r\nno such host\nat all",
            6,
            &["(HTTP 502: no such host; through the proxy"],
        ),
        (
            "HTTP/1.0 503 Out of sockets\r\n\r\n",
            6,
            &["(HTTP 503: Out of sockets; through"],
        ),
        ("HTTP/1.1 405 Method Not Allowed\r\n\r\n", 6, &["(HTTP 405"]),
        (
            "HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm=\"x\"\r\n\r\n",
            4,
            &[
                "the proxy wants a user name and a password",
                "(HTTP 407",
                "through the proxy",
            ],
        ),
        ("rubbish\r\n\r\n", 6, &["through the proxy http://"]),
        ("", 6, &["through the proxy http://"]),
    ];
    for (answer, code, words) in cases {
        let proxy = refusing_proxy(answer).await;
        let url = format!("http://me:hush7hush@{proxy}");
        let arguments = ["ask", "-p", "aura", "-u", "https://chat.example", "hi"];
        let flag = [&arguments[..], &["--proxy", &url]].concat();
        let by_flag = with_environment(&flag, &[]).await;
        let by_variable = with_environment(&arguments, &[("HTTPS_PROXY", &url)]).await;
        for run in [by_flag, by_variable] {
            assert_eq!(run.code, Some(*code), "{answer}: {run:?}");
            for words in *words {
                assert!(run.err.contains(words), "no {words:?} in {run:?}");
            }
            assert!(run.err.contains(&proxy), "{run:?}");
            assert!(!run.err.contains("hush"), "{run:?}");
        }
    }
}

#[tokio::test]
async fn a_proxy_in_use_is_named_and_only_then() {
    let mock = AuraMock::start().await.unwrap();
    let url = mock.url();
    let failing = MockServer::start().await.unwrap();
    failing.answer_always(Answer::status(418).piece("teapot"));
    let proxy = ProxyMock::start().await.unwrap();
    let proxy_url = proxy.url();
    let named = format!("through the proxy {proxy_url}");
    let dead = ("http_proxy", "http://me:hush7hush@127.0.0.1:1");

    // In errors of the server behind it, and in check.
    let arguments = [
        "ask",
        "-p",
        "aura",
        "-u",
        &failing.url(),
        "--proxy",
        &proxy_url,
        "hi",
    ];
    let run = with_environment(&arguments, &[]).await;
    assert!(run.err.contains("HTTP 418: teapot; "), "{run:?}");
    assert!(run.err.contains(&named), "{run:?}");
    let json = with_environment(&[&arguments[..], &["--json"]].concat(), &[]).await;
    assert!(json.out.contains(&named), "{json:?}");
    let check = ["check", "-p", "aura", "-u", &url];
    let run = with_environment(&[&check[..], &["--proxy", &proxy_url]].concat(), &[]).await;
    assert!(run.out.contains(&named), "{run:?}");
    let run = with_environment(&check, &[dead]).await;
    assert!(
        run.out.contains("through the proxy http://127.0.0.1:1"),
        "{run:?}"
    );
    // It is not the server that closed anything.
    assert!(run.out.contains("--proxy off asks without"), "{run:?}");
    assert!(!run.out.contains("see its log"), "{run:?}");
    assert!(!run.out.contains("hush"), "{run:?}");

    // Not where it is exempt or switched off.
    for (arguments, environment) in [
        (&[][..], &[dead, ("NO_PROXY", "*")][..]),
        (&[], &[dead, ("no_proxy", "example.org, *")]),
        (&[], &[dead, ("NO_PROXY", "127.0.0.1")]),
        (&[], &[("HTTPS_PROXY", "http://127.0.0.1:1")]),
        (&["--proxy", "off"], &[dead]),
        (&[], &[dead, ("CHATWIRE_PROXY", "off")]),
    ] {
        let checked = with_environment(&[&check[..], arguments].concat(), environment).await;
        assert_eq!(checked.code, Some(0), "{environment:?}: {checked:?}");
        assert!(
            !checked.out.contains("proxy"),
            "{environment:?}: {checked:?}"
        );
        let ask = ["ask", "-p", "aura", "-u", &url, "hi"];
        let asked = with_environment(&[&ask[..], arguments].concat(), environment).await;
        assert_eq!(asked.code, Some(0), "{environment:?}: {asked:?}");
    }
}

#[tokio::test]
async fn authorities_and_unchecked_certificates() {
    let mock = AuraMock::start().await.unwrap();
    let url = mock.url();
    let not_pem = TempFile::new("not-a.pem", "nothing");
    // As some editors save it.
    let pem = include_str!("../../../../tests/certificates/authority.pem");
    let marked = format!("\u{feff}{}", pem.replace('\n', "\r\n"));
    let marked = TempFile::new("marked.pem", marked);
    let missing = "/nowhere/at/all.pem";
    let https = ["ask", "-p", "aura", "-u", "https://127.0.0.1:1", "hi"];
    let http = ["ask", "-p", "aura", "-u", &url, "hi"];
    let variable = [("SSL_CERT_FILE", missing)];
    // arguments, environment, exit code, what is said
    type Case<'a> = (Vec<&'a str>, &'a [(&'a str, &'a str)], i32, &'a [&'a str]);
    let cases: [Case<'_>; 7] = [
        (
            [&https[..], &["--ca-file", marked.path()]].concat(),
            &[],
            6,
            &["Connection refused"],
        ),
        (
            [&https[..], &["--ca-file", missing]].concat(),
            &[],
            2,
            &["--ca-file", missing],
        ),
        (
            [&https[..], &["--ca-file", not_pem.path()]].concat(),
            &[],
            2,
            &["BEGIN CERTIFICATE"],
        ),
        (https.to_vec(), &variable, 2, &["SSL_CERT_FILE", missing]),
        // It is not needed there.
        (http.to_vec(), &variable, 0, &[]),
        (
            [&http[..], &["--insecure"]].concat(),
            &[],
            0,
            &["certificates are not checked"],
        ),
        (
            [&https[..], &["--insecure"]].concat(),
            &variable,
            6,
            &["certificates are not checked"],
        ),
    ];
    for (arguments, environment, code, words) in cases {
        let run = with_environment(&arguments, environment).await;
        assert_eq!(run.code, Some(code), "{arguments:?}: {run:?}");
        for words in words {
            assert!(run.err.contains(words), "{words:?}: {run:?}");
        }
    }
    let file = TempFile::new(
        "ca.toml",
        "[endpoints.home]\nprovider = \"aura\"\nbase_url = \"https://127.0.0.1:1\"\n\
         http = { ca_file = \"nowhere.pem\" }\n",
    );
    let run = run(["ask", "-e", "home", "--config", file.path(), "hi"]).await;
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(
        run.err.contains("endpoints.home.http.ca_file: the file "),
        "{run:?}"
    );
}

#[tokio::test]
async fn aliases_name_the_kind_of_server() {
    let aura = AuraMock::start().await.unwrap();
    for alias in ["aura", "chatbot-ui", "openchat-ui"] {
        let run = run(["ask", "--json", "-p", alias, "-u", &aura.url(), "hi"]).await;
        assert_eq!(run.code, Some(0), "{run:?}");
        assert!(run.out.contains("\"provider\":\"aura\""), "{run:?}");
    }
    for alias in ["wordpress", "ai-engine"] {
        let run = run(["ask", "--mock", "--json", "-p", alias, "hi"]).await;
        assert!(
            run.out.contains("\"provider\":\"chatgpt4online\""),
            "{run:?}"
        );
    }
    let file = TempFile::new(
        "alias.toml",
        format!(
            "[endpoints.home]\nprovider = \"chatbot-ui\"\nbase_url = \"{}\"\n",
            aura.url()
        ),
    );
    let asked = run(["ask", "-e", "home", "--config", file.path(), "hi"]).await;
    assert_eq!(asked.code, Some(0), "{asked:?}");
    let listed = run(["providers"]).await;
    assert!(listed.out.contains("wordpress, ai-engine"), "{listed:?}");
}

/// The wait before a repetition is told.
#[tokio::test]
async fn repetitions_are_told() {
    let server = MockServer::start().await.unwrap();
    server.answer_always(Answer::status(503).header("retry-after", "1").piece("Busy"));
    let run = run([
        "ask",
        "-p",
        "aura",
        "-u",
        &server.url(),
        "--retry",
        "1",
        "hi",
    ])
    .await;
    assert!(
        run.err
            .contains("(HTTP 503: Busy; try again in 1 s); asking again in 1.0 s"),
        "{run:?}"
    );
    let requests = server.requests();
    // Before the first one, the server's models are asked for.
    let questions = requests.iter().filter(|it| it.path() == "/api/chat");
    assert_eq!(questions.count(), 2);
}

#[cfg(unix)]
#[tokio::test]
async fn files_that_others_may_write_are_refused() {
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::PermissionsExt as _;

    let mock = AuraMock::start().await.unwrap();
    let url = mock.url();
    let key = TempFile::new("key", "s3cret-key-7");
    let session = TempFile::new(
        "session.json",
        format!("{{\"address\":\"{url}/\",\"cookies\":[{{\"name\":\"a\",\"value\":\"b\"}}]}}"),
    );
    let plain = TempFile::new(
        "plain.toml",
        format!("[endpoints.home]\nprovider = \"aura\"\nbase_url = \"{url}\"\n"),
    );
    let secret = TempFile::new(
        "secret.toml",
        format!(
            "[endpoints.home]\nprovider = \"aura\"\nbase_url = \"{url}\"\n\
             http = {{ headers = {{ cookie = \"a=s3cret-key-8\" }} }}\n"
        ),
    );
    let reference = TempFile::new(
        "reference.toml",
        format!(
            "[endpoints.home]\nprovider = \"aura\"\nbase_url = \"{url}\"\n\
             options = {{ key = {{ file = {:?} }} }}\n",
            key.path()
        ),
    );
    set_permissions(reference.path(), Permissions::from_mode(0o600)).unwrap();
    let by_option = format!("key_file={}", key.path());
    let by_header = format!("x-key_file={}", key.path());
    let direct = ["ask", "-p", "aura", "-u", &url, "hi"];
    let named =
        |file: &TempFile| ["ask", "hi", "-e", "home", "--config", file.path()].map(str::to_owned);
    let add = |option: &str, value: &str| {
        let all = [&direct[..], &[option, value]].concat();
        all.into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    // the file, the arguments, whether it has a secret
    let cases = [
        (&key, add("-o", &by_option), true),
        (&key, add("--header", &by_header), true),
        (&key, named(&reference).to_vec(), true),
        (&session, add("--session-file", session.path()), true),
        (&plain, named(&plain).to_vec(), false),
        (&secret, named(&secret).to_vec(), true),
    ];
    for (file, arguments, has_secret) in cases {
        for mode in [0o600, 0o400, 0o640, 0o604, 0o644, 0o620, 0o602, 0o666] {
            set_permissions(file.path(), Permissions::from_mode(mode)).unwrap();
            let run = run(&arguments).await;
            let what = format!("{mode:o} {arguments:?}: {run:?}");
            if mode & 0o022 != 0 {
                assert_eq!(run.code, Some(2), "{what}");
                assert!(
                    run.err.contains("others may write it; `chmod 600`"),
                    "{what}"
                );
            } else {
                assert_eq!(run.code, Some(0), "{what}");
                let warns = run.err.matches("others may read").count();
                assert_eq!(
                    warns,
                    usize::from(has_secret && mode & 0o044 != 0),
                    "{what}"
                );
            }
            assert!(!run.err.contains("s3cret"), "{what}");
        }
        set_permissions(file.path(), Permissions::from_mode(0o600)).unwrap();
    }
}
