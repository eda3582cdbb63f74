//! `chatwire serve`: the gateway.

mod args;
mod host_name;
mod source;

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::process::ExitCode;

use chatwire_config::GatewayHandle;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

pub(crate) use self::args::ServeArgs;
use self::source::{Served, Source};
use crate::args::{General, LogFormat};
use crate::failure::Failure;
use crate::log;
use crate::runtime;
use crate::signals::{Listener, Signal};
use crate::terminal::say;

/// Serves until a signal stops it.
pub(crate) fn run(args: &ServeArgs, general: &General) -> Result<ExitCode, Failure> {
    log::start(&args.log);
    runtime::run_on_all_cores(serve(args, general))
}

async fn serve(args: &ServeArgs, general: &General) -> Result<ExitCode, Failure> {
    let source = Source::open(args, general).await?;
    let Served {
        gateway,
        listen,
        file,
    } = source.gateway(args, general)?;
    if args.check {
        let place = file.map_or("the arguments".to_owned(), |file| {
            file.path.display().to_string()
        });
        say(&format!("{place}: no mistakes"));
        return Ok(ExitCode::SUCCESS);
    }
    let cannot_hear = |error| Failure::Other(format!("cannot listen for signals: {error}"));
    let mut signals = Listener::new().map_err(cannot_hear)?;
    let listener = TcpListener::bind(listen)
        .await
        .map_err(|error| cannot_listen(listen, &error))?;
    let bound = listener
        .local_addr()
        .map_err(|error| cannot_listen(listen, &error))?;
    let handle = gateway.handle();
    let (stop, stopped) = oneshot::channel::<()>();
    let mut stop = Some(stop);
    let mut serving = pin!(gateway.serve(listener, async {
        let _ = stopped.await;
    }));
    if args.mock {
        tell(
            args,
            "the answers come from mocks inside this program, not from a model",
        );
    }
    tell(
        args,
        &format!("serving the OpenAI API on http://{bound}/v1"),
    );
    loop {
        let signal = tokio::select! {
            biased;
            served = &mut serving => {
                served.map_err(|error| cannot_listen(bound, &error))?;
                return Ok(ExitCode::SUCCESS);
            }
            signal = signals.next() => signal,
        };
        if signal == Signal::Hangup && !signals.terminal_is_gone() {
            reload(&source, args, general, &handle, listen);
        } else if let Some(stop) = stop.take() {
            let _ = stop.send(());
            let name = signal.name();
            tell(
                args,
                &format!("{name}: running replies may finish; send it again to end at once"),
            );
        } else {
            return Err(Failure::Cancelled(signal));
        }
    }
}

/// Serves the configuration as it is now, unless something is wrong with it.
fn reload(
    source: &Source,
    args: &ServeArgs,
    general: &General,
    handle: &GatewayHandle,
    listen: SocketAddr,
) {
    if !source.is_file() {
        tell(args, "SIGHUP: there is no configuration to read again");
        return;
    }
    let replaced = source.gateway(args, general).and_then(|served| {
        handle.replace(served.gateway)?;
        Ok(served.listen)
    });
    match replaced {
        Ok(now) if now == listen => tell(args, "SIGHUP: the configuration was read again"),
        Ok(_) => tell(
            args,
            "SIGHUP: the configuration was read again; another address to listen on needs a \
             restart",
        ),
        Err(failure) => {
            tracing::error!("SIGHUP: the new configuration is not used, the old one stays");
            let _ = failure.report();
        }
    }
}

/// Says what is no failure: as a line of the log, where a program reads it.
fn tell(args: &ServeArgs, message: &str) {
    match (args.log.quiet, args.log.log_format) {
        (true, _) => {}
        (false, LogFormat::Json) => tracing::info!("{message}"),
        (false, LogFormat::Text) => say(message),
    }
}

fn cannot_listen(address: SocketAddr, error: &io::Error) -> Failure {
    let advice = match error.kind() {
        io::ErrorKind::AddrInUse => "; choose another port, for example --listen 8080",
        io::ErrorKind::PermissionDenied => {
            "; ports below 1024 are the system's: choose another, for example --listen 8080"
        }
        io::ErrorKind::AddrNotAvailable => {
            "; this machine does not have that address: choose one of its own, or a port alone, \
             for example --listen 8080"
        }
        _ => "",
    };
    Failure::Usage(format!("cannot listen on {address}: {error}{advice}"))
}
