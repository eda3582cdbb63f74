//! The site's pages: the front page, and the bundle with the secrets.

use super::signature::SALT;
use crate::answers::{Answer, Framing};

/// What the site's JavaScript bundle looks like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Bundle {
    /// As last seen: `"X-API-Secret":"…"` and `secret:"…"`.
    #[default]
    Latest,
    /// An older one: a blank after `secret:`, and an API secret that is more than a word.
    Spaced,
    /// Without `secret`.
    WithoutSecret,
    /// Without `X-API-Secret`.
    WithoutApiSecret,
    /// With neither.
    WithoutBoth,
    /// With the secrets behind this many bytes of other code.
    Huge(usize),
}

/// The page names scripts of other sites too, and the bundle last: a client has to choose.
pub(crate) fn front_page(hash: &str) -> String {
    format!(
        r#"<!doctype html>
<html lang="en"><head><title>MagickPen</title><meta charset="utf-8">
<link rel="preload" href="/_nuxt/css/3a2b1c0.css" as="style">
<link rel="preload" href="/_nuxt/runtime.4f1c2a.js" as="script"><link rel="preload" as="script" href="/_nuxt/{hash}.js">
<script async src="https://challenges.cloudflare.invalid/turnstile/v0/api.js"></script>
</head><body><div id="__nuxt"></div><script>window.__NUXT__={{config:{{}}}};</script>
<script src="/_nuxt/runtime.4f1c2a.js" defer></script><script src="/_nuxt/vendors.9e8d7c.js" defer></script><script src="/_nuxt/{hash}.js" defer></script></body></html>
"#
    )
}

pub(crate) fn bundle(kind: Bundle, secret: &str, api_secret: &str) -> String {
    let blank = if kind == Bundle::Spaced { " " } else { "" };
    let secret = match kind {
        Bundle::WithoutSecret | Bundle::WithoutBoth => String::new(),
        _ => format!(r#",secret:{blank}"{secret}""#),
    };
    let api_secret = match kind {
        Bundle::WithoutApiSecret | Bundle::WithoutBoth => String::new(),
        _ => format!(r#","X-API-Secret":"{api_secret}""#),
    };
    let padding = match kind {
        Bundle::Huge(bytes) => "var _=0;".repeat(bytes.div_ceil(8)),
        _ => String::new(),
    };
    format!(
        r#"(window.webpackJsonp=window.webpackJsonp||[]).push([[7],{{412:function(e,t,n){{"use strict";{padding}var r=n(8),o=n(93),c=Date.now().toString(),l=Math.random().toString();t.a={{post:function(e,t){{return r.a.post(e,t,{{headers:{{"Content-Type":"application/json"{api_secret},nonce:l,timestamp:c{secret},signature:o(["{SALT}",c,l].sort().join(""))}}}})}}}}}}}},[[412,0,1]]]);"#
    )
}

pub(crate) fn script_file(code: String) -> Answer {
    Answer::status(200)
        .header("content-type", "application/javascript; charset=UTF-8")
        .header("cache-control", "public, max-age=31536000")
        .framing(Framing::ContentLength)
        .piece(code)
}
