/** `countersign controls …`: the catalogue of controls, with a company's own files. spec/controls.md (CTL-6). @module */
import type { Command } from 'commander'
import { gapsOf } from '../../../src/evidence/controls/catalogue.ts'
import { dateWords } from '../../../src/evidence/companions/clauses.ts'
import { FREQUENCIES, type Catalogue, type Control } from '../../../src/evidence/controls/schema.ts'
import { counted } from '../../../src/core/words.ts'
import { systemClock } from '../../../src/ports/clock.ts'
import { exportOscal } from '../controls/export.ts'
import { readControls } from '../controls/read.ts'
import { CliError, EXIT_FAILED, listing, paint, result } from '../output.ts'
import { wantsJson } from './globals.ts'

interface ControlsOptions {
  readonly controls?: string
}

const OWN = [
  '--controls <dir>',
  'control files of your own, besides those that come with Countersign',
] as const

export function controlCommands(program: Command): void {
  const controls = program
    .command('controls')
    .description('the catalogue of controls that packs are made with')
  controls
    .command('list')
    .description('every control, with its criteria and tests')
    .option(...OWN)
    .action(async ({ controls: folder }: ControlsOptions, command: Command) => {
      const catalogue = await readControls(folder ?? null)
      result(wantsJson(command), catalogue.controls, () =>
        listing(
          ['control', 'criteria', 'tests', 'frequency', 'title'],
          catalogue.controls.map(({ id, criteria, tests, frequency, title }) => [
            id,
            criteria.join(' '),
            tests.map(({ number }) => number).join(' '),
            FREQUENCIES[frequency],
            title,
          ]),
          'no control: add files with --controls DIR',
        ),
      )
    })
  controls
    .command('show')
    .description('one control: what it says, what it is mapped to, how it is tested')
    .argument('<id>', 'as "countersign controls list" names it')
    .option(...OWN)
    .action(async (id: string, { controls: folder }: ControlsOptions, command: Command) => {
      const catalogue = await readControls(folder ?? null)
      const control = catalogue.controls.find((one) => one.id === id)
      if (control === undefined)
        throw new CliError('ARGUMENT_INVALID', `no control ${id}: see "countersign controls list"`)
      result(wantsJson(command), control, () => controlText(control, catalogue))
    })
  controls
    .command('check')
    .description('whether files hold, and what no control covers; exit code 1 when there is any')
    .option(...OWN)
    .action(async ({ controls: folder }: ControlsOptions, command: Command) => {
      const catalogue = await readControls(folder ?? null)
      const gaps = gapsOf(catalogue)
      const { controls: all, criteria, frameworks } = catalogue
      const counts = { controls: all.length, criteria: criteria.length, frameworks: frameworks.length }
      result(wantsJson(command), { ...counts, gaps }, () =>
        [
          `${counted(all.length, 'control')}, ${counted(criteria.length, 'criterion', 'criteria')}, ${counted(frameworks.length, 'framework')}`,
          ...(gaps.length === 0
            ? [paint('green', 'every criterion that agents touch, every test and every clause has a control')]
            : gaps.map((gap) => paint('yellow', gap))),
        ].join('\n'),
      )
      if (gaps.length > 0) process.exitCode = EXIT_FAILED
    })
  exportCommand(controls)
}

function exportCommand(controls: Command): void {
  controls
    .command('export')
    .description('the catalogue for other software, as a catalog and a component definition of OSCAL')
    .requiredOption('--oscal <dir>', 'folder to write them into; files of their names are replaced')
    .option(...OWN)
    .action(async ({ controls: folder, oscal }: ControlsOptions & { oscal: string }, command: Command) => {
      const catalogue = await readControls(folder ?? null)
      const files = await exportOscal(oscal, catalogue, systemClock.now())
      result(wantsJson(command), { files }, () => files.map((file) => `wrote ${file}`).join('\n'))
    })
}

function controlText(control: Control, { frameworks, criteria }: Catalogue): string {
  const { id, title, statement, frequency, owner, thresholds, tests } = control
  const titles = new Map(criteria.map((one) => [one.id, one.title]))
  return [
    `${paint('bold', id)} ${title}`,
    statement,
    `${FREQUENCIES[frequency]}, by: ${owner}; ${Object.entries(thresholds)
      .map(([name, value]) => `${name} ${value}`)
      .join(', ')}`,
    ...control.criteria.map((one) => `  ${one}: ${titles.get(one) ?? ''}`),
    ...Object.entries(control.clauses).flatMap(([framework, ids]) => {
      const known = frameworks.find((one) => one.id === framework)
      return ids.map((clause) => {
        const about = known?.clauses.find((one) => one.id === clause)
        const from = about === undefined ? '' : `, ${dateWords(about)}`
        return `  ${known?.title ?? framework} ${clause}: ${about?.title ?? ''}${from}`
      })
    }),
    ...tests.flatMap(({ number, procedure, population, attributes }) => [
      `  test ${number}, population ${population}: ${procedure}`,
      `    ${attributes.join('; ')}`,
    ]),
    'A mapping says that a control helps with a clause, never that the clause is met. Not legal advice.',
  ].join('\n')
}
