"""Grants of spec/grants.md: which are well formed, what they allow, and when one lies within another.

Written from the page and spec/schemas/grant.json alone.
"""
from __future__ import annotations

import re
import unicodedata
from typing import Any, Optional

from patterns import WHITE_SPACE, Automaton, glob_matches, glob_within, parse_glob, pattern_matches, pattern_within
from wire import Json, all_distinct, check_schema, same_json

Grant = dict[str, Any]
Rule = dict[str, Any]

CLEARANCES = ["public", "internal", "confidential", "restricted"]
# A longer calendar period that holds a shorter one whole.
CALENDAR = {"hour": {"day", "week", "month"}, "day": {"week", "month"}}
UNIT_MINUTES = {"M": 1, "H": 60, "D": 24 * 60}

# --- Form: GRANT_INVALID -------------------------------------------------------------------------------------

CONSTRAINTS_MAX = 64
HIDDEN_SEPARATOR = re.compile("%(2e|2f|5c|00)", re.IGNORECASE)  # ., /, \\ and NUL, percent-encoded
NO_ARGUMENTS = {"_sd", "...", "__proto__"}


def check_grant(grant: Json) -> None:
    """Raises ValueError for what is no grant of the page."""
    check_schema("grant", grant)
    for name in ("actions", "resources", "categories", "purposes"):
        if not all_distinct(grant.get(name, [])):
            raise ValueError(f"{name} repeats itself")
    if "*" in grant["actions"] and grant["actions"] != ["*"]:
        raise ValueError("* beside other actions")
    limits = grant.get("limits", [])
    if not all_distinct([[one["measure"], one["unit"], one["per"]] for one in limits]):
        raise ValueError("two limits of one kind")
    for resource in grant.get("resources", []):
        check_resource(resource)
    constraints = grant.get("constraints", {})
    if len(constraints) > CONSTRAINTS_MAX or NO_ARGUMENTS & set(constraints):
        raise ValueError("constraints out of bounds")
    for rule in constraints.values():
        check_rule(rule)


def check_resource(resource: str) -> None:
    if HIDDEN_SEPARATOR.search(resource):
        raise ValueError("resource hides a separator")
    scheme, glob = split_scheme(resource)
    parse_glob(glob)
    if scheme is not None:
        parse_glob(before_query(glob))
        if not authority_is_clear(glob):
            raise ValueError("resource hides where its authority ends")


def check_rule(rule: Rule) -> None:
    if rule == {} or ("forbidden" in rule and len(rule) > 1) or not all_distinct(rule.get("in", [])):
        raise ValueError("rule is empty or contradicts itself")
    if "glob" in rule:
        parse_glob(rule["glob"])
    if "pattern" in rule:
        Automaton(rule["pattern"])


# --- Values: GRT-2, GRT-6 ------------------------------------------------------------------------------------


def is_number(value: Json) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def value_meets(rule: Rule, value: Json) -> bool:
    """One value against the members of a rule that speak of values."""
    if "in" in rule and not any(same_json(one, value) for one in rule["in"]):
        return False
    if "min" in rule and not (is_number(value) and value >= rule["min"]):
        return False
    if "max" in rule and not (is_number(value) and value <= rule["max"]):
        return False
    if "glob" in rule and not (isinstance(value, str) and glob_matches(rule["glob"], value)):
        return False
    return "pattern" not in rule or (isinstance(value, str) and pattern_matches(rule["pattern"], value))


def accepts_absence(rule: Rule) -> bool:
    return "forbidden" in rule or rule.get("required") is False


PATTERN_CALL_UNITS_MAX = 16_384


