/** The demo with `--store postgres` is the same demo: nothing in it knows which database there is. */
import { execFile } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { z } from 'zod'

const DEMO = fileURLToPath(new URL('../../examples/demo/main.ts', import.meta.url))
const DEMO_MS_MAX = 600_000

test(
  'npm run demo -- --store postgres --exit --json ends well',
  async () => {
    const run = await new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
      const args = [DEMO, '--store', 'postgres', '--exit', '--json']
      execFile(process.execPath, args, (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr })
      })
    })
    const summary = z
      .looseObject({ pack: z.string() })
      .parse(JSON.parse(run.stdout.trim().split('\n').at(-1) ?? ''))
    await rm(dirname(summary.pack), { recursive: true, force: true })
    expect(run).toMatchObject({ code: 0, stderr: '' })
    const held = { ok: true, verified: true, tamper_detected: true, deletion_detected: true, quorum: true }
    expect(summary).toMatchObject({ ...held, drill: true, killed_not_stale: true })
  },
  DEMO_MS_MAX,
)
