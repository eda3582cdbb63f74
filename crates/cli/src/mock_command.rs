//! `chatwire mock`: mock servers for other clients.

use std::io::{self, Write as _};
use std::net::SocketAddr;

use chatwire_mock::AnyMock;

use crate::args::MockArgs;
use crate::exit::{Failure, say};
use crate::mock_script::Script;
use crate::runtime;

/// Runs them until they are stopped, and returns the exit code.
pub(crate) fn run(args: &MockArgs) -> i32 {
    // To be stopped is how it is meant to end.
    match runtime::run(runtime::until_signal(serve(args))) {
        129 | 130 | 143 => 0,
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
        let mock = AnyMock::bind(name, address)
            .await
            .map_err(|error| Failure::Usage(format!("cannot listen on {address}: {error}")))?;
        prepare(&mock, &script);
        writeln!(io::stdout(), "{name} {}", mock.base_url())?;
        mocks.push(mock);
    }
    io::stdout().flush()?;
    say("Ctrl-C stops the mock servers");
    std::future::pending().await
}

fn prepare(mock: &AnyMock, script: &Script) {
    let name = mock.provider();
    if let Some(delay) = script.delay() {
        mock.delay_between(delay);
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
            mock.answer_always(answer);
        } else {
            mock.answer(answer);
        }
    }
    // Seen by every request first, and answers none.
    mock.answer_with(move |request| {
        say(&format!("{name} {} {}", request.method, request.target));
        None
    });
}
