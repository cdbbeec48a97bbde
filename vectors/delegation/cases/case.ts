/** What a case of a delegation vector is, and the parts that most cases are made of. @module */
import {
  disclosureOf,
  editSegment,
  NOW_S,
  rawJws,
  REV,
  RP,
  segmentsIn,
  type World,
} from '../../../test/fixtures/tokens.ts'
import type { SoftwareAuthenticator } from '../../../src/adapters/software-authenticator/software-authenticator.ts'
import type { PublicJwk } from '../../../src/core/crypto.ts'
import { base64url, fromBase64url, utf8 } from '../../../src/core/encoding.ts'
import type { Gesture } from '../../../src/core/gesture.ts'
import type { JsonObject } from '../../../src/core/json.ts'
import { parseJws } from '../../../src/core/sign.ts'
import { disclosureDigest } from '../../../src/token/disclosure.ts'
import type { TokenErrorCode } from '../../../src/token/errors.ts'

/** An issuer as a vector gives it. `retired_at` in seconds. */
export interface VectorIssuer {
  readonly iss: string
  readonly keys: readonly { readonly jwk: PublicJwk; readonly retired_at?: number }[]
  readonly rp_id: string
  readonly origins: readonly string[]
}

/** What differs from a verifier with one issuer, at the usual time and place. */
export interface Setting {
  readonly now?: number
  readonly audience?: string
  readonly trust?: (w: World) => readonly VectorIssuer[]
}

export interface Case {
  readonly name: string
  readonly description: string
  readonly make: (w: World) => string
  /** Disclosed grants of each delegation, or the code of the refusal. */
  readonly expect: readonly number[] | TokenErrorCode
  /** Of the hops, when they are not `agent-2` and so on. */
  readonly agents?: readonly string[]
  readonly setting: Setting
}

type Make = (w: World) => string

export function good(
  expect: readonly number[],
  name: string,
  description: string,
  make: Make,
  setting: Setting = {},
): Case {
  return { name, description, make, expect, setting }
}

export function bad(
  expect: TokenErrorCode,
  name: string,
  description: string,
  make: Make,
  setting: Setting = {},
): Case {
  return { name, description, make, expect, setting }
}

/** 128 bits of zero: a salt of its own would say no more. */
export const SALT = 'AAAAAAAAAAAAAAAAAAAAAA'

/** A root and a hop that hands everything on. */
export const one = (w: World): string => w.hop(w.root(), 'agent-1', 'agent-2')

/** The chain with other disclosures at a segment. */
export function disclosing(
  chain: string,
  at: number,
  edit: (disclosures: readonly string[]) => readonly string[],
): string {
  return editSegment(chain, at, (segment) => ({ ...segment, disclosures: edit(segment.disclosures) }))
}

export const hiding = (chain: string, at: number, keep: (index: number) => boolean): string =>
  disclosing(chain, at, (all) => all.filter((_, i) => keep(i)))

/** A root that is signed, gestures and all, after an edit of its claims. */
export const root = (w: World, edit: (payload: JsonObject) => JsonObject, header: JsonObject = {}): string =>
  w.forgeRoot(w.root(), edit, { header })

/** A root with these claims besides, or instead. */
export const rootWith = (w: World, claims: JsonObject): string => root(w, (p) => ({ ...p, ...claims }))

export const without = (object: JsonObject, name: string): JsonObject =>
  Object.fromEntries(Object.entries(object).filter(([each]) => each !== name))

/** A root whose lists of digests are those of these disclosures, whatever they are. */
export function rootOf(w: World, grants: readonly string[], claims: readonly string[] = []): string {
  const digest = (each: string): string => disclosureDigest(w.crypto, each)
  const forged = root(w, (p) => ({
    ...p,
    authorization_details: grants.map((each) => ({ '...': digest(each) })),
    grants_n: grants.length,
    ...(claims.length > 0 ? { _sd: claims.map(digest) } : {}),
  }))
  return disclosing(forged, 0, () => [...grants, ...claims])
}

export function withGrant(w: World, grant: unknown): string {
  return rootOf(w, [disclosureOf([SALT, grant])])
}

/** A root with one claim disclosed and its grants hidden. */
export function withClaim(w: World, name: string, value: unknown): string {
  const claim = disclosureOf([SALT, name, value])
  const forged = root(w, (p) => ({ ...p, _sd: [disclosureDigest(w.crypto, claim)] }))
  return disclosing(forged, 0, () => [claim])
}

