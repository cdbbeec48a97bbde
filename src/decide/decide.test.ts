import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  digestOf,
  FILES,
  grantsOf,
  MAIL,
  NOW_MS,
  NOW_S,
  REV,
  segmentsIn,
  World,
} from '../../test/fixtures/tokens.ts'
import type { JsonObject } from '../core/json.ts'
import { UNLABELLED } from '../core/label.ts'
import type { Freshness } from '../log/receipt.ts'
import type { Grant, Limit } from '../token/grant.ts'
import { chainText } from '../token/presentation.ts'
import type { Handle } from '../token/handles.ts'
import type { VerifiedChain } from '../token/verify.ts'
import { decide, isNamed, NO_KILLS, standing, type DecideInput } from './decide.ts'
import { explain, REASONS, type Reason } from './reasons.ts'

const w = new World()
const BOUND_MS = 2000
const FRESH: Freshness = { epoch: 1, head: 3, t: NOW_MS, age_ms: 100 }
const HASH = digestOf('definition')

function verified(text: string): VerifiedChain {
  const result = w.verify(text)
  if (!result.ok) throw new Error(result.reason)
  return result.chain
}
const view = (revoked: readonly Handle[] = [], freshness: Freshness | null = FRESH) => ({
  isRevoked: (handle: Handle) =>
    revoked.some((each) => each.kind === handle.kind && each.handle === handle.handle),
  freshness: () => freshness,
})
const chain = verified(w.hop(w.root(), 'agent-1', 'agent-2'))
const last = chain.delegations.at(-1)!
const input = (edit: Partial<DecideInput> = {}): DecideInput => ({
  chain,
  kills: NO_KILLS,
  server: 'files',
  tool: 'read',
  args: { path: '/data/a' },
  definition_hash: HASH,
  registration: null,
  revocations: view(),
  bound_ms: BOUND_MS,
  now_ms: NOW_MS,
  ...edit,
})
const reasons = (edit: Partial<DecideInput>): readonly Reason[] | 'allow' => {
  const verdict = decide(input(edit))
  return verdict.decision === 'allow' ? 'allow' : verdict.reasons
}
/** A chain of one root grant, and what the call weighs. */
const withLimits = (
  limits: Limit[],
  amount: unknown,
  measures = { eur: { path: '/n', of: 'number', unit: 'c' } as const },
) =>
  decide(
    input({
      chain: verified(w.root({ grants: [{ ...FILES, limits }] })),
      args: { path: '/data/a', n: amount as number },
      registration: { definition_hash: HASH, measures },
    }),
  )

describe('an allow', () => {
  test('names the grant and what to reserve under the grants of every ancestor', () => {
    const [child] = [...last.grants.keys()]
    const [parent] = [...chain.delegations[0].grants.keys()]
    const day = {
      iss: chain.iss,
      measure: 'calls',
      unit: '1',
      per: 'day',
      amount: 1,
      max: 100,
    }
    expect(decide(input())).toEqual({
      decision: 'allow',
      grant: child,
      reservations: [
        { jti: last.jti, grant: child, ...day },
        { jti: chain.delegations[0].jti, grant: parent, ...day },
      ],
      bound_ms: 2000,
      freshness: input().revocations.freshness(),
    })
  })

  test('reserves nothing for limits of one call', () => {
    expect(withLimits([{ measure: 'eur', unit: 'c', max: 5, per: 'call' }], 5)).toMatchObject({
      decision: 'allow',
      reservations: [],
    })
  })

  test('comes from the first grant that allows, though one before it does not', () => {
    const narrow: Grant = { ...FILES, constraints: { path: { in: ['/data/x'] } } }
    const two = verified(w.root({ grants: [narrow, FILES] }))
    expect(decide(input({ chain: two }))).toMatchObject({
      decision: 'allow',
      grant: [...two.delegations[0].grants.keys()][1],
    })
  })

  test('is for every tool of a server where the grant says "*"', () => {
    expect(reasons({ server: 'mail', tool: 'anything', args: {} })).toBe('allow')
  })

  test('does not need a registration, unless a limit does', () => {
    expect(reasons({ definition_hash: null })).toBe('allow')
    expect(reasons({ registration: { definition_hash: HASH, measures: {} } })).toBe('allow')
  })
})

