/**
 * SD-JWT (RFC 9901) as others have it: the cases of sd-jwt-python, issued and presented by @sd-jwt/core and read by us,
 * and @sd-jwt/core as an oracle for our own roots. Cases are read from ../shared/data and skipped, by name, where that
 * folder is missing.
 * @module
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { SDJwtInstance, FlattenJSON, GeneralJSON, splitSdJwt } from '@sd-jwt/core'
import { describe, expect, test } from 'vitest'
import { isMap, isNode, isPair, isScalar, isSeq, parse, parseDocument, type Node } from 'yaml'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { PublicJwk } from '../../src/core/crypto.ts'
import { base64url, fromBase64url, utf8 } from '../../src/core/encoding.ts'
import { publicJwk, thumbprint } from '../../src/core/jwk.ts'
import { parseJws, verifyJws } from '../../src/core/sign.ts'
import { disclosureDigest, resolveDisclosures } from '../../src/token/disclosure.ts'
import { TokenError } from '../../src/token/errors.ts'
import { parsePresentation, sdHashOf, segmentText } from '../../src/token/presentation.ts'
import { argsCommit, signCallProof, verifyCallProof } from '../../src/token/proof.ts'
import { verifyChainText } from '../../src/token/verify.ts'
import { AUD, digestOf, NOW_MS, NOW_S, segmentsIn, World } from '../fixtures/tokens.ts'
import { judge, type DelegationVector } from './judge.ts'

type Claims = Record<string, unknown>
type Frame = { _sd?: (string | number)[] } & { [name: string]: unknown }

const w = new World('sd-jwt')
const hasher = (data: string | ArrayBuffer): Uint8Array => nodeCrypto.sha256(utf8(data as string))
const verifierOf =
  (jwk: PublicJwk) =>
  (data: string, signature: string): boolean =>
    nodeCrypto.verify(jwk, utf8(data), new Uint8Array(Buffer.from(signature, 'base64url')))
const signerOf = (name: string) => (data: string) => base64url(w.signer(name).sign(utf8(data)))

const library = new SDJwtInstance<Claims>({
  hasher,
  hashAlg: 'sha-256',
  saltGenerator: () => base64url(w.crypto.randomBytes(16)),
  signer: signerOf('es256-sd-jwt-issuer'),
  signAlg: 'ES256',
  verifier: verifierOf(w.signer('es256-sd-jwt-issuer').publicJwk),
  kbSigner: signerOf('es256-sd-jwt-holder'),
  kbSignAlg: 'ES256',
  kbVerifier: (data, signature, payload) => verifierOf(publicJwk(payload.cnf?.jwk))(data, signature),
})

// ---- the cases of sd-jwt-python ----

/** Claims and the library's frame of what is disclosable, from YAML with the tag `!sd`. */
function read(node: unknown): { value: unknown; frame: Frame } {
  const frame: Frame = {}
  const inner = (name: string | number, item: unknown): unknown => {
    const { value, frame: below } = read(item)
    if (Object.keys(below).length > 0) frame[name] = below
    return value
  }
  if (isMap(node)) {
    const value = Object.fromEntries(
      node.items.map((pair) => {
        const key = pair.key as Node & { value?: unknown; source?: string }
        const name = String(isScalar(key) ? key.value : key)
        if (key.tag === '!sd') frame._sd = [...(frame._sd ?? []), name]
        return [name, inner(name, pair.value)]
      }),
    )
    return { value, frame }
  }
  if (isSeq(node)) {
    const value = node.items.map((item, i) => {
      if (isNode(item) && item.tag === '!sd') frame._sd = [...(frame._sd ?? []), i]
      return inner(i, item)
    })
    return { value, frame }
  }
  if (isPair(node) || !isScalar(node)) return { value: null, frame }
  // A tag that YAML does not know makes a scalar text: read it once more, without the tag.
  return { value: node.tag === '!sd' && node.type === 'PLAIN' ? parse(node.source ?? '') : node.value, frame }
}

