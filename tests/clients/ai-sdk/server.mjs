// A small server on the AI SDK, whichever version is installed beside it, with
// the package's own mock models. The path says how it answers:
//
//   /ui/api/chat      a UI message stream (5 to 7)
//   /strict/api/chat  the same, after validateUIMessages
//   /straight/api/chat  the same, messages passed straight to the model
//   /data/api/chat    a data stream (3 and 4)
//   /text/api/chat    a text stream
//
// The last word of the newest message says what the model does, and `echo` is
// answered with what reached the model.
import { createServer } from 'node:http';
import * as ai from 'ai';
import * as test from 'ai/test';
import { z } from 'zod';
import { readFileSync } from 'node:fs';

const installed = JSON.parse(readFileSync('node_modules/ai/package.json')).version;
const major = Number(installed.split('.')[0]);
const Model = {
  3: test.MockLanguageModelV1,
  4: test.MockLanguageModelV1,
  5: test.MockLanguageModelV2,
  6: test.MockLanguageModelV3,
  7: test.MockLanguageModelV4,
}[major];

const HALF_A_FACE = '\ud83d';
const THE_OTHER_HALF = '\ude00';

// What the model does, a list for each step.
const CASES = {
  stream: [[{ text: 'The ' }, { text: 'quick ' }, { text: 'brown ' }, { text: 'fox' }, { finish: 'stop' }]],
  unicode: [[{ text: `Grüße, 世界! ${HALF_A_FACE}` }, { text: `${THE_OTHER_HALF} "q" \\ \n end` }, { finish: 'stop' }]],
  length: [[{ text: 'Cut off he' }, { finish: 'length' }]],
  errorfirst: [[{ fail: true }]],
  errormid: [[{ text: 'Half an ' }, { text: 'answer' }, { error: true }]],
  throwmid: [[{ text: 'Half an ' }, { text: 'answer' }, { break: true }]],
  abort: [[{ text: 'Before ' }, { text: 'abort' }, { abort: true }]],
  tools: [
    [{ text: 'Let me look. ' }, { tool: 'weather' }, { finish: 'tool-calls' }],
    [{ text: 'It is 7 degrees ' }, { text: 'in Oslo.' }, { finish: 'stop' }],
  ],
  reasoning: [[{ think: 'Let me ' }, { think: 'think.' }, { text: 'The answer is 42.' }, { finish: 'stop' }]],
  kill: [[{ text: 'Half an ' }, { text: 'answer' }, { kill: true }]],
  hold: [[{ text: 'First ' }, { hold: true }, { text: 'second.' }, { finish: 'stop' }]],
};

// Answers are held until they are released, which may come first.
let released = false;
let release = () => {};

// The spec of the installed version for the actions of one step.
function* parts(actions) {
  const old = major <= 4;
  let open;
  const close = function* () {
    if (open && !old) yield { type: `${open}-end`, id: `${open}-1` };
    open = undefined;
  };
  const delta = function* (kind, text) {
    if (old) {
      const type = kind === 'text' ? 'text-delta' : 'reasoning';
      yield { type, textDelta: text };
      return;
    }
    if (open !== kind) {
      yield* close();
      open = kind;
      yield { type: `${kind}-start`, id: `${kind}-1` };
    }
    yield { type: `${kind}-delta`, id: `${kind}-1`, delta: text };
  };
  for (const action of actions) {
    if (action.text !== undefined) yield* delta('text', action.text);
    else if (action.think !== undefined) yield* delta('reasoning', action.think);
    else if (action.tool) {
      yield* close();
      const input = JSON.stringify({ city: 'Oslo' });
      const call = { type: 'tool-call', toolCallId: 'call-1', toolName: action.tool };
      yield old ? { ...call, toolCallType: 'function', args: input } : { ...call, input };
    } else if (action.finish) {
      yield* close();
      yield finish(action.finish);
    } else if (action.error) yield { type: 'error', error: new Error('the model is lost') };
    else yield action;
  }
}

function finish(reason) {
  if (major <= 4) return { type: 'finish', finishReason: reason, usage: { promptTokens: 11, completionTokens: 2 } };
  if (major === 5) return { type: 'finish', finishReason: reason, usage: { inputTokens: 11, outputTokens: 2, totalTokens: 13 } };
  return {
    type: 'finish',
    finishReason: { unified: reason, raw: reason },
    usage: {
      inputTokens: { total: 11, noCache: 11, cacheRead: undefined, cacheWrite: undefined },
      outputTokens: { total: 2, text: 2, reasoning: undefined },
    },
  };
}

