import { Struct, Vector, str, Tuple, u8 } from '../../../../scale-ts/scale-ts.js';
import { lookup } from './lookup.js';
import { v16Pallet } from './pallets.js';
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
import { runtimeApi } from './runtime-api.js';

const extrinsic = Struct({
  version: Vector(u8),
  address: compactNumber,
  call: compactNumber,
  signature: compactNumber,
  signedExtensionsByVersion: Vector(Tuple(u8, Vector(compactNumber))),
  signedExtensions: Vector(
    Struct({
      identifier: str,
      type: compactNumber,
      additionalSigned: compactNumber
    })
  )
});
const v16 = Struct({
  lookup,
  pallets: Vector(Struct(v16Pallet)),
  extrinsic,
  apis: Vector(runtimeApi),
  outerEnums: Struct({
    call: compactNumber,
    event: compactNumber,
    error: compactNumber
  }),
  custom: Vector(Tuple(str, Struct({ type: compactNumber, value: Hex() })))
});

export { v16 };
