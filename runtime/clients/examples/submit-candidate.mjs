// Submits the model of a file to a round, and follows the candidate to its verdict.
//
//   node examples/submit-candidate.mjs MODEL [--domain 0] [--key //Dave | --mnemonic FILE] [--url ws://127.0.0.1:9944] [--max-fee 1]
//
// MODEL is a file that `doin-worker train --out` wrote. --key is an account of a development chain, --mnemonic a file with the words of
// any other account. --max-fee is the most that the seat may cost, in DOIN.
//
// The validation sums that a reveal claims are computed by the runtime of the node (DoinApi.chunk_sum). Reveal and salt are in memory
// only: if this program is stopped between commit and reveal, the seat is forfeited. An optimizer that earns its living writes them to
// the disk first, as `doin-worker run` does.

import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { blake2AsU8a } from '@polkadot/util-crypto';
import { stringToHex, u8aConcat, u8aToHex, u8aToString } from '@polkadot/util';
import 'doin-clients/polkadot-js';
import { accountOptions, connected, plancks, Refusal, run, say, send, signerOf } from './transactions.mjs';

/** @typedef {import('@polkadot/api').ApiPromise} ApiPromise */
/** @typedef {ReturnType<typeof signerOf>} KeyringPair */
/** @typedef {import('@polkadot/types/lookup').DoinPrimitivesViewsRoundView} RoundView */
/** @typedef {{ genes: number[], model: `0x${string}`, validation: number[], metrics: object }} Reveal */
/** @typedef {{ domain: number, number: number }} RoundId */

const PLANCKS = 1_000_000_000_000;

/** Reasons for which a round earns nothing, by the names of the runtime. */
const UNPAID = {
	NoCandidate: 'no candidate undercut the bar with a correct claim',
	NoImprovement: 'no candidate was better than the champion beyond doubt',
	ContenderKept: 'the best candidate was better, but not beyond doubt: it is evaluated again in the next rounds',
	NoWeight: 'the candidate became champion, and the domain has no weight until validators vote for it',
	BelowHighWater: 'the candidate became champion, but its progress was made before',
	NoQuorum: 'too few evaluators answered: the domain needs evaluators that serve it',
	Unsettled: 'evaluators answered, and no account settled their answers in time',
	NothingToImprove: 'the initial champion has no error on the drawn windows',
	NoRecomputation: 'too many recomputations are open, or the domain was closed: commit in a later round',
	EmptyPurse: 'the candidate became champion, and the purse of the domain is empty',
	EvidenceMissing: 'the owner did not open the segment in time',
	TooFewBars: 'too few bars of the stream came into being',
	Ramp: 'the candidate became champion in a round that began before the domain gained weight: commit in a later round',
};

/** Returns an amount as text. */
function doin(/** @type {bigint} */ amount) {
	return `${Number(amount) / PLANCKS} DOIN`;
}

/** Returns the arguments of the command line. */
function parsed() {
	const { values, positionals } = parseArgs({
		allowPositionals: true,
		options: {
			domain: { type: 'string', default: '0' },
			'max-fee': { type: 'string', default: '1' },
			...accountOptions('//Dave'),
		},
	});
	if (positionals.length !== 1) throw new Refusal('name one model file, e.g. load.doin: `doin-worker train --out load.doin` writes one');
	const domain = Number(values.domain);
	if (!/^\d+$/.test(values.domain)) throw new Refusal(`invalid --domain ${values.domain}: expected a number, e.g. --domain 0`);
	const maxFee = plancks(values['max-fee'], '--max-fee', '--max-fee 1');
	return { file: positionals[0], domain, maxFee, signer: signerOf(values), url: values.url };
}

/** Reads a model file (worker/forecast/src/model_file.rs). Its checksum is the hash of the other fields as JSON without white space. */
function readModel(/** @type {string} */ path) {
	/** @type {{ format: string, family: string, genes: Record<string, number>, model: string, checksum: string }} */
	let file;
	try {
		file = JSON.parse(readFileSync(path, 'utf8'));
	} catch (error) {
		throw new Refusal(`cannot read ${path} (${/** @type {Error} */ (error).message}): name a file that \`doin-worker train --out\` wrote`);
	}
	const { checksum, ...rest } = file;
	if (file.format !== 'doin-model') throw new Refusal(`${path} is not a model file: name a file that \`doin-worker train --out\` wrote`);
	if (u8aToHex(blake2AsU8a(JSON.stringify(rest)), -1, false) !== checksum) {
		throw new Refusal(`${path} is damaged or was changed by hand: the checksum does not match. Copy it again, or train again`);
	}
	return file;
}

/** Returns the genes of the model in the order of the search space; a gene that the file does not name has its smallest value. */
function genesOf(
	/** @type {Record<string, number>} */ named,
	/** @type {import('@polkadot/types/lookup').DoinPrimitivesDomainDomainSpec} */ spec,
) {
	return spec.genes.map(({ name, lo, hi }) => {
		const [text, least, most] = [u8aToString(name), lo.toNumber(), hi.toNumber()];
		const value = named[text] ?? least;
		if (value < least || value > most) {
			throw new Refusal(`the gene ${text} of the model is ${value}, and the domain admits ${least} to ${most}: train with --${text} ${least}..${most}`);
		}
		return value;
	});
}

