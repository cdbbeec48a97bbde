/** `countersign evidence build` and `countersign verify`: the pack, and what anyone can make of it. @module */
import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { z } from 'zod'
import { nodeCrypto } from '../../../src/adapters/node-crypto/node-crypto.ts'
import { nodeZlib } from '../../../src/adapters/node-zlib/node-zlib.ts'
import { fromUtf8 } from '../../../src/core/encoding.ts'
import { parseJson, type JsonObject } from '../../../src/core/json.ts'
import { counted } from '../../../src/core/words.ts'
import { openPack } from '../../../src/evidence/pack/archive.ts'
import { actionStory, type ActionStory } from '../../../src/evidence/verify/action.ts'
import { openedFieldSchema, type OpenedField } from '../../../src/log/commitment.ts'
import { judgeOpening, type JudgedOpening } from '../../../src/evidence/verify/openings.ts'
import type { HeldCheckpoint } from '../../../src/evidence/verify/held.ts'
import { verifyRolled } from '../../../src/evidence/verify/roll-forward.ts'
import { readShared, withReaders } from '../../verifier/threads.ts'
import { WAIT_S, WAIT_WORDS } from '../cut-off.ts'
import { packInto } from '../pack-of.ts'
import { CliError, EXIT_FAILED, listing, paint, progress, progressDone, result, table } from '../output.ts'
import { countsText, cutOffLines, describeReport } from '../pack-report.ts'
import { unreadable } from '../profile.ts'
import { collect, profileOf, time, wantsJson, whole } from './globals.ts'

/** A value with its salt, as the control plane keeps it. */
const OPENING_BYTES_MAX = 4 * 1024 * 1024

/** Its sources as they are, or compiled. */
const BUNDLE_WORKER = new URL(
  `../../verifier/bundle-worker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`,
  import.meta.url,
)

interface BuildOptions {
  readonly from: number
  readonly to?: number
  readonly out: string
  readonly controls?: string
  readonly description?: string
  readonly earlier?: string
  readonly wait: number
}

export function evidenceCommands(program: Command): void {
  const evidence = program.command('evidence').description('evidence packs; "countersign verify" checks one')
  evidence
    .command('build')
    .description('build a pack for a period, half-open: from <= time < to')
    .requiredOption('--from <time>', 'RFC 3339 UTC, e.g. 2026-01-01T00:00:00Z', time)
    .option('--to <time>', 'RFC 3339 UTC, not in the period itself; now if not given', time)
    .requiredOption('-o, --out <file>', 'where to write the pack')
    .option('--controls <dir>', 'control files of your own, besides those that come with Countersign')
    .option('--description <file>', 'what the company says of itself, for the drafts that management signs')
    .option('--earlier <pack>', 'a pack of an earlier period: narratives show what changed since')
    .option('--wait <seconds>', WAIT_WORDS, whole, WAIT_S)
    .action(async (options: BuildOptions, command: Command) => {
      const profile = await profileOf(command)
      const { manifest, bytes, tests } = await packInto(
        options.out,
        profile,
        { from_ms: options.from, to_ms: options.to ?? Date.now() + 1 },
        {
          controls: options.controls ?? null,
          description: options.description ?? null,
          earlier: options.earlier ?? null,
          // Until now is never over: what points bring in a moment belongs to the next pack.
          wait_s: options.to === undefined ? 0 : options.wait,
        },
      )
      const populations = Object.fromEntries(manifest.populations.map(({ name, count }) => [name, count]))
      const summary = {
        file: options.out,
        bytes,
        entries: manifest.log.end,
        state: manifest.state,
        limitations: manifest.limitations,
        populations,
        tests,
      }
      result(wantsJson(command), summary, () =>
        [
          `${paint('green', 'built')} ${options.out} (${counted(bytes, 'byte')}, ${counted(manifest.log.end, 'entry', 'entries')})`,
          ...(manifest.state === 'final' ? ['final: the log goes on past the end of the period'] : []),
          ...cutOffLines(manifest),
          ...Object.entries(populations).map(([name, count]) => `  ${name}: ${count}`),
          countsText(tests),
        ].join('\n'),
      )
    })
  evidence
    .command('actions')
    .description('the decisions in a pack, one a line; says nothing of whether the pack verifies')
    .argument('<pack>', 'file that evidence build wrote')
    .action(async (file: string, _: unknown, command: Command) => {
      const rows = decisionsIn(await read(file))
      result(wantsJson(command), rows, () =>
        listing(
          ['action', 'time', 'decision', 'tool', 'reasons'],
          rows.map(({ action, time: at, decision, server, tool, reasons }) => [
            action,
            at,
            decision,
            `${server} / ${tool}`,
            reasons.join(', '),
          ]),
          'no decision in the period of this pack: build one with an earlier --from',
        ),
      )
    })
  verifyCommand(program)
}

const decisionRow = z.object({
  action: z.string(),
  time: z.string(),
  decision: z.string(),
  server: z.string(),
  tool: z.string(),
  reasons: z.array(z.string()),
})

function decisionsIn(pack: Uint8Array): z.infer<typeof decisionRow>[] {
  const file = openPack(pack, nodeZlib).readSync('populations/decisions.jsonl')
  if (file === null)
    throw new CliError(
      'ARGUMENT_INVALID',
      `the file is not a pack, it has no decisions: give the file that "countersign evidence build … -o FILE" wrote`,
    )
  const lines = fromUtf8(file).split('\n')
  return lines.filter((line) => line !== '').map((line) => decisionRow.parse(parseJson(line)))
}

