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
};

/** Coins: all of them, and those of an account. */
export const COINS = {
	issuance: { name: "Total issuance", item: "Balances.TotalIssuance" },
	free: (account) => ({ name: "Free balance", item: `System.Account("${account}")`, field: "data.free" }),
	held: (account) => ({ name: "Held balance", item: `System.Account("${account}")`, field: "data.reserved" }),
};

export const OPEN_TASKS = origin("Recomputation tasks that are not final", "Recomputation.CounterForTasks");

/** Returns the origin of a number of a block. */
export const HEAD = origin("Number of the best block", "System.Number", "chain_getHeader", [], "number", { isHex: true });
