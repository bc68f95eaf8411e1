// c32check addresses.

import { sha256 } from './bytes.js';

const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

// Names recur; checksums cost two hashes.
const known = new Map();
const KNOWN_MAX = 5000;

export function address(version, hash) {
  const key = version + ':' + hash.join(',');
  const found = known.get(key);
  if (found) return found;
  const checksum = sha256(sha256(Uint8Array.of(version, ...hash))).subarray(0, 4);
  const text = 'S' + DIGITS[version & 31] + c32(Uint8Array.of(...hash, ...checksum));
  if (known.size >= KNOWN_MAX) known.clear();
  known.set(key, text);
  return text;
}

function c32(bytes) {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  let text = '';
  for (; value > 0n; value >>= 5n) text = DIGITS[Number(value & 31n)] + text;
  for (const byte of bytes) {
    if (byte) break;
    text = '0' + text;
  }
  return text;
}

// Modes 0 and 2 have one key. Mode 2 has a multi-signature's version all the same.
export const versionOf = (mode, mainnet) => (mode === 0 ? (mainnet ? 22 : 26) : mainnet ? 20 : 21);
