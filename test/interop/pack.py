"""A second verifier of evidence packs, written from spec/ alone (pack.md, log.md, enforcement.md, tests.md, people.md).

    python3 test/interop/pack.py PACK --key VKEY

prints one line a check and, at the first thing that does not hold, its code and where; exits 0 only if all of it
holds. It reads the pack in memory and writes nothing of it. Needs Python 3.9 and OpenSSL 3, and nothing else.
"""
from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
import zipfile
import zlib
from datetime import datetime, timezone
from pathlib import Path
from typing import Iterator, NamedTuple

from attestations import from_base64, pre_auth_encoding, read_envelope
from chain import Issuer, Refused, require, verify_chain
from passkeys import check_passkeys
from wire import Json, PublicKey, canonical, digest_of, from_base64url, parse_json, signature_is_good, tagged_digest, to_base64url

FILES_MAX = 65_534
PACK_BYTES_MAX = 2**31
NAME = re.compile(r"[a-z0-9][a-z0-9._-]*(/[a-z0-9][a-z0-9._-]*)*\Z")
MANIFEST, SIGNATURE = "manifest.json", "manifest.dsse"
ENTRY_BYTES_MAX = 65_535
WIDTH = 256


# --- The archive and its manifest: PCK-3 (1, 2) --------------------------------------------------------------


def read_files(path: Path) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
            require(len(infos) <= FILES_MAX and not archive.comment, "PACK_ARCHIVE_INVALID", "files or a comment")
            require(sum(info.file_size for info in infos) <= PACK_BYTES_MAX, "PACK_TOO_LARGE", "bytes")
            for info in infos:
                require(NAME.match(info.filename) is not None, "PACK_ARCHIVE_INVALID", f"the name {info.filename!r}")
            files = {info.filename: archive.read(info) for info in infos}
            require(len(files) == len(infos), "PACK_ARCHIVE_INVALID", "a name that is there twice")
            return files
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as cause:
        raise Refused("PACK_ARCHIVE_INVALID", str(cause)) from None


def json_of(code: str, data: bytes) -> Json:
    try:
        return parse_json(data, PACK_BYTES_MAX)
    except ValueError as cause:
        raise Refused(code, str(cause)) from None


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def read_manifest(files: dict[str, bytes]) -> Json:
    require(MANIFEST in files, "PACK_FILE_MISSING", MANIFEST)
    manifest = json_of("PACK_MANIFEST_INVALID", files[MANIFEST])
    require(isinstance(manifest, dict) and isinstance(manifest.get("v"), int), "PACK_MANIFEST_INVALID", "no object with v")
    require(manifest["v"] <= 1, "PACK_NEWER", "get a newer verifier")
    members = ("origin", "period", "log", "generator", "files", "populations")
    require(all(name in manifest for name in members), "PACK_MANIFEST_INVALID", "a member is missing")
    return manifest


def check_files(files: dict[str, bytes], manifest: Json) -> int:
    for name, digest in manifest["files"].items():
        require(name in files, "FILE_MISSING", name)
        require(sha256(files[name]).hex() == digest, "FILE_CHANGED", name)
    require(SIGNATURE in files, "FILE_MISSING", SIGNATURE)
    for name in files:
        require(name in (MANIFEST, SIGNATURE) or name in manifest["files"], "FILE_EXTRA", name)
    return len(files)


# --- Checkpoints and the tree: PCK-3 (3, 4), C2SP signed-note, tlog-checkpoint and tlog-tiles ------------------


class Checkpoint(NamedTuple):
    origin: str
    size: int
    root: bytes


class LogKey(NamedTuple):
    name: str
    id: bytes
    key: PublicKey


def read_vkey(vkey: str) -> LogKey:
    try:
        name, key_hash, encoded = vkey.split("+", 2)
        typed = from_base64(encoded)
        public = PublicKey({"crv": "Ed25519", "kty": "OKP", "x": to_base64url(typed[1:])})
        key = LogKey(name, sha256(name.encode("utf-8") + b"\n" + typed)[:4], public)
    except ValueError as cause:
        raise Refused("VKEY_INVALID", str(cause)) from None
    require(typed[:1] == b"\x01" and key.id.hex() == key_hash, "VKEY_INVALID", "another type, or another id")
    return key


