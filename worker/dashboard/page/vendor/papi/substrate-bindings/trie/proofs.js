import { toHex } from '../../utils/index.js';
import { createDecoder } from '../../../scale-ts/scale-ts.js';
import '../utils/ss58-util.js';
import '../codecs/scale/Binary.js';
import '../codecs/scale/bitSequence.js';
import '../codecs/scale/char.js';
import '../codecs/scale/compact.js';
import '../codecs/scale/Hex.js';
import '../codecs/scale/fixed-str.js';
import '../codecs/scale/Variant.js';
import '../codecs/scale/ethAccount.js';
import '../codecs/scale/shaped.js';
import '../codecs/scale/BitSeq.js';
import '../codecs/blockHeader.js';
import '../codecs/metadata/metadata.js';
import '../codecs/metadata/v14.js';
import '../codecs/metadata/v15.js';
import '../codecs/metadata/v16.js';
import '../codecs/metadata/lookup.js';
import { trieNodeDec } from './node-decoder.js';
import { Blake2256 } from '../hashes/blake2.js';
import '../../../noble-hashes/blake3.js';
import '../../../noble-hashes/sha3.js';

const TrieNodeWithHash = (hasher) => createDecoder((input) => {
  const hash = toHex(hasher(new Uint8Array(input.buffer)));
  try {
    return {
      hash,
      ...trieNodeDec(input)
    };
  } catch {
    return { type: "Raw", hash, value: "" };
  }
});
const validateProofs = (proofs, hasher = Blake2256) => {
  const proofsList = proofs.map(TrieNodeWithHash(hasher));
  const proofsRecord = Object.fromEntries(proofsList.map((p) => [p.hash, p]));
  const hashes = proofsList.map((p) => p.hash);
  const roots = new Set(hashes);
  const setRawValue = (input) => {
    if (input.value) return;
    const val = proofs[hashes.indexOf(input.hash)];
    input.value = typeof val === "string" ? val : toHex(val);
  };
  proofsList.forEach((p) => {
    if ("children" in p) {
      Object.values(p.children).forEach((hash) => {
        const child = proofsRecord[hash];
        if (child) {
          child.parent = p.hash;
          roots.delete(hash);
        }
      });
    }
    if (p.type === "BranchWithHash" || p.type === "LeafWithHash") {
      const childHash = p.value;
      const child = proofsRecord[childHash];
      if (!child) return;
      roots.delete(childHash);
      if (child.type !== "Raw") {
        Object.keys(child).forEach((k) => delete child[k]);
        child.type = "Raw";
        child.hash = childHash;
      }
      child.parent = p.hash;
      setRawValue(child);
    }
    if (p.type === "Raw") setRawValue(p);
  });
  return roots.size === 1 ? { rootHash: roots.values().next().value, proofs: proofsRecord } : null;
};

export { TrieNodeWithHash, validateProofs };
