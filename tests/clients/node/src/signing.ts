// What signers need beside the generated code: signatures and the layout of block headers. stacks.js makes transactions.

import { secp256k1 } from '@noble/curves/secp256k1.js';
import { ripemd160 } from '@noble/hashes/legacy.js';
import { sha256, sha512_256 } from '@noble/hashes/sha2.js';
import { concatBytes, hexToBytes } from '@noble/hashes/utils.js';

export function hash(...parts: Uint8Array[]): Uint8Array {
  return sha512_256(concatBytes(...parts));
}

export function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

/** 65 bytes, recovery id first. The key is hex, with or without the trailing 01. */
export function sign(privateKey: string, digest: Uint8Array): Uint8Array {
  const key = hexToBytes(privateKey.slice(0, 64));
  return secp256k1.sign(digest, key, { prehash: false, format: 'recovered' });
}

export function signChunk(privateKey: string, slotId: number, slotVersion: number, data: Uint8Array): Uint8Array {
  return sign(privateKey, hash(u32(slotId), u32(slotVersion), hash(data)));
}

// Fields 1 to 8 of a header have 225 bytes, of which the last 80 are the VRF proof; then the producer's signature, the
// count of the stackers' signatures, these, and the transactions.
const PROOF_AT = 145;
const PRODUCER_AT = 225;
const COUNT_AT = 290;

/** An encoded block, taken apart as far as its signers need it. */
export class Block {
  unproved: Uint8Array;
  vrfProof: Uint8Array;
  producerSignature: Uint8Array;
  stackerSignatures: Uint8Array[] = [];
  transactions: Uint8Array;

  constructor(raw: Uint8Array) {
    const count = new DataView(raw.buffer, raw.byteOffset).getUint32(COUNT_AT);
    this.unproved = raw.slice(0, PROOF_AT);
    this.vrfProof = raw.slice(PROOF_AT, PRODUCER_AT);
    this.producerSignature = raw.slice(PRODUCER_AT, COUNT_AT);
    let at = COUNT_AT + 4;
    for (let index = 0; index < count; index++, at += 65) this.stackerSignatures.push(raw.slice(at, at + 65));
    this.transactions = raw.slice(at);
  }

  encode(): Uint8Array {
    const signatures = concatBytes(u32(this.stackerSignatures.length), ...this.stackerSignatures);
    return concatBytes(this.unproved, this.vrfProof, this.producerSignature, signatures, this.transactions);
  }

  signProducer(privateKey: string): void {
    this.producerSignature = sign(privateKey, hash(this.unproved, this.vrfProof));
  }

  blockHash(): Uint8Array {
    return hash(this.unproved, this.vrfProof, this.producerSignature);
  }

  blockId(): Uint8Array {
    const burnBlockHash = this.unproved.slice(17, 49);
    return hash(this.blockHash(), ripemd160(sha256(burnBlockHash)));
  }

  addStacker(privateKey: string): void {
    this.stackerSignatures.push(sign(privateKey, this.blockHash()));
  }
}
