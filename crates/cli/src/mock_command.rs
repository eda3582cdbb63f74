//! `chatwire mock`: mock servers for other clients.

use std::io::{self, Write as _};
use std::net::SocketAddr;

use chatwire_mock::{AiEngineMock, AuraMock, MagickPenMock};

use crate::args::MockArgs;
use crate::exit::{Failure, say};
use crate::mock::Mock;
use crate::mock_script::Script;
use crate::runtime;

/// Runs them until they are stopped, and returns the exit code.
pub(crate) fn run(args: &MockArgs) -> i32 {
    // To be stopped is how it is meant to end.
    match runtime::run(runtime::until_ctrl_c(serve(args))) {
        130 => 0,
        code => code,
    }
}

async fn serve(args: &MockArgs) -> Result<(), Failure> {
    let script = match &args.script {
        Some(file) => Script::read(file)?,
        None => Script::default(),
    };
    let asked = [
        ("magickpen", args.magickpen),
        ("chatgpt4online", args.chatgpt4online),
        ("aura", args.aura),
    ];
    let all = asked.iter().all(|(_, address)| address.is_none());
    let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
    let mut mocks = Vec::new();
    for (name, address) in asked {
        let Some(address) = address.or(all.then_some(anywhere)) else {
            continue;
        };
        let mock = start(name, address).await?;
        prepare(name, &mock, &script);
        writeln!(io::stdout(), "{name} {}", mock.url())?;
        mocks.push(mock);
    }
    io::stdout().flush()?;
    say("Ctrl-C stops the mock servers");
    std::future::pending().await
}

async fn start(name: &str, address: SocketAddr) -> Result<Mock, Failure> {
    let started = match name {
        "aura" => AuraMock::builder()
            .addr(address)
            .start()
            .await
            .map(Mock::Aura),
        "chatgpt4online" => {
            let site = AiEngineMock::builder().addr(address);
            site.start().await.map(Mock::AiEngine)
        }
        _ => {
            let site = MagickPenMock::builder().addr(address);
            site.start().await.map(Mock::MagickPen)
        }
    };
    started.map_err(|error| Failure::Usage(format!("cannot listen on {address}: {error}")))
}

fn prepare(name: &'static str, mock: &Mock, script: &Script) {
    let server = mock.server();
    if let Some(delay) = script.delay() {
        server.delay_between(delay);
    }
    for scripted in &script.answers {
        if scripted
            .provider
            .as_deref()
            .is_some_and(|only| only != name)
        {
            continue;
        }
        let answer = scripted.answer(name, script.delay());
        if scripted.repeat {
            server.answer_always(answer);
        } else {
            server.answer(answer);
        }
    }
    // Seen by every request first, and answers none.
    server.answer_with(move |request| {
        say(&format!("{name} {} {}", request.method, request.target));
        None
    });
}
