//! The gateway under load, beside a bare proxy that does the least such a
//! server can do: axum in front, reqwest behind, every event decoded and
//! encoded anew.
//!
//! ```sh
//! cargo bench -p chatwire-gateway --bench load
//! ```
//!
//! Backend, proxy and gateway are processes of their own, so that each one's
//! processor time and memory can be read (from `/proc`: Linux only). All
//! figures depend on the machine; the ratios should not.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a benchmark stops at the first surprise"
)]

mod backend;
mod client;
mod dialect;
mod gateway;
mod process;
mod proxy;

use std::time::{Duration, Instant};

use client::Load;
use dialect::{CHAT, Dialect};
use process::Process;

/// The variable that says which of the processes this one is.
const ROLE: &str = "CHATWIRE_BENCH_ROLE";
/// The variable with the address of the backend.
const BACKEND: &str = "CHATWIRE_BENCH_BACKEND";

fn main() {
    match std::env::var(ROLE).as_deref() {
        Ok("backend") => return backend::run(),
        Ok("proxy") => return proxy::run(),
        Ok("gateway") => return gateway::run(),
        _ => {}
    }
    // Without this argument it is a test run, which has nothing to test.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    if !cfg!(target_os = "linux") {
        println!("processor time and memory are read from /proc, which is not here");
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(drive());
}

/// A figure of the proxy and of the gateway, and what is asked of them.
fn row(name: &str, unit: &str, proxy: f64, gateway: f64, wanted: &str, met: bool) {
    let mark = if met { "met" } else { "NOT met" };
    println!(
        "{name:<40} {proxy:>9.2} {gateway:>9.2} {unit:<4} {:>6.2}×  {wanted}: {mark}",
        gateway / proxy
    );
}

fn single(name: &str, unit: &str, value: f64, wanted: &str, met: bool) {
    let mark = if met { "met" } else { "NOT met" };
    println!(
        "{name:<40} {:>9} {value:>9.2} {unit:<4} {:>7}  {wanted}: {mark}",
        "", ""
    );
}

async fn drive() {
    let backend = Process::start("backend", None).await;
    println!(
        "{:<40} {:>9} {:>9} {:<4} {:>7}",
        "", "proxy", "gateway", "", "ratio"
    );
    start(&backend).await;
    first_token(&backend).await;
    for streams in [1, 50, 500] {
        processor_time(&backend, streams).await;
    }
    delivery(&backend).await;
    for dialect in dialect::ALL {
        in_dialect(&backend, dialect).await;
    }
}

/// From the start of the process to its first answer.
async fn start(backend: &Process) {
    let mut times = Vec::new();
    for _ in 0..5 {
        let began = Instant::now();
        let gateway = Process::start("gateway", Some(backend)).await;
        client::get(gateway.address, "/healthz").await;
        times.push(began.elapsed().as_secs_f64() * 1000.0);
    }
    let time = median(&mut times);
    single("start", "ms", time, "at most 500 ms", time <= 500.0);
}

/// From the question to the first text, one question at a time, in turns.
async fn first_token(backend: &Process) {
    let proxy = Process::start("proxy", Some(backend)).await;
    let gateway = Process::start("gateway", Some(backend)).await;
    let mut times = [Vec::new(), Vec::new()];
    for round in 0..420 {
        for (process, times) in [&proxy, &gateway].into_iter().zip(&mut times) {
            let time = client::first_token(process.address, CHAT).await;
            // The first questions set up connections.
            if round >= 20 {
                times.push(time.as_secs_f64() * 1000.0);
            }
        }
    }
    for (name, at) in [("half", 0.5), ("99 of 100", 0.99)] {
        let [proxy, gateway] = [0, 1].map(|index| quantile(&mut times[index], at));
        let met = gateway - proxy <= 1.0;
        let name = format!("first token, {name} within");
        row(&name, "ms", proxy, gateway, "at most 1 ms more", met);
    }
}

