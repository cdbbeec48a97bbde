/** Items of a test against sources that are not ours. spec/sources.md (RCN-3 to RCN-6). */
import { ProvenAllows } from '../verify/allows.ts'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { tryCanary } from '../../../test/fixtures/canary-acts.ts'
import { ControlLog, DAY_MS, HOUR_MS, YEAR } from '../../../test/fixtures/control-log.ts'
import { erase } from '../../../test/fixtures/erasures.ts'
import { changedPack } from '../../../test/fixtures/tampered.ts'
import { ALICE, BOB } from '../../../test/fixtures/history.ts'
import { nodeCrypto } from '../../adapters/node-crypto/node-crypto.ts'
import { base64, fromBase64url, hex, utf8 } from '../../core/encoding.ts'
import { canonicalBytes } from '../../core/json.ts'
import { rfc3339 } from '../../core/time.ts'
import { commitTo } from '../../log/commitment.ts'
import { decodeEntry } from '../../log/entries.ts'
import type { SourceUpload } from '../../log/reconciliation-bodies.ts'
import { History } from '../history.ts'
import { readArchive, writeArchive } from '../pack/archive.ts'
import { buildPack } from '../pack/build.ts'
import { MANIFEST_FILE, readManifest, type Manifest } from '../pack/manifest.ts'
import { activeAgents } from '../populations/agents.ts'
import type { Sheet } from '../populations/sheets.ts'
import { Findings } from '../verify/report.ts'
import { verifyPack } from '../verify/verify.ts'
import { identifiedAgents } from './agents.ts'
import { reconcile } from './reconcile.ts'
import { textOf } from './test.ts'

/** A company that hands in what other systems say. */
class Compared {
  readonly control = new ControlLog()
  readonly #kept = new Map<number, { csv: string; salt: string }>()

  handIn(
    test: number,
    keys: readonly string[],
    of: Partial<SourceUpload> = {},
  ): { id: string; index: number } {
    const csv = ['key', ...keys].map((key) => `"${key}"\r\n`).join('')
    const { commitment, opening } = commitTo(nodeCrypto, csv)
    const id = this.control.next('rcn')
    const body = {
      test,
      key: 'agent',
      column: 'key',
      scope: null,
      source: 'directory',
      query: 'all of them',
      extractor: 'exporter 1',
      taken: rfc3339(this.control.now),
      from: rfc3339(YEAR.from_ms),
      to: rfc3339(YEAR.to_ms),
      columns: ['key'],
      rows_n: keys.length,
      ...of,
    }
    const { log } = this.control
    const index = log.add('reconciliation.uploaded', this.control.person(ALICE), id, body, (entry) => ({
      ...entry,
      commitments: { content: commitment },
    }))
    this.#kept.set(index, { csv, salt: 'salt' in opening ? opening.salt : '' })
    return { id, index }
  }

  async pack(): Promise<Uint8Array> {
    this.control.log.head()
    const openSource = async (entry: number) => this.#kept.get(entry) ?? null
    const source = { ...(await this.control.log.publish()), start: null, openSource }
    return (await buildPack(nodeCrypto, source, YEAR)).bytes
  }

  async report(pack?: Uint8Array) {
    const { vkey } = this.control.log
    return (await verifyPack(nodeCrypto, pack ?? (await this.pack()), vkey)).report
  }

  agents(): string[] {
    const history = new History(nodeCrypto)
    for (const [index, bytes] of this.control.log.entries.entries()) history.add(index, decodeEntry(bytes))
    return [...activeAgents.rows(history, YEAR)].map(({ agent }) => textOf(agent))
  }
}

describe('the log of a tool', () => {
  test('has callers as often as they called, and whom nobody registered is a deviation', async () => {
    const company = new Compared()
    tryCanary(company.control.log)
    const [agent = ''] = company.agents()
    const callers = [agent, 'pnt_gate', 'intruder@service', agent]
    const { index } = company.handIn(10, callers, { key: 'caller' })
    const { results, faults } = await company.report()
    expect(faults).toEqual([])
    expect(results[10]).toMatchObject({
      deviations: [{ code: 'CALLER_UNREGISTERED', entries: [index] }],
      reconciliation: { covered: true, only_in_source_n: 1, sources: [{ rows_n: 4, matched_n: 3 }] },
    })
  })
})

