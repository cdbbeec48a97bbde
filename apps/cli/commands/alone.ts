/** `countersign alone …`: what one person did alone, and who looked at it afterwards. spec/alone.md. @module */
import { Argument, type Command } from 'commander'
import { z } from 'zod'
import { rfc3339 } from '../../../src/core/time.ts'
import { LONE_OUTCOMES } from '../../../src/log/alone-bodies.ts'
import { gestureOver } from '../operator.ts'
import { listing, result, visible } from '../output.ts'
import { profileOf, wantsJson } from './globals.ts'

const PATH = '/v1/alone'
const listed = z.object({
  alone: z.array(
    z.object({
      entry: z.int(),
      type: z.string(),
      subject: z.string().nullable(),
      person: z.string(),
      due: z.int(),
      reviewer: z.string().nullable(),
      outcome: z.enum(LONE_OUTCOMES).nullable(),
      text: z.string().nullable(),
    }),
  ),
})

export function aloneCommands(program: Command): void {
  const alone = program
    .command('alone')
    .description('what one person did alone, reviewed by another within five business days; no approval')
  alone
    .command('list')
    .description('what was done alone, the latest first')
    .option('--waiting', 'what nobody reviewed yet')
    .action(async ({ waiting }: { waiting?: true }, command: Command) => {
      const { client } = await profileOf(command)
      const said = listed.parse(await client.get(waiting === true ? `${PATH}?status=waiting` : PATH))
      result(wantsJson(command), said, () =>
        listing(
          ['entry', 'what', 'of', 'by', 'due', 'reviewed by', 'outcome', 'words'],
          said.alone.map(({ entry, type, subject, person, due, reviewer, outcome, text }) => [
            String(entry),
            type,
            subject ?? '-',
            person,
            rfc3339(due),
            reviewer ?? '-',
            outcome ?? '-',
            reviewer === null ? '-' : visible(text ?? '(erased)'),
          ]),
          waiting === true ? 'nothing waits for a review' : 'nobody did anything alone',
        ),
      )
    })
  alone
    .command('review')
    .description('say with your authenticator what you think of what was done alone; not by who did it')
    .argument('<entry>', 'its index')
    .addArgument(new Argument('<outcome>', 'whether you agree').choices([...LONE_OUTCOMES]))
    .argument('<words>', 'what you looked at, and why; sealed, and no part of the log')
    .action(async (entry: string, outcome: string, text: string, _: unknown, command: Command) => {
      const profile = await profileOf(command)
      const path = `${PATH}/${encodeURIComponent(entry)}`
      const what = { act: 'alone.review', of: Number(entry), outcome, approver: profile.person }
      const also = { outcome, text }
      await gestureOver(profile, what, `${path}/reviewing?outcome=${outcome}`, `${path}/review`, also)
      result(wantsJson(command), { entry: Number(entry), outcome }, () => `entry ${entry}: you ${outcome}`)
    })
}
