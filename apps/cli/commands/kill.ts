/** `countersign kill …`: stop agents by scope, also when the control plane is gone. spec/kill.md. @module */
import type { Command } from 'commander'
import { scopeInWords } from '../../../src/evidence/report/drill-words.ts'
import { nodeCrypto } from '../../../src/adapters/node-crypto/node-crypto.ts'
import { thumbprint } from '../../../src/core/jwk.ts'
import { rfc3339 } from '../../../src/core/time.ts'
import { beginLift, offlineKill, pullKill, readStatement, readSwitch, setRoster, signLift } from '../kills.ts'
import { readInfo } from '../operator.ts'
import { CliError, listing, paint, result, tell } from '../output.ts'
import { writePrivate } from '../profile.ts'
import { collect, profileOf, reasonCode, wantsJson } from './globals.ts'
import { keyOf, placed, push, report, withKey, type KeyOptions, type PlaceOptions } from './kill-places.ts'
import { probeCommands } from './kill-probe.ts'
import { scopeOf, withScope, type ScopeOptions } from './kill-scope.ts'

export function killCommands(program: Command): void {
  const kill = program.command('kill').description('the kill switch: stop everything, or a part of it')
  pullCommand(kill)
  liftCommand(kill)
  listCommand(kill)
  rosterCommand(kill)
  signCommand(kill)
  pushCommand(kill)
  probeCommands(kill)
  keyCommand(kill)
}

function scoped(command: Command): Command {
  return withScope(command).requiredOption(
    '--reason <code>',
    'why, in a word; say more with countersign note',
    reasonCode,
  )
}

function pullCommand(kill: Command): void {
  scoped(
    kill.command('pull').description('stop now, with a gesture; two people of the roster lift it'),
  ).action(async (options: ScopeOptions & { reason: string }, command: Command) => {
    const scope = scopeOf(options)
    const pulled = await pullKill(await profileOf(command), scope, options.reason)
    result(wantsJson(command), pulled, () =>
      [
        `${paint('red', 'KILLED')} ${scopeInWords(scope)} by ${pulled.kill}, ${rfc3339(pulled.acknowledged_at)}`,
        `to lift it: countersign kill lift ${pulled.kill} --reason CODE`,
      ].join('\n'),
    )
  })
}

function liftCommand(kill: Command): void {
  kill
    .command('lift')
    .description('end kills, with a gesture; each person of the roster runs it, the first begins')
    .argument('<id...>', 'kills (kil_…) to begin a lift, or one lift (lft_…) that waits')
    .option('--reason <code>', 'why, when it begins', reasonCode, 'over')
    .action(async (ids: string[], options: { reason: string }, command: Command) => {
      const profile = await profileOf(command)
      const [first = ''] = ids
      const waits = first.startsWith('lft_')
      if (waits && ids.length > 1)
        throw new CliError('ARGUMENT_INVALID', `give ${first} alone: it names the kills that it lifts`)
      const lift = waits ? first : await beginLift(profile, ids, options.reason)
      const { missing, kills } = await signLift(profile, lift, waits ? null : ids, (named) =>
        tell(`This lifts ${named.join(', ')}`),
      )
      result(wantsJson(command), { lift, kills, missing }, () =>
        missing === 0
          ? `lifted: ${kills.join(', ')}`
          : `your gesture counts; ${missing} more of the roster: countersign kill lift ${lift}`,
      )
    })
}

function listCommand(kill: Command): void {
  const list = kill.command('list').description('kills in force, lifts that wait, and who may lift')
  list.action(async (_: unknown, command: Command) => {
    const { kills, lifts, roster } = await readSwitch(await profileOf(command))
    result(wantsJson(command), { kills, lifts, roster }, () =>
      [
        listing(
          ['kill', 'stops', 'reason', 'since', 'by'],
          kills.map(({ kill: { id, scope, reason, t }, by }) => [
            id,
            scopeInWords(scope),
            reason,
            rfc3339(t),
            by,
          ]),
          'nothing is killed',
        ),
        ...lifts.map(
          ({ id, kills: named, missing }) => `${id} waits for ${missing} more, to lift ${named.join(', ')}`,
        ),
        roster === null
          ? 'no roster, so nobody lifts: countersign kill roster set --key break-glass.jwk --person … --m 2'
          : `roster ${roster.roster.seq}: ${roster.roster.m} of ${roster.roster.people.length} people lift`,
      ].join('\n'),
    )
  })
}

function rosterCommand(kill: Command): void {
  const roster = kill.command('roster').description('the roster: who may lift a kill, and how many it takes')
  withKey(roster.command('set').description('replace the roster, signed by the break-glass key'))
    .requiredOption('--person <id>', 'may lift (repeat)', collect)
    .requiredOption('--m <n>', 'how many of them it takes', Number)
    .action(async (options: KeyOptions & { person: string[]; m: number }, command: Command) => {
      if (!Number.isInteger(options.m) || options.m < 1)
        throw new CliError('ARGUMENT_INVALID', '--m is how many people it takes: 2 or more')
      if (options.m > options.person.length)
        throw new CliError(
          'ARGUMENT_INVALID',
          '--m is more than the people named: give --person for each of them',
        )
      const key = await keyOf(options)
      const asked = { people: options.person, m: options.m }
      const signed = await setRoster(await profileOf(command), key, asked, ({ people }) => {
        for (const { rev, jwk } of people) tell(`${rev} with the passkey ${thumbprint(nodeCrypto, jwk)}`)
      })
      const { seq, m, people } = signed.roster
      result(wantsJson(command), signed, () => `roster ${seq}: ${m} of ${people.length} people lift`)
    })
}

function signCommand(kill: Command): void {
  withKey(
    scoped(
      kill
        .command('sign')
        .description('write a kill to a file, signed by the break-glass key: it needs no control plane'),
    ),
  )
    .requiredOption('--iss <name>', "the control plane's name: trust.iss in an enrolment file")
    .requiredOption('-o, --out <file>', 'where to write the kill')
    .action(
      async (
        options: ScopeOptions & KeyOptions & { reason: string; iss: string; out: string },
        command: Command,
      ) => {
        const scope = scopeOf(options)
        const statement = offlineKill(await keyOf(options), options.iss, scope, options.reason)
        await writePrivate(options.out, statement)
        result(wantsJson(command), { file: options.out, statement }, () =>
          [
            `${statement.kill.id} in ${options.out} stops ${scopeInWords(scope)} where it arrives`,
            `next: countersign kill push ${options.out} --to URL, or --to-folder DIR`,
          ].join('\n'),
        )
      },
    )
}

function pushCommand(kill: Command): void {
  placed(kill.command('push').description('bring what "sign" wrote to points; who answers has it on disk'))
    .argument('<file>', 'what "countersign kill sign … -o FILE" wrote')
    .action(async (file: string, options: PlaceOptions, command: Command) => {
      report(command, await push(command, await readStatement(file), options))
    })
}

function keyCommand(kill: Command): void {
  kill
    .command('key')
    .description('the thumbprint of the break-glass key, to compare')
    .option('--key <file>', 'of this file; otherwise as the control plane has it')
    .option('--passphrase-file <file>', 'holds its passphrase; or the variable COUNTERSIGN_PASSPHRASE')
    .action(async (options: Partial<KeyOptions>, command: Command) => {
      const { key } = options
      const jwk =
        key === undefined
          ? (await readInfo((await profileOf(command)).url)).break_glass
          : (await keyOf({ ...options, key })).publicJwk
      const kid = thumbprint(nodeCrypto, jwk)
      result(wantsJson(command), { kid }, () => kid)
    })
}
