/** Exports in the shapes that providers give them, and rows that do not fit. spec/inventory.md (DSC-3, DSC-4). @module */
import { describe, expect, test } from 'vitest'
import { itemSchema } from '../../../src/log/inventory-bodies.ts'
import { readCsv, ROWS_MAX } from './csv.ts'
import type { Discovered } from './found.ts'
import { assignmentOf, readExport } from './import.ts'
import type { Provider } from './providers.ts'

const json = (from: Provider, value: unknown): Discovered => readExport(JSON.stringify(value), from, 'json')
const summary = ({ items }: Discovered): unknown[] =>
  items.map(({ kind, name, secret }) => [kind, name, secret])

const HEADER =
  'user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,password_next_rotation,' +
  'mfa_active,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,access_key_1_last_used_region,' +
  'access_key_1_last_used_service,access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date,' +
  'access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,cert_1_last_rotated,cert_2_active,cert_2_last_rotated'
const row = (user: string, password: string, key1: string): string =>
  `${user},arn:aws:iam::000000000000:user/${user},2024-01-02T03:04:05+00:00,${password},N/A,N/A,N/A,false,` +
  `${key1},2024-02-03T04:05:06+00:00,no_information,N/A,N/A,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A`

describe('the credential report of AWS', () => {
  const report = [
    HEADER,
    row('deployer', 'false', 'true'),
    row('ann.person', 'true', 'true'),
    row('idle', 'FALSE', 'false'),
  ]

  test('gives accounts and their keys, and no name of a person', () => {
    const found = readExport(report.join('\r\n'), 'aws', 'csv')
    expect(summary(found)).toEqual([
      ['account', 'deployer', 'static'],
      ['key', 'deployer: access key 1', 'static'],
      ['key', expect.stringMatching(/^person [\w-]{8}: access key 1$/), 'static'],
      ['account', 'idle', 'none'],
    ])
    expect(JSON.stringify(found)).not.toContain('ann.person')
    expect(found.items[1]).toMatchObject({ rotated: '2024-02-03T04:05:06.000Z' })
    expect(found.items[1]).not.toHaveProperty('used')
  })

  test('has its bad rows named by line, and the others are read', () => {
    const bad = [...report.slice(0, 2), 'only,three,cells', 'x'.repeat(70_000), report[3]].join('\n')
    const { items, skipped } = readExport(bad, 'aws', 'csv')
    expect(items).toHaveLength(3)
    expect(skipped).toEqual([
      { where: 'line 3', code: 'ROW_INVALID' },
      { where: 'line 4', code: 'ROW_TOO_LONG' },
    ])
  })
})

test('Google: accounts, and keys that somebody downloaded', () => {
  const email = 'robot@project-1.iam.gserviceaccount.com'
  const key = (keyType: string, id: string): object => ({
    keyAlgorithm: 'KEY_ALG_RSA_2048',
    keyOrigin: 'GOOGLE_PROVIDED',
    keyType,
    name: `projects/project-1/serviceAccounts/${email}/keys/${id}`,
    validAfterTime: '2024-05-06T07:08:09Z',
    validBeforeTime: '9999-12-31T23:59:59Z',
  })
  const account = { email, uniqueId: '100', name: `projects/project-1/serviceAccounts/${email}`, etag: 'x' }
  const found = json('google', [account, key('USER_MANAGED', 'abcdef0123'), key('SYSTEM_MANAGED', 'ffff')])
  expect(summary(found)).toEqual([
    ['account', email, 'federated'],
    ['key', `${email}: key abcdef01`, 'static'],
  ])
  expect(found.items[1]).toMatchObject({ created: '2024-05-06T07:08:09.000Z' })
})

test('Entra: client secrets are shared, certificates are not, managed identities have none', () => {
  const secret = {
    keyId: 'k',
    displayName: 'ci',
    hint: 'abc',
    secretText: null,
    startDateTime: '2024-01-01T00:00:00Z',
  }
  const certificate = {
    keyId: 'c',
    type: 'AsymmetricX509Cert',
    usage: 'Verify',
    startDateTime: '2023-01-01T00:00:00Z',
  }
  const app = {
    id: 'o',
    displayName: 'Billing',
    createdDateTime: '2022-01-01T00:00:00Z',
    passwordCredentials: [],
    keyCredentials: [],
  }
  const found = json('entra', {
    '@odata.context': 'https://graph.example/$metadata#applications',
    value: [
      { ...app, appId: '1', passwordCredentials: [secret] },
      { ...app, appId: '2', displayName: 'Mailer', keyCredentials: [certificate] },
      { ...app, appId: '3', displayName: 'vm', servicePrincipalType: 'ManagedIdentity' },
      { displayName: 'no id' },
    ],
  })
  expect(summary(found)).toEqual([
    ['app', 'Billing', 'rotated'],
    ['app', 'Mailer', 'static'],
    ['account', 'vm', 'federated'],
  ])
  expect(found.items[0]).toMatchObject({
    rotated: '2024-01-01T00:00:00.000Z',
    created: '2022-01-01T00:00:00.000Z',
  })
  expect(found.skipped).toEqual([{ where: 'item 4', code: 'ROW_INVALID' }])
})

