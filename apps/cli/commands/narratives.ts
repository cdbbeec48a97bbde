/** `countersign narrative …`: how controls work, approved by people. spec/narratives.md (NAR-13). @module */
import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { z } from 'zod'
import { NARRATIVES_FILE, readNarratives } from '../../../src/evidence/companions/narratives/schema.ts'
import { readArchive } from '../../../src/evidence/pack/archive.ts'
import { rfc3339 } from '../../../src/core/time.ts'
import { approveAt } from '../operator.ts'
import { CliError, listing, result } from '../output.ts'
import { unreadable } from '../profile.ts'
import { profileOf, wantsJson } from './globals.ts'

const PATH = '/v1/narratives'
const narrativeSchema = z.object({
  id: z.string(),
  control: z.string(),
  digest: z.string(),
  proposer: z.string(),
  approver: z.string().nullable(),
  approved: z.int().nullable(),
})

export function narrativeCommands(program: Command): void {
  const narrative = program
    .command('narrative')
    .description('how controls work, in words that people approve')
  proposeCommand(narrative)
  narrative
    .command('list')
    .description('what was proposed or approved, the latest first')
    .action(async (_: unknown, command: Command) => {
      const answer = await (await profileOf(command)).client.get(PATH)
      const { narratives } = z.object({ narratives: z.array(narrativeSchema) }).parse(answer)
      result(wantsJson(command), narratives, () =>
        listing(
          ['narrative', 'control', 'digest', 'proposed by', 'approved by', 'approved'],
          narratives.map(({ id, control, digest, proposer, approver, approved }) => [
            id,
            control,
            digest.slice(0, 12),
            proposer,
            approver ?? '-',
            approved === null ? '-' : rfc3339(approved),
          ]),
          'none was proposed: countersign narrative propose PACK CONTROL',
        ),
      )
    })
  narrative
    .command('approve')
    .description('approve a narrative with your authenticator; not by who proposed it')
    .argument('<narrative>', 'nar_…')
    .action(async (id: string, _: unknown, command: Command) => {
      const what = { act: 'narrative.approve', narrative: id }
      await approveAt(await profileOf(command), `${PATH}/${encodeURIComponent(id)}`, what)
      result(wantsJson(command), { narrative: id, status: 'approved' }, () => `${id} is approved`)
    })
}

function proposeCommand(narrative: Command): void {
  narrative
    .command('propose')
    .description('put what a pack says of a control before another person, after you read it there')
    .argument('<pack>', 'file that evidence build wrote')
    .argument('<controls...>', 'as narratives.html names them, e.g. CSN-AC-01')
    .action(async (file: string, controls: string[], _: unknown, command: Command) => {
      const known = new Map((await controlsIn(file)).map(({ control, digest }) => [control, digest]))
      const wanted = controls.map((control) => {
        const digest = known.get(control)
        if (digest === undefined)
          throw new CliError(
            'ARGUMENT_INVALID',
            `the pack has no narrative of ${control}: see "countersign controls list"`,
          )
        return { control, digest }
      })
      const { client } = await profileOf(command)
      const proposed: { control: string; narrative: string }[] = []
      for (const said of wanted) {
        const answer = z.object({ narrative: z.string() }).parse(await client.post(PATH, said))
        proposed.push({ control: said.control, narrative: answer.narrative })
      }
      result(wantsJson(command), proposed, () =>
        proposed
          .map(
            ({ control, narrative: id }) =>
              `${id} of ${control} waits\nnext: countersign narrative approve ${id}, by somebody else`,
          )
          .join('\n'),
      )
    })
}

async function controlsIn(file: string) {
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw unreadable(file, cause)
  })
  const narratives = readArchive(bytes).get(NARRATIVES_FILE)
  if (narratives === undefined)
    throw new CliError(
      'ARGUMENT_INVALID',
      `${file} has no ${NARRATIVES_FILE}: give a pack that evidence build wrote`,
    )
  return readNarratives(narratives).controls
}
