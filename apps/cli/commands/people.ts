/** `countersign enroll`, `person …`: who may authorize. @module */
import type { Command } from 'commander'
import { z } from 'zod'
import { ApiError } from '../../../src/adapters/http/client.ts'
import { rfc3339 } from '../../../src/core/time.ts'
import { joinLink } from '../join-link.ts'
import { endorse, enroll, enrollWithPasskey, invite, revoke, viewerLink } from '../operator.ts'
import {
  loadProfile,
  prepareProfile,
  profileFolder,
  saveProfile,
  tellLink,
  type Profile,
  type ProfileFile,
} from '../profile.ts'
import { listing, result, tell } from '../output.ts'
import { globals, profileOf, reasonCode, wantsJson } from './globals.ts'
import { passkeyCommands } from './passkeys.ts'

interface EnrollOptions {
  readonly url: string
  readonly secret: string
  readonly name?: string
  readonly passkey?: boolean
}

function showEnrolment(url: string, jkt: string): void {
  tellLink(url)
  tell(`The page names the key of this command line; compare it:\n  ${jkt}`)
}

const peopleSchema = z.object({
  people: z.array(
    z.object({ id: z.string(), name: z.string().nullable(), status: z.string(), endorsed: z.boolean() }),
  ),
})

/** Of a recovery that nobody has endorsed yet, the operator key is nobody's. */
async function isEndorsed(profile: Promise<Profile>, person: string): Promise<boolean> {
  const { client } = await profile
  try {
    const { people } = peopleSchema.parse(await client.get('/v1/people'))
    return people.some(({ id, endorsed }) => id === person && endorsed)
  } catch (error) {
    // Of a recovery the key is nobody's yet; of an enrolment it is answered nothing else.
    if (error instanceof ApiError && ['AUTH_KEY_UNKNOWN', 'NOT_ENDORSED'].includes(error.remote)) return false
    throw error
  }
}

export function peopleCommands(program: Command): void {
  program
    .command('enroll')
    .description('enrol yourself with the bootstrap secret or an invitation')
    .requiredOption('--url <url>', 'the control plane')
    .requiredOption('--secret <secret>', 'bootstrap secret or invitation')
    .option('--name <name>', 'your name: kept outside the log')
    .option('--passkey', 'with a passkey in your browser, instead of a key in the profile')
    .action(async (options: EnrollOptions, command: Command) => {
      const folder = profileFolder(globals(command).profile)
      await prepareProfile(folder)
      const { url, secret, name, passkey = false } = options
      const keep = (file: ProfileFile): Promise<void> => saveProfile(folder, file)
      const { person } = passkey
        ? await enrollWithPasskey(url, secret, name, showEnrolment, keep)
        : await enroll(url, secret, name, keep)
      const endorsed = await isEndorsed(loadProfile(folder), person)
      result(wantsJson(command), { person, profile: folder, endorsed }, () =>
        [
          `You are ${person}. Profile in ${folder}.`,
          ...(passkey
            ? []
            : ['Its authenticator is software (swk): every delegation that you authorize with it says so.']),
          ...(endorsed
            ? []
            : [`Nothing that you sign counts until somebody runs: countersign person endorse ${person}`]),
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

  program
    .command('console')
    .description('a one-time link to the console, good for a minute')
    .action(async (_: unknown, command: Command) => {
      const url = await viewerLink(await profileOf(command), 'console')
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
          `or in a browser: ${joinLink(profile.url, invited.invitation)}`,
          `then vouch for them: countersign person endorse ${invited.person}`,
        ].join('\n'),
      )
    })
  const list = person.command('list').description('people, each with its status')
  list.action(async (_: unknown, command: Command) => {
    const profile = await profileOf(command)
    const answer = await profile.client.get('/v1/people')
    const { people } = peopleSchema.parse(answer)
    result(wantsJson(command), people, () =>
      listing(
        ['person', 'status', 'name'],
        people.map(({ id, status, endorsed, name }) => [
          id,
          status === 'enrolled' && !endorsed ? 'not endorsed' : status,
          name ?? '(erased)',
        ]),
        'nobody yet: countersign person invite NAME',
      ),
    )
  })
  passkeyCommands(person)
  person
    .command('endorse')
    .description('vouch for a registration with your authenticator; before that nothing it signs counts')
    .argument('<person>', 'per_…')
    .action(async (target: string, _: unknown, command: Command) => {
      const { acted_alone } = await endorse(await profileOf(command), target)
      result(wantsJson(command), { person: target, acted_alone }, () => `${target} is endorsed`)
    })
  person
    .command('leave')
    .description('revoke everything that a person stands behind')
    .argument('<person>', 'per_…')
    .option('--reason <code>', 'why, in a word; say more with countersign note', reasonCode, 'left')
    .action(async (target: string, options: { reason: string }, command: Command) => {
      const profile = await profileOf(command)
      const revoked = await revoke(profile, 'person', target, options.reason)
      const { frames, revoked_before } = revoked
      result(wantsJson(command), revoked, () =>
        revoked_before === null
          ? `${target} has left${frames.length === 0 ? ' before they enrolled' : `; frames ${frames.join(', ')}`}`
          : `${target} had left already, ${rfc3339(revoked_before)}; nothing changed`,
      )
    })
}
