//! `chatwire serve`: the OpenAI-compatible gateway.

use chatwire::HttpConfig;
use chatwire_config::EndpointConfig;
use chatwire_gateway::Gateway;
use tokio::net::TcpListener;

use crate::args::{General, ServeArgs};
use crate::config::Configuration;
use crate::exit::{Failure, say};
use crate::mock;
use crate::runtime;
use crate::{signals, warnings};

/// Serves until it is stopped, and returns the exit code.
pub(crate) fn run(args: &ServeArgs, general: &General) -> i32 {
    runtime::run_on_all_cores(serve(args, general))
}

async fn serve(args: &ServeArgs, general: &General) -> Result<(), Failure> {
    warnings::show();
    let file = Configuration::find(general)?;
    let config = file.parse()?;
    // Dropped when it is over: the mocks live as long.
    let mut mocks = Vec::new();
    let builder = if args.mock {
        let mut builder = Gateway::builder();
        for kind in chatwire::providers() {
            let mock = mock::start(kind.name).await?;
            let mut endpoint = EndpointConfig::new(kind.name);
            endpoint.base_url = Some(mock.url());
            endpoint.http = HttpConfig::new().without_proxy();
            builder = builder.endpoint(kind.name, endpoint.provider()?);
            mocks.push(mock);
        }
        builder
    } else {
        if config.endpoint_names().next().is_none() {
            return Err(Failure::Usage(format!(
                "there are no endpoints in {}: add some with `chatwire config edit`, \
                 or try --mock",
                file.path.display()
            )));
        }
        config.gateway().map_err(|errors| file.mistakes(&errors))?
    };
    let gateway = builder.build()?;
    if args.check {
        say(&format!("{}: no mistakes", file.path.display()));
        return Ok(());
    }
    let address = args.listen.unwrap_or_else(|| config.listen());
    let cannot = |error| Failure::Usage(format!("cannot listen on {address}: {error}"));
    let listener = TcpListener::bind(address).await.map_err(cannot)?;
    let bound = listener.local_addr().map_err(cannot)?;
    let stopped = chatwire_gateway::shutdown_signal()
        .map_err(|error| Failure::Other(format!("signals cannot be heard: {error}")))?;
    let shutdown = async {
        tokio::select! {
            () = stopped => {}
            Ok(_) = signals::termination() => {}
        }
    };
    if args.mock {
        say("the answers come from mocks inside this program, not from a model");
    }
    say(&format!("serving the OpenAI API on http://{bound}/v1"));
    gateway.serve(listener, shutdown).await.map_err(cannot)
}
