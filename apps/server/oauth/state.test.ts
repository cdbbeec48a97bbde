/** What the authorization server remembers: sealed, ended by itself, used once. spec/oauth.md (OAU-5, OAU-9). */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nodeCrypto } from '../../../src/adapters/node-crypto/node-crypto.ts'
import { openFsKeyStore } from '../../../src/adapters/fs/key-store.ts'
import { openSqliteStore } from '../../../src/adapters/sqlite/sqlite-store.ts'
import type { KeyStore } from '../../../src/ports/key-store.ts'
import type { Store } from '../../../src/ports/store.ts'
import { settleMetadata } from './clients.ts'
import { OauthKeys } from './keys.ts'
import { OauthState } from './state.ts'

describe('the state of the authorization server', () => {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-oauth-state-'))
  let now = 1_800_000_000_000
  let store: Store
  let state: OauthState
  let keys: OauthKeys
  const files = (name: string): Promise<KeyStore> =>
    openFsKeyStore(join(folder, name), { crypto: nodeCrypto })
  beforeAll(async () => {
    store = openSqliteStore({
      path: join(folder, 'countersign.db'),
      clock: { now: () => now, monotonic: () => now },
    })
    keys = await OauthKeys.open(nodeCrypto, await files('keys'))
    state = new OauthState(nodeCrypto, store, keys)
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
    const other = new OauthState(nodeCrypto, store, await OauthKeys.open(nodeCrypto, await files('others')))
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

  test('is read under a key before, written under the new one, and used once across the two', async () => {
    await state.put('Session', 'kept', { n: 1 }, 60_000, { uid: 'other name' })
    await state.put('AuthorizationCode', 'across', {}, 60_000)
    await state.put('ReplayDetection', 'across', {}, 60_000)
    const [{ kid: old }] = await store.query((db) => keys.inForce(db))
    const kid = await keys.rotate(store)
    expect((await store.query((db) => keys.inForce(db))).map((each) => each.kid)).toEqual([kid, old])
    expect(await state.find('Session', 'kept')).toEqual({ n: 1 })
    expect(await state.findByUid('Session', 'other name')).toEqual({ n: 1 })
    await state.put('Session', 'kept', { n: 2 }, 60_000, { uid: 'other name' })
    await state.consume('AuthorizationCode', 'across')
    await expect(state.consume('AuthorizationCode', 'across')).rejects.toMatchObject({
      error: 'invalid_grant',
    })
    await expect(state.put('ReplayDetection', 'across', {}, 60_000)).rejects.toMatchObject({
      error: 'invalid_dpop_proof',
    })

    await expect(keys.retire(store, kid)).rejects.toMatchObject({ code: 'KEY_CURRENT' })
    expect(await keys.retire(store, old)).toBe(true)
    await expect(keys.retire(store, old)).rejects.toMatchObject({ code: 'UNKNOWN_KEY' })
    expect(await state.find('Session', 'kept')).toEqual({ n: 2 })
    expect(await state.findByUid('Session', 'other name')).toEqual({ n: 2 })
    expect(await state.find('AuthorizationCode', 'across')).toBeUndefined()
    const reopened = await OauthKeys.open(nodeCrypto, await files('keys'))
    expect((await store.query((db) => reopened.inForce(db))).map((each) => each.kid)).toEqual([kid])
  })

  test('of a node without the current key is closed until the file is there; what was retired is destroyed there too', async () => {
    const [{ kid: old }] = await store.query((db) => keys.inForce(db))
    const name = readdirSync(join(folder, 'keys')).find((file) => file.includes(old)) ?? ''
    mkdirSync(join(folder, 'node'))
    cpSync(join(folder, 'keys', name), join(folder, 'node', name))
    const node = await OauthKeys.open(nodeCrypto, await files('node'))
    const there = new OauthState(nodeCrypto, store, node)
    const kid = await keys.rotate(store)
    await state.put('Session', 'new', {}, 60_000)
    await expect(there.find('Session', 'new')).rejects.toMatchObject({ code: 'ISSUER_KEY_MISSING' })
    const made = `oauth-${kid}.jwk`
    cpSync(join(folder, 'keys', made), join(folder, 'node', made))
    expect(await there.find('Session', 'new')).toEqual({})
    await keys.retire(store, old)
    await expect
      .poll(async () => (await there.find('Session', 'new')) && readdirSync(join(folder, 'node')))
      .toEqual([made])
  })

  test('keeps no more keys than can be looked under', async () => {
    for (;;) {
      const [, ...kept] = await store.query((db) => keys.inForce(db))
      if (kept.length === 8) break
      await keys.rotate(store)
    }
    await expect(keys.rotate(store)).rejects.toMatchObject({ code: 'STATE_CONFLICT' })
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
