import { html } from "../lib/html.js";
import { useAnswer } from "../lib/store.js";
import {
	Account,
	Amount,
	Bar,
	Bits,
	BlockLink,
	Card,
	Facts,
	Figure,
	fromDatabase,
	GasPrice,
	Loaded,
	Share,
	Table,
} from "../lib/ui.js";
import { Chart } from "../lib/chart.js";
import { DOMAIN, FEES, WORK } from "../lib/items.js";
import { bits, count, percent, things, words } from "../lib/format.js";

const Q32 = 4294967296;

/** Draws work blocks, difficulty, emission, weights and fees. */
export function Work() {
	const work = useAnswer("/api/work", ["best", "Work", "Gauge", "Optimae"]);
	const fees = useAnswer("/fees", ["best", "block"]);
	return html`
		<div class="panel-head"><h2>Work</h2>
			<p>Verified improvement waits in a queue. When the queue holds the threshold T, a work block is sealed: it mints the
			reward and pays optimizers, evaluators and validators.</p></div>
		<${Loaded} answer=${work}>${(data) => html`<div class="grid">
			<${Queue} work=${data} /><${Emission} work=${data} /><${Backed} work=${data} />
			${fees.data ? html`<${FeeMarket} fees=${fees.data} />` : null}
			<${Weights} work=${data} />
			${data.seals ? html`<${Seals} work=${data} />` : null}
		</div>`}<//>`;
}

function Queue({ work }) {
	const { at } = work;
	const share = Number(BigInt(work.queued)) / Math.max(1, Number(BigInt(work.threshold)));
	const queued =
		share < 1 ? `${(100 * share).toFixed(1)} % of the threshold is queued` : `${share.toFixed(1)} times the threshold is queued`;
	return html`<${Card} title="Next work block"
		note=${html`<${Figure} exact=${work.work_blocks} at=${at} from=${WORK.blocks} /> sealed so far`}>
		<div class="stack"><div class="bar-line"><${Bar} label="Queue" parts=${[
			["queued", Math.min(1, share), "main"],
			["missing", Math.max(0, 1 - share), "rest"],
		]} />
		<p class="note">${queued}</p></div>
		<${Facts} rows=${[
			["Threshold T", html`<${Bits} q32=${work.threshold} at=${at} from=${WORK.threshold} />`, "the difficulty"],
			["Queued", html`<${Bits} q32=${work.queued} at=${at} from=${WORK.queued} />`],
			["Reward R", html`<${Amount} plancks=${work.reward} at=${at} from=${WORK.reward} />`, "of a full work block"],
		]} />
		<${Table} caption="First entries of the queue" rows=${work.queue} empty="The queue is empty." columns=${[
			["Domain", (entry) => entry.domain_id, "num"],
			["Round", (entry) => entry.round, "num"],
			[
				"Effective improvement",
				(entry, index) => html`<${Bits} q32=${entry.effective} at=${at} from=${WORK.entry(index)} />`,
				"num",
			],
			["Optimizer", (entry) => html`<${Account} id=${entry.optimizer} />`],
			[
				"Verified by",
				(entry) => (entry.evaluators.length > 0 ? things(entry.evaluators.length, "evaluator") : words(entry.backing)),
			],
		]} /></div>
	<//>`;
}

function Emission({ work }) {
	const { emission, last_seal: seal, at } = work;
	const parts = [
		["Optimizers", emission.optimizers, "main", "optimizers"],
		["Evaluators", emission.evaluators, "second", "evaluators"],
		["Validators", emission.validators, "third", "validators"],
	];
	return html`<${Card} title="Emission" note="split of everything that is minted">
		<div class="stack">
			<${Bar} label="Emission split" parts=${parts.map(([name, share, tone]) => [name, share / 1e6, tone])} />
		<div class="legend">${parts.map(
			([name, share, tone]) => html`<span class="key"><span class=${`swatch ${tone}`}>
			</span>${name} ${percent(share)} %</span>`,
		)}</div>
		${
			seal
				? html`<${Facts} rows=${[
						[
							"Last work block",
							html`<${Figure} exact=${seal.workBlock} at=${at}
								from=${WORK.seal("work_block", "workBlock", "Number of the last work block")} />`,
							html`sealed in
								block <${Figure} exact=${seal.block} at=${at}
								from=${WORK.seal("block", "block", "Block of the last work block")} />`,
						],
						[
							"Minted",
							html`<${Amount} plancks=${seal.minted} at=${at}
								from=${WORK.seal("minted", "minted", "Minted by the last work block")} />`,
							html`for <${Bits} q32=${seal.taken} at=${at}
								from=${WORK.seal("taken", "taken", "Effective improvement that the last work block took")} />`,
						],
						...parts.map(([name, , , key]) => [
							name,
							html`<${Amount} plancks=${seal[key]} at=${at}
								from=${WORK.seal(key, key, `Minted to ${key} by the last work block`)} />`,
						]),
						[
							"Validators, this era",
							html`<${Amount} plancks=${work.era_accrual} at=${at} from=${WORK.era} />`,
							"accrued and not paid out yet",
						],
					]} />`
				: html`<p class="empty">No work block is sealed yet.</p>`
		}</div>
	<//>`;
}

