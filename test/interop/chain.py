"""Delegation chains of spec/delegation.md: from the text that arrives to delegations that verified, or a code.

Written from the page and spec/schemas alone.
"""
from __future__ import annotations

import hashlib
import re
from typing import Any, Callable, NamedTuple, Optional

import grants
from wire import (
    Json,
    Jws,
    PublicKey,
    all_distinct,
    canonical,
    check_schema,
    digest_of,
    from_base64url,
    is_strict_der,
    parse_json,
    parse_object,
    signature_is_good,
    tagged_digest,
)


class Refused(Exception):
    """The answer to a chain that does not verify: one closed code."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(why)
        self.code = code


def require(holds: bool, code: str, why: str) -> None:
    if not holds:
        raise Refused(code, why)


def read(code: str, function: Callable[..., Any], *arguments: Any) -> Any:
    """What the reader returns; what it refuses is refused with this code."""
    try:
        return function(*arguments)
    except ValueError as cause:
        raise Refused(code, str(cause)) from None


# --- Text: DLG-1 ---------------------------------------------------------------------------------------------

PRESENTATION_BYTES_MAX = 64 * 1024
SEGMENT_BYTES_MAX = 40 * 1024
HOPS_MAX = 8


class Segment(NamedTuple):
    text: str
    disclosures: list[str]

    def jwt(self) -> Jws:
        return read("TOKEN_MALFORMED", Jws, self.text)


def parse_presentation(text: str) -> list[Segment]:
    """The segments, root first. What follows the last `~` is a holder proof's business."""
    require(len(text) <= PRESENTATION_BYTES_MAX, "TOKEN_TOO_LARGE", "presentation")
    require(re.fullmatch("[A-Za-z0-9_.~-]*", text) is not None, "TOKEN_MALFORMED", "foreign characters")
    require("~" in text, "TOKEN_MALFORMED", "no trailing ~")
    pieces = text.rpartition("~")[0].split("~~")
    require(all(len(piece) <= SEGMENT_BYTES_MAX for piece in pieces), "TOKEN_TOO_LARGE", "segment")
    require(len(pieces) - 1 <= HOPS_MAX, "DEPTH_EXCEEDED", "hops")
    return [parse_segment(piece) for piece in pieces]


def parse_segment(piece: str) -> Segment:
    jwt, *disclosures = piece.split("~")
    require("" not in disclosures, "TOKEN_MALFORMED", "empty disclosure")
    require(jwt != "", "TOKEN_MALFORMED", "empty segment")
    return Segment(jwt, disclosures)


# --- Trust: DLG-8 --------------------------------------------------------------------------------------------


class Issuer:
    """One entry of a trust list (KEY-6): a name, its keys by thumbprint, its relying party."""

    def __init__(self, entry: Json) -> None:
        self.iss: str = entry["iss"]
        self.rp_id: str = entry["rp_id"]
        self.origins: list[str] = entry["origins"]
        keys = [(PublicKey(one["jwk"]), one.get("retired_at")) for one in entry["keys"]]
        self.keys: dict[str, tuple[PublicKey, Optional[int]]] = {key.thumbprint: (key, at) for key, at in keys}

    def key_for(self, kid: Json, signed_at: int) -> PublicKey:
        require(isinstance(kid, str) and kid in self.keys, "ISSUER_UNKNOWN", "no key of this issuer")
        key, retired_at = self.keys[kid]
        require(retired_at is None or signed_at < retired_at, "KEY_RETIRED", "signed after retirement")
        return key


# --- Gestures: DLG-4 to DLG-6 --------------------------------------------------------------------------------

AUTHENTICATOR_DATA_BYTES_MIN = 37
USER_PRESENT_AND_VERIFIED = 0x01 | 0x04


def check_root_gestures(root: Jws, issuer: Issuer) -> None:
    payload = {name: value for name, value in root.payload.items() if name != "gestures"}
    challenge = tagged_digest("countersign-root-v1", {"header": root.header, "payload": payload})
    gestures = root.payload["gestures"]
    for gesture in gestures:
        check_assertion(gesture, challenge, issuer)
    check_people(gestures, payload["rev"], payload.get("quorum"))


