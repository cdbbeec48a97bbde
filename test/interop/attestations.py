"""Who stands behind an output: attestations (spec/attestation.md, ATT-1 to ATT-15) and roles (ATT-9).

Written from the page and the JSON Schemas of spec/schemas alone.
"""
from __future__ import annotations

import base64
import hashlib
import hmac
import re
from datetime import datetime
from typing import Optional

from chain import Issuer, Refused, check_assertion, read, require
from wire import (
    Json,
    PublicKey,
    canonical,
    check_schema,
    from_base64url,
    parse_json,
    same_json,
    signature_is_good,
    tagged_digest,
    to_base64url,
)

BUNDLE_BYTES_MAX = 300 * 1024
ENVELOPE_BYTES_MAX = 256 * 1024
FORM_BYTES_MAX = 16 * 1024 * 1024
INSTRUCTION_LIFE_MS = 90 * 24 * 3600 * 1000
PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "urn:countersign:attestation:1"
ROLES = ["authored", "supervised", "directed"]  # highest first

# --- Forms: ATT-3 --------------------------------------------------------------------------------------------

LEFT_OUT_OF_COMMITS = ("committer", "gpgsig", "gpgsig-sha256")
MAIL_HEADERS = (
    "from to cc subject date reply-to in-reply-to references message-id mime-version content-type "
    "content-transfer-encoding"
).split()


def form_of(form: str, data: bytes) -> bytes:
    """The byte string of which the digest is. Raises ValueError where there is none."""
    if form == "text":
        text = data.decode("utf-8").removeprefix("\ufeff")
        return text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8")
    if form == "json":
        return canonical(parse_json(data, FORM_BYTES_MAX)).encode("utf-8")
    if form == "git":
        return commit_form(data)
    if form == "mail":
        return mail_form(data)
    return data  # file, stream


def without(lines: list[bytes], is_left_out: re.Pattern[bytes]) -> list[bytes]:
    """Without some lines, and without those that continue them."""
    kept: list[bytes] = []
    leaving = False
    for line in lines:
        leaving = (leaving and line[:1] in (b" ", b"\t")) or is_left_out.match(line) is not None
        if not leaving:
            kept.append(line)
    return kept


def commit_form(data: bytes) -> bytes:
    headers, blank, message = data.partition(b"\n\n")
    if not headers.startswith(b"tree ") or blank == b"":
        raise ValueError("no commit")
    names = "|".join(map(re.escape, LEFT_OUT_OF_COMMITS)).encode("ascii")
    kept_headers = without(headers.split(b"\n"), re.compile(b"(?:" + names + b") "))
    kept_message = without(message.split(b"\n"), re.compile(b"countersign-attestation:", re.IGNORECASE))
    return b"\n".join(kept_headers) + b"\n\n" + b"\n".join(kept_message).rstrip(b"\n") + b"\n"


def mail_form(data: bytes) -> bytes:
    """RFC 6376, sections 3.4.2 and 3.4.4."""
    head, _, body = data.partition(b"\r\n\r\n")
    unfolded = re.sub(rb"\r\n(?=[ \t])", b"", head).split(b"\r\n")
    fields = [(name.strip().lower(), value) for name, _, value in (line.partition(b":") for line in unfolded)]
    if all(name != b"from" for name, _ in fields):
        raise ValueError("no mail")
    made = b""
    for wanted in MAIL_HEADERS:
        for name, value in reversed(fields):
            if name == wanted.encode("ascii"):
                made += name + b":" + re.sub(rb"[ \t]+", b" ", value).strip(b" ") + b"\r\n"
    lines = [re.sub(rb"[ \t]+", b" ", line).rstrip(b" ") for line in body.split(b"\r\n")]
    while lines and lines[-1] == b"":
        lines.pop()
    return made + b"\r\n" + b"".join(line + b"\r\n" for line in lines)


