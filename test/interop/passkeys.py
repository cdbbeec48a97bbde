"""Whose passkey counts at which place of a log, from spec/people.md alone (PPL-5 to PPL-16)."""
from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Optional, Protocol

from chain import Issuer, Refused, check_assertion, require
from wire import Json, PublicKey, from_base64url, same_json, tagged_digest

PASSKEYS_MAX = 10
ACT = "countersign-act-v1"


class Entry(Protocol):
    index: int
    type: str
    time: str
    subject: Optional[str]
    actor: str
    actor_kind: str
    body: Json


@dataclass
class Passkey:
    index: int
    person: str
    rev: str
    credential: Json
    of: str  # the type of the entry that registered it
    since: Optional[int] = None  # the entry from which it counts
    ended: Optional[int] = None

    @property
    def thumbprint(self) -> str:
        return PublicKey(self.credential["jwk"]).thumbprint

    def counts(self, index: int) -> bool:
        return self.since is not None and self.since < index and (self.ended is None or self.ended >= index)


class Book:
    def __init__(self, site: Issuer, alone: bool) -> None:
        self.site, self.alone = site, alone
        self.passkeys: dict[int, Passkey] = {}
        self.revs: dict[str, str] = {}
        self.registered: dict[str, int] = {}  # by person, the registration that is endorsed
        self.invited: dict[str, tuple[Entry, Optional[int]]] = {}
        self.left: set[str] = set()
        self.lines: dict[str, set[str]] = {}  # by person, who brought them in, and those, and so on
        self.gestures = 0

    def named(self, gesture: Json) -> Optional[Passkey]:
        passkey = self.passkeys.get(gesture["registration"])
        same = passkey is not None and passkey.rev == gesture["rev"] and same_json(passkey.credential["jwk"], gesture["jwk"])
        return passkey if same else None

    def check(self, code: str, entry: Entry, gesture: Json, person: str, role: str, act: Json, itself: bool = False) -> Passkey:
        """A gesture over the act by a passkey of the person that counts, or by the one that is being endorsed."""
        where = f"entry {entry.index}"
        passkey = self.named(gesture)
        require(passkey is not None and passkey.person == person, code, f"{where}: a gesture of another key")
        require(gesture["role"] == role and passkey.rev not in self.left, code, f"{where}: another role, or a leaver")
        ended = passkey.ended is not None and passkey.ended < entry.index
        require(not ended and (itself or passkey.counts(entry.index)), code, f"{where}: a passkey that does not count")
        try:
            check_assertion(gesture, tagged_digest(ACT, act), self.site)
        except Refused as refused:
            raise Refused(code, f"{where}: {refused}") from None
        return passkey

    def counting(self, entry: Entry) -> list[Passkey]:
        return [one for one in self.passkeys.values() if one.counts(entry.index) and one.rev not in self.left]

    # --- One function a type of entry

    def enrolled(self, entry: Entry) -> None:
        self.revs[entry.subject] = entry.body["rev"]
        self.register(entry)

    def register(self, entry: Entry, since: Optional[int] = None) -> None:
        key = entry.body["credential"]["jwk"]
        taken = any(same_json(one.credential["jwk"], key) for one in self.passkeys.values())
        require(not taken, "IDENTIFIER_REUSED", f"entry {entry.index}: a passkey that is somebody's")
        rev = self.revs.get(entry.subject, "")
        self.passkeys[entry.index] = Passkey(entry.index, entry.subject, rev, entry.body["credential"], entry.type, since)

    def endorsed(self, entry: Entry) -> None:
        act, code = entry.body["act"], "ENDORSEMENT_INVALID"
        one = self.passkeys.get(act["registration"])
        good = one is not None and one.of != "person.passkey_added" and one.since is None and one.ended is None
        names = good and one.person == act["person"] == entry.subject and one.thumbprint == act["credential"]
        require(names and entry.actor == act["endorser"], code, f"entry {entry.index}: not over a registration")
        itself, alone = act["endorser"] == act["person"], entry.body["acted_alone"]
        by = self.check(code, entry, entry.body["gesture"], act["endorser"], "approver", act, itself)
        if one.of == "person.enrolled":
            first = one.index == min(self.passkeys)
            require(alone == itself and (not itself or first or self.alone), code, f"entry {entry.index}: alone")
        else:
            self.recovered(entry, one, by)
        self.bring(one.person, act["endorser"])
        one.since = entry.index
        self.registered[act["person"]] = one.index

    def recovered(self, entry: Entry, one: Passkey, by: Passkey) -> None:
        act, code, alone = entry.body["act"], "ENDORSEMENT_INVALID", entry.body["acted_alone"]
        invitation, registered = self.invited.get(one.person, (None, None))
        require(registered == one.index, code, f"entry {entry.index}: of no invitation")
        if act["endorser"] == act["person"]:
            nobody = not any(other.person != one.person for other in self.counting(entry))
            holds = alone and invitation.actor_kind == "system" and by is one and nobody
        else:
            is_inviter = invitation.actor == act["endorser"]
            free = self.alone or invitation.actor_kind == "system"
            holds = alone == is_inviter and (free or self.apart(invitation.actor, act["endorser"]))
        require(holds, code, f"entry {entry.index}: by whom it may not be")
        for other in self.passkeys.values():
            if other.person == one.person and other is not one and other.ended is None:
                other.ended = entry.index
        if invitation.actor_kind == "person":
            self.bring(one.person, invitation.actor)
        del self.invited[one.person]

    def bring(self, person: str, by: str) -> None:
        line = self.lines.setdefault(person, set())
        line.update({by} | self.lines.get(by, set()))
        line.discard(person)

    def apart(self, one: str, other: str) -> bool:
        """Neither could have made the other, and nobody both but the first person (PPL-15)."""
        first = next(iter(self.passkeys.values())).person
        mine, theirs = self.lines.get(one, set()), self.lines.get(other, set())
        return one != other and one not in theirs and other not in mine and mine & theirs <= {first}

    def person_added(self, entry: Entry) -> None:
        if entry.actor_kind == "person":
            self.bring(entry.subject, entry.actor)

    def added(self, entry: Entry) -> None:
        act, credential, code = entry.body["act"], entry.body["credential"], "PASSKEY_INVALID"
        person = entry.subject
        own = [one for one in self.counting(entry) if one.person == person]
        good = act["person"] == person == entry.actor and self.registered.get(person) == act["registration"]
        same = PublicKey(credential["jwk"]).thumbprint == act["credential"]
        require(good and same and len(own) < PASSKEYS_MAX, code, f"entry {entry.index}: what it adds")
        require(all(one.credential["amr"] == credential["amr"] for one in own), code, f"entry {entry.index}: of another sort")
        self.check(code, entry, entry.body["gesture"], person, "principal", act)
        self.register(entry, entry.index)

    def removed(self, entry: Entry) -> None:
        body, code, person = entry.body, "PASSKEY_INVALID", entry.subject
        one = self.passkeys.get(body["passkey"])
        compromised = body["reason"] == "compromised"
        late = compromised and one is not None and one.since is not None and one.ended is not None  # PPL-16
        require(one is not None and one.person == person and (late or one.counts(entry.index)), code, f"entry {entry.index}: which")
        moment = {"since": body["since"]} if "since" in body else {}
        require(compromised or not moment, code, f"entry {entry.index}: a moment without a reason for one")
        to_come = "since" in body and instant(body["since"]) > instant(entry.time)
        require(not to_come, code, f"entry {entry.index}: a moment to come")
        if "act" in body and "gesture" in body:
            act = {"act": "person.remove_passkey", "person": person, "passkey": one.index, "credential": one.thumbprint, "reason": body["reason"], **moment}
            good = same_json(act, body["act"]) and entry.actor == person and body["gesture"]["registration"] != one.index
            require(good, code, f"entry {entry.index}: another act")
            self.check(code, entry, body["gesture"], person, "principal", act)
        else:
            others = entry.actor_kind == "person" and entry.actor != person
            require(others and "act" not in body and "gesture" not in body, code, f"entry {entry.index}: without a gesture")
        one.ended = entry.index if one.ended is None else one.ended

    def invited_again(self, entry: Entry) -> None:
        person, actor, kind = entry.subject, entry.actor, entry.actor_kind
        by = kind == "system" or (kind == "person" and actor != person and actor in self.registered)
        over = person in self.registered and self.registered[person] == entry.body["registration"]
        require(by and over and self.revs[person] not in self.left, "PASSKEY_INVALID", f"entry {entry.index}: who is invited, by whom")
        self.invited[person] = (entry, None)

    def registered_anew(self, entry: Entry) -> None:
        invitation, registered = self.invited.get(entry.subject, (None, None))
        good = invitation is not None and registered is None and invitation.index == entry.body["invitation"]
        require(good and entry.actor == entry.subject, "PASSKEY_INVALID", f"entry {entry.index}: of no invitation")
        self.register(entry)
        self.invited[entry.subject] = (invitation, entry.index)

    def named_in_roster(self, entry: Entry) -> None:
        """A roster names passkeys that count, of people who are here (KIL-6)."""
        standing = self.counting(entry)
        for named in entry.body["roster"]["people"]:
            good = any(one.rev == named["rev"] and same_json(one.credential["jwk"], named["jwk"]) for one in standing)
            require(good, "ROSTER_INVALID", f"entry {entry.index}: a key that is no passkey of somebody who was endorsed")

    # --- Gestures of everything else

    def stands(self, index: int, gesture: Json, is_root: bool) -> None:
        passkey = self.named(gesture)
        if passkey is None and not is_root:
            return  # of somebody who is no person of this log, or for the rules of that act
        require(passkey is not None and passkey.since is not None and passkey.since < index, "REGISTRATION_NOT_ENDORSED", f"entry {index}")
        require(passkey.counts(index), "PASSKEY_REMOVED", f"entry {index}")
        self.gestures += 1


