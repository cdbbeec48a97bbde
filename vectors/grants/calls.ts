/** Calls under a grant, allowed and denied by code: GRT-1 to GRT-7. @module */
import type { Grant, Rule } from '../../src/token/grant.ts'
import type { VectorCall } from './call.ts'

export type CallCase = readonly [
  name: string,
  description: string,
  grant: Partial<Grant>,
  call: Partial<VectorCall>,
]

const rule = (each: Rule): Partial<Grant> => ({ constraints: { path: each } })
const path = (value: unknown): Partial<VectorCall> => ({ args: { path: value } })
const on = (...resources: readonly string[]): Partial<VectorCall> => ({ resources })
const labelled = (level: string, ...categories: readonly string[]): Partial<VectorCall> => ({
  label: { level, categories },
})
const weighing = (amount: number, unit = 'byte'): Partial<VectorCall> => ({
  amounts: { size: { unit, amount } },
})
const pointed = (args: VectorCall['args'], ...pointers: readonly string[]): Partial<VectorCall> => ({
  args,
  pointers,
})
const measured = (args: VectorCall['args'], of: 'number' | 'bytes' | 'items'): Partial<VectorCall> => ({
  args,
  measures: { size: { path: '/o/size', of, unit: 'byte' } },
})
const many = (n: number): VectorCall['args'] =>
  Object.fromEntries(Array.from({ length: n }, (_, i) => [`n${i}`, 1]))
const SIZE = { measure: 'size', unit: 'byte', max: 10, per: 'call' } as const
const matches = (name: string, pattern: string, value: string): CallCase => [
  `pattern-${name}`,
  `${JSON.stringify(pattern)} and ${JSON.stringify(value).slice(0, 60)}`,
  rule({ pattern }),
  path(value),
]
const globbed = (name: string, glob: string, value: string): CallCase => [
  `glob-${name}`,
  `${JSON.stringify(glob)} and ${JSON.stringify(value).slice(0, 60)}`,
  rule({ glob }),
  path(value),
]

