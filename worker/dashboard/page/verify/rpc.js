// JSON-RPC over a WebSocket to a node.

/** Nodes that the policy of the page lets it connect to. */
const LOCAL = /^ws:\/\/(127\.0\.0\.1|localhost)(:\d+)?(\/|$)/;

/** Returns `true` if the policy of the page lets it connect to the node at this WebSocket address. */
export const isLocal = (url) => LOCAL.test(url);

/** Longest wait for a connection or an answer, in milliseconds. */
const PATIENCE_MS = 15000;

/** Marks that turn the direction of the text around them: names come from strangers. */
const MARKS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Parses what the node sends, without marks that turn the direction of text. Bytes are hexadecimal text, and stay as they are. */
const parsed = (text) => JSON.parse(text, (_, value) => (typeof value === "string" ? value.replace(MARKS, "") : value));

/** Hosts of pages that a worker of the same computer serves. */
const OWN_HOST = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** Returns what helps where the node at `url` cannot be reached from this page. */
function nextStep(url) {
	const { hostname = "localhost", origin } = globalThis.location ?? {};
	if (OWN_HOST.test(hostname)) return "start it, forward its port if it runs elsewhere, or admit this page with --rpc-cors";
	// The browser itself connects to the node, and this address means the computer of the visitor.
	const port = new URL(url).port || "80";
	return `start it, forward its port to this computer with ssh -L ${port}:127.0.0.1:${port} ${hostname}, and admit this page with --rpc-cors ${origin}`;
}

/**
 * Fails if the node has another block 0 than the worker: where the page comes from another computer, a node of the visitor may listen at
 * the same address. Without a `genesis`, nothing is compared.
 */
export async function expectGenesis(call, url, genesis) {
	if (!genesis) return;
	const found = await call("chain_getBlockHash", [0]);
	if (found === genesis) return;
	throw new Error(`the node at ${url} follows another chain than the worker of this page: ${nextStep(url)}`);
}

/** Refusal of a request by the node. */
export class Refusal extends Error {
	/** Creates the refusal of `method` that the JSON-RPC error `error` states. */
	constructor(method, error) {
		const detail = typeof error.data === "string" ? `: ${error.data}` : "";
		super(`the node refused ${method}: ${error.message}${detail}`);
		/** `true` if the node has removed the state of the block. */
		this.isPruned = /discarded/i.test(`${error.message}${detail}`);
	}
}

/**
 * Connects to the node at the WebSocket address `url`. Returns `call(method, params)`, which returns the result of a request, and
 * `close()`. Both fail with an error whose message names the address. `onNotice(subscription, result)` receives what the node sends
 * to a subscription, and `onClose(error)` the end of the connection.
 */
export async function connect(url, { onNotice = () => {}, onClose = () => {} } = {}) {
	const unreachable = (reason) => new Error(`the node at ${url} ${reason}: ${nextStep(url)}`);
	let socket;
	try {
		socket = new WebSocket(url);
	} catch {
		throw new Error(`${url} is not the address of a node: expected ws:// or wss://, a host and a port`);
	}
	const waiting = new Map();
	const fail = (error) => {
		waiting.forEach(({ reject, timer }) => {
			clearTimeout(timer);
			reject(error);
		});
		waiting.clear();
	};
	await new Promise((resolve, reject) => {
		const timer = setTimeout(() => reject(unreachable("does not answer")), PATIENCE_MS);
		const ended = (settle, value) => () => {
			clearTimeout(timer);
			settle(value);
		};
		socket.onopen = ended(resolve);
		socket.onerror = ended(reject, unreachable("cannot be reached"));
	}).catch((error) => {
		socket.close();
		throw error;
	});
	socket.onclose = () => {
		fail(unreachable("closed the connection"));
		onClose(unreachable("closed the connection"));
	};
	socket.onerror = () => fail(unreachable("closed the connection"));
	socket.onmessage = ({ data }) => {
		const answer = parsed(data);
		if (answer.id === undefined) onNotice(answer.params?.subscription, answer.params?.result);
		const request = waiting.get(answer.id);
		if (request === undefined) return;
		waiting.delete(answer.id);
		clearTimeout(request.timer);
		if (answer.error) request.reject(new Refusal(request.method, answer.error));
		else request.resolve(answer.result);
	};
	let last = 0;
	const call = (method, params = []) =>
		new Promise((resolve, reject) => {
			if (socket.readyState !== WebSocket.OPEN) return reject(unreachable("closed the connection"));
			const id = ++last;
			const late = () => {
				waiting.delete(id);
				reject(unreachable(`did not answer ${method} within ${PATIENCE_MS / 1000} s`));
			};
			waiting.set(id, { method, resolve, reject, timer: setTimeout(late, PATIENCE_MS) });
			socket.send(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
		});
	return { call, close: () => socket.close() };
}