describe('a test with a source', () => {
  test('is not reconciled until somebody hands in what the source says', async () => {
    const company = new Compared()
    const before = (await company.report()).results[1]
    expect(before).toMatchObject({ result: 'not_reconciled', reconciliation: null, reason: null })
    const agents = company.agents()
    const { id, index } = company.handIn(1, agents)
    const { results, faults, populations } = await company.report()
    expect(faults).toEqual([])
    expect(populations['sources']).toBe(1)
    expect(results[1]).toMatchObject({
      result: 'no_deviation',
      reconciliation: {
        sources: [{ id, index, rows_n: agents.length, matched_n: agents.length }],
        only_in_source_n: 0,
        only_in_log_n: 0,
        covered: true,
      },
    })
  })

  test('finds the row that the log does not have, the item that the source does not have, and what is named twice', async () => {
    const company = new Compared()
    const [first = '', ...rest] = company.agents()
    const { id, index } = company.handIn(1, [...rest, 'stranger@idp', ...rest])
    const { results, faults } = await company.report()
    expect(faults).toEqual([])
    const history = company.control.log.proposals
    const told = results[1]?.deviations.map(({ code, message, entries }) => ({ code, message, entries }))
    expect(told).toEqual(
      expect.arrayContaining([
        {
          code: 'ONLY_IN_SOURCE',
          message: `row ${rest.length + 1} of ${id} is not in the log`,
          entries: [index],
        },
        {
          code: 'ONLY_IN_SOURCE',
          message: `row ${rest.length + 2} of ${id} names again what row 1 names`,
          entries: [index],
        },
        expect.objectContaining({ code: 'ONLY_IN_LOG', entries: [history.get(first.slice(4)), index] }),
      ]),
    )
    expect(results[1]).toMatchObject({ result: 'deviations', deviations_n: rest.length + 2 })
    expect(JSON.stringify(results)).not.toContain('stranger@idp')
  })

  test('takes two sources together, each with a part of the items', async () => {
    const company = new Compared()
    company.control.agent('other')
    const agents = company.agents()
    company.handIn(1, agents.slice(0, 1))
    company.handIn(1, agents.slice(1))
    expect((await company.report()).results[1]).toMatchObject({ result: 'no_deviation', deviations_n: 0 })
  })

  test('stays not reconciled while a part of the period or of the items is in no source', async () => {
    const company = new Compared()
    const agents = company.agents()
    const middle = rfc3339(YEAR.from_ms + 30 * DAY_MS)
    company.handIn(1, agents, { to: middle })
    expect((await company.report()).results[1]).toMatchObject({
      result: 'not_reconciled',
      reason: 'what was handed in does not cover all of the period',
    })
    company.handIn(1, agents, { from: middle })
    expect((await company.report()).results[1]?.result).toBe('no_deviation')
    const other = new Compared()
    other.handIn(1, [], { scope: { member: 'class', value: 'billing' } })
    expect((await other.report()).results[1]).toMatchObject({
      result: 'not_reconciled',
      reconciliation: { uncovered_n: other.agents().length, only_in_log_n: 0 },
    })
  })

  test("holds the tool's own log against what was allowed and finished", async () => {
    const company = new Compared()
    const { control } = company
    const done = control.log.decide(control.chain)
    control.log.outcome(done.action)
    const denied = control.log.decide(null, { decision: 'deny', reasons: ['CHAIN_MISSING'] })
    const action = { key: 'action', scope: { member: 'server', value: 'files' } }
    company.handIn(9, [done.action], action)
    expect((await company.report()).results[9]).toMatchObject({ result: 'no_deviation' })
    company.handIn(9, [done.action, denied.action, 'act_past_the_gate'], action)
    expect((await company.report()).results[9]).toMatchObject({ result: 'deviations', deviations_n: 2 })
  })

  test('holds checkpoints that somebody kept against the log', async () => {
    const company = new Compared()
    const { size, root } = company.control.rootNow()
    const kept = `${size} ${base64(fromBase64url(root))}`
    company.handIn(27, [kept], { key: 'checkpoint' })
    expect((await company.report()).results[27]?.reconciliation).toMatchObject({ only_in_source_n: 0 })
    company.handIn(27, [`${size - 1} ${base64(fromBase64url(root))}`], { key: 'checkpoint' })
    expect((await company.report()).results[27]?.reconciliation).toMatchObject({ only_in_source_n: 1 })
  })
})

