/** `countersign source …`: who hands in telemetry or reads it with a token. spec/telemetry.md (TEL-15). @module */
import type { Command } from 'commander'
import { z } from 'zod'
import { listing, result } from '../output.ts'
import { profileOf, wantsJson } from './globals.ts'

interface AddOptions {
  readonly agent?: string
  readonly metrics?: boolean
}

const addedSchema = z.object({ source: z.string(), token: z.string() })
const listSchema = z.object({
  sources: z.array(z.object({ id: z.string(), kind: z.string(), agent: z.string().nullable() })),
})

export function sourceCommands(program: Command): void {
  const source = program.command('source').description('who hands in telemetry, or reads it, with a token')
  source
    .command('add')
    .description('take OpenTelemetry spans of an agent, or of all; the token is shown this once')
    .option('--agent <id>', 'of this agent alone (agt_…)')
    .option('--metrics', 'let a Prometheus server read /metrics, instead')
    .action(async ({ agent, metrics }: AddOptions, command: Command) => {
      const { client, url } = await profileOf(command)
      const kind = metrics === true ? 'metrics' : 'otlp'
      const added = addedSchema.parse(
        await client.post('/v1/telemetry/sources', { kind, agent: agent ?? null }),
      )
      result(wantsJson(command), added, () =>
        [
          `${added.source} is added`,
          `bearer token, shown once: ${added.token}`,
          kind === 'metrics'
            ? `a Prometheus server reads ${url}/metrics with it`
            : `an exporter sends to OTEL_EXPORTER_OTLP_ENDPOINT=${url}/v1/otlp with OTEL_EXPORTER_OTLP_HEADERS=authorization=Bearer%20…`,
        ].join('\n'),
      )
    })
  source
    .command('list')
    .description('sources that are registered')
    .action(async (_: unknown, command: Command) => {
      const answer = await (await profileOf(command)).client.get('/v1/telemetry/sources')
      const { sources } = listSchema.parse(answer)
      result(wantsJson(command), sources, () =>
        listing(
          ['source', 'kind', 'agent'],
          sources.map(({ id, kind, agent }) => [id, kind, agent ?? 'all']),
          'no source yet: countersign source add',
        ),
      )
    })
  source
    .command('remove')
    .description('its token is good for nothing any more')
    .argument('<source>', 'src_…')
    .action(async (id: string, _: unknown, command: Command) => {
      const { client } = await profileOf(command)
      await client.post(`/v1/telemetry/sources/${encodeURIComponent(id)}/remove`, {})
      result(wantsJson(command), { source: id }, () => `${id} is removed`)
    })
}
