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
