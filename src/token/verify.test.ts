import { describe, expect, test } from 'vitest'
import {
  agentId,
  AGENT,
  AUD,
  digestOf,
  disclosureOf,
  editSegment,
  FILES,
  grantsOf,
  keyOf,
  MAIL,
  NOW_MS,
  NOW_S,
  rawJws,
  REV,
  RP,
  segmentsIn,
  World,
} from '../../test/fixtures/tokens.ts'
import { nodeCrypto } from '../adapters/node-crypto/node-crypto.ts'
import { softwareAuthenticator } from '../adapters/software-authenticator/software-authenticator.ts'
import { base64url, fromBase64url, utf8 } from '../core/encoding.ts'
import type { Crypto } from '../core/crypto.ts'
import type { JsonObject } from '../core/json.ts'
import { thumbprint } from '../core/jwk.ts'
import { parseJws, signJws } from '../core/sign.ts'
import { disclosureDigest } from './disclosure.ts'
import type { Grant } from './grant.ts'
import { chainText } from './presentation.ts'
import { verifyChain } from './verify.ts'

const w = new World()
const root = w.root({ instruction: 'tidy the reports', sub: 'per_1' })
const one = w.hop(root, 'agent-1', 'agent-2')
const two = w.hop(one, 'agent-2', 'agent-3')

/** The last segment with these disclosures instead. */
const disclosing = (
  chain: string,
  edit: (disclosures: readonly string[]) => readonly string[],
  at = -1,
): string => editSegment(chain, at, (segment) => ({ ...segment, disclosures: edit(segment.disclosures) }))

/** A root whose list of grants is digests of these disclosures, whatever they are. */
const rootOf = (grants: readonly string[], claims: readonly string[] = []): string =>
  disclosing(
    w.forgeRoot(w.root(), (payload) => ({
      ...payload,
      authorization_details: grants.map((each) => ({ '...': disclosureDigest(w.crypto, each) })),
      grants_n: grants.length,
      ...(claims.length > 0 ? { _sd: claims.map((each) => disclosureDigest(w.crypto, each)) } : {}),
    })),
    () => [...grants, ...claims],
  )

const without = (object: JsonObject, name: string): JsonObject =>
  Object.fromEntries(Object.entries(object).filter(([each]) => each !== name))

const SALT = 'AAAAAAAAAAAAAAAAAAAAAA'

describe('a chain that holds', () => {
  test('shows each delegation, root first, and every handle that can revoke it', () => {
    const result = w.verify(two)
    if (!result.ok) throw new Error(result.reason)
    const { delegations, handles } = result.chain
    expect(delegations.map(({ agent, depth }) => [agent.id, depth])).toEqual([
      [AGENT.id, 0],
      [agentId('agent-2'), 1],
      [agentId('agent-3'), 2],
    ])
    const jkt = (name: string): string => thumbprint(w.crypto, w.signer(name).publicJwk)
    expect(handles).toEqual([
      { kind: 'issuer', handle: jkt('issuer') },
      { kind: 'person', handle: REV },
      { kind: 'delegation', handle: 'dlg_00000000000000000000000001' },
      { kind: 'agent', handle: AGENT.id },
      { kind: 'key', handle: jkt('agent-1') },
      { kind: 'issuer', handle: jkt('issuer') },
      { kind: 'delegation', handle: 'dlg_of_agent-2' },
      { kind: 'agent', handle: agentId('agent-2') },
      { kind: 'key', handle: jkt('agent-2') },
      { kind: 'issuer', handle: jkt('issuer') },
      { kind: 'delegation', handle: 'dlg_of_agent-3' },
      { kind: 'agent', handle: agentId('agent-3') },
      { kind: 'key', handle: jkt('agent-3') },
    ])
  })

  test('may have eight hops', () => {
    expect(w.answer(w.chain(8))).toBe('ok')
  })

  test('allows nothing when no grant is disclosed, and loses only what is hidden', () => {
    const hidden = w.verify(disclosing(root, () => []))
    expect(hidden.ok && hidden.chain.delegations[0].grants.size).toBe(0)
    const partly = w.verify(disclosing(root, (all) => all.slice(1)))
    expect(partly.ok && [...partly.chain.delegations[0].grants.values()]).toEqual([MAIL])
  })

  test('may be signed by people with ES256 passkeys, and by several of them', () => {
    const es = softwareAuthenticator(nodeCrypto, nodeCrypto.generateKey('ES256'), {
      rp_id: RP.rp_id,
      origin: RP.origins[0]!,
    })
    const both = w.forgeRoot(w.root(), (payload) => ({ ...payload, rev: [REV, 'rev_2'] }), {
      gestures: (challenge) => [
        { ...w.gesture(challenge) },
        { ...w.gesture(challenge, { rev: 'rev_2', role: 'approver' }, es) },
      ],
    })
    expect(w.answer(both)).toBe('ok')
  })

  test('is not verified by this function as far as a proof behind it goes', () => {
    expect(w.answer(`${root}not.a.proof`)).toBe('ok')
  })

  test('needs at least a root', () => {
    expect(verifyChain(w.context(), [])).toEqual({ ok: false, reason: 'TOKEN_MALFORMED' })
  })

  test('passes a fault of our own on', () => {
    const crypto = {
      ...w.crypto,
      verify: (): boolean => {
        throw new RangeError('broken crypto')
      },
    }
    expect(() => w.verify(root, { crypto })).toThrow(RangeError)
    expect(() => w.answer(null as unknown as string)).toThrow(TypeError)
  })
})

