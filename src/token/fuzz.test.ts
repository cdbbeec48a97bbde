/**
 * Random damage to good chains: nothing is accepted that says something else, nothing throws, nothing is slow.
 * Edits of text, base64 characters, segments, disclosures and JSON, signed again by the wrong key, by the right key
 * under an old gesture, and by a holder who may narrow and tries to widen. Seeded: the same edits in each run.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { chainEditor } from '../../test/fixtures/chain-edits.ts'
import { jsonEditor, jsonOf, randomOf, replaceAt } from '../../test/fixtures/json-edits.ts'
import { disclosureOf, rawJws, segmentsIn, World } from '../../test/fixtures/tokens.ts'
import { base64url, utf8 } from '../core/encoding.ts'
import type { Crypto } from '../core/crypto.ts'
import { canonicalize, type JsonObject, type JsonValue } from '../core/json.ts'
import { parseJws, signJws } from '../core/sign.ts'
import { disclosureDigest } from './disclosure.ts'
import { constraintsMet, grantNames } from './grant.ts'
import { chainText, type Segment } from './presentation.ts'
import type { ChainResult, VerifiedChain } from './verify.ts'

/** `npm run test:edits` makes ten times as many, in about a minute. */
const EDITS = Number(process.env.EDITS ?? 30_000)
const SLOW_MS = 50
/** For all of them. What is asserted is the slowest, not the sum. */
const ALL_MS_MAX = 900_000
/** Of the slowest inputs as many are measured again, alone and with every signature verified. */
const REMEASURED = 100

const SEED = 20261122
const random = randomOf(SEED)
const mutated = jsonEditor(random)
const pick = <T>(list: readonly T[]): T => list[random(list.length)]!

const w = new World('fuzz')
/** A signature that verified once verifies again: remembering that saves most of the time and changes no answer. */
const verified = new Map<string, Uint8Array>()
const quick: Crypto = {
  ...w.crypto,
  verify: (key, data, signature) => {
    const name = `${key.x} ${Buffer.from(signature).toString('latin1')}`
    const before = verified.get(name)
    if (before !== undefined && Buffer.compare(before, data) === 0) return true
    const good = w.crypto.verify(key, data, signature)
    if (good && verified.size < 10_000) verified.set(name, data)
    return good
  },
}
// A refusal is thrown and caught inside: where, nobody reads. Other files share this process, and theirs is read.
const { stackTraceLimit } = Error
beforeAll(() => void (Error.stackTraceLimit = 0))
afterAll(() => void (Error.stackTraceLimit = stackTraceLimit))

interface Base {
  readonly chain: string
  /** Who signed each segment. */
  readonly signers: readonly string[]
}
const chainOf = (hops: number): Base => ({
  chain: w.chain(hops),
  signers: ['issuer', ...Array.from({ length: hops }, (_, i) => `agent-${i + 1}`)],
})
const bases: readonly Base[] = [
  { chain: w.root({ instruction: 'tidy up', sub: 'per_1' }), signers: ['issuer'] },
  chainOf(1),
  chainOf(2),
  { chain: w.root({ jti: 'dlg_other', depth_max: 8, acr: 'phr' }), signers: ['issuer'] },
  {
    chain: w.hop(w.root({ holder: w.signer('agent-9').publicJwk }), 'agent-9', 'agent-2'),
    signers: ['issuer', 'agent-9'],
  },
  {
    chain: w.hop(w.root({ holder: w.signer('es256-agent').publicJwk }), 'es256-agent', 'agent-2'),
    signers: ['issuer', 'es256-agent'],
  },
]

/** Short chains more often: they are quick, and their edits reach every check of one delegation. */
const WEIGHTED = [...bases, bases[0]!, bases[0]!, bases[0]!, bases[1]!, bases[3]!, bases[3]!]

// ---- edits of JSON ----

interface Edited {
  readonly text: string
  /**
   * `same`: if it is accepted, it says what a base says. `refused`: it is not accepted, whatever it says.
   * `narrower`: if it is accepted, it lies within the base.
   */
  readonly must: 'same' | 'refused' | 'narrower'
}
const reSigned = (chain: string, at: number, edit: (segment: Segment) => Segment): string =>
  chainText(segmentsIn(chain).map((segment, i) => (i === at ? edit(segment) : segment)))

/** Header or payload edited under the old signature. */
function unsigned({ chain }: Base): Edited {
  const at = random(segmentsIn(chain).length)
  const text = reSigned(chain, at, (segment) => {
    const parts = segment.jwt.split('.')
    const part = random(2)
    const json = utf8(JSON.stringify(mutated(jsonOf(parts[part]!))))
    return { ...segment, jwt: parts.with(part, base64url(json)).join('.') }
  })
  return { text, must: 'same' }
}