/** The JWT of a segment signed again with other text in it. */
export function respelled(
  w: World,
  chain: string,
  by: string,
  edit: { header?: (text: string) => string; payload?: (text: string) => string },
): string {
  const same = (text: string): string => text
  return editSegment(chain, -1, (segment) => {
    const { header, payload } = parseJws(segment.jwt)
    const head = (edit.header ?? same)(JSON.stringify(header))
    return {
      ...segment,
      jwt: rawJws(w.signer(by), head, (edit.payload ?? same)(JSON.stringify(payload))),
    }
  })
}

/** A root with these claims and gestures. */
export function gestured(
  w: World,
  claims: JsonObject,
  gestures: (challenge: string) => readonly Gesture[],
): string {
  return w.forgeRoot(w.root(), (p) => ({ ...p, ...claims }), {
    gestures: (challenge) => gestures(challenge).map((each) => ({ ...each })),
  })
}

/** What an authenticator and a browser say in a gesture; `signer` names the key. */
export interface Ceremony {
  readonly signer?: string
  readonly client?: (data: JsonObject) => JsonObject
  /** The text of the client data. */
  readonly text?: (json: string) => string
  readonly authenticator?: (data: Uint8Array) => Uint8Array
  readonly signature?: (raw: Uint8Array) => Uint8Array
  readonly edit?: (made: Gesture) => Gesture
}

/** A root with one gesture that was made as the ceremony says. */
export function ceremony(w: World, how: Ceremony): string {
  return gestured(w, {}, (challenge) => {
    const data = how.client?.(clientData(challenge)) ?? clientData(challenge)
    const client = utf8((how.text ?? ((json) => json))(JSON.stringify(data)))
    const plain = Uint8Array.of(...w.crypto.sha256(utf8(RP.rp_id)), 0x05, 0, 0, 0, 0)
    const authenticator = how.authenticator?.(plain) ?? plain
    const signer = w.signer(how.signer ?? 'principal')
    const raw = signer.sign(Uint8Array.of(...authenticator, ...w.crypto.sha256(client)))
    const made: Gesture = {
      rev: REV,
      role: 'principal',
      jwk: signer.publicJwk,
      registration: 7,
      client_data: base64url(client),
      authenticator_data: base64url(authenticator),
      signature: base64url(how.signature?.(raw) ?? raw),
    }
    return [how.edit?.(made) ?? made]
  })
}

const clientData = (challenge: string): JsonObject => ({
  type: 'webauthn.get',
  challenge,
  origin: RP.origins[0]!,
  crossOrigin: false,
})

/** An approver's gesture, with a key of its own. */
export const approval = (
  w: World,
  challenge: string,
  rev: string,
  edit: Partial<Gesture> = {},
  by: SoftwareAuthenticator = w.authenticator(rev),
): Gesture => w.gesture(challenge, { rev, role: 'approver', ...edit }, by)

/** A hop of `agent-1` to `agent-2` with this statement. */
export const hopStating = (w: World, statement: string): string =>
  w.hop(w.root(), 'agent-1', 'agent-2', { statement })

/** A hop whose signed payload is edited and signed again by its rightful signer. */
export const hop = (
  w: World,
  edit: (outer: JsonObject, delegated: JsonObject) => JsonObject,
  header: JsonObject = {},
): string => w.forgeHop(one(w), w.signer('agent-1'), edit, header)

/** A hop with these members of its delegated payload. */
export const hopWith = (w: World, members: JsonObject): string =>
  hop(w, (outer, delegated) => ({ ...outer, delegate_payload: [{ ...delegated, ...members }] }))

/** Base64url, or a JWT, whose last character has an unused bit set: another spelling of the same bytes. */
export function respelledEnd(text: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  if (text.split('.').at(-1)!.length % 4 === 0) throw new Error('no unused bits')
  return text.slice(0, -1) + alphabet[alphabet.indexOf(text.at(-1)!) + 1]!
}

/** A segment's JWT with one part decoded, edited and encoded again, not signed again. */
export function tampered(
  chain: string,
  at: number,
  part: 0 | 1 | 2,
  edit: (bytes: Uint8Array) => Uint8Array,
): string {
  return editSegment(chain, at, (segment) => {
    const parts = segment.jwt.split('.')
    return { ...segment, jwt: parts.with(part, base64url(edit(fromBase64url(parts[part]!)))).join('.') }
  })
}

export const jwtOf = (chain: string, at: number): string => segmentsIn(chain)[at]!.jwt
export const IN_AN_HOUR = NOW_S + 3600
