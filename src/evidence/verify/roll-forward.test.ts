/** An interim pack beside the final one. spec/populations.md (POP-8). @module */
import { expect, test } from 'vitest'
import { ControlLog } from '../../../test/fixtures/control-log.ts'
import { LogBuilder, PERIOD } from '../../../test/fixtures/history.ts'
import { evaluate } from '../../../test/fixtures/register-acts.ts'
import { changedPack, flip } from '../../../test/fixtures/tampered.ts'
import { nodeCrypto } from '../../adapters/node-crypto/node-crypto.ts'
import { ENTRY_BYTES_MAX } from '../../log/entries.ts'
import { buildPack } from '../pack/build.ts'
import type { PackReport } from './report.ts'
import { rolledLines } from './rolled.ts'
import { verifyRolled } from './roll-forward.ts'

const log = new LogBuilder().company()
log.root('bot')
const interim = await log.pack()
const END = log.entries.length
log.root('bot')
const added = log.entries.length - 1
const final = await log.pack()

async function rolledFrom(archive: Uint8Array, pack = final): Promise<PackReport> {
  const earlier = { name: 'interim.zip', archive }
  return (await verifyRolled(nodeCrypto, pack, log.vkey, { earlier })).report
}

const faultsOf = ({ faults }: PackReport): unknown[] => faults.map(({ code, file }) => [code, file])

test('what is new since is named, by population and by test, and the rest is the same', async () => {
  const report = await rolledFrom(interim)
  expect(report).toMatchObject({ ok: true, faults: [] })
  const { rolled_forward: rolled } = report
  if (rolled === undefined || rolled === null) throw new Error('it did not roll forward')
  expect(rolled.earlier.end).toBe(END)
  expect(rolled.populations.delegations).toEqual({
    before: 1,
    now: 2,
    same: 1,
    added: 1,
    changed: 0,
    gone: 0,
    entries: { added: [added], changed: [], gone: [] },
  })
  expect(rolled.populations.agents).toMatchObject({ added: 0, changed: 0, gone: 0 })
  const said = rolledLines(rolled).join('\n')
  expect(said).toContain('delegations: 1 row, now 2; entries added 1, changed 0, gone 0')
  expect(said).toMatch(/\d+ other populations are the same, byte for byte/)
})

test('against itself nothing is new', async () => {
  const { rolled_forward: rolled } = await rolledFrom(final)
  const all = Object.values(rolled?.populations ?? {})
  expect(all.length).toBeGreaterThan(30)
  for (const { before, now, same, entries } of all) {
    expect([now, same]).toEqual([before, before])
    expect(entries).toEqual({ added: [], changed: [], gone: [] })
  }
  expect(rolled?.tests).toEqual({})
})

test('a status that changed since is a changed row', async () => {
  const other = new LogBuilder().company()
  other.propose('late')
  const before = await other.pack()
  other.approve('late')
  const now = await other.pack()
  const { report } = await verifyRolled(nodeCrypto, now, other.vkey, {
    earlier: { name: 'interim.zip', archive: before },
  })
  expect(report.rolled_forward?.populations.agents).toMatchObject({ added: 0, changed: 1, gone: 0 })
})

test('a row that is larger than an entry may be is read all the same', async () => {
  const company = new ControlLog()
  const long = '\u0001'.repeat(4000)
  const of = (effect: string) => ({ cause: long, extent: long, compensating: 'x'.repeat(4000), effect })
  evaluate(company, '1/A1/0', of('-'))
  const bytes = company.log.entries.at(-2)?.length ?? 0
  const left = ENTRY_BYTES_MAX - bytes - 8
  evaluate(company, '1/A1/0', of('\u0001'.repeat(Math.floor(left / 6)) + '-'))
  const archive = await company.log.pack()
  const { report } = await verifyRolled(nodeCrypto, archive, company.log.vkey, {
    earlier: { name: 'interim.zip', archive },
  })
  expect(report.rolled_forward?.populations.evaluations).toMatchObject({ before: 2, same: 2 })
})

test('what is no earlier pack of this log is refused by name, first of all faults', async () => {
  const over = async (from: number, to: number): Promise<Uint8Array> => {
    const period = { from_ms: PERIOD.from_ms + from, to_ms: PERIOD.to_ms + to }
    return (await buildPack(nodeCrypto, { ...(await log.publish()), start: null }, period)).bytes
  }
  const flipped = changedPack(log, interim, (files) => flip(files, 'populations/agents.jsonl', 3))
  const bad: [string, Uint8Array, Uint8Array][] = [
    ['no pack', new Uint8Array(10), final],
    ['damaged', flipped, final],
    ['later', final, interim],
    ['of another start', await over(1, 0), final],
    ['of a later end', await over(0, 1), final],
  ]
  for (const [what, archive, pack] of bad) {
    const report = await rolledFrom(archive, pack)
    expect([what, faultsOf(report)[0]]).toEqual([what, ['EARLIER_PACK_INVALID', 'interim.zip']])
    expect(report.ok).toBe(false)
    expect(report.rolled_forward ?? null).toBeNull()
  }
})

test('a log that signed another history since is found by the checkpoint of the earlier pack', async () => {
  const forked = new LogBuilder().company()
  forked.person('zoe')
  while (forked.entries.length <= END) forked.root('bot')
  const report = await rolledFrom(interim, await forked.pack())
  expect(report).toMatchObject({ ok: false, integrity: false })
  expect(faultsOf(report)).toContainEqual(['HELD_CHECKPOINT_FORKED', 'interim.zip'])
})
