use std::time::Duration;

use chatwire_core::HttpConfig;

use crate::config::error::ConfigError;
use crate::config::read::Section;
use crate::config::source::Source;

/// How endpoints speak HTTP; what is not set is left as it is. The inner
/// option is none for "off".
#[derive(Debug, Default)]
pub(super) struct HttpSection {
    connect_timeout: Option<Option<Duration>>,
    first_byte_timeout: Option<Option<Duration>>,
    idle_timeout: Option<Option<Duration>>,
    total_timeout: Option<Option<Duration>>,
    max_event: Option<Option<usize>>,
    max_error_body: Option<usize>,
    max_page: Option<Option<usize>>,
    max_reply: Option<Option<usize>>,
    proxy: Option<Source>,
    user_agent: Option<String>,
    headers: Vec<(String, Source)>,
}

impl HttpSection {
    pub(super) fn read(section: &mut Section<'_, '_>) -> HttpSection {
        let mut headers_section = section.section("headers");
        let headers = headers_section
            .names()
            .into_iter()
            .filter_map(|name| {
                let value = headers_section.text_or_source(&name)?;
                Some((name, value))
            })
            .collect();
        let http = HttpSection {
            connect_timeout: section.duration_or_off("connect_timeout"),
            first_byte_timeout: section.duration_or_off("first_byte_timeout"),
            idle_timeout: section.duration_or_off("idle_timeout"),
            total_timeout: section.duration_or_off("total_timeout"),
            max_event: section.size_or_off("max_event"),
            max_error_body: section.size("max_error_body"),
            max_page: section.size_or_off("max_page"),
            max_reply: section.size_or_off("max_reply"),
            proxy: section.text_or_source("proxy"),
            user_agent: section.text("user_agent").map(|(text, _)| text),
            headers,
        };
        section.finish();
        http
    }

    /// Sets what is set here and not in `over`, whose secrets come instead of
    /// those here, which are then not looked for.
    pub(super) fn apply(
        &self,
        mut http: HttpConfig,
        over: &HttpSection,
        errors: &mut Vec<ConfigError>,
    ) -> HttpConfig {
        if let Some(limit) = self.connect_timeout {
            http = http.with_connect_timeout(limit);
        }
        if let Some(limit) = self.first_byte_timeout {
            http = http.with_first_byte_timeout(limit);
        }
        if let Some(limit) = self.idle_timeout {
            http = http.with_idle_timeout(limit);
        }
        if let Some(limit) = self.total_timeout {
            http = http.with_total_timeout(limit);
        }
        if let Some(limit) = self.max_event {
            http = http.with_max_event(limit);
        }
        if let Some(limit) = self.max_error_body {
            http = http.with_max_error_body(limit);
        }
        if let Some(limit) = self.max_page {
            http = http.with_max_page(limit);
        }
        if let Some(limit) = self.max_reply {
            http = http.with_max_reply(limit);
        }
        if let Some(user_agent) = &self.user_agent {
            http = http.with_user_agent(user_agent);
        }
        if let (Some(proxy), None) = (&self.proxy, &over.proxy) {
            match proxy.read() {
                Ok(url) => http = http.with_proxy(url.expose()),
                Err(error) => errors.push(error),
            }
        }
        for (name, source) in &self.headers {
            let replaced = |(other, _): &(String, Source)| other.eq_ignore_ascii_case(name);
            if over.headers.iter().any(replaced) {
                continue;
            }
            match source.read() {
                Ok(value) => http = http.with_header(name, value.expose()),
                Err(error) => errors.push(error),
            }
        }
        http
    }
}
