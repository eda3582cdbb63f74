//! A browser with one page, over WebDriver.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chatwire::HttpConfig;
use chatwire_core::provider_kit::{BaseUrl, HttpClient, HttpRequest};
use serde_json::{Value, json};

use crate::Driver;

/// Notes what a page must never have: what its policy refused, and errors.
const WATCH: &str = "window.wrong = [];
    window.moved = 0;
    new PerformanceObserver((list) => list.getEntries().forEach((e) => { moved += e.hadRecentInput ? 0 : e.value; }))
        .observe({ type: 'layout-shift', buffered: true });
    addEventListener('securitypolicyviolation', (e) => wrong.push(e.violatedDirective + ' ' + e.blockedURI));
    addEventListener('error', (e) => wrong.push(e.message));
    addEventListener('unhandledrejection', (e) => wrong.push(String(e.reason)));";

/// A browser with one page.
pub(crate) struct Tab {
    http: HttpClient,
    base: BaseUrl,
}

impl Tab {
    pub(crate) async fn open(driver: &Driver) -> Tab {
        let config = HttpConfig::new().with_max_page(None);
        let http = HttpClient::new("test", config).unwrap();
        let arguments = driver.capabilities_with(&[
            "--headless=new",
            "--hide-scrollbars",
            "--host-resolver-rules=MAP *.test 127.0.0.1",
        ]);
        let capabilities: Value = serde_json::from_str(&arguments).unwrap();
        let new = json!({"capabilities": {"alwaysMatch": capabilities}});
        let base = BaseUrl::parse(&driver.url).unwrap();
        let request = HttpRequest::post(base.join("/session").unwrap());
        let response = http.send(request.json(&new).unwrap()).await.unwrap();
        let opened: Value = response.into_json("a session").await.unwrap();
        let id = opened["value"]["sessionId"].as_str();
        let id = id.unwrap_or_else(|| panic!("{opened}"));
        let base = BaseUrl::parse(&format!("{}/session/{id}", driver.url)).unwrap();
        let tab = Tab { http, base };
        tab.watch().await;
        tab
    }

    async fn watch(&self) {
        let watch = json!({"source": WATCH});
        self.devtools("Page.addScriptToEvaluateOnNewDocument", watch)
            .await;
    }

    /// The name of the window that is used.
    pub(super) async fn window(&self) -> String {
        let request = HttpRequest::get(self.base.join("/window").unwrap());
        let response = self.http.send(request).await.unwrap();
        let answer: Value = response.into_json("a window").await.unwrap();
        answer["value"].as_str().unwrap().to_owned()
    }

    /// Opens another tab of the browser, and uses it.
    pub(super) async fn new_window(&self) -> String {
        let opened = self.post("/window/new", json!({"type": "tab"})).await;
        let window = opened["handle"].as_str().unwrap().to_owned();
        self.switch(&window).await;
        self.watch().await;
        window
    }

    pub(super) async fn switch(&self, window: &str) {
        self.post("/window", json!({"handle": window})).await;
    }

    pub(super) async fn close_window(&self) {
        let request = HttpRequest::delete(self.base.join("/window").unwrap());
        self.http.send(request).await.unwrap();
    }

    pub(super) async fn back(&self) {
        self.post("/back", json!({})).await;
    }

    pub(super) async fn post(&self, path: &str, body: Value) -> Value {
        let request = HttpRequest::post(self.base.join(path).unwrap());
        let sent = self.http.send(request.json(&body).unwrap()).await.unwrap();
        let mut answer: Value = sent.into_json("an answer").await.unwrap();
        assert!(
            answer["value"]["error"].is_null(),
            "{path}: {answer}\n{body}"
        );
        answer["value"].take()
    }

    pub(super) async fn devtools(&self, command: &str, with: Value) -> Value {
        let body = json!({"cmd": command, "params": with});
        self.post("/goog/cdp/execute", body).await
    }

    pub(super) async fn go(&self, url: &str) {
        self.post("/url", json!({"url": url})).await;
    }

    pub(super) async fn reload(&self) {
        self.post("/refresh", json!({})).await;
    }

    pub(super) async fn run(&self, script: &str) -> Value {
        self.run_with(script, json!([])).await
    }

    pub(super) async fn run_with(&self, script: &str, arguments: Value) -> Value {
        let body = json!({"script": script, "args": arguments});
        self.post("/execute/sync", body).await
    }

    /// Waits until an expression holds in the page.
    pub(super) async fn wait(&self, expression: &str) {
        let started = Instant::now();
        let script = format!("return Boolean({expression})");
        while self.run(&script).await != json!(true) {
            if started.elapsed() > Duration::from_secs(30) {
                let shown = self.run("return document.body.innerText").await;
                panic!("never: {expression}\n{}", shown.as_str().unwrap_or("?"));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Types into what has the focus.
    pub(super) async fn keys(&self, keys: &str) {
        let mut actions = Vec::new();
        for key in keys.chars() {
            actions.push(json!({"type": "keyDown", "value": key.to_string()}));
            actions.push(json!({"type": "keyUp", "value": key.to_string()}));
        }
        let source = json!({"type": "key", "id": "keyboard", "actions": actions});
        self.post("/actions", json!({"actions": [source]})).await;
    }

    pub(super) async fn text(&self, selector: &str) -> String {
        let script = "return document.querySelector(arguments[0])?.innerText ?? '(not there)'";
        let text = self.run_with(script, json!([selector])).await;
        text.as_str().unwrap().to_owned()
    }

    /// Returns `true` if the button that stops is there in place of the other.
    pub(super) async fn can_stop(&self) -> bool {
        let shown =
            "return ['stop', 'send'].map((id) => document.getElementById(id).checkVisibility())";
        self.run(shown).await == json!([true, false])
    }

    pub(super) async fn click(&self, selector: &str) {
        let script = "document.querySelector(arguments[0]).click()";
        self.run_with(script, json!([selector])).await;
    }

    /// Chooses a file in a field for files.
    pub(super) async fn choose(&self, selector: &str, file: &std::path::Path) {
        let by = json!({"using": "css selector", "value": selector});
        let found = self.post("/element", by).await;
        let id = found.as_object().unwrap().values().next().unwrap();
        let path = format!("/element/{}/value", id.as_str().unwrap());
        self.post(&path, json!({"text": file})).await;
    }

    pub(super) async fn size(&self, width: u32, height: u32) {
        let size =
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.devtools("Emulation.setDeviceMetricsOverride", size)
            .await;
    }

    pub(super) async fn theme(&self, theme: &str) {
        let media = json!({"features": [
            {"name": "prefers-color-scheme", "value": theme},
            {"name": "prefers-reduced-motion", "value": "reduce"},
        ]});
        self.devtools("Emulation.setEmulatedMedia", media).await;
    }

    pub(super) async fn shot(&self, name: &str) {
        let Some(folder) = std::env::var_os("CHATWIRE_SHOTS") else {
            return;
        };
        let request = HttpRequest::get(self.base.join("/screenshot").unwrap());
        let response = self.http.send(request).await.unwrap();
        let answer: Value = response.into_json("a picture").await.unwrap();
        let picture = STANDARD.decode(answer["value"].as_str().unwrap()).unwrap();
        let file = std::path::Path::new(&folder).join(format!("{name}.png"));
        std::fs::write(file, picture).unwrap();
    }

    pub(super) async fn assert_nothing_wrong(&self) {
        assert_eq!(self.run("return window.wrong").await, json!([]));
    }

    pub(super) async fn close(self) {
        let request = HttpRequest::delete(self.base.join("").unwrap());
        self.http.send(request).await.unwrap();
    }
}
