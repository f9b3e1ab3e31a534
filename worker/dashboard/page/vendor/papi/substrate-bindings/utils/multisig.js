import { mergeUint8 } from '../../utils/index.js';
import { compact, u16 } from '../../../scale-ts/scale-ts.js';
import './ss58-util.js';
import { Binary } from '../codecs/scale/Binary.js';
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
import { Blake2256 } from '../hashes/blake2.js';
import '../../../noble-hashes/blake3.js';
import '../../../noble-hashes/sha3.js';

const PREFIX = Binary.fromText("modlpy/utilisuba");
const getMultisigAccountId = ({
  threshold,
  signatories
}) => {
  const sortedSignatories = sortMultisigSignatories(signatories);
  const payload = mergeUint8([
    PREFIX,
    compact.enc(sortedSignatories.length),
    ...sortedSignatories,
    u16.enc(threshold)
  ]);
  return Blake2256(payload);
};
const sortMultisigSignatories = (signatories) => signatories.slice().sort((a, b) => {
  for (let i = 0; ; i++) {
    const overA = i >= a.length;
    const overB = i >= b.length;
    if (overA && overB) return 0;
    else if (overA) return -1;
    else if (overB) return 1;
    else if (a[i] !== b[i]) return a[i] > b[i] ? 1 : -1;
  }
});

export { getMultisigAccountId, sortMultisigSignatories };