interface YamlCase {
  readonly holder_disclosed_claims: Claims
  readonly expect_verified_user_claims: Claims
  readonly key_binding?: boolean
  readonly serialization_format?: string
  readonly extra_header_parameters?: object
}

function load(file: string): { claims: Claims; frame: Frame; case: YamlCase } {
  const text = readFileSync(resolve(FOLDER, file), 'utf8')
  const document = parseDocument(text, { logLevel: 'error' })
  const { value, frame } = read(document.get('user_claims', true))
  return { claims: value as Claims, frame, case: parse(text, { logLevel: 'error' }) as YamlCase }
}

/** `None` and `null` disclose nothing; a list is an object by index for the library. */
function presentationFrame(disclosed: unknown, claims: unknown): unknown {
  if (disclosed === true) return true
  if (typeof disclosed !== 'object' || disclosed === null)
    return disclosed === 'None' ? false : disclosed !== false && disclosed !== null
  const entries = Array.isArray(disclosed) ? [...disclosed.entries()] : Object.entries(disclosed)
  const inner = claims as Record<string | number, unknown>
  return Object.fromEntries(
    entries
      .map(([name, each]) => [name, presentationFrame(each, inner[name])] as const)
      .filter(([, each]) => each !== false),
  )
}

const FOLDER = resolve(import.meta.dirname, '../../../shared/data/sd-jwt')
const present = existsSync(FOLDER)
const why = present ? '' : ' (skipped: ../shared/data/sd-jwt is not on this machine)'

/** Digests of `_sd` and of array elements, wherever they stand. */
function digestsIn(value: unknown): { claims: string[]; elements: string[] } {
  const out: { claims: string[]; elements: string[] } = { claims: [], elements: [] }
  const walk = (each: unknown): void => {
    if (typeof each !== 'object' || each === null) return
    if (Array.isArray(each)) return each.forEach(walk)
    const { _sd, '...': element, ...rest } = each as Claims
    if (Array.isArray(_sd)) out.claims.push(...(_sd as string[]))
    if (typeof element === 'string') out.elements.push(element)
    Object.values(rest).forEach(walk)
  }
  walk(value)
  return out
}

/** What each case is to our profile: only `instruction`, `sub` and grants can be disclosed, all at the top. */
const PROFILE: Readonly<Record<string, string>> = {
  'array_data_types.yml': 'GRANT_INVALID: its array elements are no grants',
  'array_full_sd.yml': 'DISCLOSURE_INVALID: a claim that is not disclosable here, inside an object',
  'array_in_sd.yml': 'DISCLOSURE_INVALID: a claim that is not disclosable here',
  'array_nested_in_plain.yml': 'GRANT_INVALID: its array elements are no grants',
  'array_none_disclosed.yml': 'ok: nothing is disclosed',
  'array_of_nulls.yml': 'ok: nothing is disclosed',
  'array_of_objects.yml':
    'GRANT_INVALID: an array element that is no grant, with a digest inside (recursive)',
  'array_of_scalars.yml': 'GRANT_INVALID: its array elements are no grants',
  'array_recursive_sd.yml': 'ok: nothing is disclosed',
  'array_recursive_sd_some_disclosed.yml':
    'DISCLOSURE_INVALID: a claim that is not disclosable here, inside an array',
  'header_mod.yml': 'DISCLOSURE_INVALID: a claim that is not disclosable here',
  'json_serialization_flattened.yml': 'does not apply: JSON serialization',
  'json_serialization_general.yml': 'does not apply: JSON serialization',
  'key_binding.yml': 'DISCLOSURE_INVALID: a claim that is not disclosable here',
  'no_sd.yml': 'ok: nothing is disclosed',
  'object_data_types.yml': 'DISCLOSURE_INVALID: a claim that is not disclosable here, inside an object',
  'recursions.yml': 'GRANT_INVALID: an array element that is no grant, with a digest inside (recursive)',
  'settings.yml': 'does not apply: settings of the other cases',
}

