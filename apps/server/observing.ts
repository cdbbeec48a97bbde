/** Which folds the control plane runs over its log. Compose one here and it is fed, saved and looked at. spec/telemetry.md. @module */
import { base64url } from '../../src/core/encoding.ts'
import { DetectorFold } from '../../src/observe/detectors/detector-fold.ts'
import { DETECTORS } from '../../src/observe/detectors/detectors.ts'
import type { Fold } from '../../src/observe/fold.ts'
import { DriftFold } from '../../src/observe/drift/fold.ts'
import { Observer } from '../../src/observe/observer.ts'
import { TelemetryFold } from '../../src/observe/telemetry/fold.ts'
import type { Clock } from '../../src/ports/clock.ts'
import { raise } from '../../src/registry/alerts.ts'
import { driftRegister } from '../../src/registry/baselines.ts'
import type { RegistryContext } from '../../src/registry/context.ts'
import { respondTo } from '../../src/respond/respond.ts'
import { ObserveRunner } from './observe-runner.ts'

export interface Observing {
  readonly runner: ObserveRunner
  readonly observer: Observer
}

export function composeObserving(
  registry: Pick<RegistryContext, 'store' | 'crypto' | 'frame' | 'vault'>,
  clock: Clock,
  report: (error: unknown) => void,
): Observing {
  const { store, crypto } = registry
  const folds: Fold[] = [
    new TelemetryFold(),
    new DetectorFold(DETECTORS, report),
    new DriftFold(crypto, driftRegister(crypto)),
  ]
  const holder = base64url(crypto.randomBytes(16))
  const observer = new Observer({
    store,
    clock,
    folds,
    // What is done about a finding commits with its alert (ISO-6).
    raise: async (tx, finding) => {
      const raised = await raise(tx, finding)
      if (raised !== null) await respondTo(registry, tx, { ...finding, alert: raised.alert })
    },
    holder,
    report,
  })
  return { observer, runner: new ObserveRunner({ store, observer, report }) }
}
