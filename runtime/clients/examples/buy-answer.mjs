// Buys an answer of the champion of a domain, and checks hashes and receipt.
//
//   node examples/buy-answer.mjs FILE --column NAME [--domain 0] [--server http://127.0.0.1:8470] [--channel ID] [--deposit 1]
//        [--max-price 0.01] [--key //Dave | --mnemonic FILE] [--url ws://127.0.0.1:9944]
//
// FILE is a CSV file whose last rows are the input, in the unit of the domain. The first run opens a payment channel, and prints its
// identifier; with --channel, later ones pay with the same one. --deposit is what a new channel can pay in all, --max-price the most
// that the answer may cost, both in DOIN. --key is an account of a development chain, --mnemonic a file with the words of any other one.
//
// The receipt proves which outputs the server has signed. `doin-worker infer` also runs the champion, and accuses a server that lies.

import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { bnToU8a, hexToU8a, u8aConcat, u8aEq, u8aToHex } from '@polkadot/util';
import { blake2AsU8a, sr25519Verify } from '@polkadot/util-crypto';
import 'doin-clients/polkadot-js';
import { accountOptions, connected, plancks, Refusal, run, say, send, signerOf } from './transactions.mjs';

/** @typedef {import('@polkadot/api').ApiPromise} ApiPromise */
/** @typedef {ReturnType<typeof signerOf>} KeyringPair */
/** @typedef {import('@polkadot/types/lookup').DoinPrimitivesViewsOfferView} OfferView */
/** @typedef {{ channel: string, cumulative: string, signature: string }} SignedVoucher */
/** @typedef {{ domain_id: number, unit: string, inputs: number, channels: number, names: string[] }} ServedModel */
/** @typedef {{ channel: string, cumulative: string, price: string, pairs: { input: string, output: string }[], key: string, signature: string }} Receipt */
/** @typedef {{ domain_id: number, block: number, model: string, unit: string, names: string[], outputs: number[][], receipt: Receipt, next: string }} Reply */
/** @typedef {{ domain: number, window: number[], nonce: Uint8Array, channel: string, cumulative: bigint, price: bigint }} Sent */

const PLANCKS = 1_000_000_000_000;
/** Lifetime of a new channel, in challenges: a server takes no vouchers in the last one. */
const LIFETIME = 100;
/** Blocks after which a receipt is stale. */
const FRESH_BLOCKS = 20;
/** Requests until a server has to know a new channel, one every two seconds. */
const ATTEMPTS = 60;

/** Returns an amount as text. */
function doin(/** @type {bigint} */ amount) {
	return `${Number(amount) / PLANCKS} DOIN`;
}

/** Returns the arguments of the command line. */
function parsed() {
	const { values, positionals } = parseArgs({
		allowPositionals: true,
		options: {
			column: { type: 'string' },
			domain: { type: 'string', default: '0' },
			server: { type: 'string', default: 'http://127.0.0.1:8470' },
			channel: { type: 'string' },
			deposit: { type: 'string', default: '1' },
			'max-price': { type: 'string', default: '0.01' },
			...accountOptions('//Dave'),
		},
	});
	const [file] = positionals;
	if (positionals.length !== 1 || values.column === undefined) throw new Refusal('name one CSV file and its column, e.g. latest.csv --column ppm');
	if (!/^\d+$/.test(values.domain)) throw new Refusal(`invalid --domain ${values.domain}: expected a number, e.g. --domain 0`);
	return {
		file,
		column: values.column,
		domain: Number(values.domain),
		server: values.server.replace(/\/$/, ''),
		channel: values.channel,
		deposit: plancks(values.deposit, '--deposit', '--deposit 1'),
		maxPrice: plancks(values['max-price'], '--max-price', '--max-price 0.01'),
		signer: signerOf(values),
		url: values.url,
	};
}

