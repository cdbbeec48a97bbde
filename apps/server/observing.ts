/** Which folds the control plane runs over its log. Compose one here and it is fed, saved and looked at. spec/telemetry.md. @module */
import { base64url } from '../../src/core/encoding.ts'
import type { Fold } from '../../src/observe/fold.ts'
import { TelemetryFold } from '../../src/observe/telemetry/fold.ts'
import { Observer } from '../../src/observe/observer.ts'
import type { Clock } from '../../src/ports/clock.ts'
import { raise } from '../../src/registry/alerts.ts'
import type { RegistryContext } from '../../src/registry/context.ts'
import { ObserveRunner } from './observe-runner.ts'

export interface Observing {
  readonly runner: ObserveRunner
  readonly observer: Observer
}

/** All that there are, in no order that matters. */
export function allFolds(): Fold[] {
  return [new TelemetryFold()]
}

export function composeObserving(
  registry: Pick<RegistryContext, 'store' | 'crypto'>,
  clock: Clock,
  report: (error: unknown) => void,
): Observing {
  const { store, crypto } = registry
  const folds = allFolds()
  const holder = base64url(crypto.randomBytes(16))
  const observer = new Observer({ store, clock, folds, raise, holder, report })
  return { observer, runner: new ObserveRunner({ store, observer, report }) }
}
