//! The gateway's page in Chromium. One browser for all of it: its start is most
//! of what this costs.
//!
//! With `CHATWIRE_SHOTS` set to a folder, pictures of the page are written there.

mod conversations;
mod faults;
mod pictures;
mod places;
mod site;
mod size;
mod tab;

use std::time::{Duration, Instant};

use chatwire_core::Secret;
use chatwire_mock::{Answer, ClosedBy, Ending, Gate};
use serde_json::{Value, json};

use super::Driver;
use site::Site;
pub(super) use tab::Tab;

/// What keys of no character are in WebDriver.
const TAB: &str = "\u{e004}";
const ENTER: &str = "\u{e007}";
const ESCAPE: &str = "\u{e00c}";

const KEY: &str = "the-key-of-the-test";

const ANSWER: &str = "## Why the sky is blue\n\nSunlight is **scattered** by the air, and *short* \
    waves most: about `1/λ⁴`.\n\n1. Red passes almost straight on.\n2. Blue is scattered:\n   - \
    four times as much as red,\n   - in every direction.\n\n> See [Rayleigh](https://en.wikipedia.org/wiki/Rayleigh_scattering).\n\n\
    | colour | wavelength | scattered |\n|---|---:|:---:|\n| blue | 450 nm | 4.4 |\n| red | 650 nm | 1 |\n\n\
    ```python\ndef scattered(wavelength):\n    return (650 / wavelength) ** 4  # beside that of red light, which is the unit here\n```\n\n\
    So the sky is blue, and the sun is a little yellow.";

const HOSTILE: &str = "<script>document.title = 'taken'</script><img src=x onerror=\"document.title='taken'\">\n\n\
    [a](javascript:document.title='taken') [b](data:text/html,x) <b onclick=x>bold</b> <style>*{display:none}</style>\n\n\
    ```<script>\n</code></pre><script>document.title = 'taken'</script>\n```\n\n\
    [c](https://example.org/\"onmouseover=\"x) ![d](https://example.org/spy.png)\n\n<iframe src=//example.org></iframe>";

#[tokio::test]
#[ignore = "needs a browser: tests/webdriver/run"]
async fn the_page_of_the_gateway() {
    let (driver, site) = (Driver::start().await, Site::start().await);
    let url = site.serve(|builder| builder).await;
    let tab = Tab::open(&driver).await;
    tab.theme("light").await;
    tab.size(1280, 800).await;
    tab.go(&url).await;
    tab.wait("document.getElementById('model').value").await;
    tab.shot("wide-light-empty").await;
    markdown(&tab).await;
    asks(&tab, &site).await;
    stops(&tab, &site).await;
    tells_errors(&tab, &site).await;
    pictures::can_be_taken_out(&tab, &site).await;
    stays_text(&tab, &site).await;
    edits(&tab, &site).await;
    keeps(&tab).await;
    can_be_used_by_all(&tab, &site).await;
    tells_that_nothing_more_fits(&tab, &site).await;
    tab.assert_nothing_wrong().await;
    asks_for_a_key(&tab, &site).await;
    pictures::reach_the_model(&tab, &driver).await;
    tab.close().await;
    driver.assert_none_left().await;
}

#[tokio::test]
#[ignore = "needs a browser: tests/webdriver/run"]
async fn the_page_in_hard_times() {
    let (driver, site) = (Driver::start().await, Site::start().await);
    let tab = Tab::open(&driver).await;
    conversations::keep_the_colours(&tab, &site).await;
    conversations::back_and_forward(&tab, &site).await;
    conversations::at_once(&tab, &site).await;
    conversations::in_two_tabs(&tab, &site).await;
    faults::another_key(&tab, &site).await;
    faults::gateway_stopped(&tab, &site).await;
    places::below_a_path(&tab, &site).await;
    places::under_another_name(&tab, &site).await;
    size::many_models(&tab).await;
    size::long_question(&tab, &site).await;
    size::long_answers(&tab, &site).await;
    tab.close().await;
    driver.assert_none_left().await;
}

