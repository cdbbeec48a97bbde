/** Which folds the control plane runs over its log. Compose one here and it is fed, saved and looked at. spec/telemetry.md. @module */
import type { Crypto } from '../../src/core/crypto.ts'
import { base64url } from '../../src/core/encoding.ts'
import { DetectorFold } from '../../src/observe/detectors/detector-fold.ts'
import { DETECTORS } from '../../src/observe/detectors/detectors.ts'
import { DriftFold } from '../../src/observe/drift/fold.ts'
import type { Finding, Fold } from '../../src/observe/fold.ts'
import { Observer } from '../../src/observe/observer.ts'
import { SpanFold } from '../../src/observe/otlp/spans.ts'
import { TileWordsFold } from '../../src/observe/tile-words.ts'
import { TelemetryFold } from '../../src/observe/telemetry/fold.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { Tx } from '../../src/ports/store.ts'
import { raise } from '../../src/registry/alerts.ts'
import { driftRegister } from '../../src/registry/baselines.ts'
import type { RegistryContext } from '../../src/registry/context.ts'
import { respondTo } from '../../src/respond/respond.ts'
import { ObserveRunner } from './observe-runner.ts'
import { OtlpExporter, type OtlpTarget } from './otlp-exporter.ts'
import { SpanReconciler } from './span-reconciler.ts'

export interface Observing {
  readonly observer: Observer
  start(): void
  stop(): Promise<void>
}

export interface ObservingOptions {
  readonly clock: Clock
  readonly report: (error: unknown) => void
  /** Who is told of every call, if anybody. */
  readonly otlp: OtlpTarget | null
}

/** All that there are, in no order that matters. */
export function allFolds(crypto: Crypto, report: (error: unknown) => void): Fold[] {
  return [
    new TelemetryFold(),
    new DetectorFold(DETECTORS, report),
    new DriftFold(crypto, driftRegister(crypto)),
    new TileWordsFold(),
  ]
}

export function composeObserving(
  registry: RegistryContext,
  { clock, report, otlp }: ObservingOptions,
): Observing {
  const { store, crypto } = registry
  const spans = otlp === null ? null : new SpanFold(crypto)
  const folds = [...allFolds(crypto, report), ...(spans === null ? [] : [spans])]
  const holder = base64url(crypto.randomBytes(16))
  // What is done about a finding commits with its alert (ISO-6).
  const raiseAndRespond = async (tx: Tx, finding: Finding): Promise<void> => {
    const raised = await raise(tx, finding)
    if (raised !== null) await respondTo(registry, tx, { ...finding, alert: raised.alert })
  }
  const observer = new Observer({ store, clock, folds, raise: raiseAndRespond, holder, report })
  const isObserver = async (): Promise<boolean> => (await observer.behind()) !== null
  const runner = new ObserveRunner({ store, observer, report })
  const exporter =
    otlp === null || spans === null
      ? null
      : new OtlpExporter({ target: otlp, store, spans, origin: registry.iss, isObserver, report })
  const reconciler = new SpanReconciler({ store, raise: raiseAndRespond, isObserver, report })
  return {
    observer,
    start: () => {
      runner.start()
      exporter?.start()
      reconciler.start()
    },
    stop: async () => {
      await reconciler.stop()
      await exporter?.stop()
      await runner.stop()
    },
  }
}
