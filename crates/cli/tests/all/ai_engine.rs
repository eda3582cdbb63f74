//! WordPress sites with AI Engine, as a person at a terminal asks them.

use crate::support::{TempFile, run, run_with_input};
use chatwire_mock::{AiEngineMock, AiReply, SiteUser};
use serde_json::{Value, json};

#[tokio::test]
async fn a_diff_reaches_the_model_whole() {
    let site = AiEngineMock::start().await.unwrap();
    let url = site.base_url();
    let diff = "diff --git a/x b/x\n-one\n+two\n".repeat(100);
    let ask = ["ask", "-p", "chatgpt4online", "-u", &url];
    let question = ["Write a commit message:"];
    let refused = run_with_input(ask.iter().chain(&question), &diff).await;
    assert_eq!(refused.code, Some(7), "{refused:?}");
    for words in ["characters", "long_questions = \"history\""] {
        assert!(refused.err.contains(words), "{refused:?}");
    }
    let option = ["-o", "long_questions=history"];
    let args = ask.iter().chain(&option).chain(&question);
    let answered = run_with_input(args, &diff).await;
    assert_eq!(answered.code, Some(0), "{answered:?}");
    let received = site.model_received().pop().unwrap();
    assert_eq!(received.question, "Write a commit message:");
    assert_eq!(received.history[0].content, diff.trim_end());
}

#[tokio::test]
async fn pictures_are_shown_and_saved() {
    let site = AiEngineMock::start().await.unwrap();
    let url = site.base_url();
    let png = b"\x89PNG\r\n\x1a\nand so on";
    let picture = TempFile::new("picture.png", png);
    let directory = TempFile::new("pictures", "");
    std::fs::remove_file(directory.path()).unwrap();
    std::fs::create_dir(directory.path()).unwrap();
    let ask = ["ask", "-p", "chatgpt4online", "-u", &url];
    let image = ["--image", picture.path()];
    let shown = run(ask.iter().chain(&image).chain(&["What is this?"])).await;
    assert_eq!(shown.code, Some(0), "{shown:?}");
    let received = site.model_received().pop().unwrap();
    assert_eq!(received.question, "What is this?");
    assert_eq!(received.images[0].data, png.as_slice());
    let other = run(ask.iter().chain(&["--image", "/no/such/file", "?"])).await;
    assert_eq!(other.code, Some(2), "{other:?}");
    let none = run(["ask", "--mock", "--image", picture.path(), "hi"]).await;
    assert!(none.err.contains("takes none"), "{none:?}");
    // The mock keeps what was uploaded at an address of its own.
    let kept = site
        .requests()
        .into_iter()
        .find(|it| it.target.contains("files/upload"));
    assert!(kept.is_some());
    let own = format!("{url}/a/made.png");
    site.answer_with({
        move |request| {
            let is_own = request.target.ends_with("/made.png");
            is_own.then(|| chatwire_mock::Answer::text(["bytes"]))
        }
    });
    let save = ["--save-images", directory.path()];
    for name in ["made.png", "made-1.png"] {
        site.reply(
            AiReply::new()
                .images([own.as_str(), "http://other.example/x.png"])
                .end("Here."),
        );
        let saved = run(ask.iter().chain(&save).chain(&["Draw."])).await;
        assert_eq!(saved.code, Some(0), "{saved:?}");
        assert!(saved.err.contains("--image-host"), "{saved:?}");
        let file = std::path::Path::new(directory.path()).join(name);
        assert_eq!(std::fs::read(file).unwrap(), b"bytes");
    }
    // In a chat, one that cannot be fetched does not end the conversation.
    let gone = format!("{url}/a/gone.png");
    let answer = |image: &str| AiReply::new().images([image]).end("Here.");
    site.reply(answer(&gone)).reply(answer(&own));
    let chat = ["chat", "-p", "chatgpt4online", "-u", &url];
    let chatted = run_with_input(chat.iter().chain(&save), "Draw.\nAgain.\n").await;
    assert_eq!(chatted.code, Some(0), "{chatted:?}");
    assert_eq!(chatted.out.matches("Here.").count(), 2, "{chatted:?}");
    assert!(chatted.err.contains("404"), "{chatted:?}");
    let file = std::path::Path::new(directory.path()).join("made-2.png");
    assert_eq!(std::fs::read(file).unwrap(), b"bytes");
    std::fs::remove_dir_all(directory.path()).unwrap();
}