const CASES = Object.keys(PROFILE).filter(
  (file) => PROFILE[file] !== 'does not apply: settings of the other cases',
)

async function issued(file: string): Promise<{ text: string; yaml: YamlCase }> {
  const { claims, frame, case: yaml } = load(file)
  const holder = { cnf: { jwk: { ...w.signer('es256-sd-jwt-holder').publicJwk } } }
  const whole = await library.issue(
    { ...claims, ...(yaml.key_binding === true ? holder : {}) },
    frame as never,
    yaml.extra_header_parameters === undefined ? {} : { header: yaml.extra_header_parameters },
  )
  const text = await library.present(
    whole,
    presentationFrame(yaml.holder_disclosed_claims, claims) as never,
    yaml.key_binding === true ? { kb: { payload: { iat: NOW_S, aud: AUD, nonce: '1234567890' } } } : {},
  )
  return { text, yaml }
}

describe.skipIf(!present)(`the cases of sd-jwt-python, issued and presented by @sd-jwt/core${why}`, () => {
  test('are all in the table', () => {
    expect(readdirSync(FOLDER).sort()).toEqual(Object.keys(PROFILE).sort())
  })

  test.each(CASES)('%s: the library gives what the case expects', async (file) => {
    const { text, yaml } = await issued(file)
    const nonce = yaml.key_binding === true ? { keyBindingNonce: '1234567890' } : {}
    const { payload } = await library.verify(text, { currentDate: NOW_S, ...nonce })
    const { cnf: _, _sd_alg: __, ...claims } = payload
    expect(claims).toEqual(yaml.expect_verified_user_claims)
  })

  test.each(CASES)('%s: we take it apart as the library does, to the digest', async (file) => {
    const { text, yaml } = await issued(file)
    const theirs = splitSdJwt(text)
    const { segments, proof } = parsePresentation(text)
    expect(segments).toEqual([{ jwt: theirs.jwt, disclosures: theirs.disclosures }])
    expect(proof ?? undefined).toBe(theirs.kbJwt || undefined)
    const jws = parseJws(theirs.jwt)
    expect(verifyJws(nodeCrypto, jws, w.signer('es256-sd-jwt-issuer').publicJwk)).toBe(true)
    const known = await library.decode(text)
    for (const each of known.disclosures ?? []) {
      expect(disclosureDigest(nodeCrypto, each.encode())).toBe(await each.digest({ hasher, alg: 'sha-256' }))
    }
    if (yaml.key_binding === true && proof !== null) {
      expect(parseJws(proof).payload.sd_hash).toBe(sdHashOf(nodeCrypto, segmentText(segments[0]!)))
    }
  })

  test.each(CASES)('%s: our profile says what the table says', async (file) => {
    const { text } = await issued(file)
    const expected = PROFILE[file] ?? ''
    const [{ jwt, disclosures }] = segmentsIn(text) as [ReturnType<typeof segmentsIn>[number]]
    const { claims, elements } = digestsIn(parseJws(jwt).payload)
    const verdict = (): string => {
      try {
        resolveDisclosures(nodeCrypto, disclosures, elements, claims)
        return 'ok'
      } catch (error) {
        if (error instanceof TokenError) return error.code
        throw error
      }
    }
    if (!expected.startsWith('does not apply')) expect(expected.split(':')[0]).toBe(verdict())
    if (expected.startsWith('ok')) expect(disclosures).toEqual([])
    // And whatever it discloses, it is no delegation.
    expect(verifyChainText(w.context(), text)).toEqual({ ok: false, reason: 'TOKEN_MALFORMED' })
  })

  test.each(['json_serialization_flattened.yml', 'json_serialization_general.yml'])(
    '%s: JSON serialization is refused as text',
    async (file) => {
      const { text } = await issued(file)
      for (const json of [FlattenJSON.fromEncode(text).toJson(), GeneralJSON.fromEncode(text).toJson()])
        expect(w.answer(JSON.stringify(json))).toBe('TOKEN_MALFORMED')
    },
  )
})

