// The chat page of the gateway. What a model says is built as nodes, never as HTML
// text, in time proportional to its length.
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
	append(element, children.flat());
	return element;
}

/** Appends one by one, since there may be more than a call takes arguments. */
function append(element, children) {
	for (const child of children) element.append(child);
}

function fill(element, children) {
	element.replaceChildren();
	append(element, children);
}

const pushButton = (attributes, ...children) => make('button', { type: 'button', ...attributes }, ...children);

const ICONS = {
	copy: 'M7 7V3h10v10h-4M3 7h10v10H3Z',
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
	label.textContent = done ? 'Copied' : 'Not copied';
	say(label.textContent);
	setTimeout(() => { label.textContent = 'Copy'; }, 1500);
}

// == Markdown: blocks

const MAX_DEPTH = 12;

// Each of these is linear: no two of its parts can match the same characters.
const FENCE = /^ {0,3}(`{3,}|~{3,})[ \t]*([^`]*)$/;
const HEADING = /^ {0,3}(#{1,6})(?:[ \t]|$)/;
const RULE = /^ {0,3}([-*_])[ \t]*(?:\1[ \t]*){2,}$/;
const QUOTE = /^ {0,3}> ?/;
const ITEM = /^( {0,3})([-*+]|\d{1,9}[.)])( +|$)/;
const DELIMITERS = /^ {0,3}\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?$/;

const isBlank = (line) => line === undefined || !/\S/.test(line);

const indentOf = (line) => line.search(/[^ ]|$/);

/** Removes the end of a line, and indents it by spaces. */
function prepared(line) {
	return line.replace(/\r$/, '').replace(/^[ \t]+/, (blank) => blank.replaceAll('\t', '    '));
}

function interrupts(line) {
	if (FENCE.test(line) || HEADING.test(line) || RULE.test(line) || QUOTE.test(line)) return true;
	const item = ITEM.exec(line);
	return item !== null && item[0].length < line.length && (item[2].length === 1 || parseInt(item[2], 10) === 1);
}

function cellsOf(line) {
	const row = line.trim().replace(/^\|/, '').replace(/(?<!\\)\|$/, '');
	return row.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll('\\|', '|'));
}

