// Parts that panels share: figures with their origin, tables, cards, and texts of errors.
import { html, useEffect, useId, useRef, useState } from "./html.js";
import * as format from "./format.js";

let show = () => {};

/** Returns a number of the chain: a button that opens its block and storage item. */
export function Figure({ exact, text, unit, at, from, title }) {
	if (exact === null || exact === undefined) return html`<span class="none">–</span>`;
	const shown = text ?? format.count(exact);
	const label = unit ? html`${shown}<span class="unit"> ${unit}</span>` : shown;
	if (!at || !from) return html`<span class="number" title=${title ?? String(exact)}>${label}</span>`;
	const data = {
		"data-exact": String(exact),
		"data-item": from.item,
		"data-event": from.event ?? null,
		"data-since": from.since ?? null,
		"data-field": from.field ?? null,
		"data-computed": from.isComputed ? "" : null,
		"data-rpc": from.rpc ?? null,
		"data-params": from.rpc ? JSON.stringify(from.params) : null,
		"data-path": from.path ?? null,
		"data-block": at.number,
		"data-hash": at.hash ?? null,
	};
	const open = (event) => show({ exact, unit: title ?? unit, at, from }, event.currentTarget);
	return html`<button type="button" class="figure" title=${title ?? String(exact)} aria-haspopup="dialog" onClick=${open}
		...${data}>${label}</button>`;
}

/** Returns an amount of plancks as a figure. */
export function Amount({ plancks, at, from }) {
	if (plancks === null || plancks === undefined) return html`<span class="none">–</span>`;
	const { text, unit } = format.amount(plancks);
	return html`<${Figure} exact=${plancks} text=${text} unit=${unit} at=${at} from=${from} title=${`${plancks} plancks`} />`;
}

/** Returns parts per million as a figure in percent. */
export function Share({ ppm, at, from }) {
	return html`<${Figure} exact=${ppm} text=${format.percent(ppm)} unit="%" at=${at} from=${from}
		title=${`${ppm} parts per million`} />`;
}

/** Returns a Q32 number of bits as a figure. */
export function Bits({ q32, at, from }) {
	return html`<${Figure} exact=${q32} text=${format.bits(q32)} unit="bits" at=${at} from=${from} />`;
}

/** Returns a price in plancks of one gas as a figure. */
export function GasPrice({ plancks, at, from }) {
	const isLarge = BigInt(plancks) >= 1000000000n;
	return html`<${Figure} exact=${plancks} text=${isLarge ? format.amount(plancks).text : null}
		unit=${isLarge ? "DOIN/gas" : "plancks/gas"} at=${at} from=${from} title=${`${plancks} plancks per gas`} />`;
}

/**
 * Returns an error sum as the mean error of a prediction in the unit of the domain, or nothing where that is not known. With `isNamed`,
 * words say what it is.
 */
export function MeanError({ sum, predictions, domain, isNamed }) {
	const mean = format.meanError(sum, predictions, domain);
	if (mean === null) return null;
	const title = `${sum} / 16 / ${predictions} predictions, in the unit of the domain`;
	const words = isNamed && !domain.has_classes ? "mean absolute error " : "";
	return html`${words}<span class="number" title=${title}>${mean.text}<span class="unit"> ${mean.unit}</span></span>`;
}

/** Returns the loss of a model: percentage of the initial champion's error, and bits below it. */
export function Loss({ loss, at, from }) {
	if (loss === null || loss === undefined) return html`<span class="none">–</span>`;
	const title = `${loss} of 1,048,576, the loss of the initial champion`;
	return html`<span class="loss">
		<${Figure} exact=${loss} text=${format.lossPercent(loss)} unit="%" at=${at} from=${from} title=${title} />
		<span class="muted"> ${format.lossBits(loss)} bits</span></span>`;
}

/** Returns the note of numbers from the database of the worker, with the block up to which it has stored the chain. */
export function fromDatabase(data, what) {
	const since = data?.first_block > 0 ? html`, which begins with block <${BlockLink} number=${data.first_block} />` : null;
	return html`${what ? `${what}, ` : ""}from the database of this
		worker${since}${data?.at ? html`, at block <${BlockLink} number=${data.at.number} />` : null}`;
}

/** Returns the first and last characters of an account: a button that shows the whole address, to copy, and where it leads. */
export function Account({ id }) {
	if (!id) return html`<span class="none">–</span>`;
	const open = (event) => show({ account: id }, event.currentTarget);
	return html`<button type="button" class="account" title=${id} data-account=${id} aria-haspopup="dialog"
		onClick=${open}>${format.short(id)}</button>`;
}

