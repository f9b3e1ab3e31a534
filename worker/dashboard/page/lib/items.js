// Origin of every figure: the storage item with its field, and the JSON-RPC method whose answer has the same number.

const origin = (name, item, rpc, params, path, more) => ({ name, item, rpc, params, path, ...more });
/** An origin whose number is computed from a storage item. */
const computed = { isComputed: true };

const work = (name, item, path, more) => origin(name, item, "doin_work", [], path, more);
export const WORK = {
	blocks: work("Work blocks sealed", "Work.LastSeal", "workBlocks", { field: "work_block" }),
	threshold: work("Threshold T of the next work block", "Work.DifficultyState", "threshold", { field: "threshold" }),
	queued: work("Effective improvement in the queue", "Work.QueueState", "queued", { field: "effective" }),
	reward: work("Reward R of a full next work block", "Work.LastSeal", "reward", computed),
	mined: work("Minted by all work blocks", "Work.Mined", "mined"),
	quorum: work("Minted for improvements that a quorum recomputed", "Work.MintedBy", "backedByQuorum", { field: "quorum" }),
	runtime: work("Minted for improvements that the runtime computed", "Work.MintedBy", "backedByRuntime", { field: "runtime" }),
	backed: work("Share of minted coins that recomputed work backs", "Work.MintedBy", "backedShare", computed),
	era: work("Share of the validators accrued in this era", "Work.EraAccrual", "eraAccrual"),
	seal: (field, path, name) => work(name, "Work.LastSeal", `lastSeal.${path}`, { field }),
	entry: (index) => work("Effective improvement of an entry", "Work.Entries", `queue.${index}.effective`, computed),
};

const fees = (name, item, path, more) => origin(name, item, "doin_feeMarket", [], path, more);
export const FEES = {
	base: fees("Base fee", "FeeMarket.BaseFeePerGas", "baseFee"),
	fullness: fees("Fullness of the last block", "FeeMarket.Fullness", "fullness"),
	burned: fees("Base fees burned since block 0", "FeeMarket.Burned", "burned"),
	floor: fees("Lowest base fee", "constant FeeMarket.Floor", "floor", computed),
	ceiling: fees("Highest base fee", "constant FeeMarket.Ceiling", "ceiling", computed),
};

const domain = (name, id, item, path, more) => origin(name, `${item}(${id})`, "doin_domain", [id], path, more);
export const DOMAIN = {
	weight: (id) => origin("Voted weight", "Gauge.Weights", "doin_domain", [id], "weight", computed),
	highWater: (id) => domain("High-water mark", id, "Domains.States", "highWater", { field: "high_water" }),
	carry: (id) => domain("Carry", id, "Domains.States", "carry", { field: "carry" }),
	bounty: (id) => domain("Bounty", id, "Domains.States", "bounty", computed),
	bar: (id) => domain("Bar of a reveal", id, "Domains.States", "bar", { field: "bar" }),
	initialError: (id) =>
		domain("Validation error of the initial champion", id, "Domains.States", "initialValidationError", {
			field: "initial_validation_error",
		}),
	minImprovement: (id) => domain("Least improvement", id, "Domains.Specs", "minImprovement", { field: "min_improvement" }),
	target: (id) => domain("Target", id, "Domains.Specs", "target", { field: "target" }),
	status: (id) => domain("Status", id, "Domains.States", "status", computed),
	lastRound: (id) => domain("Round that ended last", id, "Domains.States", "lastRound.number", { field: "last_round.number" }),
	lastBlock: (id) => domain("End of the last round", id, "Domains.States", "lastRound.block", { field: "last_round.block" }),
};

const champion = (name, id, path, more) => origin(name, `Domains.States(${id})`, "doin_champion", [id], path, more);
export const CHAMPION = {
	loss: (id) => champion("Loss of the champion", id, "loss", computed),
	block: (id) => champion("Block of the verdict", id, "block", { field: "champion.block" }),
	error: (id) => champion("Error sum of the champion", id, "error", { field: "champion.error" }),
	initial: (id) =>
		champion("Error sum of the initial champion on the same windows", id, "initialError", { field: "champion.initial_error" }),
	validation: (id) => champion("Validation error of the champion", id, "validationError", { field: "champion.validation_error" }),
	bytes: (id) => champion("Size of the encoded champion", id, "bytes", computed),
};

