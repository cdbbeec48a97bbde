/**
 * The floor: the signature verifications and key imports that a chain needs, over the same bytes, and nothing else. Each
 * key is imported once, by the fastest way that this Node has.
 * @module
 */
import { createPublicKey, verify, type KeyObject } from 'node:crypto'
import type { PublicJwk } from '../../src/core/crypto.ts'
import { concat, fromBase64url } from '../../src/core/encoding.ts'
import { nodeCrypto as crypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { parseJws } from '../../src/core/sign.ts'
import { hopPayloadSchema, rootPayloadSchema } from '../../src/token/payload.ts'
import { parsePresentation } from '../../src/token/presentation.ts'
import type { HeldChain } from './chains.ts'

/** A signature and the place of its key in {@link RawWork.keys}. */
interface RawSignature {
  readonly key: number
  readonly ec: boolean
  readonly data: Uint8Array
  /** 64 bytes for Ed25519, DER for ES256: what OpenSSL takes without a conversion. */
  readonly signature: Uint8Array
}

export interface RawWork {
  readonly keys: readonly (() => KeyObject)[]
  readonly signatures: readonly RawSignature[]
}

type Importer = (jwk: PublicJwk) => () => KeyObject

const SPKI_ED25519 = Buffer.from('302a300506032b6570032100', 'hex')
const SPKI_P256 = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d030107034200', 'hex')

function rawBytes(jwk: PublicJwk): Buffer {
  if (jwk.kty === 'OKP') return Buffer.from(jwk.x, 'base64url')
  return Buffer.concat([Buffer.of(4), Buffer.from(jwk.x, 'base64url'), Buffer.from(jwk.y, 'base64url')])
}

/** Node 24.? and later; older ones throw, and then it is not a candidate. */
const fromRaw: Importer = (jwk) => {
  const key = rawBytes(jwk)
  const kind =
    jwk.kty === 'OKP' ? { asymmetricKeyType: 'ed25519' } : { asymmetricKeyType: 'ec', namedCurve: 'P-256' }
  const input = { key, format: 'raw-public', ...kind }
  return () => createPublicKey(input as unknown as Parameters<typeof createPublicKey>[0])
}
const fromDer: Importer = (jwk) => {
  const key = Buffer.concat([jwk.kty === 'OKP' ? SPKI_ED25519 : SPKI_P256, rawBytes(jwk)])
  return () => createPublicKey({ key, format: 'der', type: 'spki' })
}
const fromJwk: Importer = (jwk) => {
  const key = { ...jwk }
  return () => createPublicKey({ key, format: 'jwk' })
}
const fromPem: Importer = (jwk) => {
  const der = Buffer.concat([jwk.kty === 'OKP' ? SPKI_ED25519 : SPKI_P256, rawBytes(jwk)])
  const pem = `-----BEGIN PUBLIC KEY-----\n${der.toString('base64')}\n-----END PUBLIC KEY-----\n`
  return () => createPublicKey(pem)
}
const IMPORTERS = { raw: fromRaw, der: fromDer, jwk: fromJwk, pem: fromPem }
export type ImporterName = keyof typeof IMPORTERS

/** The fastest way to import a key of this kind, tried out: the ways take turns. */
export function fastestImporter(jwk: PublicJwk): ImporterName {
  const working = (Object.keys(IMPORTERS) as ImporterName[]).filter((name) => works(name, jwk))
  const samples = new Map(working.map((name) => [name, [] as number[]]))
  for (let i = 0; i < 600; i++)
    for (const name of working) {
      const load = IMPORTERS[name](jwk)
      const start = performance.now()
      load()
      if (i >= 100) samples.get(name)?.push(performance.now() - start)
    }
  const median = (name: ImporterName): number => {
    const sorted = samples.get(name)?.toSorted((a, b) => a - b) ?? []
    return sorted[sorted.length >> 1] ?? Infinity
  }
  return working.toSorted((a, b) => median(a) - median(b))[0] ?? 'jwk'
}

function works(name: ImporterName, jwk: PublicJwk): boolean {
  try {
    IMPORTERS[name](jwk)()
    return true
  } catch {
    return false
  }
}

/** @param presentation the chain with its proof */
export function rawWork(
  chain: HeldChain,
  presentation: string,
  importers: { readonly okp: ImporterName; readonly ec: ImporterName },
): RawWork {
  const keys = new Map<string, { at: number; load: () => KeyObject }>()
  const signatures: RawSignature[] = []
  const add = (jwk: PublicJwk, data: Uint8Array, signature: Uint8Array): void => {
    const load = IMPORTERS[jwk.kty === 'OKP' ? importers.okp : importers.ec](jwk)
    const key = keys.get(jwk.x) ?? { at: keys.size, load }
    keys.set(jwk.x, key)
    signatures.push({ key: key.at, ec: jwk.kty === 'EC', data, signature })
  }
  const addJws = (jwk: PublicJwk, compact: string): void => {
    const jws = parseJws(compact)
    add(jwk, jws.signingInput, jws.signature)
  }
  const { segments, proof } = parsePresentation(presentation)
  for (const [i, { jwt }] of segments.entries()) {
    const { payload } = parseJws(jwt)
    if (i === 0) {
      addJws(chain.issuer, jwt)
      for (const { jwk, authenticator_data, client_data, signature } of rootPayloadSchema.parse(payload)
        .gestures) {
        const data = concat(fromBase64url(authenticator_data), crypto.sha256(fromBase64url(client_data)))
        add(jwk, data, fromBase64url(signature))
      }
    } else {
      addJws(holderAt(chain, i - 1), jwt)
      addJws(chain.issuer, hopPayloadSchema.parse(payload).delegate_payload[0].statement)
    }
  }
  addJws(holderAt(chain, segments.length - 1), proof ?? '')
  return { keys: [...keys.values()].map(({ load }) => load), signatures }
}

function holderAt(chain: HeldChain, i: number): PublicJwk {
  const jwk = chain.holders[i]
  if (jwk === undefined) throw new TypeError('a chain has a holder for each delegation')
  return jwk
}

/** The same without the gesture's signature and key. */
export function withoutGesture(work: RawWork): RawWork {
  const signatures = work.signatures.filter(({ ec }) => !ec)
  const used = [...new Set(signatures.map(({ key }) => key))]
  return {
    keys: work.keys.filter((_, at) => used.includes(at)),
    signatures: signatures.map((each) => ({ ...each, key: used.indexOf(each.key) })),
  }
}

/** @throws {TypeError} when a signature does not verify: then it was not what we say we measured */
export function doRaw(work: RawWork): void {
  const keys = work.keys.map((load) => load())
  for (const { key, ec, data, signature } of work.signatures) {
    const object = keys[key]
    if (object === undefined || !verify(ec ? 'sha256' : null, data, object, signature)) {
      throw new TypeError('a signature of the chain does not verify')
    }
  }
}