/// First text before the end, and the question as it was asked.
async fn asks(tab: &Tab, site: &Site) {
    let gate = Gate::new();
    let (begin, end) = ANSWER.split_at(ANSWER.find("\n\n1.").unwrap());
    site.next(Answer::stream([begin]).wait(&gate).piece(end));
    tab.click("#settings-open").await;
    tab.run("document.getElementById('system').value = 'Be brief.'")
        .await;
    tab.click("#settings .primary").await;
    tab.run("document.getElementById('question').focus()").await;
    tab.keys(&format!("Why is the sky blue?{ENTER}")).await;
    tab.wait("document.querySelector('.turn.assistant strong')")
        .await;
    assert_eq!(tab.text(".turn.assistant h4").await, "Why the sky is blue");
    assert_eq!(tab.text(".turn.assistant table").await, "(not there)");
    assert!(tab.can_stop().await, "while it is answered");
    // A screen reader is not read every piece, but the answer when it is there.
    let said = tab.text("#said").await;
    assert!(!said.contains("Sunlight"), "{said}");
    let live = "return document.querySelector('#log').closest('[aria-live]') === null \
        && !document.querySelector('#log [aria-live], #log [role=status]')";
    assert_eq!(tab.run(live).await, true);
    gate.open();
    tab.wait("document.querySelector('.turn.assistant table')")
        .await;
    tab.wait("document.getElementById('stop').hidden").await;
    tab.wait("document.getElementById('said').innerText.includes('Sunlight')")
        .await;
    assert_eq!(tab.text(".turn.assistant .marks").await, "");
    let moved = tab.run("return moved").await.as_f64().unwrap();
    assert!(moved < 0.1, "the page moved by {moved}");
    copies(tab).await;
    tab.run("document.getElementById('question').focus()").await;
    let asked = site.asked();
    assert_eq!(asked["prompt"], "Be brief.");
    let messages = asked["messages"].as_array().unwrap();
    assert_eq!(messages.last().unwrap()["content"], "Why is the sky blue?");
    // The focus stays where the next question is typed.
    let focus = tab.run("return document.activeElement.id").await;
    assert_eq!(focus, "question");
}

