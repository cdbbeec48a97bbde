/**
 * `npm run demo`: the main job, end to end, on real files with real processes. Options: `--exit` ends at once instead
 * of leaving the control plane and its console up, `--json` prints one JSON object, `--store postgres` keeps state and
 * log in a PostgreSQL of its own, from an npm package, instead of SQLite.
 * @module
 */
import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import { viewerLink } from '../../apps/cli/operator.ts'
import { paint, say, tell } from '../../apps/cli/output.ts'
import { rfc3339 } from '../../src/core/time.ts'
import type { Postgres } from '../../test/fixtures/postgres.ts'
import { playDrill, playOutage, startKillStage } from './kill-switch.ts'
import { playConsent } from './consent.ts'
import { playFlow } from './flow.ts'
import { Narrator } from './narrator.ts'
import { playOutputs } from './outputs.ts'
import { runCli } from './processes.ts'
import { checkFiles, DemoFailed, playCalls, playRevocations, playThief } from './scenes.ts'
import { setStage, type Stage } from './stage.ts'
import { changeEntry, deleteEntry } from './tamper.ts'
import { playTakeover } from './takeover.ts'
import { playTwoPeople } from './two-people.ts'

const faultSchema = z.object({ code: z.string(), index: z.number().optional() })
const reportSchema = z.object({
  ok: z.boolean(),
  entries: z.number(),
  allowed: z.number(),
  denied: z.record(z.string(), z.number()),
  checks: z.array(z.object({ name: z.string(), ok: z.boolean(), count: z.number() })),
  faults: z.array(faultSchema),
})
const storySchema = z.object({
  story: z.object({ who: z.array(z.unknown()), scope: z.array(z.unknown()), evidence: z.array(z.unknown()) }),
})

interface Verified {
  readonly entries: number
  readonly allowed: number
  readonly denied: Readonly<Record<string, number>>
  readonly pack: string
  readonly verified: boolean
  readonly tamper_detected: boolean
  readonly deletion_detected: boolean
}

async function prove(stage: Stage, from: string, narrator: Narrator): Promise<Verified> {
  narrator.chapter('The evidence, checked by another process with nothing but the pack and the key')
  const pack = join(stage.folder, 'pack.zip')
  const profile = ['--profile', stage.profileFolder]
  const built = await runCli([...profile, 'evidence', 'build', '--from', from, '-o', pack])
  if (built.code !== 0) throw new DemoFailed(`the pack was not built: ${JSON.stringify(built.value)}`)
  narrator.step(`pack built: ${pack}`)
  const { vkey } = stage.control
  const verified = await runCli(['verify', pack, '--key', vkey])
  const report = reportSchema.parse(verified.value)
  for (const check of report.checks) narrator.good(`${check.name} (${check.count})`)
  if (!report.ok) throw new DemoFailed(`the pack does not verify: ${JSON.stringify(report.faults)}`)
  await tellStory(pack, vkey, narrator)

  const bytes = await readFile(pack)
  const victim = Math.floor(report.entries / 2)
  const changed = await verifyForged(stage, 'changed.zip', changeEntry(bytes, victim))
  const tamper_detected = changed.some((fault) => fault.code === 'ENTRY_CHANGED' && fault.index === victim)
  if (tamper_detected)
    narrator.good(`one byte of entry ${victim} changed: the verifier names entry ${victim}`)
  const deleted = await verifyForged(stage, 'deleted.zip', deleteEntry(bytes, victim))
  const deletion_detected = deleted.some((fault) => fault.code === 'ENTRY_MISSING' && fault.index === victim)
  if (deletion_detected) narrator.good(`entry ${victim} deleted: the verifier notices`)
  const { entries, allowed, denied } = report
  return { entries, allowed, denied, pack, verified: verified.code === 0, tamper_detected, deletion_detected }
}

/** The auditor's three questions for the last allowed action. */
async function tellStory(pack: string, vkey: string, narrator: Narrator): Promise<void> {
  const { readArchive } = await import('../../src/evidence/pack/archive.ts')
  const rows = Buffer.from(
    readArchive(await readFile(pack)).get('populations/decisions.jsonl') ?? [],
  ).toString()
  const action = rows
    .trim()
    .split('\n')
    .map((row) => z.object({ action: z.string(), decision: z.string() }).parse(JSON.parse(row)))
    .findLast((row) => row.decision === 'allow')?.action
  const answer = await runCli(['verify', pack, '--key', vkey, '--action', action ?? ''])
  const { story } = storySchema.parse(answer.value)
  if (story.who.length === 0 || story.scope.length === 0 || story.evidence.length === 0) {
    throw new DemoFailed('the pack does not answer the three questions')
  }
  narrator.good(`who authorized ${action}? ${JSON.stringify(story.who[0])}`)
  narrator.good(`under what scope? ${story.scope.length} delegation(s), the grant in each`)
  narrator.good(`where is the evidence? ${story.evidence.length} entries, each with its inclusion proof`)
}