/** The columns of the table that begins at a line, if one does. */
function tableAt(lines, at) {
	const under = lines[at + 1];
	if (under === undefined || !lines[at].includes('|') || !DELIMITERS.test(under.trimEnd())) return null;
	const columns = cellsOf(under);
	return columns.length === cellsOf(lines[at]).length ? columns : null;
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
		if (indent < 4 && bare.startsWith(mark) && /^(?:`+|~+)$/.test(bare)) {
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
		const inner = [lines[at++].slice(width).replace(/^\[([ xX])\](?= )/, (_, mark) => (mark === ' ' ? '☐' : '☑'))];
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
			if (href) {
				flush();
				parts.push({ tag: 'a', href }, found, { isEnd: true });
			} else plain += found || char;
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
	const row = (cells, tag) => make('tr', {}, cells.map((cell, column) => {
		const node = make(tag, { class: sides[column] || false, scope: tag === 'th' ? 'col' : false });
		appendInline(node, cell);
		return node;
	}));
	return make('div', { class: 'table', tabindex: '0', role: 'region', 'aria-label': 'Table' },
		make('table', {}, make('thead', {}, row(head, 'th')), make('tbody', {}, rows.map((cells) => row(cells, 'td')))));
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
		case 'quote': return make('blockquote', {}, block.blocks.map(nodeOf));
		default: {
			// A turn has a heading of the second level.
			const node = make(block.kind === 'heading' ? `h${Math.min(block.level + 2, 6)}` : 'p');
			appendInline(node, block.text);
			// Last: browsers look at the whole text again for each node that is added.
			node.dir = 'auto';
			return node;
		}
	}
}

/**
 * Returns a function that shows a text as Markdown, to be called again as the
 * text grows. Blocks that more text cannot change are built once.
 */
function painter(into) {
	/** How many blocks and characters more text cannot change. */
	let done = 0;
	let settled = 0;
	/** The block after them, as it is shown. */
	let open = null;
	return (text) => {
		const lines = text.slice(settled).split('\n');
		const blocks = blocksOf(lines.map(prepared));
		if (!blocks.length) return;
		// Code stays the same element, so that it can be scrolled and copied.
		const isSameCode = blocks[0].kind === 'code' && open?.kind === 'code' && open.language === blocks[0].language;
		if (isSameCode) into.children[done].querySelector('code').textContent = blocks[0].text;
		while (into.children.length > done + (isSameCode ? 1 : 0)) into.lastChild.remove();
		append(into, blocks.slice(isSameCode ? 1 : 0).map(nodeOf));
		// What a line is can change until it is complete.
		let last = blocks.length - 1;
		while (last > 0 && blocks[last].line === lines.length - 1) last--;
		open = blocks[last];
		if (last === 0) return;
		done += last;
		settled += lines.slice(0, open.line).join('\n').length + 1;
	};
}

// == Conversations

/** The conversations that have begun, by id. */
const all = new Map();
let current = newConversation();
/** What aborts the answers that this tab receives, by conversation. */
const runs = new Map();
let isFull = false;
/** Whether another tab changed the current conversation while this one was hidden. */
let isStale = false;

function newId() {
	return Date.now().toString(36) + Math.random().toString(36).slice(2, 10);
}

function newConversation() {
	return { id: newId(), title: '', model: '', system: '', changed: Date.now(), turns: [] };
}

function load(id) {
	try {
		const read = JSON.parse(kept.get(`c:${id}`));
		if (!read || !Array.isArray(read.turns)) return null;
		const turns = read.turns.filter((turn) => turn && typeof turn.text === 'string' && (turn.role === 'user' || turn.role === 'assistant'));
		for (const turn of turns) {
			if (turn.state === 'open') Object.assign(turn, { state: 'cut', why: 'Its page was closed, or another tab still receives it.' });
		}
		return { ...newConversation(), ...read, id, turns };
	} catch {
		return null;
	}
}

/** Reads all conversations. */
function readAll() {
	for (const key of kept.keys()) if (key.startsWith('c:')) takeOver(key.slice(2));
}

/** Reads a conversation that is new or that another tab has changed. */
function takeOver(id) {
	const theirs = load(id);
	const mine = all.get(id);
	all.delete(id);
	if (theirs) all.set(id, theirs);
	if (!mine) return;
	const isEdited = mine === current && document.querySelector('.edit');
	if (theirs && (runs.has(mine) || isEdited)) {
		// Both tabs go on with it: this one under a new id, so that nothing is lost.
		mine.id = newId();
		if (runs.has(mine)) all.set(mine.id, mine);
		save(mine);
		if (mine === current) showAddress();
	} else {
		runs.get(mine)?.abort();
		if (mine !== current) return;
		if (!theirs) return openConversation(newConversation());
		current = theirs;
		isStale = document.hidden;
		if (!isStale) showTurns();
	}
}

/** Keeps a conversation that has begun, and says so once if that cannot be done. */
function save(conversation) {
	if (all.get(conversation.id) !== conversation) return;
	const done = kept.set(`c:${conversation.id}`, JSON.stringify(conversation));
	if (!done && !isFull) {
		tell('This conversation cannot be kept: the storage of this browser is full or switched off. Delete conversations with pictures to make room.');
	}
	isFull = !done;
}

function titleOf(turn) {
	const line = turn.text.trim().split('\n', 1)[0].slice(0, 80);
	return line || 'Pictures';
}

function openConversation(conversation) {
	current = conversation;
	const select = $('model');
	const before = select.value;
	select.value = conversation.model || before;
	if (select.selectedIndex < 0) select.value = before;
	stick = true;
	showList();
	showTurns();
	showRun();
	if (isSideShown()) showSide(false);
}

/** The address that leads to the current conversation, also after a reload. */
function address() {
	return all.has(current.id) ? `#${current.id}` : location.pathname;
}

function showAddress() {
	history.replaceState(null, '', address());
}

/** Opens a conversation, and adds it to the history of the tab. */
function goTo(conversation) {
	openConversation(conversation);
	if (location.hash !== new URL(address(), location).hash) history.pushState(null, '', address());
	focusQuestion();
}

function openFromAddress() {
	openConversation(all.get(location.hash.slice(1)) ?? newConversation());
}

function removeConversation(conversation) {
	if (!confirm(`Delete “${conversation.title}”? This cannot be undone.`)) return;
	all.delete(conversation.id);
	kept.remove(`c:${conversation.id}`);
	isFull = false;
	runs.get(conversation)?.abort();
	if (conversation === current) {
		openConversation(newConversation());
		showAddress();
	} else showList();
	$('new').focus();
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
		// A proxy has answered, or something else that is no gateway.
	}
	const said = typeof error === 'string' ? error : error?.message;
	const id = response.headers.get('x-request-id');
	let words = said ? sentence(said) : `The server answered with status ${response.status} and without a reason.`;
	if (/^(?:host|origin)_not_allowed$/.test(error?.code)) words += ` This page was opened from ${location.origin}.`;
	const wait = Number(response.headers.get('retry-after'));
	if (wait > 0) words += ` Try again in ${wait} s.`;
	if (id) words += ` (${id})`;
	return new Problem(words, response.status);
}

/** Makes a sentence of an error, which begins in lower case and has no full stop. */
function sentence(words) {
	const text = words.trim().slice(0, 2000);
	// The name of an endpoint stays as it is.
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
			if (!tab.set('key', key)) tell('The key cannot be kept, because this browser lets the page store nothing.');
			resolve(tab.get('key') !== null);
		}, { once: true });
		dialog.showModal();
	});
	return asking;
}