/**
 * Returns the reveal of a model. Asks the runtime for the validation sums, and refuses a model that cannot win.
 *
 * @returns {Promise<Reveal>}
 */
async function candidate(
	/** @type {ApiPromise} */ api,
	/** @type {number} */ domain,
	/** @type {ReturnType<typeof readModel>} */ file,
) {
	const [record, view, champion] = await Promise.all([
		api.call.doinApi.domainSpec(domain), api.call.doinApi.domain(domain), api.call.doinApi.champion(domain),
	]);
	if (record.isNone || view.isNone) throw new Refusal(`the chain has no domain ${domain}: the RPC method doin_domains lists all domains`);
	const spec = record.unwrap();
	const { status, bar, minImprovement } = view.unwrap();
	if (!status.isActive) throw new Refusal(`domain ${domain} takes no commits, its status is ${status.type}: choose an active one`);
	const genes = genesOf(file.genes, spec);
	/** @type {`0x${string}`} */
	const model = `0x${file.model}`;

	const { program } = spec;
	const chunks = program.isQuadratic ? program.asQuadratic.target.length
		: (program.isForecast ? program.asForecast : program.asRows).chunks.toNumber();
	const sums = await Promise.all(Array.from({ length: chunks }, (_, chunk) => api.call.doinApi.chunkSum(domain, model, null, chunk)));
	if (sums.some((sum) => sum.isNone)) {
		throw new Refusal(`domain ${domain} does not admit this ${file.family} model: train it on the data of the domain, with its horizon and within its limits`);
	}
	const validation = sums.map((sum) => sum.unwrap().toNumber());
	const error = validation.reduce((sum, chunk) => sum + chunk, 0);
	const least = 1 - minImprovement.toNumber() / 1e6;
	const best = champion.unwrap().validationError.toNumber();
	console.log(`validation error of the model ${error}, of the champion ${best}, bar ${bar.toNumber()}`);
	if (error >= bar.toNumber() * least) throw new Refusal(`the model does not undercut the bar by ${minImprovement.toNumber() / 1e4} %, so its reveal would be rejected: train longer`);
	if (error >= best * least) throw new Refusal(`the model is not better than the champion by ${minImprovement.toNumber() / 1e4} %, so it would probably lose: train longer`);
	const metrics = {
		experiment: randomBytes(16), round: 0, millis: 0, config: new Uint8Array(32), data: new Uint8Array(32),
		optimizer: stringToHex('submit-candidate'),
	};
	return { genes, model, validation, metrics };
}

/**
 * Waits for a block at which `look` returns a value. `look` gets the best block.
 *
 * @template T
 * @param {ApiPromise} api
 * @param {(number: number, at: Awaited<ReturnType<ApiPromise['at']>>) => Promise<T | undefined>} look
 * @returns {Promise<T>}
 */
async function waitFor(api, look) {
	for (let last = -1; ;) {
		const { number, hash } = await api.rpc.chain.getHeader();
		if (number.toNumber() !== last) {
			last = number.toNumber();
			const found = await look(last, await api.at(hash));
			if (found !== undefined) return found;
		}
		await new Promise((resolve) => setTimeout(resolve, 500));
	}
}

/** Takes a seat in the next commit phase. Returns its round. */
async function commit(
	/** @type {ApiPromise} */ api,
	/** @type {ReturnType<typeof parsed>} */ { domain, signer, maxFee },
	/** @type {Reveal} */ reveal,
	/** @type {Uint8Array} */ salt,
) {
	const open = await waitFor(api, async (number, at) => {
		const round = (await at.call.doinApi.round(domain)).unwrap();
		const isOpen = round.phase.isCommit && round.phaseEnd.toNumber() > number + 2;
		if (isOpen) say(number, `round ${round.round.number} takes commits until block ${round.phaseEnd.toNumber() - 1}; the next seat costs ${doin(round.nextSeatFee.toBigInt())}`);
		return isOpen ? round : undefined;
	});
	/** @type {RoundId} */
	const round = { domain, number: open.round.number.toNumber() };
	const price = open.nextSeatFee.toBigInt();
	if (price > maxFee) throw new Refusal(`the seat costs ${doin(price)}, and --max-fee is ${doin(maxFee)}: raise it, or wait for a round with fewer seats`);

	// blake2-256 of: the protocol step (0), block 0, the round, the account, the hash of the payload, the salt.
	const payload = api.tx.optimae.reveal(round, reveal, salt).args[1].toU8a();
	const scope = api.createType('(u32, u32)', [round.domain, round.number]).toU8a();
	const hash = blake2AsU8a(u8aConcat([0], api.genesisHash, scope, signer.publicKey, blake2AsU8a(payload), salt));
	const { block, events } = await send(api, signer, api.tx.optimae.commit(round, hash, maxFee));
	for (const event of events) {
		if (!api.events.optimae.Committed.is(event)) continue;
		const { seat, fee, hold, stake } = event.data;
		say(block, `committed: seat ${seat} for ${doin(fee.toBigInt())}; ${doin(hold.toBigInt() + stake.toBigInt())} are held until the verdict`);
	}
	return round;
}

