/** What the authorization server remembers: sealed, ended by itself, used once. spec/oauth.md (OAU-5, OAU-9). */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nodeCrypto } from '../../../src/adapters/node-crypto/node-crypto.ts'
import { openSqliteStore } from '../../../src/adapters/sqlite/sqlite-store.ts'
import type { Store } from '../../../src/ports/store.ts'
import { settleMetadata } from './clients.ts'
import { OauthState } from './state.ts'

describe('the state of the authorization server', () => {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-oauth-state-'))
  let now = 1_800_000_000_000
  let store: Store
  let state: OauthState
  beforeAll(() => {
    store = openSqliteStore({
      path: join(folder, 'countersign.db'),
      clock: { now: () => now, monotonic: () => now },
    })
    state = new OauthState(nodeCrypto, store, nodeCrypto.generateKey('Ed25519'))
  })
  afterAll(async () => {
    await store.close()
    rmSync(folder, { recursive: true, force: true })
  })

  test('holds neither what finds a row nor what the row says', async () => {
    await state.put('RefreshToken', 'a-secret-of-a-client', { accountId: 'somebody-in-particular' }, 60_000)
    expect(await state.find('RefreshToken', 'a-secret-of-a-client')).toEqual({
      accountId: 'somebody-in-particular',
    })
    for (const file of ['countersign.db', 'countersign.db-wal']) {
      const text = readFileSync(join(folder, file), 'latin1')
      expect(text).not.toContain('a-secret-of-a-client')
      expect(text).not.toContain('somebody-in-particular')
    }
  })

  test('is nothing to who has another key, and finds nothing of another kind', async () => {
    await state.put('AuthorizationCode', 'code', { grantId: 'dlg' }, 60_000)
    const other = new OauthState(nodeCrypto, store, nodeCrypto.generateKey('Ed25519'))
    expect(await other.find('AuthorizationCode', 'code')).toBeUndefined()
    expect(await state.find('RefreshToken', 'code')).toBeUndefined()
  })

  test('lets one of two use a code that both found', async () => {
    await state.put('AuthorizationCode', 'once', {}, 60_000)
    const uses = [state.consume('AuthorizationCode', 'once'), state.consume('AuthorizationCode', 'once')]
    const outcomes = await Promise.allSettled(uses)
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(await state.find('AuthorizationCode', 'once')).toMatchObject({ consumed: now / 1000 })
  })

  test('takes a proof once, however close the second is', async () => {
    const proof = (): Promise<void> => state.put('ReplayDetection', 'jti', {}, 60_000)
    const outcomes = await Promise.allSettled([proof(), proof()])
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  })

  test('ends what rests on a delegation together, and the rest by itself', async () => {
    for (const id of ['one', 'two']) await state.put('RefreshToken', id, {}, 60_000, { grantId: 'dlg_1' })
    await state.put('RefreshToken', 'three', {}, 60_000, { grantId: 'dlg_2' })
    await state.removeOfGrant('RefreshToken', 'dlg_1')
    expect(await state.find('RefreshToken', 'one')).toBeUndefined()
    expect(await state.find('RefreshToken', 'three')).toBeDefined()
    now += 60_000
    await state.put('Interaction', 'next', {}, 60_000)
    expect(await state.find('RefreshToken', 'three')).toBeUndefined()
  })

  test('is bounded where anybody can add to it', async () => {
    for (let i = 0; i < 2_000; i++) await state.put('Client', `client ${i}`, {}, 60_000)
    await expect(state.put('Client', 'one more', {}, 60_000)).rejects.toMatchObject({
      error: 'temporarily_unavailable',
    })
    await state.put('Client', 'client 7', { again: true }, 60_000)
  }, 30_000)
})

describe('what a client says of itself', () => {
  test.each([
    ['http://printer.example/callback'],
    ['javascript:alert(1)'],
    ['data:text/html,hello'],
    ['https://user:secret@client.example/callback'],
    ['https://client.example/callback#part'],
    ['not an address'],
  ])('is refused with the redirect %s', (uri) => {
    expect(() => settleMetadata({ redirect_uris: [uri] })).toThrow(/invalid_redirect_uri/)
  })

  test('is settled as a native program’s where no web server has the address', () => {
    const words = { redirect_uris: ['cursor://callback'], token_endpoint_auth_method: 'client_secret_post' }
    settleMetadata(words)
    expect(words).toMatchObject({ application_type: 'native', token_endpoint_auth_method: 'none' })
  })
})
