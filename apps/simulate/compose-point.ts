/** The parts of an enforcement point, put together without a disk and without timers. spec/simulation.md (SIM-3). @module */
import { ApiClient } from '../../src/adapters/http/client.ts'
import { httpControlPlane } from '../../src/adapters/http/control-plane.ts'
import type { Crypto, Signer } from '../../src/core/crypto.ts'
import { publicJwk } from '../../src/core/jwk.ts'
import { ApprovalDesk } from '../../src/enforce/approvals.ts'
import { Authenticator } from '../../src/enforce/authenticate.ts'
import { BasisKeeper } from '../../src/enforce/basis/basis-keeper.ts'
import { SubjectFeed } from '../../src/enforce/basis/subject-feed.ts'
import { HeldDomains } from '../../src/enforce/flow/held-domains.ts'
import { FlowKeeper } from '../../src/enforce/flow/keeper.ts'
import { KillDesk } from '../../src/enforce/kill-desk.ts'
import { LeasedLedger } from '../../src/enforce/ledger.ts'
import { Outputs } from '../../src/enforce/outputs.ts'
import { EnforcementPoint } from '../../src/enforce/point.ts'
import type { PointOptions } from '../../src/enforce/point-options.ts'
import { Recorder } from '../../src/enforce/recorder.ts'
import { Releases } from '../../src/enforce/releases.ts'
import { Shipments } from '../../src/enforce/shipments.ts'
import { StatementKeeper } from '../../src/enforce/statement-keeper.ts'
import { Trust } from '../../src/enforce/trust.ts'
import type { ControlPlane } from '../../src/ports/control-plane.ts'
import { KillState } from '../../src/revoke/kill.ts'
import { RevocationState } from '../../src/revoke/state.ts'
import type { Kill } from '../../src/revoke/statement.ts'
import { killTrustOf } from '../gateway/kills.ts'
import type { PointFile } from '../gateway/point-file.ts'
import { KnownTools } from '../gateway/tools.ts'
import type { SimulatedClock } from './clock.ts'
import { MemorySpool, MemoryStatements, MemoryTaints } from './memory.ts'

export interface PointPlace {
  /** As an enrolment file says it, but for the key. */
  readonly file: Omit<PointFile, 'key' | 'v'>
  readonly signer: Signer
  readonly crypto: Crypto
  readonly clock: SimulatedClock
  readonly fetch: typeof fetch
  readonly onFault: (error: unknown) => void
  readonly bend?: PointBend
}

/** What a careless or dishonest point does otherwise. */
export type PointBend = (
  options: PointOptions,
  parts: Pick<PointParts, 'tools' | 'subjects' | 'domains' | 'state'>,
) => PointOptions

/** What outlives a restart. */
export class PointDisk {
  readonly spool = new MemorySpool()
  readonly statements = new MemoryStatements()
  readonly taints = new MemoryTaints()
}

export interface PointParts {
  readonly control: ControlPlane
  readonly tools: KnownTools
  readonly recorder: Recorder
  readonly shipments: Shipments
  readonly state: RevocationState
  readonly trust: Trust
  readonly subjects: SubjectFeed
  readonly domains: HeldDomains
  readonly desk: KillDesk
  readonly keeper: StatementKeeper
  readonly point: EnforcementPoint
  readonly outputs: Outputs
  readonly releases: Releases
}

