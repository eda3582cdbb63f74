// The chat page of the gateway. What a model says is built as nodes, never as HTML text, and costs time in line with
// its length.
'use strict';

// == Storage

// Two gateways can share an origin, each below a path of its own.
const PLACE = `chatwire:${location.pathname}:`;

/** A storage of the browser, which may be forbidden or full. */
function storageOf(name) {
	const of = (action) => {
		try {
			return action(window[name]);
		} catch {
			return undefined;
		}
	};
	return {
		get: (key) => of((s) => s.getItem(PLACE + key)) ?? null,
		/** Returns whether the value is kept. */
		set: (key, value) => of((s) => { s.setItem(PLACE + key, value); return true; }) ?? false,
		remove: (key) => of((s) => s.removeItem(PLACE + key)),
		keys: () => of((s) => Object.keys(s).filter((key) => key.startsWith(PLACE)).map((key) => key.slice(PLACE.length))) ?? [],
	};
}

const kept = storageOf('localStorage');
const tab = storageOf('sessionStorage');

// == Light and dark

const darkSystem = matchMedia('(prefers-color-scheme: dark)');

function applyTheme() {
	const chosen = kept.get('theme');
	const isDark = chosen === 'dark' || (chosen !== 'light' && darkSystem.matches);
	document.documentElement.dataset.theme = isDark ? 'dark' : 'light';
}

applyTheme();
darkSystem.addEventListener('change', applyTheme);

// == Small helpers

const $ = (id) => document.getElementById(id);

function make(tag, attributes = {}, ...children) {
	const element = document.createElement(tag);
	for (const [name, value] of Object.entries(attributes)) {
		if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
		else if (value === true) element.setAttribute(name, '');
		else if (value !== false && value != null) element.setAttribute(name, value);
	}
	element.append(...children);
	return element;
}

const pushButton = (attributes, ...children) => make('button', { type: 'button', ...attributes }, ...children);

const ICONS = {
	copy: 'M7 7V4.5A1.5 1.5 0 0 1 8.5 3h7A1.5 1.5 0 0 1 17 4.5v7a1.5 1.5 0 0 1-1.5 1.5H13M4.5 7h7A1.5 1.5 0 0 1 13 8.5v7a1.5 1.5 0 0 1-1.5 1.5h-7A1.5 1.5 0 0 1 3 15.5v-7A1.5 1.5 0 0 1 4.5 7Z',
	edit: 'm4 13.5-.5 3 3-.5L16 6.5 13.5 4 4 13.5Z',
	again: 'M16 10a6 6 0 1 1-1.8-4.3M16.5 3v3.5H13',
	warn: 'M10 3 2.5 16.5h15L10 3ZM10 8.5v3.5M10 14.4v.1',
	remove: 'M4 6h12M8 6V4h4v2M5.5 6l.8 10.5h7.4L14.5 6',
	close: 'm5 5 10 10M15 5 5 15',
};

function icon(name) {
	const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
	svg.setAttribute('viewBox', '0 0 20 20');
	svg.setAttribute('aria-hidden', 'true');
	const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
	path.setAttribute('d', ICONS[name]);
	svg.append(path);
	return svg;
}

function say(words) {
	$('said').textContent = '';
	setTimeout(() => { $('said').textContent = words; }, 50);
}

/** Shows a problem above the question, with what can be done about it. */
function tell(words, label, action) {
	$('problem').replaceChildren();
	if (!words) return;
	$('problem').append(make('span', {}, words));
	if (label) $('problem').append(pushButton({ onclick: () => { tell(''); action(); } }, label));
	$('problem').append(pushButton({ 'aria-label': 'Close this message', onclick: () => { tell(''); $('question').focus(); } }, 'Close'));
}

async function copy(text, button) {
	let done = true;
	try {
		await navigator.clipboard.writeText(text);
	} catch {
		// Without TLS the clipboard is there on this machine only.
		const area = make('textarea', { class: 'sr', 'aria-hidden': 'true', tabindex: '-1' });
		area.value = text;
		document.body.append(area);
		area.select();
		done = document.execCommand('copy');
		area.remove();
		button.focus();
	}
	const label = button.lastChild;
	const words = done ? 'Copied' : 'Not copied';
	label.textContent = words;
	say(done ? 'Copied' : 'The browser did not let this be copied');
	setTimeout(() => { label.textContent = 'Copy'; }, 1500);
}

// == Markdown: blocks

const MAX_DEPTH = 12;
const MAX_COLUMNS = 64;

// Each of these passes over a line once: no two parts of one can take the same
// characters.
const FENCE = /^ {0,3}(`{3,}|~{3,})[ \t]*([^`]*)$/;
const HEADING = /^ {0,3}(#{1,6})(?:[ \t]|$)/;
const RULE = /^ {0,3}([-*_])[ \t]*(?:\1[ \t]*){2,}$/;
const QUOTE = /^ {0,3}> ?/;
const ITEM = /^( {0,3})([-*+]|\d{1,9}[.)])( +|$)/;
const DELIMITERS = /^ {0,3}\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?$/;

const isBlank = (line) => line === undefined || !/\S/.test(line);

function indentOf(line) {
	let at = 0;
	while (line[at] === ' ') at++;
	return at;
}

function prepared(line) {
	if (line.endsWith('\r')) line = line.slice(0, -1);
	if (!/^ *\t/.test(line)) return line;
	let width = 0;
	let at = 0;
	for (; line[at] === ' ' || line[at] === '\t'; at++) width = line[at] === '\t' ? width - (width % 4) + 4 : width + 1;
	return ' '.repeat(width) + line.slice(at);
}

