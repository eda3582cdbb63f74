//! `chatwire check`: each endpoint step by step, up to the first failure.

use std::io::{self, Write as _};
use std::time::Duration;

use chatwire::{ChatRequest, Error, ErrorKind, ProviderExt as _, TimeoutPhase};
use chatwire_core::provider_kit::{BaseUrl, HttpClient, HttpRequest};
use serde::Serialize;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout};

use crate::args::{CheckArgs, General, TargetArgs};
use crate::config::Configuration;
use crate::exit::{Failure, code_of};
use crate::requests::Requests;
use crate::runtime;
use crate::spinner::Spinner;
use crate::style::Style;
use crate::target::{Part, Target};

/// A question that costs little.
const QUESTION: &str = "Reply with one word: pong";
const QUESTION_PATIENCE: Duration = Duration::from_secs(60);
const PATIENCE: Duration = Duration::from_secs(10);

/// What was found about one endpoint.
#[derive(Debug, Serialize)]
struct Report {
    endpoint: String,
    provider: String,
    base_url: String,
    ok: bool,
    steps: Vec<Step>,
    #[serde(skip)]
    code: i32,
}

/// One step; none of the later ones is taken after a failure.
#[derive(Debug, Serialize)]
struct Step {
    step: &'static str,
    ok: bool,
    milliseconds: Option<f64>,
    detail: String,
    /// What to do about a failure.
    advice: Option<String>,
}

/// Checks, and returns the exit code.
pub(crate) fn run(args: &CheckArgs, general: &General) -> i32 {
    let mut code = 0;
    let failed = runtime::run(runtime::until_signal(async {
        code = check(args, general).await?;
        Ok(())
    }));
    if failed == 0 { code } else { failed }
}

async fn check(args: &CheckArgs, general: &General) -> Result<i32, Failure> {
    let mut reports: Vec<Report> = Vec::new();
    let requests = Requests::listen();
    let mut spinner = Spinner::new(&Style::new(general.color, true));
    for target_args in targets(args, general)? {
        let name = target_args.endpoint.join(", ");
        spinner.label(&name);
        match Target::new(&target_args, general, true, 0).await {
            Ok(target) => {
                for part in &target.parts {
                    reports.push(spinner.during(report(part, &requests)).await);
                }
            }
            Err(Failure::Provider(error, _)) => reports.push(not_set_up(name, &error)),
            Err(failure) => return Err(failure),
        }
    }
    spinner.stop();
    let text = if args.json {
        serde_json::to_string_pretty(&reports).map_err(|error| Failure::Other(error.to_string()))?
            + "\n"
    } else {
        reports.iter().map(table).collect::<Vec<_>>().join("\n")
    };
    let text = crate::terminal::without_controls(&text);
    io::stdout().write_all(text.as_bytes())?;
    io::stdout().flush()?;
    Ok(reports
        .iter()
        .map(|r| r.code)
        .find(|code| *code != 0)
        .unwrap_or(0))
}

/// The endpoints that are named, or what the flags say, or all endpoints.
fn targets(args: &CheckArgs, general: &General) -> Result<Vec<TargetArgs>, Failure> {
    let target = &args.target;
    let mut names = args.names.clone();
    names.extend(target.endpoint.iter().cloned());
    if names.is_empty() && target.provider.is_none() && target.base_url.is_none() {
        let config = Configuration::find(general)?.parse()?;
        names = config.endpoint_names().map(str::to_owned).collect();
    }
    if names.is_empty() {
        return Ok(vec![target.clone()]);
    }
    let one = |name| TargetArgs {
        endpoint: vec![name],
        ..target.clone()
    };
    Ok(names.into_iter().map(one).collect())
}

fn not_set_up(endpoint: String, error: &Error) -> Report {
    let mut report = Report {
        endpoint,
        provider: error.provider().unwrap_or_default().to_owned(),
        base_url: String::new(),
        ok: false,
        steps: Vec::new(),
        code: code_of(error),
    };
    report.steps.push(Step {
        step: "set up",
        ok: false,
        milliseconds: None,
        detail: error.to_string(),
        advice: Some("correct it in the configuration, see `chatwire config check`".into()),
    });
    report
}

