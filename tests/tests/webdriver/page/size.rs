//! More than the page usually shows.

use std::sync::Arc;

use chatwire::chatgpt4online::Chatgpt4Online;
use chatwire_gateway::{Gateway, Limits};
use chatwire_mock::{AiEngineMock, Answer, Gate};
use serde_json::json;

use super::conversations::{answered, type_and_enter};
use super::site::{Site, serve};
use super::tab::Tab;

/// Ten thousand models are listed, and the last one can be asked.
pub(super) async fn many_models(tab: &Tab) {
    let last = "model-09999";
    let mock = AiEngineMock::builder().model(last).start().await.unwrap();
    let many = (0..10_000).map(|number| format!("model-{number:05}"));
    let site = Chatgpt4Online::builder()
        .base_url(mock.base_url())
        .trusted(true)
        .models(many);
    let site = site.build().unwrap();
    let url = serve(Gateway::builder().endpoint("site", Arc::new(site))).await;
    tab.go(&url).await;
    tab.wait("document.getElementById('model').options.length >= 10000")
        .await;
    tab.run_with(
        "const select = document.getElementById('model');
        select.value = arguments[0];
        select.dispatchEvent(new Event('change', { bubbles: true }))",
        json!([format!("site/{last}")]),
    )
    .await;
    type_and_enter(tab, "Are you the last?").await;
    tab.wait("document.querySelector('.turn.assistant .acts button')")
        .await;
    let by = tab.text(".turn.assistant .by").await;
    assert_eq!(by, format!("site/{last}"));
    tab.reload().await;
    tab.wait("document.getElementById('model').options.length >= 10000")
        .await;
    let chosen = "return document.getElementById('model').value";
    assert_eq!(tab.run(chosen).await, format!("site/{last}"));
    tab.assert_nothing_wrong().await;
}

/// Answers of 1 MiB, each of one thing alone. The page can be used meanwhile.
pub(super) async fn long_answers(tab: &Tab, site: &Site) {
    for (begin, piece) in [
        ("", "word *and* `code` "),
        ("", "word\n\n"),
        ("| a | b |\n|---|---|\n", "| one | two |\n"),
    ] {
        long_answer(tab, site, begin, piece).await;
    }
}

async fn long_answer(tab: &Tab, site: &Site, begin: &str, piece: &str) {
    let url = site.serve(|builder| builder).await;
    tab.go(&url).await;
    tab.wait("document.getElementById('model').value").await;
    let half = piece.repeat((1 << 19) / piece.len());
    let gate = Gate::new();
    // In pieces, as a model sends them.
    let mut answer = Answer::stream([begin]);
    let parts = half.as_bytes().chunks(1 << 13);
    for part in parts.clone() {
        answer = answer.piece(part);
    }
    answer = answer.wait(&gate);
    for part in parts {
        answer = answer.piece(part);
    }
    site.next(answer.piece("\n\nThe end."));
    type_and_enter(tab, "All of it").await;
    tab.wait("document.querySelector('.turn.assistant .md').childNodes.length")
        .await;
    tab.keys("next").await;
    assert_eq!(
        tab.run("return document.getElementById('question').value")
            .await,
        "next"
    );
    gate.open();
    tab.wait("document.getElementById('stop').hidden").await;
    let end = "return document.querySelector('.turn.assistant .md').lastElementChild.textContent.slice(-8)";
    assert_eq!(tab.run(end).await, "The end.", "{piece:?}");
    assert_eq!(tab.text(".turn.assistant .marks").await, "");
    tab.assert_nothing_wrong().await;
}

/// A question that the gateway does not take is told why, and can be edited.
pub(super) async fn long_question(tab: &Tab, site: &Site) {
    let mut limits = Limits::default();
    limits.body = 100_000;
    let url = site.serve(|builder| builder.limits(limits)).await;
    tab.go(&url).await;
    tab.wait("document.getElementById('model').value").await;
    let ask = "document.getElementById('question').value = 'word '.repeat(1 << 17);
        document.getElementById('send').click()";
    tab.run(ask).await;
    tab.wait("document.querySelector('.mark.bad')").await;
    let mark = tab.text(".mark").await;
    assert!(mark.contains("There is no answer."), "{mark}");
    assert!(mark.contains("100000 bytes"), "{mark}");
    tab.click(".turn.user .acts button").await;
    tab.run("document.querySelector('.edit textarea').value = 'A short one'")
        .await;
    site.next(Answer::stream(["Now it is short"]));
    tab.click(".edit .primary").await;
    answered(tab, "Now it is short").await;
    tab.assert_nothing_wrong().await;
}
