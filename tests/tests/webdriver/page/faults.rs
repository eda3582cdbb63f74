//! What goes wrong around the page while it is used.

use std::sync::Arc;
use std::time::Duration;

use chatwire::aura::Aura;
use chatwire_core::Secret;
use chatwire_gateway::{Gateway, GatewayBuilder};
use chatwire_mock::{Answer, Gate};
use tokio::sync::oneshot;

use super::ENTER;
use super::conversations::{answered, ask, shows, type_and_enter};
use super::site::Site;
use super::tab::Tab;

fn gateway(site: &Site) -> GatewayBuilder {
    let home = Aura::builder().base_url(site.mock.url()).build().unwrap();
    let builder = Gateway::builder().endpoint("home", Arc::new(home));
    builder.grace(Duration::ZERO)
}

/// The gateway wants another key in the middle of a conversation.
pub(super) async fn another_key(tab: &Tab, site: &Site) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let served = gateway(site).build().unwrap();
    let handle = served.handle();
    tokio::spawn(served.serve(listener, std::future::pending()));
    tab.go(&url).await;
    tab.wait("document.getElementById('model').value").await;
    ask(tab, site, "Without a key?", "Yes").await;
    for (old, key) in [("", "the-first-key"), ("the-first-key", "the-second-key")] {
        let next = gateway(site).api_key(Secret::new(key)).build().unwrap();
        handle.replace(next).unwrap();
        // Not now: said at the question, which can be asked again.
        type_and_enter(tab, "And now?").await;
        tab.wait("document.querySelector('#key-dialog[open]')")
            .await;
        let why = tab.text("#key-why").await;
        assert_eq!(why.is_empty(), old.is_empty(), "{why}");
        tab.click("#key-cancel").await;
        tab.wait("document.querySelector('.mark.bad')").await;
        let mark = tab.text(".mark").await;
        assert!(mark.contains("only with an API key"), "{mark}");
        tab.click(".turn:last-child .acts button:last-child").await;
        tab.wait("document.querySelector('#key-dialog[open]')")
            .await;
        site.next(Answer::stream([key]));
        tab.keys(&format!("{key}{ENTER}")).await;
        answered(tab, key).await;
    }
    let questions = "return document.querySelectorAll('.turn.user').length";
    assert_eq!(tab.run(questions).await, 3);
    tab.assert_nothing_wrong().await;
}

/// The gateway ends while it answers, and is there again.
pub(super) async fn gateway_stopped(tab: &Tab, site: &Site) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (end, ended) = oneshot::channel::<()>();
    let served = gateway(site).build().unwrap();
    let serving = tokio::spawn(served.serve(listener, async { ended.await.unwrap_or_default() }));
    tab.go(&format!("http://{address}")).await;
    tab.wait("document.getElementById('model').value").await;
    let gate = Gate::new();
    site.next(Answer::stream(["Half an"]).wait(&gate));
    type_and_enter(tab, "Will it last?").await;
    shows(tab, "Half an").await;
    end.send(()).unwrap();
    serving.await.unwrap().unwrap();
    tab.wait("document.querySelector('.mark.bad')").await;
    shows(tab, "Half an").await;
    let mark = tab.text(".mark").await;
    assert!(mark.contains("This answer is not whole."), "{mark}");
    type_and_enter(tab, "Are you there?").await;
    tab.wait("document.querySelectorAll('.mark.bad').length === 2")
        .await;
    let mark = tab.text(".turn:last-child .mark").await;
    assert!(mark.contains("There is no answer."), "{mark}");
    assert!(mark.contains("cannot be reached"), "{mark}");
    tab.shot("gateway-gone").await;
    let listener = tokio::net::TcpListener::bind(address).await.unwrap();
    let served = gateway(site).build().unwrap();
    tokio::spawn(served.serve(listener, std::future::pending()));
    site.next(Answer::stream(["I am back"]));
    tab.click(".turn:last-child .acts button:last-child").await;
    answered(tab, "I am back").await;
    tab.assert_nothing_wrong().await;
}