/// Processor time for a question, and for a piece of text. The second is what
/// long answers cost beyond short ones.
async fn processor_time(backend: &Process, streams: usize) {
    // As many pieces a second as a machine with little to spare can make.
    let (rounds, pieces, pause) = match streams {
        1 => (1500, 3000, Duration::from_micros(1000)),
        50 => (60, 400, Duration::from_millis(10)),
        _ => (6, 120, Duration::from_millis(50)),
    };
    let mut per_request = [Vec::new(), Vec::new()];
    let mut per_token = [Vec::new(), Vec::new()];
    for _ in 0..3 {
        for (index, role) in ["proxy", "gateway"].into_iter().enumerate() {
            let process = Process::start(role, Some(backend)).await;
            let short = Load {
                streams,
                rounds,
                pieces: 1,
                pause: Duration::ZERO,
            };
            // Connections and threads are there before it counts.
            client::load(process.address, CHAT, Load { rounds: 1, ..short }).await;
            let before = process.cpu();
            client::load(process.address, CHAT, short).await;
            let request = (process.cpu() - before).as_secs_f64() / (streams * rounds) as f64;
            per_request[index].push(request * 1e6);
            let before = process.cpu();
            let long = Load {
                streams,
                rounds: 1,
                pieces,
                pause,
            };
            client::load(process.address, CHAT, long).await;
            let all = (process.cpu() - before).as_secs_f64();
            let token = (all - request * streams as f64) / (streams * pieces) as f64;
            per_token[index].push(token * 1e6);
        }
    }
    for (what, times) in [("request", &mut per_request), ("token", &mut per_token)] {
        let [proxy, gateway] = [0, 1].map(|index| median(&mut times[index]));
        let name = format!("processor per {what}, {streams} streams");
        row(
            &name,
            "µs",
            proxy,
            gateway,
            "at most 2×",
            gateway <= 2.0 * proxy,
        );
    }
}

/// 500 streams of 20 tokens a second.
async fn delivery(backend: &Process) {
    let (streams, pieces, pause) = (500, 200, Duration::from_millis(50));
    let mut delivered = [0.0, 0.0];
    let mut memory = [0.0, 0.0];
    for (index, role) in ["proxy", "gateway"].into_iter().enumerate() {
        let process = Process::start(role, Some(backend)).await;
        let load = Load {
            streams,
            rounds: 1,
            pieces,
            pause,
        };
        let report = client::load(process.address, CHAT, load).await;
        // What had come when the last piece was due, a quarter of a second
        // granted for the way.
        let due = pause * u32::try_from(pieces).unwrap() + Duration::from_millis(250);
        delivered[index] = 100.0 * report.share_within(due);
        memory[index] = process.peak_memory();
    }
    let name = "500 streams at 20/s delivered";
    row(
        name,
        "%",
        delivered[0],
        delivered[1],
        "at least 98 %",
        delivered[1] >= 98.0,
    );
    let name = "memory, 500 streams";
    row(
        name,
        "MB",
        memory[0],
        memory[1],
        "at most 64 MB",
        memory[1] <= 64.0,
    );
}

/// The gateway in another dialect, beside the proxy, which has only one.
async fn in_dialect(backend: &Process, dialect: Dialect) {
    let name = dialect.name;
    let (streams, pieces, pause) = (500, 120, Duration::from_millis(50));
    let mut first = [Vec::new(), Vec::new()];
    let mut per_token = [Vec::new(), Vec::new()];
    let mut memory = [0.0, 0.0];
    for round in 0..3 {
        for (index, (role, dialect)) in [("proxy", CHAT), ("gateway", dialect)]
            .into_iter()
            .enumerate()
        {
            let process = Process::start(role, Some(backend)).await;
            let short = Load {
                streams,
                rounds: 1,
                pieces: 1,
                pause: Duration::ZERO,
            };
            client::load(process.address, dialect, short).await;
            let before = process.cpu();
            client::load(process.address, dialect, Load { rounds: 6, ..short }).await;
            let request = (process.cpu() - before).as_secs_f64() / (streams * 6) as f64;
            let long = Load {
                pieces,
                pause,
                ..short
            };
            let before = process.cpu();
            client::load(process.address, dialect, long).await;
            let all = (process.cpu() - before).as_secs_f64();
            let token = (all - request * streams as f64) / (streams * pieces) as f64;
            per_token[index].push(token * 1e6);
            memory[index] = f64::max(memory[index], process.peak_memory());
            if round == 0 {
                for _ in 0..200 {
                    let time = client::first_token(process.address, dialect).await;
                    first[index].push(time.as_secs_f64() * 1000.0);
                }
            }
        }
    }
    let [proxy, gateway] = [0, 1].map(|index| median(&mut per_token[index]));
    row(
        &format!("{name}: processor per token, 500 streams"),
        "µs",
        proxy,
        gateway,
        "at most 1.3×",
        gateway <= 1.3 * proxy,
    );
    let [proxy, gateway] = [0, 1].map(|index| median(&mut first[index]));
    row(
        &format!("{name}: first token"),
        "ms",
        proxy,
        gateway,
        "at most 1 ms more",
        gateway - proxy <= 1.0,
    );
    row(
        &format!("{name}: memory, 500 streams"),
        "MB",
        memory[0],
        memory[1],
        "at most 64 MB",
        memory[1] <= 64.0,
    );
}

fn median(values: &mut [f64]) -> f64 {
    quantile(values, 0.5)
}

fn quantile(values: &mut [f64], at: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    values[((values.len() - 1) as f64 * at).round() as usize]
}
