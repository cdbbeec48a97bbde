"""Consents, withdrawals, bases and identifiers of spec/consent.md: given or refused, used or not, and by which code.

Written from the page, spec/dpv.json and spec/schemas alone.
"""
from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from typing import Optional

from approvals import is_signature
from chain import Issuer, Refused, check_assertion, read, require
from grants import folding
from wire import (
    SCHEMAS,
    Json,
    PublicKey,
    canonical,
    check_schema,
    from_base64url,
    same_json,
    tagged_digest,
    to_base64url,
)

# --- Vocabulary: CNS-1 to CNS-3, CNS-14 ----------------------------------------------------------------------

DPV = "https://w3id.org/dpv#"
PD = "https://w3id.org/dpv/pd#"
PERSONAL_DATA = DPV + "PersonalData"
TERMS = json.loads((SCHEMAS.parent / "dpv.json").read_text("utf-8"))
SPECIAL = [
    PD + name
    for name in (
        "MedicalHealth Biometric Ethnicity PoliticalAffiliation PoliticalOpinion Religion ReligiousBelief"
        " PhilosophicalBelief TradeUnionMembership Sexual"
    ).split()
]
PROFILING = [DPV + "Personalisation", DPV + "PersonnelBehaviourMonitoring"]


def above(terms: dict[str, list[str]], term: str) -> set[str]:
    """The term and every broader one."""
    return {term}.union(*(above(terms, broader) for broader in terms.get(term, [])))


def purposes_above(purpose: str) -> set[str]:
    return above(TERMS["purposes"], purpose)


def is_purpose(term: str) -> bool:
    return term in TERMS["purposes"] and term != DPV + "Purpose"


def purpose_covers(broad: str, narrow: str) -> bool:
    return broad in purposes_above(narrow)


def category_covers(broad: str, narrow: str) -> bool:
    return broad in above(TERMS["categories"], narrow)


def is_special(category: str) -> bool:
    return any(category_covers(one, category) for one in SPECIAL)


def profiles(purpose: str) -> bool:
    return any(purpose_covers(one, purpose) for one in PROFILING)


# --- Jurisdictions: CNS-4 ------------------------------------------------------------------------------------

EEA = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK".split()


def reaches(outer: str, inner: str) -> bool:
    if outer in ("*", inner):
        return True
    country = inner[:2]
    return country in EEA if outer == "EU" else len(outer) == 2 and outer == country


def asks_condition(jurisdiction: str) -> bool:
    """Where special categories take an explicit consent or a condition (CNS-3)."""
    return jurisdiction == "*" or reaches("EU", jurisdiction) or reaches("GB", jurisdiction)


# --- Giving: CNS-12 to CNS-14 --------------------------------------------------------------------------------

CONSENT_S_MAX = 10 * 366 * 86_400
GIVEN_S_MAX = 600


def answer_giving(vector: Json) -> Json:
    record, proof, subject = vector["record"], vector["proof"], vector["subject"]
    read("RECORD_INVALID", check_schema, "consent", record)
    notice = vector["notice"]
    require(notice is not None, "UNKNOWN_NOTICE", "not approved")
    is_of = subject is not None and subject["id"] == record["subject"]
    require(is_of and subject["jurisdiction"] == record["jurisdiction"], "CONSENT_SUBJECT_MISMATCH", "whose")
    check_record(record, notice, vector["now"])
    known = vector["known"]
    require(record["consent"] not in known and record["rev"] not in known, "CONSENT_REPLAYED", "known")
    check_proof(record, proof, vector)
    return {"ok": True, "asserted": proof["type"] == "imported"}


def check_record(record: Json, notice: Json, now_s: int) -> None:
    purposes, categories, where = record["purposes"], record["categories"], record["jurisdiction"]
    are_terms = all(map(is_purpose, purposes)) and all(one in TERMS["categories"] for one in categories)
    require(are_terms, "TERM_UNKNOWN", "no term")
    is_of = record["language"] == notice["language"] and reaches(notice["jurisdiction"], where)
    require(is_of, "NOTICE_MISMATCH", "language or jurisdiction")
    for one in purposes:
        require(any(purpose_covers(broad, one) for broad in notice["purposes"]), "PURPOSE_OUTSIDE_NOTICE", one)
    for one in categories:
        require(any(category_covers(broad, one) for broad in notice["categories"]), "CATEGORY_OUTSIDE_NOTICE", one)
    lives = now_s < record["expires"] > record["given_at"]
    require(lives and record["expires"] - record["given_at"] <= CONSENT_S_MAX, "CONSENT_EXPIRED", "expires")
    is_explicit = "explicit" in record or not asks_condition(where)
    require(is_explicit or not any(map(is_special, categories)), "CONDITION_MISSING", "not explicit")
    if "minor" in record:
        by_parent = record.get("proxy", {}).get("relation") in ("parent", "guardian")
        require(by_parent, "PARENT_MISSING", "no parent")
        profiled = reaches("IN", where) and any(map(profiles, purposes))
        require(not profiled, "MINOR_PROFILING", "a child")