async function verifyForged(
  stage: Stage,
  name: string,
  bytes: Uint8Array,
): Promise<z.infer<typeof faultSchema>[]> {
  const path = join(stage.folder, name)
  await writeFile(path, bytes)
  const { code, value } = await runCli(['verify', path, '--key', stage.control.vkey])
  return code === 1 ? reportSchema.parse(value).faults : []
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return Number((sorted[Math.ceil(sorted.length * share) - 1] ?? Number.NaN).toFixed(2))
}

async function main(): Promise<void> {
  const json = process.argv.includes('--json')
  const narrator = new Narrator(json)
  const from = rfc3339(Date.now() - 60_000)
  const folder = await mkdtemp(join(tmpdir(), 'countersign-demo-'))
  const postgres = await startPostgres()
  let stage: Stage | null = null
  try {
    stage = await setStage(folder, narrator, await postgres?.database())
    const delegated = await playCalls(stage, narrator)
    const { template, quorum } = await playTwoPeople(stage, narrator)
    await playThief(stage, delegated, narrator)
    const latencies = await playRevocations(stage, narrator)
    const switched = await startKillStage(stage)
    const drill = await playDrill(stage, switched, narrator)
    const killed_not_stale = await playOutage(stage, switched, postgres, narrator)
    // Last: it enrolls a gateway, and the drill waits for every one there is.
    const flow = await playFlow(stage, narrator)
    const { outputs, push } = await playOutputs(stage, narrator)
    const consent = await playConsent(stage, narrator)
    const takeover = await playTakeover(stage, narrator)
    await checkFiles(stage)
    const proof = await prove(stage, from, narrator)
    const result = {
      ok:
        template &&
        quorum &&
        flow &&
        outputs &&
        push !== false &&
        consent &&
        takeover &&
        drill &&
        killed_not_stale &&
        proof.verified &&
        proof.tamper_detected &&
        proof.deletion_detected,
      allowed: proof.allowed,
      denied: proof.denied,
      revocation_ms: { p50: percentile(latencies, 0.5), max: percentile(latencies, 1) },
      entries: proof.entries,
      pack: proof.pack,
      vkey: stage.control.vkey,
      verified: proof.verified,
      tamper_detected: proof.tamper_detected,
      deletion_detected: proof.deletion_detected,
      template,
      quorum,
      flow,
      outputs,
      push,
      consent,
      takeover,
      drill,
      killed_not_stale,
    }
    if (!result.ok) process.exitCode = 1
    if (json) say(JSON.stringify(result))
    else summarize(result)
    if (!process.argv.includes('--exit')) await stayUp(stage)
  } finally {
    await stage?.control.stop()
    await postgres?.remove()
  }
}

async function startPostgres(): Promise<Postgres | null> {
  const at = process.argv.indexOf('--store')
  if (at < 0) return null
  if (process.argv[at + 1] !== 'postgres') throw new DemoFailed('the only --store is postgres')
  const { Postgres: Server } = await import('../../test/fixtures/postgres.ts')
  return Server.start()
}

function summarize(result: {
  ok: boolean
  allowed: number
  denied: Readonly<Record<string, number>>
  revocation_ms: { p50: number; max: number }
  entries: number
  pack: string
  vkey: string
}): void {
  const denied = Object.entries(result.denied).map(([code, n]) => `${code} ${n}`)
  say(
    [
      '',
      paint('bold', result.ok ? 'All of it held.' : 'Something did not hold.'),
      `  allowed     ${result.allowed}`,
      `  denied      ${denied.join(', ')}`,
      `  revocation  ${result.revocation_ms.p50} ms p50, ${result.revocation_ms.max} ms at most, call to first denial`,
      `  log         ${result.entries} entries`,
      `  pack        ${result.pack}`,
      `  key         ${result.vkey}`,
      '',
      'Check it yourself:',
      `  npx countersign verify ${result.pack} --key '${result.vkey}'`,
      '  or in a browser: npm run build:verifiers, then open dist/verifiers/verify.html',
    ].join('\n'),
  )
}

async function stayUp(stage: Stage): Promise<void> {
  const show = async (): Promise<void> => {
    tell(`\nConsole (the link works once, for a minute): ${await viewerLink(stage.manager, 'console')}`)
    tell('Enter: another link. Ctrl-C: end.')
  }
  await show()
  const input = createInterface({ input: process.stdin })
  input.on('line', () => void show())
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
    input.on('SIGINT', () => resolve())
  })
  input.close()
}

try {
  await main()
  // Not left to the end: the package that runs PostgreSQL ends a process with 0, whatever its exit code says.
  if (process.exitCode === 1) process.exit(1)
} catch (error) {
  tell(
    `${paint('red', 'the demo failed', process.stderr)}: ${error instanceof Error ? error.message : 'fault'}`,
  )
  if (process.argv.includes('--json')) say(JSON.stringify({ ok: false }))
  process.exit(1) // agents and their gateways end with it
}
