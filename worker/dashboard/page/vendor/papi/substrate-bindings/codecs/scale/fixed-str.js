import { enhanceCodec, Bytes } from '../../../../scale-ts/scale-ts.js';

const textEncoder = new TextEncoder();
const textDecoder = new TextDecoder();
const fixedStr = (nBytes) => enhanceCodec(
  Bytes(nBytes),
  (str) => textEncoder.encode(str),
  (bytes) => textDecoder.decode(bytes)
);

export { fixedStr, textEncoder };
