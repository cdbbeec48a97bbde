"""What every page of spec/ has in common (spec/README.md, C-1 to C-5): JSON, base64url, schemas, keys, signatures.

Written from the pages and the JSON Schemas of spec/schemas alone. Signatures are asked of the `openssl` command;
everything else is the standard library. Functions raise ValueError for what the pages refuse; the pages that use
them say under which code.
"""
from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import Any, Optional

Json = Any  # what a strict reader returns: dict, list, str, int, float (never integral), bool or None

# --- Strict JSON: C-1 ----------------------------------------------------------------------------------------

JSON_BYTES_MAX = 64 * 1024
JSON_LEVELS_MAX = 32
INTEGER_MAX = 2**53 - 1


def parse_json(data: bytes, bytes_max: int = JSON_BYTES_MAX) -> Json:
    """Numbers that are integers come back as int however they were written, so that values compare as values."""
    if len(data) > bytes_max:
        raise ValueError("JSON too large")
    try:
        value = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=distinct_members,
            parse_int=parse_number,
            parse_float=parse_number,
            parse_constant=refuse_constant,
        )
    except RecursionError:
        raise ValueError("JSON nested too deeply") from None
    check_value(value, levels_left=JSON_LEVELS_MAX)
    return value


def parse_object(data: bytes) -> dict[str, Json]:
    value = parse_json(data)
    if not isinstance(value, dict):
        raise ValueError("no JSON object")
    return value


