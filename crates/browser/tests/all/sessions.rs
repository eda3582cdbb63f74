//! What a provider gets from a `SessionClient`, with sources and files of every
//! kind but a real browser.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use chatwire_browser::{
    BrowserSession, SessionClient, SessionOptions, SessionRequest, SessionSource,
};
use chatwire_core::provider_kit::{BaseUrl, HttpRequest};
use chatwire_core::{BoxFuture, Error, ErrorKind, HttpConfig};
use chatwire_mock::{Answer, MockServer};

/// Gives sessions with the cookies `pass=pass-1`, `pass=pass-2` and so on.
#[derive(Debug, Default)]
struct Counter(AtomicU32);

impl Counter {
    fn opened(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }
}

impl SessionSource for Counter {
    fn open<'a>(
        &'a self,
        request: SessionRequest<'a>,
    ) -> BoxFuture<'a, Result<BrowserSession, Error>> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            assert_eq!(request.provider(), "test");
            let number = self.0.fetch_add(1, Ordering::Relaxed) + 1;
            Ok(session(
                &request.base_url().to_string(),
                &format!("pass-{number}"),
            ))
        })
    }
}

fn session(url: &str, pass: &str) -> BrowserSession {
    let json = format!(
        r#"{{"address": "{url}/start", "cookies": [{{"name": "pass", "value": "{pass}"}}],
            "user_agent": "Agent/1"}}"#
    );
    BrowserSession::from_json(&json).unwrap()
}

/// A server that answers only with this cookie, and otherwise with the status.
async fn site(cookie: &'static str, otherwise: u16) -> MockServer {
    let server = MockServer::start().await.unwrap();
    server.answer_with(move |request| {
        Some(match request.header("cookie") {
            Some(found) if found == cookie => Answer::text(["welcome"]),
            found => {
                let words = format!("<p>no entry for {}", found.unwrap_or("nobody"));
                Answer::html(otherwise, words)
            }
        })
    });
    server
}

fn client(server: &MockServer, sessions: SessionOptions) -> Result<SessionClient, Error> {
    let base = BaseUrl::parse(&server.url()).unwrap();
    SessionClient::new("test", HttpConfig::new(), base, sessions)
}

/// As a provider asks.
async fn ask(client: &SessionClient) -> Result<String, Error> {
    let request = |base: &BaseUrl| Ok(HttpRequest::post(base.join("/ask")?).body("hi"));
    let response = client.send(request).await?;
    match response.is_success() {
        true => response.into_page().await,
        false => Err(client.explain(response.into_error().await)),
    }
}