async fn report(part: &Part, requests: &Requests) -> Report {
    let info = part.provider.info();
    let mut report = Report {
        endpoint: part.endpoint.name.clone(),
        provider: info.name.clone(),
        base_url: info.base_url.clone(),
        ok: false,
        steps: Vec::new(),
        code: 0,
    };
    report.ok = match steps(part, requests, &mut report).await {
        Ok(()) => true,
        Err(code) => {
            report.code = code;
            false
        }
    };
    report
}

impl Report {
    fn passed(&mut self, step: &'static str, since: Instant, detail: impl Into<String>) {
        self.steps.push(Step {
            step,
            ok: true,
            milliseconds: Some(milliseconds(since.elapsed())),
            detail: detail.into(),
            advice: None,
        });
    }

    fn skipped(&mut self, step: &'static str, why: &str) {
        self.steps.push(Step {
            step,
            ok: true,
            milliseconds: None,
            detail: why.to_owned(),
            advice: None,
        });
    }

    fn failed(
        &mut self,
        step: &'static str,
        since: Instant,
        detail: String,
        advice: impl Into<Option<String>>,
    ) {
        self.steps.push(Step {
            step,
            ok: false,
            milliseconds: Some(milliseconds(since.elapsed())),
            detail,
            advice: advice.into(),
        });
    }
}

async fn steps(part: &Part, requests: &Requests, report: &mut Report) -> Result<(), i32> {
    network(part, report).await?;
    let _ = requests.take();
    let request = ChatRequest::new(QUESTION);
    let start = Instant::now();
    let asking = timeout(
        part.timeout.unwrap_or(QUESTION_PATIENCE),
        part.provider.reply(&request),
    );
    let answer = asking.await.unwrap_or_else(|_| {
        let why = "no whole answer in time; --timeout allows more";
        Err(Error::new(ErrorKind::Timeout(TimeoutPhase::Total), why).into())
    });
    // The question is the last request; those before are for credentials.
    let mut sent = requests.take();
    let asked = sent.pop().filter(|(_, url)| is_question(url));
    match (&asked, sent.is_empty()) {
        (None, _) => {}
        (Some(_), true) => report.skipped("credentials", "none are needed"),
        (Some((when, _)), false) => report.steps.push(Step {
            step: "credentials",
            ok: true,
            milliseconds: Some(milliseconds(when.duration_since(start))),
            detail: format!("{} request(s)", sent.len()),
            advice: None,
        }),
    }
    let since = asked.as_ref().map_or(start, |(when, _)| *when);
    match answer {
        Ok(reply) => {
            let begin: String = reply.text.chars().take(40).collect();
            report.passed("question", since, format!("answered: {begin:?}"));
            Ok(())
        }
        Err(failed) => {
            let error = failed.error;
            let step = if asked.is_some() && error.kind() != ErrorKind::Credentials {
                "question"
            } else {
                "credentials"
            };
            if step == "credentials" {
                report.steps.retain(|done| done.step != step);
            }
            let advice = advice(part, &error);
            report.failed(step, since, error.to_string(), advice);
            Err(code_of(&error))
        }
    }
}

fn is_question(url: &str) -> bool {
    ["/ask", "/api/chat", "/chats/submit", "/index.php", "/"]
        .iter()
        .any(|end| url.ends_with(end))
}

