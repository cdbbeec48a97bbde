/** The control plane, two witnesses and a reader, as processes of their own. spec/witness.md. */
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fsTileStore } from '../../src/adapters/fs/tile-store.ts'
import { nodeCrypto as crypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { tokenReader } from '../../src/adapters/tsa/token.ts'
import { openAnchors, readAnchorIndex } from '../../src/log/anchor-files.ts'
import {
  cosignerKey,
  formatCosignerVkey,
  openCosigned,
  parseCosignerVkey,
  type CosignedCheckpoint,
} from '../../src/log/cosignature.ts'
import { startMailServer, type MailServer } from '../fixtures/mail-server.ts'
import { CLI, Process, runCli, startControlPlane, until, type ControlPlane } from '../fixtures/processes.ts'
import { startTimeAuthority, type TimeAuthority } from '../fixtures/time-authority.ts'

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
  const started = await startControlPlane(
    at(data),
    0,
    anchors ? { args: ['--anchors', at('anchors.json')] } : {},
  )
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

let authority: TimeAuthority
let mailbox: MailServer
let one: RunningProcess
let two: RunningProcess

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'countersign-flow-'))
  const first = await startPlane('plane', false)
  vkey = first.vkey
  await first.process.end('SIGTERM')
  ;[one, two] = await Promise.all([startWitness('one'), startWitness('two')])
  const of = [one, two].map(({ vkey: key, url }) => ({ vkey: key, url }))
  authority = await startTimeAuthority({ now: Date.now })
  mailbox = await startMailServer({ login: { user: 'log', pass: 'secret' } })
  writeFileSync(at('roots.pem'), authority.root)
  writeFileSync(at('ca.pem'), mailbox.ca)
  writeFileSync(at('password'), 'secret\n', { mode: 0o600 })
  const smtp = { host: '127.0.0.1', port: mailbox.port, user: 'log', password_file: 'password', ca: 'ca.pem' }
  const anchors = [
    { kind: 'cosignature', witness: 'two.example' },
    { kind: 'timestamp', name: 'local', url: authority.url, roots: 'roots.pem' },
    { kind: 'mail', name: 'custodian', from: 'log@company.example', to: 'keeper@elsewhere.example', smtp },
  ]
  writeFileSync(at('anchors.json'), JSON.stringify({ v: 1, witnesses: { quorum: 1, of }, anchors }))
  cpSync(at('plane'), at('fork'), { recursive: true })
  plane = await startPlane('plane', true)
}, 60_000)
afterAll(async () => {
  await Promise.all(processes.map((each) => each.end('SIGKILL')))
  await Promise.all([authority.close(), mailbox.close()])
  rmSync(home, { recursive: true, force: true })
})

