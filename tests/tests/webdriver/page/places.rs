//! The page at other addresses: below a path of a proxy, and under another name.

use chatwire_mock::Answer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::conversations::{answered, ask, type_and_enter};
use super::site::Site;
use super::tab::Tab;

/// What stands before the gateway and takes a path away, as nginx does with a
/// location and a `proxy_pass` that both end with a slash. One request for each
/// connection.
async fn below(path: &'static str, gateway: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(forward(client, path, gateway.clone()));
        }
    });
    format!("http://{address}{path}")
}

async fn forward(mut client: TcpStream, path: &str, gateway: String) -> Option<()> {
    let mut head = Vec::new();
    while !head.windows(4).any(|bytes| bytes == b"\r\n\r\n") {
        let read = client.read_buf(&mut head).await.ok()?;
        if read == 0 {
            return None;
        }
    }
    let end = head.windows(4).position(|bytes| bytes == b"\r\n\r\n")?;
    let (head, body) = head.split_at(end);
    let head = std::str::from_utf8(head).ok()?;
    let (method, rest) = head.split_once(' ')?;
    let Some(rest) = rest.strip_prefix(path) else {
        let answer = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        client.write_all(answer).await.ok()?;
        return None;
    };
    let rest = rest.strip_prefix('/').unwrap_or(rest);
    let head = rest.replace("\r\nConnection: keep-alive", "\r\nConnection: close");
    let address = gateway.strip_prefix("http://")?;
    let mut server = TcpStream::connect(address).await.ok()?;
    let request = format!("{method} /{head}");
    server.write_all(request.as_bytes()).await.ok()?;
    server.write_all(body).await.ok()?;
    tokio::io::copy_bidirectional(&mut client, &mut server)
        .await
        .ok()?;
    Some(())
}

/// Relative addresses lead to the gateway if the page's ends with a slash, and
/// the page says so if it does not.
pub(super) async fn below_a_path(tab: &Tab, site: &Site) {
    let url = below("/tools/chat", site.serve(|builder| builder).await).await;
    tab.go(&format!("{url}/")).await;
    tab.wait("document.getElementById('model').value").await;
    let words = "return getComputedStyle(document.querySelector('.unloaded')).display";
    assert_eq!(tab.run(words).await, "none");
    ask(tab, site, "Below a path?", "Below it").await;
    tab.reload().await;
    tab.wait("document.getElementById('model').value").await;
    answered(tab, "Below it").await;
    tab.assert_nothing_wrong().await;
    tab.go(&url).await;
    let words = tab.text(".unloaded").await;
    assert!(words.contains("must end with a slash"), "{words}");
    tab.shot("without-slash").await;
}

/// A name that the gateway answers to, and one that it does not. Browsers take
/// neither for a secure place.
pub(super) async fn under_another_name(tab: &Tab, site: &Site) {
    let url = site.serve(|builder| builder.allow_host("chat.test")).await;
    tab.go(&url.replace("127.0.0.1", "other.test")).await;
    let words = tab.text("body").await;
    assert!(words.contains("Host is not one of those"), "{words}");
    tab.go(&url.replace("127.0.0.1", "chat.test")).await;
    tab.wait("document.getElementById('model').value").await;
    assert_eq!(tab.run("return isSecureContext").await, false);
    site.next(Answer::stream(["```\ncopied by hand\n```"]));
    type_and_enter(tab, "Something to copy").await;
    tab.wait(
        "document.getElementById('stop').hidden && document.querySelector('.code-top button')",
    )
    .await;
    tab.click(".code-top button").await;
    tab.wait("document.querySelector('.code-top button').innerText.trim() === 'Copied'")
        .await;
    tab.assert_nothing_wrong().await;
}
