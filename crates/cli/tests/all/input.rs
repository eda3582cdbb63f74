//! What is read: text that is not clean, conversations of other programs, and
//! standard input that says nothing.

use std::process::Stdio;
use std::time::Instant;

use chatwire_mock::AuraMock;
use tokio::io::AsyncWriteExt as _;

use crate::support::{
    PATIENCE, TempFile, TempFolder, finish, hears_ctrl_c, program, run, run_with_input, signal,
};

#[tokio::test]
async fn text_of_any_encoding_is_read() {
    let mock = AuraMock::start().await.unwrap();
    let url = mock.url();
    for (bytes, text, told) in [
        (&b"\xff\xfeh\0i\0"[..], "hi", None),
        (b"\xfe\xff\0h\0i", "hi", None),
        (b"\xef\xbb\xbfhi", "hi", None),
        (b"caf\xe9, t\xe9", "caf\u{fffd}, t\u{fffd}", Some("byte 4")),
        (b"\xff\xfeh\0i", "h\u{fffd}", Some("byte 5")),
    ] {
        let piped = run_with_input(["ask", "-u", &url], bytes).await;
        let file = TempFile::new("encoded.txt", bytes);
        let named = run(["ask", "-u", &url, "--file", file.path()]).await;
        let received = mock.received();
        let [.., of_input, of_file] = received.as_slice() else {
            panic!("{received:?}");
        };
        let question = &of_input.messages.last().unwrap().content;
        assert_eq!(question, text, "{bytes:?}");
        let question = &of_file.messages.last().unwrap().content;
        assert!(
            question.ends_with(&format!(":\n```\n{text}\n```")),
            "{question}"
        );
        for (run, name) in [(piped, "standard input"), (named, file.path())] {
            assert_eq!(run.code, Some(0), "{run:?}");
            match told {
                None => assert_eq!(run.err, ""),
                Some(place) => {
                    assert_eq!(run.err.lines().count(), 1, "{run:?}");
                    for words in [name, place, "iconv"] {
                        assert!(run.err.contains(words), "no {words:?} in {run:?}");
                    }
                }
            }
        }
    }
}

#[tokio::test]
async fn conversations_of_other_programs_go_on() {
    let mock = AuraMock::start().await.unwrap();
    let url = mock.url();
    for (name, text) in [
        (
            "body.json",
            r#"{"messages":[{"role":"USER","content":"One?"},{"role":"assistant","content":"One."}]}"#,
        ),
        (
            "lines.jsonl",
            "{\"role\":\"user\",\"content\":\"One?\"}\n{\"role\":\"assistant\",\"content\":\"One.\"}\n",
        ),
        (
            "share.json",
            r#"{"conversations":[{"from":"human","value":"One?"},{"from":"gpt","value":"One."}]}"#,
        ),
    ] {
        let file = TempFile::new(name, text);
        let args = ["ask", "-u", &url, "--messages", file.path(), "Two?"];
        let asked = run(args).await;
        assert_eq!(asked.code, Some(0), "{asked:?}");
        let sent = mock.received().pop().unwrap().messages;
        let sent: Vec<String> = sent
            .iter()
            .map(|m| format!("{} {}", m.role, m.content))
            .collect();
        assert_eq!(sent, ["user One?", "assistant One.", "user Two?"], "{name}");
    }
    let wrong = TempFile::new("talk.txt", "just words");
    let asked = run(["ask", "-u", &url, "--messages", wrong.path(), "hi"]).await;
    assert_eq!(asked.code, Some(2));
    for words in ["talk.txt", "JSON array", "ShareGPT"] {
        assert!(asked.err.contains(words), "{asked:?}");
    }
}

