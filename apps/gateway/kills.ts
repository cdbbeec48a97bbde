/**
 * Composes the kill switch of an enforcement point: its durable file beside the spool, the folder, the listener, the
 * exchange with the control plane. spec/kill.md.
 * @module
 */
import { dirname, join } from 'node:path'
import { openFsStatementLog } from '../../src/adapters/fs/statement-log.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { PublicJwk, Signer } from '../../src/core/crypto.ts'
import { publicJwk } from '../../src/core/jwk.ts'
import { KillDesk } from '../../src/enforce/kill-desk.ts'
import type { EnforcementPoint } from '../../src/enforce/point.ts'
import { StatementKeeper } from '../../src/enforce/statement-keeper.ts'
import type { Trust } from '../../src/enforce/trust.ts'
import { systemClock } from '../../src/ports/clock.ts'
import type { StatementExchange } from '../../src/ports/control-plane.ts'
import type { StatementLog } from '../../src/ports/statement-log.ts'
import { KillState, type KillTrust } from '../../src/revoke/kill.ts'
import type { RevocationState } from '../../src/revoke/state.ts'
import type { Kill, Statement } from '../../src/revoke/statement.ts'
import { watchStatements } from './statement-folder.ts'
import { listenForStatements, type Listening } from './statement-listener.ts'

/** KIL-12: beside the enrolment file. */
const FOLDER = 'statements'

/** What the switch needs of an enrolment file. */
interface Enrolled {
  readonly point: string
  readonly servers: readonly string[]
  readonly trust: {
    readonly iss: string
    readonly rp_id: string
    readonly origins: readonly string[]
    readonly frame_key: PublicJwk
    readonly frame_key_seq?: number
    readonly frame_epoch?: number
    readonly break_glass: PublicJwk
    readonly separation?: 'independent' | 'after'
  }
}

export interface KillParts {
  readonly file: Enrolled
  /** Of the enrolment file. */
  readonly path: string
  readonly signer: Signer
  readonly control: StatementExchange
  readonly revocations: Pick<RevocationState, 'resume' | 'useFrameKey' | 'isRevoked'>
  readonly trust: Pick<Trust, 'useFrameKey'>
  readonly systems: (server: string) => readonly string[]
  readonly listen: Listening | undefined
  readonly onFault: (error: unknown) => void
}

/** What an enrolment file pins of the switch. */
export function killTrustOf({ trust }: Pick<Enrolled, 'trust'>): KillTrust {
  const { iss, rp_id, origins, frame_key, frame_key_seq, frame_epoch, break_glass, separation } = trust
  return {
    iss,
    rp: { rp_id, origins },
    frameKey: publicJwk(frame_key),
    frameKeyPlace: { seq: frame_key_seq ?? 0, epoch: frame_epoch ?? 0 },
    breakGlass: publicJwk(break_glass),
    alone: separation === 'after',
  }
}

export class Kills {
  readonly state: KillState
  readonly #o: KillParts
  readonly #log: StatementLog
  #desk: KillDesk | null = null
  #closers: (() => Promise<void> | void)[] = []

  private constructor(parts: KillParts, log: StatementLog) {
    this.#o = parts
    this.#log = log
    const isGone = (rev: string): boolean => parts.revocations.isRevoked({ kind: 'person', handle: rev })
    this.state = new KillState({ crypto: nodeCrypto, trust: killTrustOf(parts.file), isGone })
  }

  /** @throws {SpoolError}: what is kept cannot be read, and may be a kill */
  static async open(parts: KillParts): Promise<Kills> {
    const path = join(dirname(parts.path), `${parts.file.point}.statements`)
    return new Kills(parts, await openFsStatementLog(path))
  }

  /**
   * What is kept is in force when this returns, before a call is decided.
   * @param point records what comes into force
   * @returns where it listens, or null
   */
  async begin(point: EnforcementPoint): Promise<string | null> {
    const { file, signer, control, revocations, trust, listen, onFault } = this.#o
    const desk = new KillDesk({
      crypto: nodeCrypto,
      clock: systemClock,
      state: this.state,
      log: this.#log,
      signer,
      point: file.point,
      position: () => revocations.resume,
      onFrameKey: () => {
        const { jwk, epoch } = this.state.frameKey
        revocations.useFrameKey(jwk, epoch)
        trust.useFrameKey(jwk)
      },
      onForce: async (kill) => {
        point.revocationsChanged() // calls that are at their tool are asked anew (REV-12)
        const server = file.servers.find((each) => this.#isOf(kill, each)) ?? file.servers[0] ?? ''
        await point.killed(server, kill.id)
      },
      isWithin: (kill) => this.#isWithin(kill),
      onFault,
    })
    this.#desk = desk
    desk.begin()
    const keeper = new StatementKeeper({ desk, control, onFault })
    const folder = watchStatements(join(dirname(this.#o.path), FOLDER), file.point, desk, onFault)
    this.#closers = [() => keeper.stop(), () => folder.close()]
    const listener = listen === undefined ? null : await listenForStatements(listen, desk, onFault)
    if (listener !== null) this.#closers.push(() => listener.close())
    // Before frames are followed: what was lifted since is not taken for a kill once more.
    await keeper.exchange()
    return listener?.url ?? null
  }

  /** Kills in force that are on the disk. */
  get kept(): string[] {
    return this.#desk?.kept ?? []
  }

  /** For what the stream brings, that of the control plane or of a relay. What comes before this has begun is read from the control plane then. */
  onStatement(statement: Statement, way: 'stream' | 'relay' = 'stream'): void {
    const { onFault } = this.#o
    const refused = new Error('a statement in the stream of the control plane does not hold here')
    this.#desk
      ?.take(statement, way)
      .then(({ taken }) => {
        if (taken === 'rejected') onFault(refused)
      })
      .catch(onFault)
  }

  #isWithin(kill: Kill): boolean {
    return this.#o.file.servers.some((server) => this.#isOf(kill, server))
  }

  /** A class or an agent may call anywhere. */
  #isOf({ scope }: Kill, server: string): boolean {
    return scope.kind !== 'system' || scope.id === server || this.#o.systems(server).includes(scope.id)
  }

  async close(): Promise<void> {
    for (const each of this.#closers) await each()
    if (this.#desk === null) await this.#log.close()
    else await this.#desk.close()
  }
}