/** Runs a request, and again with another key while the gateway refuses it. */
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
		fill(select, ids.map((id) => make('option', { value: id }, id)));
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
	if (error || !isDone || !reason) return { state: 'cut', why: error ?? 'The connection ended before the answer did.' };
	if (reason === 'length') return { state: 'limit' };
	if (reason === 'content_filter') return { state: 'filtered' };
	return doubt ? { state: 'doubt', why: sentence(doubt) } : { state: 'whole' };
}

/**
 * Asks for the answer to the last turn of a conversation. The answer that was
 * there before comes back if there is no other.
 */
async function answer(conversation, before) {
	const turn = { role: 'assistant', text: '', state: 'open', model: conversation.model };
	const body = bodyOf(conversation);
	const controller = new AbortController();
	conversation.turns.push(turn);
	conversation.changed = Date.now();
	all.set(conversation.id, conversation);
	runs.set(conversation, controller);
	save(conversation);
	showAddress();
	showList();
	stick = true;
	showTurns();
	showRun();
	say('Asked. The answer is awaited.');
	let paintTimer = 0;
	let saveTimer = 0;
	let paintPause = 0;
	let savePause = 1000;
	const paint = () => {
		paintTimer = 0;
		const began = performance.now();
		showAnswer(turn);
		// A long answer is painted less often, so that painting takes a ninth of the time.
		paintPause = Math.max(30, 8 * (performance.now() - began));
	};
	const keep = () => {
		saveTimer = 0;
		const began = performance.now();
		save(conversation);
		savePause = Math.max(1000, 20 * (performance.now() - began));
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
			paintTimer ||= setTimeout(paint, paintPause);
			saveTimer ||= setTimeout(keep, savePause);
		});
		Object.assign(turn, stateOf(end));
	} catch (error) {
		if (controller.signal.aborted) turn.state = 'stopped';
		else Object.assign(turn, { state: 'cut', why: reasonOf(error) });
	}
	clearTimeout(paintTimer);
	clearTimeout(saveTimer);
	// The question has been edited, and its new answer has begun.
	if (runs.get(conversation) !== controller) return;
	runs.delete(conversation);
	const mark = markOf(turn);
	if (mark && !turn.text && before) conversation.turns.splice(-1, 1, before);
	save(conversation);
	if (current !== conversation) return;
	if (conversation.turns.at(-1) === turn) {
		showAnswer(turn);
	} else {
		showTurns();
		tell(`${mark.words} The answer before it is still there.`);
	}
	showRun();
	say(mark ? mark.words : `Answer: ${turn.text.slice(0, 500)}`);
}