describe('a denial', () => {
  test.each<[Reason, Partial<DecideInput>]>([
    ['NO_MATCHING_GRANT', { server: 'other' }],
    ['NO_MATCHING_GRANT', { tool: 'delete' }],
    ['NO_MATCHING_GRANT', { tool: '*' }],
    ['NO_MATCHING_GRANT', { tool: 'READ' }],
    ['CONSTRAINT_VIOLATED', { args: { path: '/etc/passwd' } }],
    ['CONSTRAINT_VIOLATED', { args: { path: '/data/../etc/passwd' } }],
    ['CONSTRAINT_VIOLATED', { args: {} }],
    ['CONSTRAINT_VIOLATED', { args: { path: ['/data/a', '/etc/passwd'] } }],
    ['TOOL_CHANGED', { registration: { definition_hash: digestOf('old'), measures: {} } }],
    ['TOOL_CHANGED', { definition_hash: null, registration: { definition_hash: HASH, measures: {} } }],
    ['STALE_REVOCATION', { revocations: view([], null) }],
    ['STALE_REVOCATION', { revocations: view([], { ...FRESH, age_ms: BOUND_MS + 1 }) }],
    ['EXPIRED', { now_ms: (NOW_S + 3600) * 1000 }],
  ])('is %s for %j', (reason, edit) => {
    expect(reasons(edit)).toEqual([reason])
  })

  test('is not yet due at exactly the bound', () => {
    expect(reasons({ revocations: view([], { ...FRESH, age_ms: BOUND_MS }) })).toBe('allow')
    expect(reasons({ bound_ms: 0, revocations: view([], { ...FRESH, age_ms: 0 }) })).toBe('allow')
    expect(reasons({ now_ms: (NOW_S + 3600) * 1000 - 1 })).toBe('allow')
  })

  test('is REVOKED for every handle of the root and of each hop', () => {
    expect(chain.handles).toHaveLength(9)
    for (const handle of chain.handles) expect(reasons({ revocations: view([handle]) })).toEqual(['REVOKED'])
    expect(reasons({ revocations: view([{ kind: 'agent', handle: REV }]) })).toBe('allow') // the kind counts too
  })

  test('is REVOKED for a version of a tool, and asked again before the call goes out', () => {
    const asked: string[][] = []
    const revocations = {
      ...view(),
      isToolRevoked: (...version: string[]) => asked.push(version) > 0,
    }
    expect(reasons({ revocations })).toEqual(['REVOKED'])
    expect(standing(input({ revocations }), input())).toEqual(['REVOKED'])
    expect(asked).toEqual([
      ['files', 'read', HASH],
      ['files', 'read', HASH],
    ])
    expect(standing(input({ revocations }), null)).toEqual([]) // no call, no tool
    expect(standing(input({ revocations }), { ...input(), definition_hash: null })).toEqual([])
  })

  test('tells everything that is wrong with the state at once', () => {
    const all = { revocations: view([chain.handles[0]!], null), now_ms: (NOW_S + 9999) * 1000 }
    expect(reasons(all)).toEqual(['REVOKED', 'STALE_REVOCATION', 'EXPIRED'])
    expect(standing(input(all), null)).toEqual(['REVOKED', 'STALE_REVOCATION', 'EXPIRED'])
  })

  test('is KILLED before any other reason, also when the state is stale and the chain revoked', () => {
    const asked: unknown[] = []
    const kills = {
      active: true,
      stops: (call: unknown) => {
        asked.push(call)
        return true
      },
    }
    const worst = { kills, revocations: view([chain.handles[0]!], null), now_ms: (NOW_S + 9999) * 1000 }
    const registration = { system: 'sys_a', definition_hash: HASH, measures: {} }
    expect(reasons({ ...worst, registration, systems: ['sys_b'] })).toEqual(['KILLED'])
    expect(standing(input({ ...worst, systems: ['sys_b'] }), null)).toEqual(['KILLED'])
    const agents = chain.delegations.map(({ agent }) => ({ id: agent.id, class: agent.class }))
    expect(agents).toHaveLength(2)
    expect(asked).toEqual([
      { server: 'files', systems: ['sys_a'], agents },
      { server: null, systems: ['sys_b'], agents },
    ])
  })

  test('names the grant that came nearest', () => {
    expect(decide(input({ args: {} }))).toMatchObject({ grant: [...last.grants.keys()][0] })
    expect(decide(input({ server: 'other' }))).toMatchObject({ grant: null })
  })

  test('is EXPIRED with the agent statement of a hop, though the delegation lives on', () => {
    const statement = w.statement('agent-2', { exp: NOW_S + 10 })
    const short = verified(w.hop(w.root(), 'agent-1', 'agent-2', { statement }))
    expect(reasons({ chain: short })).toBe('allow')
    expect(reasons({ chain: short, now_ms: (NOW_S + 10) * 1000 })).toEqual(['EXPIRED'])
  })
})

