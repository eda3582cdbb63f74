use std::time::UNIX_EPOCH;

use url::Url;

use super::{Format, import};

/// The cookies that a session read from the text sends, or the error.
fn cookies(text: &str, base: &str) -> Result<(Format, String), String> {
    let base = Url::parse(base).unwrap();
    let (session, format) = import(text, &base).map_err(|error| {
        assert!(!error.to_string().contains("s3cret"), "{error}");
        error.to_string()
    })?;
    let header = session.cookies_for("/", UNIX_EPOCH);
    let header = header.map_or(String::new(), |header| header.to_str().unwrap().to_owned());
    Ok((format, header))
}

#[test]
fn cookie_files_are_read() {
    use Format::{Extension, Netscape};
    let curl = "# Netscape HTTP Cookie File\n\
                # https://curl.se/docs/http-cookies.html\n\n\
                #HttpOnly_chat.example.org\tFALSE\t/\tTRUE\t0\tsid\ts3cret\n\
                .example.org\tTRUE\t/\tFALSE\t1999999999\tlang\tde\n\
                example.org\tFALSE\t/\tFALSE\t0\tapex\tx\n\
                .ample.org\tTRUE\t/\tFALSE\t0\tevil\tx\n\
                elsewhere.net\tFALSE\t/\tTRUE\t0\tother\tx\n";
    let editor = r#"[
        {"domain": ".example.org", "expirationDate": 1999999999.5, "hostOnly": false,
         "httpOnly": true, "name": "sid", "path": "/", "sameSite": "lax", "secure": true,
         "session": false, "storeId": "0", "value": "s3cret", "id": 1},
        {"domain": "chat.example.org", "hostOnly": true, "name": "b", "value": "2",
         "path": "/", "secure": false, "session": true, "sameSite": null, "storeId": null},
        {"domain": "example.org", "hostOnly": true, "name": "apex", "value": "x"}
    ]"#;
    let playwright = r#"{"cookies": [
        {"name": "sid", "value": "s3cret", "domain": "chat.example.org", "path": "/",
         "expires": -1, "httpOnly": true, "secure": true, "sameSite": "Lax"}
    ], "origins": []}"#;
    // As other programs write when a cookie ends.
    let dates = r#"[
        {"domain": "chat.example.org", "name": "sid", "value": "s3cret", "secure": null,
         "expires": "2099-01-01T00:00:00.000Z"},
        {"domain": "chat.example.org", "name": "b", "value": "2", "expirationDate": "4070908800"},
        {"domain": "chat.example.org", "name": "c", "value": "3", "expires": "Session"},
        {"domain": "chat.example.org", "name": "d", "value": "4", "expiry": 4070908800, "path": null}
    ]"#;
    let chat = "https://chat.example.org/app";
    for (case, text, base, format, header) in [
        ("curl", curl, chat, Netscape, "sid=s3cret; lang=de"),
        (
            "mark",
            &format!("\u{feff}{curl}"),
            chat,
            Netscape,
            "sid=s3cret; lang=de",
        ),
        (
            "line ends",
            &curl.replace('\n', "\r\n"),
            chat,
            Netscape,
            "sid=s3cret; lang=de",
        ),
        (
            "plain http",
            curl,
            "http://chat.example.org",
            Netscape,
            "lang=de",
        ),
        (
            "apex",
            curl,
            "https://example.org",
            Netscape,
            "lang=de; apex=x",
        ),
        (
            "no heading, a port, an empty value without its tab",
            "localhost\tFALSE\t/\tTRUE\t0\ta\tb=c; \nlocalhost\tFALSE\t/\tFALSE\t-1\td",
            "http://localhost:3000",
            Netscape,
            "a=b=c;; d=",
        ),
        (
            "address",
            "127.0.0.1\tFALSE\t/\tTRUE\t0\ta\tb\n.0.0.1\tTRUE\t/\tTRUE\t0\tc\td",
            "http://127.0.0.1:80",
            Netscape,
            "a=b",
        ),
        ("extension", editor, chat, Extension, "sid=s3cret; b=2"),
        (
            "extension, other host",
            editor,
            "https://www.example.org",
            Extension,
            "sid=s3cret",
        ),
        ("playwright", playwright, chat, Extension, "sid=s3cret"),
        ("dates", dates, chat, Extension, "sid=s3cret; b=2; c=3; d=4"),
    ] {
        let found = cookies(text, base);
        assert_eq!(found, Ok((format, header.to_owned())), "{case}");
    }
}

