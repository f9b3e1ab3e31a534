// Texts of numbers, amounts, times and names. Exact integers arrive as decimal strings and stay BigInt until they are shown.

const LOCALE = "en";
const WHOLE = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0 });
const DOIN = 10n ** 12n;
const ONE_Q32 = 4294967296;
/** Raw unit of an error, or a wrong class, in an error sum. */
const ERROR_ONE = 16;
/** Loss of the initial champion. */
export const INITIAL_LOSS = 1048576;

const decimals = (value, digits) =>
	new Intl.NumberFormat(LOCALE, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
const significant = (value, digits) => new Intl.NumberFormat(LOCALE, { maximumSignificantDigits: digits }).format(value);

/** Returns a whole number with separators, or a dash without one. */
export function count(value) {
	return value === null || value === undefined ? "–" : WHOLE.format(typeof value === "string" ? BigInt(value) : value);
}

/** Returns a number of things with their name. */
export function things(number, name, names = `${name}s`) {
	return `${count(number)} ${number === 1 ? name : names}`;
}

/** Returns the parts of an amount of plancks: the text of the number, and its unit. */
export function amount(plancks) {
	if (plancks === null || plancks === undefined) return { text: "–", unit: "" };
	const exact = BigInt(plancks);
	const whole = exact / DOIN;
	const rest = (digits) =>
		String(exact % DOIN)
			.padStart(12, "0")
			.slice(0, digits);
	if (whole >= 1000n) return { text: `${WHOLE.format(whole)}.${rest(2)}`, unit: "DOIN" };
	if (whole > 0n) return { text: `${whole}.${rest(4)}`, unit: "DOIN" };
	if (exact >= DOIN / 1000000n)
		return {
			text: `0.${rest(12)
				.replace(/^(0*\d{1,4}).*/, "$1")
				.replace(/0+$/, "")}`,
			unit: "DOIN",
		};
	return exact === 0n ? { text: "0", unit: "DOIN" } : { text: WHOLE.format(exact), unit: exact === 1n ? "planck" : "plancks" };
}

/** Returns an amount of plancks as one text. */
export function amountText(plancks) {
	const { text, unit } = amount(plancks);
	return unit ? `${text} ${unit}` : text;
}

/** Returns a Q32 number of bits, without its unit. */
export function bits(q32) {
	return q32 === null || q32 === undefined ? "–" : bitsOf(Number(BigInt(q32)) / ONE_Q32);
}

/** Returns a number of bits, without its unit. */
export function bitsOf(value) {
	const size = Math.abs(value);
	const text = size === 0 ? "0" : size >= 0.01 ? decimals(size, 3) : significant(size, 3);
	return value < 0 ? `−${text}` : text;
}

/** Returns a Q32 number between −1 and 1, e.g. a skill, with four decimals. */
export function skill(q32) {
	if (q32 === null || q32 === undefined) return "–";
	const text = decimals(Math.abs(Number(BigInt(q32))) / ONE_Q32, 4);
	return BigInt(q32) < 0n && text !== "0.0000" ? `−${text}` : text;
}

/** Splits a unit such as `0.01 ppm` into its factor and name, with the decimals that values in it have. */
export function scale(unit) {
	const match = /^([0-9]*\.?[0-9]+)\s*(.*)$/.exec(unit ?? "");
	const factor = match && Number(match[1]) > 0 ? Number(match[1]) : 1;
	const name = match && Number(match[1]) > 0 ? match[2] || "1" : unit || "raw value";
	return { factor, name, digits: Math.min(20, Math.max(0, Math.ceil(-Math.log10(factor)))) };
}

/**
 * Returns an error sum as the mean error of a prediction: `{text, unit}` in the unit of `domain`, or the percentage of wrong classes.
 * Returns `null` without a sum or without predictions.
 */
export function meanError(sum, predictions, domain) {
	if (sum === null || sum === undefined || !predictions) return null;
	const mean = Number(sum) / ERROR_ONE / predictions;
	if (domain.has_classes) return { text: decimals(100 * mean, 2), unit: "% wrong" };
	const { factor, name } = scale(domain.unit);
	return { text: significant(mean * factor, 4), unit: name === "1" ? "" : name };
}

/** Returns the root of an error in squared units, Q16, times `factor`: the size of an ordinary deviation. */
export function root(error, factor) {
	return error === null || error === undefined ? "–" : significant(Math.sqrt(Number(BigInt(error)) / 65536) * factor, 3);
}

/** Returns parts per million as a percentage, without its sign. */
export function percent(ppm) {
	if (ppm === null || ppm === undefined) return "–";
	// Cut and not rounded, so that only a whole is shown as 100 %.
	const shown = ppm >= 1000 ? Math.floor(ppm / 100) / 100 : ppm / 10000;
	return new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 4 }).format(shown);
}

