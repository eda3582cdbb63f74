//! Several conversations: one after the other, at once, and in two tabs.

use chatwire_mock::{Answer, Gate};
use serde_json::json;

use super::site::Site;
use super::tab::Tab;
use super::{ENTER, ESCAPE};

/// All texts of all conversations that are kept, and how many conversations.
const KEPT: &str = "const kept = Object.entries(localStorage).filter(([key]) => key.includes(':c:')).map(([, text]) => JSON.parse(text));
    return [kept.length, kept.flatMap(({ turns }) => turns.map(({ text }) => text)).sort()]";

/// Asks, and waits for the whole answer.
pub(super) async fn ask(tab: &Tab, site: &Site, question: &str, answer: &str) {
    site.next(Answer::stream([answer]));
    type_and_enter(tab, question).await;
    answered(tab, answer).await;
}

pub(super) async fn type_and_enter(tab: &Tab, question: &str) {
    tab.run("document.getElementById('question').focus()").await;
    tab.keys(&format!("{question}{ENTER}")).await;
}

/// Waits until the last answer is this, and is whole.
pub(super) async fn answered(tab: &Tab, answer: &str) {
    shows(tab, answer).await;
    tab.wait("document.getElementById('stop').hidden").await;
    tab.wait("!document.querySelector('.turn:last-child .mark')")
        .await;
}

/// Waits until the last answer is this so far.
pub(super) async fn shows(tab: &Tab, answer: &str) {
    tab.wait(&format!(
        "document.querySelector('.turn.assistant:last-child .md')?.innerText === '{answer}'"
    ))
    .await;
}

async fn open(tab: &Tab, url: &str) {
    tab.go("about:blank").await;
    tab.go(url).await;
    tab.wait("document.getElementById('model').value").await;
}

/// Back and forward go from one to the other, and a reload stays.
pub(super) async fn back_and_forward(tab: &Tab, site: &Site) {
    let url = site.serve(|builder| builder).await;
    open(tab, &url).await;
    ask(tab, site, "First question", "First answer").await;
    tab.click("#new").await;
    assert_eq!(tab.text(".turn").await, "(not there)");
    ask(tab, site, "Second question", "Second answer").await;
    tab.click("#list li:last-child .open").await;
    shows(tab, "First answer").await;
    tab.back().await;
    shows(tab, "Second answer").await;
    // The link for keyboards is no step away from the conversation.
    tab.click(".skip").await;
    tab.reload().await;
    tab.wait("document.getElementById('model').value").await;
    shows(tab, "Second answer").await;
    tab.back().await;
    tab.wait("!document.querySelector('.turn') || document.querySelector('.turn.assistant .md').innerText === 'First answer'")
        .await;
    // Another page and back.
    tab.click("#list li:last-child .open").await;
    shows(tab, "First answer").await;
    tab.go("about:blank").await;
    tab.back().await;
    shows(tab, "First answer").await;
    // A reload while an answer comes keeps what has come.
    let gate = Gate::new();
    site.next(Answer::stream(["So far"]).wait(&gate));
    type_and_enter(tab, "And now?").await;
    shows(tab, "So far").await;
    tab.reload().await;
    tab.wait("document.getElementById('model').value").await;
    shows(tab, "So far").await;
    let mark = tab.text(".turn:last-child .mark").await;
    assert!(mark.contains("page was closed"), "{mark}");
    tab.assert_nothing_wrong().await;
}

/// One goes on while another is asked, stopped, edited and asked again.
pub(super) async fn at_once(tab: &Tab, site: &Site) {
    let url = site.serve(|builder| builder).await;
    open(tab, &url).await;
    let slow = Gate::new();
    site.next(Answer::stream(["Slow"]).wait(&slow).piece(" answer"));
    type_and_enter(tab, "Take your time").await;
    shows(tab, "Slow").await;
    tab.click("#new").await;
    ask(tab, site, "Be quick", "Quick answer").await;
    site.next(Answer::stream(["Again"]));
    tab.click(".turn.assistant .acts button:last-child").await;
    answered(tab, "Again").await;
    // No other answer: the one before comes back.
    site.next(Answer::status(500));
    tab.click(".turn.assistant .acts button:last-child").await;
    tab.wait("document.getElementById('problem').innerText")
        .await;
    answered(tab, "Again").await;
    let problem = tab.text("#problem").await;
    assert!(problem.contains("There is no answer."), "{problem}");
    // Stopped, and asked the next at once.
    let never = Gate::new();
    site.next(Answer::stream(["Half"]).wait(&never));
    type_and_enter(tab, "To be stopped").await;
    shows(tab, "Half").await;
    site.next(Answer::stream(["Next"]));
    tab.keys(&format!("{ESCAPE}After it{ENTER}")).await;
    answered(tab, "Next").await;
    // Edited while it is being answered: only the new answer counts.
    site.next(Answer::stream(["Old"]).wait(&never));
    type_and_enter(tab, "With a mistake").await;
    shows(tab, "Old").await;
    let gate = Gate::new();
    site.next(Answer::stream(["New"]).wait(&gate).piece(" one"));
    let edit =
        "[...document.querySelectorAll('.turn.user')].at(-1).querySelector('button').click();
        document.querySelector('.edit textarea').value = 'Without one';
        document.querySelector('.edit .primary').click()";
    tab.run(edit).await;
    shows(tab, "New").await;
    assert!(tab.can_stop().await, "the new answer cannot be stopped");
    gate.open();
    answered(tab, "New one").await;
    let mut questions = Vec::new();
    for message in site.asked()["messages"].as_array().unwrap() {
        if message["role"] == "user" {
            questions.push(message["content"].clone());
        }
    }
    let expected = ["Be quick", "To be stopped", "After it", "Without one"];
    assert_eq!(json!(questions), json!(expected));
    // The first one has gone on meanwhile.
    tab.click("#list li:last-child .open").await;
    shows(tab, "Slow").await;
    slow.open();
    answered(tab, "Slow answer").await;
    tab.assert_nothing_wrong().await;
}

