/**
 * Packs with everything that may be wrong with them, through the command line and through `verify.mjs` alone in an empty
 * folder: both say the same, name it, exit non-zero, and write nothing. docs/verifying.md
 */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { verifierFiles } from '../../apps/verifier/build.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { hex, utf8 } from '../../src/core/encoding.ts'
import { parseJson, type JsonObject } from '../../src/core/json.ts'
import { formatCosignerVkey } from '../../src/log/cosignature.ts'
import { runCli } from '../fixtures/processes.ts'
import { reportedPack, type ReportedPack } from '../fixtures/reported.ts'
import { cosignedPack, strangersKey, tamperedPacks, witnessOf } from '../fixtures/tampered.ts'

const run = promisify(execFile)
const answer = z.looseObject({
  ok: z.boolean(),
  integrity: z.boolean().optional(),
  faults: z.array(z.looseObject({ code: z.string(), file: z.string().optional() })).optional(),
  error: z.object({ code: z.string(), message: z.string() }).optional(),
})
type Answer = z.infer<typeof answer>

let folder: string
let alone: string
let pack: ReportedPack
let files: ReadonlyMap<string, string>

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'verifiers-'))
  alone = join(folder, 'alone')
  await mkdir(alone)
  files = await verifierFiles()
  await writeFile(join(alone, 'verify.mjs'), files.get('verify.mjs') ?? '')
  pack = await reportedPack(null)
  await writeFile(join(folder, 'good.zip'), pack.bytes)
}, 60_000)
afterAll(() => rm(folder, { recursive: true }))

async function runAlone(args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  try {
    const { stdout, stderr } = await run(process.execPath, ['verify.mjs', ...args], { cwd: alone, env: {} })
    return { code: 0, stdout, stderr }
  } catch (error) {
    return z.object({ code: z.int(), stdout: z.string(), stderr: z.string() }).parse(error)
  }
}

/** Without how long it took. */
function read(stdout: string): Answer {
  const { seconds: _, ...rest } = parseJson(stdout) as JsonObject
  return answer.parse(rest)
}

/** What both say of a pack, which must be one thing. */
async function judged(file: string, more: readonly string[] = [], key = pack.vkey): Promise<Answer> {
  const before = await readdir(folder, { recursive: true })
  const [cli, mjs] = await Promise.all([
    runCli(['--json', 'verify', file, '--key', key, ...more]),
    runAlone([file, '--key', key, '--json', ...more]),
  ])
  const said = read(mjs.stdout)
  expect(read(cli.stdout)).toEqual(said)
  expect([cli.code, mjs.code]).toEqual(said.ok ? [0, 0] : [1, 1])
  expect(await readdir(folder, { recursive: true })).toEqual(before)
  return said
}

const codes = ({ error, faults = [] }: Answer): unknown[] =>
  error === undefined ? faults.map(({ code, file }) => [code, file]) : [[error.code, undefined]]

describe('the verifiers', () => {
  test('are the same bytes each time, with their digests, and need nothing but Node', async () => {
    expect([...(await verifierFiles())]).toEqual([...files])
    expect([...files.keys()].sort()).toEqual(['SHA256SUMS', 'verify.html', 'verify.mjs'])
    for (const name of ['verify.html', 'verify.mjs'])
      expect(files.get('SHA256SUMS')).toContain(
        `${hex(nodeCrypto.sha256(utf8(files.get(name) ?? '')))}  ${name}\n`,
      )
    const imported = [...(files.get('verify.mjs') ?? '').matchAll(/^import .* from "([^"]+)"/gm)]
    expect(imported.map(([, from]) => from).filter((from) => from?.startsWith('node:') !== true)).toEqual([])
    expect(files.get('verify.html')).not.toMatch(/from "node:|require\(/)
  })

  test('find nothing wrong with a good pack', async () => {
    const said = await judged(join(folder, 'good.zip'))
    expect(said).toMatchObject({ ok: true, integrity: true, faults: [] })
  })

  test('in words too', async () => {
    const { code, stdout } = await runAlone([join(folder, 'good.zip'), '--key', pack.vkey])
    expect(code).toBe(0)
    expect(stdout).toContain('ok   every entry hashes up to the signed root')
    expect(stdout).toContain('Not checked:')
  })

  test('tell how they are asked', async () => {
    expect(await runAlone(['--help'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('--checkpoint'),
    })
    for (const args of [[], ['a.zip'], ['--key'], ['a.zip', 'b.zip', '--key', 'x'], ['a.zip', '--bogus']]) {
      const { code, stderr } = await runAlone(args)
      expect([args, code, stderr]).toEqual([args, 2, expect.stringContaining('ARGUMENT_INVALID')])
    }
    expect((await runAlone(['none.zip', '--key', 'x'])).stderr).toContain('FILE_UNREADABLE')
  })

  test('name what is wrong with every bad pack', { timeout: 240_000 }, async () => {
    for (const { name, pack: bad, code, file } of tamperedPacks(pack.log, pack.bytes)) {
      const path = join(folder, 'bad.zip')
      await writeFile(path, bad)
      const said = await judged(path)
      expect([name, said.ok, codes(said)]).toEqual([name, false, expect.arrayContaining([[code, file]])])
    }
  })

  test('say what to do about a pack that is newer', async () => {
    const newer = tamperedPacks(pack.log, pack.bytes).find(({ code }) => code === 'PACK_NEWER')
    await writeFile(join(folder, 'newer.zip'), newer?.pack ?? '')
    expect((await judged(join(folder, 'newer.zip'))).error?.message).toMatch(/get a newer verifier/)
  })

  test('name a key that does not match, and one that is none', async () => {
    const good = join(folder, 'good.zip')
    expect(codes(await judged(good, [], strangersKey(pack.log)))[0]).toEqual([
      'CHECKPOINT_INVALID',
      'checkpoint',
    ])
    expect(codes(await judged(good, [], 'no key'))).toEqual([['VKEY_INVALID', undefined]])
  })

  test('compare checkpoints that their reader holds', async () => {
    const good = join(folder, 'good.zip')
    const mine = join(folder, 'mine.txt')
    await writeFile(mine, pack.log.checkpointAt(7))
    expect(await judged(good, ['--checkpoint', mine])).toMatchObject({ ok: true })
    const other = join(folder, 'other.txt')
    await writeFile(other, 'not a checkpoint')
    const said = await judged(good, ['--checkpoint', mine, '--checkpoint', other])
    expect(codes(said)).toEqual([['HELD_CHECKPOINT_INVALID', other]])
  })

  test('say which witnesses that their reader names cosigned', async () => {
    const key = witnessOf(pack.log)
    const path = join(folder, 'seen.zip')
    await writeFile(path, cosignedPack(pack.log, pack.bytes))
    const by = { file: 'checkpoint', witness: key.name, at: expect.stringContaining('2026-05') }
    expect(await judged(path, ['--witness', formatCosignerVkey(key)])).toMatchObject({
      ok: true,
      cosignatures: [by],
    })
    expect(codes(await judged(path, ['--witness', pack.vkey]))).toEqual([['VKEY_INVALID', undefined]])
  })

  test('roll an earlier pack forward', async () => {
    const good = join(folder, 'good.zip')
    expect(await judged(good, ['--earlier', good])).toMatchObject({
      ok: true,
      rolled_forward: { populations: { decisions: { before: 3, now: 3, same: 3, added: 0 } }, tests: {} },
    })
    const none = join(folder, 'none.zip')
    await writeFile(none, 'not a pack')
    expect(codes(await judged(good, ['--earlier', none]))).toEqual([['EARLIER_PACK_INVALID', none]])
  })
})
