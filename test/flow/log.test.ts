/** What an auditor does with a published log, by the command line: verify, export, look up, prove. @module */
import { cp, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { addSystem } from '../../apps/cli/operator.ts'
import { fromUtf8 } from '../../src/core/encoding.ts'
import { rfc3339 } from '../../src/core/time.ts'
import { runCli, until, type CliAnswer } from '../fixtures/processes.ts'
import { Stage } from '../fixtures/stage.ts'

let stage: Stage
let folder: string
let site: Server
let url: string
let vkey: string
const profile = (): string[] => ['--profile', stage.profileDir]
const json = ({ stdout }: CliAnswer) => JSON.parse(stdout) as Record<string, unknown>

beforeAll(async () => {
  stage = await Stage.set()
  folder = join(stage.folder, 'auditor')
  vkey = stage.control.vkey
  await until('a checkpoint of what there is', async () => {
    const { code } = await runCli([...profile(), 'log', 'export', join(folder, 'copy')])
    return code === 0
  })
  site = createServer((request, response) => {
    const path = join(folder, 'copy', (request.url ?? '/').replace(/^\/log\//, ''))
    readFile(path).then(
      (bytes) => response.end(bytes),
      () => response.writeHead(404).end(),
    )
  }).listen(0, '127.0.0.1')
  await once(site, 'listening')
  url = `http://127.0.0.1:${(site.address() as AddressInfo).port}/log/`
})

afterAll(async () => {
  site.close()
  await stage.remove()
})

const verify = (where: string, ...more: string[]) => runCli(['log', 'verify', where, '--key', vkey, ...more])

/** A copy of the exported log, one byte of which is flipped. */
async function damaged(path: string, at: number): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), 'countersign-log-'))
  await cp(join(folder, 'copy'), copy, { recursive: true })
  const bytes = await readFile(join(copy, path))
  bytes[at]! ^= 1
  await writeFile(join(copy, path), bytes)
  return copy
}

describe('log verify', () => {
  test('says of a directory, a URL and a pack that they hold, in three members', async () => {
    const pack = join(folder, 'pack.zip')
    const period = ['--from', rfc3339(Date.now() - 60_000)]
    expect(await runCli([...profile(), 'evidence', 'build', ...period, '-o', pack])).toMatchObject({
      code: 0,
    })
    for (const where of [join(folder, 'copy'), url, pack]) {
      const answer = await verify(where, '--json')
      const { size } = json(answer) as { size: number }
      expect(size).toBeGreaterThan(10)
      expect(answer.stdout).toBe(`{"ok":true,"size":${size},"entries_checked":${size}}\n`)
      expect(answer).toMatchObject({ code: 0, stderr: '' })
    }
    expect((await verify(url)).stdout).toMatch(/^ok countersign\.localhost: \d+ entries/)
  })

  test('reads the log of a running control plane with the key of the profile', async () => {
    const where = `${stage.control.url}/log`
    expect(await verify(where, '--json', ...profile())).toMatchObject({ code: 0 })
    const stranger = await verify(where, '--json', '--profile', join(folder, 'nobody'))
    expect(stranger).toMatchObject({ code: 2 })
    expect(json(stranger)).toMatchObject({ ok: false, error: { code: 'LOG_UNAVAILABLE' } })
  })

  test('names the entry that was changed, its file and its code', async () => {
    const [bundle = ''] = await readdir(join(folder, 'copy/tile/entries/000.p'))
    const path = `tile/entries/000.p/${bundle}`
    const bytes = await readFile(join(folder, 'copy', path))
    const second = 2 + bytes.readUInt16BE(0)
    const copy = await damaged(path, second + 2 + 20)
    try {
      const answer = await verify(copy, '--json')
      expect(answer.code).toBe(1)
      expect(json(answer)).toMatchObject({
        ok: false,
        entries_checked: 0,
        faults: [{ code: 'ENTRY_CHANGED', index: 1, path }],
        faults_n: 1,
      })
      const text = await verify(copy)
      expect(text.code).toBe(1)
      expect(text.stdout).toContain(
        `ENTRY_CHANGED: entry 1 is not the one that was logged [entry 1, ${path}]`,
      )
    } finally {
      await rm(copy, { recursive: true })
    }
  })

  test('names a changed checkpoint, and a checkpoint held that the log does not extend', async () => {
    const copy = await damaged('checkpoint', 25)
    const held = join(copy, 'checkpoint')
    try {
      const changed = await verify(copy, '--json')
      expect(json(changed)).toMatchObject({
        ok: false,
        faults: [{ code: 'CHECKPOINT_INVALID', path: 'checkpoint' }],
      })
      const answer = await verify(url, '--from', join(folder, 'copy/checkpoint'), '--from', held, '--json')
      expect(answer.code).toBe(1)
      expect(json(answer)).toMatchObject({
        faults: [{ code: 'CHECKPOINT_INVALID', path: held }],
        faults_n: 1,
      })
    } finally {
      await rm(copy, { recursive: true })
    }
  })

  test('tells an auditor apart from a log that is wrong what could not be checked at all', async () => {
    const cases = [
      ['log', 'verify', join(folder, 'nowhere'), '--key', vkey],
      ['log', 'verify', url, '--key', 'no key'],
      ['log', 'verify', url, '--key', vkey, '--from', join(folder, 'nowhere')],
      ['log', 'verify', url],
      ['log', 'verify', 'package.json', '--key', vkey],
      ['log', 'verify', 'http://127.0.0.1:9/', '--key', vkey],
    ]
    for (const args of cases) {
      const answer = await runCli([...args, '--json'])
      expect([args, answer.code]).toEqual([args, 2])
      expect(json(answer)).toMatchObject({ ok: false, error: { code: expect.stringMatching(/^[A-Z_]+$/) } })
    }
  })
})

