//! Bodies with a content coding that was not asked for.

use chatwire_core::provider_kit::{BaseUrl, HttpClient, HttpRequest, HttpResponse};
use chatwire_core::{Error, ErrorKind, HttpConfig};

use chatwire_mock::Answer;

use crate::server::serve;

/// What compressors of these names make of a short text.
const GZIP: &[u8] = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xcb\x48\xcd\xc9\xc9\x07\x00\x86\xa6\x10\x36\x05\x00\x00\x00";
const ZSTD: &[u8] = b"\x28\xb5\x2f\xfd\x04\x58\x29\x00\x00hello\x98\x31\xc1\xb3";
const ZLIB: &[u8] = b"\x78\x9c\xcb\x48\xcd\xc9\xc9\x07\x00\x06\x2c\x02\x15";
const DEFLATE: &[u8] = b"\xcb\x48\xcd\xc9\xc9\x07\x00";
const BROTLI: &[u8] = b"\x0b\x02\x80hello\x03";

fn response(status: u16, coding: &str, pieces: &[&[u8]]) -> Answer {
    Answer::stream(pieces.iter().copied())
        .with_status(status)
        .header("content-encoding", coding)
}

async fn get(answer: Answer) -> HttpResponse {
    let server = serve(answer).await;
    let http = HttpClient::new("box", HttpConfig::new().without_proxy()).unwrap();
    let url = BaseUrl::parse(&server.url()).unwrap().join("/").unwrap();
    http.send(HttpRequest::get(url)).await.unwrap()
}

/// The body as a reply and as a page.
async fn both(coding: &str, pieces: &[&[u8]]) -> [Result<String, Error>; 2] {
    let answer = || response(200, coding, pieces);
    let reply = match get(answer()).await.into_text_reply("model").await {
        Ok(stream) => stream.collect().await.map(|reply| reply.text),
        Err(error) => Err(error.into()),
    };
    let page = get(answer()).await.into_page().await;
    [reply.map_err(|incomplete| incomplete.error), page]
}

#[tokio::test]
async fn compressed_bodies_are_refused() {
    let cases = [
        ("gzip", GZIP),
        ("x-gzip", GZIP),
        ("GZIP", GZIP),
        ("zstd", ZSTD),
        ("deflate", ZLIB),
        ("deflate", DEFLATE),
        ("br", BROTLI),
        ("identity, br", BROTLI),
        ("deflate, gzip", GZIP),
        // The claim is wrong, but compressed it is.
        ("br", GZIP),
        ("utf-8", ZSTD),
        ("gzip", ZLIB),
        ("gzip", BROTLI),
        ("zstd", DEFLATE),
        ("zstd", ZLIB),
        // A proxy took the claim away.
        ("", GZIP),
        ("identity", ZSTD),
    ];
    for (coding, body) in cases {
        let single: Vec<&[u8]> = body.chunks(1).collect();
        for pieces in [&[body][..], &single] {
            for result in both(coding, pieces).await {
                let error = result.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Protocol, "{coding}: {error}");
                assert_eq!(error.status(), Some(200), "{coding}: {error}");
                assert!(
                    error.message().contains("compressed ("),
                    "{coding}: {error}"
                );
                assert!(!error.is_retryable(), "{coding}");
            }
        }
    }
}

#[tokio::test]
async fn text_with_a_false_claim_is_text() {
    let cases: [(&str, &[u8]); 17] = [
        ("identity", b"\x1f\x8b, said literally"),
        ("none", b"Hello"),
        ("", b"Hello"),
        // Some PHP hosts say so and send text.
        ("gzip", b"Hello"),
        ("gzip", b"H"),
        ("gzip", b"caf\xe9"),
        ("zstd", b"(note)"),
        ("deflate", b"x"),
        ("br", b"Hello"),
        ("br", b"Hello, and more than sixteen bytes"),
        ("br", "日本語で答えます、もっと長く".as_bytes()),
        ("utf-8", b"Hello"),
        // What zlib streams can begin with.
        ("deflate", b"x^2 + 1 is not reducible"),
        ("gzip", b"x^2"),
        ("gzip", b"caf\xe9s, and more than sixteen bytes"),
        ("", b"("),
        ("", b"\x1f"),
    ];
    for (coding, body) in cases {
        let expected = String::from_utf8_lossy(body);
        let single: Vec<&[u8]> = body.chunks(1).collect();
        for pieces in [&[body][..], &single] {
            for result in both(coding, pieces).await {
                assert_eq!(result.unwrap(), expected, "{coding}");
            }
        }
    }
}

/// As `ob_gzhandler` does where another plugin has flushed before it.
#[tokio::test]
async fn an_empty_gzip_stream_before_the_text() {
    let empty = b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x03\0\0\0\0\0\0\0\0\0";
    for text in ["Hello", "H", ""] {
        let body = [empty, text.as_bytes()].concat();
        let single: Vec<&[u8]> = body.chunks(1).collect();
        for pieces in [&[&body[..]][..], &single] {
            let page = get(response(200, "gzip", pieces)).await.into_page();
            assert_eq!(page.await.unwrap(), text);
        }
    }
    let twice = [empty, GZIP].concat();
    let page = get(response(200, "gzip", &[&twice])).await.into_page();
    assert_eq!(page.await.unwrap_err().kind(), ErrorKind::Protocol);
}

/// The status stays what it is, and the reason why no more is known is told.
#[tokio::test]
async fn errors_that_are_compressed() {
    let error = get(response(403, "br", &[BROTLI])).await.into_error().await;
    assert_eq!(error.kind(), ErrorKind::Status);
    assert_eq!(error.status(), Some(403));
    let said = error.to_string();
    assert!(
        said.contains("(HTTP 403: the body is compressed (br)"),
        "{said}"
    );
}

#[tokio::test]
async fn nothing_is_nothing() {
    for coding in ["gzip", "br", "zstd"] {
        let page = get(response(200, coding, &[])).await.into_page().await;
        assert_eq!(page.unwrap(), "", "{coding}");
    }
}
