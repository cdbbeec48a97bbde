/**
 * Composes an enforcement point from its enrolment file: HTTP to the control plane, a spool on disk, node:crypto.
 * @module
 */
import { dirname, join } from 'node:path'
import { ApiClient } from '../../src/adapters/http/client.ts'
import { httpControlPlane } from '../../src/adapters/http/control-plane.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { PrivateJwk, PublicJwk } from '../../src/core/crypto.ts'
import { publicJwk, thumbprint } from '../../src/core/jwk.ts'
import { BasisKeeper } from '../../src/enforce/basis/basis-keeper.ts'
import { SubjectFeed } from '../../src/enforce/basis/subject-feed.ts'
import { AckSender } from '../../src/enforce/ack-sender.ts'
import type { DailyCanary } from '../../src/enforce/daily-canary.ts'
import { Authenticator } from '../../src/enforce/authenticate.ts'
import { LeasedLedger } from '../../src/enforce/ledger.ts'
import { recordingAs, type Recording } from '../../src/enforce/central.ts'
import { FlowKeeper } from '../../src/enforce/flow/keeper.ts'
import { Releases } from '../../src/enforce/releases.ts'
import { EnforcementPoint } from '../../src/enforce/point.ts'
import { Recorder } from '../../src/enforce/recorder.ts'
import { Shipper } from '../../src/enforce/shipper.ts'
import { ToolChanges } from '../../src/enforce/tool-changes.ts'
import { TrustKeeper } from '../../src/enforce/trust-keeper.ts'
import type { VersionGateOptions } from '../../src/enforce/versions.ts'
import { systemClock, type Clock } from '../../src/ports/clock.ts'
import type { StreamEvent } from '../../src/ports/control-plane.ts'
import type { Spool } from '../../src/ports/spool.ts'
import { RevocationState } from '../../src/revoke/state.ts'
import { lastDelegation } from '../../src/token/narrow.ts'
import { startCanary } from './canary.ts'
import { approvalDesk } from './approvals.ts'
import { openDomains, type OpenDomains } from './domains.ts'
import { GatewayError } from './errors.ts'
import { followOwn, trustOf } from './follow.ts'
import { openWhenFree } from './free-spool.ts'
import { Kills } from './kills.ts'
import { outputsOf } from './outputs.ts'
import { privateJwkSchema, readPointFile } from './point-file.ts'
import type { Listening } from './statement-listener.ts'
import { watchTools } from './tools.ts'
import { within } from './within.ts'

/** How long a starting point waits for a fresh revocation state before it serves (and denies) all the same. */
const READY_MAX_MS = 5000
const SHIP_ON_CLOSE_MS = 3000

/** For clients that hold no key: the gateway holds it in their place (MCP-3). */
export interface Hosted {
  /** Names this gateway in its audience, and is bound to `key`. */
  readonly chain: string
  /** The agent's private JWK. */
  readonly key: unknown
}

export interface OpenPoint {
  readonly point: EnforcementPoint
  /** For outputs that leave by no tool. */
  readonly releases: Releases
  /** Whose tools it guards. */
  readonly servers: readonly string[]
  /** Where it takes statements, when it listens (KIL-11). */
  readonly listens: string | null
}

/**
 * @throws {GatewayError} `CONTROL_PLANE_AWAY`: at start it must be there once; `DELEGATION_UNUSABLE`; {SpoolError};
 * {ApiError} `API_REFUSED`: it is there and does not know this point, say
 */
