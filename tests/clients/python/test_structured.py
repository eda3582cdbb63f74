"""Structured output and tools of the plain clients, from a model that only writes text."""

import json
import os
from importlib.metadata import version

import anthropic
import ollama
import openai
from langchain_openai import ChatOpenAI
from pydantic import BaseModel

from cases import run

# One whose endpoints have no tools, and one that emulates them.
PLAIN = os.environ["CHATWIRE_STRUCTURED_URL"]
TOOLS = os.environ["CHATWIRE_TOOLS_URL"]
MODEL = "aura"


class Weather(BaseModel):
    city: str
    degrees: int


EXPECTED = Weather(city="Paris", degrees=21)
CITY = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
}


def questions(word):
    """How many questions a right answer takes."""
    return {"FIRST": 1, "REPAIR": 2}[word]


def ask(word):
    return [{"role": "user", "content": f"How warm is it in Paris? {word}"}]


def chat(base):
    return openai.OpenAI(base_url=base + "/v1", api_key="anything")


def messages(base):
    return anthropic.Anthropic(base_url=base, api_key="anything")


def fails(kind, act):
    """The error after the last question is the client's own, and it does not ask again."""
    try:
        act()
    except kind as error:
        assert error.status_code == 400, error
        assert "after 3 questions" in str(error), error
    else:
        raise AssertionError("it did not fail")


def parsed_chat_completions():
    def parse(word):
        return chat(PLAIN).chat.completions.with_raw_response.parse(
            model=MODEL, messages=ask(word), response_format=Weather
        )

    for word in ["FIRST", "REPAIR"]:
        answer = parse(word)
        emulated = answer.headers["x-chatwire-emulated"]
        assert emulated == f"json_schema; questions={questions(word)}"
        assert answer.parse().choices[0].message.parsed == EXPECTED
    fails(openai.BadRequestError, lambda: parse("NEVER"))


def streamed_chat_completions():
    def stream(word):
        with chat(PLAIN).chat.completions.stream(
            model=MODEL, messages=ask(word), response_format=Weather
        ) as events:
            for _ in events:
                pass
            return events.get_final_completion().choices[0].message.parsed

    for word in ["FIRST", "REPAIR"]:
        assert stream(word) == EXPECTED
    fails(openai.BadRequestError, lambda: stream("NEVER"))


def parsed_responses():
    def parse(word):
        return chat(PLAIN).responses.parse(model=MODEL, input=ask(word), text_format=Weather)

    for word in ["FIRST", "REPAIR"]:
        assert parse(word).output_parsed == EXPECTED
    fails(openai.BadRequestError, lambda: parse("NEVER"))


def parsed_messages():
    def parse(word):
        return messages(PLAIN).messages.parse(
            model=MODEL, max_tokens=100, messages=ask(word), output_format=Weather
        )

    for word in ["FIRST", "REPAIR"]:
        assert parse(word).parsed_output == EXPECTED
    fails(anthropic.BadRequestError, lambda: parse("NEVER"))


def formats_of_ollama():
    def parse(word):
        answer = ollama.Client(PLAIN).chat(
            model=MODEL, messages=ask(word), format=Weather.model_json_schema()
        )
        return Weather.model_validate_json(answer.message.content)

    for word in ["FIRST", "REPAIR"]:
        assert parse(word) == EXPECTED
    fails(ollama.ResponseError, lambda: parse("NEVER"))


def langchain():
    """Its defaults: a JSON schema for chat completions."""

    def parse(word):
        model = ChatOpenAI(model=MODEL, base_url=PLAIN + "/v1", api_key="anything")
        return model.with_structured_output(Weather).invoke(ask(word)[0]["content"])

    for word in ["FIRST", "REPAIR"]:
        assert parse(word) == EXPECTED
    fails(openai.BadRequestError, lambda: parse("NEVER"))


