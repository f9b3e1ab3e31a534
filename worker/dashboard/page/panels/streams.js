import { html, useState } from "../lib/html.js";
import { useAnswer } from "../lib/store.js";
import { Account, Amount, Bits, BlockLink, Card, Facts, Figure, Loaded, Share, Table, Tag } from "../lib/ui.js";
import { Chart } from "../lib/chart.js";
import { FORECAST, FORECAST_SEAT, FORECASTER, MARKET, STREAM } from "../lib/items.js";
import { blocksLeft } from "../lib/domain.js";
import { chosen, columns, LINES, placed } from "../lib/lines.js";
import { count, duration, instant, root, scale, short, skill, things, words } from "../lib/format.js";

/** Streams, and forecasters, that are drawn at first. */
const SHOWN = 40;
const TONES = ["second", "main", "third", "fourth"];
const DASHES = ["dashed", "dotted", "long", "solid"];
const PHASES = { committing: "accent", waiting: "plain", revealing: "good", closed: "plain", void: "warn" };

/** Draws streams of bars, and the rounds of their markets of forecasts. */
export function Streams({ rest, status }) {
	const all = useAnswer("/api/streams", ["best", "Oracle", "Forecasts"]);
	const own = status.data?.node.peer_id ?? null;
	return html`<${Loaded} answer=${all}>${(data) => {
		const { streams } = data;
		const isOther = /^\d+$/.test(rest[0] ?? "");
		const first = streams.find(({ awake, market }) => awake && market) ?? streams.find(({ market }) => market) ?? streams[0];
		const id = isOther ? Number(rest[0]) : first?.stream_id;
		const known = streams.find(({ stream_id: one }) => one === id);
		return html`
			<div class="panel-head"><h2>Live forecasts${known ? html` of ${known.symbol}` : null}</h2>
				${known ? html`<${Awake} stream=${known} />` : null}
				${
					streams.length > 0
						? html`<label class="pick">Stream <select value=${id}
							onChange=${(event) => (location.hash = `forecasts/${event.currentTarget.value}`)}>
							${known || id === undefined ? null : html`<option value=${id} selected>${id}</option>`}
							${streams.map(
								({ stream_id: one, symbol, awake }) => html`<option value=${one}
								selected=${one === id}>${symbol}${awake ? "" : " (sleeps)"}</option>`,
							)}
						</select></label>`
						: null
				}
				<p>Reporters write the bars of streams to the chain. Forecasters stake wagers on the next bars before these exist, and are paid by
					what their forecasts add to a reference.</p></div>
			${id === undefined ? html`<p class="empty">No stream of bars is registered on this chain.</p>` : null}
			${id === undefined ? null : html`<${One} key=${id} id=${id} own=${own} />`}
			${streams.length > 1 ? html`<div class="grid below"><${List} data=${data} current=${id} /></div>` : null}`;
	}}<//>`;
}

function Awake({ stream }) {
	return stream.awake
		? html`<${Tag} tone="good" title="Its bars are asked for.">awake<//>`
		: html`<${Tag} tone="warn" title="Its pot does not pay the next batch of bars, or nobody reported them.">sleeps<//>`;
}

/** Returns a list with a button that shows the rest of it. */
function useAll(rows) {
	const [isAll, show] = useState(false);
	const more = rows.length - SHOWN;
	const button =
		more > 0 && !isAll
			? html`<button type="button" class="plain" onClick=${() => show(true)}>Show ${count(more)} more</button>`
			: null;
	return [isAll ? rows : rows.slice(0, SHOWN), button];
}

