//! MagickPen.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::support::{Reply, call};
use chatwire_mock::{Bundle, MagickPenMock};

const BODY: &str = r#"{"query":"hi there","turnstileResponse":"","action":"verify"}"#;

static COUNT: AtomicU32 = AtomicU32::new(1);

fn now() -> u128 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_millis()
}

/// A request in order, apart from these headers (`-` leaves one out).
async fn ask(mock: &MagickPenMock, changed: &[(&str, &str)], body: &str) -> Reply {
    let find = |name: &str| {
        changed
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| *value)
    };
    // Two requests can share a millisecond, but not a signature.
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let nonce = find("nonce").map_or_else(|| format!("0.84442185{count}"), str::to_owned);
    let timestamp = find("timestamp").map_or_else(|| now().to_string(), str::to_owned);
    let signature = MagickPenMock::signature(&timestamp, &nonce);
    let host = mock.addr().to_string();
    let (origin, referer) = (mock.url(), format!("{}/", mock.url()));
    let (secret, api_secret) = (mock.secret(), mock.api_secret());
    let defaults = [
        ("host", host.as_str()),
        ("accept", "application/json, text/plain, */*"),
        ("content-type", "application/json"),
        ("origin", &origin),
        ("referer", &referer),
        ("nonce", &nonce),
        ("timestamp", &timestamp),
        ("signature", &signature),
        ("secret", &secret),
        ("x-api-secret", &api_secret),
    ];
    let headers: Vec<(&str, &str)> = defaults
        .iter()
        .map(|(name, value)| (*name, find(name).unwrap_or(value)))
        .filter(|(_, value)| *value != "-")
        .collect();
    call(mock.addr(), "POST", "/ask", &headers, body).await
}

#[tokio::test]
async fn asks() {
    let mock = MagickPenMock::start().await.unwrap();
    let reply = ask(&mock, &[], BODY).await;
    assert_eq!(
        reply.body(),
        "This is the MagickPen mock. You asked: hi there"
    );
    assert!(reply.chunks.len() > 3);
    mock.reply("own words");
    assert_eq!(ask(&mock, &[], BODY).await.body(), "own words");
}

#[tokio::test]
async fn refuses() {
    let mock = MagickPenMock::start().await.unwrap();
    let (old, later) = ((now() - 301_000).to_string(), (now() + 301_000).to_string());
    let cases: &[(&str, &str, u16)] = &[
        ("accept", "*/*", 400),
        ("content-type", "text/plain", 400),
        ("origin", "http://elsewhere.example", 403),
        ("origin", "-", 403),
        ("referer", "http://elsewhere.example/", 403),
        ("nonce", "-", 401),
        ("nonce", "1.5", 401),
        ("nonce", "abc", 401),
        ("nonce", "-0.5", 401),
        ("timestamp", "-", 401),
        ("timestamp", &old, 401),
        ("timestamp", &later, 401),
        ("timestamp", "soon", 401),
        ("signature", "-", 401),
        ("signature", "0123456789abcdef0123456789abcdef", 401),
        ("secret", "-", 401),
        ("secret", "wrong", 403),
        ("x-api-secret", "-", 401),
        ("x-api-secret", "wrong", 403),
    ];
    for (name, value, status) in cases {
        let reply = ask(&mock, &[(name, value)], BODY).await;
        assert_eq!(reply.status, *status, "{name}: {value} {}", reply.body());
        assert!(reply.json()["message"].is_string());
    }
    for body in [
        "",
        "{",
        r#"{"query":"","turnstileResponse":"","action":"verify"}"#,
        r#"{"query":"q","action":"verify"}"#,
        r#"{"query":"q","turnstileResponse":""}"#,
    ] {
        assert_eq!(ask(&mock, &[], body).await.status, 400, "{body}");
    }
    let timestamp = now().to_string();
    let twice = [
        ("timestamp", timestamp.as_str()),
        ("nonce", "5.960464477539063e-08"),
    ];
    assert_eq!(ask(&mock, &twice, BODY).await.status, 200);
    assert_eq!(
        ask(&mock, &twice, BODY).await.status,
        401,
        "a signature serves once"
    );
}

#[tokio::test]
async fn site() {
    let mock = MagickPenMock::builder()
        .hash("abc123")
        .start()
        .await
        .unwrap();
    let get = async |path: &str| call(mock.addr(), "GET", path, &[], "").await;
    assert_eq!(get("/_nuxt/bf709a9ce19f14e18116.js").await.status, 404);
    let page = get("/").await.body();
    assert!(
        page.contains(r#"<script src="/_nuxt/abc123.js" defer>"#)
            && page.contains(r#"as="script" href="/_nuxt/abc123.js">"#)
    );
    assert_eq!(mock.credential_fetches(), 0);
    let bundle = get("/_nuxt/abc123.js").await.body();
    assert!(bundle.contains(&format!(r#""X-API-Secret":"{}""#, mock.api_secret())));
    assert!(bundle.contains(&format!(r#"secret:"{}""#, mock.secret())));
    assert_eq!(mock.credential_fetches(), 1);

    let old = mock.secret();
    mock.rotate_secrets();
    assert_ne!(mock.secret(), old);
    assert_eq!(ask(&mock, &[("secret", &old)], BODY).await.status, 403);
    assert_eq!(ask(&mock, &[], BODY).await.status, 200);
    mock.redeploy("def456");
    assert_eq!(
        (
            get("/_nuxt/abc123.js").await.status,
            get("/_nuxt/def456.js").await.status
        ),
        (404, 200)
    );
}

#[tokio::test]
async fn bundles() {
    let cases = [
        (Bundle::Latest, r#"secret:""#, r#""X-API-Secret":""#),
        (Bundle::Spaced, r#"secret: ""#, r#""X-API-Secret":""#),
        (Bundle::WithoutSecret, "", r#""X-API-Secret":""#),
        (Bundle::WithoutApiSecret, r#"secret:""#, ""),
        (Bundle::WithoutBoth, "", ""),
        (Bundle::Huge(100_000), r#"secret:""#, r#""X-API-Secret":""#),
    ];
    for (kind, secret, api_secret) in cases {
        let mock = MagickPenMock::builder().bundle(kind).start().await.unwrap();
        let path = format!("/_nuxt/{}.js", MagickPenMock::LAST_KNOWN_HASH);
        let code = call(mock.addr(), "GET", &path, &[], "").await.body();
        for (name, mark) in [("secret:", secret), ("X-API-Secret", api_secret)] {
            assert_eq!(code.contains(name), !mark.is_empty(), "{kind:?} {name}");
            assert!(code.contains(mark), "{kind:?} {mark}");
        }
        assert!(!matches!(kind, Bundle::Huge(size) if code.len() < size));
        assert_eq!(ask(&mock, &[], BODY).await.status, 200);
    }
}