#[tokio::test]
async fn doubts_and_extras_are_told() {
    let site = AiEngineMock::start().await.unwrap();
    let url = site.base_url();
    let ask = ["ask", "-p", "chatgpt4online", "-u", &url];
    site.reply(AiReply::new().delta("cut").accuracy("estimated").end("cut"));
    let doubtful = run(ask.iter().chain(&["hi"])).await;
    assert_eq!((doubtful.code, &*doubtful.out), (Some(0), "cut"));
    assert!(doubtful.err.contains("may be incomplete"), "{doubtful:?}");
    let shortcuts = json!([{"type": "message", "data": {"label": "Say hi"}}]);
    site.reply(AiReply::new().shortcuts(shortcuts.clone()).end(""));
    let offered = run(ask.iter().chain(&["--json", "hi"])).await;
    let offered: Value = serde_json::from_str(&offered.out).unwrap();
    assert_eq!(offered["text"], "[Say hi]");
    assert_eq!(offered["extras"]["shortcuts"], shortcuts);
}

#[tokio::test]
async fn a_site_is_looked_at_and_its_bots_are_listed() {
    let site = AiEngineMock::builder()
        .page_bots(["default", "support"])
        .bot("support")
        .start()
        .await
        .unwrap();
    let url = site.base_url();
    let models = run(["models", "-p", "chatgpt4online", "-u", &url]).await;
    assert!(models.out.contains("support"), "{models:?}");
    let check = run(["check", "-p", "chatgpt4online", "-u", &url]).await;
    assert_eq!(check.code, Some(0), "{check:?}");
    for words in [
        "REST API at /wp-json/",
        "support: 512 characters",
        "Hi! How can I help you?",
        "system prompt as a user turn",
        "the site decides model",
    ] {
        assert!(check.out.contains(words), "no {words:?} in {}", check.out);
    }
    let off = AiEngineMock::builder()
        .without_chatbots()
        .start()
        .await
        .unwrap();
    let url = off.base_url();
    let check = run(["check", "-p", "chatgpt4online", "-u", &url]).await;
    assert_ne!(check.code, Some(0));
    assert!(check.out.contains("chatbots module is off"), "{check:?}");
}

#[tokio::test]
async fn a_check_says_who_asks() {
    const PASSWORD: &str = "abcd EFGH 1234 ijkl MNOP 6789";
    let site = AiEngineMock::builder()
        .user(SiteUser::member("ann").application_password(PASSWORD))
        .closed_to_guests()
        .start()
        .await
        .unwrap();
    let url = site.base_url();
    let with_password = |user: &str, password: &str| {
        let user = format!("user={user}");
        let password = format!("application_password={password}");
        vec!["-o".to_owned(), user, "-o".to_owned(), password]
    };
    let cookie = |value: &str| vec!["-o".to_owned(), format!("cookie={value}")];
    let login = site.login_cookie("ann").unwrap();
    let in_address = url.replace(
        "http://",
        &format!("http://ann:{}@", PASSWORD.replace(' ', "")),
    );
    // (address, options, exit code, words of the report)
    for (address, options, code, words) in [
        (
            &url,
            with_password("ann", PASSWORD),
            0,
            "the member \"ann\"",
        ),
        (&in_address, Vec::new(), 0, "password in the address"),
        (&url, cookie(&login), 0, "the cookie of a login"),
        (&url, with_password("ann", "wrong"), 4, "FAILED"),
        (&url, cookie("wordpress_logged_in_x=old"), 4, "log in again"),
        (&url, Vec::new(), 4, "gives guests no access"),
    ] {
        let mut args = vec!["check", "-p", "chatgpt4online", "-u", address];
        args.extend(options.iter().map(String::as_str));
        let check = run(&args).await;
        assert_eq!(check.code, Some(code), "{words}: {check:?}");
        assert!(check.out.contains(words), "no {words:?} in {}", check.out);
        for secret in [PASSWORD, &PASSWORD.replace(' ', ""), login.as_str()] {
            assert!(!check.out.contains(secret), "{}", check.out);
        }
    }
}
