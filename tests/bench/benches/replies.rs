//! Whole replies over loopback against the fast server: CPU time of this
//! process, in the kernel too, medians of paired runs.
//!
//! `cargo bench --bench replies`, with the names of parts to run only those:
//! `cargo bench --bench replies -- cpu first peers memory streams requests`.

use std::fmt;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_openai::config::OpenAIConfig;
use async_openai::types::chat::{
    ChatCompletionRequestUserMessageArgs, CreateChatCompletionRequestArgs,
};
use chatwire::ai_sdk::AiSdk;
use chatwire::aura::Aura;
use chatwire::chatgpt4online::Chatgpt4Online;
use chatwire::magickpen::MagickPen;
use chatwire::{ChatRequest, Provider, ReplyEvent, ReplyStream};
use chatwire_benches::{
    Clock, FastServer, Verdict, live_event, median, openai_event, paired, ratios, spread,
};
use cpu_time::ProcessTime;
use futures::StreamExt as _;
use futures::future::join_all;
use genai::chat::{ChatMessage, ChatStreamEvent};
use genai::resolver::{AuthData, Endpoint};
use genai::{ModelIden, ServiceTarget};
use tokio::runtime::Runtime;

const SERVER: &str = env!("CARGO_BIN_EXE_fast-server");

/// The protocols, and where their questions go.
const PROTOCOLS: [(&str, &str); 4] = [
    ("aura", "/api/chat"),
    ("magickpen", "/ask"),
    ("chatgpt4online", "/wp-json/mwai-ui/v1/chats/submit"),
    ("ai-sdk", "/ui/api/chat"),
];

fn main() {
    // Fails only when there is one already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["child", "memory", who, base] => child_memory(who, base),
        ["child", "streams", who, base, count] => child_streams(who, base, count.parse().unwrap()),
        ["profile", who] => profile(who),
        _ => {
            let server = FastServer::start(SERVER).unwrap();
            let parts: [(&str, Part); 6] = [
                ("cpu", cpu),
                ("first", first_text),
                ("peers", peers),
                ("memory", memory),
                ("streams", streams),
                ("requests", requests),
            ];
            let asked = |part| arguments.contains(&part);
            let all = !parts.iter().any(|(name, _)| asked(name));
            for (name, run) in parts {
                if all || asked(name) {
                    run(&server);
                }
            }
        }
    }
}

/// A part of the table.
type Part = fn(&FastServer);

/// One reply over and over, for a profiler.
fn profile(who: &str) {
    let server = FastServer::start(SERVER).unwrap();
    let runtime = runtime();
    let client = Client::new(who, &server.base(10_000, 3, 0));
    for _ in 0..300 {
        runtime.block_on(client.read());
    }
}

fn cpu(server: &FastServer) {
    Verdict::head("CPU of a whole reply of 10,000 tokens");
    let runtime = runtime();
    let base = server.base(10_000, 3, 0);
    for place in [Place::Main, Place::Task] {
        for (provider, path) in PROTOCOLS {
            let ours = Arc::new(Client::new(provider, &base));
            let raw = Arc::new(Client::raw(&format!("{base}{path}")));
            let times = paired(
                Clock::Process,
                101,
                &mut [
                    &mut || assert_eq!(place.read(&runtime, &ours).bytes, 30_000),
                    &mut || assert!(place.read(&runtime, &raw).bytes >= 30_000),
                ],
            );
            let target = match provider {
                "chatgpt4online" | "ai-sdk" => 1.6,
                _ => 1.25,
            };
            let ratios = ratios(&times[0], &times[1]);
            let each = |times| middle(times) / 10_000.0 * 1e9;
            Verdict::AtMost(target).row(
                &format!("{provider}, {place}: CPU of raw reqwest"),
                median(&ratios),
                "×",
                &format!(
                    "{}; {:.0} ns a token, raw {:.0}",
                    spread(&ratios),
                    each(&times[0]),
                    each(&times[1])
                ),
            );
        }
    }
}

