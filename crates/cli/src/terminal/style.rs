//! What this terminal can show.

use std::io::{self, IsTerminal as _};

use crate::args::ColorWhen;

/// What a terminal shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Style {
    /// Markdown is rendered rather than shown as it is.
    pub(crate) markdown: bool,
    pub(crate) colors: bool,
    /// Whether to show a spinner on standard error.
    pub(crate) spinner: bool,
}

impl Style {
    /// Decides from the flags, the environment and the kind of standard error.
    pub(crate) fn new(when: ColorWhen, raw: bool) -> Style {
        let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        let dumb = variable("TERM").is_some_and(|term| term == "dumb");
        let colors = match when {
            ColorWhen::Always => true,
            ColorWhen::Never => false,
            ColorWhen::Auto => !dumb && variable("NO_COLOR").is_none(),
        };
        Style {
            markdown: !raw && !dumb,
            colors,
            spinner: !dumb && io::stderr().is_terminal(),
        }
    }
}
