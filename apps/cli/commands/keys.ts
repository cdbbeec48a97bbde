/** `countersign keys …`: the keys by which the issuer signs. spec/keys.md. @module */
import type { Command } from 'commander'
import { z } from 'zod'
import { nodeCrypto } from '../../../src/adapters/node-crypto/node-crypto.ts'
import { publicJwk, thumbprint } from '../../../src/core/jwk.ts'
import { rfc3339 } from '../../../src/core/time.ts'
import { openBreakGlass, replaceFrameKey } from '../kills.ts'
import { readInfo } from '../operator.ts'
import { CliError, listing, result, tell } from '../output.ts'
import { assertWritable, writePrivate } from '../profile.ts'
import { assertDigest, profileOf, reasonCode, wantsJson } from './globals.ts'
import { oauthKeyCommands } from './oauth-keys.ts'
import { givenPassphrase } from './passphrase.ts'

const keysSchema = z.object({
  issuer: z.array(
    z.object({ kid: z.string(), status: z.string(), retired_at: z.int().nullable(), jwk: z.unknown() }),
  ),
})

export function keyCommands(program: Command): void {
  const keys = program
    .command('keys')
    .description("the issuer's keys, the frame key, and those of the authorization server")
  replaceFrameCommand(keys)
  oauthKeyCommands(keys, fate)
  const list = keys.command('list').description('every issuer key that ever signed, the current one first')
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

interface ReplaceOptions {
  readonly key: string
  readonly passphraseFile?: string
  readonly out?: string
}

function replaceFrameCommand(keys: Command): void {
  keys
    .command('replace-frame')
    .description(
      'make a new frame key, put in force by the break-glass key; the old one signs nothing any more',
    )
    .requiredOption('--key <file>', 'the break-glass key')
    .option('--passphrase-file <file>', 'holds its passphrase; or the variable COUNTERSIGN_PASSPHRASE')
    .option('-o, --out <file>', 'where to write the statement, to push to points that nothing else reaches')
    .action(async (options: ReplaceOptions, command: Command) => {
      if (options.out !== undefined) await assertWritable(options.out) // or the key is replaced, and its word lost
      const profile = await profileOf(command)
      const passphrase = (await givenPassphrase(options)).passphrase ?? null
      const breakGlass = await openBreakGlass(options.key, passphrase)
      const info = await readInfo(profile.url)
      if (thumbprint(nodeCrypto, info.break_glass) !== thumbprint(nodeCrypto, breakGlass.publicJwk))
        throw new CliError(
          'ARGUMENT_INVALID',
          'that is not the break-glass key of this control plane: compare "countersign kill key" with and without --key',
        )
      const signed = await replaceFrameKey(profile, breakGlass, info.issuer, ({ jwk, epoch }) =>
        tell(`frame key ${thumbprint(nodeCrypto, publicJwk(jwk))} from epoch ${epoch} on`),
      )
      if (options.out !== undefined) await writePrivate(options.out, signed)
      const { epoch, jwk } = signed.frame_key
      const kid = thumbprint(nodeCrypto, publicJwk(jwk))
      result(wantsJson(command), { kid, epoch, statement: signed }, () =>
        [
          `${kid} signs frames from here on, in epoch ${epoch}`,
          ...(options.out === undefined
            ? []
            : [`next: countersign kill push ${options.out} --to URL, where points get nothing else`]),
          'next: let issuers that trust this one approve its new record (countersign issuer propose)',
        ].join('\n'),
      )
    })
}

function fate(destroyed: boolean): string {
  return destroyed
    ? ', and its file is destroyed'
    : ', but its file could not be destroyed: the next start of the control plane tries again'
}