export async function composePoint(place: PointPlace, disk: PointDisk): Promise<PointParts> {
  const { file, signer, crypto, clock, onFault, bend = same } = place
  const url = file.control_plane
  const control = httpControlPlane(new ApiClient({ url, crypto, clock, signer, fetch: place.fetch }))
  const tools = new KnownTools(control)
  await tools.load()
  const recorder = await Recorder.open({ crypto, clock, spool: disk.spool, point: file.point, control })
  const position = (): Recorder['begun'] => recorder.begun
  const ledger = new LeasedLedger({ control, clock, position, onReturn: () => undefined })
  const frameKey = publicJwk(file.trust.frame_key)
  let desk: KillDesk | undefined
  const state = new RevocationState({
    crypto,
    frameKey,
    clock,
    onStatement: (statement) => void desk?.take(statement, 'stream').catch(onFault),
  })
  const trust = trustOf(place, state)
  const kills = new KillState({
    crypto,
    trust: killTrustOf(file),
    isGone: (rev) => state.isRevoked({ kind: 'person', handle: rev }),
  })
  const outputs = new Outputs({
    crypto,
    policy: tools.outputPolicy,
    control,
    system: (server, tool) => tools.find(server, tool)?.system,
    onFault,
  })
  const subjects = new SubjectFeed({ crypto, clock, control, isWanted: () => true, onFault })
  const domains = new HeldDomains({
    point: file.point,
    crypto,
    signer,
    clock,
    control,
    file: disk.taints.open(),
    epoch: () => recorder.begun?.epoch ?? null,
  })
  const authenticator = new Authenticator({
    crypto,
    clock,
    trust: () => trust.chains,
    audience: file.point,
  })
  const options: PointOptions = {
    id: file.point,
    crypto,
    clock,
    placement: file.placement,
    bound_ms: file.bound_ms,
    revocations: (iss) => trust.revocationsOf(iss),
    kills,
    systems: tools.systems,
    recorder,
    ledger,
    approvals: approvalsOf(place, { control, state, kills, outputs }),
    authenticator,
    registration: tools.find,
    outputs,
    flow: flowOf(place, { tools, subjects, domains, state }),
    onRecorded: () => undefined,
    onFault,
    onClose: async () => domains.close(),
  }
  const point = new EnforcementPoint(bend(options, { tools, subjects, domains, state }))
  desk = deskOf(place, disk, { kills, state, trust, tools, point })
  desk.begin()
  const keeper = new StatementKeeper({ desk, control, onFault })
  keeper.stop() // it exchanges when it is told to
  const releases = new Releases({
    crypto,
    clock,
    authenticator,
    standingOf: point.standingOf.bind(point),
    isOverseen: point.isOverseen.bind(point),
    outputs,
    kinds: () => (tools.outputPolicy()?.kinds ?? []).map(({ kind }) => kind),
    onFault,
  })
  const shipping = { crypto, clock, spool: disk.spool, recorder, control, signer, leases: ledger }
  const shipments = new Shipments({ ...shipping, point: file.point })
  return {
    control,
    tools,
    recorder,
    shipments,
    state,
    trust,
    subjects,
    domains,
    desk,
    keeper,
    point,
    outputs,
    releases,
  }
}

const same = (options: PointOptions): PointOptions => options

function trustOf({ file, crypto, clock }: PointPlace, revocations: RevocationState): Trust {
  const { iss, issuer_keys, frame_key, rp_id, origins } = file.trust
  return new Trust({
    crypto,
    clock,
    pinned: { iss, rp_id, origins: [...origins], keys: issuer_keys.map((jwk) => ({ jwk })) },
    frameKey: publicJwk(frame_key),
    revocations,
    follow: () => {
      throw new TypeError('no other issuer is played')
    },
  })
}

function approvalsOf(
  { file, crypto, clock, onFault }: PointPlace,
  {
    control,
    state,
    kills,
    outputs,
  }: {
    readonly control: ControlPlane
    readonly state: RevocationState
    readonly kills: KillState
    readonly outputs: Outputs
  },
): ApprovalDesk {
  const { iss, rp_id, origins, separation } = file.trust
  return new ApprovalDesk({
    crypto,
    clock,
    point: file.point,
    control,
    trust: () => ({
      iss,
      rp: { rp_id, origins },
      frameKey: kills.frameKey.jwk,
      alone: separation === 'after',
    }),
    isRevoked: (handle) => state.isRevoked(handle),
    onFault,
    register: async (call) => void (await control.registerOutput(outputs.outgoing(call))),
  })
}

function flowOf(
  { file, crypto, clock }: PointPlace,
  { tools, subjects, domains, state }: Pick<PointParts, 'tools' | 'subjects' | 'domains' | 'state'>,
): FlowKeeper {
  return new FlowKeeper({
    crypto,
    policy: tools.policy,
    label: (server, tool) => tools.find(server, tool)?.label ?? null,
    domains,
    bases: new BasisKeeper({
      crypto,
      clock,
      policy: tools.policy,
      registration: tools.find,
      book: subjects,
      revocations: state,
      bound_ms: file.bound_ms,
    }),
  })
}

function deskOf(
  { file, signer, crypto, clock, onFault }: PointPlace,
  disk: PointDisk,
  {
    kills,
    state,
    trust,
    tools,
    point,
  }: Pick<PointParts, 'state' | 'trust' | 'tools' | 'point'> & {
    readonly kills: KillState
  },
): KillDesk {
  const isOf = ({ scope }: Kill, server: string): boolean =>
    scope.kind !== 'system' || scope.id === server || tools.systems(server).includes(scope.id)
  return new KillDesk({
    crypto,
    clock,
    state: kills,
    log: disk.statements,
    signer,
    point: file.point,
    position: () => state.resume,
    onFrameKey: () => {
      const { jwk, epoch } = kills.frameKey
      state.useFrameKey(jwk, epoch)
      trust.useFrameKey(jwk)
    },
    onForce: async (kill) => {
      point.revocationsChanged()
      const server = file.servers.find((each) => isOf(kill, each)) ?? file.servers[0] ?? ''
      await point.killed(server, kill.id)
    },
    isWithin: (kill) => file.servers.some((server) => isOf(kill, server)),
    onFault,
  })
}