fn first_text(server: &FastServer) {
    Verdict::head("Time to the first text, on a connection that is there");
    let runtime = runtime();
    let base = server.base(3, 3, 1);
    for (provider, path) in PROTOCOLS {
        let ours = Client::new(provider, &base);
        let raw = Client::raw(&format!("{base}{path}"));
        let mut later = Vec::new();
        for round in 0..300 {
            let mut times = [Duration::ZERO; 2];
            for turn in 0..2 {
                let which = (round + turn) % 2;
                let client = [&ours, &raw][which];
                times[which] = runtime.block_on(client.read()).first;
            }
            if round > 0 {
                later.push((times[0].as_secs_f64() - times[1].as_secs_f64()) * 1e3);
            }
        }
        Verdict::AtMost(0.2).row(
            &format!("{provider}, later than raw reqwest"),
            median(&later),
            " ms",
            &spread(&later),
        );
    }
}

fn peers(server: &FastServer) {
    const EVENTS: usize = 170_000;
    Verdict::head("170,000 events, events in a CPU second");
    let runtime = runtime();
    let padding = openai_event("tok").len() - live_event("").len();
    let cases = [
        ("events of one size, each an HTTP chunk", padding, 1),
        ("the same text, each an HTTP chunk", 3, 1),
        ("events of one size, 50 in an HTTP chunk", padding, 50),
        ("the same text, 50 in an HTTP chunk", 3, 50),
    ];
    for place in [Place::Main, Place::Task] {
        for (case, length, packed) in cases {
            let base = server.packed(EVENTS, 3, packed);
            let own = server.packed(EVENTS, length, packed);
            let ours = Arc::new(Client::new("chatgpt4online", &own));
            let raw = Arc::new(Client::raw(&format!("{own}{}", PROTOCOLS[2].1)));
            let openai = Arc::new(Client::async_openai(&base));
            let genai = Arc::new(Client::genai(&base));
            let read = |client| place.read(&runtime, client).texts;
            let times = paired(
                Clock::Process,
                9,
                &mut [
                    &mut || assert_eq!(read(&ours), EVENTS),
                    &mut || assert_eq!(read(&openai), EVENTS),
                    &mut || assert_eq!(read(&genai), EVENTS),
                    &mut || assert!(read(&raw) > 0),
                ],
            );
            let rate = |times: &[Duration]| EVENTS as f64 / middle(times);
            for (peer, theirs) in [("async-openai", &times[1]), ("genai", &times[2])] {
                let ratios = ratios(theirs, &times[0]);
                Verdict::AtLeast(3.0).row(
                    &format!("{case}, {place}: as many as {peer}"),
                    median(&ratios),
                    "×",
                    &format!(
                        "{}; {:.0} against {:.0} a CPU second, raw {:.0}",
                        spread(&ratios),
                        rate(&times[0]),
                        rate(theirs),
                        rate(&times[3])
                    ),
                );
            }
        }
    }
}

fn memory(server: &FastServer) {
    Verdict::head("Peak memory of a reply of 10 MiB that is only streamed");
    let base = server.base(65_536, 160, 0);
    for (provider, path) in PROTOCOLS {
        let raw = format!("{base}{path}");
        let more: Vec<f64> = (0..7)
            .map(|_| {
                let ours = child(&["memory", provider, &base])[0];
                let theirs = child(&["memory", "raw", &raw])[0];
                (ours - theirs) / 1024.0
            })
            .collect();
        Verdict::AtMost(1.0).row(
            &format!("{provider}, more than raw reqwest"),
            median(&more),
            " MiB",
            &spread(&more),
        );
    }
}

fn child_memory(who: &str, base: &str) {
    let client = Client::new(who, base);
    assert!(runtime().block_on(client.read()).bytes >= 10 * 1024 * 1024);
    println!("{}", process_memory("VmHWM:"));
}

fn streams(server: &FastServer) {
    Verdict::head("Many streams at once on one client, 1,000 tokens each");
    let base = server.base(1_000, 3, 0);
    for (provider, path) in PROTOCOLS {
        let raw = format!("{base}{path}");
        let mut first = None;
        for count in ["1", "10", "100", "1000"] {
            let runs: Vec<[Vec<f64>; 2]> = (0..3)
                .map(|_| {
                    [
                        child(&["streams", provider, &base, count]),
                        child(&["streams", "raw", &raw, count]),
                    ]
                })
                .collect();
            let figure = |who: usize, which: usize| {
                median(&runs.iter().map(|run| run[who][which]).collect::<Vec<_>>())
            };
            let growth = figure(0, 0) / *first.get_or_insert(figure(0, 0));
            Verdict::AtMost(1.5).row(
                &format!("{provider}, {count} at once, CPU a token of one at once"),
                growth,
                "×",
                &format!(
                    "{:.0} ns a token, raw {:.0}; {:.1} KiB a stream, raw {:.1}",
                    figure(0, 0),
                    figure(1, 0),
                    figure(0, 1),
                    figure(1, 1)
                ),
            );
        }
    }
}

