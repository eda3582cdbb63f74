// The AI SDK, with its own defaults: responses by `openai()`, chat and text
// completions by `openai.chat`, `openai.completion` and
// `@ai-sdk/openai-compatible`, messages by `@ai-sdk/anthropic`.

import assert from "node:assert/strict";
import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateText, streamText } from "ai";

import { BASE, ERRORS, HELLO, UNICODE, goesAway, requests, run } from "./cases.mjs";

globalThis.AI_SDK_LOG_WARNINGS = false;
const PLAIN = process.env.CHATWIRE_PLAIN_URL;

/** Every way to ask, at a gateway. */
function ways(base) {
  const options = { baseURL: `${base}/v1`, apiKey: "anything" };
  const openai = createOpenAI(options);
  const compatible = createOpenAICompatible({ ...options, name: "chatwire" });
  const anthropic = createAnthropic(options);
  return {
    "openai()": openai,
    "openai.chat": openai.chat,
    "openai.completion": openai.completion,
    "openai-compatible": compatible,
    "openai-compatible.completionModel": compatible.completionModel,
    anthropic,
  };
}

const all = Object.entries(ways(BASE));
const each = async (check) => {
  for (const [name, model] of all) {
    try {
      await check(model, name);
    } catch (error) {
      throw new Error(name, { cause: error });
    }
  }
};

await run("ai (AI SDK)", {
  whole: () =>
    each(async (model) => {
      const answer = await generateText({ model: model("gpt-4o"), prompt: "Hi" });
      assert.equal(answer.text, HELLO);
      assert.equal(answer.finishReason, "stop");
      assert.equal(answer.usage.outputTokens, 3);
    }),

  streamed: () =>
    each(async (model) => {
      const answer = streamText({ model: model("unicode"), prompt: "Hi" });
      let text = "";
      for await (const delta of answer.textStream) text += delta;
      assert.equal(text, UNICODE);
      assert.equal(await answer.finishReason, "stop");
    }),

  // Two turns: the second refers to what the gateway has kept.
  a_conversation: () =>
    each(async (model) => {
      const first = await generateText({ model: model("gpt-4o"), prompt: "Hi" });
      const messages = [
        { role: "user", content: "Hi" },
        ...first.response.messages,
        { role: "user", content: "Again" },
      ];
      const second = await generateText({ model: model("gpt-4o"), messages });
      assert.equal(second.text, HELLO);
    }),

  errors_of_each_class: () =>
    each(async (model) => {
      for (const [name, status] of ERRORS) {
        await assert.rejects(
          generateText({ model: model(name), prompt: "Hi", maxRetries: 0 }),
          (error) => {
            assert.equal(error.statusCode, status, `${name}: ${error}`);
            return true;
          },
        );
      }
    }),

  a_fault_after_the_first_text: () =>
    each(async (model) => {
      let text = "";
      const errors = [];
      const parts = [];
      const answer = streamText({
        model: model("break"),
        prompt: "Hi",
        onError: ({ error }) => errors.push(error),
      });
      for await (const part of answer.fullStream) {
        parts.push(part.type);
        if (part.type === "text-delta") text += part.text;
        if (part.type === "finish") assert.notEqual(part.finishReason, "stop");
      }
      assert.equal(text, "half an ");
      assert.ok(errors.length > 0 || parts.includes("error") || parts.includes("finish"));
    }),

  early_close: () =>
    each((model) =>
      goesAway(async () => {
        const abort = new AbortController();
        const answer = streamText({
          model: model("endless"),
          prompt: "Hi",
          abortSignal: abort.signal,
          onError() {},
        });
        let seen = 0;
        for await (const _ of answer.textStream) {
          seen += 1;
          if (seen === 5) break;
        }
        abort.abort();
      }),
    ),

  // With the defaults of both sides. The client waits long, so not all are tried.
  async repetitions_do_not_multiply() {
    const tried = ["openai()", "openai-compatible"].flatMap((name) =>
      ["fail/server", "fail/limited"].map((failing) => [name, failing]),
    );
    // At the same time, each with a model of its own.
    const plain = ways(PLAIN);
    const before = await requests(PLAIN);
    await Promise.all(
      tried.map(([name, failing]) =>
        assert.rejects(generateText({ model: plain[name](`test/${failing}`), prompt: "Hi" })),
      ),
    );
    const asked = (await requests(PLAIN)) - before;
    console.log(`ai: ${asked / tried.length} upstream requests of one failed question`);
    assert.equal(asked, 3 * tried.length);
  },
});
