/** `countersign agent version …`: what an agent is made of, and which of it may act. spec/inventory.md. @module */
import type { Command } from 'commander'
import { z } from 'zod'
import { nodeCrypto } from '../../../src/adapters/node-crypto/node-crypto.ts'
import { manifestDigest, manifestSchema, type Manifest } from '../../../src/core/manifest.ts'
import type { VersionGateOptions } from '../../../src/enforce/versions.ts'
import { approveAt } from '../operator.ts'
import { CliError, listing, result } from '../output.ts'
import { readJson, readText } from '../profile.ts'
import { assertDigest, profileOf, reasonCode, wantsJson } from './globals.ts'

const MANIFEST_HINT = 'countersign agent version list AGENT'

/** @throws {CliError} `ARGUMENT_INVALID`, with the member that does not fit */
export async function readManifest(path: string): Promise<Manifest> {
  const read = manifestSchema.safeParse(await readJson(path))
  if (read.success) return read.data
  const [issue] = read.error.issues
  const unknown = issue?.code === 'unrecognized_keys' ? `, which has no member ${issue.keys.join(', ')}` : ''
  const at = issue === undefined || issue.path.length === 0 ? '' : ` at ${issue.path.join('.')}`
  throw new CliError(
    'ARGUMENT_INVALID',
    `${path} is not a version manifest${unknown}${at}: write something like {"model":"any","version":1}, see spec/inventory.md`,
  )
}

export function versionCommands(agent: Command): void {
  const version = agent
    .command('version')
    .description('versions of an agent: model, prompt, tools, code, tests')
  version
    .command('propose')
    .description('propose a version, which someone else approves; prints its digest')
    .argument('<agent>', 'agt_…')
    .requiredOption('--manifest <file>', 'JSON file: model, prompt, tools, commit, tests')
    .action(async (id: string, options: { manifest: string }, command: Command) => {
      const manifest = await readManifest(options.manifest)
      const { client } = await profileOf(command)
      const answer = z
        .object({ manifest: z.string() })
        .parse(await client.post(`/v1/agents/${id}/versions`, { manifest }))
      result(wantsJson(command), { agent: id, manifest: answer.manifest }, () => answer.manifest)
    })
  version
    .command('approve')
    .description('approve a version with your authenticator')
    .argument('<agent>', 'agt_…')
    .argument('<manifest>', 'its digest')
    .action(async (id: string, manifest: string, _: unknown, command: Command) => {
      assertDigest(manifest, '<manifest>', MANIFEST_HINT)
      await approveAt(await profileOf(command), `/v1/agents/${id}/versions/${manifest}`, {
        act: 'version.approve',
        agent: id,
        manifest,
      })
      result(wantsJson(command), { agent: id, manifest, status: 'approved' }, () => `${manifest} is approved`)
    })
  version
    .command('withdraw')
    .description('let no new delegation name a version; revoke those that do')
    .argument('<agent>', 'agt_…')
    .argument('<manifest>', 'its digest')
    .option('--reason <code>', 'why, in a word', reasonCode, 'withdraw')
    .action(async (id: string, manifest: string, options: { reason: string }, command: Command) => {
      assertDigest(manifest, '<manifest>', MANIFEST_HINT)
      const { client } = await profileOf(command)
      await client.post(`/v1/agents/${id}/versions/${manifest}/withdraw`, { reason: options.reason })
      result(
        wantsJson(command),
        { agent: id, manifest, status: 'withdrawn' },
        () => `${manifest} is withdrawn`,
      )
    })
  version
    .command('list')
    .description('versions of an agent, each with its status')
    .argument('<agent>', 'agt_…')
    .action(async (id: string, _: unknown, command: Command) => {
      const answer = await (await profileOf(command)).client.get(`/v1/agents/${id}/versions`)
      const { versions } = z
        .object({
          versions: z.array(z.object({ manifest: z.string(), status: z.string(), document: manifestSchema })),
        })
        .parse(answer)
      result(wantsJson(command), versions, () =>
        listing(
          ['manifest', 'status', 'version', 'model'],
          versions.map(({ manifest, status, document: { version: name = '', model = '' } }) => [
            manifest,
            status,
            String(name),
            model,
          ]),
          'no version',
        ),
      )
    })
  statementCommand(version)
}

function statementCommand(version: Command): void {
  version
    .command('statement')
    .description(
      "the issuer's word that a version is approved, for agents whose delegation names another (24 hours)",
    )
    .argument('<agent>', 'agt_…')
    .requiredOption('--manifest <file>', 'JSON file of the version')
    .action(async (id: string, options: { manifest: string }, command: Command) => {
      const manifest = manifestDigest(nodeCrypto, await readManifest(options.manifest))
      const { client } = await profileOf(command)
      const answer = await client.post(`/v1/agents/${id}/versions/${manifest}/statements`, {})
      const { statement } = z.object({ statement: z.string() }).parse(answer)
      result(wantsJson(command), { statement }, () => statement)
    })
}

export interface VersionOptions {
  readonly manifest?: string
  readonly versionStatement?: string
  readonly requireVersion?: boolean
}

export type Versions = Pick<VersionGateOptions, 'required' | 'hosted'>

/** What a gateway makes of versions, from its options. @throws {CliError} */
export async function versionsOf(options: VersionOptions): Promise<Versions> {
  const required = options.requireVersion === true
  if (options.manifest === undefined) return { required }
  const manifest = manifestDigest(nodeCrypto, await readManifest(options.manifest))
  const { versionStatement: file } = options
  const said = file === undefined ? {} : { version: (await readText(file)).trim() }
  return { required, hosted: { manifest, ...said } }
}
