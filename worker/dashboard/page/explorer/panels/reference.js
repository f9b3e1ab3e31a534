import { html, useEffect, useState } from "../../lib/html.js";
import { BlockLink, Card, Facts, Loaded, Table } from "../../lib/ui.js";
import { count } from "../../lib/format.js";
import { isVariant } from "../codec.js";
import { runtimeAt } from "../node.js";
import { useChain } from "../use.js";
import { Hex, Value } from "../parts.js";

/** Rows that are drawn. */
const SHOWN = 40;

/** Draws constants and errors of the runtime, with a filter, which the address can have. */
export function Reference({ rest: [first = ""] }) {
	const answer = useChain("reference", async (at) => {
		const runtime = await runtimeAt(at);
		return { at, runtime, constants: runtime.constants(), errors: runtime.errors() };
	});
	const [text, set] = useState(first);
	useEffect(() => set(first), [first]);
	return html`
		<div class="panel-head"><h2>Constants and errors</h2>
			<p>As the metadata of the runtime states them. An error of a transaction, e.g. <span class="code">{ index: 25, error: 0x03000000 }</span>,
			is found by the two numbers: 25 3.</p>
			<label class="pick">Filter <input type="text" value=${text} spellcheck=${false} autocomplete="off"
				onInput=${({ currentTarget: { value } }) => set(value)} /></label></div>
		<${Loaded} answer=${answer}>${({ at, runtime, constants, errors }) => html`<div class="grid">
			<${Card} wide title="Runtime" note=${html`block <${BlockLink} number=${at.number} />`}><${Facts} rows=${[
				["Version", runtime.version],
				["Metadata", `version ${runtime.metadata.version}`],
				["Pallets", count(runtime.pallets.size)],
				["Extrinsics", `version ${runtime.metadata.extrinsic.version.join(", ")}`],
			]} /><//>
			<${Constants} rows=${constants.filter((one) => matches(one, text))} />
			<${Errors} rows=${errors.filter((one) => matchesError(one, text))} />
		</div>`}<//>`;
}

const matches = ({ pallet, name }, text) => `${pallet}.${name}`.toLowerCase().includes(text.trim().toLowerCase());

/** Returns `true` if the text is a part of the name of the error, or its two numbers: index of the pallet, and code or its four bytes. */
function matchesError(error, text) {
	const numbers = /^(\d+)\D+?(0x[0-9a-f]{2,8}|\d+)$/i.exec(text.trim());
	if (!numbers) return matches(error, text);
	const code = numbers[2].startsWith("0x") ? parseInt(numbers[2].slice(2, 4), 16) : Number(numbers[2]);
	return error.index === Number(numbers[1]) && error.code === code;
}

const more = (rows) => (rows.length > SHOWN ? `the first ${SHOWN} of ${count(rows.length)}` : count(rows.length));

const firstParagraph = (docs) => docs.split(/\n\s*\n/)[0].replaceAll("\n", " ");

/** Returns the value of a constant; that of a record is drawn after a click. */
function Shown({ value }) {
	const isRecord = typeof value === "object" && value !== null && !(value instanceof Uint8Array) && !isVariant(value);
	if (!isRecord) return html`<${Value} value=${value} />`;
	return html`<details class="more"><summary>Show the record</summary><${Value} value=${value} /></details>`;
}

function Constants({ rows }) {
	return html`<${Card} wide title="Constants" note=${more(rows)}>
		<${Table} caption="Constants of the runtime" hideCaption rows=${rows.slice(0, SHOWN)} rowKey=${(row) => `${row.pallet}.${row.name}`}
			empty="No constant has this name." columns=${[
				["Constant", (row) => html`<span class="code">${row.pallet}.${row.name}</span>`],
				[
					"Value",
					(row) => html`<span data-constant=${`${row.pallet}.${row.name}`}><${Shown} value=${row.value} /></span>`,
					"text",
				],
				["Documentation", (row) => html`<span class="docs">${firstParagraph(row.docs)}</span>`, "text"],
				["Bytes", (row) => html`<${Hex} text=${row.raw} />`],
			]} /><//>`;
}

function Errors({ rows }) {
	return html`<${Card} wide title="Errors" note=${more(rows)}>
		<${Table} caption="Errors of the pallets" hideCaption rows=${rows.slice(0, SHOWN)} rowKey=${(row) => `${row.pallet}.${row.name}`}
			empty="No error has this name or these numbers." columns=${[
				["Error", (row) => html`<span class="code">${row.pallet}.${row.name}</span>`],
				["Index", (row) => row.index, "num"],
				["Code", (row) => row.code, "num"],
				["Meaning", (row) => html`<span class="docs">${firstParagraph(row.docs)}</span>`, "text"],
			]} /><//>`;
}