describe('what covers nothing', () => {
  test('is a list of checkpoints without any: a test of the log stays not reconciled', async () => {
    const company = new Compared()
    company.handIn(27, [], { key: 'checkpoint' })
    expect((await company.report()).results[27]?.reconciliation).toMatchObject({ covered: false })
  })

  test('is a checkpoint from before the spans that it should show', async () => {
    const company = new Compared()
    const early = company.control.rootNow()
    company.control.pass(30 * HOUR_MS)
    const late = company.control.rootNow()
    company.control.anchor()
    const keyOf = ({ size, root }: typeof early): string => `${size} ${base64(fromBase64url(root))}`
    company.handIn(27, [keyOf(early)], { key: 'checkpoint' })
    const before = (await company.report()).results[27]?.reconciliation
    expect(before).toMatchObject({ only_in_source_n: 0, covered: false })
    expect(before?.uncovered_n).toBeGreaterThan(0)
    company.handIn(27, [keyOf(late)], { key: 'checkpoint' })
    expect((await company.report()).results[27]?.reconciliation).toMatchObject({
      uncovered_n: 0,
      covered: true,
    })
  })

  test('is a source narrowed to what no item is: it fills no gap of those that are', async () => {
    const company = new Compared()
    const agents = company.agents()
    const middle = rfc3339(YEAR.from_ms + 30 * DAY_MS)
    company.handIn(1, agents, { to: middle })
    company.handIn(1, [], { from: middle, scope: { member: 'class', value: 'nothing-is' } })
    expect((await company.report()).results[1]).toMatchObject({
      result: 'not_reconciled',
      reason: 'what was handed in does not cover all of the period',
    })
  })

  test('is a source that was erased, whatever was handed in instead', async () => {
    const company = new Compared()
    const { id } = company.handIn(1, ['agt_that_nobody_knows'])
    company.handIn(1, company.agents())
    erase(company.control.log, id, BOB)
    expect((await company.report()).results[1]).toMatchObject({
      result: 'not_reconciled',
      reason: '1 source was handed in and erased since: nobody can compare it',
      reconciliation: { erased_n: 1, covered: false },
    })
  })
})

test('a source that names nothing hides no fault of the entries that it does not name', async () => {
  const company = new Compared()
  const { log } = company.control
  const done = log.decide(company.control.chain)
  log.outcome(done.action)
  const unproven = log.decide(null)
  log.outcome(unproven.action)
  const codes = async (): Promise<string[]> =>
    [...((await company.report()).results[9]?.deviations ?? [])].map(({ code }) => code)
  const before = await codes()
  expect(before.length).toBeGreaterThan(0)
  company.handIn(9, [], { key: 'action' })
  expect(await codes()).toEqual(expect.arrayContaining([...before, 'ONLY_IN_LOG']))
})

