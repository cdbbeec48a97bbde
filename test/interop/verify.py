"""A second verifier of the Countersign protocol, written from spec/ alone: chains, grants, holder proofs, approvals, versions,
consents, attestations and drift.

    python3 test/interop/verify.py vectors/delegation vectors/grants vectors/proof vectors/approval vectors/version \\
        vectors/consent vectors/attestation vectors/drift

prints the answer to every vector in these folders and whether it is the one that the vector expects; exits 0 only
if all agree. Needs Python 3.9 and OpenSSL 3, and nothing else.
"""
from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Callable, NamedTuple

import approvals
import attestations
import consents
import drift
import grants
import proofs
from chain import Issuer, Refused, read, require, verify_chain
from wire import Json, PublicKey, canonical, parse_json, same_json

# --- Answers: one function a kind of vector (vectors/README.md) ----------------------------------------------


def answer_chain(vector: Json) -> Json:
    trust = [Issuer(entry) for entry in vector["trust"]]
    chain = verify_chain(vector["presentation"], vector["now"], vector["audience"], trust)
    return {
        "ok": True,
        "grants_per_delegation": [len(one.grants) for one in chain],
        "agents": [one.agent for one in chain],
    }


def answer_allows(vector: Json) -> Json:
    """True, or the code with which the grant refuses the call."""
    read("GRANT_INVALID", grants.check_grant, vector["grant"])
    return grants.refusal_of_call(vector["grant"], vector["call"]) or True


def answer_within(vector: Json) -> Json:
    for grant in (vector["child"], vector["parent"]):
        read("GRANT_INVALID", grants.check_grant, grant)
    return grants.grant_within(vector["child"], vector["parent"])


def last_holder(vector: Json, presentation: str) -> PublicKey:
    """The chain is judged before its proof."""
    trust = [Issuer(entry) for entry in vector["trust"]]
    return verify_chain(presentation, vector["now"], vector["audience"], trust)[-1].holder


def holder_with_proof(vector: Json) -> PublicKey:
    presentation = vector["given"]["presentation"]
    holder = last_holder(vector, presentation)
    require(not presentation.endswith("~"), "PROOF_MISSING", "nothing behind the chain")
    return holder


def answer_call_proof(vector: Json) -> Json:
    read("PROOF_INVALID", proofs.check_call_proof, vector, holder_with_proof(vector))
    return {"ok": True}


def answer_session_proof(vector: Json) -> Json:
    key = read("PROOF_INVALID", proofs.check_session_proof, vector, holder_with_proof(vector))
    return {"ok": True, "session_key": key}


def answer_dpop_proof(vector: Json) -> Json:
    holder = last_holder(vector, vector["given"]["authorization"].partition(" ")[2])
    read("PROOF_INVALID", proofs.check_dpop_proof, vector, holder)
    return {"ok": True}


def answer_counters(vector: Json) -> Json:
    counters = proofs.Counters()
    return [counters.accept(n) for n in vector["given"]]


# --- Vectors -------------------------------------------------------------------------------------------------

VECTOR_BYTES_MAX = 2**24  # ours, so that a vector may hold what is too large


class Kind(NamedTuple):
    answer: Callable[[Json], Json]
    expected: str  # the member that holds the expected answer


CHAIN = Kind(answer_chain, "expect")
KINDS_BY_FILE = {
    "grants/allows": Kind(answer_allows, "allows"),
    "grants/within": Kind(answer_within, "within"),
    "proof/call": Kind(answer_call_proof, "expect"),
    "proof/session": Kind(answer_session_proof, "expect"),
    "proof/dpop": Kind(answer_dpop_proof, "expect"),
    "proof/session-call": Kind(proofs.mac_holds, "holds"),
    "proof/counters": Kind(answer_counters, "accepted"),
    "approval/decisions": Kind(approvals.decision_of, "expect"),
    "drift/scores": Kind(drift.answer_scores, "expect"),
    "drift/streams": Kind(drift.answer_stream, "expect"),
    "version/statements": Kind(approvals.answer_version, "expect"),
    "consent/giving": Kind(consents.answer_giving, "expect"),
    "consent/withdrawals": Kind(consents.answer_withdrawal, "expect"),
    "consent/decisions": Kind(consents.answer_decision, "expect"),
    "consent/identifiers": Kind(consents.answer_identifier, "expect"),
    "attestation/statements": Kind(attestations.answer_statement, "expect"),
    "attestation/roles": Kind(attestations.answer_role, "expect"),
}


class Task(NamedTuple):
    kind: Kind
    label: str
    vector: Json


def read_tasks(path: Path) -> list[Task]:
    """A file of vectors/delegation is one vector; any other is a list of them, of the kind that its name says."""
    content = parse_json(path.read_bytes(), VECTOR_BYTES_MAX)
    folder = path.parent.name
    if folder == "delegation":
        return [Task(CHAIN, f"{folder}/{path.stem}", content)]
    file = f"{folder}/{path.stem}"
    if file == "attestation/roles":  # the worked cases of a page, as they are numbered there
        content = [{**one, "name": one["case"], "expect": {name: one[name] for name in ("role", "human")}} for one in content]
    return [Task(KINDS_BY_FILE[file], f"{file}/{vector['name']}", vector) for vector in content]


def judge(task: Task) -> bool:
    """Answers one vector, prints the answer, and says whether it is the expected one."""
    try:
        answer = task.kind.answer(task.vector)
    except Refused as refused:
        answer = {"ok": False, "code": refused.code}
    expected = task.vector[task.kind.expected]
    agrees = same_json(answer, expected)
    verdict = "agrees" if agrees else f"DISAGREES with {canonical(expected)}"
    print(f"{task.label}: {canonical(answer)} {verdict}\n", end="")
    return agrees


def main(folders: list[str]) -> int:
    paths = [path for folder in folders for path in sorted(Path(folder).resolve().glob("*.json"))]
    tasks = [task for path in paths for task in read_tasks(path)]
    with ThreadPoolExecutor() as pool:  # the time goes to openssl, of which each processor can run one
        verdicts = list(pool.map(judge, tasks))
    print(f"{verdicts.count(True)} agree, {verdicts.count(False)} disagree")
    return 0 if verdicts != [] and all(verdicts) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