def distinct_members(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name occurs twice")
    for name in members:
        check_text(name)
    return members


def parse_number(text: str) -> int | float:
    number = float(text)
    if abs(number) > INTEGER_MAX:  # infinity too; a double of this size has no fraction
        raise ValueError("number out of range")
    return int(number) if number.is_integer() else number


def refuse_constant(text: str) -> Json:
    raise ValueError(f"{text} is no JSON")


def check_text(text: str) -> None:
    if re.search("[\ud800-\udfff]", text):
        raise ValueError("lone surrogate")


def check_value(value: Json, levels_left: int) -> None:
    if isinstance(value, str):
        check_text(value)
    elif isinstance(value, (dict, list)):
        if levels_left == 0:
            raise ValueError("JSON nested too deeply")
        for inner in value.values() if isinstance(value, dict) else value:
            check_value(inner, levels_left - 1)


# --- Canonical JSON: RFC 8785 --------------------------------------------------------------------------------


def canonical(value: Json) -> str:
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return "{" + ",".join(f"{canonical(name)}:{canonical(value[name])}" for name in names) + "}"
    if isinstance(value, list):
        return "[" + ",".join(canonical(inner) for inner in value) + "]"
    if isinstance(value, float):
        return canonical_fraction(value)
    return json.dumps(value, ensure_ascii=False)


def canonical_fraction(number: float) -> str:
    """ECMAScript writes fractions as Python does, but for the exponents of small ones (1e-05 is 0.00001)."""
    mantissa, _, exponent_text = repr(number).partition("e")
    if exponent_text == "":
        return mantissa
    exponent = int(exponent_text)
    if exponent < -6:
        return f"{mantissa}e{exponent}"
    sign, digits = ("-" if number < 0 else ""), mantissa.lstrip("-").replace(".", "")
    return sign + "0." + "0" * (-exponent - 1) + digits


def same_json(left: Json, right: Json) -> bool:
    return canonical(left) == canonical(right)


def all_distinct(values: list[Json]) -> bool:
    return len({canonical(value) for value in values}) == len(values)


# --- Base64url, digests, tags: C-2, C-4 ----------------------------------------------------------------------


def from_base64url(text: str) -> bytes:
    if re.fullmatch("[A-Za-z0-9_-]*", text) is None or len(text) % 4 == 1:
        raise ValueError("no base64url")
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if to_base64url(data) != text:
        raise ValueError("base64url not canonical")
    return data


def to_base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def digest_of(text: str) -> str:
    return to_base64url(hashlib.sha256(text.encode("utf-8")).digest())


def tagged_digest(tag: str, value: Json) -> str:
    return digest_of(tag + "\0" + canonical(value))


# --- JSON Schemas: the keywords that spec/schemas uses -------------------------------------------------------

SCHEMAS = Path(__file__).resolve().parents[2] / "spec" / "schemas"
ANNOTATIONS = {"$schema", "$id", "$defs", "title", "description", "format"}
OBJECT_KEYWORDS = {"properties", "required", "propertyNames", "minProperties", "maxProperties", "additionalProperties"}
loaded_schemas: dict[str, Json] = {}


def check_schema(name: str, value: Json) -> None:
    """Refuses what does not fit spec/schemas/{name}.json."""
    if name not in loaded_schemas:
        loaded_schemas[name] = json.loads((SCHEMAS / f"{name}.json").read_text("utf-8"))
    if not fits(loaded_schemas[name], value):
        raise ValueError(f"does not fit the schema {name}")


def fits(schema: Json, value: Json) -> bool:
    return all(keyword in ANNOTATIONS or meets(schema, keyword, value) for keyword in schema)


def meets(schema: Json, keyword: str, value: Json) -> bool:
    """One keyword of JSON Schema 2020-12; one that says nothing about a value of this type is met."""
    wanted = schema[keyword]
    if keyword == "type":
        return has_type(wanted, value)
    if keyword == "const":
        return same_json(wanted, value)
    if keyword == "enum":
        return any(same_json(one, value) for one in wanted)
    if keyword == "oneOf":
        return sum(fits(one, value) for one in wanted) == 1
    if keyword == "anyOf":
        return any(fits(one, value) for one in wanted)
    if keyword in ("minLength", "maxLength", "pattern"):
        return not isinstance(value, str) or text_meets(keyword, wanted, value)
    if keyword in ("minimum", "maximum", "exclusiveMinimum"):
        return not has_type("number", value) or number_meets(keyword, wanted, value)
    if keyword in ("minItems", "maxItems", "items", "prefixItems", "uniqueItems"):
        return not isinstance(value, list) or list_meets(schema, keyword, value)
    if keyword in OBJECT_KEYWORDS:
        return not isinstance(value, dict) or object_meets(schema, keyword, value)
    raise RuntimeError(f"schema keyword {keyword} is not known here")


def has_type(name: str, value: Json) -> bool:
    if value is None or isinstance(value, bool):
        return name == ("null" if value is None else "boolean")
    types = {"object": dict, "array": list, "string": str, "integer": int, "number": (int, float)}
    return name in types and isinstance(value, types[name])


def text_meets(keyword: str, wanted: Json, text: str) -> bool:
    if keyword == "pattern":
        return re.search(re.sub(r"\$$", r"\\Z", wanted), text) is not None  # $ of ECMA-262 is the very end
    return len(text) >= wanted if keyword == "minLength" else len(text) <= wanted


def number_meets(keyword: str, wanted: Json, number: int | float) -> bool:
    if keyword == "exclusiveMinimum":
        return number > wanted
    return number >= wanted if keyword == "minimum" else number <= wanted


def list_meets(schema: Json, keyword: str, items: list[Json]) -> bool:
    wanted = schema[keyword]
    if keyword == "uniqueItems":
        return not wanted or all_distinct(items)
    if keyword == "prefixItems":
        return all(fits(one, item) for one, item in zip(wanted, items))
    if keyword == "items":
        rest = items[len(schema.get("prefixItems", [])) :]
        return rest == [] if wanted is False else all(fits(wanted, item) for item in rest)
    return len(items) >= wanted if keyword == "minItems" else len(items) <= wanted


def object_meets(schema: Json, keyword: str, members: dict[str, Json]) -> bool:
    wanted = schema[keyword]
    if keyword == "properties":
        return all(fits(wanted[name], members[name]) for name in wanted if name in members)
    if keyword == "required":
        return all(name in members for name in wanted)
    if keyword == "propertyNames":
        return all(fits(wanted, name) for name in members)
    if keyword in ("minProperties", "maxProperties"):
        return len(members) >= wanted if keyword == "minProperties" else len(members) <= wanted
    others = [members[name] for name in members if name not in schema.get("properties", {})]
    return others == [] if wanted is False else all(fits(wanted, other) for other in others)


# --- Keys: C-3, C-5 ------------------------------------------------------------------------------------------

P25519 = 2**255 - 19
D25519 = -121665 * pow(121666, -1, P25519) % P25519
P256 = 2**256 - 2**224 + 2**192 + 2**96 - 1
B256 = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
ED25519_SPKI = bytes.fromhex("302a300506032b6570032100")
P256_SPKI = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004")


class PublicKey:
    """A JWK as C-3 wants it."""

    def __init__(self, jwk: Json) -> None:
        check_schema("jwk", jwk)
        point = b"".join(from_base64url(jwk[name]) for name in ("x", "y") if name in jwk)
        self.jwk = jwk
        self.thumbprint = digest_of(canonical(jwk))
        self.algorithm = "Ed25519" if jwk["kty"] == "OKP" else "ES256"
        if self.algorithm == "Ed25519":
            check_ed25519_point(point)
            self.spki = ED25519_SPKI + point
        else:
            check_p256_point(int.from_bytes(point[:32], "big"), int.from_bytes(point[32:], "big"))
            self.spki = P256_SPKI + point


def check_ed25519_point(encoded: bytes) -> None:
    """Refuses what RFC 8032 section 5.1.3 does not decode, what it would encode otherwise, and small orders."""
    y = int.from_bytes(encoded, "little") & (2**255 - 1)
    if y >= P25519:
        raise ValueError("Ed25519 key not canonical")
    x_squared = (y * y - 1) * pow(D25519 * y * y + 1, -1, P25519) % P25519
    if pow(x_squared, (P25519 - 1) // 2, P25519) == P25519 - 1:
        raise ValueError("Ed25519 key is no point")
    for _ in range(3):  # doubling thrice is multiplying by the cofactor; x only ever occurs squared
        product = D25519 * x_squared * y * y % P25519
        doubled_x_squared = 4 * x_squared * y * y * pow(1 + product, -2, P25519) % P25519
        y = (y * y + x_squared) * pow(1 - product, -1, P25519) % P25519
        x_squared = doubled_x_squared
    if x_squared == 0 and y == 1:
        raise ValueError("Ed25519 key of small order")


def check_p256_point(x: int, y: int) -> None:
    if x >= P256 or y >= P256 or (y * y - x**3 + 3 * x - B256) % P256 != 0:
        raise ValueError("P-256 key is no point")


# --- Signatures: the openssl command -------------------------------------------------------------------------

temporary = tempfile.TemporaryDirectory(prefix="countersign-interop-")  # mode 0700, gone at exit
storing = threading.Lock()
answers: dict[tuple[bytes, bytes, bytes], bool] = {}


def signature_is_good(key: PublicKey, message: bytes, signature: bytes) -> bool:
    """Asks once for each signature. ES256 signatures are DER here: RFC 3279, Ecdsa-Sig-Value."""
    question = (key.spki, message, signature)
    if question not in answers:
        answers[question] = ask_openssl(key, message, signature)
    return answers[question]


def ask_openssl(key: PublicKey, message: bytes, signature: bytes) -> bool:
    key_file, message_file, signature_file = (stored(data) for data in (key.spki, message, signature))
    if key.algorithm == "Ed25519":
        command = ["pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", key_file, "-rawin"]
        command += ["-in", message_file, "-sigfile", signature_file]
    else:
        command = ["dgst", "-sha256", "-keyform", "DER", "-verify", key_file]
        command += ["-signature", signature_file, message_file]
    nowhere = subprocess.DEVNULL
    return subprocess.run(["openssl", *command], stdout=nowhere, stderr=nowhere, check=False).returncode == 0


def stored(data: bytes) -> str:
    """The path of a file with these bytes, named by them, so that threads share what they have in common."""
    path = Path(temporary.name) / hashlib.sha256(data).hexdigest()
    with storing:
        if not path.exists():
            path.write_bytes(data)
    return str(path)


def der_signature(raw: bytes) -> bytes:
    """r || s of RFC 7518 section 3.4 as DER."""
    integers = b"".join(der_integer(int.from_bytes(half, "big")) for half in (raw[:32], raw[32:]))
    return b"\x30" + bytes([len(integers)]) + integers


def der_integer(number: int) -> bytes:
    content = number.to_bytes(number.bit_length() // 8 + 1, "big")
    return b"\x02" + bytes([len(content)]) + content


def is_strict_der(signature: bytes) -> bool:
    """Whether these bytes are the one DER encoding of two non-negative integers of at most 32 bytes."""
    if len(signature) < 8 or signature[3] + 6 > len(signature):
        return False
    split = 4 + signature[3]
    r, s = (int.from_bytes(part, "big") for part in (signature[4:split], signature[split + 2 :]))
    if max(r, s) >= 2**256:
        return False
    return der_signature(r.to_bytes(32, "big") + s.to_bytes(32, "big")) == signature


# --- JWS: compact serialisation, as DLG-1 bounds it ----------------------------------------------------------


HEADER_MEMBERS = frozenset({"alg", "typ", "kid"})


class Jws:
    """A JWS whose signature was not checked. The page that reads it checks header, payload and signature."""

    def __init__(self, text: str, header_members: frozenset[str] = HEADER_MEMBERS) -> None:
        parts = text.split(".")
        if len(parts) != 3:
            raise ValueError("no compact JWS")
        self.text = text
        self.header = parse_object(from_base64url(parts[0]))
        self.payload = parse_object(from_base64url(parts[1]))
        self.signature = from_base64url(parts[2])
        if not set(self.header) <= header_members:
            raise ValueError("unknown header member")

    def check_header(self, typ: str, members: set[str]) -> None:
        """Type and no foreign member. `alg` is checked with the signature, `kid` with the keys that it may name."""
        if self.header.get("typ") != typ or not set(self.header) <= members:
            raise ValueError(f"header is not that of {typ}")

    def is_signed_by(self, key: Optional[PublicKey]) -> bool:
        """The key decides the algorithm; a header that names another is refused."""
        if key is None or self.header.get("alg") != key.algorithm or len(self.signature) != 64:
            return False
        signature = self.signature if key.algorithm == "Ed25519" else der_signature(self.signature)
        return signature_is_good(key, self.text.rpartition(".")[0].encode("ascii"), signature)
