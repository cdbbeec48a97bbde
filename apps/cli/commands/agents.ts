/** `countersign agent …`: the lifecycle of an agent's identity. @module */
import { rm } from 'node:fs/promises'
import type { Command } from 'commander'
import { z } from 'zod'
import { ApiError } from '../../../src/adapters/http/client.ts'
import { nodeCrypto } from '../../../src/adapters/node-crypto/node-crypto.ts'
import { thumbprint } from '../../../src/core/jwk.ts'
import { addAgentKey, agentStatement, approveAgent, changeAgent, proposeAgent } from '../operator.ts'
import { listing, result } from '../output.ts'
import { readPublicKey, writePrivate } from '../profile.ts'
import { readManifest, versionCommands } from './versions.ts'
import { approveCommand } from './approve.ts'
import { collect, profileOf, reasonCode, wantsJson } from './globals.ts'

interface ProposeOptions {
  readonly class: string
  readonly purpose: string
  readonly system?: string[]
  readonly manifest: string
}

/** Why a suspension costs the keys: docs/adr/0007. */
const CHANGES = [
  {
    to: 'activate',
    status: 'active',
    effect: 'let an approved or suspended agent act; after a suspension it needs a new key',
  },
  { to: 'suspend', status: 'suspended', effect: 'stop an agent: its keys are revoked for ever' },
  { to: 'retire', status: 'retired', effect: 'stop an agent for good' },
] as const

export function agentCommands(program: Command): void {
  const agent = program.command('agent').description('agents: proposed, approved, active, suspended, retired')
  agent
    .command('propose')
    .description('propose an agent, which someone else approves')
    .argument('<name>')
    .requiredOption('--purpose <text>', 'what it is for')
    .requiredOption('--manifest <file>', 'JSON file: model, prompt, tools of this version')
    .option('--class <name>', 'agent class', 'assistant')
    .option('--system <id>', 'a system that it touches (repeat)', collect)
    .action(async (name: string, options: ProposeOptions, command: Command) => {
      const manifest = await readManifest(options.manifest)
      const id = await proposeAgent(await profileOf(command), {
        name,
        class: options.class,
        purpose: options.purpose,
        systems: options.system ?? [],
        manifest,
      })
      result(wantsJson(command), { agent: id }, () => `${id} is proposed; someone else approves it`)
    })
  approveCommand(agent, {
    does: 'approve with your authenticator',
    noun: 'agent',
    id: 'agt_…',
    status: 'approved',
    approve: approveAgent,
  })
  for (const { to, status, effect } of CHANGES) {
    agent
      .command(to)
      .description(effect)
      .argument('<agent>', 'agt_…')
      .option('--reason <code>', 'why, in a word; say more with countersign note', reasonCode, to)
      .action(async (id: string, options: { reason: string }, command: Command) => {
        await changeAgent(await profileOf(command), id, to, options.reason)
        result(wantsJson(command), { agent: id, change: to }, () => `${id} is ${status}`)
      })
  }
  const list = agent.command('list').description('agents, each with its status')
  list.action(async (_: unknown, command: Command) => {
    const answer = await (await profileOf(command)).client.get('/v1/agents')
    const { agents } = z
      .object({ agents: z.array(z.looseObject({ id: z.string(), name: z.string(), status: z.string() })) })
      .parse(answer)
    result(wantsJson(command), agents, () =>
      listing(
        ['agent', 'status', 'name'],
        agents.map((each) => [each.id, each.status, each.name]),
        'no agent yet: countersign agent propose NAME --purpose TEXT --manifest FILE',
      ),
    )
  })
  versionCommands(agent)
  keyCommands(agent)
}

function keyCommands(agent: Command): void {
  agent
    .command('key')
    .description('make a holder key for an agent, register it, write it to a file')
    .argument('<agent>', 'agt_…')
    .requiredOption('-o, --out <file>', 'where to write the private key')
    .action(async (id: string, options: { out: string }, command: Command) => {
      const key = nodeCrypto.generateKey('Ed25519')
      const { publicJwk: jwk } = nodeCrypto.signer(key)
      await writePrivate(options.out, { ...key })
      try {
        await addAgentKey(await profileOf(command), id, jwk)
      } catch (error) {
        // Only a key that the control plane itself refused is nobody's: of an answer that got lost on its way, through
        // a proxy say, it may be the one copy.
        if (error instanceof ApiError && error.remote !== '' && error.status < 500) await rm(options.out)
        throw error
      }
      const jkt = thumbprint(nodeCrypto, jwk)
      result(wantsJson(command), { agent: id, jkt, file: options.out }, () => `${jkt} in ${options.out}`)
    })
  agent
    .command('statement')
    .description("the issuer's statement about an agent's key, for a hop (24 hours at most)")
    .argument('<agent>', 'agt_…')
    .requiredOption('--key <file>', "the agent's key file, or its public JWK")
    .action(async (id: string, options: { key: string }, command: Command) => {
      const jkt = thumbprint(nodeCrypto, await readPublicKey(options.key))
      const statement = await agentStatement(await profileOf(command), id, jkt)
      result(wantsJson(command), { statement }, () => statement)
    })
}
