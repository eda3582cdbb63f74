// OpenAI's agents for JavaScript, which ask for responses.

import assert from "node:assert/strict";
import OpenAI from "openai";
import {
  Agent,
  Runner,
  setDefaultOpenAIClient,
  setTracingDisabled,
  tool,
} from "@openai/agents";
import { z } from "zod";

import { BASE, ERRORS, HELLO, UNICODE, run } from "./cases.mjs";

setTracingDisabled(true);
setDefaultOpenAIClient(new OpenAI({ baseURL: `${BASE}/v1`, apiKey: "anything" }));
const weather = tool({
  name: "weather",
  description: "Says what the weather is.",
  parameters: z.object({ city: z.string() }),
  execute: async () => "fine",
});
const agent = (model) =>
  new Agent({ name: "agent", instructions: "Be brief.", model, tools: [weather] });
const runner = new Runner();

await run("@openai/agents (Node)", {
  async whole() {
    assert.equal((await runner.run(agent("gpt-4o"), "Hi")).finalOutput, HELLO);
  },

  async streamed() {
    const result = await runner.run(agent("unicode"), "Hi", { stream: true });
    let text = "";
    for await (const delta of result.toTextStream()) text += delta;
    assert.equal(text, UNICODE);
    await result.completed;
  },

  async a_conversation() {
    const first = await runner.run(agent("echo"), "one");
    const history = [...first.history, { role: "user", content: "two" }];
    assert.equal((await runner.run(agent("echo"), history)).finalOutput, "two");
  },

  async errors_of_each_class() {
    for (const [model, status] of ERRORS) {
      await assert.rejects(runner.run(agent(model), "Hi"), (error) => {
        assert.equal(error.status, status, `${model}: ${error}`);
        return true;
      });
    }
  },
});