def pattern_units(constraints: dict[str, Rule], arguments: dict[str, Json]) -> int:
    """UTF-16 code units of all values that patterns are asked about (GRT-5)."""
    asked = [arguments[name] for name, rule in constraints.items() if "pattern" in rule and name in arguments]
    values = [one for value in asked for one in (value if isinstance(value, list) else [value])]
    return sum(len(one.encode("utf-16-le")) // 2 for one in values if isinstance(one, str))


NAMES_MAX = 256


def folding(name: str) -> str:
    return name.upper().lower().upper().lower()


def names_are_clear(members: dict[str, Json], name: str) -> bool:
    """Whether every reader finds the same when it looks up a name, one that ignores case too (GRT-2)."""
    return len(members) <= NAMES_MAX and all(
        other == name or folding(other) != folding(name) for other in members
    )


def arguments_meet(constraints: dict[str, Rule], arguments: dict[str, Json]) -> bool:
    if pattern_units(constraints, arguments) > PATTERN_CALL_UNITS_MAX:
        return False
    for name, rule in constraints.items():
        if not names_are_clear(arguments, name):
            return False
        if name not in arguments:
            if not accepts_absence(rule):
                return False
            continue
        value = arguments[name]
        values = value if isinstance(value, list) else [value]
        if "forbidden" in rule or values == [] or not all(value_meets(rule, one) for one in values):
            return False
    return True


def split_scheme(text: str) -> tuple[Optional[str], str]:
    found = re.match("([a-z][a-z0-9+.-]*)://", text)
    return (found.group(1), text[found.end() :]) if found else (None, text)


def resource_matches(resource: str, value: str) -> bool:
    if HIDDEN_SEPARATOR.search(value):
        return False
    (wanted_scheme, glob), (scheme, rest) = split_scheme(resource), split_scheme(value)
    if wanted_scheme != scheme or not glob_matches(glob, rest):
        return False
    return scheme is None or (authority_is_clear(rest) and glob_matches(before_query(glob), before_query(rest)))


def before_query(rest: str) -> str:
    return re.split("[?#]", rest, maxsplit=1)[0]


def authority_is_clear(rest: str) -> bool:
    authority = unicodedata.normalize("NFKC", rest.split("/", 1)[0])
    return not set(authority) & set("@?#%/\\" + WHITE_SPACE)


# --- Calls: GRT-1, GRT-4 to GRT-7 ----------------------------------------------------------------------------


METHODS = ("completion/", "prompts/", "resources/", "tasks/")


def is_among(actions: list[str], action: str) -> bool:
    """GRT-1: all tools are no methods (MCP-7)."""
    return not action.startswith(METHODS) if actions == ["*"] else action in actions


def refusal_of_call(grant: Grant, call: dict[str, Any]) -> Optional[str]:
    """The code with which a grant refuses a call, or None. What earlier calls debited is the caller's to add.

    A call is {server, tool, args, resources, label: {level, categories} | None, amounts: {measure: {unit, amount}}},
    where `resources` and `amounts` are what the tool's registration reads from the arguments. With `pointers` or
    `measures` they are read here.
    """
    if "pointers" in call:
        call = {**call, "resources": resources_at(call["pointers"], call["args"])}
    if "measures" in call:
        call = {**call, "amounts": amounts_of(call["measures"], call["args"])}
    if call["server"] != grant["server"] or not is_among(grant["actions"], call["tool"]):
        return "NO_MATCHING_GRANT"
    if not arguments_meet(grant.get("constraints", {}), call["args"]):
        return "CONSTRAINT_VIOLATED"
    return refusal_of_resources(grant, call) or refusal_of_label(grant, call) or refusal_of_amounts(grant, call)


class Unclear(Exception):
    """A JSON Pointer leads to what readers may see differently."""


NOTHING = object()


def value_at(pointer: str, value: Json) -> Any:
    """RFC 6901; NOTHING where it leads nowhere."""
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, list):
            found = re.fullmatch("0|[1-9][0-9]*", name) and int(name) < len(value)
            value = value[int(name)] if found else NOTHING
        elif isinstance(value, dict):
            if not names_are_clear(value, name):
                raise Unclear
            value = value.get(name, NOTHING)
        else:
            return NOTHING
    return value


def resources_at(pointers: list[str], arguments: Json) -> Optional[list[str]]:
    try:
        found = [value for value in (value_at(one, arguments) for one in pointers) if value is not NOTHING]
    except Unclear:
        return None
    resources = [one for value in found for one in (value if isinstance(value, list) else [value])]
    return resources if all(isinstance(one, str) for one in resources) else None


def amounts_of(measures: dict[str, Any], arguments: Json) -> dict[str, Any]:
    """What can be weighed of {measure: {path, of, unit}}."""
    amounts = {}
    for name, measure in measures.items():
        try:
            amount = weight_of(measure["of"], value_at(measure["path"], arguments))
        except Unclear:
            amount = None
        if amount is not None:
            amounts[name] = {"unit": measure["unit"], "amount": amount}
    return amounts


def weight_of(kind: str, value: Any) -> Optional[int]:
    if kind == "number":
        return int(value) if is_number(value) and value >= 0 and value == int(value) else None
    if kind == "bytes":
        return len(value.encode()) if isinstance(value, str) else None
    return len(value) if isinstance(value, list) else None


def refusal_of_resources(grant: Grant, call: dict[str, Any]) -> Optional[str]:
    if "resources" not in grant:
        return None
    if not call["resources"]:
        return "RESOURCE_UNKNOWN"
    granted = all(any(resource_matches(one, value) for one in grant["resources"]) for value in call["resources"])
    return None if granted else "RESOURCE_NOT_GRANTED"


