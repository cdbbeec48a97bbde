/** The half of `countersign preview …` that an auditor runs, with a key of their own. spec/preview.md. @module */
import { readFile, writeFile } from 'node:fs/promises'
import { Argument, InvalidArgumentError, type Command } from 'commander'
import { z } from 'zod'
import { nodeCrypto } from '../../../src/adapters/node-crypto/node-crypto.ts'
import type { JsonObject, JsonValue } from '../../../src/core/json.ts'
import { counted } from '../../../src/core/words.ts'
import { checkExtract } from '../../../src/evidence/preview/extract.ts'
import { ABOUT_KINDS } from '../../../src/log/preview-bodies.ts'
import { bytesAt, enrolAuditor, lookAt, readAuditor, sayAs, type Auditor } from '../auditor.ts'
import { CliError, EXIT_FAILED, listing, paint, result } from '../output.ts'
import { commentAsCompany, commentSchema, evidenceRequestSchema, listPreviewComments } from '../previews.ts'
import { assertWritable, unreadable, unwritable } from '../profile.ts'
import { profileOf, wantsJson, whole } from './globals.ts'

const AS = '--as <file>'
const AS_FILE = 'what "countersign preview enrol" wrote'
const KEY_FILE = 'auditor.json'

export function auditorCommands(preview: Command): void {
  enrolCommand(preview)
  showCommand(preview)
  sayCommands(preview)
  takeCommands(preview)
}

function enrolCommand(preview: Command): void {
  preview
    .command('enrol')
    .description('as the auditor: register a key with the invitation that you were sent')
    .requiredOption('--url <url>', 'the control plane')
    .requiredOption('--secret <secret>', 'of the invitation')
    .option('-o, --out <file>', 'where your key goes', KEY_FILE)
    .action(async (options: { url: string; secret: string; out: string }, command: Command) => {
      const id = await enrolAuditor(options.url, options.secret, options.out)
      result(
        wantsJson(command),
        { preview: id, file: options.out },
        () => `You look under ${id}. Your key is in ${options.out}.\nnext: countersign preview show`,
      )
    })
}

const KINDS = ['overview', 'test', 'population', 'action', 'entry', 'requests', 'comments'] as const
type Kind = (typeof KINDS)[number]

function pathOf(kind: Kind, id: string | undefined, from: number): string {
  if (kind === 'overview') return '/v1/preview'
  if (kind === 'requests' || kind === 'comments') return `/v1/preview/${kind}`
  if (id === undefined) throw new CliError('ARGUMENT_INVALID', `say which ${kind}`)
  const folder = kind === 'entry' ? 'entries' : `${kind}s`
  const page = kind === 'test' || kind === 'population' ? `?from=${from}` : ''
  return `/v1/preview/${folder}/${encodeURIComponent(id)}${page}`
}

function showCommand(preview: Command): void {
  preview
    .command('show')
    .description('as the auditor: look at the whole, or at one thing; every look is logged')
    .addArgument(new Argument('[what]').choices([...KINDS]).default('overview'))
    .argument('[which]', 'number of a test, name of a population, act_… or index of an entry')
    .option('--from <n>', 'of rows or deviations, from this one on', whole, 0)
    .option(AS, AS_FILE, KEY_FILE)
    .action(async (kind: Kind, id: string | undefined, options: ShowOptions, command: Command) => {
      const answer = await lookAt(await readAuditor(options.as), pathOf(kind, id, options.from))
      result(wantsJson(command), answer, () => described(kind, answer))
    })
}

interface ShowOptions {
  readonly from: number
  readonly as: string
}

const overviewSchema = z.object({
  grant: z.object({ preview: z.string(), expires: z.string() }),
  tree: z.object({
    origin: z.string(),
    end: z.int(),
    time: z.string(),
    interim: z.boolean(),
    integrity: z.boolean(),
    simulated: z.boolean(),
    period: z.object({ from: z.string(), to: z.string() }),
  }),
  criteria: z.array(z.object({ id: z.string(), title: z.string(), tests: z.array(z.int()) })),
  tests: z.array(
    z.object({
      number: z.int(),
      title: z.string(),
      result: z.string(),
      items: z.int(),
      deviations_n: z.int(),
      population: z.string().nullable(),
    }),
  ),
})

/** The overview, requests and comments in words; all else as the JSON that it is. */
function described(kind: Kind, answer: JsonValue): string {
  if (kind === 'overview') return overviewText(overviewSchema.parse(answer))
  if (kind === 'requests') {
    const { requests } = z.object({ requests: z.array(evidenceRequestSchema) }).parse(answer)
    return listing(
      ['request', 'asked', 'what', 'answer'],
      requests.map(({ request, opened, text, outcome, answer: words }) => [
        request,
        opened,
        text ?? 'erased',
        outcome === null ? 'waits' : `${outcome}: ${words ?? 'erased'}`,
      ]),
      'you asked for nothing yet: "countersign preview request"',
    )
  }
  if (kind === 'comments') return commentText(answer)
  return JSON.stringify(answer, null, 2)
}

function commentText(answer: JsonValue): string {
  const { comments } = z.object({ comments: z.array(commentSchema) }).parse(answer)
  return listing(
    ['time', 'about', 'by', 'words'],
    comments.map(({ time, about, person, text }) => [
      time,
      `${about.kind}:${about.id}`,
      person ?? 'the auditor',
      text ?? 'erased',
    ]),
    'nobody commented yet: "countersign preview comment"',
  )
}

