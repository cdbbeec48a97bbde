/** The CSV of a pack, opened by software that is not ours: Python's csv and SQLite. spec/report.md (RPT-12). */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { utf8 } from '../../src/core/encoding.ts'
import { readArchive, writeArchive } from '../../src/evidence/pack/archive.ts'
import { buildPack } from '../../src/evidence/pack/build.ts'
import { ControlLog, YEAR } from '../fixtures/control-log.ts'

const script = fileURLToPath(new URL('csv_of_pack.py', import.meta.url))
const isMissing = spawnSync('python3', ['-c', 'import csv, sqlite3']).status !== 0
const onlyWith = isMissing ? ' (skipped: no python3 with sqlite3 on this machine)' : ''
const folder = mkdtempSync(join(tmpdir(), 'csv-'))
afterAll(() => rmSync(folder, { recursive: true }))

function opened(pack: Uint8Array) {
  const file = join(folder, 'pack.zip')
  writeFileSync(file, pack)
  const { stdout, stderr, status } = spawnSync('python3', [script, file], { encoding: 'utf8' })
  return { lines: stdout.trimEnd().split('\n'), stderr, status }
}

async function packed(): Promise<Uint8Array> {
  const control = new ControlLog()
  control.call()
  control.read()
  control.letter()
  control.use(control.consent())
  control.closeIncident(control.openIncident())
  control.drill()
  control.leave()
  control.template()
  // What a spreadsheet would run, quotation marks, line ends, and characters beyond ASCII.
  const system = { kind: 'system', id: 'control-plane' } as const
  for (const purpose of [
    '=1+1',
    '-2+3',
    'x;=1+1',
    'says "hi",\r\nthen goes',
    '＝1',
    'prüft Größen',
    "'quoted",
  ]) {
    const agent = control.next('agt')
    const body = { owner: control.person('alice').id, class: 'coding', systems: [], manifest: 'A'.repeat(43) }
    control.log.add('agent.proposed', control.person('alice'), agent, { ...body, purpose })
    control.log.add('agent.activated', system, agent, { reason: 'start' })
  }
  control.log.head()
  const source = { ...(await control.log.publish()), start: null }
  return (await buildPack(nodeCrypto, source, YEAR)).bytes
}

describe.skipIf(isMissing)(`the CSV of each population${onlyWith}`, () => {
  test('has the rows of the JSON Lines, value by value', async () => {
    const { lines, stderr, status } = opened(await packed())
    expect(stderr).toBe('')
    expect(lines.at(-1)).toMatch(/^[1-9]\d* agree, 0 disagree, [1-9]\d* rows$/)
    expect(lines).toHaveLength(1)
    expect(status).toBe(0)
  })

  test('is found to differ where one cell was edited', async () => {
    const files = new Map(readArchive(await packed()))
    const name = 'populations/decisions.csv'
    const text = Buffer.from(files.get(name) ?? new Uint8Array()).toString()
    files.set(name, utf8(text.replace('allow', 'deny')))
    const { lines, status } = opened(writeArchive(files))
    expect(lines[0]).toMatch(/^populations\/decisions\.csv: row \d+, decision$/)
    expect(status).toBe(1)
  })
})
