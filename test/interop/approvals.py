"""What people decide about held calls (spec/approvals.md), and versions that are reported (spec/inventory.md).

Written from the pages and spec/schemas alone.
"""
from __future__ import annotations

from typing import Optional

from chain import SKEW_S, STATEMENT_S_MAX, Issuer, Refused, check_assertion, read, require
from wire import (
    Json,
    Jws,
    PublicKey,
    canonical,
    check_schema,
    der_signature,
    from_base64url,
    same_json,
    signature_is_good,
    tagged_digest,
)

APPROVER_AGE_MS_MAX = 5 * 60 * 1000

# --- Decisions about held calls: APR-7, APR-9, APR-11 --------------------------------------------------------


class Person:
    """Whose key a key is, by the control plane's word: checked against the frame key in force."""

    def __init__(self, signed: Json, iss: str, frame_key: PublicKey, now_ms: int) -> None:
        said = signed["approver"]
        tagged = "countersign-approver-v1\0" + canonical(said)
        signature: bytes = read("NOTHING", from_base64url, signed["sig"])
        require(said["iss"] == iss, "NOTHING", "another control plane")
        require(is_signature(frame_key, tagged.encode("utf-8"), signature), "NOTHING", "not by the frame key")
        require(abs(now_ms - said["t"]) <= APPROVER_AGE_MS_MAX, "NOTHING", "of another time")
        self.said = said

    def made(self, gesture: Json) -> bool:
        return all(same_json(self.said[name], gesture[name]) for name in ("rev", "jwk", "registration"))


def is_signature(key: PublicKey, message: bytes, signature: bytes) -> bool:
    if len(signature) != 64:
        return False
    return signature_is_good(key, message, signature if key.algorithm == "Ed25519" else der_signature(signature))


def decision_of(vector: Json) -> Optional[str]:
    """`approve`, `refuse`, or None: what does not hold changes nothing."""
    try:
        return check_decision(vector)
    except Refused:
        return None


def check_decision(vector: Json) -> str:
    given, trust = vector["given"], vector["trust"]
    read("NOTHING", check_schema, "approval", given)
    act, gesture = given["act"], given["gesture"]
    for name, value in vector["asked"].items():
        require(same_json(act[name], value), "NOTHING", f"of another call: {name}")

    require(gesture["role"] == "approver", "NOTHING", "role")
    challenge = tagged_digest("countersign-approval-v1", act)
    check_assertion(gesture, challenge, Issuer({**trust, "keys": []}))
    person = Person(given["approver"], trust["iss"], PublicKey(trust["frame_key"]), vector["now"])
    require(person.made(gesture), "NOTHING", "of another key")
    require(gesture["rev"] not in vector["left"], "NOTHING", "has left")
    require(vector["alone"] or gesture["rev"] not in vector["behind"], "NOTHING", "behind the delegation")
    return act["decision"]


# --- Versions that are reported: VER-4, VER-5 ----------------------------------------------------------------


def answer_version(vector: Json) -> Json:
    chain, reported = vector["chain"], vector["reported"]
    if chain["hops"] == 0 and reported["manifest"] == chain["manifest"]:
        return {"ok": True, "until": None}
    require("version" in reported, "VERSION_NOT_APPROVED", "no statement")
    try:
        return {"ok": True, "until": check_statement(vector)}
    except (Refused, ValueError) as cause:
        raise Refused("VERSION_NOT_APPROVED", str(cause)) from None


def check_statement(vector: Json) -> int:
    chain, reported, now_s = vector["chain"], vector["reported"], vector["now"] // 1000
    statement = Jws(reported["version"])
    statement.check_header("agent-version+jwt", {"alg", "typ", "kid"})
    claims = statement.payload
    check_schema("version", claims)
    issuer = next((Issuer(one) for one in vector["trust"] if one["iss"] == chain["iss"]), None)
    if issuer is None or claims["iss"] != chain["iss"]:
        raise ValueError("of another issuer")
    if not statement.is_signed_by(issuer.key_for(statement.header.get("kid"), claims["iat"])):
        raise ValueError("signature")
    if (claims["agent"], claims["manifest"]) != (chain["agent"], reported["manifest"]):
        raise ValueError("of another agent or version")
    if claims["iat"] > now_s + SKEW_S or claims["exp"] <= now_s:
        raise ValueError("not now")
    if claims["exp"] - claims["iat"] > STATEMENT_S_MAX:
        raise ValueError("too long")
    return claims["exp"]
