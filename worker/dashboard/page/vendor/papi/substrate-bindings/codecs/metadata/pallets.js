import { Enum, _void, Vector, Struct, Option, str, u8 } from '../../../../scale-ts/scale-ts.js';
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
import { docs } from './docs.js';
import { variantDeprecation, itemDeprecation } from './deprecation.js';
import { viewFunction } from './runtime-api.js';

const hashType = Enum({
  Blake2128: _void,
  Blake2256: _void,
  Blake2128Concat: _void,
  Twox128: _void,
  Twox256: _void,
  Twox64Concat: _void,
  Identity: _void
});
const hashers = Vector(hashType);
const storageMap = Struct({
  hashers,
  key: compactNumber,
  value: compactNumber
});
const storageItem = {
  name: str,
  modifier: u8,
  type: Enum({
    plain: compactNumber,
    map: storageMap
  }),
  fallback: Hex(),
  docs
};
const enumRefV14 = Option(compactNumber);
const v14Pallet = {
  name: str,
  storage: Option(
    Struct({
      prefix: str,
      items: Vector(Struct(storageItem))
    })
  ),
  calls: enumRefV14,
  events: enumRefV14,
  constants: Vector(
    Struct({
      name: str,
      type: compactNumber,
      value: Hex(),
      docs
    })
  ),
  errors: enumRefV14,
  index: u8
};
const v15Pallet = {
  ...v14Pallet,
  docs
};
const enumRef = Option(
  Struct({ type: compactNumber, deprecationInfo: variantDeprecation })
);
const v16Pallet = {
  name: str,
  storage: Option(
    Struct({
      prefix: str,
      items: Vector(
        Struct({
          ...storageItem,
          deprecationInfo: itemDeprecation
        })
      )
    })
  ),
  calls: enumRef,
  events: enumRef,
  constants: Vector(
    Struct({
      name: str,
      type: compactNumber,
      value: Hex(),
      docs,
      deprecationInfo: itemDeprecation
    })
  ),
  errors: enumRef,
  associatedTypes: Vector(
    Struct({
      name: str,
      type: compactNumber,
      docs
    })
  ),
  viewFns: Vector(viewFunction),
  index: u8,
  docs,
  deprecationInfo: itemDeprecation
};

export { storageMap, v14Pallet, v15Pallet, v16Pallet };