function List({ data: { at, streams }, current }) {
	const [rows, more] = useAll(streams);
	const none = html`<span class="none">–</span>`;
	const market = (draw) => (one) => (one.market ? draw(one.stream_id, one.market) : none);
	return html`<${Card} wide title="Streams" note=${things(streams.length, "stream")}>
		<${Table} caption="Streams of bars, in order of registration" hideCaption rows=${rows} rowKey=${(one) => one.stream_id} empty=""
			columns=${[
				[
					"Stream",
					({ stream_id: id, symbol }) =>
						html`<a href=${`#forecasts/${id}`} aria-current=${id === current ? "true" : null}>${symbol}</a>`,
				],
				["State", (one) => html`<${Awake} stream=${one} />`],
				["Next bar", (one) => html`<${Figure} exact=${one.next} at=${at} from=${STREAM.next(one.stream_id)} />`, "num"],
				["Reporters' pot", (one) => html`<${Amount} plancks=${one.pot} at=${at} from=${STREAM.pot(one.stream_id)} />`, "num"],
				["Market's pot", market((id, { pot }) => html`<${Amount} plancks=${pot} at=${at} from=${MARKET.pot(id)} />`), "num"],
				["Open rounds", market((id, { open }) => html`<${Figure} exact=${open} at=${at} from=${MARKET.open(id)} />`), "num"],
				["Weight", market((id, { weight }) => html`<${Share} ppm=${weight} at=${at} from=${MARKET.weight(id)} />`), "num"],
				["Leader", market((_, { forecasters: [best] }) => (best ? html`<${Account} id=${best.peer_id} />` : none))],
			]} />${more}
	<//>`;
}

function One({ id, own }) {
	const answer = useAnswer(`/api/stream/${id}`, ["best", "Oracle", "Forecasts"]);
	return html`<${Loaded} answer=${answer}>${(data) => html`<div class="grid">
		<${Record} data=${data} />
		<${Drawn} data=${data} own=${own} />
		${data.stream.market ? html`<${Open} data=${data} /><${Board} data=${data} own=${own} /><${Past} data=${data} />` : null}
	</div>`}<//>`;
}

/** Returns why a stream has no market, with the next step. */
function noMarket({ horizon, stream_id: id }) {
	return horizon === 0
		? "This stream has no market of forecasts: its record has no horizon."
		: html`Nobody has sponsored a market of forecasts for this stream yet:
			<span class="code wrap"> doin-worker sponsor ${id} "100 DOIN" --market</span>`;
}

/** Returns names and values of a market for [`Facts`], or none without a market. */
function marketFacts(market, id, at) {
	if (!market) return [];
	return [
		[
			"Pot of the market",
			html`<${Amount} plancks=${market.pot} at=${at} from=${MARKET.pot(id)} />`,
			"from which gains are paid",
		],
		[
			"Open rounds",
			html`<${Figure} exact=${market.open} at=${at} from=${MARKET.open(id)} />`,
			html`of <${Figure} exact=${market.rounds} at=${at} from=${MARKET.rounds(id)} /> since the first one`,
		],
		[
			"Voted weight",
			html`<${Share} ppm=${market.weight} at=${at} from=${MARKET.weight(id)} />`,
			market.weight > 0 ? "records can claim" : "records mint nothing",
		],
		["Mark", html`<${Bits} q32=${market.mark} at=${at} from=${MARKET.mark(id)} />`, "proven and paid for"],
	];
}

