//! openchat-ui and Chatbot-UI servers.

mod builder;
mod demand;
mod flavour;
mod mock;
mod received;
mod server;

pub use builder::AuraMockBuilder;
pub use flavour::AuraFlavour;
pub use mock::AuraMock;
pub use received::AuraReceived;
pub use server::AuraProtocol;
