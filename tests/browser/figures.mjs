// Figures of the page, and the same numbers of the chain at the block that each figure names.
import assert from "node:assert/strict";
import { ApiPromise, WsProvider } from "@polkadot/api";

/** Returns all figures of the panel that is shown, in one step, so that each has the block that belongs to its number. */
export async function figuresOf(page) {
	return page.$$eval(".figure", (figures) => figures.map(({ dataset }) => ({ ...dataset })));
}

/** Connection to the node. */
export class Chain {
	static async connect(url) {
		const provider = new WsProvider(url);
		const api = await ApiPromise.create({ provider, noInitWarn: true, throwOnConnect: true });
		return new Chain(provider, api);
	}

	constructor(provider, api) {
		Object.assign(this, { provider, api, states: new Map(), answers: new Map() });
	}

	async close() {
		await this.api.disconnect();
	}

	/**
	 * Compares a figure with the answer of its JSON-RPC method and with its storage item, or with its event. Of a number that is computed
	 * from an item, and that no method returns, the item has to be in the state.
	 */
	async compare(figure) {
		const where = `${figure.event ?? figure.item} ${figure.field ?? ""} ${figure.path ?? ""} in block ${figure.block}`;
		const hash = await this.provider.send("chain_getBlockHash", [Number(figure.block)]);
		// Figures of the database of the worker name their block by its number alone.
		if (figure.hash !== undefined) assert.equal(figure.hash, hash, `${where}: the hash of its block`);
		const of = { ...figure, hash };
		if (of.event) {
			const numbers = await this.deposited(of);
			return assert.ok(numbers.includes(of.exact), `${where}: ${of.exact} is not among ${numbers.join(", ")}`);
		}
		if (of.since) return assert.equal(of.exact, await this.meanTime(of), `${where}: times of the blocks`);
		if (of.rpc) assert.equal(of.exact, await this.answered(of), `${where}: ${of.rpc} ${of.params}`);
		if (of.computed === undefined) return assert.equal(of.exact, await this.stored(of), `${where}: storage`);
		if (!of.rpc) await this.entry(of);
	}

	/** Returns the state of a block. */
	async state(hash) {
		if (!this.states.has(hash)) this.states.set(hash, await this.api.at(hash));
		return this.states.get(hash);
	}

	/** Returns the storage item of a figure. */
	async entry({ item, hash }) {
		const { pallet, name, keys } = parsed(item);
		const entry = (await this.state(hash)).query[lowered(pallet)]?.[lowered(name)];
		assert.ok(entry, `the chain has no storage item ${pallet}.${name}`);
		return { entry, keys };
	}

	/** Returns the numbers that a field has in the events of a block, as texts. */
	async deposited({ event, field, hash }) {
		const [pallet, name] = event.split(".");
		const plain = (text) => text.replaceAll("_", "").toLowerCase();
		const records = await (await this.state(hash)).query.system.events();
		const events = records.map((record) => record.event).filter((one) => one.section === lowered(pallet) && one.method === name);
		return events.map(({ data }) => data[data.names.findIndex((one) => plain(one) === plain(field))].toBigInt().toString());
	}

	/** Returns the mean time between the blocks from `since` on, in whole milliseconds, as text. */
	async meanTime({ since, block, hash }) {
		const first = await this.provider.send("chain_getBlockHash", [Number(since)]);
		const [from, to] = await Promise.all([first, hash].map(async (one) => (await this.state(one)).query.timestamp.now()));
		return String((to.toBigInt() - from.toBigInt()) / BigInt(Number(block) - Number(since)));
	}

	/** Returns the number in the answer of the JSON-RPC method, as text. */
	async answered({ rpc, params, path, hash }) {
		const request = JSON.stringify([rpc, ...JSON.parse(params), hash]);
		if (!this.answers.has(request)) this.answers.set(request, await this.provider.send(rpc, [...JSON.parse(params), hash]));
		const value = path.split(".").reduce((inner, name) => inner?.[name], this.answers.get(request));
		return String(rpc === "chain_getHeader" ? Number(value) : value);
	}

	/** Returns the number in the storage item, as text, decoded with the metadata of the chain. */
	async stored({ item, field, hash }) {
		const { entry, keys } = await this.entry({ item, hash });
		let value = await entry(...keys);
		for (const part of field ? field.split(".") : []) {
			value = value.isSome ? value.unwrap() : value;
			// Before its first value an optional item has none, which the views show as 0.
			if (value.isNone) return "0";
			value = /^\d+$/.test(part) ? value[Number(part)] : value[part.replace(/_(.)/g, (_, letter) => letter.toUpperCase())];
			assert.notEqual(value, undefined, `${item} has no field ${field}`);
		}
		return (value.isSome ? value.unwrap() : value).toBigInt().toString();
	}
}

/** Splits e.g. `Optimae.Rounds({ domain: 0, number: 4 })` or `Staking.ErasStakersOverview(1, "5G…")` into pallet, name and keys. */
function parsed(item) {
	const [, pallet, name, key] = /^(\w+)\.(\w+)(?:\((.*)\))?$/.exec(item) ?? [];
	assert.ok(pallet, `${item} is not a storage item`);
	return { pallet, name, keys: key === undefined ? [] : JSON.parse(`[${key.replace(/(\w+):/g, '"$1":')}]`) };
}

function lowered(name) {
	return name.charAt(0).toLowerCase() + name.slice(1);
}
