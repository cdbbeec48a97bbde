/** `countersign keys oauth …`: the keys of the authorization server. spec/oauth.md (OAU-19). @module */
import type { Command } from 'commander'
import { z } from 'zod'
import { listing, result } from '../output.ts'
import { assertDigest, profileOf, wantsJson } from './globals.ts'

const keysSchema = z.object({ keys: z.array(z.object({ kid: z.string(), status: z.string() })) })

/** @param fate says what became of the file */
export function oauthKeyCommands(keys: Command, fate: (destroyed: boolean) => string): void {
  const oauth = keys
    .command('oauth')
    .description('keys of the authorization server: access tokens, and what it remembers of OAuth clients')
  const list = oauth.command('list').description('those in force, the current one first')
  list.action(async (_: unknown, command: Command) => {
    const inForce = keysSchema.parse(await (await profileOf(command)).client.get('/v1/keys/oauth')).keys
    result(wantsJson(command), inForce, () =>
      listing(
        ['key', 'status'],
        inForce.map(({ kid, status }) => [kid, status]),
        'no key: countersign keys oauth rotate',
      ),
    )
  })
  const rotate = oauth
    .command('rotate')
    .description('make a new key; clients go on, and the old one stays until it is retired')
  rotate.action(async (_: unknown, command: Command) => {
    const { client } = await profileOf(command)
    const { kid } = z.object({ kid: z.string() }).parse(await client.post('/v1/keys/oauth/rotate', {}))
    result(wantsJson(command), { kid }, () => `${kid} signs access tokens from here on`)
  })
  oauth
    .command('retire')
    .description('end an old key and destroy it: clients that connected under it connect again')
    .argument('<kid>', 'after -- when it begins with -')
    .action(async (kid: string, _: unknown, command: Command) => {
      assertDigest(kid, 'the key', 'countersign keys oauth list')
      const { client } = await profileOf(command)
      const retired = z
        .object({ kid: z.string(), destroyed: z.boolean() })
        .parse(await client.post(`/v1/keys/oauth/${kid}/retire`, {}))
      result(wantsJson(command), retired, () => `retired${fate(retired.destroyed)}`)
    })
}
