// Parts that panels of the explorer share: decoded values, links, figures of storage items, and forms.
import { html, useEffect, useId, useState } from "../lib/html.js";
import { Amount, Figure } from "../lib/ui.js";
import { count, short } from "../lib/format.js";
import { accountOf, entryText, isVariant, keyText, toHex } from "./codec.js";

/** Most elements of a list, characters of a text, and levels of a value that are drawn. */
const ELEMENTS = 50;
const CHARACTERS = 600;
const LEVELS = 12;
/** Hexadecimal digits that are drawn without a click. */
const DIGITS = 130;

/** Returns a link to an account. */
export function AccountLink({ id }) {
	if (!id) return html`<span class="none">–</span>`;
	return html`<a class="account" title=${id} href=${`#accounts/${id}`}>${short(id)}</a>`;
}

/** Returns a link to a block, given by its hash, as its first and last digits. */
export function HashLink({ hash }) {
	return html`<a class="code" title=${hash} href=${`#network/block/${hash}`}>${short(hash, 10, 6)}</a>`;
}

/** Returns the origin of a figure: a field of a storage item. */
export function stored(name, item, keys, field) {
	const inner = keys.map(keyText).join(", ");
	return { name, item: keys.length === 0 ? item : `${item}(${inner})`, field };
}

/** Returns a field of a storage item as a figure. `value` is the decoded item; the parts of `field` are separated by dots. */
export function Stored({ name, item, keys = [], value, field, at, isAmount }) {
	const exact = field ? field.split(".").reduce((inner, part) => inner?.[part], value) : value;
	if (exact === null || exact === undefined) return html`<span class="none">–</span>`;
	const from = stored(name, item, keys, field);
	if (isAmount) return html`<${Amount} plancks=${exact} at=${at} from=${from} />`;
	return html`<${Figure} exact=${exact} at=${at} from=${from} />`;
}

/** Returns a link to a storage item in the storage browser. */
export function ItemLink({ item, keys = [], block }) {
	const [pallet, name] = item.split(".");
	const path = [pallet, name, block ?? "best", ...keys.map(entryText)].map(encodeURIComponent).join("/");
	return html`<a class="code" href=${`#storage/${path}`}>${item}</a>`;
}

/** Returns a decoded value of the chain. Long texts and lists are cut; a button draws more of them. */
export function Value({ value, level = 0 }) {
	if (value === null || value === undefined) return html`<span class="none">–</span>`;
	if (typeof value === "bigint" || typeof value === "number") return html`<span class="number">${count(value)}</span>`;
	if (typeof value === "boolean") return value ? "true" : "false";
	if (typeof value === "string") return html`<${Text} text=${value} />`;
	if (value instanceof Uint8Array) return html`<${Octets} bytes=${value} />`;
	if (level >= LEVELS) return html`<span class="none">…</span>`;
	if (Array.isArray(value)) return html`<${List} list=${value} level=${level} />`;
	if (isVariant(value)) {
		const hasContent = value.value !== undefined && value.value !== null;
		return html`<span class="variant">${value.type}</span>${hasContent ? html` <${Value} value=${value.value} level=${level + 1} />` : null}`;
	}
	return html`<${Fields} fields=${value} level=${level} />`;
}

/** Returns the fields of a call, an event or a struct with their names. */
export function Fields({ fields, level = 0 }) {
	if (fields === null || fields === undefined) return null;
	if (typeof fields !== "object" || fields instanceof Uint8Array || Array.isArray(fields) || isVariant(fields)) {
		return html`<${Value} value=${fields} level=${level} />`;
	}
	const list = Object.entries(fields);
	if (list.length === 0) return null;
	return html`<dl class="fields">${list.map(
		([name, inner]) => html`<div><dt>${name}</dt><dd><${Value} value=${inner} level=${level + 1} /></dd></div>`,
	)}</dl>`;
}

function List({ list, level }) {
	const [most, set] = useState(ELEMENTS);
	if (list.length === 0) return html`<span class="none">empty</span>`;
	const isFlat = list.every((one) => typeof one === "number" || typeof one === "bigint");
	const rest = list.length - most;
	const more =
		rest > 0 ? html`<button type="button" class="plain" onClick=${() => set(most * 4)}>${count(rest)} more</button>` : null;
	if (isFlat) return html`<span class="code wrap">${list.slice(0, most).map(String).join(", ")}</span> ${more}`;
	return html`<ol class="elements" start="0">${list
		.slice(0, most)
		.map((one) => html`<li><${Value} value=${one} level=${level + 1} /></li>`)}</ol>${more}`;
}

function Text({ text }) {
	if (accountOf(text) && !text.startsWith("0x")) return html`<${AccountLink} id=${text} />`;
	if (/^0x[0-9a-f]*$/.test(text)) return html`<${Hex} text=${text} />`;
	return text.length <= CHARACTERS ? text : `${text.slice(0, CHARACTERS)}… (${count(text.length)} characters)`;
}

/** Returns bytes: as text in quotes where they are one, and as hexadecimal digits. */
function Octets({ bytes }) {
	const isText = bytes.length > 0 && bytes.length <= CHARACTERS && bytes.every((byte) => byte >= 32 && byte < 127);
	if (isText) return html`<span title=${toHex(bytes)}>“${String.fromCharCode(...bytes)}”</span>`;
	return html`<${Hex} text=${toHex(bytes.subarray(0, 65536))} length=${bytes.length} />`;
}

/** Returns hexadecimal digits, of which many are drawn after a click. */
export function Hex({ text, length = (text.length - 2) / 2 }) {
	const [isOpen, open] = useState(false);
	if (text.length <= DIGITS) return html`<span class="code wrap">${text}</span>`;
	return html`<span class="code wrap">${isOpen ? text : `${text.slice(0, 66)}…`}</span>
		<button type="button" class="plain" aria-expanded=${isOpen ? "true" : "false"}
			onClick=${() => open(!isOpen)}>${isOpen ? "Show less" : `${count(length)} bytes`}</button>`;
}

/** Returns a form of one text that is sent by Enter or its button. `onSend(text)` receives it. */
export function Ask({ label, hint, value = "", button, onSend, isArea }) {
	const id = useId();
	const [text, set] = useState(value);
	useEffect(() => set(value), [value]);
	const send = (event) => {
		event.preventDefault();
		onSend(text.trim());
	};
	const change = (event) => set(event.currentTarget.value);
	const common = {
		id,
		value: text,
		onInput: change,
		spellcheck: false,
		autocomplete: "off",
		"aria-describedby": hint ? `${id}-hint` : null,
	};
	return html`<form class="ask" onSubmit=${send}>
		<label for=${id}>${label}</label>
		${isArea ? html`<textarea rows="5" class="code" ...${common}></textarea>` : html`<input type="text" ...${common} />`}
		<button type="submit" class="action">${button}</button>
		${hint ? html`<p class="note" id=${`${id}-hint`}>${hint}</p>` : null}
	</form>`;
}

/** Returns the number of a block from an address of the page, or `null` for the best block. */
export const pinned = (part) => (!part || part === "best" ? null : part);

/** Goes to an address of the page. */
export function go(...parts) {
	location.hash = parts.map(encodeURIComponent).join("/");
}
