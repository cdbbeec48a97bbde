/** Signature cases of C2SP Wycheproof, read from ../shared/data where that folder exists. @module */
import { existsSync, readFileSync } from 'node:fs'
import type { PublicJwk } from '../../src/core/crypto.ts'
import { base64url } from '../../src/core/encoding.ts'
import { publicJwk } from '../../src/core/jwk.ts'

const FOLDER = new URL('../../../shared/data/wycheproof/', import.meta.url)

/** Files of signatures, with the number of cases in each. */
export const SIGNATURE_FILES = [
  ['ed25519_test.json', 151],
  ['ecdsa_secp256r1_sha256_p1363_test.json', 262],
] as const

export interface SignatureCase {
  readonly label: string
  readonly key: PublicJwk
  /** base64url, as is `signature`. */
  readonly message: string
  readonly signature: string
  readonly valid: boolean
}

interface Group {
  publicKeyJwk?: unknown
  publicKey: { pk?: string; uncompressed?: string }
  tests: {
    tcId: number
    comment: string
    msg: string
    sig: string
    result: 'valid' | 'invalid' | 'acceptable'
  }[]
}

export const missing = (name: string): boolean => !existsSync(new URL(name, FOLDER))

/** Parsed as it stands: these files were written by people we trust to write vectors. */
export function read(name: string): unknown {
  return JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8'))
}

export function signatureCases(name: string): SignatureCase[] {
  return (read(name) as { testGroups: Group[] }).testGroups.flatMap((group) => {
    const key = keyOf(group)
    return group.tests.map(({ tcId, comment, msg, sig, result }) => ({
      label: `${tcId} (${comment})`,
      key,
      message: fromHex(msg),
      signature: fromHex(sig),
      valid: result === 'valid',
    }))
  })
}

/** From the raw point, because some groups carry no JWK; where there is one, it is the same key. */
function keyOf({ publicKey: { pk, uncompressed }, publicKeyJwk }: Group): PublicJwk {
  const key = pk === undefined ? pointOf(uncompressed!) : { kty: 'OKP', crv: 'Ed25519', x: fromHex(pk) }
  const read = publicJwk(key)
  if (JSON.stringify(publicJwk(publicKeyJwk ?? read)) !== JSON.stringify(read)) {
    throw new Error('a group has two keys')
  }
  return read
}

function pointOf(uncompressed: string) {
  const [x, y] = [uncompressed.slice(2, 66), uncompressed.slice(66)]
  return { kty: 'EC', crv: 'P-256', x: fromHex(x), y: fromHex(y) }
}

function fromHex(hex: string): string {
  return base64url(Buffer.from(hex, 'hex'))
}
