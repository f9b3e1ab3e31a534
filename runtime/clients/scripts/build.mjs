// Generates the types of both libraries from metadata/doin.scale into dist/: `npm run build`.
//
// polkadot-js: @polkadot/typegen writes TypeScript into build/polkadot-js, and its declarations are emitted into dist/polkadot-js.
// papi: `papi generate` writes the package .papi/descriptors, and its modules are copied into dist/papi.

import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import {
	generateDefaultConsts, generateDefaultErrors, generateDefaultEvents, generateDefaultLookup, generateDefaultQuery,
	generateDefaultRuntime, generateDefaultTx,
} from '@polkadot/typegen/generate';

const root = fileURLToPath(new URL('..', import.meta.url));
const metadata = path.join(root, 'metadata/doin.scale');
const sources = path.join(root, 'build/polkadot-js');
const output = path.join(root, 'dist');

/** Runs the program of a package in the folder of this one, and shows its output if it fails. */
function run(program, ...args) {
	try {
		execFileSync(path.join(root, 'node_modules/.bin', program), args, { cwd: root, stdio: 'pipe', encoding: 'utf8' });
	} catch (error) {
		process.stderr.write(`${error.stdout}${error.stderr}`);
		throw new Error(`${program} ${args.join(' ')} failed: its output is above`);
	}
}

/**
 * Changes a file that typegen wrote. It writes names that it does not import, and fields that a Map has as well: a record is read with
 * `record.get('values')` then.
 */
function change(name, from, to) {
	const file = path.join(sources, `${name}.ts`);
	writeFileSync(file, readFileSync(file, 'utf8').replace(from, to));
}

/** Writes the types of @polkadot/api as TypeScript, and emits their declarations. Strict: unknown names are errors. */
async function polkadotJs() {
	rmSync(sources, { recursive: true, force: true });
	mkdirSync(sources, { recursive: true });
	const hex = `0x${readFileSync(metadata).toString('hex')}`;
	const file = (name) => path.join(sources, `${name}.ts`);

	generateDefaultLookup(sources, hex);
	// The other generators need the types that were just written; a module without types can be imported by Node.js.
	const types = path.join(sources, 'lookup.mjs');
	writeFileSync(types, readFileSync(file('lookup'), 'utf8'));
	const lookup = { rpc: {}, types: (await import(pathToFileURL(types))).default };
	rmSync(types);

	generateDefaultConsts(file('augment-api-consts'), hex, {}, true, lookup);
	generateDefaultErrors(file('augment-api-errors'), hex, {}, true);
	generateDefaultEvents(file('augment-api-events'), hex, {}, true, lookup);
	generateDefaultQuery(file('augment-api-query'), hex, {}, true, lookup);
	generateDefaultRuntime(file('augment-api-runtime'), hex, {}, true, lookup);
	generateDefaultTx(file('augment-api-tx'), hex, {}, true, lookup);
	change('augment-api-runtime', /\bDoinRuntimeRuntimeCall\b/g, 'Call');
	change('augment-api-runtime', /^import type \{ (.*) \} from '@polkadot\/types\/interfaces\/runtime';$/m, (line, names) => (
		names.split(', ').includes('Call') ? line : line.replace(names, `Call, ${names}`)
	));
	change('types-lookup', /^ +readonly (?:clear|delete|entries|forEach|get|has|keys|set|size|values): .*\n/gm, '');
	const parts = ['consts', 'errors', 'events', 'query', 'runtime', 'tx'].map((part) => `./augment-api-${part}.js`);
	writeFileSync(file('index'), [...parts, './types-lookup.js', './registry.js'].map((part) => `import '${part}';\n`).join(''));

	run('tsc', '--project', 'scripts/tsconfig.emit.json');
	// Types need no code.
	writeFileSync(path.join(output, 'polkadot-js/index.js'), 'export {};\n');
}

/** Writes the descriptors of papi. */
function papi() {
	run('papi', 'generate');
	const folder = path.join(output, 'papi');
	cpSync(path.join(root, '.papi/descriptors/dist'), folder, { recursive: true });
	// TypeScript needs names of files with their extension, unless a bundler resolves them.
	for (const name of readdirSync(folder).filter((name) => name.endsWith('.d.ts'))) {
		const file = path.join(folder, name);
		writeFileSync(file, readFileSync(file, 'utf8').replace(/(\bfrom\s*)(["'])(\.\/[\w-]+)\2/g, '$1$2$3.js$2'));
	}
}

rmSync(output, { recursive: true, force: true });
await polkadotJs();
papi();
console.log('wrote dist/polkadot-js and dist/papi');
