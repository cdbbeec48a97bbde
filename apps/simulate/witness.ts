/**
 * Who sees the log of a simulation from outside: a witness as anybody runs one, in this process, and named so that nobody
 * takes it for one. spec/simulation.md (SIM-4).
 * @module
 */
import { join } from 'node:path'
import { fsCheckpointLock } from '../../src/adapters/fs/checkpoint-lock.ts'
import { httpWitness } from '../../src/adapters/http/witness.ts'
import type { Crypto } from '../../src/core/crypto.ts'
import { Cosigner } from '../../src/log/cosigner.ts'
import { kOfN } from '../../src/log/policy.ts'
import { parseVkey } from '../../src/log/note.ts'
import { Witness } from '../../src/log/witness.ts'
import type { AnchorService } from '../../src/ports/anchor.ts'
import type { TileStore } from '../../src/ports/tile-store.ts'
import { cosignatureAnchor } from '../server/anchoring.ts'
import { witnessApp } from '../witness/app.ts'
import type { SimulatedClock } from './clock.ts'

const NAME = 'simulated-witness.invalid'

export class SimulatedWitness {
  readonly anchor: AnchorService
  /** It does not answer while this is set. */
  isAway = false
  readonly #witness: Witness
  readonly #cosigner: Cosigner

  private constructor(
    witness: Witness,
    { crypto, clock, tiles, vkey }: Pick<WitnessParts, 'crypto' | 'clock' | 'tiles' | 'vkey'>,
  ) {
    this.#witness = witness
    const { key } = witness
    const app = witnessApp(witness, () => undefined)
    const connection = httpWitness(`https://${NAME}`, async (input, init) => {
      if (this.isAway) throw new TypeError('the simulated witness does not answer')
      return app.fetch(new Request(input, init))
    })
    this.#cosigner = new Cosigner({
      crypto,
      clock,
      tiles,
      vkey,
      peers: [{ key, connection }],
      quorum: kOfN(1, [{ key, url: null }]).quorum,
      mode: 'best_effort',
      deadline: () => AbortSignal.timeout(DEADLINE_MS),
    })
    this.anchor = cosignatureAnchor(this.#cosigner, key)
  }

  static async start(parts: WitnessParts): Promise<SimulatedWitness> {
    const { crypto, clock, dataDir, vkey } = parts
    const witness = new Witness({
      crypto,
      clock,
      name: NAME,
      signer: crypto.signer(crypto.generateKey('Ed25519')),
      logs: [parseVkey(crypto, vkey)],
      stateOf: () => fsCheckpointLock(join(dataDir, 'witness')),
    })
    await witness.start()
    return new SimulatedWitness(witness, parts)
  }

  async stop(): Promise<void> {
    this.#cosigner.stop()
    await this.#witness.stop()
  }
}

/** Of this machine's clock: a bound for what hangs. */
const DEADLINE_MS = 10_000

interface WitnessParts {
  readonly crypto: Crypto
  readonly clock: SimulatedClock
  readonly dataDir: string
  readonly tiles: TileStore
  /** Of the log. */
  readonly vkey: string
}
