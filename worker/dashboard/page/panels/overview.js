import { html } from "../lib/html.js";
import { useAnswer } from "../lib/store.js";
import { Amount, Bits, BlockLink, Card, Facts, Figure, GasPrice, Loaded, Loss, Share, Table } from "../lib/ui.js";
import { CHAMPION, COINS, DOMAIN, FEES, OPEN_TASKS, ROUND, WORK } from "../lib/items.js";
import { blocksLeft, DomainStatus, Result, Steps } from "../lib/domain.js";
import { bits, things } from "../lib/format.js";
import { SearchLine } from "./training.js";

/** Domains that are drawn. */
const SHOWN = 12;

/** Draws the state of the network at a glance. */
export function Overview({ status, chain, training }) {
	const metrics = useAnswer("/stats/chain-metrics", ["block"]);
	return html`
		<div class="panel-head"><h2>Overview</h2></div>
		<${Loaded} answer=${status}>${(data) => html`<${Stats} status=${data} metrics=${metrics.data} />`}<//>
		<${Loaded} answer=${chain}>${(data) => {
			const domains = data.domains.toSorted((one, other) => other.weight - one.weight).slice(0, SHOWN);
			const round = ({ domain_id: id }) => data.rounds.find((open) => open.domain_id === id);
			return html`<div class="grid">
				${domains.map((domain) => html`<${Domain} key=${domain.domain_id} domain=${domain} at=${data.at} round=${round(domain)} />`)}
				${training.data?.searches?.length ? html`<${Searches} searches=${training.data.searches} />` : null}
				<${Results} domains=${data.domains} />
				${domains.length < data.domains.length ? html`<p class="note">${`The ${SHOWN} domains with the most weight are shown.`}</p>` : null}
			</div>`;
		}}<//>`;
}

function Searches({ searches }) {
	return html`<${Card} title="Search of this worker" note=${html`<a href="#training">Training</a>`}>
		${searches.map((search) => html`<${SearchLine} search=${search} />`)}
	<//>`;
}

function seconds(ms) {
	return ms === null ? "–" : html`${(ms / 1000).toFixed(1)}<span class="unit"> s</span>`;
}

function Stats({ status, metrics }) {
	const { at, work, fee_market: fees, coin } = status;
	const stats = [
		[
			"Work blocks",
			html`<${Figure} exact=${work.work_blocks} at=${at} from=${WORK.blocks} />`,
			html`next needs ${bits(work.threshold)} bits`,
		],
		[
			"Minted by work",
			html`<${Amount} plancks=${work.mined} at=${at} from=${WORK.mined} />`,
			coin ? html`of <${Amount} plancks=${coin.total_supply} at=${at} from=${COINS.issuance} />` : null,
		],
		[
			"Backed share",
			html`<${Share} ppm=${work.backed_share} at=${at} from=${WORK.backed} />`,
			"recomputed by a quorum or the runtime",
		],
		[
			"Burned base fees",
			html`<${Amount} plancks=${fees.total_burned} at=${at} from=${FEES.burned} />`,
			html`base fee <${GasPrice} plancks=${fees.base_fee} at=${at} from=${FEES.base} />`,
		],
		[
			"Open tasks",
			html`<${Figure} exact=${status.task_queue.pending} at=${at} from=${OPEN_TASKS} />`,
			things(status.security.pending_quorums, "waits for a quorum", "wait for a quorum"),
		],
		[
			"Time between blocks",
			metrics ? html`<span class="number">${seconds(metrics.mean_block_time_ms)}</span>` : "–",
			metrics ? `mean of ${things(metrics.blocks, "block")}` : null,
		],
	];
	return html`<dl class="stats">${stats.map(
		([name, value, note]) => html`<div class="stat"><dt>${name}</dt>
		<dd>${value}${note ? html`<small>${note}</small>` : null}</dd></div>`,
	)}</dl>`;
}

function Domain({ domain, round, at }) {
	const { domain_id: id, champion } = domain;
	return html`<${Card} title=${domain.name}
		note=${html`<${DomainStatus} status=${domain.status} /> <a href=${`#domains/${id}`}>Domain ${id}</a>`}>
		<${Facts} rows=${[
			[
				"Error of the champion",
				champion ? html`<${Loss} loss=${champion.loss} at=${at} from=${CHAMPION.loss(id)} />` : "–",
				"of the initial champion's",
			],
			["Weight", html`<${Share} ppm=${domain.weight} at=${at} from=${DOMAIN.weight(id)} />`, "voted by stake"],
			[
				"High-water mark",
				html`<${Bits} q32=${domain.high_water} at=${at} from=${DOMAIN.highWater(id)} />`,
				"best progress ever paid",
			],
			round && [
				"Seats of the open round",
				html`<${Figure} exact=${round.seats.length} at=${at} from=${ROUND.seats(round)} />`,
				html`next costs <${Amount} plancks=${round.next_seat_fee} at=${at} from=${ROUND.fee(round)} />`,
			],
		]} />
		${
			round
				? html`<${Steps} label=${`Phases of round ${round.round}`} phase=${round.phase}
			isAwaited=${/sealed|live/i.test(domain.evidence)}
			left=${blocksLeft(round.phase_end, at.number)} />`
				: html`<p class="empty">No round is open.</p>`
		}
	<//>`;
}

function Results({ domains }) {
	const ended = domains.filter((domain) => domain.last_round);
	const newest = ended.sort((one, other) => other.last_round.block - one.last_round.block).slice(0, SHOWN);
	return html`<${Card} title="Last results" note="the round of each domain that ended last">
		<${Table} caption="Round of each domain that ended last" hideCaption rows=${newest} empty="No round has ended yet."
			columns=${[
				["Domain", (domain) => domain.name],
				["Round", (domain) => domain.last_round.number, "num"],
				["Block", (domain) => html`<${BlockLink} number=${domain.last_round.block} />`, "num"],
				["Result", (domain) => html`<${Result} result=${domain.last_round.result} />`],
			]} />
	<//>`;
}