function Backed({ work }) {
	const { at } = work;
	const mined = Number(BigInt(work.mined));
	const part = (plancks) => (mined === 0 ? 0 : Number(BigInt(plancks)) / mined);
	const [quorum, runtime] = [part(work.backed_by_quorum), part(work.backed_by_runtime)];
	return html`<${Card} title="Backed by recomputed work" note="every minted planck by the origin of the sums behind it">
		<div class="stack"><${Bar} label="Origin of minted coins" parts=${[
			["quorum", quorum, "main"],
			["runtime", runtime, "third"],
			["not backed", Math.max(0, 1 - quorum - runtime), "rest"],
		]} />
		<div class="legend"><span class="key"><span class="swatch main"></span>a quorum of evaluators</span><span class="key">
			<span class="swatch third"></span>the runtime itself</span></div>
		<${Facts} rows=${[
			["Backed share", html`<${Share} ppm=${work.backed_share} at=${at} from=${WORK.backed} />`],
			["Minted by work", html`<${Amount} plancks=${work.mined} at=${at} from=${WORK.mined} />`],
			["Recomputed by a quorum", html`<${Amount} plancks=${work.backed_by_quorum} at=${at} from=${WORK.quorum} />`],
			["Recomputed by the runtime", html`<${Amount} plancks=${work.backed_by_runtime} at=${at} from=${WORK.runtime} />`],
		]} /></div>
	<//>`;
}

function FeeMarket({ fees }) {
	const { at } = fees;
	return html`<${Card} title="Fees" note="base fees are burned, tips go to the author of a block">
		<div class="stack"><div class="bar-line"><${Bar} label="Fullness of the last block" parts=${[
			["full", fees.fullness / 1e6, "main"],
			["free", 1 - fees.fullness / 1e6, "rest"],
		]} />
		<p class="note">The last block is <${Share} ppm=${fees.fullness} at=${at} from=${FEES.fullness} /> full</p></div>
		<${Facts} rows=${[
			[
				"Base fee",
				html`<${GasPrice} plancks=${fees.base_fee} at=${at} from=${FEES.base} />`,
				"1 gas is 1 µs on the reference machine",
			],
			["Burned", html`<${Amount} plancks=${fees.total_burned} at=${at} from=${FEES.burned} />`, "since block 0"],
			["Lowest base fee", html`<${GasPrice} plancks=${fees.floor} at=${at} from=${FEES.floor} />`],
			["Highest base fee", html`<${GasPrice} plancks=${fees.ceiling} at=${at} from=${FEES.ceiling} />`],
		]} /></div>
	<//>`;
}

function Weights({ work }) {
	const TONES = ["main", "second", "third", "faint"];
	const parts = work.weights
		.slice(0, 8)
		.map(({ domain_id: id, name, weight }, index) => [name ?? `domain ${id}`, weight / 1e6, TONES[index % 4]]);
	return html`<${Card} title="Voted weights" note="share of stake behind each domain">
		<div class="stack">${parts.length > 0 ? html`<${Bar} label="Weights" parts=${parts} />` : null}
		<${Table} caption="Weights of the domains" hideCaption rows=${work.weights}
			empty="No domain has weight: validators have not voted." columns=${[
				["Domain", ({ domain_id: id, name }) => html`<a href=${`#domains/${id}`}>${name ?? `domain ${id}`}</a>`],
				[
					"Weight",
					({ domain_id: id, weight }) => html`<${Share} ppm=${weight} at=${work.at}
				from=${DOMAIN.weight(id)} />`,
					"num",
				],
			]} /></div>
	<//>`;
}

const seal = (key, name) => WORK.seal(key, key, name);
/** Numbers of a work block, in the state of its block. */
const SEAL = {
	taken: seal("taken", "Effective improvement that the work block took"),
	minted: seal("minted", "Minted by the work block"),
	optimizers: seal("optimizers", "Minted to optimizers by the work block"),
	evaluators: seal("evaluators", "Minted to evaluators by the work block"),
	validators: seal("validators", "Minted to validators by the work block"),
};

function Seals({ work }) {
	const rows = work.seals;
	const series = rows.toReversed();
	const x = series.map(({ block }) => Number(block));
	const amount = (key) => (one) => html`<${Amount} plancks=${one[key]} at=${{ number: Number(one.block) }} from=${SEAL[key]} />`;
	return html`<${Card} wide title="Work blocks" note=${fromDatabase({ at: work.seals_at })}>
		${
			series.length > 1
				? html`<${Chart} title="Threshold and taken improvement of the work blocks"
					summary=${`${series.length} work blocks; the last one took ${bits(rows[0].taken)} bits.`} x=${x}
					xLabel="Block" yLabel="bits" height=${220} xFormat=${count} yFormat=${(value) => value.toPrecision(3)}
			series=${[
				{
					name: "threshold T",
					values: series.map((seal) => Number(seal.threshold) / Q32),
					tone: "second",
					dash: "dashed",
					stepped: true,
				},
				{ name: "taken", values: series.map((seal) => Number(seal.taken) / Q32), tone: "main", points: true },
			]} />`
				: null
		}
		<${Table} caption="Work blocks, newest first" hideCaption rows=${rows.slice(0, 50)} empty="No work block is sealed yet."
			columns=${[
				["Work block", (one) => count(one.number), "num"],
				["Block", (one) => html`<${BlockLink} number=${Number(one.block)} />`, "num"],
				["Taken", (one) => html`<${Bits} q32=${one.taken} at=${{ number: Number(one.block) }} from=${SEAL.taken} />`, "num"],
				["Minted", amount("minted"), "num"],
				["Optimizers", amount("optimizers"), "num"],
				["Evaluators", amount("evaluators"), "num"],
				["Validators", amount("validators"), "num"],
			]} />
	<//>`;
}
