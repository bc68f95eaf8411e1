// What producers and signers say to each other in StackerDB slots.

import { Reader, fromHex, toHex, utf8 } from './bytes.js';

// Holds every message but a proposal's block, of which the beginning is enough.
const HEAD_DIGITS = 2 * 1200;
const BLOCK_LENGTH = 4;
const HEADER_VERSION = 1;

export function decodeMessage(hex) {
  const size = Math.max(0, hex.length - 2) / 2;
  try {
    const reader = new Reader(fromHex(hex.slice(2, 2 + HEAD_DIGITS)));
    if (reader.u8() !== 1) return { kind: 'data', size };
    switch (reader.u8()) {
      case 1:
        reader.take(BLOCK_LENGTH + HEADER_VERSION);
        return { kind: 'proposal', size, height: Number(reader.uint(8)) };
      case 2:
        return { kind: 'accepted', size, blockHash: '0x' + toHex(reader.take(32)) };
      case 3: {
        const blockHash = '0x' + toHex(reader.take(32));
        reader.u32();
        return { kind: 'rejected', size, blockHash, reason: utf8(reader.take(reader.u32())) };
      }
      default:
        return { kind: 'data', size };
    }
  } catch {
    return { kind: 'data', size };
  }
}

export function messageText(message) {
  switch (message.kind) {
    case 'proposal':
      return `proposes block ${message.height}`;
    case 'accepted':
      return `signs ${message.blockHash.slice(2, 10)}`;
    case 'rejected':
      return `rejects ${message.blockHash.slice(2, 10)}: ${message.reason}`;
    default:
      return message.size ? 'data' : 'empty';
  }
}
