//! The configuration file, and what is chosen with it.

use crate::support::{Run, TempFile, finish, program, run};
use chatwire_mock::{AiEngineMock, Answer, AuraMock};
use serde_json::Value;

/// Runs with these variables set.
async fn run_in(args: &[&str], environment: &[(&str, &str)]) -> Run {
    finish(
        program(args)
            .envs(environment.iter().copied())
            .spawn()
            .unwrap(),
    )
    .await
}

#[tokio::test]
async fn five_mistakes_are_all_told_with_line_and_key() {
    let file = TempFile::new(
        "mistakes.toml",
        "\
default = \"nowhere\"
[http]
idle_timeout = \"soon\"
[endpoints.home]
provider = \"aura\"
base_ulr = \"http://localhost:3000\"
[endpoints.blog]
provider = 5
[gateway]
listen = 100000
",
    );
    for args in [
        &["config", "check"][..],
        &["ask", "-e", "home", "hi"],
        &["check"],
        &["serve", "--check"],
    ] {
        let mut all = args.to_vec();
        all.extend(["--config", file.path()]);
        let run = run(&all).await;
        assert_eq!(
            (run.code, run.out.as_str()),
            (Some(2), ""),
            "{all:?}: {run:?}"
        );
        let lines: Vec<&str> = run.err.lines().collect();
        for (line, words) in [
            ("line 1", &["default", "nowhere", "home"][..]),
            ("line 3", &["http.idle_timeout", "10s"]),
            ("line 6", &["endpoints.home.base_ulr", "base_url"]),
            ("line 8", &["endpoints.blog.provider", "text"]),
            ("line 10", &["gateway.listen", "address"]),
        ] {
            let found = lines.iter().find(|told| told.contains(&format!("{line},")));
            let found = found.unwrap_or_else(|| panic!("no {line} in {run:?}"));
            assert!(found.contains(file.path()), "{found}");
            for word in words {
                assert!(found.contains(word), "no {word:?} in {found}");
            }
        }
    }
    // Mistakes that only show when an endpoint is set up.
    let file = TempFile::new(
        "settings.toml",
        "[endpoints.home]\nprovider = \"aura\"\nbase_url = \"http://x\"\n\
         options = { token_limit = \"many\" }\n\
         [endpoints.far]\nprovider = \"nonsense\"\nbase_url = \"http://x\"\n\
         [endpoints.away]\nprovider = \"aura\"\nbase_url = \"ftp://x\"\n",
    );
    let run = run(["config", "check", "--config", file.path()]).await;
    assert_eq!(run.code, Some(2));
    for words in [
        "line 4, column 27: endpoints.home.options.token_limit: ",
        "endpoints.far.provider",
        "nonsense",
        "line 10, column 12: endpoints.away.base_url",
        "ftp://x",
    ] {
        assert!(run.err.contains(words), "no {words:?} in {run:?}");
    }
}