function interrupts(line) {
	if (FENCE.test(line) || HEADING.test(line) || RULE.test(line) || QUOTE.test(line)) return true;
	const item = ITEM.exec(line);
	return item !== null && item[0].length < line.length && (item[2].length === 1 || parseInt(item[2], 10) === 1);
}

function cellsOf(line) {
	const cells = [];
	let cell = '';
	const row = line.trim();
	for (let at = row[0] === '|' ? 1 : 0; at < row.length; at++) {
		if (row[at] === '\\' && row[at + 1] === '|') cell += row[++at];
		else if (row[at] === '|') {
			cells.push(cell.trim());
			cell = '';
		} else cell += row[at];
	}
	if (cell.trim() || !row.endsWith('|')) cells.push(cell.trim());
	return cells;
}

/** The columns of the table that begins at a line, if one does. */
function tableAt(lines, at) {
	const under = lines[at + 1];
	if (under === undefined || !lines[at].includes('|') || !DELIMITERS.test(under.trimEnd())) return null;
	const columns = cellsOf(under);
	return columns.length <= MAX_COLUMNS && columns.length === cellsOf(lines[at]).length ? columns : null;
}

/** The blocks of lines, each with the line that it begins at. */
function blocksOf(lines, depth = 0) {
	const blocks = [];
	for (let at = 0; at < lines.length;) {
		if (isBlank(lines[at])) {
			at++;
			continue;
		}
		const [block, next] = blockAt(lines, at, depth);
		block.line = at;
		blocks.push(block);
		at = next;
	}
	return blocks;
}

function blockAt(lines, at, depth) {
	const line = lines[at];
	const fence = FENCE.exec(line);
	if (fence) return fencedAt(lines, at, fence);
	const heading = HEADING.exec(line);
	if (heading) {
		const text = line.slice(heading[0].length).trim();
		return [{ kind: 'heading', level: heading[1].length, text }, at + 1];
	}
	if (RULE.test(line)) return [{ kind: 'rule' }, at + 1];
	if (depth < MAX_DEPTH) {
		if (QUOTE.test(line)) {
			const inner = [];
			for (; at < lines.length && QUOTE.test(lines[at]); at++) inner.push(lines[at].replace(QUOTE, ''));
			return [{ kind: 'quote', blocks: blocksOf(inner, depth + 1) }, at];
		}
		if (ITEM.test(line)) return listAt(lines, at, depth);
	}
	const columns = tableAt(lines, at);
	return columns ? tableFrom(lines, at, columns) : paragraphAt(lines, at);
}

function fencedAt(lines, at, [opening, mark, info]) {
	const margin = indentOf(opening);
	const code = [];
	for (at++; at < lines.length; at++) {
		const line = lines[at];
		const indent = indentOf(line);
		const bare = line.trim();
		if (indent < 4 && bare.length >= mark.length && bare.startsWith(mark) && [...bare].every((char) => char === mark[0])) {
			at++;
			break;
		}
		code.push(line.slice(Math.min(indent, margin)));
	}
	return [{ kind: 'code', language: info.trim().split(/[\s{]/, 1)[0].slice(0, 40), text: code.join('\n') }, at];
}

function listAt(lines, at, depth) {
	const first = ITEM.exec(lines[at]);
	const base = first[1].length;
	const isOrdered = first[2].length > 1;
	const list = { kind: 'list', isOrdered, start: parseInt(first[2], 10), isLoose: false, items: [] };
	let blank = false;
	while (at < lines.length) {
		const item = ITEM.exec(lines[at]);
		// Models indent by two where three were right, so two are enough.
		if (!item || item[1].length >= base + 2 || item[2].length > 1 !== isOrdered || RULE.test(lines[at])) break;
		if (blank) list.isLoose = true;
		blank = false;
		const spaces = item[3].length;
		const width = item[1].length + item[2].length + (spaces > 4 ? 1 : Math.max(spaces, 1));
		const inner = [lines[at++].slice(width)];
		for (; at < lines.length; at++) {
			const line = lines[at];
			if (isBlank(line)) {
				inner.push('');
				blank = true;
				continue;
			}
			const indent = indentOf(line);
			if (indent < base + 2 && (blank || interrupts(line) || ITEM.test(line))) break;
			inner.push(indent < base + 2 ? line : line.slice(Math.min(indent, width)));
			blank = false;
		}
		list.items.push(blocksOf(inner, depth + 1));
	}
	return [list, at];
}

function tableFrom(lines, at, columns) {
	const side = (column) => (column.endsWith(':') ? (column.startsWith(':') ? 'center' : 'right') : '');
	const table = { kind: 'table', sides: columns.map(side), head: cellsOf(lines[at]), rows: [] };
	for (at += 2; at < lines.length && !isBlank(lines[at]) && !interrupts(lines[at]); at++) {
		table.rows.push(cellsOf(lines[at]).slice(0, columns.length));
	}
	return [table, at];
}

function paragraphAt(lines, at) {
	const text = [lines[at++].trim()];
	for (; at < lines.length && !isBlank(lines[at]); at++) {
		if (interrupts(lines[at]) || tableAt(lines, at)) break;
		// Every new line is one, as in the text of a chat.
		text.push(lines[at].trim());
	}
	return [{ kind: 'text', text: text.join('\n') }, at];
}

// == Markdown: text inside a block

const SPECIAL = /[\\`*_~[\]\n]|https?:\/\//g;
const TARGET = /\(<?([^\s()<>[\]]*(?:\([^\s()<>[\]]*\)[^\s()<>[\]]*)*)>?(?:[ \t]{1,4}"[^"\n[\]]*")?\)/y;
const BARE = /https?:\/\/[^\s<>"`[\]|]+/iy;
const WORD = /[\p{L}\p{N}]/u;
const PICTURE = /^data:image\/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]+$/;
const MAX_NESTING = 16;