export const ALLOWED: readonly CallCase[] = [
  ['plain', 'A grant without restrictions', {}, {}],
  ['star', 'Every tool of the server', { actions: ['*'] }, { tool: 'anything at all' }],
  [
    'unconstrained',
    'Arguments that nobody constrains',
    rule({ in: ['a'] }),
    { args: { path: 'a', other: [{}] } },
  ],
  ['value-number', 'A number of the list', rule({ in: ['1', 1] }), path(1)],
  ['value-list', 'A list of which every element is allowed', rule({ in: ['a', 'b'] }), path(['b', 'a', 'b'])],
  ['absent', 'An argument that may be absent is', rule({ in: ['a'], required: false }), {}],
  ['absent-forbidden', 'A forbidden argument is absent', rule({ forbidden: true }), {}],
  ['present', 'An argument that must be there is, even as null', rule({ required: true }), path(null)],
  ['present-object', 'An argument that must be there is an object', rule({ required: true }), path({ a: 1 })],
  ['range', 'At both ends of a range', rule({ min: 1, max: 1 }), path(1)],
  ['range-fraction', 'A number between two integers', rule({ min: 0.5, max: 0.75 }), path(0.625)],
  ['names-256', 'As many arguments as are compared', rule({ required: false }), { args: many(256) }],
  ['names-257-unasked', 'More arguments, none of them looked up', { constraints: {} }, { args: many(257) }],
  [
    'names-longer',
    'A name that begins with the one looked up',
    rule({ in: ['a'] }),
    { args: { path: 'a', paths: 'b', Paths: 'c' } },
  ],
  [
    'names-elsewhere',
    'Two names that fold to the same, neither of them looked up',
    rule({ in: ['a'] }),
    { args: { path: 'a', o: { path: 1, Path: 2 }, other: 1, Other: 2 } },
  ],
  globbed('text', '/data/a', '/data/a'),
  globbed('star', '/data/*.txt', '/data/.txt'),
  globbed('two-stars', '/d*t*/a', '/d-t-/a'),
  globbed('double-star-none', '/data/**', '/data'),
  globbed('double-star-many', '/data/**', '/data/a/b/c'),
  globbed('double-star-middle', '/**/z', '/z'),
  globbed('no-first-slash', 'data/*', 'data/a'),
  globbed('not-ascii', '/d\u{e4}ta/*', '/d\u{e4}ta/\u{1f600}'),
  globbed('star-text', '/data/*', '/data/*'),
  globbed('three-dots', '/data/*', '/data/...'),
  globbed('1024-segments', '**', Array.from({ length: 1024 }, () => 'a').join('/')),
  matches('whole', '[a-c]+', 'abc'),
  matches('dot', '.', '\u{1f600}'),
  matches('caret', '^a$', '^a$'),
  matches('count', 'a{2,3}', 'aaa'),
  matches('nothing', 'a*', ''),
  matches('negated', '[^a]', '\n'),
  matches('escape', '\\.\\[\\n', '.[\n'),
  matches('4096', 'a*', 'a'.repeat(4096)),
  ['resource', 'A resource that is granted', { resources: ['/data/**'] }, on('/data/a')],
  [
    'resource-scheme',
    'A resource of the granted scheme',
    { resources: ['file:///data/**'] },
    on('file:///data/a'),
  ],
  [
    'resource-each',
    'Each resource by one of the granted',
    { resources: ['a://x', '/y'] },
    on('/y', 'a://x', '/y'),
  ],
  [
    'resource-pointers',
    'The resources at the pointers, one of which leads nowhere',
    { resources: ['pub/**'] },
    pointed({ source: 'pub/a', o: { list: ['pub/b', 'pub/c'] } }, '/source', '/o/list', '/destination'),
  ],
  ['resource-percent', 'A percent-encoding of another character', { resources: ['/a/*'] }, on('/a/%20')],
  [
    'label',
    'Data up to the clearance, of granted categories',
    { clearance: 'internal', categories: ['a', 'b'] },
    labelled('internal', 'b'),
  ],
  ['label-none', 'Data of no category', { categories: [] }, labelled('restricted')],
  [
    'label-missing-restricted',
    'A tool without a label under the highest clearance',
    { clearance: 'restricted' },
    {},
  ],
  ['limit-call', 'As much as a call may weigh', { limits: [SIZE] }, weighing(10)],
  [
    'measure-number',
    'A number in the arguments',
    { limits: [SIZE] },
    measured({ o: { size: 10 } }, 'number'),
  ],
  [
    'measure-bytes',
    'The bytes of a text',
    { limits: [SIZE] },
    measured({ o: { size: '\u{e4}'.repeat(5) } }, 'bytes'),
  ],
  ['measure-items', 'The elements of a list', { limits: [SIZE] }, measured({ o: { size: [1, 2] } }, 'items')],
  [
    'limit-day',
    'As much as a day may weigh, in one call',
    { limits: [{ ...SIZE, per: 'day' }] },
    weighing(10),
  ],
  [
    'limit-calls',
    'A call weighs one call',
    { limits: [{ measure: 'calls', unit: '1', max: 1, per: 'delegation' }] },
    {},
  ],
]