test('Okta: tokens, and apps that act by themselves', () => {
  const app = (method: string): object => ({
    id: `app-${method}`,
    name: 'oidc_client',
    label: `App ${method}`,
    status: 'ACTIVE',
    created: '2024-01-01T00:00:00.000Z',
    signOnMode: 'OPENID_CONNECT',
    credentials: {
      oauthClient: { client_id: 'x', client_secret: 'must-not-be-read', token_endpoint_auth_method: method },
    },
    settings: { oauthClient: { grant_types: ['client_credentials'], application_type: 'service' } },
  })
  const token = {
    id: '00T1',
    name: 'sync',
    userId: '00u1',
    clientName: 'Okta API',
    tokenWindow: 'P30D',
    created: '2024-01-01T00:00:00Z',
    lastUpdated: '2025-01-01T00:00:00Z',
  }
  const found = json('okta', [
    [token],
    [app('client_secret_basic'), app('private_key_jwt'), { id: 's', label: 'SSO', signOnMode: 'SAML_2_0' }],
  ])
  expect(summary(found)).toEqual([
    ['key', 'sync', 'static'],
    ['app', 'App client_secret_basic', 'rotated'],
    ['app', 'App private_key_jwt', 'static'],
  ])
  expect(JSON.stringify(found)).not.toContain('must-not-be-read')
})

test('GitHub: apps, personal tokens without whose they are, deploy keys', () => {
  const installation = {
    id: 1,
    app_id: 7,
    app_slug: 'deployer',
    permissions: { contents: 'write' },
    created_at: '2024-01-01T00:00:00Z',
  }
  const pat = {
    id: 2,
    token_id: 99,
    token_name: 'ann’s laptop',
    owner: { login: 'ann', id: 3 },
    permissions: { repository: { contents: 'read' } },
    access_granted_at: '2024-01-01T00:00:00Z',
    token_expired: false,
    token_last_used_at: null,
  }
  const deploy = {
    id: 4,
    key: 'ssh-ed25519 AAAA',
    title: 'web',
    read_only: true,
    verified: true,
    created_at: '2024-01-01T00:00:00Z',
    added_by: 'ann',
  }
  const found = json('github', [{ total_count: 1, installations: [installation] }, [pat, deploy]])
  expect(summary(found)).toEqual([
    ['app', 'deployer', 'federated'],
    ['key', 'personal token 99', 'static'],
    ['key', 'web', 'static'],
  ])
  expect(JSON.stringify(found)).not.toContain('ann')
})

test('whatever comes out fits the inventory', () => {
  const name = `${'n'.repeat(255)}😀`
  const found = json('okta', [
    { id: '1', name },
    { id: '2', name: '\ud800' },
  ])
  expect(found.items).toHaveLength(2)
  for (const item of found.items) expect(itemSchema.safeParse(item).success).toBe(true)
})

test('a file that is no list is refused as a whole', () => {
  const code = (run: () => unknown): unknown => {
    try {
      return run()
    } catch (error) {
      return error instanceof Error && 'code' in error ? error.code : error
    }
  }
  expect(code(() => readExport('{"a":1}', 'okta', 'json'))).toBe('IMPORT_INVALID')
  expect(code(() => readExport('nonsense', 'okta', 'json'))).toBe('IMPORT_INVALID')
  expect(code(() => readExport('', 'aws', 'csv'))).toBe('IMPORT_INVALID')
  expect(code(() => readExport(`a\n${'1\n'.repeat(ROWS_MAX + 1)}`, 'aws', 'csv'))).toBe('IMPORT_INVALID')
})

test('cells may hold commas, quotes and line ends', () => {
  const records = readCsv('a,b\n"x, ""y""\nz",2\n\n3,4')
  expect(records?.map(({ line, cells }) => [line, cells])).toEqual([
    [2, { a: 'x, "y"\nz', b: '2' }],
    [5, { a: '3', b: '4' }],
  ])
})

test('the first rule that matches says whose an item is', () => {
  const [item] = json('okta', [{ id: '1', name: 'billing-sync' }]).items
  if (item === undefined) throw new Error('nothing was read')
  const rules = [
    { match: 'mail-*', system: 'sys_mail' },
    { match: 'billing-*', system: 'sys_billing', owner: 'per_1' },
    { match: '**' },
  ]
  expect(assignmentOf(item, { rules })).toEqual({ system: 'sys_billing', owner: 'per_1' })
  expect(assignmentOf(item, { rules: [] })).toEqual({})
})