/** The address of a link, if it is one that may be followed. */
function safeLink(address) {
	if (!/^(?:https?:\/\/|mailto:)/i.test(address)) return null;
	try {
		return new URL(address).href;
	} catch {
		return null;
	}
}

function matchAt(pattern, text, at) {
	pattern.lastIndex = at;
	return pattern.exec(text);
}

function appendInline(into, text) {
	build(into, partsOf(text));
}

/**
 * The parts of a text: texts, marks that become an element when their end is
 * found, and ends. Every mark is looked at a fixed number of times.
 */
function partsOf(text) {
	const parts = [];
	const open = [];
	const brackets = [];
	const stacks = { '*1': [], '*2': [], _1: [], _2: [], '~2': [] };
	const runs = new Map();
	for (const run of text.matchAll(/`+/g)) {
		const length = run[0].length;
		if (!runs.has(length)) runs.set(length, { at: 0, places: [] });
		runs.get(length).places.push(run.index);
	}
	let plain = '';
	let at = 0;
	const flush = () => {
		if (plain) parts.push(plain);
		plain = '';
	};
	const opened = (mark) => {
		flush();
		const entry = { part: { mark, tag: null }, index: parts.length, isAlive: true };
		parts.push(entry.part);
		open.push(entry);
		return entry;
	};
	const closeDownTo = (entry) => {
		while (open.length) {
			const last = open.pop();
			last.isAlive = false;
			if (last === entry) break;
		}
	};
	const alive = (stack) => {
		while (stack?.length && !stack.at(-1).isAlive) stack.pop();
		return stack?.at(-1);
	};
	const emphasis = (char, length) => {
		const before = text[at - 1] ?? ' ';
		const after = text[at + length] ?? ' ';
		let left = length;
		let opens = /\S/.test(after);
		let closes = /\S/.test(before);
		if (char === '_') {
			opens &&= !WORD.test(before);
			closes &&= !WORD.test(after);
		}
		if (length > 3 || (char === '~' && length !== 2)) opens = closes = false;
		while (closes && left) {
			const one = alive(stacks[char + 1]);
			const two = left > 1 ? alive(stacks[char + 2]) : undefined;
			const entry = one && (!two || one.index > two.index) ? one : two;
			if (!entry) break;
			closeDownTo(entry);
			flush();
			const { part } = entry;
			part.tag = part.mark.length === 1 ? 'em' : char === '~' ? 'del' : 'strong';
			left -= part.mark.length;
			parts.push({ isEnd: true });
		}
		if (left && opens) {
			for (const size of left === 3 ? [2, 1] : [left]) stacks[char + size].push(opened(char.repeat(size)));
		} else plain += char.repeat(left);
		at += length;
	};
	const closeBracket = () => {
		const entry = alive(brackets);
		const target = entry && matchAt(TARGET, text, at + 1);
		const href = target && safeLink(target[1]);
		if (!href) {
			if (entry) entry.isAlive = false;
			plain += ']';
			at++;
			return;
		}
		closeDownTo(entry);
		flush();
		entry.part.tag = 'a';
		entry.part.href = href;
		parts.push({ isEnd: true });
		at += 1 + target[0].length;
	};
	const link = (href, words) => {
		flush();
		parts.push({ tag: 'a', href }, words, { isEnd: true });
	};
	while (at < text.length) {
		const special = matchAt(SPECIAL, text, at);
		plain += text.slice(at, special?.index);
		if (!special) break;
		at = special.index;
		const char = special[0];
		if (char === '\\') {
			const next = text[at + 1] ?? '';
			if (/[!-/:-@[-`{-~]/.test(next)) {
				plain += next;
				at += 2;
			} else {
				if (next !== '\n') plain += char;
				at++;
			}
		} else if (char === '\n') {
			plain = plain.trimEnd();
			flush();
			parts.push({ tag: 'br' });
			at++;
		} else if (char === '`') {
			let end = at;
			while (text[end] === '`') end++;
			const run = runs.get(end - at);
			while (run && run.places[run.at] < end) run.at++;
			const close = run?.places[run.at];
			if (close === undefined) plain += text.slice(at, end);
			else {
				let code = text.slice(end, close).replaceAll('\n', ' ');
				if (code.startsWith(' ') && code.endsWith(' ') && /\S/.test(code)) code = code.slice(1, -1);
				flush();
				parts.push({ code });
				end = close + end - at;
			}
			at = end;
		} else if (char === '*' || char === '_' || char === '~') {
			let end = at;
			while (text[end] === char) end++;
			emphasis(char, end - at);
		} else if (char === '[') {
			brackets.push(opened(char));
			at++;
		} else if (char === ']') closeBracket();
		else if (char.length > 1) {
			let found = WORD.test(text[at - 1] ?? ' ') ? null : matchAt(BARE, text, at)?.[0];
			if (found) {
				let end = found.length;
				// A full stop ends the sentence, and a bracket what it began.
				while (/[.,:;!?'*_~]/.test(found[end - 1])) end--;
				if (found[end - 1] === ')' && !found.includes('(')) end--;
				found = found.slice(0, end);
			}
			const href = found && safeLink(found);
			if (href) link(href, found);
			else plain += found || char;
			at += (found || char).length;
		} else {
			plain += char;
			at++;
		}
	}
	flush();
	return parts;
}

function build(into, parts) {
	const inside = [into];
	let link = null;
	for (const part of parts) {
		const top = inside.at(-1);
		if (typeof part === 'string') top.append(part);
		else if (part.isEnd) {
			if (inside.pop() === link) link = null;
		} else if (part.code !== undefined) top.append(make('code', {}, part.code));
		else if (part.tag === 'br') top.append(make('br'));
		else if (!part.tag) top.append(part.mark);
		else if (inside.length > MAX_NESTING || (part.tag === 'a' && link)) inside.push(top === link ? into : top);
		else {
			const element = make(part.tag);
			if (part.tag === 'a') {
				element.href = part.href;
				element.target = '_blank';
				element.rel = 'noopener noreferrer';
				link = element;
			}
			top.append(element);
			inside.push(element);
		}
	}
}

// == Markdown: nodes

function codeNode({ language, text }) {
	const code = make('code', {}, text);
	const button = pushButton({ 'aria-label': 'Copy this code', onclick: () => copy(code.textContent, button) }, icon('copy'), 'Copy');
	const name = language || 'Code';
	return make('div', { class: 'code' },
		make('div', { class: 'code-top' }, make('span', {}, name), button),
		make('pre', { tabindex: '0', role: 'region', 'aria-label': name }, code));
}

function tableNode({ sides, head, rows }) {
	const row = (cells, tag) => make('tr', {}, ...cells.map((cell, column) => {
		const node = make(tag, { class: sides[column] || false, scope: tag === 'th' ? 'col' : false });
		appendInline(node, cell);
		return node;
	}));
	return make('div', { class: 'table', tabindex: '0', role: 'region', 'aria-label': 'Table' },
		make('table', {}, make('thead', {}, row(head, 'th')), make('tbody', {}, ...rows.map((cells) => row(cells, 'td')))));
}

function listNode({ isOrdered, start, isLoose, items }) {
	const list = make(isOrdered ? 'ol' : 'ul', { start: isOrdered && start !== 1 ? start : false });
	for (const blocks of items) {
		const item = make('li');
		const isTight = !isLoose && blocks.filter(({ kind }) => kind === 'text').length < 2;
		for (const block of blocks) {
			if (isTight && block.kind === 'text') appendInline(item, block.text);
			else item.append(nodeOf(block));
		}
		list.append(item);
	}
	return list;
}

function nodeOf(block) {
	switch (block.kind) {
		case 'code': return codeNode(block);
		case 'table': return tableNode(block);
		case 'list': return listNode(block);
		case 'rule': return make('hr');
		case 'quote': return make('blockquote', {}, ...block.blocks.map(nodeOf));
		default: {
			// A turn has a heading of the second level.
			const node = make(block.kind === 'heading' ? `h${Math.min(block.level + 2, 6)}` : 'p', { dir: 'auto' });
			appendInline(node, block.text);
			return node;
		}
	}
}

/**
 * Returns a function that shows a text as Markdown, to be called again as the
 * text grows. Blocks that more text cannot change are built once.
 */
function painter(into) {
	let settled = 0;
	let open = [];
	let code = null;
	return (text) => {
		const raw = text.slice(settled).split('\n');
		const blocks = blocksOf(raw.map(prepared));
		const starts = [];
		let offset = 0;
		let line = 0;
		for (const block of blocks) {
			for (; line < block.line; line++) offset += raw[line].length + 1;
			starts.push(offset);
		}
		// What a line is can change until it is complete.
		let last = blocks.length - 1;
		while (last > 0 && blocks[last].line === raw.length - 1) last--;
		const reused = code && blocks[0]?.kind === 'code' && settled + starts[0] === code.start && blocks[0].language === code.language;
		for (const node of open) if (!reused || node !== code.node) node.remove();
		open = [];
		blocks.forEach((block, index) => {
			let node;
			if (reused && index === 0) {
				({ node } = code);
				const { firstChild } = node.querySelector('code');
				if (firstChild) firstChild.data = block.text;
				else node.querySelector('code').append(block.text);
			} else {
				node = nodeOf(block);
				into.append(node);
			}
			if (index >= last) open.push(node);
			if (index === last) code = block.kind === 'code' ? { node, start: settled + starts[index], language: block.language } : null;
		});
		if (last > 0) settled += starts[last];
	};
}

// == Conversations

let index = [];
let current = newConversation();
/** What is being answered, by the id of its conversation. */
const runs = new Map();
let isFull = false;

function newConversation() {
	const id = Date.now().toString(36) + Math.random().toString(36).slice(2, 10);
	return { id, title: '', model: '', system: '', changed: Date.now(), turns: [] };
}

function load(id) {
	try {
		const read = JSON.parse(kept.get(`c:${id}`));
		if (!read || !Array.isArray(read.turns)) return null;
		const turns = read.turns.filter((turn) => turn && typeof turn.text === 'string' && (turn.role === 'user' || turn.role === 'assistant'));
		for (const turn of turns) {
			if (turn.pictures) turn.pictures = [].concat(turn.pictures).filter((url) => PICTURE.test(url));
			if (turn.state === 'open') Object.assign(turn, { state: 'cut', why: 'The page was closed before its end.' });
		}
		const text = (value) => (typeof value === 'string' ? value : '');
		return { id, title: text(read.title), model: text(read.model), system: text(read.system), changed: Number(read.changed) || 0, turns };
	} catch {
		return null;
	}
}

function readIndex() {
	const ids = kept.keys().filter((key) => key.startsWith('c:')).map((key) => key.slice(2));
	index = ids.map(load).filter(Boolean).map(({ id, title, changed }) => ({ id, title, changed }));
}

/** Keeps a conversation, and says so once if that cannot be done. */
function save(conversation) {
	if (!conversation.turns.length) return;
	const done = kept.set(`c:${conversation.id}`, JSON.stringify(conversation));
	if (!done && !isFull) {
		tell('This conversation cannot be kept, because the storage of this browser is full or switched off. To make room, delete conversations, above all those with pictures.');
	}
	isFull = !done;
	const known = index.find(({ id }) => id === conversation.id);
	const { id, title, changed } = conversation;
	if (known) Object.assign(known, { title, changed });
	else index.push({ id, title, changed });
}

function titleOf(turn) {
	const line = turn.text.trim().split('\n', 1)[0].slice(0, 80);
	return line || 'Pictures';
}

function openConversation(conversation) {
	const { model } = conversation;
	current = conversation;
	if (model && [...$('model').options].some(({ value }) => value === model)) $('model').value = model;
	kept.set('open', conversation.turns.length ? conversation.id : '');
	showList();
	showTurns();
	showRun();
	closeSide();
}

function openById(id) {
	const conversation = runs.get(id)?.conversation ?? load(id);
	if (conversation) openConversation(conversation);
}

function removeConversation(id) {
	const name = index.find((entry) => entry.id === id)?.title || 'Conversation';
	if (!confirm(`Delete “${name}”? This cannot be undone.`)) return;
	runs.get(id)?.controller.abort();
	kept.remove(`c:${id}`);
	index = index.filter((entry) => entry.id !== id);
	if (current.id === id) openConversation(newConversation());
	showList();
	$('new').focus();
	isFull = false;
	say('Conversation deleted');
}

// == The gateway

class Problem extends Error {
	constructor(words, status) {
		super(words);
		this.status = status;
	}
}

async function call(path, init = {}) {
	const headers = { ...init.headers };
	const key = tab.get('key');
	if (key) headers.authorization = `Bearer ${key}`;
	let response;
	try {
		response = await fetch(path, { ...init, headers, cache: 'no-store' });
	} catch (error) {
		if (init.signal?.aborted) throw error;
		throw new Problem('The gateway cannot be reached. Is it still running?');
	}
	if (response.ok) return response;
	throw await refusal(response);
}

async function refusal(response) {
	let error = null;
	try {
		({ error } = await response.json());
	} catch {
		// Something before the gateway answered, and not in its form.
	}
	const said = typeof error === 'string' ? error : error?.message;
	const id = response.headers.get('x-request-id');
	let words = said ? sentence(said) : `The server answered with status ${response.status} and without a reason.`;
	if (error?.code === 'origin_not_allowed' || error?.code === 'host_not_allowed') words += ` This page was opened from ${location.origin}.`;
	const wait = Number(response.headers.get('retry-after'));
	if (wait > 0) words += ` Try again in ${wait} s.`;
	if (id) words += ` (${id})`;
	return new Problem(words, response.status);
}

/** Words as a sentence: errors of programs begin small and end open. */
function sentence(words) {
	const text = words.trim().slice(0, 2000);
	// Not the name of an endpoint.
	const first = /^[\w-]+:/.test(text) ? text : text.charAt(0).toUpperCase() + text.slice(1);
	return /[.!?…)]$/.test(first) ? first : `${first}.`;
}

