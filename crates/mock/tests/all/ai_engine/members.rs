//! Users of the site: cookies, nonces, application passwords; and what is closed to guests.

use chatwire_mock::{AiEngineMock, PluginVersion, SiteUser};
use serde_json::json;

use super::{START, SUBMIT, question};
use crate::support::{Headers, Reply, call};

const PASSWORD: &str = "abcd EFGH 1234 ijkl MNOP 6789";
/// `ann:` and the password, `ann:wrong`, `bob:wrong`.
const BASIC: &str = "Basic YW5uOmFiY2QgRUZHSCAxMjM0IGlqa2wgTU5PUCA2Nzg5";
const WRONG: &str = "Basic YW5uOndyb25n";
const UNKNOWN: &str = "Basic Ym9iOndyb25n";

async fn site(version: PluginVersion) -> AiEngineMock {
    AiEngineMock::builder()
        .version(version)
        .user(SiteUser::member("ann").application_password(PASSWORD))
        .start()
        .await
        .unwrap()
}

async fn post(mock: &AiEngineMock, route: &str, headers: &[(&str, &str)], body: &str) -> Reply {
    let mut headers = headers.to_vec();
    headers.push(("content-type", "application/json"));
    let path = format!("/wp-json{route}");
    call(mock.addr(), "POST", &path, &headers, body).await
}

#[tokio::test]
async fn cookies_and_nonces() {
    let mock = site(PluginVersion::V3_6_2).await;
    let cookie = mock.login_cookie("ann").unwrap();
    let (guest, own) = (mock.nonce(), mock.nonce_of("ann").unwrap());
    assert_ne!(guest, own);
    assert_eq!(
        (mock.login_cookie("bob"), mock.nonce_of("bob")),
        (None, None)
    );
    let body = question(json!({})).to_string();
    let with_cookie = ("cookie", cookie.as_str());
    // The headers, the status and the error's code of a question.
    let cases: [(Headers<'_>, u16, &str); 5] = [
        (&[with_cookie, ("x-wp-nonce", &own)], 200, ""),
        (
            &[with_cookie, ("x-wp-nonce", &guest)],
            403,
            "rest_cookie_invalid_nonce",
        ),
        (&[("x-wp-nonce", &own)], 403, "rest_cookie_invalid_nonce"),
        (&[with_cookie], 401, "rest_forbidden"),
        (
            &[
                ("cookie", "wordpress_logged_in_x=y"),
                ("x-wp-nonce", &guest),
            ],
            200,
            "",
        ),
    ];
    for (headers, status, code) in cases {
        let reply = post(&mock, SUBMIT, headers, &body).await;
        assert_eq!(reply.status, status, "{headers:?}");
        if !code.is_empty() {
            assert_eq!(reply.json()["code"], code, "{headers:?}");
        }
    }
    // The cookie alone is a guest's session.
    let reply = post(&mock, START, &[with_cookie], "").await;
    assert_eq!(reply.json()["restNonce"], json!(guest));
    let reply = post(&mock, START, &[with_cookie, ("x-wp-nonce", &own)], "").await;
    assert_eq!(reply.json()["restNonce"], json!(own));
    assert_eq!(reply.header("x-wp-nonce"), Some(own.as_str()));
}

#[tokio::test]
async fn where_a_member_finds_the_nonce() {
    for version in PluginVersion::ALL {
        let mock = site(version).await;
        let cookie = mock.login_cookie("ann").unwrap();
        let get = async |path: &str, cookie: &str| {
            call(mock.addr(), "GET", path, &[("cookie", cookie)], "").await
        };
        let own = mock.nonce_of("ann").unwrap();
        let ajax = "/wp-admin/admin-ajax.php?action=rest-nonce";
        let reply = get(ajax, &cookie).await;
        assert_eq!(
            (reply.status, reply.body()),
            (200, own.clone()),
            "{version:?}"
        );
        assert_eq!(own.len(), 10);
        let reply = get(ajax, "a=b").await;
        assert_eq!(
            (reply.status, reply.body().as_str()),
            (400, "0"),
            "{version:?}"
        );
        let page = get("/", &cookie).await.body();
        let shown = format!("&quot;restNonce&quot;:&quot;{own}&quot;");
        assert!(page.contains(&shown), "{version:?}");
        mock.expire_nonce();
        assert_ne!(get(ajax, &cookie).await.body(), own);
    }
}

#[tokio::test]
async fn application_passwords() {
    let mock = AiEngineMock::builder()
        .user(SiteUser::member("ann").application_password(PASSWORD))
        .closed_to_guests()
        .start()
        .await
        .unwrap();
    let body = question(json!({})).to_string();
    let reply = post(&mock, START, &[("authorization", BASIC)], "").await;
    let nonce = reply.json()["restNonce"].as_str().unwrap().to_owned();
    assert_eq!(Some(&nonce), mock.nonce_of("ann").as_ref());
    let guest = mock.nonce();
    let cases: [(Headers<'_>, u16, &str); 6] = [
        (&[("authorization", BASIC), ("x-wp-nonce", &nonce)], 200, ""),
        (&[("authorization", BASIC)], 403, "rest_forbidden"),
        (
            &[("authorization", BASIC), ("x-wp-nonce", &guest)],
            403,
            "rest_forbidden",
        ),
        (&[("authorization", WRONG)], 401, "incorrect_password"),
        (&[("authorization", UNKNOWN)], 401, "invalid_username"),
        (&[("x-wp-nonce", &guest)], 401, "rest_disabled"),
    ];
    for (headers, status, code) in cases {
        let reply = post(&mock, SUBMIT, headers, &body).await;
        assert_eq!(reply.status, status, "{headers:?}");
        if !code.is_empty() {
            assert_eq!(reply.json()["code"], code, "{headers:?}");
        }
    }
}

#[tokio::test]
async fn what_the_page_says() {
    let mock = AiEngineMock::builder()
        .page_bots(["default", "sales"])
        .max_input(2048)
        .upload_button()
        .start()
        .await
        .unwrap();
    let page = call(mock.addr(), "GET", "/", &[], "").await.body();
    for said in [
        "&quot;botId&quot;:&quot;default&quot;",
        "&quot;botId&quot;:&quot;sales&quot;",
        "&quot;textInputMaxLength&quot;:2048",
        "&quot;imageUpload&quot;:true",
        "&quot;startSentence&quot;:&quot;Hi! How can I help you?&quot;",
        "&quot;restNonce&quot;:null",
    ] {
        assert!(page.contains(said), "{said}");
    }
    let off = AiEngineMock::builder()
        .without_chatbots()
        .start()
        .await
        .unwrap();
    assert!(
        !call(off.addr(), "GET", "/", &[], "")
            .await
            .body()
            .contains("mwai")
    );
    let reply = post(&off, SUBMIT, &[("x-wp-nonce", &off.nonce())], "{}").await;
    assert_eq!(reply.json()["code"], "rest_no_route");
}
