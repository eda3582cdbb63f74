"""Structured output and tools of the frameworks in their default modes, from a model
that only writes text."""

import asyncio
import os
from importlib.metadata import version

import openai
from agents import Agent as OpenAIAgent
from agents import OpenAIResponsesModel, Runner, function_tool, set_tracing_disabled
from pydantic import BaseModel
from smolagents import OpenAIServerModel, ToolCallingAgent, tool
from smolagents.utils import AgentError

from cases import run

PLAIN = os.environ["CHATWIRE_STRUCTURED_URL"]
TOOLS = os.environ["CHATWIRE_TOOLS_URL"]
MODEL = "aura"

os.environ["OPENAI_BASE_URL"] = PLAIN + "/v1"
os.environ["OPENAI_API_KEY"] = "anything"
set_tracing_disabled(True)

import pydantic_ai  # noqa: E402
from pydantic_ai.providers.openai import OpenAIProvider  # noqa: E402


class Weather(BaseModel):
    """How warm it is."""

    city: str
    degrees: int


EXPECTED = Weather(city="Paris", degrees=21)
SAID = "It is 21 degrees in Paris."


def ask(word):
    return f"How warm is it in Paris? {word}"


def fails(kind, act, words="after 3 questions"):
    try:
        act()
    except kind as error:
        assert words in str(error), error
    else:
        raise AssertionError("it did not fail")


def pydantic_ai_output_types():
    for kind in ["openai", "openai-chat"]:
        agent = pydantic_ai.Agent(f"{kind}:{MODEL}", output_type=Weather)
        for word in ["FIRST", "REPAIR"]:
            assert agent.run_sync(ask(word)).output == EXPECTED, kind
        fails(pydantic_ai.ModelHTTPError, lambda: agent.run_sync(ask("NEVER")))


def pydantic_ai_tools():
    from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel

    for kind in [OpenAIChatModel, OpenAIResponsesModel]:
        provider = OpenAIProvider(base_url=TOOLS + "/v1", api_key="anything")
        agent = pydantic_ai.Agent(kind(MODEL, provider=provider))

        @agent.tool_plain
        def weather(city: str) -> str:
            """Says how warm it is."""
            return "21"

        for word in ["FIRST", "REPAIR"]:
            assert agent.run_sync(ask(word)).output == SAID, kind
        fails(pydantic_ai.ModelHTTPError, lambda: agent.run_sync(ask("NEVER")))


def openai_agents(base, **more):
    client = openai.AsyncOpenAI(base_url=base + "/v1", api_key="anything")
    return OpenAIAgent(
        name="agent", model=OpenAIResponsesModel(model=MODEL, openai_client=client), **more
    )


def openai_agents_output_types():
    for word in ["FIRST", "REPAIR"]:
        result = Runner.run_sync(openai_agents(PLAIN, output_type=Weather), ask(word))
        assert result.final_output == EXPECTED
    never = openai_agents(PLAIN, output_type=Weather)
    fails(openai.BadRequestError, lambda: Runner.run_sync(never, ask("NEVER")))


@function_tool
def weather(city: str) -> str:
    """Says how warm it is."""
    return "21"


def openai_agents_tools():
    async def streamed(word):
        result = Runner.run_streamed(openai_agents(TOOLS, tools=[weather]), ask(word))
        async for _ in result.stream_events():
            pass
        return result.final_output

    for word in ["FIRST", "REPAIR"]:
        whole = Runner.run_sync(openai_agents(TOOLS, tools=[weather]), ask(word))
        assert whole.final_output == SAID
        assert asyncio.run(streamed(word)) == SAID
    never = openai_agents(TOOLS, tools=[weather])
    fails(openai.BadRequestError, lambda: Runner.run_sync(never, ask("NEVER")))


def smolagents_tool_calling():
    @tool
    def weather(city: str) -> str:
        """Says how warm it is.

        Args:
            city: the city
        """
        return "21"

    model = OpenAIServerModel(
        model_id=MODEL,
        api_base=TOOLS + "/v1",
        api_key="anything",
        client_kwargs={"max_retries": 0},
    )
    for word in ["FIRST", "REPAIR"]:
        agent = ToolCallingAgent(tools=[weather], model=model, verbosity_level=0)
        assert agent.run(ask(word)) == "21 degrees"
    agent = ToolCallingAgent(tools=[weather], model=model, verbosity_level=0, max_steps=1)
    fails(AgentError, lambda: agent.run(ask("NEVER")))


names = ["pydantic-ai-slim", "openai-agents", "smolagents"]
run(
    "structured output and tools, " + ", ".join(f"{name} {version(name)}" for name in names),
    [
        pydantic_ai_output_types,
        pydantic_ai_tools,
        openai_agents_output_types,
        openai_agents_tools,
        smolagents_tool_calling,
    ],
)