let asking = null;

/** Asks for a key; false if there is none. All who wait share one dialog. */
function askForKey() {
	asking ??= new Promise((resolve) => {
		const dialog = $('key-dialog');
		$('key-why').textContent = tab.get('key') ? 'The gateway did not take the key.' : '';
		tab.remove('key');
		$('key').value = '';
		dialog.returnValue = '';
		dialog.addEventListener('close', () => {
			const key = $('key').value.trim();
			$('key').value = '';
			asking = null;
			if (dialog.returnValue !== 'ok' || !key) return resolve(false);
			if (!/^[\x21-\x7e]+$/.test(key)) {
				tell('A key has no spaces and no letters beyond ASCII.');
				return resolve(false);
			}
			if (!tab.set('key', key)) tell('The key cannot be kept, because this browser lets the page store nothing.');
			resolve(tab.get('key') !== null);
		}, { once: true });
		dialog.showModal();
	});
	return asking;
}

/** Does something with the gateway, and asks for the key if it wants one. */
async function withKey(action) {
	for (;;) {
		try {
			return await action();
		} catch (error) {
			if (error.status !== 401) throw error;
			if (!await askForKey()) throw new Problem('The gateway answers only with an API key.');
		}
	}
}

async function loadModels() {
	const select = $('model');
	try {
		const list = await withKey(async () => (await call('v1/models')).json());
		const ids = (Array.isArray(list?.data) ? list.data : []).map(({ id }) => id).filter((id) => typeof id === 'string');
		select.replaceChildren(...ids.map((id) => make('option', { value: id }, id)));
		select.disabled = !ids.length;
		if (!ids.length) select.append(make('option', { value: '' }, 'No models'));
		const wanted = [current.model, kept.get('model')].find((id) => ids.includes(id));
		if (wanted) select.value = wanted;
		return ids.length > 0;
	} catch (error) {
		select.replaceChildren(make('option', { value: '' }, 'No models'));
		select.disabled = true;
		tell(`The models cannot be listed. ${error instanceof Problem ? error.message : 'The answer cannot be read.'}`, 'Try again', loadModels);
		return false;
	}
}

