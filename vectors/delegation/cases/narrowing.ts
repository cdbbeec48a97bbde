/** NRW-1 to NRW-8: a hop lies within what it comes from. vectors/grants has many more of single grants. @module */
import { AUD, FILES, grantsOf, NOW_S, type World } from '../../../test/fixtures/tokens.ts'
import type { Grant, Rule } from '../../../src/token/grant.ts'
import { bad, good, hopWith, type Case } from './case.ts'

export const BASE: Grant = { type: 'tool', server: 'files', actions: ['read'] }
const DAY = { measure: 'size', unit: 'byte', max: 10, per: 'day' } as const

/** A root with one grant and a hop with one. Members that are undefined are left out. */
function narrowed(w: World, parent: Partial<Grant>, child: Partial<Grant>): string {
  const root = w.root({ grants: [{ ...BASE, ...parent }] })
  return w.hop(root, 'agent-1', 'agent-2', {
    grants: [{ ...BASE, ...child, from: grantsOf(w.crypto, root)[0]!.digest }],
  })
}
const rule = (each: Rule): Partial<Grant> => ({ constraints: { path: each } })

export type Pair = readonly [name: string, description: string, parent: Partial<Grant>, child: Partial<Grant>]

export const WITHIN: readonly Pair[] = [
  ['actions-of-all', 'One tool of all', { actions: ['*'] }, { actions: ['send'] }],
  ['actions-all-of-all', 'All tools of all', { actions: ['*'] }, { actions: ['*'] }],
  [
    'everything-added',
    'Members that the parent has not',
    {},
    {
      ...FILES,
      actions: ['read'],
      resources: ['/a'],
      clearance: 'restricted',
      categories: [],
      purposes: ['p'],
    },
  ],
  [
    'resources',
    'Fewer resources',
    { resources: ['/data/**', '/home/*'] },
    { resources: ['/data/a/*', '/data/b'] },
  ],
  [
    'resources-scheme',
    'Resources of the same scheme',
    { resources: ['file:///data/**'] },
    { resources: ['file:///data/a'] },
  ],
  ['pattern', 'A pattern within another', rule({ pattern: '[a-z]*' }), rule({ pattern: '[a-c]{1,3}' })],
  [
    'pattern-language',
    'A pattern of the same language, spelled otherwise',
    rule({ pattern: '[ab]' }),
    rule({ pattern: 'a|b' }),
  ],
  [
    'pattern-values',
    'Values that the pattern matches',
    rule({ pattern: '[a-c]+' }),
    rule({ in: ['a', 'abc'] }),
  ],
  [
    'glob-values',
    'Values that the glob matches',
    rule({ glob: '/data/**' }),
    rule({ in: ['/data', '/data/a/b'] }),
  ],
  ['values', 'Fewer values', rule({ in: ['a', 'b', 1] }), rule({ in: [1, 'a'] })],
  [
    'values-excluded',
    'A value that the child excludes itself',
    rule({ max: 2 }),
    rule({ in: [1, 9], max: 2 }),
  ],
  ['min-max', 'A smaller range', rule({ min: 1, max: 9 }), rule({ min: 2, max: 9 })],
  ['optional', 'What may be absent must be there', rule({ in: ['a'], required: false }), rule({ in: ['a'] })],
  [
    'optional-forbidden',
    'What may be absent must be',
    rule({ in: ['a'], required: false }),
    rule({ forbidden: true }),
  ],
  ['forbidden', 'What is forbidden stays so', rule({ forbidden: true }), rule({ forbidden: true })],
  ['required', 'What must be there gets a rule', rule({ required: true }), rule({ glob: '/a' })],
  [
    'limit-longer',
    'A limit over a longer period',
    { limits: [DAY] },
    { limits: [{ ...DAY, per: 'delegation' }] },
  ],
  [
    'limit-of-call-by-day',
    'A limit of a day where the parent has one of a call',
    { limits: [{ ...DAY, per: 'call' }] },
    { limits: [DAY] },
  ],
  [
    'limit-added',
    'A lower limit and one more',
    { limits: [DAY] },
    {
      limits: [
        { ...DAY, max: 0 },
        { ...DAY, per: 'call' },
      ],
    },
  ],
  ['clearance', 'A lower clearance', { clearance: 'confidential' }, { clearance: 'public' }],
  ['categories', 'Fewer categories', { categories: ['a', 'b'] }, { categories: ['b'] }],
  ['categories-none', 'No category', { categories: ['a'] }, { categories: [] }],
  ['purposes', 'Fewer purposes', { purposes: ['a', 'b'] }, { purposes: ['a'] }],
  ['ask', 'A grant that asks, as its parent does', { ask: true }, { ask: true }],
  ['ask-added', 'A grant that asks where its parent does not', {}, { ask: true }],
  ['bound', 'A shorter bound', { bound: 9 }, { bound: 8 }],
  ['bound-same', 'The same bound', { bound: 9 }, { bound: 9 }],
]