describe('the text', () => {
  test.each([
    ['nothing', ''],
    ['no "~"', segmentsIn(root)[0]!.jwt],
    ['white space', `${root} `],
    ['a line break', `${root}\n`],
    ['padding', root.replace('~', '=~')],
    ['a character that is not ASCII', root.replace('~', 'é~')],
    ['an empty segment', `~~${root}`],
    ['an empty disclosure', root.replace('~', '~~~')],
    ['two parts of a JWS', `${root.split('.').slice(0, 2).join('.')}~`],
    ['four parts of a JWS', `a.${root}`],
  ])('with %s is TOKEN_MALFORMED', (_, text) => {
    expect(w.answer(text)).toBe('TOKEN_MALFORMED')
  })

  test('of 64 KiB and one is TOKEN_TOO_LARGE, and so is a segment over 40 KiB', () => {
    expect(w.answer(`${root}${'A'.repeat(64 * 1024 + 1 - root.length)}`)).toBe('TOKEN_TOO_LARGE')
    expect(w.answer(`${root}${'A'.repeat(64 * 1024 - root.length)}`)).toBe('ok') // a proof, ignored here
    expect(w.answer(`${root}${'A'.repeat(41 * 1024)}~`)).toBe('TOKEN_TOO_LARGE')
  })

  test('with nine hops is DEPTH_EXCEEDED', () => {
    const eight = segmentsIn(w.chain(8))
    expect(w.answer(chainText([...eight, eight[8]!]))).toBe('DEPTH_EXCEEDED')
  })

  test('has one spelling: a last character with unused bits set is TOKEN_MALFORMED', () => {
    // 64 bytes of signature leave four unused bits in the last character
    const jwt = segmentsIn(root)[0]!.jwt
    const last = jwt.at(-1)!
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const other = alphabet[alphabet.indexOf(last) + 1]!
    expect(w.answer(root.replace(jwt, jwt.slice(0, -1) + other))).toBe('TOKEN_MALFORMED')
  })
})

describe('signatures', () => {
  const flip = (chain: string, at: number, part: number): string =>
    editSegment(chain, at, (segment) => {
      const parts = segment.jwt.split('.')
      const bytes = fromBase64url(parts[part]!)
      bytes[bytes.length - 3]! ^= 1
      return { ...segment, jwt: parts.map((each, i) => (i === part ? base64url(bytes) : each)).join('.') }
    })

  test.each([0, 1, 2])('fail when a bit of the signature of segment %i is flipped', (at) => {
    expect(w.answer(flip(two, at, 2))).toBe('SIGNATURE_INVALID')
  })

  test('fail when the payload says something else', () => {
    const edit = (chain: string, at: number, from: string, to: string): string =>
      editSegment(chain, at, (segment) => {
        const [head, body, tail] = segment.jwt.split('.')
        const text = new TextDecoder().decode(fromBase64url(body!))
        expect(text).toContain(from)
        return { ...segment, jwt: `${head}.${base64url(utf8(text.replace(from, to)))}.${tail}` }
      })
    expect(w.answer(edit(root, 0, '"depth_max":3', '"depth_max":8'))).toBe('SIGNATURE_INVALID')
    expect(w.answer(edit(two, 1, '"depth_max":3', '"depth_max":2'))).toBe('SIGNATURE_INVALID')
  })

  test('fail for a root that another key signed under the issuer’s name', () => {
    expect(w.answer(w.forgeRoot(root, (p) => p, { signer: w.signer('thief') }))).toBe('SIGNATURE_INVALID')
  })

  test('fail for a hop that another key, or the issuer, signed', () => {
    expect(w.answer(w.hop(root, 'thief', 'agent-2'))).toBe('SIGNATURE_INVALID')
    expect(w.answer(w.hop(root, 'issuer', 'agent-2'))).toBe('SIGNATURE_INVALID')
    expect(w.answer(w.hop(one, 'agent-1', 'agent-3'))).toBe('SIGNATURE_INVALID') // the root’s holder, one too early
  })

  test.each(['none', 'HS256', 'ES256', 'ed25519', 'EdDSA', ''])('fail when the header says alg %j', (alg) => {
    expect(w.answer(w.forgeRoot(root, (p) => p, { header: { alg } }))).toBe('SIGNATURE_INVALID')
    expect(w.answer(w.forgeHop(one, w.signer('agent-1'), (p) => p, { alg }))).toBe('SIGNATURE_INVALID')
  })

  test('fail when they are missing', () => {
    const bare = editSegment(root, 0, (s) => ({ ...s, jwt: s.jwt.replace(/[^.]*$/, '') }))
    expect(w.answer(bare)).toBe('SIGNATURE_INVALID')
  })

  test.each([
    ['crit', { crit: ['b64'], b64: false }],
    ['jku', { jku: 'https://thief.example' }],
    ['x5u', { x5u: 'https://thief.example' }],
    ['jwk', { jwk: { ...w.signer('thief').publicJwk } }],
    ['typ', { typ: 'JWT' }],
  ])('are not even asked when the header has a strange %s', (_, header) => {
    expect(w.answer(w.forgeRoot(root, (p) => p, { header }))).toBe('TOKEN_MALFORMED')
    expect(w.answer(w.forgeHop(one, w.signer('agent-1'), (p) => p, header))).toBe('TOKEN_MALFORMED')
  })

  test('of an issuer that is not trusted are ISSUER_UNKNOWN, whatever they are', () => {
    expect(w.answer(w.forgeRoot(root, (p) => ({ ...p, iss: 'https://other.example' })))).toBe(
      'ISSUER_UNKNOWN',
    )
    expect(w.answer(w.forgeRoot(root, (p) => p, { header: { kid: 'other' } }))).toBe('ISSUER_UNKNOWN')
    expect(w.answer(w.forgeRoot(root, (p) => p, { header: { kid: 7 } }))).toBe('ISSUER_UNKNOWN')
    const none = { trust: w.trust({ keys: new Map() }) }
    expect(w.answer(root, none)).toBe('ISSUER_UNKNOWN')
  })
})

