/** What the control plane does besides answering: each loop, begun together and ended in the order below. @module */
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { DETECTORS } from '../../src/observe/detectors/detectors.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { RegistryContext } from '../../src/registry/context.ts'
import { CanaryRunner } from './canary-runner.ts'
import { CapacityRunner, type Load } from './capacity-runner.ts'
import { DrillRunner } from './drill-runner.ts'
import type { Place } from './front.ts'
import { isLocal, ListenerRunner, listenerSender } from './listener-runner.ts'
import { NotifyRunner } from './notify-runner.ts'
import { composeObserving } from './observing.ts'
import type { ServerOptions } from './server-options.ts'

export interface Loops {
  start(): void
  stop(): Promise<void>
  /** Entries that were logged and not observed yet; null while another node observes. */
  behind(): Promise<number | null>
}

interface LoopOptions extends Pick<ServerOptions, 'dataDir' | 'listenersAnywhere' | 'otlp'> {
  readonly clock: Clock
  readonly load: Load
  readonly place: Place
  readonly report: (error: unknown) => void
}

export function composeLoops(registry: RegistryContext, options: LoopOptions): Loops {
  const { store } = registry
  const { clock, load, place, report, dataDir, listenersAnywhere, otlp = null } = options
  const sender = listenerSender(listenersAnywhere, place)
  const isAnywhere = (): boolean => listenersAnywhere === true || isLocal(place)
  const observing = composeObserving(registry, { clock, report, otlp })
  const all = [
    new ListenerRunner({ registry, sender, report }),
    new NotifyRunner({ registry, crypto: nodeCrypto, sender, isAnywhere, report }),
    new CanaryRunner({ store, rules: DETECTORS.map(({ rule }) => rule), report }),
    new DrillRunner({ registry, report }),
    new CapacityRunner({ store, load, dataDir, report }),
    observing,
  ]
  return {
    start: () => {
      for (const loop of all) loop.start()
    },
    stop: async () => {
      for (const loop of all) await loop.stop()
    },
    behind: () => observing.observer.behind(),
  }
}