export const WIDER: readonly Pair[] = [
  ['action-all', 'All tools where one was granted', {}, { actions: ['*'] }],
  ['resources-missing', 'Resources left out', { resources: ['/data/**'] }, {}],
  [
    'resources-outside',
    'A resource outside',
    { resources: ['/data/*'] },
    { resources: ['/data/a', '/data/a/b'] },
  ],
  [
    'resources-double-star',
    '"**" where "*" was granted',
    { resources: ['/data/*'] },
    { resources: ['/data/**'] },
  ],
  [
    'resources-scheme-added',
    'A scheme where none was granted',
    { resources: ['**'] },
    { resources: ['file:///a'] },
  ],
  [
    'resources-scheme-dropped',
    'No scheme where one was granted',
    { resources: ['file:///**'] },
    { resources: ['/a'] },
  ],
  ['resources-scheme-other', 'Another scheme', { resources: ['file:///**'] }, { resources: ['https:///a'] }],
  ['constraint-missing', 'A constraint left out', rule({ in: ['a'] }), { constraints: {} }],
  [
    'constraint-elsewhere',
    'The constraint on another argument',
    rule({ in: ['a'] }),
    { constraints: { file: { in: ['a'] } } },
  ],
  ['value-added', 'One more value', rule({ in: ['a'] }), rule({ in: ['a', 'b'] })],
  ['value-type', 'The text of a number', rule({ in: [1] }), rule({ in: ['1'] })],
  [
    'values-by-glob',
    'A glob where values were granted, though it matches just that',
    rule({ in: ['a'] }),
    rule({ glob: 'a' }),
  ],
  ['glob-by-pattern', 'A pattern where a glob was granted', rule({ glob: 'a' }), rule({ pattern: 'a' })],
  [
    'pattern-outside',
    'A pattern that matches more',
    rule({ pattern: '[a-c]+' }),
    rule({ pattern: '[a-d]+' }),
  ],
  [
    'pattern-empty-value',
    'A pattern that matches nothing as well',
    rule({ pattern: 'a+' }),
    rule({ pattern: 'a*' }),
  ],
  ['pattern-missing', 'A glob where a pattern was granted', rule({ pattern: '.*' }), rule({ glob: 'a' })],
  [
    'pattern-too-complex',
    'A pattern of which it cannot be shown within 10,000 pairs (NRW-8)',
    rule({ pattern: '(a|b)*a(a|b){14}' }),
    rule({ pattern: '(a|b)*a(a|b){14}' }),
  ],
  ['min', 'A smaller least', rule({ min: 1 }), rule({ min: 0 })],
  ['max-missing', 'A most left out', rule({ min: 1, max: 2 }), rule({ min: 1 })],
  ['optional', 'What must be there may be absent', rule({ in: ['a'] }), rule({ in: ['a'], required: false })],
  [
    'required',
    'What must be there, and may be anything, may be absent',
    rule({ required: true }),
    rule({ in: ['a'], required: false }),
  ],
  [
    'forbidden-under-required',
    'What must be there is forbidden',
    rule({ in: ['a'] }),
    rule({ forbidden: true }),
  ],
  ['forbidden', 'What is forbidden is there', rule({ forbidden: true }), rule({ in: ['a'] })],
  [
    'limit-shorter',
    'A limit over a shorter period',
    { limits: [DAY] },
    { limits: [{ ...DAY, per: 'hour' }] },
  ],
  ['limit-unit', 'A limit in another unit', { limits: [DAY] }, { limits: [{ ...DAY, unit: 'kB' }] }],
  [
    'limit-measure',
    'A limit of another measure',
    { limits: [DAY] },
    { limits: [{ ...DAY, measure: 'calls' }] },
  ],
  ['clearance', 'A higher clearance', { clearance: 'internal' }, { clearance: 'confidential' }],
  ['clearance-missing', 'A clearance left out', { clearance: 'internal' }, {}],
  ['categories', 'One more category', { categories: ['a'] }, { categories: ['a', 'b'] }],
  ['categories-missing', 'Categories left out', { categories: ['a'] }, {}],
  ['purposes', 'One more purpose', { purposes: ['a'] }, { purposes: ['a', 'b'] }],
  ['purposes-missing', 'Purposes left out', { purposes: [] }, {}],
  ['ask-missing', 'A grant that does not ask where its parent does', { ask: true }, {}],
  ['bound', 'A longer bound', { bound: 9 }, { bound: 10 }],
  ['bound-missing', 'A bound left out', { bound: 9 }, {}],
  ['bound-added', 'A bound where the parent has none', {}, { bound: 1 }],
]

/** Edits of the grant of files, as a hop has it. */
const EDITS: readonly (readonly [name: string, description: string, edit: Partial<Grant>])[] = [
  ['server', 'Another server', { server: 'mail' }],
  ['action', 'One more action', { actions: ['read', 'delete'] }],
  ['constraint', 'A wider glob', { constraints: { path: { glob: '/**' } } }],
  ['limit', 'A higher limit', { limits: [{ ...FILES.limits![0]!, max: 101 }] }],
  ['limit-missing', 'A limit left out', { limits: [] }],
]