const sleep = (time) => new Promise((done) => setTimeout(done, time));

function modelOf(name, aborter) {
  let step = 0;
  return new Model({
    doStream: async ({ prompt }) => {
      const script =
        name === 'echo' ? [[{ text: JSON.stringify(plain(prompt)) }, { finish: 'stop' }]] : (CASES[name] ?? CASES.stream);
      const actions = script[Math.min(step++, script.length - 1)];
      if (actions[0].fail) throw new Error('the model is overloaded');
      const todo = parts(actions);
      const stream = new ReadableStream({
        async pull(controller) {
          await sleep(5);
          let { value, done } = todo.next();
          if (value?.hold) {
            if (!released) await new Promise((done) => (release = done));
            released = false;
            ({ value, done } = todo.next());
          }
          if (done) controller.close();
          else if (value.type) controller.enqueue(value);
          else if (value.break) {
            await sleep(50);
            controller.error(new Error('the model broke off'));
          } else if (value.abort) {
            await sleep(50);
            aborter.abort();
            await sleep(50);
            controller.error(new DOMException('This operation was aborted', 'AbortError'));
          } else if (value.kill) {
            await sleep(100);
            process.kill(process.pid, 'SIGKILL');
          }
        },
      });
      return { stream, rawCall: { rawPrompt: null, rawSettings: {} } };
    },
  });
}

// The prompt as roles and texts.
function plain(prompt) {
  return prompt.map(({ role, content }) => ({
    role,
    text: typeof content === 'string' ? content : content.map((part) => part.text ?? `[${part.type}]`).join('|'),
  }));
}

// The word that says what to do, in content or parts.
function wordOf(messages) {
  const last = messages?.at?.(-1) ?? {};
  const text = last.parts?.find?.((part) => part.type === 'text')?.text ?? last.content ?? '';
  return String(text).trim().split(/\s+/).at(-1);
}

async function chat(kind, body) {
  const aborter = new AbortController();
  const execute = async ({ city }) => ({ city, degrees: 7 });
  const shape = z.object({ city: z.string() });
  const weather = major <= 4 ? { parameters: shape, execute } : { inputSchema: shape, execute };
  let messages = body.messages;
  if (kind === 'strict') messages = await ai.validateUIMessages({ messages });
  if (major >= 5 && kind !== 'straight') messages = await ai.convertToModelMessages(messages);
  const word = wordOf(body.messages);
  const result = await ai.streamText({
    model: modelOf(word, aborter),
    messages,
    abortSignal: aborter.signal,
    onError() {},
    maxRetries: 0,
    ...(word === 'tools' ? { tools: { weather } } : {}),
    ...(major <= 4 ? { maxSteps: 3 } : { stopWhen: ai.stepCountIs(3) }),
  });
  if (kind === 'text') return result.toTextStreamResponse();
  if (kind === 'data') return result.toDataStreamResponse({ sendReasoning: true });
  return result.toUIMessageStreamResponse();
}

const connections = new Set();

const server = createServer(async (request, response) => {
  const [, kind, ...rest] = new URL(request.url, 'http://localhost').pathname.split('/');
  connections.add(request.socket);
  if (kind === 'release') {
    released = true;
    release();
    response.end('released');
    return;
  }
  if (kind === 'connections') {
    response.end(String(connections.size));
    return;
  }
  if (request.method !== 'POST' || rest.join('/') !== 'api/chat') {
    response.writeHead(404, { 'content-type': 'text/html; charset=utf-8' });
    response.end('<!DOCTYPE html><html><body>404</body></html>');
    return;
  }
  let answer;
  try {
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    answer = await chat(kind, JSON.parse(Buffer.concat(pieces).toString()));
  } catch {
    // As Next.js does it.
    response.writeHead(500);
    response.end();
    return;
  }
  response.writeHead(answer.status, Object.fromEntries(answer.headers));
  try {
    for await (const piece of answer.body) response.write(piece);
    response.end();
  } catch {
    response.destroy();
  }
});

process.on('unhandledRejection', () => {});
process.on('uncaughtException', () => {});
server.listen(Number(process.argv[2] ?? 0), '127.0.0.1', () => {
  console.log(JSON.stringify({ version: installed, port: server.address().port }));
});
