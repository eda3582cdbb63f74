//! What a person sees: the built program in a pseudo-terminal, with the screen
//! that it draws.

use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::support::{PATIENCE, run};
use chatwire_mock::{AiEngineMock, AiReply, Answer, AuraMock, Ending, Gate};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use serde_json::{Value, json};

const SIZE: PtySize = PtySize {
    rows: 24,
    cols: 60,
    pixel_width: 0,
    pixel_height: 0,
};

/// The program on a terminal.
struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    keys: Box<dyn std::io::Write + Send>,
    screen: Arc<Mutex<vt100::Parser>>,
    raw: Arc<Mutex<Vec<u8>>>,
}

impl Terminal {
    fn start(args: &[&str], environment: &[(&str, &str)]) -> Terminal {
        let pair = native_pty_system().openpty(SIZE).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_chatwire"));
        command.args(args);
        command.env_clear();
        command.env("TERM", "xterm-256color");
        command.env("HOME", "/nonexistent");
        command.cwd(std::env::temp_dir());
        for (name, value) in environment {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).unwrap();
        let mut output = pair.master.try_clone_reader().unwrap();
        let keys = pair.master.take_writer().unwrap();
        let rows = SIZE.rows.try_into().unwrap();
        let screen = vt100::Parser::new(rows, SIZE.cols.try_into().unwrap(), 1000);
        let screen = Arc::new(Mutex::new(screen));
        let raw = Arc::new(Mutex::new(Vec::new()));
        let (shown, kept) = (Arc::clone(&screen), Arc::clone(&raw));
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count) = output.read(&mut bytes) {
                if count == 0 {
                    break;
                }
                shown.lock().unwrap().process(&bytes[..count]);
                kept.lock().unwrap().extend_from_slice(&bytes[..count]);
            }
        });
        Terminal {
            child,
            master: pair.master,
            keys,
            screen,
            raw,
        }
    }

    fn type_keys(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    fn text(&self) -> String {
        self.screen.lock().unwrap().screen().contents()
    }

    fn raw(&self) -> String {
        String::from_utf8_lossy(&self.raw.lock().unwrap()).into_owned()
    }

    /// Waits until the screen is as wanted.
    async fn until(&self, what: &str, wanted: impl Fn(&str) -> bool) {
        let start = Instant::now();
        while !wanted(&self.text()) {
            assert!(start.elapsed() < PATIENCE, "no {what} on:\n{}", self.text());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    async fn shows(&self, text: &str) {
        self.until(text, |screen| screen.contains(text)).await;
    }

    /// Waits for a prompt with nothing typed after it.
    async fn prompt(&self) {
        self.until("prompt", |screen| {
            screen
                .lines()
                .last()
                .is_some_and(|line| line.trim_end() == ">")
        })
        .await;
    }

    async fn code(&mut self) -> u32 {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                // What was written last may still be on its way.
                tokio::time::sleep(Duration::from_millis(100)).await;
                return status.exit_code();
            }
            assert!(
                start.elapsed() < PATIENCE,
                "still running:\n{}",
                self.text()
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn markdown_is_rendered_while_it_streams() {
    let mock = AuraMock::start().await.unwrap();
    let gate = Gate::new();
    mock.answer(
        Answer::stream(["# Ti", "tle\n\nSome **bo"])
            .wait(&gate)
            .piece("ld** text\n\n- one\n- 漢字 two\n\n```rust\nlet x = 1;\n```\ndone"),
    );
    let mut terminal = Terminal::start(&["ask", "-u", &mock.url(), "hi"], &[]);
    // What is not closed may be no mark.
    terminal.shows("Some **bo").await;
    gate.open();
    assert_eq!(terminal.code().await, 0);
    let lines: Vec<String> = terminal
        .text()
        .lines()
        .map(|l| l.trim_end().to_owned())
        .collect();
    assert_eq!(
        lines,
        [
            "Title",
            "",
            "Some bold text",
            "",
            "• one",
            "• 漢字 two",
            "",
            "let x = 1;",
            "done"
        ]
    );
    assert!(terminal.raw().contains("\u{1b}[1m"), "bold");
    // Nothing is asked of the terminal.
    for query in [
        "\u{1b}[6n",
        "\u{1b}[c",
        "\u{1b}]10;?",
        "\u{1b}]11;?",
        "\u{1b}[?u",
        "\u{1b}P",
    ] {
        assert!(!terminal.raw().contains(query), "{query:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn colors_can_be_left_out_and_markdown_be_raw() {
    let colored = |raw: &str| raw.contains("\u{1b}[3") || raw.contains("\u{1b}[9");
    for (args, environment, is_colored, is_raw) in [
        (&[][..], &[][..], true, false),
        (&["--color", "never"], &[], false, false),
        (&[], &[("NO_COLOR", "1")], false, false),
        (&["--color", "always"], &[("NO_COLOR", "1")], true, false),
        (&["--raw"], &[], false, true),
        (&[], &[("TERM", "dumb")], false, true),
    ] {
        let mock = AuraMock::start().await.unwrap();
        mock.answer(Answer::stream(["`code` and **bold**"]));
        let url = mock.url();
        let mut all = vec!["ask", "-u", &url, "hi"];
        all.extend(args);
        let mut terminal = Terminal::start(&all, environment);
        assert_eq!(terminal.code().await, 0);
        let case = format!("{args:?} {environment:?}: {:?}", terminal.raw());
        assert_eq!(colored(&terminal.raw()), is_colored, "{case}");
        assert_eq!(terminal.text().contains("**"), is_raw, "{case}");
        if is_raw {
            // On a busy machine, a spinner comes and goes before the answer.
            let raw = terminal.raw();
            let answer = raw.rsplit("\r\u{1b}[K").next().unwrap_or_default();
            assert!(!answer.contains('\u{1b}'), "{case}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_answer_does_nothing_to_the_terminal() {
    for raw in [&[][..], &["--raw"][..]] {
        let mock = AuraMock::start().await.unwrap();
        mock.answer(Answer::stream([
            "a\u{1b}]0;own",
            "ed\u{7}b\u{1b}[2Jc\u{9b}31md\r\n",
        ]));
        let url = mock.url();
        let mut all = vec!["ask", "-u", &url, "hi"];
        all.extend(raw);
        let mut terminal = Terminal::start(&all, &[]);
        assert_eq!(terminal.code().await, 0);
        assert!(!terminal.raw().contains("\u{1b}]"), "{:?}", terminal.raw());
        assert!(!terminal.raw().contains("[2J") || !terminal.raw().contains("\u{1b}[2J"));
        assert!(
            terminal.text().contains("a]0;ownedb[2Jc31md"),
            "{}",
            terminal.text()
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spinner_with_notes_is_gone_at_the_first_text() {
    let site = AiEngineMock::start().await.unwrap();
    let (first, second) = (Gate::new(), Gate::new());
    site.reply(
        AiReply::new()
            .progress("status", "Searching the web...")
            .wait(&first)
            .delta("Hel")
            .wait(&second)
            .delta("lo")
            .end("Hello"),
    );
    let url = site.url();
    let mut terminal = Terminal::start(&["ask", "-p", "chatgpt4online", "-u", &url, "hi"], &[]);
    terminal.shows("Searching the web...").await;
    terminal.shows("0 s").await;
    first.open();
    terminal.shows("Hel").await;
    assert_eq!(terminal.text().trim_end(), "Hel", "nothing else is left");
    second.open();
    assert_eq!(terminal.code().await, 0);
    assert_eq!(terminal.text().trim_end(), "Hello");

    // Quick answers need no spinner; on a busy machine none may be quick.
    let mock = AuraMock::start().await.unwrap();
    for _ in 0..10 {
        let start = Instant::now();
        let mut quick = Terminal::start(&["ask", "-u", &mock.url(), "hi"], &[]);
        quick.shows("You asked: hi").await;
        if start.elapsed() < Duration::from_millis(300) {
            assert_eq!(quick.code().await, 0);
            assert!(!quick.raw().contains(" s "), "{:?}", quick.raw());
            break;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_width_is_followed() {
    let mock = AuraMock::start().await.unwrap();
    let gate = Gate::new();
    let long = "word ".repeat(30);
    mock.answer(
        Answer::stream([format!("{long}\n\n")])
            .wait(&gate)
            .piece(long.trim()),
    );
    let mut terminal = Terminal::start(&["ask", "-u", &mock.url(), "hi"], &[]);
    terminal
        .until("text", |screen| screen.matches("word").count() == 30)
        .await;
    let narrow = PtySize { cols: 30, ..SIZE };
    terminal.master.resize(narrow).unwrap();
    gate.open();
    assert_eq!(terminal.code().await, 0);
    let text = terminal.text();
    let (before, after) = text.split_once("\n\n").unwrap();
    let widest = |text: &str| {
        text.lines()
            .map(|line| line.trim_end().len())
            .max()
            .unwrap()
    };
    assert!((45..60).contains(&widest(before)), "{text}");
    assert!((20..30).contains(&widest(after)), "{text}");
    assert_eq!(after.matches("word").count(), 30, "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_in_ask_is_130() {
    let mock = AuraMock::start().await.unwrap();
    mock.answer(Answer::stream(["so far"]).ending(Ending::Stall));
    let mut terminal = Terminal::start(&["ask", "-u", &mock.url(), "hi"], &[]);
    terminal.shows("so far").await;
    terminal.type_keys("\u{3}");
    assert_eq!(terminal.code().await, 130);

    // Also while a question is typed.
    let mut terminal = Terminal::start(&["ask", "--mock"], &[]);
    terminal.shows("type the question").await;
    terminal.type_keys("\u{3}");
    assert_eq!(terminal.code().await, 130);
    let mut terminal = Terminal::start(&["ask", "--mock"], &[]);
    terminal.shows("type the question").await;
    terminal.type_keys("hi there\n\u{4}");
    assert_eq!(terminal.code().await, 0);
    assert!(
        terminal.text().contains("You asked: hi there"),
        "{}",
        terminal.text()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_of_three_turns() {
    let home = std::env::temp_dir().join(format!("chatwire-home-{}", std::process::id()));
    std::fs::create_dir_all(&home).unwrap();
    let saved = home.join("saved.json");
    let mock = AuraMock::start().await.unwrap();
    for answer in ["Arr one.", "Arr two.", "Arr three."] {
        mock.reply(answer);
    }
    let url = mock.url();
    let environment = [("HOME", home.to_str().unwrap())];
    let mut chat = Terminal::start(
        &["chat", "-p", "aura", "-u", &url, "-s", "Be a pirate."],
        &environment,
    );
    chat.prompt().await;
    chat.type_keys("first\r");
    chat.shows("Arr one.").await;
    chat.prompt().await;
    // Two lines, by a backslash.
    chat.type_keys("second\\\rline\r");
    chat.shows("Arr two.").await;
    chat.prompt().await;
    // By a key, and pasted.
    chat.type_keys("thi\u{f}rd\u{1b}[200~\nx\u{1b}[201~\r");
    chat.shows("Arr three.").await;
    chat.prompt().await;
    chat.type_keys(&format!("/save {}\r", saved.display()));
    chat.shows("saved 6 messages").await;
    chat.prompt().await;
    chat.type_keys("/copy\r");
    chat.shows("clipboard").await;
    assert!(
        chat.raw().contains("\u{1b}]52;c;QXJyIHRocmVlLg==\u{7}"),
        "OSC 52"
    );
    chat.prompt().await;
    chat.type_keys("/nonsense\r");
    chat.shows("no command /nonsense").await;
    chat.prompt().await;
    chat.type_keys("\u{4}");
    assert_eq!(chat.code().await, 0);

    let received = mock.received();
    assert_eq!(received.len(), 3);
    let last = received.last().unwrap();
    assert_eq!(last.prompt, "Be a pirate.");
    let said: Vec<(&str, &str)> = last
        .messages
        .iter()
        .map(|m| (m.role.as_str(), m.content.as_str()))
        .collect();
    assert_eq!(
        said,
        [
            ("user", "first"),
            ("assistant", "Arr one."),
            ("user", "second\nline"),
            ("assistant", "Arr two."),
            ("user", "thi\nrd\nx"),
        ]
    );
    assert_eq!(mock.connections(), 1, "one connection for all turns");

    // The history is for its owner alone, and is there again.
    let history = home.join(".local/state/chatwire/history");
    let mode = std::fs::metadata(&history).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let mut chat = Terminal::start(&["chat", "-u", &url], &environment);
    chat.prompt().await;
    // /nonsense, /copy and /save came after it.
    chat.type_keys("\u{10}\u{10}\u{10}\u{10}");
    chat.shows("> thi").await;
    chat.type_keys("\u{3}");
    chat.prompt().await;
    chat.type_keys("/quit\r");
    assert_eq!(chat.code().await, 0);

    // What was saved is what `ask` reads.
    let json: Value = serde_json::from_slice(&std::fs::read(&saved).unwrap()).unwrap();
    assert_eq!(
        json[0],
        json!({"role": "system", "content": "Be a pirate."})
    );
    assert_eq!(
        json[6],
        json!({"role": "assistant", "content": "Arr three."})
    );
    let asked = run([
        "ask",
        "-u",
        &url,
        "--messages",
        saved.to_str().unwrap(),
        "fourth",
    ])
    .await;
    assert_eq!(asked.code, Some(0), "{asked:?}");
    assert_eq!(mock.received().last().unwrap().messages.len(), 7);
    std::fs::remove_dir_all(&home).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_stops_the_answer_and_keeps_the_chat() {
    let mock = AuraMock::start().await.unwrap();
    mock.answer(Answer::stream(["so far"]).ending(Ending::Stall));
    mock.fail("Rate limit reached");
    let mut chat = Terminal::start(&["chat", "-u", &mock.url(), "--no-history"], &[]);
    chat.prompt().await;
    chat.type_keys("first\r");
    chat.shows("so far").await;
    chat.type_keys("\u{3}");
    chat.shows("stopped").await;
    chat.prompt().await;
    chat.type_keys("second\r");
    chat.shows("Rate limit reached").await;
    chat.prompt().await;
    chat.type_keys("/retry\r");
    chat.shows("You asked: second").await;
    chat.prompt().await;
    chat.type_keys("/undo\r");
    chat.shows("taken back: second").await;
    chat.prompt().await;
    chat.type_keys("third\r");
    chat.shows("You asked: third").await;
    chat.prompt().await;
    chat.type_keys("\u{4}");
    assert_eq!(chat.code().await, 0);
    let contents: Vec<Vec<String>> = mock
        .received()
        .iter()
        .map(|r| r.messages.iter().map(|m| m.content.clone()).collect())
        .collect();
    assert_eq!(contents.last().unwrap(), &["first", "so far", "third"]);
}

/// Everything that a terminal is sent passes the filter; a pipe gets the bytes.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_hostile_reaches_a_terminal() {
    let hostile = "a\u{1b}]0;x\u{7}b\u{9b}31mc\u{7f}d\u{202e}e\u{200b}f";
    let answer = format!("{hostile}\n```\n{hostile}\n```\n`{hostile}`");
    let home = std::env::temp_dir().join(format!("chatwire-hostile-{}", std::process::id()));
    let state = home.join(".local/state/chatwire");
    std::fs::create_dir_all(&state).unwrap();
    std::fs::write(state.join("history"), format!("#V2\n{hostile}\n")).unwrap();
    let hostile_file = home.join(hostile);
    let file = hostile_file.to_str().unwrap();
    let mock = AuraMock::start().await.unwrap();
    let url = mock.url();
    let ask = ["ask", "-p", "aura", "-u", &url, "hi"];
    let with = |more: &[&'static str]| [&ask[..], more].concat();
    for args in [
        with(&[]),
        with(&["-x"]),
        with(&["--json"]),
        with(&["--jsonl"]),
        with(&["--raw"]),
        with(&["--no-stream"]),
        vec!["ask", "-p", "aura", "-u", &url, "--dry-run", hostile],
        vec!["ask", "-p", "aura", "-u", &url, "--file", file, "hi"],
        vec!["ask", "-p", "aura", "-u", &url, "--messages", file],
        vec!["ask", "-p", hostile, "hi"],
        vec!["ask", hostile, "--no-such-option", hostile],
        vec![hostile],
        vec!["models", "-p", "aura", "-u", hostile],
        vec!["check", hostile],
        vec!["config", "show", "--config", file],
        vec!["config", "path", "--config", file],
    ] {
        mock.answer(Answer::stream([answer.as_str()]));
        let mut terminal = Terminal::start(&args, &[("HOME", home.to_str().unwrap())]);
        terminal.code().await;
        harmless(&terminal.raw(), &args);
    }
    mock.fail(hostile);
    let mut terminal = Terminal::start(&with(&[]), &[]);
    terminal.code().await;
    harmless(&terminal.raw(), &["failure"]);

    // What is typed, pasted and remembered.
    let environment = [("HOME", home.to_str().unwrap())];
    let mut chat = Terminal::start(&["chat", "-p", "aura", "-u", &url], &environment);
    chat.prompt().await;
    chat.type_keys("\u{10}");
    chat.shows("> a]0;xb31mcd").await;
    chat.type_keys("\u{3}");
    chat.prompt().await;
    chat.type_keys("\u{1b}[200~pasted\u{9b}31m\u{202e}text\u{1b}[201~");
    chat.shows("text").await;
    chat.type_keys("\u{3}");
    chat.prompt().await;
    chat.type_keys("\u{4}");
    chat.code().await;
    let raw = chat.raw();
    assert!(!raw.contains(['\u{9b}', '\u{202e}', '\u{200b}']), "{raw:?}");
    assert!(!raw.contains("\u{1b}]0;"), "{raw:?}");

    // A pipe.
    mock.answer(Answer::stream([answer.as_str()]));
    let piped = run(with(&[])).await;
    assert_eq!(piped.out, answer);
    std::fs::remove_dir_all(&home).unwrap();
}

fn harmless(raw: &str, args: &[&str]) {
    let case = || format!("{args:?}: {raw:?}");
    assert!(!raw.contains("\u{1b}]"), "{}", case());
    let harmful = |c: char| {
        (c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\u{1b}')) || c == '\u{202e}'
    };
    assert!(!raw.contains(harmful), "{}", case());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_that_is_no_file_is_not_waited_for() {
    let home = std::env::temp_dir().join(format!("chatwire-fifo-{}", std::process::id()));
    let state = home.join(".local/state/chatwire");
    std::fs::create_dir_all(&state).unwrap();
    let made = std::process::Command::new("mkfifo")
        .arg(state.join("history"))
        .status()
        .unwrap();
    assert!(made.success());
    let environment = [("HOME", home.to_str().unwrap())];
    let mut chat = Terminal::start(&["chat", "--mock"], &environment);
    chat.shows("not a plain file").await;
    chat.prompt().await;
    chat.type_keys("hi\r");
    chat.shows("You asked: hi").await;
    chat.prompt().await;
    chat.type_keys("exit\r");
    assert_eq!(chat.code().await, 0);
    // A link.
    std::fs::remove_file(state.join("history")).unwrap();
    let target = home.join("target");
    std::fs::write(&target, "#V2\nsecret\n").unwrap();
    std::os::unix::fs::symlink(&target, state.join("history")).unwrap();
    let mut chat = Terminal::start(&["chat", "--mock"], &environment);
    chat.shows("not a plain file").await;
    chat.prompt().await;
    chat.type_keys("hi\r");
    chat.shows("You asked: hi").await;
    chat.prompt().await;
    chat.type_keys("\u{4}");
    assert_eq!(chat.code().await, 0);
    assert_eq!(std::fs::read_to_string(&target).unwrap(), "#V2\nsecret\n");
    std::fs::remove_dir_all(&home).unwrap();
}

/// The shell that goes on gets a terminal that shows what is typed.
#[tokio::test(flavor = "multi_thread")]
async fn a_signal_while_a_line_is_typed_leaves_the_terminal_in_order() {
    for (name, code) in [("TERM", 143), ("HUP", 129)] {
        let mut chat = Terminal::start(&["chat", "--mock", "--no-history"], &[]);
        chat.prompt().await;
        chat.type_keys("half a li");
        chat.shows("half a li").await;
        let mode = |chat: &Terminal| format!("{:?}", chat.master.get_termios());
        assert!(!mode(&chat).contains("ICANON"), "{}", mode(&chat));
        let id = chat.child.process_id().unwrap().to_string();
        let kill = std::process::Command::new("kill")
            .args(["-s", name, &id])
            .status();
        assert!(kill.unwrap().success());
        assert_eq!(chat.code().await, code, "{name}");
        for flag in ["ICANON", "ECHO ", "ISIG"] {
            assert!(mode(&chat).contains(flag), "{name}: {}", mode(&chat));
        }
        let raw = chat.raw();
        let pastes = raw.rsplit("\u{1b}[?2004").next().unwrap();
        assert!(pastes.starts_with('l'), "{name}: {raw:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_replaced_only_when_agreed() {
    let home = std::env::temp_dir().join(format!("chatwire-replace-{}", std::process::id()));
    std::fs::create_dir_all(&home).unwrap();
    let file = home.join("a.json");
    std::fs::write(&file, "mine").unwrap();
    let environment = [("HOME", home.to_str().unwrap())];
    let mut chat = Terminal::start(&["chat", "--mock", "--no-history"], &environment);
    chat.prompt().await;
    for (answer, shown, replaced) in [
        ("n", "stays as it is", false),
        ("y", "saved 0 messages", true),
    ] {
        chat.type_keys("/save ~/a.json\r");
        chat.until("question", |screen| {
            let last = screen.lines().last().unwrap_or_default();
            last.trim_end() == "replace it? [y/N]"
        })
        .await;
        chat.type_keys(&format!("{answer}\r"));
        chat.shows(shown).await;
        chat.prompt().await;
        let kept = std::fs::read_to_string(&file).unwrap() == "mine";
        assert_eq!(kept, !replaced);
    }
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    chat.type_keys("\u{4}");
    assert_eq!(chat.code().await, 0);
    std::fs::remove_dir_all(&home).unwrap();
}

/// Terminals without bracketed paste send pasted lines as if they were typed.
#[tokio::test(flavor = "multi_thread")]
async fn lines_that_come_together_are_one_message() {
    let boundary = format!("{}\rnext\r", "x".repeat(1023));
    let wide = format!("a{}\rnext\r", "é".repeat(800));
    let many: Vec<String> = (0..80)
        .map(|n| format!("line {n} {}", "y".repeat(n % 70)))
        .collect();
    let long = many.join("\r") + "\r";
    let cases: &[(&str, &[&str], &str)] = &[
        ("xterm", &["one\r"], "one"),
        ("xterm", &["one\rtwo\rthree\r"], "one\ntwo\nthree"),
        ("xterm", &["one\ntwo\nthree\n"], "one\ntwo\nthree"),
        ("xterm", &["one\r\ntwo\r\nthree\r\n"], "one\ntwo\nthree"),
        ("xterm", &["one\r\r\rtwo\r\r"], "one\n\n\ntwo"),
        (
            "xterm",
            &["on", "e\rtw", "o\r", "three", "\r"],
            "one\ntwo\nthree",
        ),
        ("xterm", &["def f():\r\treturn 1\r"], "def f():\n\treturn 1"),
        ("xterm", &["a\tb\r\t\tc\r"], "a\tb\n\t\tc"),
        ("xterm", &["漢字\r👩‍👩‍👧 é\r"], "漢字\n👩‍👩‍👧 é"),
        ("xterm", &["a\\\rb\rc\r"], "a\nb\nc"),
        ("xterm", &["```\ra\r```\rb\r"], "```\na\n```\nb"),
        // A command has one line; the question follows it.
        ("xterm", &["/clear\rone\rtwo\r"], "one\ntwo"),
        ("xterm", &["/model -\r/clear\r\rone\r"], "one"),
        ("xterm", &["//usr\rone\r"], "/usr\none"),
        ("xterm", &["a\u{f}b\rc\u{1b}\rd\r"], "a\nb\nc\nd"),
        (
            "xterm",
            &["one\r\u{1b}[200~two\nthree\u{1b}[201~\r"],
            "one\ntwo\nthree",
        ),
        // In the middle of a line.
        ("xterm", &["onX\u{1b}[D\r"], "onX"),
        // More than the editor reads at once.
        ("xterm", &[&boundary], &boundary),
        ("xterm", &[&wide], &wide),
        ("xterm", &[&long], &long),
        ("dumb", &["one\n"], "one"),
        ("dumb", &["one\ntwo\n\nthree\n"], "one\ntwo\n\nthree"),
        ("dumb", &["on", "e\ntw", "o\n"], "one\ntwo"),
    ];
    for (terminal, pieces, message) in cases {
        let message = message.trim_end().replace('\r', "\n");
        let mut asked = Vec::new();
        // On a busy machine, what is written together may come late.
        for _ in 0..20 {
            let mock = AuraMock::start().await.unwrap();
            let args = ["chat", "-p", "aura", "-u", &mock.url(), "--no-history"];
            let mut chat = Terminal::start(&args, &[("TERM", terminal)]);
            chat.prompt().await;
            for piece in *pieces {
                chat.type_keys(piece);
            }
            // A long answer has left the screen when it is over.
            chat.until("answer", |_| chat.raw().contains("You asked"))
                .await;
            chat.prompt().await;
            // The next message stands alone.
            chat.type_keys("exit\r");
            assert_eq!(chat.code().await, 0);
            asked = mock
                .received()
                .iter()
                .map(|it| it.messages.last().unwrap().content.clone())
                .collect();
            if asked.len() == 1 {
                break;
            }
        }
        assert_eq!(asked, [message], "{terminal} {pieces:?}");
    }
}

/// A paste that does not end with a line end waits for the key.
#[tokio::test(flavor = "multi_thread")]
async fn a_paste_without_a_line_end_is_not_sent() {
    let mock = AuraMock::start().await.unwrap();
    let args = ["chat", "-p", "aura", "-u", &mock.url(), "--no-history"];
    let mut chat = Terminal::start(&args, &[]);
    chat.prompt().await;
    chat.type_keys("one\rtwo");
    chat.until("two lines", |screen| {
        screen.trim_end().ends_with("one\ntwo")
    })
    .await;
    assert_eq!(mock.received().len(), 0);
    chat.type_keys(" three\r");
    chat.shows("You asked").await;
    chat.prompt().await;
    chat.type_keys("\u{4}");
    assert_eq!(chat.code().await, 0);
    let received = mock.received();
    assert_eq!(received.len(), 1);
    assert_eq!(
        received[0].messages.last().unwrap().content,
        "one\ntwo three"
    );
}
