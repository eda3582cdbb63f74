//! How the program looks on this terminal.

use std::io::{self, IsTerminal as _};

use clap::ValueEnum;

use crate::markdown::Size;

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum ColorWhen {
    /// On a terminal, unless NO_COLOR is set or TERM is dumb
    #[default]
    Auto,
    /// On every terminal
    Always,
    /// Nowhere
    Never,
}

/// What a person gets to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Style {
    /// Markdown is rendered rather than shown as it is.
    pub(crate) markdown: bool,
    pub(crate) colors: bool,
    /// Something may move on standard error.
    pub(crate) spinner: bool,
}

impl Style {
    /// Reads the environment.
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

/// The size of the terminal now; asks the system, not the terminal.
pub(crate) fn terminal_size() -> Size {
    let (columns, rows) =
        terminal_size::terminal_size().map_or((80, 24), |(width, height)| (width.0, height.0));
    // A terminal that does not know its size says 0.
    Size {
        columns: if columns == 0 { 80 } else { columns.into() },
        rows: if rows == 0 { 24 } else { rows.into() },
    }
}
