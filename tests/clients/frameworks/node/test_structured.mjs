// Structured output and tools of the frameworks in their default modes, from a model
// that only writes text.

import assert from "node:assert/strict";
import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { ChatOpenAI } from "@langchain/openai";
import { Agent, OpenAIProvider, Runner, setTracingDisabled, tool as agentTool } from "@openai/agents";
import { generateObject, generateText, stepCountIs, streamObject, streamText, tool } from "ai";
import { z } from "zod";

import { run } from "./cases.mjs";

globalThis.AI_SDK_LOG_WARNINGS = false;
setTracingDisabled(true);

const PLAIN = process.env.CHATWIRE_STRUCTURED_URL;
const TOOLS = process.env.CHATWIRE_TOOLS_URL;
const MODEL = "aura";
const EXPECTED = { city: "Paris", degrees: 21 };
const SAID = "It is 21 degrees in Paris.";
const schema = z.object({ city: z.string(), degrees: z.number().int() });
const city = z.object({ city: z.string() });
const ask = (word) => `How warm is it in Paris? ${word}`;

/** The error after the last question is the client's own. */
const fails = (act, status = (error) => error.statusCode ?? error.status) =>
  assert.rejects(act, (error) => {
    assert.equal(status(error), 400, `${error}`);
    assert.match(`${error}`, /after 3 questions/);
    return true;
  });

/** Every model of the AI SDK, at a gateway. */
async function each(base, check) {
  const options = { baseURL: `${base}/v1`, apiKey: "anything" };
  const openai = createOpenAI(options);
  const compatible = createOpenAICompatible({
    ...options,
    name: "chatwire",
    supportsStructuredOutputs: true,
  });
  const models = {
    "openai()": openai(MODEL),
    "openai.chat": openai.chat(MODEL),
    "openai-compatible": compatible(MODEL),
    anthropic: createAnthropic(options)(MODEL),
  };
  for (const [name, model] of Object.entries(models)) {
    try {
      await check(model);
    } catch (error) {
      throw new Error(name, { cause: error });
    }
  }
}

await run("structured output and tools, ai, @langchain/openai, @openai/agents (Node)", {
  generateObject: () =>
    each(PLAIN, async (model) => {
      for (const word of ["FIRST", "REPAIR"]) {
        const { object } = await generateObject({ model, schema, prompt: ask(word) });
        assert.deepEqual(object, EXPECTED);
      }
      await fails(generateObject({ model, schema, prompt: ask("NEVER") }));
    }),

  streamObject: () =>
    each(PLAIN, async (model) => {
      for (const word of ["FIRST", "REPAIR"]) {
        const { object, partialObjectStream } = streamObject({ model, schema, prompt: ask(word) });
        for await (const _ of partialObjectStream);
        assert.deepEqual(await object, EXPECTED);
      }
    }),

  tools_of_the_ai_sdk: () =>
    each(TOOLS, async (model) => {
      const tools = { weather: tool({ inputSchema: city, execute: async () => "21" }) };
      const stopWhen = stepCountIs(3);
      for (const word of ["FIRST", "REPAIR"]) {
        const whole = await generateText({ model, tools, stopWhen, prompt: ask(word) });
        assert.equal(whole.text, SAID);
        assert.deepEqual(whole.steps[0].toolCalls[0].input, { city: "Paris" });
        const streamed = streamText({ model, tools, stopWhen, prompt: ask(word) });
        let text = "";
        for await (const delta of streamed.textStream) text += delta;
        assert.equal(text, SAID);
      }
      await fails(generateText({ model, tools, prompt: ask("NEVER") }));
    }),

  async langchain() {
    for (const useResponsesApi of [false, true]) {
      const model = new ChatOpenAI({
        model: MODEL,
        useResponsesApi,
        apiKey: "anything",
        maxRetries: 0,
        configuration: { baseURL: `${PLAIN}/v1` },
      });
      const structured = model.withStructuredOutput(schema);
      for (const word of ["FIRST", "REPAIR"]) {
        assert.deepEqual(await structured.invoke(ask(word)), EXPECTED);
      }
      await fails(structured.invoke(ask("NEVER")));
    }
  },

  async openai_agents() {
    const runner = (base) =>
      new Runner({
        modelProvider: new OpenAIProvider({ baseURL: `${base}/v1`, apiKey: "anything" }),
      });
    const weather = agentTool({
      name: "weather",
      description: "Says how warm it is.",
      parameters: city,
      execute: async () => "21",
    });
    const typed = new Agent({ name: "agent", model: MODEL, outputType: schema });
    const calling = new Agent({ name: "agent", model: MODEL, tools: [weather] });
    for (const word of ["FIRST", "REPAIR"]) {
      assert.deepEqual((await runner(PLAIN).run(typed, ask(word))).finalOutput, EXPECTED);
      assert.equal((await runner(TOOLS).run(calling, ask(word))).finalOutput, SAID);
    }
    await fails(runner(PLAIN).run(typed, ask("NEVER")));
    await fails(runner(TOOLS).run(calling, ask("NEVER")));
  },
});