function reasonOf(error) {
	if (error instanceof Problem) return error.message;
	return error instanceof SyntaxError ? 'The server sent something that is not an answer.' : 'The connection to the gateway broke.';
}

// == Showing a conversation

/** Whether the view follows the end of the answer. */
let stick = true;
/** What shows the turns of the current conversation: built once, since a long
 * answer takes a while. */
let views = new Map();

function toEnd() {
	$('log').scrollTop = $('log').scrollHeight;
}

function showList() {
	const items = [...all.values()].sort((a, b) => b.changed - a.changed).map((conversation) => make('li', {},
		pushButton({ class: 'open', 'aria-current': conversation === current ? 'true' : false, onclick: () => goTo(conversation) }, make('span', { dir: 'auto' }, conversation.title)),
		pushButton({ class: 'icon delete', 'aria-label': `Delete “${conversation.title}”`, onclick: () => removeConversation(conversation) }, icon('remove'))));
	fill($('list'), items);
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
	isStale = false;
	$('welcome').hidden = current.turns.length > 0;
	const before = views;
	views = new Map(current.turns.map((turn) => [turn, before.get(turn) ?? viewOf(turn)]));
	fill($('turns'), [...views.values()].map(({ item }) => item));
	for (const { show } of views.values()) show();
	if (stick) toEnd();
}

/** Shows how far an answer is, if its conversation is the current one. */
function showAnswer(turn) {
	views.get(turn)?.show();
	if (stick) toEnd();
}

/** An item of the conversation, and what brings it up to date. */
function viewOf(turn) {
	const item = make('li', { class: `turn ${turn.role}` });
	return { item, show: turn.role === 'user' ? questionIn(item, turn) : answerIn(item, turn) };
}

function questionIn(item, turn) {
	item.replaceChildren(make('h2', { class: 'sr' }, 'You'));
	if (turn.pictures?.length) {
		item.append(make('div', { class: 'shots' }, turn.pictures.map((src, at) => make('img', { src, alt: `Your picture ${at + 1}` }))));
	}
	if (turn.text) item.append(make('div', { class: 'text', dir: 'auto' }, turn.text));
	item.append(make('div', { class: 'acts' }, action('edit', 'Edit', () => editTurn(item, turn), 'Edit this question and ask again')));
	return () => {};
}

function answerIn(item, turn) {
	const text = make('div', { class: 'md' });
	const marks = make('div', { class: 'marks' });
	const acts = make('div', { class: 'acts' });
	item.append(make('h2', { class: 'by' }, turn.model || 'Answer'), text, marks, acts);
	const paint = painter(text);
	const copying = action('copy', 'Copy', () => copy(turn.text, copying), 'Copy this answer');
	let shown = 0;
	return () => {
		if (turn.text.length > shown) paint(turn.text);
		shown = turn.text.length;
		const isOpen = turn.state === 'open';
		const mark = markOf(turn);
		marks.replaceChildren();
		if (mark) marks.append(make('div', { class: mark.isBad ? 'mark bad' : 'mark' }, icon('warn'), make('span', {}, mark.words)));
		if (isOpen && !shown) marks.append(make('p', { class: 'hint' }, 'Waiting for the answer…'));
		acts.replaceChildren();
		if (shown && !isOpen) acts.append(copying);
		if (!isOpen && turn === current.turns.at(-1)) acts.append(action('again', mark?.isBad ? 'Try again' : 'Answer again', askAgain));
	};
}

function action(name, label, onclick, words) {
	return pushButton({ 'aria-label': words, onclick }, icon(name), label);
}

