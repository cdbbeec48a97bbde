/** What a gateway says of the credentials that it holds. spec/inventory.md (INV-6). @module */
import { expect, test } from 'vitest'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { heldOf } from './credentials.ts'

const credential = { id: 'crm', owner: `per_${'0'.repeat(26)}`, scope: 'read, write', rotated: '2026-09-01' }

const SALT = nodeCrypto.sha256(Uint8Array.of(1))
type Server = Parameters<typeof heldOf>[0]

function held(server: Partial<Server> & { token?: string }, salt = SALT) {
  const { token, ...rest } = server
  const headers: Record<string, string> = token === undefined ? {} : { authorization: token }
  const upstream = { kind: 'http', url: 'https://files.example', headers } as const
  return heldOf({ name: 'files', secrets: Object.keys(headers), upstream, ...rest }, salt)
}

test('names, dates and who answers for it', () => {
  expect(held({ credential: { ...credential, rotate_days: 30 } })).toEqual([
    {
      id: 'crm',
      server: 'files',
      owner: credential.owner,
      scope: ['read', 'write'],
      rotated: '2026-09-01T00:00:00.000Z',
      rotate_days: 30,
    },
  ])
})

test('no name of a person, and nothing of a server without one', () => {
  const [first] = held({ credential: { ...credential, owner: 'Ann' } })
  expect(first).not.toHaveProperty('owner')
  expect(held({})).toEqual([])
})

test('a print that is another when the secret is, and says nothing of it to who has not the key', () => {
  const printOf = (token: string, salt = SALT) => held({ credential, token }, salt)[0]?.print
  expect(printOf('one')).toBe(printOf('one'))
  expect(printOf('one')).not.toBe(printOf('two'))
  expect(printOf('one')).not.toBe(printOf('one', nodeCrypto.sha256(Uint8Array.of(2))))
  expect(JSON.stringify(held({ credential, token: 'hunter2' }))).not.toContain('hunter2')
})

test('a secret that no setting declares', () => {
  expect(held({ token: 'one' })).toEqual([
    { id: 'files', server: 'files', declared: false, print: expect.any(String) },
  ])
})
