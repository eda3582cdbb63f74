//! Sessions from a real browser, over the WebDriver protocol.

mod browser;
mod capabilities;
mod driver;
mod page;
mod visit;
mod worker;

pub use browser::Browser;