describe('limits', () => {
  const eur = (max: number, per: Limit['per']): Limit => ({ measure: 'eur', unit: 'c', max, per })

  test('of one call hold up to and including the maximum', () => {
    expect(withLimits([eur(5, 'call')], 5)).toMatchObject({ decision: 'allow' })
    expect(withLimits([eur(5, 'call')], 6)).toMatchObject({ reasons: ['LIMIT_PER_CALL'] })
  })

  test('over time deny at once what alone is too much, and else are reserved', () => {
    expect(withLimits([eur(5, 'day')], 6)).toMatchObject({ reasons: ['LIMIT_EXCEEDED'] })
    expect(withLimits([eur(5, 'hour'), eur(9, 'day'), eur(20, 'delegation')], 5)).toMatchObject({
      reservations: [
        { per: 'hour', amount: 5, max: 5 },
        { per: 'day', amount: 5, max: 9 },
        { per: 'delegation', amount: 5, max: 20 },
      ],
    })
  })

  test.each([[undefined], [-1], [0.5], ['5'], [[5]]])('deny what cannot be measured: %j', (amount) => {
    expect(withLimits([eur(5, 'day')], amount)).toMatchObject({ reasons: ['MEASURE_UNKNOWN'] })
  })

  test('deny a tool that has no such measure, or no registration', () => {
    expect(withLimits([eur(5, 'day')], 1, {} as never)).toMatchObject({ reasons: ['MEASURE_UNKNOWN'] })
    const one = verified(w.root({ grants: [{ ...FILES, limits: [eur(5, 'call')] }] }))
    expect(reasons({ chain: one })).toEqual(['MEASURE_UNKNOWN'])
  })

  test('of a parent hold though the child has tighter ones', () => {
    const root = w.root()
    const [files] = grantsOf(w.crypto, root)
    const tight = {
      ...files!.grant,
      from: files!.digest,
      limits: [{ measure: 'calls', unit: '1', max: 1, per: 'day' as const }],
    }
    const verdict = decide(input({ chain: verified(w.hop(root, 'agent-1', 'agent-2', { grants: [tight] })) }))
    expect(verdict.decision === 'allow' && verdict.reservations.map(({ max }) => max)).toEqual([1, 100])
  })

  test('of nine delegations are all reserved, and fit a receipt', () => {
    const limits = Array.from({ length: 14 }, (_, i): Limit => ({
      measure: 'eur',
      unit: 'c',
      max: 10 + i,
      per: 'day',
    })).map((each, i) => ({ ...each, measure: `m${i}` }))
    const measures = Object.fromEntries(
      limits.map(({ measure }) => [measure, { path: '/n', of: 'number', unit: 'c' } as const]),
    )
    const deep = verified(w.chain(8, { grants: [{ ...FILES, limits }] }))
    const verdict = decide(
      input({
        chain: deep,
        args: { path: '/data/a', n: 1 },
        registration: { definition_hash: HASH, measures },
      }),
    )
    expect(verdict.decision === 'allow' && verdict.reservations.length).toBe(126)
  })
})

describe('a name in another case', () => {
  const under = (grant: Partial<Grant>, args: JsonObject, resources: readonly string[] = []) =>
    reasons({
      chain: verified(w.root({ grants: [{ ...FILES, constraints: {}, ...grant }] })),
      args,
      registration: { definition_hash: HASH, measures: {}, resources },
    })

  test('does not slip past a constraint', () => {
    const forbidden = { constraints: { recursive: { forbidden: true } } } as const
    expect(under(forbidden, { Recursive: true })).toEqual(['CONSTRAINT_VIOLATED'])
    const optional = { constraints: { path: { glob: 'pub/**', required: false } } } as const
    expect(under(optional, { Path: '/etc/shadow' })).toEqual(['CONSTRAINT_VIOLATED'])
  })

  test('does not slip past the resources', () => {
    const granted = { resources: ['pub/**'] }
    const pointers = ['/source', '/destination']
    expect(under(granted, { source: 'pub/a', destination: 'pub/b' }, pointers)).toBe('allow')
    expect(under(granted, { source: 'pub/a', Destination: '/etc/x' }, pointers)).toEqual(['RESOURCE_UNKNOWN'])
    const twins = { o: { path: 'pub/a', Path: '/etc/x' } }
    expect(under(granted, twins, ['/o/path'])).toEqual(['RESOURCE_UNKNOWN'])
  })
})