// ---- the library as an oracle ----

const VECTORS = resolve(import.meta.dirname, '../../vectors/delegation')
const vectors = readdirSync(VECTORS)
  .filter((name) => name.endsWith('.json'))
  .map((name) => JSON.parse(readFileSync(resolve(VECTORS, name), 'utf8')) as DelegationVector)
/** Roots alone: hops are of a draft that the library does not know. */
const isRoot = ({ presentation }: DelegationVector): boolean => !presentation.includes('~~')

/** The library with our keys; a kid is a thumbprint. What it says is disclosed, or null when it refuses. */
async function oracle({ now, trust }: DelegationVector, presentation: string): Promise<Claims | null> {
  const keys = trust.flatMap((issuer) => issuer.keys.map(({ jwk }) => jwk))
  const instance = new SDJwtInstance<Claims>({
    hasher,
    verifier: (data, signature) => {
      const kid = (JSON.parse(Buffer.from(data.split('.')[0] ?? '', 'base64url').toString()) as Claims).kid
      const key = keys.find((jwk) => thumbprint(nodeCrypto, jwk) === kid)
      return key !== undefined && verifierOf(key)(data, signature)
    },
  })
  try {
    return (await instance.verify(presentation, { currentDate: Math.floor(now / 1000) })).payload
  } catch {
    return null
  }
}

