/**
 * Limited calls a second of one enforcement point: by leases, and by asking a central counter for each. Both ask the same
 * control plane over HTTP (a process of its own, SQLite) and record each allow durably in a spool on disk.
 * @module
 */
import { join } from 'node:path'
import { openFsSpool } from '../../src/adapters/fs/spool.ts'
import { ApiClient } from '../../src/adapters/http/client.ts'
import { httpControlPlane } from '../../src/adapters/http/control-plane.ts'
import { nodeCrypto as crypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { PrivateJwk } from '../../src/core/crypto.ts'
import { LeasedLedger } from '../../src/enforce/ledger.ts'
import type { DecisionFields } from '../../src/enforce/decision-receipt.ts'
import { Recorder } from '../../src/enforce/recorder.ts'
import { Shipper } from '../../src/enforce/shipper.ts'
import type { Debit, Reservation } from '../../src/log/receipt.ts'
import { systemClock as clock } from '../../src/ports/clock.ts'
import type { ControlPlane } from '../../src/ports/control-plane.ts'
import { Stage } from '../../test/fixtures/stage.ts'

/** Calls under way at once. */
const IN_FLIGHT = 32
const RUN_MS = 4_000
/** Before each run: code is compiled, and the point knows what it uses. */
const WARM_MS = 1_000

export interface LimitsBench {
  readonly leased_calls_per_s: number
  readonly central_calls_per_s: number
}

/** Never used up. */
const LIMIT: Reservation = {
  iss: 'bench.example',
  jti: 'dlg_bench',
  grant: 'G'.repeat(43),
  measure: 'calls',
  unit: '1',
  per: 'delegation',
  max: 1_000_000_000,
  amount: 1,
}

export async function benchLimits(): Promise<LimitsBench> {
  const stage = await Stage.set()
  try {
    return {
      leased_calls_per_s: await perSecond(stage, 'leased', leased),
      central_calls_per_s: await perSecond(stage, 'central', central),
    }
  } finally {
    await stage.remove()
  }
}

/** Gets the debits of one call. */
type Spend = () => readonly Debit[] | Promise<readonly Debit[]>

async function perSecond(
  stage: Stage,
  name: string,
  way: (control: ControlPlane, ledger: LeasedLedger, recorder: Recorder) => Spend,
): Promise<number> {
  const { path, file } = await stage.point(name)
  const signer = crypto.signer(file.key as unknown as PrivateJwk)
  const control = httpControlPlane(new ApiClient({ url: file.control_plane, crypto, clock, signer }))
  const spool = await openFsSpool(join(`${path}.spool`))
  const recorder = await Recorder.open({ crypto, clock, spool, point: file.point, control })
  const ledger = new LeasedLedger({
    control,
    clock,
    position: () => recorder.begun,
    onReturn: () => shipper.poke(),
  })
  const shipper = new Shipper({
    crypto,
    clock,
    spool,
    recorder,
    control,
    signer,
    point: file.point,
    leases: ledger,
  })
  const spend = way(control, ledger, recorder)
  await callsIn(WARM_MS, spend, recorder, shipper)
  const started = performance.now()
  const calls = await callsIn(RUN_MS, spend, recorder, shipper)
  const took_s = (performance.now() - started) / 1000
  ledger.close()
  await shipper.stop(30_000)
  await spool.close()
  return Math.round(calls / took_s)
}

async function callsIn(ms: number, spend: Spend, recorder: Recorder, shipper: Shipper): Promise<number> {
  const until = performance.now() + ms
  let calls = 0
  const worker = async (): Promise<void> => {
    while (performance.now() < until) {
      const got = spend()
      const debits = got instanceof Promise ? await got : got
      await recorder.decision(fieldsOf(calls++, debits), null, null)
      shipper.poke()
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker))
  return calls
}

/** As the enforcement point does it: no round trip while a lease covers the call. */
function leased(_: ControlPlane, ledger: LeasedLedger): Spend {
  const needs = [LIMIT]
  const wait = async (): Promise<readonly Debit[]> => {
    for (;;) {
      const reason = await ledger.obtain(needs)
      if (reason !== null) throw new TypeError(`the benchmark was denied: ${reason}`)
      const debits = ledger.debit(needs)
      if (debits !== null) return debits
    }
  }
  return () => ledger.debit(needs) ?? wait()
}

/** Exactly what one call needs, asked for with each. */
function central(control: ControlPlane, _: LeasedLedger, recorder: Recorder): Spend {
  const { amount, ...limit } = { ...LIMIT, jti: 'dlg_central' }
  return async () => {
    const answer = await control.lease(recorder.head.epoch, [{ ...limit, need: amount, want: amount }])
    if ('denied' in answer) throw new TypeError(`the benchmark was denied: ${answer.denied}`)
    return answer.leases.map(({ iss, jti, grant, id, measure, unit, per, period }) => ({
      amount,
      grant,
      iss,
      jti,
      lease: id,
      measure,
      per,
      period,
      unit,
    }))
  }
}

function fieldsOf(n: number, debits: readonly Debit[]): DecisionFields {
  return {
    action: `act_${n}`,
    chain: null,
    agent: null,
    grant: null,
    server: 'bench',
    tool: 'spend',
    definition_hash: null,
    args_commit: null,
    decision: 'allow',
    reasons: [],
    binding: 'none',
    placement: 'gateway',
    freshness: null,
    debits: [...debits],
  }
}

if (import.meta.main) process.stdout.write(`${JSON.stringify(await benchLimits())}\n`)
