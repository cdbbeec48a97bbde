/**
 * A second verifier, in Python and written from spec/ alone, gives the answers that the vectors expect: what the
 * pages say is enough to write one, and what this implementation does is what they say.
 * @module
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
/** The folders of vectors that the verifier knows. */
const folders = ['delegation', 'grants', 'proof', 'approval', 'version', 'consent', 'attestation', 'drift']
  .map((name) => `vectors/${name}`)
  .filter((folder) => existsSync(root + folder))

/** The commands that it needs, and how each is asked whether it is there. */
const needed = { python3: ['--version'], openssl: ['version'] }
const missing = Object.entries(needed)
  .filter(([command, question]) => spawnSync(command, question).status !== 0)
  .map(([command]) => command)
const onlyWith = missing.length === 0 ? '' : ` (skipped: no ${missing.join(' and no ')} on this machine)`

describe.skipIf(missing.length > 0)(`a verifier in Python, written from the pages alone${onlyWith}`, () => {
  test('agrees with every vector', { timeout: 240_000 }, () => {
    const run = spawnSync('python3', ['test/interop/verify.py', ...folders], { cwd: root, encoding: 'utf8' })
    const lines = run.stdout.trimEnd().split('\n')

    expect(lines.filter((line) => line.includes('DISAGREES'))).toEqual([])
    expect(run.stderr).toBe('')
    expect(lines.at(-1)).toMatch(/^[1-9]\d* agree, 0 disagree$/)
    expect(run.status).toBe(0)
  })
})