function bodyOf({ system, turns, model }) {
	const messages = system.trim() ? [{ role: 'system', content: system }] : [];
	for (const { role, text, pictures } of turns) {
		if (role === 'user' && pictures?.length) {
			const content = pictures.map((url) => ({ type: 'image_url', image_url: { url } }));
			if (text) content.unshift({ type: 'text', text });
			messages.push({ role, content });
		} else if (text) messages.push({ role, content: text });
	}
	return JSON.stringify({ model, stream: true, messages });
}

/** Reads the events of a stream: texts, a doubt, an error, the end. */
async function readStream(response, onText) {
	const end = { isDone: false, reason: null, error: null, doubt: '' };
	const event = (line) => {
		if (line.startsWith(': doubt: ')) end.doubt = line.slice(9);
		if (!line.startsWith('data:')) return;
		const data = line.slice(5).trim();
		if (data === '[DONE]') {
			end.isDone = true;
			return;
		}
		const { choices, error } = JSON.parse(data);
		if (error) end.error = sentence(error.message ?? 'The gateway gives no reason.');
		const text = choices?.[0]?.delta?.content;
		if (typeof text === 'string' && text) onText(text);
		end.reason = choices?.[0]?.finish_reason ?? end.reason;
	};
	const reader = response.body.getReader();
	const decoder = new TextDecoder();
	let rest = '';
	for (;;) {
		const { done, value } = await reader.read();
		if (done) break;
		const lines = decoder.decode(value, { stream: true }).split('\n');
		lines[0] = rest + lines[0];
		rest = lines.pop();
		lines.forEach(event);
	}
	return end;
}

