/**
 * Waits, call by call, until the control plane has a receipt. spec/enforcement.md, RCP-10.
 * Invariant: who waits is answered once, with true only for a place that the control plane said to have.
 * @module
 */
import type { PointOptions } from './point-options.ts'
import type { StreamPlace } from './recorder.ts'

/** How long a call may wait for the control plane, in milliseconds: what does not answer by then is taken for away. */
const CENTRAL_WAIT_MS = 2000

export const RECORDINGS = ['spool', 'central'] as const
/** Whether a record on the point's own disk is enough for a call to go out, or it has to be in the log. */
export type Recording = (typeof RECORDINGS)[number]

/** What a point is given of it. */
export function recordingAs(
  recording: Recording,
  shipper: { logged(place: StreamPlace, wait_ms: number): Promise<boolean> },
): Pick<PointOptions, 'central'> {
  if (recording === 'spool') return {}
  return { central: (place) => shipper.logged(place, CENTRAL_WAIT_MS) }
}

interface Waiting extends StreamPlace {
  readonly settle: (isLogged: boolean) => void
}

export class Acknowledgements {
  #epoch = 0
  #seq = 0
  readonly #waiting = new Set<Waiting>()

  /** Somebody waits: nothing is to be gathered first. */
  get isAwaited(): boolean {
    return this.#waiting.size > 0
  }

  /** @returns whether the control plane has the receipt at `place`; false when it did not say so in time */
  has(place: StreamPlace, wait_ms: number): Promise<boolean> {
    if (place.epoch === this.#epoch && place.seq <= this.#seq) return Promise.resolve(true)
    return new Promise((resolve) => {
      const timer = setTimeout(() => one.settle(false), wait_ms)
      const one: Waiting = {
        ...place,
        settle: (isLogged) => {
          clearTimeout(timer)
          this.#waiting.delete(one)
          resolve(isLogged)
        },
      }
      this.#waiting.add(one)
    })
  }

  /** The control plane has everything up to `seq` of `epoch`. What waits in an earlier epoch is in no log. */
  upTo({ epoch, seq }: StreamPlace): void {
    this.#epoch = epoch
    this.#seq = seq
    for (const one of this.#waiting) {
      if (one.epoch !== epoch) one.settle(false)
      else if (one.seq <= seq) one.settle(true)
    }
  }

  /** Nothing more will be acknowledged. */
  end(): void {
    for (const one of this.#waiting) one.settle(false)
  }
}
