/**
 * Other people's signature vectors, run through the crypto port: C2SP Wycheproof and C2SP CCTV.
 * They are read from ../shared/data and skipped, by name, where that folder is missing.
 * @module
 */
import { expect, test } from 'vitest'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { PublicJwk } from '../../src/core/crypto.ts'
import { base64url, fromBase64url, utf8 } from '../../src/core/encoding.ts'
import { CoreError } from '../../src/core/errors.ts'
import { isJsonObject, parseJson } from '../../src/core/json.ts'
import { algOf, publicJwk } from '../../src/core/jwk.ts'
import { missing, read, SIGNATURE_FILES, signatureCases } from './wycheproof.ts'

interface JwsGroup {
  comment: string
  public?: Record<string, unknown>
  private?: Record<string, unknown>
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

const jwsGroups = (): JwsGroup[] => (read(JWS) as { testGroups: JwsGroup[] }).testGroups
const jwkOf = (group: JwsGroup): Record<string, unknown> => group.public ?? group.private ?? {}

function accepts(jws: string, key: PublicJwk): boolean {
  try {
    return verifyCompact(jws, key)
  } catch {
    return false
  }
}

test.skipIf(missing(JWS))(`compact JWS: the P-256 groups of ${JWS}`, () => {
  let ran = 0
  const mismatches: string[] = []
  for (const group of jwsGroups()) {
    if (jwkOf(group).crv !== 'P-256') continue
    const key = publicJwk(group.public)
    for (const { tcId, comment, jws, result } of group.tests) {
      const accepted = accepts(jws, key)
      if (accepted !== (result === 'valid'))
        mismatches.push(`${tcId} (${comment}): ${result}, but ${accepted}`)
      ran++
    }
  }
  // The purpose of a key comes from the register that names it, so `use` and `key_ops` of a JWK are not read.
  expect(mismatches).toEqual([
    '354 (rejectWrongUse): invalid, but true',
    '356 (rejectWrongKeyOps): invalid, but true',
  ])
  expect(ran).toBe(41)
})

/** Cases that do not apply, because the key is of a type that we never take: that it is refused is what we test. */
test.skipIf(missing(JWS))(`compact JWS: every other key of ${JWS} is refused on entry`, () => {
  const refused = new Map<string, number>()
  for (const group of jwsGroups()) {
    const jwk = jwkOf(group)
    if (jwk.crv === 'P-256') continue
    expect(() => publicJwk(jwk)).toThrow(CoreError)
    const { kty, crv, alg = '' } = jwk as Record<string, string>
    const kind = `${group.comment}: ${kty} ${crv ?? alg}`.trim()
    refused.set(kind, (refused.get(kind) ?? 0) + group.tests.length)
  }
  expect(Object.fromEntries(refused)).toEqual({
    'hs256: oct HS256': 17,
    'rs256: RSA RS256': 231,
    'rs384: RSA RS384': 4,
    'rs512: RSA RS512': 4,
    'ps256: RSA PS256': 48,
    'ps384: RSA PS384': 5,
    'ps512: RSA PS512': 20,
    'rfc7520: RSA RS256': 1,
    'rfc7520: RSA PS256': 1,
    'rfc7520: EC P-521': 1,
    'rfc7520: oct HS256': 2,
    'rfc7520WithKeyOps: RSA RS256': 1,
    'rfc7520WithKeyOps: RSA PS256': 1,
    'rfc7520WithKeyOps: EC P-521': 1,
    'rsa_encryption: RSA': 2,
    'base64: oct HS256': 21,
  })
})

/** The keys are symmetric, the spelling is not: our reader says whether all three parts are canonical base64url. */
test.skipIf(missing(JWS))(`compact JWS: the spelling of the group base64 of ${JWS}`, () => {
  const spelled = (jws: string): boolean => {
    try {
      const parts = jws.split('.')
      parseJson(fromBase64url(parts[0] ?? ''))
      return parts.length === 3 && parts.every((part) => fromBase64url(part).length >= 0)
    } catch {
      return false
    }
  }
  const group = jwsGroups().find(({ comment }) => comment === 'base64')!
  const differs = group.tests
    .filter(({ jws, result }) => spelled(jws) !== (result === 'valid'))
    .map(({ tcId, comment, result }) => `${tcId} (${comment}): ${result}`)
  expect(group.tests).toHaveLength(21)
  // 367 and 370 are, character by character, the valid 357: their padding was lost. "?" is no base64url to us.
  expect(differs).toEqual([
    '367 (invalidBase64Padding): invalid',
    '370 (invalidBase64PaddingInPayload): invalid',
    '372 (InvalidCharacterInsertedInHeader): valid',
    '373 (InvalidCharacterInsertedInPayload): valid',
  ])
  const textOf = (id: number): string | undefined => group.tests.find(({ tcId }) => tcId === id)?.jws
  expect([textOf(367), textOf(370)]).toEqual([textOf(357), textOf(357)])
})

interface CctvVector {
  readonly key: string
  readonly sig: string
  readonly msg: string
  readonly flags: readonly string[] | null
}
const okp = (key: string) => ({
  kty: 'OKP' as const,
  crv: 'Ed25519' as const,
  x: base64url(Buffer.from(key, 'hex')),
})
const isRefused = (key: string): boolean => {
  try {
    publicJwk(okp(key))
    return false
  } catch {
    return true
  }
}

/** Edge cases on which libraries differ, so most have no right answer. The entry of keys has one. */
test.skipIf(missing(CCTV))(`publicJwk refuses every weak key of ${CCTV} and no other`, () => {
  const weak = new Map<string, boolean>()
  for (const { key, flags } of read(CCTV) as CctvVector[]) {
    const bad = flags?.includes('low_order_A') === true || flags?.includes('non_canonical_A') === true
    weak.set(key, weak.get(key) === true || bad)
  }
  expect([...weak].filter(([key, bad]) => bad && !isRefused(key))).toEqual([])
  expect([...weak].filter(([key, bad]) => !bad && isRefused(key))).toEqual([])
  expect([...weak.values()].filter(Boolean)).toHaveLength(14)
})

/** The first class that a vector belongs to. docs/outside-tests.md says what we make of each. */
function classOf(flags: readonly string[]): string {
  if (flags.includes('low_order_A')) return 'key of small order'
  if (flags.includes('non_canonical_A')) return 'key not canonical'
  if (flags.includes('non_canonical_R')) return 'R not canonical'
  if (flags.includes('low_order_residue')) return 'verifies only when multiplied by the cofactor'
  return flags.includes('low_order_R') ? 'R of small order' : 'plain, with or without a small component'
}

test.skipIf(missing(CCTV))(`each class of ${CCTV} has one answer`, () => {
  const answers = new Map<string, { count: number; accepted: number }>()
  for (const { key, sig, msg, flags } of read(CCTV) as CctvVector[]) {
    const accepted = !isRefused(key) && nodeCrypto.verify(okp(key), utf8(msg), Buffer.from(sig, 'hex'))
    const name = classOf(flags ?? [])
    const answer = answers.get(name) ?? { count: 0, accepted: 0 }
    answers.set(name, { count: answer.count + 1, accepted: answer.accepted + (accepted ? 1 : 0) })
  }
  const { 'R of small order': small, ...rest } = Object.fromEntries(answers)
  expect(rest).toEqual({
    'key of small order': { count: 526, accepted: 0 },
    'R not canonical': { count: 176, accepted: 0 },
    'verifies only when multiplied by the cofactor': { count: 126, accepted: 0 },
    'plain, with or without a small component': { count: 43, accepted: 43 },
  })
  // Only who has the key can make these. OpenSSL 3.5 refuses them, older ones accept them.
  expect(small?.count).toBe(43)
  expect([0, 43]).toContain(small?.accepted)
})
