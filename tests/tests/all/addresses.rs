//! Addresses as people copy them from a browser, and servers that are elsewhere.

use chatwire::{ChatRequest, Error, ErrorKind, HttpConfig, ProviderExt as _, ProviderOptions};
use chatwire_mock::{Answer, Framing, MockServer};

fn base_url(provider: &str, text: &str) -> Result<String, Error> {
    let options = ProviderOptions::new().with_base_url(text);
    let provider = chatwire::provider(provider, options)?;
    Ok(provider.info().base_url.clone())
}

#[test]
fn pasted_addresses_are_cut_to_the_base() {
    let site = "https://example.org/blog";
    // providers, what follows the base
    let cases: &[(&[&str], &[&str])] = &[
        (
            &["aura", "chatbot-ui", "openchat-ui"],
            &[
                "",
                "/",
                "/api/chat",
                "/api/chat/",
                "/api",
                "/api/",
                "/api/models",
                "/api/chat?x=1#y",
            ],
        ),
        (
            &["ai-sdk"],
            &["", "/", "/api/chat", "/api/chat/", "/api", "/api/"],
        ),
        (
            &["chatgpt4online", "wordpress", "ai-engine"],
            &[
                "",
                "/",
                "/wp-json",
                "/wp-json/",
                "/wp-json/mwai-ui/v1/chats/submit",
                "/wp-json/mwai/v1/start_session",
                "/wp-admin",
                "/wp-admin/",
                "/wp-admin/admin.php?page=mwai_settings&nekoTab=chatbots#x",
                "/wp-admin/post.php?post=7",
                "/wp-login.php",
                "/wp-login.php?redirect_to=https%3A%2F%2Fexample.org",
                "/index.php",
                "/index.php?rest_route=/mwai-ui/v1/chats/submit",
                "/?rest_route=/mwai-ui/v1/chats/submit",
                "/wp-content/plugins/ai-engine/readme.txt",
            ],
        ),
        (
            &["magickpen"],
            &["", "/", "/ask", "/ask/", "/_nuxt/bf709a9ce19f14e18116.js"],
        ),
    ];
    for (providers, ends) in cases {
        for provider in *providers {
            for end in *ends {
                let read = base_url(provider, &format!("{site}{end}"));
                assert_eq!(read.unwrap(), site, "{provider} {end}");
            }
        }
    }
    // What is no route stays, and a query that cannot is refused with the base.
    for path in [
        "/author/api-chat",
        "/apichat",
        "/my-api",
        "/wp-jsonp",
        "/task",
    ] {
        for provider in ["aura", "ai-sdk", "chatgpt4online", "magickpen"] {
            let url = format!("https://example.org{path}");
            assert_eq!(base_url(provider, &url).unwrap(), url);
        }
    }
    for text in [
        "https://me:hush@example.org/blog?p=hush",
        "https://example.org/blog#hush",
    ] {
        let error = base_url("chatgpt4online", text).unwrap_err();
        assert!(
            error.message().contains("\"https://example.org/blog\""),
            "{error}"
        );
        assert!(!error.to_string().contains("hush"), "{error}");
    }
}

fn redirect(status: u16, to: &str) -> Answer {
    Answer::status(status)
        .header("location", to)
        .framing(Framing::ContentLength)
}

async fn error_of(provider: &str, server: &MockServer, path: &str) -> Error {
    let options = ProviderOptions::new()
        .with_base_url(format!("{}{path}", server.url()))
        .with_http(HttpConfig::new().without_proxy());
    let provider = chatwire::provider(provider, options).unwrap();
    let request = ChatRequest::new("Hi");
    provider.reply(&request).await.unwrap_err().error
}

