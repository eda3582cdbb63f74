// Runs the program against servers on each version of the AI SDK, and prints
// what came out: version × protocol × case. The arguments are the program, the
// folder with a folder for each version, and nginx if it is there.
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

const [program, scratch, nginx] = process.argv.slice(2);
const MAJORS = [3, 4, 5, 6, 7];
const HALF = 'Half an answer';

const protocolsOf = (major) => (major <= 4 ? ['data', 'text'] : ['ui', 'text']);

// What must come out: the text, and the word for why the answer ended, or the
// kind of the error. `null`: the version has no such thing.
function wanted(name, major, protocol, proxied) {
  const isText = protocol === 'text';
  const told = (text, end) => ({ text, end: isText ? 'eof' : end });
  switch (name) {
    case 'stream':
      return told('The quick brown fox', 'stop');
    case 'unicode':
      return told('Grüße, 世界! 😀 "q" \\ \n end', 'stop');
    case 'length':
      return told('Cut off he', 'length');
    case 'errorfirst':
      if (major === 3) return { text: '', end: 'status' };
      // A text stream ends without a word.
      return { text: '', end: isText ? 'protocol' : 'refused' };
    case 'errormid':
      if (isText && major === 3) return { text: HALF, end: proxied ? 'eof' : 'interrupted' };
      return told(HALF, 'refused');
    case 'throwmid':
    case 'kill':
      if (!proxied) return { text: HALF, end: 'interrupted' };
      // nginx makes it look like an end; version 3 marks no start, so that its
      // first step cannot be told from parts that were written by hand.
      if (isText || major === 3) return { text: HALF, end: 'eof' };
      return { text: HALF, end: 'truncated' };
    case 'abort':
      if (major >= 5) return told('Before abort', 'truncated');
      if (!proxied) return { text: 'Before abort', end: 'interrupted' };
      return { text: 'Before abort', end: isText || major === 3 ? 'eof' : 'truncated' };
    case 'tools':
      return protocol === 'ui'
        ? { text: 'Let me look. \n\nIt is 7 degrees in Oslo.', end: 'stop', notes: ['tool_call', 'tool_result', 'step'] }
        : { ...told('Let me look. It is 7 degrees in Oslo.', 'stop'), notes: isText ? [] : ['tool_call', 'tool_result', 'step'] };
    case 'reasoning':
      if (major === 3) return null;
      return { ...told('The answer is 42.', 'stop'), notes: isText ? [] : ['thinking'] };
    default:
      throw new Error(name);
  }
}

const CASES = ['stream', 'unicode', 'length', 'tools', 'reasoning', 'errorfirst', 'errormid', 'throwmid', 'abort', 'kill'];
const PROXIED = ['stream', 'unicode', 'tools', 'errormid', 'throwmid', 'abort', 'kill'];

async function chatwire(args, onOutput = () => {}) {
  const child = spawn(program, args, {
    env: { ...process.env, NO_PROXY: '127.0.0.1' },
    // An open pipe would be read to its end.
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (piece) => onOutput((out += piece)));
  child.stderr.on('data', (piece) => (err += piece));
  const code = await new Promise((done) => child.on('close', done));
  return { out, err, code };
}

// Asks, and gives the text, the end and the kinds of the notes.
async function ask(url, more) {
  const { out, err, code } = await chatwire(['ask', '-p', 'ai-sdk', '-u', url, '--jsonl', ...more]);
  const got = { text: '', end: '', notes: [], err, code };
  for (const line of out.split('\n').filter(Boolean)) {
    const event = JSON.parse(line);
    if (event.type === 'text') got.text += event.text;
    else if (event.type === 'progress') {
      if (!got.notes.includes(event.kind)) got.notes.push(event.kind);
    } else if (event.type === 'finish') Object.assign(got, { end: event.reason, text: event.text });
    else if (event.type === 'error') got.end = event.kind;
  }
  return got;
}

function serve(major) {
  const folder = join(scratch, `v${major}`);
  const child = spawn(process.execPath, ['server.mjs'], { cwd: folder });
  return new Promise((done, fail) => {
    let out = '';
    child.stdout.on('data', (piece) => {
      out += piece;
      if (out.includes('\n')) done({ child, ...JSON.parse(out) });
    });
    child.stderr.on('data', (piece) => process.stderr.write(piece));
    child.on('exit', () => fail(new Error(`the server of ai@${major} did not start`)));
  });
}

const freePort = () =>
  new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });

