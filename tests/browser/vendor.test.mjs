// The vendored modules of the page are those of the pinned packages.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import { FOLDERS, sourceOf, vendored, withoutMap } from "./vendor.mjs";

const VENDOR = join(process.env.DOIN_PAGE_FOLDER, "vendor");
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
	["LICENSE-polkadot-api.txt", "@polkadot-api/substrate-bindings/LICENSE", (text) => text],
	["LICENSE-noble-hashes.txt", "@noble/hashes/LICENSE", (text) => text],
	["LICENSE-scure-base.txt", "@scure/base/LICENSE", (text) => text],
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

/** Returns the name of the package of a file among the installed packages. */
const packageOf = (path) => /^(@[^/]+\/)?[^/]+/.exec(path)[0];

test("the codecs of the explorer are the modules that it loads, and no others", async () => {
	const expected = await vendored();
	const folders = await Promise.all(
		Object.keys(FOLDERS).map((folder) => readdir(join(VENDOR, folder), { recursive: true, withFileTypes: true })),
	);
	const files = folders.flat().filter((entry) => entry.isFile());
	const own = files.map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(VENDOR.length + 1));
	assert.deepEqual(own.sort(), [...expected.keys()].sort());
	for (const [file, text] of expected) {
		assert.equal(await readFile(join(VENDOR, file), "utf8"), text, `${file} is ${sourceOf(file)} with the imports of the page`);
	}
});

for (const [folder, source] of Object.entries(FOLDERS)) {
	test(`${folder} names its package, version and licence`, async () => {
		const name = packageOf(source);
		const { version, license } = JSON.parse(await readFile(join("node_modules", name, "package.json"), "utf8"));
		assert.equal(license, "MIT");
		const rows = (await readFile(join(VENDOR, "README.md"), "utf8")).split("\n");
		const row = rows.find((line) => line.startsWith(`| \`${folder}\``));
		assert.ok(row?.includes(`${name} ${version} (MIT)`), `README.md names ${name} ${version} (MIT) for ${folder}`);
	});
}
