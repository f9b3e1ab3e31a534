import { mergeUint8 } from '../../utils/index.js';
import { blake3 } from '../../../noble-hashes/blake3.js';

const len32 = { dkLen: 32 };
const Blake3256 = (encoded) => blake3(encoded, len32);
const Blake3256Concat = (encoded) => mergeUint8([Blake3256(encoded), encoded]);

export { Blake3256, Blake3256Concat };
