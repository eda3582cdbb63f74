//! A reply that ends after each of its events, cleanly or with a fault.

use std::sync::Arc;

use chatwire::{
    ChatRequest, Error, ErrorKind, Finish, FinishReason, Provider, ReplyEvent, ReplyStream,
};
use chatwire_core::{BoxFuture, ProviderInfo};
use futures::stream;

use super::client::{gateway, post};
use super::form::{FORMS, Outcome};

/// Says these texts, and ends with a finish, an error or nothing. In the texts,
/// `MARKER` is the one of the calls that it was told.
#[derive(Debug)]
struct Cut {
    info: ProviderInfo,
    texts: Vec<&'static str>,
    end: End,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum End {
    Finish,
    Nothing,
    Error,
}

impl Provider for Cut {
    fn info(&self) -> &ProviderInfo {
        &self.info
    }

    fn stream<'a>(&'a self, request: &'a ChatRequest) -> BoxFuture<'a, Result<ReplyStream, Error>> {
        let asked: String = request.messages().iter().map(|one| one.text()).collect();
        let marker = asked.split("<call-").nth(1);
        let marker = marker.and_then(|rest| rest.split('>').next());
        let texts = self.texts.iter();
        let texts = texts.map(|text| text.replace("MARKER", marker.unwrap_or_default()));
        let mut events: Vec<Result<ReplyEvent, Error>> =
            texts.map(|text| Ok(ReplyEvent::Text(text))).collect();
        match self.end {
            End::Finish => {
                let finish = Finish::new(FinishReason::Stop);
                events.push(Ok(ReplyEvent::Finish(finish)));
            }
            End::Nothing => {}
            End::Error => {
                events.push(Err(Error::new(ErrorKind::Interrupted, "the line broke")));
            }
        }
        Box::pin(async move { Ok(ReplyStream::from_events(stream::iter(events))) })
    }
}

#[tokio::test]
async fn every_cut_is_an_error_in_every_dialect() {
    const TEXTS: [&str; 4] = ["one ", "two ", "three ", "four"];
    for count in 0..=TEXTS.len() {
        for end in [End::Finish, End::Nothing, End::Error] {
            let texts = TEXTS[..count].to_vec();
            let text = texts.concat();
            let address = gateway(Arc::new(Cut {
                info: ProviderInfo::new("cut", "http://127.0.0.1:9", "m"),
                texts,
                end,
            }))
            .await;
            let is_whole = end == End::Finish && count > 0;
            for form in &FORMS {
                let what = format!("{} after {count} and {end:?}", form.path);
                let whole = post(address, form.path, &form.body("home", false), |_| {}).await;
                let stream = post(address, form.path, &form.body("home", true), |_| {}).await;
                if is_whole {
                    assert_eq!(whole.status, 200, "{what}");
                    assert_eq!((form.text)(&whole.json()), Some(text.as_str()), "{what}");
                } else {
                    assert_eq!(whole.status, 502, "{what} {whole:?}");
                    assert!((form.is_error)(&whole.json()), "{what} {whole:?}");
                }
                if count == 0 {
                    assert_eq!(stream.status, 502, "{what} {stream:?}");
                    assert!((form.is_error)(&stream.json()), "{what} {stream:?}");
                    continue;
                }
                assert_eq!(stream.status, 200, "{what}");
                assert_eq!(form.streamed_text(&stream.body), text, "{what}");
                let expected = match is_whole {
                    true => Outcome::Complete,
                    false => Outcome::Failed,
                };
                assert_eq!(form.outcome(&stream.body), expected, "{what} {stream:?}");
            }
        }
    }
}

/// A reply that ends inside a call, or inside the JSON that it has to be.
#[tokio::test]
async fn every_cut_of_a_call_is_an_error() {
    const CALL: [&str; 5] = [
        "Let me see. ",
        "<call-MARKER>{\"name\": ",
        "\"f\", \"arguments\": {\"x\": ",
        "\"secret-argument\"}}",
        "</call-MARKER>",
    ];
    const JSON: [&str; 4] = ["So: ", "{\"a\": ", "\"secret-argument\"", "}"];
    for (texts, is_call) in [(&CALL[..], true), (&JSON[..], false)] {
        for count in 1..=texts.len() {
            for end in [End::Finish, End::Nothing, End::Error] {
                let address = gateway(Arc::new(Cut {
                    info: ProviderInfo::new("cut", "http://127.0.0.1:9", "m"),
                    texts: texts[..count].to_vec(),
                    end,
                }))
                .await;
                for form in &FORMS {
                    let body = |stream| match is_call {
                        true => form.body_with_tools("home", stream),
                        false => form.body_with_format("home", stream),
                    };
                    let (Some(whole), Some(stream)) = (body(false), body(true)) else {
                        continue;
                    };
                    let what = format!("{} after {:?} and {end:?}", form.path, &texts[..count]);
                    let whole = post(address, form.path, &whole, |_| {}).await;
                    let stream = post(address, form.path, &stream, |_| {}).await;
                    // Words without a call are an answer, and where the model has
                    // ended its answer, the last mark alone may be missing.
                    let is_words = is_call && count == 1;
                    let is_whole = count >= texts.len() - 1;
                    if end == End::Finish && (is_words || is_whole) {
                        assert_eq!(whole.status, 200, "{what} {whole:?}");
                        let outcome = form.outcome(&stream.body);
                        assert_eq!(outcome, Outcome::Complete, "{what} {stream:?}");
                        for answer in [&whole, &stream] {
                            let has = answer.body.contains("secret-argument");
                            assert_eq!(has, is_whole, "{what} {answer:?}");
                        }
                        continue;
                    }
                    let status = if end == End::Finish { 400 } else { 502 };
                    assert_eq!(whole.status, status, "{what} {whole:?}");
                    assert!((form.is_error)(&whole.json()), "{what} {whole:?}");
                    // Words before a call are out by then.
                    if is_call {
                        assert_eq!(stream.status, 200, "{what} {stream:?}");
                        let outcome = form.outcome(&stream.body);
                        assert_eq!(outcome, Outcome::Failed, "{what} {stream:?}");
                    } else {
                        assert_eq!(stream.status, status, "{what} {stream:?}");
                        assert!((form.is_error)(&stream.json()), "{what} {stream:?}");
                    }
                    for answer in [&whole, &stream] {
                        let has = answer.body.contains("secret-argument");
                        assert!(!has, "{what} {answer:?}");
                    }
                }
            }
        }
    }
}
