/** `countersign channel …`: where people hear of alerts. spec/alerts.md (ALR-12). @module */
import type { Command } from 'commander'
import { channelSchema } from '../../../src/core/channel.ts'
import { rfc3339 } from '../../../src/core/time.ts'
import { addChannel, listChannels } from '../alerts/acts.ts'
import { CliError, listing, result } from '../output.ts'
import { readJson } from '../profile.ts'
import { profileOf, wantsJson } from './globals.ts'

const EXAMPLE = '{"kind":"slack","url":"https://hooks.slack.com/services/…"}'

export function channelCommands(program: Command): void {
  const channel = program.command('channel').description('where people hear of alerts')
  channel
    .command('add')
    .description('tell people there from now on; the secret of a webhook is shown this once')
    .argument('<file>', `JSON file such as ${EXAMPLE} (spec/alerts.md, ALR-12)`)
    .action(async (file: string, _: unknown, command: Command) => {
      const read = channelSchema.safeParse(await readJson(file))
      if (!read.success)
        throw new CliError(
          'ARGUMENT_INVALID',
          `${file} is no channel at ${read.error.issues.map(({ path }) => path.join('.') || 'the whole').join(', ')}: one is like ${EXAMPLE}`,
        )
      const added = await addChannel(await profileOf(command), read.data)
      result(wantsJson(command), added, () =>
        [
          `${added.channel} is told of alerts from now on: try it with "countersign channel test ${added.channel}"`,
          ...(added.secret === undefined ? [] : [`secret, shown once: ${added.secret}`]),
          'the file holds what it is told with: delete it, or keep it as you keep a password',
        ].join('\n'),
      )
    })
  channel
    .command('list')
    .description('channels, and whether each is well')
    .action(async (_: unknown, command: Command) => {
      const channels = await listChannels(await profileOf(command))
      result(wantsJson(command), channels, () =>
        listing(
          ['channel', 'kind', 'host', 'state'],
          channels.map(({ id, kind, host, failing_since }) => [
            id,
            kind,
            host,
            failing_since === null ? 'well' : `failing since ${rfc3339(failing_since)}`,
          ]),
          'no channel yet: countersign channel add FILE',
        ),
      )
    })
  channel
    .command('test')
    .description('send a test there')
    .argument('<channel>', 'chn_…')
    .action(async (id: string, _: unknown, command: Command) => {
      await (await profileOf(command)).client.post(`/v1/channels/${id}/test`, {})
      result(
        wantsJson(command),
        { channel: id, sent: true },
        () => `a test is on its way: see "countersign alert deliveries --channel ${id}"`,
      )
    })
  channel
    .command('remove')
    .description('tell nobody there any more')
    .argument('<channel>', 'chn_…')
    .action(async (id: string, _: unknown, command: Command) => {
      await (await profileOf(command)).client.post(`/v1/channels/${id}/remove`, {})
      result(wantsJson(command), { channel: id, removed: true }, () => `${id} is told no more`)
    })
}