/// One block of code, and the whole answer as it came.
async fn copies(tab: &Tab) {
    let permissions = json!({"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]});
    tab.devtools("Browser.grantPermissions", permissions).await;
    let code = "def scattered(wavelength):";
    for (button, begin, size) in [
        (".code-top button", code, None),
        (".turn.assistant .acts button", "## Why", Some(ANSWER.len())),
    ] {
        tab.click(button).await;
        let copied = format!("document.querySelector('{button}').innerText.trim() === 'Copied'");
        tab.wait(&copied).await;
        let text = tab.run("return navigator.clipboard.readText()").await;
        let text = text.as_str().unwrap();
        assert!(text.starts_with(begin), "{text}");
        assert!(!text.contains("```") || size == Some(text.len()), "{text}");
    }
}

/// Escape stops, the server sees it, and the answer says that it is not whole.
async fn stops(tab: &Tab, site: &Site) {
    let gate = Gate::new();
    site.next(Answer::stream(["One, two"]).wait(&gate));
    let gone = |site: &Site| {
        let log = site.mock.connection_log();
        let by_client = log
            .iter()
            .filter(|c| matches!(c.closed, Some((_, ClosedBy::Client))));
        by_client.count()
    };
    let before = gone(site);
    tab.click("#new").await;
    tab.keys(&format!("Count{ENTER}")).await;
    tab.wait("document.querySelector('.turn.assistant .md')?.innerText === 'One, two'")
        .await;
    tab.keys(ESCAPE).await;
    tab.wait("document.querySelector('.mark')").await;
    assert_eq!(
        tab.text(".mark").await.trim(),
        "You stopped this answer, so it is not whole."
    );
    let started = Instant::now();
    while gone(site) == before {
        assert!(started.elapsed() < Duration::from_secs(30), "not cancelled");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(
        tab.run("return document.activeElement.id").await,
        "question"
    );
}

/// The gateway's words, and a cut answer that says so.
async fn tells_errors(tab: &Tab, site: &Site) {
    tab.click("#new").await;
    site.next(Answer::stream(["Half an ans"]).ending(Ending::Reset));
    tab.keys(&format!("Break off{ENTER}")).await;
    tab.wait("document.querySelector('.mark.bad')").await;
    let mark = tab.text(".mark").await;
    assert!(mark.contains("This answer is not whole. "), "{mark}");
    assert!(mark.trim().len() > 40, "no reason: {mark}");
    assert_eq!(tab.text(".turn.assistant .md").await, "Half an ans");
    tab.shot("wide-light-cut").await;
}

async fn stays_text(tab: &Tab, site: &Site) {
    tab.click("#new").await;
    site.next(Answer::stream([HOSTILE]));
    tab.keys(&format!("Attack <b>me</b>{ENTER}")).await;
    tab.wait("document.querySelector('.turn.assistant .acts button')")
        .await;
    let found = tab
        .run(
            "const md = document.querySelector('.turn.assistant .md');
            return [
                md.querySelectorAll('script, img, iframe, style, b, [onclick], [onerror]').length,
                [...md.querySelectorAll('a')].map((a) => a.protocol + a.rel),
                document.title,
                md.innerText.includes('<script>'),
                document.querySelector('.turn.user .text').innerText,
            ]",
        )
        .await;
    assert_eq!(found[0], 0, "{found}");
    for link in found[1].as_array().unwrap() {
        assert_eq!(link, "https:noopener noreferrer", "{found}");
    }
    assert!(!found[2].as_str().unwrap().starts_with("taken"), "{found}");
    assert_eq!(found[3], true);
    assert_eq!(found[4], "Attack <b>me</b>");
}

/// An edited question is asked again without what came after it.
async fn edits(tab: &Tab, site: &Site) {
    site.next(Answer::stream(["Second answer"]));
    tab.click(".turn.user .acts button").await;
    tab.run("document.querySelector('.edit textarea').value = 'Asked anew'")
        .await;
    tab.click(".edit .primary").await;
    let answered = |text: &str| {
        format!(
            "document.querySelector('.turn.assistant .md')?.innerText === '{text}' && document.getElementById('stop').hidden"
        )
    };
    tab.wait(&answered("Second answer")).await;
    assert_eq!(tab.text(".turn.user .text").await, "Asked anew");
    site.next(Answer::stream(["Third answer"]));
    tab.click(".turn.assistant .acts button:last-child").await;
    tab.wait(&answered("Third answer")).await;
    let turns = "return document.querySelectorAll('.turn').length";
    assert_eq!(tab.run(turns).await, 2);
    let asked = site.asked();
    let messages = asked["messages"].as_array().unwrap();
    assert_eq!(messages.last().unwrap()["content"], "Asked anew");
    assert!(!asked.to_string().contains("Attack"), "{asked}");
}

/// A reload keeps all conversations; deleting one is for good.
async fn keeps(tab: &Tab) {
    let list = "[...document.querySelectorAll('#list .open')].map((b) => b.innerText)";
    let before = tab.run(&format!("return {list}")).await;
    assert_eq!(before.as_array().unwrap().len(), 5, "{before}");
    tab.assert_nothing_wrong().await;
    tab.reload().await;
    tab.wait("document.getElementById('model').value").await;
    assert_eq!(tab.run(&format!("return {list}")).await, before);
    assert_eq!(tab.text(".turn.assistant .md").await, "Third answer");
    tab.run("window.confirm = () => true").await;
    tab.click("#list .delete").await;
    tab.reload().await;
    tab.wait("document.getElementById('model').value").await;
    let after = tab.run(&format!("return {list}")).await;
    assert_eq!(after.as_array().unwrap().len(), 4, "{after}");
    // The first one, with its answer.
    tab.click("#list li:last-child .open").await;
    tab.wait("document.querySelector('.turn.assistant table')")
        .await;
    let system = "document.getElementById('settings-open').click();
        const { value } = document.getElementById('system');
        document.getElementById('settings').close();
        return value";
    assert_eq!(tab.run(system).await, "Be brief.");
}

/// What cannot be kept is said, and answered all the same.
async fn tells_that_nothing_more_fits(tab: &Tab, site: &Site) {
    tab.run("Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError') }")
        .await;
    tab.click("#new").await;
    site.next(Answer::stream(["Still answered"]));
    tab.keys(&format!("Is there room?{ENTER}")).await;
    tab.wait("document.querySelector('.turn.assistant .md')?.innerText === 'Still answered'")
        .await;
    let problem = tab.text("#problem").await;
    assert!(problem.contains("cannot be kept"), "{problem}");
}

/// Contrast, names and focus, in both widths and colours.
async fn can_be_used_by_all(tab: &Tab, _: &Site) {
    for (width, height, size) in [(1280, 800, "wide"), (320, 640, "narrow")] {
        for theme in ["light", "dark"] {
            tab.theme(theme).await;
            tab.size(width, height).await;
            let shown = format!("document.documentElement.dataset.theme === '{theme}'");
            tab.wait(&shown).await;
            let case = format!("{size}-{theme}");
            tab.run("document.getElementById('log').scrollTop = 0")
                .await;
            tab.shot(&format!("{case}-top")).await;
            tab.run("document.getElementById('log').scrollTop = 1e6")
                .await;
            tab.shot(&format!("{case}-end")).await;
            let wrong = tab.run(include_str!("checks.js")).await;
            assert_eq!(wrong, json!([]), "{case}");
            tab.click("#settings-open").await;
            let wrong = tab.run(include_str!("checks.js")).await;
            assert_eq!(wrong, json!([]), "{case} settings");
            tab.shot(&format!("{case}-settings")).await;
            tab.keys(ESCAPE).await;
            tab.wait("!document.querySelector('dialog[open]')").await;
            if size == "narrow" {
                tab.click("#open-side").await;
                tokio::time::sleep(Duration::from_millis(300)).await;
                let wrong = tab.run(include_str!("checks.js")).await;
                assert_eq!(wrong, json!([]), "{case} list");
                tab.shot(&format!("{case}-list")).await;
                tab.keys(ESCAPE).await;
                tab.wait("document.activeElement.id === 'open-side'").await;
            }
        }
        focus_order(tab, size).await;
    }
}

/// Tab goes through the page as it is read, shows where it is, and gets out.
async fn focus_order(tab: &Tab, size: &str) {
    tab.run("document.activeElement.blur(); getSelection().removeAllRanges(); document.body.tabIndex = -1; document.body.focus(); document.body.removeAttribute('tabindex')").await;
    let mut seen = Vec::new();
    for _ in 0..60 {
        tab.keys(TAB).await;
        let at = tab
            .run(
                "const e = document.activeElement;
                if (e === document.body) return null;
                const style = getComputedStyle(e);
                const inner = e.type === 'radio' ? getComputedStyle(e.nextElementSibling) : style;
                const field = e.id === 'question' ? getComputedStyle(e.form).boxShadow !== 'none' : false;
                const all = [...document.querySelectorAll('*')];
                return [e.id || e.className || e.tagName, all.indexOf(e), field || (inner.outlineStyle !== 'none' && parseFloat(inner.outlineWidth) >= 2)]",
            )
            .await;
        let Some(index) = at[1].as_u64() else { break };
        if seen.first().is_some_and(|(_, first)| *first == index) {
            break;
        }
        assert_eq!(at[2], true, "{size}: no visible focus on {at}");
        seen.push((at[0].as_str().unwrap().to_owned(), index));
    }
    let in_order = seen.windows(2).all(|pair| pair[0].1 < pair[1].1);
    assert!(in_order, "{size}: {seen:?}");
    for id in ["model", "settings-open", "log", "question", "attach"] {
        let is_there = seen.iter().any(|(name, _)| name == id);
        assert!(is_there, "{size}: {id} is not reached: {seen:?}");
    }
}

/// A key is asked for when the gateway wants one, kept for the tab, and sent.
async fn asks_for_a_key(tab: &Tab, site: &Site) {
    let url = site
        .serve(|builder| builder.api_key(Secret::new(KEY)))
        .await;
    tab.go(&url).await;
    tab.wait("document.querySelector('#key-dialog[open]')")
        .await;
    tab.shot("narrow-dark-key").await;
    tab.keys(&format!("wrong-key{ENTER}")).await;
    tab.wait("document.getElementById('key-why').innerText")
        .await;
    tab.keys(&format!("{KEY}{ENTER}")).await;
    tab.wait("document.getElementById('model').value").await;
    tab.reload().await;
    tab.wait("document.getElementById('model').value").await;
    let kept = "return [JSON.stringify(localStorage), JSON.stringify(sessionStorage)]";
    let kept = tab.run(kept).await;
    assert!(!kept[0].as_str().unwrap().contains(KEY), "for good");
    assert!(kept[1].as_str().unwrap().contains(KEY), "for the tab");
    site.next(Answer::stream(["With a key"]));
    tab.run("document.getElementById('question').focus()").await;
    tab.keys(&format!("Hi{ENTER}")).await;
    tab.wait("document.querySelector('.turn.assistant .md')?.innerText === 'With a key'")
        .await;
    tab.assert_nothing_wrong().await;
}

/// The page's own function, on texts whole and as they come, and on hostile ones.
async fn markdown(tab: &Tab) {
    let table: Value = serde_json::from_str(include_str!("markdown.json")).unwrap();
    let script = "
        const plain = (node) => {
            for (const e of node.querySelectorAll('.code-top')) e.remove();
            for (const e of node.querySelectorAll('*')) {
                for (const { name } of [...e.attributes]) if (!['href', 'start'].includes(name)) e.removeAttribute(name);
            }
            return node.innerHTML;
        };
        return arguments[0].flatMap(([text, expected]) => {
            const whole = document.createElement('div');
            painter(whole)(text);
            const growing = document.createElement('div');
            const paint = painter(growing);
            for (let at = 1; at <= text.length; at++) paint(text.slice(0, at));
            return [plain(whole), plain(growing)].filter((got) => got !== expected).map((got) => ({ text, expected, got }));
        })";
    let wrong = tab.run_with(script, json!([table])).await;
    assert_eq!(wrong, json!([]), "{wrong:#}");
    let script = "
        const read = (blocks) => blocks.forEach(({ kind, text, blocks, items, rows }) => {
            if (text !== undefined && kind !== 'code') partsOf(text);
            if (blocks) read(blocks);
            items?.forEach(read);
            rows?.flat().forEach(partsOf);
        });
        const all = ['[', '](', '*', '_', '*a ', '_a_', '**a', '`', '`a', '``a`', '> ', '- ', '1. ', '|', '|-', '~~', '\\\\', '<', 'https://', '[a](', '# ', '\\n\\n', '    ', '\\t', '```\\n', 'a\\n', '> > ', '  - a\\n', '|a|b|\\n|-|-|\\n', '[[a](https://b)', '***a** b* '];
        const rest = [];
        for (const piece of all) {
            const began = performance.now();
            read(blocksOf(piece.repeat(100000 / piece.length).split('\\n').map(prepared)));
            const took = performance.now() - began;
            // In line with the length it takes a fraction of a second.
            if (took > 8000) rest.push([piece, took]);
        }
        return rest";
    assert_eq!(tab.run(script).await, json!([]), "not linear");
}