/** Returns a text with a button that copies it. A browser lets pages of other machines copy nothing, so the text is selected there. */
export function Copied({ text, name }) {
	const [note, set] = useState("");
	const box = useRef(null);
	const copy = async () => {
		try {
			await navigator.clipboard.writeText(text);
			set("Copied.");
		} catch {
			const range = document.createRange();
			range.selectNodeContents(box.current);
			const selection = getSelection();
			selection.removeAllRanges();
			selection.addRange(range);
			set("Selected: copy it with the keyboard.");
		}
	};
	return html`<span class="code wrap" ref=${box}>${text}</span>
		<button type="button" class="plain copy" onClick=${copy}>Copy<span class="visually-hidden"> ${name}</span></button>
		<span class="note" role="status">${note}</span>`;
}

/** Returns a link to a block. */
export function BlockLink({ number }) {
	return number === null || number === undefined
		? html`<span class="none">–</span>`
		: html`<a class="number" href=${`#network/block/${number}`}>${format.count(number)}</a>`;
}

/** Returns the time since milliseconds since 1970, as a time with its exact instant. */
export function Time({ ms }) {
	return ms
		? html`<time datetime=${format.instant(ms)} title=${format.instant(ms)}>${format.time(ms)}</time>`
		: html`<span class="none">–</span>`;
}

/** Returns a section with a heading. */
export function Card({ title, note, children, wide, tone }) {
	const id = useId();
	return html`<section class=${`card${wide ? " wide" : ""}${tone ? ` ${tone}` : ""}`} aria-labelledby=${id}>
		<div class="card-head"><h3 id=${id}>${title}</h3>${note ? html`<p class="note">${note}</p>` : null}</div>
		${children}
	</section>`;
}

/** Returns names with values. */
export function Facts({ rows }) {
	return html`<dl class="facts">${rows.filter(Boolean).map(
		([name, value, note]) => html`<div><dt>${name}</dt>
		<dd>${value}${note ? html`<small>${note}</small>` : null}</dd></div>`,
	)}</dl>`;
}

/** Most columns of a table that a phone shows beside one another. */
const NARROW = 2;

/**
 * Returns a table. `columns` are `[head, cell(row), class]`. On a phone, a table of more than two columns, or one that `isStacked`, shows
 * the cells of a row below one another; the roles keep it a table for screen readers.
 */
export function Table({ caption, columns, rows, empty, hideCaption, rowKey, isStacked }) {
	if (rows.length === 0) return html`<p class="empty">${empty}</p>`;
	const frame = isStacked || columns.length > NARROW ? "table-scroll stacked" : "table-scroll";
	return html`<div class=${frame} tabindex="0" role="region" aria-label=${caption}>
		<table role="table">
			<caption class=${hideCaption ? "visually-hidden" : ""}>${caption}</caption>
			<thead role="rowgroup"><tr role="row">${columns.map(([head, , kind]) => html`<th scope="col" role="columnheader" class=${kind}>${head}</th>`)}</tr></thead>
			<tbody role="rowgroup">${rows.map((row, index) => html`<tr role="row" key=${rowKey ? rowKey(row) : index}>${columns.map(([head, cell, kind]) => html`<td role="cell" class=${kind} data-label=${head}>${cell(row, index)}</td>`)}</tr>`)}</tbody>
		</table>
	</div>`;
}

/** Returns a word with the colour of its meaning. */
export function Tag({ tone = "plain", children, title }) {
	return html`<span class=${`tag ${tone}`} title=${title}>${children}</span>`;
}

/** Returns a bar of parts of a whole. `parts` are `[name, share from 0 to 1, tone]`. */
export function Bar({ label, parts }) {
	const text = parts.map(([name, share]) => `${name} ${(100 * share).toFixed(1)} %`).join(", ");
	return html`<div class="bar" role="img" aria-label=${`${label}: ${text}`}>
		${parts.map(
			([, share, tone]) => html`<span class=${`part ${tone}`}
			style=${{ width: `${Math.max(0, Math.min(100, 100 * share))}%` }}></span>`,
		)}
	</div>`;
}

/** Returns an error of the server with its next step. */
export function Problem({ problem }) {
	return html`<div class="problem" role="alert"><p><strong>${sentence(problem.error)}</strong></p>
		<p>Next step: ${sentence(problem.next)}</p></div>`;
}

function sentence(text) {
	const first = text.charAt(0).toUpperCase() + text.slice(1);
	return /[.!?]$/.test(first) ? first : `${first}.`;
}

/** Returns the content of an answer, or what is there instead: an error, or a note that it is being read. */
export function Loaded({ answer, children }) {
	const { data, problem } = answer;
	if (data === null)
		return problem ? html`<${Problem} problem=${problem} />` : html`<p class="loading" role="status">Reading…</p>`;
	return html`<div class=${answer.isStale ? "stale" : "fresh"}>
		${
			answer.isStale
				? html`<p class="stale-note" role="status">Not current: last read
			at ${format.time(answer.loaded)}${problem ? `. ${sentence(problem.error)}` : "."}</p>`
				: null
		}
		${children(data)}
	</div>`;
}

