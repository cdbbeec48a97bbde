/** The steps of the action for GitHub, run here as a runner runs them: by bash, with what the workflow gives them. */
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test, vi } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { noteCommit, trailCommit } from '../../apps/cli/attest/carry.ts'
import { NOTES_REF } from '../../src/provenance/carriers/push.ts'
import { AttestedRepository } from '../fixtures/attested-repository.ts'

/** Commands are processes of their own. */
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 })

const ACTION = fileURLToPath(new URL('../../deploy/github-action/action.yml', import.meta.url))
const actionSchema = z.object({
  inputs: z.record(z.string(), z.object({ description: z.string(), default: z.string() })),
  runs: z.object({
    using: z.literal('composite'),
    steps: z.array(
      z.object({
        name: z.string(),
        uses: z.string().optional(),
        run: z.string().optional(),
        shell: z.string().optional(),
        env: z.record(z.string(), z.string()).optional(),
      }),
    ),
  }),
})
const action = actionSchema.parse(parse(readFileSync(ACTION, 'utf8')))
const r = new AttestedRepository('action')
afterAll(() => r.remove())

/** `${{ … }}` as a runner fills it in. */
function filled(text: string, values: Record<string, string>): string {
  return text.replaceAll(/\$\{\{ ([\w.]+) \}\}/g, (_, name: string) => {
    const input = /^inputs\.(\w+)$/.exec(name)?.[1]
    return values[name] ?? (input === undefined ? '' : (action.inputs[input]?.default ?? ''))
  })
}

function run(values: Record<string, string>): { code: number; said: string; report: string } {
  const output = join(r.folder, 'output')
  writeFileSync(output, '')
  let said = ''
  let code = 0
  for (const step of action.runs.steps) {
    if (step.run === undefined || code !== 0) continue
    const own = Object.entries(step.env ?? {}).map(([name, value]) => [
      name,
      filled(value, { 'github.action_path': dirname(ACTION), ...values }),
    ])
    const done = spawnSync(
      'bash',
      ['--noprofile', '--norc', '-eo', 'pipefail', '-c', filled(step.run, values)],
      {
        cwd: r.work,
        encoding: 'utf8',
        env: {
          ...process.env,
          PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
          GITHUB_OUTPUT: output,
          ...Object.fromEntries(own),
        },
      },
    )
    said += done.stdout + done.stderr
    code = done.status ?? 1
  }
  return { code, said, report: readFileSync(output, 'utf8') }
}

test('its steps fail commits that nobody stands behind, and pass those that are attested', () => {
  expect(action.runs.steps.filter(({ uses }) => uses !== undefined).map(({ name }) => name)).toEqual(['Node'])
  expect(action.runs.steps.every(({ run: script, shell }) => script === undefined || shell === 'bash')).toBe(
    true,
  )
  const base = r.commit('a.txt', 'one\n')
  r.commit('b.txt', 'two\n')
  trailCommit(r.git, r.attestation())
  for (const name of ['GIT_AUTHOR_NAME', 'GIT_COMMITTER_NAME']) process.env[name] = 'Ada'
  for (const name of ['GIT_AUTHOR_EMAIL', 'GIT_COMMITTER_EMAIL']) process.env[name] = 'ada@example.org'
  const noted = r.commit('c.txt', 'three\n')
  noteCommit(r.git, 'HEAD', r.attestation())
  r.run('push', '--quiet', 'origin', 'main', NOTES_REF)
  r.run('update-ref', '-d', NOTES_REF)

  const given = { 'inputs.key': `\n${r.world.kid}\n`, 'inputs.role': 'supervised' }
  const pull = {
    ...given,
    'github.event.pull_request.base.sha': base,
    'github.event.pull_request.head.sha': noted,
  }
  const good = run(pull)
  expect(good).toMatchObject({ code: 0 })
  expect(JSON.parse(good.report.replace('report=', ''))).toMatchObject({
    ok: true,
    commits: [{ ok: true }, { ok: true }],
  })

  const none = '0'.repeat(40)
  const first = run({ ...given, 'github.event.before': none, 'github.sha': base })
  expect(first).toMatchObject({ code: 1 })
  expect(first.said).toMatch(/ATTESTATION_MISSING[^]*::error::/)
  expect(run({ ...pull, 'inputs.role': 'authored' }).said).toContain('ROLE_TOO_LOW')
})