def tools_of_chat_completions():
    functions = ["weather", "time"]
    tools = [{"type": "function", "function": {"name": name, "parameters": CITY}} for name in functions]
    for word in ["FIRST", "REPAIR"]:
        talk = ask(word)
        answer = chat(TOOLS).chat.completions.create(model=MODEL, messages=talk, tools=tools)
        choice = answer.choices[0]
        assert choice.finish_reason == "tool_calls", answer
        (call,) = choice.message.tool_calls
        assert call.function.name == "weather"
        assert json.loads(call.function.arguments) == {"city": "Paris"}
        result = {"role": "tool", "tool_call_id": call.id, "content": "21"}
        talk += [choice.message, result]
        answer = chat(TOOLS).chat.completions.create(model=MODEL, messages=talk, tools=tools)
        assert answer.choices[0].message.content == "It is 21 degrees in Paris."
        assert answer.choices[0].finish_reason == "stop"
    never = lambda: chat(TOOLS).chat.completions.create(  # noqa: E731
        model=MODEL, messages=ask("NEVER"), tools=tools
    )
    fails(openai.BadRequestError, never)


def tools_of_responses():
    tools = [{"type": "function", "name": name, "parameters": CITY, "strict": False} for name in ["weather", "time"]]
    for word in ["FIRST", "REPAIR"]:
        first = chat(TOOLS).responses.create(model=MODEL, input=ask(word), tools=tools)
        (call,) = first.output
        assert (call.name, json.loads(call.arguments)) == ("weather", {"city": "Paris"})
        result = {"type": "function_call_output", "call_id": call.call_id, "output": "21"}
        second = chat(TOOLS).responses.create(
            model=MODEL, input=[result], tools=tools, previous_response_id=first.id
        )
        assert second.output_text == "It is 21 degrees in Paris."
    never = lambda: chat(TOOLS).responses.create(  # noqa: E731
        model=MODEL, input=ask("NEVER"), tools=tools
    )
    fails(openai.BadRequestError, never)


def tools_of_messages():
    tools = [{"name": name, "input_schema": CITY} for name in ["weather", "time"]]

    def stream(talk):
        with messages(TOOLS).messages.stream(
            model=MODEL, max_tokens=100, messages=talk, tools=tools
        ) as events:
            return events.get_final_message()

    for word in ["FIRST", "REPAIR"]:
        talk = ask(word)
        answer = stream(talk)
        assert answer.stop_reason == "tool_use"
        (call,) = answer.content
        assert (call.name, call.input) == ("weather", {"city": "Paris"})
        result = {"type": "tool_result", "tool_use_id": call.id, "content": "21"}
        talk += [
            {"role": "assistant", "content": answer.content},
            {"role": "user", "content": [result]},
        ]
        answer = stream(talk)
        assert answer.content[0].text == "It is 21 degrees in Paris."
    fails(anthropic.BadRequestError, lambda: stream(ask("NEVER")))


def tools_of_ollama():
    def weather(city: str) -> str:
        """Says how warm it is.

        Args:
          city: the city
        """
        return "21"

    client = ollama.Client(TOOLS)
    for word in ["FIRST", "REPAIR"]:
        talk = ask(word)
        message = client.chat(model=MODEL, messages=talk, tools=[weather]).message
        (call,) = message.tool_calls
        assert (call.function.name, call.function.arguments) == ("weather", {"city": "Paris"})
        result = {"role": "tool", "tool_name": "weather", "content": weather("Paris")}
        talk += [message, result]
        message = client.chat(model=MODEL, messages=talk, tools=[weather]).message
        assert message.content == "It is 21 degrees in Paris."
    never = lambda: client.chat(model=MODEL, messages=ask("NEVER"), tools=[weather])  # noqa: E731
    fails(ollama.ResponseError, never)


def a_forced_call_needs_no_setting():
    tool = {"type": "function", "function": {"name": "say", "parameters": Weather.model_json_schema()}}
    for word in ["FIRST", "REPAIR"]:
        answer = chat(PLAIN).chat.completions.create(
            model=MODEL,
            messages=ask(word),
            tools=[tool],
            tool_choice={"type": "function", "function": {"name": "say"}},
        )
        (call,) = answer.choices[0].message.tool_calls
        assert Weather.model_validate_json(call.function.arguments) == EXPECTED


run(
    f"structured output and tools, openai {version('openai')}, anthropic {version('anthropic')}, ollama {version('ollama')} (Python)",
    [
        parsed_chat_completions,
        streamed_chat_completions,
        parsed_responses,
        parsed_messages,
        formats_of_ollama,
        langchain,
        tools_of_chat_completions,
        tools_of_responses,
        tools_of_messages,
        tools_of_ollama,
        a_forced_call_needs_no_setting,
    ],
)