describe('a pack', () => {
  async function faultsOf(
    change: (files: Map<string, Uint8Array>, manifest: Manifest, id: string) => unknown,
  ) {
    const company = new Compared()
    const { id } = company.handIn(1, company.agents())
    const files = new Map(readArchive(await company.pack()))
    const manifest = readManifest(files.get(MANIFEST_FILE) ?? new Uint8Array())
    files.delete(MANIFEST_FILE)
    const next = change(files, manifest, id) ?? manifest
    const digests = [...files].filter(([name]) => name !== 'manifest.dsse')
    const sums = Object.fromEntries(digests.map(([name, bytes]) => [name, hex(nodeCrypto.sha256(bytes))]))
    files.set(MANIFEST_FILE, canonicalBytes({ ...(next as Manifest), files: sums }))
    const { faults, integrity } = await company.report(writeArchive(files))
    return { codes: faults.map(({ code }) => code), integrity }
  }

  test('whose source was edited is not whole', async () => {
    const edited = await faultsOf((files, _, id) => void files.set(`sources/${id}.csv`, utf8('key\r\nx\r\n')))
    expect(edited.integrity).toBe(false)
    expect(edited.codes).toContain('SOURCE_MISMATCH')
  })

  test('that leaves out a source is not whole: nobody chooses what it says', async () => {
    const left = await faultsOf((files, manifest, id) => {
      files.delete(`sources/${id}.csv`)
      return { ...manifest, sources: [] }
    })
    expect(left.integrity).toBe(false)
    expect(left.codes).toContain('SOURCE_MISSING')
  })

  test('with a source that nobody handed in has a file too many', async () => {
    const more = await faultsOf((files, manifest) => {
      files.set('sources/rcn_x.csv', utf8('key\r\n'))
      const added = { id: 'rcn_x', file: 'sources/rcn_x.csv', salt: 'A'.repeat(43) }
      return { ...manifest, sources: [...manifest.sources, added] }
    })
    expect(more.codes).toContain('FILE_EXTRA')
  })

  test('says of each population which sources it is held against, as its tests say', async () => {
    const company = new Compared()
    company.handIn(1, company.agents())
    const pack = await company.pack()
    const { populations } = readManifest(readArchive(pack).get(MANIFEST_FILE) ?? Uint8Array.of())
    const of = (name: string) => populations.find((one) => one.name === name)?.reconciliations
    expect(of('active_agents')).toMatchObject([{ test: 1, state: 'reconciled' }])
    expect(of('decisions')).toMatchObject([{ test: 9, state: 'not_reconciled' }])
    const { log } = company.control
    const claimed = changedPack(
      log,
      pack,
      () => {},
      (manifest) => ({
        ...manifest,
        populations: manifest.populations.map((one) => ({
          ...one,
          reconciliations: one.reconciliations.map((each) => ({ ...each, state: 'reconciled' })),
        })),
      }),
    )
    const { faults } = await company.report(claimed)
    expect(faults.map(({ code }) => code)).toContain('POPULATION_MISMATCH')
    expect(faults.map(({ file }) => file)).not.toContain('populations/active_agents.jsonl')
  })

  test('is not built while a source cannot be opened and was not erased', async () => {
    const company = new Compared()
    company.handIn(1, company.agents())
    const source = { ...(await company.control.log.publish()), start: null }
    await expect(buildPack(nodeCrypto, source, YEAR)).rejects.toThrowWithCode('PACK_FILE_MISSING')
  })
})

test('what the log has deviates nowhere from itself; each row that goes or comes is found, and no other', () => {
  const names = fc.uniqueArray(fc.stringMatching(/^agt_[a-z]{1,6}$/), { minLength: 1, maxLength: 20 })
  const company = new Compared()
  const { index } = company.handIn(1, [])
  const upload = decodeEntry(company.control.log.entries[index] ?? new Uint8Array())
  if (upload.type !== 'reconciliation.uploaded') throw new TypeError('an upload')
  const compare = (agents: readonly string[], keys: readonly string[]) => {
    const sheet: Sheet = { upload: { index, entry: upload }, keys }
    const rows = agents.map((agent, at) => ({ index: at, agent }))
    const history = new History(nodeCrypto)
    const findings = new Findings()
    const ctx = {
      history,
      findings,
      period: YEAR,
      allows: new ProvenAllows(history.table),
      roots: [],
      logRoots: new Map(),
      sheets: [sheet],
    }
    return reconcile({ ...ctx, rows: () => rows }, identifiedAgents, [sheet])
  }
  fc.assert(
    fc.property(names, fc.nat(), (agents, n) => {
      expect(compare(agents, agents.toReversed()).deviations).toEqual([])
      const at = n % agents.length
      const gone = compare(agents, agents.toSpliced(at, 1))
      expect(gone.deviations.map(({ code, entries }) => [code, entries[0]])).toEqual([['ONLY_IN_LOG', at]])
      const come = compare(agents.toSpliced(at, 1), agents)
      expect(come.deviations.map(({ code, message }) => [code, message])).toEqual([
        ['ONLY_IN_SOURCE', expect.stringContaining(`row ${at + 1} of`)],
      ])
    }),
  )
})
