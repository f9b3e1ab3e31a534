// Answers of the server that mounted panels use, kept current: one stream of events tells what has changed, and only that is read
// again. Nothing is kept for a panel that is not shown.
import { useEffect, useState } from "./html.js";

/** Most events that the page keeps. */
export const KEPT_EVENTS = 500;
const TIMEOUT = 12000;
/** Time in which changes are collected before answers are read again. */
const PAUSE = 700;
/** Time in which events are collected before they are drawn. */
const DRAW = 200;
/** Time after which an answer in use is read again without a change. */
const REFRESH = 30000;
/** Time after which an answer is shown as stale. */
const STALE = 75000;
const RECONNECT = [1000, 2000, 4000, 8000, 15000];

const entries = new Map();
const listeners = new Set();
const state = { connection: "connecting", since: Date.now(), events: [], attempt: 0 };
const dirty = new Set();
let timer = null;
let source = null;
let again = null;
let drawing = null;

/** Reads JSON. Throws `{status, error, next}`. */
export async function read(path) {
	let response;
	try {
		response = await fetch(path, { headers: { accept: "application/json" }, signal: AbortSignal.timeout(TIMEOUT) });
	} catch {
		throw {
			status: 0,
			error: "The worker does not answer.",
			next: "Check that `doin-worker run` is running; the page connects again by itself.",
		};
	}
	const body = await response
		.text()
		.then(parsed)
		.catch(() => null);
	if (response.ok && body !== null) return body;
	const error = body?.error ?? `the server answered with status ${response.status}`;
	throw {
		status: response.status,
		error,
		next: body?.next ?? "repeat the request; if it fails again, look at the log of the worker",
	};
}

/** Parses JSON, without marks that turn the direction of the text around them: names come from strangers. */
function parsed(text) {
	return JSON.parse(text, (_, value) =>
		typeof value === "string" ? value.replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "") : value,
	);
}

/** Returns an answer of the server and keeps it current: `{data, problem, loaded, isStale}`. `topics` are the events that change it. */
export function useAnswer(path, topics = []) {
	const [, redraw] = useState(0);
	useEffect(() => {
		if (!path) return undefined;
		const entry = entries.get(path) ?? { path, data: null, problem: null, loaded: 0, topics, users: new Set(), isReading: false };
		entries.set(path, entry);
		const user = () => redraw((value) => value + 1);
		entry.users.add(user);
		if (entry.loaded === 0 || Date.now() - entry.loaded > 2000) refresh(entry);
		return () => {
			entry.users.delete(user);
			if (entry.users.size === 0) entries.delete(path);
		};
	}, [path]);
	const entry = path ? entries.get(path) : null;
	const data = entry?.data ?? null;
	const isStale = data !== null && (state.connection !== "live" || entry.problem !== null || Date.now() - entry.loaded > STALE);
	return { data, problem: entry?.problem ?? null, loaded: entry?.loaded ?? 0, isStale, again: () => entry && refresh(entry) };
}

/** Returns connection and events of the page. */
export function useFeed() {
	const [, redraw] = useState(0);
	useEffect(() => {
		const listener = () => redraw((value) => value + 1);
		listeners.add(listener);
		return () => listeners.delete(listener);
	}, []);
	return state;
}

async function refresh(entry) {
	if (entry.isReading) {
		entry.again = true;
		return;
	}
	entry.isReading = true;
	const { loaded } = entry;
	try {
		const data = await read(entry.path);
		// An event may have brought a newer answer meanwhile.
		if (entry.loaded === loaded) Object.assign(entry, { data, loaded: Date.now() });
		entry.problem = null;
	} catch (problem) {
		entry.problem = problem;
		// A feature that is not there has no earlier answer either.
		if (problem.status === 404 || problem.status === 501) entry.data = null;
	}
	entry.isReading = false;
	for (const user of [...entry.users]) user();
	if (entry.again && entry.users.size > 0) {
		entry.again = false;
		setTimeout(() => refresh(entry), PAUSE);
	}
}

/** Takes an answer that came with an event. */
function put(path, data) {
	const entry = entries.get(path);
	if (!entry) return;
	Object.assign(entry, { data, problem: null, loaded: Date.now() });
	for (const user of [...entry.users]) user();
}

/** Marks everything that depends on a topic as changed. */
function touch(topic) {
	dirty.add(topic);
	timer ??= setTimeout(() => {
		timer = null;
		if (document.hidden) return;
		const topics = new Set(dirty);
		dirty.clear();
		for (const entry of entries.values()) {
			// A feature that this worker lacks does not come with a block.
			const isAbsent = entry.problem?.status === 501 && !topics.has("all");
			if (!isAbsent && (topics.has("all") || entry.topics.some((own) => topics.has(own)))) refresh(entry);
		}
	}, PAUSE);
}

function notify() {
	for (const listener of [...listeners]) listener();
}

function setConnection(connection) {
	if (state.connection === connection) return;
	state.connection = connection;
	state.since = Date.now();
	notify();
	for (const entry of entries.values()) for (const user of [...entry.users]) user();
}

function take(event) {
	const topic = event.kind.split(".")[0];
	if (topic === "search") {
		put("/api/training", event.data);
		return;
	}
	touch(topic);
	if (topic === "best") return;
	const last = state.events.at(-1);
	if (last && event.id <= last.id) return;
	state.events.push(event);
	if (state.events.length > KEPT_EVENTS) state.events.splice(0, state.events.length - KEPT_EVENTS);
	// A block brings many events at once.
	drawing ??= setTimeout(() => {
		drawing = null;
		notify();
	}, DRAW);
}

/** Opens the stream of events, and opens it again whenever it breaks. */
export function connect() {
	clearTimeout(again);
	source?.close();
	source = new EventSource("/events");
	source.onopen = async () => {
		state.attempt = 0;
		setConnection("live");
		touch("all");
		// A restarted server counts its events from 1 again.
		state.events = [];
		const recent = await read(`/api/events?limit=${KEPT_EVENTS}`).catch(() => null);
		if (recent) {
			// Events that came meanwhile are newer.
			const last = recent.events.at(-1)?.id ?? 0;
			state.events = [...recent.events, ...state.events.filter(({ id }) => id > last)].slice(-KEPT_EVENTS);
			notify();
		}
	};
	source.onmessage = (message) => {
		let event = null;
		try {
			event = parsed(message.data);
		} catch {
			return;
		}
		take(event);
	};
	source.addEventListener("dropped", reconnect);
	source.onerror = reconnect;
}

function reconnect() {
	source?.close();
	source = null;
	setConnection("lost");
	const wait = RECONNECT[Math.min(state.attempt, RECONNECT.length - 1)];
	state.attempt += 1;
	clearTimeout(again);
	again = setTimeout(connect, wait);
}

/** Closes the stream of a page that nobody sees: a browser has six connections to a server, for all of its tabs. */
function pause() {
	clearTimeout(again);
	source?.close();
	source = null;
	setConnection("connecting");
}

/** Starts the stream of events and the regular refresh. */
export function start() {
	connect();
	setInterval(() => {
		if (document.hidden || state.connection !== "live") return;
		for (const entry of entries.values()) {
			const isAbsent = entry.problem?.status === 404 || entry.problem?.status === 501;
			if (!isAbsent && Date.now() - entry.loaded > REFRESH) refresh(entry);
		}
	}, 5000);
	document.addEventListener("visibilitychange", () => (document.hidden ? pause() : connect()));
}
