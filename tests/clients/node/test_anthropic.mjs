// Anthropic's Node client.

import assert from "node:assert/strict";
import Anthropic from "@anthropic-ai/sdk";

import { BASE, ERRORS, HELLO, UNICODE, goesAway, run } from "./cases.mjs";

const client = new Anthropic({ baseURL: BASE, apiKey: "anything" });
const ask = (model = "gpt-4o", more = {}, content = "Hi") =>
  client.messages.create({
    model,
    max_tokens: 100,
    messages: [{ role: "user", content }],
    ...more,
  });

await run("@anthropic-ai/sdk (Node)", {
  async whole() {
    const answer = await ask();
    assert.equal(answer.content[0].text, HELLO);
    assert.equal(answer.stop_reason, "end_turn");
    assert.deepEqual([answer.usage.input_tokens, answer.usage.output_tokens], [1, 3]);
  },

  async streamed() {
    const stream = client.messages.stream({
      model: "gpt-4o",
      max_tokens: 100,
      messages: [{ role: "user", content: "Hi" }],
    });
    let text = "";
    stream.on("text", (delta) => (text += delta));
    const final = await stream.finalMessage();
    assert.equal(text, HELLO);
    assert.equal(final.content[0].text, HELLO);
    assert.equal(final.usage.output_tokens, 3);
  },

  async unicode_both_ways() {
    assert.equal((await ask("unicode")).content[0].text, UNICODE);
    assert.equal((await ask("echo", {}, UNICODE)).content[0].text, UNICODE);
  },

  async the_beta_client() {
    const answer = await client.beta.messages.create({
      model: "gpt-4o",
      max_tokens: 100,
      betas: ["context-management-2025-06-27"],
      messages: [{ role: "user", content: "Hi" }],
    });
    assert.equal(answer.content[0].text, HELLO);
  },

  async tokens() {
    const messages = [{ role: "user", content: "abcde" }];
    const count = await client.messages.countTokens({ model: "gpt-4o", messages });
    assert.equal(count.input_tokens, 6);
  },

  async errors_of_each_class() {
    for (const [model, status, code] of ERRORS) {
      for (const stream of [false, true]) {
        await assert.rejects(ask(model, { stream }), (error) => {
          assert.equal(error.status, status, model);
          assert.equal(error.error.type, "error", model);
          assert.equal(error.error.error.code, code, model);
          assert.ok(error.requestID, model);
          return true;
        });
      }
    }
  },

  async a_fault_after_the_first_text() {
    let text = "";
    const read = async () => {
      for await (const event of await ask("break", { stream: true })) {
        assert.notEqual(event.type, "message_stop");
        if (event.type === "content_block_delta") text += event.delta.text;
      }
    };
    await assert.rejects(read(), Anthropic.APIError);
    assert.equal(text, "half an ");
  },

  async early_close() {
    await goesAway(async () => {
      let seen = 0;
      for await (const _ of await ask("endless", { stream: true })) {
        seen += 1;
        if (seen === 7) break;
      }
    });
  },
});
