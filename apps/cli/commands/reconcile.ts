/** `countersign reconcile …`: what sources that are not ours say of the items of a test. spec/sources.md. @module */
import { InvalidArgumentError, type Command } from 'commander'
import { z } from 'zod'
import { rfc3339 } from '../../../src/core/time.ts'
import { counted } from '../../../src/core/words.ts'
import { SOURCE_KEYS, uploadSchema } from '../../../src/log/reconciliation-bodies.ts'
import { CliError, listing, result } from '../output.ts'
import { readText } from '../profile.ts'
import { profileOf, time, wantsJson, whole } from './globals.ts'

const PATH = '/v1/reconciliations'

interface UploadOptions {
  readonly test: number
  readonly from: number
  readonly to: number
  readonly source: string
  readonly query: string
  readonly extractor: string
  readonly taken: number
  readonly column: string
  readonly key?: string
  readonly scope?: { readonly member: string; readonly value: string }
}

export function reconcileCommands(program: Command): void {
  const reconcile = program
    .command('reconcile')
    .description('hold the items of a test against a source that is not ours')
  uploadCommand(reconcile)
  reconcile
    .command('list')
    .description('what was handed in, the latest first')
    .action(async (_: unknown, command: Command) => {
      const { sources } = listed.parse(await (await profileOf(command)).client.get(PATH))
      result(wantsJson(command), { sources }, () =>
        listing(
          ['id', 'test', 'source', 'from', 'to', 'rows', 'taken'],
          sources.map((one) => [
            one.id,
            String(one.test),
            one.source,
            one.from,
            one.to,
            String(one.rows_n),
            one.taken,
          ]),
          'nothing was handed in: see "countersign reconcile upload --help"',
        ),
      )
    })
}

const listed = z.object({
  sources: z.array(z.object({ ...uploadSchema.shape, id: z.string(), rows_n: z.int() })),
})
const answered = z.object({ id: z.string(), entry: z.int(), rows_n: z.int() })

function uploadCommand(reconcile: Command): void {
  const tests = Object.keys(SOURCE_KEYS).join(', ')
  reconcile
    .command('upload')
    .description('hand in what a source says, as CSV with a header; kept sealed, and in packs of the period')
    .argument('<file>', 'CSV, at most 3 MB: hand in larger ones by shorter periods')
    .requiredOption('--test <number>', `one of ${tests}`, whole)
    .requiredOption('--from <time>', 'what the source covers, from <= time < to; RFC 3339 UTC', time)
    .requiredOption('--to <time>', 'RFC 3339 UTC', time)
    .requiredOption('--source <words>', 'which system it is from; no name of a person')
    .requiredOption('--query <words>', 'what was asked of it, exactly')
    .requiredOption('--extractor <words>', 'what took it out: a program and its version, or a role')
    .requiredOption('--taken <time>', 'when it was taken out; RFC 3339 UTC', time)
    .requiredOption('--column <name>', 'of the CSV: its cells name the items of the test')
    .option('--key <name>', 'by what they name them; the first of the test if not given')
    .option('--scope <member=value>', 'the source covers only items with this, such as server=files', scope)
    .action(async (file: string, options: UploadOptions, command: Command) => {
      const { test, from, to, taken, column, source, query, extractor } = options
      const keys: readonly string[] =
        Object.entries(SOURCE_KEYS).find(([number]) => Number(number) === test)?.[1].keys ?? []
      const [first] = keys
      if (first === undefined)
        throw new CliError(
          'ARGUMENT_INVALID',
          `test ${test} is not compared with a source: give one of ${tests}`,
        )
      const body = {
        test,
        column,
        source,
        query,
        extractor,
        key: options.key ?? first,
        scope: options.scope === undefined ? null : { ...options.scope },
        from: rfc3339(from),
        to: rfc3339(to),
        taken: rfc3339(taken),
        csv: await readText(file),
      }
      const { client } = await profileOf(command)
      const done = answered.parse(await client.post(PATH, body))
      result(
        wantsJson(command),
        done,
        () =>
          `${done.id}: ${counted(done.rows_n, 'row')} handed in; the next pack of the period compares them`,
      )
    })
}

function scope(text: string): { member: string; value: string } {
  const at = text.indexOf('=')
  if (at < 1 || at === text.length - 1) throw new InvalidArgumentError('not like server=files')
  return { member: text.slice(0, at), value: text.slice(at + 1) }
}
