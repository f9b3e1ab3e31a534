import { mergeUint8 } from '../../utils/index.js';
import { blake2b } from '../../../noble-hashes/blake2.js';

const len32 = { dkLen: 32 };
const Blake2256 = (encoded) => blake2b(encoded, len32);
const len16 = { dkLen: 16 };
const Blake2128 = (encoded) => blake2b(encoded, len16);
const Blake2128Concat = (encoded) => mergeUint8([Blake2128(encoded), encoded]);

export { Blake2128, Blake2128Concat, Blake2256 };
