/** Pairs of grants for NRW-5 to NRW-8, besides those that chains show. The parent comes first. @module */
import type { Grant, Rule } from '../../src/token/grant.ts'
import type { Pair } from '../delegation/cases/narrowing.ts'

const rule = (each: Rule): Partial<Grant> => ({ constraints: { path: each } })
const globs = (name: string, description: string, parent: string, child: string): Pair => [
  `glob-${name}`,
  description,
  rule({ glob: parent }),
  rule({ glob: child }),
]
const patterns = (name: string, description: string, parent: string, child: string): Pair => [
  `pattern-${name}`,
  description,
  rule({ pattern: parent }),
  rule({ pattern: child }),
]

export const INSIDE: readonly Pair[] = [
  globs('same', 'The same glob', '/a/*/b/**', '/a/*/b/**'),
  globs('text', 'A text that the glob matches', '/a/*', '/a/b'),
  globs('star-by-star', 'A "*" under a "*" that asks for less', '/a/*', '/a/b*c'),
  globs('star-in-double-star', 'A "*" under a "**"', '/a/**', '/a/*/c'),
  globs('double-star-of-nothing', '"**" stands for no segment as well', '/a/**', '/a'),
  globs('double-star-between', 'A "**" between two segments', '/**/z', '/a/b/z'),
  globs('double-star-by-two', 'A "**" under two', '**/**', '**'),
  globs('star-literal', 'A "*" of the text is a character for the other', 'a*', 'ab*'),
  patterns('same', 'The same pattern', 'a+b', 'a+b'),
  patterns('dot', 'Characters under a dot', '.{1,3}', 'a\\.b'),
  patterns('negated', 'A class under a negated one', '[^0-9]*', '[a-z]+'),
  patterns('count', 'Counts under counts', 'a{1,5}', 'a{2,4}'),
  patterns('loop', 'A count under a loop', '(ab)*', '(ab){0,3}'),
  patterns('choice', 'A choice spelled the other way round', 'ab|ac', 'a(c|b)'),
  patterns('nothing', 'Nothing under an optional character', 'a?', ''),
  patterns('wide', 'A character outside of the basic plane under a dot', '.', '\u{1f600}'),
  ['values-none', 'Values of which the child accepts none', rule({ in: ['a'] }), rule({ in: [9], max: 2 })],
  [
    'values-and-glob',
    'Values that meet the child’s own glob',
    rule({ glob: '/a/*' }),
    rule({ in: ['/a/b', '/c'], glob: '/a/**' }),
  ],
  [
    'glob-and-range',
    'Members of two kinds',
    rule({ glob: '/a/**', max: 3 }),
    rule({ glob: '/a/b', max: 2, min: 1 }),
  ],
  ['range-at-both-ends', 'A range of one number', rule({ min: 1, max: 2 }), rule({ min: 2, max: 2 })],
  [
    'required-said',
    'Presence that is asked for twice',
    rule({ in: ['a'] }),
    rule({ in: ['a'], required: true }),
  ],
  [
    'optional-both',
    'What may be absent may be absent',
    rule({ max: 9, required: false }),
    rule({ max: 9, required: false }),
  ],
  [
    'optional-any',
    'Anything or nothing, and then something',
    rule({ required: false }),
    rule({ pattern: 'a' }),
  ],
  [
    'limits-two',
    'One limit for two of the parent',
    {
      limits: [
        { measure: 'm', unit: '1', max: 9, per: 'call' },
        { measure: 'm', unit: '1', max: 9, per: 'hour' },
      ],
    },
    { limits: [{ measure: 'm', unit: '1', max: 9, per: 'day' }] },
  ],
  [
    'limits-equal',
    'The same limit',
    { limits: [{ measure: 'calls', unit: '1', max: 0, per: 'delegation' }] },
    { limits: [{ measure: 'calls', unit: '1', max: 0, per: 'delegation' }] },
  ],
  [
    'resources-by-two',
    'Each resource within another one of the parent',
    { resources: ['a://x/*', 'b://**'] },
    { resources: ['b://y/**', 'a://x/z'] },
  ],
  ['resource-query', 'One query of all', { resources: ['a://x/s?q=*'] }, { resources: ['a://x/s?q=y'] }],
  ['resource-any-query', 'A query under a path', { resources: ['a://x/**'] }, { resources: ['a://x/y?*'] }],
  ['lists-empty', 'Constraints and limits of nothing', { constraints: {}, limits: [] }, {}],
]

