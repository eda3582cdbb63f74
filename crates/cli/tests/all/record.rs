//! `chatwire mock --record` and `--replay`.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::Value;
use tokio::process::Child;

use crate::support::{Run, TempFolder, exchange, finish, hears_ctrl_c, mock_servers, run, signal};

const QUESTION: &str = r#"{"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}]}"#;

/// Stops a mock server as a person does.
async fn stop(child: Child) -> Run {
    hears_ctrl_c(&child).await;
    signal(&child, "INT").await;
    let run = finish(child).await;
    assert_eq!(run.code, Some(0), "{run:?}");
    run
}

/// What a server sends is recorded without secrets, and played again.
#[tokio::test]
async fn mock_records_a_server() {
    let folder = TempFolder::new("record");
    let server = chatwire_mock::OpenAiMock::start().await.unwrap();
    server.reply("Your key is sk-of-the-test today");
    let root = server.url();
    let to = folder.path();
    let (child, lines) = mock_servers(&["--record", &root, "--to", to], 1).await;
    let line = &lines[0];
    let address = line.strip_prefix("record http://").unwrap().to_owned();
    let path = || "/v1/chat/completions".to_owned();
    let live = exchange(address.clone(), path(), QUESTION).await;
    assert!(
        live.contains("sk-of-the-test") && live.ends_with("0\r\n\r\n"),
        "{live}"
    );
    server.fault("body-close".parse::<chatwire_mock::Fault>().unwrap());
    let cut = exchange(address.clone(), path(), QUESTION).await;
    assert!(!cut.ends_with("0\r\n\r\n"), "{cut}");
    server.fault("body-reset".parse::<chatwire_mock::Fault>().unwrap());
    let reset = exchange(address, path(), QUESTION).await;
    assert!(!reset.ends_with("0\r\n\r\n"), "{reset}");
    stop(child).await;
    let files = folder.files();
    assert_eq!(files.len(), 3, "{files:?}");
    assert!(files[0].ends_with("00001-post-v1-chat-completions.json"));
    for (file, ended) in files.iter().zip(["clean", "truncated", "reset"]) {
        let mode = std::fs::metadata(file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let text = std::fs::read_to_string(file).unwrap();
        assert!(!text.contains("sk-of-the-test"), "{text}");
        let recording: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(recording["response"]["ended"], ended, "{text}");
        assert_eq!(recording["response"]["framing"], "chunked");
        assert_eq!(recording["request"]["json"]["model"], "m");
        assert!(
            recording["response"]["body"].as_array().unwrap().len() > 1,
            "{text}"
        );
    }
    let (child, lines) = mock_servers(&["--replay", to], 1).await;
    let line = &lines[0];
    let address = line.strip_prefix("replay http://").unwrap().to_owned();
    let played = exchange(address.clone(), path(), QUESTION).await;
    assert!(
        played.contains("[redacted]") && played.ends_with("0\r\n\r\n"),
        "{played}"
    );
    let cut = exchange(address, path(), QUESTION).await;
    assert!(!cut.ends_with("0\r\n\r\n"), "{cut}");
    stop(child).await;
}

/// Recordings of a real server are asked as that server is.
#[tokio::test]
async fn mock_plays_recordings() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/recordings/ai-sdk");
    if !Path::new(folder).is_dir() {
        // The crate on its own, without the workspace.
        return;
    }
    let (child, lines) = mock_servers(&["--replay", folder, "--speed", "0"], 1).await;
    let line = &lines[0];
    let address = line.strip_prefix("replay http://").unwrap();
    let answer = exchange(address.to_owned(), "/api/chat".to_owned(), "{}").await;
    assert!(answer.starts_with("HTTP/1.1 "), "{answer}");
    let lost = exchange(address.to_owned(), "/lost".to_owned(), "{}").await;
    assert!(lost.contains("no recording of POST /lost"), "{lost}");
    stop(child).await;
    for (args, words) in [
        (
            ["mock", "--replay", "/no/such/folder"].as_slice(),
            "/no/such/folder",
        ),
        (
            &["mock", "--replay", "/", "--script", "x"],
            "cannot be used with",
        ),
        (&["mock", "--speed", "2"], "--replay"),
        (&["mock", "--replay", "/", "--speed", "-1"], "--speed"),
    ] {
        let run = run(args.iter().copied()).await;
        assert_eq!(run.code, Some(2), "{run:?}");
        assert!(run.err.contains(words), "{run:?}");
    }
}

