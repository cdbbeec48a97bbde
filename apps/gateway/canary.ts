/** The daily attempt of a point, with the day that is done with in a file beside its spool. spec/enforcement.md (ENF-10). @module */
import { readFile } from 'node:fs/promises'
import { replaceFile } from '../../src/adapters/fs/files.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { softwareAuthenticator } from '../../src/adapters/software-authenticator/software-authenticator.ts'
import type { Crypto } from '../../src/core/crypto.ts'
import { utf8 } from '../../src/core/encoding.ts'
import { tryUnregistered, type CanaryOptions } from '../../src/enforce/canary.ts'
import { DailyCanary, type CanaryDay } from '../../src/enforce/daily-canary.ts'

const DAY = /^\d{4}-\d{2}-\d{2}\n$/

export type GatewayCanary = Omit<CanaryOptions, 'crypto' | 'passkey'> & {
  readonly path: string
  readonly onFault: (error: unknown) => void
}

export function startCanary({ path, onFault, ...options }: GatewayCanary): DailyCanary {
  const canary = new DailyCanary({
    clock: options.clock,
    day: dayFile(path),
    attempt: () =>
      tryUnregistered({ ...options, crypto: nodeCrypto, passkey: madeUpPasskey(nodeCrypto, options.rp) }),
    onFault,
  })
  canary.start()
  return canary
}

export function madeUpPasskey(
  crypto: Crypto,
  { rp_id, origins }: CanaryOptions['rp'],
): CanaryOptions['passkey'] {
  const origin = origins[0] ?? ''
  return () => softwareAuthenticator(crypto, crypto.generateKey('Ed25519'), { rp_id, origin })
}

function dayFile(path: string): CanaryDay {
  return {
    read: async () => {
      try {
        const text = await readFile(path, 'utf8')
        return DAY.test(text) ? text.trim() : null
      } catch (cause) {
        if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return null
        throw cause
      }
    },
    write: (day) => replaceFile(path, utf8(`${day}\n`), { file: 0o600, dir: 0o700 }),
  }
}
