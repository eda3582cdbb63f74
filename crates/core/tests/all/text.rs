//! Markup in messages, and pages.

use chatwire_core::provider_kit::refusal::{is_html_page, plain_text};

#[test]
fn plain() {
    let cases = [
        ("No markup.", "No markup."),
        ("  blanks around\n", "blanks around"),
        ("<p>Hello</p>", "Hello"),
        ("one<br>two<br/>three", "one two three"),
        ("<p>one</p><p>two</p>", "one two"),
        (
            "<strong>Error</strong>: no <em>way</em>, sorry.",
            "Error: no way, sorry.",
        ),
        (
            r#"See <a href="https://example.org/?a>b">here</a>."#,
            "See here.",
        ),
        ("a < b and c > d", "a < b and c > d"),
        ("1<2", "1<2"),
        ("an open <tag", "an open <tag"),
        ("<<<", "<<<"),
        ("<!-- note -->said", "said"),
        (
            "Tom &amp; Jerry &lt;3 &quot;x&quot; it&#039;s",
            "Tom & Jerry <3 \"x\" it's",
        ),
        // Resolved once, not twice.
        ("&amp;lt;b&amp;gt;", "&lt;b&gt;"),
        ("&lt;b&gt;", "<b>"),
        ("&unknown; &", "&unknown; &"),
        ("caf&eacute; &#x2014; &#8217;s &nbsp;", "café — ’s"),
        (
            "<title>T</title><style>p {}</style><script>a < b</script>said",
            "said",
        ),
        (
            "<h1>403 Forbidden</h1><hr><center>nginx</center>",
            "403 Forbidden nginx",
        ),
        ("", ""),
        ("<p></p>", ""),
    ];
    for (message, expected) in cases {
        assert_eq!(plain_text(message), expected, "{message:?}");
    }
}

/// What a hostile server can send in one event must not cost more than reading
/// it: a search to the end at each `<` would be seven minutes of work here.
#[test]
fn plain_takes_linear_time() {
    let started = std::time::Instant::now();
    for text in ["<a", "<", "< ", "<a ", "&lt;", "<!"] {
        let hostile = text.repeat(4 * 1024 * 1024 / text.len());
        assert!(!plain_text(&hostile).is_empty());
    }
    assert!(started.elapsed().as_secs() < 30, "{:?}", started.elapsed());
}

#[test]
fn pages() {
    let cases = [
        ("<!DOCTYPE html><html>", true),
        ("<!doctype HTML PUBLIC \"-//W3C//DTD\">", true),
        ("<html>", true),
        ("<HTML lang=en>", true),
        ("\n\t <html><body>", true),
        ("\u{feff}<!doctype html>", true),
        ("<head><title>x", true),
        ("<body\n>", true),
        ("<html", true),
        ("<!-- cached --><!DOCTYPE html>", true),
        ("<?xml version=\"1.0\"?>\n<!DOCTYPE html>", true),
        ("<header>not a page</header>", false),
        ("<bodyguard>", false),
        ("<p>a piece</p>", false),
        ("<!-- only a note -->", false),
        ("<!-- open", false),
        ("<b>bold</b>", false),
        ("<svg viewBox='0 0 1 1'></svg>", false),
        ("<?xml version=\"1.0\"?><svg></svg>", false),
        ("<?php echo 1;", false),
        ("Here is a page: <html>", false),
        ("é<html>", false),
        ("{}", false),
        ("", false),
    ];
    for (body, expected) in cases {
        assert_eq!(is_html_page(body), expected, "{body:?}");
    }
}