def check_assertion(gesture: Json, challenge: str, issuer: Issuer) -> None:
    """A WebAuthn assertion over the challenge (DLG-5)."""
    key: PublicKey = read("GESTURE_INVALID", PublicKey, gesture["jwk"])
    client_data: bytes = read("GESTURE_INVALID", from_base64url, gesture["client_data"])
    authenticator_data: bytes = read("GESTURE_INVALID", from_base64url, gesture["authenticator_data"])
    signature: bytes = read("GESTURE_INVALID", from_base64url, gesture["signature"])

    client: dict[str, Json] = read("GESTURE_INVALID", parse_object, client_data)
    require(client.get("type") == "webauthn.get", "GESTURE_INVALID", "type")
    require(client.get("challenge") == challenge, "GESTURE_INVALID", "challenge")
    require(client.get("origin") in issuer.origins, "GESTURE_INVALID", "origin")
    require(client.get("crossOrigin") is not True, "GESTURE_INVALID", "crossOrigin")

    rp_id_hash = hashlib.sha256(issuer.rp_id.encode("utf-8")).digest()
    require(len(authenticator_data) >= AUTHENTICATOR_DATA_BYTES_MIN, "GESTURE_INVALID", "authenticator data")
    require(authenticator_data.startswith(rp_id_hash), "GESTURE_INVALID", "relying party")
    flags = authenticator_data[32] & USER_PRESENT_AND_VERIFIED
    require(flags == USER_PRESENT_AND_VERIFIED, "GESTURE_INVALID", "flags")

    well_formed = len(signature) == 64 if key.algorithm == "Ed25519" else is_strict_der(signature)
    signed = authenticator_data + hashlib.sha256(client_data).digest()
    require(well_formed and signature_is_good(key, signed, signature), "GESTURE_INVALID", "signature")


def secret_of(jwk: Json) -> str:
    """Keys that differ in the sign alone have one secret."""
    x = from_base64url(jwk["x"])
    return "EC " + x.hex() if jwk["kty"] == "EC" else "OKP " + x[:31].hex() + str(x[31] & 0x7F)


def check_people(gestures: list[Json], rev: list[str], quorum: Optional[Json]) -> None:
    """Who stands behind a root (DLG-6)."""
    people = quorum["of"] if quorum is not None else []
    require(all_distinct(rev + people), "GESTURE_INVALID", "a handle twice in rev and quorum")
    handles = [gesture["rev"] for gesture in gestures]
    require(all_distinct(handles), "GESTURE_INVALID", "two gestures of one person")
    require(all_distinct([secret_of(gesture["jwk"]) for gesture in gestures]), "GESTURE_INVALID", "a key for two people")
    require(set(rev) <= set(handles), "GESTURE_INVALID", "a handle without gesture")
    principals = [gesture["rev"] for gesture in gestures if gesture["role"] == "principal"]
    require(any(handle in rev for handle in principals), "GESTURE_INVALID", "no principal")
    others = [gesture for gesture in gestures if gesture["rev"] not in rev]
    for gesture in others:
        require(gesture["role"] == "approver" and gesture["rev"] in people, "GESTURE_INVALID", "an outsider")
    require(quorum is None or len(others) >= quorum["m"], "GESTURE_INVALID", "too few")


# --- Disclosures: DLG-2, DLG-3 -------------------------------------------------------------------------------

SALT_CHARACTERS_MIN = 22
DISCLOSABLE_CLAIMS = ("instruction", "sub")


class DisclosedGrant(NamedTuple):
    digest: str
    grant: grants.Grant


