//! openchat-ui, Chatbot-UI and their relatives, as a person at a terminal asks
//! them.

use crate::support::{TempFile, run};
use chatwire_mock::{AuraFlavour, AuraMock};

#[tokio::test]
async fn the_server_decides_and_is_named_where_it_refuses() {
    let mock = AuraMock::builder()
        .flavour(AuraFlavour::ChatbotUi)
        .start()
        .await
        .unwrap();
    let url = mock.url();
    let ask = ["ask", "-p", "aura", "-u", &url];
    let answered = run(ask.iter().chain(&["--json", "hi"])).await;
    assert_eq!(answered.code, Some(0), "{answered:?}");
    assert!(
        answered.out.contains("\"model\":\"gpt-3.5-turbo\""),
        "{answered:?}"
    );
    mock.fail("The model `gpt-9` does not exist");
    let refused = run(ask.iter().chain(&["-m", "gpt-9", "hi"])).await;
    assert_eq!(refused.code, Some(3), "{refused:?}");
    let advice = format!("`chatwire models -p aura -u {url}` lists the server's models, and -m");
    for words in ["does not exist", &advice] {
        assert!(refused.err.contains(words), "no {words:?} in {refused:?}");
    }
}

#[tokio::test]
async fn relatives_are_a_setting_away() {
    let png = b"\x89PNG\r\n\x1a\nand so on";
    let picture = TempFile::new("aura-picture.png", png);
    let mock = AuraMock::builder()
        .flavour(AuraFlavour::ChatbotOllama)
        .start()
        .await
        .unwrap();
    let url = mock.url();
    let ask = ["ask", "-p", "aura", "-u", &url, "--image", picture.path()];
    let shown = run(ask
        .iter()
        .chain(&["-o", "server=chatbot-ollama", "What is this?"]))
    .await;
    assert_eq!(shown.code, Some(0), "{shown:?}");
    assert_eq!(mock.received().pop().unwrap().images.len(), 1);
    let other = run(ask.iter().chain(&["-o", "server=other", "?"])).await;
    assert_eq!(other.code, Some(2), "{other:?}");
}

/// The list of models is asked for after the question, to tell why it failed.
#[tokio::test]
async fn check_tells_a_refused_model_from_refused_credentials() {
    let mock = AuraMock::start().await.unwrap();
    let url = mock.url();
    let check = run(["check", "-p", "aura", "-u", &url, "-m", "nosuch"]).await;
    assert_ne!(check.code, Some(0), "{check:?}");
    assert!(check.out.contains("question     FAILED"), "{}", check.out);
    assert!(!check.out.contains("credentials  FAILED"), "{}", check.out);
}