/** Returns a loss as a percentage of the error of the initial champion, without its sign. */
export function lossPercent(loss) {
	return loss === null || loss === undefined ? "–" : decimals((100 * loss) / INITIAL_LOSS, 2);
}

/** Returns the bits by which a loss is below that of the initial champion. */
export function lossBits(loss) {
	return loss === null || loss === undefined || loss <= 0 ? "–" : bitsOf(Math.log2(INITIAL_LOSS / loss));
}

/** Returns a duration with its two largest units. */
export function duration(ms) {
	if (ms === null || ms === undefined) return "–";
	const seconds = Math.max(0, Math.round(ms / 1000));
	const parts = [
		[Math.floor(seconds / 86400), "d"],
		[Math.floor(seconds / 3600) % 24, "h"],
		[Math.floor(seconds / 60) % 60, "min"],
		[seconds % 60, "s"],
	];
	const first = parts.findIndex(([value]) => value > 0);
	if (first < 0) return "0 s";
	const shown = parts.slice(first, first + 2).filter(([value]) => value > 0);
	return shown.map(([value, unit]) => `${value} ${unit}`).join(" ");
}

/** Returns the local time of milliseconds since 1970, with the date unless it is today. */
export function time(ms) {
	if (ms === null || ms === undefined || Number.isNaN(ms)) return "–";
	const date = new Date(ms);
	const isToday = date.toDateString() === new Date().toDateString();
	return isToday ? date.toLocaleTimeString("en-GB") : date.toLocaleString("en-GB");
}

/** Returns date and time of milliseconds since 1970, in the form that a machine reads. */
export function instant(ms) {
	return ms === null || ms === undefined ? "" : new Date(ms).toISOString();
}

/** Returns the first and last characters of an account or a hash. */
export function short(text, head = 6, tail = 4) {
	if (!text) return "–";
	return text.length <= head + tail + 1 ? text : `${text.slice(0, head)}…${text.slice(-tail)}`;
}

/** Returns a name in camel or snake case as words. */
export function words(name) {
	if (name === null || name === undefined || name === "") return "–";
	return String(name)
		.replaceAll("_", " ")
		.replace(/([a-z0-9])([A-Z])/g, "$1 $2")
		.toLowerCase();
}

/** Returns words with a capital letter. */
export function title(name) {
	const text = words(name);
	return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Returns the parts of an enum of the chain: the name of its variant, and its content. */
export function variant(value) {
	if (value === null || value === undefined) return { name: "", content: null };
	if (typeof value !== "object") return { name: String(value), content: null };
	const [name = "", content = null] = Object.entries(value)[0] ?? [];
	return { name, content };
}

/** Returns the name of a model. */
export function model(reference) {
	const { name, content } = variant(reference);
	if (name === "") return "–";
	return /^stored$/i.test(name) ? `model ${content}` : (MODELS[name.charAt(0).toLowerCase() + name.slice(1)] ?? words(name));
}

const MODELS = {
	linear: "owner's linear model",
	repeatLast: "repeat last",
	mean: "mean of ridges",
	meanOfRidges: "mean of ridges",
};

/** Returns the name of a rung or of a baseline. */
export function rung(name) {
	return MODELS[name] ?? words(name);
}
