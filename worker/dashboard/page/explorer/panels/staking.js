import { html } from "../../lib/html.js";
import { Amount, BlockLink, Card, Facts, Loaded, Table, Tag } from "../../lib/ui.js";
import { count, percent, things } from "../../lib/format.js";
import { entries, query } from "../node.js";
import { useChain } from "../use.js";
import { AccountLink, ItemLink, Stored, stored, Value } from "../parts.js";

/** Nominators, and entries of slashes, that are drawn. */
const SHOWN = 100;

/** Draws eras, validators, nominators and slashes. */
export function Staking() {
	const answer = useChain("staking", readStaking);
	return html`
		<div class="panel-head"><h2>Staking</h2>
			<p>Accounts that are elected by stake make blocks. An era ends with an election and with the payment of the era before it.</p></div>
		<${Loaded} answer=${answer}>${(data) => html`<div class="grid">
			<${Era} ...${data} /><${Validators} ...${data} /><${Nominators} ...${data} /><${Slashes} ...${data} />
		</div>`}<//>`;
}

async function readStaking(at) {
	const plain = (pallet, name) => query(at, pallet, name);
	const active = await plain("Staking", "ActiveEra");
	const era = active?.index ?? 0;
	const [current, session, validators, total, wanted, intents, voters, points, nominators, slashes, applied] = await Promise.all([
		plain("Staking", "CurrentEra"),
		plain("Session", "CurrentIndex"),
		plain("Session", "Validators"),
		query(at, "Staking", "ErasTotalStake", era),
		plain("Staking", "ValidatorCount"),
		plain("Staking", "CounterForValidators"),
		plain("Staking", "CounterForNominators"),
		query(at, "Staking", "ErasRewardPoints", era),
		entries(at, "Staking", "Nominators", [], { count: SHOWN }),
		entries(at, "Staking", "UnappliedSlashes", [], { count: SHOWN }),
		entries(at, "Staking", "ValidatorSlashInEra", [], { count: SHOWN }),
	]);
	const rows = await Promise.all(
		validators.map(async (who) => {
			const [overview, prefs] = await Promise.all([
				query(at, "Staking", "ErasStakersOverview", era, who),
				query(at, "Staking", "ErasValidatorPrefs", era, who),
			]);
			return { who, overview, prefs };
		}),
	);
	return { at, era, active, current, session, total, wanted, intents, voters, points, rows, nominators, slashes, applied };
}

function Era({ at, active, current, session, era, total, wanted, intents, voters }) {
	const plain = (name, item, value, more) => html`<${Stored} name=${name} item=${item} value=${value} at=${at} ...${more} />`;
	return html`<${Card} wide title="Era" note=${html`block <${BlockLink} number=${at.number} />`}><${Facts} rows=${[
		[
			"Active era",
			html`<${Stored} name="Active era" item="Staking.ActiveEra" value=${active} field="index" at=${at} />`,
			"that is paid for",
		],
		["Planned era", plain("Current era", "Staking.CurrentEra", current), "of the last election"],
		["Session", plain("Session", "Session.CurrentIndex", session)],
		[
			"Stake of the active era",
			html`<${Amount} plancks=${total} at=${at} from=${stored("Total stake", "Staking.ErasTotalStake", [era])} />`,
		],
		["Seats of an election", plain("Validators that an election selects", "Staking.ValidatorCount", wanted)],
		["Candidates for validator", plain("Candidates for validator", "Staking.CounterForValidators", intents)],
		["Nominators", plain("Nominators", "Staking.CounterForNominators", voters)],
	]} /><//>`;
}

function Validators({ at, era, rows, points }) {
	const scored = new Map(points.individual);
	const overview = (name, field, isAmount) => (row) =>
		html`<${Stored} name=${name} item="Staking.ErasStakersOverview" keys=${[era, row.who]} value=${row.overview} field=${field} at=${at} isAmount=${isAmount} />`;
	return html`<${Card} wide title="Validators" note=${`${count(rows.length)} of this session, stakes of era ${era}`}>
		<${Table} caption="Validators of this session" hideCaption rows=${rows} rowKey=${(row) => row.who} empty="There are no validators." columns=${[
			["Account", (row) => html`<${AccountLink} id=${row.who} />`],
			["Stake", overview("Stake of a validator", "total", true), "num"],
			["Own", overview("Own stake of a validator", "own", true), "num"],
			["Nominators", overview("Nominators of a validator", "nominator_count"), "num"],
			["Commission", (row) => commission(row.prefs), "num"],
			["Points", (row) => count(scored.get(row.who) ?? 0), "num"],
		]} /><//>`;
}

/** Returns the commission of a validator as a text. The chain has it in parts per billion. */
export function commission(prefs) {
	return prefs ? `${percent(prefs.commission / 1000)} %` : "–";
}

function Nominators({ nominators: { entries: rows, next } }) {
	const note = next ? `the first ${SHOWN}` : things(rows.length, "nominator");
	return html`<${Card} wide title="Nominators" note=${html`${note} · <${ItemLink} item="Staking.Nominators" />`}>
		<${Table} caption="Nominators and the validators that they nominate" hideCaption rows=${rows} rowKey=${(row) => row.key}
			empty="Nobody nominates." columns=${[
				["Account", (row) => html`<${AccountLink} id=${row.keys[0]} />`],
				["Since era", (row) => count(row.value.submitted_in), "num"],
				["Targets", (row) => html`<${Value} value=${row.value.targets} />`, "text"],
			]} /><//>`;
}

function Slashes({ slashes, applied }) {
	const rows = [
		...applied.entries.map((row) => ({ ...row, item: "Staking.ValidatorSlashInEra", state: "applied" })),
		...slashes.entries.map((row) => ({ ...row, item: "Staking.UnappliedSlashes", state: "deferred" })),
	];
	return html`<${Card} wide title="Slashes" note=${things(rows.length, "slash", "slashes")}>
		<${Table} caption="Slashes of validators" hideCaption rows=${rows} rowKey=${(row) => row.key} empty="No validator was slashed in the eras that the state keeps."
			columns=${[
				["Era", (row) => count(row.keys[0]), "num"],
				["Validator", (row) => (row.keys[1] ? html`<${AccountLink} id=${row.keys[1]} />` : "–")],
				["State", (row) => html`<${Tag} tone=${row.state === "applied" ? "bad" : "warn"}>${row.state}<//>`],
				["Record", (row) => html`<${Value} value=${row.value} />`, "text"],
				["Item", (row) => html`<${ItemLink} item=${row.item} keys=${row.keys} />`],
			]} /><//>`;
}
