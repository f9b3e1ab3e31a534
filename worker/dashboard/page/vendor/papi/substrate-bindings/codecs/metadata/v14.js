import { Struct, u8, Vector, str, createCodec } from '../../../../scale-ts/scale-ts.js';
import { lookup } from './lookup.js';
import '../../utils/ss58-util.js';
import '../scale/Binary.js';
import '../scale/bitSequence.js';
import '../scale/char.js';
import { compactNumber } from '../scale/compact.js';
import '../scale/Hex.js';
import '../scale/fixed-str.js';
import '../scale/Variant.js';
import '../scale/ethAccount.js';
import '../scale/shaped.js';
import '../scale/BitSeq.js';
import { v14Pallet } from './pallets.js';

const empty = new Uint8Array();
const Always = (value) => createCodec(
  () => empty,
  () => value
);
const extrinsic = Struct({
  type: compactNumber,
  version: u8,
  signedExtensions: Vector(
    Struct({
      identifier: str,
      type: compactNumber,
      additionalSigned: compactNumber
    })
  )
});
const v14 = Struct({
  lookup,
  pallets: Vector(Struct({ ...v14Pallet, docs: Always([]) })),
  extrinsic,
  type: compactNumber,
  apis: Always([])
});

export { v14 };