/// Serves TLS, and answers every connection with these pieces, a record each. With
/// `is_cut`, the connection ends without a word, as if it was cut off.
fn tls_server(certificates: &Path, pieces: &'static [&'static str], is_cut: bool) -> String {
    let pem = |name: &str| std::fs::read(certificates.join(name)).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let chain = vec![CertificateDer::from_pem_slice(&pem("good.pem")).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(&pem("key.pem")).unwrap();
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let answer = move |socket: TcpStream| -> std::io::Result<()> {
        let connection = ServerConnection::new(config.clone()).unwrap();
        let mut stream = StreamOwned::new(connection, socket);
        let mut request = Vec::new();
        while !request.ends_with(b"}") {
            let mut some = [0; 4096];
            let read = stream.read(&mut some)?;
            request.extend_from_slice(&some[..read]);
            if read == 0 {
                return Ok(());
            }
        }
        for piece in pieces {
            stream.write_all(piece.as_bytes())?;
            stream.flush()?;
        }
        if !is_cut {
            stream.conn.send_close_notify();
            stream.flush()?;
        }
        Ok(())
    };
    std::thread::spawn(move || {
        for socket in listener.incoming() {
            // A client that does not trust the certificate hangs up.
            let _ = answer(socket.unwrap());
        }
    });
    format!("https://localhost:{port}")
}

#[tokio::test]
async fn mock_records_over_tls() {
    let certificates = Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/certificates"
    ));
    if !certificates.is_dir() {
        // The crate on its own, without the workspace.
        return;
    }
    const CHUNKED: &[&str] = &[
        "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n",
        "6\r\nfirst \r\n",
        "f\r\nsk-of-the-test,\r\n",
        "7\r\n second\r\n0\r\n\r\n",
    ];
    const CLOSED: &[&str] = &[
        "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n",
        "first ",
        "second",
    ];
    let authority = certificates.join("authority.pem");
    let authority = authority.to_str().unwrap();
    // what is sent, whether the connection is cut, what is recorded of it
    for (pieces, is_cut, framing, ended, text) in [
        (
            CHUNKED,
            false,
            "chunked",
            "clean",
            "first [redacted], second",
        ),
        (
            CHUNKED,
            true,
            "chunked",
            "clean",
            "first [redacted], second",
        ),
        (CLOSED, false, "close", "clean", "first second"),
        (CLOSED, true, "close", "truncated", "first second"),
    ] {
        let folder = TempFolder::new("record-tls");
        let server = tls_server(certificates, pieces, is_cut);
        let args = [
            "--record",
            &server,
            "--to",
            folder.path(),
            "--ca-file",
            authority,
        ];
        let (child, lines) = mock_servers(&args, 1).await;
        let address = lines[0].strip_prefix("record http://").unwrap().to_owned();
        let live = exchange(address, "/v1/chat/completions".to_owned(), QUESTION).await;
        assert!(live.contains("first ") && live.contains("second"), "{live}");
        stop(child).await;
        let files = folder.files();
        assert_eq!(files.len(), 1, "{files:?}");
        let recorded: Value = serde_json::from_slice(&std::fs::read(&files[0]).unwrap()).unwrap();
        let response = &recorded["response"];
        assert_eq!(response["framing"], framing);
        assert_eq!(response["ended"], ended, "{framing}");
        let body = response["body"].as_array().unwrap();
        let whole: String = body
            .iter()
            .map(|piece| piece["text"].as_str().unwrap())
            .collect();
        assert_eq!(whole, text, "{body:?}");
        assert_eq!(recorded["request"]["json"]["model"], "m");
    }
    // An authority that is not known.
    let folder = TempFolder::new("record-tls");
    let server = tls_server(certificates, CLOSED, false);
    let (child, lines) = mock_servers(&["--record", &server, "--to", folder.path()], 1).await;
    let address = lines[0].strip_prefix("record http://").unwrap().to_owned();
    let refused = exchange(address, "/v1/chat/completions".to_owned(), QUESTION).await;
    assert!(refused.starts_with("HTTP/1.1 502 "), "{refused}");
    assert!(refused.contains("authority that is not known"), "{refused}");
    let run = stop(child).await;
    assert!(run.err.contains("--ca-file"), "{run:?}");
    assert_eq!(folder.files(), Vec::<PathBuf>::new());
}

/// The limits are those of a folder, not of one run.
#[tokio::test]
async fn folders_of_recordings_become_full() {
    const MIB: u64 = 1024 * 1024;
    // what is there, whether there is room, the words
    for (name, size, has_room, words) in [
        (
            "00001-post-a.json",
            255 * MIB,
            true,
            "00002-post-v1-chat-completions.json",
        ),
        ("00001-post-a.json", 256 * MIB, false, "256 MiB"),
        (
            "09999-post-a.json",
            10,
            true,
            "10000-post-v1-chat-completions.json",
        ),
        ("10000-post-a.json", 10, false, "10000 recordings"),
        (
            "notes.json",
            256 * MIB,
            true,
            "00001-post-v1-chat-completions.json",
        ),
    ] {
        let folder = TempFolder::new("record-full");
        let file = std::fs::File::create(Path::new(folder.path()).join(name)).unwrap();
        // Nothing is written: the file has a hole.
        file.set_len(size).unwrap();
        let server = chatwire_mock::OpenAiMock::start().await.unwrap();
        let (child, lines) =
            mock_servers(&["--record", &server.url(), "--to", folder.path()], 1).await;
        let address = lines[0].strip_prefix("record http://").unwrap().to_owned();
        let live = exchange(address, "/v1/chat/completions".to_owned(), QUESTION).await;
        assert!(live.ends_with("0\r\n\r\n"), "{live}");
        let run = stop(child).await;
        assert!(run.err.contains(words), "{name}: {run:?}");
        let recorded = folder.files().len() - 1;
        assert_eq!(recorded, usize::from(has_room), "{name} {size}: {run:?}");
        assert_eq!(run.err.contains("is full"), !has_room, "{run:?}");
    }
}
