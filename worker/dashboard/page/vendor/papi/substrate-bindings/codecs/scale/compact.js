import { enhanceCodec, compact } from '../../../../scale-ts/scale-ts.js';

const compactNumber = enhanceCodec(compact, (v) => v, Number);
const compactBn = enhanceCodec(compact, (v) => v, BigInt);

export { compactBn, compactNumber };
