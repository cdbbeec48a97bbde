/** `countersign issuer …`, `point admit`: working with another control plane. spec/keys.md (KEY-9). @module */
import { Option, type Command } from 'commander'
import { z } from 'zod'
import { foreignIssuerSchema } from '../../../src/core/issuer.ts'
import { admitPoint, describeIssuer, readIssuer, trustIssuer, type Guest } from '../issuers.ts'
import { CliError, result, table, tell } from '../output.ts'
import { readPublicKey } from '../profile.ts'
import { confirm } from '../prompt.ts'
import { profileOf, wantsJson } from './globals.ts'

export function issuerCommands(program: Command): void {
  const issuer = program.command('issuer').description('other issuers whose delegations are taken here')
  issuer
    .command('trust')
    .description('trust another control plane, or its new keys, with a gesture over its record')
    .argument('<url>', 'the other control plane')
    .option('--yes', 'the fingerprints were compared before: do not ask')
    .action(async (url: string, options: { yes?: true }, command: Command) => {
      const profile = await profileOf(command)
      const record = await readIssuer(url)
      tell(table(describeIssuer(record)))
      if (options.yes !== true) {
        tell('Compare these with what you heard from the other side, not from this page.')
        await confirm('Take delegations of this issuer at every enforcement point?', 'say --yes')
      }
      const { seq } = await trustIssuer(profile, record)
      result(
        wantsJson(command),
        { iss: record.iss, seq },
        () => `${record.iss} is trusted: trust list ${seq}`,
      )
    })

  const list = issuer.command('list').description('issuers that are trusted, each with its control plane')
  list.action(async (_: unknown, command: Command) => {
    const answer = await (await profileOf(command)).client.get('/v1/issuers')
    const { issuers } = z.object({ issuers: z.array(foreignIssuerSchema) }).parse(answer)
    result(wantsJson(command), issuers, () =>
      issuers.length === 0
        ? 'no other issuer is trusted: countersign issuer trust URL'
        : issuers.map((each) => table(describeIssuer(each))).join('\n\n'),
    )
  })

  issuer
    .command('drop')
    .description('trust an issuer no more: points take none of its delegations within a minute')
    .argument('<iss>', 'its name')
    .option('--reason <text>', 'why', 'dropped')
    .action(async (iss: string, options: { reason: string }, command: Command) => {
      const { client } = await profileOf(command)
      const answer = await client.post('/v1/issuers/drop', { iss, reason: options.reason })
      const { seq } = z.object({ seq: z.int() }).parse(answer)
      result(wantsJson(command), { iss, seq }, () => `${iss} is trusted no more: trust list ${seq}`)
    })
}

interface AdmitOptions {
  readonly jwk: string
  readonly name: string
  readonly server: string
  readonly placement: Guest['placement']
}

/** @param point the command that enrols our own */
export function admitCommand(point: Command): void {
  point
    .command('admit')
    .description('let a point of another control plane in as a guest, under the identifier that it has there')
    .argument('<point>', 'pnt_…')
    .requiredOption('--jwk <file>', 'its public JWK (countersign point key, at its own control plane)')
    .requiredOption('--server <name>', 'the tool server behind it, as grants name it')
    .option('--name <name>', 'how you call it', 'guest')
    .addOption(
      new Option('--placement <where>', 'where it stands')
        .choices(['gateway', 'in_process', 'tool_side'])
        .default('gateway'),
    )
    .action(async (id: string, options: AdmitOptions, command: Command) => {
      const jwk = await readPublicKey(options.jwk)
      const { name, server, placement } = options
      await admitPoint(await profileOf(command), { id, name, jwk, placement, server })
      result(wantsJson(command), { point: id }, () => `${id} is a guest here`)
    })

  point
    .command('key')
    .description('the public key of a point, for `point admit` elsewhere')
    .argument('<point>', 'pnt_…')
    .action(async (id: string, _: unknown, command: Command) => {
      const answer = await (await profileOf(command)).client.get('/v1/points')
      const { points } = z
        .object({ points: z.array(z.looseObject({ id: z.string(), jwk: z.unknown() })) })
        .parse(answer)
      const found = points.find((each) => each.id === id)
      if (found === undefined)
        throw new CliError('ARGUMENT_INVALID', `${id} is not enrolled here: see "countersign point list"`)
      result(wantsJson(command), found.jwk, () => JSON.stringify(found.jwk))
    })
}
