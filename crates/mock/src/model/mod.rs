//! A model that answers by what it is asked.

mod prompt;
mod rule;
mod scripted_model;

pub use rule::ModelRule;
pub use scripted_model::ScriptedModel;
