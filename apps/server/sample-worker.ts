/** The other end of sample-maker.ts: computes one freezing or draw over the published log, and ends. @module */
import { parentPort, workerData } from 'node:worker_threads'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { PackError } from '../../src/evidence/errors.ts'
import { historyAt } from '../../src/evidence/samples/frozen.ts'
import { drawOf, freezingOf, sampledOf, type ReadLog } from '../../src/evidence/samples/make.ts'
import { sampleOf } from '../../src/evidence/samples/samples.ts'
import { openCheckpoint } from '../../src/log/checkpoint.ts'
import { readControls } from '../cli/controls/read.ts'
import type { FromSampleThread, SampleThreadData } from './sample-maker.ts'
import { openLogPlace } from './tiles.ts'

async function answer(data: SampleThreadData): Promise<FromSampleThread> {
  const { place, vkey, checkpoint, controls, question } = data
  const log: ReadLog = {
    tiles: openLogPlace(place).tiles,
    end: openCheckpoint(nodeCrypto, checkpoint, vkey),
  }
  switch (question.what) {
    case 'freeze': {
      const frozen = await freezingOf(nodeCrypto, log, question.engagement, question.period)
      return typeof frozen === 'string' ? { none: frozen } : { freezing: frozen }
    }
    case 'draw': {
      const { control, test, size, nonce } = question.asked
      const sampled = sampledOf(await readControls(controls), { control: control ?? undefined, test })
      if (sampled === null) return { none: 'UNKNOWN_CONTROL' }
      const drawn = await drawOf(nodeCrypto, log, question.freezing, { ...sampled, size, nonce })
      return typeof drawn === 'string' ? { none: drawn } : { drawn }
    }
    case 'redraw':
      return redrawn(log, question.sample)
  }
}

async function redrawn({ tiles, end }: ReadLog, id: string): Promise<FromSampleThread> {
  const history = await historyAt(nodeCrypto, tiles, end, end.size)
  const sample = await sampleOf(nodeCrypto, { tiles, end, history }, id)
  if (sample === null) return { none: 'UNKNOWN_SAMPLE' }
  const { draw, freezing, seed, items, faults } = sample
  const { engagement, from, to } = freezing.entry.body
  return {
    redrawn: {
      sample: id,
      entry: draw.index,
      engagement,
      from,
      to,
      drawn: draw.entry.body,
      seed,
      items,
      faults: faults.map(({ code, message }) => ({ code, message })),
    },
  }
}

const port = parentPort
if (port !== null)
  void answer(workerData as SampleThreadData)
    .catch((cause: unknown): FromSampleThread => {
      const message = cause instanceof Error ? cause.message : 'unknown fault'
      return { said: cause instanceof PackError ? message : null, message }
    })
    .then((message) => {
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
      port.postMessage(message)
      port.close()
    })