def check_proof(record: Json, proof: Json, vector: Json) -> None:
    away_s = vector["now"] - record["given_at"]
    is_late = proof["type"] != "imported" and away_s > GIVEN_S_MAX
    require(not is_late and away_s >= -GIVEN_S_MAX, "CONSENT_STALE", "given_at")
    if proof["type"] == "manager":
        check_signature(record, proof, vector["managers"])
    if proof["type"] == "passkey":
        check_gesture(record, proof["gesture"], vector)


def check_signature(record: Json, proof: Json, managers: Json) -> None:
    manager = managers.get(proof["manager"])
    require(manager is not None, "UNKNOWN_MANAGER", "none stands")
    key: PublicKey = read("CONSENT_PROOF_INVALID", PublicKey, manager["jwk"])
    signature: bytes = read("CONSENT_PROOF_INVALID", from_base64url, proof["sig"])
    signed = ("countersign-consent-v1\0" + canonical(record)).encode("utf-8")
    require(is_signature(key, signed, signature), "CONSENT_PROOF_INVALID", "signature")
    require(reaches(manager["jurisdiction"], record["jurisdiction"]), "CONSENT_PROOF_INVALID", "of elsewhere")


def check_gesture(record: Json, gesture: Json, vector: Json) -> None:
    passkey = vector["subject"]["passkey"]
    is_own = (
        passkey is not None
        and passkey["registration"] == gesture["registration"]
        and same_json(passkey["jwk"], gesture["jwk"])
    )
    require(is_own, "CONSENT_SUBJECT_MISMATCH", "another registration")
    is_principal = gesture["role"] == "principal" and gesture["rev"] == record["rev"]
    require(is_principal, "CONSENT_PROOF_INVALID", "role or rev")
    challenge = tagged_digest("countersign-act-v1", {"act": "consent.give", "record": record})
    try:
        check_assertion(gesture, challenge, Issuer({**vector["rp"], "iss": "", "keys": []}))
    except Refused as refused:
        raise Refused("CONSENT_PROOF_INVALID", str(refused)) from None


# --- Withdrawals: CNS-15, CNS-16 -----------------------------------------------------------------------------


def handle_for(of: str, purpose: Optional[str]) -> str:
    if purpose is None:
        return of
    return f"{of}.{to_base64url(hashlib.sha256(purpose.encode('utf-8')).digest()[:12])}"


def answer_withdrawal(vector: Json) -> Json:
    consent, purposes, before = vector["consent"], vector["purposes"], vector["before"]
    if consent is None:
        handles = [handle_for(vector["subject"], one) for one in purposes or [None]]
        return {"ok": True, "kind": "subject", "handles": sorted(handles)}
    for one in purposes or []:
        covered = any(purpose_covers(broad, one) for broad in consent["purposes"])
        require(covered, "PURPOSE_OUTSIDE_CONSENT", one)
    is_whole = purposes is None or before == "all" or set(consent["purposes"]) <= {*purposes, *before}
    said = [None] if is_whole else sorted(set(purposes))
    return {"ok": True, "kind": "consent", "handles": sorted(handle_for(consent["rev"], one) for one in said)}


# --- Decisions: CNS-25, CNS-40 -------------------------------------------------------------------------------

OBJECTABLE = ("gdpr_6_1_e", "gdpr_6_1_f", "dpdpa_7_a", "ccpa_1798_100")


class Decision:
    """One question: may this subject's data be used for this purpose, all of these categories?"""

    def __init__(self, vector: Json) -> None:
        self.now_s: int = vector["now"]
        self.purpose: str = vector["wanted"]["purpose"]
        self.categories: list[str] = vector["wanted"]["categories"]
        self.revoked = {(one["kind"], one["handle"]) for one in vector["revoked"]}
        self.bases: list[Json] = vector["bases"]

    def is_revoked(self, kind: str, of: str, purpose: str) -> bool:
        """The whole, the purpose, or any broader one."""
        handles = [of, *(handle_for(of, broad) for broad in purposes_above(purpose))]
        return any((kind, handle) in self.revoked for handle in handles)

    def covers_all(self, broad: list[str], is_explicit: bool, jurisdiction: str) -> bool:
        def covers(term: str, category: str) -> bool:
            is_vague = term == PERSONAL_DATA and is_special(category) and asks_condition(jurisdiction)
            return category_covers(term, category) and (is_explicit or not is_vague)

        return all(any(covers(term, category) for term in broad) for category in self.categories)

    def is_withdrawn(self, consent: Json, purpose: str) -> bool:
        told = consent.get("withdrawn", [])
        if told is True or self.is_revoked("consent", consent["rev"], purpose):
            return True
        return any(broad in told for broad in purposes_above(purpose))

    def consent_lives(self, consent: Json, purpose: str) -> bool:
        return consent["exp"] > self.now_s and not self.is_withdrawn(consent, purpose)

    def basis_lives(self, basis: Json) -> bool:
        return basis["exp"] > self.now_s and ("consent", basis["id"]) not in self.revoked

    def covering_consents(self, subject: Json) -> list[Json]:
        return [
            one
            for one in subject["consents"]
            if any(purpose_covers(broad, self.purpose) for broad in one["purposes"])
            and self.covers_all(one["categories"], "explicit" in one, subject["jurisdiction"])
        ]

    def covering_bases(self, jurisdiction: Optional[str]) -> list[Json]:
        """That live. None: of a stranger, whom each reaches."""
        return [
            one
            for one in self.bases
            if self.basis_lives(one)
            and (jurisdiction is None or reaches(one["jurisdiction"], jurisdiction))
            and purpose_covers(one["purpose"], self.purpose)
            and self.covers_all(one["categories"], "condition" in one, jurisdiction or one["jurisdiction"])
        ]

    def has_other_purpose(self, subject: Json) -> bool:
        where = subject["jurisdiction"]
        consents = [
            one
            for one in subject["consents"]
            if self.covers_all(one["categories"], "explicit" in one, where)
            and any(self.consent_lives(one, purpose) for purpose in one["purposes"])
        ]
        bases = [
            one
            for one in self.bases
            if self.basis_lives(one)
            and reaches(one["jurisdiction"], where)
            and self.covers_all(one["categories"], "condition" in one, where)
        ]
        return consents != [] or bases != []