def check_passkeys(entries: list[Entry]) -> int:
    """How many gestures there are, each by a passkey that counted at its place."""
    created = next(entry for entry in entries if entry.type == "log.created").body
    site = Issuer({"iss": created["origin"], "rp_id": created["rp_id"], "origins": created["origins"], "keys": []})
    book = Book(site, created["separation"] == "after")
    rules = {
        "person.added": book.person_added,
        "person.enrolled": book.enrolled,
        "person.endorsed": book.endorsed,
        "person.passkey_added": book.added,
        "person.passkey_removed": book.removed,
        "person.recovery_invited": book.invited_again,
        "person.reregistered": book.registered_anew,
        "roster.set": book.named_in_roster,
    }
    roots = roots_of(entries, created["origin"])
    for entry in entries:
        for gesture in roots.get(entry.index, []):
            book.stands(entry.index, gesture, True)
        if entry.type in rules:
            rules[entry.type](entry)
        elif entry.type == "revocation" and entry.body["frame"]["kind"] == "person":
            book.left.add(entry.body["frame"]["handle"])
        elif "gesture" in entry.body:
            book.stands(entry.index, entry.body["gesture"], False)
        elif entry.type == "kill.lifted":
            for gesture in entry.body["statement"]["gestures"]:
                book.stands(entry.index, gesture, False)
    return book.gestures


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def roots_of(entries: list[Entry], origin: str) -> dict[int, list[Json]]:
    """The gestures of roots, at the first of the entries that issue or log them."""
    issued = {entry.body["segment"]: entry.index for entry in reversed(entries) if entry.type == "delegation.issued"}
    found: dict[int, list[Json]] = {}
    for entry in entries:
        if entry.type != "chain.segment" or entry.body["parent"] is not None:
            continue
        payload = json.loads(from_base64url(entry.body["segment"].split(".")[1]))
        if payload.get("iss") == origin:
            index = min(entry.index, issued.get(entry.body["id"], entry.index))
            found.setdefault(index, []).extend(payload["gestures"])
    return found
