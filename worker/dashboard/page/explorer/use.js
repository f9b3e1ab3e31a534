// Reads of mounted panels, which are repeated with each new block. Nothing is kept for a panel that is not shown.
import { useEffect, useRef, useState } from "../lib/html.js";
import { blockAt, listen, problemOf, state } from "./node.js";

/** Least time between two reads of a panel, in milliseconds. */
const PAUSE = 900;

/** Returns the state of the connection, and draws again after each change of it. */
export function useNode() {
	const [, redraw] = useState(0);
	useEffect(() => listen(() => redraw((value) => value + 1)), []);
	return state;
}

/**
 * Returns what `read(at)` returns for the best block, again after each new one: `{data, problem, loaded, isStale}`. `key` names what
 * is read. With `block`, a number or hash as text, the state of that block is read once.
 */
export function useChain(key, read, { block = null } = {}) {
	const id = `${key}@${block ?? "best"}`;
	const [, redraw] = useState(0);
	const answer = useRef({ id: null });
	if (answer.current.id !== id) answer.current = { id, data: null, problem: null, loaded: 0 };
	const latest = useRef(read);
	latest.current = read;
	useEffect(() => {
		const own = answer.current;
		const reads = new Reads(
			own,
			block,
			() => latest.current,
			() => answer.current === own && redraw((value) => value + 1),
		);
		return reads.start();
	}, [id]);
	const { data, problem, loaded } = answer.current;
	const isStale = data !== null && block === null && (state.connection !== "live" || problem !== null);
	return { data, problem, loaded, isStale };
}

/** Reads of one panel: one at a time, and the newest block after a pause. */
class Reads {
	constructor(answer, block, read, draw) {
		Object.assign(this, { answer, block, read, draw, isReading: false, isLost: false, done: null, timer: null });
	}

	start() {
		const tick = () => this.tick();
		const stop = listen(tick);
		document.addEventListener("visibilitychange", tick);
		tick();
		return () => {
			stop();
			document.removeEventListener("visibilitychange", tick);
			clearTimeout(this.timer);
			this.isStopped = true;
		};
	}

	tick() {
		const isReady = state.connection === "live" && (this.block !== null || state.best !== null);
		const isEmpty = this.answer.data === null;
		// A panel that has nothing yet shows why; one that has numbers keeps them, marked as not current.
		if (state.connection === "lost" && isEmpty) {
			this.isLost = true;
			this.settle({ problem: state.problem });
			return;
		}
		// With a new connection, a panel without numbers waits for its first read again.
		if (this.isLost && state.connection === "live") {
			this.isLost = false;
			if (isEmpty) this.settle({ problem: null });
		}
		if (!isReady) {
			this.draw();
			return;
		}
		const target = this.block ?? state.best.hash;
		if (this.isReading || this.timer !== null || this.done === target || document.hidden) return;
		this.run(target);
	}

	async run(target) {
		this.isReading = true;
		this.done = target;
		try {
			const at = this.block === null ? state.best : await blockAt(this.block);
			const data = await this.read()(at);
			this.settle({ data, problem: null, loaded: Date.now() });
		} catch (error) {
			// Without a connection the next one reads again.
			if (state.connection !== "live") this.done = null;
			this.settle({ problem: problemOf(error) });
		}
		this.isReading = false;
		if (this.isStopped) return;
		this.timer = setTimeout(() => {
			this.timer = null;
			this.tick();
		}, PAUSE);
	}

	settle(update) {
		if (this.isStopped) return;
		Object.assign(this.answer, update);
		this.draw();
	}
}
