/** `countersign import`: accounts, keys and apps from the export of a provider. spec/inventory.md (DSC-3, DSC-4). @module */
import { stat } from 'node:fs/promises'
import { extname } from 'node:path'
import { Option, type Command } from 'commander'
import {
  assignmentOf,
  EXPORT_BYTES_MAX,
  FORMATS,
  mapSchema,
  readExport,
  type Format,
  type MapRules,
} from '../discover/import.ts'
import { PROVIDERS, type Provider } from '../discover/providers.ts'
import { propose } from '../discover/record.ts'
import { CliError } from '../output.ts'
import { readJson, readText, unreadable } from '../profile.ts'
import { ask, hasTerminal } from '../prompt.ts'
import { profileOf, wantsJson } from './globals.ts'

interface ImportOptions {
  readonly from: Provider
  readonly format?: Format
  readonly map?: string
  readonly yes?: boolean
}

export function importCommand(program: Command): void {
  program
    .command('import')
    .description('read an export of accounts, keys and OAuth apps into the inventory')
    .argument('<file>', 'credential report, gcloud or Graph answer, …: see spec/inventory.md')
    .addOption(new Option('--from <provider>', 'whose export it is').choices(PROVIDERS).makeOptionMandatory())
    .addOption(
      new Option('--format <name>', 'csv or json; by the name of the file unless told').choices(FORMATS),
    )
    .option('--map <file>', 'JSON file: {"rules":[{"match":"billing-*","system":"sys_…","owner":"per_…"}]}')
    .option('--yes', 'record it in the inventory of the control plane')
    .action(async (file: string, options: ImportOptions, command: Command) => {
      const json = wantsJson(command)
      const format = options.format ?? (extname(file).toLowerCase() === '.csv' ? 'csv' : 'json')
      const { items, skipped } = readExport(await readBounded(file), options.from, format)
      const rules = await rulesOf(options, !json && items.length > 0)
      await propose(
        items.map((item) => ({ item, ...assignmentOf(item, rules) })),
        skipped,
        {
          json,
          yes: options.yes === true,
          profile: () => profileOf(command),
          empty: 'the export has nothing that acts by itself',
        },
      )
    })
}

async function readBounded(file: string): Promise<string> {
  const { size } = await stat(file).catch((cause: unknown) => {
    throw unreadable(file, cause)
  })
  if (size > EXPORT_BYTES_MAX)
    throw new CliError('IMPORT_INVALID', `${file} has more than 16 MiB: export it in parts`)
  return (await readText(file)).replace(/^\uFEFF/, '')
}

/** Without a file a person at a terminal is asked for one system for all. */
async function rulesOf({ map, yes }: ImportOptions, mayAsk: boolean): Promise<MapRules> {
  if (map === undefined) {
    const system =
      mayAsk && yes !== true && hasTerminal()
        ? await ask('Which system are these of (sys_…, empty: none)?')
        : ''
    return { rules: system === '' ? [] : [{ match: '**', system }] }
  }
  const read = mapSchema.safeParse(await readJson(map))
  if (!read.success)
    throw new CliError(
      'ARGUMENT_INVALID',
      `${map} does not hold rules such as {"rules":[{"match":"billing-*","system":"sys_…"}]}`,
    )
  return read.data
}