interface VerifyOptions {
  readonly key: string
  readonly checkpoint: readonly string[]
  readonly witness: readonly string[]
  readonly earlier?: string
  readonly action?: string
  readonly opening?: string
}

function openedIn(bytes: Uint8Array): OpenedField {
  const opened = openedFieldSchema.safeParse(
    parseJson(bytes, { bytes_max: OPENING_BYTES_MAX, depth_max: 40 }),
  )
  if (!opened.success)
    throw new CliError(
      'ARGUMENT_INVALID',
      'the file is not an opening: give what "countersign open ENTRY FIELD" printed',
    )
  return opened.data
}

function describeOpening({ ok, entry, field, fault, value }: JudgedOpening): string {
  return ok
    ? `${paint('green', 'opens')} ${field} of entry ${entry}: ${JSON.stringify(value)}`
    : `${paint('red', 'FAIL')} ${field} of entry ${entry}: ${fault}`
}

function verifyCommand(program: Command): void {
  program
    .command('verify')
    .description("verify a pack with nothing but the pack and the log's key; exit code 1 when anything fails")
    .argument('<pack>', 'file that evidence build wrote')
    .requiredOption('--key <vkey>', "the log's verifier key, from another source than the pack")
    .option('--checkpoint <file>', 'checkpoint of the log that you hold; may be repeated', collect, [])
    .option(
      '--witness <vkey>',
      'of a witness that you trust: whether it cosigned the checkpoints; may be repeated',
      collect,
      [],
    )
    .option(
      '--earlier <pack>',
      'a pack that you were given before, e.g. an interim one: shows what changed since',
    )
    .option(
      '--action <id>',
      'tell the story of one action, act_… of "countersign evidence actions": who, under what scope, where is the evidence',
    )
    .option('--opening <file>', 'check a field that was opened to you, as countersign open printed it')
    .action(async (file: string, options: VerifyOptions, command: Command) => {
      const began_ms = performance.now()
      const bytes = await read(file, readShared)
      const rolled = {
        onProgress: (n: number, of: number): void => progress(`${n} of ${of} entries`),
        codec: nodeZlib,
        held: await heldIn(options.checkpoint),
        witnesses: options.witness,
        earlier:
          options.earlier === undefined
            ? null
            : { name: options.earlier, archive: await read(options.earlier) },
      }
      const pack = await withReaders(BUNDLE_WORKER, bytes, (readers) =>
        verifyRolled(nodeCrypto, bytes, options.key, { ...rolled, ...readers }),
      )
      progressDone()
      const seconds = Math.round(performance.now() - began_ms) / 1000
      const { report } = pack
      const story = options.action === undefined ? null : await actionStory(nodeCrypto, pack, options.action)
      if (options.action !== undefined && story === null) {
        throw new CliError(
          'ARGUMENT_INVALID',
          `the pack holds no action ${options.action}: see "countersign evidence actions ${file}"`,
        )
      }
      const opening =
        options.opening === undefined
          ? null
          : judgeOpening(nodeCrypto, pack, openedIn(await read(options.opening)))
      const extra = { ...(story === null ? {} : { story }), ...(opening === null ? {} : { opening }) }
      result(wantsJson(command), { ...report, seconds, ...extra }, () =>
        [
          ...(story === null ? [] : [describeStory(story), '']),
          ...(opening === null ? [] : [describeOpening(opening), '']),
          describeReport(report),
        ].join('\n'),
      )
      if (!report.ok || opening?.ok === false) process.exitCode = EXIT_FAILED
    })
}

async function heldIn(files: readonly string[]): Promise<HeldCheckpoint[]> {
  return Promise.all(files.map(async (name) => ({ name, note: await read(name) })))
}

async function read(
  file: string,
  how: (file: string) => Promise<Uint8Array> = readFile,
): Promise<Uint8Array> {
  try {
    return await how(file)
  } catch (cause) {
    throw unreadable(file, cause)
  }
}

function describeStory(story: ActionStory): string {
  const lines = (values: readonly object[]): string[] => values.map((value) => `  ${JSON.stringify(value)}`)
  return [
    paint('bold', `Action ${story.action}`),
    ...story.decisions.flatMap((decision) => [...lines([decision]), ...objections(decision)]),
    ...(story.decided_by.length === 0
      ? []
      : ['  a person was asked, and decided:', ...lines(story.decided_by)]),
    `  outcome: ${story.outcome}`,
    paint('bold', 'Who authorized the agent?'),
    ...(story.who.length === 0 ? ['  nobody: it was not allowed'] : lines(story.who)),
    paint('bold', 'Under what scope?'),
    ...(story.scope.length === 0 ? ['  none'] : lines(story.scope)),
    paint('bold', 'Where is the evidence?'),
    table(
      story.evidence.map((each) => [
        `  entry ${JSON.stringify(each.index)}`,
        `proven by ${counted(count(each.proof), 'hash', 'hashes')}`,
      ]),
    ),
  ].join('\n')
}

/** What rules on flow objected to, each in a sentence (FLW-12). */
function objections({ why }: JsonObject): string[] {
  return Array.isArray(why) ? why.map((sentence) => `    ! ${String(sentence)}`) : []
}

function count(value: unknown): number {
  return Array.isArray(value) ? value.length : 0
}