/// A folder of its own for a test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let name = format!("chatwire-browser-{name}-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        Folder(folder)
    }

    fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, content).unwrap();
        make_private(&path);
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn make_private(path: &Path) {
    #[cfg(unix)]
    set_mode(path, 0o600);
    #[cfg(not(unix))]
    let _ = path;
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[tokio::test]
async fn one_session_is_opened_for_all_requests() {
    let server = site("pass=pass-1", 403).await;
    let source = Arc::new(Counter::default());
    let sessions = SessionOptions::new().with_source(source.clone());
    let client = client(&server, sessions).unwrap();
    assert!(client.current().is_none());
    let answers = (0..20).map(|_| ask(&client));
    for answer in futures::future::join_all(answers).await {
        assert_eq!(answer.unwrap(), "welcome");
    }
    assert_eq!(source.opened(), 1);
    assert_eq!(client.open_session().await.ok(), client.current());
    assert_eq!(client.save_error().map(|error| error.to_string()), None);
}

#[tokio::test]
async fn a_refused_session_is_renewed_once() {
    // (cookie that is let in, status otherwise, sessions opened, requests,
    // words of the error)
    for (cookie, status, opened, requests, words) in [
        ("pass=pass-1", 401, 1, 1, ""),
        ("pass=pass-2", 401, 2, 2, ""),
        ("pass=pass-2", 403, 2, 2, ""),
        ("pass=pass-3", 401, 2, 2, "fresh session"),
        ("pass=pass-3", 403, 2, 2, "fresh session"),
        ("pass=pass-2", 404, 1, 1, "404"),
        ("pass=pass-2", 500, 1, 1, "500"),
    ] {
        let server = site(cookie, status).await;
        let source = Arc::new(Counter::default());
        let sessions = SessionOptions::new().with_source(source.clone());
        let client = client(&server, sessions).unwrap();
        let answer = ask(&client).await;
        let case = format!("{cookie} {status}");
        match answer {
            Ok(text) => assert_eq!((text.as_str(), words), ("welcome", ""), "{case}"),
            Err(error) => {
                let shown = format!("{error} {error:?}");
                assert!(
                    !words.is_empty() && shown.contains(words),
                    "{case}: {shown}"
                );
                assert!(!shown.contains("pass-"), "{case}: {shown}");
            }
        }
        assert_eq!(source.opened(), opened, "{case}");
        assert_eq!(server.requests().len(), requests, "{case}");
    }
}

#[tokio::test]
async fn without_a_source_a_refusal_stays() {
    for (sessions, words) in [
        (SessionOptions::new(), None),
        (
            SessionOptions::new().with_session(session("http://h", "x")),
            Some("not of"),
        ),
    ] {
        let server = site("pass=pass-1", 401).await;
        match (client(&server, sessions), words) {
            (Ok(client), None) => {
                let error = ask(&client).await.unwrap_err();
                assert!(!error.to_string().contains("session"), "{error}");
                let error = client.open_session().await.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Credentials, "{error}");
                // As without this crate.
                let request = server.requests().pop().unwrap();
                for name in ["cookie", "origin", "referer"] {
                    assert_eq!(request.header(name), None, "{name}");
                }
            }
            (Err(error), Some(words)) => {
                assert!(error.to_string().contains(words), "{error}");
            }
            (found, _) => panic!("{found:?}"),
        }
    }
    let server = site("pass=pass-1", 401).await;
    let ended = session(&server.url(), "hushhush");
    let client = client(&server, SessionOptions::new().with_session(ended)).unwrap();
    let error = ask(&client).await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("a browser has to make a new one"),
        "{error}"
    );
    let shown = format!("{error} {error:?} {client:?}");
    assert!(!shown.contains("hushhush"), "{shown}");
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_session_goes_to_no_other_server() {
    let (server, other) = (site("pass=x", 401).await, site("pass=x", 401).await);
    let sessions = SessionOptions::new().with_session(session(&server.url(), "x"));
    let client = client(&server, sessions).unwrap();
    assert_eq!(ask(&client).await.unwrap(), "welcome");
    let elsewhere = BaseUrl::parse(&other.url()).unwrap();
    let request = |_: &BaseUrl| Ok(HttpRequest::post(elsewhere.join("/ask")?));
    client.send(request).await.unwrap();
    let request = other.requests().pop().unwrap();
    for name in ["cookie", "origin", "referer"] {
        assert_eq!(request.header(name), None, "{name}");
    }
    assert_ne!(request.header("user-agent"), Some("Agent/1"));
}

#[tokio::test]
async fn files_of_every_format_are_used() {
    let folder = Folder::new("formats");
    let server = site("pass=x", 401).await;
    let host = server.url().replace("http://", "");
    let host = host.split(':').next().unwrap();
    let own = session(&server.url(), "x").to_json();
    let netscape = format!("{host}\tFALSE\t/\tFALSE\t0\tpass\tx\n");
    let extension = format!(r#"[{{"domain": "{host}", "name": "pass", "value": "x"}}]"#);
    let har = format!(
        r#"{{"log": {{"entries": [{{"request": {{"url": "{}/x",
            "headers": [{{"name": "Cookie", "value": "pass=x"}}]}}}}]}}}}"#,
        server.url()
    );
    for (name, content) in [
        ("own.json", own),
        ("cookies.txt", netscape),
        ("extension.json", extension),
        ("page.har", har),
    ] {
        let file = folder.file(name, &content);
        let sessions = SessionOptions::new().with_file(file);
        let client = client(&server, sessions).unwrap();
        assert_eq!(ask(&client).await.unwrap(), "welcome", "{name}");
    }
}