describe('the order of segments', () => {
  const [r, h1, h2] = segmentsIn(two)

  test.each([
    ['a dropped hop', [r!, h2!], 'SIGNATURE_INVALID'],
    ['reordered hops', [r!, h2!, h1!], 'SIGNATURE_INVALID'],
    ['a repeated hop', [r!, h1!, h1!], 'SIGNATURE_INVALID'],
    ['a hop in the root’s place', [h1!, h2!], 'TOKEN_MALFORMED'],
    ['a root in a hop’s place', [r!, r!], 'TOKEN_MALFORMED'],
    ['no root', [h1!], 'TOKEN_MALFORMED'],
  ])('with %s is refused', (_, segments, code) => {
    expect(w.answer(chainText(segments))).toBe(code)
  })

  test('is fixed by hashes also where one key holds several segments', () => {
    const a = w.hop(root, 'agent-1', 'agent-1', { jti: 'dlg_a' })
    const b = w.hop(a, 'agent-1', 'agent-1', { jti: 'dlg_b' })
    expect(w.answer(b)).toBe('ok')
    const [first, second, third] = segmentsIn(b)
    expect(w.answer(chainText([first!, third!, second!]))).toBe('CHAIN_BROKEN')
    expect(w.answer(chainText([first!, third!]))).toBe('CHAIN_BROKEN')
    expect(w.answer(chainText([first!, second!, second!]))).toBe('CHAIN_BROKEN')
  })

  test('holds for one root only: a hop of another root of the same agent is CHAIN_BROKEN', () => {
    const other = segmentsIn(w.root({ jti: 'dlg_other' }))[0]!
    expect(w.answer(chainText([other, h1!]))).toBe('CHAIN_BROKEN')
  })

  test('has depths that count: a root with another depth is CHAIN_BROKEN, a hop is WIDENED', () => {
    expect(w.answer(w.forgeRoot(root, (p) => ({ ...p, depth: 1 })))).toBe('CHAIN_BROKEN')
    const lie = w.forgeHop(one, w.signer('agent-1'), (outer, p) => ({
      ...outer,
      delegate_payload: [{ ...p, depth: 2 }],
    }))
    expect(w.answer(lie)).toBe('WIDENED')
  })

  test('leaves no room for a hop that is addressed to another key', () => {
    const misled = w.forgeHop(one, w.signer('agent-1'), (outer) => ({ ...outer, aud: digestOf('another') }))
    expect(w.answer(misled)).toBe('CHAIN_BROKEN')
  })
})

describe('agent statements', () => {
  const hopWith = (statement: string): string => w.hop(root, 'agent-1', 'agent-2', { statement })

  test('for another key do not hold, so a hop cannot be re-targeted', () => {
    expect(w.answer(hopWith(w.statement('agent-3')))).toBe('STATEMENT_INVALID')
    const thief = w.signer('thief').publicJwk
    const retargeted = w.forgeHop(one, w.signer('agent-1'), (outer, p) => ({
      ...outer,
      aud: thumbprint(w.crypto, thief),
      delegate_payload: [{ ...p, cnf: { jwk: { ...thief } } }],
    }))
    expect(w.answer(retargeted)).toBe('STATEMENT_INVALID')
  })

  test.each([
    ['has expired', { exp: NOW_S, iat: NOW_S - 10 }],
    ['lives longer than a day', { exp: NOW_S + 86_401 }],
    ['was made in the future', { iat: NOW_S + 61, exp: NOW_S + 600 }],
    ['has an unknown claim', { admin: true }],
    ['has no agent', { agent: '' }],
  ])('that %s is STATEMENT_INVALID', (_, edit) => {
    expect(w.answer(hopWith(w.statement('agent-2', edit)))).toBe('STATEMENT_INVALID')
  })

  test('may be a day long, and 60 s ahead', () => {
    expect(w.answer(hopWith(w.statement('agent-2', { exp: NOW_S + 86_400 })))).toBe('ok')
    expect(w.answer(hopWith(w.statement('agent-2', { iat: NOW_S + 60 })))).toBe('ok')
  })

  test('are signed by the issuer, not by the parent agent', () => {
    expect(w.answer(hopWith(w.statement('agent-2', { class: 'x' }, w.signer('agent-1'))))).toBe(
      'STATEMENT_INVALID',
    )
    expect(w.answer(hopWith(w.statement('agent-2', { iss: 'https://other.example' })))).toBe(
      'STATEMENT_INVALID',
    )
    expect(w.answer(hopWith(w.statement('agent-2', {}, w.signer('agent-1'))))).toBe('ISSUER_UNKNOWN')
  })

  test('have no members in their header but those of the page', () => {
    const { payload } = parseJws(w.statement('agent-2'))
    const kid = thumbprint(w.crypto, w.issuer.publicJwk)
    const header = { typ: 'agent-statement+jwt', kid, jwk: { ...w.issuer.publicJwk } }
    expect(w.answer(hopWith(signJws(w.issuer, header, payload)))).toBe('TOKEN_MALFORMED')
    expect(w.answer(w.forgeHop(one, w.signer('agent-1'), (p) => p, { kid }))).toBe('TOKEN_MALFORMED')
  })

  test('are of their own type', () => {
    const { payload } = parseJws(w.statement('agent-2'))
    const kid = thumbprint(w.crypto, w.issuer.publicJwk)
    expect(w.answer(hopWith(signJws(w.issuer, { typ: 'kb+jwt', kid }, payload)))).toBe('STATEMENT_INVALID')
  })
})