function stateOf({ isDone, reason, error, doubt }) {
	if (error) return { state: 'cut', why: error };
	if (!isDone || !reason) return { state: 'cut', why: 'The connection ended before the answer did.' };
	if (reason === 'length') return { state: 'limit', why: '' };
	if (reason === 'content_filter') return { state: 'filtered', why: '' };
	return doubt ? { state: 'doubt', why: sentence(doubt) } : { state: 'whole', why: '' };
}

/** Asks for the answer to the last turn of a conversation. */
async function answer(conversation) {
	const turn = { role: 'assistant', text: '', state: 'open', why: '', model: conversation.model };
	const body = bodyOf(conversation);
	const controller = new AbortController();
	conversation.turns.push(turn);
	conversation.changed = Date.now();
	const run = { conversation, turn, controller, paint: null };
	runs.set(conversation.id, run);
	save(conversation);
	showList();
	if (current === conversation) {
		stick = true;
		showTurns();
	}
	showRun();
	say('Asked. The answer is awaited.');
	let paintTimer = 0;
	let saveTimer = 0;
	const paint = () => {
		paintTimer = 0;
		const began = performance.now();
		if (current === conversation) paintAnswer(turn);
		// A long answer is painted less often, so that it costs a fraction of the time.
		run.pause = Math.max(30, 8 * (performance.now() - began));
	};
	const keep = () => {
		saveTimer = 0;
		const began = performance.now();
		save(conversation);
		run.rest = Math.max(1000, 20 * (performance.now() - began));
	};
	try {
		const response = await withKey(() => call('v1/chat/completions', {
			method: 'POST',
			body,
			headers: { 'content-type': 'application/json' },
			signal: controller.signal,
		}));
		const end = await readStream(response, (text) => {
			turn.text += text;
			paintTimer ||= setTimeout(paint, run.pause ?? 0);
			saveTimer ||= setTimeout(keep, run.rest ?? 1000);
		});
		Object.assign(turn, stateOf(end));
	} catch (error) {
		if (controller.signal.aborted) Object.assign(turn, { state: 'stopped', why: '' });
		else if (error instanceof Problem) Object.assign(turn, { state: 'cut', why: error.message });
		else if (error instanceof SyntaxError) Object.assign(turn, { state: 'cut', why: 'The server sent something that is not an answer.' });
		else Object.assign(turn, { state: 'cut', why: 'The connection to the gateway broke.' });
	}
	clearTimeout(paintTimer);
	clearTimeout(saveTimer);
	if (runs.get(conversation.id) === run) runs.delete(conversation.id);
	// A conversation that was deleted meanwhile stays so.
	if (index.some(({ id }) => id === conversation.id)) save(conversation);
	if (current === conversation) {
		paintAnswer(turn);
		showMarks(turn);
	}
	showRun();
	const mark = markOf(turn);
	say(`${mark ? `${mark.words} ` : ''}${turn.text ? `Answer: ${turn.text.slice(0, 500)}${turn.text.length > 500 ? '…' : ''}` : ''}`);
}

// == Showing a conversation

/** Whether the view follows the end of the answer. */
let stick = true;
let painting = null;

function toEnd() {
	$('log').scrollTop = $('log').scrollHeight;
}

function showList() {
	const items = [...index].sort((a, b) => b.changed - a.changed).map(({ id, title }) => {
		const name = title || 'Conversation';
		const item = make('li', {},
			pushButton({ class: 'open', 'aria-current': id === current.id ? 'true' : false, onclick: () => { openById(id); focusQuestion(); } }, make('span', { dir: 'auto' }, name)),
			pushButton({ class: 'icon delete', 'aria-label': `Delete “${name}”`, onclick: () => removeConversation(id) }, icon('remove')));
		item.dataset.id = id;
		return item;
	});
	$('list').replaceChildren(...items);
	$('list-empty').hidden = items.length > 0;
	const title = current.title || 'New conversation';
	$('title').textContent = title;
	document.title = current.title ? `${title} – chatwire` : 'chatwire';
}

function markOf({ role, state, why, text }) {
	if (role !== 'assistant' || state === 'whole' || state === 'open') return null;
	if (state === 'limit') return { words: 'This answer ends at a limit of its length, so it may not be whole.' };
	if (state === 'filtered') return { words: 'The server held back a part of this answer, so it is not whole.' };
	if (state === 'doubt') return { words: `This answer may not be whole. ${why}` };
	if (state === 'stopped') return { words: text ? 'You stopped this answer, so it is not whole.' : 'You stopped this before it was answered.' };
	return { words: `${text ? 'This answer is not whole.' : 'There is no answer.'} ${why}`, isBad: true };
}