#[tokio::test]
async fn a_new_session_is_saved_whole_and_private() {
    let folder = Folder::new("saved");
    let server = site("pass=pass-1", 401).await;
    let file = folder.file("old.json", &session(&server.url(), "old").to_json());
    let fresh = folder.0.join("new.json");
    let mut paths = vec![file.clone(), fresh];
    #[cfg(unix)]
    {
        let link = folder.0.join("link.json");
        let target = folder.file("target.json", &session(&server.url(), "old").to_json());
        std::os::unix::fs::symlink(target, &link).unwrap();
        paths.push(link);
    }
    for path in paths {
        let is_link = path.is_symlink();
        let sessions = SessionOptions::new()
            .with_file(&path)
            .with_source(Counter::default());
        let client = client(&server, sessions).unwrap();
        assert_eq!(ask(&client).await.unwrap(), "welcome");
        assert!(client.save_error().is_none());
        let saved = fs::read_to_string(&path).unwrap();
        assert!(saved.contains("pass-1"), "{saved}");
        assert_eq!(path.is_symlink(), is_link);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }
    assert_eq!(left_over(&folder.0), Vec::<String>::new());
}

/// Files that an interrupted write would leave.
fn left_over(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| {
        let name = entry.unwrap().file_name();
        name.into_string().unwrap()
    });
    names.filter(|name| name.ends_with(".new")).collect()
}

#[tokio::test]
async fn a_session_that_cannot_be_saved_is_used_all_the_same() {
    let folder = Folder::new("unsaved");
    let server = site("pass=pass-1", 401).await;
    let host = server.url().replace("http://", "");
    let host = host.split(':').next().unwrap();
    let cookies = format!("{host}\tFALSE\t/\tFALSE\t0\tpass\told\n");
    let foreign = folder.file("cookies.txt", &cookies);
    let nowhere = folder.0.join("no-such-folder").join("session.json");
    for (path, words) in [
        (&nowhere, "cannot be written"),
        (
            &foreign,
            "is left as it is, because it is a Netscape cookies.txt",
        ),
    ] {
        let sessions = SessionOptions::new()
            .with_file(path)
            .with_source(Counter::default());
        let client = client(&server, sessions).unwrap();
        assert_eq!(ask(&client).await.unwrap(), "welcome");
        let error = client.save_error().unwrap().to_string();
        assert!(error.contains(words), "{error}");
        assert!(error.contains(&*path.to_string_lossy()), "{error}");
    }
    assert_eq!(fs::read_to_string(&foreign).unwrap(), cookies);
    assert_eq!(left_over(&folder.0), Vec::<String>::new());
}

#[cfg(unix)]
#[tokio::test]
async fn files_that_cannot_be_used_are_refused_at_once() {
    let folder = Folder::new("refused");
    let server = site("pass=x", 401).await;
    let own = session(&server.url(), "hushhush").to_json();
    let shared = folder.file("shared.json", &own);
    set_mode(&shared, 0o620);
    let pipe = folder.0.join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    let huge = folder.file("huge.har", "{");
    let file = fs::File::options().write(true).open(&huge).unwrap();
    file.set_len(300 * 1024 * 1024).unwrap();
    let binary = folder.0.join("binary.json");
    fs::write(&binary, b"\xff\xfe{\0}").unwrap();
    make_private(&binary);
    // What is UTF-16 is read, so that its content is judged.
    let wide = folder.0.join("wide.json");
    fs::write(&wide, b"\xfe\xff\0{\0}").unwrap();
    make_private(&wide);
    for (path, words) in [
        (&folder.0.join("missing.json"), "there is no session file"),
        (&folder.0, "not a regular file"),
        (&pipe, "not a regular file"),
        (&shared, "chmod 600"),
        (&huge, "limit of 256 MiB"),
        (&binary, "UTF-8"),
        (&wide, "expected a session"),
        (&folder.file("empty.json", ""), "expected a session"),
        (&folder.file("other.json", "{\"hushhush\": 1}"), "Netscape"),
    ] {
        let error = client(&server, SessionOptions::new().with_file(path)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{error}");
        assert_eq!(error.provider(), Some("test"));
        let message = error.to_string();
        assert!(message.contains(words), "{message}");
        assert!(message.contains(&*path.to_string_lossy()), "{message}");
        assert!(!message.contains("hushhush"), "{message}");
    }
}
