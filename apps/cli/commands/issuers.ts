/** `countersign issuer …`, `point admit`: working with another control plane. spec/keys.md (KEY-9). @module */
import { Option, type Command } from 'commander'
import { z } from 'zod'
import {
  admitPoint,
  approveIssuer,
  describeIssuer,
  listIssuers,
  proposeIssuer,
  readIssuer,
  showIssuer,
  type Guest,
  type Issuer,
} from '../issuers.ts'
import { CliError, result, table, tell } from '../output.ts'
import { readPublicKey } from '../profile.ts'
import { confirm } from '../prompt.ts'
import { collect, profileOf, reasonCode, wantsJson } from './globals.ts'

const COMPARED = 'the fingerprints were compared before: do not ask'

/** @throws {CliError} `NOT_CONFIRMED` */
async function compared(options: { yes?: true }, question: string): Promise<void> {
  if (options.yes === true) return
  tell('Compare these with what you heard from the other side, not from this page.')
  await confirm(question, 'say --yes')
}

function describe({ id, status, proposer, issuer }: Issuer): [string, string][] {
  return [[id, `${status}, proposed by ${proposer}`], ...describeIssuer(issuer)]
}

export function issuerCommands(program: Command): void {
  const issuer = program.command('issuer').description('other issuers whose delegations are taken here')
  issuer
    .command('propose')
    .description('propose to trust another control plane, or its new keys; someone else approves it')
    .argument('<url>', 'the other control plane')
    .option('--yes', COMPARED)
    .action(async (url: string, options: { yes?: true }, command: Command) => {
      const profile = await profileOf(command)
      const record = await readIssuer(url)
      tell(table(describeIssuer(record)))
      await compared(options, 'Propose to take delegations of this issuer?')
      const id = await proposeIssuer(profile, record)
      result(
        wantsJson(command),
        { id, iss: record.iss },
        () => `${id} is proposed; someone else approves it: countersign issuer approve ${id}`,
      )
    })

  issuer
    .command('approve')
    .description('trust an issuer that someone else proposed, with a gesture over its record')
    .argument('<proposal>', 'isp_…')
    .option('--yes', COMPARED)
    .action(async (id: string, options: { yes?: true }, command: Command) => {
      const profile = await profileOf(command)
      const proposed = await showIssuer(profile, id)
      const { iss } = proposed.issuer
      tell(table(describe(proposed)))
      const trusted = (await listIssuers(profile)).filter(({ status }) => status === 'trusted')
      const before = trusted.find((each) => each.issuer.iss === iss)
      if (before !== undefined) tell(`It takes the place of this:\n${table(describe(before))}`)
      await compared(options, 'Take delegations of this issuer at every enforcement point?')
      const { seq } = await approveIssuer(profile, proposed)
      result(wantsJson(command), { id, iss, seq }, () => `${iss} is trusted: trust list ${seq}`)
    })

  const list = issuer.command('list').description('issuers that are trusted or proposed')
  list.action(async (_: unknown, command: Command) => {
    const issuers = await listIssuers(await profileOf(command))
    result(wantsJson(command), issuers, () =>
      issuers.length === 0
        ? 'no other issuer is proposed or trusted: countersign issuer propose URL'
        : issuers.map((each) => table(describe(each))).join('\n\n'),
    )
  })

  issuer
    .command('drop')
    .description(
      'trust an issuer no more, points take none of its delegations within a minute; or turn down what is proposed',
    )
    .argument('<iss>', 'its name')
    .option('--reason <code>', 'why, in a word; say more with countersign note', reasonCode, 'dropped')
    .action(async (iss: string, options: { reason: string }, command: Command) => {
      const { client } = await profileOf(command)
      const answer = await client.post('/v1/issuers/drop', { iss, reason: options.reason })
      const { seq } = z.object({ seq: z.int() }).parse(answer)
      result(wantsJson(command), { iss, seq }, () => `${iss} is dropped: trust list ${seq}`)
    })
}

interface AdmitOptions {
  readonly jwk: string
  readonly name: string
  readonly server: string[]
  readonly placement: Guest['placement']
}

/** @param point the command that enrols our own */
export function admitCommand(point: Command): void {
  point
    .command('admit')
    .description('let a point of another control plane in as a guest, under the identifier that it has there')
    .argument('<point>', 'pnt_…')
    .requiredOption('--jwk <file>', 'its public JWK (countersign point key, at its own control plane)')
    .requiredOption('--server <name>', 'a tool server behind it, as grants name it (repeat)', collect)
    .option('--name <name>', 'how you call it', 'guest')
    .addOption(
      new Option('--placement <where>', 'where it stands')
        .choices(['gateway', 'in_process', 'tool_side'])
        .default('gateway'),
    )
    .action(async (id: string, options: AdmitOptions, command: Command) => {
      const jwk = await readPublicKey(options.jwk)
      const { name, server: servers, placement } = options
      await admitPoint(await profileOf(command), { id, name, jwk, placement, servers })
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