#[tokio::test]
async fn flag_over_environment_over_file() {
    let (file_mock, flag_mock, variable_mock) = (
        AuraMock::start().await.unwrap(),
        AuraMock::start().await.unwrap(),
        AuraMock::start().await.unwrap(),
    );
    let file = TempFile::new(
        "order.toml",
        format!(
            "default = \"home\"\n[endpoints.home]\nprovider = \"aura\"\nbase_url = \"{}\"\n\
             [endpoints.other]\nprovider = \"aura\"\nbase_url = \"{}\"\n",
            file_mock.url(),
            variable_mock.url(),
        ),
    );
    let (flag_url, variable_url) = (flag_mock.url(), variable_mock.url());
    let config = ("CHATWIRE_CONFIG", file.path());
    let (flag, file, variable) = ("flag", "file", "variable");
    for (args, environment, answers) in [
        (&[][..], &[config][..], file),
        (
            &["-e", "home"],
            &[config, ("CHATWIRE_ENDPOINT", "other")],
            file,
        ),
        (&[], &[config, ("CHATWIRE_ENDPOINT", "other")], variable),
        (
            &[],
            &[config, ("CHATWIRE_BASE_URL", &variable_url)],
            variable,
        ),
        (
            &["-u", &flag_url],
            &[config, ("CHATWIRE_BASE_URL", &variable_url)],
            flag,
        ),
        (
            &["-u", &flag_url],
            &[config, ("CHATWIRE_ENDPOINT", "other")],
            flag,
        ),
        (&["-e", "other"], &[config], variable),
    ] {
        let count = || {
            [
                (file, file_mock.received().len()),
                (flag, flag_mock.received().len()),
                (variable, variable_mock.received().len()),
            ]
        };
        let before = count();
        let mut all = vec!["ask", "hi"];
        all.extend(args);
        let run = run_in(&all, environment).await;
        assert_eq!(run.code, Some(0), "{args:?} {environment:?}: {run:?}");
        let answered: Vec<&str> = count()
            .iter()
            .zip(before)
            .filter(|(now, before)| now.1 > before.1)
            .map(|(now, _)| now.0)
            .collect();
        assert_eq!(answered, [answers], "{args:?} {environment:?}");
    }
    for (args, environment, code, words) in [
        (&["-e", "nowhere"][..], &[config][..], 3, "home, other"),
        (
            &["-e", "home", "-u", "http://x"],
            &[config],
            2,
            "--base-url",
        ),
        (
            &[],
            &[("CHATWIRE_CONFIG", "/no/such/file")],
            2,
            "/no/such/file",
        ),
        (
            &["--mock"],
            &[("CHATWIRE_MODEL", "nonsense")],
            3,
            "nonsense",
        ),
        (
            &["--mock"],
            &[("CHATWIRE_TIMEOUT", "soon")],
            2,
            "CHATWIRE_TIMEOUT",
        ),
        (&[], &[("CHATWIRE_PROVIDER", "nonsense")], 3, "nonsense"),
        (
            &["-u", "http://x"],
            &[("CHATWIRE_PROXY", "nonsense")],
            2,
            "the proxy cannot be read",
        ),
    ] {
        let mut all = vec!["ask", "hi"];
        all.extend(args);
        let run = run_in(&all, environment).await;
        assert_eq!(run.code, Some(code), "{args:?} {environment:?}: {run:?}");
        assert!(run.err.contains(words), "{run:?}");
    }
}

#[tokio::test]
async fn endpoints_carry_options_headers_and_secrets() {
    let mock = AuraMock::builder()
        .require_cookie("session", "abc")
        .start()
        .await
        .unwrap();
    let cookie = TempFile::new("cookie", "session=abc\n");
    let file = TempFile::new(
        "secrets.toml",
        format!(
            "[endpoints.home]\nprovider = \"aura\"\nbase_url = \"{}\"\n\
             options = {{ key = {{ env = \"THE_KEY\" }}, token_limit = 4000 }}\n\
             http = {{ headers = {{ cookie = {{ file = \"{}\" }} }} }}\n",
            mock.url(),
            cookie.path(),
        ),
    );
    let args = ["ask", "--config", file.path(), "-e", "home", "hi"];
    let missing = run(args).await;
    assert_eq!(missing.code, Some(2));
    assert!(missing.err.contains("THE_KEY"), "{missing:?}");
    let run = run_in(&args, &[("THE_KEY", "hush-hush")]).await;
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(mock.received().pop().unwrap().key, "hush-hush");
}

#[tokio::test]
async fn files_of_secrets_are_beside_the_configuration() {
    let mock = AuraMock::builder()
        .require_cookie("session", "abc")
        .start()
        .await
        .unwrap();
    let cookie = TempFile::new("beside-cookie", "session=abc\n");
    let name = cookie.0.file_name().unwrap().to_str().unwrap();
    let file = TempFile::new(
        "beside.toml",
        format!(
            "[endpoints.home]\nprovider = \"aura\"\nbase_url = \"{}\"\n\
             http = {{ headers = {{ cookie = {{ file = \"{name}\" }} }} }}\n",
            mock.url(),
        ),
    );
    let mut program = program(["ask", "--config", file.path(), "-e", "home", "hi"]);
    let run = finish(program.current_dir("/").spawn().unwrap()).await;
    assert_eq!(run.code, Some(0), "{run:?}");
}

#[tokio::test]
async fn headers_that_frame_a_message_are_refused() {
    for header in ["Content-Length: 5", "transfer-encoding: chunked", "TE: x"] {
        let run = run(["ask", "--mock", "--header", header, "hi"]).await;
        assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{run:?}");
        assert!(run.err.contains("frames a message"), "{run:?}");
    }
}

