//! Conversations outside a terminal: from a pipe, saved, kept and gone on with.

use std::process::Stdio;

use chatwire_mock::{AiEngineMock, AiReply, AuraMock};
use tokio::io::AsyncWriteExt as _;

use crate::support::{Run, TempFolder, finish, program, run};

/// Runs it in this home folder, with these lines on standard input.
async fn chat(home: &TempFolder, args: &[&str], lines: &str) -> Run {
    let mut command = program(args);
    command
        .env("HOME", home.path())
        .env_remove("CHATWIRE_HISTORY");
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(lines.as_bytes()).await.unwrap();
    drop(stdin);
    finish(child).await
}

#[tokio::test]
async fn a_pipe_has_a_line_for_each_answer() {
    let home = TempFolder::new("lines");
    let mock = AuraMock::start().await.unwrap();
    for text in ["one", "two\n", "three"] {
        mock.reply(text);
    }
    let url = mock.url();
    let run = chat(
        &home,
        &["chat", "-p", "aura", "-u", &url, "first"],
        "second\nthird\nexit\nfourth\n",
    )
    .await;
    assert_eq!(
        (run.code, run.out.as_str()),
        (Some(0), "one\ntwo\nthree\n"),
        "{run:?}"
    );
    let asked: Vec<_> = mock
        .received()
        .iter()
        .map(|it| it.messages.last().unwrap().content.clone())
        .collect();
    assert_eq!(asked, ["first", "second", "third"]);
}