/** Numbers that the worker computes from models and data of a domain. */
const worker = (name, item) => ({ name, item, ...computed });
export const COMPUTED = {
	rung: (id) => worker("Loss of a simple model, as this worker computes it", `Domains.Pages(${id}, 0)`),
	window: (id) => worker("Error sum of the champion on a window, as this worker computes it", `Domains.States(${id})`),
	initialWindow: (id) => worker("Error sum of the initial champion on a window, as this worker computes it", `Domains.States(${id})`),
	horizon: (id) => worker("Steps of a forecast", `Domains.Specs(${id})`),
	history: (id) => worker("Steps that a model reads", `Domains.Specs(${id})`),
	steps: (id) => worker("Steps of the series", `Domains.Pages(${id}, 0)`),
};

const round = (name, { domain_id: id, round: number }, path, more) =>
	origin(name, `Optimae.Rounds({ domain: ${id}, number: ${number} })`, "doin_round", [id], path, { ...computed, ...more });
export const ROUND = {
	seats: (of) => round("Seats taken", of, "seats.length"),
	fee: (of) => round("Fee of the next seat", of, "nextSeatFee"),
	hold: (of) => round("Hold of the next seat", of, "seatHold"),
	stake: (of) => round("Stake of a seat", of, "stake"),
	phaseEnd: (of) => round("First block after this phase", of, "phaseEnd"),
	seatFee: (of, index) => round("Fee of a seat", of, `seats.${index}.fee`, { isComputed: false, field: `seats.${index}.fee` }),
};

const evidence = (name, id, item, path, more) => origin(name, `${item}(${id})`, "doin_evidence", [id], path, more);
export const EVIDENCE = {
	purse: (id) => evidence("Purse", id, "Evidence.Purses", "purse", { field: "held" }),
	spent: (id) => evidence("Paid for by the purse", id, "Evidence.Purses", "spent", { field: "spent" }),
	opened: (id) => evidence("Opened segments", id, "Evidence.Segments", "opened", { field: "opened" }),
	sealed: (id) => evidence("Sealed segments", id, "Evidence.Segments", "sealed", { field: "sealed" }),
	stake: (id) => evidence("Stake of a seat", id, "Domains.Specs", "stake", computed),
	units: (id) => evidence("Rows or steps of a segment", id, "Domains.Specs", "units", computed),
};

const stream = (name, id, path, more) => origin(name, `Oracle.Streams(${id})`, "doin_streams", [id, 1], `0.${path}`, more);
export const STREAM = {
	pot: (id) => stream("Pot of the reporters", id, "pot", { field: "pot" }),
	fee: (id) => stream("Fee of the reporters for a batch", id, "fee", { field: "spec.fee" }),
	next: (id) => stream("First bar that is not complete", id, "next", { field: "next" }),
	paidUntil: (id) => stream("First bar that is not paid for", id, "paidUntil", computed),
	close: (id, bar) => origin(`Close of bar ${bar}`, `Oracle.Pages(${id})`, "doin_bars", [id, bar, 1], "bars.0.0", computed),
};

/** Forecasters of a leaderboard that a node returns at most. */
const BOARD = 256;
const board = (name, id, item, path, more) => origin(name, item, "doin_leaderboard", [id, BOARD], path, more);
const market = (name, id, path, more) => board(name, id, `Forecasts.Markets(${id})`, path, more);
export const MARKET = {
	pot: (id) => market("Pot of the market", id, "pot", { field: "pot" }),
	rounds: (id) => market("Rounds that were opened", id, "rounds", { field: "next" }),
	open: (id) => market("Open rounds", id, "open", { field: "open" }),
	mark: (id) => market("Mark of the stream", id, "mark", computed),
	weight: (id) => board("Voted weight of the stream", id, "Gauge.Weights", "weight", computed),
};

const forecaster = (name, key, of, { peer_id: account }, index, more) =>
	board(name, of, `Forecasts.Forecasters(${of}, "${account}")`, `forecasters.${index}.${key}`, more ?? computed);
/** A forecaster at place `index` of the leaderboard of stream `of`. */
export const FORECASTER = {
	standing: (of, who, index) => forecaster("Standing", "standing", of, who, index),
	bound: (of, who, index) => forecaster("Bound of the record", "bound", of, who, index),
	increment: (of, who, index) => forecaster("Increment of a claim", "increment", of, who, index),
	seats: (of, who, index) => forecaster("Seats that are not collected", "seats", of, who, index, { field: "seats" }),
};

const key = (id, { round: number }) => `({ domain: ${id}, number: ${number} })`;
const forecast = (name, id, of, index, path, more) =>
	origin(name, `Forecasts.Rounds${key(id, of)}`, "doin_forecastRounds", [id], `${index}.${path}`, more ?? computed);
