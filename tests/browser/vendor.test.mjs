// The vendored modules of the page are those of the pinned packages.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";

const VENDOR = join(process.env.DOIN_PAGE_FOLDER, "vendor");
const withoutMap = (text) => text.replace(/^\/\/# sourceMappingURL=.*\n?/m, "");
/** Vendored file, file of the package, and what is changed. */
const FILES = [
	["preact.js", "preact/dist/preact.mjs", withoutMap],
	["hooks.js", "preact/hooks/dist/hooks.mjs", (text) => withoutMap(text).replace('from"preact"', 'from"./preact.js"')],
	["htm.js", "htm/dist/htm.mjs", (text) => text],
	["uplot.js", "uplot/dist/uPlot.iife.min.js", (text) => text],
	["uplot.css", "uplot/dist/uPlot.min.css", (text) => text],
	["LICENSE-preact.txt", "preact/LICENSE", (text) => text],
	["LICENSE-htm.txt", "htm/LICENSE", (text) => text],
	["LICENSE-uplot.txt", "uplot/LICENSE", (text) => text],
];

for (const [file, source, change] of FILES) {
	test(`${file} is ${source}`, async () => {
		const [own, original] = await Promise.all(
			[join(VENDOR, file), join("node_modules", source)].map((path) => readFile(path, "utf8")),
		);
		assert.equal(own, change(original));
		if (file.startsWith("LICENSE")) return;
		const readme = await readFile(join(VENDOR, "README.md"), "utf8");
		const sum = createHash("sha256").update(original).digest("hex");
		const row = readme.split("\n").find((line) => line.startsWith(`| \`${file}\``));
		assert.ok(row?.includes(sum), `README.md names ${sum} for ${file}`);
		const { version } = JSON.parse(await readFile(join("node_modules", source.split("/")[0], "package.json"), "utf8"));
		assert.ok(row.includes(version), `README.md names version ${version} for ${file}`);
	});
}
