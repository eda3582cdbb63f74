"""OpenAI's agents for Python, which ask for responses."""

import asyncio
from importlib.metadata import version

import openai
from agents import (
    Agent,
    OpenAIResponsesModel,
    Runner,
    function_tool,
    set_tracing_disabled,
)

from cases import BASE, ERRORS, HELLO, UNICODE, GoneAway, run

set_tracing_disabled(True)


@function_tool
def weather(city: str) -> str:
    """Says what the weather is."""
    return "fine"


def agent(model):
    # A client belongs to one event loop, and every test has its own.
    client = openai.AsyncOpenAI(base_url=BASE + "/v1", api_key="anything")
    return Agent(
        name="agent",
        instructions="Be brief.",
        model=OpenAIResponsesModel(model=model, openai_client=client),
        tools=[weather],
    )


def whole():
    assert Runner.run_sync(agent("gpt-4o"), "Hi").final_output == HELLO


def streamed():
    async def ask():
        text = ""
        result = Runner.run_streamed(agent("unicode"), "Hi")
        async for event in result.stream_events():
            if event.type == "raw_response_event":
                if event.data.type == "response.output_text.delta":
                    text += event.data.delta
        return text, result.final_output

    assert asyncio.run(ask()) == (UNICODE, UNICODE)


def a_conversation():
    first = Runner.run_sync(agent("echo"), "one")
    items = first.to_input_list() + [{"role": "user", "content": "two"}]
    assert Runner.run_sync(agent("echo"), items).final_output == "two"
    kept = Runner.run_sync(agent("echo"), "three", previous_response_id=first.last_response_id)
    assert kept.final_output == "three"


def errors_of_each_class():
    for model, status, code, _ in ERRORS:
        try:
            Runner.run_sync(agent(model), "Hi")
        except openai.APIStatusError as error:
            assert (error.status_code, error.code) == (status, code), error
        else:
            raise AssertionError(f"{model} did not fail")


def early_close():
    async def ask():
        result = Runner.run_streamed(agent("endless"), "Hi")
        seen = 0
        async for _ in result.stream_events():
            seen += 1
            if seen == 8:
                break
        result.cancel()
        await asyncio.sleep(0.5)

    with GoneAway():
        asyncio.run(ask())


run(
    f"openai-agents {version('openai-agents')} (Python)",
    [whole, streamed, a_conversation, errors_of_each_class, early_close],
)
