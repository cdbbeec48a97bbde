/** The traps that others fell into, as far as tokens go: each by name, with the vectors that would fall into it. @module */
import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { editSegment, grantsOf, REV, segmentsIn, World } from '../fixtures/tokens.ts'
import { withOtherS } from '../fixtures/es256.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { base64url } from '../../src/core/encoding.ts'
import { parseJws } from '../../src/core/sign.ts'
import { chainText } from '../../src/token/presentation.ts'
import { grantWithin } from '../../src/token/within.ts'
import { judge, type DelegationVector } from './judge.ts'

const FOLDER = resolve(import.meta.dirname, '../../vectors/delegation')
const read = (name: string): DelegationVector =>
  JSON.parse(readFileSync(resolve(FOLDER, `${name}.json`), 'utf8')) as DelegationVector

/** By trap: the vectors, and the one code that each is refused with. */
const TRAPS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'alg none': {
    'alg-none': 'SIGNATURE_INVALID',
    'trap-alg-none': 'SIGNATURE_INVALID',
    'trap-alg-none-hop': 'SIGNATURE_INVALID',
    'statement-alg-none': 'STATEMENT_INVALID',
  },
  'an exp inside a disclosure': { 'disclosed-exp': 'DISCLOSURE_INVALID' },
  'a disclosed _sd': { 'disclosed-sd': 'DISCLOSURE_INVALID', 'grant-sd-nested': 'GRANT_INVALID' },
  'a disclosed ...': {
    'trap-disclosed-ellipsis': 'DISCLOSURE_INVALID',
    'grant-ellipsis-nested': 'GRANT_INVALID',
  },
  'a salt that is no string': {
    'trap-salt-number': 'DISCLOSURE_INVALID',
    'trap-salt-list': 'DISCLOSURE_INVALID',
    'trap-salt-null': 'DISCLOSURE_INVALID',
  },
  'a digest seen twice': {
    'trap-digest-twice': 'DISCLOSURE_INVALID',
    'trap-digest-twice-hidden': 'DISCLOSURE_INVALID',
    'trap-digest-in-both': 'DISCLOSURE_INVALID',
  },
  'lenient base64url': {
    padded: 'TOKEN_MALFORMED',
    'text-space': 'TOKEN_MALFORMED',
    'text-line-break': 'TOKEN_MALFORMED',
    'text-standard-base64': 'TOKEN_MALFORMED',
    'trap-lenient-base64url': 'TOKEN_MALFORMED',
    'trap-lenient-base64url-payload': 'TOKEN_MALFORMED',
    'trap-disclosure-respelled': 'DISCLOSURE_INVALID',
    'gesture-respelled': 'GESTURE_INVALID',
    'statement-respelled': 'TOKEN_MALFORMED',
    'holder-respelled': 'TOKEN_MALFORMED',
  },
  'a key of small order': {
    'small-order-cnf': 'TOKEN_MALFORMED',
    'trap-small-order-0-negative': 'TOKEN_MALFORMED',
    'trap-small-order-1': 'TOKEN_MALFORMED',
    'trap-small-order-minus-1': 'TOKEN_MALFORMED',
    'trap-small-order-order-8': 'TOKEN_MALFORMED',
    'trap-small-order-order-8-negative': 'TOKEN_MALFORMED',
    'trap-small-order-order-8-other': 'TOKEN_MALFORMED',
    'trap-small-order-order-8-other-negative': 'TOKEN_MALFORMED',
    'trap-small-order-hop': 'TOKEN_MALFORMED',
    'trap-small-order-gesture': 'GESTURE_INVALID',
  },
  'a key with more than one spelling': {
    'trap-not-canonical-0-as-p': 'TOKEN_MALFORMED',
    'trap-not-canonical-1-as-p': 'TOKEN_MALFORMED',
    'trap-not-canonical-1-negative': 'TOKEN_MALFORMED',
    'trap-not-canonical-minus-1-negative': 'TOKEN_MALFORMED',
    'trap-not-canonical-3-as-p': 'TOKEN_MALFORMED',
    'trap-not-canonical-all-ones': 'TOKEN_MALFORMED',
  },
  'a child widened by hand': { 'trap-widened-by-hand': 'WIDENED' },
  "a hop verified with the issuer's key": {
    'hop-by-issuer': 'SIGNATURE_INVALID',
    'trap-hop-by-issuer-agent': 'SIGNATURE_INVALID',
  },
  're-targeted holder': {
    'trap-hop-retargeted': 'STATEMENT_INVALID',
    'trap-hop-retargeted-unsigned': 'SIGNATURE_INVALID',
    'hop-to-another': 'CHAIN_BROKEN',
  },
  "a hop without its parent's hash": {
    'trap-hop-without-hash': 'TOKEN_MALFORMED',
    'hop-hash-null': 'TOKEN_MALFORMED',
    'hop-hash-of-root': 'CHAIN_BROKEN',
    'own-hops-reordered': 'CHAIN_BROKEN',
  },
}