// nginx in front of a server, with its default settings.
async function behindNginx(upstream) {
  const port = await freePort();
  const folder = join(scratch, `nginx-${port}`);
  mkdirSync(folder);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  writeFileSync(
    join(folder, 'nginx.conf'),
    `daemon off; pid ${folder}/pid; error_log ${folder}/error.log;
     events {}
     http {
       access_log off;
       ${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join('\n')}
       server { listen 127.0.0.1:${port}; location / { proxy_pass http://127.0.0.1:${upstream}; } }
     }`,
  );
  const child = spawn(nginx, ['-c', join(folder, 'nginx.conf'), '-e', join(folder, 'error.log')]);
  for (let tries = 0; tries < 100; tries++) {
    const up = await fetch(`http://127.0.0.1:${port}/connections`).catch(() => null);
    if (up?.ok) return { child, port };
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error(`nginx did not start: ${readFileSync(join(folder, 'error.log'))}`);
}

const cells = new Map();
let failed = 0;

function note(column, row, cell, problem) {
  if (!cells.has(row)) cells.set(row, new Map());
  cells.get(row).set(column, problem ? `WRONG ${cell}` : cell);
  if (problem) {
    failed += 1;
    console.error(`${column}, ${row}: ${problem}`);
  }
}

// Cases, then the rest, then what stands behind nginx.
function order(row) {
  if (row.startsWith('nginx: ')) return 200 + PROXIED.indexOf(row.slice('nginx: '.length));
  return CASES.includes(row) ? CASES.indexOf(row) : 100;
}

const short = {
  truncated: 'not whole',
  interrupted: 'cut',
  refused: 'error',
  protocol: 'empty',
  status: 'error 500',
  eof: 'whole (eof)',
  stop: 'whole',
  length: 'whole, length',
};

const trace = process.env.TRACE ? console.error : () => {};

async function runCase(column, url, major, protocol, name, proxied) {
  const row = proxied ? `nginx: ${name}` : name;
  const want = wanted(name, major, protocol, proxied);
  if (!want) return note(column, row, '–');
  trace(column, row);
  const got = await ask(url, [`do ${name}`]);
  const isRight =
    got.text === want.text && got.end === want.end && (want.notes ?? []).every((kind) => got.notes.includes(kind));
  note(column, row, short[got.end] ?? got.end, isRight ? null : `wanted ${JSON.stringify(want)}, got ${JSON.stringify(got)}`);
}

// The widest body, as the model behind each kind of route received it.
async function runBody(column, url, name) {
  const file = join(scratch, 'messages.json');
  const got = await ask(url, ['-s', 'Be brief.', '--messages', file]);
  const want = JSON.stringify([
    { role: 'user', text: 'Be brief.\n\nQ1' },
    { role: 'assistant', text: 'A1' },
    { role: 'user', text: 'echo' },
  ]);
  const isRight = got.text === want;
  note(column, `body: ${name}`, isRight ? 'arrived' : 'refused', isRight ? null : `wanted ${want}, got ${JSON.stringify(got)}`);
  return got.text;
}

// The first delta is out while the server holds the rest back.
async function runHold(column, url, port) {
  let released = false;
  const { out } = await chatwire(['ask', '-p', 'ai-sdk', '-u', url, 'do hold'], (out) => {
    if (out === 'First ' && !released) {
      released = true;
      fetch(`http://127.0.0.1:${port}/release`);
    }
  });
  note(column, 'first delta out early', released && out === 'First second.' ? 'yes' : 'no', released ? null : `got ${JSON.stringify(out)}`);
}

// Two questions in one chat: one connection, one request each.
async function runConnections(column, url, port) {
  const count = async () => Number(await (await fetch(`http://127.0.0.1:${port}/connections`)).text());
  const before = await count();
  const child = spawn(program, ['chat', '-p', 'ai-sdk', '-u', url], { env: { ...process.env, NO_PROXY: '127.0.0.1' } });
  child.stdin.end('do stream\ndo stream\n');
  child.stdout.resume();
  child.stderr.resume();
  await new Promise((done) => child.on('close', done));
  // One of ours, perhaps, and one of the program's.
  const more = (await count()) - before;
  note(column, 'two questions, one connection', more <= 2 ? 'yes' : 'no', more <= 2 ? null : `${more} connections`);
}

async function runVersion(major) {
  let server = await serve(major);
  const label = (protocol) => `${server.version} ${protocol}`;
  const url = (protocol, port = server.port) => `http://127.0.0.1:${port}/${protocol}`;
  const received = [];
  for (const protocol of protocolsOf(major)) {
    const column = label(protocol);
    for (const name of CASES) {
      await runCase(column, url(protocol), major, protocol, name, false);
      if (name === 'kill') server = await serve(major);
    }
    await runHold(column, url(protocol), server.port);
    await runConnections(column, url(protocol), server.port);
    const routes = protocol === 'ui' ? ['ui', 'strict', 'straight'] : [protocol];
    for (const route of routes) {
      const name = { ui: 'converted', strict: 'validated', straight: 'passed on' }[route] ?? 'converted';
      received.push(`  ai ${server.version}, ${route}: ${await runBody(column, url(route), name)}`);
    }
    if (nginx) {
      let proxy = await behindNginx(server.port);
      for (const name of PROXIED) {
        await runCase(column, url(protocol, proxy.port), major, protocol, name, true);
        if (name === 'kill') {
          server = await serve(major);
          proxy.child.kill();
        }
      }
      proxy.child.kill();
    }
  }
  server.child.kill();
  return received;
}

writeFileSync(
  join(scratch, 'messages.json'),
  JSON.stringify([
    { role: 'user', content: 'Q1' },
    { role: 'assistant', content: 'A1' },
    { role: 'user', content: 'echo' },
  ]),
);
const received = (await Promise.all(MAJORS.map(runVersion))).flat();
const columns = [...new Set([...cells.values()].flatMap((row) => [...row.keys()]))].sort((a, b) => parseInt(a) - parseInt(b));
const width = Math.max(...[...cells.keys()].map((row) => row.length));
const widths = columns.map((column) =>
  Math.max(column.length, ...[...cells.values()].map((row) => (row.get(column) ?? '').length)),
);
const line = (first, rest) => console.log([first.padEnd(width), ...rest.map((cell, i) => cell.padEnd(widths[i]))].join('  '));
line('', columns);
const rows = [...cells].sort(([a], [b]) => order(a) - order(b));
for (const [row, byColumn] of rows) line(row, columns.map((column) => byColumn.get(column) ?? ''));
console.log('\nThe default body, as the model behind received it:');
console.log(received.join('\n'));
const all = [...cells.values()].reduce((sum, row) => sum + [...row.values()].filter((cell) => cell !== '–').length, 0);
console.log(`\nai-sdk: ${all - failed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