/// Name, connection, TLS; with a proxy all three are its affair.
async fn network(part: &Part, report: &mut Report) -> Result<(), i32> {
    let base = part.endpoint.base_url.clone();
    let base = base.unwrap_or_else(|| part.provider.info().base_url.clone());
    let Ok(base) = BaseUrl::parse(&base) else {
        return Ok(());
    };
    let origin = base.origin();
    let (scheme, authority) = origin.split_once("://").unwrap_or(("http", &origin));
    let through_proxy =
        part.endpoint.http.has_proxy() || (part.mock.is_none() && environment_has_proxy());
    if through_proxy {
        report.skipped("name lookup", "through a proxy");
    } else if part.mock.is_none() {
        reach(scheme, authority, report).await?;
    }
    if scheme != "https" {
        report.skipped("TLS", "not used by http://");
        return Ok(());
    }
    let start = Instant::now();
    let front = match (
        HttpClient::new(part.kind.name, part.endpoint.http.clone()),
        base.join("/"),
    ) {
        (Ok(http), Ok(url)) => http.send(HttpRequest::get(url)).await,
        (Err(error), _) | (_, Err(error)) => Err(error),
    };
    match front {
        Err(error) if matches!(error.kind(), ErrorKind::Connect) => {
            let advice = "the server's certificate or its TLS is not accepted: check the name in \
                          the address, the certificate's date and who signed it";
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

async fn reach(scheme: &str, authority: &str, report: &mut Report) -> Result<(), i32> {
    let default = if scheme == "https" { ":443" } else { ":80" };
    let has_port = authority
        .rsplit_once(':')
        .is_some_and(|(_, port)| port.chars().all(|c| c.is_ascii_digit()));
    let address = format!("{authority}{}", if has_port { "" } else { default });
    let start = Instant::now();
    let found = match timeout(PATIENCE, lookup_host(&address)).await {
        Ok(Ok(found)) => found.collect(),
        Ok(Err(error)) => {
            report.failed(
                "name lookup",
                start,
                error.to_string(),
                lookup_advice(authority),
            );
            return Err(6);
        }
        Err(_) => Vec::new(),
    };
    let Some(first) = found.first() else {
        let why = "the name has no address".to_owned();
        report.failed("name lookup", start, why, lookup_advice(authority));
        return Err(6);
    };
    report.passed("name lookup", start, first.ip().to_string());
    let start = Instant::now();
    match timeout(PATIENCE, TcpStream::connect(found.as_slice())).await {
        Ok(Ok(stream)) => {
            let peer = stream.peer_addr().map(|peer| peer.to_string());
            report.passed("connect", start, peer.unwrap_or_default());
            Ok(())
        }
        Ok(Err(error)) => {
            let advice = format!(
                "nothing takes connections at {address}: is the server running, and is the port \
                 right?"
            );
            report.failed("connect", start, error.to_string(), advice);
            Err(6)
        }
        Err(_) => {
            let advice = format!("{address} does not answer: a firewall, or the wrong address?");
            let why = format!("no connection within {} s", PATIENCE.as_secs());
            report.failed("connect", start, why, advice);
            Err(6)
        }
    }
}

fn lookup_advice(authority: &str) -> String {
    format!("no name server knows {authority}: check the address for a slip, and the network")
}

fn environment_has_proxy() -> bool {
    ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"]
        .iter()
        .any(|name| {
            [(*name).to_owned(), name.to_lowercase()]
                .iter()
                .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
        })
}

fn advice(part: &Part, error: &Error) -> Option<String> {
    let advice = match error.kind() {
        ErrorKind::Credentials => match part.kind.name {
            "chatgpt4online" => {
                "the site gives guests no access: is its chatbot public, and the address that of \
                 the site itself? nonce_page names a page with the chatbot"
            }
            "aura" => "the server wants a key or a session: set the option key, or a Cookie header",
            _ => "the secrets are not where they are looked for: is this a MagickPen server?",
        },
        ErrorKind::Blocked => {
            "a page for people instead of an answer: a login, a firewall, or another kind of \
             server; a Cookie header can carry a session"
        }
        ErrorKind::RateLimited => "wait, or ask less often",
        ErrorKind::Status if error.status() == Some(404) => {
            "the server has no such address: is it another kind of server, or in a sub-directory?"
        }
        ErrorKind::Timeout(_) => "the server takes too long: its model may be down",
        ErrorKind::Connect => "the server closed the connection: see its log",
        ErrorKind::Protocol => "the server speaks another protocol: is the provider the right one?",
        ErrorKind::Truncated | ErrorKind::Interrupted => "the server broke off: see its log",
        _ => return None,
    };
    Some(advice.to_owned())
}

fn milliseconds(time: Duration) -> f64 {
    // Tenths are as fine as it is worth knowing.
    (time.as_secs_f64() * 10_000.0).round() / 10.0
}

fn table(report: &Report) -> String {
    let mut text = format!(
        "{} ({}, {})\n",
        report.endpoint, report.provider, report.base_url
    );
    for step in &report.steps {
        let sign = if step.ok { "ok" } else { "FAILED" };
        let time = step
            .milliseconds
            .map_or(String::new(), |ms| format!("{ms:.1} ms"));
        text.push_str(&format!(
            "  {:<12} {sign:<7} {time:>10}  {}\n",
            step.step, step.detail
        ));
        if let Some(advice) = &step.advice {
            text.push_str(&format!("  {:<32}  {advice}\n", "what to do:"));
        }
    }
    text
}
