/** `countersign delegate`, `delegation …`, `narrow`: authority given and handed on. @module */
import type { Command } from 'commander'
import { z } from 'zod'
import { nodeCrypto } from '../../../src/adapters/node-crypto/node-crypto.ts'
import type { PrivateJwk } from '../../../src/core/crypto.ts'
import { newId } from '../../../src/core/ids.ts'
import { thumbprint } from '../../../src/core/jwk.ts'
import { parseJws } from '../../../src/core/sign.ts'
import { rfc3339, seconds } from '../../../src/core/time.ts'
import { awaited } from '../../../src/core/words.ts'
import { grantSchema, type Grant } from '../../../src/token/grant.ts'
import { lastDelegation, narrow } from '../../../src/token/narrow.ts'
import { statementSchema } from '../../../src/token/payload.ts'
import { beginDelegation } from '../operator.ts'
import { listDrafts, waitForChain } from '../operator-quorum.ts'
import { CliError, listing, result, tell } from '../output.ts'
import { assertWritable, readJson, readPublicKey, readText, writePrivate, type Profile } from '../profile.ts'
import { collect, profileOf, wantsJson, whole } from './globals.ts'

interface DelegateOptions {
  readonly key: string
  readonly point: string[]
  readonly grants: string
  readonly ttl: number
  readonly depth: number
  readonly instruction?: string
  readonly approver?: string[]
  readonly approvals?: number
  readonly wait?: boolean
  readonly consent?: string
  readonly emergency?: string
  readonly out: string
}

export function delegationCommands(program: Command): void {
  program
    .command('delegate')
    .description('authorize an agent with your authenticator; writes the chain for the agent')
    .argument('<agent>', 'agt_…')
    .requiredOption('--key <file>', "the agent's key file, or its public JWK")
    .requiredOption('--point <id>', 'an enforcement point where it counts (repeat)', collect)
    .requiredOption('--grants <file>', 'JSON file: an array of grants (spec/grants.md)')
    .option('--ttl <seconds>', 'how long', whole, 3600)
    .option('--depth <hops>', 'how often it may be handed on', whole, 0)
    .option('--instruction <text>', 'what you ask for, in words; disclosed only when the holder chooses')
    .option('--consent <id>', 'for the data subject of this consent alone, cns_…; over with it')
    .option('--emergency <id>', 'without the approvers of its template, ema_…; over with it')
    .option('--approver <id>', 'a person who may approve it besides you, per_… (repeat)', collect)
    .option('--approvals <m>', 'how many of them must; all of them unless you say', whole)
    .option('--wait', 'wait for the approvals that it needs')
    .requiredOption('-o, --out <file>', 'where to write the chain')
    .action(async (agent: string, options: DelegateOptions, command: Command) => {
      const jkt = thumbprint(nodeCrypto, await readPublicKey(options.key))
      const grants = await readGrants(options.grants)
      await assertWritable(options.out)
      const profile = await profileOf(command)
      const { jti, missing, chain } = await beginDelegation(profile, {
        agent,
        jkt,
        aud: options.point,
        grants,
        ttl_s: options.ttl,
        depth_max: options.depth,
        ...(options.instruction === undefined ? {} : { instruction: options.instruction }),
        ...(options.consent === undefined ? {} : { consent: options.consent }),
        ...(options.emergency === undefined ? {} : { emergency: options.emergency }),
        ...approversOf(options),
      })
      const waiting = chain === undefined ? await waitingFor(profile, jti) : ''
      if (chain === undefined && options.wait !== true) {
        const next = `countersign delegation fetch ${jti} -o ${options.out}`
        return result(wantsJson(command), { jti, missing }, () => `${waiting}\nand then you run:\n  ${next}`)
      }
      if (chain === undefined) tell(waiting)
      await writePrivate(options.out, `${chain ?? (await waitForChain(profile, jti))}\n`)
      result(wantsJson(command), { jti, file: options.out }, () => `${jti} in ${options.out}`)
    })

  program
    .command('delegations')
    .description('root delegations, newest first')
    .action(async (_: unknown, command: Command) => {
      const answer = await (await profileOf(command)).client.get('/v1/delegations')
      const { delegations } = z
        .object({
          delegations: z.array(
            z.object({
              jti: z.string(),
              agent: z.string(),
              principal: z.string(),
              exp: z.int(),
              revoked: z.boolean(),
              consent: z.string().nullable(),
            }),
          ),
        })
        .parse(answer)
      result(wantsJson(command), delegations, () =>
        listing(
          ['delegation', 'status', 'agent', 'principal', 'consent'],
          delegations.map((each) => [
            each.jti,
            each.revoked ? 'revoked' : `until ${rfc3339(each.exp * 1000)}`,
            each.agent,
            each.principal,
            each.consent ?? '-',
          ]),
          'no delegation yet: countersign delegate AGENT --key FILE --point ID --grants FILE -o FILE',
        ),
      )
    })
  narrowCommand(program)
}

