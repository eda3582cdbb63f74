//! A reply that ends after each of its events, cleanly or with a fault.

use std::sync::Arc;

use chatwire::{
    ChatRequest, Error, ErrorKind, Finish, FinishReason, Provider, ReplyEvent, ReplyStream,
};
use chatwire_core::{BoxFuture, ProviderInfo};
use futures::stream;

use super::client::{gateway, post};
use super::form::{FORMS, Outcome};

/// Says these texts, and ends with a finish, an error or nothing.
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

    fn stream<'a>(&'a self, _: &'a ChatRequest) -> BoxFuture<'a, Result<ReplyStream, Error>> {
        let texts = self.texts.iter();
        let mut events: Vec<Result<ReplyEvent, Error>> = texts
            .map(|text| Ok(ReplyEvent::Text((*text).to_owned())))
            .collect();
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
