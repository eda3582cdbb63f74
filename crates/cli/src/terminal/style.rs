//! What this terminal can show.

use std::io::{self, IsTerminal as _};

use crate::args::ColorWhen;

/// What a terminal shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Style {
    /// Markdown is rendered rather than shown as it is.
    pub(crate) markdown: bool,
    pub(crate) colors: bool,
    /// Text can lead to an address.
    pub(crate) links: bool,
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
            links: !dumb && knows_links(variable),
            spinner: !dumb && io::stderr().is_terminal(),
        }
    }
}

/// Whether the terminal is one of those that are known to show hyperlinks.
fn knows_links(variable: impl Fn(&'static str) -> Option<std::ffi::OsString>) -> bool {
    let text = |name| variable(name).and_then(|value| value.into_string().ok());
    let number = |name| text(name).and_then(|value| value.parse::<u32>().ok());
    let term = text("TERM").unwrap_or_default();
    let program = text("TERM_PROGRAM").unwrap_or_default();
    // A multiplexer may pass nothing on, whatever the terminal around it can do.
    if term.starts_with("screen") || term.starts_with("tmux") {
        return false;
    }
    ["kitty", "alacritty", "foot", "wezterm", "ghostty"]
        .iter()
        .any(|name| term.contains(name))
        || ["iTerm.app", "WezTerm", "vscode", "ghostty", "Hyper"].contains(&program.as_str())
        || number("VTE_VERSION").is_some_and(|version| version >= 5000)
        || number("KONSOLE_VERSION").is_some_and(|version| version >= 201_200)
        || variable("WT_SESSION").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminals_with_links() {
        for (environment, expected) in [
            (&[("TERM", "xterm-256color")][..], false),
            (&[("TERM", "xterm-kitty")], true),
            (&[("TERM", "alacritty")], true),
            (&[("TERM", "xterm-256color"), ("VTE_VERSION", "6800")], true),
            (
                &[("TERM", "xterm-256color"), ("VTE_VERSION", "4200")],
                false,
            ),
            (&[("TERM_PROGRAM", "iTerm.app")], true),
            (&[("TERM_PROGRAM", "Apple_Terminal")], false),
            (&[("WT_SESSION", "1")], true),
            (&[("TERM", "tmux-256color"), ("VTE_VERSION", "6800")], false),
            (&[], false),
        ] {
            let variable = |name: &'static str| {
                let found = environment.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).into())
            };
            assert_eq!(knows_links(variable), expected, "{environment:?}");
        }
    }
}