#[test]
fn har_files_are_read() {
    let har = |entries: &str| {
        format!(
            r#"{{"log": {{"version": "1.2", "creator": {{"name": "x"}}, "entries": [{entries}]}}}}"#
        )
    };
    let chat = r#"{"request": {"method": "POST", "url": "https://www.example.org/api/chat?x=1",
        "headers": [
            {"name": ":method", "value": "POST"},
            {"name": "Cookie", "value": "sid=s3cret; old=1"},
            {"name": "User-Agent", "value": "Agent/1"},
            {"name": "accept-language", "value": "de,en;q=0.9"},
            {"name": "sec-ch-ua", "value": "\"Chromium\";v=\"126\""},
            {"name": "sec-ch-ua-mobile", "value": "?0"},
            {"name": "sec-ch-ua-platform", "value": "\"Linux\""}
        ], "cookies": [{"name": "sid", "value": "s3cret", "expires": null}]},
        "response": {"status": 200, "content": {"text": "[{\"deep\": 1}]"}, "cookies": [
            {"name": "old", "value": "", "path": "/"},
            {"name": "new", "value": "2", "path": "/", "domain": ".example.org"},
            {"name": "evil", "value": "3", "domain": "evil.org"}
        ]}}"#;
    let login = r#"{"request": {"url": "https://www.example.org/login", "headers": [],
        "cookies": [{"name": "sid", "value": "earlier"}]}, "response": {"cookies": []}}"#;
    let other = r#"{"request": {"url": "https://cdn.example.com/x.js",
        "headers": [{"name": "Cookie", "value": "cdn=1"}]}}"#;
    let bare = r#"{"request": {"url": "https://example.org/", "headers": []}}"#;
    let given = r#"{"request": {"url": "https://example.org/"}, "response": {"cookies": [
        {"name": "a", "value": "1"}]}}"#;
    let all = [login, chat, other].join(",");
    for (case, entries, header) in [
        ("all", all.as_str(), Ok("sid=s3cret; new=2")),
        ("given alone", given, Ok("a=1")),
        ("another server", other, Err("has no request")),
        ("without cookies", bare, Err("with sensitive data")),
        ("empty", "", Err("has no request")),
    ] {
        let found = cookies(&har(entries), "https://example.org");
        match header {
            Ok(header) => assert_eq!(found, Ok((Format::Har, header.to_owned())), "{case}"),
            Err(words) => {
                let error = found.unwrap_err();
                assert!(error.contains(words), "{case}: {error}");
            }
        }
    }
    let base = Url::parse("https://example.org/app").unwrap();
    let (session, _) = import(&har(&all), &base).unwrap();
    let headers = session.headers().unwrap();
    for (name, value) in [
        ("origin", "https://www.example.org"),
        ("referer", "https://www.example.org/app"),
        ("user-agent", "Agent/1"),
        ("accept-language", "de,en;q=0.9"),
        ("sec-ch-ua", r#""Chromium";v="126""#),
        ("sec-ch-ua-platform", r#""Linux""#),
    ] {
        assert_eq!(headers.get(name).unwrap(), value, "{name}");
    }
}

#[test]
fn what_is_not_a_session_is_said_to_be_none() {
    let elsewhere = "a.net\tFALSE\t/\tTRUE\t0\tn\ts3cret\n\
                     b.net\tFALSE\t/\tTRUE\t0\tn\ts3cret\n\
                     c.net\tFALSE\t/\tTRUE\t0\tn\ts3cret\n\
                     d.net\tFALSE\t/\tTRUE\t0\tn\ts3cret\n\
                     e\u{1b}[31m\tFALSE\t/\tTRUE\t0\tn\ts3cret\n";
    let secure = "h\tFALSE\t/\tTRUE\t0\tn\ts3cret\n";
    let broken = "# Netscape HTTP Cookie File\nh TRUE / FALSE 0 n s3cret\n";
    for (text, words) in [
        ("", "expected a session"),
        ("sid=s3cret; other=1", "cookies.txt"),
        ("<!DOCTYPE html><p>s3cret", "Cookie-Editor"),
        ("{}", "HAR"),
        ("null", "expected a session"),
        (r#"{"cookies": "s3cret"}"#, "line 1, column 20"),
        (r#"["s3cret"]"#, "line 1"),
        ("{\n\"log\": s3cret}", "line 2"),
        (r#"{"log": {"entries": "s3cret"}}"#, "line 1"),
        (r#"{"address": "http://h/"}"#, "line 1"),
        ("[]", "it is empty"),
        ("# Netscape HTTP Cookie File\n", "it is empty"),
        (elsewhere, "has cookies for a.net, b.net, c.net, 2 more"),
        (secure, "over https only"),
        (broken, "line 2 has no seven fields"),
    ] {
        let error = cookies(text, "http://h/").unwrap_err();
        assert!(error.contains(words), "{text}: {error}");
        assert!(!error.contains('\u{1b}'), "{error}");
    }
}