#[tokio::test]
async fn a_pipe_is_read_whatever_its_encoding() {
    let wide = |text: &str| {
        let units = "\u{feff}".encode_utf16().chain(text.encode_utf16());
        units.flat_map(u16::to_le_bytes).collect::<Vec<u8>>()
    };
    for (input, questions, told) in [
        (b"\xef\xbb\xbfone\r\ntwo".to_vec(), &["one", "two"][..], ""),
        (wide("one\r\ntw\u{f6}\n"), &["one", "tw\u{f6}"], ""),
        (
            b"one\ncaf\xe9\n\xe9\n".to_vec(),
            &["one", "caf\u{fffd}", "\u{fffd}"],
            "standard input is not UTF-8 text at byte 8:",
        ),
        (b"one\\\ntwo\nthree".to_vec(), &["one\ntwo", "three"], ""),
        // What is open at the end is asked all the same.
        (b"```\ncode\n\nmore".to_vec(), &["```\ncode\n\nmore"], ""),
    ] {
        let home = TempFolder::new("encodings");
        let mock = AuraMock::start().await.unwrap();
        let mut command = program(["chat", "-p", "aura", "-u", &mock.url()]);
        command.env("HOME", home.path()).stdin(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(&input).await.unwrap();
        drop(stdin);
        let run = finish(child).await;
        assert_eq!(run.code, Some(0), "{run:?}");
        let asked: Vec<_> = mock
            .received()
            .iter()
            .map(|it| it.messages.last().unwrap().content.clone())
            .collect();
        assert_eq!(asked, questions, "{run:?}");
        let count = run.err.matches("iconv").count();
        assert_eq!(count, usize::from(!told.is_empty()), "{run:?}");
        assert!(run.err.contains(told), "{run:?}");
    }
}

#[tokio::test]
async fn the_last_failure_is_the_exit_code() {
    for (lines, code) in [
        ("a\nb\n", 5),
        ("/nonsense\n", 2),
        ("/load /no/such/file\n", 2),
        ("/help\n", 0),
    ] {
        let home = TempFolder::new("codes");
        let mock = AuraMock::start().await.unwrap();
        mock.reply("fine");
        mock.fail("Rate limit reached");
        let run = chat(&home, &["chat", "-p", "aura", "-u", &mock.url()], lines).await;
        assert_eq!(run.code, Some(code), "{lines:?}: {run:?}");
    }
}

#[tokio::test]
async fn a_question_is_repeated() {
    let home = TempFolder::new("retry");
    let mock = AuraMock::start().await.unwrap();
    mock.fail("Rate limit reached");
    mock.reply("fine");
    let args = ["chat", "-p", "aura", "-u", &mock.url(), "--retry", "1"];
    let run = chat(&home, &args, "a\n").await;
    assert_eq!((run.code, run.out.as_str()), (Some(0), "fine\n"), "{run:?}");
}

#[tokio::test]
async fn conversations_are_kept_and_gone_on_with() {
    let home = TempFolder::new("kept");
    let mock = AuraMock::start().await.unwrap();
    let url = mock.url();
    let base = ["chat", "-p", "aura", "-u", &url];
    let with = |more: &[&'static str]| [&base[..], more].concat();
    let none = chat(&home, &with(&["--continue"]), "x\n").await;
    assert_eq!(none.code, Some(2), "{none:?}");
    for (args, lines) in [
        (with(&["-s", "Rhyme."]), "one\ntwo\n"),
        (with(&[]), "three\n"),
        (with(&["--no-history"]), "secret\n"),
    ] {
        let run = chat(&home, &args, lines).await;
        assert_eq!(run.code, Some(0), "{run:?}");
        // The names of the files tell the order.
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let list = chat(&home, &["history"], "").await;
    let lines: Vec<&str> = list.out.lines().collect();
    assert_eq!(lines.len(), 2, "{list:?}");
    assert!(lines[0].contains("  2 messages  three"), "{list:?}");
    assert!(lines[1].contains("  5 messages  one"), "{list:?}");
    let shown = chat(&home, &["history", "2"], "").await;
    assert!(shown.out.starts_with("# Rhyme.\n\n> one\n\n"), "{shown:?}");
    let json = chat(&home, &["history", "1", "--json"], "").await;
    let json: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(json[0]["content"], "three");

    let run = chat(&home, &with(&["--continue"]), "four\n").await;
    assert_eq!(run.code, Some(0), "{run:?}");
    let sent = mock.received().pop().unwrap().messages;
    let sent: Vec<_> = sent.iter().map(|it| it.content.as_str()).collect();
    assert_eq!(sent[0], "three");
    assert_eq!(sent.last(), Some(&"four"));
    let list = chat(&home, &["history"], "").await;
    assert_eq!(
        list.out.lines().count(),
        2,
        "it goes on in the same file: {list:?}"
    );
    assert!(list.out.contains("  4 messages  three"), "{list:?}");

    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = home.0.join(".local/state/chatwire/conversations");
        for file in std::fs::read_dir(&folder).unwrap() {
            let mode = file.unwrap().metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }
    let gone = chat(&home, &["history", "--delete"], "").await;
    assert_eq!(gone.code, Some(0), "{gone:?}");
    let list = chat(&home, &["history"], "").await;
    assert_eq!(list.out, "");
    let wrong = chat(&home, &["history", "1"], "").await;
    assert_eq!(wrong.code, Some(2), "{wrong:?}");
}

#[tokio::test]
async fn files_of_conversations() {
    let home = TempFolder::new("saved");
    let mock = AuraMock::start().await.unwrap();
    let url = mock.url();
    let args = ["chat", "-p", "aura", "-u", &url];
    let run = chat(&home, &args, "one\n/save ~/a.json\n").await;
    assert_eq!(run.code, Some(0), "{run:?}");
    let file = home.0.join("a.json");
    let first = std::fs::read_to_string(&file).unwrap();
    // Nobody can be asked in a pipe.
    let run = chat(&home, &args, "two\n/save ~/a.json\n").await;
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.err.contains("/save!"), "{run:?}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), first);
    #[cfg(unix)]
    only_files_are_replaced(&home, &args).await;
    let run = chat(&home, &args, "/load ~/a.json\n/save! ~/a.json\nthree\n").await;
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), first);
    let sent = mock.received().pop().unwrap().messages;
    assert_eq!(sent.len(), 3);
}

/// A link that leads nowhere is there as well, and a pipe, a socket, a device or a
/// folder stays what it is.
#[cfg(unix)]
async fn only_files_are_replaced(home: &TempFolder, args: &[&str]) {
    use std::os::unix::fs::{FileTypeExt as _, symlink};

    let at = |name: &str| home.0.join(name);
    symlink("no-such-file", at("nowhere")).unwrap();
    symlink("/dev/null", at("null")).unwrap();
    std::fs::create_dir(at("folder")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
    let made = std::process::Command::new("mkfifo")
        .arg(at("pipe"))
        .status();
    assert!(made.unwrap().success());
    let kind = |name: &str| std::fs::symlink_metadata(at(name)).unwrap().file_type();
    for (command, name, words) in [
        ("/save", "nowhere", "is there already"),
        ("/save!", "null", "not a regular file"),
        ("/save!", "folder", "not a regular file"),
        ("/save!", "socket", "not a regular file"),
        ("/save!", "pipe", "not a regular file"),
    ] {
        let before = kind(name);
        let run = chat(home, args, &format!("{command} ~/{name}\n")).await;
        assert_eq!(run.code, Some(2), "{name}: {run:?}");
        assert!(run.err.contains(words), "{name}: {run:?}");
        assert_eq!(kind(name), before, "{name}");
        assert_eq!(before.is_symlink(), ["nowhere", "null"].contains(&name));
        assert_eq!(before.is_fifo(), name == "pipe");
    }
    // The template does not take the place of a link either.
    let link = at("nowhere");
    let config = ["--config", link.to_str().unwrap(), "config", "edit"];
    let mut command = program(config);
    finish(command.env("EDITOR", "true").spawn().unwrap()).await;
    assert!(kind("nowhere").is_symlink());
}

/// A disk that is full: what was there stays, and nothing is left beside it.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_file_that_cannot_be_written_stays() {
    let home = TempFolder::new("full");
    let file = home.0.join("a.json");
    std::fs::write(&file, "[]").unwrap();
    let mock = AuraMock::start().await.unwrap();
    let site = AiEngineMock::start().await.unwrap();
    let picture = "data:image/png;base64,iVBORw0KGgphbmQgc28gb24=";
    site.reply(AiReply::new().images([picture]).end("Here."));
    let (url, site_url) = (mock.url(), site.base_url());
    // No file may be longer than nothing: writing fails as on a full disk.
    let script = "ulimit -f 0; trap '' XFSZ; exec \"$0\" \"$@\"";
    for (args, lines) in [
        (
            vec!["chat", "-p", "aura", "-u", &url],
            "one\n/save! ~/a.json\n",
        ),
        (vec!["config", "edit"], ""),
        (
            vec![
                "ask",
                "Draw.",
                "-p",
                "chatgpt4online",
                "-u",
                &site_url,
                "--save-images",
                home.path(),
            ],
            "",
        ),
    ] {
        let mut command = tokio::process::Command::new("bash");
        command
            .args(["-c", script, env!("CARGO_BIN_EXE_chatwire")])
            .args(&args)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", home.path())
            .env("EDITOR", "true")
            .env("CHATWIRE_HISTORY", "off")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(lines.as_bytes())
            .await
            .unwrap();
        let run = finish(child).await;
        assert_ne!(run.code, Some(0), "{args:?}: {run:?}");
        assert!(run.err.contains("File too large"), "{args:?}: {run:?}");
    }
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "[]");
    let mut left = Vec::new();
    let mut folders = vec![home.0.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => left.push(path),
            }
        }
    }
    assert_eq!(left, [file]);
}

#[tokio::test]
async fn help_tells_of_it() {
    let help = run(["chat", "--help"]).await;
    for words in ["--continue", "--retry", "CHATWIRE_HISTORY"] {
        assert!(help.out.contains(words), "{words}");
    }
}
