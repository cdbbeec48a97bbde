/** What a case of a proof vector is, and the parts that all of them are made of. @module */
import { createPrivateKey, createPublicKey, diffieHellman } from 'node:crypto'
import { AUD, digestOf, NOW_S, type World } from '../../test/fixtures/tokens.ts'
import { fromBase64url } from '../../src/core/encoding.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { signJws } from '../../src/core/sign.ts'
import { PROOF_TYP } from '../../src/token/constants.ts'
import { sdHashOf } from '../../src/token/presentation.ts'
import { argsCommit } from '../../src/token/proof.ts'

export type Given = Readonly<Record<string, unknown>>

export interface ProofCase {
  readonly name: string
  readonly description: string
  readonly make: (w: World) => Given
  /** Of the refusal. */
  readonly code?: string
  readonly now?: number
  readonly audience?: string
  readonly session_key?: (given: Given) => { session_key: string }
}

export type ProofSetting = Pick<ProofCase, 'now' | 'audience'>

/** An X25519 key pair that belongs to a name (RFC 8410 and RFC 7748). */
export function x25519Of(name: string): { readonly public: string; readonly private: string } {
  const secret = Buffer.from(digestOf(`countersign test key ${name}`), 'base64url')
  const key = privateKeyOf(secret)
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' })
  return { public: spki.subarray(-32).toString('base64url'), private: secret.toString('base64url') }
}

function privateKeyOf(secret: Uint8Array): ReturnType<typeof createPrivateKey> {
  const der = Buffer.concat([Buffer.from('302e020100300506032b656e04220420', 'hex'), secret])
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
}

/** The shared secret; null when the other key is of small order. */
export function agree(privateKey: string, publicKey: Uint8Array): Uint8Array | null {
  const der = Buffer.concat([Buffer.from('302a300506032b656e032100', 'hex'), publicKey])
  try {
    const other = createPublicKey({ key: der, format: 'der', type: 'spki' })
    return new Uint8Array(
      diffieHellman({ privateKey: privateKeyOf(fromBase64url(privateKey)), publicKey: other }),
    )
  } catch {
    return null
  }
}

export const POINT = x25519Of('point')
export const CLIENT = x25519Of('client')
export const CHALLENGE = digestOf('challenge')
export const NONCE = `${CHALLENGE}.AAAAAAAAAAAAAAAAAAAAAA`
/** 32 bytes, base64url. */
export const SALT = digestOf('salt')
export const ARGS: JsonObject = { path: '/data/a', n: 1 }
export const commitTo = (w: World, args: JsonObject = ARGS, salt = SALT): string =>
  argsCommit(w.crypto, fromBase64url(salt), args)

/** What a proof says besides `sd_hash` and the claims of its kind. */
export const TARGET = { aud: AUD, nonce: NONCE, iat: NOW_S }

export interface Edit {
  readonly chain?: string
  /** Whose disclosures the proof is over. */
  readonly over?: string
  readonly by?: string
  readonly claims?: JsonObject
  readonly header?: JsonObject
  /** Instead of the claims. */
  readonly payload?: (claims: JsonObject) => JsonObject
}

/** A chain with a KB-JWT behind it. */
export function presented(w: World, kind: JsonObject, edit: Edit): string {
  const { chain = w.root(), over = chain, by = 'agent-1', claims = {}, header = {} } = edit
  const all = { ...TARGET, sd_hash: sdHashOf(w.crypto, over), ...kind, ...claims }
  return chain + signJws(w.signer(by), { typ: PROOF_TYP, ...header }, edit.payload?.(all) ?? all)
}