/** Signed by somebody who is not to: a stranger, the issuer for a hop, a holder for the root, a later holder. */
function byTheWrongKey({ chain, signers }: Base): Edited {
  const at = random(signers.length)
  const by = pick(['thief', 'issuer', 'agent-1', 'agent-2', 'agent-3'].filter((name) => name !== signers[at]))
  const text = reSigned(chain, at, (segment) => {
    const { header, payload } = parseJws(segment.jwt)
    return {
      ...segment,
      jwt: signJws(w.signer(by), header, random(2) === 0 ? payload : object(mutated(payload))),
    }
  })
  return { text, must: 'refused' }
}
const object = (value: JsonValue): JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {}

/** A root that its issuer signs again after the gesture: claims or header edited, or other JSON text. */
function underAnOldGesture({ chain }: Base): Edited {
  const text = reSigned(chain, 0, (segment) => {
    const { header, payload } = parseJws(segment.jwt)
    const { gestures = null, ...shown } = payload
    if (random(3) === 0) {
      const json = JSON.stringify(payload)
      const at = random(json.indexOf('"gestures"'))
      const edited = replaceAt(
        json,
        at,
        random(3),
        pick([' ', '{"', '\\u0061', '"exp":9999999999,', '1', ',', '\n']),
      )
      return { ...segment, jwt: rawJws(w.issuer, JSON.stringify(header), edited) }
    }
    if (random(4) === 0) return { ...segment, jwt: signJws(w.issuer, object(mutated(header)), payload) }
    return { ...segment, jwt: signJws(w.issuer, header, { ...object(mutated(shown)), gestures }) }
  })
  return { text, must: 'same' }
}

/** Statements about other keys, by others, of other times; and some that are good. */
const STATEMENTS = [
  ...['agent-1', 'agent-2', 'agent-3', 'thief'].map((name) => w.statement(name)),
  w.statement('agent-2', {}, w.signer('thief')),
  w.statement('agent-2', { agent: 'agt_other' }, w.signer('agent-1')),
  w.statement('agent-2', { exp: 1_790_000_001 }),
  w.statement('agent-2', { exp: 1_789_999_999 }),
  w.statement('agent-2', { iss: 'https://other.example' }),
]

/** The last hop, whose holder edits what it hands on, grants and their digests too, and signs it rightfully. */
function byTheHolder(base: Base): Edited {
  const { chain, signers } = base
  const at = signers.length - 1
  if (at === 0 || signers[at]!.startsWith('es256')) return underAnOldGesture(base)
  const text = reSigned(chain, at, (segment) => {
    const { header, payload } = parseJws(segment.jwt)
    if (random(2) === 0)
      return { ...segment, jwt: signJws(w.signer(signers[at]!), header, object(mutated(payload))) }
    const [delegated] = payload.delegate_payload as readonly JsonObject[]
    if (random(4) === 0) {
      const stated = { ...payload, delegate_payload: [{ ...delegated!, statement: pick(STATEMENTS) }] }
      return { ...segment, jwt: signJws(w.signer(signers[at]!), header, stated) }
    }
    const which = random(segment.disclosures.length)
    const [salt, grant] = jsonOf(segment.disclosures[which]!) as [string, JsonValue]
    const edited = segment.disclosures.with(which, disclosureOf([salt, mutated(grant)]))
    const authorization_details = edited.map((each) => ({ '...': disclosureDigest(w.crypto, each) }))
    const next = { ...payload, delegate_payload: [{ ...delegated!, authorization_details }] }
    return { jwt: signJws(w.signer(signers[at]!), header, next), disclosures: edited }
  })
  return { text, must: 'narrower' }
}

/** Text, segments and disclosures, edited once or twice. */
const editor = chainEditor(
  SEED,
  WEIGHTED.map(({ chain }) => chain),
)
const damaged = (): Edited => ({ text: editor(), must: 'same' })

const KINDS = { damaged, unsigned, byTheWrongKey, underAnOldGesture, byTheHolder }
/** The cheap ones are most. */
const MIX: readonly (keyof typeof KINDS)[] = [
  ...Array.from({ length: 24 }, () => 'damaged' as const),
  ...(['unsigned', 'unsigned', 'byTheWrongKey', 'underAnOldGesture', 'byTheHolder', 'byTheHolder'] as const),
]

// ---- what may be accepted ----

/** What a chain says, in whatever order, apart from what it discloses; and what it discloses. */
const identity = (chain: VerifiedChain): string =>
  canonicalize({
    ...chain,
    instruction: null,
    delegations: chain.delegations.map((each) => ({ ...each, grants: null })),
  } as unknown as JsonObject)
const disclosed = ({ delegations, instruction }: VerifiedChain): string[] => [
  ...delegations.flatMap((each) => [...each.grants.keys()]),
  ...(instruction === undefined ? [] : [`in words: ${instruction}`]),
]
const known = new Map<string, Set<string>>()
/** Every prefix of a chain is a chain too: its holder made the next one from it. */
for (const { chain } of bases) {
  const segments = segmentsIn(chain)
  for (let n = 1; n <= segments.length; n++) {
    const result = w.verify(chainText(segments.slice(0, n)))
    if (!result.ok) throw new Error(result.reason)
    known.set(identity(result.chain), new Set(disclosed(result.chain)))
  }
}