/** Reveals the candidate once the round takes reveals. Returns the identifier of the stored model and the block. */
async function revealed(
	/** @type {ApiPromise} */ api,
	/** @type {KeyringPair} */ signer,
	/** @type {RoundId} */ round,
	/** @type {Reveal} */ reveal,
	/** @type {Uint8Array} */ salt,
) {
	await waitFor(api, async (_, at) => {
		const open = await at.call.doinApi.openRound(round);
		if (open.isNone) throw new Refusal(`round ${round.number} ended before it took reveals`);
		return open.unwrap().phase.isReveal ? true : undefined;
	});
	const { block, events } = await send(api, signer, api.tx.optimae.reveal(round, reveal, salt));
	for (const event of events) {
		if (api.events.optimae.Rejected.is(event)) {
			throw new Refusal(`the candidate was rejected at its reveal in block ${block}: ${event.data.reason.type}`);
		}
		if (api.events.optimae.Revealed.is(event)) {
			say(block, `revealed: model ${event.data.model}, ${event.data.bytes} bytes`);
			return { model: event.data.model.toString(), block };
		}
	}
	throw new Refusal(`the reveal in block ${block} has no event Revealed: node and types have different versions`);
}

/**
 * Returns what an event says about the round, or `undefined` if it is about something else. `state` keeps the task and the verdict.
 *
 * @param {ApiPromise} api
 * @param {import('@polkadot/types/interfaces').Event} event
 * @param {RoundId} round
 * @param {{ model: string, task: string | undefined, crowned: boolean, end: string | undefined }} state
 */
function step(api, event, round, state) {
	const { optimae, recomputation } = api.events;
	const isOurs = (/** @type {{ domain: { toNumber(): number }, number: { toNumber(): number } }} */ id) => id.domain.toNumber() === round.domain && id.number.toNumber() === round.number;
	if (optimae.RecomputationRequested.is(event) && isOurs(event.data.round)) {
		state.task = event.data.task.toString();
		return `${event.data.models.length} models are recomputed as task ${state.task}`;
	}
	if (recomputation.QuorumDrawn.is(event) && event.data.task.toString() === state.task) return `${event.data.evaluators.length} evaluators drawn`;
	if (recomputation.Settled.is(event) && event.data.task.toString() === state.task) {
		return `sums settled; they can be challenged until block ${event.data.until}`;
	}
	if (optimae.Rejected.is(event) && isOurs(event.data.round) && event.data.model.toString() === state.model) {
		return `the candidate is out of the race: ${event.data.reason.type}`;
	}
	if (optimae.Crowned.is(event) && isOurs(event.data.round)) {
		const { model, error, championError } = event.data;
		state.crowned = model.toString() === state.model;
		return `${state.crowned ? 'crowned' : `model ${model} is crowned`}: error ${error}, that of the former champion ${championError}`;
	}
	if (optimae.RoundUnpaid.is(event) && isOurs(event.data.round)) {
		const { type } = event.data.reason;
		state.end = `unpaid: ${type}, ${UNPAID[type]}`;
		return state.end;
	}
	if (optimae.RoundDecided.is(event) && isOurs(event.data.round)) {
		state.end ??= state.crowned ? 'paid: at once by the purse of a sealed domain, and by work blocks in all others' : 'decided';
		return 'the round is decided';
	}
	return undefined;
}

/** Prints the steps of the round in finalized blocks from `block` on, and returns its end. */
async function followed(
	/** @type {ApiPromise} */ api,
	/** @type {RoundId} */ round,
	/** @type {{ model: string, block: number }} */ { model, block },
) {
	/** @type {Parameters<typeof step>[3]} */
	const state = { model, task: undefined, crowned: false, end: undefined };
	for (let next = block + 1; ; next += 1) {
		for (;;) {
			const { number } = await api.rpc.chain.getHeader(await api.rpc.chain.getFinalizedHead());
			if (number.toNumber() >= next) break;
			await new Promise((resolve) => setTimeout(resolve, 500));
		}
		const at = await api.at(await api.rpc.chain.getBlockHash(next));
		for (const { event } of await at.query.system.events()) {
			const text = step(api, event, round, state);
			if (text) say(next, text);
		}
		if (state.end) return { crowned: state.crowned, end: state.end };
	}
}

async function main() {
	const options = parsed();
	const file = readModel(options.file);
	const api = await connected(options.url);
	const reveal = await candidate(api, options.domain, file);
	const salt = randomBytes(32);
	const round = await commit(api, options, reveal, salt);
	const seat = await revealed(api, options.signer, round, reveal, salt);
	const { crowned, end } = await followed(api, round, seat);
	console.log(`verdict: ${crowned ? 'crowned' : 'not crowned'}; ${end}`);
}

run(main);