describe('resources (GRT-6)', () => {
  const granted = verified(
    w.root({ grants: [{ ...FILES, constraints: {}, resources: ['/data/**', 's3://a/*'] }] }),
  )
  const touching = (args: JsonObject, resources: readonly string[] | undefined = ['/path', '/more']) =>
    reasons({
      chain: granted,
      args,
      registration: { definition_hash: HASH, measures: {}, ...(resources && { resources }) },
    })

  test('are the values at the pointers of the registration, and each is granted', () => {
    expect(touching({ path: '/data/a' })).toBe('allow')
    expect(touching({ path: ['/data/a', 's3://a/b'], more: '/data/c' })).toBe('allow')
    expect(touching({ path: '/data/a', more: '/etc/passwd' })).toEqual(['RESOURCE_NOT_GRANTED'])
    expect(touching({ path: ['/data/a', '/data/../etc'] })).toEqual(['RESOURCE_NOT_GRANTED'])
    expect(touching({ path: '/data/a', elsewhere: '/etc/passwd' })).toBe('allow') // not a resource, says the registration
  })

  test('that cannot be found deny', () => {
    expect(touching({})).toEqual(['RESOURCE_UNKNOWN'])
    expect(touching({ path: [] })).toEqual(['RESOURCE_UNKNOWN'])
    expect(touching({ path: '/data/a', more: 7 })).toEqual(['RESOURCE_UNKNOWN'])
    expect(touching({ path: [['/data/a']] })).toEqual(['RESOURCE_UNKNOWN'])
    expect(touching({ path: '/data/a' }, [])).toEqual(['RESOURCE_UNKNOWN'])
    expect(reasons({ chain: granted })).toEqual(['RESOURCE_UNKNOWN']) // no registration
  })

  test('are not asked where the grant names none', () => {
    expect(reasons({ registration: { definition_hash: HASH, measures: {}, resources: ['/path'] } })).toBe(
      'allow',
    )
  })
})

describe('labels (GRT-7)', () => {
  test.each<[Partial<Grant>, readonly Reason[] | 'allow']>([
    [{ clearance: 'restricted' }, 'allow'],
    [{ clearance: 'confidential' }, ['CLEARANCE_EXCEEDED']],
    [{ clearance: 'public' }, ['CLEARANCE_EXCEEDED']],
    [{ clearance: 'restricted', categories: ['contact'] }, ['CATEGORY_NOT_GRANTED']],
    [{ categories: [] }, ['CATEGORY_NOT_GRANTED']],
  ])('are as strict as can be for a tool that has none: %j is %j', (edit, answer) => {
    expect(reasons({ chain: verified(w.root({ grants: [{ ...FILES, ...edit }] })) })).toEqual(answer)
  })
})

describe('the bound of a grant (GRT-9)', () => {
  const aged = (age_ms: number) => view([], { ...FRESH, age_ms })
  const bounded = (...bounds: (number | undefined)[]): VerifiedChain =>
    verified(
      w.root({
        grants: bounds.map((bound) => (bound === undefined ? FILES : { ...FILES, actions: ['read'], bound })),
      }),
    )

  test("replaces the point's, shorter or longer", () => {
    const answer = (bound: number, age_ms: number) =>
      reasons({ chain: bounded(bound), revocations: aged(age_ms) })
    expect(answer(1, 1000)).toBe('allow')
    expect(answer(1, 1001)).toEqual(['STALE_REVOCATION'])
    expect(answer(9, 9000)).toBe('allow')
    expect(answer(9, 9001)).toEqual(['STALE_REVOCATION'])
    expect(decide(input({ chain: bounded(9) }))).toMatchObject({ decision: 'allow', bound_ms: 9000 })
  })

  test('is asked grant by grant: one that is stale leaves room for one that is not', () => {
    const both = bounded(1, 9)
    expect(decide(input({ chain: both, revocations: aged(5000) }))).toMatchObject({
      decision: 'allow',
      grant: [...both.delegations[0].grants.keys()][1],
      bound_ms: 9000,
    })
    expect(reasons({ chain: bounded(undefined, 1), revocations: aged(1500) })).toBe('allow')
    expect(reasons({ chain: bounded(1, undefined), revocations: aged(2001) })).toEqual(['STALE_REVOCATION'])
  })

  test('is the smallest along the ancestors', () => {
    const root = w.root({ grants: [{ ...FILES, bound: 9 }] })
    const [parent] = grantsOf(w.crypto, root)
    const hop = (bound: number): VerifiedChain =>
      verified(w.hop(root, 'agent-1', 'agent-2', { grants: [{ ...FILES, from: parent!.digest, bound }] }))
    expect(reasons({ chain: hop(3), revocations: aged(3000) })).toBe('allow')
    expect(reasons({ chain: hop(3), revocations: aged(3001) })).toEqual(['STALE_REVOCATION'])
    const widened = hop(9)
    const [first, last] = widened.delegations
    const lie = new Map([...first.grants].map(([digest, grant]) => [digest, { ...grant, bound: 2 }]))
    const chain = { ...widened, delegations: [{ ...first, grants: lie }, last!] } as VerifiedChain
    expect(reasons({ chain, revocations: aged(2001) })).toEqual(['STALE_REVOCATION'])
  })
})

