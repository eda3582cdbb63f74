"""smolagents, which fails without a usage."""

from importlib.metadata import version

import openai
from smolagents import ChatMessage, OpenAIServerModel

from cases import BASE, ERRORS, HELLO, UNICODE, run


def model(name):
    return OpenAIServerModel(
        model_id=name, api_base=BASE + "/v1", api_key="anything", client_kwargs={"max_retries": 0}
    )


MESSAGES = [ChatMessage(role="user", content=[{"type": "text", "text": "Hi"}])]


def whole():
    answer = model("gpt-4o").generate(MESSAGES)
    assert answer.content == HELLO
    assert answer.token_usage.output_tokens == 3


def streamed():
    parts = list(model("unicode").generate_stream(MESSAGES))
    assert "".join(part.content or "" for part in parts) == UNICODE


def errors_of_each_class():
    for name, status, code, _ in ERRORS:
        if status == 429:
            # It waits a minute before it asks again.
            continue
        try:
            model(name).generate(MESSAGES)
        except openai.APIStatusError as error:
            assert (error.status_code, error.code) == (status, code), error
        else:
            raise AssertionError(f"{name} did not fail")


run(f"smolagents {version('smolagents')}", [whole, streamed, errors_of_each_class])
