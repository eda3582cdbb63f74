//! openchat-ui and Chatbot-UI servers, and their relatives.

mod builder;
mod demand;
mod flavour;
mod mock;
mod ollama;
mod received;
mod server;

pub use builder::AuraMockBuilder;
pub use flavour::AuraFlavour;
pub use mock::AuraMock;
pub use received::AuraReceived;
pub use server::AuraProtocol;