describe('a log with two witnesses', () => {
  test('is public with the cosignatures of both', async () => {
    await until('both cosigned', () => cosigners('plane').length === 2)
    expect(cosigners('plane')).toEqual(['one.example', 'two.example'])
  })

  test('is anchored by a witness, a time stamp and a mail, and says so in the log', async () => {
    const lines = await until('all three are in the index', async () => {
      const index = await readAnchorIndex(fsTileStore(at('plane/log')))
      return index.length === 3 ? index : null
    })
    expect(lines.map(({ kind, by }) => `${kind} ${by}`)).toEqual([
      'cosignature two.example',
      'timestamp local',
      'mail custodian',
    ])
    const trust = {
      crypto,
      vkey,
      cosigners: [parseCosignerVkey(crypto, two.vkey)],
      tokens: tokenReader(authority.root),
    }
    const opened = await openAnchors(trust, fsTileStore(at('plane/log')))
    expect(opened.trusted.map(({ kind }) => kind)).toEqual(['cosignature', 'timestamp'])
    expect(mailbox.mails).toMatchObject([{ to: ['keeper@elsewhere.example'], secure: true }])
    await until('the log names them', () => occurrences(lastBundle('plane'), '"log.anchored"') === 3)
    expect(lastBundle('plane')).not.toContain('elsewhere.example')
  })

  test('was started with a word on who they are, how many it takes, and what is anchored when', async () => {
    const [line = ''] = plane.process.lines
    expect(JSON.parse(line)).toMatchObject({
      witnesses: [
        { name: 'one.example', url: one.url },
        { name: 'two.example', url: two.url },
      ],
      quorum: '1 of one.example, two.example',
      mode: 'best_effort',
      anchors: [{ kind: 'cosignature' }, { kind: 'timestamp', by: 'local' }, { kind: 'mail' }],
    })
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

describe('doctor', () => {
  const doctor = async (...more: string[]): Promise<Record<string, string>> => {
    const { stdout } = await runCli(['--json', 'doctor', '--data', at('plane'), ...more])
    const { checks } = JSON.parse(stdout) as { checks: { name: string; code: string }[] }
    const outside = checks.filter(({ name }) => name === 'anchors' || name.startsWith('witness'))
    return Object.fromEntries(outside.map(({ name, code }) => [name, code]))
  }

  test('says how old the anchors are, and whether each witness answers and cosigned', async () => {
    expect(await doctor()).toEqual({ anchors: 'OK' })
    const witnesses = { 'witness one.example': 'OK', 'witness two.example': 'OK' }
    await until('both cosigned', () => cosigners('plane').length === 2)
    expect(await doctor('--anchors', at('anchors.json'))).toEqual({ anchors: 'OK', ...witnesses })
  })

  test('names a witness that does not answer, one that did not cosign, and an anchor that never was', async () => {
    const strange = formatCosignerVkey(
      cosignerKey(crypto, 'else.example', crypto.signer(crypto.generateKey('Ed25519')).publicJwk),
    )
    const of = [
      { vkey: one.vkey, url: 'http://127.0.0.1:1' },
      { vkey: strange, url: two.url },
    ]
    const anchors = [{ kind: 'timestamp', name: 'never', url: authority.url, roots: 'roots.pem' }]
    writeFileSync(at('other.json'), JSON.stringify({ v: 1, witnesses: { quorum: 1, of }, anchors }))
    expect(await doctor('--anchors', at('other.json'))).toEqual({
      anchors: 'ANCHOR_OLD',
      'witness one.example': 'WITNESS_UNREACHABLE',
      'witness else.example': 'WITNESS_MISSING',
    })
  })
})

test('a log that must be cosigned and is not says by whom, and what to do', async () => {
  const of = [one, two].map(({ vkey: key }, i) => ({
    vkey: key,
    url: i === 0 ? one.url : 'http://127.0.0.1:1',
  }))
  const witnesses = { mode: 'required', wait_ms: 2000, quorum: 2, of }
  writeFileSync(at('required.json'), JSON.stringify({ v: 1, witnesses }))
  const args = ['--json', 'start', '--data', at('fork'), '--port', '0', '--anchors', at('required.json')]
  const { code, stdout } = await runCli(args)
  const { error } = JSON.parse(stdout) as { error: { code: string; message: string } }
  expect([code, error.code]).toEqual([1, 'COSIGNATURES_MISSING'])
  expect(error.message).toContain(
    ': 0 of 2 witnesses cosigned it, which is no quorum; missing: one.example (',
  )
  expect(error.message).toContain('two.example (unavailable); see that these witnesses run')
})

describe('an auditor with a copy of the log', () => {
  const named = (): string[] => ['--witness', one.vkey, '--witness', two.vkey, '--tsa-root', at('roots.pem')]
  const verify = (...more: string[]) =>
    runCli(['log', 'verify', at('copy'), '--key', vkey, '--json', ...more])
  const codes = async (...more: string[]): Promise<unknown> => {
    const { code, stdout } = await verify(...more)
    const { faults } = JSON.parse(stdout) as { faults?: { code: string; path?: string }[] }
    return [code, faults?.map((fault) => [fault.code, fault.path])]
  }

  beforeAll(async () => {
    await until('a copy that both cosigned', async () => {
      await cli('auditor', 'log', 'export', at('copy'), '--data', at('plane'), '--key', vkey)
      const keys = [one.vkey, two.vkey].map((key) => parseCosignerVkey(crypto, key))
      return openCosigned(crypto, readFileSync(at('copy/checkpoint')), vkey, keys).cosignatures.length === 2
    })
  }, 60_000)

  test('finds that both witnesses cosigned it, and every anchor it can judge', async () => {
    const plain = await verify()
    expect(await verify(...named(), '--anchored')).toMatchObject({ code: 0, stdout: plain.stdout })
    expect(plain.stdout).toMatch(/^\{"ok":true,"size":\d+,"entries_checked":\d+\}\n$/)
    const { stdout } = await verify(...named(), '--anchored', '--details')
    expect(JSON.parse(stdout)).toMatchObject({
      cosigners: [{ name: 'one.example' }, { name: 'two.example' }],
      anchors: {
        trusted: [
          { kind: 'cosignature', by: 'two.example' },
          { kind: 'timestamp', by: 'local' },
        ],
        refused: [{ kind: 'mail', by: 'custodian' }],
        gaps: [],
      },
    })
    const text = await runCli(['log', 'verify', at('copy'), '--key', vkey, ...named()])
    expect(text.stdout).toContain('; cosigned by one.example, two.example; within its 2 anchors')
  })

  test('finds the same of the log as the control plane serves it now', async () => {
    const where = ['log', 'verify', `${plane.url}/log`, '--key', vkey]
    const answer = await runCli([
      '--profile',
      at('manager'),
      ...where,
      ...named(),
      '--quorum',
      '1',
      '--anchored',
    ])
    expect([answer.code, answer.stderr]).toEqual([0, ''])
    expect(answer.stdout).toContain('; within its 2 anchors')
  })

  test('misses the cosignature of a witness that was not asked, unless its quorum is there without', async () => {
    const other = cosignerKey(crypto, 'other.example', crypto.signer(crypto.generateKey('Ed25519')).publicJwk)
    const three = [...named(), '--witness', formatCosignerVkey(other)]
    expect(await codes(...three)).toEqual([1, [['COSIGNATURE_MISSING', 'checkpoint']]])
    expect(await codes(...three, '--quorum', '2')).toEqual([0, undefined])
    const group = `group g all one other\nquorum g\n`
    const witnesses = `witness one ${one.vkey}\nwitness other ${formatCosignerVkey(other)}\n`
    writeFileSync(at('policy'), `log ${vkey}\n${witnesses}${group}`)
    expect(await codes('--policy', at('policy'))).toEqual([1, [['COSIGNATURE_MISSING', 'checkpoint']]])
    writeFileSync(at('policy'), `log ${vkey}\n${witnesses}quorum one\n`)
    expect(await codes('--policy', at('policy'))).toEqual([0, undefined])
  })

  test('is told which anchor was changed, and that one who made none anchored nothing', async () => {
    const stranger = await startTimeAuthority({ now: Date.now })
    writeFileSync(at('stranger.pem'), stranger.root)
    await stranger.close()
    const lines = await readAnchorIndex(fsTileStore(at('copy')))
    const [, stamp] = lines.map(({ sha256 }) => `anchor/${Buffer.from(sha256, 'base64url').toString('hex')}`)
    const refused = ['ANCHOR_REFUSED', stamp]
    expect(await codes('--tsa-root', at('stranger.pem'), '--anchored')).toEqual([
      1,
      [refused, ['ANCHOR_MISSING', 'anchor/index']],
    ])
    writeFileSync(at('copy', stamp ?? ''), 'changed')
    expect(await codes(...named())).toEqual([1, [refused]])
  })

  test('is told apart what could not be checked: nobody named, or not to be read', async () => {
    const cases = [
      ['--anchored'],
      ['--quorum', '1'],
      ['--witness', one.vkey, '--quorum', '2'],
      ['--witness', one.vkey, '--quorum', 'many'],
      ['--witness', vkey],
      ['--policy', at('policy'), '--witness', one.vkey],
      ['--policy', at('nowhere')],
      ['--policy', at('anchors.json')],
      ['--tsa-root', at('policy')],
    ]
    const answers = await Promise.all(cases.map(async (args) => [args, (await verify(...args)).code]))
    expect(answers).toEqual(cases.map((args) => [args, 2]))
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
    await until('the alert is public', () => lastBundle('fork').includes('WITNESS_CONFLICT'))
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

/** The only bundle of entries there is, at its widest. */
function lastBundle(data: string): string {
  const folder = at(data, 'log/tile/entries/000.p')
  const widths = readdirSync(folder).filter((name) => /^\d+$/.test(name))
  return readFileSync(join(folder, String(Math.max(...widths.map(Number)))), 'utf8')
}

function occurrences(text: string, of: string): number {
  return text.split(of).length - 1
}
