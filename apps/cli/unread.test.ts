import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { CLI } from '../../test/fixtures/processes.ts'

test('a command whose words nobody reads to their end stops without a fault of ours, and not as if all went well', async () => {
  const child = spawn(process.execPath, [CLI, 'controls', 'list'], { stdio: ['ignore', 'pipe', 'pipe'] })
  child.stdout.destroy()
  const [said, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')])
  expect([said, code]).toEqual(['', 141])
}, 60_000)