describe('a chain that verification should not have let through', () => {
  /** Faults of ours, made by hand: no such chain verifies. */
  const broken = (parentGrant: Grant | null): VerifiedChain => {
    const [digest, grant] = [...last.grants][0]!
    const [root, hop] = chain.delegations
    const grants = new Map(parentGrant === null ? [] : [[grant.from!, parentGrant]])
    return {
      ...chain,
      delegations: [
        { ...root, grants },
        { ...hop!, grants: new Map([[digest, grant]]) },
      ],
    }
  }

  test('does not become an action: ancestors are asked too', () => {
    expect(reasons({ chain: broken(null) })).toEqual(['PARENT_GRANT_HIDDEN'])
    expect(reasons({ chain: broken(MAIL) })).toEqual(['NO_MATCHING_GRANT'])
    expect(reasons({ chain: broken({ ...FILES, constraints: { path: { in: ['/other'] } } }) })).toEqual([
      'CONSTRAINT_VIOLATED',
    ])
    const [digest, { from: _, ...orphan }] = [...last.grants][0]!
    const [root, hop] = chain.delegations
    expect(
      reasons({ chain: { ...chain, delegations: [root, { ...hop!, grants: new Map([[digest, orphan]]) }] } }),
    ).toEqual(['PARENT_GRANT_HIDDEN'])
  })
})

test('a tool is visible when a grant of the last delegation names it', () => {
  expect(isNamed(chain, 'files', 'read')).toBe(true)
  expect(isNamed(chain, 'files', 'delete')).toBe(false)
  expect(isNamed(chain, 'mail', 'x')).toBe(true)
  const hidden = verified(chainText(segmentsIn(w.root()).map((segment) => ({ ...segment, disclosures: [] }))))
  expect(isNamed(hidden, 'files', 'read')).toBe(false)
})

test('deciding is pure: the same question has the same answer, and nothing is changed', () => {
  const freeze = (value: unknown): void => {
    if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return
    Object.freeze(value)
    for (const each of value instanceof Map ? value.values() : Object.values(value)) freeze(each)
  }
  fc.assert(
    fc.property(
      fc.constantFrom('files', 'mail', 'other'),
      fc.constantFrom('read', 'write', 'x'),
      fc.dictionary(fc.constantFrom('path', 'n'), fc.constantFrom<string | number>('/data/a', '/etc', 1)),
      fc.boolean(),
      (server, tool, args, stale) => {
        const question = input({ server, tool, args, revocations: view([], stale ? null : FRESH) })
        freeze(question)
        const before = JSON.stringify(question)
        expect(decide(question)).toEqual(decide(question))
        expect(JSON.stringify(question)).toBe(before)
      },
    ),
  )
})

test('every reason says what happened and what to do, and nothing but its own code', () => {
  for (const reason of Object.keys(REASONS) as Reason[]) {
    expect(explain(reason)).toMatch(new RegExp(`^${reason}: .+\\. What to do: .+\\.$`))
  }
})

describe('of an agent that is overseen', () => {
  const overseen = (agent: string) => ({ ...view(), isOverseen: (each: string) => each === agent })
  const label = (effect: 'none' | 'internal') => ({
    definition_hash: HASH,
    measures: {},
    label: { ...UNLABELLED, effect },
  })
  const agents = chain.delegations.map(({ agent }) => agent.id)

  test.each(agents)(
    'a call that may have an effect asks a person, whoever of the chain it is: %s',
    (agent) => {
      const revocations = overseen(agent)
      expect(reasons({ revocations })).toEqual(['OVERSIGHT'])
      expect(reasons({ revocations, registration: label('internal') })).toEqual(['OVERSIGHT'])
      expect(reasons({ revocations, registration: label('none') })).toBe('allow')
      expect(decide(input({ revocations })).decision).toBe('step_up')
    },
  )

  test('it goes out once it is approved, and what is denied stays denied', () => {
    const revocations = overseen(agents[0] ?? '')
    const verdict = decide(input({ revocations }))
    expect(
      reasons({ revocations, approved: verdict.decision === 'allow' ? '' : (verdict.grant ?? '') }),
    ).toBe('allow')
    expect(reasons({ revocations, tool: 'erase' })).toEqual(['NO_MATCHING_GRANT'])
  })
})