/// A thousand replies, so many at once. Says the CPU time of a token, and the
/// memory of a stream that has begun.
fn child_streams(who: &str, base: &str, count: usize) {
    let runtime = runtime();
    let client = Client::new(who, base);
    let once = || runtime.block_on(join_all((0..count).map(|_| client.read())));
    let started = runtime.block_on(async {
        // Credentials are not what a stream costs.
        client.read().await;
        let before = process_memory("VmRSS:");
        let streams = join_all((0..count).map(|_| client.begin())).await;
        let more = process_memory("VmRSS:") - before;
        for stream in streams {
            stream.finish().await;
        }
        more / count as f64
    });
    once();
    let start = ProcessTime::now();
    let mut tokens = 0;
    for _ in 0..1000 / count {
        tokens += once().len() * 1000;
    }
    let each = start.elapsed().as_secs_f64() * 1e9 / tokens as f64;
    println!("{each} {started}");
}

fn requests(server: &FastServer) {
    Verdict::head("What ten further replies cost on the wire");
    let runtime = runtime();
    let base = server.base(10, 3, 0);
    let counts = || -> Vec<f64> {
        let url = server.counts();
        let text = runtime.block_on(async { reqwest::get(url).await.unwrap().text().await });
        text.unwrap()
            .split(' ')
            .map(|n| n.parse().unwrap())
            .collect()
    };
    for (provider, _) in PROTOCOLS {
        let client = Client::new(provider, &base);
        runtime.block_on(client.read());
        let before = counts();
        for _ in 0..10 {
            runtime.block_on(client.read());
        }
        let after = counts();
        // The count of the counting itself is a connection too.
        let connections = after[0] - before[0] - 1.0;
        Verdict::AtMost(1.0).row(
            &format!("{provider}, requests a reply"),
            (after[1] - before[1]) / 10.0,
            "",
            &format!("{connections} new connections"),
        );
    }
}

/// Where a reply is read.
#[derive(Clone, Copy)]
enum Place {
    /// In the future that the runtime was started with, as in `main`. Between
    /// two pieces the runtime then looks for events of the system each time.
    Main,
    /// In a task of its own, as a server does it.
    Task,
}

impl Place {
    fn read(self, runtime: &Runtime, client: &Arc<Client>) -> Count {
        match self {
            Place::Main => runtime.block_on(client.read()),
            Place::Task => {
                let client = client.clone();
                let task = runtime.spawn(async move { client.read().await });
                runtime.block_on(task).unwrap()
            }
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Place::Main => "in main",
            Place::Task => "in a task",
        })
    }
}

/// Someone who asks and reads the whole answer.
enum Client {
    Ours(Box<dyn Provider>),
    Raw(reqwest::Client, String),
    AsyncOpenai(Box<async_openai::Client<OpenAIConfig>>),
    Genai(Box<genai::Client>),
}

/// What a reply was.
struct Count {
    texts: usize,
    bytes: usize,
    /// From the question to the first text.
    first: Duration,
}

/// A reply that has begun.
enum Begun {
    Ours(Box<ReplyStream>),
    Raw(reqwest::Response),
}

impl Client {
    fn new(who: &str, base: &str) -> Client {
        Client::Ours(match who {
            // Named, so that the server is not asked for its models.
            "aura" => {
                let aura = Aura::builder().base_url(base).model("openchat_3.6");
                Box::new(aura.build().unwrap())
            }
            "magickpen" => Box::new(MagickPen::builder().base_url(base).build().unwrap()),
            "chatgpt4online" => Box::new(Chatgpt4Online::builder().base_url(base).build().unwrap()),
            "ai-sdk" => {
                let base = format!("{base}/ui");
                Box::new(AiSdk::builder().base_url(base).build().unwrap())
            }
            "raw" => return Client::raw(base),
            who => panic!("nobody is called {who}"),
        })
    }

    fn raw(url: &str) -> Client {
        let client = reqwest::Client::builder()
            .tcp_nodelay(true)
            .build()
            .unwrap();
        Client::Raw(client, url.to_owned())
    }

