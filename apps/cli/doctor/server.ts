/** What `doctor` asks of a control plane that runs. @module */
import { ApiClient, ApiError } from '../../../src/adapters/http/client.ts'
import { nodeCrypto } from '../../../src/adapters/node-crypto/node-crypto.ts'
import { systemClock } from '../../../src/ports/clock.ts'
import { readInfo } from '../operator.ts'
import { fail, ok, type Check } from './check.ts'

/** KEY-11: a node that another one has rotated the key of serves everything else. */
function issuerCheck(url: string, { issues, issuer_keys }: Awaited<ReturnType<typeof readInfo>>): Check {
  const name = 'issuer key'
  if (issues) return ok(name, 'the current one is there')
  return fail(
    name,
    'ISSUER_KEY_MISSING',
    `${url} has no file of the current key ${issuer_keys[0]?.kid ?? ''}, and issues nothing`,
    'copy the newest issuer-….jwk from the node that rotated into its key folder, or let the nodes share one with --keys',
  )
}

/** KIL-21. */
function frameCheck(url: string, { revokes, frame_epoch }: Awaited<ReturnType<typeof readInfo>>): Check {
  const name = 'frame key'
  if (revokes) return ok(name, `that of epoch ${frame_epoch} is there`)
  return fail(
    name,
    'FRAME_KEY_MISSING',
    `${url} has no file of the frame key of epoch ${frame_epoch}: it revokes nothing, and points that follow it deny`,
    'copy the newest frame-….jwk from the node that made it into its key folder, or let the nodes share one with --keys',
  )
}

/** @param vkey of the database; null: not known */
export async function serverChecks(url: string, vkey: string | null): Promise<Check[]> {
  const name = 'server'
  try {
    const info = await readInfo(url)
    const own =
      vkey === null || info.log_vkey === vkey
        ? ok('log key', info.log_vkey)
        : fail(
            'log key',
            'VKEY_MISMATCH',
            `${url} serves ${info.log_vkey}, the data folder is of ${vkey}`,
            'name the folder that it serves with --data',
          )
    await new ApiClient({ url, crypto: nodeCrypto, clock: systemClock }).get('/healthz')
    return [ok(name, `${url} records and publishes`), own, issuerCheck(url, info), frameCheck(url, info)]
  } catch (cause) {
    if (!(cause instanceof ApiError)) throw cause
    return cause.code === 'API_UNREACHABLE'
      ? [fail(name, 'SERVER_UNREACHABLE', `nothing answers at ${url}`, 'start it, or name another --url')]
      : [
          fail(
            name,
            'SERVER_FAULT',
            `${url} says ${cause.remote || cause.code}`,
            'see the output of the control plane',
          ),
        ]
  }
}
