// SIP-005 transactions: who, what, for how much.

import { Reader, fromHex, toHex, utf8 } from './bytes.js';
import { address, versionOf } from './c32.js';
import { readAddress, readPrincipal, readValue } from './clarity.js';
import { stx } from './format.js';

const SIGNATURE = 65;
const CODE_SHOWN_MAX = 20_000;

function readCondition(reader, mainnet) {
  const mode = reader.u8();
  const hash = reader.take(20);
  const condition = { address: address(versionOf(mode, mainnet), hash), nonce: reader.uint(8), fee: reader.uint(8) };
  if (mode === 0 || mode === 2) {
    reader.take(1 + SIGNATURE);
    return { ...condition, signers: 1 };
  }
  const fields = reader.count();
  for (let i = 0; i < fields; i++) reader.take(reader.u8() < 2 ? 33 : SIGNATURE);
  return { ...condition, signers: reader.u16() };
}

const STX_CODES = { 1: '=', 2: '>', 3: '≥', 4: '<', 5: '≤' };
const NFT_CODES = { 0x10: 'sends', 0x11: 'keeps', 0x12: 'may send' };
const POX_CODES = { 0x30: 'changes nothing in PoX', 0x31: 'may change something in PoX', 0x32: 'changes something in PoX' };

function readPostCondition(reader) {
  const asset = reader.u8();
  const kind = reader.u8();
  let who = 'origin';
  if (kind > 1) who = readAddress(reader) + (kind === 3 ? '.' + reader.name() : '');
  if (asset === 3) return `${who} stakes ${STX_CODES[reader.u8()] ?? '?'} ${stx(reader.uint(8))}`;
  if (asset === 4) return `${who} ${POX_CODES[reader.u8()] ?? '?'}`;
  if (asset === 0) return `${who} sends ${STX_CODES[reader.u8()] ?? '?'} ${stx(reader.uint(8))}`;
  const name = `${readAddress(reader)}.${reader.name()}::${reader.name()}`;
  if (asset === 1) return `${who} sends ${STX_CODES[reader.u8()] ?? '?'} ${reader.uint(8)} ${name}`;
  if (asset !== 2) throw new RangeError('unknown post-condition');
  const value = readValue(reader);
  return `${who} ${NFT_CODES[reader.u8()] ?? '?'} ${name} ${value}`;
}

function contract(reader, version) {
  const name = reader.name();
  const code = utf8(reader.take(reader.u32()));
  const lines = code.split('\n').length;
  const cut = code.length > CODE_SHOWN_MAX ? code.slice(0, CODE_SHOWN_MAX) + '\n;; …' : code;
  return { kind: 'deploy', short: name, name, code: cut, lines, version };
}

// As text where it is some, else as hex; without the zeros at its end.
function memoText(bytes) {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  const memo = bytes.subarray(0, end);
  const text = utf8(memo);
  return /[\p{Cc}\ufffd]/u.test(text) ? '0x' + toHex(memo) : text;
}

const PAYLOADS = {
  0: (reader) => {
    const recipient = readPrincipal(reader);
    const amount = reader.uint(8);
    return { kind: 'transfer', short: `${stx(amount)} → ${recipient}`, recipient, amount, memo: memoText(reader.take(34)) };
  },
  1: (reader) => contract(reader),
  2: (reader) => {
    const owner = readAddress(reader);
    const [name, called] = [reader.name(), reader.name()];
    const args = Array.from({ length: reader.count() }, () => readValue(reader));
    return { kind: 'call', short: `${name} ${called}`, contract: `${owner}.${name}`, called, args };
  },
  3: () => ({ kind: 'poison', short: 'poison microblock' }),
  4: (reader) => ({ kind: 'coinbase', short: 'tenure reward', buffer: '0x' + toHex(reader.take(32)) }),
  5: (reader) => {
    const buffer = '0x' + toHex(reader.take(32));
    const recipient = readValue(reader).slice(1);
    return { kind: 'coinbase', short: `tenure reward → ${recipient}`, buffer, recipient };
  },
  6: (reader) => contract(reader, reader.u8()),
  7: () => ({ kind: 'tenure change', short: '' }),
  8: () => ({ kind: 'coinbase', short: 'tenure reward' }),
};

// What a transaction says; a decoder's defect must not blank the page, so what cannot be read says so.
export function decodeTransaction(hex) {
  try {
    const reader = new Reader(fromHex(hex));
    const mainnet = (reader.u8() & 0x80) === 0;
    reader.u32();
    const sponsored = reader.u8() === 5;
    const origin = readCondition(reader, mainnet);
    const sponsor = sponsored ? readCondition(reader, mainnet) : null;
    reader.u8();
    const mode = { 1: 'allow', 2: 'deny', 3: 'originator' }[reader.u8()];
    const postConditions = Array.from({ length: reader.count() }, () => readPostCondition(reader));
    const payload = (PAYLOADS[reader.u8()] ?? (() => ({ kind: 'unknown', short: '' })))(reader);
    return { origin, sponsor, fee: (sponsor ?? origin).fee, mode, postConditions, payload };
  } catch (error) {
    return { origin: null, sponsor: null, payload: { kind: 'unreadable', short: String(error.message) }, postConditions: [] };
  }
}
