//! Links and pictures: where they lead, and what is said of that.

use std::sync::Arc;

use super::look::Look;
use super::page::Paper;
use crate::terminal::filter::exact;

/// The longest address that a link leads to.
const MAX_LINK: usize = 2048;

/// A link or picture that is being read.
#[derive(Debug)]
struct OpenLink {
    address: String,
    /// The text that leads there.
    text: String,
    /// The address is shown after the text.
    told: bool,
}

/// The links that are being read, from the outer to the inner ones.
#[derive(Debug, Default)]
pub(super) struct Links(Vec<OpenLink>);

impl Links {
    /// Begins a link, and returns the look of its text. With `told`, the address is
    /// shown where the terminal cannot lead there.
    pub(super) fn open(
        &mut self,
        address: &str,
        told: bool,
        mut look: Look,
        paper: &Paper,
    ) -> Look {
        let address = exact(address).into_owned();
        if paper.links {
            look.link = target(&address);
        }
        look.underline = true;
        self.0.push(OpenLink {
            address,
            text: String::new(),
            told,
        });
        look
    }

    /// Notes text that leads somewhere.
    pub(super) fn note(&mut self, text: &str) {
        for link in &mut self.0 {
            link.text.push_str(text);
        }
    }

    /// Ends the innermost link. Returns what is shown after its text.
    pub(super) fn close(&mut self, paper: &Paper) -> Option<String> {
        let link = self.0.pop()?;
        let shown = link.address.as_str();
        let text = link.text.trim();
        // A text that reads like an address must not hide another one.
        let misleads = text.contains("://") || text.starts_with("www.");
        let known = paper.links && target(shown).is_some() && !misleads && !text.is_empty();
        if !link.told || known || text == shown || shown.is_empty() {
            return None;
        }
        if text.is_empty() {
            // A picture without a description.
            return shown.split(',').next().map(str::to_owned);
        }
        Some(format!(" ({shown})"))
    }
}

/// An address that may stand in a terminal's sequence for links.
fn target(address: &str) -> Option<Arc<str>> {
    let known = ["http://", "https://", "mailto:"].iter().any(|scheme| {
        address
            .get(..scheme.len())
            .is_some_and(|it| it.eq_ignore_ascii_case(scheme))
    });
    let clean = address.bytes().all(|byte| matches!(byte, b'!'..=b'~'));
    (known && clean && address.len() <= MAX_LINK).then(|| Arc::from(address))
}
