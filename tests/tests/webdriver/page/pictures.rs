//! Pictures: chosen, pasted, dropped, made smaller, taken out again.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chatwire::chatgpt4online::Chatgpt4Online;
use chatwire_gateway::Gateway;
use chatwire_mock::{AiEngineMock, AiEngineReceived, Answer};
use serde_json::json;

use super::ENTER;
use super::site::{Site, serve};
use super::tab::Tab;
use crate::Driver;

/// One pixel each: a picture that is sent twice reaches some sites once.
const RED: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGM4wcAAAAJcAMlDyBJGAAAAAElFTkSuQmCC";
const GREEN: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGNgmMYAAAEwAJd8UM2mAAAAAElFTkSuQmCC";
const BLUE: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGNgYDgBAADMAMkncsFaAAAAAElFTkSuQmCC";

/// Gives the page files in an event of the kind `arguments[1]`.
const GIVE: &str = "const bytes = Uint8Array.from(atob(arguments[0]), (c) => c.charCodeAt(0));
    const data = new DataTransfer();
    data.items.add(new File([bytes], 'dot.png', { type: 'image/png' }));
    if (arguments[2]) data.setData('text/plain', arguments[2]);
    const init = { bubbles: true, cancelable: true };
    document.getElementById('question').dispatchEvent(arguments[1] === 'paste'
        ? new ClipboardEvent('paste', { ...init, clipboardData: data })
        : new DragEvent('drop', { ...init, dataTransfer: data }));";

async fn shown(tab: &Tab, selector: &str, count: usize) {
    let pictures = format!("[...document.querySelectorAll('{selector} img')]");
    tab.wait(&format!(
        "{pictures}.length === {count} && {pictures}.every((i) => i.naturalWidth)"
    ))
    .await;
}

/// A model that takes pictures gets them.
pub(super) async fn reach_the_model(tab: &Tab, driver: &Driver) {
    let mock = AiEngineMock::start().await.unwrap();
    let site = Chatgpt4Online::builder().base_url(mock.base_url());
    let site = site.build().unwrap();
    let url = serve(Gateway::builder().endpoint("site", Arc::new(site))).await;
    tab.go(&url).await;
    tab.wait("document.getElementById('model').value").await;
    let file = driver.folder.join("dot.png");
    std::fs::write(&file, STANDARD.decode(RED).unwrap()).unwrap();
    tab.choose("#file", &file).await;
    shown(tab, "#pictures", 1).await;
    tab.run_with(GIVE, json!([GREEN, "paste"])).await;
    shown(tab, "#pictures", 2).await;
    tab.run_with(GIVE, json!([BLUE, "drop"])).await;
    shown(tab, "#pictures", 3).await;
    // What is copied in a spreadsheet is text before it is a picture.
    tab.run_with(GIVE, json!([RED, "paste", "1\t2"])).await;
    // A photo of three times the width of the largest that is sent.
    tab.run(
        "const canvas = document.createElement('canvas');
        [canvas.width, canvas.height] = [4800, 300];
        const context = canvas.getContext('2d');
        const noise = context.createImageData(4800, 300);
        for (let at = 0; at < noise.data.length; at += 65536) crypto.getRandomValues(noise.data.subarray(at, at + 65536));
        context.putImageData(noise, 0, 0);
        canvas.toBlob((blob) => addPictures([new File([blob], 'noise.png', { type: 'image/png' })]))",
    )
    .await;
    shown(tab, "#pictures", 4).await;
    tab.click("#pictures li:first-child button").await;
    shown(tab, "#pictures", 3).await;
    tab.run("document.getElementById('question').focus()").await;
    tab.keys(&format!("What are these?{ENTER}")).await;
    let answered = "document.querySelector('.turn.assistant .acts button:last-child')";
    tab.wait(answered).await;
    let asked = last(&mock);
    assert_eq!(asked.question, "What are these?");
    assert_eq!(asked.images.len(), 3);
    for image in &asked.images {
        assert_eq!(image.media_type, "image/jpeg");
        assert!(image.data.starts_with(b"\xff\xd8\xff"));
        assert!(image.data.len() < 350_000, "{}", image.data.len());
    }
    assert!(asked.images.iter().any(|image| image.data.len() > 50_000));
    // Two of them are taken out of the question.
    tab.shot("pictures").await;
    tab.click(".turn.user .acts button").await;
    shown(tab, ".edit", 3).await;
    tab.shot("pictures-edited").await;
    for left in [2, 1] {
        tab.click(".edit .pictures button").await;
        shown(tab, ".edit", left).await;
    }
    tab.click(".edit .primary").await;
    tab.wait(answered).await;
    assert_eq!(last(&mock).images.len(), 1);
    shown(tab, ".turn.user", 1).await;
    tab.assert_nothing_wrong().await;
}

fn last(mock: &AiEngineMock) -> AiEngineReceived {
    mock.model_received().pop().unwrap()
}

/// A model that takes none refuses them, and the question can go on without.
pub(super) async fn can_be_taken_out(tab: &Tab, site: &Site) {
    tab.click("#new").await;
    // At once, as from the keyboard: the question waits for its picture.
    tab.run_with(
        &format!("{GIVE} document.getElementById('question').value = 'What is this?'; document.getElementById('send').click();"),
        json!([RED, "paste"]),
    )
    .await;
    tab.wait("document.querySelector('.mark.bad')").await;
    let mark = tab.text(".mark").await;
    assert!(mark.contains("There is no answer."), "{mark}");
    assert!(mark.contains("image"), "{mark}");
    shown(tab, ".turn.user", 1).await;
    tab.click(".turn.user .acts button").await;
    tab.click(".edit .pictures button").await;
    shown(tab, ".edit", 0).await;
    site.next(Answer::stream(["Without it"]));
    tab.click(".edit .primary").await;
    tab.wait("document.querySelector('.turn.assistant .md')?.innerText === 'Without it'")
        .await;
    let pictures = "return document.querySelectorAll('.turn img').length";
    assert_eq!(tab.run(pictures).await, 0);
}
