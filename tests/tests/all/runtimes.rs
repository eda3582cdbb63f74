//! One provider used from several tokio runtimes: a connection is driven by the
//! runtime that opened it, and must not be used where that one does not run.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use chatwire::{ChatRequest, HttpConfig, Provider, ProviderExt as _, ProviderOptions, provider};
use chatwire_mock::AnyMock;
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(20);

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn ask(runtime: &Runtime, provider: &dyn Provider) {
    let request = ChatRequest::new("Hi");
    let reply = runtime.block_on(async { timeout(PATIENCE, provider.reply(&request)).await });
    assert!(!reply.expect("no hang").unwrap().text.is_empty());
}

#[test]
fn every_runtime_gets_answers() {
    for name in ["aura", "chatgpt4online", "magickpen", "ai-sdk"] {
        let servers = Builder::new_multi_thread().enable_all().build().unwrap();
        let mock = servers.block_on(AnyMock::by_name(name)).unwrap();
        let options = ProviderOptions::new()
            .with_base_url(mock.base_url())
            .with_http(HttpConfig::new().without_proxy());
        // Made outside of any runtime.
        let provider: Arc<dyn Provider> = provider(name, options).unwrap();

        // In turns: each stands still while the others run.
        let runtimes = [runtime(), runtime(), runtime()];
        for _ in 0..3 {
            for runtime in &runtimes {
                ask(runtime, &*provider);
            }
        }
        // Each gone after its question.
        for _ in 0..20 {
            ask(&runtime(), &*provider);
        }
        ask(&runtimes[0], &*provider);
        // At the same time.
        let threads: Vec<_> = (0..8)
            .map(|_| {
                let provider = provider.clone();
                thread::spawn(move || {
                    let runtime = runtime();
                    for _ in 0..5 {
                        ask(&runtime, &*provider);
                    }
                })
            })
            .collect();
        for thread in threads {
            thread.join().unwrap();
        }
    }
}