const saysNoMore = (chain: VerifiedChain): boolean => {
  const full = known.get(identity(chain))
  return full !== undefined && disclosed(chain).every((one) => full.has(one))
}

const CALLS = ['files', 'mail', 'x'].flatMap((server) =>
  ['read', 'write', 'x', '*'].flatMap((tool) =>
    [{}, { path: '/data/a' }, { path: '/etc' }, { path: 'x' }, { path: 1 }, { path: [] }].map((args) => ({
      server,
      tool,
      args,
    })),
  ),
)
/** Whether the last delegation of a chain allows nothing, by samples of calls, that the one before it does not. */
function lastIsNarrower({ delegations, handles }: VerifiedChain, base: string): boolean {
  const [last, parent] = [delegations.at(-1)!, delegations.at(-2)!]
  const allows = ({ grants: list }: typeof last, call: (typeof CALLS)[number]): boolean =>
    [...list.values()].some(
      (grant) => grantNames(grant, call.server, call.tool) && constraintsMet(grant, call.args),
    )
  const whole = w.verify(base)
  if (!whole.ok) return false
  const above = whole.chain.handles.slice(0, -3)
  return (
    CALLS.every((call) => !allows(last, call) || allows(parent, call)) &&
    last.exp <= parent.exp &&
    last.nbf >= parent.nbf &&
    last.aud.every((audience) => parent.aud.includes(audience)) &&
    last.depth === parent.depth + 1 &&
    last.depth_max <= parent.depth_max &&
    // Who revoked the base by any handle above its last delegation, or its agent or key, revoked this too.
    JSON.stringify(handles.slice(0, above.length)) === JSON.stringify(above) &&
    last.agent.id === whole.chain.delegations.at(-1)!.agent.id &&
    last.jkt === whole.chain.delegations.at(-1)!.jkt
  )
}

/** CPU time of one verification with nothing remembered, in milliseconds: the least of three. */
function cost_ms(text: string): number {
  const runs = [0, 1, 2].map(() => {
    const before = process.cpuUsage()
    w.verify(text)
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 1000
  })
  return Math.min(...runs)
}

test(
  `${EDITS} edits of good chains are refused, say the same with less, or narrow`,
  () => {
    const outcomes = new Map<string, number>()
    const wrong: string[] = []
    let slowest: { text: string; elapsed_ms: number }[] = []
    for (let i = 0; i < EDITS; i++) {
      const base = pick(WEIGHTED)
      const kind = pick(MIX)
      const { text, must } = KINDS[kind](base)
      const start = performance.now()
      const result: ChainResult = w.verify(text, { crypto: quick }) // a throw fails the test
      const elapsed_ms = performance.now() - start
      if (elapsed_ms > (slowest.at(-1)?.elapsed_ms ?? 0) || slowest.length < REMEASURED)
        slowest = [...slowest, { text, elapsed_ms }]
          .sort((a, b) => b.elapsed_ms - a.elapsed_ms)
          .slice(0, REMEASURED)
      const outcome = `${kind} ${result.ok ? 'ok' : result.reason}`
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
      if (!result.ok) continue
      const right =
        must === 'same'
          ? saysNoMore(result.chain)
          : must === 'narrower' && (saysNoMore(result.chain) || lastIsNarrower(result.chain, base.chain))
      if (!right) wrong.push(`${kind}: ${text}`)
    }
    expect(wrong).toEqual([])
    expect(Math.max(...slowest.map(({ text }) => cost_ms(text)))).toBeLessThan(SLOW_MS)
    // The edits reach deep enough to be worth something.
    const reached = [...outcomes].filter(([, count]) => count > 5).map(([outcome]) => outcome)
    for (const outcome of [
      'damaged ok',
      'damaged TOKEN_MALFORMED',
      'damaged SIGNATURE_INVALID',
      'damaged DISCLOSURE_INVALID',
      'damaged CHAIN_BROKEN',
      'damaged PARENT_GRANT_HIDDEN',
      'unsigned SIGNATURE_INVALID',
      'byTheWrongKey SIGNATURE_INVALID',
      'underAnOldGesture GESTURE_INVALID',
      'byTheHolder ok',
      'byTheHolder WIDENED',
      'byTheHolder GRANT_INVALID',
      'byTheHolder STATEMENT_INVALID',
      'byTheHolder DISCLOSURE_INVALID',
    ])
      expect(reached).toContain(outcome)
    if (process.env.FUZZ_REPORT !== undefined)
      process.stdout.write(
        `${JSON.stringify(Object.fromEntries(outcomes))} slowest ${slowest[0]?.elapsed_ms} ms, ${slowest.map(({ text }) => cost_ms(text)).sort((a, b) => b - a)[0]} ms alone\n`,
      )
  },
  ALL_MS_MAX,
)
