import { keccak_256 } from '../../../noble-hashes/sha3.js';

const Keccak256 = keccak_256;

export { Keccak256 };
