import { fromHex, mergeUint8, toHex } from '../../../utils/index.js';
import { Tuple, Bytes, compact, enhanceCodec } from '../../../../scale-ts/scale-ts.js';
import { compactNumber } from './compact.js';

const textEncoder = new TextEncoder();
const textDecoder = new TextDecoder();
const opaqueBytesDec = Tuple(compactNumber, Bytes(Infinity))[1];
const Binary = {
  toText: (bytes) => textDecoder.decode(bytes),
  toHex: (bytes) => toHex(bytes),
  toOpaque: (bytes) => mergeUint8([compact[0](bytes.length), bytes]),
  fromText: (text) => textEncoder.encode(text),
  fromHex: (hex) => fromHex(hex),
  fromOpaque: (opaque) => {
    const data = typeof opaque === "string" ? fromHex(opaque) : opaque;
    try {
      const [len, bytes] = opaqueBytesDec(data);
      if (len === bytes.length) {
        return bytes;
      }
    } catch (_) {
    }
    throw new Error("Invalid opaque bytes");
  }
};
const SizedBytes = (size) => enhanceCodec(Bytes(size), fromHex, toHex);

export { Binary, SizedBytes };
