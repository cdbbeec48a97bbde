import { describe, expect, test } from 'vitest'
import { disclosureOf, FILES, grantsOf, MAIL, NOW_MS, segmentsIn, World } from '../../test/fixtures/tokens.ts'
import type { JsonObject } from '../core/json.ts'
import { decide, NO_KILLS } from '../decide/decide.ts'
import { disclosureDigest, readDisclosed } from './disclosure.ts'
import type { Grant } from './grant.ts'
import { chainText, hashedParts } from './presentation.ts'
import { discloseFor } from './present.ts'
import type { VerifiedChain } from './verify.ts'

const w = new World('present')
const ANY_FILE: Grant = {
  type: 'tool',
  server: 'files',
  actions: ['*'],
  constraints: { path: { glob: '/**' } },
}
const TINY: Grant = { type: 'tool', server: 'files', actions: ['read'] }
const root = w.root({ grants: [FILES, ANY_FILE, MAIL], instruction: 'tidy up', sub: 'per_1' })
const [files, any, mail] = grantsOf(w.crypto, root)
/** Three grants of files under two of the root, one of mail. */
const chain = w.hop(root, 'agent-1', 'agent-2', {
  grants: [
    { ...FILES, from: files!.digest, actions: ['read'] },
    { ...ANY_FILE, from: any!.digest, actions: ['read', 'delete'] },
    { ...ANY_FILE, from: any!.digest, actions: ['delete'], purposes: ['spring cleaning, once a year'] },
    { ...MAIL, from: mail!.digest, actions: ['send'] },
  ],
})

function verified(text: string): VerifiedChain | null {
  const result = w.verify(text)
  return result.ok ? result.chain : null
}

function allows(shown: VerifiedChain, server: string, tool: string, args: JsonObject): boolean {
  const freshness = { epoch: 1, head: 0, t: NOW_MS, age_ms: 0 }
  const verdict = decide({
    chain: shown,
    kills: NO_KILLS,
    server,
    tool,
    args,
    definition_hash: null,
    registration: null,
    revocations: { isRevoked: () => false, freshness: () => freshness },
    bound_ms: 2000,
    now_ms: NOW_MS,
  })
  return verdict.decision === 'allow'
}

const CALLS: readonly (readonly [server: string, tool: string, args: JsonObject])[] = [
  ['files', 'read', { path: '/data/a' }],
  ['files', 'read', { path: '/etc/a' }],
  ['files', 'delete', { path: '/etc/a' }],
  ['files', 'delete', { path: 'relative' }],
  ['files', 'write', { path: '/data/a' }],
  ['mail', 'send', {}],
  ['mail', 'read', {}],
]

/** Every subset of the disclosures of a chain, as chains. */
function* subsets(text: string): Generator<string> {
  const segments = segmentsIn(text)
  const count = segments.reduce((sum, { disclosures }) => sum + disclosures.length, 0)
  for (let mask = 0; mask < 2 ** count; mask++) {
    let at = 0
    yield chainText(
      segments.map(({ jwt, disclosures }) => ({
        jwt,
        disclosures: disclosures.filter(() => (mask >> at++) & 1),
      })),
    )
  }
}
/** Whether each grant of the hop has its parent shown. */
function keepsParents(text: string): boolean {
  const [above, below] = segmentsIn(text)
  const shown = new Set(above!.disclosures.map((each) => disclosureDigest(w.crypto, each)))
  return below!.disclosures.every((each) => shown.has(readDisclosed(each).grant?.from ?? ''))
}
const lengths = (shown: Iterable<string>): number => Math.min(...[...shown].map((text) => text.length))