def open_checkpoint(note: bytes, log: LogKey, file: str) -> Checkpoint:
    try:
        text, _, signatures = note.decode("utf-8").partition("\n\n")
        signed = (text + "\n").encode("utf-8")
        for line in signatures.splitlines():
            dash, name, encoded = line.split(" ")
            signature = from_base64(encoded)
            is_ours = dash == "\u2014" and name == log.name and signature[:4] == log.id
            if is_ours and signature_is_good(log.key, signed, signature[4:]):
                origin, size, root = text.split("\n")
                require(origin == log.name, "CHECKPOINT_INVALID", f"{file}: another origin")
                return Checkpoint(origin, int(size), from_base64(root))
    except ValueError as cause:
        raise Refused("CHECKPOINT_INVALID", f"{file}: {cause}") from None
    raise Refused("CHECKPOINT_INVALID", f"{file}: no good signature by the key given")


def tile_path(level: str, index: int, width: int) -> str:
    digits = f"{index:03d}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    path = "/".join(["x" + group for group in groups[:-1]] + groups[-1:])
    return f"tile/{level}/{path}" + ("" if width == WIDTH else f".p/{width}")


def read_entries(files: dict[str, bytes], size: int) -> Iterator[bytes]:
    """A pack over a pruned log has `kept/` in the place of bundles: this verifier does not read those."""
    for first in range(0, size, WIDTH):
        width = min(WIDTH, size - first)
        path = tile_path("entries", first // WIDTH, width)
        require(path in files, "FILE_MISSING", path)
        bundle, at = files[path], 0
        for offset in range(width):
            length = int.from_bytes(bundle[at : at + 2], "big")
            entry = bundle[at + 2 : at + 2 + length]
            require(at + 2 <= len(bundle) and len(entry) == length, "ENTRY_MISSING", f"entry {first + offset}")
            yield entry
            at += 2 + length
        require(at == len(bundle), "TREE_INVALID", path)


def check_tree(files: dict[str, bytes], end: Checkpoint, start: Checkpoint | None) -> list[bytes]:
    """Every entry against its tile, and the root over all of them: RFC 6962 section 2.1."""
    entries = list(read_entries(files, end.size))
    leaves = [sha256(b"\x00" + entry) for entry in entries]
    for first in range(0, end.size, WIDTH):
        width = min(WIDTH, end.size - first)
        path = tile_path("0", first // WIDTH, width)
        require(path in files, "FILE_MISSING", path)
        for offset in range(width):
            stored = files[path][32 * offset : 32 * offset + 32]
            require(stored == leaves[first + offset], "ENTRY_CHANGED", f"entry {first + offset}")
    require(root_of(leaves) == end.root, "TREE_INVALID", "the root is not the one that the checkpoint signs")
    if start is not None:
        require(root_of(leaves[: start.size]) == start.root, "TREE_INVALID", "the start is no beginning of this tree")
    return entries


def root_of(hashes: list[bytes]) -> bytes:
    if not hashes:
        return sha256(b"")
    while len(hashes) > 1:
        odd = hashes[-1:] if len(hashes) % 2 else []
        hashes = [sha256(b"\x01" + left + right) for left, right in zip(hashes[::2], hashes[1::2])] + odd
    return hashes[0]


# --- Entries and the signature: PCK-3 (5), PCK-7 ---------------------------------------------------------------


class Entry(NamedTuple):
    index: int
    type: str
    time: str
    actor: str
    actor_kind: str
    subject: str | None
    body: Json


def parse_entry(index: int, data: bytes) -> Entry:
    require(len(data) <= ENTRY_BYTES_MAX, "ENTRY_INVALID", f"entry {index}")
    value = json_of("ENTRY_INVALID", data)
    require(isinstance(value, dict) and canonical(value).encode("utf-8") == data, "ENTRY_INVALID", f"entry {index}: not canonical")
    try:
        return Entry(index, value["type"], value["time"], value["actor"]["id"], value["actor"]["kind"], value.get("subject"), value["body"])
    except (KeyError, TypeError):
        raise Refused("ENTRY_INVALID", f"entry {index}: a member is missing") from None


def of_type(entries: list[Entry], *types: str) -> list[Entry]:
    return [entry for entry in entries if entry.type in types]


def issuer_keys(entries: list[Entry]) -> dict[str, PublicKey]:
    """In the order of the log: the last is the current one (KEY-2)."""
    made = [entry for entry in of_type(entries, "key.created") if entry.body["use"] == "issuer"]
    keys = {entry.body["kid"]: PublicKey(entry.body["jwk"]) for entry in made}
    for kid, key in keys.items():
        require(key.thumbprint == kid, "KEY_MISMATCH", kid)
    return keys


def check_signature(files: dict[str, bytes], manifest: Json, end: Checkpoint, entries: list[Entry]) -> int:
    keys = issuer_keys(entries)
    try:
        payload, signatures = read_envelope(json_of("MANIFEST_FORGED", files[SIGNATURE]))
        known = [(kid, data) for kid, data in signatures if kid in keys]
    except (ValueError, TypeError) as cause:
        raise Refused("MANIFEST_FORGED", str(cause)) from None
    require(known != [], "MANIFEST_SIGNER_INVALID", "a key that is not in the log")
    good = [kid for kid, data in known if signature_is_good(keys[kid], pre_auth_encoding(payload), data)]
    require(good != [], "MANIFEST_FORGED", "the signature")
    require(good[0] == list(keys)[-1], "MANIFEST_SIGNER_INVALID", "a key that was not the current one")
    statement = json_of("MANIFEST_UNSIGNED", payload)
    subject = [{"name": MANIFEST, "digest": {"sha256": sha256(files[MANIFEST]).hex()}}]
    is_of_pack = isinstance(statement, dict) and statement.get("predicateType") == "urn:countersign:pack:1"
    require(is_of_pack and statement.get("subject") == subject, "MANIFEST_UNSIGNED", "over something else")
    said = dict(statement["predicate"])
    runner, release = said.pop("runner", None), said.pop("release", "")
    root = [from_base64(said.get("log", {}).get("root", "")), said.get("log", {}).get("size")]
    expected = {name: manifest[name] for name in ("origin", "period", "generator")}
    expected.update(v=1, zone="UTC", time=entries[-1].time, log=said.get("log"))
    enrolled = {entry.subject for entry in of_type(entries, "person.enrolled")}
    holds = said == expected and root == [end.root, end.size] and re.fullmatch("[0-9a-f]{64}", release) is not None
    require(holds and runner in enrolled, "MANIFEST_MISMATCH", SIGNATURE)
    return 1


# --- Receipts: PCK-3 (6), RCP --------------------------------------------------------------------------------


def check_receipts(entries: list[Entry]) -> int:
    points = {entry.subject: PublicKey(entry.body["jwk"]) for entry in of_type(entries, "point.enrolled")}
    streams: dict[tuple[str, int], list[Entry]] = {}
    for entry in of_type(entries, "receipt"):
        streams.setdefault((entry.body["point"], entry.body["epoch"]), []).append(entry)
    hashes: dict[tuple[str, int, int], str] = {}
    for (point, epoch), stream in streams.items():
        before = ""
        for seq, entry in enumerate(sorted(stream, key=lambda one: one.body["seq"]), 1):
            where = f"entry {entry.index}: {point}, epoch {epoch}, receipt {seq}"
            require(entry.body["seq"] == seq, "RECEIPT_GAP", where)
            require(entry.body["prev_hash"] == before, "RECEIPT_CHAIN_BROKEN", where)
            before = hashes[point, epoch, seq] = digest_of(canonical(entry.body))
    covered: dict[tuple[str, int], int] = {}
    for entry in of_type(entries, "receipt.head"):
        head = entry.body["head"]
        message = ("countersign-spool-head-v1\0" + canonical(head)).encode("utf-8")
        key, at = points.get(head["point"]), (head["point"], head["epoch"])
        is_signed = key is not None and signature_is_good(key, message, from_base64url(entry.body["sig"]))
        require(is_signed, "RECEIPT_UNSIGNED", f"entry {entry.index}: a head")
        if head["seq"] > 0:
            require((*at, head["seq"]) in hashes, "RECEIPT_GAP", f"entry {entry.index}: a receipt that was signed for")
            require(hashes[(*at, head["seq"])] == head["hash"], "RECEIPT_UNSIGNED", f"entry {entry.index}: another receipt")
        covered[at] = max(covered.get(at, 0), head["seq"])
    for at, stream in streams.items():
        require(len(stream) <= covered.get(at, 0), "RECEIPT_UNSIGNED", f"the last of {at[0]}, epoch {at[1]}")
    return len(hashes)


# --- Chains of allows: PCK-3 (7, 13), by chain.py --------------------------------------------------------------


def check_chains(entries: list[Entry]) -> tuple[int, int]:
    """How many allows stand on a chain that verifies as of them, and how many are of another issuer."""
    segments = {entry.body["id"]: entry.body for entry in of_type(entries, "chain.segment")}
    for segment in segments.values():
        content = {"parent": segment["parent"], "segment": segment["segment"]}
        require(tagged_digest("countersign-segment-v1", content) == segment["id"], "SEGMENT_INVALID", segment["id"])
    created = of_type(entries, "log.created")[0].body
    retired = {entry.body["kid"]: entry.body["retired_at"] for entry in of_type(entries, "key.retired")}
    made = [entry.body for entry in of_type(entries, "key.created") if entry.body["use"] == "issuer"]
    keys = [{"jwk": one["jwk"], **({"retired_at": retired[one["kid"]]} if one["kid"] in retired else {})} for one in made]
    trust = [Issuer({"iss": created["origin"], "rp_id": created["rp_id"], "origins": created["origins"], "keys": keys})]
    allowed = foreign = 0
    for entry in of_type(entries, "receipt"):
        receipt = entry.body
        if receipt["kind"] != "decision" or receipt["decision"] != "allow":
            continue
        texts: list[str] = []
        at = receipt["chain"]
        while at is not None:
            require(at in segments and len(texts) < 16, "CHAIN_MISSING", f"entry {entry.index}")
            texts.insert(0, segments[at]["segment"])
            at = segments[at]["parent"]
        if json.loads(from_base64url(texts[0].split(".")[1]))["iss"] != created["origin"]:
            foreign += 1
            continue
        try:
            verify_chain("~".join(texts), millis(receipt["time"]), receipt["point"], trust)
        except Refused as refused:
            raise Refused("CHAIN_INVALID", f"entry {entry.index}: {refused.code}") from None
        allowed += 1
    return allowed, foreign


# --- Populations: PCK-1, PCK-2 -------------------------------------------------------------------------------


def millis(text: str) -> int:
    instant = datetime.strptime(text.replace("Z", "+0000"), "%Y-%m-%dT%H:%M:%S.%f%z" if "." in text else "%Y-%m-%dT%H:%M:%S%z")
    return (instant - datetime(1970, 1, 1, tzinfo=timezone.utc)) // (datetime.resolution * 1000)


class Period(NamedTuple):
    first: int
    end: int

    def has(self, text: str) -> bool:
        return self.first <= millis(text) < self.end


AGENT_STATES = {"agent.approved": "approved", "agent.activated": "activated", "agent.suspended": "suspended", "agent.retired": "retired"}


def agents(entries: list[Entry], period: Period) -> Iterator[Json]:
    before = [entry for entry in entries if millis(entry.time) < period.end]
    for entry in of_type(before, "agent.proposed"):
        of_agent = [other for other in before if other.subject == entry.subject]
        approvals = of_type(of_agent, "agent.approved")
        approved = None
        if approvals:
            by = approvals[0]
            alone = by.body["acted_alone"]
            approved = {"index": by.index, "time": by.time, "approver": by.body["act"]["approver"], "acted_alone": alone}
        states = [AGENT_STATES[change.type] for change in of_type(of_agent, *AGENT_STATES)]
        body = entry.body
        yield {
            "index": entry.index,
            "agent": entry.subject,
            "owner": body["owner"],
            "class": body["class"],
            "manifest": body["manifest"],
            "systems": body["systems"],
            "proposed": entry.time,
            "approved": approved,
            "status": states[-1] if states else "proposed",
        }


def delegations(entries: list[Entry], period: Period) -> Iterator[Json]:
    for entry in of_type(entries, "delegation.issued"):
        if period.has(entry.time):
            copied = {name: entry.body[name] for name in ("jti", "agent", "rev", "exp", "segment", "template")}
            yield {"index": entry.index, "issued": entry.time, "principal": entry.actor, **copied}


DECISION_MEMBERS = ("time", "action", "point", "epoch", "seq", "agent", "server", "tool", "decision", "reasons", "chain", "grant")


def decisions(entries: list[Entry], period: Period) -> Iterator[Json]:
    for entry in of_type(entries, "receipt"):
        receipt = entry.body
        if receipt["kind"] == "decision" and period.has(receipt["time"]):
            row = {"index": entry.index, **{name: receipt[name] for name in DECISION_MEMBERS}}
            yield {**row, **({"approval": receipt["approval"]} if "approval" in receipt else {})}


def revocations(entries: list[Entry], period: Period) -> Iterator[Json]:
    for entry in of_type(entries, "revocation"):
        if period.has(entry.time):
            frame = entry.body["frame"]
            copied = {name: frame[name] for name in ("kind", "handle", "reason")}
            row = {"index": entry.index, "time": entry.time, "revoked_by": entry.actor}
            yield {**row, "target": entry.body["target"], "frame": frame["seq"], **copied}


POPULATIONS = {"agents": agents, "delegations": delegations, "decisions": decisions, "revocations": revocations}


def check_populations(files: dict[str, bytes], manifest: Json, entries: list[Entry]) -> int:
    period = Period(millis(manifest["period"]["from"]), millis(manifest["period"]["to"]))
    claims = {claim["name"]: claim for claim in manifest["populations"]}
    for name, rows_of in POPULATIONS.items():
        path = f"populations/{name}.jsonl"
        rows = [canonical(row) + "\n" for row in rows_of(entries, period)]
        require(files.get(path) == "".join(rows).encode("utf-8"), "POPULATION_MISMATCH", path)
        claim = claims.get(name, {})
        said = (claim.get("file"), claim.get("count"), claim.get("sha256"))
        require(said == (path, len(rows), sha256(files[path]).hex()), "POPULATION_MISMATCH", path)
    return len(POPULATIONS)


# --- All of it -----------------------------------------------------------------------------------------------


def verify(path: Path, vkey: str) -> None:
    log = read_vkey(vkey)
    files = read_files(path)
    manifest = read_manifest(files)
    passed("files are those of the manifest", check_files(files, manifest))
    require("checkpoint" in files, "FILE_MISSING", "checkpoint")
    end = open_checkpoint(files["checkpoint"], log, "checkpoint")
    start = open_checkpoint(files["checkpoint.start"], log, "checkpoint.start") if "checkpoint.start" in files else None
    named = (manifest["origin"], manifest["log"]["end"], manifest["log"]["start"])
    require(named == (end.origin, end.size, start.size if start else None), "CHECKPOINT_MISMATCH", "those of the manifest")
    passed("checkpoints are signed by the key", 2 if start else 1)
    entries = [parse_entry(index, data) for index, data in enumerate(check_tree(files, end, start))]
    passed("every entry hashes up to the signed root", len(entries))
    passed("the manifest is signed by the issuer of the log", check_signature(files, manifest, end, entries))
    passed("receipts are gapless, chained and signed", check_receipts(entries))
    passed("every gesture is by a passkey that counted then", check_passkeys(entries))
    allowed, foreign = check_chains(entries)
    passed("every allow has a chain that verifies as of it", allowed)
    passed("populations recompute: " + ", ".join(POPULATIONS), check_populations(files, manifest, entries))
    others = sorted(claim["name"] for claim in manifest["populations"] if claim["name"] not in POPULATIONS)
    print(f"not checked: {foreign} allows of other issuers; revocations against allows; the tests; populations: {', '.join(others)}")


def passed(what: str, count: int) -> None:
    print(f"ok {what} ({count})")


def main() -> int:
    parser = argparse.ArgumentParser(description="Verifies an evidence pack.")
    parser.add_argument("pack", type=Path)
    parser.add_argument("--key", required=True, help="the log's verifier key")
    arguments = parser.parse_args()
    try:
        verify(arguments.pack, arguments.key)
    except Refused as refused:
        print(f"FAIL {refused.code}: {refused}")
        return 1
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as cause:
        print(f"FAIL ENTRY_INVALID: {type(cause).__name__} {cause}")
        return 1
    print("all of this holds")
    return 0


if __name__ == "__main__":
    sys.exit(main())
