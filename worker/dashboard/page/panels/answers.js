import { html, useRef } from "../lib/html.js";
import { useAnswer } from "../lib/store.js";
import { Account, Amount, Bar, BlockLink, Card, Facts, Figure, Loaded, Share, Table, Tag } from "../lib/ui.js";
import { CHANNELS, DEMAND, DOMAIN, OFFER } from "../lib/items.js";
import { count, duration, percent, things } from "../lib/format.js";

/** Draws offers of servers, payment channels, paid demand beside voted weights, and the work of this server. */
export function Answers() {
	const answer = useAnswer("/api/answers", ["best", "Channels", "Inference", "Gauge"]);
	return html`
		<div class="panel-head"><h2>Paid answers</h2>
			<p>Servers answer requests with the champions of domains against a bond. Clients pay with vouchers of channels, and a thousandth
			of each payment is burned.</p></div>
		<${Loaded} answer=${answer}>${(data) => html`<div class="grid">
			<${Server} serving=${data.serving} /><${Channels} data=${data} />
			<${Demand} data=${data} /><${Offers} data=${data} />
		</div>`}<//>`;
}

/** Returns requests a second between the last two answers about a server, or since its start. */
function useRate(serving) {
	const seen = useRef({ last: null, before: null });
	if (!serving) return null;
	if (seen.current.last?.elapsed_ms !== serving.elapsed_ms) seen.current = { last: serving, before: seen.current.last };
	const { before } = seen.current;
	// A server that was started again counts from 0.
	const since = before && before.elapsed_ms < serving.elapsed_ms ? before : { answers: 0, elapsed_ms: 0 };
	return (1000 * (serving.answers - since.answers)) / Math.max(1, serving.elapsed_ms - since.elapsed_ms);
}

function Server({ serving }) {
	const rate = useRate(serving);
	if (!serving)
		return html`<${Card} title="This server">
			<p class="empty">This worker answers no requests for pay. To have it answer, offer a domain, and add an identity with
				role = "serve" to its configuration:
				<span class="code wrap"> doin-worker offer make --domain 0 --price 0.001DOIN --endpoint https://example.org --key server.key</span></p>
		<//>`;
	return html`<${Card} title="This server" note=${`for ${duration(serving.elapsed_ms)}`}>
		<${Facts} rows=${[
			["Requests per second", html`<span class="number">${rate.toFixed(rate < 10 ? 2 : 0)}</span>`, "since the answer before"],
			["Answers", html`<${Figure} exact=${serving.answers} />`, `${things(serving.windows, "window")}, ${count(serving.free)} of them free`],
			["Earned", html`<${Amount} plancks=${serving.earned} />`, html`<${Amount} plancks=${serving.owed} /> not redeemed yet`],
			["Channels that have paid", html`<${Figure} exact=${serving.channels} />`],
			["Refused", html`<${Figure} exact=${serving.unpaid + serving.refused} />`, `${count(serving.unpaid)} for lack of payment`],
			["New champions", html`<${Figure} exact=${serving.swaps} />`],
			["Batches", html`<${Figure} exact=${serving.batches} />`, "each of one request or several"],
			["Windows audited", html`<${Figure} exact=${serving.audited} />`, "computed a second time"],
			wrongAnswers(serving.wrong),
		]} />
	<//>`;
}

/** Returns the answers that audits have found to be wrong: name, number, and what the operator has to do. */
function wrongAnswers(wrong) {
	const figure = html`<${Figure} exact=${wrong} />`;
	if (wrong === 0) return ["Wrong answers", figure, "found by audits"];
	const next = `found by audits: since the first one, champions are run one window at a time. Check the memory and the processor of this
		machine, or end the offer.`;
	return ["Wrong answers", html`<${Tag} tone="bad">${figure}<//>`, next];
}

function Channels({ data: { at, channels } }) {
	return html`<${Card} title="Payment channels" note="all, since genesis">
		<${Facts} rows=${[
			["Deposited", html`<${Amount} plancks=${channels.deposited} at=${at} from=${CHANNELS.deposited} />`],
			["In open channels", html`<${Amount} plancks=${channels.open} at=${at} from=${CHANNELS.open} />`],
			["Paid to servers", html`<${Amount} plancks=${channels.paid} at=${at} from=${CHANNELS.paid} />`],
			["Burned", html`<${Amount} plancks=${channels.burned} at=${at} from=${CHANNELS.burned} />`, "0.1 % of each payment"],
			["Returned", html`<${Amount} plancks=${channels.returned} at=${at} from=${CHANNELS.returned} />`, "to payers"],
		]} />
	<//>`;
}

/** Draws the demand of each domain beside its voted weight. Demand changes no weight. */
function Demand({ data: { at, domains } }) {
	const rows = domains.filter(({ demand, weight }) => demand !== null || weight > 0);
	const all = rows.reduce((sum, { demand }) => sum + Number(demand ?? 0), 0);
	const share = ({ demand }) => (all > 0 ? Number(demand ?? 0) / all : 0);
	return html`<${Card} wide title="Demand and voted weight" note="Demand halves every 7 days, and changes no weight.">
		<${Table} caption="Domains with paid demand or a voted weight" hideCaption rows=${rows} rowKey=${(one) => one.domain_id}
			empty="No domain has a weight, and no server was paid." columns=${[
				["Domain", (one) => html`<a href=${`#domains/${one.domain_id}`}>${one.name}</a>`],
				["Burned fees", (one) => html`<${Amount} plancks=${one.demand} at=${at} from=${DEMAND.fees(one.domain_id)} />`, "num"],
				[
					"Share of the demand",
					(one) => html`<div class="bar-line"><${Bar} label="Share of the demand" parts=${[
						["paid", share(one), "main"],
						["others", 1 - share(one), "rest"],
					]} /><span class="note">${percent(1e6 * share(one))} %</span></div>`,
				],
				["Voted weight", (one) => html`<${Share} ppm=${one.weight} at=${at} from=${DOMAIN.weight(one.domain_id)} />`, "num"],
				["Servers", (one) => count(one.offers.length), "num"],
			]} />
	<//>`;
}

function Offers({ data: { at, domains } }) {
	const rows = domains.flatMap(({ domain_id: id, name, offers }) => offers.map((offer, place) => ({ id, name, offer, place })));
	return html`<${Card} wide title="Offers" note=${things(rows.length, "offer")}>
		<${Table} caption="Offers of servers, the lowest price of each domain first" hideCaption rows=${rows}
			rowKey=${({ id, offer }) => `${id} ${offer.peer_id}`} empty="Nobody offers a domain." columns=${[
				["Domain", ({ id, name }) => html`<a href=${`#domains/${id}`}>${name}</a>`],
				["Server", ({ offer }) => html`<${Account} id=${offer.peer_id} />`],
				[
					"Price of a window",
					({ id, offer, place }) => html`<${Amount} plancks=${offer.price} at=${at} from=${OFFER.price(id, offer, place)} />`,
					"num",
				],
				[
					"Bond",
					({ id, offer, place }) => html`<${Amount} plancks=${offer.bond} at=${at} from=${OFFER.bond(id, offer, place)} />`,
					"num",
				],
				["Since", ({ offer }) => html`<${BlockLink} number=${offer.since} />`, "num"],
				["Address", ({ offer }) => html`<span class="code wrap">${offer.endpoint}</span>`],
			]} />
	<//>`;
}