describe.each(Object.entries(TRAPS))('the trap "%s"', (_, vectors) => {
  test.each(Object.entries(vectors))('%s is %s', (name, code) => {
    const vector = read(name)
    expect(vector.expect).toEqual({ ok: false, code })
    expect(judge(nodeCrypto, vector)).toEqual({ ok: false, code })
  })
})

test('every vector that is called a trap is listed here', () => {
  const listed = new Set(Object.values(TRAPS).flatMap((vectors) => Object.keys(vectors)))
  const named = readdirSync(FOLDER).filter((name) => name.startsWith('trap-') && name.endsWith('.json'))
  expect(named.map((name) => name.slice(0, -5)).filter((name) => !listed.has(name))).toEqual([])
})

test('a child widened by hand is good to a check of each hop alone', () => {
  const w = new World()
  const { presentation } = read('trap-widened-by-hand')
  const [root, first] = segmentsIn(presentation)
  const grants = [[root!], [root!, first!], segmentsIn(presentation)].map(
    (segments) => grantsOf(w.crypto, chainText(segments))[0]!.grant,
  )
  // Within the root it is; only the hop between gave up what it takes back.
  expect(grantWithin(grants[2]!, grants[0]!)).toBe(true)
  expect(grantWithin(grants[2]!, grants[1]!)).toBe(false)
})

describe('what revokes a chain does not hang on its bytes', () => {
  const w = new World()
  const chain = w.chain(2)
  const handles = (text: string): unknown => {
    const result = w.verify(text)
    if (!result.ok) throw new Error(result.reason)
    return result.chain.handles
  }

  test('whatever it discloses and in whatever order', () => {
    const hidden = chainText(segmentsIn(chain).map((each) => ({ ...each, disclosures: [] })))
    const turned = chainText(
      segmentsIn(chain).map((each) => ({ ...each, disclosures: each.disclosures.toReversed() })),
    )
    expect(new Set([chain, hidden, turned]).size).toBe(3)
    expect(handles(hidden)).toEqual(handles(chain))
    expect(handles(turned)).toEqual(handles(chain))
  })

  test('though ES256 lets anyone make a second signature from the first', () => {
    const root = w.root({ holder: w.signer('es256-agent').publicJwk })
    const hop = w.hop(root, 'es256-agent', 'agent-2')
    const other = editSegment(hop, -1, (segment) => {
      const { signature } = parseJws(segment.jwt)
      return { ...segment, jwt: segment.jwt.replace(/[^.]*$/, base64url(withOtherS(signature))) }
    })
    expect(other).not.toBe(hop)
    expect(handles(other)).toEqual(handles(hop))
    expect(JSON.stringify(handles(hop))).toContain(REV)
    // A chain below it follows one of the two: the other is another token to it.
    const below = segmentsIn(w.hop(hop, 'agent-2', 'agent-3')).at(-1)!
    expect(w.answer(chainText([...segmentsIn(other), below]))).toBe('CHAIN_BROKEN')
  })
})
