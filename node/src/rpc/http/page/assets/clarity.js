// Clarity values from their consensus serialization to the text that one would type.

import { Reader, ascii, fromHex, toHex, utf8 } from './bytes.js';
import { address } from './c32.js';

const DEPTH_MAX = 32;

export function readPrincipal(reader) {
  const kind = reader.u8();
  if (kind !== 5 && kind !== 6) throw new RangeError('not a principal');
  const standard = readAddress(reader);
  return kind === 5 ? standard : standard + '.' + reader.name();
}

export const readAddress = (reader) => address(reader.u8(), reader.take(20));

export function readValue(reader, depth = 0) {
  if (depth > DEPTH_MAX) throw new RangeError('nested too deep');
  const inner = () => readValue(reader, depth + 1);
  switch (reader.u8()) {
    case 0x00:
      return BigInt.asIntN(128, reader.uint(16)).toString();
    case 0x01:
      return 'u' + reader.uint(16);
    case 0x02:
      return '0x' + toHex(reader.take(reader.u32()));
    case 0x03:
      return 'true';
    case 0x04:
      return 'false';
    case 0x05:
      return "'" + readAddress(reader);
    case 0x06:
      return "'" + readAddress(reader) + '.' + reader.name();
    case 0x07:
      return `(ok ${inner()})`;
    case 0x08:
      return `(err ${inner()})`;
    case 0x09:
      return 'none';
    case 0x0a:
      return `(some ${inner()})`;
    case 0x0b: {
      const items = Array.from({ length: reader.count() }, inner);
      return items.length ? `(list ${items.join(' ')})` : '(list)';
    }
    case 0x0c: {
      const fields = Array.from({ length: reader.count() }, () => reader.name() + ': ' + inner());
      return `{ ${fields.join(', ')} }`;
    }
    case 0x0d:
      return quoted(ascii(reader.take(reader.u32())));
    case 0x0e:
      return 'u' + quoted(utf8(reader.take(reader.u32())));
    default:
      throw new RangeError('not a Clarity value');
  }
}

const quoted = (text) => '"' + text.replace(/["\\]/g, '\\$&').replace(/\n/g, '\\n') + '"';

// The text of a value; its hex when it is none.
export function clarityText(hex) {
  if (!hex || hex === '0x') return '';
  try {
    return readValue(new Reader(fromHex(hex)));
  } catch {
    return hex;
  }
}
