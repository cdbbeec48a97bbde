import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { nodeCrypto as crypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { cosignerKey, formatCosignerVkey } from '../../src/log/cosignature.ts'
import { readAnchorSettings } from './anchor-settings.ts'

const vkeyOf = (name: string): string =>
  formatCosignerVkey(cosignerKey(crypto, name, crypto.signer(crypto.generateKey('Ed25519')).publicJwk))
const [a, b] = [vkeyOf('a.example'), vkeyOf('b.example')]

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-settings-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function read(value: unknown) {
  const file = join(folder, 'anchors.json')
  writeFileSync(file, typeof value === 'string' ? value : JSON.stringify(value))
  return readAnchorSettings(crypto, file)
}

const of = [
  { vkey: a, url: 'https://a.example/witness' },
  { vkey: b, url: 'http://127.0.0.1:7410' },
]
const smtp = { host: 'mail.example', port: 587 }
const mail = { kind: 'mail', name: 'custodian', from: 'a@b.example', to: 'c@d.example', smtp }
const stamp = { kind: 'timestamp', name: 'tsa', url: 'https://tsa.example', roots: 'roots.pem' }

test('names witnesses with a quorum, and waits a second for them unless told otherwise', () => {
  expect(read({ v: 1, witnesses: { quorum: 1, of } }).witnesses).toMatchObject({
    mode: 'best_effort',
    wait_ms: 1_000,
    witnesses: [{ url: 'https://a.example/witness' }, { url: 'http://127.0.0.1:7410' }],
    quorum: { k: 1 },
  })
})

test('names a policy of C2SP, beside the file itself', () => {
  writeFileSync(join(folder, 'policy'), `witness one ${a} https://a.example/\nquorum one\n`)
  const { witnesses } = read({ v: 1, witnesses: { policy: 'policy', mode: 'required' } })
  expect(witnesses).toMatchObject({ mode: 'required', quorum: { name: 'a.example' } })
})

test('names anchors, and files with what they need', () => {
  writeFileSync(join(folder, 'roots.pem'), 'PEM')
  const settings = read({ v: 1, anchors: [stamp, mail] })
  expect(settings.anchors.map(({ kind }) => kind)).toEqual(['timestamp', 'mail'])
  expect(settings.read('roots.pem')).toBe('PEM')
  expect(() => settings.read('gone.pem')).toThrowWithCode('ANCHORS_UNREADABLE')
})

describe('is refused', () => {
  test.each<[string, unknown]>([
    ['when it is not JSON', '{'],
    ['of another version', { v: 2 }],
    ['with a member that it does not have', { v: 1, more: 1 }],
    ['with a password in it', { v: 1, anchors: [{ ...mail, smtp: { ...smtp, password: 'x' } }] }],
    ['with an address as a name', { v: 1, anchors: [{ ...mail, name: 'c@d.example' }] }],
    ['with a URL that is no HTTP', { v: 1, anchors: [{ ...stamp, url: 'file:///etc/passwd' }] }],
    [
      'with an anchor that is none of the witnesses',
      { v: 1, anchors: [{ kind: 'cosignature', witness: 'a.example' }] },
    ],
    ['with one name twice', { v: 1, anchors: [stamp, { ...mail, name: 'tsa' }] }],
    ['with both a policy and a quorum', { v: 1, witnesses: { policy: 'p', quorum: 1, of } }],
  ])('%s', (_, value) => {
    expect(() => read(value)).toThrowWithCode('ANCHORS_INVALID')
  })

  test('with a quorum that cannot be, or a key that is no cosigner', () => {
    expect(() => read({ v: 1, witnesses: { quorum: 3, of } })).toThrowWithCode('ANCHORS_INVALID')
    const url = 'https://a.example'
    expect(() => read({ v: 1, witnesses: { quorum: 1, of: [{ vkey: 'x', url }] } })).toThrowWithCode(
      'ANCHORS_INVALID',
    )
  })

  test.each<[string, unknown, RegExp]>([
    ['a comma too many', '{\n"v": 1,\n}', /anchors\.json does not hold JSON \(line 3 column 1\)/],
    ['nothing', '', /anchors\.json does not hold JSON at its end/],
    ['a member that is no name', { v: 1, anchors: [{ ...stamp, more: 1 }] }, /anchors\.0: .*"more"/],
    [
      'a witness without a URL',
      { v: 1, witnesses: { quorum: 1, of: [{ vkey: a }] } },
      /: witnesses\.of\.0\.url: /,
    ],
    [
      'a quorum that cannot be',
      { v: 1, witnesses: { quorum: 3, of } },
      /: witnesses\.quorum: a quorum of 3 of 2/,
    ],
    [
      'a key that is none',
      { v: 1, witnesses: { quorum: 1, of: [{ vkey: 'x', url: 'https://a.example' }] } },
      /: witnesses\.of\.0\.vkey: /,
    ],
  ])('saying where: %s', (_, value, where) => {
    expect(() => read(value)).toThrow(where)
  })

  test('with a policy that is none, saying the line', () => {
    writeFileSync(join(folder, 'policy'), `witness one ${a} https://a.example/\nquorum two\n`)
    expect(() => read({ v: 1, witnesses: { policy: 'policy' } })).toThrow(/^policy: line 2 of the policy: /)
  })

  test('with a policy whose witness nobody can ask', () => {
    writeFileSync(join(folder, 'policy'), `witness one ${a}\nquorum one\n`)
    expect(() => read({ v: 1, witnesses: { policy: 'policy' } })).toThrowWithCode('ANCHORS_INVALID')
  })

  test('when there is no such file', () => {
    expect(() => readAnchorSettings(crypto, join(folder, 'gone.json'))).toThrowWithCode('ANCHORS_UNREADABLE')
  })
})
