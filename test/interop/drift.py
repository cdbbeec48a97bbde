"""Drift, by spec/drift.md: baselines, scores, p-values, bets, sums, levels.

Written from the page alone. Every number is an IEEE 754 double, combined in the order that the page writes, so that the
answers are the same to the last bit.
"""
from __future__ import annotations

import hashlib
import json
import math
from typing import Optional

from wire import Json, canonical, digest_of

CHANNELS = ["joint", "transition_max", "transition_mean", "magnitude", "rate", "novelty"]
SCORE_MAX = 1023

# --- DRF-12 --------------------------------------------------------------------------------------------------


def s16(p: float) -> int:
    x, whole = 1 / p, 0
    while x >= 2:
        x, whole = x / 2, whole + 1
    k = whole
    for _ in range(4):
        x, k = x * x, k * 2
        if x >= 2:
            x, k = x / 2, k + 1
    return k


def bucket(x: float) -> str:
    return "0" if x < 1 else str(min(108, 1 + s16(1 / x) // 8))


# --- DRF-6 ---------------------------------------------------------------------------------------------------


def or_mark(value: Optional[str]) -> str:
    return "?" if value is None else value


def symbol_of(action: Json) -> str:
    parts = [action["tool"], or_mark(action["effect"]), or_mark(action["level"]), action["decision"]]
    return " ".join(parts)


def kind_of(action: Json) -> str:
    return f"{or_mark(action['effect'])} {action['decision']}"


def evidence_kind(one: Json) -> str:
    word = "objects" if one["objects"] else "passes"
    return f"{one['provenance'] or 'whole'} {one['rule']} {word}"


def evidence_name(tool: str, one: Json) -> str:
    return f"{tool} {one['argument'] or ''} {evidence_kind(one)} {one['source'] or ''}"


def largest_amounts(session: Json) -> dict[str, int]:
    most: dict[str, int] = {}
    for action in session:
        for measure, amount in action["amounts"].items():
            most[measure] = max(amount, most.get(measure, 0))
    return most


def mean_gap(session: Json) -> Optional[float]:
    if len(session) < 2:
        return None
    return max(0, session[-1]["time_ms"] - session[0]["time_ms"]) / (len(session) - 1)


# --- DRF-8, DRF-10: what has no room is left out ---------------------------------------------------------------


class Baseline:
    def __init__(self) -> None:
        self.bytes = 512
        self.places: dict[str, int] = {}
        self.document: Json = {
            "v": 1, "sessions": 0, "symbols": [], "transitions": {}, "kinds": {}, "evidence_kinds": {},
            "evidence": {}, "amounts": {}, "lengths": {}, "gaps": {}, "left_out": 0,
        }

    def room(self, size: int) -> bool:
        if self.bytes + size > 32 * 1024:
            self.document["left_out"] += 1
            return False
        self.bytes += size
        return True

    @staticmethod
    def name_bytes(name: str) -> int:
        return len(json.dumps(name, ensure_ascii=False).encode()) + 16

    def add(self, into: Json, name: str, size: Optional[int] = None) -> None:
        if name in into or self.room(self.name_bytes(name) if size is None else size):
            into[name] = into.get(name, 0) + 1

    def place(self, symbol: str) -> Optional[int]:
        symbols = self.document["symbols"]
        if symbol not in self.places:
            if not self.room(self.name_bytes(symbol)):
                return None
            self.places[symbol] = len(symbols)
            symbols.append([symbol, 0])
        at = self.places[symbol]
        symbols[at][1] += 1
        return at

    def learn(self, session: Json) -> None:
        document, before = self.document, -1
        document["sessions"] += 1
        for action in session:
            at = self.place(symbol_of(action))
            if at is not None:
                self.add(document["transitions"], f"{before}>{at}", 20)
            before = -1 if at is None else at
            self.add(document["kinds"], kind_of(action))
            for one in action["evidence"]:
                self.add(document["evidence_kinds"], evidence_kind(one))
                self.add(document["evidence"], evidence_name(action["tool"], one))
        for measure, amount in largest_amounts(session).items():
            if measure not in document["amounts"]:
                if not self.room(self.name_bytes(measure)):
                    continue
                document["amounts"][measure] = {}
            self.add(document["amounts"][measure], bucket(amount), 14)
        self.add(document["lengths"], bucket(len(session)), 14)
        gap = mean_gap(session)
        if gap is not None:
            self.add(document["gaps"], bucket(gap), 14)


# --- DRF-13 to DRF-17 ------------------------------------------------------------------------------------------

DECISIONS = {"allow": 0.9, "step_up": 0.06, "deny": 0.04}
EFFECTS = {"none": 0.5, "internal": 0.2, "external": 0.15, "destructive": 0.1, "?": 0.05}
PASSES = {"instruction": 0.35, "trusted": 0.2, "field": 0.25, "prose": 0.02, "nowhere": 0.05, "whole": 0.05}
OBJECTS = {"instruction": 0.01, "trusted": 0.01, "field": 0.02, "prose": 0.005, "nowhere": 0.025, "whole": 0.01}


def tail(counts: Json, at: str, sessions: int) -> int:
    above = sum(n for name, n in counts.items() if int(name) >= int(at))
    largest = max([int(name) for name in counts] + [0])
    return s16((above + 0.5) / (sessions + 0.5)) + 8 * max(0, int(at) - largest)


class Scorer:
    def __init__(self, document: Json) -> None:
        self.document = document
        self.places = {name: at for at, (name, _) in enumerate(document["symbols"])}
        self.after: dict[int, int] = {}
        for name, n in document["transitions"].items():
            before = int(name.split(">")[0])
            self.after[before] = self.after.get(before, 0) + n
        self.symbols = sum(n for _, n in document["symbols"])
        self.kinds = sum(document["kinds"].values())
        self.evidence_kinds = sum(document["evidence_kinds"].values())

    def transition(self, before: int, action: Json) -> float:
        document, kind = self.document, kind_of(action)
        q = EFFECTS[or_mark(action["effect"])] * DECISIONS[action["decision"]]
        of_kind = (document["kinds"].get(kind, 0) + 4 * q) / (self.kinds + 4)
        at = self.places.get(symbol_of(action))
        seen = 0 if at is None else document["symbols"][at][1]
        of_symbol = (seen + (2 * of_kind) / 64) / (self.symbols + 2)
        both = 0 if at is None else document["transitions"].get(f"{before}>{at}", 0)
        mixed = 0.5 * of_symbol + (0.5 * of_kind) / 64
        return (both + 2 * mixed) / (self.after.get(before, 0) + 2)

    def evidence(self, tool: str, one: Json) -> int:
        document, kind = self.document, evidence_kind(one)
        weight = (OBJECTS if one["objects"] else PASSES)[one["provenance"] or "whole"]
        seen = document["evidence_kinds"].get(kind, 0)
        of_kind = (seen + 4 * weight) / (self.evidence_kinds + 4)
        name = evidence_name(tool, one)
        within = (document["evidence"].get(name, 0) + 1 / 64) / (seen + 1)
        return s16(of_kind) + s16(min(1, within)) // 4

    def score(self, session: Json) -> Json:
        document = self.document
        steps, before = [], -1
        for action in session:
            steps.append(s16(self.transition(before, action)))
            before = self.places.get(symbol_of(action), -2)
        magnitude = tail(document["lengths"], bucket(len(session)), document["sessions"])
        for measure, amount in largest_amounts(session).items():
            found = tail(document["amounts"].get(measure, {}), bucket(amount), document["sessions"])
            magnitude = max(magnitude, found)
        rate, gap = 0, mean_gap(session)
        if gap is not None:
            at, gaps = int(bucket(gap)), document["gaps"]
            near = sum(gaps.get(str(one), 0) for one in (at - 1, at, at + 1))
            rate = s16((near + 0.5) / (sum(gaps.values()) + 1))
        all_evidence = [self.evidence(action["tool"], one) for action in session for one in action["evidence"]]
        novelty, largest = max(all_evidence + [0]), max(steps + [0])
        scores = {
            "joint": (largest + magnitude + rate + 2 * novelty) // 4,
            "transition_max": largest,
            "transition_mean": 2 * sum(steps) // max(1, len(session)),
            "magnitude": magnitude,
            "rate": rate,
            "novelty": novelty,
        }
        return {channel: min(SCORE_MAX, score) for channel, score in scores.items()}


def answer_scores(vector: Json) -> Json:
    baseline = Baseline()
    for session in vector["learn"]:
        baseline.learn(session)
    scorer = Scorer(baseline.document)
    scores = [scorer.score(session) for session in vector["score"]]
    return {"digest": digest_of(canonical(baseline.document)), "left_out": baseline.document["left_out"], "scores": scores}


# --- DRF-19 to DRF-23 ------------------------------------------------------------------------------------------

BETS = [(0.02, 0.25, 0.2), (0.02, 0.8, 0.2), (0.07, 0.25, 0.25), (0.07, 0.8, 0.35)]
SHARES = {
    "joint": 0.4, "transition_max": 0.1, "transition_mean": 0.05, "magnitude": 0.05, "rate": 0.05, "novelty": 0.35,
}


def tie_breaker(seed: str, n: int, channel: str) -> float:
    digest = hashlib.sha256(f"countersign-drift-tie-v1\n{seed}\n{n}".encode()).digest()
    k = CHANNELS.index(channel)
    return (int.from_bytes(digest[5 * k : 5 * k + 5], "big") + 1) / 2**40


def plain(number: float) -> Json:
    """A number that is whole is an integer in JSON (C-1)."""
    return int(number) if number == int(number) else number


def answer_stream(vector: Json) -> Json:
    policy, seed = vector["policy"], vector["seed"]
    thresholds = policy["thresholds"]
    past: dict[str, list[int]] = {channel: [] for channel in CHANNELS}
    sums = {channel: [0.0] * len(BETS) for channel in CHANNELS}
    held, sessions = 0, []
    for n, scores in enumerate(vector["scores"]):
        counted = n >= vector["approved_at"] and n >= policy["calibrate_sessions"]
        p, average = {}, {}
        for channel in CHANNELS:
            score = scores[channel]
            past[channel].append(score)
            above = sum(1 for other in past[channel] if other > score)
            equal = past[channel].count(score)
            p[channel] = plain((above + tie_breaker(seed, n, channel) * equal) / (n + 1))
            average[channel] = 0.0
            if counted:
                for i, (alpha, stake, weight) in enumerate(BETS):
                    e = 1 - stake + stake / alpha if p[channel] <= alpha else 1 - stake
                    sums[channel][i] = min(1e12, (sums[channel][i] + 1) * e)
                    average[channel] += weight * sums[channel][i]
        reached = {channel: SHARES[channel] * average[channel] for channel in CHANNELS}
        alarms = [channel for channel in CHANNELS if reached[channel] >= thresholds["isolate"]]
        for channel in alarms:
            sums[channel] = [0.0] * len(BETS)
        most, level = max(reached.values()), "none"
        if counted and (alarms or held > 0):
            level = "isolate"
            held = policy["hold_sessions"] if alarms else held - 1
        elif counted:
            level = next((one for one in ("isolate", "step_up", "watch") if most >= thresholds[one]), "none")
        whole = sum(reached[channel] for channel in CHANNELS)
        percent = lambda channel: math.floor((100 * reached[channel]) / whole + 0.5) if whole else 0
        sessions.append({
            "p": p, "counted": counted, "reach": math.floor(most), "level": level, "alarms": alarms,
            "parts": {channel: percent(channel) for channel in CHANNELS} if counted else None,
        })
    return {"sessions": sessions, "sums": {channel: [plain(one) for one in all_] for channel, all_ in sums.items()}}
