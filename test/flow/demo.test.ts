/** The demo is a test: the main job end to end over separate processes, with the real filesystem server. */
import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { Narrator } from '../../examples/demo/narrator.ts'
import { playPush } from '../../examples/demo/push.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { verifyPack } from '../../src/evidence/verify/verify.ts'

const DEMO = fileURLToPath(new URL('../../examples/demo/main.ts', import.meta.url))
const DEMO_MS_MAX = 600_000

const summarySchema = z.object({
  ok: z.boolean(),
  allowed: z.number(),
  denied: z.record(z.string(), z.number()),
  revocation_ms: z.object({ p50: z.number().positive(), max: z.number().positive() }),
  entries: z.number(),
  pack: z.string(),
  vkey: z.string(),
  verified: z.boolean(),
  tamper_detected: z.boolean(),
  deletion_detected: z.boolean(),
  template: z.boolean(),
  quorum: z.boolean(),
  flow: z.boolean(),
  outputs: z.boolean(),
  push: z.boolean().nullable(),
  consent: z.boolean(),
  takeover: z.boolean(),
  drill: z.boolean(),
  killed_not_stale: z.boolean(),
})

let run: { code: number; stdout: string; stderr: string }
let summary: z.infer<typeof summarySchema>

beforeAll(async () => {
  run = await new Promise((resolve) => {
    execFile(process.execPath, [DEMO, '--exit', '--json'], (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr })
    })
  })
  summary = summarySchema.parse(JSON.parse(run.stdout.trim().split('\n').at(-1) ?? ''))
}, DEMO_MS_MAX)

afterAll(() => rm(dirname(summary.pack), { recursive: true, force: true }))

test('npm run demo -- --exit --json ends well, and says so in its last line', () => {
  expect(run).toMatchObject({ code: 0, stderr: '' })
  expect(summary).toMatchObject({ ok: true, verified: true, tamper_detected: true, deletion_detected: true })
  expect(summary).toMatchObject({
    template: true,
    quorum: true,
    flow: true,
    outputs: true,
    push: true,
    consent: true,
    takeover: true,
    drill: true,
    killed_not_stale: true,
  })
  expect(summary.allowed).toBeGreaterThan(0)
  expect(summary.entries).toBeGreaterThan(summary.allowed)
  expect(summary.revocation_ms.max).toBeGreaterThanOrEqual(summary.revocation_ms.p50)
})

test('every denial that the story tells is in the evidence', () => {
  // A limit that is used up is leased for as long as its receipts are on their way.
  const told = Object.keys(summary.denied).filter((reason) => reason !== 'LIMIT_LEASED')
  expect(told.sort()).toEqual([
    'APPROVAL_REFUSED',
    'CONSENT_WITHDRAWN',
    'CONSTRAINT_VIOLATED',
    'EXPIRED',
    'KILLED',
    'LIMIT_EXCEEDED',
    'LIMIT_PER_CALL',
    'NO_MATCHING_GRANT',
    'PROOF_INVALID',
    'REVOKED',
    'SESSION_UNKNOWN',
    'WIDENED',
  ])
})

test('the pack that it leaves verifies again, here, with nothing but the key', async () => {
  const pack = await verifyPack(nodeCrypto, await readFile(summary.pack), summary.vkey)
  expect(pack.report.faults).toEqual([])
  expect(pack.report).toMatchObject({ ok: true, entries: summary.entries, allowed: summary.allowed })
})

test('where git is missing, the scene about a push says that it is skipped, and leaves nothing behind', async () => {
  const said: string[] = []
  class Heard extends Narrator {
    override step(text: string): void {
      said.push(text)
    }
  }
  const untouched = () => Promise.reject(new Error('the control plane was asked'))
  const folder = await mkdtemp(join(tmpdir(), 'countersign-no-git-'))
  const nowhere = { PATH: folder }
  expect(await playPush(folder, { keys: untouched, attest: untouched }, new Heard(true), nowhere)).toBeNull()
  expect(said).toEqual([expect.stringMatching(/^git is not installed here/)])
  expect(await readdir(folder)).toEqual([])
  await rm(folder, { recursive: true })
})