def disclosed_grants(disclosures: list[str], claims: Json) -> list[DisclosedGrant]:
    """The grants that this segment shows; each disclosure was checked against the digests of the token."""
    grant_digests = [one["..."] for one in claims["authorization_details"]]
    claim_digests = claims.get("_sd", [])
    require(all_distinct(grant_digests + claim_digests), "DISCLOSURE_INVALID", "a digest twice")
    require(all_distinct(disclosures), "DISCLOSURE_INVALID", "a disclosure twice")
    shown: list[DisclosedGrant] = []
    names: list[str] = []
    for text in disclosures:
        value: Json = read("DISCLOSURE_INVALID", lambda: parse_json(from_base64url(text)))
        is_salted = isinstance(value, list) and len(value) in (2, 3) and isinstance(value[0], str)
        require(is_salted and len(value[0]) >= SALT_CHARACTERS_MIN, "DISCLOSURE_INVALID", "form")
        if len(value) == 2:
            require(digest_of(text) in grant_digests, "DISCLOSURE_INVALID", "no grant of this token")
            shown.append(DisclosedGrant(digest_of(text), value[1]))
        else:
            require(digest_of(text) in claim_digests, "DISCLOSURE_INVALID", "no claim of this token")
            is_claim = value[1] in DISCLOSABLE_CLAIMS and isinstance(value[2], str)
            require(is_claim and value[1] not in names, "DISCLOSURE_INVALID", "not disclosable")
            names.append(value[1])
    for one in shown:
        read("GRANT_INVALID", grants.check_grant, one.grant)
    return shown


def check_grants_n(claims: Json) -> None:
    require(claims["grants_n"] == len(claims["authorization_details"]), "TOKEN_MALFORMED", "grants_n")


# --- Times: PRF-4 --------------------------------------------------------------------------------------------

SKEW_S = 60
DELEGATION_S_MAX = 90 * 24 * 3600
STATEMENT_S_MAX = 24 * 3600


def check_times(iat: int, claims: Json, now_s: int) -> None:
    require(iat <= now_s + SKEW_S, "CLOCK_SKEW", "iat")
    require(claims["nbf"] <= now_s + SKEW_S, "NOT_YET_VALID", "nbf")
    require(claims["exp"] > now_s, "EXPIRED", "exp")
    require(claims["exp"] > claims["nbf"], "TOKEN_MALFORMED", "ends before it begins")
    require(claims["exp"] - claims["nbf"] <= DELEGATION_S_MAX, "TOKEN_MALFORMED", "too long")


# --- Chain: DLG-7, DLG-9, NRW-1 to NRW-3 ---------------------------------------------------------------------


class Delegation(NamedTuple):
    """A root or hop that verified."""

    jwt: Jws
    claims: Json  # of a hop: its P
    holder: PublicKey
    agent: str
    grants: list[DisclosedGrant]


def verify_root(segment: Segment, now_s: int, trust: list[Issuer]) -> tuple[Delegation, Issuer]:
    jwt = segment.jwt()
    claims = jwt.payload
    read("TOKEN_MALFORMED", jwt.check_header, "delegation+sd-jwt", {"alg", "typ", "kid"})
    read("TOKEN_MALFORMED", check_schema, "root", claims)

    issuer = next((one for one in trust if one.iss == claims["iss"]), None)
    if issuer is None:
        raise Refused("ISSUER_UNKNOWN", "iss")
    key = issuer.key_for(jwt.header.get("kid"), claims["iat"])
    require(jwt.is_signed_by(key), "SIGNATURE_INVALID", "root")
    check_root_gestures(jwt, issuer)
    check_times(claims["iat"], claims, now_s)
    require(claims["depth"] == 0, "CHAIN_BROKEN", "depth of a root")
    check_grants_n(claims)
    shown = disclosed_grants(segment.disclosures, claims)
    holder = read("TOKEN_MALFORMED", PublicKey, claims["cnf"]["jwk"])
    require(all("from" not in one.grant for one in shown), "CHAIN_BROKEN", "a root grant has a parent")
    return Delegation(jwt, claims, holder, claims["agent"]["id"], shown), issuer


