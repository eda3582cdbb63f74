//! Uploads, and the questions that they belong to.

use chatwire_mock::{AiEngineMock, PluginVersion};
use serde_json::{Value, json};

use super::{end, of_version, question, submit};
use crate::support::{Reply, call};

use PluginVersion::{V1_9_99, V2_3_5, V2_4_9, V3_6_2};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\nand so on";

/// A form as browsers write it.
fn form(fields: &[(&str, &[u8])]) -> Vec<u8> {
    let mut form = Vec::new();
    for (disposition, data) in fields {
        form.extend_from_slice(b"--XX\r\nContent-Disposition: form-data; ");
        form.extend_from_slice(disposition.as_bytes());
        form.extend_from_slice(b"\r\n\r\n");
        form.extend_from_slice(data);
        form.extend_from_slice(b"\r\n");
    }
    form.extend_from_slice(b"--XX--\r\n");
    form
}

async fn upload(mock: &AiEngineMock, nonce: &str, body: &[u8]) -> Reply {
    let headers = [
        ("content-type", "multipart/form-data; boundary=XX"),
        ("x-wp-nonce", nonce),
    ];
    let headers = &headers[..if nonce.is_empty() { 1 } else { 2 }];
    let path = "/wp-json/mwai-ui/v1/files/upload";
    call(mock.addr(), "POST", path, headers, body).await
}

fn picture(name: &str, data: &[u8]) -> Vec<u8> {
    let file = format!("name=\"file\"; filename=\"{name}\"\r\nContent-Type: image/png");
    form(&[
        (&file, data),
        ("name=\"type\"", b"N/A"),
        ("name=\"purpose\"", b"N/A"),
    ])
}

/// The id of an uploaded picture.
async fn uploaded(mock: &AiEngineMock, data: &[u8]) -> Value {
    let reply = upload(mock, &mock.nonce(), &picture("a.png", data)).await;
    assert_eq!(reply.status, 200, "{}", reply.body());
    reply.json()["data"]["id"].clone()
}

#[tokio::test]
async fn what_is_taken() {
    let mock = of_version(V3_6_2).await;
    let no_purpose = form(&[("name=\"file\"; filename=\"a.png\"", PNG)]);
    let not_a_file = form(&[("name=\"purpose\"", b"N/A")]);
    let cases = [
        (picture("a.png", PNG), 200, ""),
        (picture("A.JPG", b"\xff\xd8\xff\xe0"), 200, ""),
        (picture("a.pdf", b"%PDF"), 200, ""),
        (picture("a.svg", b"<svg/>"), 400, "Invalid file type."),
        (picture("a", PNG), 400, "Invalid file type."),
        (picture("a.png", b"<html>"), 400, "Invalid file type."),
        (no_purpose, 400, "Purpose is required."),
        (not_a_file, 400, "No file provided."),
        (b"nonsense".to_vec(), 400, "No file provided."),
    ];
    for (body, status, message) in cases {
        let reply = upload(&mock, &mock.nonce(), &body).await;
        let text = String::from_utf8_lossy(&body).into_owned();
        assert_eq!(reply.status, status, "{text}");
        if !message.is_empty() {
            let expected = json!({"success": false, "message": message});
            assert_eq!(reply.json(), expected, "{text}");
        }
    }
    assert_eq!(mock.uploads(), 3);
    // nginx takes 1 MiB.
    let large = upload(
        &mock,
        &mock.nonce(),
        &picture("a.png", &vec![b'x'; 1 << 20]),
    )
    .await;
    assert_eq!(large.status, 413);
    for (nonce, status) in [("", 401), ("0123456789", 403)] {
        let reply = upload(&mock, nonce, &picture("a.png", PNG)).await;
        assert_eq!(reply.status, status, "{nonce}");
    }
    // 1.9.99 asks for neither a nonce nor a purpose.
    let old = of_version(V1_9_99).await;
    let no_purpose = form(&[("name=\"file\"; filename=\"a.png\"", PNG)]);
    assert_eq!(upload(&old, "", &no_purpose).await.status, 200);
}

#[tokio::test]
async fn the_address_of_an_upload_serves_it() {
    let mock = of_version(V3_6_2).await;
    let reply = upload(&mock, &mock.nonce(), &picture("a.png", PNG)).await;
    let url = reply.json()["data"]["url"].as_str().unwrap().to_owned();
    let path = url.strip_prefix("http://mock").unwrap();
    let picture = call(mock.addr(), "GET", path, &[], "").await;
    assert_eq!(picture.chunks.concat(), PNG);
    assert_eq!(picture.header("content-type"), Some("image/png"));
}

/// The fields that carry pictures, and how many of two reach the model, by version.
#[tokio::test]
async fn what_reaches_the_model() {
    for version in PluginVersion::ALL {
        let mock = of_version(version).await;
        let first = uploaded(&mock, PNG).await;
        let second = uploaded(&mock, b"\x89PNG\r\n\x1a\nother").await;
        let is_new = version >= V3_6_2;
        let one = |takes: bool| usize::from(takes);
        let cases = [
            (
                json!({"newFileIds": [first, second]}),
                if is_new { 2 } else { 0 },
            ),
            (
                json!({"newFileIds": [first], "newFileId": null}),
                one(is_new),
            ),
            (json!({"newFileId": first}), one(version >= V2_3_5)),
            (json!({"newImageId": first}), one(version == V1_9_99)),
            (json!({"newFileIds": ["unknown"]}), 0),
            (json!({"newFileIds": []}), 0),
        ];
        for (more, count) in cases {
            submit(&mock, question(more.clone())).await;
            let images = mock.model_received().pop().unwrap().images;
            assert_eq!(images.len(), count, "{version:?} {more}");
            if let Some(image) = images.first() {
                assert_eq!(
                    (image.media_type.as_str(), &image.data[..]),
                    ("image/png", PNG)
                );
            }
        }
        // Only the question that it is sent with sees a picture.
        submit(&mock, question(json!({}))).await;
        assert!(mock.model_received().pop().unwrap().images.is_empty());
        // A picture can be the whole question.
        let alone = json!({"newMessage": "", version_key(version): first});
        let reply = submit(&mock, question(alone)).await;
        let is_taken = version >= V2_4_9;
        assert_eq!(
            reply.status,
            if is_taken { 200 } else { 403 },
            "{version:?}"
        );
        if is_taken {
            assert_eq!(end(&reply)["success"], true, "{version:?}");
        }
    }
    // A document is uploaded, and reaches the model as nothing useful.
    let mock = of_version(V3_6_2).await;
    let reply = upload(&mock, &mock.nonce(), &picture("a.txt", b"text")).await;
    submit(
        &mock,
        question(json!({"newFileIds": [reply.json()["data"]["id"]]})),
    )
    .await;
    assert!(mock.model_received()[0].images.is_empty());
}

fn version_key(version: PluginVersion) -> &'static str {
    if version == V1_9_99 {
        "newImageId"
    } else {
        "newFileId"
    }
}
