//! The model that answers by rules.

use chatwire_mock::{AnyMock, AuraMock, ModelRule, ScriptedModel};
use serde_json::json;

use crate::support::call;

/// What the mock's model says to a question.
async fn answer(mock: &AnyMock, question: &str) -> String {
    let body = json!({
        "model": {"id": "openchat_3.6"},
        "messages": [{"role": "user", "content": question}],
    });
    let reply = call(mock.addr(), "POST", "/api/chat", &[], &body.to_string()).await;
    assert_eq!(reply.status, 200, "{question}");
    reply.body()
}

#[tokio::test]
async fn rules_decide_in_their_order() {
    let mock = AnyMock::from(AuraMock::start().await.unwrap());
    mock.reply("queued");
    mock.model(
        ScriptedModel::new()
            .with_capture("marker", "call with <", ">")
            .with_capture("city", "weather in ", "?")
            .with_rule(ModelRule::say("both").when("sun").when("moon"))
            .with_rule(ModelRule::say("<${marker}> ${city}|${other} $city").when("call with"))
            .with_rule(ModelRule::say("once").unless("never").times(1))
            .with_rule(
                ModelRule::say("twice")
                    .unless("never")
                    .unless("no")
                    .times(2),
            ),
    );
    for (question, expected) in [
        ("sun and moon", "queued"),
        ("moon and sun", "both"),
        ("only the sun", "once"),
        (
            "call with <a>, that is <b>; or call with <c7>",
            "<c7> |${other} $city",
        ),
        ("call with <a>: weather in Rome?", "<a> Rome|${other} $city"),
        ("again", "twice"),
        ("and again", "twice"),
    ] {
        assert_eq!(answer(&mock, question).await, expected, "{question}");
    }
    // Without a rule that applies, the mock answers as it does without a model.
    for question in ["and once more", "never"] {
        assert!(answer(&mock, question).await.contains(question));
    }
}

#[tokio::test]
async fn the_model_s_name_is_part_of_the_prompt() {
    let mock = AnyMock::from(AuraMock::start().await.unwrap());
    mock.model(ScriptedModel::new().with_rule(ModelRule::say("yes").when("openchat_3.6")));
    assert_eq!(answer(&mock, "Is it you?").await, "yes");
}
