/** `countersign listener …`: software elsewhere that is told of revocations. spec/signals.md. @module */
import type { Command } from 'commander'
import { z } from 'zod'
import { rfc3339 } from '../../../src/core/time.ts'
import { CliError, listing, result } from '../output.ts'
import { readText } from '../profile.ts'
import { profileOf, wantsJson } from './globals.ts'

interface AddOptions {
  readonly webhook?: string
  readonly push?: string
  readonly poll?: boolean
  readonly authorization?: string
}

const addedSchema = z.object({
  listener: z.string(),
  secret: z.string().exactOptional(),
  token: z.string().exactOptional(),
})
const listSchema = z.object({
  listeners: z.array(
    z.object({
      id: z.string(),
      kind: z.string(),
      url: z.string().nullable(),
      sent: z.int(),
      status: z.string(),
      failing_since: z.int().nullable(),
    }),
  ),
})

export function listenerCommands(program: Command): void {
  const listener = program.command('listener').description('software elsewhere that is told of revocations')
  listener
    .command('add')
    .description('tell it from the next revocation on; its secret or token is shown this once')
    .option('--webhook <url>', 'Standard Webhooks')
    .option('--push <url>', 'OpenID Shared Signals, by push (RFC 8935)')
    .option('--poll', 'OpenID Shared Signals, by poll (RFC 8936)')
    .option('--authorization <file>', 'what a push is sent with as its Authorization header')
    .action(async (options: AddOptions, command: Command) => {
      const input = await inputOf(options)
      const profile = await profileOf(command)
      const answer = await profile.client.post('/v1/listeners', input)
      const added = addedSchema.parse(answer)
      result(wantsJson(command), added, () =>
        [
          `${added.listener} is told of every revocation from now on`,
          ...(added.secret === undefined ? [] : [`secret, shown once: ${added.secret}`]),
          ...(added.token === undefined ? [] : [`bearer token of the receiver, shown once: ${added.token}`]),
          ...(input.kind === 'webhook'
            ? []
            : [`the receiver begins at ${profile.url}/.well-known/ssf-configuration, with that token`]),
        ].join('\n'),
      )
    })
  const list = listener.command('list').description('listeners, and how far each was told')
  list.action(async (_: unknown, command: Command) => {
    const { listeners } = listSchema.parse(await (await profileOf(command)).client.get('/v1/listeners'))
    result(wantsJson(command), listeners, () =>
      listing(
        ['listener', 'kind', 'told up to', 'state', 'url'],
        listeners.map(({ id, kind, sent, status, failing_since, url }) => [
          id,
          kind,
          `frame ${sent}`,
          failing_since === null ? status : `failing since ${rfc3339(failing_since)}`,
          url ?? '',
        ]),
        'no listener yet: countersign listener add --webhook URL',
      ),
    )
  })
  listener
    .command('remove')
    .description('tell it no more')
    .argument('<listener>', 'lsn_…')
    .action(async (id: string, _: unknown, command: Command) => {
      await (await profileOf(command)).client.post(`/v1/listeners/${id}/remove`, {})
      result(wantsJson(command), { listener: id, removed: true }, () => `${id} is told no more`)
    })
}

async function inputOf({
  webhook,
  push,
  poll,
  authorization,
}: AddOptions): Promise<Record<string, string | null>> {
  const chosen = [webhook, push, poll].filter((each) => each !== undefined)
  if (chosen.length !== 1) {
    throw new CliError('ARGUMENT_INVALID', 'give one of --webhook URL, --push URL and --poll')
  }
  if (authorization !== undefined && push === undefined) {
    throw new CliError('ARGUMENT_INVALID', '--authorization is for --push')
  }
  if (webhook !== undefined) return { kind: 'webhook', url: webhook }
  if (push === undefined) return { kind: 'ssf_poll', url: null }
  const header = authorization === undefined ? {} : { authorization: (await readText(authorization)).trim() }
  return { kind: 'ssf_push', url: push, ...header }
}