function Record({ data: { at, stream, first_close: first, closes } }) {
	const { stream_id: id, market, bar_ms: length } = stream;
	const { factor, name, digits } = scale(stream.unit);
	const place = closes.findLastIndex((close) => close !== null);
	const [last, bar] = [closes[place] ?? null, first + place];
	const close = last === null ? null : (last * factor).toFixed(digits);
	const behind = Math.max(0, stream.running - stream.next);
	return html`<${Card} wide title="Stream and market" note=${html`<span class="wrap">${stream.source}</span>`}>
		${
			stream.awake
				? null
				: html`<p class="note">No bars are asked for while the stream sleeps. To wake it:
					<span class="code wrap"> doin-worker sponsor ${id} "100 DOIN"</span></p>`
		}
		<${Facts} rows=${[
			[
				"Last close",
				html`<${Figure} exact=${last} text=${close} unit=${name} at=${at} from=${STREAM.close(id, bar)}
					title=${`${last} × ${stream.unit}`} />`,
				last === null ? "no bar stands" : `of ${instant((bar + 1) * length).replace(".000Z", "Z")}`,
			],
			[
				"Next bar",
				html`<${Figure} exact=${stream.next} at=${at} from=${STREAM.next(id)} />`,
				`bars of ${duration(length)}${stream.awake ? `, ${things(behind, "bar")} behind the clock` : ""}`,
			],
			[
				"Pot of the reporters",
				html`<${Amount} plancks=${stream.pot} at=${at} from=${STREAM.pot(id)} />`,
				html`a batch of ${things(stream.batch, "bar")} costs <${Amount} plancks=${stream.fee} at=${at} from=${STREAM.fee(id)} />`,
			],
			stream.awake && [
				"Paid until bar",
				html`<${Figure} exact=${stream.paid_until} at=${at} from=${STREAM.paidUntil(id)} />`,
				`${duration((stream.paid_until - stream.next) * length)} of bars`,
			],
			...marketFacts(market, id, at),
			[
				"Horizon",
				stream.horizon > 0 ? html`${count(stream.horizon)}<span class="unit"> bars</span>` : "–",
				stream.domain_id === null ? null : html`also of <a href=${`#domains/${stream.domain_id}`}>domain ${stream.domain_id}</a>`,
			],
		]} />
		${market ? null : html`<p class="empty">${noMarket(stream)}</p>`}
	<//>`;
}

function Drawn({ data, own }) {
	const [number, choose] = useState(null);
	const { stream, closes, past } = data;
	const { factor, name, digits } = scale(stream.unit);
	const rounds = placed(past);
	const forecasts = chosen(past, number, own);
	const isOne = rounds.some(({ round }) => round === number);
	const [bars, real, ...lines] = columns(data, forecasts, stream.horizon, factor);
	if (closes.every((close) => close === null)) {
		const asked = stream.awake ? ` Reporters are asked for bars from number ${count(stream.next)} on.` : "";
		return html`<${Card} wide title="Forecasts over the bars"><p class="empty">No bar stands yet.${asked}</p><//>`;
	}
	const named = ([{ round }, { peer_id: account }]) =>
		isOne ? `${short(account)}${account === own ? ", this worker" : ""}` : `round ${count(round)}, ${short(account)}`;
	const shown = (value) => `${value.toFixed(digits)} ${name}`;
	const last = real.findLast((value) => value !== null) ?? null;
	const close = last === null ? "No close is among these bars" : `The last close is ${shown(last)}`;
	const summary = `${close}; ${things(forecasts.length, "forecast is", "forecasts are")} drawn.`;
	const axis = `Bar, counted from ${count(stream.next)}`;
	return html`<${Card} wide title="Forecasts over the bars" note=${`values in ${name}`}>
		${
			rounds.length > 0
				? html`<label class="pick">Forecasts <select value=${isOne ? number : ""}
					onChange=${({ currentTarget: { value } }) => choose(value === "" ? null : Number(value))}>
					<option value="" selected=${!isOne}>the best of each round</option>
					${rounds.map(({ round }) => html`<option value=${round} selected=${isOne && round === number}>round ${count(round)}</option>`)}
				</select></label>`
				: html`<p class="note">${
						stream.market ? "No forecast that was revealed is known to this worker yet." : "No forecasts without a market."
					}</p>`
		}
		<${Chart} title=${`Closes and forecasts of ${stream.symbol}`} summary=${summary} x=${bars} xLabel=${axis} yLabel=${name} height=${320}
			xFormat=${(bar) => count(bar - stream.next).replace("-", "−")} yFormat=${(value) => value.toFixed(digits)}
			series=${[
				{ name: "closes", values: real, tone: "fifth", width: 1.5 },
				...lines.map((values, place) => ({
					name: named(forecasts[place]),
					values,
					tone: TONES[place % LINES],
					dash: DASHES[place % LINES],
					width: 2,
				})),
			]} />
	<//>`;
}