#[tokio::test]
async fn redirects_name_a_base_that_works() {
    // the path of the base, the redirect, the kind, what it says
    let cases: &[(&str, &str, ErrorKind, &[&str])] = &[
        (
            "",
            "https://{address}/api/chat",
            ErrorKind::Status,
            &[
                "https instead of http",
                "set https://{address} as the base URL",
            ],
        ),
        (
            "/sub",
            "https://www.example.org/sub/api/chat/",
            ErrorKind::Status,
            &[
                "another server",
                "set https://www.example.org/sub as the base URL",
            ],
        ),
        (
            "",
            "https://other.example/chat/api/chat",
            ErrorKind::Status,
            &["set https://other.example/chat as the base URL"],
        ),
        (
            "",
            "https://other.example/",
            ErrorKind::Status,
            &["something else"],
        ),
        (
            "",
            "/login?next=/",
            ErrorKind::Credentials,
            &["redirects to a login"],
        ),
        (
            "",
            "/wp-login.php",
            ErrorKind::Credentials,
            &["redirects to a login"],
        ),
        (
            "",
            "https://sso.example.org/x",
            ErrorKind::Credentials,
            &["redirects to a login"],
        ),
        (
            "",
            "/users/sign_in",
            ErrorKind::Credentials,
            &["redirects to a login"],
        ),
    ];
    for status in [301, 302, 307, 308] {
        for (path, to, kind, words) in cases {
            let server = MockServer::start().await.unwrap();
            let address = server.url().replace("http://", "");
            server.answer_always(redirect(status, &to.replace("{address}", &address)));
            for provider in ["aura", "ai-sdk"] {
                let error = error_of(provider, &server, path).await;
                assert_eq!(error.kind(), *kind, "{to}: {error}");
                for words in *words {
                    let words = words.replace("{address}", &address);
                    assert!(error.to_string().contains(&words), "{to}: {error}");
                }
            }
        }
    }
}

/// A WordPress site behind another name says where its REST API is.
#[tokio::test]
async fn a_rest_api_on_another_server_is_named() {
    let page = |link: &str| format!("<!doctype html><head>{link}</head><body>Hi</body>");
    let tag = |href: &str| {
        page(&format!(
            "<link rel=\"https://api.w.org/\" href=\"{href}\">"
        ))
    };
    let cases = [
        (
            tag("https://other.example/wp-json/"),
            None,
            "set https://other.example as",
        ),
        (
            tag("https://other.example/blog/wp-json/"),
            None,
            "set https://other.example/blog as",
        ),
        (
            tag("https://other.example/index.php?rest_route=/"),
            None,
            "set https://other.example as",
        ),
        (
            page(""),
            Some("<https://www.example.org/wp-json/>; rel=\"https://api.w.org/\""),
            "set https://www.example.org as",
        ),
    ];
    for (body, link, words) in cases {
        let server = MockServer::start().await.unwrap();
        let mut answer = Answer::status(200)
            .header("content-type", "text/html")
            .piece(body);
        if let Some(link) = link {
            answer = answer.header("link", link);
        }
        server.answer_always(answer);
        let error = error_of("wordpress", &server, "").await;
        assert!(error.to_string().contains(words), "{error}");
    }
}

/// A plugin that is missing is told from an address that is wrong.
#[tokio::test]
async fn a_missing_plugin_is_not_a_wrong_address() {
    let no_route =
        r#"{"code":"rest_no_route","message":"No route was found.","data":{"status":404}}"#;
    let server = MockServer::start().await.unwrap();
    server.answer_always(Answer::status(404).piece(no_route));
    let error = error_of("wordpress", &server, "").await;
    let said = error.to_string();
    assert!(
        said.contains("the address is right, but AI Engine is not installed"),
        "{said}"
    );
    let server = MockServer::start().await.unwrap();
    server.answer_with(move |request| {
        Some(match request.target.contains("start_session") {
            true => Answer::status(200).piece(r#"{"success":true,"restNonce":"abcdef1234"}"#),
            false => Answer::status(404).piece(no_route),
        })
    });
    let error = error_of("wordpress", &server, "").await;
    assert!(
        error.to_string().contains("its chatbots module is off"),
        "{error}"
    );
    let server = MockServer::start().await.unwrap();
    server.answer_always(Answer::status(404).piece("<!doctype html><title>Not found</title>"));
    let error = error_of("wordpress", &server, "").await;
    let said = error.to_string();
    assert!(
        said.contains("check the base URL") && said.contains("(HTTP 404: Not found)"),
        "{said}"
    );
}
