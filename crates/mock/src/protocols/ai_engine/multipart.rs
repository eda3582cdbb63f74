//! Reads `multipart/form-data`.

use bytes::Bytes;

use crate::server::RecordedRequest;

/// One field of a form.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) filename: Option<String>,
    pub(crate) data: Bytes,
}

/// The fields of a form; `None` where the request has no form. What is broken in it is left out,
/// as PHP does.
pub(crate) fn fields(request: &RecordedRequest) -> Option<Vec<Field>> {
    let kind = request.header("content-type")?;
    let parameters = kind.strip_prefix("multipart/form-data")?;
    let (_, boundary) = parameters.split_once("boundary=")?;
    let boundary = boundary.split(';').next()?.trim().trim_matches('"');
    let mark = [b"\r\n--", boundary.as_bytes()].concat();
    // The first boundary has no line end before it where nothing else is there.
    let mut rest = match request.body.strip_prefix(&*mark.get(2..)?.to_vec()) {
        Some(rest) => request.body.slice_ref(rest),
        None => request
            .body
            .slice(find(&request.body, &mark)? + mark.len()..),
    };
    let mut fields = Vec::new();
    // Every field ends at a boundary; what comes behind the last one is nothing.
    while let Some(end) = find(&rest, &mark) {
        let part = rest.slice(..end);
        rest = rest.slice(end + mark.len()..);
        fields.extend(field(&part));
    }
    Some(fields)
}

fn field(part: &Bytes) -> Option<Field> {
    let headers = find(part, b"\r\n\r\n")?;
    let head = std::str::from_utf8(part.get(..headers)?).ok()?;
    let disposition = head.split("\r\n").find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-disposition")
            .then_some(value)
    })?;
    let parameter = |name: &str| {
        disposition.split(';').find_map(|pair| {
            let (known, value) = pair.trim().split_once('=')?;
            (known == name).then(|| value.trim_matches('"').to_owned())
        })
    };
    Some(Field {
        name: parameter("name")?,
        filename: parameter("filename"),
        data: part.slice(headers + 4..),
    })
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}