/** Who approves it, and how. The last of them may have done so by now. */
async function waitingFor(profile: Profile, jti: string): Promise<string> {
  const draft = (await listDrafts(profile)).find((each) => each.jti === jti)
  return draft === undefined
    ? `${jti} is issued`
    : `${jti} waits for the approval of ${awaited(draft)}:\n  countersign delegation approve ${jti}`
}

function approversOf({ approver = [], approvals }: DelegateOptions): {
  approvers?: { m: number; of: readonly string[] }
} {
  if (approver.length === 0 && approvals !== undefined)
    throw new CliError('ARGUMENT_INVALID', '--approvals says how many of those that --approver names')
  return approver.length === 0 ? {} : { approvers: { m: approvals ?? approver.length, of: approver } }
}

interface NarrowOptions {
  readonly key: string
  readonly to: string
  readonly statement: string
  readonly grants: string
  readonly ttl: number
  readonly out: string
}

function narrowCommand(program: Command): void {
  program
    .command('narrow')
    .description('hand a smaller delegation to another agent, offline')
    .argument('<chain>', 'file with the chain that you hold')
    .requiredOption('--key <file>', 'your key')
    .requiredOption('--to <file>', "the other agent's key file, or its public JWK")
    .requiredOption('--statement <file>', "the issuer's statement about that key")
    .requiredOption(
      '--grants <file>',
      'JSON file: grants, each with "from" (the digest of its parent; see grants)',
    )
    .option('--ttl <seconds>', 'how long; never past the parent', whole, 3600)
    .requiredOption('-o, --out <file>', 'where to write the chain')
    .action(async (path: string, options: NarrowOptions, command: Command) => {
      const held = await readText(path)
      const parent = lastDelegation(nodeCrypto, held).payload
      const now = seconds(Date.now())
      const statement = await readText(options.statement)
      const chain = narrow(nodeCrypto, held, nodeCrypto.signer(await readKey(options.key)), {
        jti: newId(nodeCrypto, 'dlg', Date.now()),
        iat: now,
        nbf: Math.max(parent.nbf, now),
        exp: Math.min(parent.exp, now + options.ttl),
        aud: parent.aud,
        holder: await readPublicKey(options.to),
        statement,
        grants: await readGrants(options.grants),
        depth_max: parent.depth_max,
      })
      await writePrivate(options.out, `${chain}\n`)
      const { agent } = statementSchema.parse(parseJws(statement).payload)
      result(wantsJson(command), { agent, file: options.out }, () => `for ${agent} in ${options.out}`)
    })
  program
    .command('grants')
    .description('the grants of a chain that you hold, each with its digest')
    .argument('<chain>', 'file with the chain that you hold')
    .action(async (path: string, _: unknown, command: Command) => {
      const { grants } = lastDelegation(nodeCrypto, await readText(path))
      const rows = [...grants].map(([digest, grant]) => ({ digest, grant }))
      result(wantsJson(command), rows, () =>
        rows.map(({ digest, grant }) => `${digest}\n  ${JSON.stringify(grant)}`).join('\n'),
      )
    })
}

const GRANTS_EXAMPLE = JSON.stringify([{ type: 'tool', server: 'files', actions: ['read_text_file'] }])

async function readGrants(path: string): Promise<Grant[]> {
  const grants = z.array(grantSchema).safeParse(await readJson(path))
  if (grants.success) return grants.data
  const where = grants.error.issues
    .map(({ path: at, message }) => (at.length === 0 ? message : `${at.join('.')}: ${message}`))
    .join('; ')
  throw new CliError(
    'ARGUMENT_INVALID',
    `${path} does not hold grants: ${where}; they are like ${GRANTS_EXAMPLE}, see spec/grants.md`,
  )
}

async function readKey(path: string): Promise<PrivateJwk> {
  const value = z.looseObject({ kty: z.string(), d: z.string() }).safeParse(await readJson(path))
  if (!value.success)
    throw new CliError(
      'ARGUMENT_INVALID',
      `${path} does not hold a private JWK: give the file that "countersign agent key" wrote`,
    )
  return value.data as unknown as PrivateJwk
}