/** Sends a request to the server. Returns its status and its JSON. */
async function asked(/** @type {string} */ url, /** @type {object | undefined} */ body = undefined) {
	const request = body && { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
	try {
		const response = await fetch(url, request);
		return { status: response.status, answer: /** @type {any} */ (await response.json()) };
	} catch (error) {
		throw new Refusal(`no server answers at ${url} (${/** @type {Error} */ (error).message}): name another with --server, \`doin-worker offer list\` shows all`);
	}
}

/** Returns the JSON of a path of the server. */
async function got(/** @type {string} */ url) {
	const { status, answer } = await asked(url);
	if (status !== 200) throw new Refusal(`${url}: ${answer.error}: ${answer.next}`);
	return answer;
}

/** Returns the last finalized block. */
async function finalized(/** @type {ApiPromise} */ api) {
	const hash = await api.rpc.chain.getFinalizedHead();
	const { number } = await api.rpc.chain.getHeader(hash);
	return { number: number.toNumber(), at: await api.at(hash) };
}

/** Returns the size of a raw unit and the name of the unit, e.g. 0.01 and ppm. */
function stepOf(/** @type {string} */ unit) {
	const [, step, name] = /^(\d[\d.e-]*)\s+(.*)$/.exec(unit) ?? [];
	return step === undefined ? { step: 1, name: unit } : { step: Number(step), name };
}

/** Returns the last values of a column of a CSV file as raw numbers. */
function windowOf(/** @type {ReturnType<typeof parsed>} */ { file, column, domain }, /** @type {ServedModel} */ model) {
	if (model.channels !== 1) throw new Refusal(`domain ${domain} reads ${model.channels} channels, and this example reads one column: use \`doin-worker infer --input\``);
	let text;
	try {
		text = readFileSync(file, 'utf8');
	} catch (error) {
		throw new Refusal(`cannot read ${file} (${/** @type {Error} */ (error).message}): name a CSV file`);
	}
	const [names, ...rows] = text.trim().split(/\r?\n/).map((line) => line.split(','));
	const place = names.indexOf(column);
	if (place < 0) throw new Refusal(`${file} has no column ${column}: its columns are ${names.join(', ')}`);
	const { step } = stepOf(model.unit);
	const window = rows.slice(-model.inputs).map((row) => Math.round(Number(row[place]) / step));
	if (window.length !== model.inputs) throw new Refusal(`${file} has ${window.length} rows, and domain ${domain} reads ${model.inputs}: add earlier ones`);
	if (!window.every(Number.isSafeInteger)) throw new Refusal(`a value of the last ${model.inputs} rows of ${column} is no number: fill it in`);
	return window;
}

/** Returns numbers as bytes: 4 each, little-endian. */
function numberBytes(/** @type {number[]} */ numbers) {
	const bytes = new DataView(new ArrayBuffer(4 * numbers.length));
	numbers.forEach((number, index) => bytes.setInt32(4 * index, number, true));
	return new Uint8Array(bytes.buffer);
}

/** Returns an unsigned number as so many bits, little-endian. */
function little(/** @type {bigint | number} */ number, /** @type {number} */ bitLength) {
	return bnToU8a(number, { bitLength, isLe: true });
}

/** Returns the bytes of a voucher that the key of the channel signs. */
function voucherBytes(/** @type {string} */ channel, /** @type {bigint} */ cumulative) {
	return u8aConcat('<Bytes>doin voucher', hexToU8a(channel), little(cumulative, 128), '</Bytes>');
}

/** Returns the offer of the account of the server in a finalized block, if the server keeps to it. */
async function offered(
	/** @type {ApiPromise} */ api,
	/** @type {ReturnType<typeof parsed>} */ { domain, server },
	/** @type {{ account: string, key: string, domains: { domain_id: number, price: string }[] }} */ prices,
) {
	const { at } = await finalized(api);
	const offer = (await at.call.doinApi.offers(domain)).find(({ who }) => who.toString() === prices.account);
	const price = prices.domains.find(({ domain_id: one }) => one === domain);
	if (!offer || !price) throw new Refusal(`${server} does not answer for domain ${domain}: \`doin-worker offer list ${domain}\` shows who does`);
	if (offer.price.toString() !== price.price || offer.key.toHex() !== prices.key) {
		throw new Refusal(`${server} has another price or key than its offer on the chain: choose another server`);
	}
	return offer;
}

/**
 * Returns an open channel and the amount that the server has taken from it: the channel of an earlier run, or a new one.
 *
 * @returns {Promise<{ channel: string, taken: bigint }>}
 */
async function opened(
	/** @type {ApiPromise} */ api,
	/** @type {ReturnType<typeof parsed>} */ { channel: known, deposit, domain, server, signer },
	/** @type {KeyringPair} */ voucherKey,
	/** @type {{ account: string, challenge: number }} */ { account, challenge },
) {
	if (known !== undefined) {
		const { at } = await finalized(api);
		const view = (await at.call.doinApi.channel(known)).unwrapOr(undefined);
		if (!view || view.payee.toString() !== account || !u8aEq(view.key, voucherKey.publicKey)) {
			throw new Refusal(`no channel ${known} pays ${account} with the key of this account: leave --channel out, and a new one is opened`);
		}
		/** @type {{ voucher: SignedVoucher | null }} */
		const { voucher } = await got(`${server}/channel/${known}`);
		if (voucher === null) return { channel: known, taken: view.paid.toBigInt() };
		const taken = BigInt(voucher.cumulative);
		if (!sr25519Verify(voucherBytes(known, taken), hexToU8a(voucher.signature), voucherKey.publicKey)) {
			throw new Refusal(`${server} shows a voucher that was never signed: choose another server`);
		}
		return { channel: known, taken };
	}
	const call = api.tx.channels.open(account, voucherKey.publicKey, deposit, LIFETIME * challenge, domain);
	const { block, events } = await send(api, signer, call);
	for (const event of events) {
		if (!api.events.channels.Opened.is(event)) continue;
		const channel = event.data.channel.toHex();
		say(block, `opened channel ${channel} with ${doin(deposit)}`);
		// The server counts finalized deposits only.
		while ((await finalized(api)).number < block) await new Promise((resolve) => setTimeout(resolve, 500));
		return { channel, taken: 0n };
	}
	throw new Refusal(`block ${block} has no event Opened: node and types have different versions`);
}

/** Sends a request until it is answered. The same request with the same voucher is paid once. */
async function answered(/** @type {string} */ server, /** @type {object} */ request) {
	for (let attempt = 1; ; attempt += 1) {
		const { status, answer } = await asked(`${server}/inference`, request);
		if (status === 200) return /** @type {Reply} */ (answer);
		// The node of the server may be a block behind.
		const isLater = [402, 404, 409, 429].includes(status) || status >= 500;
		if (!isLater || attempt === ATTEMPTS) throw new Refusal(`${server} refuses: ${answer.error}: ${answer.next}`);
		await new Promise((resolve) => setTimeout(resolve, 2_000));
	}
}

/** Checks that an answer is one to the request, and that the key of the offer has signed it in a fresh block. */
function check(
	/** @type {ApiPromise} */ api,
	/** @type {Reply} */ reply,
	/** @type {Sent} */ sent,
	/** @type {OfferView} */ offer,
	/** @type {number} */ block,
) {
	const { receipt, outputs } = reply;
	const different = (/** @type {string} */ part) => new Refusal(`the receipt is not of this request: it has another ${part}. Pay this server no more`);
	if (outputs.length !== 1 || receipt.pairs.length !== 1) throw different('number of windows');
	const nonce = blake2AsU8a(u8aConcat(sent.nonce, little(0, 16)));
	const input = blake2AsU8a(u8aConcat(nonce, numberBytes(sent.window)));
	const output = blake2AsU8a(numberBytes(outputs[0]));
	const [pair] = receipt.pairs;
	if (pair.input !== u8aToHex(input) || pair.output !== u8aToHex(output)) throw different('pair of hashes');
	if (reply.domain_id !== sent.domain) throw different('domain');
	if (receipt.channel !== sent.channel || BigInt(receipt.cumulative) !== sent.cumulative) throw different('channel or amount');
	if (BigInt(receipt.price) !== sent.price) throw different('price');
	const bytes = u8aConcat(
		'<Bytes>doin receipt', api.genesisHash.toU8a(), little(sent.domain, 32), little(reply.block, 32), hexToU8a(reply.model), hexToU8a(sent.channel),
		little(sent.cumulative, 128), little(sent.price, 128), blake2AsU8a(u8aConcat(input, output)), '</Bytes>',
	);
	if (!sr25519Verify(bytes, hexToU8a(receipt.signature), offer.key.toU8a())) throw new Refusal('the key of the offer has not signed the receipt: choose another server');
	const isFresh = reply.block <= block && reply.block + FRESH_BLOCKS >= block && reply.block >= offer.since.toNumber();
	if (!isFresh) throw new Refusal(`the receipt names block ${reply.block}, and the last finalized one is ${block}: choose another server`);
}

/** Returns the values that follow from the outputs, in the unit of the domain, or the class of the greatest output. */
function valuesOf(/** @type {Sent} */ { window }, /** @type {number[]} */ output, /** @type {ServedModel} */ { unit, names }) {
	if (names[0] === 'class') return [output.indexOf(Math.max(...output))];
	const last = window[window.length - 1];
	return output.map((difference) => Number(((last + difference / 16) * stepOf(unit).step).toPrecision(10)));
}

async function main() {
	const options = parsed();
	const { domain, server, signer, maxPrice } = options;
	const api = await connected(options.url);
	const prices = await got(`${server}/price`);
	const offer = await offered(api, options, prices);
	const price = offer.price.toBigInt();
	if (price > maxPrice) throw new Refusal(`the answer costs ${doin(price)}, and --max-price is ${doin(maxPrice)}: raise it, or choose another server`);
	/** @type {{ models: ServedModel[] }} */
	const { models } = await got(`${server}/models`);
	const model = models.find(({ domain_id: one }) => one === domain);
	if (!model) throw new Refusal(`${server} has no model of domain ${domain} now: ask again in a minute`);
	const window = windowOf(options, model);

	// A key that signs vouchers only, so that the key of the account need not be at hand for them.
	const voucherKey = signer.derive('//vouchers');
	const { channel, taken } = await opened(api, options, voucherKey, prices);
	/** @type {Sent} */
	const sent = { domain, window, nonce: randomBytes(32), channel, cumulative: taken + price, price };
	const signature = u8aToHex(voucherKey.sign(voucherBytes(channel, sent.cumulative)));
	const reply = await answered(server, {
		domain_id: domain, input: window, client_id: 'buy-answer.mjs', nonce: u8aToHex(sent.nonce),
		voucher: { channel, cumulative: String(sent.cumulative), signature },
	});
	check(api, reply, sent, offer, (await finalized(api)).number);

	const { name } = stepOf(model.unit);
	valuesOf(sent, reply.outputs[0], model).forEach((value, index) => console.log(`${model.names[index]}: ${value}${model.names[0] === 'class' ? '' : ` ${name}`}`));
	console.log(`receipt of block ${reply.block} by ${prices.account}: hashes and signature are right`);
	console.log(`paid ${doin(price)} with channel ${channel}, ${doin(sent.cumulative)} in all`);
}

run(main);
