/** `countersign keys …`: the keys by which the issuer signs. spec/keys.md. @module */
import type { Command } from 'commander'
import { z } from 'zod'
import { rfc3339 } from '../../../src/core/time.ts'
import { listing, result } from '../output.ts'
import { assertDigest, profileOf, reasonCode, wantsJson } from './globals.ts'

const keysSchema = z.object({
  issuer: z.array(
    z.object({ kid: z.string(), status: z.string(), retired_at: z.int().nullable(), jwk: z.unknown() }),
  ),
})

export function keyCommands(program: Command): void {
  const keys = program.command('keys').description("the issuer's keys")
  const list = keys.command('list').description('every key that ever signed, the current one first')
  list.action(async (_: unknown, command: Command) => {
    const { client } = await profileOf(command)
    const { issuer } = keysSchema.parse(await client.get('/v1/keys'))
    result(wantsJson(command), issuer, () =>
      listing(
        ['key', 'status'],
        issuer.map(({ kid, status, retired_at }) => [
          kid,
          retired_at === null ? status : `${status} ${rfc3339(retired_at * 1000)}`,
        ]),
        'no key: countersign keys rotate',
      ),
    )
  })

  const rotate = keys
    .command('rotate')
    .description('make a new key, which signs from here on; the old one verifies until it is retired')
  rotate.action(async (_: unknown, command: Command) => {
    const { client } = await profileOf(command)
    const { kid } = z.object({ kid: z.string() }).parse(await client.post('/v1/keys/issuer/rotate', {}))
    result(wantsJson(command), { kid }, () => `${kid} signs from here on`)
  })

  keys
    .command('retire')
    .description('end a key that signs no more and destroy its private half; what it signed stays good')
    .argument('<kid>', 'after -- when it begins with -')
    .action(async (kid: string, _: unknown, command: Command) => {
      assertDigest(kid, 'the key', 'countersign keys list')
      const { client } = await profileOf(command)
      const retired = z
        .object({ kid: z.string(), retired_at: z.int(), destroyed: z.boolean() })
        .parse(await client.post(`/v1/keys/issuer/${kid}/retire`, {}))
      result(wantsJson(command), retired, () => `retired${fate(retired.destroyed)}`)
    })

  keys
    .command('compromise')
    .description('revoke everything that a key ever signed; the current one is replaced first')
    .argument('<kid>', 'after -- when it begins with -')
    .option('--reason <code>', 'why, in a word; say more with countersign note', reasonCode, 'compromised')
    .action(async (kid: string, options: { reason: string }, command: Command) => {
      assertDigest(kid, 'the key', 'countersign keys list')
      const { client } = await profileOf(command)
      const answer = await client.post(`/v1/keys/issuer/${kid}/compromise`, { reason: options.reason })
      const revoked = z
        .object({
          frames: z.array(z.int()),
          acknowledged_at: z.int(),
          current: z.string(),
          destroyed: z.boolean(),
        })
        .parse(answer)
      result(
        wantsJson(command),
        revoked,
        () =>
          `revoked: frame ${revoked.frames.join(', ')}${fate(revoked.destroyed)}; ${revoked.current} signs now`,
      )
    })
}

function fate(destroyed: boolean): string {
  return destroyed
    ? ', and its file is destroyed'
    : ', but its file could not be destroyed: the next start of the control plane tries again'
}
