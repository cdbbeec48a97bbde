/** `countersign enroll`, `person …`: who may authorize. @module */
import type { Command } from 'commander'
import { z } from 'zod'
import { enroll, invite, revoke, viewerLink } from '../operator.ts'
import { prepareProfile, profileFolder, saveProfile } from '../profile.ts'
import { result, table } from '../output.ts'
import { globals, profileOf, wantsJson } from './globals.ts'

export function peopleCommands(program: Command): void {
  program
    .command('enroll')
    .description('enrol yourself with the bootstrap secret or an invitation')
    .requiredOption('--url <url>', 'the control plane')
    .requiredOption('--secret <secret>', 'bootstrap secret or invitation')
    .option('--name <name>', 'your name: kept outside the log')
    .action(async (options: { url: string; secret: string; name?: string }, command: Command) => {
      const folder = profileFolder(globals(command).profile)
      await prepareProfile(folder)
      const file = await enroll(options.url, options.secret, options.name)
      await saveProfile(folder, file)
      result(wantsJson(command), { person: file.person, profile: folder }, () =>
        [
          `You are ${file.person}. Profile in ${folder}.`,
          'Its authenticator is software (swk): every delegation that you authorize with it says so.',
        ].join('\n'),
      )
    })

  program
    .command('live')
    .description('a one-time link to the live page of the log, good for a minute')
    .action(async (_: unknown, command: Command) => {
      const url = await viewerLink(await profileOf(command))
      result(wantsJson(command), { url }, () => url)
    })

  const person = program.command('person').description('people who may authorize')
  person
    .command('invite')
    .description('invite a person; prints a one-time invitation')
    .argument('<name>', 'kept outside the log')
    .action(async (name: string, _: unknown, command: Command) => {
      const profile = await profileOf(command)
      const invited = await invite(profile, name)
      result(wantsJson(command), invited, () =>
        [
          `${invited.person} is invited for 24 hours:`,
          `  countersign enroll --url ${profile.url} --secret ${invited.invitation}`,
        ].join('\n'),
      )
    })
  const list = person.command('list').description('people, each with its status')
  list.action(async (_: unknown, command: Command) => {
    const profile = await profileOf(command)
    const answer = await profile.client.get('/v1/people')
    const { people } = z
      .object({ people: z.array(z.object({ id: z.string(), name: z.string(), status: z.string() })) })
      .parse(answer)
    result(wantsJson(command), people, () => table(people.map((each) => [each.id, each.status, each.name])))
  })
  person
    .command('leave')
    .description('revoke everything that a person stands behind')
    .argument('<person>', 'per_…')
    .option('--reason <text>', 'why', 'left')
    .action(async (target: string, options: { reason: string }, command: Command) => {
      const profile = await profileOf(command)
      const revoked = await revoke(profile, 'person', target, options.reason)
      result(wantsJson(command), revoked, () => `${target} has left; frames ${revoked.frames.join(', ')}`)
    })
}
