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

	/** Compares a figure with the answer of its JSON-RPC method and with its storage item. Returns how many of the two it has. */
	async compare(figure) {
		let compared = 0;
		const where = `${figure.item} ${figure.field ?? ""} ${figure.path ?? ""} in block ${figure.block}`;
		const hash = await this.provider.send("chain_getBlockHash", [Number(figure.block)]);
		assert.equal(figure.hash, hash, `${where}: the hash of its block`);
		if (figure.rpc) {
			assert.equal(figure.exact, await this.answered(figure), `${where}: ${figure.rpc} ${figure.params}`);
			compared += 1;
		}
		if (figure.computed === undefined) {
			assert.equal(figure.exact, await this.stored(figure), `${where}: storage`);
			compared += 1;
		}
		assert.ok(compared > 0, `${where}: nothing to compare with`);
		return compared;
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
		const { pallet, name, keys } = parsed(item);
		if (!this.states.has(hash)) this.states.set(hash, await this.api.at(hash));
		const entry = this.states.get(hash).query[lowered(pallet)]?.[lowered(name)];
		assert.ok(entry, `the chain has no storage item ${pallet}.${name}`);
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