describe('@sd-jwt/core as an oracle', () => {
  test('accepts every valid root of ours, and sees the same grants and claims disclosed', async () => {
    const valid = vectors.filter((vector) => vector.expect.ok && isRoot(vector))
    expect(valid.length).toBeGreaterThan(60)
    const differs: string[] = []
    for (const vector of valid) {
      const { segments } = parsePresentation(vector.presentation)
      // Without the text behind the chain, and 60 s later where its start may lie ahead.
      const later = { ...vector, now: vector.now + (vector.name.includes('-60-s-ahead') ? 60_000 : 0) }
      const theirs = await oracle(later, segmentText(segments[0]!))
      const payload = parseJws(segments[0]!.jwt).payload
      const digests = (payload.authorization_details as { '...': string }[]).map((each) => each['...'])
      const ours = resolveDisclosures(
        nodeCrypto,
        segments[0]!.disclosures,
        digests,
        (payload._sd ?? []) as string[],
      )
      // They put grants where their digests stand.
      const grants = digests.map((digest) => ours.grants.get(digest)).filter((grant) => grant !== undefined)
      const { instruction, sub, authorization_details } = theirs ?? {}
      const same =
        JSON.stringify(authorization_details) === JSON.stringify(grants) &&
        instruction === ours.claims.instruction &&
        sub === ours.claims.sub
      if (!same) differs.push(vector.name)
    }
    expect(differs).toEqual([])
  })

  /** Roots that we refuse and @sd-jwt/core 0.20.0 accepts, by the reason. */
  const ACCEPTED: Readonly<Record<string, readonly string[]>> = {
    'RFC 9901 section 7.1: a claim name _sd or ... is rejected': ['disclosed-sd', 'trap-disclosed-ellipsis'],
    'RFC 9901 section 7.1: a claim name that exists already is rejected': ['claim-twice'],
    'RFC 9901 section 7.1: three elements for a claim, two for an array element': [
      'claim-as-grant',
      'disclosure-object',
      'grant-as-claim',
    ],
    'RFC 9901 section 4: an SD-JWT without a proof ends in "~"': ['text-no-tilde'],
    'RFC 9901 section 4.2: a salt is a string': ['trap-salt-list', 'trap-salt-null', 'trap-salt-number'],
    'RFC 7519 section 4.1.4: not accepted on exp': ['expired'],
    'RFC 7519 section 7.2: the claims are an object': ['json-array'],
    'RFC 7515 section 2: base64url without padding or other characters': [
      'padded',
      'text-not-ascii',
      'text-standard-base64',
    ],
    'RFC 7515 section 4.1 and RFC 9901 section 7.1, which it leaves to the callback that verifies': [
      'alg-crit',
      'alg-eddsa',
      'alg-mismatch',
      'alg-missing',
      'alg-none',
      'header-b64',
      'header-jku',
      'header-typ',
      'header-zip',
    ],
    'rules of our own (C-1, C-2, DLG-2)': [
      'claim-not-text',
      'disclosed-quorum',
      'disclosed-status',
      'disclosure-lone-surrogate',
      'disclosure-twice',
      'json-byte-order-mark',
      'json-duplicate-escaped',
      'json-duplicate-in-disclosure',
      'json-duplicate-in-header',
      'json-duplicate-name',
      'json-duplicate-nested',
      'json-lone-surrogate',
      'json-number-too-large',
      'json-proto',
      'salt-21',
      'trap-disclosure-respelled',
      'trap-lenient-base64url',
      'trap-lenient-base64url-payload',
    ],
  }
  const isText = (name: string): boolean => /^(text|jws|json|header|alg|padded|trap-lenient)/.test(name)

  test('refuses what we refuse, but for what is listed', async () => {
    const plain = ['SIGNATURE_INVALID', 'DISCLOSURE_INVALID', 'EXPIRED', 'NOT_YET_VALID', 'CLOCK_SKEW']
    const invalid = vectors.filter(
      (vector) =>
        isRoot(vector) && !vector.expect.ok && (plain.includes(vector.expect.code) || isText(vector.name)),
    )
    const accepted: string[] = []
    for (const vector of invalid) {
      expect(judge(nodeCrypto, vector).ok).toBe(false)
      if ((await oracle(vector, vector.presentation)) !== null) accepted.push(vector.name)
    }
    expect(accepted.sort()).toEqual(Object.values(ACCEPTED).flat().sort())
    expect([invalid.length, accepted.length]).toEqual([79, 42])
  })

  test('takes our root with a proof, by our crypto, and refuses the same damage to it', async () => {
    const chain = w.root({ instruction: 'tidy up', holder: w.signer('agent-1').publicJwk })
    const args_commit = argsCommit(w.crypto, fromBase64url(digestOf('salt')), {})
    const target = { aud: AUD, nonce: 'challenge.AAAAAAAAAAAAAAAAAAAAAA', iat: NOW_S }
    const call = { server: 'files', tool: 'read', args_commit }
    const presentation = signCallProof(w.crypto, w.signer('agent-1'), chain, target, call)
    const instance = new SDJwtInstance<Claims>({
      hasher,
      verifier: verifierOf(w.issuer.publicJwk),
      kbVerifier: (data, signature, payload) => verifierOf(publicJwk(payload.cnf?.jwk))(data, signature),
    })
    const options = { currentDate: NOW_S, keyBindingNonce: target.nonce }
    const { kb } = await instance.verify(presentation, options)
    const context = {
      crypto: w.crypto,
      holder: w.signer('agent-1').publicJwk,
      audience: AUD,
      sd_hash: sdHashOf(w.crypto, chain),
      now_ms: NOW_MS,
    }
    const proof = parsePresentation(presentation).proof ?? ''
    expect(kb?.payload).toEqual(verifyCallProof(context, proof))

    const less = segmentsIn(chain).map((each) => ({ ...each, disclosures: each.disclosures.slice(1) }))
    const hidden = segmentText(less[0]!)
    await expect(instance.verify(hidden + proof, options)).rejects.toThrow('sd_hash')
    expect(verifyCallProof({ ...context, sd_hash: sdHashOf(w.crypto, hidden) }, proof)).toBeNull()

    const forged = signCallProof(w.crypto, w.signer('thief'), chain, target, call)
    await expect(instance.verify(forged, options)).rejects.toThrow('Signature')
    expect(verifyCallProof(context, parsePresentation(forged).proof ?? '')).toBeNull()
  })
})
