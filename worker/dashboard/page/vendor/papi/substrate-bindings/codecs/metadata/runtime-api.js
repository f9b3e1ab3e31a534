import { Vector, Struct, str } from '../../../../scale-ts/scale-ts.js';
import { docs } from './docs.js';
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
import { itemDeprecation } from './deprecation.js';

const runtimeApiMethod = {
  name: str,
  inputs: Vector(
    Struct({
      name: str,
      type: compactNumber
    })
  ),
  output: compactNumber,
  docs
};
const runtimeApiV15 = Struct({
  name: str,
  methods: Vector(Struct(runtimeApiMethod)),
  docs
});
const runtimeApi = Struct({
  name: str,
  methods: Vector(
    Struct({ ...runtimeApiMethod, deprecationInfo: itemDeprecation })
  ),
  docs,
  version: compactNumber,
  deprecationInfo: itemDeprecation
});
const viewFunction = Struct({
  id: Hex(32),
  ...runtimeApiMethod,
  deprecationInfo: itemDeprecation
});

export { runtimeApi, runtimeApiMethod, runtimeApiV15, viewFunction };
