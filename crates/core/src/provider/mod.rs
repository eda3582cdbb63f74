//! The trait of all providers, and what a provider says about itself.

mod capabilities;
mod info;
mod listed;
mod model;
// The folder has the name of its main idea.
#[allow(clippy::module_inception)]
mod provider;
mod setting;

pub use capabilities::Capabilities;
pub use info::ProviderInfo;
pub use listed::listed_models;
pub use model::ModelInfo;
pub use provider::{Provider, ProviderExt};
pub use setting::{Setting, SettingKind, read_settings};
