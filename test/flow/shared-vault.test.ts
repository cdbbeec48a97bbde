/**
 * Two nodes on PostgreSQL that share a vault in a database of its own and one key folder, and a third with a copy of the
 * keys. spec/erasure.md (ERA-13, ERA-14), spec/keys.md (KEY-11), spec/backup.md (BAK-9).
 */
import { existsSync } from 'node:fs'
import { cp, copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { examine } from '../../apps/cli/commands/doctor.ts'
import { agentStatement, invite, revoke } from '../../apps/cli/operator.ts'
import { openProfile, type Profile } from '../../apps/cli/profile.ts'
import { readPostgresVaultHead } from '../../src/adapters/postgres-vault/postgres-vault.ts'
import { parseJws } from '../../src/core/sign.ts'
import { Postgres } from '../fixtures/postgres.ts'
import { runCli, startControlPlane, until, type CliAnswer, type ControlPlane } from '../fixtures/processes.ts'
import { Stage } from '../fixtures/stage.ts'

const PASSPHRASE = 'correct-horse battery'

/** Each starts several processes. */
const LONG_MS = 120_000

describe('nodes with a vault in PostgreSQL', { timeout: LONG_MS }, () => {
  let postgres: Postgres
  let store: string
  let vault: string
  /** Node A is the stage's control plane. */
  let stage: Stage
  let b: ControlPlane
  let managerB: Profile
  const keys = (): string => join(stage.dataDir, 'keys')
  const inStage = (name: string): string => join(stage.folder, name)

  async function startB(env: NodeJS.ProcessEnv = {}): Promise<void> {
    const args = ['--keys', keys()]
    b = await startControlPlane(inStage('data-b'), 0, {
      store,
      args,
      env: { COUNTERSIGN_VAULT: vault, ...env },
    })
    managerB = openProfile({ ...stage.managerFile, url: b.url })
  }

  beforeAll(async () => {
    postgres = await Postgres.start()
    store = await postgres.database()
    vault = await postgres.database()
    stage = await Stage.set(store, { env: { COUNTERSIGN_VAULT: vault } })
    await startB()
  }, LONG_MS)
  afterAll(async () => {
    await b?.process.end('SIGTERM')
    await stage?.remove()
    await postgres?.remove()
  })

  const names = async ({ client }: Profile): Promise<string> => JSON.stringify(await client.get('/v1/people'))
  const cli = (...args: string[]): Promise<CliAnswer> =>
    runCli(['--json', '--profile', stage.profileDir, ...args], {
      COUNTERSIGN_STORE: store,
      COUNTERSIGN_VAULT: vault,
    })
  async function erased(person: string): Promise<void> {
    await revoke(stage.manager, 'person', person, 'left')
    expect(await cli('erase', person)).toMatchObject({ code: 0 })
  }
  async function refused(env: NodeJS.ProcessEnv, ...args: string[]): Promise<unknown> {
    const start = ['--json', 'start', '--data', inStage('refused'), '--port', '0', '--keys', keys()]
    const { code, stdout } = await runCli([...start, ...args], {
      COUNTERSIGN_STORE: store,
      COUNTERSIGN_VAULT: vault,
      ...env,
    })
    expect(code).not.toBe(0)
    expect(stdout).not.toContain('for-tests')
    return JSON.parse(stdout)
  }

  test('what is erased at one is gone at the other with the answer', async () => {
    const { person } = await invite(managerB, 'Never to come')
    expect(await names(stage.manager)).toContain('Never to come')
    expect(await names(managerB)).toContain('Never to come')
    await erased(person)
    expect(await names(managerB)).not.toContain('Never to come')
    expect(await names(managerB)).toContain('Manager')
    expect(existsSync(inStage('data/vault.db'))).toBe(false)
  })

  test('the database of the store is no vault, nor is that of another control plane', async () => {
    expect(await refused({ COUNTERSIGN_VAULT: store })).toMatchObject({ error: { code: 'VAULT_IN_STORE' } })
    const another = await postgres.database()
    const other = { COUNTERSIGN_VAULT: another }
    expect(await refused(other)).toMatchObject({ error: { code: 'SETUP_MISMATCH' } })
    expect(await refused({}, '--vault', 'mysql://localhost/x')).toMatchObject({
      error: { code: 'ARGUMENT_INVALID' },
    })
  })

  test('a copy is restored into an empty database, and what was erased since is destroyed before it serves', async () => {
    const kept = await invite(stage.manager, 'To be kept')
    const gone = await invite(stage.manager, 'To be forgotten')
    const copy = inStage('vault-copy.db')
    expect(JSON.parse((await cli('vault', 'backup', copy)).stdout)).toMatchObject({ encrypted: false })
    expect(JSON.parse((await cli('vault', 'backup', copy)).stdout)).toMatchObject({
      error: { code: 'VAULT_NOT_EMPTY' },
    })
    await erased(gone.person)
    for (const node of [stage.control, b]) await node.process.end('SIGTERM')
    expect(JSON.parse((await cli('vault', 'restore', copy)).stdout)).toMatchObject({
      error: { code: 'VAULT_NOT_EMPTY' },
    })
    vault = await postgres.database()
    expect(await cli('vault', 'restore', copy)).toMatchObject({ code: 0 })
    await stage.restart({ env: { COUNTERSIGN_VAULT: vault } })
    expect(stage.control.process.stderr).toContain(`${gone.person}: erased, but the key was there again`)
    await startB()
    expect(await names(managerB)).toContain('To be kept')
    expect(await names(managerB)).not.toContain('To be forgotten')
    expect(kept.person).not.toBe(gone.person)
  })

  test('a rotation at one is signed with at the other at once, and what is retired is gone for both', async () => {
    const { id, jkt } = stage.agent
    const kidOf = async (profile: Profile): Promise<unknown> =>
      parseJws(await agentStatement(profile, id, jkt)).header.kid
    const first = String(await kidOf(managerB))
    const copied = inStage('data-c')
    await cp(keys(), join(copied, 'keys'), { recursive: true })
    const c = await startControlPlane(copied, 0, { store, env: { COUNTERSIGN_VAULT: vault } })
    const managerC = openProfile({ ...stage.managerFile, url: c.url })

    const { kid } = JSON.parse((await cli('keys', 'rotate')).stdout) as { kid: string }
    expect([await kidOf(stage.manager), await kidOf(managerB)]).toEqual([kid, kid])

    // The one with a folder of its own says what it lacks, and takes it up without a restart.
    await expect(kidOf(managerC)).rejects.toMatchObject({ remote: 'ISSUER_KEY_MISSING' })
    const look = async (): Promise<string | undefined> => {
      const checks = await examine({ data: copied, url: c.url, vault, now: () => Date.now() })
      return checks.find(({ name }) => name === 'issuer key')?.code
    }
    expect(await look()).toBe('ISSUER_KEY_MISSING')
    await copyFile(join(keys(), `issuer-${kid}.jwk`), join(copied, 'keys', `issuer-${kid}.jwk`))
    expect(await kidOf(managerC)).toBe(kid)
    expect(await look()).toBe('OK')

    await until('the second of the rotation is over', async () => {
      const { code } = await cli('keys', 'retire', '--', first)
      return code === 0
    })
    expect(existsSync(join(keys(), 'issuer.jwk'))).toBe(false)
    await until('the copy is destroyed too', () => !existsSync(join(copied, 'keys', 'issuer.jwk')))
    expect([await kidOf(managerB), await kidOf(managerC)]).toEqual([kid, kid])
    await c.process.end('SIGTERM')
  })

  test('a passphrase encrypts keys and vault, locks out the node without it, and is asked of all', async () => {
    const name = 'Under a passphrase'
    await stage.control.process.end('SIGTERM')
    await stage.restart({ env: { COUNTERSIGN_VAULT: vault, COUNTERSIGN_PASSPHRASE: PASSPHRASE } })
    expect(stage.control.process.stderr).toContain('the vault is encrypted now')
    await invite(stage.manager, name)
    expect(await names(stage.manager)).toContain('Manager')
    await expect(names(managerB)).rejects.toMatchObject({ remote: 'VAULT_LOCKED' })
    await b.process.end('SIGTERM')
    expect(await refused({})).toMatchObject({ error: { code: 'KEY_LOCKED' } })
    expect(await refused({ COUNTERSIGN_PASSPHRASE: 'wrong' })).toMatchObject({
      error: { code: 'KEY_PASSPHRASE_WRONG' },
    })
    await startB({ COUNTERSIGN_PASSPHRASE: PASSPHRASE })
    expect(await names(managerB)).toContain(name)
    expect((await readPostgresVaultHead(vault))?.record).toContain('scrypt')
    const checks = await examine({ data: stage.dataDir, vault, now: () => Date.now() })
    expect(checks.find(({ name: check }) => check === 'vault')).toMatchObject({ code: 'OK' })
  })

  test('a passphrase that does not open the vault encrypts no key file', async () => {
    const plain = inStage('data-plain')
    const own = await startControlPlane(plain, 0, { store: await postgres.database() })
    await own.process.end('SIGTERM')
    const files = join(plain, 'keys')
    const fault = await refused({ COUNTERSIGN_PASSPHRASE: 'wrong' }, '--keys', files)
    expect(fault).toMatchObject({ error: { code: 'VAULT_PASSPHRASE_WRONG' } })
    const checks = await examine({ data: plain, keys: files, now: () => Date.now() })
    expect(checks.find(({ name }) => name === 'keys')).toMatchObject({ code: 'KEYS_PLAIN' })
  })

  test('nothing that was said holds an address with its password', () => {
    for (const { process } of [stage.control, b]) expect(process.output).not.toContain('for-tests')
  })
})
