/** DLG-1: the text of a presentation, the three parts of a JWT, and JSON as C-1 wants it. @module */
import { AUD, disclosureOf, editSegment, FILES, rawJws, type World } from '../../../test/fixtures/tokens.ts'
import { base64url, utf8 } from '../../../src/core/encoding.ts'
import { parseJws } from '../../../src/core/sign.ts'
import {
  bad,
  good,
  hop,
  jwtOf,
  one,
  respelled,
  respelledEnd,
  root,
  rootOf,
  rootWith,
  SALT,
  type Case,
} from './case.ts'

const spelled = (w: World, payload: (text: string) => string): string =>
  respelled(w, w.root(), 'issuer', { payload })

/** A root with a long claim whose segment has exactly this many characters, not counting the "~" behind it. */
function ofLength(w: World, length: number): string {
  for (const spare of ['', 'x', 'xx', 'xxx']) {
    const made = (pad: number): string =>
      rootOf(w, [disclosureOf([SALT + spare, FILES])], [disclosureOf([SALT, 'sub', 'x'.repeat(pad)])])
    const guess = Math.floor(((length - made(0).length) * 3) / 4)
    for (let pad = guess - 4; pad < guess + 4; pad++) {
      const chain = made(pad)
      if (chain.length === length + 1) return chain
    }
  }
  throw new Error(`no root of ${length} characters`)
}