describe('disclosures', () => {
  const good = disclosureOf([SALT, FILES])

  test('that occur twice are DISCLOSURE_INVALID', () => {
    expect(w.answer(disclosing(root, (all) => [...all, all[0]!]))).toBe('DISCLOSURE_INVALID')
  })

  test('of another chain, or made up, are DISCLOSURE_INVALID', () => {
    const other = segmentsIn(w.root())[0]!.disclosures[0]!
    expect(w.answer(disclosing(root, (all) => [...all, other]))).toBe('DISCLOSURE_INVALID')
    expect(w.answer(disclosing(one, () => segmentsIn(root)[0]!.disclosures.slice(0, 1)))).toBe(
      'DISCLOSURE_INVALID',
    )
    expect(w.answer(disclosing(root, (all) => [...all, disclosureOf([SALT, 'aud', 'x'])]))).toBe(
      'DISCLOSURE_INVALID',
    )
  })

  test('that are not canonical base64url are DISCLOSURE_INVALID', () => {
    expect(w.answer(disclosing(root, (all) => [...all, 'A']))).toBe('DISCLOSURE_INVALID')
    expect(w.answer(disclosing(root, (all) => [...all, 'AB']))).toBe('DISCLOSURE_INVALID')
    expect(w.answer(disclosing(root, (all) => [...all, 'a.b']))).toBe('DISCLOSURE_INVALID')
  })

  test.each([
    ['an object', { salt: SALT, grant: FILES }],
    ['no salt', [FILES]],
    ['a salt that is a number', [12345678901234, FILES]],
    ['a salt that is an array', [[SALT], FILES]],
    ['a short salt', [SALT.slice(1), FILES]],
    ['a duplicate name', `["${SALT}",{"type":"tool","type":"tool","server":"s","actions":["*"]}]`],
    ['four elements', [SALT, 'a', 'b', 'c']],
    ['a claim in a grant’s place', [SALT, 'instruction', 'x']],
  ])('that are %s are DISCLOSURE_INVALID also when the root names them', (_, value) => {
    expect(w.answer(rootOf([disclosureOf(value)]))).toBe('DISCLOSURE_INVALID')
  })

  test.each([
    ['_sd', ['x']],
    ['...', 'x'],
    ['exp', NOW_S + 999_999],
    ['aud', 'everything'],
    ['depth_max', 8],
    ['instruction', 7],
    ['sub', { id: 'x' }],
    ['__proto__', 'x'],
  ])('never smuggle the claim %s', (name, value) => {
    expect(w.answer(rootOf([good], [disclosureOf([SALT, name, value])]))).toBe('DISCLOSURE_INVALID')
  })

  test('never give one claim twice', () => {
    const claims = [disclosureOf([SALT, 'sub', 'a']), disclosureOf([`${SALT}B`, 'sub', 'b'])]
    expect(w.answer(rootOf([good], claims))).toBe('DISCLOSURE_INVALID')
  })

  test('never are a grant among the claims', () => {
    expect(w.answer(rootOf([], [good]))).toBe('DISCLOSURE_INVALID')
  })

  test('whose digest stands twice in the token are DISCLOSURE_INVALID, shown or not', () => {
    expect(w.answer(rootOf([good, good]))).toBe('DISCLOSURE_INVALID')
    expect(w.answer(disclosing(rootOf([good, good]), () => []))).toBe('DISCLOSURE_INVALID')
    expect(w.answer(disclosing(rootOf([good], [good]), () => []))).toBe('DISCLOSURE_INVALID')
  })

  test.each([
    ['_sd', { ...FILES, _sd: ['x'] }],
    ['...', { ...FILES, '...': 'x' }],
    ['an unknown member', { ...FILES, until: 'tomorrow' }],
    ['_sd among the constraints', { ...FILES, constraints: { _sd: { in: ['x'] } } }],
    ['... among the constraints', { ...FILES, constraints: { '...': { in: ['x'] } } }],
    ['no actions', { ...FILES, actions: [] }],
    ['an action twice', { ...FILES, actions: ['read', 'read'] }],
    ['a value twice', { ...FILES, constraints: { path: { in: ['a', 'b', 'a'] } } }],
    ['"*" among others', { ...FILES, actions: ['*', 'read'] }],
    ['an empty rule', { ...FILES, constraints: { path: {} } }],
    ['a glob with ..', { ...FILES, constraints: { path: { glob: '/data/../**' } } }],
    ['a glob of 33 segments', { ...FILES, constraints: { path: { glob: Array(33).fill('a').join('/') } } }],
    ['a limit below zero', { ...FILES, limits: [{ measure: 'calls', unit: '1', max: -1, per: 'day' }] }],
    ['a limit twice', { ...FILES, limits: [FILES.limits![0], { ...FILES.limits![0], max: 1 }] }],
    ['another type', { ...FILES, type: 'resource' }],
    ['a number instead of a grant', 7],
  ])('that are a grant with %s are GRANT_INVALID', (_, grant) => {
    expect(w.answer(rootOf([disclosureOf([SALT, grant])]))).toBe('GRANT_INVALID')
  })

  test('that are a grant with a constraint on __proto__ are GRANT_INVALID: it would not be enforced', () => {
    const text = `["${SALT}",{"type":"tool","server":"s","actions":["a"],"constraints":{"__proto__":{"in":["x"]}}}]`
    expect(w.answer(rootOf([disclosureOf(text)]))).toBe('GRANT_INVALID')
  })
})

