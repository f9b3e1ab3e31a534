import { u8, createDecoder, u16 } from '../../../scale-ts/scale-ts.js';
import '../utils/ss58-util.js';
import '../codecs/scale/Binary.js';
import '../codecs/scale/bitSequence.js';
import '../codecs/scale/char.js';
import '../codecs/scale/compact.js';
import { Hex } from '../codecs/scale/Hex.js';
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
import { TrieNodeHeaders } from './types.js';

const varHex = Hex().dec;
const allHex = Hex(Infinity).dec;
const hex32 = Hex(32).dec;
const byte = u8.dec;
const getHeader = (bytes) => {
  const firstByte = byte(bytes);
  let bitsLeft = 6;
  const typeId = firstByte >> bitsLeft;
  const type = typeId ? typeId === 1 ? TrieNodeHeaders.Leaf : typeId === 2 ? TrieNodeHeaders.Branch : TrieNodeHeaders.BranchWithVal : firstByte >> --bitsLeft ? TrieNodeHeaders.LeafWithHash : firstByte >> --bitsLeft ? TrieNodeHeaders.BranchWithHash : firstByte ? TrieNodeHeaders.Reserved : TrieNodeHeaders.Empty;
  let nNibles = firstByte & 255 >> 8 - bitsLeft;
  if (nNibles === 2 ** bitsLeft - 1) {
    let current;
    do
      nNibles += current = byte(bytes);
    while (current === 255);
  }
  return {
    type,
    partialKey: Hex(Math.ceil(nNibles / 2)).dec(bytes).slice(nNibles % 2 ? 3 : 2)
  };
};
const trieNodeDec = createDecoder((bytes) => {
  const header = getHeader(bytes);
  const { type } = header;
  if (type === "Empty" || type === "Reserved") return header;
  if (type === "Leaf" || type === "LeafWithHash")
    return {
      ...header,
      value: allHex(bytes)
    };
  const bitmap = u16.dec(bytes);
  const keys = [];
  for (let i = 0; i < 16; i++) if (bitmap >> i & 1) keys.push(i.toString(16));
  let value = null;
  if (type === "BranchWithVal") value = varHex(bytes);
  if (type === "BranchWithHash") value = hex32(bytes);
  const result = {
    ...header,
    children: Object.fromEntries(keys.map((key) => [key, varHex(bytes)]))
  };
  if (value !== null) result.value = value;
  return result;
});

export { trieNodeDec };