    fn async_openai(base: &str) -> Client {
        let config = OpenAIConfig::new()
            .with_api_base(format!("{base}/v1"))
            .with_api_key("key");
        Client::AsyncOpenai(Box::new(async_openai::Client::with_config(config)))
    }

    fn genai(base: &str) -> Client {
        let endpoint = format!("{base}/v1/");
        let client = genai::Client::builder()
            .with_service_target_resolver_fn(move |target: ServiceTarget| {
                Ok(ServiceTarget {
                    endpoint: Endpoint::from_owned(endpoint.clone()),
                    auth: AuthData::from_single("key"),
                    model: ModelIden::new(
                        genai::adapter::AdapterKind::OpenAI,
                        target.model.model_name,
                    ),
                })
            })
            .build()
            .unwrap();
        Client::Genai(Box::new(client))
    }

    async fn begin(&self) -> Begun {
        match self {
            Client::Ours(provider) => Begun::Ours(Box::new(
                provider.stream(&ChatRequest::new("Hello")).await.unwrap(),
            )),
            Client::Raw(client, url) => Begun::Raw(ask(client, url).await),
            _ => unreachable!("only measured as a whole"),
        }
    }

    async fn read(&self) -> Count {
        let start = Instant::now();
        let mut count = Count {
            texts: 0,
            bytes: 0,
            first: Duration::ZERO,
        };
        let mut add = |text: &[u8]| {
            if count.texts == 0 {
                count.first = start.elapsed();
            }
            count.texts += 1;
            count.bytes += text.len();
        };
        match self {
            Client::Ours(provider) => {
                let mut reply = provider.stream(&ChatRequest::new("Hello")).await.unwrap();
                while let Some(event) = reply.next().await {
                    if let ReplyEvent::Text(text) = event.unwrap() {
                        add(text.as_bytes());
                    }
                }
            }
            Client::Raw(client, url) => {
                let mut response = ask(client, url).await;
                while let Some(chunk) = response.chunk().await.unwrap() {
                    add(&chunk);
                }
            }
            Client::AsyncOpenai(client) => {
                let message = ChatCompletionRequestUserMessageArgs::default()
                    .content("Hello")
                    .build()
                    .unwrap();
                let request = CreateChatCompletionRequestArgs::default()
                    .model("gpt-4o-mini")
                    .messages([message.into()])
                    .build()
                    .unwrap();
                let mut stream = client.chat().create_stream(request).await.unwrap();
                while let Some(event) = stream.next().await {
                    for choice in event.unwrap().choices {
                        if let Some(text) = choice.delta.content {
                            add(text.as_bytes());
                        }
                    }
                }
            }
            Client::Genai(client) => {
                let request = genai::chat::ChatRequest::new(vec![ChatMessage::user("Hello")]);
                let response = client.exec_chat_stream("gpt-4o-mini", request, None).await;
                let mut stream = response.unwrap().stream;
                while let Some(event) = stream.next().await {
                    if let ChatStreamEvent::Chunk(chunk) = event.unwrap() {
                        add(chunk.content.as_bytes());
                    }
                }
            }
        }
        count
    }
}

impl Begun {
    async fn finish(self) {
        match self {
            Begun::Ours(mut reply) => while reply.next().await.is_some() {},
            Begun::Raw(mut response) => while response.chunk().await.unwrap().is_some() {},
        }
    }
}

async fn ask(client: &reqwest::Client, url: &str) -> reqwest::Response {
    let body = r#"{"messages":[{"role":"user","content":"Hello"}],"stream":true}"#;
    let request = client
        .post(url)
        .header("content-type", "application/json")
        .body(body);
    request.send().await.unwrap()
}

/// One thread for all: nothing runs beside it that is not counted.
fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

/// What this program says when it is run again for that alone.
fn child(arguments: &[&str]) -> Vec<f64> {
    let program = std::env::current_exe().unwrap();
    let output = Command::new(program)
        .arg("child")
        .args(arguments)
        .output()
        .unwrap();
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    let output = String::from_utf8(output.stdout).unwrap();
    output
        .split_whitespace()
        .map(|number| number.parse().unwrap())
        .collect()
}

/// A line of what Linux says about the memory of this process, in KiB.
fn process_memory(name: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.unwrap().parse().unwrap()
}

fn middle(times: &[Duration]) -> f64 {
    median(&times.iter().map(Duration::as_secs_f64).collect::<Vec<_>>())
}