describe('the payload', () => {
  test.each<[string, (p: JsonObject) => JsonObject]>([
    ['an unknown claim', (p) => ({ ...p, scope: 'all' })],
    ['a nested unknown claim', (p) => ({ ...p, agent: { ...AGENT, role: 'admin' } })],
    ['a count of grants that is a lie', (p) => ({ ...p, grants_n: 3 })],
    ['fewer grants counted than listed', (p) => ({ ...p, grants_n: 1 })],
    ['a decoy', (p) => ({ ...p, authorization_details: [{ '...': digestOf('x'), decoy: true }] })],
    ['a grant in the clear', (p) => ({ ...p, authorization_details: [{ ...FILES }], grants_n: 1 })],
    ['another digest algorithm', (p) => ({ ...p, _sd_alg: 'sha-512' })],
    ['no rev', (p) => ({ ...p, rev: [] })],
    ['no audience', (p) => ({ ...p, aud: [] })],
    ['an audience that is not a list', (p) => ({ ...p, aud: AUD })],
    ['a life over 90 days', (p) => ({ ...p, exp: NOW_S + 90 * 86_400 + 1 })],
    ['an end before its start', (p) => ({ ...p, nbf: NOW_S + 50, exp: NOW_S + 50 })],
    ['a depth over 8', (p) => ({ ...p, depth_max: 9 })],
    ['a fraction of a second', (p) => ({ ...p, exp: NOW_S + 0.5 })],
    ['a time that is text', (p) => ({ ...p, exp: '9999999999' })],
    ['a private key', (p) => ({ ...p, cnf: { jwk: { ...keyOf('agent-1') } } })],
    [
      'a key of small order',
      (p) => ({ ...p, cnf: { jwk: { kty: 'OKP', crv: 'Ed25519', x: base64url(new Uint8Array(32)) } } }),
    ],
    [
      'a key that is no point',
      (p) => ({
        ...p,
        cnf: { jwk: { kty: 'OKP', crv: 'Ed25519', x: base64url(new Uint8Array(32).fill(255)) } },
      }),
    ],
    ['an RSA key', (p) => ({ ...p, cnf: { jwk: { kty: 'RSA', n: 'x', e: 'AQAB' } } })],
    [
      '65 grants',
      (p) => ({
        ...p,
        grants_n: 65,
        authorization_details: Array.from({ length: 65 }, (_, i) => ({ '...': digestOf(`${i}`) })),
      }),
    ],
  ])('of a root with %s is TOKEN_MALFORMED', (_, edit) => {
    expect(w.answer(w.forgeRoot(root, edit))).toBe('TOKEN_MALFORMED')
  })

  test.each<[string, (outer: JsonObject, p: JsonObject) => JsonObject]>([
    ['an unknown claim', (outer) => ({ ...outer, scope: 'all' })],
    ['an unknown delegated claim', (outer, p) => ({ ...outer, delegate_payload: [{ ...p, gestures: [] }] })],
    ['two delegated payloads', (outer, p) => ({ ...outer, delegate_payload: [p, p] })],
    ['no parent hash', (outer) => without(outer, 'issuer_jwt_hash')],
    ['a digest for its payload', (outer) => ({ ...outer, delegate_payload: [{ '...': digestOf('x') }] })],
    [
      'a count of grants that is a lie',
      (outer, p) => ({ ...outer, delegate_payload: [{ ...p, grants_n: 9 }] }),
    ],
    ['a short nonce', (outer) => ({ ...outer, nonce: 'abc' })],
    ['no statement', (outer, p) => ({ ...outer, delegate_payload: [without(p, 'statement')] })],
    [
      'a key of small order',
      (outer, p) => ({
        ...outer,
        delegate_payload: [
          {
            ...p,
            cnf: {
              jwk: { kty: 'OKP', crv: 'Ed25519', x: base64url(Uint8Array.of(1, ...new Uint8Array(31))) },
            },
          },
        ],
      }),
    ],
  ])('of a hop with %s is TOKEN_MALFORMED', (_, edit) => {
    expect(w.answer(w.forgeHop(one, w.signer('agent-1'), edit))).toBe('TOKEN_MALFORMED')
  })

  test('with duplicate names is TOKEN_MALFORMED, whoever signed it', () => {
    const { header, payload } = parseJws(segmentsIn(root)[0]!.jwt)
    const text = JSON.stringify(payload)
    const twice = (by: (t: string) => string): string =>
      editSegment(root, 0, (s) => ({ ...s, jwt: rawJws(w.issuer, JSON.stringify(header), by(text)) }))
    expect(w.answer(twice((t) => t))).toBe('ok')
    expect(w.answer(twice((t) => t.replace('{', '{"exp":9999999999,')))).toBe('TOKEN_MALFORMED')
    expect(w.answer(twice((t) => t.replace('{', '{"\\u0065xp":9999999999,')))).toBe('TOKEN_MALFORMED')
    expect(w.answer(twice((t) => `${t} x`))).toBe('TOKEN_MALFORMED')
    expect(w.answer(twice(() => '[]'))).toBe('TOKEN_MALFORMED')
    expect(w.answer(twice((t) => t.replace('{', '{"__proto__":{},')))).toBe('TOKEN_MALFORMED')
  })
})

