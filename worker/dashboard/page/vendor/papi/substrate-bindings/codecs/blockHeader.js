import { enhanceCodec, Bytes, _void } from '../../../scale-ts/scale-ts.js';
import '../utils/ss58-util.js';
import './scale/Binary.js';
import './scale/bitSequence.js';
import './scale/char.js';
import { compactNumber } from './scale/compact.js';
import { Hex } from './scale/Hex.js';
import './scale/fixed-str.js';
import { Variant } from './scale/Variant.js';
import './scale/ethAccount.js';
import { Struct, Vector } from './scale/shaped.js';
import './scale/BitSeq.js';

const textEncoder = new TextEncoder();
const textDecoder = new TextDecoder();
const fourChars = enhanceCodec(
  Bytes(4),
  textEncoder.encode.bind(textEncoder),
  textDecoder.decode.bind(textDecoder)
);
const diggestVal = Struct({
  engine: fourChars,
  payload: Hex()
});
const diggest = Variant(
  {
    other: Bytes(),
    consensus: diggestVal,
    seal: diggestVal,
    preRuntime: diggestVal,
    runtimeUpdated: _void
  },
  [0, 4, 5, 6, 8]
);
const hex32 = Hex(32);
const blockHeader = Struct({
  parentHash: hex32,
  number: compactNumber,
  stateRoot: hex32,
  extrinsicRoot: hex32,
  digests: Vector(diggest)
});

export { blockHeader };
