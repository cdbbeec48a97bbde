/** The control plane's keys, from files. spec/keys.md (KEY-10). @module */
import { join } from 'node:path'
import { openFsKeyStore } from '../../src/adapters/fs/key-store.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { PrivateJwk } from '../../src/core/crypto.ts'
import { FrameRing } from '../../src/registry/frame-ring.ts'
import { IssuerRing } from '../../src/registry/issuer-ring.ts'
import type { SetupKeys } from '../../src/registry/setup.ts'
import { OauthKeys } from './oauth/keys.ts'

export type ServerKeys = SetupKeys & {
  readonly logKey: PrivateJwk
  /** Signs access tokens (OAU-8), and what is derived from it seals what the authorization server remembers. */
  readonly oauth: OauthKeys
  /** The key that is made here and taken away (KIL-7): its file, and it, the first time. */
  readonly breakGlass: { readonly file: string; readonly first: () => Promise<PrivateJwk> }
}

interface KeyOptions {
  readonly dataDir: string
  readonly keys?: string
  readonly passphrase?: string
  readonly onEncrypted?: (file: string) => void
}

/**
 * @param beforeEncrypting what it throws leaves plain key files as they are
 * @throws {KeyStoreError}
 */
export async function loadKeys(
  { dataDir, keys, passphrase, onEncrypted }: KeyOptions,
  beforeEncrypting: () => Promise<void>,
): Promise<ServerKeys> {
  const folder = keys ?? join(dataDir, 'keys')
  const keyStore = await openFsKeyStore(folder, {
    crypto: nodeCrypto,
    passphrase: passphrase ?? null,
    beforeEncrypting,
    ...(onEncrypted === undefined ? {} : { onEncrypted }),
  })
  const logKey = await keyStore.first('log')
  return {
    logKey,
    oauth: await OauthKeys.open(nodeCrypto, keyStore),
    breakGlass: {
      file: join(folder, 'break-glass.jwk'),
      first: () => keyStore.first('break-glass'),
    },
    issuer: await IssuerRing.open(nodeCrypto, keyStore),
    frame: await FrameRing.open(nodeCrypto, keyStore),
    log: nodeCrypto.signer(logKey),
  }
}
