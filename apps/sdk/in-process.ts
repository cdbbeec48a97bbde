/**
 * Composes an enforcement point in the process that calls it, from its enrolment file. spec/sdk.md (SDK-3, SDK-4).
 * @module
 */
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { Recording } from '../../src/enforce/central.ts'
import { Guard } from '../../src/enforce/guard.ts'
import type { HeldNotice } from '../../src/enforce/types.ts'
import { SdkError } from '../../src/enforce/sdk-errors.ts'
import type { HostedDelegations } from '../../src/enforce/hosted.ts'
import type { Served } from '../../src/enforce/served.ts'
import { systemClock } from '../../src/ports/clock.ts'
import { openPoint } from '../gateway/point.ts'
import { readPointFile, type PointFile } from '../gateway/point-file.ts'
import { heldBy, type HeldOptions } from './held.ts'
import { takeTokens } from './hosted.ts'

export interface PointAt {
  /** The enrolment file (`countersign point enroll`). Its spool lies beside it, and has one process. */
  readonly point: string
  /** What grants call these tools by; where the point is enrolled for one server, that. */
  readonly server?: string
  /** RCP-10; `spool` unless told otherwise. */
  readonly recording?: Recording
  /** Told of faults that became denials; they go to standard error unless told otherwise. */
  readonly onFault?: (error: unknown) => void
}

export interface GuardedOptions extends PointAt, HeldOptions {
  /** Told of each call that waits for a person, with the link for them. The call waits meanwhile. */
  readonly onHeld?: (held: HeldNotice) => void
}

/** @throws {ConnectionDenied}, {SdkError}, and what opening a point throws */
export async function openGuard(options: GuardedOptions): Promise<Guard> {
  const { chain, holder, claims } = await heldBy(options)
  const { point, server, releases } = await openServed(options, 'in_process')
  try {
    const parts = { crypto: nodeCrypto, clock: systemClock, chain, holder, claims }
    const { onHeld } = options
    const told = onHeld === undefined ? {} : { onHeld }
    return await Guard.open({
      ...parts,
      point,
      server,
      ...told,
      ...(releases === undefined ? {} : { releases }),
    })
  } catch (cause) {
    await point.close()
    throw cause
  }
}

/**
 * An enforcement point beside tools of yours, for an MCP server (`countersign/mcp-server`) or an HTTP service
 * (`countersign/hono`, `/express`, `/fastify`): who calls brings a chain and a proof.
 * @throws {SdkError}, and what opening a point throws
 */
export async function serve(options: PointAt & TokensFor): Promise<Served> {
  const { resource } = options
  if (resource === undefined) return openServed(options, 'tool_side')
  const file = await readPointFile(options.point)
  const server = serverOf(file.servers, options.server)
  const onFault = options.onFault ?? faultOnStderr
  const taking = await takeTokens(file, options.point, { server, resource, onFault })
  try {
    const served = await openServed(options, 'tool_side', taking.hosting.get)
    const close = async (): Promise<void> => {
      taking.stop()
      await served.close()
    }
    return { ...served, bearer: taking.bearer, close }
  } catch (cause) {
    taking.stop()
    throw cause
  }
}

export interface TokensFor {
  /** Takes access tokens of the control plane's authorization server for this resource (its URL): SDK-15. */
  readonly resource?: string
}

/**
 * Receipts say where a point stands, so it is used nowhere else than where it was enrolled for.
 * @throws {SdkError} `PLACEMENT_WRONG`, `SERVER_UNKNOWN`
 */
export async function openServed(
  { point: path, server, recording, onFault }: PointAt,
  placement: PointFile['placement'],
  delegations?: HostedDelegations['get'],
): Promise<Served> {
  const file = await readPointFile(path)
  if (file.placement !== placement) {
    const enrol = `enrol one with "countersign point enroll --placement ${placement}"`
    throw new SdkError(
      'PLACEMENT_WRONG',
      `${path} is of a point that was enrolled as ${file.placement}: ${enrol}`,
    )
  }
  const name = serverOf(file.servers, server)
  const opened = await openPoint(path, {
    onFault: onFault ?? faultOnStderr,
    ...(delegations === undefined ? {} : { delegations }),
    ...(recording === undefined ? {} : { recording }),
  })
  const { point, releases } = opened
  return { point, releases, server: name, crypto: nodeCrypto, close: () => point.close() }
}

function serverOf(enrolled: readonly string[], wanted: string | undefined): string {
  const [first, second] = enrolled
  const name = wanted ?? (second === undefined ? first : undefined)
  if (name !== undefined && enrolled.includes(name)) return name
  throw new SdkError('SERVER_UNKNOWN', `say which server: the point is enrolled for ${enrolled.join(', ')}`)
}

function faultOnStderr(error: unknown): void {
  process.stderr.write(`countersign: ${error instanceof Error ? error.message : 'fault'}\n`)
}
