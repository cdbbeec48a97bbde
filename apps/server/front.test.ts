import { expect, test } from 'vitest'
import { openFront } from './front.ts'

const urlOf = ({ address }: Awaited<ReturnType<typeof openFront>>): string =>
  `http://127.0.0.1:${address.port}/`

test('lets whoever comes before it is ready wait for their answer', async () => {
  const front = await openFront('127.0.0.1', 0)
  const early = fetch(urlOf(front))
  front.answerWith(() => new Response('ready'))
  expect(await (await early).text()).toBe('ready')
  expect(await (await fetch(urlOf(front))).text()).toBe('ready')
  await front.close()
})

test('turns everybody away when the start comes to nothing', async () => {
  const front = await openFront('127.0.0.1', 0)
  const early = fetch(urlOf(front)).catch(() => 'turned away')
  await front.close()
  expect(await early).toBe('turned away')
  await front.close()
})

test('says that the port is taken, and that an address is not ours', async () => {
  const front = await openFront('127.0.0.1', 0)
  await expect(openFront('127.0.0.1', front.address.port)).rejects.toMatchObject({ code: 'PORT_IN_USE' })
  await expect(openFront('192.0.2.1', 0)).rejects.toMatchObject({ code: 'ADDRESS_UNAVAILABLE' })
  await front.close()
})
