/**
 * What an acknowledgement (REV-13) costs the server: its processor time by acknowledgement, of a fleet whose every point
 * sends them one after the other. Wall time says little of it: the points share the machine.
 * @module
 */
import { ApiClient } from '../../src/adapters/http/client.ts'
import { httpControlPlane } from '../../src/adapters/http/control-plane.ts'
import { nodeCrypto as crypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { systemClock as clock } from '../../src/ports/clock.ts'
import { signAck } from '../../src/revoke/ack.ts'
import { openPlant, type Plant } from './plant.ts'

const POINTS = 50
const WARM_UP = 1_000
const ACKS = 5_000

export interface AckFigures {
  readonly acks: number
  readonly cpu_us_per_ack: number
}

export async function measureAcks(): Promise<AckFigures> {
  const plant = await openPlant(POINTS)
  try {
    await send(plant, WARM_UP)
    const before = plant.cpuMs()
    await send(plant, ACKS)
    return { acks: ACKS, cpu_us_per_ack: Math.round(((plant.cpuMs() - before) * 1000) / ACKS) }
  } finally {
    await plant.remove()
  }
}

async function send({ url, points }: Plant, count: number): Promise<void> {
  let left = count
  const each = points.map(async ({ id, key }) => {
    const signer = crypto.signer(key)
    const control = httpControlPlane(new ApiClient({ url, crypto, clock, signer }))
    for (let head = 1; left-- > 0; head++) {
      const standing = { epoch: 1, head, kills: [], t: clock.now() }
      await control.acknowledge(signAck(signer, { v: 1, point: id, ...standing }))
    }
  })
  await Promise.all(each)
}

if (import.meta.main) process.stdout.write(`${JSON.stringify(await measureAcks())}\n`)
