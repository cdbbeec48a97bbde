import { describe, expect, test } from 'vitest'
import { nodeCrypto as crypto } from '../adapters/node-crypto/node-crypto.ts'
import { utf8 } from '../core/encoding.ts'
import { cosignerKey, formatCosignerVkey } from './cosignature.ts'
import { formatVkey, noteKey } from './note.ts'
import { isQuorum, kOfN, parsePolicy } from './policy.ts'

const publicKey = () => crypto.signer(crypto.generateKey('Ed25519')).publicJwk
const keys = ['x1', 'x2', 'x3', 'y1', 'y2'].map((name) => cosignerKey(crypto, `${name}.example`, publicKey()))
const [x1, x2, x3, y1, y2] = keys as [
  (typeof keys)[0],
  (typeof keys)[0],
  (typeof keys)[0],
  (typeof keys)[0],
  (typeof keys)[0],
]
const vkeys = keys.map(formatCosignerVkey)
const log = formatVkey(noteKey(crypto, 'log.example', publicKey()))
const parse = (text: string) => parsePolicy(crypto, utf8(text))

describe('a policy file', () => {
  const TWO_LEVELS = `# who must have seen it
log ${log}
witness X1 ${vkeys[0]} https://x1.example/
witness X2 ${vkeys[1]}
  witness\tX3 ${vkeys[2]}
group X 2 X1 X2 X3

witness Y1 ${vkeys[3]}
witness Y2 ${vkeys[4]}
group Y any Y1 Y2
group both all X Y
quorum both
`

  test('of two levels wants two of the ones and one of the others', () => {
    const { quorum } = parse(TWO_LEVELS)
    expect(isQuorum(quorum, [x1, x3, y2])).toBe(true)
    expect(isQuorum(quorum, [x1, x2, x3])).toBe(false)
    expect(isQuorum(quorum, [x1, y1, y2])).toBe(false)
    expect(isQuorum(quorum, [])).toBe(false)
  })

  test('names logs, and witnesses with the places where they are asked', () => {
    const { logs, witnesses } = parse(TWO_LEVELS)
    expect(logs.map(({ name }) => name)).toEqual(['log.example'])
    expect(witnesses.map(({ url }) => url)).toEqual(['https://x1.example/', null, null, null, null])
  })

  test('may want one witness, or none', () => {
    const one = parse(`witness a ${vkeys[0]}\nquorum a\n`).quorum
    expect([isQuorum(one, [x1]), isQuorum(one, [x2])]).toEqual([true, false])
    expect(isQuorum(parse('quorum none\n').quorum, [])).toBe(true)
  })

  const w = `witness a ${vkeys[0]}\nwitness b ${vkeys[1]}\n`
  test.each([
    ['no quorum', w],
    ['two quorums', `${w}quorum a\nquorum b\n`],
    ['a quorum of nobody known', `${w}quorum c\n`],
    ['a group of nobody', `${w}group g any\nquorum g\n`],
    ['a group that is defined after its use', `${w}group g any h\ngroup h any a\nquorum g\n`],
    ['a member in two groups', `${w}group g any a\ngroup h all a b\nquorum h\n`],
    ['a member twice in one', `${w}group g 2 a a\nquorum g\n`],
    ['a threshold of zero', `${w}group g 0 a b\nquorum g\n`],
    ['a threshold above its members', `${w}group g 3 a b\nquorum g\n`],
    ['a threshold with a leading zero', `${w}group g 02 a b\nquorum g\n`],
    ['a name given twice', `${w}group a any b\nquorum a\n`],
    ['the name none', `witness none ${vkeys[0]}\nquorum none\n`],
    ['none as a member', `${w}group g any none\nquorum g\n`],
    ['one key under two names', `${w}witness c ${vkeys[0]}\nquorum a\n`],
    ['a log twice', `log ${log}\nlog ${log}\nquorum none\n`],
    ['a log key as a witness', `witness a ${log}\nquorum a\n`],
    ['a witness key as a log', `log ${vkeys[0]}\nquorum none\n`],
    ['another keyword', `${w}quorum a\nmonitor c\n`],
    ['a word too many', `${w}quorum a b\n`],
    ['a carriage return', `${w}quorum a\r\n`],
    [
      'more than 32 groups',
      `${w}${Array.from({ length: 33 }, (_, i) => `group g${i} any ${i === 0 ? 'a' : `g${i - 1}`}\n`).join('')}quorum a\n`,
    ],
    ['more than 64 KiB', `${'#'.repeat(64 * 1024)}\nquorum none\n`],
  ])('with %s is refused', (_, text) => {
    expect(() => parse(text)).toThrowWithCode('POLICY_INVALID')
  })
})

describe('k of n', () => {
  const of = [x1, x2].map((key) => ({ key, url: null }))

  test('wants k different ones', () => {
    const { quorum } = kOfN(2, of)
    expect([isQuorum(quorum, [x1]), isQuorum(quorum, [x1, x2]), isQuorum(quorum, [x1, y1])]).toEqual([
      false,
      true,
      false,
    ])
    expect(isQuorum(kOfN(0, of).quorum, [])).toBe(true)
  })

  test('cannot be more than there are, nor a key twice', () => {
    for (const k of [3, -1, 1.5]) expect(() => kOfN(k, of)).toThrowWithCode('POLICY_INVALID')
    const renamed = { key: cosignerKey(crypto, 'other.example', x1.publicKey), url: null }
    expect(() => kOfN(1, [...of, renamed])).toThrowWithCode('POLICY_INVALID')
  })
})