describe('time and audience', () => {
  test('end exactly: no skew lengthens a life', () => {
    expect(w.answer(root, { now_ms: NOW_MS + 3_599_999 })).toBe('ok')
    expect(w.answer(root, { now_ms: NOW_MS + 3_600_000 })).toBe('EXPIRED')
    const short = w.hop(root, 'agent-1', 'agent-2', { exp: NOW_S + 60 })
    expect(w.answer(short, { now_ms: NOW_MS + 59_999 })).toBe('ok')
    expect(w.answer(short, { now_ms: NOW_MS + 60_000 })).toBe('EXPIRED')
  })

  test('start up to 60 s ahead of our clock', () => {
    const at = (edit: { iat?: number; nbf?: number }): string => w.answer(w.root(edit))
    expect(at({ nbf: NOW_S + 60 })).toBe('ok')
    expect(at({ nbf: NOW_S + 61 })).toBe('NOT_YET_VALID')
    expect(at({ iat: NOW_S + 60 })).toBe('ok')
    expect(at({ iat: NOW_S + 61 })).toBe('CLOCK_SKEW')
    expect(w.answer(w.hop(root, 'agent-1', 'agent-2', { iat: NOW_S + 61 }))).toBe('CLOCK_SKEW')
    expect(w.answer(w.hop(root, 'agent-1', 'agent-2', { nbf: NOW_S + 61 }))).toBe('NOT_YET_VALID')
  })

  test('may be long past the issuing', () => {
    expect(w.answer(w.root({ iat: NOW_S - 80 * 86_400, nbf: NOW_S - 80 * 86_400, exp: NOW_S + 1 }))).toBe(
      'ok',
    )
  })

  test('bind to the audiences that the last delegation names', () => {
    expect(w.answer(root, { audience: 'pnt_other' })).toBe('AUDIENCE_MISMATCH')
    expect(w.answer(root, { audience: '' })).toBe('AUDIENCE_MISMATCH')
    const both = w.root({ aud: [AUD, 'pnt_other'] })
    const narrowed = w.hop(both, 'agent-1', 'agent-2', { aud: ['pnt_other'] })
    expect(w.answer(narrowed)).toBe('AUDIENCE_MISMATCH')
    expect(w.answer(narrowed, { audience: 'pnt_other' })).toBe('ok')
  })
})

