/**
 * A second verifier of packs, in Python and written from spec/ alone, agrees on a good pack and names the fault of bad
 * ones. spec/pack.md
 * @module
 */
import { execFile, spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decodeBundle, encodeBundle } from '../../src/log/tiles.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { verifyPack } from '../../src/evidence/verify/verify.ts'
import { ALICE, BOB, LogBuilder } from '../fixtures/history.ts'
import { PasskeyActs } from '../fixtures/passkey-acts.ts'
import { addSystem, disableService, rotateService, serviceFor } from '../fixtures/service-acts.ts'
import { SwitchLog } from '../fixtures/switch-log.ts'
import { changedPack, editedPack, strangersKey, tamperedPacks } from '../fixtures/tampered.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const needed = { python3: ['--version'], openssl: ['version'] }
const missing = Object.entries(needed)
  .filter(([command, question]) => spawnSync(command, question).status !== 0)
  .map(([command]) => command)
const onlyWith = missing.length === 0 ? '' : ` (skipped: no ${missing.join(' and no ')} on this machine)`

const log = new LogBuilder().company()
const chain = log.root('bot')
const allowed = log.decide(chain)
log.outcome(allowed.action)
log.decide(chain, { decision: 'deny' })
log.head()
log.revoke('delegation', chain.jti)
const ci = serviceFor(log, 'ci')
addSystem(log, ci, 'crm')
rotateService(log, ci)
disableService(log, ci)
const honest = await log.pack(10)

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'interop-pack-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function verified(pack: Uint8Array, key = log.vkey): Promise<{ ok: boolean; lines: string[] }> {
  const file = join(folder, 'pack.zip')
  await writeFile(file, pack)
  return new Promise((resolve) => {
    execFile(
      'python3',
      ['test/interop/pack.py', file, '--key', key],
      { cwd: root },
      (error, stdout, stderr) => {
        expect(stderr).toBe('')
        resolve({ ok: error === null, lines: stdout.trimEnd().split('\n') })
      },
    )
  })
}

/** Written again without some of its entries or with others, digests made good and signed by the log's own issuer. */
function rebundled(edit: (entries: readonly Uint8Array[]) => readonly Uint8Array[]): Uint8Array {
  const size = log.entries.length
  return changedPack(log, honest, (files) => {
    const path = `tile/entries/000.p/${size}`
    files.set(path, encodeBundle(edit(decodeBundle(files.get(path) ?? new Uint8Array(), size))))
  })
}

