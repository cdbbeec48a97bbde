/**
 * Other people's signature vectors, run through the crypto port: C2SP Wycheproof and C2SP CCTV.
 * They are read from ../shared/data and skipped, by name, where that folder is missing.
 * @module
 */
import { expect, test } from 'vitest'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { PublicJwk } from '../../src/core/crypto.ts'
import { base64url, fromBase64url, utf8 } from '../../src/core/encoding.ts'
import { isJsonObject, parseJson } from '../../src/core/json.ts'
import { algOf, publicJwk } from '../../src/core/jwk.ts'
import { missing, read, SIGNATURE_FILES, signatureCases } from './wycheproof.ts'

interface JwsGroup {
  comment: string
  public?: Record<string, unknown>
  tests: { tcId: number; comment: string; jws: string; result: string }[]
}

const JWS = 'json_web_signature_test.json'
const CCTV = 'cctv_ed25519vectors.json'

test.for(SIGNATURE_FILES)('verify accepts what is valid in %s and nothing else', ([name, count], context) => {
  context.skip(missing(name))
  const cases = signatureCases(name)
  const accepted = cases.filter(({ key, message, signature }) =>
    nodeCrypto.verify(key, fromBase64url(message), fromBase64url(signature)),
  )
  expect(accepted.map(({ label }) => label)).toEqual(
    cases.filter(({ valid }) => valid).map(({ label }) => label),
  )
  expect(cases).toHaveLength(count)
})

/** Our reader without its rule that a payload is a JSON object: these payloads are plain text. */
function verifyCompact(compact: string, key: PublicJwk): boolean {
  const parts = compact.split('.')
  const [head = '', body = '', tail = ''] = parts
  if (parts.length !== 3) return false
  const header = parseJson(fromBase64url(head))
  fromBase64url(body)
  if (!isJsonObject(header) || header.alg !== algOf(key)) return false
  return nodeCrypto.verify(key, utf8(`${head}.${body}`), fromBase64url(tail))
}

test.skipIf(missing(JWS))(`compact JWS: the P-256 groups of ${JWS}`, () => {
  let ran = 0
  const mismatches: string[] = []
  for (const group of (read(JWS) as { testGroups: JwsGroup[] }).testGroups) {
    // The purpose of a key comes from the register that names it, so `use` and `key_ops` are not read.
    if (group.public?.crv !== 'P-256' || group.comment === 'ec_key_for_encryption') continue
    const key = publicJwk(group.public)
    for (const { tcId, comment, jws, result } of group.tests) {
      let accepted: boolean
      try {
        accepted = verifyCompact(jws, key)
      } catch {
        accepted = false
      }
      if (accepted !== (result === 'valid'))
        mismatches.push(`${tcId} (${comment}): ${result}, but ${accepted}`)
      ran++
    }
  }
  expect(mismatches).toEqual([])
  expect(ran).toBe(39)
})

/** Edge cases on which libraries differ, so most have no right answer. The entry of keys has one. */
test.skipIf(missing(CCTV))(`publicJwk refuses every weak key of ${CCTV} and no other`, () => {
  const weak = new Map<string, boolean>()
  for (const { key, flags } of read(CCTV) as { key: string; flags: string[] | null }[]) {
    const bad = flags?.includes('low_order_A') === true || flags?.includes('non_canonical_A') === true
    weak.set(key, weak.get(key) === true || bad)
  }
  const refused = (key: string): boolean => {
    try {
      publicJwk({ kty: 'OKP', crv: 'Ed25519', x: base64url(Buffer.from(key, 'hex')) })
      return false
    } catch {
      return true
    }
  }
  expect([...weak].filter(([key, bad]) => bad && !refused(key))).toEqual([])
  expect([...weak].filter(([key, bad]) => !bad && refused(key))).toEqual([])
  expect([...weak.values()].filter(Boolean)).toHaveLength(14)
})
