/** `countersign person passkey …`, `person recover`: more passkeys, and none left. @module */
import type { Command } from 'commander'
import { rfc3339 } from '../../../src/core/time.ts'
import { joinLink } from '../join-link.ts'
import { CliError, listing, result } from '../output.ts'
import {
  addPasskey,
  addSoftwareKey,
  listPasskeys,
  recover,
  removePasskey,
  type Removal,
} from '../passkeys.ts'
import { openProfile, prepareProfile, readPersonProfile, saveProfile } from '../profile.ts'
import { globals, profileOf, reasonCode, wantsJson, whole } from './globals.ts'

interface AddOptions {
  readonly name?: string
  readonly to?: string
}

interface OfOptions {
  readonly person?: string
}

export function passkeyCommands(person: Command): void {
  const passkey = person
    .command('passkey')
    .description('passkeys of one person: several, so that none is missed')
  addCommand(passkey)
  listCommand(passkey)
  removeCommand(passkey)
  recoverCommand(person)
}

function addCommand(passkey: Command): void {
  passkey
    .command('add')
    .description('register another passkey, and add it with a gesture of one that counts')
    .option('--name <name>', 'what you call it: kept outside the log')
    .option('--to <folder>', 'of a software authenticator: the profile that is made for another machine')
    .action(async ({ name, to }: AddOptions, command: Command) => {
      const file = await readPersonProfile(globals(command).profile)
      const added =
        file.passkey === undefined ? await addPasskey(openProfile(file), name) : await addKey(file, name, to)
      result(wantsJson(command), { passkey: added }, () => `passkey ${added} counts from now on`)
    })
}

async function addKey(
  file: Parameters<typeof addSoftwareKey>[0],
  name: string | undefined,
  to: string | undefined,
): Promise<number> {
  if (to === undefined)
    throw new CliError(
      'ARGUMENT_INVALID',
      'your authenticator is software: name a folder for the other key with --to, and move it to another machine',
    )
  await prepareProfile(to)
  return addSoftwareKey(file, name, (made) => saveProfile(to, made))
}

function listCommand(passkey: Command): void {
  passkey
    .command('list')
    .description('passkeys that count')
    .option('--person <person>', 'per_…; your own unless given')
    .action(async (options: OfOptions, command: Command) => {
      const passkeys = await listPasskeys(await profileOf(command), options.person ?? null)
      result(wantsJson(command), passkeys, () =>
        listing(
          ['passkey', 'name', 'added', 'signed in', 'thumbprint'],
          passkeys.map(({ passkey: index, name, added, signed_in, credential }) => [
            String(index),
            name ?? '',
            rfc3339(added),
            signed_in === null ? 'never' : rfc3339(signed_in),
            credential,
          ]),
          'none: countersign person recover PERSON',
        ),
      )
    })
}

function removeCommand(passkey: Command): void {
  passkey
    .command('remove')
    .description(
      'remove a passkey with a gesture of another; as compromised, also one that has ended, what it sealed is revoked too',
    )
    .argument('<passkey>', 'its number: see "countersign person passkey list"', whole)
    .option('--person <person>', 'per_…: that of somebody else, which takes no gesture')
    .option('--reason <code>', 'why, in a word: lost, replaced, compromised', reasonCode, 'lost')
    .option('--since <time>', 'of one that is compromised: from when, as 2026-01-31T12:00:00Z')
    .action(async (index: number, options: OfOptions & Removal, command: Command) => {
      const { person = null, reason, since } = options
      const named = since === undefined ? {} : { since }
      const removed = await removePasskey(await profileOf(command), person, index, { reason, ...named })
      const { frames, added } = removed
      result(wantsJson(command), removed, () =>
        [
          `passkey ${index} counts no more`,
          ...(frames.length === 0 ? [] : [`what it sealed is revoked: frames ${frames.join(', ')}`]),
          ...(added.length === 0
            ? []
            : [`it had added ${added.join(', ')}: remove those that you do not know`]),
        ].join('\n'),
      )
    })
}

function recoverCommand(person: Command): void {
  person
    .command('recover')
    .description(
      'invite a person again who lost every passkey; what they have ends once another endorses them',
    )
    .argument('<person>', 'per_…')
    .action(async (target: string, _: unknown, command: Command) => {
      const profile = await profileOf(command)
      const invitation = await recover(profile, target)
      result(wantsJson(command), { person: target, invitation }, () =>
        [
          `${target} is invited again for 24 hours:`,
          `  countersign --profile NEW-FOLDER enroll --url ${profile.url} --secret ${invitation}`,
          `or in a browser: ${joinLink(profile.url, invitation)}`,
          `then another person vouches for them: countersign person endorse ${target}`,
          'not you, nobody whom you brought in, nobody who brought you in, and nobody whom the same person brought in as you',
          '(the first person of the log excepted); under the separation "after" any endorsed person, you included',
        ].join('\n'),
      )
    })
}