export async function openPoint(
  path: string,
  options: {
    readonly hosted?: Hosted
    /** Chains held for clients, by the `jti` of their roots (GWR-6). */
    readonly delegations?: (jti: string) => string | null
    readonly listen?: Listening
    /** In place of those of the enrolment file. */
    readonly relays?: readonly string[]
    readonly onFault: (error: unknown) => void
    /** How long a call waits for a person (APR-5). */
    readonly approvalTtlMs?: number
    /** RCP-10; `spool` unless told otherwise. */
    readonly recording?: Recording
    /** Which versions of agents may call (VER-3, VER-6). */
    readonly versions?: Pick<VersionGateOptions, 'required' | 'hosted'>
    /** The system's unless told otherwise. */
    readonly clock?: Clock
  },
): Promise<OpenPoint> {
  const file = await readPointFile(path)
  const hosted = options.hosted === undefined ? undefined : hostedChain(options.hosted, file.point)
  const crypto = nodeCrypto
  const clock = options.clock ?? systemClock
  const signer = crypto.signer(file.key as unknown as PrivateJwk)
  const control = httpControlPlane(new ApiClient({ url: file.control_plane, crypto, clock, signer }))
  const tools = await watchTools(control, file.control_plane, options.onFault)
  let spool: Spool
  try {
    spool = await openWhenFree(join(dirname(path), `${file.point}.spool`))
  } catch (cause) {
    tools.stop() // or its timer would keep a process alive that serves nothing
    throw cause
  }
  let kills: Kills | undefined
  let domains: OpenDomains | undefined
  let canary: DailyCanary | undefined
  try {
    const recorder = await Recorder.open({ crypto, clock, spool, point: file.point, control })
    const ledger = new LeasedLedger({
      control,
      clock,
      position: () => recorder.begun,
      onReturn: () => shipper.poke(),
    })
    const shipping = { crypto, clock, spool, recorder, control, signer }
    const shipper = new Shipper({ ...shipping, point: file.point, leases: ledger })
    const state = new RevocationState({
      crypto,
      frameKey: publicJwk(file.trust.frame_key),
      clock,
      onStatement: (statement) => kills?.onStatement(statement),
    })
    const { listen, onFault } = options
    const trust = trustOf(file, state, signer, () => point.revocationsChanged())
    const parts = { file, path, signer, control, listen, onFault, trust, revocations: state }
    const memory = await openDomains(path, file.point, {
      signer,
      clock,
      control,
      epoch: () => recorder.begun?.epoch ?? null,
    })
    domains = memory
    const switchboard = await Kills.open({ ...parts, systems: tools.systems })
    kills = switchboard
    const acks = new AckSender({
      point: file.point,
      signer,
      clock,
      control,
      standing: () => ({ epoch: state.resume.epoch, head: state.resume.after, kills: switchboard.kept }),
    })
    const changed = ({ type }: StreamEvent): void => {
      if (type === 'heartbeat') return
      if (type !== 'time') point.revocationsChanged() // a stream that begins changes nothing, and is told of (REV-18)
      acks.poke()
    }
    const subjects = new SubjectFeed({
      crypto,
      clock,
      control,
      isWanted: () => (tools.policy().bases ?? 'off') !== 'off',
      onFault,
    })
    const keeper = new TrustKeeper({ trust, control, clock, onFault: options.onFault })
    const { outputs, register } = outputsOf({ control, tools, onFault })
    const authenticator = new Authenticator({
      crypto,
      clock,
      trust: () => trust.chains,
      onUnknownIssuer: () => keeper.soon(),
      audience: file.point,
      ...(hosted === undefined ? {} : { hosted }),
      ...(options.versions === undefined ? {} : { versions: options.versions }),
      ...(options.delegations === undefined ? {} : { delegations: options.delegations }),
    })
    const point: EnforcementPoint = new EnforcementPoint({
      id: file.point,
      crypto,
      clock,
      placement: file.placement,
      bound_ms: file.bound_ms,
      revocations: (iss) => trust.revocationsOf(iss),
      kills: switchboard.state,
      systems: tools.systems,
      recorder,
      ledger,
      approvals: approvalDesk({ ...parts, clock, kills: switchboard.state, register }, options.approvalTtlMs),
      ...recordingAs(options.recording ?? 'spool', shipper),
      authenticator,
      registration: tools.find,
      outputs,
      flow: new FlowKeeper({
        crypto,
        policy: tools.policy,
        label: (server, tool) => tools.find(server, tool)?.label ?? null,
        domains: memory.domains,
        bases: new BasisKeeper({
          crypto,
          clock,
          policy: tools.policy,
          registration: tools.find,
          book: subjects,
          revocations: state,
          bound_ms: file.bound_ms,
        }),
      }),
      onToolChanged: new ToolChanges(control, onFault).note,
      onRecorded: () => shipper.poke(),
      onFault: options.onFault,
      onClose: async () => {
        await canary?.stop()
        tools.stop()
        keeper.stop()
        acks.stop()
        await subjects.stop()
        await Promise.all([follower.stop(), trust.stop()])
        await switchboard.close()
        ledger.close()
        await memory.close()
        await shipper.stop(SHIP_ON_CLOSE_MS)
        await spool.close()
      },
    })
    const listens = await switchboard.begin(point)
    const follower = followOwn(state, control, options.relays ?? file.sources ?? [], changed, (statement) =>
      switchboard.onStatement(statement, 'relay'),
    )
    // A point whose state is not fresh serves too: it denies and says why.
    await within(
      Promise.all([follower.ready, keeper.refresh(), subjects.start()]).catch(() => undefined),
      READY_MAX_MS,
    )
    const { iss, rp_id, origins } = file.trust
    canary = startCanary({
      path: join(dirname(path), `${file.point}.canary`),
      clock,
      point,
      iss,
      rp: { rp_id, origins },
      server: file.servers[0] ?? '',
      onFault,
    })
    const standingOf = point.standingOf.bind(point)
    const kinds = (): string[] => (tools.outputPolicy()?.kinds ?? []).map(({ kind }) => kind)
    const isOverseen = point.isOverseen.bind(point)
    const stands = { standingOf, isOverseen }
    const releases = new Releases({ crypto, clock, authenticator, ...stands, outputs, kinds, onFault })
    return { point, releases, servers: file.servers, listens }
  } catch (cause) {
    tools.stop()
    await kills?.close()
    await domains?.close()
    await spool.close()
    throw cause
  }
}

/**
 * A chain alone may have been stolen: it is used only by who holds its key. Whether it is good and in force is decided
 * at each call.
 */
function hostedChain({ chain, key }: Hosted, point: string): string {
  let last: ReturnType<typeof lastDelegation>['payload']
  let holder: PublicJwk
  try {
    last = lastDelegation(nodeCrypto, chain).payload
    holder = nodeCrypto.signer(privateJwkSchema.parse(key) as unknown as PrivateJwk).publicJwk
  } catch {
    // Without the cause: it may quote the key.
    throw new GatewayError('DELEGATION_UNUSABLE', 'the delegation or its key does not parse')
  }
  if (thumbprint(nodeCrypto, last.cnf.jwk) !== thumbprint(nodeCrypto, holder)) {
    throw new GatewayError(
      'DELEGATION_UNUSABLE',
      'the delegation is bound to another key: delegate to this one',
    )
  }
  if (!last.aud.includes(point)) {
    throw new GatewayError(
      'DELEGATION_UNUSABLE',
      `the delegation is not for ${point}: delegate with --point ${point}`,
    )
  }
  return chain
}
