/** `countersign policy template …`: policies to adopt, in words of our own. spec/drafts.md (DFT-8, DFT-9). @module */
import { InvalidArgumentError, type Command } from 'commander'
import { counted } from '../../../src/core/words.ts'
import { CliError, listing, result } from '../output.ts'
import { filled, placeholdersIn, policyTemplate, policyTemplates, writePolicies } from '../policies.ts'
import { wantsJson } from './globals.ts'

interface FillOptions {
  readonly set?: ReadonlyMap<string, string>
}

interface WriteOptions extends FillOptions {
  readonly out: string
  readonly all?: true
}

const SET = ['--set <NAME=value>', 'fill in a placeholder; may be given again', setting] as const

export function policyCommands(program: Command): void {
  const template = program
    .command('policy')
    .description('policies of a company about its agents')
    .command('template')
    .description('templates to adopt: each rule names the control that evidences it')
  template
    .command('list')
    .description('every template, with the controls that it names')
    .action(async (_: unknown, command: Command) => {
      const all = await policyTemplates()
      const rows = all.map(({ name, title, controls, placeholders }) => ({
        name,
        title,
        controls,
        placeholders,
      }))
      result(wantsJson(command), rows, () =>
        listing(
          ['template', 'title', 'controls', 'to fill in'],
          rows.map(({ name, title, controls, placeholders }) => [
            name,
            title,
            controls.join(' '),
            String(placeholders.length),
          ]),
          'no template comes with this installation',
        ),
      )
    })
  template
    .command('show')
    .description('one template, in Markdown')
    .argument('<name>', 'as "countersign policy template list" names it')
    .option(...SET)
    .action(async (name: string, { set = new Map() }: FillOptions, command: Command) => {
      const { text, ...about } = await policyTemplate(name)
      const own = filled(text, set)
      result(wantsJson(command), { ...about, text: own, placeholders: placeholdersIn(own) }, () =>
        own.trimEnd(),
      )
    })
  template
    .command('write')
    .description('write a template, or all of them, to edit; never over a file that is there')
    .argument('[name]', 'as "countersign policy template list" names it')
    .option('--all', 'every template')
    .requiredOption('-o, --out <dir>', 'the folder to write to')
    .option(...SET)
    .action(async (name: string | undefined, options: WriteOptions, command: Command) => {
      if ((name === undefined) === (options.all !== true))
        throw new CliError('ARGUMENT_INVALID', 'give the name of a template, or --all')
      const templates = name === undefined ? await policyTemplates() : [await policyTemplate(name)]
      const values = options.set ?? new Map<string, string>()
      const files = await writePolicies(options.out, templates, values)
      const open = [...new Set(templates.flatMap(({ text }) => placeholdersIn(filled(text, values))))]
      result(wantsJson(command), { files, open }, () =>
        [
          ...files.map((file) => `wrote ${file}`),
          open.length === 0
            ? 'nothing is left to fill in'
            : `${counted(open.length, 'placeholder')} to fill in: ${open.join(', ')}`,
        ].join('\n'),
      )
    })
}

function setting(text: string, before?: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('give NAME=value, e.g. COMPANY="Example Corp"')
  return new Map([...(before ?? []), [text.slice(0, at), text.slice(at + 1)]])
}
