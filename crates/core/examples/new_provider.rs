//! A provider for a server that does not exist, written by the steps of
//! CONTRIBUTING.md. The server takes `{"say": …}` at `/talk` and answers with
//! server-sent events: `{"word": …}` for each word, then `"over"`, or
//! `{"fault": …}`.
//!
//! ```sh
//! cargo run -p chatwire-core --example new_provider -- --mock
//! cargo test -p chatwire-core --example new_provider
//! ```

use bytes::Bytes;
use chatwire_core::provider_kit::decode::SseDecoder;
use chatwire_core::provider_kit::refusal;
use chatwire_core::provider_kit::{
    BaseUrl, HttpClient, HttpRequest, ReplyDecoder, RequestUrl, Setting, SettingKind, read_settings,
};
use chatwire_core::{
    BoxFuture, ChatRequest, Error, ErrorKind, Finish, FinishReason, HttpConfig, PromptFormat,
    Provider, ProviderExt, ProviderInfo, ReplyEvent, ReplyStream, Secret,
};
use chatwire_mock::{Answer, MockServer};
use serde::{Deserialize, Serialize};

// Step 1: what it is and can do. A configuration, and a table that describes it
// for command lines and configuration files.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Config {
    base_url: Option<Secret>,
    parrot: Option<String>,
}

const SETTINGS: &[Setting] = &[Setting::new("parrot", SettingKind::Text, "who is asked")];

#[derive(Debug)]
struct Parrot {
    config: Config,
    info: ProviderInfo,
    http: HttpClient,
    talk: RequestUrl,
}

impl Parrot {
    fn new(config: Config, http: HttpConfig) -> Result<Parrot, Error> {
        let base = BaseUrl::required(config.base_url.as_ref().map(Secret::expose))?;
        let mut info = ProviderInfo::new("parrot", base.as_text(), "parrot-1");
        info.capabilities.streaming = true;
        info.capabilities.system = true;
        info.capabilities.history = true;
        info.capabilities.end_mark = true;
        Ok(Parrot {
            config,
            info,
            http: HttpClient::new("parrot", http)?,
            talk: base.join("/talk")?,
        })
    }

    // Step 3: check, ask, decode.
    async fn talk(&self, request: &ChatRequest) -> Result<ReplyStream, Error> {
        self.info.check(request)?;
        let say = PromptFormat::default().format(request.messages())?;
        let to = self.config.parrot.as_deref();
        let request = HttpRequest::post(self.talk.clone()).json(&Question { to, say })?;
        let response = self.http.send(request).await?;
        if !response.is_success() {
            return Err(response.into_error().await);
        }
        let decoder = Decoder(SseDecoder::new(self.http.max_event()));
        response.into_reply(decoder, &self.info.default_model).await
    }
}

// Step 2: the body of a request, without I/O.
#[derive(Serialize)]
struct Question<'a> {
    to: Option<&'a str>,
    say: String,
}

// Step 4: the decoder of an answer, without I/O.
struct Decoder(SseDecoder);

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Wire {
    Word(String),
    Over,
    Fault(String),
}

impl ReplyDecoder for Decoder {
    fn feed(&mut self, chunk: Bytes) {
        self.0.feed(&chunk);
    }

    // The end of the body says nothing: the protocol has an end mark.
    fn end(&mut self) {}

    fn next_event(&mut self) -> Result<Option<ReplyEvent>, Error> {
        let Some(event) = self.0.next_event()? else {
            return Ok(None);
        };
        match serde_json::from_str(event.data) {
            Ok(Wire::Word(word)) => Ok(Some(ReplyEvent::Text(word))),
            Ok(Wire::Over) => Ok(Some(ReplyEvent::Finish(Finish::new(FinishReason::Stop)))),
            Ok(Wire::Fault(words)) => Err(refusal::from_words(&words)),
            Err(error) => Err(Error::new(ErrorKind::Protocol, "an unknown event")
                .with_excerpt(event.data)
                .with_source(error)),
        }
    }
}

impl Provider for Parrot {
    fn info(&self) -> &ProviderInfo {
        &self.info
    }

    fn stream<'a>(&'a self, request: &'a ChatRequest) -> BoxFuture<'a, Result<ReplyStream, Error>> {
        Box::pin(self.talk(request))
    }
}

// Step 5: a mock that checks as strictly as the server does, and tests.
async fn mock(events: &'static [&'static str]) -> std::io::Result<MockServer> {
    let server = MockServer::start().await?;
    server.answer_with(move |request| {
        let question = request.json().ok().filter(|body| body["say"].is_string());
        Some(match (request.method.as_str(), request.path(), question) {
            ("POST", "/talk", Some(_)) => Answer::stream(events),
            _ => Answer::status(400),
        })
    });
    Ok(server)
}

/// A configuration from texts, as a command line has them.
fn config(server: &MockServer) -> Result<Config, Error> {
    let texts = [("parrot".to_owned(), Secret::new("Polly"))];
    let mut config: Config = read_settings(SETTINGS, &texts.into())?;
    config.base_url = Some(Secret::new(server.url()));
    Ok(config)
}

const WHOLE: &[&str] = &["data: {\"word\":\"He", "llo\"}\n\ndata: \"over\"\n\n"];

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let server = mock(WHOLE).await?;
    let parrot = Parrot::new(config(&server)?, HttpConfig::new())?;
    println!("{}", parrot.reply(&ChatRequest::new("Hello")).await?.text);
    Ok(())
}

#[cfg(test)]
#[tokio::test]
async fn it_answers_refuses_and_is_cut_off() {
    type Want = Result<&'static str, ErrorKind>;
    let table: [(&[&str], Want); 4] = [
        (WHOLE, Ok("Hello")),
        (&["data: {\"word\":\"He\"}\n\n"], Err(ErrorKind::Truncated)),
        (&["data: {\"fault\":\"no\"}\n\n"], Err(ErrorKind::Refused)),
        (&["data: 7\n\n"], Err(ErrorKind::Protocol)),
    ];
    for (events, want) in table {
        let server = mock(events).await.unwrap();
        let parrot = Parrot::new(config(&server).unwrap(), HttpConfig::new()).unwrap();
        let got = parrot.reply(&ChatRequest::new("Hello")).await;
        let got = got.map(|reply| reply.text).map_err(|e| e.error.kind());
        assert_eq!(got, want.map(str::to_owned));
        let asked = server.requests()[0].json().unwrap();
        assert_eq!(asked, serde_json::json!({"to": "Polly", "say": "Hello"}));
    }
}
