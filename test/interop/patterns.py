"""Globs and I-Regexps of spec/grants.md: what they match, and when one lies within another.

Written from the page alone (GRT-3, GRT-5, NRW-7, NRW-8). A text that is no glob or no pattern of the page
raises ValueError; nothing else is raised.
"""
from __future__ import annotations

from typing import NamedTuple, Optional, Union

# --- Globs: GRT-3, NRW-7 -------------------------------------------------------------------------------------

GLOB_CHARACTERS_MAX = 1024
GLOB_SEGMENTS_MAX = 32
VALUE_SEGMENTS_MAX = 1024


WHITE_SPACE = (
    "\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000\ufeff"
)


def is_dots(segment: str) -> bool:
    for cut in ";?#":
        segment = segment.split(cut, 1)[0]
    return segment.strip(WHITE_SPACE) in (".", "..")


def path_segments(text: str) -> Optional[list[str]]:
    """The segments of a value or glob, or None when GRT-3 lets it match nothing."""
    if text == "" or any(ord(char) < 0x20 or char in "\x7f\\" for char in text):
        return None
    segments = text.split("/")
    if any(is_dots(segment) for segment in segments) or any(segment.strip(WHITE_SPACE) == "" for segment in segments[1:]):
        return None
    return segments


def parse_glob(text: str) -> list[str]:
    segments = path_segments(text)
    if segments is None or len(segments) > GLOB_SEGMENTS_MAX or len(text) > GLOB_CHARACTERS_MAX:
        raise ValueError("no glob")
    return segments


def segment_matches(pattern: str, text: str) -> bool:
    """Whether a segment that is not `**` matches; `*` is any run of characters, but never an empty segment."""
    if "*" not in pattern:
        return pattern == text
    if text == "":
        return False
    head, *middle, tail = pattern.split("*")
    if len(text) < len(head) + len(tail) or not text.startswith(head) or not text.endswith(tail):
        return False
    position, end = len(head), len(text) - len(tail)
    for literal in middle:
        found = text.find(literal, position, end)
        if found < 0:
            return False
        position = found + len(literal)
    return True


def segments_match(glob: list[str], segments: list[str], text_is_glob: bool) -> bool:
    """Whether `glob` matches; with `text_is_glob` a segment `**` of the text is matched by `**` alone (NRW-7)."""
    # reached[j]: the glob's segments so far match the first j segments of the text
    reached = [True] + [False] * len(segments)
    for pattern in glob:
        following = [False] * (len(segments) + 1)
        for j in range(len(segments) + 1):
            if pattern == "**":
                following[j] = reached[j] or (j > 0 and following[j - 1])
            elif j > 0 and reached[j - 1] and not (text_is_glob and segments[j - 1] == "**"):
                following[j] = segment_matches(pattern, segments[j - 1])
        reached = following
    return reached[-1]


def glob_matches(glob: str, value: str) -> bool:
    segments = path_segments(value)
    if segments is None or len(segments) > VALUE_SEGMENTS_MAX:
        return False
    return segments_match(parse_glob(glob), segments, text_is_glob=False)


def glob_within(child: str, parent: str) -> bool:
    return segments_match(parse_glob(parent), parse_glob(child), text_is_glob=True)


# --- I-Regexp: RFC 9485 as GRT-5 bounds it -------------------------------------------------------------------

PATTERN_CHARACTERS_MAX = 256
PATTERN_COUNT_MAX = 64
PATTERN_COUNT_DIGITS_MAX = 4
PATTERN_POSITIONS_MAX = 256
PATTERN_FOLLOW_MAX = 1024
PATTERN_VALUE_CHARACTERS_MAX = 4096
PATTERN_PAIRS_MAX = 10_000
LAST_CHARACTER = 0x10FFFF

Ranges = list[tuple[int, int]]  # inclusive, in no order


class Characters(NamedTuple):
    """One character out of `ranges`, or out of what is not in them."""

    ranges: Ranges
    negated: bool

    def has(self, char: int) -> bool:
        return any(low <= char <= high for low, high in self.ranges) != self.negated


class Sequence(NamedTuple):
    parts: list[Node]


class Choice(NamedTuple):
    branches: list[Node]


class Repeat(NamedTuple):
    part: Node
    least: int
    most: Optional[int]  # None: without end