#[tokio::test]
async fn a_silent_pipe_holds_up_no_question() {
    for (args, waits) in [
        (&["ask", "--mock", "hi"][..], false),
        (&["ask", "--mock"], true),
    ] {
        let mut child = program(args).stdin(Stdio::piped()).spawn().unwrap();
        // Open, and nobody writes.
        let stdin = child.stdin.take();
        let start = Instant::now();
        if waits {
            tokio::time::sleep(std::time::Duration::from_secs(4)).await;
            assert!(
                child.try_wait().unwrap().is_none(),
                "there is no other question"
            );
            drop(stdin);
            assert_eq!(finish(child).await.code, Some(2));
        } else {
            let run = finish(child).await;
            assert!(start.elapsed() < PATIENCE);
            assert_eq!(run.code, Some(0), "{run:?}");
            assert!(run.err.contains("standard input"), "{run:?}");
            drop(stdin);
        }
    }
}

/// What has begun is waited for, however slow it is.
#[tokio::test]
async fn a_slow_pipe_is_read_to_its_end() {
    use tokio::io::AsyncWriteExt as _;
    let mock = AuraMock::start().await.unwrap();
    let mut child = program(["ask", "-u", &mock.url(), "a"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"b").await.unwrap();
    stdin.flush().await.unwrap();
    tokio::time::sleep(std::time::Duration::from_secs(4)).await;
    stdin.write_all(b"c").await.unwrap();
    drop(stdin);
    assert_eq!(finish(child).await.code, Some(0));
    let question = mock.received().pop().unwrap().messages.pop().unwrap();
    assert_eq!(question.content, "a\n\nbc");
}

/// What has no end is not read for good.
#[cfg(unix)]
#[tokio::test]
async fn files_without_an_end() {
    for args in [
        vec!["ask", "--mock", "-f", "/dev/zero", "hi"],
        vec!["ask", "--mock", "--messages", "/dev/zero"],
        vec!["mock", "--script", "/dev/zero"],
    ] {
        let run = run(args.iter()).await;
        assert_eq!(run.code, Some(2), "{args:?}: {run:?}");
        assert!(run.err.contains("more than 64 MiB"), "{args:?}: {run:?}");
    }
}

/// A pipe to which nobody writes is waited for, but not against a signal.
#[cfg(unix)]
#[tokio::test]
async fn waiting_for_a_file_ends_at_a_signal() {
    let folder = TempFolder::new("waits");
    let pipe = folder.0.join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    let pipe = pipe.to_str().unwrap();
    let key_file = format!("key_file={pipe}");
    let header_file = format!("x_file={pipe}");
    let load = format!("/load {pipe}\n");
    let image = format!("one\n/image {pipe}\n");
    let ask = ["ask", "--mock", "-p", "aura", "hi"];
    let chat = ["chat", "--mock", "--no-history"];
    let mut waiting = Vec::new();
    for (command, args, lines) in [
        (&ask[..], &["--file", pipe][..], ""),
        (&ask, &["--image", pipe], ""),
        (&ask, &["--messages", pipe], ""),
        (&ask, &["--schema", pipe], ""),
        (&ask, &["--ca-file", pipe], ""),
        (&ask, &["--option", &key_file], ""),
        (&ask, &["--header", &header_file], ""),
        (&ask, &["--config", pipe, "-e", "x"], ""),
        (&chat, &[], &load),
        (&chat, &[], &image),
    ] {
        for (name, code) in [("INT", 130), ("TERM", 143), ("HUP", 129)] {
            let mut command = program(command.iter().filter(|it| {
                // An endpoint of the configuration is no mock.
                !args.contains(&"-e") || !["--mock", "-p", "aura"].contains(*it)
            }));
            let mut child = command.args(args).stdin(Stdio::piped()).spawn().unwrap();
            let mut stdin = child.stdin.take().unwrap();
            stdin.write_all(lines.as_bytes()).await.unwrap();
            hears_ctrl_c(&child).await;
            waiting.push((
                format!("{args:?} {lines:?} {name}"),
                name,
                code,
                child,
                stdin,
            ));
        }
    }
    // Until the last one has come to the file.
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    for (_, name, _, child, _) in &waiting {
        signal(child, name).await;
    }
    for (case, _, code, child, stdin) in waiting {
        let run = finish(child).await;
        assert_eq!(run.code, Some(code), "{case}: {run:?}");
        drop(stdin);
    }
}