/** Returns the popover of figures, of which the page has one. */
export function FigurePopover() {
	const [shown, set] = useState(null);
	const box = useRef(null);
	useEffect(() => {
		let turn = 0;
		show = (content, button) => {
			turn += 1;
			set({ ...content, turn });
			const popover = box.current;
			popover.showPopover();
			place(popover, button);
			requestAnimationFrame(() => place(popover, button));
			popover.focus({ preventScroll: true });
		};
		const hide = () => box.current?.matches(":popover-open") && box.current.hidePopover();
		addEventListener("scroll", hide, { passive: true });
		addEventListener("hashchange", hide);
	}, []);
	const close = () => box.current.hidePopover();
	const label = shown?.account ? "Account" : "Origin of the figure";
	return html`<div ref=${box} id="origin" popover="auto" role="dialog" aria-label=${label} tabindex="-1">
		${shown?.account ? html`<${Address} key=${shown.turn} id=${shown.account} close=${close} />` : null}
		${shown && !shown.account ? html`<${Origin} figure=${shown} close=${close} />` : null}
	</div>`;
}

function PopoverHead({ title, close }) {
	return html`<div class="origin-head"><h3>${title}</h3>
		<button type="button" class="quiet" onClick=${close} aria-label="Close">×</button></div>`;
}

function Address({ id, close }) {
	return html`<div>
		<${PopoverHead} title="Account" close=${close} />
		<p><${Copied} text=${id} name="the address" /></p>
		<p><a href=${`/explorer#accounts/${id}`}>Balances and roles in the explorer</a> · <a href=${`/dashboard#unpaid/${id}`}>Unpaid seats</a></p>
	</div>`;
}

/** Returns the address of a storage item at a block in the explorer, or `null` for what is none, e.g. a constant. */
export function storagePath(item, block) {
	const [, pallet, name, keys = ""] = /^(\w+)\.(\w+)(?:\((.*)\))?$/.exec(item) ?? [];
	if (!pallet) return null;
	try {
		const given = JSON.parse(`[${keys.replace(/(\w+):/g, '"$1":')}]`);
		const texts = given.map((key) => (typeof key === "object" ? JSON.stringify(key) : String(key)));
		return `/explorer#${["storage", pallet, name, block, ...texts].map(encodeURIComponent).join("/")}`;
	} catch {
		// The explorer also shows keys that have no such form.
		return null;
	}
}

/** Returns where a figure comes from: a field of an event or of a storage item, with a link to it. */
function Source({ at, from }) {
	const path = from.event ? `/explorer#network/block/${at.number}` : storagePath(from.item, at.number);
	const name = from.event ?? from.item;
	const field = from.field ? html`<span class="muted">.${from.field}</span>` : null;
	return html`<dd class="code wrap">${path ? html`<a href=${path}>${name}</a>` : name}${field}</dd>`;
}

function Origin({ figure: { exact, unit, at, from }, close }) {
	const isWhole = from.rpc && !from.isHex && at.hash;
	const call = isWhole ? `${from.rpc} ${JSON.stringify([...from.params, at.hash])}` : null;
	const kind = from.event ? "Event" : from.isComputed ? "Computed from" : "Storage item";
	return html`<div>
		<${PopoverHead} title=${from.name} close=${close} />
		<dl class="facts narrow">
			<div><dt>Exact value</dt><dd class="code">${unit?.startsWith(String(exact)) ? unit : String(exact)}</dd></div>
			<div><dt>${kind}</dt><${Source} at=${at} from=${from} /></div>
			<div><dt>Block</dt><dd>${from.since === undefined ? null : html`<${BlockLink} number=${from.since} /> to `}<${BlockLink} number=${at.number} /></dd></div>
			${at.hash ? html`<div><dt>Hash</dt><dd class="code wrap">${at.hash}</dd></div>` : null}
			${call ? html`<div><dt>Read it yourself</dt><dd class="code wrap">${call}</dd></div>` : null}
		</dl>
	</div>`;
}

function place(popover, button) {
	const around = button.getBoundingClientRect();
	const own = popover.getBoundingClientRect();
	const left = Math.max(8, Math.min(around.left, document.documentElement.clientWidth - own.width - 8));
	const below = around.bottom + 6;
	const top = below + own.height > innerHeight - 8 ? Math.max(8, around.top - own.height - 6) : below;
	popover.style.left = `${left}px`;
	popover.style.top = `${top}px`;
}