describe('a hop never widens', () => {
  const [files, mail] = grantsOf(w.crypto, root)
  const child = (edit: Partial<Grant>, from = files!): string => {
    const grant = { ...from.grant, from: from.digest, ...edit }
    return w.answer(w.hop(root, 'agent-1', 'agent-2', { grants: [grant] }))
  }
  const LIMIT = FILES.limits![0]!

  test.each<[string, Partial<Grant>]>([
    ['another server', { server: 'mail' }],
    ['one more action', { actions: ['read', 'delete'] }],
    ['every action', { actions: ['*'] }],
    ['a wider glob', { constraints: { path: { glob: '/**' } } }],
    ['another glob', { constraints: { path: { glob: '/home/**' } } }],
    ['a constraint on another argument', { constraints: { target: { glob: '/data/**' } } }],
    ['a constraint of another kind', { constraints: { path: { min: 1 } } }],
    ['no constraints', { constraints: {} }],
    ['a higher limit', { limits: [{ ...LIMIT, max: 101 }] }],
    ['a limit over a longer period', { limits: [{ ...LIMIT, per: 'hour' }] }],
    ['a limit in another unit', { limits: [{ ...LIMIT, unit: 'k' }] }],
    ['no limits', { limits: [] }],
  ])('by %s', (_, edit) => {
    expect(child(edit)).toBe('WIDENED')
  })

  test('by leaving constraints or limits out', () => {
    const { constraints: _, ...free } = { ...files!.grant, from: files!.digest }
    expect(w.answer(w.hop(root, 'agent-1', 'agent-2', { grants: [free] }))).toBe('WIDENED')
    const { limits: __, ...unlimited } = { ...files!.grant, from: files!.digest }
    expect(w.answer(w.hop(root, 'agent-1', 'agent-2', { grants: [unlimited] }))).toBe('WIDENED')
  })

  test.each<[string, Parameters<World['hop']>[3]]>([
    ['audience', { aud: [AUD, 'pnt_other'] }],
    ['end', { exp: NOW_S + 3601 }],
    ['start', { nbf: NOW_S - 1 }],
    ['depth', { depth_max: 4 }],
  ])('by a wider %s', (_, edit) => {
    expect(w.answer(w.hop(root, 'agent-1', 'agent-2', edit))).toBe('WIDENED')
  })

  test('by going deeper than a parent lets it', () => {
    const leaf = w.hop(root, 'agent-1', 'agent-2', { depth_max: 1 })
    expect(w.answer(leaf)).toBe('ok')
    expect(w.answer(w.hop(leaf, 'agent-2', 'agent-3', { depth_max: 1 }))).toBe('WIDENED')
    expect(w.answer(w.hop(w.root({ depth_max: 0 }), 'agent-1', 'agent-2', { depth_max: 0 }))).toBe('WIDENED')
  })

  test('by going back up two segments later', () => {
    const narrow = w.hop(root, 'agent-1', 'agent-2', {
      grants: [{ ...files!.grant, from: files!.digest, actions: ['read'] }],
    })
    const [only] = grantsOf(w.crypto, narrow)
    const wide = w.hop(narrow, 'agent-2', 'agent-3', {
      grants: [{ ...only!.grant, from: only!.digest, actions: ['read', 'write'] }],
    })
    expect(w.answer(wide)).toBe('WIDENED')
  })

  test('and may narrow everything at once', () => {
    expect(
      child({
        actions: ['read'],
        constraints: { path: { glob: '/data/a/*' }, mode: { in: ['r'] } },
        limits: [
          { ...LIMIT, max: 1 },
          { ...LIMIT, per: 'call' },
        ],
      }),
    ).toBe('ok')
    expect(child({ actions: ['send'] }, mail)).toBe('ok')
  })

  test('from a grant that is hidden, unknown, not named, or of the root', () => {
    expect(w.answer(disclosing(one, () => [], 0))).toBe('PARENT_GRANT_HIDDEN')
    expect(child({ from: digestOf('unknown') })).toBe('PARENT_GRANT_HIDDEN')
    const { from: _, ...orphan } = { ...files!.grant, from: files!.digest }
    expect(w.answer(w.hop(root, 'agent-1', 'agent-2', { grants: [orphan] }))).toBe('PARENT_GRANT_HIDDEN')
    const skipping = w.hop(one, 'agent-2', 'agent-3', { grants: [{ ...files!.grant, from: files!.digest }] })
    expect(w.answer(skipping)).toBe('PARENT_GRANT_HIDDEN')
  })

  test('while a root grant that names a parent is CHAIN_BROKEN', () => {
    expect(w.answer(rootOf([disclosureOf([SALT, { ...FILES, from: digestOf('x') }])]))).toBe('CHAIN_BROKEN')
  })
})

