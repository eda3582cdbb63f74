use std::time::Duration;

use chatwire_core::{Error, ErrorKind, Secret};
use serde_json::{Map, Value, json};
use url::Url;

/// How long a script in the page may run.
const SCRIPT_TIMEOUT: Duration = Duration::from_secs(3);

/// What a WebDriver server is asked for: the caller's own [capabilities], with
/// what a visit needs.
///
/// [capabilities]: https://www.w3.org/TR/webdriver2/#capabilities
pub(super) fn capabilities(
    own: Option<&str>,
    headless: bool,
    proxy: Option<&Secret>,
) -> Result<Map<String, Value>, Error> {
    let mut all = match own {
        None => Map::new(),
        Some(json) => object(json)?,
    };
    // Waiting is done here, by a condition and with a limit: a page that does
    // not end loading would hold up even the closing of the browser.
    all.entry("pageLoadStrategy").or_insert(json!("none"));
    // So would a page that keeps its browser busy.
    let timeouts = all.entry("timeouts").or_insert(json!({}));
    if let Some(timeouts) = timeouts.as_object_mut() {
        timeouts.insert("script".to_owned(), json!(SCRIPT_TIMEOUT.as_millis()));
    }
    if let Some(proxy) = proxy {
        let proxy = proxy_capability(proxy)?;
        all.entry("proxy").or_insert(proxy);
    }
    if headless {
        for (options, argument) in [
            ("goog:chromeOptions", "--headless=new"),
            ("ms:edgeOptions", "--headless=new"),
            ("moz:firefoxOptions", "-headless"),
        ] {
            let options = all.entry(options).or_insert(json!({}));
            let arguments = options
                .as_object_mut()
                .map(|options| options.entry("args").or_insert(json!([])));
            if let Some(Value::Array(arguments)) = arguments {
                arguments.push(json!(argument));
            }
        }
    }
    Ok(all)
}

/// A JSON object. serde's own message can repeat a value, so only the place is
/// passed on.
fn object(json: &str) -> Result<Map<String, Value>, Error> {
    serde_json::from_str(json).map_err(|error| {
        Error::new(
            ErrorKind::InvalidRequest,
            format!(
                "WebDriver capabilities must be a JSON object: see line {}, column {}",
                error.line(),
                error.column()
            ),
        )
    })
}

/// The provider's proxy, as WebDriver has it.
fn proxy_capability(proxy: &Secret) -> Result<Value, Error> {
    let unusable = |why: &str| {
        Error::new(
            ErrorKind::InvalidRequest,
            format!("a browser cannot be told to use the proxy: {why}"),
        )
    };
    let url = Url::parse(proxy.expose().trim()).map_err(|_| unusable("it is no address"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(unusable("it wants a user name and password"));
    }
    let host = url.host_str().unwrap_or_default();
    let at = |port: u16| format!("{host}:{}", url.port().unwrap_or(port));
    match url.scheme() {
        "http" => {
            let at = at(80);
            Ok(json!({"proxyType": "manual", "httpProxy": at, "sslProxy": at}))
        }
        "socks5" | "socks5h" => Ok(json!({
            "proxyType": "manual", "socksProxy": at(1080), "socksVersion": 5,
        })),
        scheme => Err(unusable(&format!("it is one of {scheme}://"))),
    }
}

#[cfg(test)]
mod tests {
    use chatwire_core::{ErrorKind, Secret};
    use serde_json::{Value, json};

    use super::capabilities;

    #[test]
    fn capabilities_are_the_callers_with_what_a_visit_needs() {
        let own = r#"{
            "goog:chromeOptions": {"args": ["--mine"]}, "timeouts": {"script": 1, "implicit": 2}
        }"#;
        let proxy = Secret::new("socks5://127.0.0.1");
        let all = Value::Object(capabilities(Some(own), true, Some(&proxy)).unwrap());
        for (place, value) in [
            ("/pageLoadStrategy", json!("none")),
            ("/timeouts", json!({"script": 3000, "implicit": 2})),
            (
                "/goog:chromeOptions/args",
                json!(["--mine", "--headless=new"]),
            ),
            ("/moz:firefoxOptions/args", json!(["-headless"])),
            ("/proxy/socksProxy", json!("127.0.0.1:1080")),
        ] {
            assert_eq!(all.pointer(place), Some(&value), "{place}");
        }
        let fewest = Value::Object(capabilities(None, false, None).unwrap());
        let expected = json!({"pageLoadStrategy": "none", "timeouts": {"script": 3000}});
        assert_eq!(fewest, expected);
    }

    #[test]
    fn what_cannot_be_used_is_refused() {
        for (own, proxy, words) in [
            (Some("[]"), None, "JSON object"),
            (Some("\"hushhush\""), None, "JSON object"),
            (None, Some("http://me:hushhush@h:1"), "password"),
            (None, Some("ftp://h"), "ftp"),
            (None, Some("hushhush"), "no address"),
        ] {
            let proxy = proxy.map(Secret::new);
            let error = capabilities(own, false, proxy.as_ref()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidRequest);
            assert!(error.to_string().contains(words), "{error}");
            assert!(!error.to_string().contains("hushhush"), "{error}");
        }
    }
}
