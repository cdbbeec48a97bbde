/** DLG-4 and DLG-5: what a gesture covers, and how WebAuthn says so. @module */
import { digestOf, ISS, RP, segmentsIn, type World } from '../../../test/fixtures/tokens.ts'
import { rawToDer } from '../../../src/core/der.ts'
import type { JsonObject } from '../../../src/core/json.ts'
import { thumbprint } from '../../../src/core/jwk.ts'
import { parseJws } from '../../../src/core/sign.ts'
import { withOtherS } from '../../../test/fixtures/es256.ts'
import { bad, ceremony, good, respelled, respelledEnd, type Case, type Setting } from './case.ts'

const es256 = (w: World, signature: (raw: Uint8Array) => Uint8Array): string =>
  ceremony(w, { signer: 'es256-principal', signature })
/** DER whose r has a zero in front that it does not need, or needs and lacks. */
function withPaddedR(raw: Uint8Array): Uint8Array {
  const der = rawToDer(raw)
  const [length = 0, rLength = 0] = [der[1], der[3]]
  return Uint8Array.of(0x30, length + 1, 2, rLength + 1, 0, ...der.subarray(4))
}
const flags =
  (value: number, ...more: readonly number[]) =>
  (data: Uint8Array): Uint8Array =>
    Uint8Array.of(...data.with(32, value), ...more)
const levels = (count: number): string => '['.repeat(count) + ']'.repeat(count)
const alsoSaying = (json: string, member: string): string => json.replace('{', `{${member},`)

const TWO_ORIGINS: Setting = {
  trust: (w) => [
    {
      iss: ISS,
      keys: [{ jwk: w.issuer.publicJwk }],
      rp_id: RP.rp_id,
      origins: [...RP.origins, 'https://console.issuer.example'],
    },
  ],
}

