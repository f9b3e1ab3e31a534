// Texts of numbers, amounts and names, and the points of charts, without a browser.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";

const module = async (path) => {
	const source = await readFile(join(process.env.DOIN_PAGE_FOLDER, path), "utf8");
	return import(`data:text/javascript,${encodeURIComponent(source)}`);
};
const format = await module("lib/format.js");
const { decimated } = await module("lib/points.js");
const { chosen, columns, placed } = await module("lib/lines.js");

test("an amount is never shown as more than it is", () => {
	const cases = {
		0: "0 DOIN",
		1: "1 planck",
		999999: "999,999 plancks",
		1000000: "0.000001 DOIN",
		1234567890: "0.001234 DOIN",
		999999999999: "0.9999 DOIN",
		500000000000: "0.5 DOIN",
		1000000000000: "1.0000 DOIN",
		1999999999999: "1.9999 DOIN",
		999999999999999: "999.9999 DOIN",
		1000000000000000: "1,000.00 DOIN",
		"9999999999999999": "9,999.99 DOIN",
		"340282366920938463463374607431768211455": "340,282,366,920,938,463,463,374,607.43 DOIN",
	};
	for (const [plancks, text] of Object.entries(cases)) assert.equal(format.amountText(plancks), text);
	assert.equal(format.amountText(null), "–");
});

test("a loss is a percentage of the initial champion's and bits below it", () => {
	assert.equal(format.lossPercent(1048576), "100.00");
	assert.equal(format.lossBits(1048576), "0");
	assert.equal(format.lossPercent(524288), "50.00");
	assert.equal(format.lossBits(524288), "1.000");
	assert.equal(format.lossBits(2097152), "−1.000");
	assert.equal(format.lossPercent(null), "–");
	assert.equal(format.bits("4294967296"), "1.000");
	assert.equal(format.bits("4294967"), "0.001");
	assert.equal(format.percent(500000), "50");
	assert.equal(format.percent(43123), "4.31");
	assert.equal(format.percent(999999), "99.99");
	assert.equal(format.percent(1000000), "100");
	assert.equal(format.percent(1), "0.0001");
});

test("an error sum is a mean error in the unit of the data, or a share of wrong classes", () => {
	const series = { unit: "0.01 ppm", has_classes: false };
	assert.deepEqual(format.meanError("1600", 10, series), { text: "0.1", unit: "ppm" });
	assert.deepEqual(format.meanError(String(16 * 31_416), 1_000, series), { text: "0.3142", unit: "ppm" });
	assert.deepEqual(format.meanError("80", 10, { unit: "1", has_classes: true }), { text: "50.00", unit: "% wrong" });
	assert.deepEqual(format.meanError("16", 2, { unit: "1", has_classes: false }), { text: "0.5", unit: "" });
	for (const [sum, predictions] of [
		[null, 10],
		["5", null],
		["5", 0],
	])
		assert.equal(format.meanError(sum, predictions, series), null);
});

test("large integers keep all digits", () => {
	assert.equal(format.count("18446744073709551615"), "18,446,744,073,709,551,615");
	assert.equal(format.count(0), "0");
	assert.equal(format.count(undefined), "–");
});

test("durations have their two largest units", () => {
	const cases = [
		[0, "0 s"],
		[6_004, "6 s"],
		[90_000, "1 min 30 s"],
		[3_600_000, "1 h"],
		[90_061_000, "1 d 1 h"],
	];
	for (const [ms, text] of cases) assert.equal(format.duration(ms), text);
});

test("enums of the chain become words", () => {
	assert.equal(format.model({ Stored: 5 }), "model 5");
	assert.equal(format.model({ stored: 5 }), "model 5");
	assert.equal(format.model("RepeatLast"), "repeat last");
	assert.equal(format.model("Linear"), "owner's linear model");
	assert.equal(format.words("belowHighWater"), "below high water");
	assert.deepEqual(format.variant({ rejected: "falseClaim" }), { name: "rejected", content: "falseClaim" });
	assert.deepEqual(format.variant("committed"), { name: "committed", content: null });
	assert.equal(format.short("5DAAnrj7VHTznn2AWBemMuyBwZWs6FNFjdyVXUeYum3PTXFy"), "5DAAnr…TXFy");
});

