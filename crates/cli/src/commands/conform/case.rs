//! One fault, and what the client made of it.

use std::io;
use std::time::Duration;

use chatwire_mock::{AnyMock, Fault, FaultEffect, ModelRule, ScriptedModel};

use super::client::{Client, Ran};
use super::verdict::{Verdict, judge};

/// What the model says. No word is in another, nor likely to be in an error.
pub(super) const TEXT: &str =
    "Alpha bravo charlie delta echo foxtrot golf hotel juliett kilo lima november";

/// How much a flood sends.
const FLOOD: u64 = 4 * 1024 * 1024;

/// A fault, or none.
#[derive(Debug, Clone, Copy)]
pub(super) struct Case(Option<Fault>);

/// The result of a case.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) description: &'static str,
    pub(super) verdict: Verdict,
    pub(super) ran: Ran,
}

impl Case {
    /// An answer without a fault, and every fault.
    pub(super) fn all() -> Vec<Case> {
        let faults = Fault::all().into_iter().map(|fault| match fault {
            Fault::Flood(_) => Fault::Flood(Some(FLOOD)),
            // Without pauses: the bytes are apart, and no client is slow for us.
            Fault::Drip(_) => Fault::Drip(Duration::ZERO),
            fault => fault,
        });
        std::iter::once(None)
            .chain(faults.map(Some))
            .map(Case)
            .collect()
    }

    /// Runs the client against a server with the fault.
    pub(super) async fn run(
        self,
        protocol: &str,
        client: &Client,
        is_strict: bool,
    ) -> io::Result<Row> {
        let mock = AnyMock::by_name(protocol).await?;
        // A client may ask more than once.
        mock.model(ScriptedModel::new().with_rule(ModelRule::say(TEXT)));
        mock.fault(self.0);
        let ran = client.run(&mock.base_url(), mock.model_id()).await?;
        Ok(Row {
            name: self.0.map_or("none", |fault| fault.name()).to_owned(),
            description: self
                .0
                .map_or("answers as it should", |fault| fault.description()),
            verdict: judge(self.effect(&mock), &ran, TEXT, is_strict),
            ran,
        })
    }

    /// What the answer is to a client of this kind of server.
    fn effect(self, mock: &AnyMock) -> FaultEffect {
        match self.0 {
            None => FaultEffect::Whole,
            // Plain text that ends properly is whole as far as anyone can see.
            Some(Fault::CutAtEvent(_) | Fault::ShortLength) if !mock.has_end_mark() => {
                FaultEffect::Unclear
            }
            Some(fault) => fault.effect(),
        }
    }
}
