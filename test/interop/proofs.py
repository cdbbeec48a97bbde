"""Holder proofs of spec/delegation.md (PRF-1 to PRF-5): what shows that whoever presents a chain holds its key.

Written from the page and spec/schemas alone. Functions raise ValueError for a proof that does not hold; the chain
was verified before, and gave the key.
"""
from __future__ import annotations

import hashlib
import hmac
from typing import Any

from wire import (
    HEADER_MEMBERS,
    P25519,
    Json,
    Jws,
    PublicKey,
    canonical,
    check_schema,
    digest_of,
    from_base64url,
    same_json,
    to_base64url,
)

SKEW_S = 60
RANDOM_BYTES_MIN = 16
SALT_BYTES = 32
COUNTER_WINDOW = 1024


def require(holds: bool, why: str) -> None:
    if not holds:
        raise ValueError(why)


# --- What the proofs have in common: PRF-3, PRF-4 ------------------------------------------------------------


def hmac_sha256(key: bytes, message: bytes) -> bytes:
    return hmac.new(key, message, hashlib.sha256).digest()


def commitment(arguments: Json, salt_text: str) -> str:
    salt = from_base64url(salt_text)
    require(len(salt) == SALT_BYTES, "salt")
    return to_base64url(hmac_sha256(salt, canonical(arguments).encode("utf-8")))


def check_random(text: str) -> None:
    require(len(from_base64url(text)) >= RANDOM_BYTES_MIN, "too few random bytes")


def check_signed(proof: Jws, typ: str, members: set[str], schema: str, holder: PublicKey, now_s: int) -> None:
    proof.check_header(typ, members)
    check_schema(schema, proof.payload)
    require(proof.is_signed_by(holder), "signature")
    require(abs(proof.payload["iat"] - now_s) <= SKEW_S, "iat")


def sd_hash_of(presentation: str) -> str:
    """Over the last segment with its disclosures and trailing `~`, without the proof behind it."""
    return digest_of(presentation.rpartition("~")[0].rpartition("~~")[2] + "~")


# --- KB-JWTs: PRF-1, PRF-2 -----------------------------------------------------------------------------------


def check_kb_jwt(vector: Json, holder: PublicKey, schema: str) -> Json:
    presentation = vector["given"]["presentation"]
    proof = Jws(presentation.rpartition("~")[2])
    check_signed(proof, "kb+jwt", {"alg", "typ"}, schema, holder, vector["now"] // 1000)
    require(proof.payload["aud"] == vector["audience"], "aud")
    require(proof.payload["sd_hash"] == sd_hash_of(presentation), "sd_hash")
    return proof.payload


def check_call_proof(vector: Json, holder: PublicKey) -> None:
    given = vector["given"]
    claims = check_kb_jwt(vector, holder, "call-proof")
    challenge, _, own_part = claims["nonce"].partition(".")
    require(challenge == vector["challenge"], "challenge")
    check_random(own_part)
    require((claims["server"], claims["tool"]) == (given["server"], given["tool"]), "another call")
    require(claims["args_commit"] == commitment(given["args"], given["salt"]), "other arguments")


def check_session_proof(vector: Json, holder: PublicKey) -> str:
    """The session key, base64url."""
    claims = check_kb_jwt(vector, holder, "session-proof")
    require(claims["nonce"] == vector["challenge"], "challenge")
    require(claims["peer"] == vector["point"]["public"], "peer")
    client_key, point_key = from_base64url(claims["x25519"]), from_base64url(claims["peer"])
    secret = x25519(from_base64url(vector["point"]["private"]), client_key)
    require(secret != bytes(32), "client key of small order")
    info = b"countersign-session-v1\0" + client_key + point_key + claims["sd_hash"].encode("ascii")
    extracted = hmac_sha256(from_base64url(claims["nonce"]), secret)  # HKDF, RFC 5869
    return to_base64url(hmac_sha256(extracted, info + b"\x01"))


def x25519(private: bytes, public: bytes) -> bytes:
    """RFC 7748 section 5. Not in constant time: for keys of vectors only."""
    scalar = int.from_bytes(private, "little") & ((1 << 254) - 8) | (1 << 254)
    u = int.from_bytes(public, "little") & ((1 << 255) - 1)
    x2, z2, x3, z3 = 1, 0, u, 1
    for position in reversed(range(255)):
        if scalar >> position & 1:
            x3, z3, x2, z2 = montgomery_step(x3, z3, x2, z2, u)
        else:
            x2, z2, x3, z3 = montgomery_step(x2, z2, x3, z3, u)
    return (x2 * pow(z2, P25519 - 2, P25519) % P25519).to_bytes(32, "little")


def montgomery_step(x2: int, z2: int, x3: int, z3: int, u: int) -> tuple[int, int, int, int]:
    """The double of the first point, and the sum of both, whose difference has the coordinate u."""
    plus, minus = x2 + z2, x2 - z2
    plus_squared, minus_squared = plus * plus % P25519, minus * minus % P25519
    difference = plus_squared - minus_squared
    cross_left, cross_right = (x3 - z3) * plus % P25519, (x3 + z3) * minus % P25519
    return (
        plus_squared * minus_squared % P25519,
        difference * (plus_squared + 121665 * difference) % P25519,
        (cross_left + cross_right) ** 2 % P25519,
        u * (cross_left - cross_right) ** 2 % P25519,
    )


# --- Calls of a session: PRF-2 -------------------------------------------------------------------------------


def mac_holds(call: Json) -> bool:
    statement = {name: call[name] for name in ("session", "n", "server", "tool")}
    statement["args_commit"] = commitment(call["args"], call["salt"])
    message = "countersign-call-v1\0" + canonical(statement)
    mac = hmac_sha256(from_base64url(call["session_key"]), message.encode("utf-8"))
    return hmac.compare_digest(to_base64url(mac), call["mac"])


class Counters:
    """Accepts each counter once, unless it lies 1,024 or more behind the highest."""

    def __init__(self) -> None:
        self.highest = 0
        self.seen: set[int] = set()

    def accept(self, n: Any) -> bool:
        if not isinstance(n, int) or n < 1 or n <= self.highest - COUNTER_WINDOW or n in self.seen:
            return False
        self.seen.add(n)
        self.highest = max(self.highest, n)
        return True


# --- Over HTTP: PRF-5 ----------------------------------------------------------------------------------------


def check_dpop_proof(vector: Json, holder: PublicKey) -> None:
    given = vector["given"]
    chain = given["authorization"].partition(" ")[2]
    require(chain.endswith("~"), "no access token")
    proof = Jws(given["dpop"], HEADER_MEMBERS | {"jwk"})
    check_signed(proof, "dpop+jwt", {"alg", "typ", "jwk"}, "dpop-proof", holder, vector["now"] // 1000)
    claims = proof.payload
    require(same_json(proof.header.get("jwk"), holder.jwk), "jwk")
    require(claims["htm"] == given["method"], "htm")
    require(claims["htu"] == given["url"].partition("#")[0].partition("?")[0], "htu")
    require(claims["ath"] == digest_of(chain), "ath")
    require(claims["nonce"] == vector["challenge"], "challenge")
    check_random(claims["jti"])
    require(claims["args_commit"] == commitment(given["args"], given["salt"]), "other arguments")
