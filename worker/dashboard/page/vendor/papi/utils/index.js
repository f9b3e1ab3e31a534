export { fromHex, toHex } from './hex.js';
export { mapObject, mapStringRecord } from './mapObject.js';
export { filterObject } from './filterObject.js';
export { mergeUint8 } from './mergeUint8.js';
export { noop } from './noop.js';
export { AbortError } from './AbortError.js';