const hop = (w: World, edit: Parameters<World['hop']>[3]): string =>
  w.hop(w.root(), 'agent-1', 'agent-2', edit)

export const narrowing: readonly Case[] = [
  good([2, 1], 'one-hop-narrowed', 'A hop with fewer actions, a tighter glob and a lower limit', (w) => {
    const root = w.root()
    const [files] = grantsOf(w.crypto, root)
    const limits = [{ ...FILES.limits![0]!, max: 5 }]
    const grant = {
      ...FILES,
      from: files!.digest,
      actions: ['read'],
      constraints: { path: { glob: '/data/a/*' } },
      limits,
    }
    return w.hop(root, 'agent-1', 'agent-2', { grants: [grant], exp: NOW_S + 60, depth_max: 1 })
  }),
  ...WITHIN.map(([name, description, parent, child]) =>
    good([1, 1], `within-${name}`, description, (w) => narrowed(w, parent, child)),
  ),
  good([1, 2], 'within-one-parent', 'Two grants of one parent', (w) => {
    const root = w.root({ grants: [FILES] })
    const from = grantsOf(w.crypto, root)[0]!.digest
    return w.hop(root, 'agent-1', 'agent-2', {
      grants: ['read', 'write'].map((action) => ({ ...FILES, from, actions: [action] })),
    })
  }),
  good([2, 2], 'within-bounds', 'A later start, an earlier end, one audience of two', (w) =>
    w.hop(w.root({ aud: ['pnt_other', AUD] }), 'agent-1', 'agent-2', {
      nbf: NOW_S + 1,
      exp: NOW_S + 2,
      aud: [AUD],
      depth_max: 1,
    }),
  ),
  bad('AUDIENCE_MISMATCH', 'audience-of-root-only', 'The root is for this point, its hop is not', (w) =>
    w.hop(w.root({ aud: ['pnt_other', AUD] }), 'agent-1', 'agent-2', { aud: ['pnt_other'] }),
  ),
  ...EDITS.map(([name, description, edit]) =>
    bad('WIDENED', `widened-${name}`, description, (w) => {
      const root = w.root()
      const [files] = grantsOf(w.crypto, root)
      return w.hop(root, 'agent-1', 'agent-2', { grants: [{ ...FILES, from: files!.digest, ...edit }] })
    }),
  ),
  ...WIDER.map(([name, description, parent, child]) =>
    bad('WIDENED', `widened-${name}`, description, (w) => narrowed(w, parent, child)),
  ),
  bad(
    'WIDENED',
    'trap-widened-by-hand',
    'Two hops that are good alone: the second takes back what the first gave up',
    (w) => {
      const root = w.root()
      const [files] = grantsOf(w.crypto, root)
      const narrow = w.hop(root, 'agent-1', 'agent-2', {
        grants: [{ ...FILES, from: files!.digest, actions: ['read'] }],
      })
      const [only] = grantsOf(w.crypto, narrow)
      return w.hop(narrow, 'agent-2', 'agent-3', { grants: [{ ...FILES, from: only!.digest }] })
    },
  ),
  bad('WIDENED', 'widened-exp', 'A hop that outlives its root', (w) =>
    w.hop(w.root(), 'agent-1', 'agent-2', { exp: NOW_S + 3601 }),
  ),
  bad('WIDENED', 'widened-nbf', 'A hop that starts before its root', (w) => hop(w, { nbf: NOW_S - 1 })),
  bad('WIDENED', 'widened-audience', 'One more audience', (w) =>
    w.hop(w.root(), 'agent-1', 'agent-2', { aud: [AUD, 'pnt_other'] }),
  ),
  bad('WIDENED', 'widened-depth', 'A hop where none was allowed', (w) =>
    w.hop(w.root({ depth_max: 0 }), 'agent-1', 'agent-2', { depth_max: 0 }),
  ),
  bad('WIDENED', 'widened-depth-max', 'A hop that allows more hops than its root', (w) =>
    hop(w, { depth_max: 4 }),
  ),
  bad('WIDENED', 'widened-depth-skipped', 'A hop that counts itself as the second', (w) =>
    hopWith(w, { depth: 2 }),
  ),
  bad('WIDENED', 'widened-depth-same', 'A hop that counts itself as the root', (w) =>
    hopWith(w, { depth: 0 }),
  ),
  good([2, 2], 'within-depth', 'A hop that allows none after it', (w) => hop(w, { depth_max: 1 })),
  bad('WIDENED', 'widened-depth-later', 'A hop after one that allowed none', (w) =>
    w.hop(hop(w, { depth_max: 1 }), 'agent-2', 'agent-3', { depth_max: 1 }),
  ),
  bad('GRANT_INVALID', 'hop-grant-invalid', 'A grant of a hop that is none', (w) =>
    narrowed(w, {}, { bound: 901 }),
  ),
]