describe('what a holder shows (SEL-2)', () => {
  const all = [...subsets(chain)]
  const whole = verified(chain)!

  test('verifies if and only if it keeps the parents of what it shows', () => {
    expect(all).toHaveLength(2 ** 9)
    for (const shown of all) expect(w.answer(shown)).toBe(keepsParents(shown) ? 'ok' : 'PARENT_GRANT_HIDDEN')
  })

  test('allows nothing that the whole does not', () => {
    let allowed = 0
    for (const shown of all) {
      const one = verified(shown)
      if (one === null) continue
      for (const [server, tool, args] of CALLS) {
        if (!allows(one, server, tool, args)) continue
        allowed++
        expect(allows(whole, server, tool, args)).toBe(true)
      }
    }
    expect(allowed).toBeGreaterThan(100)
  })

  test.each(CALLS)('for one call to %s %s %j is the least that allows it', (server, tool, args) => {
    const shown = discloseFor(w.crypto, chain, { server, call: { tool, args } })
    if (!allows(whole, server, tool, args)) {
      expect(shown).toBeNull()
      return
    }
    expect(allows(verified(shown!)!, server, tool, args)).toBe(true)
    const enough = all.filter((each) => {
      const one = verified(each)
      return one !== null && allows(one, server, tool, args)
    })
    expect(shown!.length).toBe(lengths(enough))
  })

  test('for a session is every grant of the server, and nothing of another', () => {
    const shown = verified(discloseFor(w.crypto, chain, { server: 'files' })!)!
    const servers = shown.delegations.map(({ grants }) => [...grants.values()].map(({ server }) => server))
    expect(servers).toEqual([
      ['files', 'files'],
      ['files', 'files', 'files'],
    ])
    expect(discloseFor(w.crypto, chain, { server: 'calendar' })).toBeNull()
  })

  test('has claims about the human only when asked for', () => {
    const claimsIn = (text: string): unknown[] =>
      segmentsIn(text)
        .flatMap(({ disclosures }) => disclosures)
        .map((each) => readDisclosed(each).claim)
        .filter((claim) => claim !== null)
    expect(claimsIn(discloseFor(w.crypto, chain, { server: 'mail' })!)).toEqual([])
    const shown = discloseFor(w.crypto, chain, { server: 'mail', claims: ['instruction'] })!
    expect(claimsIn(shown)).toEqual(['instruction'])
    expect(
      claimsIn(discloseFor(w.crypto, root, { server: 'mail', claims: ['sub', 'instruction'] })!),
    ).toEqual(['instruction', 'sub'])
  })

  test('of a root alone is one grant: of several, the shortest', () => {
    const two = w.root({ grants: [ANY_FILE, TINY] })
    const shown = discloseFor(w.crypto, two, {
      server: 'files',
      call: { tool: 'read', args: { path: '/a' } },
    })!
    expect(grantsOf(w.crypto, shown).map(({ grant }) => grant)).toEqual([TINY])
  })

  test('is nothing when the holder was not shown the parent itself', () => {
    const [above, below] = segmentsIn(chain)
    const held = chainText([{ jwt: above!.jwt, disclosures: above!.disclosures.slice(1) }, below!])
    const call = { tool: 'read', args: { path: '/data/a' } }
    // The first grant of files has lost its parent, the second has not.
    const shown = discloseFor(w.crypto, held, { server: 'files', call })!
    expect(allows(verified(shown)!, 'files', 'read', call.args)).toBe(true)
    const bare = chainText([{ jwt: above!.jwt, disclosures: [] }, below!])
    expect(discloseFor(w.crypto, bare, { server: 'files', call })).toBeNull()
    expect(discloseFor(w.crypto, bare, { server: 'files' })).toBeNull()
  })

  test('cannot be chosen from what is no chain', () => {
    expect(() => discloseFor(w.crypto, 'x', { server: 'files' })).toThrowWithCode('TOKEN_MALFORMED')
    const odd = chainText([{ jwt: 'x', disclosures: [disclosureOf(['short', FILES])] }])
    expect(() => discloseFor(w.crypto, odd, { server: 'files' })).toThrowWithCode('DISCLOSURE_INVALID')
  })
})

test('the parts that verifying hashes are its tokens and disclosures, as many as there can be', () => {
  const texts = (text: string): string[] => hashedParts(text).map((part) => new TextDecoder().decode(part))
  expect(texts(chain)).toEqual(segmentsIn(chain).flatMap(({ jwt, disclosures }) => [jwt, ...disclosures]))
  expect(texts('~~~')).toEqual([])
  expect(texts('a~'.repeat(2000))).toHaveLength(9 * 67)
  expect(texts('a'.repeat(64 * 1024 + 1))).toEqual([])
})