function showTurns() {
	const { turns } = current;
	$('welcome').hidden = turns.length > 0;
	painting = null;
	$('turns').replaceChildren(...turns.map(turnNode));
	if (stick) toEnd();
}

function action(name, label, onclick, words) {
	return pushButton({ 'aria-label': words, onclick }, icon(name), label);
}

function turnNode(turn) {
	const item = make('li', { class: `turn ${turn.role}` });
	if (turn.role === 'user') {
		item.append(make('h2', { class: 'sr' }, 'You'));
		if (turn.pictures?.length) {
			item.append(make('div', { class: 'shots' }, ...turn.pictures.map((src, at) => make('img', { src, alt: `Your picture ${at + 1}` }))));
		}
		if (turn.text) item.append(make('div', { class: 'text', dir: 'auto' }, turn.text));
		item.append(make('div', { class: 'acts' }, action('edit', 'Edit', () => editTurn(turn, item), 'Edit this question and ask again')));
		return item;
	}
	const text = make('div', { class: 'md' });
	item.append(make('h2', { class: 'by' }, turn.model || 'Answer'), text, make('div', { class: 'marks' }), make('div', { class: 'acts' }));
	const paint = painter(text);
	if (turn.text) paint(turn.text);
	if (turn.state === 'open') {
		if (!turn.text) text.append(make('span', { class: 'wait', role: 'img', 'aria-label': 'The answer is awaited' }, make('i')));
		painting = { turn, paint, text };
	} else addMarks(turn, item);
	return item;
}

function paintAnswer(turn) {
	if (painting?.turn !== turn) return;
	painting.text.querySelector(':scope > .wait')?.remove();
	painting.paint(turn.text);
	if (stick) toEnd();
}

function showMarks(turn) {
	const item = $('turns').children[current.turns.indexOf(turn)];
	if (item) addMarks(turn, item);
	painting = null;
	if (stick) toEnd();
}

function addMarks(turn, item) {
	const mark = markOf(turn);
	if (mark) item.querySelector('.marks').replaceChildren(make('div', { class: mark.isBad ? 'mark bad' : 'mark' }, icon('warn'), make('span', {}, mark.words)));
	const acts = [];
	if (turn.text) {
		const copying = action('copy', 'Copy', () => copy(turn.text, copying), 'Copy this answer');
		acts.push(copying);
	}
	if (turn === current.turns.at(-1)) acts.push(action('again', mark?.isBad ? 'Try again' : 'Answer again', askAgain));
	item.querySelector('.acts').replaceChildren(...acts);
}

function askAgain() {
	if (runs.has(current.id)) return;
	if (current.turns.at(-1)?.role === 'assistant') current.turns.pop();
	start();
	focusQuestion();
}

/** Asks what the conversation ends with, of the model that is chosen. */
async function start() {
	const conversation = current;
	conversation.model = $('model').value;
	tell('');
	await answer(conversation);
}

function editTurn(turn, item) {
	const area = make('textarea', { 'aria-label': 'Question', rows: String(Math.min(12, turn.text.split('\n').length + 1)) });
	area.value = turn.text;
	const back = () => {
		const node = turnNode(turn);
		item.replaceWith(node);
		node.querySelector('.acts button').focus();
	};
	const again = () => {
		const text = area.value.trim();
		const at = current.turns.indexOf(turn);
		if (at < 0 || (!text && !turn.pictures?.length) || !isReady()) return;
		runs.get(current.id)?.controller.abort();
		runs.delete(current.id);
		current.turns.length = at;
		current.turns.push({ ...turn, text });
		if (at === 0) current.title = titleOf(current.turns[0]);
		start();
		focusQuestion();
	};
	area.addEventListener('keydown', (event) => {
		if (event.key === 'Escape') {
			event.stopPropagation();
			back();
		} else if (isSend(event)) {
			event.preventDefault();
			again();
		}
	});
	item.replaceChildren(make('div', { class: 'edit' }, area, make('div', { class: 'row' },
		pushButton({ onclick: back }, 'Cancel'),
		pushButton({ class: 'primary', onclick: again }, 'Ask again'))));
	area.focus();
}

function showRun() {
	const isRunning = runs.has(current.id);
	const hadFocus = document.activeElement === $('send') || document.activeElement === $('stop');
	$('send').hidden = isRunning;
	$('stop').hidden = !isRunning;
	$('log').setAttribute('aria-busy', String(isRunning));
	if (hadFocus) focusQuestion();
}

// == Asking

const coarse = matchMedia('(pointer: coarse)');
/** Pictures that go with the next question, as data URLs. */
let pictures = [];

function focusQuestion() {
	// On a phone the keyboard would cover the answer.
	if (!coarse.matches) $('question').focus();
}

/** Enter asks where there is a keyboard with Shift; composing text is not asking. */
function isSend(event) {
	return event.key === 'Enter' && !event.shiftKey && !event.isComposing && event.keyCode !== 229 && !coarse.matches;
}

function isReady() {
	if ($('model').value) return true;
	tell('There is no model to ask.', 'Look for models', loadModels);
	return false;
}

function ask() {
	const text = $('question').value.trim();
	if ((!text && !pictures.length) || runs.has(current.id) || !isReady()) return;
	const turn = { role: 'user', text };
	if (pictures.length) turn.pictures = pictures;
	if (!current.turns.length) current.title = titleOf(turn);
	current.turns.push(turn);
	$('question').value = '';
	pictures = [];
	showPictures();
	grow();
	stick = true;
	start();
	kept.set('open', current.id);
	focusQuestion();
}