export const OUTSIDE: readonly Pair[] = [
  globs('shorter', 'A glob of fewer segments', '/a/*', '/a'),
  globs('longer', 'A glob of more segments', '/a/*', '/a/b/c'),
  globs('double-star-under-star', 'A "**" under a "*"', '/a/*', '/a/**'),
  globs('double-star-in-front', 'A "**" in front', '/a/**', '**/a'),
  globs('star-under-text', 'A "*" under a text', 'ab', 'a*'),
  globs('star-elsewhere', 'A "*" at the other end', 'a*', '*a'),
  globs('case', 'Another case', '/a/*', '/A/b'),
  globs('missing-slash', 'Without the first "/"', '/a/**', 'a/b'),
  globs('by-stars', 'Two segments under one with two "*"', '*a*', 'xa/ay'),
  patterns('one-more', 'One character more', 'a{1,3}', 'a{1,4}'),
  patterns('nothing', 'Nothing, which the parent does not match', 'a', 'a?'),
  patterns('class', 'A character outside of the class', '[a-y]', '[a-z]'),
  patterns('line-end', 'A line feed is not under a dot', '.*', '[^a]*'),
  patterns('prefix', 'A prefix is not the whole', 'ab', 'a'),
  patterns('later', 'Outside only after many characters', '(a|b){12}c?', '(a|b){12}d?'),
  patterns('range-beyond', 'Characters up to the last', '[\u{0}-\u{ffff}]', '[\u{0}-\u{10ffff}]'),
  ['values-by-range', 'A range where numbers were granted', rule({ in: [1, 2] }), rule({ min: 1, max: 2 })],
  ['value-of-other-kind', 'A number where a glob was granted', rule({ glob: '**' }), rule({ in: [7] })],
  [
    'value-excluded-by-parent-only',
    'A value that only the parent excludes',
    rule({ in: ['a', 'b'], glob: 'a' }),
    rule({ in: ['a', 'b'] }),
  ],
  ['range-missing', 'A range where one end was granted', rule({ min: 1 }), rule({ max: 9 })],
  ['glob-missing-of-two', 'Of two members one is left out', rule({ glob: '**', max: 9 }), rule({ max: 9 })],
  [
    'optional-any',
    'May be absent where anything must be there',
    rule({ required: true }),
    rule({ required: false }),
  ],
  [
    'forbidden-optional',
    'May be there where it is forbidden',
    rule({ forbidden: true }),
    rule({ required: false }),
  ],
  [
    'limit-higher-longer',
    'A higher limit over a longer period',
    { limits: [{ measure: 'm', unit: '1', max: 9, per: 'hour' }] },
    { limits: [{ measure: 'm', unit: '1', max: 10, per: 'day' }] },
  ],
  [
    'limits-split',
    'Two limits of an hour for one of a day',
    { limits: [{ measure: 'm', unit: '1', max: 9, per: 'day' }] },
    {
      limits: [
        { measure: 'm', unit: '1', max: 1, per: 'hour' },
        { measure: 'm', unit: '1', max: 1, per: 'call' },
      ],
    },
  ],
  [
    'resource-one-outside',
    'One of two resources outside',
    { resources: ['a://**'] },
    { resources: ['a://x', 'b://x'] },
  ],
  [
    'resource-query-for-name',
    'The end of a name in the query',
    { resources: ['a://x/*.txt'] },
    { resources: ['a://x/key?.txt'] },
  ],
  [
    'resource-query-added',
    'A query where none was granted',
    { resources: ['a://x/y'] },
    { resources: ['a://x/y?*'] },
  ],
  [
    'resources-together',
    'A resource that only two together cover',
    { resources: ['/a/*', '/a/*/*'] },
    { resources: ['/a/**'] },
  ],
  [
    'clearance-none',
    'The highest clearance left out, which is still a restriction',
    { clearance: 'restricted' },
    {},
  ],
]