describe.skipIf(missing.length > 0)(`a verifier of packs in Python${onlyWith}`, { timeout: 120_000 }, () => {
  test('agrees on a good pack', async () => {
    const { ok, lines } = await verified(honest)
    expect(lines.at(-1)).toBe('all of this holds')
    expect(ok).toBe(true)
    expect(lines).toContain(`ok every entry hashes up to the signed root (${log.entries.length})`)
    expect(lines).toContain('ok receipts are gapless, chained and signed (3)')
    expect(lines).toContain('ok every allow has a chain that verifies as of it (1)')
    expect(lines).toContain('ok populations recompute: agents, delegations, decisions, revocations (4)')
  })

  test('names an entry that was edited, and one that was dropped', async () => {
    const at = log.entries.length - 3
    const edited = rebundled((entries) =>
      entries.map((entry, i) =>
        i === at ? Buffer.from(Buffer.from(entry).toString().replace('"v":1', '"v":2')) : entry,
      ),
    )
    const gone = rebundled((entries) => entries.toSpliced(at, 1))
    expect((await verified(edited)).lines.at(-1)).toMatch(
      new RegExp(`^FAIL ENTRY_(CHANGED|INVALID): entry ${at}`),
    )
    expect((await verified(gone)).lines.at(-1)).toMatch(/^FAIL ENTRY_(CHANGED|MISSING): entry/)
  })

  test('names a receipt that the log itself left out', async () => {
    const dropped = new LogBuilder('dropped').company()
    const own = dropped.root('bot')
    dropped.decide(own, { decision: 'deny' })
    const before = dropped.entries.length
    dropped.decide(own, { decision: 'deny' })
    dropped.decide(own, { decision: 'deny' })
    dropped.head()
    dropped.entries.splice(before, 1)
    expect((await verified(await dropped.pack(), dropped.vkey)).lines.at(-1)).toMatch(
      /^FAIL RECEIPT_GAP: entry/,
    )
  })

  test.each(tamperedPacks(log, honest))('names $name', async ({ pack, code, file }) => {
    const { ok, lines } = await verified(pack)
    expect(ok).toBe(false)
    expect(lines.at(-1)).toMatch(new RegExp(`^FAIL ${code}: `))
    if (file !== undefined) expect(code.startsWith('MANIFEST') || lines.at(-1)?.includes(file)).toBe(true)
  })

  test('knows which passkey of a person counts at which place of the log', async () => {
    const judged = async (
      write: (own: LogBuilder, acts: PasskeyActs) => void,
    ): Promise<string | undefined> => {
      const own = new LogBuilder('passkeys').company()
      write(own, new PasskeyActs(own))
      const seen = await verified(await own.pack(), own.vkey)
      const { ok, faults } = (await verifyPack(nodeCrypto, await own.pack(), own.vkey)).report
      expect(ok).toBe(seen.ok)
      const last = seen.lines.at(-1)
      if (!ok) expect(faults.map(({ code }) => code)).toContain(/^FAIL (\w+): /.exec(last ?? '')?.[1])
      return last
    }
    const seal = (own: LogBuilder, by: string): void => {
      own.decide(own.root('bot', { by }))
      own.head()
    }
    const good = 'all of this holds'
    const added = (own: LogBuilder, acts: PasskeyActs): void => {
      acts.add('second', ALICE)
      seal(own, 'second')
    }
    expect(await judged(added)).toBe(good)
    const removed = (by: string | null) => (own: LogBuilder, acts: PasskeyActs) => {
      added(own, acts)
      acts.remove('second', by, by === null ? { actor: 'per_bob' } : {})
    }
    for (const by of [ALICE, null]) {
      expect(await judged(removed(by))).toBe(good)
      const late = await judged((own, acts) => {
        removed(by)(own, acts)
        seal(own, 'second')
      })
      expect(late).toMatch(/^FAIL PASSKEY_REMOVED: /)
    }
    const found = (reason: string, since: string | null) => (own: LogBuilder, acts: PasskeyActs) => {
      removed(ALICE)(own, acts)
      for (const by of [ALICE, null])
        acts.remove('second', by, {
          reason,
          ...(since === null ? {} : { since }),
          ...(by === null ? { actor: 'per_bob' } : {}),
        })
    }
    for (const since of [null, '2026-01-01T00:00:00Z'])
      expect(await judged(found('compromised', since))).toBe(good)
    expect(await judged(found('compromised', '2999-01-01T00:00:00Z'))).toMatch(/^FAIL PASSKEY_INVALID: /)
    expect(await judged(found('lost', null))).toMatch(/^FAIL PASSKEY_INVALID: /)
    expect(await judged((_, acts) => acts.add('second', ALICE, { by: BOB }))).toMatch(
      /^FAIL PASSKEY_INVALID: /,
    )
    const recovered = (invited: string | null, by: string) => (own: LogBuilder, acts: PasskeyActs) => {
      acts.registerAnew('anew', ALICE, acts.invite(ALICE, invited))
      own.endorse('anew', by)
      seal(own, 'anew')
    }
    expect(await judged(recovered(null, BOB))).toBe(good)
    expect(await judged(recovered(BOB, BOB))).toMatch(/^FAIL ENDORSEMENT_INVALID: /)
    expect(await judged(recovered(null, 'anew'))).toMatch(/^FAIL ENDORSEMENT_INVALID: /)
    const before = await judged((own, acts) => {
      recovered(null, BOB)(own, acts)
      seal(own, ALICE)
    })
    expect(before).toMatch(/^FAIL PASSKEY_REMOVED: /)
    const dropped = (then: (own: LogBuilder, acts: PasskeyActs) => void) =>
      judged((own, acts) => {
        acts.registerAnew('dropped', ALICE, acts.invite(ALICE, BOB))
        then(own, acts)
        acts.remove('dropped', null, { reason: 'compromised', actor: 'per_bob' })
      })
    for (const then of [(_: LogBuilder, acts: PasskeyActs) => acts.invite(ALICE, BOB), recovered(null, BOB)])
      expect(await dropped(then)).toMatch(/^FAIL PASSKEY_INVALID: /)
    const ofLine = (inviter: string, by: string) => (own: LogBuilder, acts: PasskeyActs) => {
      own.person('carol', { by: ALICE })
      own.person('dan', { by: BOB, endorsed: 'carol' })
      own.person('lost', { endorsed: BOB })
      acts.registerAnew('anew', 'lost', acts.invite('lost', inviter))
      own.endorse('anew', by)
      seal(own, 'anew')
    }
    expect(await judged(ofLine(BOB, 'carol'))).toBe(good)
    for (const [inviter, by] of [
      [ALICE, 'carol'],
      ['carol', ALICE],
      [BOB, 'dan'],
      ['dan', 'carol'],
    ] as const)
      expect(await judged(ofLine(inviter, by))).toMatch(/^FAIL ENDORSEMENT_INVALID: /)
  })

  test('names a roster with a key that nobody endorsed', async () => {
    for (const endorsed of [ALICE, null]) {
      const used = new SwitchLog(new LogBuilder('roster').company())
      used.log.person('dan', { endorsed })
      used.roster([ALICE, 'dan'])
      const { ok, lines } = await verified(await used.log.pack(), used.log.vkey)
      expect(ok).toBe(endorsed !== null)
      if (!ok) expect(lines.at(-1)).toMatch(/^FAIL ROSTER_INVALID: /)
      expect(await used.codes()).toEqual(ok ? [] : ['ROSTER_INVALID'])
    }
  })

  test('names a key that is not the log’s, and a file that is no pack', async () => {
    expect((await verified(honest, strangersKey(log))).lines.at(-1)).toMatch(/^FAIL CHECKPOINT_INVALID/)
    expect((await verified(honest, 'no key')).lines.at(-1)).toMatch(/^FAIL VKEY_INVALID/)
    expect((await verified(new Uint8Array(100))).lines.at(-1)).toMatch(/^FAIL PACK_ARCHIVE_INVALID/)
    const empty = editedPack(honest, (files) => files.clear())
    expect((await verified(empty)).lines.at(-1)).toMatch(/^FAIL PACK_FILE_MISSING/)
  })
})
