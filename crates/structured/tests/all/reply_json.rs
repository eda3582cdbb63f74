use chatwire_core::{ChatRequest, ErrorKind, ResponseFormat};
use chatwire_structured::{ReplyJson, Structured};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::scripted::Scripted;

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(rename = "Größte Stadt")]
struct City<T> {
    name: String,
    /// What is known of it.
    known: Option<T>,
}

/// A port, which its schema allows to be 0 and its type does not.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(try_from = "u16")]
#[schemars(with = "u16")]
struct Port;

impl TryFrom<u16> for Port {
    type Error = &'static str;

    fn try_from(number: u16) -> Result<Port, &'static str> {
        if number == 0 { Err("port 0") } else { Ok(Port) }
    }
}

#[tokio::test]
async fn answers_are_values() {
    for (says, expected) in [
        (
            &[r#"{"name": "Tokyo", "known": [1, 2]}"#][..],
            Some(vec![1, 2]),
        ),
        (&[r#"It is {"name": "Tokyo", "known": None}."#], None),
        (&[r#"{"name": 1}"#, r#"{"name": "Tokyo"}"#], None),
    ] {
        let model = Scripted::says(says.iter().copied());
        let provider = Structured::new(model.clone());
        let city: City<Vec<u8>> = provider.reply_json(&ChatRequest::new("?")).await.unwrap();
        assert_eq!(
            city,
            City {
                name: "Tokyo".into(),
                known: expected
            }
        );
        assert_eq!(model.asked().len(), says.len());
        assert!(model.question(0).contains("What is known of it."));
    }
}

#[tokio::test]
async fn what_is_no_value_is_an_error() {
    let provider = Structured::new(Scripted::says(["{}", "{}", "{}"]));
    let error = provider
        .reply_json::<City<u8>>(&ChatRequest::new("?"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidOutput);

    let provider = Structured::new(Scripted::says(["0"]));
    let error = provider
        .reply_json::<Port>(&ChatRequest::new("?"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidOutput);
    assert!(
        error
            .to_string()
            .contains("the answer cannot be deserialized: port 0"),
        "{error}"
    );
}

/// A provider that answers by schemas itself gets the request with the schema, under
/// a name as OpenAI's API takes it.
#[tokio::test]
async fn a_provider_that_can_is_asked_itself() {
    let model = Scripted::says([r#"{"name": "Tokyo"}"#])
        .with(|info| info.capabilities.response_format = true);
    let city: City<Vec<Option<u8>>> = model.reply_json(&ChatRequest::new("?")).await.unwrap();
    assert_eq!(
        city,
        City {
            name: "Tokyo".into(),
            known: None
        }
    );
    let asked = model.asked();
    let ResponseFormat::JsonSchema(schema) = asked[0].response_format() else {
        panic!("{asked:?}");
    };
    assert_eq!(schema.name(), "Gr__te_Stadt");
    assert_eq!(schema.schema()["required"], serde_json::json!(["name"]));
}