/// Two tabs see what the other does, and neither loses a word.
pub(super) async fn in_two_tabs(tab: &Tab, site: &Site) {
    let url = site.serve(|builder| builder).await;
    open(tab, &url).await;
    ask(tab, site, "One?", "One").await;
    let here = tab.run("return location.href").await;
    let first = tab.window().await;
    let second = tab.new_window().await;
    tab.go(here.as_str().unwrap()).await;
    tab.wait("document.getElementById('model').value").await;
    shows(tab, "One").await;
    ask(tab, site, "Two?", "Two").await;
    tab.switch(&first).await;
    shows(tab, "Two").await;
    ask(tab, site, "Three?", "Three").await;
    let texts = ["One", "One?", "Three", "Three?", "Two", "Two?"];
    assert_eq!(tab.run(KEPT).await, json!([1, texts]));
    // Both go on with it: it becomes two.
    let gate = Gate::new();
    site.next(Answer::stream(["Four"]).wait(&gate).piece("!"));
    type_and_enter(tab, "Four?").await;
    shows(tab, "Four").await;
    tab.switch(&second).await;
    tab.wait("document.querySelectorAll('.turn').length >= 7")
        .await;
    ask(tab, site, "Five?", "Five").await;
    tab.switch(&first).await;
    gate.open();
    answered(tab, "Four!").await;
    let kept = tab.run(KEPT).await;
    for text in ["Four!", "Five", "Three"] {
        assert!(kept[1].as_array().unwrap().contains(&json!(text)), "{kept}");
    }
    // Both lists show all there are.
    let listed = "document.querySelectorAll('#list li').length";
    let both = kept[0].as_u64().unwrap();
    assert!(both >= 2, "{kept}");
    for window in [&second, &first] {
        tab.switch(window).await;
        tab.wait(&format!("{listed} === {both}")).await;
    }
    // What is deleted there is not shown here, and does not come back.
    tab.run(
        "window.confirm = () => true; for (;;) {
            const button = document.querySelector('#list .delete');
            if (!button) break;
            button.click();
        }",
    )
    .await;
    tab.switch(&second).await;
    tab.wait(&format!(
        "{listed} === 0 && !document.querySelector('.turn')"
    ))
    .await;
    assert_eq!(tab.run(KEPT).await, json!([0, []]));
    tab.assert_nothing_wrong().await;
    tab.close_window().await;
    tab.switch(&first).await;
    tab.assert_nothing_wrong().await;
}

/// The choice of light or dark is kept, and not that of the system.
pub(super) async fn keep_the_colours(tab: &Tab, site: &Site) {
    let url = site.serve(|builder| builder).await;
    tab.theme("light").await;
    open(tab, &url).await;
    let theme =
        "return [document.documentElement.dataset.theme, document.getElementById('theme').value]";
    assert_eq!(tab.run(theme).await, json!(["light", "auto"]));
    for (chosen, system, shown) in [
        ("dark", "light", "dark"),
        ("light", "dark", "light"),
        ("auto", "dark", "dark"),
    ] {
        tab.theme(system).await;
        tab.run_with(
            "const select = document.getElementById('theme');
            select.value = arguments[0];
            select.dispatchEvent(new Event('change', { bubbles: true }))",
            json!([chosen]),
        )
        .await;
        assert_eq!(tab.run(theme).await, json!([shown, chosen]));
        tab.reload().await;
        assert_eq!(tab.run(theme).await, json!([shown, chosen]));
    }
    tab.theme("light").await;
    tab.wait("document.documentElement.dataset.theme === 'light'")
        .await;
}
