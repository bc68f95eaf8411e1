"""The proof of a producer's verifiable random function, in plain Python, by the steps of docs/ACTORS.md ("The VRF proof").

Points are (x, y) on edwards25519. Not constant in time: for keys that guard nothing.
"""

import hashlib

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ZERO = (0, 1)


def add(a, b):
    product = D * a[0] * b[0] * a[1] * b[1]
    x = (a[0] * b[1] + a[1] * b[0]) * pow(1 + product, -1, P)
    y = (a[1] * b[1] + a[0] * b[0]) * pow(1 - product, -1, P)
    return x % P, y % P


def multiply(number, point):
    result = ZERO
    while number:
        if number & 1:
            result = add(result, point)
        point = add(point, point)
        number >>= 1
    return result


def compress(point):
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


def decompress(data):
    """The point with these 32 bytes; None when there is none."""
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, (number & (2**255 - 1)) % P
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * pow(2, (P - 1) // 4, P) % P
    if x * x % P != square:
        return None
    return (P - x) % P if x & 1 != sign else x, y


BASE = decompress((4 * pow(5, -1, P) % P).to_bytes(32, "little"))


def sha512(*parts):
    return hashlib.sha512(b"".join(parts)).digest()


def tail(counter):
    if counter == 0:
        return b"\0"
    return bytes(byte for i, byte in enumerate(counter.to_bytes(8, "little")) if counter > 2 ** (8 * i))


def hash_to_curve(public_key, message):
    counter = 0
    while (point := decompress(sha512(b"\x03\x01", public_key, message, tail(counter))[:32])) is None:
        counter += 1
    return multiply(8, point)


class VrfKey:
    """Made from the 32-byte seed that the configuration calls the VRF private key."""

    def __init__(self, seed):
        expanded = sha512(seed)
        clamped = bytearray(expanded[:32])
        clamped[0] &= 248
        clamped[31] = clamped[31] & 63 | 64
        self._x = int.from_bytes(clamped, "little") % L
        self._nonce_key = expanded[32:]
        self.public_key = compress(multiply(self._x, BASE))

    def prove(self, message):
        """The 80 bytes of the proof over a message."""
        h = hash_to_curve(self.public_key, message)
        gamma = multiply(self._x, h)
        k = int.from_bytes(sha512(self._nonce_key, compress(h)), "little") % L
        points = (h, gamma, multiply(k, BASE), multiply(k, h))
        c = sha512(b"\x03\x02", *map(compress, points))[:16]
        s = (k + int.from_bytes(c, "little") * self._x) % L
        return compress(gamma) + c + s.to_bytes(32, "little")