function stop() {
	runs.get(current.id)?.controller.abort();
}

/** Lets the field grow with its text where CSS alone cannot. */
function grow() {
	if (CSS.supports('field-sizing', 'content')) return;
	const { style } = $('question');
	style.height = 'auto';
	style.height = `${$('question').scrollHeight}px`;
}

const MAX_PICTURES = 8;
const MAX_SIDE = 1600;
const MAX_PICTURE = 700_000;

async function addPictures(files) {
	for (const file of files) {
		if (!/^image\/(?:png|jpeg|gif|webp)$/.test(file.type)) {
			tell('Only pictures in PNG, JPEG, GIF and WebP can be sent.');
		} else if (pictures.length >= MAX_PICTURES) {
			tell(`A question takes ${MAX_PICTURES} pictures at most.`);
		} else {
			try {
				pictures.push(await pictureOf(file));
			} catch {
				tell(`The picture ${file.name} cannot be read.`);
			}
		}
	}
	showPictures();
}

/** A picture as a data URL, made smaller if it would fill a request. */
async function pictureOf(file) {
	const bitmap = await createImageBitmap(file);
	const scale = Math.min(1, MAX_SIDE / Math.max(bitmap.width, bitmap.height));
	if (scale === 1 && file.size <= MAX_PICTURE) {
		return new Promise((resolve, reject) => {
			const reader = new FileReader();
			reader.onload = () => resolve(reader.result);
			reader.onerror = reject;
			reader.readAsDataURL(file);
		});
	}
	const canvas = make('canvas');
	canvas.width = Math.max(1, Math.round(bitmap.width * scale));
	canvas.height = Math.max(1, Math.round(bitmap.height * scale));
	const context = canvas.getContext('2d');
	context.fillStyle = 'white';
	context.fillRect(0, 0, canvas.width, canvas.height);
	context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
	return canvas.toDataURL('image/jpeg', 0.85);
}

function showPictures() {
	$('pictures').replaceChildren(...pictures.map((src, at) => make('li', {},
		make('img', { src, alt: `Picture ${at + 1}` }),
		pushButton({
			'aria-label': `Remove picture ${at + 1}`,
			onclick: () => {
				pictures.splice(at, 1);
				showPictures();
				$('attach').focus();
			},
		}, icon('close')))));
}

// == The list on narrow screens

function openSide() {
	$('side').classList.add('shown');
	$('shade').hidden = false;
	$('main').inert = true;
	$('open-side').setAttribute('aria-expanded', 'true');
	$('close-side').focus();
}

function closeSide() {
	if (!$('side').classList.contains('shown')) return false;
	$('side').classList.remove('shown');
	$('shade').hidden = true;
	$('main').inert = false;
	$('open-side').setAttribute('aria-expanded', 'false');
	$('open-side').focus();
	return true;
}

// == Start

document.addEventListener('DOMContentLoaded', () => {
	const on = (id, event, listener) => $(id).addEventListener(event, listener);
	on('ask', 'submit', (event) => {
		event.preventDefault();
		ask();
	});
	on('question', 'keydown', (event) => {
		if (isSend(event)) {
			event.preventDefault();
			ask();
		}
	});
	on('question', 'input', grow);
	on('question', 'paste', (event) => {
		if (event.clipboardData.files.length) {
			event.preventDefault();
			addPictures(event.clipboardData.files);
		}
	});
	on('stop', 'click', stop);
	on('attach', 'click', () => $('file').click());
	on('file', 'change', () => {
		const files = [...$('file').files];
		$('file').value = '';
		addPictures(files);
	});
	on('new', 'click', () => {
		openConversation(newConversation());
		$('question').focus();
	});
	on('model', 'change', () => {
		current.model = $('model').value;
		kept.set('model', current.model);
		save(current);
	});
	on('log', 'scroll', () => {
		const { scrollHeight, scrollTop, clientHeight } = $('log');
		stick = scrollHeight - scrollTop - clientHeight < 60;
		});
	on('open-side', 'click', openSide);
	on('close-side', 'click', closeSide);
	on('shade', 'click', closeSide);
	on('settings-open', 'click', () => {
		$('system').value = current.system;
		$('kept-key').hidden = tab.get('key') === null;
		$('settings').showModal();
	});
	on('settings', 'close', () => {
		current.system = $('system').value;
		save(current);
		showList();
	});
	on('forget', 'click', () => {
		tab.remove('key');
		$('kept-key').hidden = true;
		$('system').focus();
		say('The key is forgotten');
	});
	on('key-cancel', 'click', () => $('key-dialog').close(''));
	const theme = kept.get('theme') ?? 'auto';
	for (const radio of document.querySelectorAll('#theme input')) {
		radio.checked = radio.value === theme;
		radio.addEventListener('change', () => {
			kept.set('theme', radio.value);
			applyTheme();
		});
	}
	document.addEventListener('keydown', (event) => {
		// A dialog closes itself first.
		if (event.key === 'Escape' && !document.querySelector('dialog[open]') && !closeSide()) stop();
	});
	addEventListener('resize', () => {
		if (stick) toEnd();
		if (innerWidth > 768 && $('side').classList.contains('shown')) closeSide();
	});
	addEventListener('pagehide', () => {
		for (const { conversation } of runs.values()) save(conversation);
	});
	// Another tab has changed something.
	addEventListener('storage', () => {
		applyTheme();
		readIndex();
		showList();
	});
	readIndex();
	const last = kept.get('open');
	openConversation((last && load(last)) || current);
	loadModels();
	focusQuestion();
});
