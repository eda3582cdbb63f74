use std::net::{Ipv4Addr, Ipv6Addr};

use super::pattern::Pattern;

/// An origin that is allowed, such as `https://app.example`, or several of
/// them: `*` in the host stands for any characters, and as the port for any
/// port or none.
#[derive(Debug)]
pub(super) struct AllowedOrigin {
    scheme: String,
    host: Pattern,
    port: Port,
}

#[derive(Debug, PartialEq, Eq)]
enum Port {
    /// The one that the scheme has by default, which browsers leave out.
    Default,
    Any,
    Number(String),
}

/// Schemes whose pages have no origin of their own: browsers send `null`.
const WITHOUT_ORIGIN: [&str; 5] = ["about", "blob", "data", "file", "javascript"];

impl AllowedOrigin {
    /// Reads an origin, or says why no page can have it.
    pub(super) fn parse(text: &str) -> Result<AllowedOrigin, String> {
        let text = text.to_ascii_lowercase();
        let Some((scheme, rest)) = text.split_once("://") else {
            return Err("it has no scheme".to_owned());
        };
        let starts_well = scheme.starts_with(|c: char| c.is_ascii_lowercase());
        let in_scheme = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
        if !starts_well || !scheme.chars().all(in_scheme) {
            return Err("its scheme is not one".to_owned());
        }
        if WITHOUT_ORIGIN.contains(&scheme) {
            return Err(format!(
                "a page of {scheme}: has no origin, browsers send null"
            ));
        }
        if let Some(at) = rest.find(['/', '?', '#', '\\']) {
            let path = rest.get(at..).unwrap_or_default();
            return Err(format!(
                "an origin ends with its host and port: without {path:?}"
            ));
        }
        if rest.contains('@') {
            return Err("an origin has no user name".to_owned());
        }
        let (host, port) = split_port(rest);
        check_host(scheme, host)?;
        Ok(AllowedOrigin {
            port: port.map_or(Ok(Port::Default), |port| parse_port(scheme, port))?,
            host: Pattern::new(host),
            scheme: scheme.to_owned(),
        })
    }

    /// Returns `true` for an origin, in lower case, that is allowed.
    pub(super) fn allows(&self, origin: &str) -> bool {
        let Some((scheme, rest)) = origin.split_once("://") else {
            return false;
        };
        let (host, port) = split_port(rest);
        let right_port = match (&self.port, port) {
            (Port::Any, _) | (Port::Default, None) => true,
            (Port::Number(number), Some(port)) => number == port,
            _ => false,
        };
        let is_host = !host.contains(['/', '?', '#', '@', '\\']);
        right_port && is_host && self.scheme == scheme && self.host.fits(host)
    }
}

/// Splits off the port; the colons of an IPv6 address stand in brackets.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (authority, None),
    }
}

fn parse_port(scheme: &str, port: &str) -> Result<Port, String> {
    if port == "*" {
        return Ok(Port::Any);
    }
    let number: Option<u16> = port.parse().ok();
    let Some(number) = number.filter(|number| number.to_string() == port) else {
        return Err(format!("{port:?} is not a port: a number or *"));
    };
    if matches!((scheme, number), ("http", 80) | ("https", 443)) {
        return Err(format!(
            "browsers leave out the default port: without \":{number}\""
        ));
    }
    Ok(Port::Number(port.to_owned()))
}

/// Checks that browsers spell a host so. They write names in ASCII and
/// addresses in their shortest form.
fn check_host(scheme: &str, host: &str) -> Result<(), String> {
    if host.is_empty() {
        return Err("it has no host".to_owned());
    }
    if let Some(inside) = host.strip_prefix('[') {
        let address: Option<Ipv6Addr> = inside.strip_suffix(']').and_then(|ip| ip.parse().ok());
        return match address {
            Some(address) if format!("[{address}]") == host => Ok(()),
            Some(address) => Err(format!("browsers write this address as [{address}]")),
            None => Err(format!("{host:?} is not an IPv6 address")),
        };
    }
    if !host.is_ascii() {
        return Err("browsers write such a name in ASCII, as xn--…".to_owned());
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '*');
    if let Some(wrong) = host.chars().find(|&c| !allowed(c)) {
        return Err(format!("a host has no {wrong:?}"));
    }
    if !matches!(scheme, "http" | "https") {
        return Ok(());
    }
    let last = host.trim_end_matches('.').rsplit('.').next();
    let is_numeric =
        last.is_some_and(|last| !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit()));
    if host.starts_with('.') || host.contains("..") {
        return Err("a name has no empty part".to_owned());
    }
    if is_numeric && !host.contains('*') && host.parse::<Ipv4Addr>().is_err() {
        return Err("browsers write an address as four numbers".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_of_origins() {
        for (allowed, origin, fits) in [
            ("https://app.example", "https://app.example", true),
            ("https://App.Example", "https://app.example", true),
            ("https://app.example", "http://app.example", false),
            ("https://app.example", "https://app.example:8443", false),
            ("http://localhost:3000", "http://localhost:3000", true),
            ("http://localhost:3000", "http://localhost:3001", false),
            ("http://localhost:*", "http://localhost:3001", true),
            ("http://localhost:*", "http://localhost", true),
            ("http://localhost:*", "https://localhost:1", false),
            ("http://*:3000", "http://10.0.0.1:3000", true),
            ("http://*:3000", "http://[::1]:3000", true),
            ("https://*.app.example", "https://a.app.example", true),
            ("https://*.app.example", "https://app.example", false),
            ("https://*.app.example", "https://a.app.example.evil", false),
            ("https://*.app.example", "https://evil/.app.example", false),
            ("https://*.app.example", "https://evil:1.app.example", false),
            ("app://obsidian.md", "app://obsidian.md", true),
            ("app://obsidian.md", "app://other", false),
            ("chrome-extension://*", "chrome-extension://abcdef", true),
            ("chrome-extension://*", "moz-extension://abcdef", false),
            ("tauri://localhost", "tauri://localhost", true),
            ("vscode-webview://*", "vscode-webview://1a2b-3c", true),
            ("http://[::1]:3000", "http://[::1]:3000", true),
            ("*://localhost", "null", false),
            ("http://localhost", "null", false),
        ] {
            let parsed = AllowedOrigin::parse(allowed);
            let is_allowed = parsed.is_ok_and(|allowed| allowed.allows(origin));
            assert_eq!(is_allowed, fits, "{allowed} {origin}");
        }
    }

    #[test]
    fn what_can_never_match() {
        for (text, why) in [
            ("*", "no scheme"),
            ("null", "no scheme"),
            ("app.example", "no scheme"),
            ("", "no scheme"),
            ("*://localhost", "scheme is not one"),
            ("://localhost", "scheme is not one"),
            ("file://x", "browsers send null"),
            ("https://app.example/", "without \"/\""),
            ("https://app.example/chat", "without \"/chat\""),
            ("https://app.example?x", "without \"?x\""),
            ("https://me@app.example", "no user name"),
            ("https://app.example:443", "without \":443\""),
            ("http://app.example:80", "without \":80\""),
            ("http://app.example:0080", "not a port"),
            ("http://app.example:70000", "not a port"),
            ("http://app.example:", "not a port"),
            ("http://", "no host"),
            ("http://:80", "no host"),
            ("http://bücher.example", "in ASCII"),
            ("http://a b", "a host has no ' '"),
            ("http://[0:0::1]", "as [::1]"),
            ("http://[::g]", "not an IPv6 address"),
            ("http://127.1", "four numbers"),
            ("http://a..b", "no empty part"),
        ] {
            let error = AllowedOrigin::parse(text).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