function Open({ data: { at, stream, rounds } }) {
	const id = stream.stream_id;
	const ends = (round, index) =>
		round.until === null
			? html`at bar <${Figure} exact=${round.horizon_end} at=${at} from=${FORECAST.horizonEnd(id, round, index)} />
				<small>${things(Math.max(0, round.horizon_end - stream.next), "bar")} left</small>`
			: html`before block <${Figure} exact=${round.until} at=${at} from=${FORECAST.until(id, round, index)} />
				<small>${blocksLeft(round.until, at.number)}</small>`;
	const { factor, digits, name } = scale(stream.unit);
	const zero = (round, index) =>
		round.zero === null
			? "not known yet"
			: html`<${Figure} exact=${round.zero} text=${(round.zero * factor).toFixed(digits)} unit=${name} at=${at}
				from=${FORECAST.zero(id, round, index)} />`;
	const empty = stream.awake
		? "No round is open. One opens with each batch of bars, if the pot of the reporters pays its last bar."
		: "No round is open, and none opens while the stream sleeps.";
	return html`<${Card} wide title="Open rounds" note="commitments, then the bars, then reveals">
		<${Table} caption="Open rounds of the stream, oldest first" hideCaption rows=${rows(rounds)} rowKey=${({ round }) => round.round}
			empty=${empty} columns=${[
				["Round", ({ round }) => count(round.round), "num"],
				["Phase", ({ round }) => html`<${Tag} tone=${PHASES[words(round.phase)]}>${words(round.phase)}<//>`],
				["Phase ends", ({ round, index }) => ends(round, index)],
				["Zero", ({ round, index }) => zero(round, index), "num"],
				["Reference", ({ round }) => words(round.reference)],
				[
					"Wagers",
					({ round, index }) =>
						html`<${Amount} plancks=${round.wagers} at=${at} from=${FORECAST.wagers(id, round, index)} />${
							round.least_wager
								? html`<small>a seat costs <${Amount} plancks=${round.least_wager} at=${at}
									from=${FORECAST.leastWager(id, round, index)} /></small>`
								: null
						}`,
					"num",
				],
				[
					"Seats",
					({ round, index }) => html`<${Figure} exact=${round.seats} at=${at} from=${FORECAST.seats(id, round, index)} />`,
					"num",
				],
				["Forecasters", ({ round }) => (round.seats > 0 ? html`<${Seats} id=${id} round=${round.round} />` : "–")],
			]} />
	<//>`;
}

/** Returns rounds with their places in the answer of the node. */
function rows(rounds) {
	return rounds.map((round, index) => ({ round, index }));
}

/** Returns the seats of a round, which are read when they are opened. */
function Seats({ id, round }) {
	const [isOpen, open] = useState(false);
	return html`<details class="more seats" onToggle=${(event) => open(event.currentTarget.open)}>
		<summary>Show<span class="visually-hidden"> the forecasters of round ${round}</span></summary>
		${isOpen ? html`<${Taken} id=${id} round=${round} />` : null}
	</details>`;
}

function Taken({ id, round }) {
	const answer = useAnswer(`/api/stream/${id}/round/${round}`, ["best", "Forecasts"]);
	return html`<${Loaded} answer=${answer}>${({ at, round: of, seats }) =>
		html`<${Table} caption=${`Seats of round ${count(round)}`} rows=${seats} empty="No seat is left." columns=${[
			["Account", (seat) => html`<${Account} id=${seat.peer_id} />`],
			["Wager", (seat, index) => html`<${Amount} plancks=${seat.wager} at=${at} from=${FORECAST_SEAT.wager(id, of, index)} />`, "num"],
			[
				"Skill",
				(seat, index) =>
					seat.skill === null
						? "sealed"
						: html`<${Figure} exact=${seat.skill} text=${skill(seat.skill)} at=${at} from=${FORECAST_SEAT.skill(id, of, index)} />`,
				"num",
			],
		]} />`}<//>`;
}

