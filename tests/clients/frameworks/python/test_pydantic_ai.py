"""Pydantic AI: `openai:` asks for responses, `openai-chat:` for chat completions."""

import os
from importlib.metadata import version

from cases import BASE, ERRORS, HELLO, UNICODE, run

os.environ["OPENAI_BASE_URL"] = BASE + "/v1"
os.environ["OPENAI_API_KEY"] = "anything"

from pydantic_ai import Agent, ModelHTTPError  # noqa: E402

KINDS = ["openai", "openai-chat"]


def agent(model, kind):
    return Agent(f"{kind}:{model}", instructions="Be brief.")


def whole():
    for kind in KINDS:
        result = agent("gpt-4o", kind).run_sync("Hi")
        assert result.output == HELLO, result


def streamed():
    import asyncio

    async def ask(kind):
        async with agent("unicode", kind).run_stream("Hi") as result:
            return "".join([text async for text in result.stream_text(delta=True)])

    for kind in KINDS:
        assert asyncio.run(ask(kind)) == UNICODE, kind


def a_conversation():
    for kind in KINDS:
        first = agent("echo", kind).run_sync("one")
        second = agent("echo", kind).run_sync("two", message_history=first.all_messages())
        assert second.output == "two"


def errors_of_each_class():
    for kind in KINDS:
        for model, status, _, _ in ERRORS:
            try:
                agent(model, kind).run_sync("Hi")
            except ModelHTTPError as error:
                assert error.status_code == status, (model, error)
            else:
                raise AssertionError(f"{model} did not fail")


run(
    f"pydantic-ai {version('pydantic-ai-slim')}",
    [whole, streamed, a_conversation, errors_of_each_class],
)
