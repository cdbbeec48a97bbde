/** spec/grants.md: what is a grant, and what is none. @module */
import { digestOf, disclosureOf, FILES } from '../../../test/fixtures/tokens.ts'
import type { JsonObject } from '../../../src/core/json.ts'
import { bad, good, rootOf, SALT, withGrant, type Case } from './case.ts'

const BASE = { type: 'tool', server: 'files', actions: ['read'] }
const LIMIT = { measure: 'calls', unit: '1', max: 1, per: 'day' }
const many = <T>(count: number, make: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i))
const arg = (rule: unknown): JsonObject => ({ constraints: { path: rule } }) as JsonObject

type FormCase = readonly [name: string, description: string, grant: object]

const VALID: readonly FormCase[] = [
  [
    'every-member',
    'Every member that there is',
    {
      resources: ['file:///data/**', '/data/*'],
      constraints: {
        path: { glob: '/data/**', required: true },
        mode: { in: ['r', 1, true] },
        name: { pattern: '[a-z]{1,8}(\\.[a-z]+)?' },
        size: { min: 0, max: 1.5, required: false },
        force: { forbidden: true },
      },
      limits: [LIMIT, { measure: 'size', unit: 'byte', max: 0, per: 'call' }],
      clearance: 'internal',
      categories: ['contact'],
      purposes: ['https://w3id.org/dpv#ServiceProvision'],
      bound: 5,
    },
  ],
  [
    'empty-lists',
    'Lists that may be empty are',
    { constraints: {}, limits: [], categories: [], purposes: [] },
  ],
  ['128-actions', 'As many actions as there may be', { actions: many(128, (i) => `tool-${i}`) }],
  ['32-resources', 'As many resources as there may be', { resources: many(32, (i) => `/data/${i}`) }],
  [
    '64-constraints',
    'As many constraints as there may be',
    { constraints: Object.fromEntries(many(64, (i) => [`a${i}`, { in: [i] }])) },
  ],
  [
    '14-limits',
    'As many limits as there may be',
    { limits: many(14, (i) => ({ ...LIMIT, measure: `m${i}` })) },
  ],
  ['256-values', 'As many values as there may be', arg({ in: many(256, (i) => i) })],
  ['value-1024', 'A value of 1,024 characters', arg({ in: ['v'.repeat(1024)] })],
  ['16-terms', 'As many categories as there may be', { categories: many(16, (i) => `c${i}`) }],
  ['glob-32-segments', 'A glob of 32 segments', arg({ glob: many(32, () => 'a').join('/') })],
  ['glob-first-segment-empty', 'A glob that begins with "/"', arg({ glob: '/**' })],
  ['limits-by-period', 'One measure over two periods', { limits: [LIMIT, { ...LIMIT, per: 'delegation' }] }],
  [
    'limits-by-any-period',
    'Every sort of period, and two names of one length',
    {
      limits: [
        'hour',
        'day',
        'week',
        'month',
        'delegation',
        'PT1M',
        'PT527040M',
        'PT60M',
        'PT1H',
        'PT8784H',
        'P1D',
        'P366D',
      ].map((per) => ({
        ...LIMIT,
        per,
      })),
    },
  ],
  ['limits-by-unit', 'One measure in two units', { limits: [LIMIT, { ...LIMIT, unit: 'k' }] }],
  ['ask', 'A grant of which a person approves each call', { ask: true }],
  ['bound-1', 'The shortest bound', { bound: 1 }],
  ['bound-900', 'The longest bound', { bound: 900 }],
  ['pattern-256-positions', 'A pattern of 256 positions', arg({ pattern: '((a{16}){4}){4}' })],
  ['pattern-empty', 'A pattern of nothing', arg({ pattern: '' })],
  ['pattern-caret', '"^" and "$" are characters outside of a class', arg({ pattern: '^a$' })],
  [
    'pattern-class',
    'Classes with ranges, a minus at either end, and escapes',
    arg({ pattern: '[-a-z\\]0-9-]+' }),
  ],
  ['resource-scheme', 'A resource with a scheme, and any path', { resources: ['s3+x.y-z://**'] }],
  ['resource-query', 'A resource with a query', { resources: ['https://h/s?q=*'] }],
  ['in-mixed', 'Values of 1 and "1" and true are three values', arg({ in: [1, '1', true] })],
]

