import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { nodeCrypto } from '../adapters/node-crypto/node-crypto.ts'
import { FORMS, type Form } from '../core/output.ts'
import { measured } from './measured.ts'

const COMMIT =
  'tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\nauthor A <a@x.example> 1 +0000\ncommitter B <b@x.example> 2 +0000\n\nSay it\n\n'
const MAIL = 'Subject:  hello\nFrom: a@x.example\nX-Relay: one\n\nbody  \n\n\n'
const OUTPUTS: Record<Form, string> = {
  file: '\u{FEFF}a\r\nb',
  stream: 'a\r\nb',
  text: '\u{FEFF}a\r\nb\rc',
  json: '{"b": 1, "a": [1.0]}',
  git: COMMIT,
  mail: MAIL,
}

describe('what people are shown of an output', () => {
  test.each(FORMS)('is what its digest is of: %s', (form) => {
    const { subject, content = '' } = measured(nodeCrypto, OUTPUTS[form], { kind: 'letter', form })
    expect(content).not.toBe('')
    expect(subject).toEqual([
      {
        name: 'letter',
        digest: { sha256: createHash('sha256').update(content).digest('hex') },
        annotations: { form, bytes: Buffer.byteLength(content) },
      },
    ])
  })

  test('is nothing where it is no text, or too long', () => {
    expect(measured(nodeCrypto, Uint8Array.of(255), { kind: 'letter' })).not.toHaveProperty('content')
    expect(measured(nodeCrypto, 'a'.repeat(64 * 1024 + 1), { kind: 'letter' })).not.toHaveProperty('content')
  })
})