export const text: readonly Case[] = [
  good(
    [2],
    'proof-ignored',
    'Verifying the chain does not verify the proof behind it',
    (w) => `${w.root()}eyJ.e30.AA`,
  ),
  good([2], 'largest', '64 KiB, of which most is a proof that is ignored', (w) => {
    const chain = w.root()
    return chain + 'A'.repeat(64 * 1024 - chain.length)
  }),
  bad(
    'TOKEN_TOO_LARGE',
    'too-large',
    '64 KiB and one byte',
    (w) => w.root() + 'A'.repeat(64 * 1024 + 1 - w.root().length),
  ),
  good([1], 'segment-largest', 'A segment of 40 KiB: the text before the "~" that ends it', (w) =>
    ofLength(w, 40 * 1024),
  ),
  bad('TOKEN_TOO_LARGE', 'segment-too-large', 'A segment of 40 KiB and one byte', (w) =>
    ofLength(w, 40 * 1024 + 1),
  ),
  bad('TOKEN_MALFORMED', 'text-empty', 'Nothing', () => ''),
  bad('TOKEN_MALFORMED', 'text-no-tilde', 'A JWT without a "~"', (w) => jwtOf(w.root(), 0)),
  bad('TOKEN_MALFORMED', 'text-space', 'White space behind the chain', (w) => `${w.root()} `),
  bad('TOKEN_MALFORMED', 'text-line-break', 'A line break behind the chain', (w) => `${w.root()}\n`),
  bad('TOKEN_MALFORMED', 'text-not-ascii', 'A character that is not ASCII', (w) =>
    w.root().replace('~', 'é~'),
  ),
  bad('TOKEN_MALFORMED', 'text-standard-base64', 'A character of the other base64 alphabet', (w) =>
    w.root().replace(/\.[^.~]*~/, (signature) => `${signature.slice(0, -2)}+~`),
  ),
  bad('TOKEN_MALFORMED', 'segment-empty', 'An empty segment in front', (w) => `~~${w.root()}`),
  bad('TOKEN_MALFORMED', 'disclosure-empty', 'An empty disclosure: three "~" in a row', (w) =>
    w.root().replace('~', '~~~'),
  ),
  bad(
    'TOKEN_MALFORMED',
    'jws-two-parts',
    'A JWT of two parts',
    (w) => `${jwtOf(w.root(), 0).split('.').slice(0, 2).join('.')}~`,
  ),
  bad('TOKEN_MALFORMED', 'jws-four-parts', 'A JWT of four parts', (w) => `e30.${w.root()}`),
  bad('TOKEN_MALFORMED', 'padded', 'base64url with padding', (w) => w.root().replace('~', '=~')),
  bad(
    'TOKEN_MALFORMED',
    'trap-lenient-base64url',
    'A signature whose last character has unused bits set: another spelling of the same bytes',
    (w) => editSegment(w.root(), 0, (s) => ({ ...s, jwt: respelledEnd(s.jwt) })),
  ),
  bad(
    'TOKEN_MALFORMED',
    'trap-lenient-base64url-payload',
    'A signed payload whose last character has unused bits set',
    (w) =>
      editSegment(rootWith(w, { jti: `dlg_${payloadPadding(w)}` }), 0, (s) => {
        const { header, payload } = parseJws(s.jwt)
        const input = `${base64url(utf8(JSON.stringify(header)))}.${respelledEnd(base64url(utf8(JSON.stringify(payload))))}`
        return { ...s, jwt: `${input}.${base64url(w.issuer.sign(utf8(input)))}` }
      }),
  ),
  good([2], 'json-white-space', 'White space in the JSON: the bytes are signed, not a canonical form', (w) =>
    spelled(w, (json) => `\n${json.replaceAll(',"', ' ,\t"')}\r\n`),
  ),
  good([2], 'json-escaped-name', 'A name spelled with an escape is that name', (w) =>
    spelled(w, (json) => json.replace('"iss"', String.raw`"\u0069ss"`)),
  ),
  good(
    [2],
    'json-number-exponent',
    'A number is its value, however it is spelled: the challenge is over its canonical form',
    (w) => spelled(w, (json) => json.replace('"iat":1790000000', '"iat":1.79e9')),
  ),
  good([2], 'json-member-order', 'Members in another order', (w) =>
    root(w, (p) => Object.fromEntries(Object.entries(p).reverse())),
  ),
  good([2], 'json-number-largest', 'The largest integer, 2^53-1', (w) =>
    rootWith(w, { auth_time: Number.MAX_SAFE_INTEGER }),
  ),
  bad('TOKEN_MALFORMED', 'json-number-too-large', 'An integer of 2^53', (w) =>
    rootWith(w, { auth_time: 2 ** 53 }),
  ),
  bad('TOKEN_MALFORMED', 'json-duplicate-name', 'A name twice in the payload', (w) =>
    spelled(w, (json) => json.replace('{', '{"exp":1790009999,')),
  ),
  bad('TOKEN_MALFORMED', 'json-duplicate-escaped', 'A name twice, once with an escape', (w) =>
    spelled(w, (json) => json.replace('{', String.raw`{"\u0065xp":1790009999,`)),
  ),
  bad('TOKEN_MALFORMED', 'json-duplicate-nested', 'A name twice in an object of the payload', (w) =>
    spelled(w, (json) => json.replace('"agent":{', '"agent":{"class":"root",')),
  ),
  bad('TOKEN_MALFORMED', 'json-duplicate-in-header', 'A name twice in the header', (w) =>
    respelled(w, w.root(), 'issuer', { header: (json) => json.replace('{', '{"alg":"none",') }),
  ),
  bad('TOKEN_MALFORMED', 'json-proto', 'A member __proto__, which a parser may lose', (w) =>
    spelled(w, (json) => json.replace('{', '{"__proto__":{},')),
  ),
  bad('TOKEN_MALFORMED', 'json-behind', 'Something behind the JSON', (w) =>
    spelled(w, (json) => `${json} x`),
  ),
  bad('TOKEN_MALFORMED', 'json-array', 'A payload that is a list', (w) => spelled(w, (json) => `[${json}]`)),
  bad('TOKEN_MALFORMED', 'json-not-utf8', 'A payload that is not UTF-8', (w) =>
    editSegment(w.root(), 0, (s) => {
      const [head = '', body = ''] = s.jwt.split('.')
      const bytes = Buffer.from(body, 'base64url').toString('latin1').replace('assistant', 'assist\u00e4nt')
      const input = `${head}.${Buffer.from(bytes, 'latin1').toString('base64url')}`
      return { ...s, jwt: `${input}.${base64url(w.issuer.sign(utf8(input)))}` }
    }),
  ),
  bad('TOKEN_MALFORMED', 'json-lone-surrogate', 'A string with a lone surrogate', (w) =>
    spelled(w, (json) => json.replace('"assistant"', String.raw`"\ud800"`)),
  ),
  bad('TOKEN_MALFORMED', 'json-byte-order-mark', 'A byte order mark', (w) =>
    spelled(w, (json) => `\u{feff}${json}`),
  ),
  bad('DISCLOSURE_INVALID', 'json-duplicate-in-disclosure', 'A name twice in a disclosed grant', (w) =>
    rootOf(w, [disclosureOf(`["${SALT}",{"type":"tool","server":"a","server":"b","actions":["*"]}]`)]),
  ),
  good([1], 'json-white-space-in-disclosure', 'White space in a disclosure', (w) =>
    rootOf(w, [disclosureOf(`[ "${SALT}", {"type":"tool", "server":"a", "actions":["*"]} ]`)]),
  ),
  bad('TOKEN_MALFORMED', 'alg-crit', 'A critical header that nobody knows', (w) =>
    root(w, (p) => p, { crit: ['x'] }),
  ),
  bad('TOKEN_MALFORMED', 'header-b64', 'An unencoded payload (RFC 7797)', (w) =>
    root(w, (p) => p, { crit: ['b64'], b64: false }),
  ),
  bad('TOKEN_MALFORMED', 'header-zip', 'A header zip', (w) => root(w, (p) => p, { zip: 'DEF' })),
  bad('TOKEN_MALFORMED', 'header-jku', 'A header that says where keys are', (w) =>
    root(w, (p) => p, { jku: 'https://thief.example' }),
  ),
  bad('TOKEN_MALFORMED', 'jwk-in-header', 'A key brought along in the header', (w) =>
    root(w, (p) => p, { jwk: { ...w.issuer.publicJwk } }),
  ),
  bad('TOKEN_MALFORMED', 'header-typ', 'Another type of token', (w) => root(w, (p) => p, { typ: 'JWT' })),
  bad('SIGNATURE_INVALID', 'alg-none', 'alg none, however signed', (w) => root(w, (p) => p, { alg: 'none' })),
  bad('SIGNATURE_INVALID', 'trap-alg-none', 'alg none and no signature', (w) =>
    editSegment(
      root(w, (p) => p, { alg: 'none' }),
      0,
      (s) => ({ ...s, jwt: s.jwt.replace(/[^.]*$/, '') }),
    ),
  ),
  bad('SIGNATURE_INVALID', 'trap-alg-none-hop', 'A hop with alg none and no signature', (w) =>
    editSegment(
      hop(w, (outer) => outer, { alg: 'none' }),
      1,
      (s) => ({ ...s, jwt: s.jwt.replace(/[^.]*$/, '') }),
    ),
  ),
  bad('SIGNATURE_INVALID', 'alg-mismatch', 'alg of another key type', (w) =>
    root(w, (p) => p, { alg: 'ES256' }),
  ),
  bad('SIGNATURE_INVALID', 'alg-hs256', 'alg HS256, with the public key as the secret', (w) => {
    const { header, payload } = parseJws(jwtOf(w.root(), 0))
    const input = [{ ...header, alg: 'HS256' }, payload]
      .map((part) => base64url(utf8(JSON.stringify(part))))
      .join('.')
    const key = utf8(w.issuer.publicJwk.x)
    const jwt = `${input}.${base64url(w.crypto.hmacSha256(key, utf8(input)))}`
    return editSegment(w.root(), 0, (s) => ({ ...s, jwt }))
  }),
  bad('SIGNATURE_INVALID', 'alg-eddsa', 'alg EdDSA, which names no curve', (w) =>
    root(w, (p) => p, { alg: 'EdDSA' }),
  ),
  bad('SIGNATURE_INVALID', 'alg-missing', 'No alg', (w) =>
    respelled(w, w.root(), 'issuer', { header: (json) => json.replace('"alg":"Ed25519",', '') }),
  ),
  bad('SIGNATURE_INVALID', 'signature-missing', 'No signature', (w) =>
    editSegment(w.root(), 0, (s) => ({ ...s, jwt: s.jwt.replace(/[^.]*$/, '') })),
  ),
  bad('SIGNATURE_INVALID', 'signature-short', 'A signature of 63 bytes', (w) =>
    editSegment(w.root(), 0, (s) => {
      const { signature } = parseJws(s.jwt)
      return { ...s, jwt: s.jwt.replace(/[^.]*$/, base64url(signature.subarray(0, 63))) }
    }),
  ),
  bad('TOKEN_MALFORMED', 'header-unknown-in-hop', 'A critical header in a hop', (w) =>
    hop(w, (outer) => outer, { crit: ['x'] }),
  ),
  bad('TOKEN_MALFORMED', 'header-kid-in-hop', 'A kid in the header of a hop, which has none (C-8)', (w) =>
    hop(w, (outer) => outer, { kid: 'x' }),
  ),
  bad('TOKEN_MALFORMED', 'hop-typ', 'A hop of another type', (w) =>
    hop(w, (outer) => outer, { typ: 'kb+jwt' }),
  ),
  good([2, 2], 'audience-one-of-two', 'One of two audiences', (w) =>
    w.hop(w.root({ aud: [AUD, 'pnt_other'] }), 'agent-1', 'agent-2'),
  ),
  bad('TOKEN_MALFORMED', 'json-duplicate-in-hop', 'A name twice in the payload of a hop', (w) =>
    respelled(w, one(w), 'agent-1', { payload: (json) => json.replace('"depth":', '"depth":0,"depth":') }),
  ),
  bad('TOKEN_MALFORMED', 'root-is-a-proof', 'A KB-JWT in the place of the root', (w) => {
    const jwt = rawJws(w.issuer, '{"alg":"Ed25519","typ":"kb+jwt"}', '{}')
    return `${jwt}~`
  }),
]

/** Makes the payload end in a group of base64url with unused bits. */
function payloadPadding(w: World): string {
  for (const padding of ['a', 'ab', 'abc']) {
    const { payload } = parseJws(jwtOf(rootWith(w, { jti: `dlg_${padding}` }), 0))
    if (utf8(JSON.stringify(payload)).length % 3 !== 0) return padding
  }
  throw new Error('no padding')
}