const INVALID: readonly FormCase[] = [
  ['type', 'Another type', { type: 'resource' }],
  ['no-actions', 'No action', { actions: [] }],
  ['129-actions', 'One action too many', { actions: many(129, (i) => `tool-${i}`) }],
  ['action-twice', 'One action twice', { actions: ['read', 'read'] }],
  ['action-star-and-more', '"*" beside another action', { actions: ['*', 'read'] }],
  ['sd-nested', 'An _sd in a grant', { _sd: [digestOf('x')] }],
  ['ellipsis-nested', 'A "..." in a grant', { '...': digestOf('x') }],
  ['argument-sd', 'A constraint on _sd', { constraints: { _sd: { in: ['x'] } } }],
  ['argument-ellipsis', 'A constraint on "..."', { constraints: { '...': { in: ['x'] } } }],
  ['constraints-list', 'Constraints that are a list', { constraints: [{ in: ['x'] }] }],
  [
    '65-constraints',
    'One constraint too many',
    { constraints: Object.fromEntries(many(65, (i) => [`a${i}`, { in: [i] }])) },
  ],
  ['rule-empty', 'A rule of nothing', arg({})],
  ['rule-unknown', 'A rule with a member that is not known', arg({ in: ['x'], not: ['y'] })],
  ['rule-list', 'A rule that is a list of values', arg(['x'])],
  ['in-empty', 'No value', arg({ in: [] })],
  ['in-257', 'One value too many', arg({ in: many(257, (i) => i) })],
  ['in-twice', 'One value twice', arg({ in: ['a', 'b', 'a'] })],
  ['in-null', 'A value that is null', arg({ in: [null] })],
  ['in-list', 'A value that is a list', arg({ in: [['a']] })],
  ['in-1025', 'A value of 1,025 characters', arg({ in: ['v'.repeat(1025)] })],
  ['glob-dots', 'A glob with ".."', arg({ glob: '/data/../**' })],
  ['glob-dots-space', 'A glob with ".." and white space', arg({ glob: '/data/.. /**' })],
  ['glob-dots-parameter', 'A glob with ".." and a parameter', arg({ glob: '/data/..;a/**' })],
  ['glob-dot', 'A glob with "."', arg({ glob: './data' })],
  ['glob-empty-segment', 'A glob with an empty segment', arg({ glob: '/data//a' })],
  ['glob-ends-in-slash', 'A glob that ends in "/"', arg({ glob: '/data/' })],
  ['glob-empty', 'A glob of nothing', arg({ glob: '' })],
  ['glob-backslash', 'A glob with a backslash', arg({ glob: '/data\\a' })],
  ['glob-control', 'A glob with a control character', arg({ glob: '/data\u007f' })],
  ['glob-33-segments', 'A glob of 33 segments', arg({ glob: many(33, () => 'a').join('/') })],
  ['glob-1025', 'A glob of 1,025 characters', arg({ glob: 'g'.repeat(1025) })],
  ['pattern-category', 'A pattern with a category of Unicode', arg({ pattern: '\\p{L}+' })],
  ['pattern-digit', 'A pattern with \\d, which is no I-Regexp', arg({ pattern: '\\d+' })],
  ['pattern-lookahead', 'A pattern with a lookahead', arg({ pattern: '(?=a)a' })],
  ['pattern-lazy', 'A pattern with a lazy quantifier', arg({ pattern: 'a+?' })],
  ['pattern-open', 'A pattern with an open parenthesis', arg({ pattern: '(a' })],
  ['pattern-class-empty', 'A pattern with an empty class', arg({ pattern: '[]' })],
  ['pattern-range-backwards', 'A pattern with a range that runs backwards', arg({ pattern: '[z-a]' })],
  ['pattern-count-0', 'A pattern with a count of {0}', arg({ pattern: 'a{0}b' })],
  ['pattern-count-65', 'A pattern with a count of 65', arg({ pattern: 'a{65}' })],
  ['pattern-count-backwards', 'A pattern with a count that runs backwards', arg({ pattern: 'a{3,2}' })],
  ['pattern-nothing-repeated', 'A quantifier behind nothing', arg({ pattern: '()*' })],
  ['pattern-257-positions', 'A pattern of 257 positions', arg({ pattern: '((a{16}){4}){4}a' })],
  ['pattern-257', 'A pattern of 257 characters', arg({ pattern: 'a'.repeat(257) })],
  ['required-text', 'A "required" that is text', arg({ required: 'false' })],
  ['forbidden-false', 'A "forbidden" that is false', arg({ forbidden: false })],
  ['forbidden-and-more', 'A "forbidden" beside another member', arg({ forbidden: true, in: ['x'] })],
  ['min-text', 'A "min" that is text', arg({ min: '1' })],
  ['15-limits', 'One limit too many', { limits: many(15, (i) => ({ ...LIMIT, measure: `m${i}` })) }],
  ['limit-negative', 'A limit below zero', { limits: [{ ...LIMIT, max: -1 }] }],
  ['limit-fraction', 'A limit that is no integer', { limits: [{ ...LIMIT, max: 0.5 }] }],
  ['limit-period', 'A period that there is not', { limits: [{ ...LIMIT, per: 'year' }] }],
  ...[
    ['zero', 'of nothing', 'PT0M'],
    ['leading-zero', 'with a leading zero', 'PT01H'],
    ['minutes', 'of more than 366 days, in minutes', 'PT527041M'],
    ['hours', 'of more than 366 days, in hours', 'PT8785H'],
    ['days', 'of more than 366 days', 'P367D'],
    ['seconds', 'in seconds', 'PT60S'],
    ['weeks', 'in weeks', 'P1W'],
    ['two-units', 'in two units', 'P1DT1H'],
    ['fraction', 'with a fraction', 'PT1.5H'],
    ['case', 'in lower case', 'p1d'],
    ['line-feed', 'with a line feed behind it', 'P1D\n'],
  ].map(([name, what, per]): FormCase => [
    `limit-sliding-${name}`,
    `A sliding period ${what}`,
    { limits: [{ ...LIMIT, per }] },
  ]),
  ['limit-twice', 'One limit with two maxima', { limits: [LIMIT, { ...LIMIT, max: 2 }] }],
  ['limit-unknown', 'A limit with a member that is not known', { limits: [{ ...LIMIT, soft: true }] }],
  ['resources-empty', 'No resource', { resources: [] }],
  ['33-resources', 'One resource too many', { resources: many(33, (i) => `/data/${i}`) }],
  ['resource-twice', 'One resource twice', { resources: ['/a', '/a'] }],
  ['resource-dots', 'A resource with ".."', { resources: ['file:///data/../etc'] }],
  ['resource-encoded', 'A resource with "%2e"', { resources: ['file:///data/%2e%2e/etc'] }],
  ['resource-encoded-slash', 'A resource with "%2F"', { resources: ['/data%2Fa'] }],
  ['resource-dots-query', 'A resource with ".." before its query', { resources: ['https://h/a/..?b'] }],
  ['resource-user', 'A resource with a user in its authority', { resources: ['https://u@h/**'] }],
  [
    'resource-authority-query',
    'A resource whose authority ends in a query',
    { resources: ['https://h?/**'] },
  ],
  [
    'resource-slash-query',
    'A resource with an empty segment before its query',
    { resources: ['https://h/?a'] },
  ],
  ['resource-scheme-alone', 'A scheme and nothing else', { resources: ['file://'] }],
  ['clearance', 'A clearance that there is not', { clearance: 'secret' }],
  ['category-twice', 'One category twice', { categories: ['a', 'a'] }],
  ['17-categories', 'One category too many', { categories: many(17, (i) => `c${i}`) }],
  ['category-empty', 'A category without a name', { categories: [''] }],
  ['purpose-twice', 'One purpose twice', { purposes: ['a', 'a'] }],
  ['17-purposes', 'One purpose too many', { purposes: many(17, (i) => `p${i}`) }],
  ['ask-false', 'A grant that says that it does not ask', { ask: false }],
  ['ask-text', 'A grant that asks somebody', { ask: 'person' }],
  ['bound-0', 'A bound of no second', { bound: 0 }],
  ['bound-901', 'A bound of more than 900 seconds', { bound: 901 }],
  ['bound-fraction', 'A bound between two seconds', { bound: 1.5 }],
  ['from-short', 'A parent that is no digest', { from: 'x' }],
]