export const gestures: readonly Case[] = [
  good([2], 'gesture-es256', 'A passkey of P-256: DER', (w) => es256(w, rawToDer)),
  good([2], 'gesture-es256-high-s', 'A passkey of P-256: the other s that verifies', (w) =>
    es256(w, (raw) => rawToDer(withOtherS(raw))),
  ),
  bad('GESTURE_INVALID', 'gesture-es256-raw', 'A passkey of P-256: r || s', (w) => es256(w, (raw) => raw)),
  bad('GESTURE_INVALID', 'gesture-der-trailing', 'DER with a byte behind it', (w) =>
    es256(w, (raw) => Uint8Array.of(...rawToDer(raw), 0)),
  ),
  bad('GESTURE_INVALID', 'gesture-der-long-length', 'DER with its length in two bytes', (w) =>
    es256(w, (raw) => {
      const der = rawToDer(raw)
      return Uint8Array.of(0x30, 0x81, ...der.subarray(1))
    }),
  ),
  bad('GESTURE_INVALID', 'gesture-der-padded', 'DER with an integer that is not minimal', (w) =>
    es256(w, withPaddedR),
  ),
  bad('GESTURE_INVALID', 'gesture-ed25519-der', 'A passkey of Ed25519 in DER', (w) =>
    ceremony(w, { signature: rawToDer }),
  ),
  good([2], 'gesture-more-members', 'Client data may have members that nobody knows', (w) =>
    ceremony(w, { client: (data) => ({ ...data, topOrigin: 'https://x.example', future: [1] }) }),
  ),
  good([2], 'gesture-no-cross-origin', 'Client data without crossOrigin', (w) =>
    ceremony(w, { client: ({ type, challenge, origin }) => ({ type, challenge, origin }) as JsonObject }),
  ),
  good([2], 'gesture-more-flags', 'Authenticator data with other flags, a counter and extensions', (w) =>
    ceremony(w, { authenticator: (data) => flags(0x9d, 0xa0)(data.with(36, 7)) }),
  ),
  good(
    [2],
    'gesture-second-origin',
    'The second of two pinned origins',
    (w) => ceremony(w, { client: (data) => ({ ...data, origin: 'https://console.issuer.example' }) }),
    TWO_ORIGINS,
  ),
  good([2], 'gesture-32-levels', 'Client data of 32 levels (C-1)', (w) =>
    ceremony(w, { text: (json) => alsoSaying(json, `"future":${levels(31)}`) }),
  ),
  bad('GESTURE_INVALID', 'gesture-33-levels', 'Client data of 33 levels (C-1)', (w) =>
    ceremony(w, { text: (json) => alsoSaying(json, `"future":${levels(32)}`) }),
  ),
  bad('GESTURE_INVALID', 'gesture-duplicate-name', 'Client data that names its origin twice', (w) =>
    ceremony(w, { text: (json) => alsoSaying(json, '"origin":"https://evil.example"') }),
  ),
  bad('GESTURE_INVALID', 'gesture-number-too-large', 'Client data with an integer of 2^53', (w) =>
    ceremony(w, { text: (json) => alsoSaying(json, '"future":9007199254740992') }),
  ),
  bad('GESTURE_INVALID', 'gesture-lone-surrogate', 'Client data with a lone surrogate', (w) =>
    ceremony(w, { text: (json) => alsoSaying(json, String.raw`"future":"\udfff"`) }),
  ),
  bad('GESTURE_INVALID', 'gesture-byte-order-mark', 'Client data with a byte order mark', (w) =>
    ceremony(w, { text: (json) => `\u{feff}${json}` }),
  ),
  bad('GESTURE_INVALID', 'gesture-list', 'Client data that is a list', (w) =>
    ceremony(w, { text: (json) => `[${json}]` }),
  ),
  bad(
    'GESTURE_INVALID',
    'gesture-of-before',
    'A claim changed after the gesture, and signed by the issuer',
    (w) => {
      const made = segmentsIn(w.root()).map(({ jwt }) => parseJws(jwt).payload.gestures)
      return w.forgeRoot(w.root(), (p) => ({ ...p, depth_max: 8 }), {
        gestures: () => made[0] as JsonObject[],
      })
    },
  ),
  bad(
    'GESTURE_INVALID',
    'gesture-header',
    'The header names another key of the issuer than the one that was shown: it is digested too',
    (w) => {
      const made = segmentsIn(w.root()).map(({ jwt }) => parseJws(jwt).payload.gestures)
      const issuer = w.signer('issuer-new')
      return w.forgeRoot(w.root(), (p) => p, {
        gestures: () => made[0] as JsonObject[],
        signer: issuer,
        header: { kid: thumbprint(w.crypto, issuer.publicJwk) },
      })
    },
    {
      trust: (w) => [
        { iss: ISS, keys: [w.issuer, w.signer('issuer-new')].map(({ publicJwk: jwk }) => ({ jwk })), ...RP },
      ],
    },
  ),
  bad('GESTURE_INVALID', 'gesture-other-challenge', 'A gesture over another challenge', (w) =>
    ceremony(w, { client: (data) => ({ ...data, challenge: digestOf('another') }) }),
  ),
  bad('GESTURE_INVALID', 'gesture-other-origin', 'A gesture at another origin', (w) =>
    w.forgeRoot(w.root(), (p) => p, {
      gestures: (challenge) => [
        {
          ...w.gesture(
            challenge,
            {},
            w.authenticator('principal', { rp_id: RP.rp_id, origin: 'https://evil.example' }),
          ),
        },
      ],
    }),
  ),
  bad('GESTURE_INVALID', 'gesture-origin-prefix', 'An origin that begins as the pinned one', (w) =>
    ceremony(w, { client: (data) => ({ ...data, origin: 'https://issuer.example.evil' }) }),
  ),
  bad('GESTURE_INVALID', 'gesture-origin-http', 'The origin over http', (w) =>
    ceremony(w, { client: (data) => ({ ...data, origin: 'http://issuer.example' }) }),
  ),
  bad('GESTURE_INVALID', 'gesture-cross-origin', 'A gesture in a foreign frame', (w) =>
    ceremony(w, { client: (data) => ({ ...data, crossOrigin: true }) }),
  ),
  bad('GESTURE_INVALID', 'gesture-create', 'A registration instead of an assertion', (w) =>
    ceremony(w, { client: (data) => ({ ...data, type: 'webauthn.create' }) }),
  ),
  bad('GESTURE_INVALID', 'gesture-not-present', 'The user was not present', (w) =>
    ceremony(w, { authenticator: flags(0x04) }),
  ),
  bad('GESTURE_INVALID', 'gesture-not-verified', 'The user was not verified', (w) =>
    ceremony(w, { authenticator: flags(0x01) }),
  ),
  bad('GESTURE_INVALID', 'gesture-other-rp', 'Authenticator data for another relying party', (w) =>
    ceremony(w, { authenticator: (data) => Uint8Array.of(...data.subarray(0, 31), 0, ...data.subarray(32)) }),
  ),
  bad('GESTURE_INVALID', 'gesture-short', 'Authenticator data of 36 bytes', (w) =>
    ceremony(w, { authenticator: (data) => data.subarray(0, 36) }),
  ),
  bad('GESTURE_INVALID', 'gesture-other-key', 'A signature by another key', (w) =>
    ceremony(w, { edit: (made) => ({ ...made, jwk: w.signer('thief').publicJwk }) }),
  ),
  bad('GESTURE_INVALID', 'trap-small-order-gesture', 'A passkey of small order, and R and S that fit', (w) =>
    ceremony(w, {
      edit: (made) => ({ ...made, jwk: { kty: 'OKP', crv: 'Ed25519', x: `AQ${'A'.repeat(41)}` } }),
      signature: () => new Uint8Array(64).with(0, 1),
    }),
  ),
  bad('GESTURE_INVALID', 'gesture-no-signature', 'No signature', (w) =>
    ceremony(w, { signature: () => new Uint8Array(0) }),
  ),
  bad('GESTURE_INVALID', 'gesture-respelled', 'A signature with unused bits set in its last character', (w) =>
    ceremony(w, { edit: (made) => ({ ...made, signature: respelledEnd(made.signature) }) }),
  ),
  bad('TOKEN_MALFORMED', 'gesture-unknown-member', 'A gesture with a member that is not known', (w) =>
    ceremony(w, { edit: (made) => Object.assign(made, { admin: true }) }),
  ),
  bad('TOKEN_MALFORMED', 'gesture-unknown-role', 'A gesture of a role that there is not', (w) =>
    ceremony(w, { edit: (made) => Object.assign(made, { role: 'owner' }) }),
  ),
  bad('TOKEN_MALFORMED', 'gesture-none', 'No gesture at all', (w) =>
    w.forgeRoot(w.root(), (p) => p, { gestures: () => [] }),
  ),
  bad('TOKEN_MALFORMED', 'gesture-claim-missing', 'No member gestures', (w) =>
    respelled(w, w.root(), 'issuer', { payload: (json) => json.replace(/,"gestures":.*$/, '}') }),
  ),
]
