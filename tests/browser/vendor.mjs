// Modules of the explorer's codecs: published files with imports that a browser resolves without a build step.
//
// `node vendor.mjs`, after `npm ci --ignore-scripts`, copies them into the folder of the page; `vendor.test.mjs` compares them.
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { posix } from "node:path";
import { fileURLToPath } from "node:url";

/** Vendored folders, and the folders of their packages. */
export const FOLDERS = {
	"papi/metadata-builders": "@polkadot-api/metadata-builders/dist",
	"papi/substrate-bindings": "@polkadot-api/substrate-bindings/dist",
	"papi/utils": "@polkadot-api/utils/dist",
	"noble-hashes": "@noble/hashes",
	"scure-base": "@scure/base",
	"scale-ts": "scale-ts/dist",
};
/** Modules that the page imports. */
const FIRST = ["papi/metadata-builders/dynamic-builder.js", "papi/metadata-builders/lookups.js"];
/** Vendored files of the names of packages. */
const MAIN = {
	"@polkadot-api/substrate-bindings": "papi/substrate-bindings/index.js",
	"@polkadot-api/utils": "papi/utils/index.js",
	"@scure/base": "scure-base/index.js",
	"scale-ts": "scale-ts/scale-ts.js",
};
const IMPORT = /((?:from|import)\s*)(["'])([^"'\n]+)\2/g;

/** Returns the text without the line that names a source map. */
export const withoutMap = (text) => text.replace(/^\/\/# sourceMappingURL=.*\n?/m, "");

/** Returns the path of a vendored file in the installed packages. */
export function sourceOf(file) {
	const folder = Object.keys(FOLDERS).find((name) => file.startsWith(`${name}/`));
	return FOLDERS[folder] + file.slice(folder.length);
}

function target(name) {
	return name.startsWith("@noble/hashes/") ? name.replace("@noble/hashes", "noble-hashes") : MAIN[name];
}

/** Returns the vendored modules with their texts, by their paths. */
export async function vendored() {
	const [found, next] = [new Map(), [...FIRST]];
	while (next.length > 0) {
		const file = next.pop();
		if (found.has(file)) continue;
		const folder = posix.dirname(file);
		const text = withoutMap(await readFile(posix.join("node_modules", sourceOf(file)), "utf8")).replace(
			IMPORT,
			(all, word, quote, name) => {
				const other = name.startsWith(".") ? posix.join(folder, name) : target(name);
				// Comments quote imports of packages that the module itself does not load.
				if (other === undefined) return all;
				const path = posix.relative(folder, other);
				return `${word}${quote}${path.startsWith(".") ? path : `./${path}`}${quote}`;
			},
		);
		found.set(file, text);
		for (const [, , , name] of text.matchAll(IMPORT)) if (name.startsWith(".")) next.push(posix.join(folder, name));
	}
	return found;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	const page = fileURLToPath(new URL("../../worker/dashboard/page/vendor/", import.meta.url));
	for (const folder of Object.keys(FOLDERS)) await rm(posix.join(page, folder), { recursive: true, force: true });
	for (const [file, text] of await vendored()) {
		await mkdir(posix.join(page, posix.dirname(file)), { recursive: true });
		await writeFile(posix.join(page, file), text);
	}
}
