/** The listener of a point against strangers who hold it up. spec/kill.md (KIL-11). */
import { once } from 'node:events'
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import type { KillDesk } from '../../src/enforce/kill-desk.ts'
import { listenForStatements } from './statement-listener.ts'

/** Of no use to who never finishes a request. */
const desk = {} as KillDesk

test('whoever does not finish a request is cut off soon, so that 64 of them do not keep a kill out', async () => {
  const listener = await listenForStatements({ host: '127.0.0.1', port: 0 }, desk, () => undefined)
  const stranger = connect(Number(new URL(listener.url).port), '127.0.0.1')
  await once(stranger, 'connect')
  stranger.resume().write('POST /statements HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{')
  const begun = performance.now()
  await once(stranger, 'close')
  expect(performance.now() - begun).toBeLessThan(8_000)
  await listener.close()
}, 40_000)
