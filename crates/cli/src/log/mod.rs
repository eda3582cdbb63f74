//! The log on standard error: what happens, never what is said.

mod format;
mod layer;

use std::env;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;

use self::layer::LogLayer;
use crate::args::{LogArgs, LogFormat};
use crate::terminal::say;

/// What is logged of other crates: they have much to say about little.
const OF_OTHERS: LevelFilter = LevelFilter::WARN;

/// Logs from now on as the arguments say, or the variable RUST_LOG.
pub(crate) fn start(args: &LogArgs) {
    let filter = match (args.quiet, args.log_level) {
        (true, _) => of_level(LevelFilter::ERROR),
        (false, Some(level)) => of_level(level.into()),
        (false, None) => of_environment(),
    };
    install(args.log_format, filter);
    // The words of a panic can repeat what was said.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(tracing::field::display);
        tracing::error!(place, "a part of the program panicked");
    }));
}

/// Logs what is done for a question, for `-v`.
pub(crate) fn start_verbose() {
    install(LogFormat::Text, of_level(LevelFilter::DEBUG));
}

fn install(format: LogFormat, filter: Targets) {
    let subscriber = tracing_subscriber::registry()
        .with(filter)
        .with(LogLayer::new(format));
    // Only one can be, and the first one stays.
    let _ = tracing::subscriber::set_global_default(subscriber);
}

fn of_level(level: LevelFilter) -> Targets {
    Targets::new()
        .with_default(level.min(OF_OTHERS))
        .with_target("chatwire", level)
}

fn of_environment() -> Targets {
    let usual = || of_level(LevelFilter::INFO);
    let Some(text) = env::var_os("RUST_LOG").filter(|text| !text.is_empty()) else {
        return usual();
    };
    match text.to_str().map(str::parse) {
        Some(Ok(filter)) => filter,
        _ => {
            say(
                "the variable RUST_LOG is not used: expected a level, or targets with levels such \
                 as chatwire=debug,warn",
            );
            usual()
        }
    }
}