def refusal_of_label(grant: Grant, call: dict[str, Any]) -> Optional[str]:
    label = call["label"]
    level = label["level"] if label is not None else "restricted"
    if "clearance" in grant and CLEARANCES.index(level) > CLEARANCES.index(grant["clearance"]):
        return "CLEARANCE_EXCEEDED"
    if "categories" in grant and (label is None or not set(label["categories"]) <= set(grant["categories"])):
        return "CATEGORY_NOT_GRANTED"
    return None


def refusal_of_amounts(grant: Grant, call: dict[str, Any]) -> Optional[str]:
    amounts = {(measure, one["unit"]): one["amount"] for measure, one in call["amounts"].items()}
    amounts["calls", "1"] = 1
    for limit in grant.get("limits", []):
        amount = amounts.get((limit["measure"], limit["unit"]))
        if amount is None:
            return "MEASURE_UNKNOWN"
        if amount > limit["max"]:
            return "LIMIT_PER_CALL" if limit["per"] == "call" else "LIMIT_EXCEEDED"
    return None


# --- Narrowing: NRW-5, NRW-6 ---------------------------------------------------------------------------------


def grant_within(child: Grant, parent: Grant) -> bool:
    return (
        child["server"] == parent["server"]
        and all(is_among(parent["actions"], action) for action in child["actions"])
        and resources_within(child, parent)
        and constraints_within(child.get("constraints", {}), parent.get("constraints", {}))
        and all(limit_within(child.get("limits", []), limit) for limit in parent.get("limits", []))
        and clearance_within(child, parent)
        and subset_within("categories", child, parent)
        and subset_within("purposes", child, parent)
        and bound_within(child, parent)
        and ("ask" not in parent or "ask" in child)
    )


def resources_within(child: Grant, parent: Grant) -> bool:
    if "resources" not in parent:
        return True
    return "resources" in child and all(
        any(resource_within(one, other) for other in parent["resources"]) for one in child["resources"]
    )


def resource_within(child: str, parent: str) -> bool:
    (child_scheme, child_glob), (parent_scheme, parent_glob) = split_scheme(child), split_scheme(parent)
    if child_scheme != parent_scheme or not glob_within(child_glob, parent_glob):
        return False
    return child_scheme is None or glob_within(before_query(child_glob), before_query(parent_glob))


def constraints_within(child: dict[str, Rule], parent: dict[str, Rule]) -> bool:
    return all(name in child and rule_within(child[name], parent[name]) for name in parent)


def rule_within(child: Rule, parent: Rule) -> bool:
    if accepts_absence(child) and not accepts_absence(parent):
        return False
    if "forbidden" in child:
        return True
    if "forbidden" in parent:
        return False
    if "in" in child:
        return all(value_meets(parent, value) for value in child["in"] if value_meets(child, value))
    if "in" in parent:
        return False
    return (
        ("glob" not in parent or ("glob" in child and glob_within(child["glob"], parent["glob"])))
        and ("pattern" not in parent or ("pattern" in child and pattern_within(child["pattern"], parent["pattern"])))
        and ("min" not in parent or ("min" in child and child["min"] >= parent["min"]))
        and ("max" not in parent or ("max" in child and child["max"] <= parent["max"]))
    )


def sliding_minutes(per: str) -> Optional[int]:
    """Length of a sliding period (LIM-1)."""
    return int(per.lstrip("PT")[:-1]) * UNIT_MINUTES[per[-1]] if per.startswith("P") else None


def period_within(child: str, parent: str) -> bool:
    """Whether a cap over the child's period caps every one of the parent's in it (LIM-2)."""
    if child == parent or child == "delegation" or parent == "call":
        return True
    own, outer = sliding_minutes(child), sliding_minutes(parent)
    if own is not None and outer is not None:
        return own >= outer
    return child in CALENDAR.get(parent, set())


def limit_within(child_limits: list[dict[str, Any]], limit: dict[str, Any]) -> bool:
    return any(
        (one["measure"], one["unit"]) == (limit["measure"], limit["unit"])
        and period_within(one["per"], limit["per"])
        and one["max"] <= limit["max"]
        for one in child_limits
    )


def clearance_within(child: Grant, parent: Grant) -> bool:
    if "clearance" not in parent:
        return True
    return "clearance" in child and CLEARANCES.index(child["clearance"]) <= CLEARANCES.index(parent["clearance"])


def subset_within(name: str, child: Grant, parent: Grant) -> bool:
    return name not in parent or (name in child and set(child[name]) <= set(parent[name]))


def bound_within(child: Grant, parent: Grant) -> bool:
    if "bound" not in parent:
        return "bound" not in child
    return "bound" in child and child["bound"] <= parent["bound"]
