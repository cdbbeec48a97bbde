/** What a gateway says of the credentials that it holds. spec/inventory.md (INV-6). @module */
import { expect, test } from 'vitest'
import { heldOf } from './credentials.ts'

const credential = { id: 'crm', owner: `per_${'0'.repeat(26)}`, scope: 'read, write', rotated: '2026-09-01' }

test('names, dates and who answers for it', () => {
  expect(heldOf({ name: 'files', credential: { ...credential, rotate_days: 30 } })).toEqual([
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
  const [held] = heldOf({ name: 'files', credential: { ...credential, owner: 'Ann' } })
  expect(held).not.toHaveProperty('owner')
  expect(heldOf({ name: 'files' })).toEqual([])
})