describe('log export', () => {
  test('brings a copy up to date, from a data folder or a URL, and it extends the copy before', async () => {
    const copy = join(folder, 'again')
    const from = ['--from-url', url, '--key', vkey]
    const first = json(await runCli(['log', 'export', copy, ...from, '--json']))
    const held = join(folder, 'held')
    await cp(join(copy, 'checkpoint'), held)
    expect(json(await runCli(['log', 'export', copy, ...from, '--json']))).toMatchObject({ files_written: 0 })
    await addSystem(stage.manager, 'Later')
    const data = ['--data', join(stage.folder, 'data'), '--key', vkey]
    const longer = (first.size as number) + 2 // the site has the log from before the pack was built
    const grown = await until('a longer log', async () => {
      const answer = json(await runCli(['log', 'export', copy, ...data, '--json']))
      return answer.size === longer && answer
    })
    expect(grown).toMatchObject({ ok: true, size: longer })
    const answer = await verify(copy, '--from', held, '--json', '--details')
    expect(json(answer)).toMatchObject({ ok: true, origin: 'countersign.localhost', faults: [] })
  })

  test('wants to know whose log it is', async () => {
    const answers = await Promise.all([
      runCli(['log', 'export', join(folder, 'x'), '--from-url', url]),
      runCli(['log', 'export', join(folder, 'x'), '--from-url', url, '--data', folder, '--key', vkey]),
    ])
    for (const answer of answers) expect(answer).toMatchObject({ code: 2 })
  })
})

describe('log checkpoint, entry and proof', () => {
  test('make a proof that verifies offline with the entry alone', async () => {
    const [proof, entry, note] = ['e.tlog-proof', 'entry', 'note'].map((name) => join(folder, name))
    const from = ['--from-url', url, '--key', vkey]
    const head = json(await runCli(['log', 'checkpoint', ...from, '--out', note!, '--json']))
    expect(head.note).toBe(fromUtf8(await readFile(note!)))
    expect((await runCli(['log', 'proof', '3', ...from, '--out', proof!, '--extra', 'x'])).stdout).toMatch(
      /^c2sp\.org\/tlog-proof@v1\nextra eA==\nindex 3\n/,
    )
    const found = await runCli(['log', 'entry', '3', ...from, '--out', entry!])
    expect(found.stdout).toBe(`${fromUtf8(await readFile(entry!))}\n`)
    const check = (file: string, of: string) =>
      runCli(['log', 'verify-proof', file, '--entry', of, '--key', vkey, '--json'])
    expect(json(await check(proof!, entry!))).toEqual({
      ok: true,
      origin: 'countersign.localhost',
      index: 3,
      size: head.size,
    })
    const wrong = await check(proof!, note!)
    expect([wrong.code, json(wrong)]).toMatchObject([1, { ok: false, error: { code: 'PROOF_INVALID' } }])
    expect((await check(proof!, join(folder, 'nowhere'))).code).toBe(2)
  })

  test('ask the control plane of the profile, and know the end of the log', async () => {
    expect((await runCli([...profile(), 'log', 'entry', '0'])).stdout).toContain('"type":"log.created"')
    for (const index of ['99999', '-1', '1.5', 'x'])
      expect([index, (await runCli([...profile(), 'log', 'entry', '--', index])).code]).toEqual([index, 2])
  })
})