describe('gestures', () => {
  const withGestures = (gestures: (challenge: string) => JsonObject[], rev?: string[]): string =>
    w.answer(w.forgeRoot(root, (p) => (rev === undefined ? p : { ...p, rev }), { gestures }))
  const asserted = (data: (challenge: string) => JsonObject, flags = 5, rp = RP.rp_id): string =>
    withGestures((challenge) => {
      const clientData = utf8(JSON.stringify(data(challenge)))
      const authenticatorData = new Uint8Array([...w.crypto.sha256(utf8(rp)), flags, 0, 0, 0, 0])
      const signed = new Uint8Array([...authenticatorData, ...w.crypto.sha256(clientData)])
      return [
        {
          ...w.gesture(challenge),
          client_data: base64url(clientData),
          authenticator_data: base64url(authenticatorData),
          signature: base64url(w.signer('principal').sign(signed)),
        },
      ]
    })
  const data = (challenge: string): JsonObject => ({
    type: 'webauthn.get',
    challenge,
    origin: RP.origins[0]!,
    crossOrigin: false,
  })

  test('hold when every part of them is right', () => {
    expect(asserted(data)).toBe('ok')
    expect(asserted((c) => ({ type: 'webauthn.get', challenge: c, origin: RP.origins[0]! }))).toBe('ok')
    expect(asserted((c) => ({ ...data(c), topOrigin: 'https://x', future: 1 }))).toBe('ok')
  })

  test.each<[string, (challenge: string) => JsonObject]>([
    ['over another challenge', () => data(digestOf('another'))],
    ['at another origin', (c) => ({ ...data(c), origin: 'https://issuer.example.evil' })],
    ['at the origin over http', (c) => ({ ...data(c), origin: 'http://issuer.example' })],
    ['without an origin', (c) => ({ type: 'webauthn.get', challenge: c })],
    ['in a foreign frame', (c) => ({ ...data(c), crossOrigin: true })],
    ['at a registration', (c) => ({ ...data(c), type: 'webauthn.create' })],
  ])('made %s are GESTURE_INVALID', (_, client) => {
    expect(asserted(client)).toBe('GESTURE_INVALID')
  })

  test('without user presence or verification, or for another RP, are GESTURE_INVALID', () => {
    expect(asserted(data, 0x01)).toBe('GESTURE_INVALID')
    expect(asserted(data, 0x04)).toBe('GESTURE_INVALID')
    expect(asserted(data, 0x00)).toBe('GESTURE_INVALID')
    expect(asserted(data, 0x05, 'evil.example')).toBe('GESTURE_INVALID')
  })

  test('made before a claim was changed are GESTURE_INVALID, though the issuer signed it', () => {
    const { gestures } = parseJws(segmentsIn(root)[0]!.jwt).payload
    const old = gestures as JsonObject[]
    for (const edit of [
      { depth_max: 8 },
      { exp: NOW_S + 3601 },
      { grants_n: 2, auth_time: 0 },
      { amr: ['hwk'] },
    ]) {
      expect(w.answer(w.forgeRoot(root, (p) => ({ ...p, ...edit }), { gestures: () => old }))).toBe(
        'GESTURE_INVALID',
      )
    }
  })

  test.each<[string, JsonObject]>([
    ['a signature of another key', { jwk: { ...w.signer('thief').publicJwk } }],
    ['a key of small order', { jwk: { kty: 'OKP', crv: 'Ed25519', x: base64url(new Uint8Array(32)) } }],
    ['client data that is not JSON', { client_data: base64url(utf8('{')) }],
    ['client data that is a list', { client_data: base64url(utf8('[]')) }],
    ['client data that is not base64url', { client_data: '=' }],
    ['short authenticator data', { authenticator_data: base64url(new Uint8Array(36)) }],
    ['no signature', { signature: '' }],
  ])('with %s are GESTURE_INVALID', (_, edit) => {
    expect(withGestures((challenge) => [{ ...w.gesture(challenge), ...edit }])).toBe('GESTURE_INVALID')
  })

  test('with a malleated DER signature are GESTURE_INVALID', () => {
    const es = softwareAuthenticator(nodeCrypto, nodeCrypto.generateKey('ES256'), {
      rp_id: RP.rp_id,
      origin: RP.origins[0]!,
    })
    const answer = (edit: (der: Uint8Array) => Uint8Array): string =>
      withGestures((challenge) => {
        const gesture = w.gesture(challenge, {}, es)
        return [{ ...gesture, signature: base64url(edit(fromBase64url(gesture.signature))) }]
      })
    expect(answer((der) => der)).toBe('ok')
    expect(answer((der) => new Uint8Array([...der, 0]))).toBe('GESTURE_INVALID')
    expect(answer((der) => new Uint8Array([0x30, 0x81, der[1]!, ...der.subarray(2)]))).toBe('GESTURE_INVALID')
    const padded = (der: Uint8Array): Uint8Array =>
      new Uint8Array([0x30, der[1]! + 1, 2, der[3]! + 1, 0, ...der.subarray(4)])
    expect(answer(padded)).toBe('GESTURE_INVALID')
  })

  test('must be by exactly the people in rev, one of them a principal', () => {
    expect(withGestures((c) => [{ ...w.gesture(c, { role: 'approver' }) }])).toBe('GESTURE_INVALID')
    expect(withGestures((c) => [{ ...w.gesture(c) }], [REV, 'rev_2'])).toBe('GESTURE_INVALID')
    expect(withGestures((c) => [{ ...w.gesture(c, { rev: 'rev_2' }) }])).toBe('GESTURE_INVALID')
    expect(withGestures((c) => [{ ...w.gesture(c) }, { ...w.gesture(c) }])).toBe('GESTURE_INVALID')
    expect(withGestures((c) => [{ ...w.gesture(c) }, { ...w.gesture(c, { rev: 'rev_2' }) }])).toBe(
      'GESTURE_INVALID',
    )
  })

  test('cannot be left out', () => {
    expect(withGestures(() => [])).toBe('TOKEN_MALFORMED')
  })

  test('are not blamed for a fault of ours', () => {
    const crypto: Crypto = {
      ...w.crypto,
      verify: (key, ...rest) => {
        if (JSON.stringify(key) === JSON.stringify(w.principal.jwk)) throw new RangeError('out of memory')
        return w.crypto.verify(key, ...rest)
      },
    }
    expect(() => w.verify(root, { crypto })).toThrow(RangeError)
  })

  test('are pinned by the verifier, not by the token', () => {
    const trust = (rp: { rp_id: string; origins: string[] }) => ({ trust: w.trust({ rp }) })
    expect(w.answer(root, trust({ rp_id: 'other.example', origins: [...RP.origins] }))).toBe(
      'GESTURE_INVALID',
    )
    expect(w.answer(root, trust({ rp_id: RP.rp_id, origins: [] }))).toBe('GESTURE_INVALID')
  })
})