test("a long chart keeps the peaks of every series, and its gaps are no values", () => {
	const length = 50_000;
	const x = Array.from({ length }, (_, at) => at);
	const first = x.map((at) => (at % 7 === 0 ? null : 100 + (at % 10)));
	const second = x.map(() => 1);
	first[31_234] = 5;
	second[17_321] = 900;
	const [places, low, high] = decimated([x, first, second]);
	assert.ok(places.length <= 2_100, `${places.length} points`);
	assert.deepEqual([places[0], places.at(-1)], [0, length - 1]);
	assert.equal(Math.min(...low.filter((value) => value !== null)), 5);
	assert.equal(Math.max(...high), 900);
	assert.equal(high[places.indexOf(17_321)], 900);
	assert.deepEqual(decimated([[1, 2], [3, 4]]), [[1, 2], [3, 4]], "a short one stays as it is");
});

test("a skill has a sign and four decimals, a unit a factor, and an error its root", () => {
	assert.equal(format.skill("4294967296"), "1.0000");
	assert.equal(format.skill("-1073741824"), "−0.2500");
	assert.equal(format.skill("-1"), "0.0000");
	assert.equal(format.skill(null), "–");
	assert.deepEqual(format.scale("0.01 ppm"), { factor: 0.01, name: "ppm", digits: 2 });
	assert.deepEqual(format.scale("USD"), { factor: 1, name: "USD", digits: 0 });
	assert.deepEqual(format.scale("0 USD"), { factor: 1, name: "0 USD", digits: 0 });
	assert.deepEqual(format.scale("10"), { factor: 10, name: "1", digits: 0 });
	assert.equal(format.root("655360000", 0.01), "1");
	assert.equal(format.root(null, 1), "–");
});

/** Returns a past round whose horizon ends before bar `end`, with forecasts of two bars. */
const past = (round, end, accounts, zero = 100) => ({
	round,
	zero,
	horizon_end: end,
	forecasts: accounts.map((account, place) => ({ peer_id: account, changes: [place, -place] })),
});

test("forecasts are drawn at the bars that they are about, and gaps are no values", () => {
	const rounds = [past(9, 108, ["a", "b"]), past(8, 106, ["c"]), past(7, null, ["d"]), past(6, 104, ["e"], null)];
	assert.deepEqual(placed(rounds).map(({ round }) => round), [9, 8], "without a zero or an end a forecast has no place");
	const best = chosen(rounds, null, null);
	assert.deepEqual(best.map(([{ round }, { peer_id: account }]) => [round, account]), [[9, "a"], [8, "c"]]);
	const closes = { first_close: 100, closes: [1, 2, null, 4, 5, 6, 7, 8] };
	const [bars, real, first, second] = columns(closes, best, 2, 0.5);
	assert.deepEqual([bars[0], bars.at(-1), bars.length], [100, 107, 8]);
	assert.deepEqual(real, [0.5, 1, null, 2, 2.5, 3, 3.5, 4]);
	assert.deepEqual(first, [null, null, null, null, null, null, 50, 50]);
	assert.deepEqual(second, [null, null, null, null, 50, 50, null, null]);
	assert.deepEqual(columns({ first_close: 7, closes: [] }, [], 24, 1), [[], []]);
});

test("of one round the best forecasts are drawn, and that of this worker", () => {
	const rounds = [past(9, 108, ["a", "b", "c", "d", "e", "own"]), past(8, 106, ["f"])];
	const accounts = (number, own) => chosen(rounds, number, own).map(([, { peer_id: account }]) => account);
	assert.deepEqual(accounts(9, "own"), ["a", "b", "c", "own"]);
	assert.deepEqual(accounts(9, "b"), ["a", "b", "c", "d"]);
	assert.deepEqual(accounts(3, "own"), ["a", "f"], "a round that is gone");
});

test("a long series is drawn from the end, or from the earliest forecast", () => {
	const closes = { first_close: 0, closes: Array.from({ length: 1_000 }, (_, bar) => bar) };
	const start = (rounds) => columns(closes, chosen(rounds, null, null), 24, 1)[0][0];
	assert.equal(start([]), 904);
	assert.equal(start([past(9, 502, ["a"])]), 476);
	assert.equal(start([past(9, -40, ["a"])]), 0);
	assert.equal(columns(closes, chosen([past(9, 1_010, ["a"])], null, null), 24, 1)[0].at(-1), 1_009, "bars that are not read yet");
});
