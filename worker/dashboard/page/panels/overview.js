import { html } from "../lib/html.js";
import { useAnswer } from "../lib/store.js";
import { Amount, Bits, Card, Facts, Figure, GasPrice, Loaded, Loss, MeanError, Share, Table } from "../lib/ui.js";
import { blockTime, CHAMPION, COINS, DOMAIN, FEES, OPEN_TASKS, ROUND, WAITING_TASKS, WORK } from "../lib/items.js";
import { blocksLeft, DomainStatus, Result, Steps } from "../lib/domain.js";
import { things } from "../lib/format.js";
import { errorOf, FindDomain } from "./domains.js";
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
			return html`<${FindDomain} /><div class="grid">
				${domains.map((domain) => html`<${Domain} key=${domain.domain_id} domain=${domain} at=${data.at} round=${round(domain)} />`)}
				${training.data?.searches?.length ? html`<${Searches} searches=${training.data.searches} />` : null}
				<${Results} domains=${data.domains} at=${data.at} />
				${domains.length < data.domains.length ? html`<p class="note">${`The ${SHOWN} domains with the most weight are shown.`}</p>` : null}
			</div>`;
		}}<//>`;
}

function Searches({ searches }) {
	return html`<${Card} title="Search of this worker" note=${html`<a href="#training">Training</a>`}>
		${searches.map((search) => html`<${SearchLine} search=${search} />`)}
	<//>`;
}

/** Returns the mean time between the newest finalized blocks as a figure. */
function BlockTime({ metrics: { mean_block_time_ms: ms, finalized, blocks } }) {
	// Block 0 has no time.
	const since = finalized ? Math.max(1, finalized.number - blocks + 1) : null;
	const text = ms === null ? null : (ms / 1000).toFixed(1);
	return html`<${Figure} exact=${ms} text=${text} unit="s" at=${finalized} from=${since === null ? null : blockTime(since)}
		title=${`${ms} ms`} />`;
}

function Stats({ status, metrics }) {
	const { at, work, fee_market: fees, coin } = status;
	const stats = [
		[
			"Work blocks",
			html`<${Figure} exact=${work.work_blocks} at=${at} from=${WORK.blocks} />`,
			html`next needs <${Bits} q32=${work.threshold} at=${at} from=${WORK.threshold} />`,
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
			html`<${Figure} exact=${status.security.pending_quorums} at=${at} from=${WAITING_TASKS} />${
				status.security.pending_quorums === 1 ? " of them waits for a quorum" : " of them wait for a quorum"
			}`,
		],
		[
			"Time between blocks",
			metrics ? html`<${BlockTime} metrics=${metrics} />` : "–",
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
	const mean = champion && domain.drawn_predictions ? errorOf(domain, champion) : null;
	return html`<${Card} title=${domain.name}
		note=${html`<${DomainStatus} status=${domain.status} /> <a href=${`#domains/${id}`}>Domain ${id}</a>`}>
		<${Facts} rows=${[
			[
				"Error of the champion",
				champion ? html`<${Loss} loss=${champion.loss} at=${at} from=${CHAMPION.loss(id)} />` : "–",
				html`of the initial champion's${mean ? html`: <${MeanError} ...${mean} isNamed />` : null}`,
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

function Results({ domains, at }) {
	const ended = domains.filter((domain) => domain.last_round);
	const newest = ended.sort((one, other) => other.last_round.block - one.last_round.block).slice(0, SHOWN);
	const last =
		(field, from) =>
		({ domain_id: id, last_round: round }) =>
			html`<${Figure} exact=${round[field]} at=${at} from=${DOMAIN[from](id)} />`;
	return html`<${Card} title="Last results" note="the round of each domain that ended last">
		<${Table} caption="Round of each domain that ended last" hideCaption rows=${newest} empty="No round has ended yet."
			columns=${[
				["Domain", ({ domain_id: id, name }) => html`<a href=${`#domains/${id}`}>${name}</a>`],
				["Round", last("number", "lastRound"), "num"],
				["Block", last("block", "lastBlock"), "num"],
				["Result", (domain) => html`<${Result} result=${domain.last_round.result} />`],
			]} />
	<//>`;
}