def verify_hop(segment: Segment, parent: Delegation, now_s: int, issuer: Issuer) -> Delegation:
    jwt = segment.jwt()
    read("TOKEN_MALFORMED", jwt.check_header, "kb+sd-jwt+kb", {"alg", "typ"})
    read("TOKEN_MALFORMED", check_schema, "hop", jwt.payload)
    read("TOKEN_MALFORMED", from_base64url, jwt.payload["nonce"])
    claims = jwt.payload["delegate_payload"][0]

    require(jwt.is_signed_by(parent.holder), "SIGNATURE_INVALID", "hop")
    require(jwt.payload["issuer_jwt_hash"] == digest_of(parent.jwt.text), "CHAIN_BROKEN", "issuer_jwt_hash")
    check_times(jwt.payload["iat"], claims, now_s)
    statement = verify_statement(claims["statement"], claims["cnf"]["jwk"], now_s, issuer)
    check_grants_n(claims)
    shown = disclosed_grants(segment.disclosures, claims)
    holder = read("TOKEN_MALFORMED", PublicKey, claims["cnf"]["jwk"])
    require(jwt.payload["aud"] == holder.thumbprint, "CHAIN_BROKEN", "aud of the hop")
    check_narrowing(claims, shown, parent)
    return Delegation(jwt, claims, holder, statement["agent"], shown)


def verify_statement(text: str, jwk: Json, now_s: int, issuer: Issuer) -> Json:
    """The agent statement (DLG-7) about the key `jwk`, which itself is not checked."""
    statement: Jws = read("TOKEN_MALFORMED", Jws, text)
    read("STATEMENT_INVALID", statement.check_header, "agent-statement+jwt", {"alg", "typ", "kid"})
    claims = statement.payload
    read("STATEMENT_INVALID", check_schema, "statement", claims)
    require(claims["iss"] == issuer.iss, "STATEMENT_INVALID", "of another issuer")
    key = issuer.key_for(statement.header.get("kid"), claims["iat"])
    require(statement.is_signed_by(key), "STATEMENT_INVALID", "signature")
    require(claims["jkt"] == digest_of(canonical(jwk)), "STATEMENT_INVALID", "of another key")
    require(claims["iat"] <= now_s + SKEW_S, "STATEMENT_INVALID", "iat")
    require(claims["iat"] < claims["exp"], "STATEMENT_INVALID", "ends before it begins")
    require(claims["exp"] - claims["iat"] <= STATEMENT_S_MAX, "STATEMENT_INVALID", "too long")
    require(claims["exp"] > now_s, "STATEMENT_INVALID", "exp")
    return claims


def check_narrowing(claims: Json, shown: list[DisclosedGrant], parent: Delegation) -> None:
    parents = {one.digest: one.grant for one in parent.grants}
    for one in shown:
        require(one.grant.get("from") in parents, "PARENT_GRANT_HIDDEN", "from")
    for one in shown:
        require(grants.grant_within(one.grant, parents[one.grant["from"]]), "WIDENED", "grant")
    above = parent.claims
    require(claims["exp"] <= above["exp"] and claims["nbf"] >= above["nbf"], "WIDENED", "times")
    require(set(claims["aud"]) <= set(above["aud"]), "WIDENED", "aud")
    require(claims["depth"] == above["depth"] + 1 <= above["depth_max"], "WIDENED", "depth")
    require(claims["depth_max"] <= above["depth_max"], "WIDENED", "depth_max")


def verify_chain(presentation: str, now_ms: int, audience: str, trust: list[Issuer]) -> list[Delegation]:
    """Root first. Revocation and the holder's proof are not checked here."""
    now_s = now_ms // 1000
    root, *hops = parse_presentation(presentation)
    delegation, issuer = verify_root(root, now_s, trust)
    chain = [delegation]
    for hop in hops:
        chain.append(verify_hop(hop, chain[-1], now_s, issuer))
    require(audience in chain[-1].claims["aud"], "AUDIENCE_MISMATCH", "aud")
    return chain