def sha256_hex(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


# --- Bundle, envelope, statement: ATT-1, ATT-2, ATT-5, ATT-8 -------------------------------------------------


def read_bundle(text: str) -> Json:
    bundle = parse_json(text.encode("utf-8"), BUNDLE_BYTES_MAX)
    if not isinstance(bundle, dict) or bundle.get("v") != 1:
        raise ValueError("no bundle of version 1")
    if not {"v", "envelope", "keys"} <= set(bundle) <= {"v", "envelope", "keys", "disclosures"}:
        raise ValueError("another member, or one is missing")
    keys = bundle["keys"]
    if not isinstance(keys, list) or not 1 <= len(keys) <= 4:
        raise ValueError("one to four keys")
    for key in keys:
        if not isinstance(key, dict) or set(key) != {"kid", "jwk"}:
            raise ValueError("no key")
        check_schema("jwk", key["jwk"])
    return bundle


def from_base64(text: Json) -> bytes:
    """One byte string has one spelling."""
    if not isinstance(text, str):
        raise ValueError("no base64")
    data = base64.b64decode(text, validate=True)
    if base64.b64encode(data).decode("ascii") != text:
        raise ValueError("base64 not canonical")
    return data


def read_envelope(envelope: Json) -> tuple[bytes, list[tuple[str, bytes]]]:
    if not isinstance(envelope, dict) or set(envelope) != {"payload", "payloadType", "signatures"}:
        raise ValueError("no envelope")
    signatures = envelope["signatures"]
    if envelope["payloadType"] != PAYLOAD_TYPE or not isinstance(signatures, list) or not 1 <= len(signatures) <= 4:
        raise ValueError("no envelope of a statement")
    if len(canonical(envelope).encode("utf-8")) > ENVELOPE_BYTES_MAX:
        raise ValueError("too large")
    if any(not isinstance(one, dict) or set(one) != {"keyid", "sig"} for one in signatures):
        raise ValueError("no signature")
    return from_base64(envelope["payload"]), [(one["keyid"], from_base64(one["sig"])) for one in signatures]


def pre_auth_encoding(payload: bytes) -> bytes:
    kind = PAYLOAD_TYPE.encode("ascii")
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def trusted_keys(bundle: Json, kids: list[str]) -> dict[str, PublicKey]:
    """By what they are, and not by what the bundle calls them."""
    found: dict[str, PublicKey] = {}
    for entry in bundle["keys"]:
        try:
            key = PublicKey(entry["jwk"])
        except ValueError:
            continue  # a key that is none is nobody's
        if key.thumbprint in kids:
            found[key.thumbprint] = key
    return found


def open_payload(bundle: Json, kids: list[str]) -> bytes:
    payload, signatures = read("ENVELOPE_INVALID", read_envelope, bundle["envelope"])
    keys = trusted_keys(bundle, kids)
    known = [(keys[kid], sig) for kid, sig in signatures if kid in keys]
    require(known != [], "ISSUER_UNKNOWN", "no key that is trusted")
    signed = pre_auth_encoding(payload)
    good = any(key.algorithm == "Ed25519" and len(sig) == 64 and signature_is_good(key, signed, sig) for key, sig in known)
    require(good, "SIGNATURE_INVALID", "signature")
    return payload


def read_statement(payload: bytes) -> Json:
    value = read("STATEMENT_INVALID", parse_json, payload, ENVELOPE_BYTES_MAX)
    require(isinstance(value, dict), "STATEMENT_INVALID", "no object")
    require(canonical(value).encode("utf-8") == payload, "STATEMENT_INVALID", "not canonical")
    of_others = value.get("_type") == STATEMENT_TYPE and value.get("predicateType") != PREDICATE_TYPE
    require(not of_others, "PREDICATE_UNSUPPORTED", "another predicate")
    read("STATEMENT_INVALID", check_schema, "attestation", value)
    return value


# --- Output: ATT-15 ------------------------------------------------------------------------------------------


def check_output(subjects: list[Json], given: Json) -> None:
    data = given["content"].encode("utf-8")
    formed: bytes = read("FORM_INVALID", form_of, given["form"], data)
    of_form = [one for one in subjects if one["annotations"]["form"] == given["form"]]
    attested = {one["digest"]["sha256"] for one in of_form}
    if sha256_hex(formed) in attested:
        return
    lf = data.replace(b"\r\n", b"\n")
    other_ends = {sha256_hex(lf), sha256_hex(lf.replace(b"\n", b"\r\n"))}
    require(given["form"] != "file" or not other_ends & attested, "LINE_ENDINGS_CHANGED", "line endings")
    names = {one["name"].rpartition("/")[2] for one in subjects}
    lengths = {one["annotations"]["bytes"] for one in subjects}
    close = given["name"] in names or len(formed) in lengths
    raise Refused("CONTENT_CHANGED" if close else "DIGEST_OTHER", "another output")


# --- Gesture: ATT-6, ATT-7 -----------------------------------------------------------------------------------


def statement_digest(statement: Json) -> str:
    predicate = {name: value for name, value in statement["predicate"].items() if name not in ("act", "gesture")}
    return tagged_digest("countersign-attestation-v1", {**statement, "predicate": predicate})


def check_gesture(statement: Json) -> None:
    predicate = statement["predicate"]
    act, gesture = predicate.get("act"), predicate.get("gesture")
    if predicate["role"] == "directed" or act is None or gesture is None:
        return  # ATT-13 judges these
    human = predicate["human"]["rev"]
    require(gesture["rev"] == human and gesture["role"] == "approver", "GESTURE_INVALID", "of another person")
    is_own = "act" in act
    tag = "countersign-act-v1" if is_own else "countersign-approval-v1"
    site = Issuer({"iss": predicate["iss"], "keys": [], **predicate["rp"]})
    check_assertion(gesture, tagged_digest(tag, act), site)
    wanted = {
        "act": "output.attest",
        "output": predicate["output"]["id"],
        "statement": statement_digest(statement),
        "role": predicate["role"],
        "approver": human,
    }
    lets_go = act.get("decision") == "approve" and act.get("statement") == wanted["statement"]
    require(same_json(act, wanted) if is_own else lets_go, "GESTURE_REPLAYED", "over another statement")


# --- Roles: ATT-9 to ATT-14 ----------------------------------------------------------------------------------


def instant(text: str) -> int:
    """Milliseconds of an RFC 3339 time in UTC."""
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return round(moment.timestamp() * 1000)


def is_composed(evidence: Json, by: str) -> bool:
    made = evidence["composition"]
    return made is not None and made["by"] == by and made["human_share"] >= evidence["human_share"]


def is_reviewed(evidence: Json, by: str) -> bool:
    review, released = evidence["review"], evidence["released_at"]
    if review is None or review["by"] != by or review["flagged"] or review["in_view_ms"] == 0:
        return False
    opened, decided = instant(review["opened_at"]), instant(review["decided_at"])
    if not instant(evidence["registered_at"]) <= opened <= decided or review["in_view_ms"] > decided - opened:
        return False
    return released is None or decided <= instant(released)


def is_directed(evidence: Json) -> bool:
    instruction = evidence["instruction"]
    if instruction is None or instruction["names"] == "none":
        return False
    named = instruction.get("grant" if instruction["names"] == "grant" else "commit")
    age_ms = instant(evidence["registered_at"]) - instant(instruction["signed_at"])
    return named is not None and 0 <= age_ms < INSTRUCTION_LIFE_MS


def role_of(evidence: Json) -> tuple[Optional[str], Optional[str]]:
    """The first role whose evidence is whole, and whose it is."""
    by, principal = evidence["gesture"], evidence["principal"]
    if by is not None and is_composed(evidence, by):
        return "authored", by
    if by is not None and is_reviewed(evidence, by):
        return "supervised", by
    if principal is not None and is_directed(evidence):
        return "directed", principal
    return None, None


def check_role(predicate: Json) -> None:
    role, chain, human = predicate["role"], predicate["chain"], predicate["human"]["rev"]
    principal = None if chain is None else chain["principal"]
    evidence = {
        **{name: predicate[name] for name in ("composition", "review", "instruction")},
        "gesture": predicate.get("gesture", {}).get("rev"),
        "registered_at": predicate["output"]["registered_at"],
        "released_at": predicate["output"].get("released_at"),
        "human_share": predicate["policy"]["human_share"],
        "principal": principal,
    }
    found, _ = role_of(evidence)
    is_whole = found is not None and ROLES.index(found) <= ROLES.index(role)
    require(is_whole, "ROLE_UNPROVEN", "less evidence than for that role")
    signed = [name in predicate for name in ("act", "gesture")]
    require(signed == [role != "directed"] * 2, "ROLE_UNPROVEN", "a gesture where there is none, or none")
    require(role != "directed" or human == principal, "ROLE_UNPROVEN", "not who set the task")
    independent = principal is not None and human != principal
    require(predicate["independent"] == independent, "ROLE_UNPROVEN", "independent")


# --- Answers -------------------------------------------------------------------------------------------------


def disclosed_name(bundle: Json, predicate: Json) -> Optional[str]:
    disclosed = bundle.get("disclosures", {}).get("human")
    if disclosed is None:
        return None
    salt: bytes = read("NAME_MISMATCH", from_base64url, disclosed["salt"])
    opened = hmac.new(salt, canonical(disclosed["name"]).encode("utf-8"), hashlib.sha256).digest()
    require(to_base64url(opened) == predicate["human"]["name"], "NAME_MISMATCH", "another name")
    return str(disclosed["name"])


def answer_statement(vector: Json) -> Json:
    trust, given, known = vector["trust"], vector["given"], vector["known"]
    bundle = read("BUNDLE_INVALID", read_bundle, vector["bundle"])
    statement = read_statement(open_payload(bundle, trust["kids"]))
    predicate = statement["predicate"]
    issued_ms = instant(predicate["issued_at"])
    ended = trust.get("compromised", False) or issued_ms >= trust.get("retired_ms", float("inf"))
    require(not ended, "KEY_ENDED", "the key had ended")
    if given is not None:
        check_output(statement["subject"], given)
    made_ms = max(instant(predicate["output"]["registered_at"]), (given or {}).get("made_ms", 0))
    require(issued_ms >= made_ms, "OLDER_THAN_OUTPUT", "older than its output")
    check_gesture(statement)
    check_role(predicate)
    name = disclosed_name(bundle, predicate)
    require(issued_ms < known.get("ended_ms", float("inf")), "AUTHORITY_ENDED", "had left")
    state = known.get("state", "valid")
    require(state == "valid", f"ATTESTATION_{state.upper()}", "the issuer says so")
    return {
        "ok": True,
        "role": predicate["role"],
        "independent": predicate["independent"],
        "human": predicate["human"]["rev"],
        "name": name,
    }


def answer_role(vector: Json) -> Json:
    role, human = role_of(vector["evidence"])
    return {"role": role, "human": human}