/** By the code of the denial. */
export const DENIED: Readonly<Record<string, readonly CallCase[]>> = {
  NO_MATCHING_GRANT: [
    ['server', 'Another server', {}, { server: 'mail' }],
    ['tool', 'Another tool', {}, { tool: 'write' }],
    ['tool-case', 'Another case', {}, { tool: 'Read' }],
    ['tool-star', 'A tool called "*" where one tool is granted', {}, { tool: '*' }],
  ],
  CONSTRAINT_VIOLATED: [
    ['absent', 'A constrained argument is absent', rule({ in: ['a'] }), {}],
    ['absent-required', 'An argument that must be there is absent', rule({ required: true }), {}],
    [
      'inherited',
      'An argument that every object inherits',
      { constraints: { constructor: { required: true } } },
      {},
    ],
    ['forbidden', 'A forbidden argument is there', rule({ forbidden: true }), path(null)],
    [
      'forbidden-case',
      'A forbidden argument in another case',
      { constraints: { recursive: { forbidden: true } } },
      { args: { Recursive: true } },
    ],
    [
      'optional-case',
      'An argument that may be absent, in another case',
      rule({ glob: 'pub/**', required: false }),
      { args: { Path: '/etc/shadow' } },
    ],
    [
      'twin',
      'An allowed argument, and another in another case',
      rule({ in: ['a'] }),
      { args: { path: 'a', PATH: 'b' } },
    ],
    [
      'twin-long-s',
      'A long s for an s',
      { constraints: { pass: { required: false } } },
      { args: { 'pa\u{17f}s': 1 } },
    ],
    [
      'twin-kelvin',
      'A Kelvin sign for a k',
      { constraints: { key: { required: false } } },
      { args: { '\u{212a}ey': 1 } },
    ],
    [
      'twin-sharp-s',
      'A capital sharp s for a small one',
      { constraints: { 'ma\u{df}': { required: false } } },
      { args: { 'ma\u{1e9e}': 1 } },
    ],
    [
      'twin-umlaut',
      'Another case of a letter that is not ASCII',
      { constraints: { '\u{e4}': { required: false } } },
      { args: { '\u{c4}': 1 } },
    ],
    ['names-257', 'More arguments than are compared', rule({ required: false }), { args: many(257) }],
    ['value', 'A value that is not listed', rule({ in: ['a'] }), path('b')],
    ['value-type', 'The text of a number', rule({ in: [1] }), path('1')],
    ['value-boolean', 'A boolean for a number', rule({ in: [1] }), path(true)],
    ['value-null', 'Null where it may be absent', rule({ in: ['a'], required: false }), path(null)],
    ['list-empty', 'A list of nothing', rule({ in: ['a'] }), path([])],
    [
      'list-empty-optional',
      'A list of nothing where it may be absent',
      rule({ in: ['a'], required: false }),
      path([]),
    ],
    ['list-one', 'A list with one element that is not allowed', rule({ in: ['a'] }), path(['a', 'b'])],
    ['list-nested', 'A list in a list', rule({ in: ['a'] }), path([['a']])],
    ['object', 'An object with the value in it', rule({ in: ['a'] }), path({ 0: 'a' })],
    ['range-below', 'Below the least', rule({ min: 1 }), path(0.999)],
    ['range-above', 'Above the most', rule({ max: 1 }), path(2)],
    ['range-text', 'A number as text', rule({ min: 1 }), path('2')],
    [
      'all-members',
      'One member of a rule holds, the other does not',
      rule({ glob: '/a/*', in: ['/b'] }),
      path('/a/x'),
    ],
    ['glob-number', 'A number for a glob', rule({ glob: '**' }), path(1)],
    globbed('parent', '/data/**', '/data/../etc'),
    globbed('self', '/data/**', '/data/./a'),
    globbed('empty-segment', '/data/**', '/data//a'),
    globbed('last-slash', '/data/**', '/data/'),
    globbed('empty', '**', ''),
    globbed('backslash', '/data/**', '/data/a\\..\\b'),
    globbed('control', '/data/*', '/data/a\n'),
    globbed('delete', '/data/*', '/data/\u007f'),
    globbed('star-slash', '/data/*', '/data/a/b'),
    globbed('star-empty', '*', ''),
    globbed('case', '/data/*', '/Data/a'),
    globbed('prefix', '/data/a', '/data/ab'),
    globbed('overlap', '/ab*ba', '/aba'),
    globbed('1025-segments', '**', Array.from({ length: 1025 }, () => 'a').join('/')),
    matches('part', 'b', 'abc'),
    matches('line-feed', '.', '\n'),
    matches('count', 'a{2,3}', 'aaaa'),
    matches('range', '[a-c]', 'd'),
    matches('two-for-dot', '.', 'ab'),
    matches('composed', '\u{e4}', 'a\u{308}'),
    matches('4097', 'a*', 'a'.repeat(4097)),
    ['pattern-number', 'A number for a pattern', rule({ pattern: '1' }), path(1)],
  ],
  RESOURCE_UNKNOWN: [
    ['resource-unnamed', 'The registration names no resource', { resources: ['**'] }, {}],
    ['resource-none', 'The call has no resource', { resources: ['**'] }, on()],
    [
      'resource-nowhere',
      'Pointers that lead nowhere',
      { resources: ['**'] },
      pointed({ a: 'b' }, '/source', '/a/0'),
    ],
    [
      'resource-number',
      'A number at a pointer',
      { resources: ['**'] },
      pointed({ a: 'b', c: 1 }, '/a', '/c'),
    ],
    [
      'resource-case',
      'One resource, and another whose name is in another case',
      { resources: ['pub/**'] },
      pointed({ source: 'pub/a', Destination: '/etc/x' }, '/source', '/destination'),
    ],
    [
      'resource-twin',
      'A twin of the last name of a pointer',
      { resources: ['pub/**'] },
      pointed({ o: { path: 'pub/a', Path: '/etc/x' } }, '/o/path'),
    ],
    [
      'resource-twin-above',
      'A twin of the first name of a pointer',
      { resources: ['pub/**'] },
      pointed({ o: { path: 'pub/a' }, O: { path: '/etc/x' } }, '/o/path'),
    ],
    [
      'resource-twin-in-list',
      'A twin inside of an element that a pointer leads to',
      { resources: ['pub/**'] },
      pointed({ o: [{ path: 'pub/a', PATH: '/etc/x' }] }, '/o/0/path'),
    ],
  ],
  RESOURCE_NOT_GRANTED: [
    ['resource-outside', 'A resource outside', { resources: ['/data/*'] }, on('/etc/passwd')],
    ['resource-one', 'One resource of two outside', { resources: ['/data/*'] }, on('/data/a', '/etc/a')],
    ['resource-scheme-added', 'A scheme where none was granted', { resources: ['**'] }, on('file:///a')],
    ['resource-scheme-missing', 'No scheme where one was granted', { resources: ['file:///**'] }, on('/a')],
    [
      'resource-scheme-case',
      'A scheme in another case is no scheme',
      { resources: ['file:///**'] },
      on('FILE:///a'),
    ],
    ['resource-encoded-dot', '"%2e" in the value', { resources: ['/data/**'] }, on('/data/%2e%2e/etc')],
    ['resource-encoded-slash', '"%2F" in the value', { resources: ['/data/*'] }, on('/data/a%2Fb')],
    ['resource-encoded-backslash', '"%5c" in the value', { resources: ['/data/*'] }, on('/data/a%5cb')],
    ['resource-encoded-end', '"%00" in the value', { resources: ['/data/*'] }, on('/data/a%00')],
    ['resource-parent', '".." in the value', { resources: ['file:///data/**'] }, on('file:///data/../etc')],
  ],
  CLEARANCE_EXCEEDED: [
    ['clearance', 'Data above the clearance', { clearance: 'internal' }, labelled('confidential')],
    [
      'clearance-unlabelled',
      'A tool without a label counts as the highest',
      { clearance: 'confidential' },
      {},
    ],
  ],
  CATEGORY_NOT_GRANTED: [
    ['category', 'Data of one more category', { categories: ['a'] }, labelled('public', 'a', 'b')],
    ['category-unlabelled', 'A tool without a label counts as of every category', { categories: ['a'] }, {}],
    [
      'category-none',
      'Data of a category where none is granted',
      { categories: [] },
      labelled('public', 'a'),
    ],
  ],
  MEASURE_UNKNOWN: [
    ['measure', 'A measure that the tool has not', { limits: [SIZE] }, {}],
    [
      'measure-text',
      'A text where a number weighs',
      { limits: [SIZE] },
      measured({ o: { size: '1' } }, 'number'),
    ],
    [
      'measure-twin',
      'A twin of the name that is weighed',
      { limits: [SIZE] },
      measured({ o: { size: 1, Size: 99 } }, 'number'),
    ],
    [
      'measure-twin-above',
      'A twin of a name on the way',
      { limits: [SIZE] },
      measured({ o: { size: 1 }, O: { size: 99 } }, 'number'),
    ],
    ['measure-unit', 'A measure in another unit', { limits: [SIZE] }, weighing(1, 'kB')],
    [
      'measure-calls',
      '"calls" in another unit is a measure like any other',
      { limits: [{ measure: 'calls', unit: 'k', max: 1, per: 'day' }] },
      {},
    ],
  ],
  LIMIT_PER_CALL: [
    ['limit-call', 'One more than a call may weigh', { limits: [SIZE] }, weighing(11)],
    [
      'limit-no-call',
      'No call at all',
      { limits: [{ measure: 'calls', unit: '1', max: 0, per: 'call' }] },
      {},
    ],
  ],
  LIMIT_EXCEEDED: [
    [
      'limit-day',
      'One call alone weighs more than a day may',
      { limits: [{ ...SIZE, per: 'day' }] },
      weighing(11),
    ],
    [
      'limit-second',
      'The second of two limits',
      { limits: [SIZE, { ...SIZE, max: 5, per: 'delegation' }] },
      weighing(6),
    ],
  ],
}