#[tokio::test]
async fn several_endpoints_are_a_fallback_list() {
    let (first, second) = (
        AuraMock::start().await.unwrap(),
        AiEngineMock::start().await.unwrap(),
    );
    let file = TempFile::new(
        "fallback.toml",
        format!(
            "[endpoints.first]\nprovider = \"aura\"\nbase_url = \"{}\"\n\
             [endpoints.second]\nprovider = \"chatgpt4online\"\nbase_url = \"{}\"\n\
             [endpoints.gone]\nprovider = \"aura\"\nbase_url = \"http://127.0.0.1:1\"\n",
            first.url(),
            second.url(),
        ),
    );
    first.answer_always(AuraMock::failure("overloaded"));
    let ask = ["ask", "--config", file.path(), "hi", "--json"];
    let run_list = run(ask
        .iter()
        .chain(&["-e", "gone", "-e", "first", "-e", "second"]))
    .await;
    assert_eq!(run_list.code, Some(0), "{run_list:?}");
    let shown: Value = serde_json::from_str(&run_list.out).unwrap();
    assert_eq!(shown["provider"], "chatgpt4online");
    assert_eq!(shown["model"], "default");

    // All failed: the last attempt gives the code.
    let run_list = run(ask.iter().chain(&["-e", "first", "-e", "gone"])).await;
    assert_eq!(run_list.code, Some(6), "{run_list:?}");
    let shown: Value = serde_json::from_str(&run_list.out).unwrap();
    assert_eq!(shown["error"]["kind"], "all_failed");
    let message = shown["error"]["message"].as_str().unwrap();
    for words in ["first: ", "overloaded", "gone: cannot connect"] {
        assert!(message.contains(words), "no {words:?} in {message}");
    }
}

#[tokio::test]
async fn retries_ask_again() {
    let mock = AuraMock::start().await.unwrap();
    mock.answer(Answer::status(503));
    mock.reply("at last");
    let url = mock.url();
    let run_retry = run(["ask", "-u", &url, "--retry", "2", "hi"]).await;
    assert_eq!(
        (run_retry.code, run_retry.out.as_str()),
        (Some(0), "at last"),
        "{run_retry:?}"
    );
    mock.answer(Answer::status(503));
    assert_eq!(run(["ask", "-u", &url, "hi"]).await.code, Some(7));
}

#[tokio::test]
async fn config_commands() {
    let home = std::env::temp_dir().join(format!("chatwire-config-{}", std::process::id()));
    std::fs::create_dir_all(&home).unwrap();
    let environment = [("HOME", home.to_str().unwrap()), ("EDITOR", "cat")];
    let path = run_in(&["config", "path"], &environment).await;
    let usual = home.join(".config/chatwire/chatwire.toml");
    assert_eq!(path.out.trim_end(), usual.to_str().unwrap());
    let xdg = run_in(
        &["config", "path"],
        &[("HOME", "/h"), ("XDG_CONFIG_HOME", "/x")],
    )
    .await;
    assert_eq!(xdg.out, "/x/chatwire/chatwire.toml\n");

    let none = run_in(&["config", "check"], &environment).await;
    assert_eq!(none.code, Some(0));
    let edited = run_in(&["config", "edit"], &environment).await;
    assert_eq!(edited.code, Some(0), "{edited:?}");
    assert!(usual.exists());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(
            std::fs::metadata(&usual).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }
    let text = "[endpoints.home]\nprovider = \"aura\"\nbase_url = \"http://localhost:3000\"\n\
                options = { key = \"hush-hush\" }\n";
    std::fs::write(&usual, text).unwrap();
    let shown = run_in(&["config", "show"], &environment).await;
    assert!(shown.out.contains("[endpoints.home]"), "{shown:?}");
    assert!(!shown.out.contains("hush-hush"), "{shown:?}");
    let checked = run_in(&["config", "check"], &environment).await;
    assert!(
        checked.out.contains("no mistakes; endpoints: home"),
        "{checked:?}"
    );
    let broken = run_in(&["config", "edit"], &[environment[0], ("EDITOR", "false")]).await;
    assert_eq!(broken.code, Some(1));
    std::fs::remove_dir_all(&home).unwrap();
}
