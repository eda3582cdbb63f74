"""LiteLLM as a client of every API."""

import os
from importlib.metadata import version

# Its list of prices is in the package, too.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

import litellm  # noqa: E402

from cases import BASE, ERRORS, HELLO, UNICODE, run  # noqa: E402

litellm.suppress_debug_info = True
MESSAGES = [{"role": "user", "content": "Hi"}]
WAYS = {
    "openai": BASE + "/v1",
    "text-completion-openai": BASE + "/v1",
    "anthropic": BASE,
    "ollama_chat": BASE,
    "ollama": BASE,
}


def ask(kind, model, **more):
    return litellm.completion(
        model=f"{kind}/{model}",
        messages=MESSAGES,
        api_base=WAYS[kind],
        api_key="anything",
        **more,
    )


def whole():
    for kind in WAYS:
        answer = ask(kind, "gpt-4o")
        assert answer.choices[0].message.content == HELLO, (kind, answer)
        assert answer.choices[0].finish_reason == "stop", (kind, answer)
        assert answer.usage.total_tokens > 0, (kind, answer)


def streamed():
    for kind in WAYS:
        chunks = ask(kind, "unicode", stream=True)
        text = "".join(c.choices[0].delta.content or "" for c in chunks)
        assert text == UNICODE, (kind, text)


def text_completions():
    answer = litellm.text_completion(
        model="text-completion-openai/gpt-4o",
        prompt="Hi",
        api_base=BASE + "/v1",
        api_key="anything",
    )
    assert answer.choices[0].text == HELLO


def responses():
    answer = litellm.responses(
        model="openai/gpt-4o", input="Hi", api_base=BASE + "/v1", api_key="anything"
    )
    assert answer.output[0].content[0].text == HELLO


def errors_of_each_class():
    for kind in WAYS:
        for model, status, _, _ in ERRORS:
            try:
                ask(kind, model, max_retries=0)
            except Exception as error:
                got = getattr(error, "status_code", None)
                # It has statuses of its own for what it takes for its own fault.
                assert got is not None and got >= 400, (kind, model, error)
                if kind == "openai" and status < 500:
                    assert got == status, (kind, model, error)
            else:
                raise AssertionError(f"{kind} {model} did not fail")


run(
    f"litellm {version('litellm')}",
    [whole, streamed, text_completions, responses, errors_of_each_class],
)
