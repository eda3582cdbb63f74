//! The `http` tables: from the file to [`HttpConfig`].

use std::path::Path;

use chatwire::HttpConfig;

use crate::file::{HttpTable, Leaf, Mistakes, OrOff, dotted};
use crate::paths::located;
use crate::private::read_certificates;

/// Why a header cannot be set, if it cannot: those that frame a message belong
/// to the HTTP client, which knows what it sends.
pub(crate) fn refuse_header(name: &str) -> Option<&'static str> {
    const FRAMING: [&str; 9] = [
        "connection",
        "content-length",
        "expect",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ];
    FRAMING
        .iter()
        .any(|framing| name.trim().eq_ignore_ascii_case(framing))
        .then_some("this header frames a message: the HTTP client sets it, and nobody else can")
}

/// Notes the headers of a table that cannot be set.
pub(crate) fn check(table: &HttpTable, path: &[&str], mistakes: &mut Mistakes<'_>) {
    for (name, value) in &table.headers {
        let why = if path.len() == 1 && name.eq_ignore_ascii_case("host") {
            // One for all servers is a slip; for one server it is meant.
            Some("a Host header belongs to one endpoint: set it in [endpoints.NAME.http.headers]")
        } else {
            refuse_header(name)
        };
        if let Some(why) = why {
            let key = dotted(path.iter().copied().chain(["headers", name]));
            mistakes.at(value.span(), &key, why);
        }
    }
}

/// Sets what is set in `table` and not in `over`, whose secrets replace those
/// of `table`, which are then not read.
pub(crate) fn apply(
    table: &HttpTable,
    over: &HttpTable,
    path: &[&str],
    folder: &Path,
    mut http: HttpConfig,
    mistakes: &mut Mistakes<'_>,
) -> HttpConfig {
    macro_rules! set {
        ($($field:ident $with:ident),*) => {$(
            if let Some(Leaf(OrOff(limit), _)) = &table.$field {
                http = http.$with(*limit);
            }
        )*};
    }
    set!(
        connect_timeout with_connect_timeout,
        first_byte_timeout with_first_byte_timeout,
        idle_timeout with_idle_timeout,
        total_timeout with_total_timeout,
        max_event with_max_event,
        max_page with_max_page,
        max_reply with_max_reply
    );
    if let Some(Leaf(limit, _)) = &table.max_error_body {
        http = http.with_max_error_body(*limit);
    }
    if let Some(Leaf(user_agent, _)) = &table.user_agent {
        http = http.with_user_agent(user_agent);
    }
    if let (Some(proxy), None) = (&table.proxy, &over.proxy) {
        let Leaf(OrOff(source), _) = proxy.get_ref();
        match source.as_ref().map(|source| source.resolve(folder)) {
            None => http = http.without_proxy(),
            Some(Ok(url)) => http = http.with_proxy(url.expose()),
            Some(Err(why)) => {
                let key = dotted(path.iter().copied().chain(["proxy"]));
                mistakes.at(proxy.span(), &key, why);
            }
        }
    }
    if let (Some(file), None) = (&table.ca_file, &over.ca_file) {
        match read_certificates(&located(folder, Path::new(&file.get_ref().0))) {
            Ok(pem) => http = http.with_root_certificates(pem),
            Err(why) => {
                let key = dotted(path.iter().copied().chain(["ca_file"]));
                mistakes.at(file.span(), &key, why);
            }
        }
    }
    for (name, value) in &table.headers {
        if over
            .headers
            .keys()
            .any(|other| other.eq_ignore_ascii_case(name))
        {
            continue;
        }
        match value.get_ref().0.resolve(folder) {
            Ok(text) => http = http.with_header(name, text.expose()),
            Err(why) => {
                let key = dotted(path.iter().copied().chain(["headers", name]));
                mistakes.at(value.span(), &key, why);
            }
        }
    }
    http
}
