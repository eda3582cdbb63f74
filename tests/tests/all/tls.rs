//! Servers that speak TLS, with all kinds of certificates, and servers that do
//! not. `tests/certificates/make` made the certificates.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::thread;

use chatwire_core::provider_kit::{BaseUrl, HttpClient, HttpRequest};
use chatwire_core::{Error, ErrorKind, HttpConfig};
use chatwire_mock::AuraMock;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

fn pem(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("certificates");
    std::fs::read(folder.join(format!("{name}.pem"))).unwrap()
}

/// Starts a server with this certificate, which says yes to every request.
/// Returns its port.
fn serve(certificate: &str) -> u16 {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let chain = vec![CertificateDer::from_pem_slice(&pem(certificate)).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(&pem("key")).unwrap();
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let config = config.clone();
            thread::spawn(move || answer(config, stream.unwrap()));
        }
    });
    port
}

fn answer(config: Arc<ServerConfig>, stream: TcpStream) {
    let connection = ServerConnection::new(config).unwrap();
    let mut stream = StreamOwned::new(connection, stream);
    let mut head = [0; 4096];
    if stream.read(&mut head).is_ok_and(|read| read > 0) {
        let yes = b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\nconnection: close\r\n\r\nyes";
        let _ = stream.write_all(yes);
        let _ = stream.flush();
    }
}

async fn ask(url: &str, config: HttpConfig) -> Result<String, Error> {
    let http = HttpClient::new("box", config.without_proxy())?;
    let url = BaseUrl::parse(url)?.join("/")?;
    http.send(HttpRequest::get(url)).await?.into_page().await
}

#[tokio::test]
async fn certificates_are_accepted_or_told_in_words() {
    type Outcome = Result<(), &'static [&'static str]>;
    // the server's certificate, those of the caller, the host, what comes of it
    let cases: &[(&str, &[&str], &str, Outcome)] = &[
        ("good", &["authority"], "localhost", Ok(())),
        ("good", &["authority"], "127.0.0.1", Ok(())),
        ("good", &["self-signed", "authority"], "localhost", Ok(())),
        (
            "good",
            &[],
            "localhost",
            Err(&["authority that is not known", "--ca-file"]),
        ),
        (
            "good",
            &["self-signed"],
            "localhost",
            Err(&["authority that is not known"]),
        ),
        // Byte for byte among the caller's.
        ("self-signed", &["self-signed"], "localhost", Ok(())),
        ("self-signed", &["self-signed"], "127.0.0.1", Ok(())),
        ("nameless", &["nameless"], "localhost", Ok(())),
        ("good", &["good"], "localhost", Ok(())),
        (
            "self-signed",
            &[],
            "localhost",
            Err(&["signed by itself", "--ca-file"]),
        ),
        (
            "self-signed",
            &["authority"],
            "localhost",
            Err(&["signed by itself"]),
        ),
        (
            "self-signed",
            &["nameless"],
            "localhost",
            Err(&["signed by itself"]),
        ),
        (
            "self-signed-other",
            &["self-signed-other"],
            "localhost",
            Err(&["for other names", "other.example"]),
        ),
        (
            "other-name",
            &["authority"],
            "localhost",
            Err(&["for other names", "other.example", "www.other.example"]),
        ),
        (
            "other-name",
            &["authority"],
            "127.0.0.1",
            Err(&["for other names"]),
        ),
        (
            "expired",
            &["authority"],
            "localhost",
            Err(&["expired, on Sat, 01 Feb 2020"]),
        ),
        ("expired", &["expired"], "localhost", Err(&["expired, on"])),
        (
            "not-yet",
            &["authority"],
            "localhost",
            Err(&["only from", "2100", "clock"]),
        ),
    ];
    for (certificate, roots, host, expected) in cases {
        let url = format!("https://{host}:{}", serve(certificate));
        let config = roots.iter().fold(HttpConfig::new(), |config, root| {
            config.with_root_certificates(pem(root))
        });
        let unchecked = ask(&url, config.clone().with_unchecked_tls(true)).await;
        assert_eq!(unchecked.unwrap(), "yes", "{certificate}, unchecked");
        let asked = ask(&url, config).await;
        match expected {
            Ok(()) => assert_eq!(asked.unwrap(), "yes", "{certificate} {roots:?} {host}"),
            Err(words) => {
                let error = asked.unwrap_err();
                let said = error.to_string();
                assert_eq!(error.kind(), ErrorKind::Connect, "{said}");
                assert!(said.contains("cannot connect to https://"), "{said}");
                for words in *words {
                    assert!(said.contains(words), "{certificate}: {said}");
                }
                for jargon in ["OtherError", "CaUsedAsEndEntity", "InvalidCertificate"] {
                    assert!(!said.contains(jargon), "{said}");
                }
            }
        }
    }
}

#[tokio::test]
async fn certificates_that_are_none_are_refused() {
    let bundle = [pem("authority"), pem("self-signed")].concat();
    let url = format!("https://localhost:{}", serve("self-signed"));
    let config = HttpConfig::new().with_root_certificates(bundle);
    assert_eq!(ask(&url, config).await.unwrap(), "yes");
    let broken = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_vec();
    for text in [Vec::new(), b"not PEM".to_vec(), pem("key"), broken] {
        let config = HttpConfig::new().with_root_certificates(text);
        let error = ask(&url, config).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert!(error.message().contains("root certificate"), "{error}");
    }
}

#[tokio::test]
async fn http_behind_https_and_the_reverse() {
    let plain = AuraMock::start().await.unwrap();
    let url = plain.url().replace("http://", "https://");
    let error = ask(&url, HttpConfig::new()).await.unwrap_err();
    assert!(error.to_string().contains("begins with http://"), "{error}");

    let url = format!("http://localhost:{}", serve("good"));
    let error = ask(&url, HttpConfig::new()).await.unwrap_err();
    assert!(error.to_string().contains("https://"), "{error}");
}
