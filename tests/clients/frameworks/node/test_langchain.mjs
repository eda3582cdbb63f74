// LangChain's client for JavaScript, with chat completions and responses.

import assert from "node:assert/strict";
import { ChatOpenAI } from "@langchain/openai";

import { BASE, ERRORS, HELLO, UNICODE, goesAway, requests, run } from "./cases.mjs";

const PLAIN = process.env.CHATWIRE_PLAIN_URL;
const MODES = [false, true];
const chat = (model, useResponsesApi, more = {}, base = BASE) =>
  new ChatOpenAI({
    model,
    useResponsesApi,
    apiKey: "anything",
    configuration: { baseURL: `${base}/v1` },
    ...more,
  });

await run("@langchain/openai (Node)", {
  async whole() {
    for (const mode of MODES) {
      const answer = await chat("gpt-4o", mode).invoke("Hi");
      assert.equal(answer.text, HELLO);
      assert.equal(answer.usage_metadata.total_tokens, 4);
    }
  },

  async streamed() {
    for (const mode of MODES) {
      let text = "";
      for await (const chunk of await chat("unicode", mode).stream("Hi")) text += chunk.text;
      assert.equal(text, UNICODE);
    }
  },

  async errors_of_each_class() {
    for (const mode of MODES) {
      for (const [model, status] of ERRORS) {
        await assert.rejects(chat(model, mode, { maxRetries: 0 }).invoke("Hi"), (error) => {
          assert.equal(error.status, status, `${model}: ${error}`);
          return true;
        });
      }
    }
  },

  async early_close() {
    for (const mode of MODES) {
      await goesAway(async () => {
        const abort = new AbortController();
        let seen = 0;
        try {
          const stream = await chat("endless", mode).stream("Hi", { signal: abort.signal });
          for await (const _ of stream) {
            seen += 1;
            if (seen === 5) abort.abort();
          }
        } catch (error) {
          assert.equal(seen, 5, `${error}`);
        }
      });
    }
  },

  // The client alone repeats: six times by default, which takes a minute.
  async repetitions_do_not_multiply() {
    const before = await requests(PLAIN);
    const tried = MODES.flatMap((mode) => ["fail/server", "fail/limited"].map((it) => [mode, it]));
    await Promise.all(
      tried.map(([mode, failing]) =>
        assert.rejects(chat(`test/${failing}`, mode, { maxRetries: 2 }, PLAIN).invoke("Hi")),
      ),
    );
    const asked = (await requests(PLAIN)) - before;
    const each = asked / tried.length;
    console.log(`@langchain/openai, maxRetries 2: ${each} upstream requests of one failed question`);
    assert.equal(asked, 3 * tried.length);
  },
});
