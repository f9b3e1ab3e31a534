// Writes the metadata of a compiled runtime to metadata/doin.scale, or to another file: `node scripts/metadata.mjs RUNTIME.wasm [FILE]`.
//
// The metadata is that without any state: a few constants of a chain, e.g. the length of an epoch, are values of its genesis.

import { readFileSync, writeFileSync } from 'node:fs';
import { getMetadataFromRuntime } from '@polkadot-api/wasm-executor/node';

const [blob, file = new URL('../metadata/doin.scale', import.meta.url)] = process.argv.slice(2);
const opaque = getMetadataFromRuntime(`0x${readFileSync(blob).toString('hex')}`);
// Bytes with their number as a compact of four bytes.
writeFileSync(file, Buffer.from(opaque.slice(10), 'hex'));