function askAgain() {
	if (runs.has(current) || !isReady()) return;
	const isAnswered = current.turns.at(-1).role === 'assistant';
	start(isAnswered ? current.turns.pop() : null);
}

/** Asks the chosen model for the answer to the last turn. */
function start(before) {
	current.model = $('model').value;
	tell('');
	answer(current, before?.text ? before : null);
	focusQuestion();
}

function editTurn(item, turn) {
	const area = make('textarea', { 'aria-label': 'Question', rows: String(Math.min(12, turn.text.split('\n').length + 1)) });
	area.value = turn.text;
	const left = [...(turn.pictures ?? [])];
	const list = make('ul', { class: 'pictures', 'aria-label': 'Pictures of the question' });
	showPictures(list, left, area);
	const back = () => {
		questionIn(item, turn);
		item.querySelector('.acts button').focus();
	};
	const again = () => {
		const text = area.value.trim();
		const at = current.turns.indexOf(turn);
		if (at < 0 || (!text && !left.length) || !isReady()) return;
		runs.get(current)?.abort();
		current.turns.splice(at, Infinity, { ...turn, text, pictures: left });
		if (at === 0) current.title = titleOf(current.turns[0]);
		start();
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
	item.replaceChildren(make('div', { class: 'edit' }, list, area, make('div', { class: 'row' },
		pushButton({ onclick: back }, 'Cancel'),
		pushButton({ class: 'primary', onclick: again }, 'Ask again'))));
	area.focus();
}

function showRun() {
	const isRunning = runs.has(current);
	const hadFocus = document.activeElement === $('send') || document.activeElement === $('stop');
	$('send').hidden = isRunning;
	$('stop').hidden = !isRunning;
	$('log').setAttribute('aria-busy', String(isRunning));
	if (hadFocus) focusQuestion();
}

// == Asking

const coarse = matchMedia('(pointer: coarse)');
/** Pictures that go with the next question, as data URLs. */
const pending = [];
/** Resolves when all added pictures have been read. */
let reading = Promise.resolve();

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

async function ask() {
	await reading;
	const text = $('question').value.trim();
	if ((!text && !pending.length) || runs.has(current) || !isReady()) return;
	const turn = { role: 'user', text };
	if (pending.length) turn.pictures = pending.splice(0);
	if (!current.turns.length) current.title = titleOf(turn);
	current.turns.push(turn);
	$('question').value = '';
	showPictures($('pictures'), pending);
	grow();
	start();
}

function stop() {
	runs.get(current)?.abort();
}

/** Lets the field grow with its text where CSS alone cannot. */
function grow() {
	if (CSS.supports('field-sizing', 'content')) return;
	const { style } = $('question');
	style.height = 'auto';
	style.height = `${$('question').scrollHeight}px`;
}

const MAX_PICTURES = 8;
/** In pixels. */
const MAX_SIDE = 1600;
/** In characters of base64: eight of them fit into a request of 4 MiB. */
const MAX_PICTURE = 450_000;

/** Adds the pictures that were chosen, pasted or dropped, one after the other. */
function addPictures(files) {
	reading = reading.then(async () => {
		for (const file of files) {
			if (pending.length >= MAX_PICTURES) {
				tell(`A question takes ${MAX_PICTURES} pictures at most.`);
				break;
			}
			try {
				pending.push(await pictureOf(file));
			} catch {
				tell(`${file.name} cannot be read as a picture.`);
			}
		}
		showPictures($('pictures'), pending, $('attach'));
	});
}

/**
 * Returns a picture as a data URL. It is encoded again, so that it fits into a
 * request and does not tell where a photo was taken.
 */
async function pictureOf(file) {
	const bitmap = await createImageBitmap(file);
	const canvas = make('canvas');
	const context = canvas.getContext('2d');
	for (let scale = Math.min(1, MAX_SIDE / Math.max(bitmap.width, bitmap.height)); ; scale *= 0.7) {
		canvas.width = Math.max(1, bitmap.width * scale);
		canvas.height = Math.max(1, bitmap.height * scale);
		context.fillStyle = 'white';
		context.fillRect(0, 0, canvas.width, canvas.height);
		context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
		const url = canvas.toDataURL('image/jpeg', 0.9);
		if (url.length <= MAX_PICTURE) return url;
	}
}

/** Fills a list with pictures, each with a button that removes it. */
function showPictures(list, pictures, focusNext) {
	fill(list, pictures.map((src, at) => make('li', {},
		make('img', { src, alt: `Picture ${at + 1}` }),
		pushButton({
			'aria-label': `Remove picture ${at + 1}`,
			onclick: () => {
				pictures.splice(at, 1);
				showPictures(list, pictures, focusNext);
				focusNext.focus();
			},
		}, icon('close')))));
}

// == The list on narrow screens

const isSideShown = () => $('side').classList.contains('shown');

function showSide(isShown) {
	$('side').classList.toggle('shown', isShown);
	$('shade').hidden = !isShown;
	$('main').inert = isShown;
	$('open-side').setAttribute('aria-expanded', isShown);
	$(isShown ? 'close-side' : 'open-side').focus();
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
		const { files, types } = event.clipboardData;
		// Spreadsheets copy text and a picture of it.
		if (!files.length || types.includes('text/plain')) return;
		event.preventDefault();
		addPictures([...files]);
	});
	on('stop', 'click', stop);
	on('attach', 'click', () => $('file').click());
	on('file', 'change', () => {
		const files = [...$('file').files];
		$('file').value = '';
		addPictures(files);
	});
	on('skip', 'click', (event) => {
		// The address stays that of the conversation.
		event.preventDefault();
		$('question').focus();
	});
	on('new', 'click', () => goTo(newConversation()));
	on('model', 'change', () => {
		current.model = $('model').value;
		kept.set('model', current.model);
		save(current);
	});
	on('log', 'scroll', () => {
		const { scrollHeight, scrollTop, clientHeight } = $('log');
		stick = scrollHeight - scrollTop - clientHeight < 60;
	});
	on('open-side', 'click', () => showSide(true));
	on('close-side', 'click', () => showSide(false));
	on('shade', 'click', () => showSide(false));
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
	on('theme', 'change', ({ target }) => {
		kept.set('theme', target.value);
		applyTheme();
	});
	document.addEventListener('keydown', (event) => {
		// A dialog closes itself.
		if (event.key !== 'Escape' || event.isComposing || document.querySelector('dialog[open]')) return;
		if (isSideShown()) showSide(false);
		else stop();
	});
	addEventListener('resize', () => {
		if (stick) toEnd();
		if (innerWidth > 768 && isSideShown()) showSide(false);
	});
	for (const type of ['dragover', 'drop']) {
		addEventListener(type, (event) => {
			if (!event.dataTransfer.types.includes('Files')) return;
			// Without this, the browser opens the file instead of the page.
			event.preventDefault();
			if (type === 'drop') addPictures([...event.dataTransfer.files]);
		});
	}
	addEventListener('popstate', openFromAddress);
	addEventListener('pagehide', () => {
		for (const conversation of runs.keys()) save(conversation);
		// What breaks from now on is not the gateway's fault.
		runs.clear();
	});
	// The page comes from the browser's cache; other tabs went on meanwhile.
	addEventListener('pageshow', ({ persisted }) => {
		if (persisted) readAll();
	});
	const showTheme = () => {
		applyTheme();
		$('theme').value = kept.get('theme') ?? 'auto';
	};
	addEventListener('storage', ({ key }) => {
		showTheme();
		if (!key) readAll();
		else if (key.startsWith(`${PLACE}c:`)) takeOver(key.slice(PLACE.length + 2));
		showList();
	});
	document.addEventListener('visibilitychange', () => {
		if (isStale && !document.hidden) showTurns();
	});
	showTheme();
	readAll();
	openFromAddress();
	loadModels();
	focusQuestion();
});
