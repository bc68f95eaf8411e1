"""What a client in another language needs beside the generated code: keys, addresses, transactions, block headers.

Written for these tests from the published formats (SIP-005), with hashlib and coincurve alone.
"""

import hashlib

import coincurve

TESTNET_VERSION = 0x80
TESTNET_CHAIN_ID = 0x80000000
TESTNET_P2PKH = 26
C32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def sha512_256(*parts):
    return hashlib.new("sha512_256", b"".join(parts)).digest()


def hash160(data):
    return hashlib.new("ripemd160", hashlib.sha256(data).digest()).digest()


def uint(value, length):
    return value.to_bytes(length, "big")


class Key:
    """A secp256k1 key, whose public key is compressed. `text` is the usual hex, with or without the trailing 01."""

    def __init__(self, text):
        self._key = coincurve.PrivateKey(bytes.fromhex(text)[:32])
        self.hash160 = hash160(self._key.public_key.format(compressed=True))
        self.address = c32_address(TESTNET_P2PKH, self.hash160)

    def sign(self, digest):
        """65 bytes, recovery id first."""
        signature = self._key.sign_recoverable(digest, hasher=None)
        return signature[64:] + signature[:64]


def recovered(signature, digest):
    """The hash160 of the key that made a signature over a digest."""
    key = coincurve.PublicKey.from_signature_and_message(signature[1:] + signature[:1], digest, hasher=None)
    return hash160(key.format(compressed=True))


# Addresses.


def c32_address(version, hash_bytes):
    check = hashlib.sha256(hashlib.sha256(bytes([version]) + hash_bytes).digest()).digest()[:4]
    data = hash_bytes + check
    digits, number = "", int.from_bytes(data, "big")
    while number:
        number, digit = divmod(number, 32)
        digits = C32[digit] + digits
    zeros = len(data) - len(data.lstrip(b"\0"))
    return "S" + C32[version] + "0" * zeros + digits


def principal_bytes(address):
    """Version and hash160 of a standard address."""
    number = 0
    for character in address[2:]:
        number = number * 32 + C32.index(character)
    data = uint(number, 24)
    principal = bytes([C32.index(address[1])]) + data[:20]
    assert c32_address(principal[0], principal[1:]) == address
    return principal


# Clarity values.


def clarity_uint(value):
    return b"\x01" + uint(value, 16)


def clarity_ok(value):
    return b"\x07" + value


def clarity_some(value):
    return b"\x0a" + value


CLARITY_NONE = b"\x09"


# Transactions (SIP-005).


def short_text(text):
    return bytes([len(text)]) + text.encode()


def transfer_payload(recipient, amount, memo=b""):
    return b"\x00\x05" + principal_bytes(recipient) + uint(amount, 8) + memo.ljust(34, b"\0")


def contract_payload(name, source, clarity_version=2):
    return b"\x06" + bytes([clarity_version]) + short_text(name) + uint(len(source), 4) + source.encode()


def call_payload(contract_id, function, arguments):
    address, name = contract_id.split(".")
    head = b"\x02" + principal_bytes(address) + short_text(name) + short_text(function)
    return head + uint(len(arguments), 4) + b"".join(arguments)


def coinbase_payload():
    return b"\x04" + bytes(32)


def transaction(key, nonce, fee, payload, anchor_mode=3):
    """A signed single-signature transaction; post-conditions: none, everything allowed."""

    def encode(nonce, fee, signature):
        condition = b"\x04\x00" + key.hash160 + uint(nonce, 8) + uint(fee, 8) + b"\x00" + signature
        head = bytes([TESTNET_VERSION]) + uint(TESTNET_CHAIN_ID, 4)
        return head + condition + bytes([anchor_mode, 1]) + uint(0, 4) + payload

    cleared = sha512_256(encode(0, 0, bytes(65)))
    digest = sha512_256(cleared, b"\x04", uint(fee, 8), uint(nonce, 8))
    return encode(nonce, fee, key.sign(digest))


def txid(raw):
    return sha512_256(raw)


# StackerDB.


def chunk_signature(key, slot_id, slot_version, data):
    return key.sign(sha512_256(uint(slot_id, 4), uint(slot_version, 4), sha512_256(data)))


# Blocks: fields 1 to 8 have 225 bytes, of which the last 80 are the VRF proof; then the producer's signature, the count
# of the stackers' signatures, these, and the transactions.

PROOF_AT, PRODUCER_AT, COUNT_AT = 145, 225, 290


class Block:
    """An encoded block, taken apart as far as its signers need it."""

    def __init__(self, raw):
        count = int.from_bytes(raw[COUNT_AT : COUNT_AT + 4], "big")
        self.unproved = raw[:PROOF_AT]
        self.vrf_proof = raw[PROOF_AT:PRODUCER_AT]
        self.producer_signature = raw[PRODUCER_AT:COUNT_AT]
        signatures = raw[COUNT_AT + 4 : COUNT_AT + 4 + 65 * count]
        self.stacker_signatures = [signatures[at : at + 65] for at in range(0, 65 * count, 65)]
        self.transactions = raw[COUNT_AT + 4 + 65 * count :]

    def encode(self):
        signatures = uint(len(self.stacker_signatures), 4) + b"".join(self.stacker_signatures)
        return self.unproved + self.vrf_proof + self.producer_signature + signatures + self.transactions

    def sign_producer(self, key):
        self.producer_signature = key.sign(sha512_256(self.unproved, self.vrf_proof))

    def block_hash(self):
        return sha512_256(self.unproved, self.vrf_proof, self.producer_signature)

    def chain_length(self):
        return int.from_bytes(self.unproved[1:9], "big")

    def burn_block_hash(self):
        return self.unproved[17:49]

    def parent_block_id(self):
        return self.unproved[49:81]

    def block_id(self):
        return sha512_256(self.block_hash(), hash160(self.burn_block_hash()))

    def add_stacker(self, key):
        self.stacker_signatures.append(key.sign(self.block_hash()))