Node = Union[Characters, Sequence, Choice, Repeat]

DOT = Characters([(0x0A, 0x0A), (0x0D, 0x0D)], negated=True)
SYNTAX = "()*+.?[\\]{|}"  # what is no NormalChar of RFC 9485
ESCAPES = {"n": "\n", "r": "\r", "t": "\t", **{char: char for char in "()*+-.?[\\]^{|}"}}


class PatternParser:
    """Recursive descent over the grammar of RFC 9485 section 3."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def take(self) -> str:
        char = self.peek()
        if char == "":
            raise ValueError("pattern ends early")
        self.at += 1
        return char

    def expect(self, char: str) -> None:
        if self.take() != char:
            raise ValueError(f"{char} expected")

    def choice(self) -> Node:
        branches = [self.branch()]
        while self.peek() == "|":
            self.take()
            branches.append(self.branch())
        return Choice(branches)

    def branch(self) -> Node:
        parts: list[Node] = []
        while self.peek() not in ("", "|", ")"):
            parts.append(self.quantified(self.atom()))
        return Sequence(parts)

    def atom(self) -> Node:
        char = self.take()
        if char == "(":
            inner = self.choice()
            self.expect(")")
            return inner
        if char == ".":
            return DOT
        if char == "[":
            return self.character_class()
        if char == "\\":
            char = self.escaped()
        elif char in SYNTAX:
            raise ValueError(f"{char} stands for nothing")
        return Characters([(ord(char), ord(char))], negated=False)

    def escaped(self) -> str:
        char = self.take()
        if char not in ESCAPES:  # \p and \P among them
            raise ValueError("unknown escape")
        return ESCAPES[char]

    def character_class(self) -> Characters:
        negated = self.peek() == "^"
        if negated:
            self.take()
        ranges: Ranges = []
        if self.peek() == "-":
            self.take()
            ranges.append((ord("-"), ord("-")))
        while self.peek() not in ("]", "-"):
            ranges.append(self.class_range())
        if self.peek() == "-":
            self.take()
            ranges.append((ord("-"), ord("-")))
        self.expect("]")
        if not ranges:
            raise ValueError("empty class")
        return Characters(ranges, negated)

    def class_range(self) -> tuple[int, int]:
        low = self.class_character()
        if self.peek() != "-" or self.text[self.at + 1 : self.at + 2] == "]":
            return low, low
        self.take()
        high = self.class_character()
        if high < low:
            raise ValueError("range runs backwards")
        return low, high

    def class_character(self) -> int:
        char = self.take()
        if char == "\\":
            return ord(self.escaped())
        if char in "-[]":
            raise ValueError(f"{char} must be escaped in a class")
        return ord(char)

    def quantified(self, atom: Node) -> Node:
        sign = self.peek()
        if sign not in ("*", "+", "?", "{"):
            return atom
        self.take()
        if not has_positions(atom):
            raise ValueError("quantifier behind nothing")
        if sign != "{":
            least, most = {"*": (0, None), "+": (1, None), "?": (0, 1)}[sign]
            return Repeat(atom, least, most)
        least = self.count()
        most = least
        if self.peek() == ",":
            self.take()
            most = None if self.peek() == "}" else self.count()
        self.expect("}")
        if most is not None and (most == 0 or most < least):
            raise ValueError("counts allow nothing")
        return Repeat(atom, least, most)

    def count(self) -> int:
        digits = ""
        while self.peek() != "" and self.peek() in "0123456789":
            digits += self.take()
        if not 1 <= len(digits) <= PATTERN_COUNT_DIGITS_MAX or int(digits) > PATTERN_COUNT_MAX:
            raise ValueError("count out of bounds")
        return int(digits)


def has_positions(node: Node) -> bool:
    if isinstance(node, Characters):
        return True
    if isinstance(node, Repeat):
        return has_positions(node.part)
    return any(has_positions(part) for part in (node.parts if isinstance(node, Sequence) else node.branches))


# --- Position automata: Glushkov's, sets of positions as bits of an integer ----------------------------------


class Fragment(NamedTuple):
    nullable: bool
    first: int
    last: int


EMPTY = Fragment(True, 0, 0)
START = 1  # bit 0: before the first character


def bits(mask: int) -> list[int]:
    return [index for index in range(mask.bit_length()) if mask >> index & 1]


class Automaton:
    """A pattern of GRT-5. Position 0 is the start; `classes[i]` is what position i reads."""

    def __init__(self, pattern: str) -> None:
        if len(pattern) > PATTERN_CHARACTERS_MAX:
            raise ValueError("pattern too long")
        parser = PatternParser(pattern)
        tree = parser.choice()
        if parser.peek() != "":
            raise ValueError("unexpected )")
        self.classes: list[Characters] = [Characters([], negated=False)]
        self.follow: list[int] = [0]
        whole = self.build(tree)
        self.follow[0] = whole.first
        if sum(bin(mask).count("1") for mask in self.follow) > PATTERN_FOLLOW_MAX:
            raise ValueError("too large a follow relation")
        self.final = whole.last | (START if whole.nullable else 0)

    def build(self, node: Node) -> Fragment:
        if isinstance(node, Characters):
            if len(self.classes) > PATTERN_POSITIONS_MAX:
                raise ValueError("too many positions")
            position = 1 << len(self.classes)
            self.classes.append(node)
            self.follow.append(0)
            return Fragment(False, position, position)
        if isinstance(node, Repeat):
            return self.repeat(node)
        if isinstance(node, Sequence):
            whole = EMPTY
            for part in node.parts:
                whole = self.join(whole, self.build(part))
            return whole
        nullable, first, last = False, 0, 0
        for branch in node.branches:
            one = self.build(branch)
            nullable, first, last = nullable or one.nullable, first | one.first, last | one.last
        return Fragment(nullable, first, last)

    def join(self, left: Fragment, right: Fragment) -> Fragment:
        for position in bits(left.last):
            self.follow[position] |= right.first
        return Fragment(
            left.nullable and right.nullable,
            left.first | (right.first if left.nullable else 0),
            right.last | (left.last if right.nullable else 0),
        )

    def repeat(self, node: Repeat) -> Fragment:
        """Writes the counts out as NRW-8 does: a{2,4} is aa(a(a)?)?, a{2,} is aaa*."""
        whole = EMPTY
        for _ in range(node.least):
            whole = self.join(whole, self.build(node.part))
        if node.most is None:
            endless = self.build(node.part)
            self.join(endless, endless)
            return self.join(whole, endless._replace(nullable=True))
        optional = EMPTY
        for _ in range(node.most - node.least):
            optional = self.join(self.build(node.part), optional)._replace(nullable=True)
        return self.join(whole, optional)

    def readers(self, char: int) -> int:
        """The positions that have this character."""
        return sum(1 << index for index, one in enumerate(self.classes) if index > 0 and one.has(char))

    def followers(self, positions: int) -> int:
        reached = 0
        for position in bits(positions):
            reached |= self.follow[position]
        return reached


def pattern_matches(pattern: str, value: str) -> bool:
    automaton = Automaton(pattern)
    if len(value) > PATTERN_VALUE_CHARACTERS_MAX:
        return False
    positions = START
    for char in value:
        positions = automaton.followers(positions) & automaton.readers(ord(char))
    return positions & automaton.final != 0


def representatives(*automata: Automaton) -> list[int]:
    """One character of each stretch in which no class of any of them begins or ends."""
    edges = {0, 0xE000}
    for automaton in automata:
        for one in automaton.classes:
            for low, high in one.ranges:
                edges.update((low, high + 1))
    return sorted(edge for edge in edges if edge <= LAST_CHARACTER and not 0xD800 <= edge <= 0xDFFF)


def pattern_within(child: str, parent: str) -> bool:
    """NRW-8: no pair (position of the child, positions of the parent) ends the child but not the parent."""
    inner, outer = Automaton(child), Automaton(parent)
    letters = {(inner.readers(char), outer.readers(char)) for char in representatives(inner, outer)}
    start = (0, START)
    seen = {start}
    waiting = [start]
    while waiting:
        position, positions = waiting.pop()
        if inner.final >> position & 1 and not positions & outer.final:
            return False
        following = outer.followers(positions)
        for inner_readers, outer_readers in letters:
            reached = following & outer_readers
            for successor in bits(inner.follow[position] & inner_readers):
                pair = (successor, reached)
                if pair not in seen:
                    seen.add(pair)
                    waiting.append(pair)
        if len(seen) > PATTERN_PAIRS_MAX:
            return False
    return True
