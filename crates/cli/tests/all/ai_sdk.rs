//! Servers built with the AI SDK: found out from their address, their reasoning,
//! and what `check` says of them.

use chatwire_mock::{AiEngineMock, AiSdkMock, AiSdkReply, AiSdkStream, AiSdkVersion, AuraMock};
use serde_json::Value;

use crate::support::run;

#[tokio::test]
async fn a_server_is_found_out_from_its_address() {
    let new = AiSdkMock::start().await.unwrap();
    let old = AiSdkMock::builder()
        .version(AiSdkVersion::V4)
        .start()
        .await
        .unwrap();
    let text = AiSdkMock::builder()
        .stream(AiSdkStream::Text)
        .start()
        .await
        .unwrap();
    let login = AiSdkMock::builder()
        .require_cookie("s", "t")
        .start()
        .await
        .unwrap();
    for (mock, code) in [(&new, 0), (&old, 0), (&text, 0), (&login, 4)] {
        for url in [mock.url(), format!("{}/api/chat", mock.url())] {
            let got = run(["ask", "-u", &url, "hi"]).await;
            assert_eq!(got.code, Some(code), "{got:?}");
            let told = format!("{url} looks like a server of ai-sdk");
            assert!(got.err.contains(&told), "{got:?}");
            // The request that finds it out asks no model.
            let asked = mock.received().len();
            assert_eq!(asked > 0, code == 0, "{got:?}");
        }
    }
    let site = AiEngineMock::start().await.unwrap();
    site.answer_with(|request| {
        let api = request.path() == "/wp-json/mwai-ui/v1";
        api.then(|| chatwire_mock::Answer::json(r#"{"namespace":"mwai-ui/v1"}"#))
    });
    for path in ["", "/wp-content/plugins/ai-engine/", "/xmlrpc.php?rsd"] {
        let got = run(["ask", "-u", &format!("{}{path}", site.url()), "hi"]).await;
        assert!(
            got.err.contains("looks like a server of chatgpt4online"),
            "{got:?}"
        );
        assert_eq!(got.code, Some(0), "{got:?}");
    }
    // The default needs no words, and a kind that is named no request but that
    // for the list of models.
    let aura = AuraMock::start().await.unwrap();
    let got = run(["ask", "-u", &aura.url(), "hi"]).await;
    assert_eq!((got.code, got.err.as_str()), (Some(0), ""), "{got:?}");
    let before = aura.requests().len();
    run(["ask", "-p", "aura", "-u", &aura.url(), "hi"]).await;
    assert_eq!(aura.requests().len(), before + 2);
    run(["ask", "-u", &aura.url(), "--dry-run", "hi"]).await;
    assert_eq!(aura.requests().len(), before + 2);
}

#[tokio::test]
async fn reasoning_is_shown_where_it_is_wanted() {
    let mock = AiSdkMock::start().await.unwrap();
    let url = mock.url();
    let reply = || {
        AiSdkReply::new("")
            .with_reasoning("Let me think.")
            .with_text("42")
    };
    let ask = |more: &'static [&'static str]| {
        mock.reply(reply());
        let mut args = vec!["ask", "-p", "ai-sdk", "-u", &url, "hi"];
        args.extend(more);
        run(args.into_iter().map(str::to_owned).collect::<Vec<_>>())
    };
    let got = ask(&["--reasoning"]).await;
    assert_eq!(
        (got.out.as_str(), got.err.as_str()),
        ("42", "Let me think.\n")
    );
    let got = ask(&[]).await;
    assert_eq!((got.out.as_str(), got.err.as_str()), ("42", ""));
    let got = ask(&["--reasoning", "--json"]).await;
    let json: Value = serde_json::from_str(&got.out).unwrap();
    assert_eq!(
        (&json["text"], &json["reasoning"]),
        (&"42".into(), &"Let me think.".into())
    );
    assert_eq!(got.err, "");
    let got = ask(&["--json"]).await;
    let json: Value = serde_json::from_str(&got.out).unwrap();
    assert_eq!(json["reasoning"], Value::Null);
    let got = ask(&["--jsonl"]).await;
    assert!(got.out.contains(r#""kind":"thinking""#), "{got:?}");
}

#[tokio::test]
async fn an_answer_that_is_not_all_there_is_says_so() {
    let mock = AiSdkMock::start().await.unwrap();
    for (reason, words) in [
        ("length", "limit of tokens"),
        ("content-filter", "content filter"),
        ("tool-calls", "waits for a tool"),
        ("error", "model failed"),
        ("stop", ""),
    ] {
        mock.reply(AiSdkReply::new("Half").with_reason(reason));
        let got = run(["ask", "-p", "ai-sdk", "-u", &mock.url(), "hi"]).await;
        assert_eq!((got.code, got.out.as_str()), (Some(0), "Half"), "{got:?}");
        assert_eq!(got.err.is_empty(), words.is_empty(), "{got:?}");
        assert!(got.err.contains(words), "{got:?}");
    }
    mock.reply(
        AiSdkReply::new("Wrong")
            .with_reset_step()
            .with_text("Right"),
    );
    let got = run(["ask", "-p", "ai-sdk", "-u", &mock.url(), "hi"]).await;
    assert_eq!(got.out, "Wrong\n\nRight");
    assert!(got.err.contains("takes back"), "{got:?}");
    assert!(
        got.err
            .contains("final text is not the one that was streamed"),
        "{got:?}"
    );
}

#[tokio::test]
async fn check_says_which_protocol_and_versions_it_looks_like() {
    use AiSdkStream::{Data, Text, Ui};
    for (version, stream, words) in [
        (AiSdkVersion::V3, Data, "data: AI SDK 3.3 to 4.0"),
        (AiSdkVersion::V4, Data, "data: AI SDK 4.1 to 4.3"),
        (AiSdkVersion::V6, Ui, "ui: AI SDK 5.0.92 or later, 6 or 7"),
        (AiSdkVersion::V7, Text, "text: AI SDK of any version"),
    ] {
        let mock = AiSdkMock::builder()
            .version(version)
            .stream(stream)
            .start()
            .await
            .unwrap();
        let got = run(["check", "-p", "ai-sdk", "-u", &mock.url()]).await;
        assert_eq!(got.code, Some(0), "{got:?}");
        assert!(got.out.contains("question     ok"), "{}", got.out);
        assert!(got.out.contains(words), "{}", got.out);
    }
    let mock = AiSdkMock::builder()
        .require_cookie("s", "t")
        .start()
        .await
        .unwrap();
    let got = run(["check", "-p", "ai-sdk", "-u", &mock.url()]).await;
    assert_eq!(got.code, Some(4), "{got:?}");
    assert!(got.out.contains("--session-file"), "{}", got.out);
}

/// A redirect within the server leads most likely to a login, but not one that
/// leads to the same address.
#[tokio::test]
async fn redirects_that_lead_nowhere_are_no_logins() {
    for (status, location, code, words) in [
        (302, "/login", 4, "redirects to a login"),
        (302, "/start", 4, "most likely to log in"),
        (302, "/api/chat", 7, "leads nowhere (HTTP 302)"),
        (308, "/api/chat", 7, "leads nowhere (HTTP 308)"),
        (303, "", 7, "leads nowhere (HTTP 303)"),
        (302, "http://[", 7, "leads nowhere (HTTP 302)"),
    ] {
        let server = chatwire_mock::MockServer::start().await.unwrap();
        server.answer_with(move |_| {
            Some(chatwire_mock::Answer::html(status, "").header("location", location))
        });
        let got = run(["ask", "-p", "ai-sdk", "-u", &server.url(), "hi"]).await;
        assert_eq!(got.code, Some(code), "{location:?}: {got:?}");
        assert!(got.err.contains(words), "{location:?}: {got:?}");
    }
}
