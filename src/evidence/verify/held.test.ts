/** Checkpoints that the reader of a pack holds from before. spec/pack.md (PCK-10). @module */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LogBuilder, ORIGIN } from '../../../test/fixtures/history.ts'
import { changedPack, flip } from '../../../test/fixtures/tampered.ts'
import { nodeCrypto } from '../../adapters/node-crypto/node-crypto.ts'
import { signCheckpoint } from '../../log/checkpoint.ts'
import type { HeldCheckpoint } from './held.ts'
import { verifyPack } from './verify.ts'

const log = new LogBuilder().company()
log.root('bot')
while (log.entries.length < 600) log.add('system.added', { kind: 'system', id: 'x' }, null, { name: 'x' })
const honest = await log.pack()
const SIZE = log.entries.length

const at = (size: number): HeldCheckpoint => ({ name: 'mine', note: log.checkpointAt(size) })
const reportOf = async (held: readonly HeldCheckpoint[], pack = honest) =>
  (await verifyPack(nodeCrypto, pack, log.vkey, { held })).report

test('every tree that the log had before is a beginning of this one', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: SIZE }), async (size) => {
      const { ok, checks, not_checked } = await reportOf([at(size)])
      expect(ok).toBe(true)
      expect(checks[0]).toEqual({
        name: 'checkpoints that you hold are beginnings of this tree',
        ok: true,
        count: 1,
      })
      expect(not_checked.join()).not.toMatch(/you hold|no earlier checkpoint/)
    }),
    { numRuns: 12, examples: [[0], [1], [256], [512], [SIZE]] },
  )
})

test('a checkpoint of another history is named first, and the pack fails', async () => {
  const signed = { origin: ORIGIN, size: 300, root: new Uint8Array(32).fill(9) }
  const other = { name: 'mailed.txt', note: signCheckpoint(nodeCrypto, log.world.signer('log'), signed) }
  const damaged = changedPack(log, honest, (files) => flip(files, 'populations/agents.jsonl', 3))
  const report = await reportOf([at(5), other], damaged)
  expect(report).toMatchObject({ ok: false, integrity: false })
  expect(report.faults.map(({ code, file }) => [code, file])).toEqual([
    ['HELD_CHECKPOINT_FORKED', 'mailed.txt'],
    ['POPULATION_MISMATCH', 'populations/agents.jsonl'],
  ])
})

test('one that the key did not sign is named', async () => {
  const stranger = signCheckpoint(nodeCrypto, log.world.signer('stranger'), {
    origin: ORIGIN,
    size: 5,
    root: new Uint8Array(32),
  })
  for (const note of [stranger, new Uint8Array(), Buffer.from('my notes')]) {
    const { faults } = await reportOf([{ name: 'mine', note }])
    expect(faults.map(({ code }) => code)).toEqual(['HELD_CHECKPOINT_INVALID'])
  }
})

test('what could not be compared is said: one of a larger tree, and none at all', async () => {
  const before = await reportOf([])
  expect(before.not_checked.at(-1)).toMatch(/no earlier checkpoint was given/)
  expect(before.checks[0]?.name).toBe('files are those of the manifest')
  const size = SIZE + 1
  const note = signCheckpoint(nodeCrypto, log.world.signer('log'), {
    origin: ORIGIN,
    size,
    root: new Uint8Array(32),
  })
  const later = await reportOf([{ name: 'later.txt', note }])
  expect(later.faults).toEqual([])
  expect(later.not_checked.at(-1)).toMatch(new RegExp(`later.txt.*${size} entries.*${SIZE}`))
})

test('against a tree that does not verify nothing is compared', async () => {
  const broken = changedPack(log, honest, (files) => flip(files, 'tile/0/000', 40))
  const report = await reportOf([at(300)], broken)
  expect(report.faults.map(({ code }) => code)).not.toContain('HELD_CHECKPOINT_FORKED')
  expect(report.not_checked.at(-1)).toMatch(/does not verify itself/)
})
