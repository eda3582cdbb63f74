//! What a WordPress site shows of itself: REST API, plugin, and the page with
//! the bots.

use std::collections::BTreeMap;

use chatwire::Error;
use chatwire::chatgpt4online::{Bot, Chatgpt4Online, Config, NAME, SETTINGS, Survey, SystemPrompt};
use chatwire_core::provider_kit::read_settings;
use tokio::time::Instant;

use super::advice::advice;
use super::report::Report;
use crate::endpoints::Part;
use crate::failure::code_of;

/// Looks at the site, and notes the steps; an error is the exit code. Other
/// kinds of server have no such step.
pub(super) async fn site(part: &Part, report: &mut Report) -> Result<(), u8> {
    if part.kind.name != NAME {
        return Ok(());
    }
    let start = Instant::now();
    let found = async {
        let config = config(part)?;
        let address = part.endpoint.base_url.as_deref().unwrap_or_default();
        report.skipped("asks as", &visitor(&config, address));
        let survey = survey(part, config.clone()).await?;
        Ok::<_, Error>((config, survey))
    };
    let (config, survey) = match found.await {
        Ok(found) => found,
        Err(error) => {
            // The question says more about what is wrong with credentials.
            report.skipped("site", &format!("cannot be looked at: {error}"));
            let advice = advice(part, &error);
            if let (Some(step), Some(advice)) = (report.steps.last_mut(), advice) {
                step.advice = Some(advice);
            }
            return Ok(());
        }
    };
    let Some(root) = &survey.rest_root else {
        let why = "no REST API of WordPress".to_owned();
        let advice = "is it a WordPress site, and the address that of the site itself?".to_owned();
        report.failed("WordPress", start, why, advice);
        return Err(code_of(&Error::new(chatwire::ErrorKind::Blocked, "")));
    };
    report.passed("WordPress", start, format!("REST API at {root}"));
    if !survey.has_chatbots {
        let why = "AI Engine takes no questions".to_owned();
        let advice = "the plugin or its chatbots module is off".to_owned();
        report.failed("plugin", start, why, advice);
        return Err(code_of(&Error::new(chatwire::ErrorKind::Refused, "")));
    }
    let nonces = match survey.has_sessions {
        true => "hands out nonces",
        false => "older than 2.4.4: its nonce is on the page with a bot",
    };
    report.passed("plugin", start, format!("AI Engine, {nonces}"));
    match survey.bots.as_slice() {
        [] => report.skipped(
            "bots",
            &format!(
                "none on {}; nonce_page names another page",
                config.nonce_page
            ),
        ),
        bots => {
            let bots: Vec<String> = bots.iter().map(described).collect();
            report.passed("bots", start, bots.join("; "));
        }
    }
    report.skipped("sends", &sends(&config));
    Ok(())
}

fn config(part: &Part) -> Result<Config, Error> {
    let options = part.endpoint.options.iter().cloned();
    let texts: BTreeMap<_, _> = options.collect();
    read_settings(SETTINGS, &texts)
}

async fn survey(part: &Part, config: Config) -> Result<Survey, Error> {
    let mut builder = Chatgpt4Online::builder()
        .config(config)
        .http(part.endpoint.http.clone());
    let mock = part.mock.as_ref().map(|mock| mock.base_url());
    if let Some(url) = mock.or_else(|| part.endpoint.base_url.clone()) {
        builder = builder.base_url(url);
    }
    builder.build()?.survey().await
}

fn described(bot: &Bot) -> String {
    let id = bot.id().unwrap_or_default();
    let kind = match bot.bot_id {
        Some(_) => "",
        None => " (custom)",
    };
    let limit = match bot.max_length {
        Some(limit) => format!("{limit} characters"),
        None => "no limit told".to_owned(),
    };
    let uploads = match bot.shows_upload {
        true => ", uploads",
        false => "",
    };
    let start = match &bot.start_sentence {
        Some(sentence) => {
            let begin: String = sentence.chars().take(60).collect();
            format!(", begins {begin:?}")
        }
        None => String::new(),
    };
    format!("{id}{kind}: {limit}{uploads}{start}")
}

fn sends(config: &Config) -> String {
    let system = match config.system_prompt {
        SystemPrompt::Instructions => "system prompt as instructions",
        SystemPrompt::Refuse => "no system prompt",
        _ => "system prompt as a user turn",
    };
    let rest = match config.trusted {
        true => "model, temperature and length limit, which only some sites keep",
        false => "the site decides model, temperature and length limit",
    };
    format!("{system}; {rest}")
}

/// Whom the site sees.
fn visitor(config: &Config, address: &str) -> String {
    let authority = address.split("://").nth(1).unwrap_or_default();
    let authority = authority.split(['/', '?', '#']).next().unwrap_or_default();
    if let Some(user) = &config.user {
        format!("the member {user:?}, with an application password")
    } else if authority.contains('@') {
        "a member, with the application password in the address".to_owned()
    } else if config.cookie.is_some() {
        "a member, with the cookie of a login".to_owned()
    } else if config.sessions.session_file.is_some() || config.sessions.webdriver.is_some() {
        "the visitor whose browser session is used".to_owned()
    } else {
        "a guest".to_owned()
    }
}
