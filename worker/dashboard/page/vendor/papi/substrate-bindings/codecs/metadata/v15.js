import { Struct, u8, Vector, str, Tuple } from '../../../../scale-ts/scale-ts.js';
import { lookup } from './lookup.js';
import { v15Pallet } from './pallets.js';
import '../../utils/ss58-util.js';
import '../scale/Binary.js';
import '../scale/bitSequence.js';
import '../scale/char.js';
import { compactNumber } from '../scale/compact.js';
import { Hex } from '../scale/Hex.js';
import '../scale/fixed-str.js';
import '../scale/Variant.js';
import '../scale/ethAccount.js';
import '../scale/shaped.js';
import '../scale/BitSeq.js';
import { runtimeApiV15 } from './runtime-api.js';

const extrinsic = Struct({
  version: u8,
  address: compactNumber,
  call: compactNumber,
  signature: compactNumber,
  extra: compactNumber,
  signedExtensions: Vector(
    Struct({
      identifier: str,
      type: compactNumber,
      additionalSigned: compactNumber
    })
  )
});
const v15 = Struct({
  lookup,
  pallets: Vector(Struct(v15Pallet)),
  extrinsic,
  type: compactNumber,
  apis: Vector(runtimeApiV15),
  outerEnums: Struct({
    call: compactNumber,
    event: compactNumber,
    error: compactNumber
  }),
  custom: Vector(Tuple(str, Struct({ type: compactNumber, value: Hex() })))
});

export { v15 };