function Board({ data: { at, stream }, own }) {
	const id = stream.stream_id;
	const { forecasters } = stream.market;
	const [rows, more] = useAll(forecasters);
	const figure = (key, text) => (who, index) =>
		html`<${Figure} exact=${who[key]} text=${text(who[key])} at=${at} from=${FORECASTER[key](id, who, index)} />`;
	return html`<${Card} wide title="Leaderboard" note=${`${things(forecasters.length, "forecaster")} of the largest standing`}>
		<${Table} caption="Forecasters, the largest standing first" hideCaption rows=${rows} rowKey=${(who) => who.peer_id}
			empty="No account has a seat or a record on this stream." columns=${[
				["Place", (_, index) => index + 1, "num"],
				[
					"Account",
					(who) => html`<${Account} id=${who.peer_id} />${who.peer_id === own ? html` <${Tag} tone="accent">this worker<//>` : null}`,
				],
				["Standing", figure("standing", skill), "num"],
				[
					"Bound of the record",
					(who, index) =>
						who.bound === null ? html`<span class="none">no complete term</span>` : figure("bound", skill)(who, index),
					"num",
				],
				[
					"Claim",
					(who, index) => html`<${Bits} q32=${who.increment} at=${at} from=${FORECASTER.increment(id, who, index)} />`,
					"num",
				],
				["Open seats", figure("seats", count), "num"],
			]} />${more}
		<p class="note">A standing is a running average of skill, from −1 to 1. A record mints what its bound proves beyond the mark.</p>
	<//>`;
}

function Past({ data: { stream, past, past_from: from } }) {
	const { factor, name } = scale(stream.unit);
	const size = (error) => html`${root(error, factor)}<span class="unit"> ${error === null ? "" : name}</span>`;
	const best = ({ forecasts: [first] }, draw) => (first ? draw(first) : "–");
	const note = from === null ? "from the events of finalized blocks" : html`from the events of blocks since <${BlockLink} number=${from} />`;
	return html`<${Card} wide title="Rounds whose bars stand" note=${note}>
		<${Table} caption="Rounds whose bars stand, newest first" hideCaption rows=${past} rowKey=${(one) => one.round}
			empty="The bars of no round stand yet, as far as this worker has read." columns=${[
				["Round", (one) => count(one.round), "num"],
				["State", (one) => html`<${Tag} tone=${PHASES[one.state]}>${one.state === "void" ? "void: too few bars" : one.state}<//>`],
				["Block", (one) => html`<${BlockLink} number=${one.end_block ?? one.block} />`, "num"],
				["Revealed", (one) => `${count(one.revealed)}${one.seats === null ? "" : ` of ${count(one.seats)}`}`, "num"],
				["Reference", (one) => words(one.reference)],
				["Error of the reference", (one) => size(one.reference_error), "num"],
				["Smallest error", (one) => best(one, ({ error }) => size(error)), "num"],
				["Its skill", (one) => best(one, (first) => skill(first.skill)), "num"],
				["Gains paid", (one) => gains(one.factor), "num"],
				["Forecasts", (one) => (one.forecasts.length > 0 ? html`<${Errors} round=${one} size=${size} />` : "–")],
			]} />
		<p class="note">Errors are roots of the weighted mean square of the deviations from the closes.</p>
	<//>`;
}

/** Returns the part of the gains that a round pays, of its factor. */
function gains(factor) {
	return factor === null ? "–" : html`${((100 * Number(factor)) / 4294967296).toFixed(1)}<span class="unit"> %</span>`;
}

/** Returns the forecasts of a round, which are drawn when they are opened. */
function Errors({ round, size }) {
	const [isOpen, open] = useState(false);
	const cells = [
		["Account", (one) => html`<${Account} id=${one.peer_id} />`],
		["Error", (one) => size(one.error), "num"],
		["Skill", (one) => skill(one.skill), "num"],
		["Wager", (one) => html`<${Amount} plancks=${one.wager} />`, "num"],
		["Paid", (one) => html`<${Amount} plancks=${one.paid} />`, "num"],
		["Block", (one) => html`<${BlockLink} number=${one.block} />`, "num"],
	];
	return html`<details class="more seats" onToggle=${(event) => open(event.currentTarget.open)}>
		<summary>Show<span class="visually-hidden"> the forecasts of round ${round.round}</span></summary>
		${
			isOpen
				? html`<${Table} caption=${`Forecasts of round ${count(round.round)} with the smallest errors`} rows=${round.forecasts}
					empty="" columns=${cells} />`
				: null
		}
	</details>`;
}
