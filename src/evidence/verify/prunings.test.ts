/** Packs over a log of which a beginning was pruned: what they still show, and what they do not let pass. */
import { describe, expect, test } from 'vitest'
import { ALICE, BOB, LogBuilder, PERIOD } from '../../../test/fixtures/history.ts'
import { nodeCrypto } from '../../adapters/node-crypto/node-crypto.ts'
import { base64url } from '../../core/encoding.ts'
import { rfc3339 } from '../../core/time.ts'
import { openCheckpoint } from '../../log/checkpoint.ts'
import { decodeEntry, type EntryBody } from '../../log/entries.ts'
import { encodeKept, keptPath, mapPath, type PrunedMap } from '../../log/kept.ts'
import { PruneChoice } from '../../log/pruning.ts'
import { tilePath } from '../../log/tiles.ts'
import { ACT_TAG } from '../../token/constants.ts'
import { challengeOf } from '../../token/gesture.ts'
import { buildPack } from '../pack/build.ts'
import { verifyPack } from './verify.ts'

type Act = EntryBody<'log.pruned'>['act']
const END = 256
const DENY = { decision: 'deny' as const, reasons: ['CONSTRAINT_VIOLATED'] }

interface Old {
  readonly log: LogBuilder
  /** Allowed in the range: one that ended in it, and one that had not ended. */
  readonly ended: { readonly index: number; readonly action: string }
  readonly open: { readonly index: number; readonly action: string }
  readonly choice: PruneChoice
}

/** A beginning of 256 entries, and later the call that was open ends. */
function old(): Old {
  const log = new LogBuilder().company()
  const chain = log.root('bot', { by: BOB })
  const ended = log.decide(chain)
  log.outcome(ended.action)
  const open = log.decide(chain)
  log.head()
  while (log.entries.length < END + 20) log.decide(chain, DENY)
  log.head()
  const choice = new PruneChoice(0, END)
  for (const [index, bytes] of log.entries.slice(0, END).entries()) choice.add(index, decodeEntry(bytes))
  choice.end()
  log.clock.advance(600_000)
  log.outcome(open.action)
  log.decide(chain)
  log.head()
  return { log, ended, open, choice }
}

function announce(log: LogBuilder, map: PrunedMap, bend: Partial<Act> = {}, by = ALICE): number {
  const size = log.entries.length
  const { root } = openCheckpoint(nodeCrypto, log.checkpointAt(size), log.vkey)
  const approver = log.id('per', ALICE)
  const before = rfc3339(log.clock.now() - 60_000)
  const range = { from: 0, to: END, before, map: map.digest(nodeCrypto) }
  const act: Act = { act: 'log.prune', ...range, unreported: true, approver, ...bend }
  const gesture = log.gesture(by, 'approver', challengeOf(nodeCrypto, ACT_TAG, act))
  const pruned_n = map.count()
  const counts = { pruned_n, kept_n: END - pruned_n, packs: [] }
  const checkpoint = { size, root: base64url(root) }
  return log.add('log.pruned', { kind: 'person', id: approver }, null, {
    act,
    gesture,
    checkpoint,
    ...counts,
  })
}

/** @param gone which entries really are */
async function packOf(log: LogBuilder, entry: number, map: PrunedMap, gone: PrunedMap = map, later = 0) {
  const published = await log.publish()
  const { files } = published.tiles
  const entries = log.entries.slice(0, END).map((bytes, i) => (gone.has(i) ? null : bytes))
  files.set(keptPath(0), encodeKept(entries))
  files.set(mapPath(entry), map.bytes)
  files.delete(tilePath({ level: 'entries', index: 0, width: END }))
  const period = { ...PERIOD, from_ms: log.clock.now() - 60_000 - later }
  const { bytes } = await buildPack(nodeCrypto, { ...published, start: log.checkpointAt(40) }, period)
  const { report } = await verifyPack(nodeCrypto, bytes, log.vkey)
  return report
}

describe('a pack over a pruned log', () => {
  test('verifies: streams go on, and what was open at the cut has its decision still', async () => {
    const { log, ended, open, choice } = old()
    expect([choice.map.has(ended.index), choice.map.has(open.index)]).toEqual([true, false])
    expect(choice.map.count()).toBeGreaterThan(200)
    const report = await packOf(log, announce(log, choice.map), choice.map)
    expect(report.faults).toEqual([])
    expect(report).toMatchObject({ ok: true, allowed: 2, log: { start: 40 } })
    expect(report.not_checked.join()).toContain('pruned')
  })

  test('names an entry that went and was not announced', async () => {
    const { log, choice } = old()
    const gone = new PruneChoice(0, END).map
    for (let i = 0; i < END; i++) gone.set(i, choice.map.has(i))
    const revoked = log.entries.findIndex((bytes) => decodeEntry(bytes).type === 'agent.approved')
    gone.set(revoked, true)
    const { faults } = await packOf(log, announce(log, choice.map), choice.map, gone)
    expect(faults).toContainEqual(expect.objectContaining({ code: 'ENTRY_MISSING', index: revoked }))
  })

  test.each<[string, Partial<Act>, string?]>([
    ['a map that is another', { map: base64url(new Uint8Array(32)) }],
    ['a range that does not begin where the log does', { from: 256, to: 512 }],
    ['a gesture by somebody else', {}, BOB],
  ])('names %s', async (_, bend, by) => {
    const { log, choice } = old()
    const entry = announce(log, choice.map, bend, by)
    const { faults } = await packOf(log, entry, choice.map)
    expect(faults.map(({ code, index }) => [code, index])).toContainEqual(['PRUNING_INVALID', entry])
  })

  test('of a time of which entries are gone is not made', async () => {
    const { log, choice } = old()
    const made = packOf(log, announce(log, choice.map), choice.map, choice.map, 1)
    await expect(made).rejects.toThrowWithCode('PACK_PERIOD_PRUNED')
  })
})