def answer_decision(vector: Json) -> Json:
    found = basis_of(vector)
    return {"reason": found} if found.isupper() else {"basis": found}


def first(those: list[Json]) -> Optional[str]:
    return min((one["id"] for one in those), default=None)


def basis_of(vector: Json) -> str:
    """The identifier of the basis, or the reason why there is none."""
    asked, subject = Decision(vector), vector["subject"]
    if not vector["fresh"]:
        return "STALE_REVOCATION"
    if subject == "nobody":
        return "SUBJECT_UNRESOLVED"
    if subject == "unknown":
        open_to_all = [one for one in asked.covering_bases(None) if "unregistered" in one]
        is_asked = vector["current"] and vector["consent"] is None
        return (first(open_to_all) if is_asked else None) or "SUBJECT_UNRESOLVED"
    if vector["consent"] is not None and all(one["rev"] != vector["consent"] for one in subject["consents"]):
        return "SUBJECT_OUTSIDE"
    is_child = subject.get("minor", 0) > asked.now_s and reaches("IN", subject["jurisdiction"])
    if is_child and profiles(asked.purpose):
        return "MINOR_PROFILING"
    return basis_of_known(asked, subject)


def basis_of_known(asked: Decision, subject: Json) -> str:
    consents = asked.covering_consents(subject)
    given = first([one for one in consents if asked.consent_lives(one, asked.purpose)])
    if given is not None:
        return given
    bases = asked.covering_bases(subject["jurisdiction"])
    objected = asked.is_revoked("subject", subject["subject"], asked.purpose)
    left = first([one for one in bases if not (objected and one["kind"] in OBJECTABLE)])
    if left is not None:
        return left
    if any(asked.is_withdrawn(one, asked.purpose) for one in consents):
        return "CONSENT_WITHDRAWN"
    if bases != []:
        return "SUBJECT_OBJECTED"
    if consents != []:
        return "CONSENT_EXPIRED"
    return "PURPOSE_OUTSIDE" if asked.has_other_purpose(subject) else "NO_BASIS"


# --- Identifiers: CNS-10, CNS-43 -----------------------------------------------------------------------------

IDENTIFIER_CHARACTERS_MAX = 256
INTEGER_MAX = 2**53 - 1
# Default_Ignorable_Code_Point (Unicode, DerivedCoreProperties) without those that are Cf.
IGNORABLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2065\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8"
    "\U000e0000\U000e0002-\U000e001f\U000e0080-\U000e0fff]"
)
NUMBER = re.compile(r"[0-9\s()./+-]*[0-9][0-9\s()./+-]*")
TAGGED_ADDRESS = re.compile(r"([^@+]+)\+[^@]*@([^@]+)")


def answer_identifier(vector: Json) -> Json:
    folded = folded_of(vector["value"])
    return None if folded is None else {"folded": folded, "plain": plain_of(folded)}


def folded_of(value: Json) -> Optional[str]:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    if isinstance(value, int) and abs(value) > INTEGER_MAX:
        return None
    text = unicodedata.normalize("NFKC", value if isinstance(value, str) else canonical(value)).strip()
    shown = "".join(one for one in text if unicodedata.category(one) not in ("Cc", "Cf"))
    folded = folding(IGNORABLE.sub("", shown).strip())
    return folded if 0 < len(folded) <= IDENTIFIER_CHARACTERS_MAX else None


def plain_of(folded: str) -> str:
    if NUMBER.fullmatch(folded):
        return re.sub("[^0-9]", "", folded).lstrip("0") or "0"
    address = TAGGED_ADDRESS.fullmatch(folded)
    return f"{address[1]}@{address[2]}" if address else folded
