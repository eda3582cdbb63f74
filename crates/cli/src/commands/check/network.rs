//! The network steps: name lookup, connection, TLS.

use std::time::Duration;

use chatwire::{ErrorKind, TimeoutPhase};
use chatwire_core::provider_kit::{BaseUrl, HttpClient, HttpRequest};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout};

use super::report::Report;
use crate::endpoints::Part;
use crate::failure::code_of;

/// How long each step may take, unless the time limit is shorter.
const PATIENCE: Duration = Duration::from_secs(10);

/// Tries it and records the steps; an error is the exit code. Behind a proxy, name
/// lookup and connection are left to the proxy.
pub(super) async fn network(part: &Part, report: &mut Report) -> Result<(), u8> {
    let patience = part.timeout.unwrap_or(PATIENCE).min(PATIENCE);
    let base = part.provider.info().base_url.clone();
    let Ok(base) = BaseUrl::parse(&base) else {
        return Ok(());
    };
    let origin = base.origin();
    let (scheme, authority) = origin.split_once("://").unwrap_or(("http", &origin));
    let client = HttpClient::new(part.kind.name, part.endpoint.http.clone());
    let proxy = match (client, base.join("/")) {
        (Ok(client), Ok(url)) => client.proxy_of(&url),
        _ => None,
    };
    if let Some(proxy) = proxy {
        report.skipped("name lookup", &format!("through the proxy {proxy}"));
    } else if part.mock.is_none() {
        reach(scheme, authority, patience, report).await?;
    }
    if scheme != "https" {
        report.skipped("TLS", "not used by http://");
        return Ok(());
    }
    let start = Instant::now();
    let http = part.endpoint.http.clone();
    let http = http
        .with_connect_timeout(patience)
        // Long enough that a slow handshake is not taken for a slow page.
        .with_first_byte_timeout(patience * 2);
    let front = match (HttpClient::new(part.kind.name, http), base.join("/")) {
        (Ok(http), Ok(url)) => http.send(HttpRequest::get(url)).await,
        (Err(error), _) | (_, Err(error)) => Err(error),
    };
    match front {
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::Connect | ErrorKind::Timeout(TimeoutPhase::Connect)
            ) =>
        {
            let advice = match error.proxy() {
                Some(_) => "is the proxy right? --proxy names another, and --proxy off uses none",
                None => {
                    "the server's certificate or its TLS is not accepted: check the name in the \
                     address, the certificate's date and who signed it"
                }
            };
            report.failed("TLS", start, error.to_string(), advice.to_owned());
            Err(code_of(&error))
        }
        // Whatever the front page says, TLS works.
        _ => {
            report.passed("TLS", start, "the server is who it says");
            Ok(())
        }
    }
}

async fn reach(
    scheme: &str,
    authority: &str,
    patience: Duration,
    report: &mut Report,
) -> Result<(), u8> {
    let default = if scheme == "https" { ":443" } else { ":80" };
    let has_port = authority
        .rsplit_once(':')
        .is_some_and(|(_, port)| port.chars().all(|c| c.is_ascii_digit()));
    let address = format!("{authority}{}", if has_port { "" } else { default });
    let start = Instant::now();
    let found = match timeout(patience, lookup_host(&address)).await {
        Ok(Ok(found)) => found.collect::<Vec<_>>(),
        Ok(Err(error)) => {
            report.failed(
                "name lookup",
                start,
                error.to_string(),
                lookup_advice(authority),
            );
            return Err(6);
        }
        Err(_) => {
            let why = format!("no answer within {} s", patience.as_secs_f64());
            report.failed("name lookup", start, why, lookup_advice(authority));
            return Err(6);
        }
    };
    let Some(first) = found.first() else {
        let why = "the name has no address".to_owned();
        report.failed("name lookup", start, why, lookup_advice(authority));
        return Err(6);
    };
    report.passed("name lookup", start, first.ip().to_string());
    let start = Instant::now();
    match timeout(patience, TcpStream::connect(found.as_slice())).await {
        Ok(Ok(stream)) => {
            let peer = stream.peer_addr().map(|peer| peer.to_string());
            report.passed("connect", start, peer.unwrap_or_default());
            Ok(())
        }
        Ok(Err(error)) => {
            let advice = format!(
                "nothing accepts connections at {address}: is the server running, and is the \
                 port right?"
            );
            report.failed("connect", start, error.to_string(), advice);
            Err(6)
        }
        Err(_) => {
            let advice = format!("{address} does not answer: a firewall, or the wrong address?");
            let why = format!("no connection within {} s", patience.as_secs_f64());
            report.failed("connect", start, why, advice);
            Err(6)
        }
    }
}

fn lookup_advice(authority: &str) -> String {
    format!("no name server knows {authority}: check the address for a typo, and the network")
}
