/** The control plane, two witnesses and a reader, as processes of their own. spec/witness.md. */
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nodeCrypto as crypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { openCosigned, parseCosignerVkey, type CosignedCheckpoint } from '../../src/log/cosignature.ts'
import { CLI, Process, runCli, startControlPlane, until, type ControlPlane } from '../fixtures/processes.ts'

let home: string
let vkey: string
let plane: ControlPlane
const processes: Process[] = []
const at = (...parts: string[]): string => join(home, ...parts)

interface RunningProcess {
  readonly process: Process
  readonly url: string
  readonly vkey: string
}

async function startWitness(name: string, port = 0): Promise<RunningProcess> {
  const args = [
    '--json',
    'witness',
    '--data',
    at(name),
    '--name',
    `${name}.example`,
    '--log',
    vkey,
    '--port',
    String(port),
  ]
  const process_ = new Process(process.execPath, [CLI, ...args])
  processes.push(process_)
  const line = await until(`the witness ${name} is up`, () => {
    if (!process_.isRunning) throw new Error(`the witness ended: ${process_.output}`)
    return process_.lines[0]
  })
  return { ...(JSON.parse(line) as { url: string; vkey: string }), process: process_ }
}

async function startPlane(data: string, anchors: boolean): Promise<ControlPlane> {
  const started = await startControlPlane(at(data), 0, anchors ? ['--anchors', at('anchors.json')] : [])
  processes.push(started.process)
  return started
}

/** The checkpoint that is public, with the cosignatures of the two witnesses. */
function published(data: string): CosignedCheckpoint {
  const known = [one.vkey, two.vkey].map((key) => parseCosignerVkey(crypto, key))
  return openCosigned(crypto, readFileSync(at(data, 'log/checkpoint')), vkey, known)
}

function cosigners(data: string): string[] {
  return published(data)
    .cosignatures.map(({ by }) => by.name)
    .sort()
}

async function cli(profile: string, ...args: string[]): Promise<void> {
  const { code, stderr } = await runCli(['--profile', at(profile), ...args])
  if (code !== 0) throw new Error(stderr)
}

let one: RunningProcess
let two: RunningProcess

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'countersign-flow-'))
  const first = await startPlane('plane', false)
  vkey = first.vkey
  await first.process.end('SIGTERM')
  ;[one, two] = await Promise.all([startWitness('one'), startWitness('two')])
  const of = [one, two].map(({ vkey: key, url }) => ({ vkey: key, url }))
  writeFileSync(at('anchors.json'), JSON.stringify({ v: 1, witnesses: { quorum: 1, of } }))
  cpSync(at('plane'), at('fork'), { recursive: true })
  plane = await startPlane('plane', true)
}, 60_000)
afterAll(async () => {
  await Promise.all(processes.map((each) => each.end('SIGKILL')))
  rmSync(home, { recursive: true, force: true })
})

describe('a log with two witnesses', () => {
  test('is public with the cosignatures of both', async () => {
    await until('both cosigned', () => cosigners('plane').length === 2)
    expect(cosigners('plane')).toEqual(['one.example', 'two.example'])
  })

  test('goes on while one was killed, which cosigns again once it is back with its state', async () => {
    await one.process.end('SIGKILL')
    const { size } = published('plane').checkpoint
    await cli(
      'manager',
      'enroll',
      '--url',
      plane.url,
      '--name',
      'Manager',
      '--secret',
      plane.bootstrap_secret ?? '',
    )
    await until(
      'the log grew',
      () => published('plane').checkpoint.size > size && cosigners('plane').includes('two.example'),
    )
    one = await startWitness('one', Number(new URL(one.url).port))
    await until('the killed one cosigned again', () => cosigners('plane').length === 2)
    expect(published('plane').checkpoint.size).toBeGreaterThan(size)
  })
})

describe('a log that shows another history', () => {
  let fork: ControlPlane

  beforeAll(async () => {
    await plane.process.end('SIGTERM')
    fork = await startPlane('fork', false)
    await cli(
      'stranger',
      'enroll',
      '--url',
      fork.url,
      '--name',
      'Stranger',
      '--secret',
      fork.bootstrap_secret ?? '',
    )
    await fork.process.end('SIGTERM')
  }, 60_000)

  test('gets no cosignature, raises an alert in its own log, and leaves evidence with the witness', async () => {
    fork = await startPlane('fork', true)
    await until('a witness has evidence', () => existsSync(at('one/evidence')))
    await until('the operator is told', () => fork.process.stderr.includes('does not extend'))
    expect(cosigners('fork')).toEqual([])
    const bundle = (): string =>
      readFileSync(at('fork/log/tile/entries', lastOf(at('fork/log/tile/entries'))), 'utf8')
    await until('the alert is public', () => bundle().includes('WITNESS_CONFLICT'))
    await fork.process.end('SIGTERM')
  })

  test('is a split view for who holds both checkpoints, with evidence that another checks', async () => {
    const files = [at('plane/log/checkpoint'), at('fork/log/checkpoint')]
    const sizes = [published('plane').checkpoint.size, published('fork').checkpoint.size]
    const larger = (sizes[0] ?? 0) > (sizes[1] ?? 0) ? 'plane' : 'fork'
    const out = at('split-view.json')
    const args = [
      '--json',
      'witness',
      'compare',
      ...files,
      '--key',
      vkey,
      '--tiles',
      at(larger, 'log'),
      '--out',
      out,
    ]
    const compared = await runCli(args)
    expect([compared.code, JSON.parse(compared.stdout)]).toEqual([
      1,
      { ok: false, result: 'SPLIT_VIEW', evidence: out },
    ])
    const checked = await runCli(['--json', 'witness', 'check', out, '--key', vkey])
    expect([checked.code, JSON.parse(checked.stdout)]).toEqual([0, { ok: true, split_view: true }])
    const again = await runCli(['--json', 'witness', 'compare', files[0]!, files[0]!, '--key', vkey])
    expect([again.code, JSON.parse(again.stdout)]).toEqual([0, { ok: true, result: 'consistent' }])
  })
})

/** The only bundle there is, at its widest. */
function lastOf(folder: string): string {
  const widths = readdirSync(join(folder, '000.p')).filter((name) => /^\d+$/.test(name))
  return `000.p/${Math.max(...widths.map(Number))}`
}
