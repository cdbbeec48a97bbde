import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { httpSender } from './sender.ts'
import { isPublicAddress, mayBePublic, publicLookup } from './public-address.ts'

describe('an address', () => {
  test.each(['93.184.216.34', '8.8.8.8', '2606:4700::1111', '172.15.0.1', '172.32.0.1', '11.0.0.1'])(
    '%s is public',
    (address) => expect(isPublicAddress(address)).toBe(true),
  )

  test.each([
    '127.0.0.1',
    '127.255.255.254',
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '224.0.0.1',
    '255.255.255.255',
    '::1',
    '::',
    '::ffff:127.0.0.1',
    '::ffff:10.0.0.1',
    '::ffff:a9fe:a9fe',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    'fd00::1',
    'fe80::1',
    'ff02::1',
    'not an address',
  ])('%s is not', (address) => expect(isPublicAddress(address)).toBe(false))
})

test.each(['[::1]', '127.0.0.1', '[::ffff:7f00:1]'])('the host %s of a URL is judged as it stands', (host) =>
  expect(mayBePublic(new URL(`https://${host}/`).hostname)).toBe(false),
)

/** As URLs have them: decimal, octal and hexadecimal spellings are addresses by the time they are asked about. */
test.each(['2130706433', '0177.0.0.1', '0x7f.1'])('the spelling %s hides nothing', (host) =>
  expect(mayBePublic(new URL(`https://${host}/`).hostname)).toBe(false),
)

test('a name that leads to this machine is not connected to', async () => {
  await expect(promisify(publicLookup)('localhost', { family: 4 })).rejects.toThrow('not a public address')
})

test('nothing is sent to this machine unless that is allowed', async () => {
  const { createServer } = await import('node:http')
  let asked = 0
  const server = createServer((_, response) => {
    asked++
    response.writeHead(204).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const send = (isAnywhere: boolean, host: string) =>
    httpSender({ isAnywhere }).send(
      `http://${host}:${port}/`,
      { headers: {}, body: '{}' },
      (status) => status < 300,
      new AbortController().signal,
    )
  try {
    for (const host of ['127.0.0.1', 'localhost', '[::ffff:127.0.0.1]']) {
      expect(await send(false, host)).toEqual({ kind: 'failed', why: 'cannot be reached' })
    }
    expect(asked).toBe(0)
    expect(await send(true, '127.0.0.1')).toEqual({ kind: 'taken' })
    expect(asked).toBe(1)
  } finally {
    server.close()
  }
})
