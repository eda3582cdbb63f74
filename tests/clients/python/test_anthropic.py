"""Anthropic's Python client."""

import anthropic

from cases import BASE, ERRORS, HELLO, UNICODE, GoneAway, requests, run

client = anthropic.Anthropic(base_url=BASE, api_key="anything")


def ask(model="gpt-4o", text="Hi", **more):
    return client.messages.create(
        model=model, max_tokens=100, messages=[{"role": "user", "content": text}], **more
    )


def streamed_text(events):
    return "".join(e.delta.text for e in events if e.type == "content_block_delta")


def whole():
    answer = ask()
    assert answer.content[0].text == HELLO and answer.stop_reason == "end_turn"
    assert answer.model == "test/hello" and answer.role == "assistant"
    assert answer.usage.input_tokens == 1 and answer.usage.output_tokens == 3
    assert answer._request_id


def the_sequence_of_events():
    events = list(ask(stream=True))
    # The client keeps pings to itself.
    assert [e.type for e in events if e.type != "ping"] == [
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_delta",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
    assert streamed_text(events) == HELLO


def stream_helper():
    with client.messages.stream(
        model="gpt-4o", max_tokens=100, messages=[{"role": "user", "content": "Hi"}]
    ) as stream:
        assert "".join(stream.text_stream) == HELLO
        final = stream.get_final_message()
        assert final.stop_reason == "end_turn" and final.usage.output_tokens == 3


def unicode_both_ways():
    assert ask("unicode").content[0].text == UNICODE
    assert streamed_text(ask("unicode", stream=True)) == UNICODE
    assert ask("echo", UNICODE).content[0].text == UNICODE


def a_conversation_with_tools():
    answer = client.messages.create(
        model="echo",
        max_tokens=100,
        system=[{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}],
        tools=[{"name": "weather", "input_schema": {"type": "object"}}],
        messages=[
            {"role": "user", "content": [{"type": "text", "text": "Weather?"}]},
            {
                "role": "assistant",
                "content": [{"type": "tool_use", "id": "t", "name": "weather", "input": {}}],
            },
            {
                "role": "user",
                "content": [{"type": "tool_result", "tool_use_id": "t", "content": "fine"}],
            },
        ],
    )
    assert answer.content[0].text == "[Tool result: weather]\nfine"


def stop_sequences():
    answer = ask(stop_sequences=["o y"])
    assert answer.content[0].text == "Hell"
    assert (answer.stop_reason, answer.stop_sequence) == ("stop_sequence", "o y")


def tokens():
    messages = [{"role": "user", "content": "abcde"}]
    assert client.messages.count_tokens(model="gpt-4o", messages=messages).input_tokens == 6


CLASSES = {
    400: anthropic.BadRequestError,
    404: anthropic.NotFoundError,
    429: anthropic.RateLimitError,
    500: anthropic.InternalServerError,
    502: anthropic.InternalServerError,
    504: anthropic.InternalServerError,
}


def errors_of_each_class():
    for model, status, code, _ in ERRORS:
        for stream in (False, True):
            before = requests()
            try:
                ask(model, stream=stream)
            except anthropic.APIStatusError as error:
                assert error.status_code == status and isinstance(error, CLASSES[status]), error
                assert error.body["type"] == "error", error.body
                assert error.body["error"]["code"] == code, error.body
                assert error.request_id
            else:
                raise AssertionError(f"{model} did not fail")
            most = 3 if status == 429 else 1
            assert requests() - before <= most, f"{model} was asked again"


def a_fault_after_the_first_text():
    text = ""
    try:
        for event in ask("break", stream=True):
            assert event.type != "message_stop"
            if event.type == "content_block_delta":
                text += event.delta.text
    except anthropic.APIError as error:
        assert "test" in str(error), error
        assert text == "half an ", text
    else:
        raise AssertionError("the fault went unnoticed")


def a_late_first_text():
    assert streamed_text(ask("late", stream=True)) == "late"


def early_close():
    with GoneAway():
        stream = ask("endless", stream=True)
        for _, _event in zip(range(7), stream):
            pass
        stream.close()


# One alone could be called.
TOOLS = [{"name": name, "input_schema": {}} for name in "fg"]


def parameters():
    for more, param in [
        ({"tools": TOOLS, "tool_choice": {"type": "any"}}, "tool_choice"),
        ({"text": [{"type": "server_tool_use"}]}, "messages[0].content[0].type"),
    ]:
        try:
            ask(**more)
        except anthropic.BadRequestError as error:
            assert param in error.body["error"]["message"], error.body
        else:
            raise AssertionError(f"{param} was taken")


run(
    f"anthropic {anthropic.__version__} (Python)",
    [
        whole,
        the_sequence_of_events,
        stream_helper,
        unicode_both_ways,
        a_conversation_with_tools,
        stop_sequences,
        tokens,
        errors_of_each_class,
        a_fault_after_the_first_text,
        a_late_first_text,
        early_close,
        parameters,
    ],
)
