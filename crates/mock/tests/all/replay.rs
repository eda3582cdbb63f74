//! Recordings, played again.

use std::path::Path;

use chatwire_mock::Replay;
use serde_json::{Value, json};

use crate::support::call;

fn recording(method: &str, path: &str, text: &str) -> String {
    let recording = json!({
        "request": {"method": method, "path": path},
        "response": {
            "status": 200, "reason": "OK",
            "headers": [["content-type", "text/plain"], ["Transfer-Encoding", "chunked"]],
            "framing": "chunked",
            "body": [{"t_ms": 1.0, "text": text}, {"t_ms": 3.5, "b64": "IQ=="}],
            "ended": "clean",
        },
    });
    recording.to_string()
}

#[tokio::test]
async fn by_method_path_and_order() {
    let mut replay = Replay::new();
    for (method, path, text) in [
        ("GET", "/a", "one"),
        ("POST", "/a", "posted"),
        ("GET", "/a?x=1", "two"),
    ] {
        replay.add(&recording(method, path, text)).unwrap();
    }
    assert_eq!((replay.len(), replay.is_empty()), (3, false));
    for speed in [0.0, 1.0, 1000.0] {
        let server = replay.clone().serve("127.0.0.1:0", speed).await.unwrap();
        for (method, target, status, body) in [
            ("GET", "/a", 200, "one!"),
            ("POST", "/a", 200, "posted!"),
            ("GET", "/a?x=2", 200, "two!"),
            // After the last, the first again.
            ("GET", "/a", 200, "one!"),
            ("GET", "/b", 404, "There is no recording of GET /b.\n"),
        ] {
            let reply = call(server.addr(), method, target, &[], "").await;
            assert_eq!(
                (reply.status, reply.body().as_str()),
                (status, body),
                "{target}"
            );
            let framing = reply.headers.iter();
            let framing =
                framing.filter(|(name, _)| name.eq_ignore_ascii_case("transfer-encoding"));
            assert_eq!(framing.count(), 1, "{reply:?}");
        }
    }
}

#[test]
fn what_is_no_recording() {
    let good: Value = serde_json::from_str(&recording("GET", "/", "a")).unwrap();
    for (pointer, words) in [
        ("/request", "no request"),
        ("/request/method", "no method"),
        ("/request/path", "no path"),
        ("/response/status", "no status"),
    ] {
        let mut bad = good.clone();
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        bad.pointer_mut(parent)
            .unwrap()
            .as_object_mut()
            .unwrap()
            .remove(key);
        let error = Replay::new().add(&bad.to_string()).unwrap_err().to_string();
        assert!(error.contains(words), "{pointer}: {error}");
    }
    Replay::new().add("nonsense").unwrap_err();
    Replay::read_dir(Path::new("/no/such/folder")).unwrap_err();
}