export const grants: readonly Case[] = [
  ...VALID.map(([name, description, edit]) =>
    good([1], `grant-${name}`, description, (w) => withGrant(w, { ...BASE, ...edit })),
  ),
  ...INVALID.map(([name, description, edit]) =>
    bad('GRANT_INVALID', `grant-${name}`, description, (w) => withGrant(w, { ...BASE, ...edit })),
  ),
  bad(
    'GRANT_INVALID',
    'grant-unknown-member',
    'A grant with a member that is not in the specification',
    (w) => withGrant(w, { ...FILES, until: 'x' }),
  ),
  bad('GRANT_INVALID', 'grant-proto', 'A constraint on __proto__, which a parser may lose', (w) =>
    withGrant(
      w,
      JSON.parse(
        '{"type":"tool","server":"s","actions":["a"],"constraints":{"__proto__":{"in":["x"]}}}',
      ) as JsonObject,
    ),
  ),
  bad('GRANT_INVALID', 'grant-proto-member', 'A member __proto__, which a parser may lose', (w) =>
    rootOf(w, [disclosureOf(`["${SALT}",{"type":"tool","server":"s","actions":["a"],"__proto__":{}}]`)]),
  ),
  bad('GRANT_INVALID', 'grant-rule-proto', 'A rule with a member __proto__', (w) =>
    rootOf(w, [
      disclosureOf(
        `["${SALT}",{"type":"tool","server":"s","actions":["a"],"constraints":{"p":{"in":["x"],"__proto__":{}}}}]`,
      ),
    ]),
  ),
  bad('GRANT_INVALID', 'grant-not-object', 'A grant that is a number', (w) => withGrant(w, 7)),
  bad('CHAIN_BROKEN', 'grant-from-in-root', 'A grant of a root that names a parent', (w) =>
    withGrant(w, { ...BASE, from: digestOf('x') }),
  ),
]
