// Ollama's client for JavaScript.

import assert from "node:assert/strict";
import { Ollama } from "ollama";

import { BASE, ERRORS, HELLO, UNICODE, goesAway, run } from "./cases.mjs";

const client = new Ollama({ host: BASE });
const messages = [{ role: "user", content: "Hi" }];
const ask = (model = "gpt-4o", more = {}) => client.chat({ model, messages, ...more });

await run("ollama (Node)", {
  async whole() {
    const answer = await ask();
    assert.equal(answer.message.content, HELLO);
    assert.equal(answer.done_reason, "stop");
    assert.equal(answer.eval_count, 3);
    assert.equal((await client.generate({ model: "gpt-4o", prompt: "Hi" })).response, HELLO);
  },

  async streamed() {
    let text = "";
    let last;
    for await (const part of await ask("gpt-4o", { stream: true })) {
      text += part.message.content;
      last = part;
    }
    assert.equal(text, HELLO);
    assert.ok(last.done);
  },

  async unicode_both_ways() {
    assert.equal((await ask("unicode")).message.content, UNICODE);
    const echoed = await client.generate({ model: "echo", prompt: UNICODE });
    assert.equal(echoed.response, UNICODE);
  },

  async models() {
    const { models } = await client.list();
    assert.ok(models.some((model) => model.name === "gpt-4o"));
    assert.deepEqual((await client.show({ model: "gpt-4o" })).capabilities, ["completion"]);
    assert.deepEqual((await client.ps()).models, []);
    await assert.rejects(client.pull({ model: "gpt-4o" }), { status_code: 501 });
  },

  async errors_of_each_class() {
    for (const [model, status] of ERRORS) {
      for (const stream of [false, true]) {
        await assert.rejects(ask(model, { stream }), (error) => {
          assert.equal(error.status_code, status, `${model}: ${error}`);
          return true;
        });
      }
    }
  },

  async a_fault_after_the_first_text() {
    let text = "";
    const read = async () => {
      for await (const part of await ask("break", { stream: true })) {
        assert.ok(!part.done);
        text += part.message.content;
      }
    };
    await assert.rejects(read(), /broke/);
    assert.equal(text, "half an ");
  },

  async early_close() {
    await goesAway(async () => {
      const stream = await ask("endless", { stream: true });
      let seen = 0;
      for await (const _ of stream) {
        seen += 1;
        if (seen === 5) break;
      }
      stream.abort();
    });
  },
});