function overviewText({ grant, tree, criteria, tests }: z.infer<typeof overviewSchema>): string {
  return [
    `${tree.origin}${tree.simulated ? ' (simulated)' : ''}: ${tree.period.from} to ${tree.period.to}${tree.interim ? ', interim' : ''}`,
    `the log as of ${tree.time}, ${counted(tree.end, 'entry', 'entries')}; it ${tree.integrity ? 'verifies' : paint('red', 'does not verify')}`,
    `you look under ${grant.preview} until ${grant.expires}`,
    ...criteria.map(({ id, title, tests: its }) => `${id} ${title}: tests ${its.join(', ') || 'none'}`),
    listing(
      ['test', 'about', 'result', 'items', 'deviations', 'population'],
      tests.map(({ number, title, result: outcome, items, deviations_n, population }) => [
        String(number),
        title,
        outcome.replaceAll('_', ' '),
        String(items),
        String(deviations_n),
        population ?? '-',
      ]),
      'no test is of these criteria',
    ),
  ].join('\n')
}

/** `test:9` */
function aboutOf(text: string): JsonObject {
  const [, kind = '', id = ''] = /^([a-z]+):(.+)$/.exec(text) ?? []
  const kinds: readonly string[] = [...ABOUT_KINDS, 'request']
  if (!kinds.includes(kind) || id === '')
    throw new InvalidArgumentError(`not one of ${kinds.map((one) => `${one}:…`).join(', ')}`)
  return { kind, id }
}

function sayCommands(preview: Command): void {
  preview
    .command('request')
    .description('as the auditor: ask for evidence')
    .argument('<words>', 'what you want to see')
    .option('--about <what>', 'such as test:9 or population:agents', aboutOf)
    .option(AS, AS_FILE, KEY_FILE)
    .action(async (text: string, options: { about?: JsonObject; as: string }, command: Command) => {
      const body = { about: options.about ?? null, text }
      const answer = await sayAs(await readAuditor(options.as), '/v1/preview/requests', body)
      const { request } = z.object({ request: z.string() }).parse(answer)
      result(wantsJson(command), { request }, () => `asked: ${request}`)
    })
  preview
    .command('comment')
    .description('comment on something, as the auditor; as the company with --preview')
    .argument('<about>', 'such as test:9 or request:erq_…', aboutOf)
    .argument('<words>', 'kept outside the log')
    .option(AS, AS_FILE, KEY_FILE)
    .option('--preview <id>', 'as the company, in this preview')
    .action(async (about: JsonObject, text: string, options: CommentOptions, command: Command) => {
      const { preview: of } = options
      if (of === undefined)
        await sayAs(await readAuditor(options.as), '/v1/preview/comments', { about, text })
      else await commentAsCompany(await profileOf(command), of, about, text)
      result(wantsJson(command), { about }, () => 'said')
    })
  preview
    .command('comments')
    .description('comments of a preview, as the company')
    .argument('<preview>', 'prv_…')
    .action(async (of: string, _: unknown, command: Command) => {
      const comments = await listPreviewComments(await profileOf(command), of)
      result(wantsJson(command), { comments }, () => commentText({ comments }))
    })
}

interface CommentOptions {
  readonly as: string
  readonly preview?: string
}

function takeCommands(preview: Command): void {
  preview
    .command('download')
    .description('as the auditor: the whole of a population')
    .argument('<population>', 'its name')
    .requiredOption('-o, --out <file>', 'where it goes; .jsonl for JSON Lines, else CSV')
    .option(AS, AS_FILE, KEY_FILE)
    .action(async (name: string, options: OutOptions, command: Command) => {
      const format = options.out.endsWith('.jsonl') ? 'jsonl' : 'csv'
      const path = `/v1/preview/populations/${encodeURIComponent(name)}/file?format=${format}`
      await take(await readAuditor(options.as), path, options, command)
    })
  preview
    .command('export')
    .description('as the auditor: take all of it with you, with proofs of its entries')
    .requiredOption('-o, --out <file>', 'where the extract goes')
    .option(AS, AS_FILE, KEY_FILE)
    .action(async (options: OutOptions, command: Command) => {
      await take(await readAuditor(options.as), '/v1/preview/export', options, command)
    })
  preview
    .command('check')
    .description("check an extract with nothing but it and the log's key; exit code 1 when anything fails")
    .argument('<extract>', 'file that preview export wrote')
    .requiredOption('--key <vkey>', "the log's verifier key, from another source than the extract")
    .action(async (file: string, options: { key: string }, command: Command) => {
      const bytes = await readFile(file).catch((cause: unknown) => {
        throw unreadable(file, cause)
      })
      const { extract, faults, not_shown } = checkExtract(nodeCrypto, bytes, options.key)
      const ok = faults.length === 0
      const { entries_n, period, criteria, log, interim } = extract
      result(wantsJson(command), { ok, entries_n, period, criteria, log, interim, faults, not_shown }, () =>
        [
          ok
            ? `${paint('green', 'holds')}: ${counted(entries_n, 'entry', 'entries')} of the log of ${extract.origin}`
            : `${paint('red', 'FAIL')}:`,
          ...faults.map((fault) => `  ${fault}`),
          ...not_shown.map((one) => `it does not show ${one}`),
        ].join('\n'),
      )
      if (!ok) process.exitCode = EXIT_FAILED
    })
}

interface OutOptions {
  readonly out: string
  readonly as: string
}

async function take(auditor: Auditor, path: string, { out }: OutOptions, command: Command): Promise<void> {
  await assertWritable(out)
  const bytes = await bytesAt(auditor, path)
  await writeFile(out, bytes).catch((cause: unknown) => {
    throw unwritable(out, cause)
  })
  result(
    wantsJson(command),
    { file: out, bytes: bytes.length },
    () => `${out} (${counted(bytes.length, 'byte')})`,
  )
}