/** An open round at place `index` among those of stream `id`. */
export const FORECAST = {
	seats: (id, of, index) => forecast("Seats of the round", id, of, index, "seats", { field: "book.seats" }),
	wagers: (id, of, index) => forecast("Wagers of the round", id, of, index, "wagers", { field: "book.wagers" }),
	until: (id, of, index) => forecast("First block after this phase", id, of, index, "until"),
	horizonEnd: (id, of, index) => forecast("First bar after the horizon", id, of, index, "horizonEnd"),
	zero: (id, of, index) => forecast("Zero of the round", id, of, index, "zero"),
	leastWager: (id, of, index) => forecast("Smallest wager that takes a seat", id, of, index, "leastWager"),
};

const seat = (name, id, of, index, path) =>
	origin(name, `Forecasts.Seats${key(id, of)}`, "doin_forecastRound", [id, of.round], `seats.${index}.${path}`, {
		field: `${index}.${path}`,
	});
/** The seat at place `index` of a round of stream `id`. */
export const FORECAST_SEAT = {
	wager: (id, of, index) => seat("Wager of a seat", id, of, index, "wager"),
	skill: (id, of, index) => seat("Skill of a forecast", id, of, index, "skill"),
};

const sum = (name, field) => ({ name, item: "Channels.Sums", field });
/** Sums over all payment channels since genesis. */
export const CHANNELS = {
	deposited: sum("Deposits of all channels", "deposited"),
	paid: sum("Amounts that payees have received", "paid"),
	burned: sum("Burned fees of payments", "burned"),
	returned: sum("Amounts that were returned to payers", "returned"),
	open: { name: "Amounts that open channels can still pay", item: "Channels.Sums", ...computed },
};

const offer = (name, id, { peer_id: account }, index, field) =>
	origin(name, `Inference.Offers(${id}, "${account}")`, "doin_offers", [id], `${index}.${field}`, { field });
/** The offer at place `index` among those of domain `id`. */
export const OFFER = {
	price: (id, of, index) => offer("Price of one window", id, of, index, "price"),
	bond: (id, of, index) => offer("Bond of a server", id, of, index, "bond"),
};

export const DEMAND = {
	fees: (id) =>
		origin("Burned fees, each halved every 7 days", `Inference.Demands(${id})`, "doin_demand", [id, 1], "0.demand", computed),
};

/** Returns the origin of a number of an event. */
const event = (name, of, field) => ({ name, item: "System.Events", event: of, field });
/** Numbers of the database, in the block of their event. */
export const EVENTS = {
	increment: event("Rise of the high-water mark for a champion", "Optimae.Crowned", "increment"),
	revealed: event("Claimed error sum on the validation split", "Optimae.Revealed", "validation_error"),
	fee: event("Fee of an extrinsic", "TransactionPayment.TransactionFeePaid", "actual_fee"),
	claimed: event("Claimed sum of a chunk", "Optimae.ClaimDisproved", "claimed"),
	computed: event("Sum of a chunk that the runtime computed", "Optimae.ClaimDisproved", "computed"),
	claimReward: event("Reward of a challenger", "Optimae.ClaimDisproved", "reward"),
	sumReward: event("Reward of a challenger", "Recomputation.ChallengeUpheld", "reward"),
};

/** Coins: all of them, and those of an account. */
export const COINS = {
	issuance: { name: "Total issuance", item: "Balances.TotalIssuance" },
	free: (account) => ({ name: "Free balance", item: `System.Account("${account}")`, field: "data.free" }),
	held: (account) => ({ name: "Held balance", item: `System.Account("${account}")`, field: "data.reserved" }),
};

export const OPEN_TASKS = origin("Recomputation tasks that are not final", "Recomputation.CounterForTasks");
export const WAITING_TASKS = { name: "Tasks that wait for a quorum", item: "Recomputation.Tasks", ...computed };

/** Returns the origin of the mean time between the blocks from `since` on. */
export const blockTime = (since) => ({ name: "Mean time between blocks", item: "Timestamp.Now", since, ...computed });
export const BLOCK_EVENTS = { name: "Events of the block", item: "System.EventCount" };
export const BLOCK_SLOT = { name: "Slot of the block", item: "Babe.CurrentSlot" };
const BODY = "body of the block";
export const BLOCK_EXTRINSICS = origin("Extrinsics of the block", BODY, "chain_getBlock", [], "block.extrinsics.length", computed);

const head = (name) => origin(name, "System.Number", "chain_getHeader", [], "number", { isHex: true });
export const HEAD = head("Number of the best block");
export const FINAL = head("Number of the last finalized block");

/** Returns the last finalized block of the answer of `/status`. */
export const finalized = ({ security }) => ({ number: security.finalized_height, hash: security.finalized_hash });
